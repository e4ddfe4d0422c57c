"""Open uploads: how many bodies of one client, or of one network without a token, are being received at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared.kit.middleware import AsgiScope, Message, Receive
from shared.kit.problems import TooManyRequests

MAX_OPEN_UPLOADS = 128
"""Of one client; half-sent bodies of more would take connections and memory from all others."""
RETRY_AFTER_S = 5
WITH_A_BODY = frozenset({b"content-length", b"transfer-encoding"})


class OpenUploads:
    """The number of open uploads of each client."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @contextmanager
    def receive(self, scope: AsgiScope, client: str, receive: Receive) -> Iterator[Receive]:
        """Count the body of a request until it is whole, or its request ends. Raises `TooManyRequests`."""
        if not any(name in WITH_A_BODY for name, _ in scope["headers"]):
            yield receive
            return
        if self._open[client] >= MAX_OPEN_UPLOADS:
            raise TooManyRequests(retry_after=RETRY_AFTER_S, headers={"Retry-After": str(RETRY_AFTER_S)})
        self._open[client] += 1
        is_open = True

        def end() -> None:
            nonlocal is_open
            if is_open:
                is_open = False
                self._open[client] -= 1
                if not self._open[client]:
                    del self._open[client]

        async def receive_counted() -> Message:
            message = await receive()
            if not message.get("more_body"):
                end()
            return message

        try:
            yield receive_counted
        finally:
            end()
