"""The routes of the ledger, and the one that reads its catalogue."""

from fastapi import APIRouter

from services.funding.batches.api import router as batches
from services.funding.catalogue_schemas import CatalogueOut
from services.funding.closings.api import router as closings
from services.funding.context import CurrentFundingCatalogue
from services.funding.contributions.api import router as contributions
from services.funding.counterparts.api import router as counterparts
from services.funding.entries.api import router as entries
from services.funding.entries.read_api import router as recorded_entries
from services.funding.extensions.api import router as extensions
from services.funding.forecast.api import router as forecast
from services.funding.journal.api import router as journal
from services.funding.lapses.api import router as lapses
from services.funding.progress.api import router as progress
from services.funding.projects.api import router as projects
from services.funding.reconciliation.api import router as reconciliation
from services.funding.recoveries.api import router as recoveries
from services.funding.successions.api import router as successions
from services.funding.unit_amounts.api import router as unit_amounts
from services.funding.vouchers.api import router as vouchers
from shared.kit.change_feed import feed_router
from shared.kit.routes import OperationRoute
from shared.roles import INSIDE, PublicReader

PATH = "/v1/funding"


router = APIRouter(prefix=PATH, route_class=OperationRoute)


# routes are tried in their order, so the writes that come most often are the first
router.include_router(batches)
router.include_router(entries)
router.include_router(recorded_entries)
router.include_router(recoveries)
router.include_router(successions)
router.include_router(closings)
router.include_router(extensions)
router.include_router(vouchers)
router.include_router(journal)
router.include_router(projects)
router.include_router(progress)
router.include_router(unit_amounts)
router.include_router(counterparts)
router.include_router(contributions)
router.include_router(lapses)
router.include_router(forecast)
router.include_router(reconciliation)
router.include_router(feed_router(PATH, INSIDE))


@router.get("/catalogue", tags=["catalogue"], summary="Read the codes")
async def read_catalogue(*, catalogue: CurrentFundingCatalogue, _: PublicReader) -> CatalogueOut:
    """Read the programs, components, sources and agencies that entries may name, with their dates and legal basis."""
    return CatalogueOut.model_validate(
        {
            "programs": list(catalogue.programs.values()),
            "components": list(catalogue.components.values()),
            "sources": list(catalogue.sources.values()),
            "agencies": list(catalogue.agencies.values()),
        },
        from_attributes=True,
    )
