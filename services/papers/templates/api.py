"""The routes of templates: upload one, list them, read a version."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import TypeAdapter

from services.papers.documents.shipped_templates import load_shipped_templates
from services.papers.documents.templates import Template
from services.papers.gateway import CurrentGateway
from services.papers.issues.route import PreparedRequest, PreparingRoute
from services.papers.issues.rules import RESERVED, ReservedTemplate
from services.papers.issues.schemas import MEDIA_TYPES
from services.papers.jobs.runner import CurrentJobs
from services.papers.models import TemplateRow
from services.papers.templates import store
from services.papers.templates.actions import prepare_template
from services.papers.templates.refusals import TemplateRecorded, TemplateVersionNotFound
from services.papers.templates.schemas import (
    TEMPLATE_PATTERN,
    TemplateOut,
    TemplatesPage,
    TemplateSummary,
    UploadQuery,
)
from shared.kit.database import UnitOfWork
from shared.kit.paging import Paging, paged_by
from shared.kit.representations import JSON, UnsupportedMediaType, negotiate
from shared.kit.transactions import TransactionRoute
from shared.reporting.field_types import Sha256
from shared.roles import OverseerUnitOfWork, PublicUnitOfWork

DOCX = MEDIA_TYPES["docx"]
BINARY = "application/octet-stream"
BINARY_SCHEMA = {"schema": {"type": "string", "format": "binary"}}
FILE_CONTENT: Mapping[str, Any] = dict.fromkeys((DOCX, BINARY), BINARY_SCHEMA)
KEY = TypeAdapter(tuple[str, str, str])

router = APIRouter(prefix="/v1/papers/templates", tags=["templates"], route_class=TransactionRoute)
upload_router = APIRouter(prefix="/v1/papers/templates", tags=["templates"], route_class=PreparingRoute)


@upload_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Upload a template",
    openapi_extra={"requestBody": {"required": True, "content": FILE_CONTENT}},
)
async def upload_template(
    *,
    request: PreparedRequest,
    response: Response,
    unit_of_work: OverseerUnitOfWork,
    gateway: CurrentGateway,
    jobs: CurrentJobs,
    upload: UploadQuery,
) -> TemplateOut:
    """Upload the Word file of a document, whose content controls are tagged `program.indicator[.member][.field]`.

    Money is `funding.total.disbursed_vnd`, a number of units `units.commune`; `document.number`, `document.date`, `document.unit`,
    `document.unit_name`, `document.period` and `document.year` are of the document itself. A slot that names no figure refuses the
    file; all faults are named at once. Drafts and issues of the name use the version in force at the end of their period.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in FILE_CONTENT:
        raise UnsupportedMediaType(media_type, FILE_CONTENT)
    if upload.template in RESERVED:
        raise ReservedTemplate(template=upload.template)
    row = await prepare_template(
        gateway, jobs, upload, await request.body(), caller=unit_of_work.caller, now=unit_of_work.now
    )
    if await store.find_version(unit_of_work.session, row.sha256):
        raise TemplateRecorded
    request.insert = partial(_insert, row)
    response.headers["Location"] = f"/v1/papers/templates/{row.sha256}"
    return TemplateOut.from_template(Template(row.code, row.content), row.sha256, row.recorded_at)


async def _insert(row: TemplateRow, unit_of_work: UnitOfWork) -> None:
    await store.insert_template(unit_of_work.session, row)


@router.get("", summary="List templates")
async def list_template_versions(
    *,
    unit_of_work: PublicUnitOfWork,
    template: Annotated[
        str | None, Query(pattern=TEMPLATE_PATTERN, description="code of the template")
    ] = None,
    paging: Annotated[Paging, paged_by(50)],
) -> TemplatesPage:
    """List every version of the templates, shipped and uploaded, by code and first day."""
    code = template and template.replace("-", "_")
    uploaded = await store.list_summaries(unit_of_work.session, code)
    versions = [
        TemplateSummary.from_document(shipped.document, shipped.version, None)
        for shipped in load_shipped_templates()
        if code in {None, shipped.code}
    ] + [TemplateSummary.from_document(row.content, row.sha256, row.recorded_at) for row in uploaded]
    items, following = paging.slice(versions, key=_make_key, adapter=KEY)
    return TemplatesPage(items=items, next=following)


def _make_key(summary: TemplateSummary) -> tuple[str, str, str]:
    return summary.template, summary.valid_from.isoformat(), summary.version


@router.get("/{version}", summary="Read a template", responses={200: {"content": {DOCX: BINARY_SCHEMA}}})
async def read_template_version(
    *,
    request: Request,
    unit_of_work: PublicUnitOfWork,
    version: Annotated[Sha256, Path(description="SHA-256 of the template, in hex")],
) -> TemplateOut:
    """Read a version of a template with its slots as JSON, or by `Accept` the Word file as it was uploaded."""
    accept = ",".join(request.headers.getlist("accept"))
    row = await store.find_version(unit_of_work.session, version)
    if row is None:
        shipped = next((entry for entry in load_shipped_templates() if entry.version == version), None)
        if shipped is None:
            raise TemplateVersionNotFound(version=version)
        negotiate(accept, (JSON,))
        return TemplateOut.from_template(shipped, version)
    accepted = negotiate(accept, (JSON, DOCX)).media_type
    if accepted == JSON:
        return TemplateOut.from_template(Template(row.code, row.content), version, row.recorded_at)
    name = f"{row.code.replace('_', '-')}-{row.valid_from.isoformat()}.docx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(row.document, media_type=accepted, headers=headers)  # type: ignore[return-value] # a file by Accept
