"""Forms, indicators and figures, as a catalogue defines them. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, get_args

from shared.dated_facts.facts import Dated, DatedFact, select_in_force
from shared.kit.problems import Sentence
from shared.periods import Period, PeriodKind
from shared.reporting.catalogue.formulas import (
    Average,
    CountUnits,
    EndToEndChange,
    Formula,
    FromRegister,
    Ratio,
    Sum,
    TotalOrParts,
)

MAX_DECIMALS = 6
"""The database keeps so many decimal places."""
MAX_VALUE = Decimal(999_999_999_999)
"""A column of values holds twelve digits before the point."""

ReportingLevel = Literal["district", "commune"]
"""The levels of the unit tree that state indicators and owe reports."""
DueLevel = Literal["implementing_unit", "commune", "district", "province"]
"""The levels for which the reporting calendar sets a day. An implementing unit reports through its commune."""
DUE_LEVELS: tuple[DueLevel, ...] = get_args(DueLevel)
"""Every level, the lowest first."""
BetterDirection = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """A step that a report must pass before it can be accepted, such as a commune's certification."""

    code: str
    label: Sentence
    legal_basis: str
    level: ReportingLevel | None = None
    """The level of the tree at which it is passed; None: any reviewer of the unit."""


@dataclass(frozen=True, slots=True)
class WholeTable:
    """Columns that a unit states all together, 0 or nil where nothing moved, or not at all."""

    code: str
    label: Sentence
    columns: tuple[str, ...]
    """Codes of indicators of the form."""
    opened_by: tuple[str, ...] = ()
    """The columns of which one makes the table whole; empty: any of them."""
    leaving: tuple[str, ...] = ()
    """Of a table that goes from its first column to its last: the columns between that are taken away, the others are added. Empty:
    the table is no movement."""

    def find_missing(self, stated: Collection[str], elsewhere: Collection[str] = ()) -> tuple[str, ...]:
        """Return the columns that a unit has to state beside what it stated; none where it stated none of the table.

        `elsewhere` are the columns of other tables that are stated: where they belong to this one as well they do not open it.
        """
        if not any(code in stated and code not in elsewhere for code in self.opened_by or self.columns):
            return ()
        return tuple(code for code in self.columns if code not in stated)


@dataclass(frozen=True, slots=True)
class TotalReview:
    """A period in which everything was counted anew, so that its reports have no start."""

    period: str
    legal_basis: str
    standard: str | None = None
    """The standard under which it was counted; None: any."""


@dataclass(frozen=True, slots=True)
class DueRule(Dated):
    """A rule of the reporting calendar: a day counted from the end of a period, and the clause that sets it."""

    days_after_end: int
    """Days after the period's last day; negative when the report is due before the period ends."""
    clause: str
    confidence: str
    level: DueLevel | None = None
    """The level whose reports are due by the day; None: the level that owes the form."""

    def compute_due_on(self, period: Period) -> date:
        """Return the day for a period."""
        return period.ends_on + timedelta(days=self.days_after_end)


@dataclass(frozen=True, slots=True)
class OwingRule(DatedFact):
    """Which level owes a district's form where there are no districts."""

    level: Literal["commune", "province"]


