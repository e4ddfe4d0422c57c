"""Rows that name a unit by its code: the members that tell which unit it was, and how they are filled."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from shared.territory.tree import Territory
from shared.territory.units import UnknownUnit


class NamedUnitRow(BaseModel):
    """The name, kind and first day of the unit of a row: codes are given again to other units."""

    unit_name: str | None = Field(None, description="kind and name of the unit on the day of the row")
    unit_kind: str | None = Field(None, description="Vietnamese type of the unit without accents")
    unit_since: date | None = Field(
        None, description="first day of the unit; its code may have named another one before"
    )


RowT = TypeVar("RowT", bound=NamedUnitRow)


def name_units(
    territory: Territory, rows: Iterable[RowT], find_day: Callable[[Any], date], *, member: str = "unit"
) -> list[RowT]:
    """Return rows with the names of their units on a day of each; a unit that was not there that day stays a code."""
    return [
        row.model_copy(update=find_unit_names(territory, getattr(row, member), find_day(row))) for row in rows
    ]


def name_units_on(territory: Territory, rows: Iterable[RowT], on: date) -> list[RowT]:
    """Return rows with the names of their units on one day."""
    return name_units(territory, rows, lambda _: on)


def find_unit_names(territory: Territory, code: str, on: date) -> dict[str, Any]:
    """Return the members that name a unit on a day; none where the code meant no unit."""
    try:
        unit = territory.find(code, on)
    except UnknownUnit:
        unit = None
    if unit is None:
        return {}
    return {"unit_name": unit.full_name, "unit_kind": unit.kind, "unit_since": unit.valid_from}
