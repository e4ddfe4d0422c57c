"""The proxy: what it forwards, what it removes, and its answers when a service is slow, down or closes early."""

import asyncio
import resource
import socket

import httpx
import pytest

from gateway.app import create_app
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.upstream_stubs import serve
from tests.postgres import free_port
from tests.waiting import PATIENCE_SECONDS, poll_until

MEGABYTE = 1024 * 1024


async def test_method_path_query_body_and_headers_are_forwarded_unchanged(writer, upstreams):
    response = await writer.patch(
        "/v1/rural/a%2Fb%7E/c?x=%20&x=2",
        content=b'{"a": 1.10}',
        headers={"Content-Type": "application/json", "Accept-Language": "en", "Idempotency-Key": "k"},
    )
    assert response.status_code == 200
    [(method, target, headers, body)] = upstreams["rural"].requests
    assert (method, body) == ("PATCH", b'{"a": 1.10}')
    assert target == "/v1/rural/a%2Fb%7E/c?x=%20&x=2"
    assert headers["idempotency-key"] == "k"
    assert headers["accept-language"] == "en"
    assert headers["content-length"] == "11"
    assert headers["x-request-id"] == response.headers["x-request-id"]
    assert headers["traceparent"].split("-")[1] == response.headers["traceparent"].split("-")[1]
    assert headers["x-forwarded-host"] == "gateway"
    assert headers["x-forwarded-proto"] == "http"


async def test_hop_by_hop_headers_and_forged_addresses_are_removed(gateway, upstreams):
    await gateway.get(
        "/v1/poverty/progress",
        headers={
            "Connection": "X-Internal, close",
            "X-Internal": "1",
            "TE": "trailers",
            "Upgrade": "h2c",
            "X-Forwarded-For": "10.0.0.1",
            "Forwarded": "for=10.0.0.1",
        },
    )
    headers = upstreams["poverty"].requests[0][2]
    assert not {"x-internal", "te", "upgrade", "forwarded"} & headers.keys()
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers.get("connection") != "X-Internal, close"
    assert "gateway" not in headers["host"]


async def test_refusals_etags_and_not_modified_are_returned(writer, upstreams):
    rural = upstreams["rural"]
    rural.etag = 'W/"7"'
    first = await writer.get("/v1/rural/progress")
    assert first.headers["etag"] == 'W/"7"'
    again = await writer.get("/v1/rural/progress", headers={"If-None-Match": 'W/"7"'})
    assert (again.status_code, again.content) == (304, b"")
    rural.status, rural.etag, rural.answer = 409, None, {"code": "report_exists"}
    refused = await writer.post("/v1/rural/reports", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "report_exists")
    assert len(refused.headers.get_list("x-content-type-options")) == 1


async def test_head_and_empty_bodies(writer, upstreams):
    response = await writer.head("/v1/rural/progress")
    assert response.status_code == 200
    await writer.post("/v1/rural/reports", content=b"")
    assert upstreams["rural"].requests[1][2]["content-length"] == "0"


async def test_a_write_without_a_valid_token_is_refused_before_its_body_is_read(
    common_database, urls, upstreams, issuer
):
    read = []

    async def send_body():
        read.append(1)
        yield b"{}"

    async with open_gateway(issuer.trust(create_app(make_settings(common_database, urls)))) as client:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for headers in (
                {},
                {"Authorization": "Bearer x"},
                {"Authorization": f"Bearer {issuer.token(exp=1)}"},
            ):
                response = await client.request(
                    method, "/v1/rural/reports", content=send_body(), headers=headers
                )
                assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
                assert response.headers["www-authenticate"].startswith("Bearer")
        for path in ("/v1/clients", "/v1/vintages", "/v1/territory/loads"):
            response = await client.post(path, content=send_body())
            assert response.status_code == 401, path
    assert not read
    assert not upstreams["rural"].requests


