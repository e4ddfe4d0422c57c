"""What a report changes against another one. Pure."""

from collections.abc import Collection
from typing import Any

from shared.reporting.report_content import StatedValue, to_canonical_text

UNSTATED = None, None


def count_changes(new: Collection[StatedValue], old: Collection[StatedValue]) -> dict[str, int]:
    """Count what a report changes against the one it supersedes, of what is posted; received = created + changed + unchanged."""
    posted = [it for it in new if not it.derived]
    before = {(it.unit, it.indicator): (it.value, it.status) for it in old if not it.derived}
    again = [it for it in posted if (it.unit, it.indicator) in before] if before else []
    unchanged = sum(before[it.unit, it.indicator] == (it.value, it.status) for it in again)
    return {
        "received": len(posted),
        "created": len(posted) - len(again),
        "changed": len(again) - unchanged,
        "unchanged": unchanged,
        "dropped": len(before) - len(again),
    }


def find_differences(new: Collection[StatedValue], old: Collection[StatedValue]) -> list[dict[str, Any]]:
    """Name every value that differs between two reports in amount or in status, by unit and indicator.

    Posted or derived: a verdict that an income turned is a difference too.
    """
    before = {(it.unit, it.indicator): (to_canonical_text(it.value), it.status) for it in old}
    after = {(it.unit, it.indicator): (to_canonical_text(it.value), it.status) for it in new}
    return [
        {
            "unit": unit,
            "indicator": indicator,
            "before": before.get((unit, indicator), UNSTATED)[0],
            "after": after.get((unit, indicator), UNSTATED)[0],
            "status_before": before.get((unit, indicator), UNSTATED)[1],
            "status_after": after.get((unit, indicator), UNSTATED)[1],
        }
        for unit, indicator in sorted({*before, *after})
        if before.get((unit, indicator)) != after.get((unit, indicator))
    ]
