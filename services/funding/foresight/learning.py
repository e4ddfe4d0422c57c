"""What past years and the pace so far teach: which share of what is left is paid in a month, and how far years differ. Pure.

It is the chain ladder of actuaries on the money that is left: from one month to the next, the money of all past years that
could have been paid stands below the money that was. Ratios are of sums, in whole billionths.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.funding.foresight.profiles import MONTHS, WHOLE, Kind, Method, Profile

PERCENT = 100


@dataclass(frozen=True, slots=True)
class Flow:
    """What a month did to some money, in đồng."""

    came_vnd: int = 0
    """Added to what there is to spend, less what was given on or cut."""
    paid_vnd: int = 0
    gone_vnd: int = 0
    """Handed back or carried into the next year."""


NOTHING = Flow()
Series = Mapping[int, Flow]
"""By month: 1 is January of the budget year, 13 the one after it; what was earlier counts in the first."""


@dataclass(frozen=True, slots=True)
class Account:
    """The money of a kind that a unit had in a budget year, month by month."""

    year: int
    kind: Kind
    series: Series


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of one month, out of as many as it has."""

    month: int
    days: int
    length: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of money of one kind, seen from a day."""

    profile: Profile
    shares: tuple[int, ...]
    past_years: tuple[int, ...]
    pace: int
    """Of all money of the kind, in billionths of the expected one."""
    paid_vnd: int
    due_vnd: int
    """What would have been paid by the day at the expected pace."""
    slow: int
    quick: int
    line_weight: int

    def share(self, month: int) -> int:
        """Give the share of what is left that is paid in a month at the expected pace."""
        return share_of(self.shares, month, self.profile)

    def due(self, series: Series, elapsed: Sequence[Stretch]) -> int:
        """Tell what would have been paid of some money at the expected pace."""
        return due(series, elapsed, self.shares, self.profile)

    def pace_of(self, series: Series, due_vnd: int, elapsed: Sequence[Stretch]) -> int:
        """Tell the pace of one lot: its own as far as it is known, else that of its kind."""
        return pace(series, due_vnd, prior=self.pace, weight=self.line_weight, until=elapsed)


def expectation(
    method: Method,
    profile: Profile,
    *,
    year: int,
    past: Sequence[Account],
    present: Sequence[Account],
    on: date,
) -> Expectation:
    """Learn from the accounts of past years and of this one, all of one kind, what is to be expected on a day."""
    past = _telling(past)
    ended = {it.year: min(months_ended(it.year, on), len(profile.shares)) for it in past}
    elapsed = stretches(year, date(year, 1, 1), on)
    shares = learn(profile, past, ended)
    whole = pooled(present)
    due_vnd = due(whole, elapsed, shares, profile)
    slow, quick = _range(method, profile, past, ended, months_ended(year, on))
    return Expectation(
        profile=profile,
        shares=shares,
        past_years=tuple(sorted({it.year for it in past if ended[it.year] > 0})),
        pace=pace(whole, due_vnd, prior=WHOLE, weight=method.class_weight, until=elapsed),
        paid_vnd=_until(whole, elapsed).paid_vnd,
        due_vnd=due_vnd,
        slow=slow,
        quick=quick,
        line_weight=method.line_weight,
    )


def learn(profile: Profile, past: Iterable[Account], ended: Mapping[int, int]) -> tuple[int, ...]:
    """Pool the past, month by month, over the years in which the month has ended; the shipped profile is one year more."""
    payable, paid = [0] * len(profile.shares), [0] * len(profile.shares)
    years: list[set[int]] = [set() for _ in profile.shares]
    for account in past:
        for month, exposed, of_it in exposures(account.series, ended[account.year]):
            payable[month - 1] += exposed
            paid[month - 1] += of_it
            if exposed:
                years[month - 1].add(account.year)
    return tuple(
        (min(WHOLE, max(0, paid[at] * WHOLE // payable[at])) * len(years[at]) + shipped)
        // (len(years[at]) + 1)
        if payable[at]
        else shipped
        for at, shipped in enumerate(profile.shares)
    )


def exposures(series: Series, months: int) -> Iterator[tuple[int, int, int]]:
    """Go through the months: what could have been paid in each, and what was."""
    left = 0
    for month in range(1, months + 1):
        flow = series.get(month, NOTHING)
        left += flow.came_vnd
        yield month, max(0, left), flow.paid_vnd
        left -= flow.paid_vnd + flow.gone_vnd


def due(series: Series, elapsed: Sequence[Stretch], shares: Sequence[int], profile: Profile) -> int:
    """Tell what would have been paid in some days at the expected pace, of what could have been paid in each month."""
    return sum(
        exposed * share_of(shares, month, profile) * stretch.days // (WHOLE * stretch.length)
        for stretch, (month, exposed, _) in zip(elapsed, exposures(series, len(elapsed)), strict=True)
    )


def pace(series: Series, due_vnd: int, *, prior: int, weight: int, until: Sequence[Stretch]) -> int:
    """Compare what was paid with what was due, in billionths.

    As if a part of the money (the weight) had been due besides and been paid at the prior pace: while little is due the
    prior decides, later on what was paid.
    """
    seen = _until(series, until)
    besides = max(0, seen.came_vnd) * weight
    whole = due_vnd * WHOLE + besides
    if not whole:
        return prior
    return (max(0, seen.paid_vnd) * WHOLE * WHOLE + besides * prior) // whole


def share_of(shares: Sequence[int], month: int, profile: Profile) -> int:
    """Give the share of a month; past the table, that of money whose deadline was extended."""
    return shares[month - 1] if month <= len(shares) else profile.extended


def pooled(accounts: Iterable[Account]) -> Series:
    """Add accounts up, month by month."""
    by_month: dict[int, list[Flow]] = {}
    for account in accounts:
        for month, flow in account.series.items():
            by_month.setdefault(month, []).append(flow)
    return {month: total(flows) for month, flows in by_month.items()}


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


def _until(series: Series, elapsed: Sequence[Stretch]) -> Flow:
    return total([flow for month, flow in series.items() if month <= len(elapsed)])


def _range(
    method: Method, profile: Profile, past: Sequence[Account], ended: Mapping[int, int], months: int
) -> tuple[int, int]:
    """Tell how slow and how quick the rest of past years went, against what was expected of it at this time of the year.

    Each past year is foretold from the other ones, for every unit; the range leaves out the outermost of them.
    """
    whole = [year for year in sorted(ended) if ended[year] == len(profile.shares)]
    found: list[int] = []
    for year in whole if months < len(profile.shares) else ():
        found.extend(_outcomes(method, profile, past, ended, year, months))
    if not found:
        return profile.slow, profile.quick
    outside, years = (PERCENT - method.covers_percent) // 2, len(whole)
    slow, quick = min(WHOLE, least(found, outside)), max(WHOLE, most(found, outside))
    return (slow * years + profile.slow) // (years + 1), (quick * years + profile.quick) // (years + 1)


def _outcomes(
    method: Method,
    profile: Profile,
    past: Sequence[Account],
    ended: Mapping[int, int],
    year: int,
    months: int,
) -> Iterator[int]:
    """Give, for each unit of a past year, what the rest of it came to, in billionths of what was expected."""
    shares = learn(profile, [it for it in past if it.year != year], ended)
    of_year = [it for it in past if it.year == year]
    elapsed = [Stretch(month, 1, 1) for month in range(1, months + 1)]
    whole = pooled(of_year)
    of_kind = pace(
        whole,
        due(whole, elapsed, shares, profile),
        prior=WHOLE,
        weight=method.class_weight,
        until=elapsed,
    )
    for account in of_year:
        own = pace(
            account.series,
            due(account.series, elapsed, shares, profile),
            prior=of_kind,
            weight=method.line_weight,
            until=elapsed,
        )
        rest = [it for it in exposures(account.series, len(shares)) if it[0] > months]
        expected = sum(
            exposed * min(WHOLE, shares[month - 1] * own // WHOLE) // WHOLE for month, exposed, _ in rest
        )
        if expected:
            yield max(0, sum(paid for *_, paid in rest)) * WHOLE // expected


def least(found: Iterable[int], percent: int) -> int:
    """Leave out a part of what was found at its lower end; one more outcome would fall below with that chance."""
    ordered = sorted(found)
    return ordered[max(0, (len(ordered) + 1) * percent // PERCENT - 1)]


def most(found: Iterable[int], percent: int) -> int:
    """Leave out as much at the upper end."""
    return -least((-each for each in found), percent)


def stretches(year: int, first: date, last: date) -> list[Stretch]:
    """Divide the days from one to another, both included, by the months of a budget year; none where there are no days."""
    found = []
    for month in range(month_of(year, first), month_of(year, last) + 1) if first <= last else ():
        begins, length = month_days(year, month)
        from_day = max(first, begins).day
        until_day = last.day if month == month_of(year, last) else length
        found.append(Stretch(month, until_day - from_day + 1, length))
    return found


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
