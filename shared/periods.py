"""Reporting periods as the wire writes them, and the days on which the law opens and closes them.

A period is an SDMX time period: the year `2023`, the half year `2023-S1`, the quarter `2023-Q3`, the month `2023-09`.
The calendar of a period is the same for everybody; what is counted in it is not. The administrative regime closes "2023" on
14 December, the rural program on 31 December and the treasury on 31 January. Those windows are dated facts with a legal
basis (`period_windows.csv`), which are found by regime and day.

Months and days of a window are offsets: `opens_month` counts from the first month of the period, `closes_month` from its
last one (0 is that month itself), and a day past the end of a month is that month's last day.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache, total_ordering
from typing import Self
from zoneinfo import ZoneInfo

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Invalid, NotFound, Sentence

FIRST_YEAR = 1990
LAST_YEAR = 2100
"""Outside these years a period is a typing error: the programs began in 2010, and nothing is planned past 2050."""

ONE_DAY = timedelta(days=1)

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
"""The time zone in which a day begins and ends."""

_SHAPE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?:S(?P<half>[12])|Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?"
)


def local_day(instant: datetime) -> date:
    """Return the day in Vietnam at an instant."""
    return instant.astimezone(VIETNAM).date()


class InvalidPeriod(Invalid):
    """The text is not a period."""

    code = "period_invalid"
    title = Sentence("Kỳ báo cáo không hợp lệ", "Invalid period")
    detail = Sentence(
        "Kỳ “{period}” không hợp lệ: cần dạng 2023, 2023-S1, 2023-Q3 hoặc 2023-09, trong các năm {first_year}-{last_year}.",
        "“{period}” is not a period: write 2023, 2023-S1, 2023-Q3 or 2023-09, in the years {first_year} to {last_year}.",
    )

    def __init__(self, period: str) -> None:
        self.period = period
        super().__init__(period=period[:40], first_year=FIRST_YEAR, last_year=LAST_YEAR)


class UnknownWindow(NotFound):
    """No rule in force gives the window of such a period under this regime."""

    code = "period_window_unknown"
    title = Sentence("Chưa có quy định thời hạn", "No legal window")
    detail = Sentence(
        "Chưa có quy định thời điểm chốt số liệu kỳ {period} theo chế độ {regime} vào ngày {on}.",
        "No rule in force on {on} gives the cut-off of {period} under the regime {regime}.",
    )

    def __init__(self, period: "Period", regime: str, on: date) -> None:
        self.period, self.regime, self.on = period, regime, on
        super().__init__(period=str(period), regime=regime, on=on.isoformat())


class PeriodKind(StrEnum):
    """The kind of a period by its length."""

    YEAR = "year"
    HALF = "half"
    QUARTER = "quarter"
    MONTH = "month"

    @property
    def months(self) -> int:
        """Length in months."""
        return _MONTHS[self]


_MONTHS = {PeriodKind.YEAR: 12, PeriodKind.HALF: 6, PeriodKind.QUARTER: 3, PeriodKind.MONTH: 1}
_MARKS = {PeriodKind.HALF: "-S", PeriodKind.QUARTER: "-Q"}


@total_ordering
@dataclass(frozen=True, slots=True)
class Period:
    """A year, half year, quarter or month; ordered by its first day, the longer one first."""

    year: int
    kind: PeriodKind = PeriodKind.YEAR
    number: int = 1

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.year <= LAST_YEAR and 1 <= self.number <= 12 // self.kind.months):
            raise InvalidPeriod(self._text())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the canonical text; raise `InvalidPeriod` for any other."""
        match = _SHAPE.fullmatch(text)
        if match is None:
            raise InvalidPeriod(text)
        year = int(match["year"])
        for kind in (PeriodKind.HALF, PeriodKind.QUARTER, PeriodKind.MONTH):
            if match[kind.value] is not None:
                return cls(year, kind, int(match[kind.value]))
        return cls(year)

    @classmethod
    def from_day(cls, day: date, kind: PeriodKind) -> Self:
        """Return the period of a kind that contains a day."""
        return cls(day.year, kind, (day.month - 1) // kind.months + 1)

    def _text(self) -> str:
        if self.kind is PeriodKind.YEAR:
            return f"{self.year:04d}"
        if self.kind is PeriodKind.MONTH:
            return f"{self.year:04d}-{self.number:02d}"
        return f"{self.year:04d}{_MARKS[self.kind]}{self.number}"

    def __str__(self) -> str:
        return self._text()

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Period):
            return NotImplemented
        return self._order < other._order

    @property
    def _order(self) -> tuple[int, int]:
        return self.first_month, -self.kind.months

    @property
    def first_month(self) -> int:
        """Months since year 0, so that periods of all kinds can be compared."""
        return self.year * 12 + (self.number - 1) * self.kind.months

    @property
    def starts_on(self) -> date:
        """First calendar day."""
        return _day(self.first_month, 1)

    @property
    def ends_on(self) -> date:
        """Last calendar day."""
        return _day(self.first_month + self.kind.months - 1, 31)

    def contains(self, other: "Period") -> bool:
        """Whether every day of the other period is one of this one."""
        first, last = self.first_month, self.first_month + self.kind.months
        return first <= other.first_month and other.first_month + other.kind.months <= last

    def overlaps(self, other: "Period") -> bool:
        """Whether they share a day; of two periods that do, one contains the other."""
        return self.contains(other) or other.contains(self)

    def subperiods(self, kind: PeriodKind) -> tuple[Self, ...]:
        """Return the periods of that kind that fill this one, in order; none when that kind is longer."""
        count = self.kind.months // kind.months
        first = (self.first_month % 12) // kind.months + 1
        return tuple(type(self)(self.year, kind, first + step) for step in range(count))

    def with_subperiods(self) -> tuple["Period", ...]:
        """Return the period and every shorter one in it."""
        return _with_subperiods(self)

    def enclosing_periods(self) -> tuple[Self, ...]:
        """Return the longer periods that contain this one, the nearest first."""
        longer = [kind for kind in reversed(PeriodKind) if kind.months > self.kind.months]
        return tuple(type(self).from_day(self.starts_on, kind) for kind in longer)

    def next(self) -> Self:
        """Return the following period of the same kind."""
        return self._step(1)

    def previous(self) -> Self:
        """Return the preceding period of the same kind."""
        return self._step(-1)

    def _step(self, by: int) -> Self:
        year, month = divmod(self.first_month + by * self.kind.months, 12)
        return type(self)(year, self.kind, month // self.kind.months + 1)


_SPAN = re.compile(r"(?P<first>[0-9]{4})-(?P<last>[0-9]{4})")
MAX_SPAN_YEARS = 20
"""A plan over more years is a typing error."""


@dataclass(frozen=True, slots=True)
class YearSpan:
    """Several years for which a plan is made, such as `2021-2025`."""

    first: int
    last: int

    def __post_init__(self) -> None:
        in_range = FIRST_YEAR <= self.first < self.last <= LAST_YEAR
        if not in_range or self.last - self.first >= MAX_SPAN_YEARS:
            raise InvalidPeriod(str(self))

    def __str__(self) -> str:
        return f"{self.first:04d}-{self.last:04d}"

    @property
    def years(self) -> tuple[Period, ...]:
        """Return its years in order."""
        return tuple(Period(year) for year in range(self.first, self.last + 1))


PlanPeriod = Period | YearSpan
"""The periods that a plan is made for."""


def parse_plan_period(text: str) -> PlanPeriod:
    """Read the canonical text of a period or of several years; raise `InvalidPeriod` for any other."""
    match = _SPAN.fullmatch(text)
    return YearSpan(int(match["first"]), int(match["last"])) if match else Period.parse(text)


@dataclass(frozen=True, slots=True)
class PeriodWindow(DatedFact):
    """A rule: from which to which day facts are counted in a kind of period, while the rule is in force."""

    regime: str
    kind: PeriodKind
    opens_month: int
    opens_day: int
    closes_month: int
    closes_day: int


@dataclass(frozen=True, slots=True)
class CutOff:
    """A period's first and last day under one regime, with the clause behind them and how sure it is."""

    period: Period
    regime: str
    opens_on: date
    closes_on: date
    legal_basis: str
    confidence: str


def find_cut_off(
    period: Period, regime: str, rules: Iterable[PeriodWindow], on: date | None = None
) -> CutOff:
    """Return a period's first and last day by the rule in force on a day, by default the last one of the period."""
    on = on or period.ends_on
    for rule in rules:
        if rule.regime == regime and rule.kind is period.kind and rule.is_in_force(on):
            first, last = period.first_month, period.first_month + period.kind.months - 1
            return CutOff(
                period=period,
                regime=regime,
                opens_on=_day(first + rule.opens_month, rule.opens_day),
                closes_on=_day(last + rule.closes_month, rule.closes_day),
                legal_basis=rule.legal_basis,
                confidence=rule.confidence,
            )
    raise UnknownWindow(period, regime, on)


@cache
def _with_subperiods(period: Period) -> tuple[Period, ...]:
    shorter = (part for kind in PeriodKind if kind != period.kind for part in period.subperiods(kind))
    return (period, *shorter)


@cache
def _day(month: int, day: int) -> date:
    """Return a day of a month counted from year 0; past the end of the month it is the last day."""
    year, zero_based = divmod(month, 12)
    return date(year, zero_based + 1, min(day, monthrange(year, zero_based + 1)[1]))
