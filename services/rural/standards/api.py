"""Where district and province standards are said."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from services.rural.assessments.reading import RURAL
from services.rural.assessments.store import FORM
from services.rural.recognitions.store import held_by
from services.rural.standards.rules import (
    Condition,
    Facts,
    Judged,
    Stated,
    judge,
    standard_met,
    stated_indicators,
)
from services.rural.standards.store import stated_last
from shared.kit.days import Day
from shared.kit.decimals import Number
from shared.kit.feed import AsOf
from shared.kit.identity import PublicReader
from shared.kit.problems import Sentence
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.desk import Desk, TheDesk
from shared.territory.asked import UnitAsked
from shared.territory.units import Unit

router = APIRouter(prefix="/v1/rural", tags=["standards"], route_class=TransactionRoute)

A_REPORT = Sentence(
    "Báo cáo {form} hằng năm nêu {stated}", "A yearly report on the form {form} that states {stated}"
)
STATES: Mapping[bool | None, Literal["met", "not_met", "unknown"]] = {
    True: "met",
    False: "not_met",
    None: "unknown",
}


class ConditionOut(BaseModel):
    """How a unit stands against one condition."""

    code: str = Field(description="code of the condition")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    state: Literal["met", "not_met", "unknown"] = Field(
        description="unknown: `supplied_by` says what would tell"
    )
    met: bool | None = Field(description="whether it is met; null while unknown")
    having: int | None = Field(
        description="communes, townships or criteria that have what it asks for; null for a stated percentage"
    )
    of: int | None = Field(description="out of how many")
    percent: Number | None = Field(description="having by of, or the percentage stated")
    least_percent: Number = Field(description="the share that is asked for, in percent")
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
    legal_basis: str = Field(description="the decision behind it")
    confidence: str = Field(description="how sure the threshold is")

    @classmethod
    def of_judged(cls, it: Judged) -> Self:
        """Say how a unit stands against a condition."""
        condition = it.condition
        supplied_by = _supplied_by(it) if it.met is None else None
        return cls(
            code=condition.code,
            label=condition.label.vi,
            label_en=condition.label.en,
            state=STATES[it.met],
            met=it.met,
            having=it.having,
            of=it.of,
            percent=it.percent,
            least_percent=condition.least_percent,
            needed=it.needed,
            lacking=list(it.lacking),
            unstated=list(it.unstated),
            supplied_by=supplied_by.vi if supplied_by else None,
            supplied_by_en=supplied_by.en if supplied_by else None,
            periods=sorted(it.periods),
            legal_basis=condition.legal_basis,
            confidence=condition.confidence,
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


@dataclass(frozen=True)
class _Known:
    """What is known below the unit asked about on a day."""

    desk: Desk
    day: dt.date
    held: Mapping[str, set[str]]
    stated: Mapping[tuple[str, str], Stated]

    def of(self, unit: Unit) -> Facts:
        """Give what is known of one unit."""
        by_kind: dict[str, list[str]] = defaultdict(list)
        for each in self.desk.territory.communes(unit.code, self.day):
            by_kind[each.kind].append(each.code)
        rural = [code for kind in RURAL for code in by_kind[kind]]
        return Facts(unit.code, rural, self.held, by_kind, self.stated)


async def _conditions(request: Request) -> tuple[Condition, ...]:
    conditions: tuple[Condition, ...] = request.app.state.standards
    return conditions


@router.get("/standards", summary="Read how districts and the province stand")
async def read_standards(
    *,
    desk: TheDesk,
    _: PublicReader,
    conditions: Annotated[tuple[Condition, ...], Depends(_conditions)],
    unit: UnitAsked,
    on: Annotated[Day | None, Query(description="the day that is read; today when left out")] = None,
    as_of: AsOf = None,
) -> StandardsOut:
    """Read the conditions of the district and province standards, what they lack, and what is not known.

    They are computed from recognized communes and from what districts state, accepted, for the latest year that had ended.
    """
    day = on or local_day(desk.now)
    top = unit.on(day)
    judged = [each for each in desk.territory.children(top.code, day) if each.level == "district"]
    if top.level in ("province", "district"):
        judged.insert(0, top)
    communes = [each.code for each in desk.territory.communes(top.code, day)]
    held = await held_by(desk.session, communes, day, as_of)
    levels = {code: {level for level, _set in rows} for code, rows in held.items()}
    units = [each.code for each in judged] + communes
    stated = await stated_last(desk.session, units, stated_indicators(conditions), day, as_of)
    known = _Known(desk, day, levels, stated)
    return StandardsOut(on=day, items=[_standard(each, conditions, known) for each in judged])


def _standard(unit: Unit, conditions: tuple[Condition, ...], known: _Known) -> StandardOut:
    judged = judge(conditions, unit.level, known.day, known.of(unit))
    return StandardOut(
        unit=unit.code,
        name=unit.full_name,
        level=unit.level,
        met=standard_met(judged),
        conditions=[ConditionOut.of_judged(it) for it in judged],
    )


def _supplied_by(it: Judged) -> Sentence | None:
    """Tell what would answer a condition that is open."""
    condition = it.condition
    if condition.indicator is None:
        named = ", ".join(it.unstated)
    else:
        named = f"{condition.indicator} ({', '.join(it.unstated)})"
    if not it.unstated:
        return condition.supplied_by
    return Sentence(A_REPORT.vi.format(form=FORM, stated=named), A_REPORT.en.format(form=FORM, stated=named))
