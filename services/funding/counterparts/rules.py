"""How much local money a ratio demands, and how much is missing. Pure; amounts are whole đồng."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.funding.catalogue import CounterpartRatio
from services.funding.ledger import Capital
from services.funding.progress.rules import Part

PERCENT = 100


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What one ratio demands in a year and what was provided."""

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


def counterparts(
    ratios: Iterable[CounterpartRatio],
    parts: Sequence[Part],
    year: int,
    *,
    central: Collection[str],
    local: Collection[str],
) -> list[Counterpart]:
    """Hold the year's plan against each ratio in force. Money carried over was matched in its own year.

    Parts are by program and capital kind.
    """
    found = []
    for ratio in ratios:
        if not ratio.is_in_force_at_end_of(year):
            continue
        of = [part for part in parts if part.origin_year == year and _under(ratio, part)]
        provided: dict[str, int] = {}
        for part in of:
            if part.source in local:
                provided[part.source] = provided.get(part.source, 0) + part.amounts.planned_vnd
        planned = sum(part.amounts.planned_vnd for part in of if part.source in central)
        found.append(Counterpart(ratio, planned, provided))
    return found


def _under(ratio: CounterpartRatio, part: Part) -> bool:
    capital: Capital | None = ratio.capital
    return part.keys["program"] == ratio.program and capital in {None, part.keys["capital"]}
