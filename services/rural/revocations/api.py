"""The route of revocations."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Response, status

from services.rural.assessments.queries import find_assessments_of_land
from services.rural.assessments.rules import list_missing
from services.rural.criteria.api import CurrentCriteriaSets
from services.rural.criteria.sets import CriteriaSets
from services.rural.models import Recognition
from services.rural.recognitions.queries import name_recognitions
from services.rural.recognitions.schemas import RecognitionOut
from services.rural.recognitions.store import PATH
from services.rural.revocations import actions
from services.rural.revocations.rules import compare_unmet
from services.rural.revocations.schemas import AssessmentComparisonOut, RevocationIn, RevokedOut
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.reporting.context import RegistrarContext, ReportingContext
from shared.reporting.registers import find_unchanged_counterpart, set_created_or_existing

router = APIRouter(prefix=PATH, tags=["recognitions"], route_class=TransactionRoute)


@router.post("/{recognition_id}/revoke", status_code=status.HTTP_201_CREATED, summary="Revoke a recognition")
async def revoke_recognition(
    *,
    context: RegistrarContext,
    sets: CurrentCriteriaSets,
    recognition_id: uuid.UUID,
    draft: Annotated[PartialBody[RevocationIn], Body()],
    response: Response,
) -> RevokedOut:
    """End a recognition by a decision with its grounds; it is in force to the day before the decision takes effect.

    Where the criteria set has rules for revocations, the criteria no longer met must be sufficient grounds: refused with
    the clause (409), or accepted by a recorded exception with its reason. A revocation is valid by its own decision; the
    answer compares its criteria with those of the latest accepted assessment.
    """
    result = await actions.revoke(context, recognition_id, draft, sets)
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    (recognition,) = await name_recognitions(context, [RecognitionOut.from_row(result.row, sets)])
    comparison = await _compare_with_assessment(context, result.row, sets)
    return RevokedOut(**recognition.model_dump(), assessed=comparison)


async def _compare_with_assessment(
    context: ReportingContext, row: Recognition, sets: CriteriaSets
) -> AssessmentComparisonOut | None:
    """Return the comparison with the latest accepted assessment for a year begun by the revocation; None without one."""
    criteria_set, revocation = sets.get(row.criteria_set), row.revocation
    if criteria_set is None or criteria_set.assessed_by is None or revocation is None:
        return None
    on = revocation.decision_date
    commune = find_unchanged_counterpart(context.territory, row.unit, row.decision_date, on)
    assessments = await find_assessments_of_land(context, commune, on, "accepted") if commune else []
    if not assessments:
        return None
    latest = assessments[-1]
    unmet = list_missing(latest.verdicts)
    only_named, only_found = compare_unmet(revocation.unmet, unmet)
    return AssessmentComparisonOut(
        period=str(latest.period),
        report=latest.report.id,
        unmet=unmet,
        only_named=only_named,
        only_found=only_found,
    )
