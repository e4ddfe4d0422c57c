"""Wire forms of figures, of the values behind them and of the catalogue."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.kit.paging import Page
from shared.kit.problems import Sentence
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import Ratio
from shared.reporting.engine import RegisterCount
from shared.reporting.figures.coverage import Coverage, find_least_covered, select_unequal
from shared.reporting.figures.rules import FigureValue, compute_achieved_percent
from shared.reporting.report_content import Status

UNEQUAL_COVERAGE = Sentence(
    "Các số cộng của tỷ lệ này không do cùng số đơn vị nêu: {units}.",
    "The sums of this ratio are not stated by the same number of units: {units}.",
)


class FigureUnitOut(BaseModel):
    """A unit by code and name."""

    code: str = Field(description="code of the unit")
    name: str = Field(description="its name on the day of the period")


class CoverageOut(BaseModel):
    """What a figure covers: silence is the difference between expected and the other two."""

    reported: int = Field(description="units whose values are in the figure")
    nil: int = Field(0, description="units that stated that nothing happened")
    expected: int = Field(description="units that were expected to report")

    @classmethod
    def from_coverage(cls, coverage: Coverage | None) -> "CoverageOut | None":
        """Serialize a coverage; null of none."""
        return None if coverage is None else cls.model_validate(coverage, from_attributes=True)


class InputOut(CoverageOut):
    """What one input of a figure covers."""

    indicator: str = Field(description="code of the indicator")


class CaveatOut(BaseModel):
    """What a reader of a figure has to know."""

    code: str = Field(description="stable code")
    text: str = Field(description="the sentence, in Vietnamese")
    text_en: str = Field(description="the sentence, in English")

    @classmethod
    def from_count(cls, count: RegisterCount | None) -> "CaveatOut | None":
        """Serialize the caveat of a count from a register; null where it has none."""
        if count is None or count.caveat is None:
            return None
        return cls(code=count.caveat.code, text=count.caveat.sentence.vi, text_en=count.caveat.sentence.en)


class FigureOut(BaseModel):
    """One figure: exact or to six places; whoever prints it rounds once, half away from zero, to `decimals`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "indicator": "poverty_rate",
                "label": "Tỷ lệ hộ nghèo",
                "label_en": "Poverty rate",
                "value": 6.837035,
                "decimals": 2,
                "unit_of_measure": "percent",
                "numerator": 10220,
                "denominator": 149480,
                "target": None,
                "achieved_percent": None,
                "better": "lower",
                "coverage": {"reported": 102, "nil": 0, "expected": 102},
                "inputs": [],
                "status": "official",
                "oldest_at": "2024-01-05T02:00:00Z",
                "newest_at": "2024-01-05T02:10:00Z",
                "version": 1,
                "lineage": "/v1/poverty/observations?unit=62&period=2023&basis=accepted"
                "&indicator=poor_households,households",
            }
        }
    )

    indicator: str = Field(description="code of the figure")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    value: JsonDecimal | None = Field(
        description="the value in its unit of measure; null when nobody stated it"
    )
    decimals: int = Field(description="decimal places to print")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    numerator: JsonDecimal | None = Field(description="what is divided, where it is a ratio or an average")
    denominator: JsonDecimal | None = Field(description="by what it is divided")
    target: JsonDecimal | None = Field(description="the planned value for this unit and period")
    achieved_percent: JsonDecimal | None = Field(
        description="higher is better: value by target; lower is better: target by value; in percent"
    )
    better: Literal["higher", "lower"] = Field(description="which direction is better")
    coverage: CoverageOut | None = Field(description="what it covers; null for a count from a register")
    inputs: list[InputOut] = Field(
        default_factory=list,
        description="what each input covers, where they differ; empty where they are alike",
    )
    status: Status | None = Field(description="the least certain status of the values in it")
    reassessment_required: bool = Field(
        False, description="the figure does not add up over units that merged; it must be assessed anew"
    )
    comparable_from: date | None = Field(
        None, description="values before this day follow another definition; null when there is no break"
    )
    oldest_at: datetime | None = Field(description="oldest receipt among the reports in it")
    newest_at: datetime | None = Field(description="newest receipt among the reports in it")
    version: int = Field(description="version of the formula")
    caveat: CaveatOut | None = Field(
        None, description="what may be missing from it, such as decisions of a service that cannot be heard"
    )
    lineage: str = Field(description="where the values or decisions behind it are read")

    @classmethod
    def from_computed(
        cls,
        figure: Figure,
        computed: FigureValue,
        *,
        target: Decimal | None,
        coverage: Mapping[str, Coverage],
        count: RegisterCount | None,
        lineage: str,
        comparable_from: date | None,
        reassess: bool,
    ) -> Self:
        """Serialize a figure with its value, target and the coverage of its inputs."""
        unequal = select_unequal(coverage)
        return cls(
            indicator=figure.code,
            label=figure.label.vi,
            label_en=figure.label.en,
            value=computed.value,
            decimals=figure.decimals,
            unit_of_measure=figure.unit_of_measure,
            numerator=computed.numerator,
            denominator=computed.denominator,
            target=target,
            achieved_percent=compute_achieved_percent(computed.value, target, figure.better),
            better=figure.better,
            coverage=CoverageOut.from_coverage(find_least_covered(coverage)),
            inputs=[InputOut(indicator=code, **asdict(covered)) for code, covered in unequal.items()],
            status=computed.status,
            reassessment_required=reassess,
            comparable_from=comparable_from,
            oldest_at=computed.oldest_at,
            newest_at=computed.newest_at,
            version=figure.version,
            caveat=CaveatOut.from_count(count) or _warn_of_unequal_coverage(figure, unequal),
            lineage=lineage,
        )


