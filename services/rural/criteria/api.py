"""Where criteria sets are said."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.rural.criteria.schemas import CriteriaSetOut, CriteriaSetsOut, CriteriaSetWholeOut
from services.rural.criteria.sets import CriteriaSets
from services.rural.criteria.thresholds import Thresholds
from shared.kit.problems import NotFound, Sentence
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.roles import PublicReader

router = APIRouter(prefix="/v1/rural/criteria-sets", tags=["criteria"], route_class=TransactionRoute)


class CriteriaSetNotFound(NotFound):
    """No criteria set has this code."""

    code = "criteria_set_not_found"
    detail = Sentence("Không có bộ tiêu chí {set}.", "There is no criteria set {set}.")


TheSets = Annotated[CriteriaSets, Depends(resource(CriteriaSets))]
TheThresholds = Annotated[Thresholds, Depends(resource(Thresholds))]


@router.get("", summary="List the criteria sets")
async def list_criteria_sets(*, _: PublicReader, sets: TheSets) -> CriteriaSetsOut:
    """Read which criteria sets there are: what each recognizes, for which years, on which legal basis."""
    return CriteriaSetsOut(items=[CriteriaSetOut.from_fact(criteria_set) for criteria_set in sets.values()])


@router.get("/{code}", summary="Read one criteria set")
async def read_criteria_set(
    *, _: PublicReader, sets: TheSets, thresholds: TheThresholds, code: str
) -> CriteriaSetWholeOut:
    """Read a criteria set whole: groups, criteria, indicators, and the thresholds by region and assessment year.

    What was not found is absent and says so: an indicator without a threshold is not decided from values.
    """
    criteria_set = sets.get(code)
    if criteria_set is None:
        raise CriteriaSetNotFound(set=code[:60])
    return CriteriaSetWholeOut.from_set(criteria_set, thresholds)
