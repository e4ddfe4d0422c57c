"""Queries of difficulties. Flushes, never commits."""

from datetime import date

from services.oversight.difficulties.rules import Difficulty
from services.oversight.models import RecordVersion
from services.oversight.records.store import ROOT

PATH = f"{ROOT}/difficulties"


def to_difficulty(row: RecordVersion) -> Difficulty:
    """Return the frozen value that the rules use."""
    answered_on, dropped_on = row.content.get("answered_on"), row.content.get("dropped_on")
    return Difficulty(
        id=row.id,
        unit=row.unit,
        raised_on=row.day,
        answered_on=date.fromisoformat(answered_on) if answered_on else None,
        dropped_on=date.fromisoformat(dropped_on) if dropped_on else None,
    )
