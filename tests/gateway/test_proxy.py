"""The proxy: what passes, what does not, and what it says when a service is slow, down or breaks off."""

import asyncio
import resource
import socket

import httpx
import pytest

from gateway.app import create_app
from tests.gateway.conftest import settings_of, speaking_to
from tests.gateway.neighbours import serving
from tests.postgres import free_port

MEGABYTE = 1024 * 1024


async def test_method_path_query_body_and_fields_pass_untouched(gateway, neighbours):
    answer = await gateway.patch(
        "/v1/rural/a%2Fb%7E/c?x=%20&x=2",
        content=b'{"a": 1.10}',
        headers={"Content-Type": "application/json", "Accept-Language": "en", "Idempotency-Key": "k"},
    )
    assert answer.status_code == 200
    [(method, target, headers, body)] = neighbours["rural"].requests
    assert (method, body) == ("PATCH", b'{"a": 1.10}')
    assert target == "/v1/rural/a%2Fb%7E/c?x=%20&x=2"
    assert headers["idempotency-key"] == "k"
    assert headers["accept-language"] == "en"
    assert headers["content-length"] == "11"
    assert headers["x-request-id"] == answer.headers["x-request-id"]
    assert headers["traceparent"].split("-")[1] == answer.headers["traceparent"].split("-")[1]
    assert headers["x-forwarded-host"] == "gateway"
    assert headers["x-forwarded-proto"] == "http"


async def test_hop_by_hop_fields_and_claims_about_the_caller_stay_outside(gateway, neighbours):
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
    headers = neighbours["poverty"].requests[0][2]
    assert not {"x-internal", "te", "upgrade", "forwarded"} & headers.keys()
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers.get("connection") != "X-Internal, close"
    assert "gateway" not in headers["host"]


async def test_refusals_tags_and_not_modified_pass_back(gateway, neighbours):
    rural = neighbours["rural"]
    rural.tag = 'W/"7"'
    first = await gateway.get("/v1/rural/progress")
    assert first.headers["etag"] == 'W/"7"'
    again = await gateway.get("/v1/rural/progress", headers={"If-None-Match": 'W/"7"'})
    assert (again.status_code, again.content) == (304, b"")
    rural.status, rural.tag, rural.answer = 409, None, {"code": "report_exists"}
    refused = await gateway.post("/v1/rural/reports", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "report_exists")
    assert len(refused.headers.get_list("x-content-type-options")) == 1


async def test_head_and_empty_bodies(gateway, neighbours):
    answer = await gateway.head("/v1/rural/progress")
    assert answer.status_code == 200
    await gateway.post("/v1/rural/reports", content=b"")
    assert neighbours["rural"].requests[1][2]["content-length"] == "0"