@dataclass(frozen=True, slots=True)
class Form(DatedFact):
    """The set of indicators that a unit states together, the level that owes it, and how often."""

    code: str
    label: Sentence
    periods: frozenset[PeriodKind]
    owed_by: ReportingLevel
    due: tuple[DueRule, ...] = ()
    """The reporting calendar of this form; empty where no rule was found."""
    cut_off: tuple[DueRule, ...] = ()
    """Until when a report is taken at all; empty where a period stays open."""
    steps: tuple[ReviewStep, ...] = ()
    """The steps between submission and acceptance, in their order."""
    tables: tuple[WholeTable, ...] = ()
    """The tables that are stated whole."""
    total_reviews: tuple[TotalReview, ...] = ()
    """The periods whose reports have no start."""
    preliminary_of: str | None = None
    """The official form of a preliminary one, whose indicators it states as well; None for any other."""
    regime: str | None = None
    """The regime of the legal windows in which its facts are counted; None where none was found."""
    by_default: bool = False
    """Whether a report that names no form is on it, where a period has several."""
    numbers: frozenset[int] | None = None
    """The periods of a year that are reported, by their numbers, such as the months 1 to 8; None: all."""
    owing: tuple[OwingRule, ...] = ()
    """Who owes it where there are no districts; without a row in force only districts owe it."""

    def find_total_review(self, period: Period, standard: str) -> TotalReview | None:
        """Return the total review that a period was under a standard; None where it was none."""
        return next(
            (
                review
                for review in self.total_reviews
                if review.period == str(period) and review.standard in (None, standard)
            ),
            None,
        )

    def is_for(self, period: Period) -> bool:
        """Whether a period can be reported on it."""
        return period.kind in self.periods and (self.numbers is None or period.number in self.numbers)

    def list_owing_levels(self, period: Period) -> tuple[DueLevel, ...]:
        """Return the levels whose units owe it for a period, the lowest first: that of the form, and those with a due row.

        A preliminary form is owed only where a due row is in force.
        """
        due_levels = {rule.level for rule in select_in_force(self.due, period.ends_on)}
        if self.preliminary_of is not None and not due_levels:
            return ()
        return tuple(level for level in DUE_LEVELS if level == self.owed_by or level in due_levels)

    def find_owing_rule(self, on: date) -> OwingRule | None:
        """Return the row that says on a day who owes it where there are no districts."""
        return next(iter(select_in_force(self.owing, on)), None)

    def find_due_rule(self, period: Period, level: DueLevel) -> DueRule | None:
        """Return the row of a level that is in force on a period's last day; one without a level is for the level that owes."""
        rules = tuple(select_in_force(self.due, period.ends_on))
        of_level = (rule for rule in rules if rule.level == level)
        without_level = (rule for rule in rules if rule.level is None and level == self.owed_by)
        return next(of_level, next(without_level, None))


@dataclass(frozen=True, slots=True)
class Indicator(Dated):
    """Something a unit counts. Versions of one code have days of validity that do not overlap."""

    code: str
    label: Sentence
    form: str
    unit_of_measure: str
    level: ReportingLevel
    legal_basis: str
    version: int = 1
    flow: bool = False
    """True: it happens during the period and adds up over time. False: it is a state at the end of the period."""
    kinds: frozenset[str] | None = None
    """Kinds of unit that state it, such as `xa`; None: all."""
    decimals: int = 0
    minimum: Decimal = Decimal(0)
    maximum: Decimal = MAX_VALUE
    adds: bool = True
    """Whether values of several units add up. One that does not, such as a percentage of a commune, is stated and read unit
    by unit and never rolled up."""
    starts_from: str | None = None
    """The indicator whose value at the end of the period before it repeats, such as poor households; None for any other."""
    standards: frozenset[str] | None = None
    """The standards under which it can be stated; None: all of its form."""
    dimension: str | None = None
    """The dimension by which it is stated; None: as a whole."""
    member: str | None = None
    """The member of the dimension that this series is of; None in a catalogue as it is written."""
    of_label: Sentence | None = None
    """The label of the indicator of which this is a series; None in a catalogue as it is written."""
    component: str | None = None
    """The component of the program whose result it counts, by the code of the ledger; None for any other."""
    by_standard: bool = True
    """Whether it means something else under another standard of its form; all households are the same under any."""


@dataclass(frozen=True, slots=True)
class SeriesBreak:
    """A day from which a figure means something else, so that values across it are not compared."""

    on: date
    note: Sentence
    standard: str | None = None
    """The standard that begins on this day; None where something else changed."""


