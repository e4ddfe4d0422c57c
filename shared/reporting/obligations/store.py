"""How what was received, and who went live when, are found and kept."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.periods import Period
from shared.reporting.models import EffectiveReport, GoLive, Report
from shared.reporting.obligations.rules import OwedReport, ReceivedReport


async def received(
    session: AsyncSession, periods: Collection[Period], units: Collection[str] | None = None
) -> dict[OwedReport, ReceivedReport]:
    """Give the report that stands, reviewed or not, for each unit, period and form. One statement."""
    first = aliased(Report)
    first_received_at = (
        select(func.min(first.received_at))
        .where(
            first.period == Report.period,
            first.unit == Report.unit,
            first.form == Report.form,
            first.state.in_(("submitted", "accepted", "superseded")),
        )
        .correlate(Report)
        .scalar_subquery()
    )
    query = (
        select(
            EffectiveReport.unit,
            EffectiveReport.period,
            EffectiveReport.form,
            Report.id,
            Report.state,
            Report.received_at,
            Report.nil,
            first_received_at,
        )
        .join(Report, Report.id == EffectiveReport.report_id)
        .where(
            EffectiveReport.period.in_([str(period) for period in periods]),
            EffectiveReport.basis == "provisional",
            EffectiveReport.until.is_(None),
        )
    )
    if units is not None:
        query = query.where(EffectiveReport.unit.in_(units))
    return {
        (unit, period, form): ReceivedReport(
            str(report_id), "accepted" if state == "accepted" else "submitted", received_at, nil, first_at
        )
        for unit, period, form, report_id, state, received_at, nil, first_at in await session.execute(query)
    }


async def live_days(session: AsyncSession) -> dict[str, date]:
    """Give the day each unit went live, where it was stated."""
    rows = await session.execute(
        select(GoLive.unit, GoLive.live_on)
        .ext(distinct_on(GoLive.unit))
        .order_by(GoLive.unit, GoLive.id.desc())
    )
    return {row.unit: row.live_on for row in rows}


async def keep_live_day(
    session: AsyncSession, unit: str, live_on: date, client_id: str, at: datetime
) -> None:
    """State the day a unit went live; an earlier statement stays in the history."""
    await session.execute(insert(GoLive).values(unit=unit, live_on=live_on, client_id=client_id, set_at=at))
