"""Which extensions of a settlement day are refused. Pure.

Problem
└── Conflict
    └── ExtensionRecorded      extension_recorded       the extension that holds is the same
"""

import uuid
from dataclasses import dataclass
from datetime import date

from shared.kit.canonical_text import canonicalize
from shared.kit.problems import Conflict, Sentence

SETTLED_BEFORE_LAW = Sentence(
    "Ngày quyết toán {day} trước ngày quyết toán theo quy định {legal_day}; gia hạn không thể sớm hơn.",
    "The settlement day {day} is before that of the law, {legal_day}; an extension cannot be earlier.",
)


class ExtensionRecorded(Conflict):
    """The extension that holds has the same day and decision."""

    code = "extension_recorded"
    title = Sentence("Gia hạn đã được ghi", "The extension is recorded")
    detail = Sentence(
        "Gia hạn {extension} của năm {year} đã ghi cùng ngày và cùng quyết định {decision}.",
        "The extension {extension} of the year {year} has the same day and decision {decision}.",
    )

    def __init__(self, extension: uuid.UUID, year: int, decision: str) -> None:
        super().__init__(extension=str(extension), year=year, decision=decision)


@dataclass(frozen=True, slots=True)
class ExtendedDay:
    """A last day of settlement, and the decision that sets it."""

    settled_by: date
    decision_number: str
    decision_date: date

    def is_same(self, other: "ExtendedDay") -> bool:
        """Whether another one states the same, however its number is typed."""
        return (self.settled_by, self.decision_date) == (other.settled_by, other.decision_date) and (
            canonicalize(self.decision_number) == canonicalize(other.decision_number)
        )
