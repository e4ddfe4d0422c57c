"""The routes of received recognitions."""

import uuid
from typing import Annotated

from fastapi import APIRouter

from services.ethnic.recognitions import store
from services.ethnic.recognitions.schemas import ReceivedRecognitionOut, ReceivedRecognitionsPage
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.problems import NotFound, Sentence
from shared.kit.transactions import TransactionRoute
from shared.reporting.context import PublicContext
from shared.reporting.registers import UnitsQuery, require_units


class RecognitionNotReceived(NotFound):
    """No recognition with this id was received."""

    code = "recognition_unheard"
    detail = Sentence(
        "Chưa nhận được quyết định công nhận này từ chương trình nông thôn mới.",
        "No such recognition was received from the new rural program.",
    )


router = APIRouter(prefix=store.PATH, tags=["recognitions"], route_class=TransactionRoute)


@router.get("", operation_id="list_heard_recognitions", summary="List the received recognitions")
async def list_received_recognitions(
    *,
    context: PublicContext,
    unit: UnitsQuery = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> ReceivedRecognitionsPage:
    """List the recognitions of communes that the new rural program published, newest first, revoked ones included.

    The consequence for a region is `by_rule` of a classification. The state of the feed is at `/v1/ethnic/following`.
    """
    return await paging.fetch(
        context.session,
        store.select_recognitions(require_units(context.territory, unit), as_of),
        serialize=lambda row: ReceivedRecognitionOut.from_row(row[0]),
    )


@router.get("/{recognition_id}", operation_id="read_heard_recognition", summary="Read a received recognition")
async def read_received_recognition(
    *, context: PublicContext, recognition_id: uuid.UUID, as_of: AsOf = None
) -> ReceivedRecognitionOut:
    """Read one recognition as it was received: its decision, its event in the feed, and its revocation."""
    row = await store.find_recognition(context.session, recognition_id, as_of)
    if row is None:
        raise RecognitionNotReceived(recognition=str(recognition_id))
    return ReceivedRecognitionOut.from_row(row)
