"""What follows whenever a report begins or ceases to stand: roll-ups are refreshed, and followers are told."""

from collections.abc import Collection

from shared.kit.change_feed import Event
from shared.periods import Period
from shared.reporting.context import ReportingContext
from shared.reporting.models import Report
from shared.reporting.report_content import StatedValue
from shared.reporting.rollups.refresh import RollUpRefresh


def roll_ups_of(context: ReportingContext, period: Period, values: Collection[StatedValue]) -> RollUpRefresh:
    """Find the roll-ups that these values touch."""
    return RollUpRefresh(
        context.engine.catalogue,
        context.territory,
        period=period,
        units={it.unit for it in values},
        indicators={it.indicator for it in values},
    )


def report_event(kind: str, report: Report) -> Event:
    """Say what happened to a report."""
    return Event(
        kind,
        f"reports/{report.id}",
        {
            "unit": report.unit,
            "period": report.period,
            "form": report.form,
            "content_sha256": report.content_sha256,
        },
    )
