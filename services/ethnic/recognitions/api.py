"""Where the recognitions that were heard are said."""

import uuid

from fastapi import APIRouter, Request, Response

from services.ethnic.recognitions import store
from services.ethnic.recognitions.schemas import HeardRecognitionOut, HeardRecognitionsPage
from shared.kit.change_feed import AsOf
from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.problems import NotFound, Sentence
from shared.kit.transactions import TransactionRoute
from shared.reporting.context import PublicContext
from shared.reporting.registers import UnitsQuery, parse_units


class RecognitionUnheard(NotFound):
    """No recognition of this id was heard."""

    code = "recognition_unheard"
    detail = Sentence(
        "Chưa nhận được quyết định công nhận này từ chương trình nông thôn mới.",
        "No such recognition was heard from the new rural program.",
    )


router = APIRouter(prefix=store.PATH, tags=["recognitions"], route_class=TransactionRoute)


@router.get("", summary="List the recognitions that were heard")
async def list_heard_recognitions(
    *,
    context: PublicContext,
    request: Request,
    response: Response,
    unit: UnitsQuery = None,
    as_of: AsOf = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> HeardRecognitionsPage:
    """List the recognitions of communes that the new rural program published, newest first, revoked ones included.

    What they make of a region is `by_rule` of a classification; how far that program is followed, `/v1/ethnic/following`.
    """
    found = await fetch_page(
        context.session,
        store.listed(parse_units(context.territory, unit), as_of),
        limit=limit,
        cursor=cursor,
        said=lambda row: HeardRecognitionOut.of(row[0]),
    )
    set_next_link(request, response, found.next)
    return found


@router.get("/{recognition_id}", summary="Read a recognition that was heard")
async def read_heard_recognition(
    *, context: PublicContext, recognition_id: uuid.UUID, as_of: AsOf = None
) -> HeardRecognitionOut:
    """Read one recognition as it was heard: its decision, the change that told it, and what ended it."""
    row = await store.find(context.session, recognition_id, as_of)
    if row is None:
        raise RecognitionUnheard(recognition=str(recognition_id))
    return HeardRecognitionOut.of(row)
