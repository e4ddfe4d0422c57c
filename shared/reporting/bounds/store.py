"""The queries of received reports and of the values that are compared with them. Flushes, never commits."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import join_codes, run_sql
from shared.reporting.file_models import FollowedReport, FollowedValue
from shared.reporting.models import Observation, Report

LIVE_STATES = ("submitted", "accepted")

_LIVE_VALUES = """
    SELECT r.program, r.report_id, r.unit AS reported_by, r.form, r.standard, r.state, v.unit, v.period, v.indicator, v.value
    FROM received_values v
    JOIN received_reports r ON r.program = v.program AND r.report_id = v.report_id
    JOIN (
        SELECT feed, max(life) AS life FROM followed_feeds WHERE feed = ANY (string_to_array($1, ',')) GROUP BY feed
    ) followed ON followed.feed = '/v1/' || r.program || '/changes#reports' AND followed.life = r.life
    WHERE v.unit = ANY (string_to_array($2, ',')) AND v.period = ANY (string_to_array($3, ','))
      AND (r.state = 'submitted' OR r.state = 'accepted' AND NOT EXISTS (
          SELECT FROM received_reports pending
          WHERE pending.program = r.program AND pending.life = r.life AND pending.state = 'submitted'
            AND pending.period = r.period AND pending.form = r.form AND pending.unit = r.unit
            AND pending.standard = r.standard
      ))
"""

_VALUES_IN_EFFECT = """
    SELECT s.period, s.form, s.standard, o.unit, o.indicator, o.value FROM standings s
    JOIN observations o ON o.report_id = s.report_id AND o.year = s.year AND o.period = s.period
    WHERE s.period = ANY (string_to_array($1, ',')) AND s.until IS NULL AND s.basis = 'provisional'
      AND o.unit = ANY (string_to_array($2, ',')) AND o.indicator = ANY (string_to_array($3, ','))
"""


class OtherValue(NamedTuple):
    """A value of another program's report that is live there: the pending one before the accepted one."""

    program: str
    report_id: uuid.UUID
    reported_by: str
    form: str
    standard: str
    state: str
    unit: str
    period: str
    indicator: str
    value: Decimal


class OwnValue(NamedTuple):
    """A value of one of this program's reports."""

    report_id: uuid.UUID
    unit: str
    indicator: str
    value: Decimal


class ValueInEffect(NamedTuple):
    """A value of this program that is in effect, accepted or not."""

    period: str
    form: str
    standard: str
    unit: str
    indicator: str
    value: Decimal


def make_feed_name(program: str) -> str:
    """Return the feed by which the reports of another program are followed, under a name of its own."""
    return f"/v1/{program}/changes#reports"


async def read_live_values(
    session: AsyncSession, programs: Collection[str], units: Collection[str], periods: Collection[str]
) -> list[OtherValue]:
    """Return what the live reports of other programs state for these units and periods. One statement."""
    feeds = map(make_feed_name, programs)
    codes = (join_codes(sorted(codes)) for codes in (feeds, units, periods))
    return [OtherValue._make(row) for row in await run_sql(session, _LIVE_VALUES, *codes)]


async def read_own_values(
    session: AsyncSession, reports: Collection[Report], indicators: Collection[str]
) -> list[OwnValue]:
    """Return what these reports state of some series. One statement."""
    query = select(Observation.report_id, Observation.unit, Observation.indicator, Observation.value).where(
        Observation.year.in_({report.year for report in reports}),
        Observation.period.in_({report.period for report in reports}),
        Observation.report_id.in_([report.id for report in reports]),
        Observation.indicator.in_(indicators),
    )
    units = [report.units for report in reports if report.units is not None]
    if len(units) == len(reports):
        query = query.where(Observation.unit.in_({unit for of_report in units for unit in of_report}))
    return [OwnValue(*row) for row in await session.execute(query)]


async def read_values_in_effect(
    session: AsyncSession, periods: Collection[str], units: Collection[str], indicators: Collection[str]
) -> list[ValueInEffect]:
    """Return what this program's reports in effect state of some series for these units and periods. One statement."""
    codes = (join_codes(sorted(codes)) for codes in (periods, units, indicators))
    return [ValueInEffect._make(row) for row in await run_sql(session, _VALUES_IN_EFFECT, *codes)]


async def read_live_reports_of_forms(
    session: AsyncSession, forms: Collection[str], period: str, units: Collection[str] | None
) -> Sequence[Report]:
    """Return the live reports of this program on some forms for a period, by unit; None: of any unit. One statement."""
    query = select(Report).where(
        Report.period == period, Report.form.in_(forms), Report.state.in_(LIVE_STATES)
    )
    if units is not None:
        query = query.where(Report.unit.in_(units))
    return (await session.scalars(query.order_by(Report.unit, Report.form, Report.id))).all()


async def put_received_report(session: AsyncSession, fields: Mapping[str, Any]) -> None:
    """Insert a report of another program, or move it to the state that an event announces."""
    moved = ("state", "life", "change", "recorded_at")
    statement = upsert(FollowedReport).values(**fields)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["program", "report_id"], set_={name: fields[name] for name in moved}
        )
    )


async def find_unread_reports(
    session: AsyncSession, program: str, form: str, needed: str, limit: int
) -> Sequence[uuid.UUID]:
    """Return live reports on a form of another program of which the needed values were not read yet, the oldest first."""
    rows = await session.scalars(
        select(FollowedReport.report_id)
        .where(
            FollowedReport.program == program,
            FollowedReport.form == form,
            FollowedReport.state.in_(LIVE_STATES),
            FollowedReport.values_read.is_distinct_from(needed),
        )
        .order_by(FollowedReport.change)
        .limit(limit)
    )
    return rows.all()


async def put_values(
    session: AsyncSession,
    program: str,
    report_id: uuid.UUID,
    values: Mapping[tuple[str, str], Decimal],
    *,
    period: str,
    needed: str,
    at: datetime,
) -> None:
    """Store what a report of another program states of the needed series, in place of what was stored of it."""
    of_report = (FollowedReport.program == program, FollowedReport.report_id == report_id)
    await session.execute(
        update(FollowedReport).where(*of_report).values(values_read=needed, recorded_at=at)
    )  # locks the row, so that two processes write one after the other
    await session.execute(
        delete(FollowedValue).where(FollowedValue.program == program, FollowedValue.report_id == report_id)
    )
    if values:
        await session.execute(
            insert(FollowedValue),
            [
                {
                    "program": program,
                    "report_id": report_id,
                    "period": period,
                    "unit": unit,
                    "indicator": indicator,
                    "value": value,
                }
                for (unit, indicator), value in values.items()
            ],
        )
