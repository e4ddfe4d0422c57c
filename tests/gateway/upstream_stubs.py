"""Stubs of the services behind the gateway, each on a real port of its own."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import uvicorn

from shared.kit.position_middleware import POSITION_PATH

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@asynccontextmanager
async def serve(app: Any, *, lifespan: Literal["on", "off"] = "off") -> AsyncIterator[str]:
    """Serve an app on a loopback port; yield its address."""
    async with _serve_on(app, [_open_listener()], lifespan) as ports:
        yield f"http://127.0.0.1:{ports[0]}"


@asynccontextmanager
async def serve_all(apps: Mapping[str, Any]) -> AsyncIterator[dict[str, str]]:
    """Serve several apps, each on a port of its own; yield their addresses by name."""
    listeners = {name: _open_listener() for name in apps}
    by_port = {listener.getsockname()[1]: apps[name] for name, listener in listeners.items()}

    async def dispatch(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await by_port[scope["server"][1]](scope, receive, send)

    async with _serve_on(dispatch, list(listeners.values()), "off"):
        yield {name: f"http://127.0.0.1:{listener.getsockname()[1]}" for name, listener in listeners.items()}


@asynccontextmanager
async def _serve_on(
    app: Any, listeners: list[socket.socket], lifespan: Literal["on", "off"]
) -> AsyncIterator[list[int]]:
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


def _open_listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


@dataclass
class UpstreamStub:
    """A service that gives the same answer to every request, and records the requests."""

    answer: Any = field(default_factory=dict)
    status: int = 200
    etag: str | None = None
    released: asyncio.Event | None = None
    """Where this event is given, no request is answered before it is set."""
    position: int | None = None
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    """Method, target, headers and body of each request."""

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
        if target == POSITION_PATH:  # a service of before positions answers 404
            position = {"position": str(self.position), "newest": self.position}
            content, status = json.dumps(position).encode(), 200 if self.position is not None else 404
            fields = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
            await send({"type": "http.response.start", "status": status, "headers": fields})
            await send({"type": "http.response.body", "body": content})
            return
        self.requests.append((scope["method"], target, headers, body))
        if self.released is not None:
            await self.released.wait()
        content = json.dumps(self.answer).encode()
        status = self.status
        response_headers = [
            (b"content-type", b"application/json" if status < 400 else b"application/problem+json")
        ]
        if self.etag:
            response_headers.append((b"etag", self.etag.encode()))
            if headers.get("if-none-match") == self.etag:
                status, content = 304, b""
        if status != 304:
            response_headers.append((b"content-length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": response_headers})
        await send({"type": "http.response.body", "body": content})


def make_progress(program: str, value: float = 1.5, *, as_of: str = "2024-01-05T02:00:00Z") -> dict[str, Any]:
    """Return an answer of a program's `progress`."""
    return {
        "unit": {"code": "62", "name": "Kon Tum", "kind": "tinh", "since": "2004-07-08"},
        "period": "2023",
        "basis": "accepted",
        "as_of": as_of,
        "figures": [
            {"indicator": f"{program}_rate", "label": "Tỷ lệ", "value": value, "decimals": 2, "unit_of_measure": "percent"}
        ],
    }  # fmt: skip


def make_funding_status(*, as_of: str = "2024-01-06T02:00:00Z") -> dict[str, Any]:
    """Return an answer of funding's `status`."""
    total = {"capital": "total", "allocated_vnd": 1274696000000, "carried_over_vnd": 597053000000}
    rows = [{**total, "capital": "investment"}]
    return {"as_of": as_of, "rows": rows, "total": total, "sources": [{"source": "local_budget"}]}
