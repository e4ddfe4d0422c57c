"""Which answers are asked for again, and after how long. No I/O."""

import random
from dataclasses import dataclass

import httpx

from ntp_client.answers import read_retry_after

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
"""The service is busy, restarts, or asks to wait; nothing was refused."""


@dataclass(frozen=True)
class RetrySchedule:
    """Pauses that double, with jitter, so that many clients do not come back at the same moment."""

    give_up_after_s: float = 60.0
    """How long one request is repeated. Shorter, and a restart of the whole product (about 6 s) is noticed."""
    first_pause_s: float = 0.1
    longest_pause_s: float = 5.0
    jitter: float = 0.5
    """The part of a pause that is random."""

    def compute_pause(self, attempt: int) -> float:
        """Return how long to wait after an attempt, counted from 0."""
        pause = min(self.first_pause_s * 2.0 ** min(attempt, 30), self.longest_pause_s)
        return pause * (1 - self.jitter * random.random())  # noqa: S311 (spreads load, hides nothing)

    def find_pause(
        self, outcome: httpx.Response | httpx.TransportError, attempt: int, elapsed_s: float
    ) -> float | None:
        """Return how long to wait before the next attempt; None where the outcome is an answer, or time is up."""
        if isinstance(outcome, httpx.Response):
            if outcome.status_code not in RETRIED_STATUSES:
                return None
            pause = max(self.compute_pause(attempt), read_retry_after(outcome.headers) or 0.0)
        else:
            pause = self.compute_pause(attempt)
        return pause if elapsed_s + pause <= self.give_up_after_s else None
