"""The routes of documents by template: filled from what is known now, or issued."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status

from services.papers.documents.actions import fill_now, find_file_jobs, write_files
from services.papers.documents.schemas import FilledDocumentOut
from services.papers.documents.store import list_templates
from services.papers.documents.templates import Template
from services.papers.gateway import CurrentGateway, RelayingRoute
from services.papers.issues import store
from services.papers.issues.actions import IssueOrder, PreparedIssue, prepare_issue
from services.papers.issues.route import PreparedRequest, PreparingRoute
from services.papers.issues.rules import RESERVED, ReservedTemplate
from services.papers.issues.schemas import MEDIA_TYPES, IssueIn, IssueOut
from services.papers.jobs.runner import CurrentJobs
from shared.kit.database import Database, UnitOfWork
from shared.kit.problems import Invalid, Sentence
from shared.kit.representations import JSON, negotiate
from shared.kit.resources import CurrentResources
from shared.kit.settings import ServiceSettings
from shared.periods import Period
from shared.reporting.field_types import UnitCode
from shared.reporting.query_params import PeriodText
from shared.roles import OverseerUnitOfWork, PublicReader

FIRST_YEAR, LAST_YEAR = 2010, 2100

router = APIRouter(prefix="/v1/papers", tags=["documents"], route_class=RelayingRoute)
issuing_router = APIRouter(prefix="/v1/papers", tags=["documents"], route_class=PreparingRoute)

TemplatePath = Annotated[
    str,
    Path(
        pattern="^[a-z0-9][a-z0-9-]{1,59}$", description="code of the template, with hyphens: annual-report"
    ),
]
FILE_RESPONSES: Mapping[str, Any] = {
    media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES.values()
}


class PeriodRequired(Invalid):
    """The address names neither a year nor a period, or both."""

    code = "period_required"
    detail = Sentence("Cần nêu year hoặc period, không nêu cả hai.", "Name a year or a period, not both.")


async def _read_templates(resources: CurrentResources, template: TemplatePath) -> list[Template]:
    return await list_templates(resources.get(Database), _to_code(template))


CurrentTemplates = Annotated[list[Template], Depends(_read_templates)]


@router.get("/{template}", summary="Read a document", responses={200: {"content": dict(FILE_RESPONSES)}})
async def read_document(
    *,
    request: Request,
    _: PublicReader,
    gateway: CurrentGateway,
    jobs: CurrentJobs,
    resources: CurrentResources,
    templates: CurrentTemplates,
    template: TemplatePath,
    unit: Annotated[UnitCode, Query(description="code of the unit")],
    year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="the year")] = None,
    period: Annotated[PeriodText | None, Query(description="SDMX time period, in place of the year")] = None,
) -> FilledDocumentOut:
    """Read a document as it would be issued now: paragraphs, each number with its figure and lineage; by `Accept` a draft file.

    A paragraph without data says so. The template of an office is filled as its Word file, and has no PDF.
    """
    if (year is None) == (period is None):
        raise PeriodRequired
    filled = await fill_now(
        gateway,
        templates,
        _to_code(template),
        unit,
        Period.parse(period or str(year)),
        origin=resources.get(ServiceSettings).origin,
    )
    available = (MEDIA_TYPES[kind] for kind in find_file_jobs(filled))
    accepted = negotiate(",".join(request.headers.getlist("accept")), (JSON, *available)).media_type
    if accepted == JSON:
        return FilledDocumentOut.from_filled(filled)
    kind = next(kind for kind, media_type in MEDIA_TYPES.items() if media_type == accepted)
    files = await write_files(jobs, resources.get(Database), filled, [kind])
    headers = {"Content-Disposition": f'attachment; filename="{template}-{unit}-{period or year}.{kind}"'}
    return Response(files[kind], media_type=accepted, headers=headers)  # type: ignore[return-value] # a file by Accept


@issuing_router.post("/{template}", status_code=status.HTTP_201_CREATED, summary="Issue a document")
async def issue_document(
    *,
    request: PreparedRequest,
    response: Response,
    unit_of_work: OverseerUnitOfWork,
    gateway: CurrentGateway,
    jobs: CurrentJobs,
    resources: CurrentResources,
    templates: CurrentTemplates,
    template: TemplatePath,
    body: IssueIn,
) -> IssueOut:
    """Issue a document from one province-wide vintage: its figures, answers and files are kept, and never change.

    All services must answer, or nothing is issued. `files` lists what it has: the template of an office has no PDF.
    """
    order = IssueOrder(
        template=_to_code(template),
        unit=body.unit,
        period=Period.parse(body.period),
        number=body.document.number,
        on=body.document.date,
        client_id=unit_of_work.caller.client_id,
        key=request.headers["idempotency-key"],
        now=unit_of_work.now,
        origin=resources.get(ServiceSettings).origin,
        dry_run=unit_of_work.dry_run,
    )
    issue = await prepare_issue(gateway, jobs, resources.get(Database), templates, order)
    request.insert = partial(_insert, issue)
    response.headers["Location"] = f"/v1/papers/issues/{issue.row.id}"
    return IssueOut.from_issue(issue.row, issue.files)


async def _insert(issue: PreparedIssue, unit_of_work: UnitOfWork) -> None:
    await store.insert_issue(unit_of_work.session, issue.row, issue.files)


def _to_code(template: str) -> str:
    """Return the code of a template; raises `ReservedTemplate` for a word of other addresses."""
    if template in RESERVED:
        raise ReservedTemplate(template=template)
    return template.replace("-", "_")
