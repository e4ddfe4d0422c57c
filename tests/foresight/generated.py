"""Generated years of a province: money of four kinds in ten units, paid out in ways that years have been seen to go.

S-curves of any steepness, with or without a surge in the last month; units and components with a pace of their own; years
that are slow or quick as a whole; months in which nothing moves; lines that begin late and catch up; supplements and cuts
in mid-year; payments in lumps; and a part of what is left carried into the next year. Nothing of the method is used here.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from random import Random

from services.funding.balances import Line, Lot
from services.funding.foresight.learning import Account, Flow, pooled
from services.funding.foresight.rules import Held
from services.funding.lapses.rules import deadline_of, read_deadlines

RULES = read_deadlines()
UNITS = [f"{number}" for number in range(608, 618)]
COMPONENTS = ["GN.DA1", "GN.DA2", "GN.DA3", "GN.DA4"]
MONTHS = {
    ("investment", "own"): 13,
    ("investment", "carried"): 12,
    ("recurrent", "own"): 12,
    ("recurrent", "carried"): 12,
}
FINAL = {
    ("investment", "own"): (0.7, 0.97),
    ("investment", "carried"): (0.6, 0.97),
    ("recurrent", "own"): (0.15, 0.9),
    ("recurrent", "carried"): (0.25, 0.9),
}
"""What a province reaches in an ordinary year; the published rates of the programs lie within."""
SINCE = date(1991, 8, 12)


@dataclass
class Year:
    """The lots of a year with their months, each to the end."""

    year: int
    lots: dict[Lot, dict[int, Flow]] = field(default_factory=dict)

    def accounts(self, until: int = 99):
        """The year by kind and unit, until the end of a month."""
        found: dict[tuple, list[Account]] = {}
        for lot, series in self.lots.items():
            kind, seen = kind_of(lot), {month: flow for month, flow in series.items() if month <= until}
            found.setdefault((kind, lot.line.unit), []).append(Account(self.year, kind, seen))
        return [Account(self.year, kind, pooled(of)) for (kind, _), of in found.items()]

    def held(self, until: int) -> list[Held]:
        """The lots as they stood at the end of a month."""
        return [
            Held(
                lot,
                deadline_of(RULES, lot),
                {first_of(self.year, month): flow for month, flow in series.items() if month <= until},
            )
            for lot, series in self.lots.items()
        ]

    def truth(self, lot: Lot) -> int:
        """What was paid of a lot in the end."""
        return sum(flow.paid_vnd for flow in self.lots[lot].values())


def kind_of(lot: Lot):
    return lot.line.capital, "own" if lot.origin_year == lot.line.year else "carried"


def first_of(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def years_of_a_province(seed: int, first: int, last: int) -> Iterator[Year]:
    """Go through the years of a province that is like no other, and the same for the same seed.

    In one half of the provinces who is slow stays behind, in the other half he catches up in the end.
    """
    rng = Random(seed)
    catching_up = rng.random() < 0.5
    curves = {kind: Curve.any(rng, *FINAL[kind], months) for kind, months in MONTHS.items()}
    units = {unit: rng.lognormvariate(0, 0.25) for unit in UNITS}
    components = {component: rng.lognormvariate(0, 0.2) for component in COMPONENTS}
    carried: dict[Lot, int] = {}
    for number in range(first, last + 1):
        year = Year(number)
        moods = {kind: rng.lognormvariate(0, 0.2) for kind in MONTHS}
        standstill = _standstill(rng)
        money = {**carried, **{lot: int(rng.lognormvariate(23.5, 1)) for lot in _own_lots(number)}}
        carried = {}
        for lot, amount in money.items():
            kind = kind_of(lot)
            pace = units[lot.line.unit] * components[str(lot.line.component)]
            shares = curves[kind].shares(1 / pace) if catching_up else curves[kind].shares(quicker=pace)
            year.lots[lot] = series = _series(
                rng, amount, [share * moods[kind] for share in shares], standstill, late=rng.random() < 0.2
            )
            whole = pooled([Account(number, kind, series)])
            left = sum(flow.came_vnd - flow.paid_vnd for flow in whole.values())
            if left > 0 and rng.random() < 0.8:
                share = int(left * rng.uniform(0.5, 1))
                series[len(shares) + 1] = Flow(gone_vnd=share)
                if lot.origin_year >= number - 1:
                    carried[lot.in_next_year()] = share
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


def _series(rng: Random, amount: int, shares: list[float], standstill: set[int], *, late: bool):
    starts, change_in = rng.randint(3, 8) if late else 1, rng.randint(6, 10)
    line = rng.lognormvariate(0, 0.35)
    change = int(amount * rng.choice([0, 0, 0, 0, 0, 0.2, 0.5, -0.1]))
    series, left = {}, 0
    for month, share in enumerate(shares, 1):
        came = amount if month == 1 else max(change, -left) if month == change_in else 0
        left += came
        quick = share * line * (1.6 if late else 1) * rng.gammavariate(1.5, 1 / 1.5)
        moving = month >= starts
        paid = int(left * min(1, quick * (0.15 if month in standstill else 1))) if moving else 0
        series[month] = Flow(came_vnd=came, paid_vnd=paid)
        left -= paid
    return series
