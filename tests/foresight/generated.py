"""Generated years of a province: money of both capital kinds in ten units, paid out in ways that years have been seen to go.

S-curves of any steepness, with or without a surge in the last month; units and components with a pace of their own; years
that are slow or quick as a whole; months in which nothing moves; lines that begin late and catch up; supplements and cuts
in mid-year; payments in lumps; and a part of what is left carried into the next year, where it is paid first. Nothing of the method is
used here.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from random import Random

from services.funding.dated_facts import load_deadlines
from services.funding.foresight.learning import Account, Flow, total
from services.funding.foresight.rules import Held
from services.funding.lapses.rules import find_deadline
from services.funding.ledger import Line, Lot

RULES = load_deadlines()
UNITS = [f"{number}" for number in range(608, 618)]
COMPONENTS = ["GN.DA1", "GN.DA2", "GN.DA3", "GN.DA4"]
MONTHS = {"investment": 13, "recurrent": 12}
CARRIED_MONTHS = 12
FINAL = {"investment": (0.6, 0.97), "recurrent": (0.15, 0.9)}
"""What a province reaches in an ordinary year; the published rates of the programs lie within."""
SINCE = date(1991, 8, 12)


@dataclass
class Year:
    """The lots of a year with their months, each to the end."""

    year: int
    lots: dict[Lot, dict[int, Flow]] = field(default_factory=dict)

    def accounts(self, until: int = 99) -> list[Account]:
        """The year by kind of money and unit, until the end of a month."""
        found: dict[tuple, list[dict[int, Flow]]] = {}
        for lot, series in self.lots.items():
            seen = {month: flow for month, flow in series.items() if month <= until}
            found.setdefault((lot.line.capital, lot.line.unit, months_of(lot)), []).append(seen)
        return [
            Account(self.year, capital, unit, months, pooled(of))
            for (capital, unit, months), of in found.items()
        ]

    def held(self, until: int) -> list[Held]:
        """The lots as they stood at the end of a month."""
        return [
            Held(
                lot,
                find_deadline(RULES, lot),
                {first_of(self.year, month): flow for month, flow in series.items() if month <= until},
            )
            for lot, series in self.lots.items()
        ]

    def truth(self, lot: Lot) -> int:
        """What was paid of a lot in the end."""
        return sum(flow.paid_vnd for flow in self.lots[lot].values())


def months_of(lot: Lot) -> int:
    """In how many months the money of a lot may be paid."""
    return MONTHS[lot.line.capital] if lot.origin_year == lot.line.year else CARRIED_MONTHS


def pooled(many: list[dict[int, Flow]]) -> dict[int, Flow]:
    """Many series as one."""
    months = {month for series in many for month in series}
    return {month: total([series[month] for series in many if month in series]) for month in months}


def first_of(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def years_of_a_province(seed: int, first: int, last: int) -> Iterator[Year]:
    """Go through the years of a province that is like no other, and the same for the same seed.

    In one half of the provinces who is slow stays behind, in the other half he catches up in the end.
    """
    rng = Random(seed)
    catching_up = rng.random() < 0.5
    curves = {capital: Curve.any(rng, *FINAL[capital], months) for capital, months in MONTHS.items()}
    units = {unit: rng.lognormvariate(0, 0.25) for unit in UNITS}
    components = {component: rng.lognormvariate(0, 0.2) for component in COMPONENTS}
    carried: dict[Lot, int] = {}
    for number in range(first, last + 1):
        year = Year(number)
        moods = {capital: rng.lognormvariate(0, 0.2) for capital in MONTHS}
        standstill = _standstill(rng)
        before, carried = carried, {}
        for own in _own_lots(number):
            lots = [*(lot for lot in before if lot.line == own.line), own]
            money = [*(before[lot] for lot in lots[:-1]), int(rng.lognormvariate(23.5, 1))]
            curve, mood = curves[own.line.capital], moods[own.line.capital]
            pace = units[own.line.unit] * components[str(own.line.component)]
            shares = curve.shares(1 / pace) if catching_up else curve.shares(quicker=pace)
            paid_out = _line(rng, lots, money, [share * mood for share in shares], standstill)
            for lot, series in zip(lots, paid_out):
                year.lots[lot] = series
                whole = total(list(series.values()))
                left = whole.came_vnd - whole.paid_vnd
                if left > 0 and rng.random() < 0.8:
                    share = int(left * rng.uniform(0.5, 1))
                    series[months_of(lot) + 1] = Flow(gone_vnd=share)
                    if lot.origin_year >= number - 1:
                        carried[lot.to_next_year()] = share
        yield year


@dataclass(frozen=True)
class Curve:
    """An S-curve to some final rate, most often bending up late and with a surge in the last month."""

    months: int
    final: float
    middle: float
    steep: float
    surge: float

    @classmethod
    def any(cls, rng: Random, least: float, most: float, months: int) -> "Curve":
        back_loaded = rng.random() < 0.85
        return cls(
            months,
            final=rng.uniform(least, most),
            middle=rng.uniform(0.6, 0.95) if back_loaded else rng.uniform(0.35, 0.6),
            steep=rng.uniform(3, 8),
            surge=rng.uniform(0, 0.3) if back_loaded else 0,
        )

    def shares(self, later: float = 1, *, quicker: float = 1) -> list[float]:
        """What is paid in each month of what is left."""
        raw = [self._risen((month / self.months) ** later) for month in range(self.months + 1)]
        risen = [(value - raw[0]) / (raw[-1] - raw[0]) * (1 - self.surge) for value in raw]
        paid = [self.final * value for value in risen[:-1]] + [self.final]
        return [quicker * (above - below) / (1 - below) for below, above in pairwise(paid)]

    def _risen(self, at: float) -> float:
        return 1 / (1 + math.exp(-self.steep * (at - self.middle)))


def _own_lots(year: int) -> Iterator[Lot]:
    for capital in ("investment", "recurrent"):
        for unit in UNITS:
            for component in COMPONENTS:
                yield Lot(Line(year, "poverty", component, capital, "central", unit, SINCE), year)


def _standstill(rng: Random) -> set[int]:
    """Months in which nothing moves: a law that is waited for, a flood."""
    if rng.random() > 0.2:
        return set()
    begins = rng.randint(2, 8)
    return set(range(begins, begins + rng.randint(2, 3)))


def _line(
    rng: Random, lots: list[Lot], money: list[int], shares: list[float], standstill: set[int]
) -> list[dict[int, Flow]]:
    """Pay a line month by month, from its oldest lot first; the year's own money may be supplemented or cut."""
    late = rng.random() < 0.2
    starts, change_in = rng.randint(3, 8) if late else 1, rng.randint(6, 10)
    line = rng.lognormvariate(0, 0.35)
    change = int(money[-1] * rng.choice([0, 0, 0, 0, 0, 0.2, 0.5, -0.1]))
    found: list[dict[int, Flow]] = [{} for _ in lots]
    left = [0] * len(lots)
    for month, share in enumerate(shares, 1):
        came = money if month == 1 else [0] * len(lots)
        if month == change_in:
            came = [*came[:-1], max(change, -left[-1])]
        left = [one + two for one, two in zip(left, came)]
        quick = share * line * (1.6 if late else 1) * rng.gammavariate(1.5, 1 / 1.5)
        quick = min(1, quick * (0.15 if month in standstill else 1)) if month >= starts else 0
        payable = [amount if month <= months_of(lot) else 0 for lot, amount in zip(lots, left)]
        wanted = int(sum(payable) * quick)
        for at, amount in enumerate(payable):
            paid = min(wanted, amount)
            found[at][month] = Flow(came_vnd=came[at], paid_vnd=paid)
            wanted, left[at] = wanted - paid, left[at] - paid
    return found
