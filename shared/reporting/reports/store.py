"""How reports, their values and their standings are found and kept. Flushes, never commits."""

import json
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    Boolean,
    Numeric,
    Select,
    SmallInteger,
    Text,
    bindparam,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from shared.reporting.models import EvidenceFile, Observation, Report, Review, Standing
from shared.reporting.reports.rules import Checked
from shared.reporting.statements import STATUSES, Stated

LIVE = ("submitted", "accepted")

_KEEP_VALUES = text(
    """
    INSERT INTO observations
        (year, period, unit, indicator, report_id, ordinal, value, status, covers, derived, reasons)
    SELECT :year, :period, unit, indicator, :report_id, ordinal, value, status, covers, derived,
           CAST(reasons AS jsonb)
    FROM unnest(CAST(:units AS text[]), CAST(:indicators AS text[]), CAST(:ordinals AS int[]),
                CAST(:amounts AS numeric[]), CAST(:statuses AS smallint[]), CAST(:covers AS smallint[]),
                CAST(:derived AS boolean[]), CAST(:reasons AS text[]))
         AS said (unit, indicator, ordinal, value, status, covers, derived, reasons)
    """
).bindparams(
    bindparam("units", type_=ARRAY(Text)),
    bindparam("indicators", type_=ARRAY(Text)),
    bindparam("amounts", type_=ARRAY(Numeric)),
    bindparam("statuses", type_=ARRAY(SmallInteger)),
    bindparam("covers", type_=ARRAY(SmallInteger)),
    bindparam("derived", type_=ARRAY(Boolean)),
    bindparam("reasons", type_=ARRAY(Text)),
)

_STANDING_NEARBY = text(
    """
    WITH standing AS MATERIALIZED (
        SELECT report_id, unit FROM standings
        WHERE basis = ANY(ARRAY['accepted', 'provisional']) AND until IS NULL
          AND unit = ANY(:units) AND period = ANY(:periods)
    )
    SELECT DISTINCT o.unit, o.period, o.indicator, s.report_id, s.unit AS reported_by
    FROM observations o
    JOIN standing s ON s.report_id = o.report_id
    WHERE o.year = :year AND o.period = ANY(:periods) AND o.unit = ANY(:units)
      AND o.indicator = ANY(:indicators) AND NOT s.report_id = ANY(:but)
    """
).bindparams(
    bindparam("units", type_=ARRAY(Text)),
    bindparam("periods", type_=ARRAY(Text)),
    bindparam("indicators", type_=ARRAY(Text)),
)


class Nearby(NamedTuple):
    """A value that another live report states at one of the units asked about."""

    unit: str
    period: str
    indicator: str
    report_id: uuid.UUID
    reported_by: str


async def live_reports(session: AsyncSession, unit: str, period: str, form: str) -> list[Report]:
    """Give the live reports of a unit, period and form, the latest first: at most one pending and one accepted."""
    found = await session.scalars(
        select(Report)
        .where(Report.unit == unit, Report.period == period, Report.form == form, Report.state.in_(LIVE))
        .order_by(Report.received_at.desc(), Report.id.desc())
    )
    return list(found)


async def report(session: AsyncSession, report_id: uuid.UUID) -> Report | None:
    """Give one report, or None."""
    return await session.get(Report, report_id)


async def values_of(session: AsyncSession, it: Report) -> list[Stated]:
    """Give all that a report says: its values in the order posted, then those that follow from them."""
    columns = (
        Observation.unit,
        Observation.indicator,
        Observation.value,
        Observation.status,
        Observation.derived,
    )
    rows = await session.execute(
        select(*columns)
        .where(Observation.year == it.year, Observation.period == it.period, Observation.report_id == it.id)
        .order_by(Observation.ordinal)
    )
    return [Stated(row.unit, row.indicator, row.value, STATUSES[row.status], row.derived) for row in rows]


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


