"""What holds for the records of every register. Pure."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Literal

from shared.kit.problems import Conflict, Fault, NotFound, Sentence, make_fault

RegisterName = Literal[
    "bodies",
    "documents",
    "campaigns",
    "conferences",
    "inspections",
    "recommendations",
    "supervisions",
    "difficulties",
    "tasks",
    "plans",
]
Act = Literal[
    "recorded",
    "corrected",
    "withdrawn",
    "dissolved",
    "answered",
    "closed",
    "refused",
    "dropped",
    "passed",
    "completed",
    "submitted",
    "approved",
    "revised",
]
"""What made a version of a record."""

WITHDRAWN: Act = "withdrawn"

DATE_IN_FUTURE = Sentence(
    "Ngày {date} sau ngày hôm nay ({today}).", "The day {date} is after today ({today})."
)
DAYS_REVERSED = Sentence("Ngày {last} trước ngày {first}.", "The day {last} is before {first}.")
REPEATED = Sentence("“{value}” đã có ở mục {index}.", "“{value}” is already at index {index}.")
PROVES_TASK = Sentence("nó chứng minh nhiệm vụ {task} đã xong", "it proves the task {task} done")


class RecordNotFound(NotFound):
    """No record of this register has this id."""

    code = "record_not_found"
    detail = Sentence("Không có bản ghi {record}.", "There is no record {record}.")


class RecordExists(Conflict):
    """Another record has the same identity and another content."""

    code = "record_exists"
    detail = Sentence(
        "Bản ghi {record} đã nêu việc này với nội dung khác.",
        "The record {record} already states this with another content.",
    )


class RecordChanged(Conflict):
    """The record has a newer version than the one that the request names."""

    code = "record_changed"
    detail = Sentence(
        "Bản ghi đã sang phiên bản {newest}; yêu cầu nêu phiên bản {version}.",
        "The record is at version {newest}; the request names version {version}.",
    )


class RecordWithdrawn(Conflict):
    """The record was withdrawn."""

    code = "record_withdrawn"
    detail = Sentence("Bản ghi {record} đã được rút.", "The record {record} was withdrawn.")


class ActNotPossible(Conflict):
    """The state of the record does not allow this act."""

    code = "act_not_possible"
    detail = Sentence("Không thực hiện được: {reason}.", "This cannot be done: {reason}.")


def find_future_days(today: date, **days: date | None) -> Iterator[Fault]:
    """Yield a fault for each day after today; the name of a day is that of its field."""
    for name, day in days.items():
        if day is not None and day > today:
            yield make_fault(f"/{name}", "date_in_future", DATE_IN_FUTURE, date=day, today=today)


def find_reversed_days(first: date | None, last: date | None, at: str) -> Iterator[Fault]:
    """Yield the fault of a last day before the first; `at` is the field of the last day."""
    if first is not None and last is not None and last < first:
        yield make_fault(f"/{at}", "days_reversed", DAYS_REVERSED, first=first, last=last)


def find_repeated_faults(name: str, rows: Iterable[Collection[object]]) -> Iterator[Fault]:
    """Yield the fault of each row of a list that repeats an earlier one; `rows` are what identifies each."""
    first: dict[tuple[object, ...], int] = {}
    for index, row in enumerate(map(tuple, rows)):
        if row in first:
            value = " ".join(str(part) for part in row if part is not None)
            yield make_fault(f"/{name}/{index}", "repeated", REPEATED, value=value, index=first[row])
        first.setdefault(row, index)
