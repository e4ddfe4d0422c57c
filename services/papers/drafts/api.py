"""The route of drafts: a Word file that a clerk edited, compared with its figures."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from services.papers.drafts.refusals import to_draft_refusal
from services.papers.drafts.schemas import DraftCheckOut, DraftFaultOut
from services.papers.issues.schemas import MEDIA_TYPES
from services.papers.issues.store import get_issue
from services.papers.jobs.runner import CurrentJobs
from shared.kit.database import Database
from shared.kit.exact_json import read_json
from shared.kit.representations import UnsupportedMediaType
from shared.kit.resources import CurrentResources
from shared.kit.routes import OperationRoute
from shared.roles import READ

DOCX = MEDIA_TYPES["docx"]
BINARY = "application/octet-stream"
FILE_CONTENT: dict[str, Any] = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in (DOCX, BINARY)
}

router = APIRouter(prefix="/v1/papers/issues", tags=["issues"], route_class=OperationRoute)


@router.post(
    "/{issue_id}/drafts",
    summary="Check an edited draft",
    dependencies=[Depends(READ)],
    openapi_extra={"requestBody": {"required": True, "content": FILE_CONTENT}},
)
async def check_issue_draft(
    *,
    request: Request,
    jobs: CurrentJobs,
    resources: CurrentResources,
    issue_id: uuid.UUID,
    dry_run: Annotated[bool, Query(description="no difference: nothing is ever kept")] = False,  # noqa: ARG001 (every write takes it)
) -> DraftCheckOut:
    """Check a Word file that was edited: words are free, each figure that no longer equals its source is named. Nothing is kept."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in FILE_CONTENT:
        raise UnsupportedMediaType(media_type, FILE_CONTENT)
    async with resources.get(Database).reading() as session:
        row = await get_issue(session, issue_id)
    check, _ = await jobs.run("check_draft", read_json(row.content)["filled"], await request.body())
    if "refused" in check:
        raise to_draft_refusal(check["refused"])
    return DraftCheckOut(
        issue=issue_id,
        by=check["by"],
        compared=check["compared"],
        whole=not check["faults"],
        items=[DraftFaultOut(**fault) for fault in check["faults"]],
    )
