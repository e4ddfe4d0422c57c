"""The state of a difficulty on a day, and how long it waits. Pure."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.kit.problems import Forbidden, Sentence

DifficultyState = Literal["not_yet_raised", "open", "answered", "dropped"]

FINISHED_ALREADY = Sentence("đã được trả lời hoặc bỏ", "it was answered or dropped already")
PASSED_ALREADY = Sentence(
    "đã được chuyển đến {agency}; hãy chuyển tiếp thay vì sửa",
    "it was passed to {agency}; pass it on instead of correcting that",
)


class AnsweredByRaiser(Forbidden):
    """A difficulty is answered by the level that it was passed to, not by the unit that raised it."""

    code = "answered_by_raiser"
    detail = Sentence(
        "Khó khăn, vướng mắc do cấp có thẩm quyền trả lời ({units}), không do đơn vị nêu trả lời.",
        "A difficulty is answered by the competent level ({units}), not by the unit that raised it.",
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
        if on < self.raised_on:
            return "not_yet_raised"
        if self.answered_on is not None and self.answered_on <= on:
            return "answered"
        return "dropped" if self.dropped_on is not None and self.dropped_on <= on else "open"

    def count_waiting_days(self, on: date) -> int:
        """Return the days from its raising to its end, or to the day."""
        days = [day for day in (self.answered_on, self.dropped_on, on) if day is not None]
        return max(0, (min(days) - self.raised_on).days)


def select_answering_units(
    line: Sequence[tuple[str, str]], agency_level: str | None, levels: Sequence[str]
) -> list[str]:
    """Return the codes of the units for which a difficulty may be answered: those above the unit that raised it.

    `line` is the code and level of that unit and of those above it, the nearest first; `agency_level` the level of the agency that
    it was passed to, None where it was passed to none; `levels` all levels, the highest first. What goes above the level of the
    units is answered for the highest of them. A province has no unit above it and records the answer that it got.
    """
    above = list(line[1:]) or list(line)
    if agency_level is None:
        return [code for code, _ in above]
    rank = levels.index(agency_level)
    return [code for code, level in above if levels.index(level) <= rank] or [above[-1][0]]
