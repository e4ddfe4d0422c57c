"""Small services to stand behind the door, each on a real port of its own, and the gateway beside them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@asynccontextmanager
async def serving(app: Any, *, lifespan: str = "off") -> AsyncIterator[str]:
    """Serve an app on loopback; gives its address."""
    async with _serving(app, [_listener()], lifespan) as ports:
        yield f"http://127.0.0.1:{ports[0]}"


@asynccontextmanager
async def serving_each(apps: Mapping[str, Any]) -> AsyncIterator[dict[str, str]]:
    """Serve several apps, each on a port of its own; gives their addresses."""
    listeners = {name: _listener() for name in apps}
    by_port = {listener.getsockname()[1]: apps[name] for name, listener in listeners.items()}

    async def pick(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await by_port[scope["server"][1]](scope, receive, send)

    async with _serving(pick, list(listeners.values()), "off"):
        yield {name: f"http://127.0.0.1:{listener.getsockname()[1]}" for name, listener in listeners.items()}


@asynccontextmanager
async def _serving(app: Any, listeners: list[socket.socket], lifespan: str) -> AsyncIterator[list[int]]:
    config = uvicorn.Config(
        app, lifespan=lifespan, log_config=None, access_log=False, timeout_graceful_shutdown=1,
        server_header=False, proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    ports = [listener.getsockname()[1] for listener in listeners]
    running = asyncio.create_task(server._serve(sockets=listeners))
    while not server.started:
        if running.done():
            await running
        await asyncio.sleep(0.005)
    try:
        yield ports
    finally:
        server.should_exit = True
        await running


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


@dataclass
class Neighbour:
    """A service that answers what it is told to, and counts who asked what."""

    answer: Any = field(default_factory=dict)
    status: int = 200
    tag: str | None = None
    waits: asyncio.Event | None = None
    """While set to an unset event: hangs."""
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = scope["query_string"].decode()
        target = scope["raw_path"].decode() + (f"?{query}" if query else "")
        self.requests.append((scope["method"], target, headers, body))
        if self.waits is not None:
            await self.waits.wait()
        said = json.dumps(self.answer).encode()
        status = self.status
        fields = [(b"content-type", b"application/json" if status < 400 else b"application/problem+json")]
        if self.tag:
            fields.append((b"etag", self.tag.encode()))
            if headers.get("if-none-match") == self.tag:
                status, said = 304, b""
        if status != 304:
            fields.append((b"content-length", str(len(said)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": said})


def progress(program: str, value: float = 1.5, *, as_of: str = "2024-01-05T02:00:00Z") -> dict[str, Any]:
    """What a program's `progress` says."""
    return {
        "unit": {"code": "62", "name": "Kon Tum"},
        "period": "2023",
        "basis": "accepted",
        "as_of": as_of,
        "figures": [
            {"indicator": f"{program}_rate", "label": "Tỷ lệ", "value": value, "decimals": 2, "unit_of_measure": "percent"}
        ],
    }  # fmt: skip


def ledger(*, as_of: str = "2024-01-06T02:00:00Z") -> dict[str, Any]:
    """What funding's `status` says."""
    total = {"capital": "total", "allocated_vnd": 1274696000000, "carried_over_vnd": 597053000000}
    return {"as_of": as_of, "rows": [total], "sources": [{"source": "local_budget"}]}
