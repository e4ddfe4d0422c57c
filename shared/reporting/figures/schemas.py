"""Wire forms of figures and of the values behind them."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.kit.paging import Page
from shared.kit.representations import RowFormat
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.dimensions import SeriesName, to_series_key
from shared.reporting.engine import Caveat, RegisterCount
from shared.reporting.field_types import DimensionOut, StandardCodeOut
from shared.reporting.figures.change_schemas import EndToEndChangeOut
from shared.reporting.figures.coverage import Coverage, find_least_covered, select_unequal
from shared.reporting.figures.coverage_schemas import (
    CaveatOut,
    CoverageOut,
    InputOut,
    warn_of_unequal_coverage,
)
from shared.reporting.figures.rules import FigureValue, FormStage
from shared.reporting.figures.sdmx_csv import make_format
from shared.reporting.models import Target
from shared.reporting.observations.listing import ListedValue
from shared.reporting.report_content import STATUSES, Status
from shared.reporting.targets.schemas import PlanOut
from shared.territory.named_rows import NamedUnitRow


class FigureUnitOut(BaseModel):
    """A unit by code and name."""

    code: str = Field(description="code of the unit")
    name: str = Field(description="its name on the day of the period")
    kind: str = Field(
        description="Vietnamese type without accents: it tells a city from the province of its name"
    )
    since: date = Field(description="first day of the unit; its code may have named another one before")


class FigureOut(BaseModel):
    """One figure: exact or to six places; whoever prints it rounds once, half away from zero, to `decimals`."""

    row_formats: ClassVar[tuple[RowFormat, ...]] = (make_format("figures"),)
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "indicator": "poverty_rate",
                "label": "Tỷ lệ hộ nghèo",
                "label_en": "Poverty rate",
                "standard": "nd_07_2021",
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
                "missing": [],
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
    dimension: DimensionOut = None
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    standard: StandardCodeOut = None
    value: JsonDecimal | None = Field(
        description="the value in its unit of measure; null where an input is missing"
    )
    decimals: int = Field(description="decimal places to print")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    numerator: JsonDecimal | None = Field(description="what is divided, where it is a ratio or an average")
    denominator: JsonDecimal | None = Field(description="by what it is divided")
    target: JsonDecimal | None = Field(
        description="the planned value for this unit and period; of a range the lower bound"
    )
    achieved_percent: JsonDecimal | None = Field(
        description="how much of the target was achieved, in percent, as `plan` says"
    )
    plan: PlanOut | None = Field(
        None, description="what is planned, what was done, and how the percentage is computed"
    )
    better: Literal["higher", "lower"] = Field(description="which direction is better")
    change: EndToEndChangeOut | None = Field(
        None, description="the two ends that it is the change between; null for other figures"
    )
    coverage: CoverageOut | None = Field(
        description="what it covers, of a change the lesser of its two ends; null for a count from a register"
    )
    inputs: list[InputOut] = Field(
        default_factory=list,
        description="what each input covers, where they differ; empty where they are alike",
    )
    missing: list[str] = Field(
        default_factory=list,
        description="the inputs that nobody stated, neither by a value nor as nil; with one missing the figure is null",
    )
    status: Status | None = Field(description="the least certain status of the values in it")
    stage: FormStage | None = Field(
        None,
        description="the forms that it is read from: official ones where they are in effect, else preliminary ones, or both; "
        "null where nothing is stated, and for a count from a register",
    )
    reassessment_required: bool = Field(
        False, description="the figure does not add up over units that merged; it must be assessed anew"
    )
    comparable_from: date | None = Field(
        None, description="values before this day follow another definition; null when there is no break"
    )
    oldest_at: datetime | None = Field(description="oldest receipt among the reports in it")
    newest_at: datetime | None = Field(description="newest receipt among the reports in it")
    version: int = Field(description="version of the formula")
    catalogue_version: str | None = Field(
        None,
        description="version of the catalogue that it is made by: its number and the beginning of its hash",
    )
    caveat: CaveatOut | None = Field(
        None, description="what may be missing from it, such as decisions of a service that cannot be reached"
    )
    withheld: bool = Field(False, description="whether its values are withheld from public reads")
    lineage: str = Field(description="where the values or decisions behind it are read")

    @property
    def series_key(self) -> str:
        """The key of its series: its code, with the member of the dimension where it has one."""
        return to_series_key(self.indicator, next(iter((self.dimension or {}).values()), None))

    @classmethod
    def from_computed(
        cls,
        figure: Figure,
        computed: FigureValue,
        *,
        series: SeriesName,
        catalogue_version: str | None,
        standard: str,
        target: Target | None,
        coverage: Mapping[str, Coverage],
        count: RegisterCount | None,
        change: EndToEndChangeOut | None,
        lineage: str,
        comparable_from: date | None,
        reassess: bool,
        caveat: Caveat | None = None,
    ) -> Self:
        """Serialize a figure with its value, target and the coverage of its inputs."""
        unequal = select_unequal(coverage)
        plan = None if target is None else PlanOut.from_target(target, computed.value, figure.better)
        return cls(
            indicator=series.indicator,
            dimension=series.dimension,
            label=figure.label.vi,
            label_en=figure.label.en,
            standard=standard,
            value=computed.value,
            decimals=figure.decimals,
            unit_of_measure=figure.unit_of_measure,
            numerator=computed.numerator,
            denominator=computed.denominator,
            target=None if plan is None else plan.value,
            achieved_percent=None if plan is None else plan.achieved_percent,
            plan=plan,
            better=figure.better,
            change=change,
            coverage=CoverageOut.from_coverage(find_least_covered(coverage)),
            inputs=[InputOut.from_input(code, covered) for code, covered in unequal.items()],
            missing=list(computed.missing),
            status=computed.status,
            stage=computed.stage,
            reassessment_required=reassess,
            comparable_from=comparable_from,
            oldest_at=computed.oldest_at,
            newest_at=computed.newest_at,
            version=figure.version,
            catalogue_version=catalogue_version,
            caveat=(change.caveat if change else CaveatOut.from_count(count))
            or CaveatOut.from_caveat(caveat)
            or warn_of_unequal_coverage(figure, unequal),
            lineage=lineage,
        )


class FiguresOut(BaseModel):
    """The figures of one unit and period."""

    repeated_in_rows: ClassVar[tuple[str, ...]] = (
        "unit.code",
        "unit.name",
        "unit.kind",
        "unit.since",
        "period",
    )

    unit: FigureUnitOut
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which observations count")
    map: date = Field(description="the day whose administrative map is read")
    as_of: datetime | None = Field(description="newest change included")
    figures: list[FigureOut]


class ObservedValueOut(NamedUnitRow):
    """A value in effect with the report that states it."""

    row_formats: ClassVar[tuple[RowFormat, ...]] = (make_format("observations"),)

    unit: str = Field(description="code of the unit")
    indicator: str = Field(description="code of the indicator")
    dimension: DimensionOut = None
    period: str = Field(description="SDMX time period")
    standard: StandardCodeOut = None
    value: JsonDecimal | None = Field(
        description="the value, in the indicator's unit of measure; null where nil was stated"
    )
    nil: bool = Field(False, description="whether it was stated that nothing happened, in place of a value")
    withheld: bool = Field(False, description="whether its values are withheld from public reads")
    status: Status = Field(description="estimate, preliminary or official")
    report: uuid.UUID = Field(description="the report that states it")
    reported_by: str = Field(description="the reporting unit")
    form: str = Field(description="the form that it is stated on")
    received_at: datetime = Field(description="when that report was received")
    derived: bool = Field(description="whether it follows from what that report states, by a dated rule")

    @classmethod
    def from_row(cls, row: ListedValue, series: SeriesName, unit_names: Mapping[str, Any]) -> Self:
        """Serialize a value; `unit_names` are the members that name its unit."""
        return cls(
            **unit_names,
            unit=row.unit,
            indicator=series.indicator,
            dimension=series.dimension,
            period=row.period,
            standard=row.standard,
            value=None if row.nil else row.value,
            nil=row.nil,
            status=STATUSES[row.status],
            report=row.report_id,
            reported_by=row.reported_by,
            form=row.form,
            received_at=row.received_at,
            derived=row.derived,
        )


ObservationsPage = Page[ObservedValueOut]
