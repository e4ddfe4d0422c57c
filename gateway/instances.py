"""The instances of one service, and their passive health: which one the next request goes to.

Nothing is probed. An instance that refused a connection, or broke one, is passed over for a moment; one that says
`Connection: close` is about to stop, and gets no request while another is there. Among the others the one with the fewest
requests under way is next, in turn where there are several.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

AVOIDED_FOR_S = 2.0
"""Seconds for which an instance that failed, or is about to stop, gets no request while another serves."""


@dataclass(eq=False, slots=True)
class Instance:
    """One address of a service, without a slash at its end."""

    url: str
    under_way: int = 0
    avoided_until: float = 0.0
    """Monotonic clock of this process."""

    def avoid(self) -> None:
        """Pass the instance over for a moment."""
        self.avoided_until = time.monotonic() + AVOIDED_FOR_S

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a request as under way until the block ends."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1


class Instances:
    """The instances of one service."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._instances = [Instance(url.rstrip("/")) for url in urls]

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses."""
        return tuple(instance.url for instance in self._instances)

    def choose(self, passed_over: Collection[Instance] = ()) -> Instance:
        """Return the instance for a request; one of `passed_over` only where there is no other."""
        if len(self._instances) == 1:
            return self._instances[0]
        now = time.monotonic()
        instance = min(
            self._instances,
            key=lambda other: (other in passed_over, other.avoided_until > now, other.under_way),
        )
        self._instances.remove(instance)
        self._instances.append(instance)  # the next of equals is another
        return instance

    def has_other(self, passed_over: Collection[Instance]) -> bool:
        """Whether there is an instance that was not tried."""
        return len(passed_over) < len(self._instances)
