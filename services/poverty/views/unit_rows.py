"""What all rows have: the unit by code, name, kind and first day; and the reading of several units in one statement."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from shared.periods import Period
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.context import ReportingContext
from shared.reporting.field_types import StandardCodeOut
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.values_by_unit import list_unit_and_children, read_values_by_unit
from shared.reporting.observations.measures import Measure
from shared.reporting.observations.values import EffectiveValue, to_measures
from shared.territory.tree import Territory
from shared.territory.units import Unit

LevelQuery = Annotated[
    Literal["district", "commune"] | None,
    Query(description="level of the rows beside that of the unit itself; left out: the units directly below"),
]


class PovertyUnitRow(BaseModel):
    """A row of one unit."""

    unit: str = Field(description="code of the unit")
    unit_name: str = Field(description="its name")
    unit_kind: str = Field(description="its Vietnamese type without accents: huyen, thanh_pho, xa …")
    unit_since: date = Field(description="its first day; its code may have named another unit before")


class PovertyView(BaseModel):
    """The reading that a table shows."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which observations count")
    standard: StandardCodeOut = None
    as_of: datetime | None = Field(description="instant of the newest change that is included")


@dataclass(frozen=True)
class UnitMeasures:
    """The values in effect of a unit and of what is below it."""

    unit: Unit
    values: Sequence[EffectiveValue]
    measures: Mapping[str, Measure]

    def get_amount(self, code: str) -> Decimal | None:
        """Return the sum of an indicator; None where nothing is stated, or nil alone."""
        measure = self.measures.get(code)
        return None if measure is None or measure.covers == measure.nil_covers else measure.value

    def get_count(self, code: str) -> Decimal | None:
        """Return the sum of an indicator, nil counting as nothing; None where nothing is stated."""
        measure = self.measures.get(code)
        return None if measure is None else measure.value

    def cover_same_units(self, territory: Territory, codes: Collection[str], on: date) -> bool:
        """Whether all of some indicators are stated, for the same communes or units without communes."""
        covered: dict[str, set[str]] = {code: set() for code in codes}
        for value in self.values:
            if value.indicator in covered:
                communes = [commune.code for commune in territory.communes(value.unit, on)]
                covered[value.indicator].update(communes or [value.unit])
        first, *others = covered.values()
        return bool(first) and all(units == first for units in others)


def name_unit(unit: Unit) -> dict[str, str | date]:
    """Return the fields of a row that name its unit."""
    return {
        "unit": unit.code,
        "unit_name": unit.name,
        "unit_kind": unit.kind,
        "unit_since": unit.valid_from,
    }


async def read_units(
    context: ReportingContext,
    query: FigureQuery,
    indicators: Collection[str],
    level: Literal["district", "commune"] | None = None,
) -> list[UnitMeasures]:
    """Return the values of the units of a level below the unit of a query, and those of that unit itself last."""
    units = list_units(context, query.unit, query.period, level)
    values = await read_values_by_unit(context, query, units, frozenset(indicators))
    return [
        UnitMeasures(
            unit,
            values[unit.code],
            to_measures(context.engine.catalogue, query.period, values[unit.code]),
        )
        for unit in units
    ]


def drop_parts(units: list[UnitMeasures], context: ReportingContext, on: date) -> list[UnitMeasures]:
    """Return the units without communes within a district, which states these numbers itself."""
    *below, top = units
    kept = [
        values
        for values in below
        if values.unit.level != "commune"
        or context.territory.answering_unit(values.unit.code, on).level != "district"
    ]
    return [*kept, top]


def list_units(
    context: ReportingContext, root: str, period: Period, level: Literal["district", "commune"] | None
) -> list[Unit]:
    """Return the units of a level below a unit, by default those directly below, and the unit itself last."""
    on = period.ends_on
    if level is None:
        return list_unit_and_children(context, root, period)
    top = context.territory.unit(root, on)
    if level == "commune":
        below = context.territory.communes(root, on)
    else:
        below = tuple(unit for unit in context.territory.children(root, on) if unit.level == "district")
    return [*(unit for unit in below if unit.code != root), top]


def count_expected(context: ReportingContext, unit: Unit, indicator: str, on: date) -> int:
    """Return how many units are expected to state an indicator in a unit; 0 where the catalogue lacks it on that day."""
    definition = context.engine.catalogue.find_indicator(indicator, on)
    return 0 if definition is None else len(find_expected_units(context.territory, unit.code, definition, on))


def count_reported(values: UnitMeasures, codes: Collection[str]) -> int:
    """Return how many expected units state all of some indicators; 0 where one of them is not stated."""
    covers = [values.measures[code].covers if code in values.measures else 0 for code in codes]
    return int(min(covers, default=0))
