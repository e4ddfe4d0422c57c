"""Where a figure comes from, in one answer: formula, values, reports, receipts, reviewers. Recomputing it gives the figure."""

import uuid
from collections.abc import Collection
from datetime import datetime

from pydantic import BaseModel, Field
from sqlalchemy import select

from shared.kit.decimal_fields import JsonDecimal
from shared.kit.problems import Invalid, Sentence
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.context import ReportingContext
from shared.reporting.effective_values import to_measures
from shared.reporting.figures import store
from shared.reporting.figures.map_projection import to_be_assessed_anew
from shared.reporting.figures.reading import Reading, counted_in, outcome_of, standing_at, where
from shared.reporting.figures.schemas import CaveatOut
from shared.reporting.models import Report, Review
from shared.reporting.report_content import STATUSES, Status

MAX_VALUES = 20_000
"""A province's criteria are 85 communes by 19; a lineage of more values is asked for unit by unit."""


class LineageTooLarge(Invalid):
    """More values than one answer should hold; nothing is cut off silently."""

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
    value: JsonDecimal = Field(description="the value, in the share that lies in the unit asked about")
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
    form: str = Field(description="the form")
    submitted_by: str = Field(description="the client that submitted it")
    received_at: datetime = Field(description="when it was received")
    receipt_code: str = Field(description="code of its receipt")
    content_sha256: str = Field(description="hash of its content")
    steps: list[PassedStep] = Field(description="the steps that it passed, in their order")
    reviewed_by: str | None = Field(description="the client that accepted it; null while nobody has")
    reviewed_at: datetime | None = Field(description="when it was accepted")


class LineageOut(BaseModel):
    """A figure's lineage."""

    indicator: str = Field(description="code of the figure")
    formula: str = Field(description="how it is made")
    version: int = Field(description="version of the formula")
    value: JsonDecimal | None = Field(description="the figure recomputed from the values below")
    numerator: JsonDecimal | None = Field(description="what is divided, where it is a ratio or an average")
    denominator: JsonDecimal | None = Field(description="by what it is divided")
    register_rows: str | None = Field(
        None,
        description="where the decisions behind a count from a register are read; null for other figures",
    )
    caveat: CaveatOut | None = Field(None, description="what may be missing from a count from a register")
    values: list[LineageValue]
    reports: list[LineageReport]


async def lineage_of(context: ReportingContext, asked: Reading, figure: Figure) -> LineageOut:
    """Give everything that a figure is made from. Three statements, and those of its register if it has one."""
    place = where(context, asked)
    found = await standing_at(context, asked, place, frozenset(figure.inputs))
    stated = store.that_count(context.engine.catalogue, asked.period, found)
    if len(stated) > MAX_VALUES:
        raise LineageTooLarge(values=len(stated), limit=MAX_VALUES)
    measures = to_measures(context.engine.catalogue, asked.period, stated)
    counted = await counted_in(context, asked, place, [figure])
    anew = to_be_assessed_anew(figure, place, stated)
    outcome = outcome_of(figure, measures, counted, to_be_assessed_anew=anew)
    return LineageOut(
        indicator=figure.code,
        formula=figure.formula_text,
        version=figure.version,
        value=outcome.value,
        numerator=outcome.numerator,
        denominator=outcome.denominator,
        register_rows=counted[figure.code].lineage if figure.code in counted else None,
        caveat=CaveatOut.of(counted.get(figure.code)),
        values=[
            LineageValue(
                unit=one.origin,
                lies_in=one.unit if one.stated_by else None,
                period=one.period,
                indicator=one.indicator,
                value=one.value,
                status=STATUSES[one.status],
                report=one.report_id,
            )
            for one in sorted(stated)
        ],
        reports=await _reports(context, {one.report_id for one in stated}),
    )


async def _reports(context: ReportingContext, ids: Collection[uuid.UUID]) -> list[LineageReport]:
    reports = await context.session.scalars(
        select(Report).where(Report.id.in_(ids)).order_by(Report.received_at, Report.id)
    )
    reviews = await context.session.execute(
        select(Review.report_id, Review.step, Review.client_id, Review.at)
        .where(Review.report_id.in_(ids), Review.action.in_(("accepted", "passed")))
        .order_by(Review.id)
    )
    accepted: dict[uuid.UUID, tuple[str, datetime]] = {}
    passed: dict[uuid.UUID, list[PassedStep]] = {}
    for report_id, step, client_id, at in reviews:
        if step is None:
            accepted[report_id] = client_id, at
        else:
            one = PassedStep(step=step, passed_by=client_id, passed_at=at)
            passed.setdefault(report_id, []).append(one)
    return [
        LineageReport(
            id=it.id,
            unit=it.unit,
            form=it.form,
            submitted_by=it.client_id,
            received_at=it.received_at,
            receipt_code=it.receipt_code,
            content_sha256=it.content_sha256,
            steps=passed.get(it.id, []),
            reviewed_by=accepted[it.id][0] if it.id in accepted else None,
            reviewed_at=accepted[it.id][1] if it.id in accepted else None,
        )
        for it in reports
    ]
