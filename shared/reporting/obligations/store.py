"""Queries for received reports and for the days of going live."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.models import EffectiveReport, GoLive, Report
from shared.reporting.obligations.rules import ObligationKey, ReceivedReport


async def read_received_reports(
    session: AsyncSession,
    catalogue: Catalogue,
    periods: Collection[Period],
    units: Collection[str] | None = None,
) -> dict[ObligationKey, ReceivedReport]:
    """Return the report in effect, reviewed or not, of each unit, period and form. One statement.

    It is owed under the standard in force on the last day of the period; one under another standard does not count.
    """
    days = {str(period): period.ends_on for period in periods}
    first = aliased(Report)
    first_received_at = (
        select(func.min(first.received_at))
        .where(
            first.period == Report.period,
            first.unit == Report.unit,
            first.form == Report.form,
            first.standard == Report.standard,
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
            EffectiveReport.standard,
            Report.id,
            Report.state,
            Report.received_at,
            Report.nil,
            Report.units,
            first_received_at,
        )
        .join(Report, Report.id == EffectiveReport.report_id)
        .where(
            EffectiveReport.period.in_(days),
            EffectiveReport.basis == "provisional",
            EffectiveReport.until.is_(None),
        )
    )
    if units is not None:
        query = query.where(EffectiveReport.unit.in_(units))
    rows = await session.execute(query)
    return {
        (unit, period, form): ReceivedReport(
            str(report_id),
            "accepted" if state == "accepted" else "submitted",
            received_at,
            nil,
            frozenset(units or ()),
            first_at,
        )
        for unit, period, form, standard, report_id, state, received_at, nil, units, first_at in rows
        if standard == catalogue.find_form_standard(form, days[period])
    }


async def read_live_days(session: AsyncSession) -> dict[str, date]:
    """Return the day each unit went live, where one was stated."""
    rows = await session.execute(
        select(GoLive.unit, GoLive.live_on)
        .ext(distinct_on(GoLive.unit))
        .order_by(GoLive.unit, GoLive.id.desc())
    )
    return {row.unit: row.live_on for row in rows}


async def insert_live_day(
    session: AsyncSession, unit: str, live_on: date, client_id: str, at: datetime
) -> None:
    """Insert the day a unit goes live; earlier rows stay as history."""
    await session.execute(insert(GoLive).values(unit=unit, live_on=live_on, client_id=client_id, set_at=at))
