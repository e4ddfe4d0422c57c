"""The route of the standards of districts and the province."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.rural.criteria.api import CurrentCriteriaSets
from services.rural.standards.queries import evaluate_standards
from services.rural.standards.rules import AreaStandards, with_criteria
from services.rural.standards.schemas import StandardsOut
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import PublicContext
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1/rural", tags=["standards"], route_class=TransactionRoute)

CurrentAreaStandards = Annotated[AreaStandards, Depends(resource(AreaStandards))]


@router.get("/standards", summary="Read the standards of districts and the province")
async def read_standards(
    *,
    context: PublicContext,
    standards: CurrentAreaStandards,
    sets: CurrentCriteriaSets,
    unit: UnitQuery,
    on: Annotated[IsoDate | None, Query(description="the day of the results; today when left out")] = None,
    as_of: AsOf = None,
) -> StandardsOut:
    """Read the conditions of the standards of districts, cities and the province: which are met, missing or unknown.

    A huyện is judged as a new rural district, and as an advanced one; a thị xã or thành phố by whether it completed its tasks.

    They are computed from recognized communes and from the accepted reports of districts for the latest year that ended.
    """
    day = on or local_day(context.now)
    judged_by = with_criteria(standards, sets)
    items = await evaluate_standards(context, judged_by, unit.on(day), day, as_of)
    return StandardsOut(on=day, items=items)
