"""The routes of publications: freeze, list, read, compare."""

import uuid
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request, Response, status

from shared.kit.etags import make_weak_etag
from shared.kit.paging import Paging, paged_by
from shared.kit.representations import negotiate
from shared.kit.transactions import TransactionRoute
from shared.periods import Period
from shared.reporting.basis import may_read_provisional, require_basis_access
from shared.reporting.context import PublicContext, ReportingContext, ReviewerContext
from shared.reporting.figures.withholding import find_withheld, to_row_key
from shared.reporting.publications import actions, store
from shared.reporting.publications.package import MEDIA_TYPE, make_package
from shared.reporting.publications.schemas import (
    ComparisonOut,
    PublicationIn,
    PublicationOut,
    PublicationsPage,
    PublicationSummary,
)
from shared.reporting.query_params import PeriodFilter
from shared.territory.named_rows import name_units
from shared.territory.query_params import UnitFilter

router = APIRouter(prefix="/publications", tags=["publications"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Freeze a vintage")
async def freeze_publication(
    *, context: ReviewerContext, body: PublicationIn, response: Response
) -> PublicationOut:
    """Freeze the figures of a unit and period under a name and a document; a published vintage is never replaced."""
    publication = await actions.freeze_figures(context, body)
    response.headers["Location"] = f"{context.engine.path}/publications/{publication.id}"
    return _name(context, PublicationOut.model_validate(publication, from_attributes=True))


@router.get("", summary="List vintages")
async def list_publications(
    *,
    context: PublicContext,
    unit: UnitFilter,
    period: PeriodFilter,
    paging: Annotated[Paging, paged_by(50)],
) -> PublicationsPage:
    """List published vintages, newest first; those of provisional figures only for who may read them."""
    bases = None if may_read_provisional(context.caller, context.engine.catalogue.program) else ["accepted"]
    query = store.select_publications(unit, str(period) if period else None, bases)
    page = await paging.fetch(
        context.session,
        query,
        serialize=lambda row: PublicationSummary.model_validate(row[0], from_attributes=True),
    )
    return PublicationsPage(items=[_name(context, row) for row in page.items], next=page.next)


@router.get("/{publication_id}", summary="Read a vintage")
async def read_publication(
    *, context: PublicContext, request: Request, publication_id: uuid.UUID
) -> PublicationOut:
    """Read a vintage with its figures as they were; one of provisional figures needs a token."""
    return await _read(context, request, publication_id)


@router.get(
    "/{publication_id}/package",
    summary="Download a vintage as a data package",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def download_publication(
    *, context: PublicContext, request: Request, publication_id: uuid.UUID
) -> Response:
    """Download a vintage in one ZIP file: its figures as CSV and as SDMX-CSV 2.0, described by `datapackage.json`.

    A later download gives the same bytes.
    """
    negotiate(",".join(request.headers.getlist("accept")), (MEDIA_TYPE,))
    content = make_package(await _read(context, request, publication_id), context.engine.catalogue)
    fields = {
        "Content-Disposition": f'attachment; filename="{publication_id}.zip"',
        "ETag": make_weak_etag(content),
    }
    return Response(content, media_type=MEDIA_TYPE, headers=fields)


async def _read(context: ReportingContext, request: Request, publication_id: uuid.UUID) -> PublicationOut:
    """Return a vintage without what is withheld from the caller, after a check of its basis."""
    publication = await actions.read_publication(context, publication_id)
    await require_basis_access(publication.basis, request)
    answer = PublicationOut.model_validate(publication, from_attributes=True)
    withheld = await find_withheld(context, [figure.series_key for figure in answer.figures])
    return _name(context, answer.model_copy(update={"figures": withheld.hide_rows(answer.figures)}))


@router.get("/{publication_id}/differences", summary="Compare two vintages")
async def compare_publications(
    *,
    context: PublicContext,
    request: Request,
    publication_id: uuid.UUID,
    other: Annotated[uuid.UUID, Query(description="the other vintage, of the same unit, period and basis")],
) -> ComparisonOut:
    """Compare two vintages figure by figure, with the reports that explain each difference."""
    comparison = await actions.compare_publications(context, publication_id, other)
    await require_basis_access(comparison.later.basis, request)
    withheld = await find_withheld(context, [to_row_key(row) for row in comparison.items])
    named = {"earlier": _name(context, comparison.earlier), "later": _name(context, comparison.later)}
    return comparison.model_copy(update={**named, "items": withheld.hide_rows(comparison.items)})


PublicationT = TypeVar("PublicationT", bound=PublicationSummary)


def _name(context: ReportingContext, publication: PublicationT) -> PublicationT:
    """Return a publication with the name of its unit on the last day of its period."""
    (named,) = name_units(context.territory, [publication], lambda row: Period.parse(row.period).ends_on)
    return named
