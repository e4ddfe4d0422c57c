"""Sums of progress in any grouping. Rates are divided once, after summing. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import add

from services.funding.ledger import CAPITALS, Amounts
from services.funding.lineage import TOTAL

Key = str | int | date | None


@dataclass(frozen=True, slots=True)
class LotSum:
    """The sum of lots with the same keys of a grouping, source and year of origin."""

    keys: Mapping[str, Key]
    source: str
    origin_year: int
    amounts: Amounts
    own: bool = True
    """Whether it is the year's own money, not carried over into it."""


@dataclass(frozen=True, slots=True)
class ProgressGroup:
    """One group of a grouping, or the total, with its rates. Rates are of the counted money alone."""

    keys: Mapping[str, Key]
    amounts: Amounts = field(default_factory=Amounts)
    counted: Amounts = field(default_factory=Amounts)
    """Of the sources that count in the rate: its numerator and denominator."""
    own: Amounts = field(default_factory=Amounts)
    """The counted money of the year itself."""
    carried_over_from: Mapping[int, int] = field(default_factory=dict)
    """Đồng carried over, by year of origin."""
    earlier: Amounts = field(default_factory=Amounts)
    """Of a month: the amounts of the months before it."""

    @property
    def available_vnd(self) -> int:
        """The available amount; of a month, at its end."""
        return (self.earlier + self.amounts).available_vnd

    @property
    def left_vnd(self) -> int:
        """The amount left; of a month, at its end."""
        return (self.earlier + self.amounts).left_vnd

    @property
    def rate(self) -> Decimal | None:
        """Disbursed in percent of what was available; None where nothing was."""
        return _calculate_percent(self.counted)

    @property
    def allocation_rate(self) -> Decimal | None:
        """Allocated less cancelled, in percent of what the central government assigned.

        None where nothing is assigned, or less than is allocated: to a component from the money of the program, or by a day
        before the assignment.
        """
        assigned_vnd = self.amounts.assigned_vnd
        allocated_vnd = self.amounts.allocated_vnd - self.amounts.cancelled_vnd
        return (
            Decimal(allocated_vnd * 100) / assigned_vnd
            if 0 <= allocated_vnd <= assigned_vnd and assigned_vnd
            else None
        )

    @property
    def own_rate(self) -> Decimal | None:
        """The same rate of the year's own money."""
        return _calculate_percent(self.own)


def _calculate_percent(amounts: Amounts) -> Decimal | None:
    available = amounts.available_vnd
    return Decimal(amounts.disbursed_vnd * 100) / available if available else None


def build_group(keys: Mapping[str, Key], sums: Sequence[LotSum], counted: Collection[str]) -> ProgressGroup:
    """Add sums into one group; `counted` are the sources that count in its rate."""
    carried_over: dict[int, int] = {}
    for lot_sum in sums:
        if lot_sum.amounts.carried_over_vnd:
            amount = carried_over.get(lot_sum.origin_year, 0) + lot_sum.amounts.carried_over_vnd
            carried_over[lot_sum.origin_year] = amount
    counted_sums = [lot_sum for lot_sum in sums if lot_sum.source in counted]
    return ProgressGroup(
        keys,
        _add_amounts(sums),
        _add_amounts(counted_sums),
        _add_amounts(lot_sum for lot_sum in counted_sums if lot_sum.own),
        dict(sorted(carried_over.items())),
    )


def _add_amounts(sums: Iterable[LotSum]) -> Amounts:
    return reduce(add, (lot_sum.amounts for lot_sum in sums), Amounts())


def build_groups(
    sums: Iterable[LotSum], by: Sequence[str], *, counted: Collection[str], rated: Collection[str]
) -> list[ProgressGroup]:
    """Return the groups of a grouping in a stable order, and the total last.

    Rates are of the counted sources; grouped by source, those of the rated sources too, each by itself. A month has no rate:
    its payments are not of the money that came in it. The available amount of a month and the amount left are those at its end.
    """
    groups: dict[tuple[Key, ...], list[LotSum]] = {}
    for lot_sum in sums:
        groups.setdefault(tuple(lot_sum.keys[name] for name in by), []).append(lot_sum)
    sources_with_rate = rated if "source" in by else counted
    if "month" in by:
        sources_with_rate = ()
    rows = [
        build_group(dict(zip(by, values, strict=True)), groups[values], sources_with_rate)
        for values in sorted(groups, key=_make_sort_key(by))
    ]
    if "month" in by:
        rows = _add_earlier_months(rows)
    all_sums = [lot_sum for group_sums in groups.values() for lot_sum in group_sums]
    return [*rows, build_group(dict.fromkeys(by, TOTAL), all_sums, counted)]


def _add_earlier_months(rows: Sequence[ProgressGroup]) -> list[ProgressGroup]:
    """Return the rows in their order, each with the amounts of the months before it."""
    sums: dict[tuple[Key, ...], Amounts] = {}
    earlier = {}
    for row in sorted(rows, key=lambda row: str(row.keys["month"])):
        others = tuple(value for name, value in row.keys.items() if name != "month")
        earlier[tuple(row.keys.values())] = sums.get(others, Amounts())
        sums[others] = earlier[tuple(row.keys.values())] + row.amounts
    return [replace(row, earlier=earlier[tuple(row.keys.values())]) for row in rows]


def _make_sort_key(by: Sequence[str]) -> Callable[[tuple[Key, ...]], list[tuple[int, str]]]:
    def to_sort_key(values: tuple[Key, ...]) -> list[tuple[int, str]]:
        return [_rank(name, value) for name, value in zip(by, values, strict=True)]

    return to_sort_key


def _rank(name: str, value: Key) -> tuple[int, str]:
    if name == "capital":
        return CAPITALS.index(value), ""
    return (0, "") if value is None else (1, str(value))
