"""Where district and province standards are said."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.rural.assessments.reading import RURAL
from services.rural.recognitions.in_force import held_by
from services.rural.standards.rules import (
    Facts,
    StandardConditions,
    Stated,
    judge,
    standard_met,
    stated_indicators,
)
from services.rural.standards.schemas import ConditionOut, StandardOut, StandardsOut
from services.rural.standards.store import stated_last
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import PublicContext, ReportingContext
from shared.territory.query_params import UnitQuery
from shared.territory.units import Unit

router = APIRouter(prefix="/v1/rural", tags=["standards"], route_class=TransactionRoute)


@dataclass(frozen=True)
class _Known:
    """What is known below the unit asked about on a day."""

    context: ReportingContext
    day: dt.date
    held: Mapping[str, set[str]]
    stated: Mapping[tuple[str, str], Stated]

    def of(self, unit: Unit) -> Facts:
        """Give what is known of one unit."""
        by_kind: dict[str, list[str]] = defaultdict(list)
        for each in self.context.territory.communes(unit.code, self.day):
            by_kind[each.kind].append(each.code)
        rural = [code for kind in RURAL for code in by_kind[kind]]
        return Facts(unit.code, rural, self.held, by_kind, self.stated)


@router.get("/standards", summary="Read how districts and the province stand")
async def read_standards(
    *,
    context: PublicContext,
    conditions: Annotated[StandardConditions, Depends(resource(StandardConditions))],
    unit: UnitQuery,
    on: Annotated[IsoDate | None, Query(description="the day that is read; today when left out")] = None,
    as_of: AsOf = None,
) -> StandardsOut:
    """Read the conditions of the district and province standards, what they lack, and what is not known.

    They are computed from recognized communes and from what districts state, accepted, for the latest year that had ended.
    """
    day = on or local_day(context.now)
    top = unit.on(day)
    judged = [each for each in context.territory.children(top.code, day) if each.level == "district"]
    if top.level in ("province", "district"):
        judged.insert(0, top)
    communes = [each.code for each in context.territory.communes(top.code, day)]
    held = await held_by(context.session, communes, day, as_of)
    levels = {code: {level for level, _set in rows} for code, rows in held.items()}
    units = [each.code for each in judged] + communes
    stated = await stated_last(context.session, units, stated_indicators(conditions), day, as_of)
    known = _Known(context, day, levels, stated)
    return StandardsOut(on=day, items=[_standard(each, conditions, known) for each in judged])


def _standard(unit: Unit, conditions: StandardConditions, known: _Known) -> StandardOut:
    judged = judge(conditions, unit.level, known.day, known.of(unit))
    return StandardOut(
        unit=unit.code,
        name=unit.full_name,
        level=unit.level,
        met=standard_met(judged),
        conditions=[ConditionOut.from_judged(row) for row in judged],
    )
