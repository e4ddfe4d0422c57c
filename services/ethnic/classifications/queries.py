"""The status of communes on a day, and their exits from special difficulty in a period."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.classifications.rules import CommuneStatus, Consequence, find_exit, find_status
from services.ethnic.classifications.store import read_timelines
from shared.periods import Period

ExitCause = Literal["decision", "recognition"]
"""By what a commune left special difficulty: by a classification, or by a recognition alone."""


@dataclass(frozen=True)
class RecognitionRules:
    """The consequences of recognitions in this installation, and whether it follows the feed of recognitions."""

    consequences: tuple[Consequence, ...]
    feed_followed: bool


async def find_statuses(
    session: AsyncSession,
    rules: RecognitionRules,
    units: Collection[str],
    on: date,
    as_of: datetime | None,
) -> list[CommuneStatus]:
    """Return the status on a day of each classified commune in units of that day. Two statements."""
    timelines = await read_timelines(session, units, on, as_of)
    statuses = (
        find_status(on, timeline.classifications, timeline.recognitions, rules.consequences)
        for timeline in timelines
    )
    return [status for status in statuses if status is not None]


async def find_exits(
    session: AsyncSession,
    rules: RecognitionRules,
    units: Collection[str],
    period: Period,
    as_of: datetime | None,
    cause: ExitCause | None = None,
) -> list[CommuneStatus]:
    """Return the status, on the last day of a period, of each commune that left special difficulty in it.

    With a cause: only the exits by that cause. Two statements.
    """
    first, last = period.starts_on, period.ends_on
    timelines = await read_timelines(session, units, last, as_of)
    exits = (
        find_exit(first, last, timeline.classifications, timeline.recognitions, rules.consequences)
        for timeline in timelines
    )
    return [status for status in exits if status is not None and cause in (None, name_cause(status))]


def name_cause(status: CommuneStatus) -> ExitCause:
    """Return the cause of an exit."""
    return "recognition" if status.out_by_recognition else "decision"
