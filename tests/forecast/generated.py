"""Generated years of a province: money of both capital kinds in ten units, disbursed in ways that real years were.

S-curves of any steepness, with or without a surge in the last month; units and components with a pace of their own; years
that are slow or quick as a whole; months without payments; lines that begin late and catch up; supplements and cuts in
mid-year; payments in lumps; and a part of what is left carried into the next year, where it is paid first. The generator
uses nothing of the forecast's method.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from random import Random
from typing import Any

from services.funding.dated_facts import load_deadlines
from services.funding.deadlines import find_deadline
from services.funding.forecast.estimation import CashFlow, Cohort, add_flows
from services.funding.forecast.rules import LotHistory
from services.funding.ledger import Line, Lot

RULES = load_deadlines()
UNITS = [f"{number}" for number in range(608, 618)]
COMPONENTS = ["GN.DA1", "GN.DA2", "GN.DA3", "GN.DA4"]
MONTHS = {"investment": 13, "recurrent": 12}
CARRIED_MONTHS = 12
FINAL = {"investment": (0.6, 0.97), "recurrent": (0.15, 0.9)}
"""The final rate of an ordinary year; the published rates of the programs lie within."""
UNIT_SINCE = date(1991, 8, 12)


@dataclass
class GeneratedYear:
    """The lots of a year with their monthly flows until the end."""

    year: int
    lots: dict[Lot, dict[int, CashFlow]] = field(default_factory=dict)

    def build_cohorts(self, until: int = 99) -> list[Cohort]:
        """Return the cohorts of the year, until the end of a month."""
        groups: dict[tuple[Any, ...], list[dict[int, CashFlow]]] = {}
        for lot, flows in self.lots.items():
            seen = {month: flow for month, flow in flows.items() if month <= until}
            key = (lot.line.capital, lot.line.unit, count_payable_months(lot))
            groups.setdefault(key, []).append(seen)
        return [
            Cohort(self.year, capital, unit, months, pool_flows(of_cohort))
            for (capital, unit, months), of_cohort in groups.items()
        ]

    def build_histories(self, until: int) -> list[LotHistory]:
        """Return the histories of the lots until the end of a month."""
        return [
            LotHistory(
                lot,
                find_deadline(RULES, lot),
                {first_day_of(self.year, month): flow for month, flow in flows.items() if month <= until},
            )
            for lot, flows in self.lots.items()
        ]

    def sum_paid(self, lot: Lot) -> int:
        """Return what was paid of a lot by the end."""
        return sum(flow.paid_vnd for flow in self.lots[lot].values())


def count_payable_months(lot: Lot) -> int:
    """Return in how many months the money of a lot may be paid."""
    return MONTHS[lot.line.capital] if lot.origin_year == lot.line.year else CARRIED_MONTHS


def pool_flows(series: list[dict[int, CashFlow]]) -> dict[int, CashFlow]:
    """Return the sum of several monthly series."""
    months = {month for flows in series for month in flows}
    return {month: add_flows([flows[month] for flows in series if month in flows]) for month in months}


def first_day_of(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def generate_province(seed: int, first: int, last: int) -> Iterator[GeneratedYear]:
    """Yield the years of a province, the same for the same seed.

    In half of the provinces slow units stay behind, in the other half they catch up at the end.
    """
    rng = Random(seed)
    catching_up = rng.random() < 0.5
    curves = {capital: Curve.draw(rng, *FINAL[capital], months) for capital, months in MONTHS.items()}
    units = {unit: rng.lognormvariate(0, 0.25) for unit in UNITS}
    components = {component: rng.lognormvariate(0, 0.2) for component in COMPONENTS}
    carried: dict[Lot, int] = {}
    for number in range(first, last + 1):
        year = GeneratedYear(number)
        moods = {capital: rng.lognormvariate(0, 0.2) for capital in MONTHS}
        standstill = _standstill(rng)
        before, carried = carried, {}
        for own in _own_lots(number):
            lots = [*(lot for lot in before if lot.line == own.line), own]
            money = [*(before[lot] for lot in lots[:-1]), int(rng.lognormvariate(23.5, 1))]
            curve, mood = curves[own.line.capital], moods[own.line.capital]
            pace = units[own.line.unit] * components[str(own.line.component)]
            shares = curve.calculate_shares(1 / pace) if catching_up else curve.calculate_shares(quicker=pace)
            series = _pay_line(rng, lots, money, [share * mood for share in shares], standstill)
            for lot, flows in zip(lots, series):
                year.lots[lot] = flows
                total = add_flows(list(flows.values()))
                left = total.inflow_vnd - total.paid_vnd
                if left > 0 and rng.random() < 0.8:
                    share = int(left * rng.uniform(0.5, 1))
                    flows[count_payable_months(lot) + 1] = CashFlow(outflow_vnd=share)
                    if lot.origin_year >= number - 1:
                        carried[lot.to_next_year()] = share
        yield year


@dataclass(frozen=True)
class Curve:
    """An S-curve to some final rate, most often steep at the end and with a surge in the last month."""

    months: int
    final: float
    middle: float
    steep: float
    surge: float

    @classmethod
    def draw(
        cls, rng: Random, find_lower_quantile: float, find_upper_quantile: float, months: int
    ) -> "Curve":
        back_loaded = rng.random() < 0.85
        return cls(
            months,
            final=rng.uniform(find_lower_quantile, find_upper_quantile),
            middle=rng.uniform(0.6, 0.95) if back_loaded else rng.uniform(0.35, 0.6),
            steep=rng.uniform(3, 8),
            surge=rng.uniform(0, 0.3) if back_loaded else 0,
        )

    def calculate_shares(self, later: float = 1, *, quicker: float = 1) -> list[float]:
        """Return the share of the remaining money that is paid in each month."""
        raw = [self._rise((month / self.months) ** later) for month in range(self.months + 1)]
        risen = [(value - raw[0]) / (raw[-1] - raw[0]) * (1 - self.surge) for value in raw]
        paid = [self.final * value for value in risen[:-1]] + [self.final]
        return [quicker * (above - below) / (1 - below) for below, above in pairwise(paid)]

    def _rise(self, at: float) -> float:
        return 1 / (1 + math.exp(-self.steep * (at - self.middle)))


def _own_lots(year: int) -> Iterator[Lot]:
    for capital in ("investment", "recurrent"):
        for unit in UNITS:
            for component in COMPONENTS:
                yield Lot(Line(year, "poverty", component, capital, "central", unit, UNIT_SINCE), year)


def _standstill(rng: Random) -> set[int]:
    """Draw the months without payments: a law that is late, a flood."""
    if rng.random() > 0.2:
        return set()
    begins = rng.randint(2, 8)
    return set(range(begins, begins + rng.randint(2, 3)))


def _pay_line(
    rng: Random, lots: list[Lot], money: list[int], shares: list[float], standstill: set[int]
) -> list[dict[int, CashFlow]]:
    """Pay a line month by month, from its oldest lot first; the year's own money may be supplemented or cut."""
    late = rng.random() < 0.2
    starts, change_in = rng.randint(3, 8) if late else 1, rng.randint(6, 10)
    pace = rng.lognormvariate(0, 0.35)
    change = int(money[-1] * rng.choice([0, 0, 0, 0, 0, 0.2, 0.5, -0.1]))
    series: list[dict[int, CashFlow]] = [{} for _ in lots]
    left = [0] * len(lots)
    for month, share in enumerate(shares, 1):
        inflows = money if month == 1 else [0] * len(lots)
        if month == change_in:
            inflows = [*inflows[:-1], max(change, -left[-1])]
        left = [amount + inflow for amount, inflow in zip(left, inflows)]
        paid_share = share * pace * (1.6 if late else 1) * rng.gammavariate(1.5, 1 / 1.5)
        paid_share = min(1, paid_share * (0.15 if month in standstill else 1)) if month >= starts else 0
        payable = [amount if month <= count_payable_months(lot) else 0 for lot, amount in zip(lots, left)]
        unpaid = int(sum(payable) * paid_share)
        for index, amount in enumerate(payable):
            paid = min(unpaid, amount)
            series[index][month] = CashFlow(inflow_vnd=inflows[index], paid_vnd=paid)
            unpaid, left[index] = unpaid - paid, left[index] - paid
    return series
