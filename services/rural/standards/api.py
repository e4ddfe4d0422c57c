"""Where district and province standards are said."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from services.rural.assessments.reading import RURAL
from services.rural.recognitions.store import held_by
from services.rural.standards.rules import Condition, Judged, judge, standard_met
from shared.kit.clock import AsOf
from shared.kit.days import Day
from shared.kit.decimals import Number
from shared.kit.identity import PublicReader
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.desk import Desk, TheDesk
from shared.reporting.figures.rules import share_percent
from shared.territory.asked import UnitAsked
from shared.territory.units import Unit

router = APIRouter(prefix="/v1/rural", tags=["standards"], route_class=TransactionRoute)


class ConditionOut(BaseModel):
    """How a unit stands against one condition."""

    code: str = Field(description="code of the condition")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    met: bool | None = Field(description="whether it is met; null where this service cannot tell")
    having: int | None = Field(description="rural communes that have what it asks for")
    communes: int | None = Field(description="rural communes in the unit")
    percent: Number | None = Field(description="having by communes, in percent")
    least_percent: Number = Field(description="the share that is asked for, in percent")
    needed: int | None = Field(description="how many communes that share is, rounded up")
    lacking: list[str] = Field(description="codes of communes without it, as long as more are needed")
    legal_basis: str = Field(description="the decision behind it")
    confidence: str = Field(description="how sure the threshold is")


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
    """Read the conditions of the district and province standards, computed from recognized communes, and what lacks."""
    day = on or local_day(desk.now)
    top = unit.on(day)
    judged = [each for each in desk.territory.children(top.code, day) if each.level == "district"]
    if top.level in ("province", "district"):
        judged.insert(0, top)
    codes = [each.code for each in desk.territory.communes(top.code, day, RURAL)]
    held = await held_by(desk.session, codes, day, as_of)
    levels = {code: {level for level, _set in rows} for code, rows in held.items()}
    return StandardsOut(on=day, items=[_standard(desk, each, day, conditions, levels) for each in judged])


def _standard(
    desk: Desk, unit: Unit, day: dt.date, conditions: tuple[Condition, ...], held: Mapping[str, set[str]]
) -> StandardOut:
    communes = [each.code for each in desk.territory.communes(unit.code, day, RURAL)]
    judged = judge(conditions, unit.level, day, communes, held)
    return StandardOut(
        unit=unit.code,
        name=unit.full_name,
        level=unit.level,
        met=standard_met(judged),
        conditions=[_condition(it) for it in judged],
    )


def _condition(it: Judged) -> ConditionOut:
    known = it.having is not None and it.of is not None
    return ConditionOut(
        code=it.condition.code,
        label=it.condition.label.vi,
        label_en=it.condition.label.en,
        met=it.met,
        having=it.having,
        communes=it.of,
        percent=share_percent(it.having or 0, it.of or 0) if known else None,
        least_percent=it.condition.least_percent,
        needed=it.needed,
        lacking=list(it.lacking),
        legal_basis=it.condition.legal_basis,
        confidence=it.condition.confidence,
    )
