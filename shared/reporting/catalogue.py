"""What a program measures, as data: forms, indicators, figures, with their words, legal basis and days of validity.

A catalogue is read from a TOML file beside the program's rules, and bound to the pure functions that the file names:
rules that a unit's values satisfy or not, and checks across one unit's values. It is checked whole when it is loaded,
so a figure over an unknown indicator fails at start and not in a report. Pure: the standard library only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from shared.dated_facts.facts import Dated, DatedFact
from shared.kit.problems import Sentence
from shared.periods import Period, PeriodKind
from shared.reporting.derivations import Check, Derivation
from shared.reporting.formulas import Average, CountUnits, Formula, FromRegister, Ratio, Sum

MOST_DECIMALS = 6
"""What the database keeps and the wire says."""

Level = Literal["district", "commune"]
Better = Literal["higher", "lower"]
LARGEST = Decimal(999_999_999_999)
"""Twelve digits before the point is what a column of values holds."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that a report must pass before it can be accepted, such as a commune's certification."""

    code: str
    label: Sentence
    legal_basis: str
    level: Level | None = None
    """At which level of the tree it is passed; None: by any reviewer of the unit."""


@dataclass(frozen=True, slots=True)
class Due(Dated):
    """A rule of the reporting calendar: a day counted from a period's end, under which clause, valid when."""

    days_after_end: int
    """Days after the period's last day; negative when the report is due before the period ends."""
    clause: str
    confidence: str

    def day_of(self, period: Period) -> date:
        """Give the day for a period."""
        return period.ends_on + timedelta(days=self.days_after_end)


@dataclass(frozen=True, slots=True)
class Form(DatedFact):
    """The set of indicators that a unit states together, who owes it, and how often."""

    code: str
    label: Sentence
    periods: frozenset[PeriodKind]
    owed_by: Level
    due: tuple[Due, ...] = ()
    """The reporting calendar of this form; empty where no rule was found."""
    closing: tuple[Due, ...] = ()
    """Until when a report is taken at all, and under which clause; empty where a period stays open."""
    steps: tuple[Step, ...] = ()
    """What a report passes, in this order, between submission and acceptance."""


@dataclass(frozen=True, slots=True)
class Indicator(Dated):
    """Something a unit counts. Versions of one code have days of validity that do not overlap."""

    code: str
    label: Sentence
    form: str
    unit_of_measure: str
    level: Level
    legal_basis: str
    version: int = 1
    flow: bool = False
    """True: it happens during the period and adds up over time. False: it is a state at the end of the period."""
    kinds: frozenset[str] | None = None
    """Kinds of unit that state it, such as `xa`; None: all."""
    decimals: int = 0
    minimum: Decimal = Decimal(0)
    maximum: Decimal = LARGEST
    adds: bool = True
    """Whether values of several units add up. One that doesn't, such as a commune's percentage, is stated unit by unit, kept
    and read as stated, and never rolled up."""


@dataclass(frozen=True, slots=True)
class Break:
    """A day from which a figure means something else, so that values across it are not compared."""

    on: date
    note: Sentence


@dataclass(frozen=True, slots=True)
class Figure(Dated):
    """What is answered: a formula with its words."""

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
    better: Better = "higher"
    adds: bool = True
    """Whether it adds up over units that merge; a recognition or a classification does not."""
    breaks: tuple[Break, ...] = ()
    """Breaks in its series, such as a new poverty standard."""

    def comparable_from(self, on: date) -> date | None:
        """Give the day of the latest break at or before a day: values are compared back to it and no further."""
        return max((it.on for it in self.breaks if it.on <= on), default=None)

    @property
    def formula_text(self) -> str:
        """The formula in words that a reader can follow."""
        match self.formula:
            case Sum(terms):
                return " + ".join(terms)
            case Ratio(numerator, denominator, scale):
                return f"{scale:f} * ({' + '.join(numerator)}) / ({' + '.join(denominator)})"
            case Average(terms):
                return f"({' + '.join(terms)}) / units that state them"
            case CountUnits(_, rule):
                return f"units where {rule.__name__}"
            case FromRegister(register):
                return f"count from the register {register}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The indicators that it is made from; none for a register's count."""
        match self.formula:
            case Sum(terms) | Average(terms):
                return terms
            case Ratio(numerator, denominator):
                return (*numerator, *denominator)
            case CountUnits(inputs, _):
                return inputs
            case FromRegister():
                return ()

    @property
    def unit_by_unit(self) -> bool:
        """Whether it is made for each unit that states all of its inputs, and then added up."""
        return isinstance(self.formula, CountUnits) or (
            isinstance(self.formula, Average) and len(self.formula.terms) > 1
        )

    @property
    def merges(self) -> bool:
        """Whether it adds up over units that merge: a count of units, or an average over them, never does."""
        return self.adds and not isinstance(self.formula, CountUnits | Average)

    @property
    def measures(self) -> tuple[str, ...]:
        """The roll-ups that it reads: under its own code when made unit by unit, else under its indicators'."""
        return (self.code,) if self.unit_by_unit else self.inputs


