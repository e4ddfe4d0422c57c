"""The lineage of a figure: its formula, values, reports, receipts and reviewers. The values make the figure again."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import select

from shared.kit.decimal_fields import JsonDecimal
from shared.kit.problems import Invalid, Sentence
from shared.periods import Period
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import TotalOrParts
from shared.reporting.context import ReportingContext
from shared.reporting.engine import RegisterCount
from shared.reporting.field_types import DimensionOut, StandardCodeOut
from shared.reporting.figures import store
from shared.reporting.figures.change_schemas import EndToEndChangeOut
from shared.reporting.figures.changes import evaluate_change, make_query_before
from shared.reporting.figures.coverage import CoverageCalculator, find_nil_inputs
from shared.reporting.figures.coverage_schemas import CaveatOut
from shared.reporting.figures.map_projection import requires_reassessment
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.rules import FormStage
from shared.reporting.figures.unit_reading import (
    EvaluatedFigure,
    compute_figure,
    count_registers,
    find_projection,
    read_nil_reports,
    read_projected_values,
)
from shared.reporting.models import Report, Review
from shared.reporting.observations.values import EffectiveValue, to_measures
from shared.reporting.report_content import STATUSES, Status
from shared.territory.tree import Territory
from shared.territory.units import SplitWithoutWeight

MAX_VALUES = 20_000
"""A longer answer is refused: the criteria of a province are 85 communes by 19."""


class LineageTooLarge(Invalid):
    """A figure is made from more values than one answer holds."""

    code = "lineage_too_large"
    detail = Sentence(
        "Chỉ tiêu này gồm {values} giá trị, quá {limit}; hãy hỏi từng đơn vị cấp dưới.",
        "The figure is made from {values} values, over {limit}; ask for a unit below.",
    )


class LineageValue(BaseModel):
    """One value that the figure is made from."""

    unit: str = Field(description="code of the unit it is stated for")
    lies_in: str | None = Field(
        description="the unit of the map that is read in which it counts; null where that map is its own"
    )
    period: str = Field(description="SDMX time period it is stated for")
    indicator: str = Field(description="code of the indicator")
    dimension: DimensionOut = None
    value: JsonDecimal | None = Field(
        description="the value, in the share that lies in the unit that is read; null where nil was stated"
    )
    nil: bool = Field(False, description="whether it was stated that nothing happened, in place of a value")
    status: Status = Field(description="estimate, preliminary or official")
    report: uuid.UUID = Field(description="the report that states it")


class PassedStep(BaseModel):
    """A step of its form's review chain that a report passed."""

    step: str = Field(description="code of the step")
    passed_by: str = Field(description="the client that passed it, such as the commune that certified")
    passed_at: datetime = Field(description="when")


class LineageReport(BaseModel):
    """One report behind the figure."""

    id: uuid.UUID = Field(description="the report's id")
    unit: str = Field(description="the reporting unit")
    unit_name: str | None = Field(description="kind and name of the reporting unit")
    unit_kind: str | None = Field(description="Vietnamese type of the reporting unit without accents")
    unit_since: date | None = Field(description="first day of the reporting unit")
    values_count: int = Field(description="how many of the values are stated in it")
    form: str = Field(description="the form")
    standard: StandardCodeOut = None
    submitted_by: str = Field(description="the client that submitted it")
    received_at: datetime = Field(description="when it was received")
    receipt_code: str = Field(description="code of its receipt")
    content_sha256: str | None = Field(description="hash of its content; null where some of it is withheld")
    steps: list[PassedStep] = Field(description="the steps that it passed, in their order")
    reviewed_by: str | None = Field(description="the client that accepted it; null while nobody has")
    reviewed_at: datetime | None = Field(description="when it was accepted")
    reinstated_by: str | None = Field(
        None, description="the client that put it back by withdrawing what had replaced it; null if none did"
    )
    reinstated_at: datetime | None = Field(None, description="when it was put back last")


