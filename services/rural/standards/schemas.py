"""Standards of districts and the province on the wire."""

import datetime as dt
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, Field

from services.rural.assessments.store import FORM
from services.rural.standards.rules import AreaStandard, ConditionResult, is_standard_met
from shared.dated_facts.schemas import BasisOut, LabelOut
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.problems import Sentence
from shared.territory.named_rows import NamedUnitRow
from shared.territory.units import Unit

REPORT_NEEDED = Sentence(
    "Báo cáo {form} hằng năm nêu {stated}", "A yearly report on the form {form} that states {stated}"
)
STATES: Mapping[bool | None, Literal["met", "not_met", "unknown"]] = {
    True: "met",
    False: "not_met",
    None: "unknown",
}


class ConditionOut(LabelOut, BasisOut):
    """The result of one condition for a unit."""

    code: str = Field(description="code of the condition")
    state: Literal["met", "not_met", "unknown"] = Field(
        description="unknown: `supplied_by` names what would answer it"
    )
    met: bool | None = Field(description="whether it is met; null while unknown")
    having: int | None = Field(
        description="communes, townships or criteria that satisfy it; null for a reported percentage"
    )
    of: int | None = Field(description="how many are counted")
    percent: JsonDecimal | None = Field(description="having by of, or the reported percentage")
    least_percent: JsonDecimal = Field(description="the share that is required, in percent")
    needed: int | None = Field(description="how many that share is, rounded up")
    lacking: list[str] = Field(
        description="codes of the units or criteria that do not satisfy the condition, while more are needed"
    )
    unstated: list[str] = Field(description="codes of those without a reported value, while more are needed")
    supplied_by: str | None = Field(
        description="what data would decide the condition, in Vietnamese; null where it is decided"
    )
    supplied_by_en: str | None = Field(description="what data would decide the condition, in English")
    periods: list[str] = Field(
        description="the periods of the reported values; none for recognitions in force"
    )

    @classmethod
    def from_result(cls, result: ConditionResult) -> Self:
        """Serialize the result of a condition."""
        supplied_by = _name_source(result) if result.met is None else None
        return cls.from_fact(
            result.condition,
            state=STATES[result.met],
            met=result.met,
            having=result.having,
            of=result.total,
            percent=result.percent,
            needed=result.needed,
            lacking=list(result.lacking),
            unstated=list(result.unstated),
            supplied_by=supplied_by.vi if supplied_by else None,
            supplied_by_en=supplied_by.en if supplied_by else None,
            periods=sorted(result.periods),
        )


class StandardResultOut(LabelOut, BasisOut):
    """A standard and the results of its conditions for a unit."""

    code: str = Field(description="code of the standard")
    met: bool | None = Field(description="false where a condition fails, null while one is unknown")
    conditions: list[ConditionOut]

    @classmethod
    def from_results(cls, standard: AreaStandard, results: list[ConditionResult]) -> Self:
        """Serialize the results of a standard."""
        conditions = [ConditionOut.from_result(result) for result in results]
        return cls.from_fact(standard, met=is_standard_met(results), conditions=conditions)


class StandardOut(NamedUnitRow):
    """One unit and the conditions of its standards."""

    unit: str = Field(description="code of the unit")
    name: str = Field(description="name with its kind")
    level: str = Field(description="district or province")
    kind: str = Field(
        description="its kind, which decides its standards: a huyện has others than a thị xã or thành phố"
    )
    met: bool | None = Field(
        description="whether its first standard is met: false where a condition fails, null while one is unknown"
    )
    conditions: list[ConditionOut] = Field(description="the conditions of its first standard")
    standards: list[StandardResultOut] = Field(
        description="the standards of units of its kind; none before they were in force"
    )

    @classmethod
    def from_unit(cls, unit: Unit, judged: list[StandardResultOut]) -> Self:
        """Serialize a unit with the results of its standards."""
        return cls(
            unit=unit.code,
            unit_name=unit.full_name,
            unit_kind=unit.kind,
            unit_since=unit.valid_from,
            name=unit.full_name,
            level=unit.level,
            kind=unit.kind,
            met=judged[0].met if judged else None,
            conditions=judged[0].conditions if judged else [],
            standards=judged,
        )


class StandardsOut(BaseModel):
    """A unit and the districts directly below it, with the conditions of their standards."""

    on: dt.date = Field(description="the day of the results")
    items: list[StandardOut]


def _name_source(result: ConditionResult) -> Sentence | None:
    """Return what would answer a condition that is unknown."""
    if not result.unstated:
        return result.condition.supplied_by
    codes = ", ".join(result.unstated)
    indicator = result.condition.indicator
    return REPORT_NEEDED.filled(form=FORM, stated=codes if indicator is None else f"{indicator} ({codes})")