async def test_an_unknown_prefix_is_not_found(gateway):
    for path in ("/v1/health/x", "/v2/rural/x", "/v1/ruralx/progress", "/v1"):
        response = await gateway.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_a_stopped_service_is_503(common_database, urls, issuer):
    urls["rural"] = f"http://127.0.0.1:{free_port()}"
    async with open_gateway(create_app(make_settings(common_database, urls)), issuer) as client:
        for method in ("GET", "POST"):
            response = await client.request(
                method, "/v1/rural/reports", json={}, headers={"Accept-Language": "en"}
            )
            assert (response.status_code, response.json()["code"]) == (503, "upstream_unavailable")
            assert response.json()["service"] == "rural"
            assert response.headers["retry-after"] == "1"
            assert response.headers["content-type"] == "application/problem+json"
            assert response.headers["x-request-id"]
        assert (await client.get("/v1/poverty/progress")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200


async def test_a_silent_service_is_504(common_database, urls, upstreams, issuer):
    upstreams["rural"].released = asyncio.Event()
    async with open_gateway(
        create_app(make_settings(common_database, urls, answer_within_s=0.2)), issuer
    ) as client:
        response = await client.post("/v1/rural/reports", json={})
    upstreams["rural"].released.set()
    assert (response.status_code, response.json()["code"]) == (504, "upstream_timeout")


async def test_a_write_is_sent_once_even_when_the_service_closes_the_connection(
    common_database, urls, issuer
):
    received = []

    async def close_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(close_early, "127.0.0.1", 0)
    urls["rural"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, open_gateway(create_app(make_settings(common_database, urls)), issuer) as client:
        response = await client.post("/v1/rural/reports", json={})
        assert (response.status_code, len(received)) == (503, 1)


async def test_large_bodies_stream_both_ways_in_constant_memory(urls, common_database, issuer):
    upload_bytes = 18 * MEGABYTE
    received_bytes = 0

    async def receive_and_send(scope, receive, send):
        nonlocal received_bytes
        while True:
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/csv")]}
        )
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"x" * MEGABYTE, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def upload():
        for _ in range(upload_bytes // 65536):
            yield b"u" * 65536

    async with serve(receive_and_send) as upstream_url:
        urls["rural"] = upstream_url
        app = issuer.trust(create_app(make_settings(common_database, urls)))
        async with (
            serve(app, lifespan="on") as address,
            httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client,
        ):
            await client.get(f"{address}/livez")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            downloaded_bytes = 0
            async with client.stream(
                "POST", f"{address}/v1/rural/bulk", content=upload(), headers=issuer.authorization
            ) as response:
                async for chunk in response.aiter_raw():
                    downloaded_bytes += len(chunk)
            grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (received_bytes, downloaded_bytes) == (upload_bytes, 64 * MEGABYTE)
    assert grown_kb < 20 * 1024


async def test_a_response_is_streamed_while_it_is_made(urls, common_database):
    continued = asyncio.Event()

    async def send_in_two_chunks(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await continued.wait()
        await send({"type": "http.response.body", "body": b"second"})

    async with serve(send_in_two_chunks) as upstream_url:
        urls["rural"] = upstream_url
        async with (
            serve(create_app(make_settings(common_database, urls)), lifespan="on") as address,
            httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client,
            client.stream("GET", f"{address}/v1/rural/slow") as response,
        ):
            chunks = response.aiter_raw()
            assert await anext(chunks) == b"first"
            continued.set()
            assert await anext(chunks) == b"second"


async def test_a_response_that_ends_early_is_an_error_for_the_caller(urls, common_database):
    async def send_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(send_half, "127.0.0.1", 0)
    urls["rural"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        server,
        serve(create_app(make_settings(common_database, urls)), lifespan="on") as address,
        httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{address}/v1/rural/half")


async def test_a_body_that_is_too_large_is_a_problem(common_database, urls, upstreams, issuer):
    settings = make_settings(common_database, urls, max_body_bytes=100_000)
    async with open_gateway(create_app(settings), issuer) as client:
        declared = await client.post("/v1/rural/bulk", content=b"x" * 100_001)

        async def iterate_chunks():
            for _ in range(4):
                yield b"x" * 40_000

        counted = await client.post("/v1/rural/bulk", content=iterate_chunks())
        token = await client.post("/oauth/token", content=b"x" * 100_001)
    for response in (declared, counted, token):
        assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
        assert response.headers["x-request-id"]
    assert not [body for *_, body in upstreams["rural"].requests if len(body) > 100_000]


async def test_a_caller_that_disconnects_ends_the_request_to_the_service(urls, common_database):
    stopped = asyncio.Event()

    async def send_forever(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        disconnected = asyncio.ensure_future(receive())
        while not disconnected.done():
            await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
            await asyncio.sleep(0.01)
        stopped.set()

    async with serve(send_forever) as upstream_url:
        urls["rural"] = upstream_url
        async with serve(create_app(make_settings(common_database, urls)), lifespan="on") as address:
            async with (
                httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client,
                client.stream("GET", f"{address}/v1/rural/x") as response,
            ):
                await anext(response.aiter_raw())
            await stopped.wait()


async def test_an_upload_that_ends_early_is_not_complete_for_the_service(urls, common_database, issuer):
    started, outcomes = [], []

    async def receive_all(scope, receive, send):
        started.append(scope)
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                outcomes.append("disconnected")
                return
            if not message.get("more_body"):
                outcomes.append("complete")
                return

    async with serve(receive_all) as upstream_url:
        urls["rural"] = upstream_url
        async with serve(
            issuer.trust(create_app(make_settings(common_database, urls))), lifespan="on"
        ) as address:
            host, port = address.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port))) as caller:
                caller.sendall(
                    b"POST /v1/rural/r HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\nauthorization: "
                    + issuer.authorization["Authorization"].encode()
                    + b"\r\n\r\n"
                    + b"x" * 300_000
                )
                await poll_until(lambda: bool(started))
            await poll_until(lambda: bool(outcomes))
    assert outcomes == ["disconnected"]


@pytest.mark.parametrize(
    "path", ["/v1/rural/progress?period=2023", "/v1/status?period=2023", "/v1/units", "/docs"]
)
async def test_head_has_no_body_on_the_wire(gateway_url, upstreams, path):
    async with httpx.AsyncClient(base_url=gateway_url, timeout=PATIENCE_SECONDS) as client:
        get, head = await client.get(path), await client.head(path)
        assert (get.status_code, head.status_code, head.content) == (200, 200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.headers.get("etag") == get.headers.get("etag")
        again = await client.get(path)  # on the same connection: no rest of a body is in it
        assert again.status_code == 200
    if path.startswith("/v1/rural/"):
        assert [method for method, *_ in upstreams["rural"].requests] == ["GET", "HEAD", "GET"]
