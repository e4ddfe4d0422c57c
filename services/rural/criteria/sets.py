"""Criteria sets as dated data with a legal basis: what each recognizes, for which years, by whom, by which criteria."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from shared.kit.problems import Sentence
from shared.reporting.dated import Dated, Row, in_force, read_tables, sentence
from shared.reporting.derivations import Comparator

SETS_FILE = Path(__file__).with_name("criteria_sets.toml")

RecognitionLevel = Literal["meets", "advanced", "model"]

LEVELS: tuple[RecognitionLevel, ...] = ("meets", "advanced", "model")
"""From the lowest to the highest."""

Kind = Literal["pass", "pass_or_na", "percent", "amount"]
"""What is stated of an indicator: 1 or 0; the same where it applies at all; a percentage; another amount."""


@dataclass(frozen=True, slots=True)
class Authority(Dated):
    """Who recognizes, while that holds."""

    name: str


@dataclass(frozen=True, slots=True)
class RevocationGround(Dated):
    """When a recognition is to be revoked: so large a share of the criteria is no longer met, and one of some among them."""

    least_percent: int
    including: frozenset[int]
    """Numbers of criteria, one of which has to be among them; none: any."""

    def given(self, unmet: Collection[int], criteria: int) -> bool:
        """Tell whether criteria that are no longer met, of so many, are ground enough."""
        among = not self.including or not self.including.isdisjoint(unmet)
        return among and 100 * len(set(unmet)) >= self.least_percent * criteria


@dataclass(frozen=True, slots=True)
class CriterionIndicator:
    """One indicator of a criterion. It holds when its value stands up to a threshold."""

    code: str
    """What it is called in reports."""
    number: str
    """Its number in the set, such as 10.1."""
    label: Sentence
    kind: Kind
    comparator: Comparator
    unit_of_measure: str
    delegated: bool
    """Whether its threshold is left to the province."""
    legal_basis: str
    confidence: str

    @property
    def passes(self) -> bool:
        """Whether it is stated as met or not, without a threshold of its own."""
        return self.kind in ("pass", "pass_or_na")

    @property
    def applies(self) -> str | None:
        """The code under which is stated whether it applies (1) or not (0); None for one that always does."""
        return f"{self.code}_applies" if self.kind == "pass_or_na" else None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion. It is met only when all of its indicators hold."""

    number: int
    label: Sentence
    code: str | None
    """Under which its verdict is stated; None where nobody reports on the set."""
    group: str | None
    indicators: tuple[CriterionIndicator, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a set asks for besides, or instead of, criteria; nothing here judges it."""

    label: Sentence
    legal_basis: str
    confidence: str


@dataclass(frozen=True, slots=True)
class CriteriaSet:
    """A set of criteria: what it recognizes, for which years, by whom."""

    code: str
    label: Sentence
    unit_level: str
    unit_kinds: frozenset[str] | None
    level: RecognitionLevel
    first_year: int
    last_year: int
    authorities: tuple[Authority, ...]
    legal_basis: str
    confidence: str
    needs: RecognitionLevel | None
    needs_clause: str
    fields: tuple[str, ...]
    field_clause: str
    assessed_by: str | None
    assessment_clause: str
    grounds: tuple[RevocationGround, ...]
    """When a recognition is to be revoked; none where no rule was found."""
    groups: Mapping[str, Sentence]
    criteria: tuple[Criterion, ...]
    """Those whose names are known, in their order."""
    conditions: tuple[Condition, ...]
    criteria_count: int | None
    indicators_count: int | None

    def authority(self, on: date) -> Authority | None:
        """Tell who recognizes under the set on a day."""
        return next(iter(in_force(self.authorities, on)), None)

    def grounds_on(self, on: date) -> list[RevocationGround]:
        """Give the grounds of a revocation on a day."""
        return in_force(self.grounds, on)

    def is_for(self, year: int) -> bool:
        """Tell whether the set is the one of a year."""
        return self.first_year <= year <= self.last_year

    @property
    def indicators(self) -> tuple[CriterionIndicator, ...]:
        """All indicators, in their order."""
        return tuple(one for criterion in self.criteria for one in criterion.indicators)


Sets = Mapping[str, CriteriaSet]


def read_sets(path: Path | None = None) -> Sets:
    """Read the criteria sets from their table; one that counts otherwise than it names is refused."""
    sets = {row["code"]: _set(row) for row in read_tables(path or SETS_FILE)["set"]}
    for it in sets.values():
        for named, count in ((it.criteria, it.criteria_count), (it.indicators, it.indicators_count)):
            if named and len(named) != count:
                raise ValueError(f"criteria set {it.code} names {len(named)} of {count}")
        if strange := [one.number for one in it.criteria if one.group and one.group not in it.groups]:
            raise ValueError(f"criteria set {it.code} has criteria of unknown groups: {strange}")
        known = range(1, (it.criteria_count or 0) + 1)
        if any(not known or not ground.including.issubset(known) for ground in it.grounds):
            raise ValueError(f"criteria set {it.code} revokes by criteria that it does not have")
    return sets


def _set(row: Row) -> CriteriaSet:
    first, last = row["years"]
    return CriteriaSet(
        code=row["code"],
        label=sentence(row),
        unit_level=row["unit_level"],
        unit_kinds=frozenset(row["unit_kinds"]) if "unit_kinds" in row else None,
        level=row["level"],
        first_year=first,
        last_year=last,
        authorities=tuple(Authority(**_dated(it, row), name=it["name"]) for it in row["authority"]),
        legal_basis=row["legal_basis"],
        confidence=row["confidence"],
        needs=row.get("needs"),
        needs_clause=row.get("needs_clause", ""),
        fields=tuple(row.get("fields", ())),
        field_clause=row.get("field_clause", ""),
        assessed_by=row.get("assessed_by"),
        assessment_clause=row.get("assessment_clause", ""),
        grounds=tuple(
            RevocationGround(
                **_dated(it, row),
                least_percent=it["least_percent"],
                including=frozenset(it.get("including", ())),
            )
            for it in row.get("ground", ())
        ),
        groups={group["code"]: sentence(group) for group in row.get("groups", ())},
        criteria=tuple(_criterion(it, row) for it in row.get("criterion", ())),
        conditions=tuple(
            Condition(sentence(it), it.get("legal_basis", row["legal_basis"]), it["confidence"])
            for it in row.get("condition", ())
        ),
        criteria_count=row.get("criteria"),
        indicators_count=row.get("indicators"),
    )


def _dated(row: Row, of: Row) -> dict[str, Any]:
    """Give the basis and days of what belongs to a set: the set's basis, unless the row says its own."""
    return {
        "legal_basis": row.get("legal_basis", of["legal_basis"]),
        "confidence": row.get("confidence", of["confidence"]),
        "valid_from": row["valid_from"],
        "valid_to": row.get("valid_to"),
    }


def _criterion(row: Row, of: Row) -> Criterion:
    return Criterion(
        number=row["number"],
        label=sentence(row),
        code=row.get("code"),
        group=row.get("group"),
        indicators=tuple(_indicator(it, of) for it in row.get("indicators", ())),
    )


def _indicator(row: Row, of: Row) -> CriterionIndicator:
    kind: Kind = row["kind"]
    own = {"pass": "met", "pass_or_na": "met", "percent": "percent"}
    return CriterionIndicator(
        code=row["code"],
        number=row["number"],
        label=sentence(row),
        kind=kind,
        comparator=row.get("comparator", "="),
        unit_of_measure=row.get("unit_of_measure") or own[kind],
        delegated=row.get("delegated", False),
        legal_basis=row.get("legal_basis", of["legal_basis"]),
        confidence=row["confidence"],
    )
