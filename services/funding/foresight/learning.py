"""What past years and the pace so far teach: which share of what is left is paid in a month, and how far years differ. Pure.

It is the chain ladder of actuaries on the money that is left: from one month to the next, the money of all past years that
could have been paid stands below the money that was. Ratios are of sums, in whole billionths.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from services.funding.foresight.profiles import MONTHS, WHOLE, Method, Profile
from services.funding.ledger import Capital

PERCENT = 100


@dataclass(frozen=True, slots=True)
class Flow:
    """What a month did to some money, in đồng."""

    came_vnd: int = 0
    """Added to what there is to spend, less what was given on or cut."""
    paid_vnd: int = 0
    gone_vnd: int = 0
    """Handed back or carried into the next year."""

    @property
    def left_vnd(self) -> int:
        """What can still be paid where no more came and went."""
        return max(0, min(self.came_vnd, self.came_vnd - self.paid_vnd - self.gone_vnd))


NOTHING = Flow()
Series = Mapping[int, Flow]
"""By month: 1 is January of the budget year, 13 the one after it; what was earlier counts in the first."""


@dataclass(frozen=True, slots=True)
class Account:
    """Money of a capital kind and of one deadline that a unit had in a budget year, month by month."""

    year: int
    capital: Capital
    unit: str
    months: int
    """In which it may be paid: until that of its deadline."""
    series: Series


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of one month, out of as many as it has."""

    month: int
    days: int
    length: int


