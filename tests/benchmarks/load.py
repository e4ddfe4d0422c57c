"""A load generator small enough not to be what is measured: raw HTTP/1.1 on kept connections, one request at a time."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat, takewhile
from urllib.parse import urlsplit


@dataclass
class Tally:
    """What was answered."""

    answers: int = 0
    refusals: int = 0
    refused: bytes = b""
    """What the last refusal said."""
    milliseconds: list[float] = field(default_factory=list)


class Asking(asyncio.Protocol):
    """One connection that asks one thing after another, each as soon as the one before is answered."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, done: asyncio.Future[None]) -> None:
        self.requests = requests
        self.tally = tally
        self.done = done
        self.buffer = bytearray()
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
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
        at = head.find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        if head.split(b" ", 2)[1] not in (b"200", b"201", b"304"):
            self.tally.refusals += 1
            self.tally.refused = bytes(self.buffer[: end + 4 + length])
        del self.buffer[: end + 4 + length]
        self.tally.answers += 1
        self.tally.milliseconds.append((time.perf_counter() - self.sent_at) * 1000)
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def getting(url: str, **headers: str) -> bytes:
    """The bytes of a read."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {target} HTTP/1.1\r\nhost: {parts.netloc}\r\n{fields}\r\n".encode()


def posting(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The bytes of a POST of JSON."""
    parts = urlsplit(url)
    said = {"host": parts.netloc, "content-type": "application/json", "content-length": len(body), **headers}
    fields = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"POST {parts.path} HTTP/1.1\r\n{fields}\r\n".encode() + body


async def ask(origin: str, connections: Sequence[Iterable[bytes]]) -> Tally:
    """Ask on several connections at once; each has its own requests. Raises when one was refused."""
    parts, loop, tally = urlsplit(origin), asyncio.get_running_loop(), Tally()
    done = [loop.create_future() for _ in connections]
    assert parts.hostname
    assert parts.port
    for answered, requests in zip(done, connections, strict=True):
        await loop.create_connection(
            partial(Asking, iter(requests), tally, answered), parts.hostname, parts.port
        )
    await asyncio.gather(*done)
    if tally.refusals:
        raise RuntimeError(
            f"{tally.refusals} of {tally.answers} answers of {origin} were refusals: "
            + tally.refused.decode(errors="replace")[:2000]
        )
    return tally


async def per_second(url: str, *, connections: int = 8, seconds: float = 2.0, **headers: str) -> float:
    """Requests answered per second; raises when one was refused."""
    begun = time.perf_counter()
    request = getting(url, **headers)
    so_long = [
        takewhile(lambda _: time.perf_counter() < begun + seconds, repeat(request))
        for _ in range(connections)
    ]
    tally = await ask(url, so_long)
    return tally.answers / (time.perf_counter() - begun)
