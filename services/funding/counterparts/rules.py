"""The local money that a ratio requires, and the amount that is missing. Pure; amounts are whole đồng.

A ratio of a province precedes the general one, and one of a capital kind the one of both kinds: the money of a line counts
under one ratio.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.funding.catalogue import CounterpartRatio
from services.funding.progress.rules import LotSum

PERCENT = 100


@dataclass(frozen=True, slots=True)
class ProvinceSum:
    """The sum of lots of one year, program and capital kind; province: the one whose own ratios apply, None for others."""

    year: int
    province: str | None
    lot_sum: LotSum


@dataclass(frozen=True, slots=True)
class Counterpart:
    """The amounts that one ratio requires in some years, and those provided."""

    ratio: CounterpartRatio
    central_vnd: int
    provided: Mapping[str, int]
    """Đồng by source."""

    @property
    def provided_vnd(self) -> int:
        """The amount that all sources provided."""
        return sum(self.provided.values())

    @property
    def required_vnd(self) -> int:
        """The least whole đồng that reaches the ratio."""
        exact = self.central_vnd * self.ratio.min_percent / PERCENT
        whole = int(exact)
        return whole if whole == exact else whole + 1

    @property
    def shortfall_vnd(self) -> int:
        """The amount that is missing."""
        return max(0, self.required_vnd - self.provided_vnd)


def calculate_counterparts(
    ratios: Sequence[CounterpartRatio],
    sums: Iterable[ProvinceSum],
    years: Collection[int],
    *,
    central: Collection[str],
    local: Collection[str],
) -> list[Counterpart]:
    """Return the counterpart of each ratio in force in one of the years. Money carried over was matched in its year of origin."""
    in_force = [ratio for ratio in ratios if any(map(ratio.is_in_force_at_end_of, years))]
    central_vnd = dict.fromkeys(in_force, 0)
    provided: dict[CounterpartRatio, dict[str, int]] = {ratio: {} for ratio in in_force}
    for province_sum in sums:
        lot_sum, ratio = province_sum.lot_sum, find_ratio(in_force, province_sum)
        if ratio is None or lot_sum.origin_year != province_sum.year:
            continue
        planned_vnd = lot_sum.amounts.planned_vnd
        if lot_sum.source in central:
            central_vnd[ratio] += planned_vnd
        elif lot_sum.source in local:
            provided[ratio][lot_sum.source] = provided[ratio].get(lot_sum.source, 0) + planned_vnd
    return [Counterpart(ratio, central_vnd[ratio], provided[ratio]) for ratio in in_force]


def find_ratio(ratios: Iterable[CounterpartRatio], province_sum: ProvinceSum) -> CounterpartRatio | None:
    """Return the ratio under which a sum counts, the most special one; None where none is in force."""
    keys = province_sum.lot_sum.keys
    matching = (
        ratio
        for ratio in ratios
        if ratio.program == keys["program"]
        and ratio.province in {None, province_sum.province}
        and ratio.capital in {None, keys["capital"]}
        and ratio.is_in_force_at_end_of(province_sum.year)
    )
    return max(
        matching, key=lambda ratio: (ratio.province is not None, ratio.capital is not None), default=None
    )
