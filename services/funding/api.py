"""The routes of the ledger, and the one that reads its catalogue."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.funding.batches.api import router as batches
from services.funding.catalogue import InRate
from services.funding.closings.api import router as closings
from services.funding.context import CurrentFundingCatalogue
from services.funding.contributions.api import router as contributions
from services.funding.counterparts.api import router as counterparts
from services.funding.entries.api import router as entries
from services.funding.entries.read_api import router as recorded_entries
from services.funding.forecast.api import router as forecast
from services.funding.journal.api import router as journal
from services.funding.lapses.api import router as lapses
from services.funding.progress.api import router as progress
from services.funding.projects.api import router as projects
from services.funding.reconciliation.api import router as reconciliation
from services.funding.recoveries.api import router as recoveries
from services.funding.successions.api import router as successions
from services.funding.vouchers.api import router as vouchers
from shared.dated_facts.schemas import DatedOut
from shared.kit.change_feed import feed_router
from shared.kit.routes import OperationRoute
from shared.roles import INSIDE, PublicReader

PATH = "/v1/funding"


class DatedCodeOut(DatedOut):
    """A code with its names and its days of validity."""

    code: str = Field(description="the code that entries name", examples=["poverty"])
    name_vi: str = Field(description="name in Vietnamese")
    name_en: str = Field(description="name in English")


class ProgramOut(DatedCodeOut):
    """A national target program."""

    budget_code: str = Field(description="code in the state budget classification", examples=["0470"])


class ComponentOut(DatedCodeOut):
    """A content, project or sub-project of a program."""

    program: str = Field(description="its program", examples=["poverty"])
    level: str = Field(description="content, thematic_programme, project or subproject")
    parent: str | None = Field(description="of a sub-project: its project")
    label_vi: str = Field(description="its label in the program, such as Dự án 1")


class SourceOut(DatedCodeOut):
    """A source of money."""

    group: str = Field(
        description="group of sources, of which it is shown as a part", examples=["local_budget"]
    )
    kind: str = Field(description="state budget, credit or non-state")
    in_rate: InRate = Field(
        description="yes: it counts in the disbursement rate; separate: it has a rate of its own; no: it has none"
    )
    counterpart: bool = Field(description="whether it counts towards the required local counterpart")
    official_codes: list[str] = Field(description="codes of the province's table of sources")


class AgencyOut(DatedCodeOut):
    """An agency of a province or district that holds money as a unit does."""

    seat: str = Field(description="code of the unit to whose government it belongs", examples=["62"])
    budget_chapter: str | None = Field(description="its chapter in the state budget classification")
    successor: str | None = Field(description="the agency that takes over its money when it ends")


class CatalogueOut(BaseModel):
    """The codes that entries may name."""

    programs: list[ProgramOut]
    components: list[ComponentOut]
    sources: list[SourceOut]
    agencies: list[AgencyOut]


router = APIRouter(prefix=PATH, route_class=OperationRoute)


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


router.include_router(entries)
router.include_router(recorded_entries)
router.include_router(recoveries)
router.include_router(successions)
router.include_router(batches)
router.include_router(closings)
router.include_router(vouchers)
router.include_router(journal)
router.include_router(projects)
router.include_router(progress)
router.include_router(counterparts)
router.include_router(contributions)
router.include_router(lapses)
router.include_router(forecast)
router.include_router(reconciliation)
router.include_router(feed_router(PATH, INSIDE))
