"""The national targets of a program beside what a unit achieved in a period."""

from typing import Self

from pydantic import BaseModel, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.definitions import BetterDirection
from shared.reporting.catalogue.national_targets import NationalTarget
from shared.reporting.context import ReportingContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.reading import read_figures
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.figures.withholding import find_withheld
from shared.reporting.targets.rules import Plan, TargetKind, compute_achievement
from shared.territory.named_rows import NamedUnitRow, find_unit_names


class NationalTargetOut(BaseModel):
    """A national target, and what the unit achieved."""

    code: str = Field(description="its code")
    label: str = Field(description="what is to be reached, in Vietnamese")
    label_en: str = Field(description="what is to be reached, in English")
    indicator: str | None = Field(
        description="the figure that says what was done; null where no figure of the catalogue does"
    )
    kind: TargetKind = Field(description="a value, a bound (at_least, at_most) or a range")
    value: JsonDecimal = Field(description="the value or bound; of a range the lower bound")
    upper: JsonDecimal | None = Field(description="upper bound of a range; null for the other kinds")
    unit_of_measure: str = Field(description="its unit of measure")
    every_year: bool = Field(
        description="true: for each year; false: to be reached by the last year in which it is in force"
    )
    from_year: int = Field(description="the first year that it is for")
    to_year: int | None = Field(description="the last year; null where none is set")
    done: JsonDecimal | None = Field(
        description="value of the figure for the unit and period; null where it is not known or not measured"
    )
    met: bool | None = Field(
        description="whether what was done reaches it; null while it is unknown what was done"
    )
    legal_basis: str = Field(description="the document or clause behind it")
    confidence: str = Field(
        description="whether the row was read in the document (sourced), or is from memory or unsure"
    )

    @classmethod
    def from_target(cls, target: NationalTarget, figure: FigureOut | None) -> Self:
        """Serialize a target beside the figure that measures it, None where it is not shown or not there."""
        better: BetterDirection = figure.better if figure is not None else "higher"
        done = None if figure is None else figure.value
        plan = Plan(target.kind, target.value, target.upper)
        return cls(
            code=target.code,
            label=target.label.vi,
            label_en=target.label.en,
            indicator=target.figure,
            kind=target.kind,
            value=target.value,
            upper=target.upper,
            unit_of_measure=target.unit_of_measure,
            every_year=target.every_year,
            from_year=target.valid_from.year,
            to_year=None if target.valid_to is None else target.valid_to.year,
            done=done,
            met=compute_achievement(done, plan, better).met,
            legal_basis=target.legal_basis,
            confidence=target.confidence,
        )


class NationalTargetsOut(NamedUnitRow):
    """The national targets in force on the last day of a period, for one unit."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which observations count")
    catalogue_version: str | None = Field(description="version of the catalogue that has the targets")
    items: list[NationalTargetOut]


async def read_national_targets(context: ReportingContext, query: FigureQuery) -> NationalTargetsOut:
    """Return the targets in force on the last day of a period, with the figures of a unit."""
    catalogue, on = context.engine.catalogue, query.period.ends_on
    targets = [target for target in catalogue.national_targets if target.is_in_force(on)]
    codes = {target.figure for target in targets if target.figure is not None}
    withheld = await find_withheld(context, codes)
    shown: dict[str, FigureOut] = {}
    if codes:
        answer = await read_figures(context, query)
        shown = {
            figure.series_key: figure
            for figure in answer.figures
            if figure.series_key in codes and not withheld.covers(figure.series_key)
        }
    return NationalTargetsOut(
        unit=query.unit,
        **find_unit_names(context.territory, query.unit, on),
        period=str(query.period),
        basis=query.basis,
        catalogue_version=catalogue.version,
        items=[NationalTargetOut.from_target(target, shown.get(target.figure or "")) for target in targets],
    )
