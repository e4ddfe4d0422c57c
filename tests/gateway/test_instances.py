"""Several instances of one service behind the gateway: which one is next, and what is sent again where one fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.app import create_app
from gateway.instances import Instances
from gateway.upstreams import Upstreams
from shared.kit.resources import get_resources
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.upstream_stubs import serve
from tests.postgres import free_port


def test_the_instance_with_the_fewest_requests_is_next_and_one_that_failed_is_passed_over() -> None:
    instances = Instances(["http://a/", "http://b", "http://c"])
    assert [instances.choose().url for _ in range(4)] == ["http://a", "http://b", "http://c", "http://a"]
    first = instances.choose()
    with first.counted():
        assert first.url not in {instances.choose().url for _ in range(4)}
    first.avoid()
    assert first.url not in {instances.choose().url for _ in range(4)}
    tried = [instances.choose()]
    tried.append(instances.choose(tried))
    assert {instance.url for instance in tried} == {"http://a", "http://b", "http://c"} - {first.url}
    assert instances.choose(tried) is first
    assert instances.has_other(tried)
    assert not Instances(["http://a"]).has_other(tried[:1])


async def test_a_read_goes_on_to_the_next_instance_and_a_write_only_if_it_was_never_sent(
    common_database, urls, upstreams, issuer
) -> None:
    stopped, rural = f"http://127.0.0.1:{free_port()}", upstreams["rural"]
    async with open_broken_port() as (breaks, received):
        for address, statuses in ((stopped, [200, 200]), (breaks, [200, 503])):
            app = create_app(make_settings(common_database, {**urls, "rural": [address, urls["rural"]]}))
            async with open_gateway(app, issuer) as client:
                rural.requests.clear()
                instances = get_resources(app).get(Upstreams).instances["rural"]
                read = await client.get("/v1/rural/progress")
                failed = next(instance for instance in instances._instances if instance.url == address)
                assert failed.avoided_until > 0
                instances._instances.sort(key=lambda instance: instance is not failed)
                failed.avoided_until = 0.0
                written = await client.post("/v1/rural/reports", json={}, headers={"Idempotency-Key": "k"})
                assert [read.status_code, written.status_code] == statuses
                assert [method for method, *_ in rural.requests] == ["GET", "POST"][: statuses.count(200)]
                assert (await client.get("/v1/status?period=2023")).json()["programs"][0]["state"] == "fresh"
    methods = [line.split()[0] for line in received]
    assert methods.count(b"POST") == 1
    assert b"GET" in methods


@asynccontextmanager
async def open_broken_port() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve a port whose connections are closed as soon as a request has come; yield its address and the requests."""
    received: list[bytes] = []

    async def close_after_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readline())
        writer.transport.abort()

    server = await asyncio.start_server(close_after_request, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", received


async def test_an_instance_that_is_about_to_stop_gets_no_request_while_another_serves(
    common_database, urls, upstreams, issuer
) -> None:
    async def answer_and_close(_: Any, receive: Any, send: Any) -> None:
        await receive()
        headers = [
            (b"content-length", b"2"),
            (b"content-type", b"application/json"),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    async with serve(answer_and_close) as stopping:
        app = create_app(make_settings(common_database, {**urls, "rural": [stopping, urls["rural"]]}))
        async with open_gateway(app, issuer) as client:
            statuses = [(await client.get("/v1/rural/progress")).status_code for _ in range(6)]
    assert statuses == [200] * 6
    assert len(upstreams["rural"].requests) == 5
