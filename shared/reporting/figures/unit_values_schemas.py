"""Wire forms of the figures of the units of a map."""

from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.catalogue import SeriesName
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.engine import Caveat
from shared.reporting.field_types import DimensionOut, StandardCodeOut
from shared.reporting.figures.coverage import find_least_covered
from shared.reporting.figures.coverage_schemas import CaveatOut, CoverageOut
from shared.reporting.figures.schemas import FigureUnitOut
from shared.reporting.figures.unit_reading import EvaluatedFigure
from shared.reporting.models import Target
from shared.reporting.report_content import Status
from shared.territory.units import Unit

MapLevel = Literal["district", "commune", "village"]

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
    "coverage": {"reported": 1, "nil": 0, "expected": 1},
    "status": "official",
    "reassessment_required": False,
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
    coverage: CoverageOut | None = Field(description="what it covers; null for a count from a register")
    status: Status | None = Field(description="the least certain status of the values in it")
    reassessment_required: bool = Field(
        description="the figure does not add up over units that merged; it must be assessed anew"
    )
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
            coverage=CoverageOut.from_coverage(find_least_covered(evaluated.by_input)) if evaluated else None,
            status=computed.status if computed else None,
            reassessment_required=bool(evaluated and evaluated.reassess),
            caveat=caveat,
        )

    @classmethod
    def without_value(cls, unit: Unit, series: SeriesName, caveat: Caveat | None) -> Self:
        """Serialize a figure that cannot be made of a unit."""
        return cls.from_evaluated(unit, series, None, None, CaveatOut.from_caveat(caveat))


class MapValuesOut(BaseModel):
    """Figures of every unit of a level in a unit, for a map."""

    unit: FigureUnitOut
    period: str = Field(description="SDMX time period")
    level: MapLevel = Field(description="the level of the units")
    basis: BasisName = Field(description="which observations count")
    map: date = Field(description="the day whose administrative map is read; `/v1/tiles?on=` has its tiles")
    as_of: datetime | None = Field(description="newest change included")
    indicators: list[MapIndicatorOut] = Field(description="the figures that are shown")
    items: list[MapValueOut] = Field(description="a row for each unit, by code, and figure")
