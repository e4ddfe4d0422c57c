"""The list of the values in effect with their reports, as plain SQL (see ADR 0010)."""

import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import join_codes
from shared.kit.paging import Paging, RowsPage
from shared.periods import Period
from shared.reporting.catalogue.standards import FormStandards
from shared.territory.tree import Territory

_IN_EFFECT_NOW = "{0}.until IS NULL AND $6::timestamptz IS NULL"
_IN_EFFECT_AT = "{0}.since <= $6::timestamptz AND ({0}.until IS NULL OR {0}.until > $6)"


def _build_list(in_effect: str) -> str:
    """Return the statement of a page: its first parameters choose the rows, the key of the row before the page and the limit follow.

    A value of a preliminary form is left out where an official report states the same indicator for its unit, one above or one
    below, or nil (ADR 0019).
    """
    return f"""
    SELECT o.unit, o.indicator, o.period, o.value, o.status, o.nil, o.derived, o.ordinal, r.id AS report_id,
           r.unit AS reported_by, r.form, r.standard, r.received_at
    FROM observations o
    JOIN standings s ON s.report_id = o.report_id AND s.year = o.year AND s.period = o.period
    JOIN reports r ON r.id = o.report_id
    WHERE o.year = $1 AND o.period = $2 AND o.unit = ANY(string_to_array($3, ','))
      AND ($4::text IS NULL OR o.indicator = ANY(string_to_array($4, ',')))
      AND s.basis = $5 AND {in_effect.format("s")} AND s.standard = coalesce($7::jsonb ->> s.form, '')
      AND (s.preliminary_of IS NULL OR NOT EXISTS (
          SELECT FROM standings official
          WHERE official.form = s.preliminary_of AND official.period = s.period AND official.basis = s.basis
            AND official.standard = s.standard AND {in_effect.format("official")}
            AND (official.nil AND official.unit IN (o.unit, s.unit) OR EXISTS (
                SELECT FROM observations stated
                WHERE stated.report_id = official.report_id AND stated.year = o.year AND stated.period = o.period
                  AND stated.indicator = o.indicator
                  AND (stated.unit = o.unit OR jsonb_exists($8::jsonb -> o.unit, stated.unit)
                       OR jsonb_exists($8::jsonb -> stated.unit, o.unit))
            ))
      ))
      AND ($9::timestamptz IS NULL OR (r.received_at, r.id) < ($9, $10::uuid)
           OR (r.received_at, r.id) = ($9, $10) AND o.ordinal > $11::integer)
    ORDER BY r.received_at DESC, r.id DESC, o.ordinal
    LIMIT $12
    """


_LIST_NOW = _build_list(_IN_EFFECT_NOW)
_LIST_AT = _build_list(_IN_EFFECT_AT)
KEY_TYPES = (datetime, uuid.UUID, int)
"""Receipt and id of the report, and the position in it: the key of a row."""


class ListedValue(NamedTuple):
    """A value in effect with the report that states it."""

    unit: str
    indicator: str
    """The key of its series."""
    period: str
    value: Decimal
    status: int
    nil: bool
    derived: bool
    ordinal: int
    report_id: uuid.UUID
    reported_by: str
    form: str
    standard: str
    received_at: datetime

    @property
    def key(self) -> tuple[datetime, uuid.UUID, int]:
        """The key by which it is listed."""
        return self.received_at, self.report_id, self.ordinal


async def list_values(
    session: AsyncSession,
    paging: Paging,
    *,
    period: Period,
    lines: Mapping[str, Collection[str]],
    basis: str,
    series: Collection[str] | None,
    as_of: datetime | None,
    standards: FormStandards,
) -> RowsPage[ListedValue]:
    """Return a page of the values in effect of some units, newest first. One statement. Raise `InvalidCursor`.

    `lines` are the units above each of the units; `series` the keys of the series that are read, None for all.
    """
    return await paging.fetch_rows(
        session,
        _LIST_NOW if as_of is None else _LIST_AT,
        (
            period.year,
            str(period),
            join_codes(lines),
            None if series is None else join_codes(series),
            basis,
            as_of,
            orjson.dumps(dict(standards)).decode(),
            orjson.dumps(lines).decode(),
        ),
        make_row=ListedValue._make,
        find_key=lambda row: row.key,
        key_types=KEY_TYPES,
    )


def find_lines(territory: Territory, root: str, on: date) -> dict[str, list[str]]:
    """Return a unit and every unit below it on a day, each with the units above it, the nearest first."""
    lines = {root: list(territory.line(root, on)[1:])}
    for unit in territory.descendants(root, on):
        assert unit.parent is not None, "only a unit without a parent has nothing above it"
        lines[unit.code] = [unit.parent, *lines[unit.parent]]
    return lines
