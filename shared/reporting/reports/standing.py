"""What follows whenever a report begins or ceases to stand: roll-ups are refreshed, and followers are told."""

from collections.abc import Collection

from shared.kit.feed import Happening
from shared.periods import Period
from shared.reporting.desk import Desk
from shared.reporting.figures.rollups import Touched
from shared.reporting.models import Report
from shared.reporting.statements import Stated


def touched_by(desk: Desk, period: Period, values: Collection[Stated]) -> Touched:
    """Find the roll-ups that these values touch."""
    return Touched(
        desk.engine.catalogue,
        desk.territory,
        period=period,
        units={it.unit for it in values},
        indicators={it.indicator for it in values},
    )


def happening(kind: str, report: Report) -> Happening:
    """Say what happened to a report."""
    return Happening(
        kind,
        f"reports/{report.id}",
        {
            "unit": report.unit,
            "period": report.period,
            "form": report.form,
            "content_sha256": report.content_sha256,
        },
    )
