"""The movement of poor and near-poor households and persons, as forms 2 and 3 print it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.poverty.rules import (
    MOVEMENTS,
    NEAR_POOR,
    NEAR_POOR_PERSONS,
    POOR,
    POOR_PERSONS,
    HouseholdMovement,
)
from services.poverty.views.unit_rows import (
    PovertyUnitRow,
    PovertyView,
    UnitMeasures,
    count_expected,
    count_reported,
    name_unit,
    read_units,
)
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf, read_newest_change
from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.basis import Basis
from shared.reporting.context import PublicContext, ReportingContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.query_params import PeriodQuery, StandardQuery
from shared.territory.query_params import UnitQuery

FORM = "annual_review"
"""The form whose columns make the movement of households."""

router = APIRouter(prefix="/v1/poverty", tags=["movement"], route_class=CachedRoute)

MovementTableName = Literal["poor", "near_poor", "poor_persons", "near_poor_persons"]
TABLES: dict[MovementTableName, tuple[str, HouseholdMovement]] = {
    "poor": ("Diễn biến hộ nghèo", POOR),
    "near_poor": ("Diễn biến hộ cận nghèo", NEAR_POOR),
    "poor_persons": ("Diễn biến nhân khẩu nghèo", POOR_PERSONS),
    "near_poor_persons": ("Diễn biến nhân khẩu cận nghèo", NEAR_POOR_PERSONS),
}
COLUMNS = (
    "start",
    "to_other_group",
    "above_near_poor_line",
    "other_decrease",
    "from_other_group",
    "returned",
    "newly",
    "other_increase",
    "end",
)
"""The nine columns of both forms, as the rows of `items` name them."""


class MovementRow(PovertyUnitRow):
    """The movement of one unit; null in a column that is not stated."""

    name: str = Field(description="its name")
    columns: list[JsonDecimal | None] = Field(description="households, in the order of the table's columns")
    holds: bool | None = Field(
        description="whether end = start - leaving + coming; null where a column is not stated, or the columns cover different units"
    )
    reported: int = Field(description="units that state all columns")
    expected: int = Field(description="units that were expected to report")


class MovementTable(BaseModel):
    """A movement table as the review form prints it."""

    title: str = Field(description="title of the table in Vietnamese")
    columns: list[str] = Field(
        description="codes of the columns: start, those that leave, those that come, end"
    )
    rows: list[MovementRow] = Field(description="the units directly below, in the order of their codes")
    total: MovementRow = Field(description="the unit itself")


class MovementLine(PovertyUnitRow):
    """A line of one of the tables by columns of one name in all tables: what a CSV of the answer has."""

    table: MovementTableName = Field(description="poor and near-poor households, poor and near-poor persons")
    start: JsonDecimal | None = Field(description="column 1: at the start")
    to_other_group: JsonDecimal | None = Field(description="column 2: became near-poor, or poor")
    above_near_poor_line: JsonDecimal | None = Field(description="column 3: passed the near-poor line")
    other_decrease: JsonDecimal | None = Field(description="column 4: other decrease")
    from_other_group: JsonDecimal | None = Field(description="column 5: came from the near-poor, or the poor")
    returned: JsonDecimal | None = Field(description="column 6: returned to poverty, or near-poverty")
    newly: JsonDecimal | None = Field(description="column 7: newly poor, or near-poor")
    other_increase: JsonDecimal | None = Field(description="column 8: other increase")
    end: JsonDecimal | None = Field(description="column 9: at the end")
    holds: bool | None = Field(
        description="whether 9 = 1 - 2 - 3 - 4 + 5 + 6 + 7 + 8; null where one is missing, or they cover different units"
    )
    reported: int = Field(description="units that state all columns")
    expected: int = Field(description="units that were expected to report")


class MovementOut(PovertyView):
    """The movement of poor and near-poor households of one unit and period, and of the persons in them."""

    poor: MovementTable
    near_poor: MovementTable
    poor_persons: MovementTable
    near_poor_persons: MovementTable
    items: list[MovementLine] = Field(description="the rows of all tables, the unit itself last in each")


@router.get("/household-movement", summary="Read the movement of poor and near-poor households")
async def read_household_movement(
    *,
    context: PublicContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    standard: StandardQuery = None,
    as_of: AsOf = None,
) -> MovementOut:
    """Read forms 2 and 3 of the yearly review: from the start of the period to its end, by the units directly below.

    Households and persons; `items` has the same rows with columns of one name.
    """
    root = unit.on(period.ends_on).code
    query = FigureQuery(root, period, basis, as_of, standard=standard)
    on = period.ends_on
    units = await read_units(context, query, {code for movement in MOVEMENTS for code in movement.columns})
    _seen, changed_at = await read_newest_change(context.session)
    return MovementOut(
        unit=root,
        period=str(period),
        basis=basis,
        standard=query.select_standards(context.engine.catalogue).get(FORM),
        as_of=changed_at if as_of is None else as_of,
        **{
            name: _to_table(context, title, movement, units, on) for name, (title, movement) in TABLES.items()
        },
        items=[
            _to_line(context, name, movement, values, on)
            for name, (_, movement) in TABLES.items()
            for values in units
        ],
    )


def _to_table(
    context: ReportingContext,
    title: str,
    movement: HouseholdMovement,
    units: Sequence[UnitMeasures],
    on: date,
) -> MovementTable:
    *rows, total = [_to_row(context, movement, values, on) for values in units]
    return MovementTable(title=title, columns=list(movement.columns), rows=rows, total=total)


def _to_row(
    context: ReportingContext, movement: HouseholdMovement, values: UnitMeasures, on: date
) -> MovementRow:
    return MovementRow(
        **name_unit(values.unit),
        name=values.unit.name,
        columns=_list_columns(movement, values),
        holds=_find_whether_it_holds(context, movement, values, on),
        reported=count_reported(values, movement.columns),
        expected=count_expected(context, values.unit, movement.end, on),
    )


def _to_line(
    context: ReportingContext,
    table: MovementTableName,
    movement: HouseholdMovement,
    values: UnitMeasures,
    on: date,
) -> MovementLine:
    return MovementLine(
        **name_unit(values.unit),
        table=table,
        **dict(zip(COLUMNS, _list_columns(movement, values), strict=True)),
        holds=_find_whether_it_holds(context, movement, values, on),
        reported=count_reported(values, movement.columns),
        expected=count_expected(context, values.unit, movement.end, on),
    )


def _list_columns(movement: HouseholdMovement, values: UnitMeasures) -> list[Decimal | None]:
    return [values.get_count(code) for code in movement.columns]


def _find_whether_it_holds(
    context: ReportingContext, movement: HouseholdMovement, values: UnitMeasures, on: date
) -> bool | None:
    if not values.cover_same_units(context.territory, movement.columns, on):
        return None
    amounts = {code: measure.value for code, measure in values.measures.items()}
    return movement.compute_end(amounts) == amounts[movement.end]
