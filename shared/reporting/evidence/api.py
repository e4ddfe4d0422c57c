"""The routes of evidence files."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from shared.kit.representations import negotiate
from shared.kit.resources import CurrentResources
from shared.kit.transactions import TransactionRoute
from shared.periods import Period
from shared.reporting.context import (
    SCOPES_SEEING_ALL_REPORTS,
    ReaderContext,
    ReportingContext,
    SenderContext,
)
from shared.reporting.evidence import store
from shared.reporting.evidence.rules import (
    FILE_TYPES,
    EvidenceNotFound,
    EvidenceQuotaExceeded,
    check_evidence,
)
from shared.reporting.evidence.schemas import EvidenceOut
from shared.reporting.registers import set_created_or_existing
from shared.reporting.settings import ReportingSettings

router = APIRouter(prefix="/evidence", tags=["evidence"], route_class=TransactionRoute)

FILES: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILE_TYPES}
"""The content of a file in the contract, by its media type."""

Hash = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file's bytes, in hex")]


@router.put(
    "/{sha256}",
    summary="Send a file",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": FILES,
        }
    },
)
async def keep_evidence(
    *,
    context: SenderContext,
    sha256: Hash,
    request: Request,
    response: Response,
    resources: CurrentResources,
) -> EvidenceOut:
    """Send a file under the hash of its bytes, to be named by reports; sending it again changes nothing and shows when it was kept.

    A file has a type and no name: one that is sent with a file name is refused. Its bytes must be of the type; documents with
    macros are refused. The hash is that of the bytes without their content coding. The files of a client have a common quota.
    """
    content = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    check_evidence(sha256, media_type, request.headers.get("content-disposition", ""), content)
    limit_bytes = resources.get(ReportingSettings).evidence_quota_bytes
    used_bytes = await store.lock_used_bytes(context.session, context.caller.client_id)
    is_kept = bool(await store.read_senders(context.session, sha256))
    if not is_kept and used_bytes + len(content) > limit_bytes:
        raise EvidenceQuotaExceeded(used_bytes=used_bytes, limit_bytes=limit_bytes, size_bytes=len(content))
    created = await store.insert_evidence(
        context.session,
        sha256,
        media_type=media_type,
        content=content,
        by=context.caller.client_id,
        at=context.now,
    )
    set_created_or_existing(response, request.url.path, created=created)
    return EvidenceOut.model_validate(
        await store.read_description(context.session, sha256), from_attributes=True
    )


@router.get("/{sha256}", summary="Read a file", response_class=Response, responses={200: {"content": FILES}})
async def read_evidence(*, context: ReaderContext, sha256: Hash, request: Request) -> Response:
    """Read the bytes of a file: for clients that sent it, and for those who may see a report that names it.

    The report must be of a client that sent the file; to name its hash is not enough.
    """
    if not await _may_read(context, sha256):
        raise EvidenceNotFound
    file = await store.read_file(context.session, sha256)
    negotiate(",".join(request.headers.getlist("accept")), (file.media_type,))
    return Response(file.content, media_type=file.media_type, headers={"Content-Disposition": "attachment"})


async def _may_read(context: ReportingContext, sha256: str) -> bool:
    senders = await store.read_senders(context.session, sha256)
    if (
        not senders
        or context.caller.scopes & SCOPES_SEEING_ALL_REPORTS
        or context.caller.client_id in senders
    ):
        return bool(senders)
    naming = await store.read_naming_reports(context.session, sha256, senders)
    return any(context.may_read(unit, Period.parse(period)) for unit, period in naming)
