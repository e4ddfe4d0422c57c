"""Where revocations are said."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Response, status

from services.rural.criteria.api import TheSets
from services.rural.recognitions.schemas import RecognitionOut, RevokedOut
from services.rural.recognitions.store import PATH
from services.rural.revocations import actions
from services.rural.revocations.reading import assessed_last
from services.rural.revocations.schemas import RevocationIn
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.reporting.context import RegistrarContext
from shared.reporting.registers import set_created_or_existing

router = APIRouter(prefix=PATH, tags=["recognitions"], route_class=TransactionRoute)


@router.post("/{recognition_id}/revoke", status_code=status.HTTP_201_CREATED, summary="Revoke a recognition")
async def revoke_recognition(
    *,
    context: RegistrarContext,
    sets: TheSets,
    recognition_id: uuid.UUID,
    draft: Annotated[PartialBody[RevocationIn], Body()],
    response: Response,
) -> RevokedOut:
    """End a recognition by a decision with its grounds; it is in force to the day before that decision.

    Where the set says when a recognition is to be revoked, the criteria no longer met must be ground enough: refused with
    the clause (409), or accepted by a recorded exception with its reason. Where they differ from the latest accepted
    assessment, the answer says so: a revocation rests on its own decision.
    """
    kept = await actions.revoke(context, recognition_id, draft, sets)
    set_created_or_existing(response, f"{PATH}/{kept.row.id}", created=kept.created)
    said = RecognitionOut.of(kept.row, sets)
    return RevokedOut(**said.model_dump(), assessed=await assessed_last(context, kept.row, sets))
