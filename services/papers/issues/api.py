"""The routes of issued documents: list, read as JSON or file, compare with now."""

import uuid
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.papers.gateway import CurrentGateway, RelayingRoute, require_unit
from services.papers.issues import store
from services.papers.issues.actions import compare_with_now, find_moving_sources
from services.papers.issues.schemas import (
    MEDIA_TYPES,
    IssueDifferencesOut,
    IssueOut,
    IssuesPage,
    IssueSummary,
    MovedFigureOut,
    to_moving_source,
)
from shared.kit.database import Database
from shared.kit.exact_json import read_json
from shared.kit.paging import Paging, paged_by
from shared.kit.representations import JSON, negotiate
from shared.kit.resources import CurrentResources
from shared.kit.settings import ServiceSettings
from shared.kit.transactions import TransactionRoute
from shared.reporting.field_types import UnitCode
from shared.reporting.query_params import PeriodText
from shared.roles import PublicReader, PublicUnitOfWork

router = APIRouter(prefix="/v1/papers/issues", tags=["issues"], route_class=TransactionRoute)
comparing_router = APIRouter(prefix="/v1/papers/issues", tags=["issues"], route_class=RelayingRoute)

FILE_RESPONSES = {
    media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES.values()
}


@comparing_router.get("", summary="List issued documents")
async def list_issues(
    *,
    _: PublicReader,
    gateway: CurrentGateway,
    resources: CurrentResources,
    template: Annotated[str | None, Query(max_length=60, description="code of the template")] = None,
    unit: Annotated[UnitCode | None, Query(description="code of the unit")] = None,
    period: Annotated[PeriodText | None, Query(description="SDMX time period")] = None,
    paging: Annotated[Paging, paged_by(50)],
) -> IssuesPage:
    """List issued documents without their content, newest first."""
    if unit is not None:
        await require_unit(gateway, unit)
    async with resources.get(Database).reading() as session:
        return await paging.fetch(
            session,
            store.select_issues(template and template.replace("-", "_"), unit, period),
            serialize=lambda row: IssueSummary.from_row(row[0]),
        )


@router.get("/{issue_id}", summary="Read an issued document", responses={200: {"content": FILE_RESPONSES}})
async def read_issue(*, request: Request, unit_of_work: PublicUnitOfWork, issue_id: uuid.UUID) -> IssueOut:
    """Read an issued document: its figures and text as JSON, or by `Accept` its file (docx, pdf, xlsx), always the same bytes."""
    row = await store.get_issue(unit_of_work.session, issue_id)
    files = await store.list_files(unit_of_work.session, issue_id)
    available = (MEDIA_TYPES[file.kind] for file in files)
    accepted = negotiate(",".join(request.headers.getlist("accept")), (JSON, *available)).media_type
    if accepted == JSON:
        return IssueOut.from_issue(row, files)
    file = next(file for file in files if MEDIA_TYPES[file.kind] == accepted)
    name = f"{row.template}-{row.unit}-{row.period}.{file.kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(file.content, media_type=accepted, headers=headers)  # type: ignore[return-value] # a file by Accept


@comparing_router.get("/{issue_id}/differences", summary="Compare an issued document with now")
async def compare_issue(
    *, _: PublicReader, gateway: CurrentGateway, resources: CurrentResources, issue_id: uuid.UUID
) -> IssueDifferencesOut:
    """Compare each figure of an issued document with its value now, and name the reports and entries that moved it."""
    async with resources.get(Database).reading() as session:
        row = await store.get_issue(session, issue_id)
    content = read_json(row.content)
    # an issue has what the public reads, and so has the comparison
    reader = gateway.without_token() if resources.get(ServiceSettings).public_reads else gateway
    moved = await compare_with_now(reader, content)
    sources = await find_moving_sources(
        gateway, moved, unit=row.unit, period=row.period, since=row.as_of.isoformat()
    )
    return IssueDifferencesOut(
        issue=issue_id,
        as_of=row.as_of,
        compared=len(content["filled"]["figures"]),
        items=[
            MovedFigureOut(
                **{
                    name: value
                    for name, value in asdict(figure).items()
                    if name in MovedFigureOut.model_fields
                },
                sources=[to_moving_source(source) for source in sources.get(figure.slot, ())],
            )
            for figure in moved
        ],
    )
