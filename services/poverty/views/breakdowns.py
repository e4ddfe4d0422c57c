"""Counts by a dimension, each with its share of the total: deprivations by rank, groups, causes, children, levels of training."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from services.poverty.views.unit_rows import (
    LevelQuery,
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
from shared.kit.problems import Invalid, Sentence, make_fault
from shared.periods import Period
from shared.reporting.basis import Basis
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.dimensions import from_series_key
from shared.reporting.context import PublicContext, ReportingContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.withholding import find_withheld
from shared.reporting.query_params import PeriodQuery, StandardQuery
from shared.reporting.ratios import HUNDRED, divide_exactly
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1/poverty", tags=["breakdowns"], route_class=CachedRoute)

DIMENSION_NOT_HERE = Sentence(
    "Không có phân tổ “{dimension}” ở đây; có: {dimensions}.",
    "There is no dimension “{dimension}” here; there are: {dimensions}.",
)
DEPRIVATION = "deprivation"
TRAINING_LEVEL = "training_level"


class BreakdownRow(PovertyUnitRow):
    """The count of one member of a dimension in a unit; null where it is not stated."""

    indicator: str = Field(description="code of the indicator that is broken down")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    dimension: str = Field(description="the dimension")
    member: str = Field(description="code of the member of the dimension")
    member_label: str = Field(description="its name in Vietnamese")
    member_label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="households, persons, children")
    value: JsonDecimal | None = Field(description="how many")
    total: JsonDecimal | None = Field(description="the total that it is a part or a group of")
    total_indicator: str | None = Field(description="code of that total; null where the catalogue names none")
    share_percent: JsonDecimal | None = Field(description="value by total, in percent")
    rank: int | None = Field(
        description="1 for the largest of its indicator and unit; equal ones have the same rank; null without a value"
    )
    withheld: bool = Field(False, description="whether its value is withheld from public reads")
    reported: int = Field(description="units whose values are in it")
    expected: int = Field(description="units that were expected to report")


class BreakdownOut(PovertyView):
    """Counts by the members of dimensions, by unit, the unit itself last; within a unit and indicator by rank."""

    items: list[BreakdownRow]


DimensionQuery = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=60,
        description="code of one dimension, such as ethnic_group or poverty_cause; all but deprivation and training_level if left out",
    ),
]


@router.get("/deprivations", summary="Read deprivations by rank")
async def read_deprivations(
    *,
    context: PublicContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    level: LevelQuery = None,
    standard: StandardQuery = None,
    as_of: AsOf = None,
) -> BreakdownOut:
    """Read how many poor and near-poor households are deprived in each of the indicators, and their share (forms 4 to 7).

    Within each unit the most frequent one is first.
    """
    query = FigureQuery(unit.on(period.ends_on).code, period, basis, as_of, standard=standard)
    return await _read_breakdown(context, query, level, [DEPRIVATION])


@router.get("/groups", summary="Read the poor by group, ethnicity, cause and children")
async def read_groups(
    *,
    context: PublicContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    level: LevelQuery = None,
    dimension: DimensionQuery = None,
    standard: StandardQuery = None,
    as_of: AsOf = None,
) -> BreakdownOut:
    """Read the poor and near-poor by target group, ethnic group and cause, and the deprivations of children (forms 8 to 11).

    Groups overlap and causes are many for one household, so that shares may add up to more than 100.
    """
    catalogue = context.engine.catalogue
    others = [
        dimension.code
        for dimension in catalogue.dimensions
        if dimension.code not in (DEPRIVATION, TRAINING_LEVEL)
    ]
    if dimension is not None and dimension not in others:
        shown = {"dimension": dimension, "dimensions": ", ".join(others) or "-"}
        fault = make_fault("/query/dimension", "dimension_unknown", DIMENSION_NOT_HERE, **shown)
        raise Invalid(faults=[fault])
    query = FigureQuery(unit.on(period.ends_on).code, period, basis, as_of, standard=standard)
    return await _read_breakdown(context, query, level, others if dimension is None else [dimension])


async def _read_breakdown(
    context: ReportingContext, query: FigureQuery, level: LevelQuery, dimensions: Sequence[str]
) -> BreakdownOut:
    catalogue = context.engine.catalogue
    indicators = list_broken_down(catalogue, query.period, dimensions)
    totals = {indicator: find_total(catalogue, indicator, query.period) for indicator in indicators}
    series = {key for indicator in indicators for key in catalogue.list_series(indicator)}
    units = await read_units(context, query, series | {total for total in totals.values() if total}, level)
    withheld = (await find_withheld(context, series)).keys
    standards = query.select_standards(catalogue)
    _seen, changed_at = await read_newest_change(context.session)
    return BreakdownOut(
        unit=query.unit,
        period=str(query.period),
        basis=query.basis,
        standard=next(
            (standards[form] for form in sorted(catalogue.find_forms_stating(series)) if form in standards),
            None,
        ),
        as_of=changed_at if query.as_of is None else query.as_of,
        items=[
            row
            for values in units
            for indicator in indicators
            for row in list_breakdown_rows(
                context, query.period, values, indicator, totals[indicator], withheld
            )
        ],
    )


def list_broken_down(catalogue: Catalogue, period: Period, dimensions: Iterable[str]) -> list[str]:
    """Return the indicators in force that are stated by one of some dimensions, on forms for the period."""
    wanted = frozenset(dimensions)
    forms = {form.code for form in catalogue.find_forms(period)}
    indicators: dict[str, None] = {}
    for indicator, keys in catalogue.find_series(period.ends_on).items():
        versions = [catalogue.find_indicator(key, period.ends_on) for key in keys]
        if any(
            version is not None and version.dimension in wanted and version.form in forms
            for version in versions
        ):
            indicators[indicator] = None
    return list(indicators)


def find_total(catalogue: Catalogue, indicator: str, period: Period) -> str | None:
    """Return the total of an indicator with a dimension: that of households before that of what they have."""
    identities = [row for row in catalogue.find_identities(period.ends_on) if row.indicator == indicator]
    overlapping = (row.total for row in identities if row.kind == "overlapping")
    return next(overlapping, next((row.total for row in identities), None))


def list_breakdown_rows(
    context: ReportingContext,
    period: Period,
    values: UnitMeasures,
    indicator: str,
    total: str | None,
    withheld: Collection[str] = (),
) -> Iterator[BreakdownRow]:
    """Return the rows of one unit and indicator, the largest first, those that are not stated or are withheld last."""
    catalogue, on = context.engine.catalogue, period.ends_on
    dimension = catalogue.find_dimension(indicator)
    keys = catalogue.find_series(on)[indicator]
    amounts = {key: None if key in withheld else values.get_count(key) for key in keys}
    stated = sorted((amount for amount in amounts.values() if amount is not None), reverse=True)
    total_amount = None if total is None else values.get_count(total)
    ranked = sorted(keys, key=lambda key: (amounts[key] is None, -(amounts[key] or 0), keys.index(key)))
    for key in ranked:
        amount, version = amounts[key], catalogue.find_indicator(key, on)
        member = dimension.find_member(from_series_key(key)[1] or "") if dimension else None
        if version is None or dimension is None or member is None or version.of_label is None:
            continue
        yield BreakdownRow(
            **name_unit(values.unit),
            indicator=indicator,
            label=version.of_label.vi,
            label_en=version.of_label.en,
            dimension=dimension.code,
            member=member.code,
            member_label=member.label.vi,
            member_label_en=member.label.en,
            unit_of_measure=version.unit_of_measure,
            value=amount,
            total=total_amount,
            total_indicator=total,
            share_percent=divide_exactly(amount, total_amount, HUNDRED),
            rank=None if amount is None else stated.index(amount) + 1,
            withheld=key in withheld,
            reported=0 if key in withheld else count_reported(values, [key]),
            expected=count_expected(context, values.unit, key, on),
        )
