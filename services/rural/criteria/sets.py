"""Criteria sets: what each recognizes, for which years, by whom, and by which criteria. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal, cast

from shared.dated_facts.facts import DatedFact, select_in_force
from shared.kit.problems import Sentence
from shared.reporting.catalogue.derivations import Comparator
from shared.territory.units import KINDS, Level

RecognitionLevel = Literal["meets", "advanced", "model"]

FIRST_YEAR, LAST_YEAR = 2009, 2100
"""The first criteria set is of 2009; a set of later years than these is a slip of the pen."""

LEVELS: tuple[RecognitionLevel, ...] = ("meets", "advanced", "model")
"""From the lowest to the highest."""

IndicatorKind = Literal["pass", "pass_or_na", "percent", "amount"]
"""The kind of value that is stated of an indicator: 1 or 0; the same where it applies; a percentage; another amount."""

PartsKind = Literal["groups", "shares"]
"""The kind of the further numbers of an indicator: of groups, each of which must meet the threshold of the indicator, such as
men and women; or of shares of it, each with a threshold of its own, such as water from central works."""

UNITS_OF_MEASURE: Mapping[IndicatorKind, str] = {"pass": "met", "pass_or_na": "met", "percent": "percent"}
"""By kind; an amount has its own."""


NAME_OF_PART = Sentence("{number} ({part})", "{number} ({part})")
LABEL_OF_PART = Sentence("{label}: {part}", "{label}: {part}")


@dataclass(frozen=True, slots=True)
class Authority(DatedFact):
    """An office that recognizes under a set."""

    name: str


@dataclass(frozen=True, slots=True)
class RevocationGround(DatedFact):
    """The ground on which a recognition is to be revoked: a share of the criteria is no longer met, one of some criteria among them."""

    least_percent: int
    including: frozenset[int] = frozenset()
    """Numbers of criteria, one of which must be among them; none: any."""

    def applies_to(self, unmet: Collection[int], criteria: int) -> bool:
        """Whether a recognition is to be revoked when these criteria, by number and of that total, are no longer met."""
        included = not self.including or not self.including.isdisjoint(unmet)
        return included and 100 * len(set(unmet)) >= self.least_percent * criteria


@dataclass(frozen=True, slots=True)
class RegistrationRule(DatedFact):
    """What a registered unit needs besides its criteria before its dossier is submitted: no overdue debts, satisfied residents."""

    least_satisfied_percent: Decimal


@dataclass(frozen=True, slots=True)
class IndicatorPart:
    """A further number of an indicator, with a threshold of its own or that of the indicator."""

    code: str
    label: Sentence


@dataclass(frozen=True, slots=True)
class CriterionIndicator:
    """One indicator of a criterion, or a further number of one. It is met when its value meets a threshold."""

    code: str
    """Its code in reports."""
    number: str
    """Its number in the set, such as 10.1."""
    label: Sentence
    kind: IndicatorKind
    legal_basis: str
    confidence: str
    comparator: Comparator = "="
    own_unit_of_measure: str | None = None
    """None for a kind that has only one."""
    delegated: bool = False
    """Whether the province sets its threshold."""
    parts: tuple[IndicatorPart, ...] = ()
    """Its further numbers, all of which must be stated and must meet their thresholds."""
    parts_kind: PartsKind | None = None
    """None where it has no parts."""
    part: Sentence | None = None
    """The name of the part; None for an indicator itself."""
    threshold_of: str | None = None
    """The indicator whose threshold is that of this part, unless it has one of its own."""

    @property
    def name(self) -> Sentence:
        """Its number in the set, with the name of the part: 12.1, or 12.1 (men)."""
        number = Sentence(self.number, self.number)
        return number if self.part is None else NAME_OF_PART.filled(number=self.number, part=self.part)

    @property
    def full_label(self) -> Sentence:
        """Its label, with the name of the part."""
        return self.label if self.part is None else LABEL_OF_PART.filled(label=self.label, part=self.part)

    @property
    def numbers(self) -> tuple["CriterionIndicator", ...]:
        """The indicator and its further numbers."""
        threshold_of = self.code if self.parts_kind == "groups" else None
        parts = (
            replace(
                self, code=part.code, part=part.label, parts=(), parts_kind=None, threshold_of=threshold_of
            )
            for part in self.parts
        )
        return (self, *parts)

    @property
    def is_optional(self) -> bool:
        """Whether its value may be left out, because the numbers of its groups decide."""
        return self.parts_kind == "groups"

    @property
    def unit_of_measure(self) -> str:
        """Its own unit of measure, or that of its kind."""
        return self.own_unit_of_measure or UNITS_OF_MEASURE[self.kind]

    @property
    def passes(self) -> bool:
        """Whether it is stated as met or not, without a threshold of its own."""
        return self.kind in ("pass", "pass_or_na")

    @property
    def applies(self) -> str | None:
        """The code that states whether it applies (1) or not (0); None where it always does."""
        return f"{self.code}_applies" if self.kind == "pass_or_na" else None

    def __post_init__(self) -> None:
        if self.own_unit_of_measure is None and self.kind not in UNITS_OF_MEASURE:
            raise ValueError("an amount needs its unit_of_measure")
        if bool(self.parts) != (self.parts_kind is not None):
            raise ValueError("parts need their parts_kind, and the other way around")
        if self.parts and self.passes:
            raise ValueError("an indicator that is met or not has no parts")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion. It is met only when all of its indicators are."""

    number: int
    label: Sentence
    code: str | None = None
    """The code that states its verdict; None where the set is not reported on."""
    group: str | None = None
    indicators: tuple[CriterionIndicator, ...] = ()

    @property
    def numbers(self) -> tuple[CriterionIndicator, ...]:
        """Everything that is stated of its indicators: each with its further numbers."""
        return tuple(number for indicator in self.indicators for number in indicator.numbers)


