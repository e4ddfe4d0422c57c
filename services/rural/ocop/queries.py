"""Answers about OCOP products: one product on a day, and the counts of valid products by unit."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from services.rural.ocop.dated_rules import OcopRules, ProductGroup, add_months
from services.rural.ocop.schemas import EvaluationOut, GroupCountOut, ProductOut, SummaryOut, SummaryRow
from services.rural.ocop.store import count_valid_products, find_product_evaluations
from shared.kit.canonical_text import canonicalize
from shared.kit.problems import NotFound, Sentence
from shared.reporting.context import ReportingContext
from shared.reporting.registers import expand_units
from shared.territory.named_rows import name_units
from shared.territory.units import Unit


class ProductNotFound(NotFound):
    """No evaluation has this product code."""

    code = "ocop_product_not_found"
    detail = Sentence("Không có sản phẩm mã {product}.", "There is no product {product}.")


def name_evaluations(context: ReportingContext, evaluations: list[EvaluationOut]) -> list[EvaluationOut]:
    """Return evaluations with the names of their units on the days of the decisions."""
    return name_units(context.territory, evaluations, lambda evaluation: evaluation.decision.date)


async def read_product(context: ReportingContext, rules: OcopRules, code: str, on: date) -> ProductOut:
    """Return a product with its evaluation of a day and its history. Raise `ProductNotFound`."""
    rows = await find_product_evaluations(context.session, canonicalize(code))
    if not rows:
        raise ProductNotFound(product=code[:60])
    history = name_evaluations(context, [EvaluationOut.from_row(row, rules) for row in rows])
    current = next((evaluation for evaluation in history if evaluation.decision.date <= on), None)
    return ProductOut(
        code=(current or history[0]).code,
        on=on,
        valid=current is not None and rules.is_valid(current.decision.date, on),
        current=current,
        history=history,
    )


async def summarize_products(
    context: ReportingContext, rules: OcopRules, top: Unit, on: date, months: int
) -> SummaryOut:
    """Return the counts of products valid on a day by the units directly below `top`, and in total. One statement."""
    territory, expiring_before = context.territory, add_months(on, months)
    units = expand_units(territory, [top.code], on)
    counts = await count_valid_products(context.session, rules, units, on, expiring_before)
    children = [child for child in territory.children(top.code, on) if child.level != "village"]
    units_of = {child.code: expand_units(territory, [child.code], on) for child in children}
    of_top = [count for count in counts if count.unit_of_day == top.code]
    rows = [
        _to_row(rules, child, (count for count in counts if count.unit_of_day in units_of[child.code]))
        for child in children
    ]
    return SummaryOut(
        on=on,
        expiring_before=expiring_before,
        rows=[*([_to_row(rules, top, of_top)] if of_top else []), *rows],
        total=_to_row(rules, top, counts),
    )


def _to_row(rules: OcopRules, unit: Unit, unit_counts: Iterable[Any]) -> SummaryRow:
    counts = list(unit_counts)

    def sum_by(column: str) -> dict[Any, int]:
        products: Counter[Any] = Counter()
        for count in counts:
            products[getattr(count, column)] += count.products
        return dict(sorted(products.items()))

    return SummaryRow(
        unit=unit.code,
        name=unit.name,
        valid=sum(count.products for count in counts),
        by_stars=sum_by("stars"),
        potential_five_star=sum(count.products for count in counts if count.potential_five_star),
        by_owner_kind=sum_by("owner_kind"),
        by_group=sum_by("product_group"),
        groups=_count_groups(rules, counts),
        expiring=sum(count.products for count in counts if count.ending),
    )


def _count_groups(rules: OcopRules, counts: Iterable[Any]) -> list[GroupCountOut]:
    """Return the products of each group as it was on the day of the decision, by number and then by days."""
    products: Counter[ProductGroup] = Counter()
    for count in counts:
        group = rules.find_group(count.product_group, count.group_on)
        if group is not None:
            products[group] += count.products
    ordered = sorted(products, key=lambda group: (group.number, group.valid_from))
    return [GroupCountOut.from_fact(group, products=products[group]) for group in ordered]
