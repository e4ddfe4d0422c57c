"""Addresses with raw UTF-8 are read, and what is no HTTP is refused by a problem document."""

import asyncio
import json

import pytest
import uvicorn

from shared.kit.http_protocol import (
    MAX_HEAD_BYTES,
    UNREADABLE_HTTP,
    HttpProtocol,
    encode_request_line,
    make_bilingual_document,
)
from shared.kit.problems import Malformed

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
