"""The end of a process under requests (see ADR 0034): it says that it stops, serves on for a moment, and ends.

A connection that is kept open may get a request just when its server closes it, and the sender of a write cannot know whether the write
was done. So a process that gets SIGTERM first answers `/readyz` with 503 and each request with `Connection: close`, so that gateways and
load balancers go to another instance. Then it stops as uvicorn does. SIGINT stops it at once.
"""

import asyncio
import signal
import time
from socket import socket
from types import FrameType

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

POLL_S = 0.05

FINISH_WITHIN_S = 25
"""Seconds that requests may take after SIGTERM; Kubernetes and the compose file kill a process some seconds later."""

FINISH_AT_ONCE_WITHIN_S = 2
"""The same after SIGINT, which the launcher sends where everything stops: it promises five seconds for all processes."""


class StopNotice:
    """Whether the process was asked to stop."""

    begun = False


class StoppingState(ServerState):
    """What the connections of a server share: also whether each has to close after its next answer."""

    def __init__(self, stopping: StopNotice) -> None:
        super().__init__()
        self.stopping = stopping


class DrainingServer(Server):
    """Uvicorn's server, with a moment between SIGTERM and the stop for as long as connections are open."""

    def __init__(self, config: Config, stopping: StopNotice, *, drain_s: float) -> None:
        super().__init__(config)
        self.server_state: StoppingState = StoppingState(stopping)
        self._drain_s = drain_s
        self._stops_at_once = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; SIGINT, or a second signal, ends the moment."""
        self._stops_at_once = self.should_exit or sig == signal.SIGINT
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Set the stop notice, wait while connections are open, and stop."""
        self.server_state.stopping.begun = True
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpToolsProtocol) and _awaits_answer(connection):
                connection.cycle.keep_alive = False  # the answer will say that it closes the connection
        ends_at = time.monotonic() + self._drain_s
        while self.server_state.connections and not self._stops_at_once and time.monotonic() < ends_at:  # noqa: ASYNC110 (uvicorn sets no event)
            await asyncio.sleep(POLL_S)
        self.config.timeout_graceful_shutdown = (
            FINISH_AT_ONCE_WITHIN_S if self._stops_at_once else FINISH_WITHIN_S
        )
        await super().shutdown(sockets)


def _awaits_answer(connection: HttpToolsProtocol) -> bool:
    """Whether a request was read on a connection whose answer has not begun."""
    return connection.cycle is not None and not connection.cycle.response_started