def _warn_of_unequal_coverage(figure: Figure, unequal: Mapping[str, Coverage]) -> CaveatOut | None:
    """Return the caveat of a ratio whose sums do not cover the same number of units."""
    if not isinstance(figure.formula, Ratio) or not unequal:
        return None
    units = ", ".join(f"{code} {covered.reported}/{covered.expected}" for code, covered in unequal.items())
    return CaveatOut(
        code="inputs_covered_unequally",
        text=UNEQUAL_COVERAGE.vi.format(units=units),
        text_en=UNEQUAL_COVERAGE.en.format(units=units),
    )


class ProgressOut(BaseModel):
    """The figures of one unit and period."""

    unit: FigureUnitOut
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which observations count")
    map: date = Field(description="the day whose administrative map is read")
    as_of: datetime | None = Field(description="newest change included")
    figures: list[FigureOut]


class ObservedOut(BaseModel):
    """One standing value with the report that states it."""

    unit: str = Field(description="code of the unit")
    indicator: str = Field(description="code of the indicator")
    period: str = Field(description="SDMX time period")
    value: JsonDecimal = Field(description="the value, in the indicator's unit of measure")
    status: Status = Field(description="estimate, preliminary or official")
    report: uuid.UUID = Field(description="the report that states it")
    reported_by: str = Field(description="the reporting unit")
    received_at: datetime = Field(description="when that report was received")
    derived: bool = Field(description="whether it follows from what that report states, by a dated rule")


ObservationsPage = Page[ObservedOut]


class StepOut(BaseModel):
    """A step that a report passes before it is accepted."""

    code: str = Field(description="code of the step, as reviews name it")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    level: str | None = Field(description="level of the units that pass it; null: any reviewer")
    legal_basis: str = Field(description="the document that asks for it")


class FormOut(BaseModel):
    """The form that an indicator is on."""

    code: str = Field(description="code of the form")
    label: str = Field(description="its name in Vietnamese")
    owed_by: str = Field(description="level of the units that owe it")
    periods: list[str] = Field(description="kinds of period it is for")
    steps: list[StepOut] = Field(description="what its reports pass, in this order, before they are accepted")


class BreakOut(BaseModel):
    """A break in a series."""

    on: date = Field(description="first day of the new meaning")
    note: str = Field(description="what changed, in Vietnamese")
    note_en: str = Field(description="what changed, in English")


class IndicatorOut(BaseModel):
    """An entry of the catalogue: something stated, or something that follows."""

    code: str = Field(description="its code")
    kind: Literal["observed", "sum", "ratio", "average", "count", "register"] = Field(
        description="observed values are stated in reports; the rest is computed"
    )
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    definition: str = Field(description="what it means, in Vietnamese")
    definition_en: str = Field(description="what it means, in English")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    decimals: int = Field(description="decimal places")
    formula: str = Field(description="how it is made from other indicators")
    inputs: list[str] = Field(description="the indicators it is made from")
    form: FormOut | None = Field(description="the form it is stated on, when it is observed")
    level: str | None = Field(description="level of the units that state it")
    unit_kinds: list[str] | None = Field(description="kinds of unit that state it; null for all")
    flow: bool | None = Field(description="true: happens during the period; false: a state at its end")
    minimum: JsonDecimal | None = Field(description="smallest value allowed")
    maximum: JsonDecimal | None = Field(description="largest value allowed")
    better: Literal["higher", "lower"] = Field(description="which direction is better")
    adds: bool = Field(description="whether it adds up over units that merge")
    headline: bool = Field(description="whether the province-wide status shows it")
    breaks: list[BreakOut] = Field(description="breaks in its series")
    legal_basis: str = Field(description="the document that defines it")
    valid_from: date = Field(description="first day of validity")
    valid_to: date | None = Field(description="last day of validity")
    version: int = Field(description="version of the definition")


class CatalogueOut(BaseModel):
    """The catalogue of a program."""

    items: list[IndicatorOut]
