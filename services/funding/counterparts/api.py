"""Where counterparts are read. Public, unless the installation closes public reads."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.funding.context import FundingPublicContext
from services.funding.counterparts.rules import Counterpart, counterparts
from services.funding.ledger import Capital
from services.funding.progress import store
from services.funding.query_params import BudgetYearQuery, UnitQuery
from services.funding.store import LedgerFilter
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["progress"], route_class=TransactionRoute)


class ProvidedOut(BaseModel):
    """Local money of one source."""

    source: str = Field(description="where the money comes from", examples=["counterpart_province"])
    provided_vnd: int = Field(description="allocated in the year, in đồng", examples=[54_199_000_000])


class CounterpartOut(BaseModel):
    """What a ratio demands of a program's year, and what was provided."""

    program: str = Field(description="rural, poverty or ethnic")
    capital: Capital | None = Field(description="the capital kind that the ratio is for; null: both together")
    central_vnd: int = Field(description="central money of the year's own plan, in đồng")
    min_percent: JsonDecimal = Field(description="least counterpart in percent of the central money")
    required_vnd: int = Field(description="least counterpart, in đồng")
    provided_vnd: int = Field(description="counterpart allocated in the year, in đồng")
    provided: list[ProvidedOut] = Field(description="the same by source; they add up to it")
    shortfall_vnd: int = Field(description="what is missing, in đồng; 0 where the ratio is reached")
    legal_basis: str = Field(description="the document that sets the ratio")
    confidence: str = Field(description="how sure the ratio is")


class CounterpartsOut(BaseModel):
    """The counterparts of a year, one for each ratio in force at its end."""

    year: int = Field(description="budget year", examples=[2023])
    items: list[CounterpartOut] = Field(description="one for each ratio")


@router.get("/counterparts", summary="Read the counterparts that are missing")
async def read_counterparts(
    *, context: FundingPublicContext, year: BudgetYearQuery, unit: UnitQuery = None
) -> CounterpartsOut:
    """Read what local money the year's central money demands, what was provided and what is missing.

    Ratios are dated data of the installation and say their legal basis and how sure they are.
    """
    scope = await context.scope(unit, year)
    parts = await store.parts(
        context.session, LedgerFilter(year=year, unit_versions=scope.places), ("program", "capital")
    )
    catalogue = context.catalogue
    local = {code for code, source in catalogue.sources.items() if source.counterpart}
    found = counterparts(catalogue.ratios, parts, year, central=catalogue.counted_sources, local=local)
    return CounterpartsOut(year=year, items=[_said(each) for each in found])


def _said(found: Counterpart) -> CounterpartOut:
    return CounterpartOut(
        program=found.ratio.program,
        capital=found.ratio.capital,
        central_vnd=found.central_vnd,
        min_percent=found.ratio.min_percent,
        required_vnd=found.required_vnd,
        provided_vnd=found.provided_vnd,
        provided=[
            ProvidedOut(source=source, provided_vnd=amount)
            for source, amount in sorted(found.provided.items())
        ],
        shortfall_vnd=found.shortfall_vnd,
        legal_basis=found.ratio.legal_basis,
        confidence=found.ratio.confidence,
    )
