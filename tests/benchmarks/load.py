"""A load generator small enough not to be what is measured: raw HTTP/1.1 on kept connections, one request at a time."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat, takewhile
from typing import cast
from urllib.parse import urlsplit

LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass
class Tally:
    """How many requests were answered and refused, and how long each took."""

    answers: int = 0
    refusals: int = 0
    refused: bytes = b""
    """What the last refusal all_headers."""
    milliseconds: list[float] = field(default_factory=list)


class RequestConnection(asyncio.Protocol):
    """A connection that sends one request after another, each as soon as the one before is answered."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, future: asyncio.Future[None]) -> None:
        self.requests = requests
        self.tally = tally
        self.future = future
        self.buffer = bytearray()
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by `isinstance`
        self._send_next()

    def _send_next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[:end]).lower()
        if b"\r\ntransfer-encoding: chunked" in head:
            if not self.buffer.endswith(LAST_CHUNK):
                return
            length = len(self.buffer) - end - 4
        else:
            length_at = head.find(b"\r\ncontent-length:")
            length = int(head[length_at + 17 :].split(b"\r\n", 1)[0]) if length_at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        if head.split(b" ", 2)[1] not in (b"200", b"201", b"304"):
            self.tally.refusals += 1
            self.tally.refused = bytes(self.buffer[: end + 4 + length])
        del self.buffer[: end + 4 + length]
        self.tally.answers += 1
        self.tally.milliseconds.append((time.perf_counter() - self.sent_at) * 1000)
        self._send_next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.future.done():
            self.future.set_result(None)


def make_get(url: str, **headers: str) -> bytes:
    """Return the bytes of a GET request."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {target} HTTP/1.1\r\nhost: {parts.netloc}\r\n{fields}\r\n".encode()


def make_post(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the bytes of a POST of JSON."""
    parts = urlsplit(url)
    all_headers = {
        "host": parts.netloc,
        "content-type": "application/json",
        "content-length": len(body),
        **headers,
    }
    fields = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
    return f"POST {parts.path} HTTP/1.1\r\n{fields}\r\n".encode() + body


async def send_requests(origin: str, connections: Sequence[Iterable[bytes]]) -> Tally:
    """Send the requests of several connections at once; raises where one was refused."""
    parts, loop, tally = urlsplit(origin), asyncio.get_running_loop(), Tally()
    futures = [loop.create_future() for _ in connections]
    assert parts.hostname
    assert parts.port
    for future, requests in zip(futures, connections, strict=True):
        await loop.create_connection(
            partial(RequestConnection, iter(requests), tally, future), parts.hostname, parts.port
        )
    await asyncio.gather(*futures)
    if tally.refusals:
        raise RuntimeError(
            f"{tally.refusals} of {tally.answers} answers of {origin} were refusals: "
            + tally.refused.decode(errors="replace")[:2000]
        )
    return tally


async def per_second(
    url: str,
    *,
    connections: int = 8,
    seconds: float = 2.0,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> float:
    """Requests answered per second, POSTs of JSON where there is a body; raises when one was refused."""
    begun = time.perf_counter()
    request = make_post(url, body, headers or {}) if body else make_get(url, **(headers or {}))
    so_long = [
        takewhile(lambda _: time.perf_counter() < begun + seconds, repeat(request))
        for _ in range(connections)
    ]
    tally = await send_requests(url, so_long)
    return tally.answers / (time.perf_counter() - begun)
