"""Read what is stated of a unit and period: measures, coverage and counts of registers, ready to make figures from."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shared.periods import Period
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import FromRegister
from shared.reporting.context import ReportingContext
from shared.reporting.engine import CountScope, Register, RegisterCount
from shared.reporting.figures import store
from shared.reporting.figures.coverage import Coverage, CoverageCalculator, NilReport, find_nil_inputs
from shared.reporting.figures.map_projection import (
    MapProjection,
    SourceMap,
    project_unit,
    project_values,
    requires_reassessment,
)
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.rules import FigureValue, evaluate_formula
from shared.reporting.observations.measures import Measure
from shared.reporting.observations.store import read_effective_values
from shared.reporting.observations.values import EffectiveValue, prefer_official, to_measures


@dataclass(frozen=True, slots=True)
class EvaluatedFigure:
    """The value of a figure, with the coverage of its inputs."""

    value: FigureValue
    by_input: Mapping[str, Coverage]
    reassess: bool
    """Whether it must be assessed again for merged units."""


@dataclass(frozen=True)
class UnitReading:
    """What is stated of a unit and period."""

    query: FigureQuery
    projection: MapProjection
    measures: Mapping[str, Measure]
    values: list[EffectiveValue] | None
    """None where roll-ups were read."""
    coverage: CoverageCalculator

    @property
    def has_targets_of_period(self) -> bool:
        """Whether targets of its code and period are about its land: not where the code meant another unit in the period."""
        unit, unchanged = self.projection.unit, not self.projection.has_merged_units
        is_same = unchanged and unit.is_valid_on(self.query.period.ends_on)
        return self.projection.is_on_own_map or is_same

    def evaluate(self, figure: Figure, counts: Mapping[str, RegisterCount] | None = None) -> EvaluatedFigure:
        """Return the value of a figure that is no change; `counts` are those of registers."""
        reassess = requires_reassessment(figure, self.projection, self.values or ())
        by_input = self.coverage.compute_by_input(figure, self.measures)
        nil_inputs = find_nil_inputs(by_input)
        value = compute_figure(figure, self.measures, counts or {}, nil_inputs, reassess=reassess)
        return EvaluatedFigure(value, by_input, reassess)


async def read_unit(context: ReportingContext, query: FigureQuery) -> UnitReading:
    """Return what is stated of the unit and period of a query. Two statements, or what its observations cost."""
    projection = find_projection(context, query)
    nil_reports = await read_nil_reports(context, query, projection)
    measures, values = await read_unit_measures(context, query, projection, nil_reports)
    coverage = CoverageCalculator(
        context.engine.catalogue, context.territory, projection, values, nil_reports
    )
    return UnitReading(query, projection, measures, values, coverage)


def find_projection(context: ReportingContext, query: FigureQuery) -> MapProjection:
    """Return the projection onto the unit and the map of a query."""
    return project_unit(context.territory, query.unit, query.period, query.map_on or query.period.ends_on)


async def read_projected_values(
    context: ReportingContext,
    query: FigureQuery,
    projection: MapProjection,
    indicators: frozenset[str] | None = None,
) -> list[EffectiveValue]:
    """Return the values in effect in a unit, each in the share of its land there. One statement for each source map."""
    values: list[EffectiveValue] = []
    for source in projection.source_maps:
        if source.parts:
            values += await read_values_on(context, query, source, indicators)
    is_flow = context.engine.catalogue.find_flows(query.period.ends_on).__contains__
    return project_values(context.territory, projection, prefer_official(context.territory, values), is_flow)


async def read_values_of_period(
    context: ReportingContext, query: FigureQuery, projection: MapProjection, indicators: frozenset[str]
) -> list[EffectiveValue]:
    """Return what is stated of some indicators for the period of a query itself, on the map of a projection. One statement."""
    source = SourceMap(projection.map_on, (query.period,), projection.read_map.units)
    values = await read_values_on(context, query, source, indicators)
    return list(prefer_official(context.territory, values))


async def read_nil_reports(
    context: ReportingContext, query: FigureQuery, projection: MapProjection
) -> list[NilReport]:
    """Return the reports of units that stated nil: those in the unit, and those above it."""
    above = (unit.code for unit in context.territory.ancestors(projection.unit.code, projection.map_on))
    return await store.read_nil_reports(
        context.session,
        parts=[part for source in projection.source_maps for part in select_reportable(context, source)],
        basis=query.basis,
        standards=query.select_standards(context.engine.catalogue),
        units=frozenset(above).union(*(source.units for source in projection.source_maps)),
        as_of=query.as_of,
        official_only=query.official_only,
    )


async def _has_values_on_other_maps(
    context: ReportingContext, query: FigureQuery, projection: MapProjection
) -> bool:
    """Whether a value is in effect for a part of the period that ended on another map. One statement for each such map."""
    return any(
        [
            await read_values_on(context, query, source)
            for source in projection.others
            if select_reportable(context, source)
        ]
    )


def select_reportable(context: ReportingContext, source: SourceMap) -> list[Period]:
    """Return the parts of a period that some form is for."""
    kinds = {kind for form in context.engine.catalogue.forms.values() for kind in form.periods}
    return [part for part in source.parts if part.kind in kinds]


async def read_values_on(
    context: ReportingContext,
    query: FigureQuery,
    source: SourceMap,
    indicators: frozenset[str] | None = None,
) -> list[EffectiveValue]:
    """Return the values in effect of the units of one map. One statement."""
    return await read_effective_values(
        context.session,
        period=query.period,
        parts=source.parts,
        basis=query.basis,
        standards=query.select_standards(context.engine.catalogue),
        units=source.units,
        indicators=indicators,
        as_of=query.as_of,
        official_only=query.official_only,
    )


def compute_figure(
    figure: Figure,
    measures: Mapping[str, Measure],
    counts: Mapping[str, RegisterCount],
    nil_inputs: Collection[str] = (),
    *,
    reassess: bool,
) -> FigureValue:
    """Return the value of a figure; none where it must be assessed again for merged units, or an input is missing."""
    if reassess:
        return FigureValue(None)
    if isinstance(figure.formula, FromRegister):
        return FigureValue(Decimal(counts[figure.code].value), status="official")
    return evaluate_formula(figure, measures, nil_inputs)


async def read_unit_measures(
    context: ReportingContext,
    query: FigureQuery,
    projection: MapProjection,
    nil_reports: Iterable[NilReport],
) -> tuple[dict[str, Measure], list[EffectiveValue] | None]:
    """Return measures from the roll-ups for the present of a district or province, else from observations, with those.

    A year of two maps is read from roll-ups while no value is in effect for a part of it that ended on the earlier map.
    """
    unit = projection.unit
    is_present = query.as_of is None and projection.is_on_own_map and unit.level in ("province", "district")
    is_present = is_present and not query.official_only
    on_one_map = all(nil_report.period in projection.read_map.parts for nil_report in nil_reports)
    if is_present and on_one_map and not await _has_values_on_other_maps(context, query, projection):
        below = context.territory.children(unit.code, projection.map_on)
        districts = (lower.code for lower in below if lower.level == "district")
        measures = await store.read_roll_ups(
            context.session,
            context.engine.catalogue,
            period=query.period,
            parts=projection.read_map.parts,
            basis=query.basis,
            standards=query.select_standards(context.engine.catalogue),
            units=[unit.code, *districts],
            root=unit.code,
        )
        return measures, None
    values = await read_projected_values(context, query, projection)
    return to_measures(context.engine.catalogue, query.period, values, unit.code), values


async def count_registers_of_units(
    context: ReportingContext,
    query: FigureQuery,
    projections: Mapping[str, MapProjection],
    figures: Collection[Figure],
) -> dict[str, dict[str, RegisterCount]]:
    """Return the counts of the registers behind these figures by the code of a unit, and figure."""
    registers = {figure.formula.register for figure in figures if isinstance(figure.formula, FromRegister)}
    scopes = [_make_scope(query, projection) for projection in projections.values()]
    counts: dict[str, dict[str, RegisterCount]] = {code: {} for code in projections}
    for name in sorted(registers) if scopes else ():
        codes = [figure.code for figure in figures]
        counted = await _count_scopes(context, context.engine.registers[name], scopes, codes)
        for code, of_unit in zip(projections, counted, strict=True):
            counts[code] |= of_unit
    return counts


async def _count_scopes(
    context: ReportingContext, register: Register, scopes: Sequence[CountScope], codes: Collection[str]
) -> Sequence[Mapping[str, RegisterCount]]:
    """Return the counts of scopes that do not overlap; of many in which none of some figures counts, by one count of all."""
    if register.count_scopes is not None:
        return await register.count_scopes(context.session, scopes)
    first, *others = scopes
    together = await register.count(
        context.session, replace(first, units=first.units.union(*(scope.units for scope in others)))
    )
    if not others or not any(count.value for code, count in together.items() if code in codes):
        return [together for _ in scopes]
    middle = len(scopes) // 2
    return [
        *await _count_scopes(context, register, scopes[:middle], codes),
        *await _count_scopes(context, register, scopes[middle:], codes),
    ]


def _make_scope(query: FigureQuery, projection: MapProjection) -> CountScope:
    return CountScope(
        projection.unit.code, projection.register_units, query.period, query.period.ends_on, query.as_of
    )


async def count_registers(
    context: ReportingContext, query: FigureQuery, projection: MapProjection, figures: Collection[Figure]
) -> dict[str, RegisterCount]:
    """Return the counts of the registers behind these figures, by figure; each register counts once."""
    registers = {figure.formula.register for figure in figures if isinstance(figure.formula, FromRegister)}
    scope = _make_scope(query, projection)
    counts: dict[str, RegisterCount] = {}
    for name in sorted(registers):
        counts |= await context.engine.registers[name].count(context.session, scope)
    return counts
