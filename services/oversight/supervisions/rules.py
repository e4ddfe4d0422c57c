"""What a round of supervision is owed. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any


def count_overdue_requests(requests: Iterable[Mapping[str, Any]], on: date) -> int:
    """Return the number of requests that were due before a day and are not delivered by then."""
    return sum(
        date.fromisoformat(request["due_on"]) < on
        and (request["delivered_on"] is None or date.fromisoformat(request["delivered_on"]) > on)
        for request in requests
    )
