"""Where evidence is sent and read."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response, status
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from shared.kit.identity import Reader, Reporter
from shared.kit.transactions import TransactionRoute
from shared.reporting.desk import SEES_ALL, TheDesk
from shared.reporting.evidence.rules import (
    BEGINNINGS,
    EvidenceNotFound,
    refuse_unless_evidence,
)
from shared.reporting.models import EvidenceFile

router = APIRouter(prefix="/evidence", tags=["evidence"], route_class=TransactionRoute)

Hash = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file's bytes, in hex")]


class EvidenceOut(BaseModel):
    """A file that is kept."""

    sha256: str = Field(description="SHA-256 of its bytes")
    media_type: str = Field(description="its type")
    size_bytes: int = Field(description="its size in bytes")
    kept_at: datetime = Field(description="when it was kept")


@router.put(
    "/{sha256}",
    summary="Send a file",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in BEGINNINGS},
        }
    },
)
async def keep_evidence(
    *,
    desk: TheDesk,
    caller: Reporter,
    sha256: Hash,
    request: Request,
    response: Response,
) -> EvidenceOut:
    """Send a file under the hash of its bytes, to be named by reports; sending it again changes nothing and says when it was kept.

    It has a type and no name: one that comes with a file name is refused.
    """
    content = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    refuse_unless_evidence(sha256, media_type, request.headers.get("content-disposition", ""), content)
    kept = await desk.session.execute(
        insert(EvidenceFile)
        .values(
            sha256=sha256,
            media_type=media_type,
            size_bytes=len(content),
            content=content,
            client_id=caller.client_id,
            kept_at=desk.now,
        )
        .on_conflict_do_nothing()
        .returning(EvidenceFile.sha256)
    )
    response.status_code = status.HTTP_201_CREATED if kept.first() else status.HTTP_200_OK
    columns = EvidenceFile.sha256, EvidenceFile.media_type, EvidenceFile.size_bytes, EvidenceFile.kept_at
    found = await desk.session.execute(select(*columns).where(EvidenceFile.sha256 == sha256))
    return EvidenceOut.model_validate(found.one(), from_attributes=True)


@router.get("/{sha256}", summary="Read a file", response_class=Response)
async def read_evidence(*, desk: TheDesk, caller: Reader, sha256: Hash) -> Response:
    """Read a file's bytes: for the client that sent it, and for those who see every report of the program."""
    found = await desk.session.scalar(select(EvidenceFile).where(EvidenceFile.sha256 == sha256))
    if found is None or not (caller.scopes & SEES_ALL or found.client_id == caller.client_id):
        raise EvidenceNotFound
    return Response(found.content, media_type=found.media_type, headers={"Content-Disposition": "attachment"})
