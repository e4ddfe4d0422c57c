"""The routes of OCOP products."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Response, status

from services.rural.ocop import actions, queries, store
from services.rural.ocop.dated_rules import OcopRules
from services.rural.ocop.dated_rules_schemas import OcopRulesOut
from services.rural.ocop.schemas import (
    EvaluationOut,
    OwnerKind,
    ProductIn,
    ProductOut,
    ProductsPage,
    SummaryOut,
)
from services.rural.ocop.store import ProductFilter
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Invalid, Sentence, make_fault
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import PublicContext, RegistrarContext
from shared.reporting.registers import UnitsQuery, expand_units, require_units, set_created_or_existing
from shared.territory.query_params import UnitQuery

ENDING_BEFORE_WITHOUT_DAY = Sentence(
    "ending_before cần đi cùng valid_on: còn hiệu lực vào ngày nào?",
    "ending_before requires valid_on: the day on which the certificates are valid.",
)

router = APIRouter(prefix="/v1/rural/ocop", tags=["ocop"], route_class=TransactionRoute)

CurrentOcopRules = Annotated[OcopRules, Depends(resource(OcopRules))]


def _make_filter(
    code: Annotated[str | None, Query(max_length=60, description="only this product")] = None,
    stars: Annotated[
        int | None, Query(ge=1, le=5, description="only products with this number of stars")
    ] = None,
    group: Annotated[int | None, Query(ge=1, le=99, description="only this product group")] = None,
    owner_kind: Annotated[OwnerKind | None, Query(description="only owners of this kind")] = None,
    potential_five_star: Annotated[
        bool | None, Query(description="only potential five-star products, or only the others")
    ] = None,
    as_of: AsOf = None,
) -> ProductFilter:
    return ProductFilter(code, stars, group, owner_kind, potential_five_star, as_of)


@router.post("/products", status_code=status.HTTP_201_CREATED, summary="State a product's stars")
async def certify_product(
    *,
    context: RegistrarContext,
    rules: CurrentOcopRules,
    draft: Annotated[PartialBody[ProductIn], Body()],
    response: Response,
) -> EvaluationOut:
    """State a decision that grants a product its stars; a re-evaluation states the same code under a later decision.

    The stars must be those of the score, by the bands of the decision's date, and granted by the authority of that date.
    A re-evaluation requires the grant of the product's unit so far as well. The same evaluation again answers 200.
    """
    result = await actions.record_evaluation(context, draft, rules)
    set_created_or_existing(response, f"{store.PATH}/{result.row.code}", created=result.created)
    (evaluation,) = queries.name_evaluations(context, [EvaluationOut.from_row(result.row, rules)])
    return evaluation


@router.get("/products", summary="List products")
async def list_products(
    *,
    context: PublicContext,
    rules: CurrentOcopRules,
    filters: Annotated[ProductFilter, Depends(_make_filter)],
    unit: UnitsQuery = None,
    valid_on: Annotated[
        IsoDate | None, Query(description="only those valid on this day, on the map of that day")
    ] = None,
    ending_before: Annotated[
        IsoDate | None, Query(description="with valid_on: only those no longer valid on this later day")
    ] = None,
    paging: Annotated[Paging, paged_by(100)],
) -> ProductsPage:
    """List evaluations, newest first: the whole history, or on a day the one by which each product is valid."""
    if valid_on is None and ending_before is not None:
        pointer = "/query/ending_before"
        fault = make_fault(pointer, "ending_before_without_valid_on", ENDING_BEFORE_WITHOUT_DAY)
        raise Invalid(faults=[fault])
    if valid_on is None:
        query = store.select_evaluations(require_units(context.territory, unit), filters)
    else:
        units = expand_units(context.territory, unit, valid_on)
        query = store.select_valid(rules, units, valid_on, filters, ending_before=ending_before)
    page = await paging.fetch(
        context.session,
        query,
        serialize=lambda row: EvaluationOut.from_row(row[0], rules),
    )
    return ProductsPage(items=queries.name_evaluations(context, page.items), next=page.next)


@router.get("/products/{code}", summary="Read one product")
async def read_product(
    *,
    context: PublicContext,
    rules: CurrentOcopRules,
    code: str,
    on: Annotated[IsoDate | None, Query(description="the day of the page; today when left out")] = None,
) -> ProductOut:
    """Read a product with its history, and whether its certificate is valid on a day."""
    return await queries.read_product(context, rules, code, on or local_day(context.now))


@router.get("/rules", summary="Read the rules of the program")
async def read_rules(
    *,
    context: PublicContext,
    rules: CurrentOcopRules,
    on: Annotated[IsoDate | None, Query(description="the day of the rules; today when left out")] = None,
) -> OcopRulesOut:
    """Read the rules of a day: bands of stars, grantors, months of validity, parts of a score, product groups."""
    return OcopRulesOut.from_rules(rules, on or local_day(context.now))


@router.get("/summary", summary="Count valid products")
async def read_summary(
    *,
    context: PublicContext,
    rules: CurrentOcopRules,
    unit: UnitQuery,
    on: Annotated[IsoDate | None, Query(description="the day of the counts; today when left out")] = None,
    months: Annotated[
        int, Query(ge=0, le=36, description="count those that end within this many months")
    ] = 6,
) -> SummaryOut:
    """Count the products valid on a day by the units directly below: stars, groups, owners, and those that end soon."""
    day = on or local_day(context.now)
    return await queries.summarize_products(context, rules, unit.on(day), day, months)