class LineageOut(BaseModel):
    """A figure's lineage."""

    indicator: str = Field(description="code of the figure")
    dimension: DimensionOut = None
    formula: str = Field(description="how it is made")
    version: int = Field(description="version of the formula")
    catalogue_version: str | None = Field(None, description="version of the catalogue that it is made by")
    standard: StandardCodeOut = None
    value: JsonDecimal | None = Field(description="the figure recomputed from the values below")
    numerator: JsonDecimal | None = Field(description="what is divided, where it is a ratio or an average")
    denominator: JsonDecimal | None = Field(description="by what it is divided")
    missing: list[str] = Field(
        default_factory=list, description="the inputs that nobody stated; with one missing the figure is null"
    )
    stage: FormStage | None = Field(
        None,
        description="official, preliminary or mixed: the forms that it is read from; null where nothing is stated",
    )
    change: EndToEndChangeOut | None = Field(
        None, description="the two ends that it is the change between; null for other figures"
    )
    register_rows: str | None = Field(
        None,
        description="where the decisions behind a count from a register are read; null for other figures",
    )
    caveat: CaveatOut | None = Field(None, description="what may be missing from a count from a register")
    withheld: bool = Field(False, description="whether its values are withheld from public reads")
    values: list[LineageValue] = Field(description="the values; none with `by=report`")
    reports: list[LineageReport]


async def trace_figure(
    context: ReportingContext, query: FigureQuery, figure: Figure, *, by_report: bool = False
) -> LineageOut:
    """Return everything that a figure is made from, of a change that of both ends; `by_report`: without the values.

    Three statements, those of its register if it has one, and one that looks for nil where an input has no value; for a
    change these for each end.
    """
    catalogue = context.engine.catalogue
    counts: Mapping[str, RegisterCount] = {}
    change = None
    if figure.changing is None or figure.read_before is None:
        traced = await _trace_end(context, query, figure)
        values, computed, counts = traced.values, traced.evaluated.value, traced.counts
    else:
        end = await _trace_end(context, query, figure.changing, with_coverage=True)
        before = await _trace_end_before(context, query, figure.read_before)
        values = [*end.values, *(before.values if before else ())]
        change = evaluate_change(context, query, figure, end.evaluated, before.evaluated if before else None)
        computed = change.evaluated.value
    if len(values) > MAX_VALUES and not by_report:
        raise LineageTooLarge(values=len(values), limit=MAX_VALUES)
    return LineageOut(
        **catalogue.split_key(figure.code)._asdict(),
        formula=figure.formula_text,
        version=figure.version,
        catalogue_version=catalogue.version,
        standard=catalogue.find_figure_standard(figure, query.select_standards(catalogue)),
        value=computed.value,
        numerator=computed.numerator,
        denominator=computed.denominator,
        missing=list(computed.missing),
        stage=computed.stage,
        register_rows=counts[figure.code].lineage if figure.code in counts else None,
        change=None if change is None else EndToEndChangeOut.from_change(context, figure, change),
        caveat=CaveatOut.from_count(counts.get(figure.code)),
        values=[
            LineageValue(
                unit=value.origin,
                lies_in=value.unit if value.stated_by else None,
                period=value.period,
                **catalogue.split_key(value.indicator)._asdict(),
                value=None if value.nil else value.value,
                nil=value.nil,
                status=STATUSES[value.status],
                report=value.report_id,
            )
            for value in (() if by_report else sorted(values))
        ],
        reports=await _read_reports(context, Counter(value.report_id for value in values)),
    )


@dataclass(frozen=True, slots=True)
class _TracedEnd:
    """A figure of one period with the values that it is made from."""

    values: list[EffectiveValue]
    evaluated: EvaluatedFigure
    counts: Mapping[str, RegisterCount]


