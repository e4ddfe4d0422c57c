"""Requests that do not end as usual: the client hangs up, or the process is stopped."""

import asyncio
import json
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from starlette.requests import ClientDisconnect

from shared.kit import middleware
from shared.kit.middleware import App, RequestMiddleware
from tests.kit.notes import make_app

pytestmark = pytest.mark.anyio


class Connection:
    """One request to an ASGI application behind the middleware, whose client hangs up at the first read."""

    def __init__(self, app: App) -> None:
        self.app = RequestMiddleware(app, service="interrupted", max_body_bytes=1000)
        self.sent: list[dict[str, Any]] = []

    async def run(self) -> None:
        scope = {
            "type": "http",
            "app": make_app("postgresql+asyncpg://nobody:x@127.0.0.1:9/none"),
            "method": "POST",
            "path": "/notes",
            "headers": [],
            "query_string": b"",
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            self.sent.append(message)

        await self.app(scope, receive, send)


def count_requests(status: int) -> float:
    labels = {"service": "interrupted", "method": "POST", "route": "other", "status": str(status)}
    return REGISTRY.get_sample_value("ntp_http_requests_total", labels) or 0.0


@pytest.mark.parametrize("raises", [False, True])
async def test_a_client_that_hangs_up_is_no_500(monkeypatch, raises):
    captured = structlog.testing.LogCapture()
    monkeypatch.setattr(middleware, "log", structlog.wrap_logger(None, processors=[captured]))

    async def read_and_return(_scope, receive, _send):
        if (await receive())["type"] == "http.disconnect" and raises:
            raise RuntimeError("the body ended") from ClientDisconnect()

    before = count_requests(500), count_requests(499)
    await Connection(read_and_return).run()
    assert (count_requests(500), count_requests(499)) == (before[0], before[1] + 1)
    assert [(line["log_level"], line["status"]) for line in captured.entries] == [("info", 499)]


async def test_a_request_that_a_stop_ends_is_a_503_that_can_be_repeated():
    async def work_without_end(_scope, _receive, _send):
        await asyncio.Event().wait()

    connection = Connection(work_without_end)
    request = asyncio.create_task(connection.run())
    await asyncio.sleep(0)
    request.cancel()
    await request
    start, body = connection.sent
    headers = dict(start["headers"])
    assert (start["status"], headers[b"retry-after"]) == (503, b"1")
    assert json.loads(body["body"])["code"] == "stopping"
    assert count_requests(503) >= 1
