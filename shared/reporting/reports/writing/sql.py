"""The SQL of writing a report, and the functions that run it (see ADR 0010). Nothing here commits.

A report is written in two statements: first its values and the roll-ups that they are part of, which no other transaction
sees before the commit; last of all, with the change feed locked, the report itself, which is in effect from then on.
"""

import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.change_feed import Event, insert_events_sql, to_event_parameters
from shared.kit.database import join_codes, run_sql
from shared.periods import Period, PeriodKind
from shared.reporting.models import Report
from shared.reporting.report_content import STATUSES
from shared.reporting.reports.checking.checker import CheckedReport
from shared.reporting.rollups.refresh import NOT_SUMMED, RollUpRefresh
from shared.reporting.rollups.sql import STORE_SUMS, VALUES_IN_EFFECT
from shared.territory.tree import Territory

LOCK = """
    SELECT CASE WHEN name = ANY ($2::text[]) THEN pg_advisory_xact_lock_shared(key) ELSE pg_advisory_xact_lock(key) END
    FROM unnest($1::text[]) AS lock (name), hashtextextended(current_schema() || '/' || name, 0) AS key
"""
"""Acquires the locks $1 in their order, those of $2 shared."""

WRITE_VALUES = f"""
    WITH overlapping AS MATERIALIZED ( -- reports in effect in the area, except those that were compared already
        SELECT DISTINCT report_id, unit, period, form, nil FROM standings
        WHERE basis = ANY (ARRAY['accepted', 'provisional']) AND until IS NULL
          AND unit = ANY (string_to_array($11, ',')) AND period = ANY (string_to_array($12, ','))
          AND form = ANY (string_to_array($13, ',')) AND report_id <> ALL ($14::uuid[])
          AND standard = $10
    ), stated AS MATERIALIZED (
        SELECT *, position - 1 = ANY ($25::int[]) AS nil FROM unnest(
            string_to_array($15, ','), string_to_array($16, ','), string_to_array($17, ',')::numeric(18, 6)[],
            string_to_array($18, ',')::smallint[], string_to_array($19, ',')::smallint[], string_to_array($20, ',')
        ) WITH ORDINALITY AS stated (unit, indicator, value, status, covers, answering_unit, position)
        WHERE NOT EXISTS (SELECT FROM overlapping)
    ), inserted AS (
        INSERT INTO observations
            (year, period, unit, indicator, report_id, ordinal, value, status, covers, derived, reasons, nil)
        SELECT $1, $2, unit, indicator, $21::uuid, position - 1, value, status, covers, position > $23,
               $24::jsonb -> (position - 1)::text, nil
        FROM stated
    ), answering (unit) AS (
        SELECT unnest(string_to_array($4, ',')) WHERE NOT EXISTS (SELECT FROM overlapping)
    ),
    {VALUES_IN_EFFECT},
    counted AS (
        SELECT answering_unit, indicator, value, covers, nil, $26::boolean AS preliminary, status,
               $22::timestamptz AS received_at
        FROM stated
        WHERE answering_unit <> '{NOT_SUMMED}'
        UNION ALL
        SELECT answering_unit, indicator, value, covers, nil, preliminary, status, received_at FROM in_effect_values
    ),
    {STORE_SUMS}
    SELECT report_id, unit, period, form, nil FROM overlapping
"""
"""Writes the values of a report and refreshes their sums, or returns the reports that may overlap and writes nothing.

$1 to $10 are those of the roll-ups; $11 units, $12 periods and $13 forms of the area; $14 reports compared already;
$15 units, $16 indicators, $17 amounts, $18 statuses, $19 covers, $20 answering units of the values; $21 id of the report,
$22 when it was received, $23 number of posted values, $24 reasons of derived values by ordinal, a JSON object or null,
$25 ordinals of nil values, $26 whether the form is preliminary.
"""

READ_OVERLAP_CANDIDATES = """
    SELECT DISTINCT report_id, unit, period, form, nil FROM standings
    WHERE basis = ANY (ARRAY['accepted', 'provisional']) AND until IS NULL
      AND unit = ANY (string_to_array($1, ',')) AND period = ANY (string_to_array($2, ','))
      AND form = ANY (string_to_array($3, ',')) AND standard = $4
"""
"""Selects the reports in effect in an area: $1 units, $2 periods, $3 forms, $4 standard."""

READ_CANDIDATE_VALUES = """
    SELECT DISTINCT unit, period, indicator, report_id FROM observations
    WHERE year = $1 AND period = ANY (string_to_array($2, ',')) AND unit = ANY (string_to_array($3, ','))
      AND indicator = ANY (string_to_array($4, ',')) AND report_id = ANY ($5::uuid[])
"""

WRITE_REPORT = f"""
    WITH written AS (
        INSERT INTO reports (id, year, unit, period, form, state, client_id, received_at, state_at, content_sha256,
                             receipt_code, supersedes, nil, note, document, evidence, counts, units, standard,
                             exceptions)
        VALUES ($1, $2, $3, $4, $5, 'submitted', $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15::jsonb, $16::jsonb, $17,
                $18, $20::jsonb)
        RETURNING *
    ), in_effect AS (
        INSERT INTO standings
            (basis, year, period, unit, form, standard, preliminary_of, report_id, nil, received_at, since)
        SELECT 'provisional', year, period, unit, form, standard, $19, id, nil, received_at, state_at FROM written
    ), reviewed AS (
        INSERT INTO reviews (report_id, action, client_id, at, content_sha256)
        SELECT id, state, client_id, state_at, content_sha256 FROM written
    )
    {insert_events_sql(21)}
"""


class Area(NamedTuple):
    """The units, periods and forms of which another report may overlap with a report."""

    units: Collection[str]
    periods: Collection[str]
    forms: Collection[str]


