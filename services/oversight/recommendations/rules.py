"""The life of a recommendation: open, answered, closed by who issued it. Pure."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.kit.problems import Forbidden, Sentence

RecommendationState = Literal["not_yet_issued", "open", "answered", "done", "refused", "dropped"]
Outcome = Literal["done", "refused", "dropped"]

CLOSED_ALREADY = Sentence("kiến nghị đã kết thúc ({state})", "the recommendation is closed ({state})")
NOT_ANSWERED = Sentence(
    "nơi nhận chưa trả lời; hãy đợi trả lời, hoặc kết thúc với outcome refused hay dropped",
    "the addressee has not answered; wait for the answer, or close it as refused or dropped",
)
EVIDENCE_MISSING = Sentence("Cần nêu một văn bản hoặc một tệp.", "A document or a file must be named.")
ADDRESSEE_ANSWERED = Sentence(
    "nơi nhận đã trả lời, không thể đổi nơi nhận", "the addressee answered and cannot be changed"
)


class ClosedByAddressee(Forbidden):
    """Only who issued a recommendation closes, corrects or withdraws it, and not the client that answered it."""

    code = "closed_by_addressee"
    detail = Sentence(
        "Chỉ cơ quan ban hành kiến nghị được kết thúc, sửa hoặc rút; ứng dụng này đã trả lời thay nơi nhận.",
        "Only who issued a recommendation closes, corrects or withdraws it; this client answered for the addressee.",
    )


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommendation as its newest version states it."""

    id: uuid.UUID
    unit: str
    addressee_unit: str
    addressee_agency: str | None
    issued_on: date
    due_on: date | None
    answered_on: tuple[date, ...] = ()
    closed_on: date | None = None
    outcome: Outcome | None = None

    def find_state(self, on: date) -> RecommendationState:
        """Return its state on a day."""
        if on < self.issued_on:
            return "not_yet_issued"
        if self.closed_on is not None and self.closed_on <= on and self.outcome is not None:
            return self.outcome
        return "answered" if any(day <= on for day in self.answered_on) else "open"

    def is_unfinished(self, on: date) -> bool:
        """Whether it was issued by a day and is not closed on it."""
        return self.find_state(on) in {"open", "answered"}

    def count_days_late(self, on: date) -> int:
        """Return the days since its due day while it is not closed, else 0: one on the morning after the due day."""
        if self.due_on is None or not self.is_unfinished(on):
            return 0
        return max(0, (on - self.due_on).days)


@dataclass(frozen=True, slots=True)
class OverdueGroup:
    """The overdue recommendations of an addressee."""

    unit: str
    agency: str | None
    up_to_30_days: int
    up_to_90_days: int
    over_90_days: int
    longest_days: int

    @property
    def total(self) -> int:
        """Return the number of all of them."""
        return self.up_to_30_days + self.up_to_90_days + self.over_90_days


def group_overdue(addressed: Iterable[tuple[str, str | None, int]]) -> list[OverdueGroup]:
    """Group overdue recommendations (unit and agency that answer now, days late) by addressee, the latest first."""
    days: dict[tuple[str, str | None], list[int]] = {}
    for unit, agency, late in addressed:
        if late > 0:
            days.setdefault((unit, agency), []).append(late)
    groups = [
        OverdueGroup(
            unit,
            agency,
            sum(late <= 30 for late in lates),  # noqa: PLR2004 (as the names of the fields say)
            sum(30 < late <= 90 for late in lates),  # noqa: PLR2004
            sum(late > 90 for late in lates),  # noqa: PLR2004
            max(lates),
        )
        for (unit, agency), lates in days.items()
    ]
    return sorted(groups, key=lambda group: (-group.longest_days, group.unit, group.agency or ""))
