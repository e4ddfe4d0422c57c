"""The queries of reports, their values and when they were in effect, and their changes of state. Nothing here commits."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, any_, bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.kit.database import Codes
from shared.reporting.file_models import EvidenceFile
from shared.reporting.models import EffectiveReport, Observation, Report, Review
from shared.reporting.report_content import STATUSES, StatedValue

_REPORT_COLUMNS = {column.key: column.type for column in Report.__table__.columns}
_LIVE_REPORTS = text(
    f"""
    SELECT {", ".join(_REPORT_COLUMNS)} FROM reports
    WHERE unit = :unit AND period = :period AND form = :form AND standard = :standard AND state IN ('submitted', 'accepted')
    ORDER BY CASE state WHEN 'submitted' THEN 1 ELSE 2 END -- the latest first
    """
).columns(**_REPORT_COLUMNS)


class ReasonedValue(NamedTuple):
    """A value that a rule of the program derives, with the reasons that were kept."""

    unit: str
    indicator: str
    value: Decimal
    status: int
    derived: bool
    """False where the report posts the value as well."""
    reasons: dict[str, Any]


async def find_report(session: AsyncSession, report_id: uuid.UUID) -> Report | None:
    """Return a report, or None."""
    return await session.get(Report, report_id)


async def find_report_by_receipt(session: AsyncSession, code: str) -> Report | None:
    """Return the report of a receipt, or None."""
    report: Report | None = await session.scalar(select(Report).where(Report.receipt_code == code))
    return report


async def read_live_reports(
    session: AsyncSession, unit: str, period: str, form: str, standard: str
) -> list[Report]:
    """Return the live reports of a unit, period, form and standard, the latest first: at most one submitted and one accepted.

    They are not objects of the session, so that each call reads them anew.
    """
    key = {"unit": unit, "period": period, "form": form, "standard": standard}
    rows = await session.execute(_LIVE_REPORTS, key)
    return [Report(**row) for row in rows.mappings()]


async def find_accepted_before(session: AsyncSession, report: Report) -> Report | None:
    """Return the report of the same unit, period, form and standard that was accepted last before this one took effect, or None."""
    own = aliased(EffectiveReport)
    first_in_effect = select(func.min(own.since)).where(own.report_id == report.id).scalar_subquery()
    accepted: Report | None = await session.scalar(
        select(Report)
        .join(EffectiveReport, EffectiveReport.report_id == Report.id)
        .where(
            EffectiveReport.basis == "accepted",
            EffectiveReport.unit == report.unit,
            EffectiveReport.period == report.period,
            EffectiveReport.form == report.form,
            EffectiveReport.standard == report.standard,
            EffectiveReport.report_id != report.id,
            EffectiveReport.since < first_in_effect,
        )
        .order_by(EffectiveReport.since.desc())
        .limit(1)
    )
    return accepted


async def find_replaced(session: AsyncSession, report: Report) -> Report | None:
    """Return the report of the same unit, period, form and standard whose acceptance was replaced last, or None.

    One that was withdrawn or returned since is no longer superseded, and is passed over.
    """
    replaced: Report | None = await session.scalar(
        select(Report)
        .join(EffectiveReport, EffectiveReport.report_id == Report.id)
        .where(
            EffectiveReport.basis == "accepted",
            EffectiveReport.unit == report.unit,
            EffectiveReport.period == report.period,
            EffectiveReport.form == report.form,
            EffectiveReport.standard == report.standard,
            Report.state == "superseded",
        )
        .order_by(EffectiveReport.until.desc(), EffectiveReport.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return replaced


async def read_years(session: AsyncSession, report_ids: Collection[uuid.UUID]) -> Sequence[int]:
    """Return the years of these reports; unknown reports have none."""
    years = await session.scalars(select(Report.year).where(Report.id.in_(report_ids)).distinct())
    return years.all()


def _where_stated_by(report: Report) -> list[ColumnElement[bool]]:
    """Return the conditions that select the observations of a report, by the columns of their one index."""
    conditions = [
        Observation.year == report.year,
        Observation.period == report.period,
        Observation.report_id == report.id,
    ]
    if report.units is not None:
        conditions.append(Observation.unit == any_(bindparam("report_units", report.units, type_=Codes)))
    return conditions


async def read_values(session: AsyncSession, report: Report) -> list[StatedValue]:
    """Return all values of a report: the posted ones in their order, then the derived ones."""
    columns = (
        Observation.unit,
        Observation.indicator,
        Observation.value,
        Observation.status,
        Observation.derived,
        Observation.nil,
    )
    rows = await session.execute(
        select(*columns).where(*_where_stated_by(report)).order_by(Observation.ordinal)
    )
    return [
        StatedValue(row.unit, row.indicator, row.value, STATUSES[row.status], row.derived, row.nil)
        for row in rows
    ]


async def read_reasoned_values(session: AsyncSession, report: Report) -> list[ReasonedValue]:
    """Return the values of a report that a rule derives: those that were not posted, and posted ones that it confirms."""
    columns = (
        Observation.unit,
        Observation.indicator,
        Observation.value,
        Observation.status,
        Observation.derived,
        Observation.reasons,
    )
    conditions = (*_where_stated_by(report), Observation.reasons.is_not(None))
    rows = await session.execute(select(*columns).where(*conditions).order_by(Observation.ordinal))
    return [ReasonedValue(*row) for row in rows]


async def read_reviews(session: AsyncSession, report_id: uuid.UUID) -> Sequence[Review]:
    """Return everything that was done to a report, oldest first."""
    reviews = await session.scalars(select(Review).where(Review.report_id == report_id).order_by(Review.id))
    return reviews.all()


async def read_effect(session: AsyncSession, report_id: uuid.UUID) -> Sequence[EffectiveReport]:
    """Return from when to when a report was in effect on each basis, oldest first."""
    effect = await session.scalars(
        select(EffectiveReport)
        .where(EffectiveReport.report_id == report_id)
        .order_by(EffectiveReport.since, EffectiveReport.id)
    )
    return effect.all()


async def find_known_evidence(session: AsyncSession, hashes: Collection[str]) -> frozenset[str]:
    """Return those of the hashes under which a file is kept."""
    stored = await session.scalars(select(EvidenceFile.sha256).where(EvidenceFile.sha256.in_(hashes)))
    return frozenset(stored)


async def move_to_state(session: AsyncSession, report: Report, state: str, at: datetime) -> None:
    """Move a report to another state."""
    await session.execute(update(Report).where(Report.id == report.id).values(state=state, state_at=at))
    report.state, report.state_at = state, at


async def begin_effect(session: AsyncSession, report: Report, basis: str, at: datetime) -> None:
    """Begin the effect of a report on a basis."""
    await session.execute(
        insert(EffectiveReport).values(
            basis=basis,
            year=report.year,
            period=report.period,
            unit=report.unit,
            form=report.form,
            standard=report.standard,
            preliminary_of=select(EffectiveReport.preliminary_of)
            .where(EffectiveReport.report_id == report.id)
            .limit(1)
            .scalar_subquery(),
            report_id=report.id,
            nil=report.nil,
            received_at=report.received_at,
            since=at,
        )
    )


async def end_effect(session: AsyncSession, report: Report, basis: str, at: datetime) -> bool:
    """End the effect of a report on a basis; return whether it was in effect."""
    ended = await session.execute(
        update(EffectiveReport)
        .where(
            EffectiveReport.report_id == report.id,
            EffectiveReport.basis == basis,
            EffectiveReport.until.is_(None),
        )
        .values(until=at)
        .returning(EffectiveReport.id)
    )
    return ended.first() is not None


async def record_review(
    session: AsyncSession,
    report: Report,
    action: str,
    client_id: str,
    at: datetime,
    reason: str | None = None,
    step: str | None = None,
) -> None:
    """Record what was done to a report."""
    await session.execute(
        insert(Review).values(
            report_id=report.id,
            action=action,
            client_id=client_id,
            at=at,
            reason=reason,
            step=step,
            content_sha256=report.content_sha256,
        )
    )


def select_reports(
    *,
    unit_codes: Collection[str] | None,
    period: str | None,
    form: str | None,
    standard: str | None,
    state: str | None,
) -> Select[Report]:
    """Return the query of reports, the one received last first; None selects all."""
    query = select(Report).order_by(Report.received_at.desc(), Report.id.desc())
    if unit_codes is not None:
        query = query.where(Report.unit.in_(unit_codes))
    for column, value in (
        (Report.period, period),
        (Report.form, form),
        (Report.standard, standard),
        (Report.state, state),
    ):
        if value is not None:
            query = query.where(column == value)
    return query
