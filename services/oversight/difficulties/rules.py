"""The state of a difficulty on a day, and how long it waits. Pure."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.kit.problems import Sentence

DifficultyState = Literal["open", "answered", "dropped"]

FINISHED_ALREADY = Sentence("đã được trả lời hoặc bỏ", "it was answered or dropped already")
PASSED_ALREADY = Sentence(
    "đã được chuyển đến {agency}; hãy chuyển tiếp thay vì sửa",
    "it was passed to {agency}; pass it on instead of correcting that",
)


@dataclass(frozen=True, slots=True)
class Difficulty:
    """A difficulty as its newest version states it."""

    id: uuid.UUID
    unit: str
    raised_on: date
    answered_on: date | None
    dropped_on: date | None

    def find_state(self, on: date) -> DifficultyState:
        """Return its state on a day."""
        if self.answered_on is not None and self.answered_on <= on:
            return "answered"
        return "dropped" if self.dropped_on is not None and self.dropped_on <= on else "open"

    def count_waiting_days(self, on: date) -> int:
        """Return the days from its raising to its end, or to the day."""
        days = [day for day in (self.answered_on, self.dropped_on, on) if day is not None]
        return max(0, (min(days) - self.raised_on).days)
