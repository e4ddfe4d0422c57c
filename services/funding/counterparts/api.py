"""The route that reads counterparts. Public, unless the installation closes public reads."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.funding.context import FundingPublicContext
from services.funding.counterparts.rules import Counterpart, calculate_counterparts
from services.funding.ledger import Capital
from services.funding.progress.store import sum_lots
from services.funding.query_params import BudgetYearQuery, UnitQuery
from services.funding.store import LedgerFilter
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["progress"], route_class=TransactionRoute)


class ProvidedOut(BaseModel):
    """The counterpart of one source."""

    source: str = Field(description="source of the money", examples=["counterpart_province"])
    provided_vnd: int = Field(description="allocated in the year, in đồng", examples=[54_199_000_000])


class CounterpartOut(BaseModel):
    """What a ratio requires of a program in the year, and what was provided."""

    program: str = Field(description="rural, poverty or ethnic")
    capital: Capital | None = Field(description="capital kind of the ratio; null: both together")
    central_vnd: int = Field(description="central money of the year's own plan, in đồng")
    min_percent: JsonDecimal = Field(description="least counterpart in percent of the central money")
    required_vnd: int = Field(description="least counterpart, in đồng")
    provided_vnd: int = Field(description="counterpart allocated in the year, in đồng")
    provided: list[ProvidedOut] = Field(description="the same by source; they add up to it")
    shortfall_vnd: int = Field(description="missing counterpart, in đồng; 0 where the ratio is reached")
    legal_basis: str = Field(description="the document that sets the ratio")
    confidence: str = Field(description="confidence in the ratio")


class CounterpartsOut(BaseModel):
    """The counterparts of a year, one for each ratio in force on its last day."""

    year: int = Field(description="budget year", examples=[2023])
    items: list[CounterpartOut] = Field(description="one for each ratio")


@router.get("/counterparts", summary="Read the counterparts that are missing")
async def read_counterparts(
    *, context: FundingPublicContext, year: BudgetYearQuery, unit: UnitQuery = None
) -> CounterpartsOut:
    """Read what local money is required beside the central money of a year, what was provided and what is missing.

    Ratios are dated facts of the installation, each with its legal basis and the confidence in it.
    """
    scope = await context.scope(unit, year)
    ledger_filter = LedgerFilter(year=year, unit_versions=scope.unit_versions)
    sums = await sum_lots(context.session, ledger_filter, ("program", "capital"))
    catalogue = context.catalogue
    local = {code for code, source in catalogue.sources.items() if source.counterpart}
    counterparts = calculate_counterparts(
        catalogue.ratios, sums, year, central=catalogue.counted_sources, local=local
    )
    return CounterpartsOut(year=year, items=[_to_item(counterpart) for counterpart in counterparts])


def _to_item(counterpart: Counterpart) -> CounterpartOut:
    return CounterpartOut(
        program=counterpart.ratio.program,
        capital=counterpart.ratio.capital,
        central_vnd=counterpart.central_vnd,
        min_percent=counterpart.ratio.min_percent,
        required_vnd=counterpart.required_vnd,
        provided_vnd=counterpart.provided_vnd,
        provided=[
            ProvidedOut(source=source, provided_vnd=amount)
            for source, amount in sorted(counterpart.provided.items())
        ],
        shortfall_vnd=counterpart.shortfall_vnd,
        legal_basis=counterpart.ratio.legal_basis,
        confidence=counterpart.ratio.confidence,
    )
