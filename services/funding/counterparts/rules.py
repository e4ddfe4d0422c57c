"""How much local money a ratio requires, and how much is missing. Pure; amounts are whole đồng."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.funding.catalogue import CounterpartRatio
from services.funding.ledger import Capital
from services.funding.progress.rules import LotSum

PERCENT = 100


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What one ratio requires in a year, and what was provided."""

    ratio: CounterpartRatio
    central_vnd: int
    provided: Mapping[str, int]
    """Đồng by source."""

    @property
    def provided_vnd(self) -> int:
        """What all sources provided."""
        return sum(self.provided.values())

    @property
    def required_vnd(self) -> int:
        """The least whole đồng that reaches the ratio."""
        exact = self.central_vnd * self.ratio.min_percent / PERCENT
        whole = int(exact)
        return whole if whole == exact else whole + 1

    @property
    def shortfall_vnd(self) -> int:
        """What is missing."""
        return max(0, self.required_vnd - self.provided_vnd)


def calculate_counterparts(
    ratios: Iterable[CounterpartRatio],
    sums: Sequence[LotSum],
    year: int,
    *,
    central: Collection[str],
    local: Collection[str],
) -> list[Counterpart]:
    """Return the counterpart of each ratio in force. Money carried over was matched in its year of origin.

    The sums are by program and capital kind.
    """
    counterparts = []
    for ratio in ratios:
        if not ratio.is_in_force_at_end_of(year):
            continue
        own_sums = [lot_sum for lot_sum in sums if lot_sum.origin_year == year and _applies(ratio, lot_sum)]
        provided: dict[str, int] = {}
        for lot_sum in own_sums:
            if lot_sum.source in local:
                provided_vnd = provided.get(lot_sum.source, 0) + lot_sum.amounts.planned_vnd
                provided[lot_sum.source] = provided_vnd
        central_vnd = sum(lot_sum.amounts.planned_vnd for lot_sum in own_sums if lot_sum.source in central)
        counterparts.append(Counterpart(ratio, central_vnd, provided))
    return counterparts


def _applies(ratio: CounterpartRatio, lot_sum: LotSum) -> bool:
    capital: Capital | None = ratio.capital
    return lot_sum.keys["program"] == ratio.program and capital in {None, lot_sum.keys["capital"]}
