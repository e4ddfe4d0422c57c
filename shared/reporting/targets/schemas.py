"""Wire forms of targets."""

from datetime import date, datetime
from decimal import Decimal
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.catalogue.definitions import BetterDirection
from shared.reporting.catalogue.dimensions import SeriesName
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import Amount, DimensionIn, DimensionOut, StandardCodeOut, StandardIn
from shared.reporting.models import Target
from shared.reporting.targets.rules import METHODS, AchievementMethod, TargetKind, compute_achievement
from shared.reporting.targets.store import to_plan
from shared.territory.named_rows import NamedUnitRow


class TargetIn(BaseModel):
    """A planned value."""

    model_config = ConfigDict(extra="forbid")

    indicator: str = Field(min_length=1, max_length=100, description="code of a figure of the catalogue")
    kind: TargetKind = Field("value", description="a value, a bound (at_least, at_most) or a range")
    dimension: DimensionIn | None = None
    value: Amount
    upper: Amount | None = Field(None, description="the upper bound of a range; value is then the lower one")
    standard: StandardIn = None


class TargetsIn(BaseModel):
    """The plan of a decision for a unit and period."""

    model_config = ConfigDict(extra="forbid")

    decision: DecisionIn
    targets: list[TargetIn] = Field(max_length=500, description="planned values by figure")


class TargetOut(NamedUnitRow):
    """A planned value with its decision."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period, or several years: 2021-2025")
    indicator: str = Field(description="code of the figure")
    dimension: DimensionOut = None
    standard: StandardCodeOut = None
    kind: TargetKind = Field(description="a value, a bound (at_least, at_most) or a range")
    value: JsonDecimal = Field(
        description="planned value, in the figure's unit of measure; of a range the lower bound"
    )
    upper: JsonDecimal | None = Field(description="upper bound of a range; null for the other kinds")
    decision_number: str = Field(description="number of the decision")
    decision_date: date = Field(description="date of the decision")
    set_at: datetime = Field(description="when it was recorded")

    @classmethod
    def from_target(cls, target: Target, series: SeriesName) -> Self:
        """Serialize a target of a series."""
        of_row = cls.model_validate(target, from_attributes=True)
        return of_row.model_copy(update=series._asdict())


class PlanOut(BaseModel):
    """The plan for a figure, the result, the achieved part of the plan, and how this part is computed."""

    kind: TargetKind = Field(description="a value, a bound (at_least, at_most) or a range")
    value: JsonDecimal = Field(description="planned value; of a range the lower bound")
    upper: JsonDecimal | None = Field(description="upper bound of a range; null for the other kinds")
    done: JsonDecimal | None = Field(description="what was done: the value of the figure")
    achieved_percent: JsonDecimal | None = Field(
        description="how much of the plan was achieved; above 100 is better than planned; null where it would divide by zero"
    )
    met: bool | None = Field(description="whether the plan is met; null while it is unknown what was done")
    method: AchievementMethod = Field(description="how the percentage is computed")
    method_text: str = Field(description="the same in words, in Vietnamese")
    method_text_en: str = Field(description="the same in words, in English")
    decision_number: str = Field(description="number of the decision that plans it")
    decision_date: date = Field(description="date of that decision")

    @classmethod
    def from_target(cls, target: Target, done: Decimal | None, better: BetterDirection) -> Self:
        """Serialize a target beside what was done."""
        achievement = compute_achievement(done, to_plan(target), better)
        method = METHODS[achievement.method]
        return cls(
            kind=target.kind,
            value=target.value,
            upper=target.upper,
            done=done,
            achieved_percent=achievement.percent,
            met=achievement.met,
            method=achievement.method,
            method_text=method.vi,
            method_text_en=method.en,
            decision_number=target.decision_number,
            decision_date=target.decision_date,
        )

    def without_result(self) -> Self:
        """Return the plan alone, where what was done is withheld."""
        return self.model_copy(update={"done": None, "achieved_percent": None, "met": None})


class TargetsOut(BaseModel):
    """The planned values in force."""

    items: list[TargetOut]