@dataclass(frozen=True)
class Catalogue:
    """All that one program measures."""

    program: str
    forms: Mapping[str, Form]
    indicators: Mapping[str, tuple[Indicator, ...]]
    """Versions of each code, the oldest first."""
    figures: Mapping[str, Figure]
    checks: tuple[Check, ...] = ()
    derivations: tuple[Derivation, ...] = ()
    unit_by_unit: Mapping[str, tuple[Figure, ...]] = field(init=False)
    """The figures that are made unit by unit, by each of their inputs."""
    apart: frozenset[str] = field(init=False)
    """The indicators whose values do not add up over units."""
    _flows: dict[date, frozenset[str]] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        by_input: dict[str, tuple[Figure, ...]] = {}
        for figure in self.figures.values():
            for code in figure.inputs if figure.unit_by_unit else ():
                by_input[code] = (*by_input.get(code, ()), figure)
        object.__setattr__(self, "unit_by_unit", by_input)
        apart = (code for code, versions in self.indicators.items() if not all(it.adds for it in versions))
        object.__setattr__(self, "apart", frozenset(apart))
        if found := list(_contradictions(self)):
            raise ValueError("; ".join(found))

    def indicator(self, code: str, on: date) -> Indicator | None:
        """Give the version of an indicator that is valid on a day."""
        for one in self.indicators.get(code, ()):
            if one.is_in_force(on):
                return one
        return None

    def flows(self, on: date) -> frozenset[str]:
        """Give the indicators that add up over time, as they are on a day; looked up once."""
        if on not in self._flows:
            valid = (self.indicator(code, on) for code in self.indicators)
            self._flows[on] = frozenset(one.code for one in valid if one is not None and one.flow)
        return self._flows[on]

    def form_for(self, kind: PeriodKind, on: date) -> list[Form]:
        """Give the forms that a period of this kind can be reported on."""
        return [form for form in self.forms.values() if kind in form.periods and form.is_in_force(on)]

    def indicators_of(self, form: str, on: date) -> list[Indicator]:
        """Give the indicators of a form that are valid on a day."""
        return [
            one
            for versions in self.indicators.values()
            for one in versions
            if one.form == form and one.is_in_force(on)
        ]

    def forms_of(self, codes: Iterable[str]) -> frozenset[str]:
        """Give the forms that these indicators are on, or were on some other day."""
        return frozenset(one.form for code in codes for one in self.indicators[code])

    def figures_on(self, on: date, *, headline: bool) -> list[Figure]:
        """Give the figures that are answered for a day, or only those of the province-wide status."""
        return [
            figure
            for figure in self.figures.values()
            if figure.is_in_force(on) and (figure.headline or not headline)
        ]


def _contradictions(catalogue: Catalogue) -> Iterator[str]:
    yield from _in_figures(catalogue)
    yield from _in_indicators(catalogue)


def _in_figures(catalogue: Catalogue) -> Iterator[str]:
    for figure in catalogue.figures.values():
        unknown = [code for code in figure.inputs if code not in catalogue.indicators]
        if unknown:
            yield f"figure {figure.code} is made from unknown indicators: {unknown}"
        if figure.unit_by_unit and figure.code in catalogue.indicators:
            yield f"figure {figure.code} is made unit by unit and has the code of an indicator"
        apart = [code for code in figure.inputs if code in catalogue.apart]
        if apart and not isinstance(figure.formula, CountUnits):
            yield f"figure {figure.code} adds up what does not add: {apart}"


def _in_indicators(catalogue: Catalogue) -> Iterator[str]:
    for versions in catalogue.indicators.values():
        for one in versions:
            if one.form not in catalogue.forms:
                yield f"indicator {one.code} is on an unknown form: {one.form}"
            if one.minimum > one.maximum or not 0 <= one.decimals <= MOST_DECIMALS:
                yield f"indicator {one.code} has its minimum above its maximum, or too many decimal places"
        for one, two in pairwise(versions):
            if one.is_in_force(two.valid_from):
                yield f"indicator {one.code} has two versions on {two.valid_from}"


def rule_for(rules: Iterable[Due], period: Period) -> Due | None:
    """Give the rule of a calendar that is valid on a period's last day."""
    return next((rule for rule in rules if rule.is_in_force(period.ends_on)), None)
