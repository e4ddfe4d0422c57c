"""Queries of evaluations of products. Flushes, never commits.

Valid on a day: of the decisions by then the latest on each product, while the months of its certificate run. A product
follows its unit into whatever that becomes: products add up over units that merge.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Row, Select, and_, case, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.rural.models import OcopEvaluation
from services.rural.ocop.dated_rules import OcopRules
from shared.kit.canonical_text import canonicalize
from shared.reporting.register_rows import is_in_units, is_land_of, is_recorded_by, order_newest_first
from shared.territory.succession_queries import unit_versions_within

PATH = "/v1/rural/ocop/products"


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """The filters of a list of products; None filters nothing."""

    code: str | None = None
    stars: int | None = None
    group: int | None = None
    owner_kind: str | None = None
    potential_five_star: bool | None = None
    as_of: datetime | None = None


async def find_product_evaluations(session: AsyncSession, code_key: str) -> list[OcopEvaluation]:
    """Return the evaluations of the product with this canonical code, the newest decision first."""
    rows = await session.scalars(
        select(OcopEvaluation)
        .where(_is_product(code_key))
        .order_by(OcopEvaluation.decision_date.desc(), OcopEvaluation.recorded_at.desc())
    )
    return list(rows)


def select_evaluations(units: Collection[str] | None, filters: ProductFilter) -> Select[Any]:
    """Select all evaluations of products of these units (on the map of each decision's day), newest first."""
    query = select(OcopEvaluation).where(
        *_to_conditions(filters), is_recorded_by(OcopEvaluation, filters.as_of)
    )
    if units is not None:
        query = query.where(is_in_units(OcopEvaluation, units))
    return order_newest_first(query, OcopEvaluation)


def select_valid(
    rules: OcopRules,
    units: Collection[str],
    on: date,
    filters: ProductFilter,
    *,
    ending_before: date | None = None,
) -> Select[Any]:
    """Select the evaluations valid on a day, of products of units of that day, newest first.

    With `ending_before`: only those that are no longer valid on that later day.
    """
    rows = select_valid_columns(rules, units, on, filters.as_of).subquery()
    query = select(OcopEvaluation).where(OcopEvaluation.id.in_(select(rows.c.id)), *_to_conditions(filters))
    if ending_before is not None:
        query = query.where(~_is_valid(rules, OcopEvaluation.decision_date, ending_before))
    return order_newest_first(query, OcopEvaluation)


async def count_valid_products(
    session: AsyncSession, rules: OcopRules, units: Collection[str], on: date, ending_before: date
) -> list[Row[Any]]:
    """Count valid products by unit of the day (`unit_of_day`), stars, group, owner kind, potential, whether they end.

    `group_on` is the first day of the groups that were in force on the day of the decision.
    """
    rows = select_valid_columns(rules, units, on, None).subquery()
    ending = (~_is_valid(rules, rows.c.decision_date, ending_before)).label("ending")
    keys = (
        rows.c.unit_of_day,
        rows.c.stars,
        rows.c.product_group,
        rows.c.owner_kind,
        rows.c.potential_five_star,
        ending,
        _find_first_day_of_groups(rules, rows.c.decision_date).label("group_on"),
    )
    counts = await session.execute(select(*keys, func.count().label("products")).group_by(*keys))
    return list(counts)


def select_valid_columns(
    rules: OcopRules, units: Collection[str], on: date, as_of: datetime | None
) -> Select[*tuple[Any, ...]]:
    """Select the columns by which valid products are counted, with the unit of the day that each lies in (`unit_of_day`)."""
    latest = (
        select(OcopEvaluation)
        .where(OcopEvaluation.decision_date <= on, is_recorded_by(OcopEvaluation, as_of))
        .ext(distinct_on(OcopEvaluation.code_key))
        .order_by(OcopEvaluation.code_key, OcopEvaluation.decision_date.desc())
        .subquery()
    )
    evaluation = aliased(OcopEvaluation, latest)
    lands = unit_versions_within(units, on, adds=True)
    return (
        select(
            evaluation.id,
            lands.c.unit_of_day,
            evaluation.decision_date,
            evaluation.stars,
            evaluation.product_group,
            evaluation.owner_kind,
            evaluation.potential_five_star,
        )
        .join(lands, is_land_of(evaluation, lands))
        .where(_is_valid(rules, evaluation.decision_date, on))
    )


def _find_first_day_of_groups(rules: OcopRules, decided_on: Any) -> ColumnElement[date]:
    """Return the first day of the groups in force on the day of a decision."""
    days = sorted({group.valid_from for group in rules.groups}, reverse=True)
    return case(*((decided_on >= day, literal(day, Date)) for day in days), else_=literal(days[-1], Date))


def _is_valid(rules: OcopRules, decided_on: Any, on: date) -> ColumnElement[bool]:
    """Return the condition that a certificate of a date is valid on a day; the same rule as `OcopRules.is_valid`."""
    return or_(
        *(
            and_(
                decided_on >= rule.valid_from,
                true() if rule.valid_to is None else decided_on <= rule.valid_to,
                decided_on <= on,
                decided_on + func.make_interval(0, rule.months) > on,
            )
            for rule in rules.validities
        )
    )


def _is_product(code_key: str) -> ColumnElement[bool]:
    """Return the condition of the product with this canonical code; it holds for products whose keys a migration numbered."""
    return func.split_part(OcopEvaluation.code_key, " #", 1) == code_key


def _to_conditions(filters: ProductFilter) -> list[ColumnElement[bool]]:
    of_product = [] if filters.code is None else [_is_product(canonicalize(filters.code))]
    return of_product + [
        column == value
        for column, value in (
            (OcopEvaluation.stars, filters.stars),
            (OcopEvaluation.product_group, filters.group),
            (OcopEvaluation.owner_kind, filters.owner_kind),
            (OcopEvaluation.potential_five_star, filters.potential_five_star),
        )
        if value is not None
    ]
