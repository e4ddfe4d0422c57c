"""Wire forms of the change of a figure between two ends."""

from dataclasses import replace
from typing import Self

from pydantic import BaseModel, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import ChangeDirection, EndToEndChange
from shared.reporting.context import ReportingContext
from shared.reporting.field_types import StandardCodeOut
from shared.reporting.figures.changes import EvaluatedChange
from shared.reporting.figures.coverage import find_least_covered
from shared.reporting.figures.coverage_schemas import CaveatOut, CoverageOut
from shared.reporting.figures.query import FigureQuery, make_lineage_address
from shared.reporting.figures.rules import FormStage
from shared.reporting.figures.unit_reading import EvaluatedFigure
from shared.reporting.report_content import Status


class FigureEndOut(BaseModel):
    """The figure that changes, at one of the two ends."""

    period: str = Field(description="the period at whose end it is read")
    standard: StandardCodeOut = None
    value: JsonDecimal | None = Field(description="its value; null where an input is missing")
    numerator: JsonDecimal | None = Field(description="what is divided, where it is a ratio or an average")
    denominator: JsonDecimal | None = Field(description="by what it is divided")
    missing: list[str] = Field(description="the inputs that nobody stated at this end")
    status: Status | None = Field(description="the least certain status of the values in it")
    stage: FormStage | None = Field(
        description="the forms that it is read from; null where nothing is stated"
    )
    coverage: CoverageOut | None = Field(description="what it covers")
    lineage: str = Field(description="where the values behind it are read")


class EndToEndChangeOut(BaseModel):
    """The two ends of a change, both on the map and under the standard of the period that is read."""

    indicator: str = Field(description="code of the figure that changes")
    direction: ChangeDirection = Field(
        description="fall: the end before less the end; rise: the end less the end before; share: percent of what was at the "
        "end before"
    )
    of: str | None = Field(
        None, description="of a share the figure that is read at the end before; null for a fall or rise"
    )
    before: FigureEndOut
    end: FigureEndOut
    caveat: CaveatOut | None = Field(
        description="why there is no change to state, or what makes it uncertain: ends_not_comparable, end_before_divided, "
        "ends_covered_unequally"
    )

    @classmethod
    def from_change(cls, context: ReportingContext, figure: Figure, change: EvaluatedChange) -> Self:
        """Serialize the ends of a change."""
        formula, changing, read_before = figure.formula, figure.changing, figure.read_before
        if not isinstance(formula, EndToEndChange) or changing is None or read_before is None:
            raise TypeError(f"{figure.code} is no change")
        return cls(
            indicator=formula.figure,
            direction=formula.direction,
            of=formula.of,
            before=_to_end(context, read_before, change.before_query, change.before),
            end=_to_end(context, changing, change.query, change.end),
            caveat=CaveatOut.from_caveat(change.caveat),
        )


def _to_end(
    context: ReportingContext, changing: Figure, query: FigureQuery, end: EvaluatedFigure
) -> FigureEndOut:
    catalogue = context.engine.catalogue
    standard = catalogue.find_figure_standard(changing, query.select_standards(catalogue))
    named = replace(query, standard=query.standard or standard or None)
    return FigureEndOut(
        period=str(query.period),
        standard=standard,
        value=end.value.value,
        numerator=end.value.numerator,
        denominator=end.value.denominator,
        missing=list(end.value.missing),
        status=end.value.status,
        stage=end.value.stage,
        coverage=CoverageOut.from_coverage(find_least_covered(end.by_input)),
        lineage=make_lineage_address(context, named, changing, {}, end.value.stage),
    )
