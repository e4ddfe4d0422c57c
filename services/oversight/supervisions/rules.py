"""What a round of supervision is owed. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from shared.kit.problems import Fault, Sentence, make_fault

RECOVERED_TOO_MUCH = Sentence(
    "Số đã thu hồi {recovered} đồng lớn hơn số phải thu hồi {to_recover} đồng.",
    "{recovered} đồng recovered are more than the {to_recover} đồng to recover.",
)
NOTHING_TO_RECOVER = Sentence(
    "Có số đã thu hồi thì phải nêu số phải thu hồi (to_recover_vnd).",
    "Money recovered needs the money to recover (to_recover_vnd).",
)
ENTRIES_WITHOUT_MONEY = Sentence(
    "Có bút toán thu hồi thì phải nêu số đã thu hồi (recovered_vnd).",
    "Entries that recovered money need its amount (recovered_vnd).",
)


def count_overdue_requests(requests: Iterable[Mapping[str, Any]], on: date) -> int:
    """Return the number of requests that were due before a day and are not delivered by then."""
    return sum(
        date.fromisoformat(request["due_on"]) < on
        and (request["delivered_on"] is None or date.fromisoformat(request["delivered_on"]) > on)
        for request in requests
    )


def find_amount_faults(
    to_recover_vnd: int | None, recovered_vnd: int | None, entries: int
) -> Iterator[Fault]:
    """Yield the faults of the money to recover and recovered, in đồng; `entries` is the number of entries that recovered it."""
    if recovered_vnd is None:
        if entries:
            yield make_fault("/recovered_vnd", "recovered_missing", ENTRIES_WITHOUT_MONEY)
    elif to_recover_vnd is None:
        if recovered_vnd:
            yield make_fault("/to_recover_vnd", "to_recover_missing", NOTHING_TO_RECOVER)
    elif recovered_vnd > to_recover_vnd:
        yield make_fault(
            "/recovered_vnd",
            "recovered_exceeds_to_recover",
            RECOVERED_TOO_MUCH,
            recovered=recovered_vnd,
            to_recover=to_recover_vnd,
        )


def find_unrecovered(to_recover_vnd: int | None, recovered_vnd: int | None) -> int | None:
    """Return what is still to recover, in đồng; None where no recovery was requested."""
    return None if to_recover_vnd is None else to_recover_vnd - (recovered_vnd or 0)
