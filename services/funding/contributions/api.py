"""The route that reads contributions. Public, unless the installation closes public reads."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.funding.closed_years.reading import read_overdue
from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.context import FundingPublicContext
from services.funding.contributions import store
from services.funding.ledger import InKindForm
from services.funding.progress.store import sum_lots
from services.funding.query_params import BudgetYearQuery, ComponentQuery, FundingUnitQuery, ProgramQuery
from services.funding.store import LedgerFilter
from shared.kit.cached_routes import CachedRoute
from shared.kit.decimal_fields import JsonDecimal

router = APIRouter(tags=["progress"], route_class=CachedRoute)


class ContributionOut(BaseModel):
    """The contributions of one source in one form."""

    source: str = Field(description="the contributor: enterprise, community, …", examples=["community"])
    form: Literal["money"] | InKindForm = Field(description="money, labour_days, land or goods")
    quantity: JsonDecimal | None = Field(description="quantity contributed; null for money", examples=[120])
    unit_of_measure: str | None = Field(
        description="unit of the quantity: day, m2, …; null for money", examples=["day"]
    )
    value_vnd: int = Field(description="value in đồng", examples=[36_150_000])
    contributions: int = Field(description="number of entries", examples=[3])


class ContributionsOut(ClosingStateOut):
    """All contributions of a year."""

    year: int = Field(description="budget year", examples=[2023])
    value_vnd: int = Field(description="value of all contributions in đồng; the sum of the items")
    cancelled_vnd: int = Field(
        description="what decisions cut of the contributions of the year, in đồng", examples=[0]
    )
    returned_vnd: int = Field(
        description="what was given back of the contributions of the year, in đồng", examples=[0]
    )
    net_vnd: int = Field(
        description="value_vnd − cancelled_vnd − returned_vnd in đồng; cuts and returns name no form, so the items are before them"
    )
    items: list[ContributionOut] = Field(description="by source, form and unit of measure")


@router.get("/contributions", summary="Read what people and enterprises gave")
async def read_contributions(
    *,
    context: FundingPublicContext,
    year: BudgetYearQuery,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    unit: FundingUnitQuery = None,
) -> ContributionsOut:
    """Read the contributions of enterprises and the community in money, labour days, land and goods, with their value.

    They count in no disbursement rate. Their entries are allocations from sources outside the state.
    """
    scope = await context.scope(unit, year)
    ledger_filter = LedgerFilter(
        year, program, component, None, sorted(context.catalogue.non_state_sources), scope.unit_versions
    )
    rows = await store.sum_contributions(context.session, ledger_filter)
    items = [_to_contribution(row) for row in rows]
    value_vnd = sum(item.value_vnd for item in items)
    lots = await sum_lots(context.session, ledger_filter, ["source"], map_day=scope.map_day)
    cancelled_vnd = sum(lot_sum.amounts.cancelled_vnd for lot_sum in lots if lot_sum.own)
    returned_vnd = sum(lot_sum.amounts.returned_vnd for lot_sum in lots if lot_sum.own)
    return ContributionsOut(
        year=year,
        value_vnd=value_vnd,
        cancelled_vnd=cancelled_vnd,
        returned_vnd=returned_vnd,
        net_vnd=value_vnd - cancelled_vnd - returned_vnd,
        items=items,
        closing_overdue=await read_overdue(context, year, scope),
    )


def _to_contribution(row: Any) -> ContributionOut:
    return ContributionOut(
        source=row.source,
        form=row.in_kind_form or "money",
        quantity=row.quantity,
        unit_of_measure=row.in_kind_unit_of_measure,
        value_vnd=row.value_vnd,
        contributions=row.contributions,
    )
