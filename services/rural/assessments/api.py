"""The route of the criteria over the communes of a unit, and the query that it shares with the list of communes."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.rural.assessments import queries
from services.rural.assessments.queries import AssessmentQuery
from services.rural.assessments.schemas import CriteriaOut
from shared.kit.change_feed import AsOf
from shared.kit.transactions import TransactionRoute
from shared.periods import Period
from shared.reporting.basis import Basis
from shared.reporting.context import PublicContext
from shared.reporting.query_params import StandardQuery, period_filter
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1/rural", tags=["assessments"], route_class=TransactionRoute)


async def _resolve_query(
    context: PublicContext,
    basis: Basis,
    unit: UnitQuery,
    period: Annotated[
        Period | None, period_filter("period", "year of the assessment; the latest one when left out")
    ],
    standard: StandardQuery = None,
    as_of: AsOf = None,
) -> AssessmentQuery:
    return await queries.resolve_query(context, unit, period, basis, as_of, standard)


RequestedAssessments = Annotated[AssessmentQuery, Depends(_resolve_query)]


@router.get("/criteria", summary="Count the communes that meet each criterion")
async def read_criteria(*, context: PublicContext, query: RequestedAssessments) -> CriteriaOut:
    """Read how many communes meet each criterion, the weakest criteria, the groups and the average."""
    return await queries.summarize_criteria(context, query)
