"""Keeping a report: its values and the sums that it touches first, which nobody sees; itself at last. Never commits."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, DateTime, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import change_feed
from shared.kit.compiled import Compiled
from shared.kit.database import Codes
from shared.reporting.models import Report
from shared.reporting.report_content import STATUSES
from shared.reporting.reports.checking.checker import CheckedReport
from shared.reporting.reports.store import COLUMNS
from shared.reporting.rollups.refresh import RollUpRefresh
from shared.reporting.rollups.sql import ADDED_UP, ADDING_UP_SAID, OWN_SUMS

_SAID = """
    said AS MATERIALIZED (
        SELECT * FROM unnest(:units, :indicators, CAST(:amounts AS numeric(18, 6)[]), CAST(:statuses AS smallint[]),
                             CAST(:covers AS smallint[]){more})
             WITH ORDINALITY AS said (unit, indicator, value, status, covers{names}, place)
        {where}
    )"""
_KEEPING_VALUES = """
    INSERT INTO observations
        (year, period, unit, indicator, report_id, ordinal, value, status, covers, derived, reasons)
    SELECT :year, :period, unit, indicator, :report_id, place - 1, value, status, covers, place > :posted,
           CAST(:reasons AS jsonb) -> CAST(place - 1 AS text)
    FROM said
"""
"""The reasons are by the place of the value in the list."""
_VALUES: tuple[BindParameter[Any], ...] = (
    *(bindparam(name, type_=Codes) for name in ("units", "indicators", "amounts", "statuses", "covers")),
    bindparam("reasons", type_=JSONB(none_as_null=True)),
)

_KEEP_VALUES = Compiled(
    text(f"WITH {_SAID.format(more='', names='', where='')} {_KEEPING_VALUES}").bindparams(*_VALUES)
)
_SAID_UNLESS_NEARBY = _SAID.format(
    more=", :answering", names=", answering", where="WHERE NOT EXISTS (SELECT FROM nearby)"
)

_KEEP_FIRST = Compiled(
    text(
        f"""
    WITH nearby AS (
        SELECT FROM standings
        WHERE basis = ANY(ARRAY['accepted', 'provisional']) AND until IS NULL
          AND unit = ANY(:nearby_units) AND period = ANY(:nearby_periods) AND form = ANY(:nearby_forms)
        UNION ALL {ADDED_UP}
        LIMIT 1
    ), {_SAID_UNLESS_NEARBY}, kept AS ({_KEEPING_VALUES}),
    {ADDING_UP_SAID}
    SELECT NOT EXISTS (SELECT FROM nearby)
    """
    ).bindparams(
        *_VALUES,
        *(bindparam(f"nearby_{name}", type_=Codes) for name in ("units", "periods", "forms")),
        *OWN_SUMS,
        bindparam("received_at", type_=DateTime(timezone=True)),
    )
)

_KEEP_REPORT = Compiled(
    text(
        f"""
    WITH kept AS (
        INSERT INTO reports (id, year, unit, period, form, state, client_id, received_at, state_at, content_sha256,
                             receipt_code, supersedes, nil, note, document, evidence, counts, units)
        VALUES (:id, :year, :unit, :period, :form, :state, :client_id, :received_at, :state_at, :content_sha256,
                :receipt_code, :supersedes, :nil, :note, :document, :evidence, :counts, :units)
        RETURNING *
    ), stood AS (
        INSERT INTO standings (basis, year, period, unit, form, report_id, nil, received_at, since)
        SELECT 'provisional', year, period, unit, form, id, nil, received_at, state_at FROM kept
    ), reviewed AS (
        INSERT INTO reviews (report_id, action, client_id, at, content_sha256)
        SELECT id, state, client_id, state_at, content_sha256 FROM kept
    )
    {change_feed.PUBLISHING}
    """
    ).bindparams(
        *(bindparam(name, type_=column) for name, column in COLUMNS.items()),
        bindparam("document", type_=JSONB(none_as_null=True)),
        change_feed.HAPPENED_AT,
    )
)


class Nearby(NamedTuple):
    """The units, periods and forms of which a report would be in the way."""

    units: Collection[str]
    periods: Collection[str]
    forms: Collection[str]


async def keep_first(
    session: AsyncSession, it: Report, checked: CheckedReport, touched: RollUpRefresh, nearby: Nearby
) -> bool:
    """Keep the values of a report, and the sums that are theirs, in one statement; tells whether it did.

    It does not where a report stands nearby, or other values are in these sums. What is no sum of them is made when the
    report stands (`Touched.refresh_made`).
    """
    values = {**_said(it, checked), **touched.own_sums(checked.said), "received_at": it.received_at}
    values["basis"] = "provisional"
    values |= {f"nearby_{name}": codes for name, codes in nearby._asdict().items()}
    ((kept,),) = await _KEEP_FIRST.rows(session, values)
    return bool(kept)


async def keep_values(session: AsyncSession, it: Report, checked: CheckedReport) -> None:
    """Keep the values of a report, and what follows from them, in one statement."""
    if checked.said:
        await _KEEP_VALUES.rows(session, _said(it, checked))


def _said(it: Report, checked: CheckedReport) -> dict[str, object]:
    values = checked.said
    units, indicators, amounts, statuses, _ = zip(*values, strict=True) if values else ((),) * 5
    rank = {status: str(at) for at, status in enumerate(STATUSES)}
    following = {(one.unit, one.derived.indicator): one.derived for one in checked.following}
    reasons = {
        str(at): following[one.unit, one.indicator].to_reasons()
        for at, one in enumerate(values if following else ())
        if (one.unit, one.indicator) in following
    }
    covers = [*checked.covers, *(one.covers for one in checked.following if not one.stated)]
    return {
        "year": it.year,
        "period": it.period,
        "report_id": it.id,
        "units": units,
        "indicators": indicators,
        "amounts": [str(each) for each in amounts],
        "statuses": [rank[each] for each in statuses],
        "covers": [str(each) for each in covers],
        "posted": len(checked.statement.values),
        "reasons": reasons or None,
    }


async def keep_report(session: AsyncSession, it: Report, happenings: Sequence[change_feed.Event]) -> None:
    """Keep a submitted report, which stands provisionally from the instant of its state on, and tell of it."""
    values = {name: getattr(it, name) for name in COLUMNS}
    await _KEEP_REPORT.rows(session, values | change_feed.to_event_columns(it.state_at, happenings))