async def standings_of(session: AsyncSession, report_id: uuid.UUID) -> Sequence[Standing]:
    """Give from when to when a report stood, oldest first."""
    found = await session.scalars(
        select(Standing).where(Standing.report_id == report_id).order_by(Standing.since, Standing.id)
    )
    return found.all()


async def accepted_before(session: AsyncSession, it: Report) -> Report | None:
    """Give the report that was accepted last for the same unit, period and form before this one, or None."""
    found: Report | None = await session.scalar(
        select(Report)
        .join(Standing, Standing.report_id == Report.id)
        .where(
            Standing.basis == "accepted",
            Standing.unit == it.unit,
            Standing.period == it.period,
            Standing.form == it.form,
            Standing.report_id != it.id,
            Report.received_at <= it.received_at,
        )
        .order_by(Standing.since.desc())
        .limit(1)
    )
    return found


async def standing_nearby(
    session: AsyncSession,
    *,
    year: int,
    periods: Collection[str],
    units: Collection[str],
    indicators: Collection[str],
    but: Collection[uuid.UUID],
) -> list[Nearby]:
    """Give the values that other live reports state at these units, on either basis."""
    rows = await session.execute(
        _STANDING_NEARBY,
        {
            "year": year,
            "periods": list(periods),
            "units": list(units),
            "indicators": list(indicators),
            "but": list(but),
        },
    )
    return [Nearby(*row) for row in rows]


async def standing_nil(
    session: AsyncSession, *, period: str, form: str, units: Collection[str], but: Collection[uuid.UUID]
) -> list[tuple[str, uuid.UUID]]:
    """Give those of the units that state on a form, on either basis, that nothing happened, with their report."""
    rows = await session.execute(
        select(Standing.unit, Standing.report_id)
        .where(
            Standing.period == period,
            Standing.form == form,
            Standing.unit.in_(units),
            Standing.nil,
            Standing.until.is_(None),
            Standing.report_id.not_in(but),
        )
        .distinct()
    )
    return [(unit, report_id) for unit, report_id in rows]


async def keep_values(session: AsyncSession, report_id: uuid.UUID, checked: Checked) -> None:
    """Keep a report's values, and what follows from them, in one statement."""
    values = checked.said
    if not values:
        return
    rank = {status: at for at, status in enumerate(STATUSES)}
    amounts: list[Decimal] = [it.value for it in values]
    reasons = {
        (it.unit, it.derived.indicator): json.dumps(it.derived.reasons(), ensure_ascii=False)
        for it in checked.following
    }
    covers = [*checked.covers, *(it.covers for it in checked.following if not it.stated)]
    await session.execute(
        _KEEP_VALUES,
        {
            "year": checked.period.year,
            "period": str(checked.period),
            "report_id": report_id,
            "units": [it.unit for it in values],
            "indicators": [it.indicator for it in values],
            "ordinals": list(range(len(values))),
            "amounts": amounts,
            "statuses": [rank[it.status] for it in values],
            "covers": covers,
            "derived": [it.derived for it in values],
            "reasons": [reasons.get((it.unit, it.indicator)) for it in values],
        },
    )


async def move(session: AsyncSession, it: Report, state: str, at: datetime) -> None:
    """Move a report to another state."""
    await session.execute(update(Report).where(Report.id == it.id).values(state=state, state_at=at))
    it.state, it.state_at = state, at


async def begin_standing(session: AsyncSession, it: Report, basis: str, at: datetime) -> None:
    """Let a report stand on a basis from an instant on."""
    await session.execute(
        insert(Standing).values(
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
        update(Standing)
        .where(Standing.report_id == it.id, Standing.basis == basis, Standing.until.is_(None))
        .values(until=at)
        .returning(Standing.id)
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
    """Select reports, newest first."""
    query = select(Report).order_by(Report.received_at.desc(), Report.id.desc())
    if unit_codes is not None:
        query = query.where(Report.unit.in_(unit_codes))
    for column, wanted in ((Report.period, period), (Report.form, form), (Report.state, state)):
        if wanted is not None:
            query = query.where(column == wanted)
    return query
