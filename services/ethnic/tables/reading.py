"""Read the tables: land by stage, and form 05."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.tables.schemas import (
    FormColumnOut,
    FormRowOut,
    FormTableOut,
    LandTableOut,
    StagedFigureOut,
)
from shared.periods import Period
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import Ratio, Sum
from shared.reporting.context import ReportingContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.reading import read_figures
from shared.reporting.figures.rules import FigureValue, evaluate_formula
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.figures.unit_values import find_figures_of_codes, read_unit_values
from shared.reporting.figures.unit_values_schemas import MapValueOut
from shared.reporting.models import EffectiveReport, Observation, Report
from shared.reporting.observations.measures import Measure
from shared.reporting.report_content import STATUSES, Status

LAND_FORMS = ("annual_land", "household_conditions")
"""The forms that state land, housing and water."""
STATES_KEPT = ("accepted", "superseded")
"""The states of reports that were accepted and not taken back."""
FORM_05: tuple[tuple[str | None, str], ...] = (
    ("1", "em05_households"),
    ("2", "em05_em_households"),
    ("3", "em05_em_poor_households"),
    ("4", "em_share_of_poor"),
    ("5", "em05_em_near_poor_households"),
    ("6", "em_near_poverty_rate"),
    ("7", "em05_em_escaped"),
    ("8", "em05_em_new_poor"),
    ("9", "em05_em_returned_poor"),
    (None, "em05_poor_households"),
    (None, "em_poverty_rate"),
)
"""The columns of form 05, and what they are made from."""


class _StagedSums(NamedTuple):
    """The sums of the values of one stage, and the units that state them."""

    measures: dict[str, Measure]
    units: set[str]


async def read_land(
    context: ReportingContext, unit: str, period: Period, as_of: datetime | None
) -> LandTableOut:
    """Return the figures of land, housing and water of a unit and year, each by the stage of its numbers. One statement."""
    catalogue = context.engine.catalogue
    indicators = frozenset(
        code
        for code, versions in catalogue.indicators.items()
        if versions[-1].form in LAND_FORMS and versions[-1].dimension is None
    )
    figures = [
        figure
        for figure in catalogue.find_figures(period.ends_on, headline=False)
        if isinstance(figure.formula, Sum | Ratio) and set(figure.inputs) <= indicators
    ]
    stages = await _sum_by_stage(context.session, context.below(unit, period), period, indicators, as_of)
    items = []
    for figure in figures:
        values: dict[Status, FigureValue] = {}
        for stage in STATUSES:
            if stage in stages and all(code in stages[stage].measures for code in figure.inputs):
                values[stage] = evaluate_formula(figure, stages[stage].measures)
        if values:
            units = {stage: len(stages[stage].units) for stage in values}
            items.append(StagedFigureOut.from_stages(figure, values, units))
    return LandTableOut(unit=unit, period=str(period), items=items)


async def _sum_by_stage(
    session: AsyncSession,
    units: Collection[str],
    period: Period,
    indicators: Collection[str],
    as_of: datetime | None,
) -> Mapping[Status, _StagedSums]:
    """Return the sums of the accepted values of units by stage: of each unit, indicator and stage the latest one."""
    query = (
        select(Observation, EffectiveReport.since)
        .join(EffectiveReport, EffectiveReport.report_id == Observation.report_id)
        .join(Report, Report.id == Observation.report_id)
        .where(
            EffectiveReport.basis == "accepted",
            Report.state.in_(STATES_KEPT),
            Observation.year == period.year,
            Observation.period == str(period),
            Observation.unit.in_(units),
            Observation.indicator.in_(indicators),
            ~Observation.nil,
        )
        .ext(distinct_on(Observation.unit, Observation.indicator, Observation.status))
        .order_by(Observation.unit, Observation.indicator, Observation.status, EffectiveReport.since.desc())
    )
    if as_of is not None:
        query = query.where(EffectiveReport.since <= as_of)
    stages: dict[Status, _StagedSums] = defaultdict(lambda: _StagedSums({}, set()))
    for row, since in await session.execute(query):
        sums = stages[STATUSES[row.status]]
        sums.units.add(row.unit)
        before = sums.measures.get(row.indicator)
        sums.measures[row.indicator] = Measure(
            value=row.value + (before.value if before else 0),
            covers=Fraction(row.covers) + (before.covers if before else 0),
            status=row.status,
            oldest_at=min(since, before.oldest_at) if before else since,
            newest_at=max(since, before.newest_at) if before else since,
        )
    return stages


async def read_form_05(context: ReportingContext, query: FigureQuery) -> FormTableOut:
    """Return form 05 of a unit and year: a row for each unit below, and one for the unit itself."""
    catalogue, period = context.engine.catalogue, query.period
    figures = find_figures_of_codes(catalogue, [code for _, code in FORM_05], period.ends_on)
    table = await read_unit_values(context, query, figures, None)
    rows: dict[str, dict[str, MapValueOut]] = {}
    for value in table.items:
        rows.setdefault(value.unit, {})[value.indicator] = value
    by_code = {figure.code: figure for figure in figures}
    items = [_make_row(values, by_code) for unit, values in rows.items() if unit != query.unit]
    own = await read_figures(context, replace(query, only=frozenset(by_code)))
    own_values = {figure.indicator: figure for figure in own.figures}
    total = FormRowOut(
        unit=own.unit.code,
        unit_name=own.unit.name,
        unit_kind=own.unit.kind,
        unit_since=own.unit.since,
        columns=_make_columns(own_values, by_code),
    )
    return FormTableOut(
        unit=query.unit,
        period=str(period),
        basis=query.basis,
        items=[*items, total],
        contradictions=f"{context.engine.path}/contradictions",
    )


def _make_row(values: Mapping[str, MapValueOut], figures: Mapping[str, Figure]) -> FormRowOut:
    first = next(iter(values.values()))
    return FormRowOut(
        unit=first.unit,
        unit_name=first.unit_name,
        unit_kind=first.unit_kind,
        unit_since=first.unit_since,
        columns=_make_columns(values, figures),
    )


def _make_columns(
    values: Mapping[str, MapValueOut] | Mapping[str, FigureOut], figures: Mapping[str, Figure]
) -> list[FormColumnOut]:
    return [
        FormColumnOut.from_value(column, figures[code], values[code])
        for column, code in FORM_05
        if code in values
    ]
