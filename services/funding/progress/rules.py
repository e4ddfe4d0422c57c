"""How progress is added up: amounts by any grouping, and rates that are divided once, after adding. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import add

from services.funding.ledger import CAPITALS, Amounts
from services.funding.lineage import TOTAL

Key = str | int | None


@dataclass(frozen=True, slots=True)
class Part:
    """Lots summed up by the keys of a grouping, by source and by year of origin."""

    keys: Mapping[str, Key]
    source: str
    origin_year: int
    amounts: Amounts
    own: bool = True
    """Whether it is the year's own money, and none that was carried over."""


@dataclass(frozen=True, slots=True)
class Row:
    """Parts summed up. The rate is of the counted money alone; its numerator and denominator are kept."""

    keys: Mapping[str, Key]
    amounts: Amounts = field(default_factory=Amounts)
    counted: Amounts = field(default_factory=Amounts)
    own: Amounts = field(default_factory=Amounts)
    """The counted money that the year itself was given."""
    carried_over_from: Mapping[int, int] = field(default_factory=dict)
    """Đồng carried over, by year of origin."""

    @property
    def rate(self) -> Decimal | None:
        """Percent disbursed of what was available; None where nothing was."""
        return _percent(self.counted)

    @property
    def own_rate(self) -> Decimal | None:
        """The same without the money that was carried over."""
        return _percent(self.own)


def _percent(amounts: Amounts) -> Decimal | None:
    available = amounts.available_vnd
    return Decimal(amounts.disbursed_vnd * 100) / available if available else None


def sum_up(keys: Mapping[str, Key], parts: Sequence[Part], counted: Collection[str]) -> Row:
    """Add parts into one row."""
    origins: dict[int, int] = {}
    for part in parts:
        if part.amounts.carried_over_vnd:
            known = origins.get(part.origin_year, 0)
            origins[part.origin_year] = known + part.amounts.carried_over_vnd
    return Row(
        keys,
        reduce(add, (part.amounts for part in parts), Amounts()),
        reduce(add, (part.amounts for part in parts if part.source in counted), Amounts()),
        reduce(add, (part.amounts for part in parts if part.source in counted and part.own), Amounts()),
        dict(sorted(origins.items())),
    )


def group(
    parts: Iterable[Part], by: Sequence[str], *, counted: Collection[str], with_a_rate: Collection[str]
) -> list[Row]:
    """Give a row for each group, in a stable order, and the total last.

    Rates are of the sources that count; where rows are by source, a source with a rate of its own has that one too. A
    month has none: what is paid in it is not of the money that came in it.
    """
    groups: dict[tuple[Key, ...], list[Part]] = {}
    for part in parts:
        groups.setdefault(tuple(part.keys[name] for name in by), []).append(part)
    rated = with_a_rate if "source" in by else counted
    if "month" in by:
        rated = ()
    rows = [
        sum_up(dict(zip(by, values, strict=True)), groups[values], rated)
        for values in sorted(groups, key=_in_order(by))
    ]
    everything = [part for group_of_parts in groups.values() for part in group_of_parts]
    return [*rows, sum_up(dict.fromkeys(by, TOTAL), everything, counted)]


def _in_order(by: Sequence[str]) -> Callable[[tuple[Key, ...]], list[tuple[int, str]]]:
    def place(values: tuple[Key, ...]) -> list[tuple[int, str]]:
        return [_place(name, value) for name, value in zip(by, values, strict=True)]

    return place


def _place(name: str, value: Key) -> tuple[int, str]:
    if name == "capital":
        return CAPITALS.index(value), ""
    return (0, "") if value is None else (1, str(value))
