"""Where contributions are read. Public, unless the installation closes public reads."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.funding.context import FundingPublicContext
from services.funding.contributions import store
from services.funding.ledger import InKindForm
from services.funding.query_params import BudgetYearQuery, ComponentQuery, ProgramQuery, UnitQuery
from services.funding.store import LedgerFilter
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["progress"], route_class=TransactionRoute)


class ContributionOut(BaseModel):
    """What one source gave in one form."""

    source: str = Field(description="who gave: enterprise, community, …", examples=["community"])
    form: Literal["money"] | InKindForm = Field(description="money, labour_days, land or goods")
    quantity: JsonDecimal | None = Field(description="how much was given; null for money", examples=[120])
    unit_of_measure: str | None = Field(description="of what: day, m2, …; null for money", examples=["day"])
    value_vnd: int = Field(description="what it is valued at, in đồng", examples=[36_150_000])
    contributions: int = Field(description="how many entries it was given in", examples=[3])


class ContributionsOut(BaseModel):
    """What was given in a year beside the budget, whole."""

    year: int = Field(description="budget year", examples=[2023])
    value_vnd: int = Field(description="what everything is valued at, in đồng; the sum of the items")
    items: list[ContributionOut] = Field(description="by source, form and measure")


@router.get("/contributions", summary="Read what people and enterprises gave")
async def read_contributions(
    *,
    context: FundingPublicContext,
    year: BudgetYearQuery,
    program: ProgramQuery = None,
    component: ComponentQuery = None,
    unit: UnitQuery = None,
) -> ContributionsOut:
    """Read what enterprises and the community gave in money, labour days, land and goods, with its value in đồng.

    It counts in no disbursement rate; its entries are allocations from sources outside the state.
    """
    scope = await context.scope(unit, year)
    sought = LedgerFilter(
        year, program, component, None, sorted(context.catalogue.non_state_sources), scope.places
    )
    items = [_said(row) for row in await store.contributed(context.session, sought)]
    return ContributionsOut(year=year, value_vnd=sum(each.value_vnd for each in items), items=items)


def _said(row: Any) -> ContributionOut:
    return ContributionOut(
        source=row.source,
        form=row.in_kind_form or "money",
        quantity=row.quantity,
        unit_of_measure=row.in_kind_unit_of_measure,
        value_vnd=row.value_vnd,
        contributions=row.contributions,
    )
