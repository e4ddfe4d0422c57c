"""A thousand half-sent requests and idle connections take the gateway from nobody: it answers others, and its memory stays."""

import asyncio
import resource
import time
from contextlib import asynccontextmanager

import httpx
import pytest

from shared.kit.http_protocol import CHECK_EVERY_S, HEAD_WITHIN_S, LINGER_S
from tests.gateway.gateway_process import run_gateway
from tests.gateway.upstream_stubs import UpstreamStub, serve
from tests.waiting import PATIENCE_SECONDS, poll_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(0)]

HALF_SENT = {
    "nothing": b"",
    "half a head": b"GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Half: ",
    "half a body": b"PUT /v1/poverty/targets HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n{",
    "half a body with a token": b"PUT /v1/poverty/targets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
    b"Content-Type: application/json\r\nContent-Length: 90000\r\n\r\n{",
    "a small body with a token": b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\ngrant",
}
SENDERS = 1000
OTHERS_WITHIN_S = 2.0
"""Or four times what they take on a busy machine without the senders."""
AGAIN_WITHIN_S = 20.0
DEADLINES_S = HEAD_WITHIN_S + CHECK_EVERY_S + LINGER_S
"""After so long the gateway has closed every connection whose head is not whole; what is left of the twenty seconds is for its work."""
WORK_TIMES = 40
"""Or so many times what an answer takes on a busy machine without the senders: it closes 300 connections and answers once."""
MORE_MEMORY_BYTES = 48 * 1024 * 1024


@pytest.fixture(autouse=True, scope="module")
def many_descriptors():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@asynccontextmanager
async def open_senders(port, first_bytes, number=SENDERS):
    """Open connections that send some bytes and no more; what is refused is opened no more."""
    writers = []
    try:
        for _ in range(number):
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 1)
            except (OSError, TimeoutError):
                continue
            writers.append(writer)
            writer.write(first_bytes)
        yield writers
    finally:
        for writer in writers:
            writer.transport.abort()


async def measure_others(gateway, token, times=10):
    """Return the longest time of a read and a write of others, each on a connection of its own, in seconds."""
    longest = 0.0
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
    for _ in range(times):
        for method, path in (
            ("GET", "/v1/poverty/progress"),
            ("GET", "/v1/units/51"),
            ("POST", "/v1/rural/reports"),
        ):
            begun = time.monotonic()
            async with httpx.AsyncClient(base_url=gateway.url, timeout=PATIENCE_SECONDS) as client:
                response = await client.request(method, path, headers=headers)
            assert response.status_code == 200, response.text
            longest = max(longest, time.monotonic() - begun)
    return longest


@pytest.fixture
def tokens(issuer):
    """A token of the sender and one of another client, from an issuer whose keys the gateway reads."""
    return issuer.token("slow", ["target"]), issuer.token("other", ["read", "report"])


@pytest.fixture
async def keys_url(issuer):
    async with serve(UpstreamStub(answer=issuer.keys.as_dict(private=False))) as url:
        yield url


@pytest.mark.parametrize("kind", HALF_SENT)
async def test_others_are_answered_beside_a_thousand_half_sent_requests(
    database, urls, tokens, keys_url, kind
):
    slow, other = tokens
    first_bytes = HALF_SENT[kind].replace(b"%s", slow.encode())
    async with run_gateway(database, urls, descriptors=4096, NTP_JWKS_URL=keys_url) as gateway:
        usual_s = await measure_others(gateway, other)
        before = gateway.read_memory_bytes()
        async with open_senders(gateway.port, first_bytes) as senders:
            assert len(senders) > 0.9 * SENDERS
            longest_s = await measure_others(gateway, other)
            more = gateway.read_memory_bytes() - before
        usual_s = max(usual_s, await measure_others(gateway, other))
    print(f"{kind}: others {longest_s:.2f} s, before {usual_s:.2f} s; {more / 1e6:.0f} MB more")
    assert more < MORE_MEMORY_BYTES
    assert longest_s < max(OTHERS_WITHIN_S, 4 * usual_s)


@pytest.mark.parametrize("kind", HALF_SENT)
async def test_with_300_descriptors_the_gateway_answers_again(database, urls, tokens, keys_url, kind):
    slow, other = tokens
    first_bytes = HALF_SENT[kind].replace(b"%s", slow.encode())
    async with run_gateway(database, urls, descriptors=300, NTP_JWKS_URL=keys_url) as gateway:
        usual_s = await measure_others(gateway, other)
        async with open_senders(gateway.port, first_bytes):
            begun = time.monotonic()
            await poll_until(lambda: answers(gateway, other))
            seconds = time.monotonic() - begun
        usual_s = max(usual_s, await measure_others(gateway, other))
    print(f"{kind}: answered again after {seconds:.1f} s; an answer takes up to {usual_s:.2f} s")
    assert DEADLINES_S < AGAIN_WITHIN_S
    assert seconds - DEADLINES_S < max(AGAIN_WITHIN_S - DEADLINES_S, WORK_TIMES * usual_s)


async def answers(gateway, token):
    try:
        async with httpx.AsyncClient(base_url=gateway.url, timeout=1) as client:
            response = await client.get("/v1/poverty/progress", headers={"Authorization": f"Bearer {token}"})
    except httpx.TransportError:
        return False
    return response.status_code == 200


async def test_a_head_without_an_end_takes_no_memory(database, urls):
    async with run_gateway(database, urls, descriptors=4096) as gateway:
        before = gateway.read_memory_bytes()
        async with open_senders(gateway.port, b"GET / HTTP/1.1\r\nX-Long: ", 20) as senders:
            for _ in range(400):
                for sender in senders:
                    if not sender.transport.is_closing():  # the gateway ends it at its limit
                        sender.write(b"a" * 65536)
                await asyncio.sleep(0.005)
            assert gateway.read_memory_bytes() - before < MORE_MEMORY_BYTES
