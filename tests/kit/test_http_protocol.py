"""Addresses with raw UTF-8 are read, and what is no HTTP is refused by a problem document."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
import uvicorn

from shared.kit.http_protocol import (
    MAX_HEAD_BYTES,
    MAX_PIECE_BYTES,
    UNREADABLE_HTTP,
    HttpProtocol,
    encode_request_line,
    make_bilingual_document,
)
from shared.kit.problems import Malformed
from tests.not_none import not_none
from tests.waiting import PATIENCE_SECONDS, poll_until

pytestmark = pytest.mark.anyio


async def echo(scope, receive, send):
    """Answer with the path and the query as they were received."""
    body = json.dumps([scope["path"], scope["query_string"].decode("ascii")]).encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def exchange(*requests: tuple[bytes, ...]) -> list[tuple[bytes, bytes]]:
    """Send requests, each in pieces, on one connection; return the head and the body of each response."""
    config = uvicorn.Config(echo, http=HttpProtocol, lifespan="off", log_config=None, access_log=False)
    config.load()
    state = uvicorn.server.ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: HttpProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    responses = []
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for request in requests:
            for piece in request:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            )
            responses.append((head, await reader.readexactly(length)))
        writer.close()
    return responses


def get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


async def test_raw_utf_8_in_path_and_query_is_read():
    targets = [
        "/v1/units/Đắk",
        "/v1/units?q=Đắk Hà".replace(" ", "%20"),
        "/v1/units?q=Dak",
        "/v1/units?q=%C4%90%E1%BA%AFk",
    ]
    answers = [json.loads(body) for _, body in await exchange(*((get(target),) for target in targets))]
    assert answers == [
        ["/v1/units/Đắk", ""],
        ["/v1/units", "q=%C4%90%E1%BA%AFk%20H%C3%A0"],
        ["/v1/units", "q=Dak"],
        ["/v1/units", "q=%C4%90%E1%BA%AFk"],
    ]


async def test_a_first_line_that_arrives_in_pieces_is_read():
    """A piece may end between the bytes of one letter."""
    request = get("/v1/units?q=Đắk")
    for end in range(1, request.index(b"\r\n") + 2):
        answers = await exchange((request[:end], request[end:]), (request,))
        assert [json.loads(body) for _, body in answers] == [["/v1/units", "q=%C4%90%E1%BA%AFk"]] * 2, end


@pytest.mark.parametrize(
    "request_bytes", [b"GET\r\n\r\n", "XIN CHÀO\r\n\r\n".encode(), get("/v1/units?q=Đắk Hà")]
)
async def test_what_is_no_http_is_refused_by_a_problem_document(request_bytes):
    ((head, body),) = await exchange((request_bytes,))
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert b"content-language: vi, en" in head
    problem = json.loads(body)
    assert problem["code"] == "malformed_request"
    assert problem["title"] == "Yêu cầu không đọc được / Unreadable request"


FIELD = b"X-Long: " + b"a" * MAX_HEAD_BYTES


@pytest.mark.parametrize(
    "pieces",
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + FIELD + b"\r\n\r\n",),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", FIELD),
        (b"GET /" + b"a" * MAX_HEAD_BYTES + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",),
    ],
    ids=["whole", "unfinished", "address"],
)
async def test_a_head_beyond_the_limit_is_refused(pieces):
    ((head, body),) = await exchange(pieces)
    assert head.startswith(b"HTTP/1.1 431 ")
    assert json.loads(body)["code"] == "head_too_large"


def test_the_type_of_a_refusal_is_an_address_of_the_gateway():
    document = make_bilingual_document(Malformed(reason=UNREADABLE_HTTP), "https://ntp.test")
    assert document["type"] == "https://ntp.test/problems/malformed_request"


def test_a_body_is_not_changed():
    request = "POST /xã HTTP/1.1\r\nHost: localhost\r\n\r\nxã".encode()
    assert encode_request_line(request) == "POST /x%C3%A3 HTTP/1.1\r\nHost: localhost\r\n\r\nxã".encode()
    assert encode_request_line(get("/v1/units")) == get("/v1/units")


@asynccontextmanager
async def serve_protocol(app):
    config = uvicorn.Config(app, http=HttpProtocol, lifespan="off", log_config=None, access_log=False)
    config.load()
    state = uvicorn.server.ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: HttpProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()


async def read_all(address, *pieces, pause_s=0.0):
    """Send pieces on one connection, and return everything that comes until the other side closes it."""
    reader, writer = await asyncio.open_connection(*address)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause_s)
    received = await reader.read()
    writer.close()
    return received


async def read_body(scope, receive, send):
    """Answer when the body is whole, with its length and the names of the header fields."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message["body"]), message["more_body"]
    names = b" ".join(name for name, _ in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d %s" % (length, names)})


async def refuse_at_once(scope, receive, send):
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def short_deadlines(monkeypatch):
    for name, value in {
        "HEAD_WITHIN_S": 0.2,
        "BODY_WINDOW_S": 0.2,
        "LINGER_S": 0.01,
        "CHECK_EVERY_S": 0.02,
    }.items():
        monkeypatch.setattr(f"shared.kit.http_protocol.{name}", value)


async def test_slow_and_half_sent_requests_end(short_deadlines):
    put = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n"
    async with serve_protocol(read_body) as address:
        assert await read_all(address) == b""  # nothing was ever sent
        for pieces in ((b"GET / HT",), (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",), (put,), (put, b"x" * 2000)):
            received = await read_all(address, *pieces)
            assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n"), pieces
            assert b'"code": "request_too_slow"' in received
    async with serve_protocol(refuse_at_once) as address:
        received = await read_all(address, put)  # answered before the body came: closed, not kept
        assert received.startswith(b"HTTP/1.1 401 ")


async def test_a_connection_is_kept_whose_body_came_after_the_answer(monkeypatch):
    monkeypatch.setattr("shared.kit.http_protocol.LINGER_S", PATIENCE_SECONDS)
    served: list[HttpProtocol] = []
    connect = HttpProtocol.connection_made

    def note(self, transport):
        served.append(self)
        connect(self, transport)

    monkeypatch.setattr(HttpProtocol, "connection_made", note)
    async with serve_protocol(refuse_at_once) as address:
        reader, writer = await asyncio.open_connection(*address)
        for _ in range(2):
            writer.write(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401 ")
            closing = not_none(served[0]._closing)
            assert not closing.cancelled()
            writer.write(b"body")
            await poll_until(closing.cancelled)
        writer.close()


async def test_an_idle_connection_is_closed_and_one_in_use_is_not(short_deadlines, monkeypatch):
    monkeypatch.setattr("shared.kit.http_protocol.IDLE_WITHIN_S", 0.3)
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serve_protocol(read_body) as address:
        received = await read_all(address, *[request] * 8, pause_s=0.06)  # longer than a head may take
    assert received.count(b"HTTP/1.1 200 OK") == 8


async def test_many_half_sent_requests_keep_nobody_from_an_answer(short_deadlines):
    put = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n"
    starts = (b"", b"GET / HTTP/1.1\r\nX-A: ", put) * 50
    request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with serve_protocol(read_body) as address:
        senders = []
        for first_bytes in starts:
            senders.append(await asyncio.open_connection(*address))
            senders[-1][1].write(first_bytes)
        assert b" 200 OK" in await read_all(address, request)
        for (reader, writer), first_bytes in zip(senders, starts, strict=True):
            received = await reader.read()
            assert received[:13] == (b"HTTP/1.1 408 " if first_bytes else b"")
            writer.close()


async def test_a_body_at_the_least_rate_is_taken(short_deadlines, monkeypatch):
    monkeypatch.setattr("shared.kit.http_protocol.LEAST_BODY_BYTES", 1)
    close = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8\r\n\r\n"
    async with serve_protocol(read_body) as address:
        received = await read_all(address, close, *[b"x"] * 8, pause_s=0.06)
    assert b"\r\n\r\n" in received
    assert b"8 host connection" in received


async def test_trailers_are_no_header_fields_and_have_a_limit():
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serve_protocol(read_body) as address:
        received = await read_all(address, head + b"1\r\nx\r\n0\r\nAuthorization: Bearer y\r\n\r\n")
        assert b"1 host connection transfer-encoding" in received
        assert b"authorization" not in received
        endless = b"X-A: " + b"a" * (MAX_PIECE_BYTES + 2 * MAX_HEAD_BYTES)
        received = await read_all(address, head, b"1\r\nx\r\n0\r\n", endless)
        assert received.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"", b"400"),
        (b"Host: a\r\nHost: b\r\n", b"400"),
        (b"Host: a\r\nHost: a\r\n", b"400"),
        (b"Host: a\r\n", b"200"),
        (b"Host: ntp.kontum.gov.vn:8000\r\n", b"200"),
        (b"Host: [::1]:8000\r\n", b"200"),
        (b"Host:\r\n", b"200"),
        (b"Host: a/b\r\n", b"400"),
        (b"Host: a b\r\n", b"400"),
        (b"Host: user@a\r\n", b"400"),
        (b"Host: a?q\r\n", b"400"),
        ("Host: xã\r\n".encode(), b"400"),
        (b"Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", b"400"),
        (b"Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"400"),
    ],
)
async def test_a_request_names_its_host_once_and_no_unknown_transfer_coding(fields, status):
    async with serve_protocol(read_body) as address:
        received = await read_all(address, b"GET / HTTP/1.1\r\nConnection: close\r\n" + fields + b"\r\n")
        assert received.startswith(b"HTTP/1.1 " + status)
        if status == b"400":
            assert b"application/problem+json" in received
        assert (await read_all(address, b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200")