@dataclass(frozen=True, slots=True)
class Usual:
    """Which share of what is left is usually paid in a month, in billionths."""

    profile: Profile
    shares: tuple[int, ...]

    def share(self, month: int) -> int:
        """Give the share of a month; past the table, that of money whose deadline was extended."""
        return self.shares[month - 1] if month <= len(self.shares) else self.profile.extended

    def due(self, series: Series, elapsed: Sequence[Stretch]) -> int:
        """Tell what would usually have been paid in some days, of what could have been paid in each month."""
        return sum(
            exposed * self.share(month) * stretch.days // (WHOLE * stretch.length)
            for stretch, (month, exposed, _) in zip(elapsed, exposures(series, len(elapsed)), strict=True)
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What came of some money by a day, what was paid of it, and what would usually have been, in đồng."""

    came_vnd: int
    paid_vnd: int
    due_vnd: int

    def pace(self, *, prior: int, weight: int) -> int:
        """Compare what was paid with what was due, in billionths.

        As if a part of the money (the weight) had been due besides and been paid at the prior pace: while little is due
        the prior decides, later on what was paid.
        """
        besides = max(0, self.came_vnd) * weight
        whole = self.due_vnd * WHOLE + besides
        return (max(0, self.paid_vnd) * WHOLE * WHOLE + besides * prior) // whole if whole else prior


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of money of one capital kind, seen from a day."""

    usual: Usual
    past_years: tuple[int, ...]
    standing: Standing
    """All money of the kind."""
    pace: int
    """The pace that it is expected to go on at, in billionths of the usual one."""
    slow: int
    quick: int
    line_weight: int


def expectation(
    method: Method, profile: Profile, year: int, accounts: Iterable[Account], on: date
) -> Expectation:
    """Learn from the accounts of past years and of this one, all of one capital kind, what is to be expected on a day."""
    accounts = tuple(accounts)
    past = _telling([it for it in accounts if it.year < year])
    usual = learn(profile, past, on)
    elapsed = stretches(year, date(year, 1, 1), on)
    standing = add_up(usual, (it for it in accounts if it.year == year), elapsed)
    slow, quick = _range(method, profile, past, on, months_ended(year, on))
    return Expectation(
        usual=usual,
        past_years=tuple(sorted({it.year for it in past if months_ended(it.year, on)})),
        standing=standing,
        pace=standing.pace(prior=WHOLE, weight=method.capital_weight),
        slow=slow,
        quick=quick,
        line_weight=method.line_weight,
    )


def learn(profile: Profile, past: Iterable[Account], on: date) -> Usual:
    """Pool the past, month by month, over the years in which the month has ended; the shipped profile is one year more."""
    payable, paid = [0] * len(profile.shares), [0] * len(profile.shares)
    years: list[set[int]] = [set() for _ in profile.shares]
    for account in past:
        months = min(account.months, len(profile.shares), months_ended(account.year, on))
        for month, exposed, of_it in exposures(account.series, months):
            payable[month - 1] += exposed
            paid[month - 1] += of_it
            if exposed:
                years[month - 1].add(account.year)
    shares = (
        (min(WHOLE, max(0, paid[at] * WHOLE // payable[at])) * len(years[at]) + shipped)
        // (len(years[at]) + 1)
        if payable[at]
        else shipped
        for at, shipped in enumerate(profile.shares)
    )
    return Usual(profile, tuple(shares))


def exposures(series: Series, months: int) -> Iterator[tuple[int, int, int]]:
    """Go through the months: what could have been paid in each, and what was."""
    left = 0
    for month in range(1, months + 1):
        flow = series.get(month, NOTHING)
        left += flow.came_vnd
        yield month, max(0, left), flow.paid_vnd
        left -= flow.paid_vnd + flow.gone_vnd


def add_up(usual: Usual, accounts: Iterable[Account], elapsed: Sequence[Stretch]) -> Standing:
    """Tell how some accounts stand when some months have gone."""
    came, paid, due = 0, 0, 0
    for account in accounts:
        seen = total([flow for month, flow in account.series.items() if month <= len(elapsed)])
        came, paid = came + seen.came_vnd, paid + seen.paid_vnd
        due += usual.due(account.series, elapsed[: account.months])
    return Standing(came, paid, due)


def total(flows: Collection[Flow]) -> Flow:
    """Add flows up."""
    came, paid, gone = 0, 0, 0
    for each in flows:
        came, paid, gone = came + each.came_vnd, paid + each.paid_vnd, gone + each.gone_vnd
    return Flow(came, paid, gone)


def _telling(past: Sequence[Account]) -> list[Account]:
    """Leave out years without any payment: their payments were not kept here."""
    paid = {it.year for it in past if any(flow.paid_vnd for flow in it.series.values())}
    return [it for it in past if it.year in paid]


def _range(
    method: Method, profile: Profile, past: Sequence[Account], on: date, months: int
) -> tuple[int, int]:
    """Tell how slow and how quick the rest of past years went, against what was expected of it at this time of the year.

    Each past year is foretold from the other ones, for every unit; the range leaves out the outermost of them.
    """
    over = sorted({it.year for it in past if months_ended(it.year, on) >= len(profile.shares)})
    found: list[int] = []
    for year in over if months < len(profile.shares) else ():
        usual = learn(profile, (it for it in past if it.year != year), on)
        found.extend(_outcomes(method, usual, [it for it in past if it.year == year], months))
    if not found:
        return profile.slow, profile.quick
    outside, years = (PERCENT - method.covers_percent) // 2, len(over)
    slow, quick = min(WHOLE, least(found, outside)), max(WHOLE, most(found, outside))
    return (slow * years + profile.slow) // (years + 1), (quick * years + profile.quick) // (years + 1)


def _outcomes(method: Method, usual: Usual, of_year: Sequence[Account], months: int) -> Iterator[int]:
    """Give, for each unit of a past year, what the rest of it came to, in billionths of what was expected."""
    elapsed = [Stretch(month, 1, 1) for month in range(1, months + 1)]
    of_kind = add_up(usual, of_year, elapsed).pace(prior=WHOLE, weight=method.capital_weight)
    units: dict[str, list[Account]] = {}
    for account in of_year:
        units.setdefault(account.unit, []).append(account)
    for accounts in units.values():
        pace = add_up(usual, accounts, elapsed).pace(prior=of_kind, weight=method.line_weight)
        expected, paid = 0, 0
        for account in accounts:
            for month, exposed, of_it in exposures(account.series, min(account.months, len(usual.shares))):
                if month > months:
                    expected += exposed * min(WHOLE, usual.share(month) * pace // WHOLE) // WHOLE
                    paid += of_it
        if expected:
            yield max(0, paid) * WHOLE // expected


def least(found: Iterable[int], percent: int) -> int:
    """Leave out a part of what was found at its lower end; one more outcome would fall below with that chance."""
    ordered = sorted(found)
    return ordered[max(0, (len(ordered) + 1) * percent // PERCENT - 1)]


def most(found: Iterable[int], percent: int) -> int:
    """Leave out as much at the upper end."""
    return -least((-each for each in found), percent)


@lru_cache(maxsize=1024)  # asked for every line of a year
def stretches(year: int, first: date, last: date) -> tuple[Stretch, ...]:
    """Divide the days from one to another, both included, by the months of a budget year; none where there are no days."""
    found = []
    for month in range(month_of(year, first), month_of(year, last) + 1) if first <= last else ():
        begins, length = month_days(year, month)
        from_day = max(first, begins).day
        until_day = last.day if month == month_of(year, last) else length
        found.append(Stretch(month, until_day - from_day + 1, length))
    return tuple(found)


def month_of(year: int, day: date) -> int:
    """Number the month of a day: 1 is January of the budget year."""
    return (day.year - year) * MONTHS + day.month


def month_days(year: int, month: int) -> tuple[date, int]:
    """Give the first day of a numbered month, and how many it has."""
    years, at = divmod(month - 1, MONTHS)
    first = date(year + years, at + 1, 1)
    return first, monthrange(first.year, first.month)[1]


def months_ended(year: int, on: date) -> int:
    """Count the months of a budget year that are over on a day; its last day belongs to it."""
    _, length = month_days(year, month_of(year, on))
    return max(0, month_of(year, on) - (on.day < length))