@dataclass(frozen=True, slots=True)
class CriterionGroup:
    """A group of criteria, under which the legal document lists them."""

    code: str
    label: Sentence


@dataclass(frozen=True, slots=True)
class SetCondition:
    """A requirement of a set besides criteria, or instead of them; the service does not evaluate it."""

    label: Sentence
    legal_basis: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CriteriaSet:
    """A set of criteria: what it recognizes, for which years, by whom."""

    code: str
    label: Sentence
    unit_level: str
    unit_kinds: frozenset[str] | None = None
    level: RecognitionLevel
    years: tuple[int, int]
    """The first and the last year that a recognition may be for."""
    authorities: tuple[Authority, ...]
    legal_basis: str
    confidence: str
    needs: RecognitionLevel | None = None
    """The level that must be in force already."""
    needs_clause: str = ""
    fields: tuple[str, ...] = ()
    field_clause: str = ""
    standard: str | None = None
    """The standard of the catalogue under which units are assessed by the set; None where they are not assessed."""
    assessed_by: str | None = None
    """The form whose accepted assessment must show every criterion met."""
    assessment_clause: str = ""
    grounds: tuple[RevocationGround, ...] = ()
    """The grounds on which a recognition is to be revoked; none where no rule is known."""
    registration_rules: tuple[RegistrationRule, ...] = ()
    """What is needed to submit a dossier under the set; none where no rule is known."""
    groups: tuple[CriterionGroup, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    """The criteria whose names are known, in their order."""
    conditions: tuple[SetCondition, ...] = ()
    criteria_count: int | None = None
    indicators_count: int | None = None

    def __post_init__(self) -> None:
        if faults := [*self._find_faults()]:
            raise ValueError("; ".join(faults))

    def _find_faults(self) -> Collection[str]:
        faults = []
        for name, rows, count in (
            ("criteria", self.criteria, self.criteria_count),
            ("indicators", self.indicators, self.indicators_count),
        ):
            if rows and len(rows) != count:
                faults.append(f"names {len(rows)} of {count} {name}")
        groups = {group.code for group in self.groups}
        unknown = [
            criterion.number
            for criterion in self.criteria
            if criterion.group and criterion.group not in groups
        ]
        if unknown:
            faults.append(f"has criteria of unknown groups: {unknown}")
        numbers = range(1, (self.criteria_count or 0) + 1)
        if any(not numbers or not ground.including.issubset(numbers) for ground in self.grounds):
            faults.append("revokes by criteria that it does not have")
        kinds = KINDS.get(cast("Level", self.unit_level))
        if kinds is None:
            faults.append(f"is of an unknown level of units: {self.unit_level}")
        elif unknown_kinds := sorted((self.unit_kinds or frozenset()) - kinds.keys()):
            faults.append(f"is for unknown kinds of units: {unknown_kinds}")
        if not FIRST_YEAR <= self.first_year <= self.last_year <= LAST_YEAR:
            faults.append(f"is for the years {self.first_year} to {self.last_year}")
        return faults

    @property
    def first_year(self) -> int:
        """The first year that a recognition may be for."""
        return self.years[0]

    @property
    def last_year(self) -> int:
        """The last year that a recognition may be for."""
        return self.years[1]

    def find_authority(self, on: date) -> Authority | None:
        """Return the authority that recognizes under the set on a day, or None."""
        return next(iter(select_in_force(self.authorities, on)), None)

    def select_grounds(self, on: date) -> list[RevocationGround]:
        """Return the grounds of a revocation on a day."""
        return select_in_force(self.grounds, on)

    def select_registration_rules(self, on: date) -> list[RegistrationRule]:
        """Return what is needed to submit a dossier on a day."""
        return select_in_force(self.registration_rules, on)

    def includes_year(self, year: int) -> bool:
        """Whether the set is the one of a year."""
        return self.first_year <= year <= self.last_year

    @property
    def indicators(self) -> tuple[CriterionIndicator, ...]:
        """All indicators, in their order."""
        return tuple(indicator for criterion in self.criteria for indicator in criterion.indicators)

    @property
    def numbers(self) -> tuple[CriterionIndicator, ...]:
        """All indicators with their further numbers, in their order."""
        return tuple(number for criterion in self.criteria for number in criterion.numbers)


class CriteriaSets(dict[str, CriteriaSet]):
    """The criteria sets of all periods, by code."""
