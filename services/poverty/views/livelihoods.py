"""Training and jobs of a year or half year: totals, levels, and of which women, ethnic minorities, the poor and near-poor."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from fastapi import APIRouter
from pydantic import Field

from services.poverty.views.unit_rows import (
    LevelQuery,
    PovertyUnitRow,
    PovertyView,
    UnitMeasures,
    count_expected,
    count_reported,
    drop_parts,
    name_unit,
    read_units,
)
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf, read_newest_change
from shared.kit.decimal_fields import JsonDecimal
from shared.periods import Period
from shared.reporting.basis import Basis
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Indicator
from shared.reporting.catalogue.dimensions import from_series_key
from shared.reporting.context import PublicContext, ReportingContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.query_params import PeriodQuery
from shared.reporting.ratios import HUNDRED, divide_exactly
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1/poverty", tags=["livelihoods"], route_class=CachedRoute)

FORMS = frozenset(
    {
        "annual_results",
        "annual_livelihoods",
        "half_year_results",
        "half_year_livelihoods",
        "quarterly_results",
    }
)
"""The forms of training and jobs."""


class LivelihoodRow(PovertyUnitRow):
    """One number of training or jobs of a unit; null where it is not stated."""

    indicator: str = Field(description="code of the indicator")
    member: str | None = Field(description="level of training; null for numbers that are not by level")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="persons, workers")
    value: JsonDecimal | None = Field(
        description="how many; of a total that is not stated the sum of its parts, where they all are"
    )
    total: JsonDecimal | None = Field(
        description="all persons trained, or all workers with jobs; the sum of the levels, or of jobs at home and abroad, where it is not stated and they all are"
    )
    total_indicator: str | None = Field(description="code of that total; null for a total")
    share_percent: JsonDecimal | None = Field(description="value by total, in percent")
    reported: int = Field(description="units whose values are in it")
    expected: int = Field(description="units that were expected to report")


class LivelihoodsOut(PovertyView):
    """Training and jobs by unit, the unit itself last."""

    items: list[LivelihoodRow]


@router.get("/livelihoods", summary="Read training and jobs")
async def read_livelihoods(
    *,
    context: PublicContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    level: LevelQuery = None,
    as_of: AsOf = None,
) -> LivelihoodsOut:
    """Read persons trained by level and workers with jobs at home and abroad, each beside its total, for a year or half year."""
    root = unit.on(period.ends_on).code
    query = FigureQuery(root, period, basis, as_of)
    indicators = list_indicators(context.engine.catalogue, period)
    units = await read_units(context, query, [indicator.code for indicator in indicators], level)
    units = drop_parts(units, context, period.ends_on)
    _seen, changed_at = await read_newest_change(context.session)
    return LivelihoodsOut(
        unit=root,
        period=str(period),
        basis=basis,
        as_of=changed_at if as_of is None else as_of,
        items=[row for values in units for row in _list_rows(context, period, values, indicators)],
    )


def list_indicators(catalogue: Catalogue, period: Period) -> list[Indicator]:
    """Return the indicators of training and jobs that a period is reported on."""
    forms = [form.code for form in catalogue.find_forms(period) if form.code in FORMS]
    return [row for form in forms for row in catalogue.find_indicators(form, period.ends_on)]


def _list_rows(
    context: ReportingContext, period: Period, values: UnitMeasures, indicators: Iterable[Indicator]
) -> Iterator[LivelihoodRow]:
    codes = {row.code for row in indicators}
    for indicator in indicators:
        code, member = from_series_key(indicator.code)
        total = _find_total(code, codes)
        amount = values.get_count(indicator.code)
        if total is None and amount is None:
            amount = _sum_parts(context, values, code, codes, period.ends_on)
        total_amount = None if total is None else values.get_count(total)
        if total is not None and total_amount is None:
            total_amount = _sum_parts(context, values, total, codes, period.ends_on)
        yield LivelihoodRow(
            **name_unit(values.unit),
            indicator=code,
            member=member,
            label=indicator.label.vi,
            label_en=indicator.label.en,
            unit_of_measure=indicator.unit_of_measure,
            value=amount,
            total=total_amount,
            total_indicator=total,
            share_percent=divide_exactly(amount, total_amount, HUNDRED),
            reported=count_reported(values, [indicator.code]),
            expected=count_expected(context, values.unit, indicator.code, period.ends_on),
        )


def _sum_parts(
    context: ReportingContext, values: UnitMeasures, total: str, codes: Iterable[str], on: date
) -> Decimal | None:
    """Return the sum of the levels, or of jobs at home and abroad, that make a total; None unless the same units state all."""
    marks = (
        ("persons_trained_by_level.",)
        if total.endswith("persons_trained")
        else ("jobs_at_home", "jobs_abroad")
    )
    parts = [code for code in codes if any(mark in code for mark in marks)]
    if not parts or not values.cover_same_units(context.territory, parts, on):
        return None
    return sum((values.measures[code].value for code in parts), Decimal(0))


def _find_total(code: str, codes: Iterable[str]) -> str | None:
    """Return the total of persons trained or of jobs that an indicator is a part of; None for the total itself."""
    subject = "persons_trained" if "trained" in code else "jobs_created"
    total = next((other for other in codes if other.endswith(subject)), None)
    return None if total == code else total