async def _trace_end(
    context: ReportingContext, query: FigureQuery, figure: Figure, *, with_coverage: bool = False
) -> _TracedEnd:
    """Return a figure that is no change, with the values of the period of a query that it is made from.

    Nil reports are read where an input has no value, or the coverage is shown.
    """
    catalogue = context.engine.catalogue
    projection = find_projection(context, query)
    projected = await read_projected_values(context, query, projection, frozenset(figure.inputs))
    counted = store.select_counted_values(catalogue, query.period, projected)
    values = _drop_parts_beside_totals(figure, counted, projection.unit.code)
    counts = await count_registers(context, query, projection, [figure])
    measures = to_measures(catalogue, query.period, values, projection.unit.code)
    has_values = all(code in measures and not measures[code].nil_covers for code in figure.measure_codes)
    nil_reports = (
        [] if has_values and not with_coverage else await read_nil_reports(context, query, projection)
    )
    calculator = CoverageCalculator(catalogue, context.territory, projection, projected, nil_reports)
    by_input = calculator.compute_by_input(figure, measures)
    reassess = requires_reassessment(figure, projection, values)
    computed = compute_figure(figure, measures, counts, find_nil_inputs(by_input), reassess=reassess)
    return _TracedEnd(values, EvaluatedFigure(computed, by_input, reassess), counts)


def _drop_parts_beside_totals(
    figure: Figure, values: list[EffectiveValue], root: str
) -> list[EffectiveValue]:
    """Return the values without the parts of units that state the total, which a figure is then made from."""
    if not isinstance(figure.formula, TotalOrParts):
        return values
    total = figure.formula.total
    totals = {(value.origin, value.period) for value in values if value.indicator == total}
    periods_of_root = {period for unit, period in totals if unit == root}
    return [
        value
        for value in values
        if value.indicator == total
        or ((value.origin, value.period) not in totals and value.period not in periods_of_root)
    ]


async def _trace_end_before(
    context: ReportingContext, query: FigureQuery, figure: Figure
) -> _TracedEnd | None:
    """Return a figure at the end before; None where a unit of then was divided without weights."""
    try:
        return await _trace_end(context, make_query_before(query), figure, with_coverage=True)
    except SplitWithoutWeight:
        return None


async def _read_reports(
    context: ReportingContext, values_of_reports: Mapping[uuid.UUID, int]
) -> list[LineageReport]:
    """Return reports with the number of values of each, in the order of their receipt. Two statements."""
    ids = values_of_reports.keys()
    reports = await context.session.scalars(
        select(Report).where(Report.id.in_(ids)).order_by(Report.received_at, Report.id)
    )
    reviews = await context.session.execute(
        select(Review.report_id, Review.action, Review.step, Review.client_id, Review.at)
        .where(Review.report_id.in_(ids), Review.action.in_(("accepted", "passed", "reinstated")))
        .order_by(Review.id)
    )
    accepted: dict[uuid.UUID, tuple[str, datetime]] = {}
    reinstated: dict[uuid.UUID, tuple[str, datetime]] = {}
    passed: dict[uuid.UUID, list[PassedStep]] = {}
    for report_id, action, step, client_id, at in reviews:
        if step is None:
            (accepted if action == "accepted" else reinstated)[report_id] = client_id, at
        else:
            passed.setdefault(report_id, []).append(PassedStep(step=step, passed_by=client_id, passed_at=at))
    return [
        LineageReport(
            id=report.id,
            **_name_reporting_unit(context.territory, report),
            values_count=values_of_reports[report.id],
            form=report.form,
            standard=report.standard,
            submitted_by=report.client_id,
            received_at=report.received_at,
            receipt_code=report.receipt_code,
            content_sha256=report.content_sha256,
            steps=passed.get(report.id, []),
            reviewed_by=accepted[report.id][0] if report.id in accepted else None,
            reviewed_at=accepted[report.id][1] if report.id in accepted else None,
            reinstated_by=reinstated[report.id][0] if report.id in reinstated else None,
            reinstated_at=reinstated[report.id][1] if report.id in reinstated else None,
        )
        for report in reports
    ]


def _name_reporting_unit(territory: Territory, report: Report) -> dict[str, Any]:
    """Return the fields that name the unit of a report on the last day of its period."""
    unit = territory.find(report.unit, Period.parse(report.period).ends_on)
    return {
        "unit": report.unit,
        "unit_name": unit.full_name if unit else None,
        "unit_kind": unit.kind if unit else None,
        "unit_since": unit.valid_from if unit else None,
    }
