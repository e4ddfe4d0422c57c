"""The rows of every register: their columns, and the conditions by which they are read.

A row keeps the unit as it was on the day of which the row speaks, so that a list can be filtered by any unit that held
it then, and a reading on another day follows the land and not the code.
"""

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ARRAY, CTE, ColumnElement, Select, Text, and_, literal, true
from sqlalchemy.orm import Mapped, mapped_column

from shared.reporting.basis import to_rfc3339
from shared.reporting.engine import CountScope
from shared.reporting.registers import topmost_units


class RegisterRow:
    """The columns of a register's row."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-1)
    unit: Mapped[str]
    land: Mapped[str]
    """The code that names the land of the unit, with `land_since`; a village's is that of its commune."""
    land_since: Mapped[date]
    """The first day on which `land` names this land."""
    line: Mapped[list[str]]
    """The unit's code and those of the units above it, the nearest first."""
    recorded_at: Mapped[datetime]


def is_in_units(row: type[RegisterRow], units: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a row's unit was one of these units, or lay in one, on the day of the row."""
    return row.line.op("&&")(literal(sorted(units), ARRAY(Text)))


def is_land_of(row: type[RegisterRow], lands: CTE) -> ColumnElement[bool]:
    """Return the condition that a row speaks of one of these lands (columns `code` and `valid_from`)."""
    return and_(lands.c.code == row.land, lands.c.valid_from == row.land_since)


def is_recorded_by(row: type[RegisterRow], as_of: datetime | None) -> ColumnElement[bool]:
    """Return the condition that a row was recorded by an instant; None: now, which is always true."""
    return true() if as_of is None else row.recorded_at <= as_of


def order_newest_first(query: Select[Any], row: type[RegisterRow]) -> Select[Any]:
    """Return the query in the order of lists: the row recorded last first."""
    return query.order_by(row.recorded_at.desc(), row.id.desc())


def format_lineage(path: str, scope: CountScope, **filters: str) -> str:
    """Return the address of the list that shows exactly the rows counted in a scope."""
    query = {"unit": topmost_units(scope.units), **filters}
    if scope.as_of:
        query["as_of"] = to_rfc3339(scope.as_of) or ""
    return f"{path}?{urlencode(query, safe=',:')}"
