"""A port that leads to one server or to another, as a load balancer before PostgreSQL does."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

READ_BYTES = 65_536


class Switch:
    """Passes connections on to the server that it is turned to; turning closes those to the other one."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self._server_port = server_port
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()

    def turn_to(self, server_port: int) -> None:
        """Lead new connections to another server, and close the others."""
        self._server_port = server_port
        self._loop.call_soon_threadsafe(self._close_all)

    def _close_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(upstream_writer)
        ways = [
            asyncio.create_task(_pass_on(reader, upstream_writer)),
            asyncio.create_task(_pass_on(upstream_reader, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in (writer, upstream_writer):
            end.transport.abort()
            self._writers.discard(end)

    async def _start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _stop(self, server: asyncio.Server) -> None:
        """Close every connection, and wait until each is served no more."""
        server.close()
        self._close_all()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while content := await reader.read(READ_BYTES):
        writer.write(content)
        await writer.drain()


@contextmanager
def running_switch(server_port: int) -> Iterator[Switch]:
    """A switch in a thread of its own."""
    switch = Switch(server_port)
    thread = threading.Thread(target=switch._loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(switch._start(), switch._loop).result()
    try:
        yield switch
    finally:
        asyncio.run_coroutine_threadsafe(switch._stop(server), switch._loop).result()
        switch._loop.call_soon_threadsafe(switch._loop.stop)
        thread.join()
        switch._loop.close()
