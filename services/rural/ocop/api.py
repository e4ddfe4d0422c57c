"""Where OCOP products are said."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request, Response, status

from services.rural.ocop import actions, store
from services.rural.ocop.dated_rules import OcopRules, add_months
from services.rural.ocop.dated_rules_schemas import OcopRulesOut
from services.rural.ocop.schemas import (
    EvaluationOut,
    OwnerKind,
    ProductIn,
    ProductOut,
    ProductsPage,
    SummaryOut,
    SummaryRow,
)
from services.rural.ocop.store import Sought
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Invalid, NotFound, Sentence, make_fault
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import PublicContext, RegistrarContext, ReportingContext
from shared.reporting.registers import UnitsQuery, expand_units, parse_units, set_created_or_existing
from shared.territory.query_params import UnitQuery

ENDING_BEFORE_WITHOUT_DAY = Sentence(
    "ending_before cần đi cùng valid_on: còn hiệu lực vào ngày nào?",
    "ending_before wants valid_on beside it: valid on which day?",
)

router = APIRouter(prefix="/v1/rural/ocop", tags=["ocop"], route_class=TransactionRoute)


class ProductNotFound(NotFound):
    """Nobody evaluated a product with this code."""

    code = "ocop_product_not_found"
    detail = Sentence("Không có sản phẩm mã {product}.", "There is no product {product}.")


CurrentOcopRules = Annotated[OcopRules, Depends(resource(OcopRules))]


def _sought(
    code: Annotated[str | None, Query(max_length=60, description="only this product")] = None,
    stars: Annotated[int | None, Query(ge=1, le=5, description="only products of so many stars")] = None,
    group: Annotated[int | None, Query(ge=1, le=99, description="only this group")] = None,
    owner_kind: Annotated[OwnerKind | None, Query(description="only owners of this kind")] = None,
    potential_five_star: Annotated[
        bool | None, Query(description="only products that await the ministry, or only the others")
    ] = None,
    as_of: AsOf = None,
) -> Sought:
    return Sought(code, stars, group, owner_kind, potential_five_star, as_of)


@router.post("/products", status_code=status.HTTP_201_CREATED, summary="State a product's stars")
async def certify_product(
    *,
    context: RegistrarContext,
    rules: CurrentOcopRules,
    draft: Annotated[PartialBody[ProductIn], Body()],
    response: Response,
) -> EvaluationOut:
    """State a decision that grants a product its stars; a re-evaluation states the same code under a later decision.

    The stars must be those of the score, by the bands of the decision's date, and granted by who may; the product's unit so far
    has to be the caller's as well. Stating the same again answers 200.
    """
    kept = await actions.certify(context, draft, rules)
    set_created_or_existing(response, f"{store.PATH}/{kept.row.code}", created=kept.created)
    return EvaluationOut.of(kept.row, rules)


@router.get("/products", summary="List products")
async def list_products(
    *,
    context: PublicContext,
    rules: CurrentOcopRules,
    request: Request,
    response: Response,
    sought: Annotated[Sought, Depends(_sought)],
    unit: UnitsQuery = None,
    valid_on: Annotated[
        IsoDate | None, Query(description="only what is valid on this day, on the map of that day")
    ] = None,
    ending_before: Annotated[
        IsoDate | None, Query(description="with valid_on: only what is no longer valid on this later day")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ProductsPage:
    """List evaluations, newest first: the whole history, or on a day the one by which each product is valid."""
    if valid_on is None and ending_before is not None:
        at = "/query/ending_before"
        raise Invalid(faults=[make_fault(at, "ending_before_without_valid_on", ENDING_BEFORE_WITHOUT_DAY)])
    if valid_on is None:
        query = store.listed(parse_units(context.territory, unit), sought)
    else:
        below = expand_units(context.territory, unit, valid_on)
        query = store.valid(rules, below, valid_on, sought, ending_before=ending_before)
    found = await fetch_page(
        context.session, query, limit=limit, cursor=cursor, said=lambda row: EvaluationOut.of(row[0], rules)
    )
    set_next_link(request, response, found.next)
    return found


@router.get("/products/{code}", summary="Read one product")
async def read_product(
    *,
    context: PublicContext,
    rules: CurrentOcopRules,
    code: str,
    on: Annotated[IsoDate | None, Query(description="the day that is read; today when left out")] = None,
) -> ProductOut:
    """Read a product with its history, and whether its certificate is valid on a day."""
    rows = await store.of_product(context.session, code)
    if not rows:
        raise ProductNotFound(product=code[:60])
    day = on or local_day(context.now)
    current = next((row for row in rows if row.decision_date <= day), None)
    return ProductOut(
        code=code,
        on=day,
        valid=current is not None and rules.is_valid(current.decision_date, day),
        current=EvaluationOut.of(current, rules) if current else None,
        history=[EvaluationOut.of(row, rules) for row in rows],
    )


@router.get("/rules", summary="Read the rules of the program")
async def read_rules(
    *,
    context: PublicContext,
    rules: CurrentOcopRules,
    on: Annotated[IsoDate | None, Query(description="the day that is read; today when left out")] = None,
) -> OcopRulesOut:
    """Read the rules of a day: bands of stars, who may grant them, months of validity, parts of a score, groups."""
    return OcopRulesOut.from_rules(rules, on or local_day(context.now))


@router.get("/summary", summary="Count valid products")
async def read_summary(
    *,
    context: PublicContext,
    rules: CurrentOcopRules,
    unit: UnitQuery,
    on: Annotated[IsoDate | None, Query(description="the day that is read; today when left out")] = None,
    months: Annotated[int, Query(ge=0, le=36, description="count what ends within so many months")] = 6,
) -> SummaryOut:
    """Count the products valid on a day by the units right below: stars, groups, owners, and what ends soon."""
    day = on or local_day(context.now)
    soon = add_months(day, months)
    top = unit.on(day)
    below = expand_units(context.territory, top.code, day)
    counted = await store.summed(context.session, rules, below, day, soon)
    children = [each for each in context.territory.children(top.code, day) if each.level != "village"]
    heads = {each.code: _below(context, each.code, day) for each in children}
    own = [it for it in counted if it.place == top.code]
    rows = [
        _row(each.code, each.name, [it for it in counted if it.place in heads[each.code]])
        for each in children
    ]
    return SummaryOut(
        on=day,
        expiring_before=soon,
        rows=[*([_row(top.code, top.name, own)] if own else []), *rows],
        total=_row(top.code, top.name, counted),
    )


def _below(context: ReportingContext, code: str, day: date) -> frozenset[str]:
    return expand_units(context.territory, code, day)


def _row(code: str, name: str, counted: Iterable[Any]) -> SummaryRow:
    rows = list(counted)

    def by(name: str) -> dict[Any, int]:
        found: Counter[Any] = Counter()
        for it in rows:
            found[getattr(it, name)] += it.products
        return dict(sorted(found.items()))

    return SummaryRow(
        unit=code,
        name=name,
        valid=sum(it.products for it in rows),
        by_stars=by("stars"),
        potential_five_star=sum(it.products for it in rows if it.potential_five_star),
        by_owner_kind=by("owner_kind"),
        by_group=by("product_group"),
        expiring=sum(it.products for it in rows if it.ending),
    )
