"""What follows whenever a report begins or ceases to stand: roll-ups are refreshed, and followers are told."""

from collections.abc import Collection, Iterable

from shared.kit.feed import Happening
from shared.periods import Period
from shared.reporting.desk import Desk
from shared.reporting.figures.rollups import refresh
from shared.reporting.models import Report
from shared.reporting.statements import Stated


async def refresh_touched(
    desk: Desk, period: Period, bases: Iterable[str], touched: Collection[Stated]
) -> None:
    """Recompute the roll-ups that these values touch."""
    units = {it.unit for it in touched}
    indicators = {it.indicator for it in touched}
    for basis in bases:
        await refresh(
            desk.session,
            desk.engine.catalogue,
            desk.territory,
            basis=basis,
            period=period,
            units=units,
            indicators=indicators,
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
