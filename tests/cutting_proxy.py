"""A proxy in front of a port that delays connections and cuts them, within requests and within answers."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

READ_BYTES = 256


class CuttingProxy:
    """Passes so many bytes of each connection on, each way, and then resets it."""

    def __init__(self, upstream_port: int, seed: int, most_bytes: int = 6_000) -> None:
        self.port = 0
        self.connections = 0
        self.passed_bytes = 0
        self._upstream_port = upstream_port
        self._random = random.Random(seed)
        self._most_bytes = most_bytes

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until one of its ways has used up its bytes."""
        self.connections += 1
        budgets = [self._random.randrange(1, self._most_bytes) for _ in range(2)]
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        ways = [
            asyncio.create_task(self._pass_on(reader, upstream_writer, budgets[0])),
            asyncio.create_task(self._pass_on(upstream_reader, writer, budgets[1])),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, upstream_writer):
                end.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int) -> None:
        while budget > 0 and (content := await reader.read(min(READ_BYTES, budget))):
            budget -= len(content)
            self.passed_bytes += len(content)
            if self._random.random() < 0.1:
                await asyncio.sleep(self._random.random() / 20)
            writer.write(content)
            await writer.drain()


@contextmanager
def running_proxy(upstream_port: int, seed: int) -> Iterator[CuttingProxy]:
    """A proxy in a thread of its own."""
    proxy = CuttingProxy(upstream_port, seed)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    started = asyncio.run_coroutine_threadsafe(asyncio.start_server(proxy.handle, "127.0.0.1", 0), loop)
    server = started.result()
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