async def test_an_unknown_prefix_is_nobodys(gateway):
    for path in ("/v1/health/x", "/v2/rural/x", "/v1/ruralx/progress", "/v1"):
        answer = await gateway.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_service_that_is_down_is_said_so(common_database, urls):
    urls["rural"] = f"http://127.0.0.1:{free_port()}"
    async with speaking_to(create_app(settings_of(common_database, urls))) as client:
        for method in ("GET", "POST"):
            answer = await client.request(
                method, "/v1/rural/reports", json={}, headers={"Accept-Language": "en"}
            )
            assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
            assert answer.json()["service"] == "rural"
            assert answer.headers["retry-after"] == "1"
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-request-id"]
        assert (await client.get("/v1/poverty/progress")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200


async def test_a_service_that_says_nothing_is_given_up(common_database, urls, neighbours):
    neighbours["rural"].waits = asyncio.Event()
    async with speaking_to(create_app(settings_of(common_database, urls, answer_within_s=0.2))) as client:
        answer = await client.post("/v1/rural/reports", json={})
    neighbours["rural"].waits.set()
    assert (answer.status_code, answer.json()["code"]) == (504, "upstream_timeout")


async def test_a_write_is_sent_once_even_when_the_service_breaks_off(common_database, urls):
    taken = []

    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(slam, "127.0.0.1", 0)
    urls["rural"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, speaking_to(create_app(settings_of(common_database, urls))) as client:
        answer = await client.post("/v1/rural/reports", json={})
        assert (answer.status_code, len(taken)) == (503, 1)


async def test_large_bodies_stream_both_ways_with_flat_memory(door, urls, neighbours, common_database):
    total = 18 * MEGABYTE
    taken = 0

    async def echo_size(scope, receive, send):
        nonlocal taken
        while True:
            message = await receive()
            taken += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/csv")]}
        )
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"x" * MEGABYTE, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def upload():
        for _ in range(total // 65536):
            yield b"u" * 65536

    async with serving(echo_size) as there:
        urls["rural"] = there
        app = create_app(settings_of(common_database, urls))
        async with serving(app, lifespan="on") as address, httpx.AsyncClient(timeout=30) as client:
            await client.get(f"{address}/livez")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            got = 0
            async with client.stream("POST", f"{address}/v1/rural/bulk", content=upload()) as answer:
                async for piece in answer.aiter_raw():
                    got += len(piece)
            grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (taken, got) == (total, 64 * MEGABYTE)
    assert grown_kb < 20 * 1024


async def test_an_answer_begins_before_it_is_finished(urls, common_database):
    more = asyncio.Event()

    async def slowly(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await more.wait()
        await send({"type": "http.response.body", "body": b"second"})

    async with serving(slowly) as there:
        urls["rural"] = there
        async with (
            serving(create_app(settings_of(common_database, urls)), lifespan="on") as address,
            httpx.AsyncClient(timeout=5) as client,
            client.stream("GET", f"{address}/v1/rural/slow") as answer,
        ):
            pieces = answer.aiter_raw()
            assert await anext(pieces) == b"first"
            more.set()
            assert await anext(pieces) == b"second"


async def test_half_an_answer_is_never_taken_for_a_whole_one(urls, common_database):
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    urls["rural"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        server,
        serving(create_app(settings_of(common_database, urls)), lifespan="on") as address,
        httpx.AsyncClient(timeout=5) as client,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{address}/v1/rural/half")


async def test_what_is_too_large_is_refused_as_a_problem(common_database, urls, neighbours):
    settings = settings_of(common_database, urls, max_body_bytes=100_000)
    async with speaking_to(create_app(settings)) as client:
        said = await client.post("/v1/rural/bulk", content=b"x" * 100_001)

        async def pieces():
            for _ in range(4):
                yield b"x" * 40_000

        counted = await client.post("/v1/rural/bulk", content=pieces())
        own = await client.post("/oauth/token", content=b"x" * 100_001)
    for answer in (said, counted, own):
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert answer.headers["x-request-id"]
    assert not [body for *_, body in neighbours["rural"].requests if len(body) > 100_000]


async def test_a_caller_that_hangs_up_frees_the_service(urls, common_database):
    stopped = asyncio.Event()

    async def endless(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
            await asyncio.sleep(0.01)
        stopped.set()

    async with serving(endless) as there:
        urls["rural"] = there
        async with serving(create_app(settings_of(common_database, urls)), lifespan="on") as address:
            async with httpx.AsyncClient() as client, client.stream("GET", f"{address}/v1/rural/x") as answer:
                await anext(answer.aiter_raw())
            await asyncio.wait_for(stopped.wait(), 5)


async def test_an_upload_that_breaks_off_is_not_taken_for_a_whole_one(urls, common_database):
    finished = []

    async def reading(scope, receive, send):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                finished.append("broken")
                return
            if not message.get("more_body"):
                finished.append("whole")
                return

    async with serving(reading) as there:
        urls["rural"] = there
        async with serving(create_app(settings_of(common_database, urls)), lifespan="on") as address:
            host, port = address.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port))) as caller:
                caller.sendall(
                    b"POST /v1/rural/r HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n" + b"x" * 70_000
                )
                await asyncio.sleep(0.3)
            for _ in range(50):
                if finished:
                    break
                await asyncio.sleep(0.05)
    assert finished == ["broken"]


@pytest.mark.parametrize(
    "path", ["/v1/rural/progress?period=2023", "/v1/status?period=2023", "/v1/units", "/docs"]
)
async def test_a_head_is_answered_on_the_wire_without_a_body(door, neighbours, path):
    async with httpx.AsyncClient(base_url=door) as client:
        got, head = await client.get(path), await client.head(path)
        assert (got.status_code, head.status_code, head.content) == (200, 200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers.get("etag") == got.headers.get("etag")
        again = await client.get(path)  # on the same connection: nothing of a body was left in it
        assert again.status_code == 200
    if path.startswith("/v1/rural/"):
        assert [method for method, *_ in neighbours["rural"].requests] == ["GET", "HEAD", "GET"]
