"""Rates of poverty over years by unit: all households, urban and rural ones, ethnic minorities and local groups."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.poverty.dated_facts import PovertyFacts
from services.poverty.views.unit_rows import (
    LevelQuery,
    PovertyUnitRow,
    UnitMeasures,
    count_expected,
    count_reported,
    name_unit,
    read_units,
)
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf, read_newest_change
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.problems import Invalid, Sentence, make_fault
from shared.kit.query_lists import CommaSeparated
from shared.kit.resources import CurrentResources
from shared.periods import Period
from shared.reporting.basis import Basis, BasisName
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.context import PublicContext, ReportingContext
from shared.reporting.field_types import StandardCodeOut
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.series import find_unit
from shared.reporting.observations.values import to_measures
from shared.reporting.period_lists import list_periods
from shared.reporting.query_params import StandardQuery, period_filter
from shared.reporting.ratios import HUNDRED, divide_exactly
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1/poverty", tags=["rates"], route_class=CachedRoute)

HouseholdGroup = Literal["all", "urban", "rural", "em", "local"]
CODES: dict[HouseholdGroup, tuple[str, str, str]] = {
    "all": ("households", "poor_households", "near_poor_households"),
    "urban": ("households", "poor_households", "near_poor_households"),
    "rural": ("households", "poor_households", "near_poor_households"),
    "em": ("em_households", "em_poor_households", "em_near_poor_households"),
    "local": ("local_households", "local_poor_households", "local_near_poor_households"),
}
"""All, poor and near-poor households of a group."""
KINDS_OF_AREA: dict[HouseholdGroup, frozenset[str]] = {
    "urban": frozenset({"phuong", "thi_tran"}),
    "rural": frozenset({"xa", "dac_khu"}),
}
"""Households of a ward or township are urban; of any other commune rural (QĐ 132/QĐ-TCTK on areas of statistics)."""
FIGURE = "poverty_rate"
PERIOD_OR_FROM = Sentence(
    "Cần period (một năm), hoặc from và to (nhiều năm).",
    "Either period (one year) or from and to (several years) is needed.",
)
POOR_OF_FORM_12 = "em_review_poor_households"
"""All poor households as the form of ethnic minorities and local groups states them."""


class PovertyRateRow(PovertyUnitRow):
    """The rates of one group of households of a unit and year; null where a number is not stated."""

    poor_district: bool = Field(description="whether it is or lies in a poor district of that year's list")
    period: str = Field(description="the year")
    standard: StandardCodeOut = None
    group: HouseholdGroup = Field(
        description="all households; urban (wards, townships) and rural ones; ethnic minorities; local groups"
    )
    households: JsonDecimal | None = Field(description="all households of the group")
    poor_households: JsonDecimal | None = Field(description="poor households of the group")
    near_poor_households: JsonDecimal | None = Field(description="near-poor households of the group")
    poverty_rate: JsonDecimal | None = Field(description="poor by all of the group, in percent")
    near_poverty_rate: JsonDecimal | None = Field(description="near-poor by all of the group, in percent")
    multidimensional_poverty_rate: JsonDecimal | None = Field(
        description="poor and near-poor by all of the group, in percent; null where they are not stated for the same units"
    )
    share_of_poor: JsonDecimal | None = Field(
        description="the group's poor by all poor households of the same form, else of the review, in percent: another figure than its poverty rate; null where they are not stated for the same units"
    )
    reported: int = Field(description="units whose poor and all households are in it")
    expected: int = Field(description="units that were expected to report")
    comparable_from: date | None = Field(description="rates before this day follow another definition")
    break_before: bool = Field(
        description="whether the year before in this answer follows another definition"
    )


class PovertyRatesOut(BaseModel):
    """Rates over years; the rows of a year by unit, the unit itself last."""

    unit: str | None = Field(description="code of the unit in the last year; null where there was none")
    basis: BasisName = Field(description="which observations count")
    as_of: datetime | None = Field(description="instant of the newest change that is included")
    items: list[PovertyRateRow]


async def _read_years(
    period: Annotated[Period | None, period_filter("period", "one year, in place of from and to: 2023")],
    first: Annotated[Period | None, period_filter("from", "first year: 2020")],
    last: Annotated[Period | None, period_filter("to", "last year; the first one when left out")],
) -> list[Period]:
    """Return the years from `from` to `to`, or that of `period`."""
    if (period is None) == (first is None) or (first is None and last is not None):
        raise Invalid(faults=[make_fault("/query/period", "period_or_from", PERIOD_OR_FROM)])
    begin = first or period
    assert begin is not None, "one of both is there"
    return list_periods(begin, last or begin)


@router.get("/rates", summary="Read poverty rates by unit over years")
async def read_rates(
    *,
    context: PublicContext,
    resources: CurrentResources,
    basis: Basis,
    years: Annotated[list[Period], Depends(_read_years)],
    unit: UnitQuery,
    level: LevelQuery = None,
    group: Annotated[
        list[HouseholdGroup] | None,
        CommaSeparated,
        Query(max_length=5, description="groups of households; all of them if left out"),
    ] = None,
    standard: StandardQuery = None,
    as_of: AsOf = None,
) -> PovertyRatesOut:
    """Read the rates of poor, near-poor and both for a unit and the units below it, year by year, with the breaks between.

    Urban and rural rates are read from what communes state; where a district stated its sum they are null.
    """
    groups = tuple(dict.fromkeys(group or CODES))
    facts = resources.get(PovertyFacts)
    rows: list[PovertyRateRow] = []
    previous: Period | None = None
    code = None
    for year in years:
        on_last_day = find_unit(unit, year.ends_on)
        code = on_last_day.code if on_last_day else None
        if code is not None:
            query = FigureQuery(code, year, basis, as_of, standard=standard)
            indicators = {indicator for name in groups for indicator in CODES[name]} | {
                "poor_households",
                POOR_OF_FORM_12,
            }
            units = await read_units(context, query, indicators, level)
            rows += _list_rows(context, facts, query, units, groups, previous)
        previous = year
    _seen, changed_at = await read_newest_change(context.session)
    return PovertyRatesOut(unit=code, basis=basis, as_of=changed_at if as_of is None else as_of, items=rows)


def _list_rows(
    context: ReportingContext,
    facts: PovertyFacts,
    query: FigureQuery,
    units: Iterable[UnitMeasures],
    groups: Iterable[HouseholdGroup],
    previous: Period | None,
) -> Iterator[PovertyRateRow]:
    catalogue, on = context.engine.catalogue, query.period.ends_on
    standards = query.select_standards(catalogue)
    figure = catalogue.get_figure(FIGURE)
    read = catalogue.find_figure_standard(figure, standards)
    comparable_from = catalogue.find_latest_break(figure, on, read)
    shown = {
        "period": str(query.period),
        "standard": read,
        "comparable_from": comparable_from,
        "break_before": bool(previous and comparable_from and previous.ends_on < comparable_from),
    }
    for values in units:
        line = context.territory.line(values.unit.code, on)
        poor_district = facts.is_poor_district(line, on)
        for group in groups:
            of_group = _select_area(context, values, group, query)
            codes = CODES[group]
            households, poor, near_poor = (
                None if of_group is None else of_group.get_count(code) for code in codes
            )
            is_whole = of_group is not None and of_group.cover_same_units(context.territory, codes, on)
            both = poor + near_poor if is_whole and poor is not None and near_poor is not None else None
            yield PovertyRateRow(
                **name_unit(values.unit),
                poor_district=poor_district,
                group=group,
                households=households,
                poor_households=poor,
                near_poor_households=near_poor,
                poverty_rate=divide_exactly(poor, households, HUNDRED),
                near_poverty_rate=divide_exactly(near_poor, households, HUNDRED),
                multidimensional_poverty_rate=divide_exactly(both, households, HUNDRED),
                share_of_poor=divide_exactly(poor, _find_all_poor(context, values, group, on), HUNDRED),
                reported=0 if of_group is None else count_reported(of_group, codes[:2]),
                expected=_count_expected(context, values, group, codes[0], on),
                **shown,
            )


def _find_all_poor(
    context: ReportingContext, values: UnitMeasures, group: HouseholdGroup, on: date
) -> Decimal | None:
    """Return all poor households of the units that state those of a group; None where no form states both."""
    poor = CODES[group][1]
    if poor == "poor_households":
        return values.get_count(poor)
    for total in (POOR_OF_FORM_12, "poor_households"):
        if values.cover_same_units(context.territory, (poor, total), on):
            return values.get_count(total)
    return None


def _select_area(
    context: ReportingContext, values: UnitMeasures, group: HouseholdGroup, query: FigureQuery
) -> UnitMeasures | None:
    """Return the values of the communes of an area; None where a unit above them stated its sum."""
    kinds = KINDS_OF_AREA.get(group)
    if kinds is None:
        return values
    on = query.period.ends_on
    stated = [value for value in values.values if value.indicator in CODES[group]]
    by_unit = {code: context.territory.unit(code, on) for code in {value.unit for value in stated}}
    if any(unit.level != "commune" for unit in by_unit.values()):
        return None
    selected = [value for value in stated if by_unit[value.unit].kind in kinds]
    measures = to_measures(context.engine.catalogue, query.period, selected)
    return UnitMeasures(values.unit, selected, measures)


def _count_expected(
    context: ReportingContext, values: UnitMeasures, group: HouseholdGroup, code: str, on: date
) -> int:
    kinds = KINDS_OF_AREA.get(group)
    indicator = context.engine.catalogue.find_indicator(code, on)
    if kinds is None or indicator is None:
        return count_expected(context, values.unit, code, on)
    expected = find_expected_units(context.territory, values.unit.code, indicator, on)
    return sum(1 for unit in expected if unit.kind in kinds)
