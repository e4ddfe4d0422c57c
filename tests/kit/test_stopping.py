"""A process that is asked to stop says so, answers on, and ends when its connections are closed."""

import asyncio
import signal

import pytest
import uvicorn

from shared.kit.http_protocol import HttpProtocol
from shared.kit.resources import get_resources
from shared.kit.stopping import DrainingServer, StopNotice
from tests.kit.notes import running_notes
from tests.waiting import PATIENCE_SECONDS, poll_until

pytestmark = pytest.mark.anyio

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class SlowApplication:
    """Answers at once, and a request for `/slow` when it may."""

    def __init__(self):
        self.may_answer = asyncio.Event()
        self.slow_requests = 0

    async def __call__(self, scope, receive, send):
        if scope["path"] == "/slow":
            self.slow_requests += 1
            await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


class Connection:
    """One open connection to the server."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, server):
        return cls(*await asyncio.open_connection("127.0.0.1", find_port(server)))

    def send(self, path="/"):
        self.writer.write(REQUEST.replace(b" / ", f" {path} ".encode()))

    async def read_answer(self):
        return await self.reader.readuntil(b"\r\n\r\nok")

    async def exchange(self):
        self.send()
        return await self.read_answer()

    async def close(self):
        self.writer.close()
        await self.writer.wait_closed()


def find_port(server):
    return server.servers[0].sockets[0].getsockname()[1]


async def start_server(app):
    config = uvicorn.Config(app, port=0, http=HttpProtocol, lifespan="off", log_config=None, access_log=False)
    server = DrainingServer(config, StopNotice(), drain_s=PATIENCE_SECONDS)
    task = asyncio.create_task(server._serve())
    await poll_until(lambda: server.started)
    return server, task


async def test_each_connection_is_closed_by_an_answer_that_says_so():
    app = SlowApplication()
    server, task = await start_server(app)
    idle, busy, other = [await Connection.open(server) for _ in range(3)]
    assert b"connection: close" not in await idle.exchange()
    busy.send("/slow")
    await poll_until(lambda: app.slow_requests == 1)
    server.handle_exit(signal.SIGTERM, None)
    await poll_until(lambda: server.server_state.stopping.begun)
    assert b"connection: close" in await idle.exchange()
    new = await Connection.open(server)
    assert b"connection: close" in await new.exchange()
    assert b"connection: close" in await other.exchange()
    app.may_answer.set()
    assert b"connection: close" in await busy.read_answer()
    assert await busy.reader.read() == b""
    await task  # no connection is open, so it does not wait on
    for connection in (idle, busy, other, new):
        await connection.close()


async def test_an_interrupt_closes_idle_connections_at_once():
    server, task = await start_server(SlowApplication())
    idle = await Connection.open(server)
    await idle.exchange()
    server.handle_exit(signal.SIGINT, None)
    assert await idle.reader.read() == b""
    await task
    await idle.close()


async def test_a_process_that_stops_is_not_ready_and_answers_on(database):
    async with running_notes(database) as notes:
        assert (await notes.client.get("/readyz")).status_code == 200
        get_resources(notes.app).get(StopNotice).begun = True
        refused = await notes.client.get("/readyz")
        assert (refused.status_code, refused.json()["parts"]) == (503, {"process": "stopping"})
        assert "retry-after" in refused.headers
        assert (await notes.client.get("/livez")).status_code == 200
        assert (await notes.client.get("/notes")).status_code == 200
