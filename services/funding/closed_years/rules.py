"""Whether a budget year is closed for a unit, and whether its closing is overdue. Pure.

A closing is of a province and everything below it. The latest one of a year and province counts; the earlier ones stay. Money
that passes on from a unit whose year is closed stays closed.

Problem
└── Conflict
    ├── YearClosed             year_closed              an entry into a closed year needs the decision that reopens it
    └── ReopeningTooOld        reopening_too_old        that decision is older than the one that closed the year
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from typing import get_args

from services.funding.deadlines import DeadlineRule, MoneyKind, find_legal_deadline
from services.funding.ledger import CAPITALS, Decision
from services.funding.units import UnitVersion, find_unit_of_year, find_versions_below
from shared.kit.problems import Conflict, Sentence
from shared.territory.tree import Territory

FormerVersions = Mapping[tuple[int, UnitVersion], Collection[UnitVersion]]
"""The units from which money of a year passed on to a unit, by year and that unit."""


class YearClosed(Conflict):
    """The budget year is closed; an entry into it needs the decision that reopens it."""

    code = "year_closed"
    title = Sentence("Năm ngân sách đã khóa sổ", "The budget year is closed")
    detail = Sentence(
        "Năm {year} của đơn vị {unit} đã khóa sổ ngày {closed_on} theo {decision}; hãy nêu quyết định mở lại trong reopened_by.",
        "The year {year} of the unit {unit} was closed on {closed_on} by {decision}; name the decision that reopens it in "
        "reopened_by.",
    )
    advice = Sentence(
        "Nêu số và ngày của quyết định mở lại trong reopened_by.",
        "State the number and date of the decision that reopens the year in reopened_by.",
    )

    def __init__(self, closing: "Closing") -> None:
        super().__init__(
            closing=str(closing.id),
            year=closing.year,
            unit=closing.unit,
            closed_on=closing.closed_on.isoformat(),
            decision=closing.decision.number,
        )


class ReopeningTooOld(Conflict):
    """A decision that reopens a budget year is not older than the one that closed it."""

    code = "reopening_too_old"
    title = Sentence("Quyết định mở lại có trước khi khóa sổ", "The decision is older than the closing")
    detail = Sentence(
        "Quyết định {reopened_by} ngày {reopened_on} có trước {decision} ngày {decided_on} khóa sổ năm {year} của đơn vị {unit}.",
        "The decision {reopened_by} of {reopened_on} is older than {decision} of {decided_on}, which closed the year {year} of "
        "the unit {unit}.",
    )

    def __init__(self, closing: "Closing", reopened_by: Decision) -> None:
        super().__init__(
            closing=str(closing.id),
            year=closing.year,
            unit=closing.unit,
            decision=closing.decision.number,
            decided_on=closing.decision.date.isoformat(),
            reopened_by=reopened_by.number,
            reopened_on=reopened_by.date.isoformat(),
        )


@dataclass(frozen=True, slots=True)
class Closing:
    """The act that closes a budget year of a province, and what it froze."""

    id: uuid.UUID
    year: int
    unit: str
    decision: Decision
    closed_on: date
    sequence: int
    """Of the last entry that is part of what was frozen; 0 where there is none."""
    recorded_at: datetime
    """The instant of the closing: a reading as of it is what was frozen."""


@dataclass(frozen=True, slots=True)
class SettlementExtension:
    """The decision by which a budget year of a province is settled later than by law."""

    id: uuid.UUID
    year: int
    unit: str
    settled_by: date
    decision: Decision
    recorded_at: datetime


def find_covered_versions(
    act: Closing | SettlementExtension, territory: Territory, unit_versions: Iterable[UnitVersion]
) -> list[UnitVersion]:
    """Return those of some units for whose year a closing or an extension holds."""
    root, on = find_unit_of_year(territory, act.unit, act.year)
    return find_versions_below(territory, root, on, unit_versions)


def find_closing(
    closings: Iterable[Closing], territory: Territory, year: int, unit_version: UnitVersion
) -> Closing | None:
    """Return the latest closing of a year that covers a unit; None where the year is open for it."""
    covering = (
        closing
        for closing in closings
        if closing.year == year and find_covered_versions(closing, territory, [unit_version])
    )
    return max(covering, key=lambda closing: closing.recorded_at, default=None)


def find_closing_of_money(
    closings: Collection[Closing],
    territory: Territory,
    year: int,
    unit_version: UnitVersion,
    former_versions: FormerVersions,
) -> Closing | None:
    """Return the latest closing of a year that covers a unit, or a unit from which its money passed on; None where it is open."""
    reached, versions = [unit_version], set[UnitVersion]()
    while reached:
        version = reached.pop()
        if version not in versions:
            versions.add(version)
            reached += former_versions.get((year, version), ())
    in_force = (find_closing(closings, territory, year, version) for version in versions)
    return max(filter(None, in_force), key=lambda closing: closing.recorded_at, default=None)


def is_year_closed(
    closings: Collection[Closing],
    territory: Territory,
    year: int,
    unit_version: UnitVersion,
    former_versions: FormerVersions,
) -> bool:
    """Whether a year is closed for a unit, or for all units from which its money passed on."""
    if find_closing(closings, territory, year, unit_version) is not None:
        return True
    former = former_versions.get((year, unit_version), ())
    return bool(former) and all(
        is_year_closed(closings, territory, year, version, former_versions) for version in former
    )


def find_settlement_day(rules: Iterable[DeadlineRule], year: int) -> date:
    """Return the last day of settlement of a budget year: the latest of its capital kinds and kinds of money."""
    rules = tuple(rules)
    kinds = product(CAPITALS, get_args(MoneyKind))
    return max(find_legal_deadline(rules, capital, money, year).settled_by for capital, money in kinds)


def find_extended_day(
    extensions: Iterable[SettlementExtension], territory: Territory, year: int, unit_version: UnitVersion
) -> date | None:
    """Return the settlement day by the latest extension of a year that covers a unit; None where the law's day holds."""
    covering = (
        extension
        for extension in extensions
        if extension.year == year and find_covered_versions(extension, territory, [unit_version])
    )
    latest = max(covering, key=lambda extension: extension.recorded_at, default=None)
    return latest.settled_by if latest else None


def is_extended(
    extensions: Iterable[SettlementExtension],
    territory: Territory,
    year: int,
    unit_version: UnitVersion,
    day: date,
) -> bool:
    """Whether a year may still be settled on a day for a unit, by the latest extension that covers it."""
    settled_by = find_extended_day(extensions, territory, year, unit_version)
    return settled_by is not None and day <= settled_by


def is_overdue(rules: Iterable[DeadlineRule], year: int, today: date, *, is_closed: bool) -> bool:
    """Whether a year is not closed although its settlement day is over."""
    return not is_closed and today > find_settlement_day(rules, year)
