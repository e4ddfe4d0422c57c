"""How standards are said."""

import datetime as dt
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.rural.assessments.store import FORM
from services.rural.standards.rules import Judged
from shared.dated_facts.schemas import BasisOut, LabelOut
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.problems import Sentence

A_REPORT = Sentence(
    "Báo cáo {form} hằng năm nêu {stated}", "A yearly report on the form {form} that states {stated}"
)
STATES: Mapping[bool | None, Literal["met", "not_met", "unknown"]] = {
    True: "met",
    False: "not_met",
    None: "unknown",
}


class ConditionOut(LabelOut, BasisOut):
    """How a unit stands against one condition."""

    code: str = Field(description="code of the condition")
    state: Literal["met", "not_met", "unknown"] = Field(
        description="unknown: `supplied_by` says what would tell"
    )
    met: bool | None = Field(description="whether it is met; null while unknown")
    having: int | None = Field(
        description="communes, townships or criteria that have what it asks for; null for a stated percentage"
    )
    of: int | None = Field(description="out of how many")
    percent: JsonDecimal | None = Field(description="having by of, or the percentage stated")
    least_percent: JsonDecimal = Field(description="the share that is asked for, in percent")
    needed: int | None = Field(description="how many that share is, rounded up")
    lacking: list[str] = Field(
        description="codes of units or criteria without it, as long as more are needed"
    )
    unstated: list[str] = Field(
        description="codes of those of which nobody states it, as long as more are needed"
    )
    supplied_by: str | None = Field(description="what would answer it, in Vietnamese; null where it is known")
    supplied_by_en: str | None = Field(description="what would answer it, in English")
    periods: list[str] = Field(description="the assessments it is read from; none for recognitions in force")

    @classmethod
    def from_judged(cls, judged: Judged) -> Self:
        """Serialize how a unit stands against a condition."""
        supplied_by = _supplied_by(judged) if judged.met is None else None
        return cls.from_fact(
            judged.condition,
            state=STATES[judged.met],
            met=judged.met,
            having=judged.having,
            of=judged.of,
            percent=judged.percent,
            needed=judged.needed,
            lacking=list(judged.lacking),
            unstated=list(judged.unstated),
            supplied_by=supplied_by.vi if supplied_by else None,
            supplied_by_en=supplied_by.en if supplied_by else None,
            periods=sorted(judged.periods),
        )


class StandardOut(BaseModel):
    """How one unit stands against its standard."""

    unit: str = Field(description="code of the unit")
    name: str = Field(description="its name with its kind")
    level: str = Field(description="district or province")
    met: bool | None = Field(description="no when a condition fails, null while one is unknown")
    conditions: list[ConditionOut]


class StandardsOut(BaseModel):
    """A unit and the districts right below it, against their standards."""

    on: dt.date = Field(description="the day that is read")
    items: list[StandardOut]


def _supplied_by(it: Judged) -> Sentence | None:
    """Tell what would answer a condition that is open."""
    condition = it.condition
    if condition.indicator is None:
        named = ", ".join(it.unstated)
    else:
        named = f"{condition.indicator} ({', '.join(it.unstated)})"
    if not it.unstated:
        return condition.supplied_by
    return A_REPORT.filled(form=FORM, stated=named)
