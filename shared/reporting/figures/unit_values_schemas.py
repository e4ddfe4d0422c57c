"""Wire forms of the figures of the units of a map."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.kit.representations import RowFormat
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.dimensions import SeriesName
from shared.reporting.engine import Caveat
from shared.reporting.field_types import DimensionOut, StandardCodeOut
from shared.reporting.figures.coverage import find_least_covered
from shared.reporting.figures.coverage_schemas import CaveatOut, CoverageOut
from shared.reporting.figures.rules import FormStage
from shared.reporting.figures.schemas import FigureUnitOut
from shared.reporting.figures.sdmx_csv import make_format
from shared.reporting.figures.unit_reading import EvaluatedFigure
from shared.reporting.models import Target
from shared.reporting.report_content import Status
from shared.reporting.targets.rules import TargetKind
from shared.territory.units import Unit

MapLevel = Literal["province", "district", "commune", "village"]

EXAMPLE: dict[str, Any] = {
    "unit": "23344",
    "unit_name": "Xã Đắk Cấm",
    "unit_kind": "xa",
    "unit_since": "2004-07-08",
    "indicator": "poverty_rate",
    "dimension": None,
    "value": 6.837035,
    "numerator": 102,
    "denominator": 1494,
    "target": None,
    "target_kind": None,
    "target_upper": None,
    "coverage": {"reported": 1, "nil": 0, "expected": 1},
    "status": "official",
    "missing": [],
    "stage": "official",
    "reassessment_required": False,
    "comparable_from": "2021-12-31",
    "catalogue_version": "0-1f0c3d5e",
    "caveat": None,
}


class MapIndicatorOut(BaseModel):
    """A figure that a map shows."""

    indicator: str = Field(description="code of the figure")
    dimension: DimensionOut = None
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    decimals: int = Field(description="decimal places to print")
    standard: StandardCodeOut = None
    better: Literal["higher", "lower"] = Field(description="which direction is better")

    @classmethod
    def from_figure(cls, figure: Figure, series: SeriesName, standard: str) -> Self:
        """Serialize a figure of the catalogue."""
        return cls(
            **series._asdict(),
            label=figure.label.vi,
            label_en=figure.label.en,
            unit_of_measure=figure.unit_of_measure,
            decimals=figure.decimals,
            standard=standard,
            better=figure.better,
        )


class MapValueOut(BaseModel):
    """One figure of one unit of the map."""

    row_formats: ClassVar[tuple[RowFormat, ...]] = (make_format("figures"),)
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    unit: str = Field(description="code of the unit")
    unit_name: str = Field(description="kind and name")
    unit_kind: str = Field(description="Vietnamese type without accents")
    unit_since: date = Field(description="first day of the unit; its code may have named another one before")
    indicator: str = Field(description="code of the figure")
    dimension: DimensionOut = None
    value: JsonDecimal | None = Field(
        description="the value in its unit of measure; null where an input is missing, or `caveat` says why"
    )
    numerator: JsonDecimal | None = Field(description="what is divided, where it is a ratio or an average")
    denominator: JsonDecimal | None = Field(description="by what it is divided")
    target: JsonDecimal | None = Field(
        description="the planned value for this unit and period; of a range the lower bound"
    )
    target_kind: TargetKind | None = Field(
        None, description="a value, a bound (at_least, at_most) or a range; null without a target"
    )
    target_upper: JsonDecimal | None = Field(
        None, description="upper bound of a range; null for the other kinds"
    )
    coverage: CoverageOut | None = Field(description="what it covers; null for a count from a register")
    status: Status | None = Field(description="the least certain status of the values in it")
    missing: list[str] = Field(
        default_factory=list, description="the inputs that nobody stated; with one missing the figure is null"
    )
    stage: FormStage | None = Field(
        None,
        description="the forms that it is read from: official, preliminary or mixed; null where nothing is stated",
    )
    reassessment_required: bool = Field(
        description="the figure does not add up over units that merged; it must be assessed anew"
    )
    comparable_from: date | None = Field(
        None, description="values before this day follow another definition; null when there is no break"
    )
    catalogue_version: str | None = Field(None, description="version of the catalogue that it is made by")
    withheld: bool = Field(False, description="whether its values are withheld from public reads")
    caveat: CaveatOut | None = Field(
        description="what a reader has to know, such as that a unit was divided without weights"
    )

    @classmethod
    def from_evaluated(
        cls,
        unit: Unit,
        series: SeriesName,
        evaluated: EvaluatedFigure | None,
        target: Target | None,
        caveat: CaveatOut | None,
        *,
        comparable_from: date | None = None,
        catalogue_version: str | None = None,
    ) -> Self:
        """Serialize a figure; None where it cannot be made, which the caveat explains."""
        computed = evaluated.value if evaluated else None
        return cls(
            unit=unit.code,
            unit_name=unit.full_name,
            unit_kind=unit.kind,
            unit_since=unit.valid_from,
            **series._asdict(),
            value=computed.value if computed else None,
            numerator=computed.numerator if computed else None,
            denominator=computed.denominator if computed else None,
            target=None if target is None else target.value,
            target_kind=None if target is None else target.kind,
            target_upper=None if target is None else target.upper,
            coverage=CoverageOut.from_coverage(find_least_covered(evaluated.by_input)) if evaluated else None,
            status=computed.status if computed else None,
            missing=list(computed.missing) if computed else [],
            stage=computed.stage if computed else None,
            reassessment_required=bool(evaluated and evaluated.reassess),
            comparable_from=comparable_from,
            catalogue_version=catalogue_version,
            caveat=caveat,
        )

    @classmethod
    def without_value(
        cls, unit: Unit, series: SeriesName, caveat: Caveat | None, catalogue_version: str | None
    ) -> Self:
        """Serialize a figure that cannot be made of a unit."""
        caveat_out = CaveatOut.from_caveat(caveat)
        return cls.from_evaluated(unit, series, None, None, caveat_out, catalogue_version=catalogue_version)


class MapValuesOut(BaseModel):
    """Figures of every unit of a level in a unit, for a map."""

    repeated_in_rows: ClassVar[tuple[str, ...]] = ("period", "basis", "map")

    unit: FigureUnitOut
    period: str = Field(description="SDMX time period")
    level: MapLevel = Field(description="level of the units")
    basis: BasisName = Field(description="which observations count")
    map: date = Field(description="the day whose administrative map is read; `/v1/tiles?on=` has its tiles")
    as_of: datetime | None = Field(description="newest change included")
    indicators: list[MapIndicatorOut] = Field(description="the figures that are shown")
    items: list[MapValueOut] = Field(description="a row for each unit, by code, and figure")