@dataclass(frozen=True, slots=True)
class Figure(Dated):
    """A formula over indicators, with its label and definition."""

    code: str
    label: Sentence
    formula: Formula
    unit_of_measure: str
    definition: Sentence
    legal_basis: str
    decimals: int = 0
    version: int = 1
    headline: bool = False
    """Whether the province-wide status shows it."""
    better: BetterDirection = "higher"
    adds: bool = True
    """Whether it adds up over units that merge; a recognition or a classification does not."""
    adds_over_time: bool = False
    """Whether a count from a register counts what happened in the period, so that the counts of several years add up."""
    breaks: tuple[SeriesBreak, ...] = ()
    """Breaks in its series that no change of a standard explains."""
    changing: "Figure | None" = None
    """The figure of which this is a change; None for any other, and in a catalogue as it is written."""
    read_before: "Figure | None" = None
    """The figure that a change reads at the end before: the one that changes, or that of which it is a share."""
    inputs: tuple[str, ...] = field(init=False, compare=False, repr=False)
    """The indicators that it is made from, of a change those of the figure that changes; none for a count from a register."""
    is_made_unit_by_unit: bool = field(init=False, compare=False, repr=False)
    """Whether it is made for each unit that states all of its inputs, and then added up."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", self._list_inputs())
        is_made_unit_by_unit = isinstance(self.formula, CountUnits | TotalOrParts) or (
            isinstance(self.formula, Average) and len(self.formula.terms) > 1
        )
        object.__setattr__(self, "is_made_unit_by_unit", is_made_unit_by_unit)

    @property
    def formula_text(self) -> str:
        """The formula as a text that a reader can follow."""
        return self.formula.text

    def _list_inputs(self) -> tuple[str, ...]:
        match self.formula:
            case Sum(terms) | Average(terms):
                return terms
            case TotalOrParts(total, parts):
                return (total, *parts)
            case Ratio(numerator, denominator):
                return (*numerator, *denominator)
            case CountUnits(inputs, _):
                return inputs
            case FromRegister():
                return ()
            case EndToEndChange():
                before = self.read_before.inputs if self.read_before else ()
                return tuple(dict.fromkeys((*(self.changing.inputs if self.changing else ()), *before)))

    @property
    def is_additive(self) -> bool:
        """Whether it adds up over units that merge: a count of units, or an average over them, never does."""
        if self.changing is not None:
            return self.changing.is_additive
        return self.adds and not isinstance(self.formula, CountUnits | Average)

    @property
    def measure_code(self) -> str:
        """The measure of a figure that is made unit by unit: its code, which a total can share with an indicator."""
        return f"{self.code}/total_or_parts" if isinstance(self.formula, TotalOrParts) else self.code

    @property
    def measure_codes(self) -> tuple[str, ...]:
        """The measures that it reads: its own when it is made unit by unit, else its indicators."""
        if self.changing is not None:
            return self.changing.measure_codes
        return (self.measure_code,) if self.is_made_unit_by_unit else self.inputs


def find_due_rule(rules: tuple[DueRule, ...], period: Period) -> DueRule | None:
    """Return the rule of a calendar that is in force on a period's last day."""
    return next(iter(select_in_force(rules, period.ends_on)), None)


def resolve_changes(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return figures by code, each change with the figure of which it is the change, and the one that it reads before."""
    resolved = dict(figures)
    for code, figure in figures.items():
        if isinstance(figure.formula, EndToEndChange):
            changing = figures.get(figure.formula.figure)
            before = figures.get(figure.formula.of or figure.formula.figure)
            resolved[code] = replace(figure, changing=changing, read_before=before)
    return resolved


def list_totals_or_parts(figures: Iterable[Figure]) -> tuple[tuple[Figure, TotalOrParts], ...]:
    """Return the figures that are totals or the sums of parts, each with its formula."""
    return tuple((figure, figure.formula) for figure in figures if isinstance(figure.formula, TotalOrParts))
