"""How evaluations of products are found. Valid on a day: the latest decision by then, whose months are not over.

A product follows its unit into whatever that becomes: products add up over units that merge.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.rural.models import OcopEvaluation
from services.rural.ocop.dated_rules import OcopRules
from shared.reporting.basis import to_rfc3339
from shared.reporting.engine import CountScope, RegisterCount, RegisterCounter
from shared.reporting.registers import topmost_units
from shared.territory.succession_queries import unit_versions_within

PATH = "/v1/rural/ocop/products"
FIVE = 5


@dataclass(frozen=True, slots=True)
class Sought:
    """What a list is asked for; None leaves a question open."""

    code: str | None = None
    stars: int | None = None
    group: int | None = None
    owner_kind: str | None = None
    potential_five_star: bool | None = None
    as_of: datetime | None = None


async def of_product(session: AsyncSession, code: str) -> list[OcopEvaluation]:
    """Give the evaluations of a product, the newest decision first."""
    rows = await session.scalars(
        select(OcopEvaluation)
        .where(OcopEvaluation.code == code)
        .order_by(OcopEvaluation.decision_date.desc(), OcopEvaluation.recorded_at.desc())
    )
    return list(rows)


def listed(units: Collection[str] | None, sought: Sought) -> Select[Any]:
    """Select all evaluations of products of these units (as the map was on each decision's day), newest first."""
    query = select(OcopEvaluation).where(*_asked(sought), _known(sought.as_of))
    if units is not None:
        query = query.where(OcopEvaluation.line.op("&&")(literal(sorted(units), ARRAY(Text))))
    return _newest_first(query)


def valid(
    rules: OcopRules, units: Collection[str], on: date, sought: Sought, *, ending_before: date | None = None
) -> Select[Any]:
    """Select the evaluations by which products of units of a day are valid on it, or those that end before another."""
    rows = _valid(rules, units, on, sought.as_of).subquery()
    query = select(OcopEvaluation).where(OcopEvaluation.id.in_(select(rows.c.id)), *_asked(sought))
    if ending_before is not None:
        query = query.where(~_holds(rules, OcopEvaluation.decision_date, ending_before))
    return _newest_first(query)


def counting(rules: OcopRules) -> RegisterCounter:
    """Make the engine's register: it counts valid products. One statement."""

    async def count(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        rows = _valid(rules, scope.units, scope.on, scope.as_of).subquery()
        numbers = select(
            func.count(),
            func.count().filter(rows.c.stars == FIVE),
            func.count().filter(rows.c.potential_five_star),
        ).select_from(rows)
        every, five, potential = (await session.execute(numbers)).one()
        return {
            "ocop_products_valid": RegisterCount(every, _lineage(scope)),
            "ocop_products_five_star": RegisterCount(five, _lineage(scope, stars="5")),
            "ocop_products_potential_five_star": RegisterCount(
                potential, _lineage(scope, potential_five_star="true")
            ),
        }

    return count


async def summed(
    session: AsyncSession, rules: OcopRules, units: Collection[str], on: date, ending_before: date
) -> list[Row[Any]]:
    """Count valid products by the unit they lie in, stars, group, kind of owner, and whether they end soon."""
    rows = _valid(rules, units, on, None).subquery()
    ending = (~_holds(rules, rows.c.decision_date, ending_before)).label("ending")
    keys = (
        rows.c.place,
        rows.c.stars,
        rows.c.product_group,
        rows.c.owner_kind,
        rows.c.potential_five_star,
        ending,
    )
    found = await session.execute(select(*keys, func.count().label("products")).group_by(*keys))
    return list(found)


def _valid(
    rules: OcopRules, units: Collection[str], on: date, as_of: datetime | None
) -> Select[*tuple[Any, ...]]:
    latest = (
        select(OcopEvaluation)
        .where(OcopEvaluation.decision_date <= on, _known(as_of))
        .ext(distinct_on(OcopEvaluation.code))
        .order_by(OcopEvaluation.code, OcopEvaluation.decision_date.desc())
        .subquery()
    )
    it = aliased(OcopEvaluation, latest)
    lands = unit_versions_within(units, on, adds=True)
    return (
        select(
            it.id,
            lands.c.place,
            it.decision_date,
            it.stars,
            it.product_group,
            it.owner_kind,
            it.potential_five_star,
        )
        .join(lands, and_(lands.c.code == it.land, lands.c.valid_from == it.land_since))
        .where(_holds(rules, it.decision_date, on))
    )


def _holds(rules: OcopRules, decided_on: Any, on: date) -> ColumnElement[bool]:
    """Tell, in SQL, whether a certificate of a date is valid on a day, as `Book.valid` does."""
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


def _asked(sought: Sought) -> list[ColumnElement[bool]]:
    return [
        column == wanted
        for column, wanted in (
            (OcopEvaluation.code, sought.code),
            (OcopEvaluation.stars, sought.stars),
            (OcopEvaluation.product_group, sought.group),
            (OcopEvaluation.owner_kind, sought.owner_kind),
            (OcopEvaluation.potential_five_star, sought.potential_five_star),
        )
        if wanted is not None
    ]


def _known(as_of: datetime | None) -> ColumnElement[bool]:
    return true() if as_of is None else OcopEvaluation.recorded_at <= as_of


def _lineage(scope: CountScope, **also: str) -> str:
    query = {"unit": topmost_units(scope.units), "valid_on": scope.on.isoformat(), **also}
    if scope.as_of:
        query["as_of"] = to_rfc3339(scope.as_of) or ""
    return f"{PATH}?{urlencode(query, safe=',:')}"


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(OcopEvaluation.recorded_at.desc(), OcopEvaluation.id.desc())
