"""The routes of the catalogue's versions: replace, read, list."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from shared.kit.paging import Page, Paging, paged_by
from shared.kit.resources import CurrentResources, Resources, resource
from shared.kit.routes import RouteHandler
from shared.kit.transactions import DryRun, TransactionRoute
from shared.reporting.catalogue.versions import to_plain
from shared.reporting.catalogue_versions import actions, store
from shared.reporting.catalogue_versions.current import CurrentCatalogue
from shared.reporting.catalogue_versions.schemas import (
    CatalogueIn,
    CatalogueReplacedOut,
    CatalogueVersionOut,
    CatalogueVersionSummary,
    ProgramCatalogueOut,
)
from shared.reporting.context import AdministratorContext, PublicContext
from shared.territory.settings import TerritorySettings


class CatalogueRoute(TransactionRoute):
    """A transaction route after which the service uses the catalogue that was replaced."""

    async def write(self, request: Request, handler: RouteHandler, resources: Resources) -> Response:
        """Run the request, and take the committed version over before the response is sent."""
        response = await super().write(request, handler, resources)
        await resources.get(CurrentCatalogue).follow(resources)
        return response


router = APIRouter(prefix="/catalogue", tags=["catalogue"], route_class=CatalogueRoute)

Current = Annotated[CurrentCatalogue, Depends(resource(CurrentCatalogue))]


@router.put("", summary="Replace the catalogue")
async def replace_catalogue(
    *,
    context: AdministratorContext,
    resources: CurrentResources,
    current: Current,
    body: CatalogueIn,
    response: Response,
    dry_run: DryRun,
    if_match: Annotated[str | None, Header(description="the version that was read (its ETag)")] = None,
) -> CatalogueReplacedOut:
    """Replace forms, indicators, figures, standards and dimensions by other rows; each version is kept.

    A dry run shows which rows and figures would change. Rows that reports use cannot be removed: their validity is ended.
    Formulas and identities are of the known kinds; rules of counts are those of the program. It takes an administrator who was
    granted the province.
    """
    context.require_province(resources.get(TerritorySettings).province)
    replaced = await actions.replace_catalogue(
        context,
        current.loader,
        tables=body.tables.model_dump(exclude_unset=True),
        decision=(body.decision.number, body.decision.date),
        if_match=if_match,
    )
    response.headers["ETag"] = actions.make_tag(replaced.after.version)
    return CatalogueReplacedOut.from_replaced(replaced, dry_run=dry_run)


@router.get("", summary="Read the rows of the catalogue")
async def read_catalogue(*, context: PublicContext, response: Response) -> ProgramCatalogueOut:
    """Read the catalogue in use, row by row as its file states it; `/indicators` reads it by indicator."""
    catalogue = context.engine.catalogue
    response.headers["ETag"] = actions.make_tag(catalogue.version)
    return ProgramCatalogueOut(version=catalogue.version, tables=to_plain(catalogue.all_rows))


@router.get("/versions", summary="List the versions of the catalogue")
async def list_catalogue_versions(
    *,
    context: PublicContext,
    paging: Annotated[Paging, paged_by(50)],
) -> Page[CatalogueVersionSummary]:
    """List the versions that replaced the shipped one, the latest first."""
    return await paging.fetch(
        context.session,
        store.select_versions(),
        serialize=lambda row: CatalogueVersionSummary.from_version(row[0]),
    )


@router.get("/versions/{number}", summary="Read a version of the catalogue")
async def read_catalogue_version(
    *,
    context: PublicContext,
    number: Annotated[int, Path(ge=1, le=1_000_000, description="number of the version")],
) -> CatalogueVersionOut:
    """Read a version of the catalogue with its rows and the decision behind it."""
    version = await actions.read_version(context, number)
    return CatalogueVersionOut.from_version(version, tables=version.tables)
