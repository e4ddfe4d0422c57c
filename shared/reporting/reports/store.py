"""How reports, their values and their standings are found and moved. Flushes, never commits."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    any_,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.kit.database import Codes
from shared.reporting.models import EffectiveReport, EvidenceFile, Observation, Report, Review
from shared.reporting.report_content import STATUSES, StatedValue

COLUMNS = {one.key: one.type for one in Report.__table__.columns}
"""Of a report, with their types."""
_LIVE_REPORTS = text(
    f"""
    SELECT {", ".join(COLUMNS)} FROM reports
    WHERE unit = :unit AND period = :period AND form = :form AND state IN ('submitted', 'accepted')
    ORDER BY state DESC -- pending, then accepted
    """
).columns(**COLUMNS)


async def live_reports(session: AsyncSession, unit: str, period: str, form: str) -> list[Report]:
    """Give the live reports of a unit, period and form as they are now, the latest first.

    At most one is pending and one accepted. They are no part of the session: asked again, they are read again.
    """
    found = await session.execute(_LIVE_REPORTS, {"unit": unit, "period": period, "form": form})
    return [Report(**row) for row in found.mappings()]


async def report(session: AsyncSession, report_id: uuid.UUID) -> Report | None:
    """Give one report, or None."""
    return await session.get(Report, report_id)


async def years_of(session: AsyncSession, report_ids: Collection[uuid.UUID]) -> Sequence[int]:
    """Give the years of these reports, as far as they are kept."""
    found = await session.scalars(select(Report.year).where(Report.id.in_(report_ids)).distinct())
    return found.all()


def stated_in(it: Report) -> list[ColumnElement[bool]]:
    """Select what a report states, derived values included."""
    found = [Observation.year == it.year, Observation.period == it.period, Observation.report_id == it.id]
    return (
        found
        if it.units is None
        else [*found, Observation.unit == any_(bindparam("stated_units", it.units, type_=Codes))]
    )


async def values_of(session: AsyncSession, it: Report) -> list[StatedValue]:
    """Give all that a report says: its values in the order posted, then those that follow from them."""
    columns = (
        Observation.unit,
        Observation.indicator,
        Observation.value,
        Observation.status,
        Observation.derived,
    )
    rows = await session.execute(select(*columns).where(*stated_in(it)).order_by(Observation.ordinal))
    return [
        StatedValue(row.unit, row.indicator, row.value, STATUSES[row.status], row.derived) for row in rows
    ]


async def reviews_of(session: AsyncSession, report_id: uuid.UUID) -> Sequence[Review]:
    """Give everything done to a report, oldest first."""
    found = await session.scalars(select(Review).where(Review.report_id == report_id).order_by(Review.id))
    return found.all()


async def report_by_receipt(session: AsyncSession, code: str) -> Report | None:
    """Give the report that a receipt is of, or None."""
    found: Report | None = await session.scalar(select(Report).where(Report.receipt_code == code))
    return found


async def known_evidence(session: AsyncSession, hashes: Collection[str]) -> frozenset[str]:
    """Give those of the hashes under which a file is kept."""
    found = await session.scalars(select(EvidenceFile.sha256).where(EvidenceFile.sha256.in_(hashes)))
    return frozenset(found)


async def standings_of(session: AsyncSession, report_id: uuid.UUID) -> Sequence[EffectiveReport]:
    """Give from when to when a report stood, oldest first."""
    found = await session.scalars(
        select(EffectiveReport)
        .where(EffectiveReport.report_id == report_id)
        .order_by(EffectiveReport.since, EffectiveReport.id)
    )
    return found.all()


async def accepted_before(session: AsyncSession, it: Report) -> Report | None:
    """Give the report that was accepted last for the same unit, period and form before this one, or None."""
    own = aliased(EffectiveReport)
    stood_first = select(func.min(own.since)).where(own.report_id == it.id).scalar_subquery()
    found: Report | None = await session.scalar(
        select(Report)
        .join(EffectiveReport, EffectiveReport.report_id == Report.id)
        .where(
            EffectiveReport.basis == "accepted",
            EffectiveReport.unit == it.unit,
            EffectiveReport.period == it.period,
            EffectiveReport.form == it.form,
            EffectiveReport.report_id != it.id,
            EffectiveReport.since < stood_first,
        )
        .order_by(EffectiveReport.since.desc())
        .limit(1)
    )
    return found


async def move(session: AsyncSession, it: Report, state: str, at: datetime) -> None:
    """Move a report to another state."""
    await session.execute(update(Report).where(Report.id == it.id).values(state=state, state_at=at))
    it.state, it.state_at = state, at


async def begin_standing(session: AsyncSession, it: Report, basis: str, at: datetime) -> None:
    """Let a report stand on a basis from an instant on."""
    await session.execute(
        insert(EffectiveReport).values(
            basis=basis,
            year=it.year,
            period=it.period,
            unit=it.unit,
            form=it.form,
            report_id=it.id,
            nil=it.nil,
            received_at=it.received_at,
            since=at,
        )
    )


async def end_standing(session: AsyncSession, it: Report, basis: str, at: datetime) -> bool:
    """End a report's standing on a basis; false when it did not stand."""
    ended = await session.execute(
        update(EffectiveReport)
        .where(
            EffectiveReport.report_id == it.id,
            EffectiveReport.basis == basis,
            EffectiveReport.until.is_(None),
        )
        .values(until=at)
        .returning(EffectiveReport.id)
    )
    return ended.first() is not None


async def note_review(
    session: AsyncSession,
    it: Report,
    action: str,
    client_id: str,
    at: datetime,
    reason: str | None = None,
    step: str | None = None,
) -> None:
    """Write down what was done to a report."""
    await session.execute(
        insert(Review).values(
            report_id=it.id,
            action=action,
            client_id=client_id,
            at=at,
            reason=reason,
            step=step,
            content_sha256=it.content_sha256,
        )
    )


def reports_query(
    *,
    unit_codes: Collection[str] | None,
    period: str | None,
    form: str | None,
    state: str | None,
) -> Select[Report]:
    """Select reports, the one received last first."""
    query = select(Report).order_by(Report.received_at.desc(), Report.id.desc())
    if unit_codes is not None:
        query = query.where(Report.unit.in_(unit_codes))
    for column, wanted in ((Report.period, period), (Report.form, form), (Report.state, state)):
        if wanted is not None:
            query = query.where(column == wanted)
    return query
