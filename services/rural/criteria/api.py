"""The routes of criteria sets."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.rural.criteria.program_tables import get_criteria_sets
from services.rural.criteria.schemas import CriteriaSetDetailOut, CriteriaSetOut, CriteriaSetsOut
from services.rural.criteria.sets import CriteriaSets
from services.rural.criteria.thresholds import ThresholdsInUse
from shared.kit.problems import NotFound, Sentence
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.reporting.engine import CurrentEngine
from shared.roles import PublicReader

router = APIRouter(prefix="/v1/rural/criteria-sets", tags=["criteria"], route_class=TransactionRoute)


async def _get_criteria_sets(engine: CurrentEngine) -> CriteriaSets:
    return get_criteria_sets(engine.catalogue)


CurrentCriteriaSets = Annotated[CriteriaSets, Depends(_get_criteria_sets)]
"""The criteria sets of the catalogue in use."""
CurrentThresholds = Annotated[ThresholdsInUse, Depends(resource(ThresholdsInUse))]


class CriteriaSetNotFound(NotFound):
    """No criteria set has this code."""

    code = "criteria_set_not_found"
    detail = Sentence("Không có bộ tiêu chí {set}.", "There is no criteria set {set}.")


@router.get("", summary="List the criteria sets")
async def list_criteria_sets(*, _: PublicReader, sets: CurrentCriteriaSets) -> CriteriaSetsOut:
    """List the criteria sets: the level that each recognizes, its years and its legal basis."""
    return CriteriaSetsOut(items=[CriteriaSetOut.from_fact(criteria_set) for criteria_set in sets.values()])


@router.get("/{code}", summary="Read one criteria set")
async def read_criteria_set(
    *, _: PublicReader, sets: CurrentCriteriaSets, thresholds: CurrentThresholds, code: str
) -> CriteriaSetDetailOut:
    """Read a criteria set with its groups, criteria, indicators, and the thresholds by region and assessment year.

    A part that is not known is absent. No verdict follows from the value of an indicator without a threshold.
    """
    criteria_set = sets.get(code)
    if criteria_set is None:
        raise CriteriaSetNotFound(set=code[:60])
    return CriteriaSetDetailOut.from_set(criteria_set, thresholds.current)
