"""A load generator small enough not to be what is measured: raw HTTP/1.1 on kept connections, one request at a time."""

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Tally:
    """What was answered."""

    answers: int = 0
    refusals: int = 0
    milliseconds: list[float] = field(default_factory=list)


class Asking(asyncio.Protocol):
    """One connection that asks the same again as soon as it is answered."""

    def __init__(self, request: bytes, tally: Tally, until: float, done: asyncio.Future[None]) -> None:
        self.request = request
        self.tally = tally
        self.until = until
        self.done = done
        self.buffer = bytearray()
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self.sent_at = time.perf_counter()
        if self.sent_at > self.until:
            self.transport.close()
            return
        self.transport.write(self.request)

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
        del self.buffer[: end + 4 + length]
        self.tally.answers += 1
        self.tally.refusals += head.split(b" ", 2)[1] not in (b"200", b"304")
        self.tally.milliseconds.append((time.perf_counter() - self.sent_at) * 1000)
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def per_second(url: str, *, connections: int = 8, seconds: float = 2.0, **headers: str) -> float:
    """Requests answered per second; raises when one was refused."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    request = f"GET {target} HTTP/1.1\r\nhost: {parts.netloc}\r\n{fields}\r\n".encode()
    loop, tally, begun = asyncio.get_running_loop(), Tally(), time.perf_counter()
    done = [loop.create_future() for _ in range(connections)]
    for each in done:
        await loop.create_connection(
            lambda each=each: Asking(request, tally, begun + seconds, each), parts.hostname, parts.port
        )
    await asyncio.gather(*done)
    if tally.refusals:
        raise RuntimeError(f"{tally.refusals} of {tally.answers} answers of {url} were refusals")
    return tally.answers / (time.perf_counter() - begun)