class OverlapCandidate(NamedTuple):
    """A report in effect in an area: it may overlap with the one that is written."""

    report_id: uuid.UUID
    unit: str
    period: str
    form: str
    nil: bool


async def lock_unit_year(session: AsyncSession, territory: Territory, unit: str, period: Period) -> None:
    """Lock the answering unit of a unit in the year of a period, and share the locks of the units above (see ADR 0003).

    A year in which the map changes is locked whole, because a unit of one map lies in several of the other.
    """
    exclusive, shared = list_locks(territory, unit, period)
    await run_sql(session, LOCK, sorted([exclusive, *shared]), shared)


def list_locks(territory: Territory, unit: str, period: Period) -> tuple[str, list[str]]:
    """Return the names of the lock that the writer of a unit and period holds alone, and of those that it shares.

    Reports of two writers concern the same sums only where one holds alone what the other one holds at all.
    """
    year, on = str(period.year), period.ends_on
    if not territory.same_map(Period(period.year, PeriodKind.MONTH, 1).ends_on, Period(period.year).ends_on):
        return year, []
    answering_unit = territory.answering_unit(unit, on).code
    above = territory.ancestors(answering_unit, on)
    return f"{year}/{answering_unit}", [year, *(f"{year}/{unit_above.code}" for unit_above in above)]


async def lock_together(session: AsyncSession, alone: Collection[str], shared: Collection[str]) -> None:
    """Acquire the locks of several writers, as `list_locks` names them, in the order in which everybody takes them."""
    only_shared = set(shared) - set(alone)
    await run_sql(session, LOCK, sorted([*alone, *only_shared]), sorted(only_shared))


async def lock_years(session: AsyncSession, years: Iterable[int]) -> None:
    """Lock every unit in these years."""
    names = sorted({str(year) for year in years})
    if names:
        await run_sql(session, LOCK, names, [])


async def write_values_unless_overlapping(
    session: AsyncSession,
    report: Report,
    checked: CheckedReport,
    roll_ups: RollUpRefresh,
    area: Area,
    *,
    compared: Iterable[uuid.UUID] = (),
    replaced_report: uuid.UUID | None = None,
) -> list[OverlapCandidate]:
    """Write the values of a report and refresh the sums that they are part of, unless reports in the area are in its way.

    Returns these reports, without those that were compared already; where there are none, everything was written. The
    values of the report that is `leaving` are in the sums no more.
    """
    values = checked.values
    units, indicators, amounts, statuses, _, nil = zip(*values, strict=True) if values else ((),) * 6
    covers = [*checked.covers, *(value.covers for value in checked.derived if not value.posted)]
    rows = await run_sql(
        session,
        WRITE_VALUES,
        *roll_ups.to_parameters("provisional", replaced_report),
        *(join_codes(codes) for codes in area),
        list(compared),
        join_codes(units),
        join_codes(indicators),
        join_codes([str(amount) for amount in amounts]),
        join_codes([_STATUS_TEXT[status] for status in statuses]),
        join_codes([str(number) for number in covers]),
        join_codes(roll_ups.list_answering_units(values)),
        report.id,
        report.received_at,
        len(checked.content.values),
        _reasons_to_json(checked) if checked.derived else None,
        [ordinal for ordinal, is_nil in enumerate(nil) if is_nil] if any(nil) else [],
        checked.form.preliminary_of is not None,
    )
    return [OverlapCandidate._make(row) for row in rows]


_STATUS_TEXT = {status: str(rank) for rank, status in enumerate(STATUSES)}


def _reasons_to_json(checked: CheckedReport) -> str:
    """Return the reasons of the derived values, and of the posted ones that a rule derives as well, by ordinal."""
    derived = {(value.unit, value.derived.indicator): value.derived for value in checked.derived}
    return json.dumps(
        {
            str(ordinal): derived[value.unit, value.indicator].to_reasons()
            for ordinal, value in enumerate(checked.values)
            if (value.unit, value.indicator) in derived
        }
    )


async def read_overlap_candidates(session: AsyncSession, area: Area, standard: str) -> list[OverlapCandidate]:
    """Return the reports in effect in an area under a standard."""
    codes = (join_codes(list(codes)) for codes in area)
    rows = await run_sql(session, READ_OVERLAP_CANDIDATES, *codes, standard)
    return [OverlapCandidate._make(row) for row in rows]


async def read_candidate_values(
    session: AsyncSession,
    year: int,
    area: Area,
    indicators: Iterable[str],
    report_ids: Collection[uuid.UUID],
) -> Sequence[tuple[str, str, str, uuid.UUID]]:
    """Return what these reports state of the indicators in an area: unit, period, indicator and report of each value."""
    codes = join_codes(list(area.periods)), join_codes(list(area.units)), join_codes(list(indicators))
    rows = await run_sql(session, READ_CANDIDATE_VALUES, year, *codes, list(report_ids))
    return [(row.unit, row.period, row.indicator, row.report_id) for row in rows]


async def write_report(
    session: AsyncSession, report: Report, events: Sequence[Event], preliminary_of: str | None
) -> None:
    """Write a submitted report, which is in effect on the provisional basis from the instant of its state, and its events."""
    await run_sql(
        session,
        WRITE_REPORT,
        report.id,
        report.year,
        report.unit,
        report.period,
        report.form,
        report.client_id,
        report.received_at,
        report.state_at,
        report.content_sha256,
        report.receipt_code,
        report.supersedes,
        report.nil,
        report.note,
        None if report.document is None else json.dumps(report.document),
        json.dumps(report.evidence),
        json.dumps(report.counts),
        report.units,
        report.standard,
        preliminary_of,
        json.dumps(report.exceptions),
        *to_event_parameters(report.state_at, events),
    )
