"""Wire forms of targets with what was done."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from shared.reporting.basis import BasisName
from shared.reporting.field_types import DimensionOut, StandardCodeOut
from shared.reporting.figures.coverage_schemas import CaveatOut, CoverageOut
from shared.reporting.figures.rules import FormStage
from shared.reporting.targets.schemas import PlanOut
from shared.territory.named_rows import NamedUnitRow

OverYears = Literal["sum", "last", "change", "mixed"]


class TargetResultOut(BaseModel):
    """A figure with its plan and what was done."""

    indicator: str = Field(description="code of the figure")
    dimension: DimensionOut = None
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    decimals: int = Field(description="decimal places to print")
    standard: StandardCodeOut = None
    better: Literal["higher", "lower"] = Field(description="which direction is better")
    withheld: bool = Field(False, description="whether its values are withheld from public reads")
    plan: PlanOut
    years: list[int] = Field(
        description="the years that state every input, by a value or as nil; of one period its year"
    )
    over_years: OverYears | None = Field(
        description="sum: the years add up; last: the last year counts; change: from the end before the first year to the last end; "
        "mixed: the inputs differ; null for one period"
    )
    coverage: CoverageOut | None = Field(
        None,
        description="what it covers, of several years the least of those that count; null for a count from a register",
    )
    missing: list[str] = Field(
        default_factory=list,
        description="the inputs that nobody stated; of several years also those that a year lacks which states others: "
        "that year does not count",
    )
    stage: FormStage | None = Field(
        None,
        description="the forms that it is read from: official, preliminary or mixed; null where nothing is stated",
    )
    reassessment_required: bool = Field(
        False, description="the figure does not add up over units that merged; it must be assessed anew"
    )
    caveat: CaveatOut | None = Field(
        None, description="what a reader has to know, such as that a unit was divided without weights"
    )

    def without_result(self) -> "TargetResultOut":
        """Return the plan alone, where what was done is withheld."""
        hidden: dict[str, object] = {
            "years": [],
            "coverage": None,
            "missing": [],
            "stage": None,
            "caveat": None,
        }
        return self.model_copy(update={**hidden, "plan": self.plan.without_result(), "withheld": True})


class TargetResultsOut(NamedUnitRow):
    """The targets of one unit and period with what was done."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period, or several years: 2021-2025")
    basis: BasisName = Field(description="which observations count")
    map: date = Field(
        description="the day whose administrative map is read: of several years the last of the last in which the unit is there"
    )
    as_of: datetime | None = Field(description="newest change included")
    catalogue_version: str | None = Field(
        None, description="version of the catalogue by which what was done is computed"
    )
    items: list[TargetResultOut]
