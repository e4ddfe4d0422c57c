"""Keeping a report: its values first, which nobody sees; then itself, while everybody waits. Never commits."""

import uuid
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import feed
from shared.kit.compiled import Compiled
from shared.kit.database import Codes
from shared.reporting.figures import rollups
from shared.reporting.figures.rollups import Touched
from shared.reporting.models import Report
from shared.reporting.reports.rules import Checked
from shared.reporting.reports.store import COLUMNS
from shared.reporting.statements import STATUSES

_KEEP_VALUES = Compiled(
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

_KEEP_REPORT = Compiled(
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
        *(bindparam(name, type_=column) for name, column in COLUMNS.items()),
        bindparam("document", type_=JSONB(none_as_null=True)),
        *(bindparam(f"nearby_{name}", type_=Codes) for name in ("units", "periods", "forms")),
        feed.HAPPENED_AT,
        *rollups.SUMMED,
    )
)


class Nearby(NamedTuple):
    """The units, periods and forms of which a report would be in the way."""

    units: Collection[str]
    periods: Collection[str]
    forms: Collection[str]


NOWHERE = Nearby((), (), ())


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
    values = {name: getattr(it, name) for name in COLUMNS}
    values |= {f"nearby_{name}": codes for name, codes in unless._asdict().items()}
    values |= feed.entries(it.received_at, happenings) | touched.summed("provisional")
    ((kept,),) = await _KEEP_REPORT.rows(session, values)
    return bool(kept)
