"""How reports, their values and their standings are found and kept. Flushes, never commits."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import feed
from shared.kit.database import Codes
from shared.kit.hot import Hot
from shared.reporting.figures import rollups
from shared.reporting.figures.rollups import Touched
from shared.reporting.models import EvidenceFile, Observation, Report, Review, Standing
from shared.reporting.reports.rules import Checked
from shared.reporting.statements import STATUSES, Stated

LIVE = ("submitted", "accepted")


class Nearby(NamedTuple):
    """The units, periods and forms of which a report would be in the way."""

    units: Collection[str]
    periods: Collection[str]
    forms: Collection[str]


NOWHERE = Nearby((), (), ())

_COLUMNS = {one.key: one.type for one in Report.__table__.columns}
_LIVE_REPORTS = text(
    f"""
    SELECT {", ".join(_COLUMNS)} FROM reports
    WHERE unit = :unit AND period = :period AND form = :form AND state IN ('submitted', 'accepted')
    ORDER BY received_at DESC, id DESC
    """
).columns(**_COLUMNS)

_KEEP_VALUES = Hot(
    text(
        """
    INSERT INTO observations
        (year, period, unit, indicator, report_id, ordinal, value, status, covers, derived, reasons)
    SELECT :year, :period, unit, indicator, :report_id, place - 1, value, status, covers, place > :posted,
           CAST(:reasons AS jsonb) -> CAST(place - 1 AS text)
    FROM unnest(:units, :indicators, CAST(:amounts AS numeric[]), CAST(:statuses AS smallint[]),
                CAST(:covers AS smallint[]))
         WITH ORDINALITY AS said (unit, indicator, value, status, covers, place)
    WHERE NOT EXISTS (
        SELECT FROM reports r
        WHERE r.unit = :reporter AND r.period = :period AND r.form = :form AND r.state IN ('submitted', 'accepted')
          AND r.content_sha256 = :unless
    )
    """
    ).bindparams(
        *(bindparam(name, type_=Codes) for name in ("units", "indicators", "amounts", "statuses", "covers")),
        bindparam("unless", type_=Text),
        bindparam("reasons", type_=JSONB(none_as_null=True)),
    )
)
"""Its reasons are by the place of the value in the list."""

_KEEP_REPORT = Hot(
    text(
        f"""
    WITH nearby AS (
        SELECT FROM standings
        WHERE basis = ANY(ARRAY['accepted', 'provisional']) AND until IS NULL
          AND unit = ANY(:nearby_units) AND period = ANY(:nearby_periods) AND form = ANY(:nearby_forms)
        LIMIT 1
    ), kept AS (
        INSERT INTO reports (id, year, unit, period, form, state, client_id, received_at, state_at, content_sha256,
                             receipt_code, supersedes, nil, note, document, evidence, counts, units)
        SELECT :id, :year, :unit, :period, :form, :state, :client_id, :received_at, :state_at, :content_sha256,
               :receipt_code, :supersedes, :nil, :note, :document, :evidence, :counts, :units
        WHERE NOT EXISTS (SELECT FROM nearby)
        RETURNING *
    ), stood AS (
        INSERT INTO standings (basis, year, period, unit, form, report_id, nil, received_at, since)
        SELECT 'provisional', year, period, unit, form, id, nil, received_at, state_at FROM kept
    ), reviewed AS (
        INSERT INTO reviews (report_id, action, client_id, at, content_sha256)
        SELECT id, state, client_id, state_at, content_sha256 FROM kept
    ), told AS ({feed.publishing("WHERE EXISTS (SELECT FROM kept)")}), {rollups.adding_up_with("kept")}
    SELECT count(*) FROM kept
    """
    ).bindparams(
        *(bindparam(name, type_=column) for name, column in _COLUMNS.items()),
        bindparam("document", type_=JSONB(none_as_null=True)),
        *(bindparam(f"nearby_{name}", type_=Codes) for name in ("units", "periods", "forms")),
        feed.HAPPENED_AT,
        *rollups.SUMMED,
    )
)


async def live_reports(session: AsyncSession, unit: str, period: str, form: str) -> list[Report]:
    """Give the live reports of a unit, period and form as they are now, the latest first.

    At most one is pending and one accepted. They are no part of the session: asked again, they are read again.
    """
    found = await session.execute(_LIVE_REPORTS, {"unit": unit, "period": period, "form": form})
    return [Report(**row) for row in found.mappings()]


async def report(session: AsyncSession, report_id: uuid.UUID) -> Report | None:
    """Give one report as it is now, or None; another may have moved it since this transaction read it."""
    return await session.get(Report, report_id, populate_existing=True)


def stated_in(it: Report) -> list[ColumnElement[bool]]:
    """Select what a report states, derived values included."""
    found = [Observation.year == it.year, Observation.period == it.period, Observation.report_id == it.id]
    return found if it.units is None else [*found, Observation.unit.in_(it.units)]


async def values_of(session: AsyncSession, it: Report) -> list[Stated]:
    """Give all that a report says: its values in the order posted, then those that follow from them."""
    columns = (
        Observation.unit,
        Observation.indicator,
        Observation.value,
        Observation.status,
        Observation.derived,
    )
    rows = await session.execute(select(*columns).where(*stated_in(it)).order_by(Observation.ordinal))
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


async def keep_values(
    session: AsyncSession, report_id: uuid.UUID, checked: Checked, *, unless: str | None = None
) -> bool:
    """Keep a report's values, and what follows from them, in one statement; tells whether it did.

    It does not where a live report of the same unit, period and form has the content named by `unless`, a hash.
    """
    values = checked.said
    if not values:
        return True
    units, indicators, amounts, statuses, _ = zip(*values, strict=True)
    rank = {status: str(at) for at, status in enumerate(STATUSES)}
    following = {(it.unit, it.derived.indicator): it.derived for it in checked.following}
    reasons = {
        str(at): following[it.unit, it.indicator].reasons()
        for at, it in enumerate(values if following else ())
        if (it.unit, it.indicator) in following
    }
    covers = [*checked.covers, *(it.covers for it in checked.following if not it.stated)]
    kept = await _KEEP_VALUES.count(
        session,
        {
            "year": checked.period.year,
            "period": str(checked.period),
            "report_id": report_id,
            "units": units,
            "indicators": indicators,
            "amounts": [str(each) for each in amounts],
            "statuses": [rank[each] for each in statuses],
            "covers": [str(each) for each in covers],
            "posted": len(checked.statement.values),
            "reasons": reasons or None,
            "reporter": checked.statement.unit,
            "form": checked.form.code,
            "unless": unless,
        },
    )
    return kept > 0


async def keep_report(
    session: AsyncSession,
    it: Report,
    happenings: Sequence[feed.Happening],
    touched: Touched,
    *,
    unless: Nearby = NOWHERE,
) -> bool:
    """Keep a submitted report, which stands from its instant on, provisionally; tells whether it did.

    It does not where a report stands nearby. What is told of it, and the sums that it touches, are made in the same
    statement: everybody waits for it.
    """
    values = {name: getattr(it, name) for name in _COLUMNS}
    values |= {f"nearby_{name}": codes for name, codes in unless._asdict().items()}
    values |= feed.entries(it.received_at, happenings) | touched.summed("provisional")
    ((kept,),) = await _KEEP_REPORT.rows(session, values)
    return bool(kept)


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
