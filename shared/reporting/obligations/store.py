"""Queries for received reports and for the days of going live."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.periods import Period
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.models import EffectiveReport, GoLive, Report, Review, is_in_effect
from shared.reporting.obligations.live_days import LiveDay
from shared.reporting.obligations.rules import ObligationKey, ReceivedReport


async def read_received_reports(
    session: AsyncSession,
    catalogue: Catalogue,
    periods: Collection[Period],
    units: Collection[str] | None = None,
    *,
    basis: BasisName = "provisional",
    as_of: datetime | None = None,
) -> dict[ObligationKey, ReceivedReport]:
    """Return the report in effect of each unit, period and form, now or at an instant. One statement.

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
            _was_not_sent_back(first, as_of),
        )
        .correlate(Report)
        .scalar_subquery()
    )
    accepted = aliased(EffectiveReport)
    is_accepted = (
        select(accepted.id)
        .where(accepted.report_id == Report.id, accepted.basis == "accepted", is_in_effect(accepted, as_of))
        .exists()
    )
    query = (
        select(
            EffectiveReport.unit,
            EffectiveReport.period,
            EffectiveReport.form,
            EffectiveReport.standard,
            Report.id,
            is_accepted,
            Report.received_at,
            Report.nil,
            Report.units,
            first_received_at,
        )
        .join(Report, Report.id == EffectiveReport.report_id)
        .where(
            EffectiveReport.period.in_(days),
            EffectiveReport.basis == basis,
            is_in_effect(EffectiveReport, as_of),
        )
    )
    if units is not None:
        query = query.where(EffectiveReport.unit.in_(units))
    rows = await session.execute(query)
    return {
        (unit, period, form): ReceivedReport(
            str(report_id),
            "accepted" if accepted else "submitted",
            received_at,
            nil,
            frozenset(units or ()),
            first_at,
        )
        for unit, period, form, standard, report_id, accepted, received_at, nil, units, first_at in rows
        if standard == catalogue.find_form_standard(form, days[period])
    }


def _was_not_sent_back(report: type[Report], as_of: datetime | None) -> ColumnElement[bool]:
    """Return the condition that a report was neither returned nor withdrawn, now or at an instant."""
    if as_of is None:
        return report.state.in_(("submitted", "accepted", "superseded"))
    sent_back = select(Review.id).where(
        Review.report_id == report.id, Review.action.in_(("returned", "withdrawn")), Review.at <= as_of
    )
    return and_(report.received_at <= as_of, ~sent_back.exists())


async def read_live_days(session: AsyncSession, as_of: datetime | None = None) -> list[LiveDay]:
    """Return the stated days of going live, the latest last; of the same unit and day only the last statement."""
    query = (
        select(GoLive.id, GoLive.unit, GoLive.live_on)
        .ext(distinct_on(GoLive.unit, GoLive.live_on))
        .order_by(GoLive.unit, GoLive.live_on, GoLive.id.desc())
    )
    if as_of is not None:
        query = query.where(GoLive.set_at <= as_of)
    rows = sorted(await session.execute(query), key=lambda row: row.id)
    return [LiveDay(row.unit, row.live_on) for row in rows]


async def insert_live_day(
    session: AsyncSession, unit: str, live_on: date, client_id: str, at: datetime
) -> None:
    """Insert the day a unit goes live; earlier rows stay as history."""
    await session.execute(insert(GoLive).values(unit=unit, live_on=live_on, client_id=client_id, set_at=at))
