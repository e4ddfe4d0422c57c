"""The verdicts on the rows of a list: against the list before, and in a refusal."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.ethnic.areas.rules import UnitTimeline
from services.ethnic.lists.checking import CheckedList
from services.ethnic.lists.rules import (
    ListRow,
    UnitEntry,
    judge_row,
)
from services.ethnic.lists.schemas import (
    ListCounts,
    RecordedListOut,
    RowVerdictOut,
)
from services.ethnic.models import ClassificationList
from shared.kit.problems import Fault

ROW_POINTER = re.compile(r"/units/([0-9]+)")
"""The beginning of the pointer of a fault of a row."""


@dataclass(frozen=True)
class RecordedList:
    """A list with the verdicts on its rows, and the units of the list before that it leaves out."""

    row: ClassificationList
    verdicts: tuple[RowVerdictOut, ...]
    left_out: tuple[str, ...]


def refuse_rows(rows: Sequence[ListRow], faults: Collection[Fault], *, checked: bool) -> list[dict[str, Any]]:
    """Return the verdict on each row of a refused list: a row without a fault of its own fits, if the rows were checked."""
    without_fault = "fits" if checked else "not_checked"
    matches = (ROW_POINTER.match(fault.pointer) for fault in faults)
    at_fault = {int(match[1]) for match in matches if match}
    units = {row.ordinal: row.unit for row in rows}
    return [
        {
            "row": ordinal,
            "unit": units.get(ordinal),
            "verdict": "refused" if ordinal in at_fault else without_fault,
        }
        for ordinal in sorted({*units, *at_fault})
    ]


def judge_rows(
    checked: CheckedList, timelines: Sequence[UnitTimeline], *, whole: bool, row: ClassificationList
) -> tuple[tuple[RowVerdictOut, ...], tuple[str, ...]]:
    """Return the verdict on each row against the list before, and the units that a whole list leaves out."""
    kind, level, on = row.kind, row.level, row.effective_on
    before = read_entries(timelines, kind, level, on, without=row)
    verdicts = []
    for posted in checked.rows:
        entry = before.get((posted.unit, posted.ethnic_group or ""), UnitEntry(listed=False))
        after = UnitEntry(posted.listed, posted.region if posted.listed else None)
        verdicts.append(
            RowVerdictOut(
                row=posted.ordinal,
                unit=posted.unit,
                verdict=judge_row(entry, after),
                region_before=entry.region,
                region=after.region,
            )
        )
    posted_keys = {(posted.unit, posted.ethnic_group or "") for posted in checked.rows}
    left_out = (
        unit for (unit, group), entry in before.items() if entry.listed and (unit, group) not in posted_keys
    )
    return tuple(verdicts), tuple(sorted(left_out)) if whole else ()


def read_entries(
    timelines: Sequence[UnitTimeline],
    kind: str,
    level: str,
    on: Any,
    without: ClassificationList | None = None,
) -> dict[tuple[str, str], UnitEntry]:
    """Return what the lists of a kind and level say of each unit and group on a day, without one of these lists."""
    entries: dict[tuple[str, str], UnitEntry] = {}
    for timeline in timelines:
        if timeline.level != level:
            continue
        for group in timeline.list_groups(kind):
            earlier = timeline
            if without is not None:
                kept = [
                    listing
                    for listing in timeline.listings[kind, group]
                    if listing.decision_number != without.decision_number
                    or listing.effective_on != without.effective_on
                ]
                earlier = replace(timeline, listings={(kind, group): kept})
            entries[timeline.code, group] = UnitEntry.from_listing(earlier.find_current(kind, on, group), on)
    return entries


def to_recorded_list(recorded: RecordedList) -> RecordedListOut:
    """Serialize a list that was recorded, with the verdicts on its rows."""
    verdicts = [verdict.verdict for verdict in recorded.verdicts]
    return RecordedListOut(
        **RecordedListOut.read_columns(recorded.row),
        counts=ListCounts(
            rows=len(verdicts),
            added=verdicts.count("added"),
            changed=verdicts.count("changed"),
            unchanged=verdicts.count("unchanged"),
            removed=verdicts.count("removed"),
            left_out=len(recorded.left_out),
        ),
        verdicts=list(recorded.verdicts),
        left_out=list(recorded.left_out),
    )
