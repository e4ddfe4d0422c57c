"""The method held against generated years: how often the truth lies in the range, and how far the likely amount is off.

A row is a unit's money of one capital kind, as finance offices look at it. The naive way beside it goes on at the mean daily pace so
far, up to what there is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from statistics import median

from services.funding.dated_facts import load_method
from services.funding.foresight.rules import Foreseen, expectations, foresee
from tests.foresight.generated import Year, first_of, years_of_a_province

METHOD = load_method()
YEAR = 2024
AT = {"31/03": 3, "30/06": 6, "30/09": 9, "30/11": 11}
HISTORIES = (0, 2, 5)
PROVINCES = range(20)


@dataclass(frozen=True)
class Tried:
    """One row foretold: amounts in parts of what there was to spend."""

    truth: float
    low: float
    likely: float
    high: float
    naive: float

    @property
    def covered(self) -> bool:
        return self.low <= self.truth <= self.high

    @property
    def off(self) -> float:
        return abs(self.likely - self.truth)

    @property
    def naive_off(self) -> float:
        return abs(self.naive - self.truth)


@dataclass(frozen=True)
class Found:
    """What came of many rows."""

    history: int
    at: str
    covered_percent: float
    whole_covered_percent: float
    off: float
    naive_off: float


def on_of(month: int) -> date:
    return first_of(YEAR, month + 1) - timedelta(days=1)


def foretold(years: list[Year], history: int, month: int) -> list[Foreseen]:
    *past, present = years
    on = on_of(month)
    accounts = [
        account
        for year in past[len(past) - history :]
        for account in year.accounts(until=(YEAR - year.year) * 12 + month)
    ]
    accounts.extend(present.accounts(until=month))
    return foresee(expectations(METHOD, YEAR, accounts, on), present.held(month), YEAR, on)


def tried(lots: list[Foreseen], present: Year, by) -> Iterator[Tried]:
    groups: dict = {}
    for each in lots:
        groups.setdefault(by(each.held.lot), []).append(each)
    for of in groups.values():
        available = sum(present_came(present, it) for it in of)
        on = of[0].on
        yield Tried(
            truth=sum(present.truth(it.held.lot) for it in of) / available,
            low=sum(it.expected.low for it in of) / available,
            likely=sum(it.expected.likely for it in of) / available,
            high=sum(it.expected.high for it in of) / available,
            naive=sum(naive(it, on) for it in of) / available,
        )


def present_came(present: Year, each: Foreseen) -> int:
    return sum(flow.came_vnd for flow in present.lots[each.held.lot].values())


def naive(each: Foreseen, on: date) -> int:
    begins, ends = date(YEAR, 1, 1), each.held.deadline.paid_by
    whole, gone = (ends - begins).days + 1, (on - begins).days + 1
    return min(each.held.all.came_vnd, each.held.all.paid_vnd * whole // gone)


def back_test(provinces=PROVINCES, histories=HISTORIES, times=tuple(AT)) -> list[Found]:
    """Foretell the last year of every province, with and without past years, at these times of the year."""
    rows: dict[tuple[int, str], tuple[list[Tried], list[Tried]]] = {}
    for seed in provinces:
        years = list(years_of_a_province(seed, YEAR - max(HISTORIES), YEAR))
        for history, at in product(histories, times):
            lots = foretold(years, history, AT[at])
            units, wholes = rows.setdefault((history, at), ([], []))
            units.extend(tried(lots, years[-1], lambda lot: (lot.line.capital, lot.line.unit)))
            wholes.extend(tried(lots, years[-1], lambda lot: lot.line.capital))
    return [
        Found(
            history,
            at,
            100 * sum(it.covered for it in units) / len(units),
            100 * sum(it.covered for it in wholes) / len(wholes),
            100 * median(it.off for it in units),
            100 * median(it.naive_off for it in units),
        )
        for (history, at), (units, wholes) in rows.items()
    ]


def table(found: list[Found]) -> str:
    """Print what was found, a line for each."""
    lines = ["past years  on      in range  whole  off    linear"]
    lines.extend(
        f"{it.history:>10}  {it.at}   {it.covered_percent:5.0f} %  {it.whole_covered_percent:3.0f} %  "
        f"{it.off:4.1f}   {it.naive_off:5.1f}"
        for it in found
    )
    return "\n".join(lines)
