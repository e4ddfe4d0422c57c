"""Rules of a list and its rows. Pure: frozen values in, faults and verdicts out.

A list is one decision: it is recorded whole or not at all, so each row of a refused list has its verdict too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.ethnic.area_laws import AreaFacts
from services.ethnic.areas.rules import Listing
from services.ethnic.classifications.rules import Region
from services.ethnic.lists.fault_sentences import (
    COMMUNE_REGION_DIFFERS,
    COMMUNE_REGION_NOT_WANTED,
    CRITERION_NOT_MET,
    DASH,
    GROUP_NOT_WANTED,
    GROUP_REQUIRED,
    GROUP_UNKNOWN,
    MORE_THAN_ALL,
    REGION_IS_DIFFICULT,
    REGION_NOT_IN_FORCE,
    REGION_NOT_WANTED,
    REGION_REQUIRED,
    ROW_REPEATED,
    WHOLE_LIST_REMOVES,
)
from services.ethnic.lists.headers import ListHeader, ResolvedHeader
from shared.dated_facts.facts import select_in_force
from shared.kit.problems import Conflict, Fault, NotFound, Sentence, make_fault

RowVerdict = Literal["added", "changed", "unchanged", "removed", "refused", "fits", "not_checked"]


class ListExists(Conflict):
    """The same decision lists the kind for the unit from the same day on with other rows."""

    code = "list_exists"
    detail = Sentence(
        "Quyết định này đã có danh sách cùng loại từ ngày đó với nội dung khác.",
        "The same decision already has a list of this kind from that day on, with other rows.",
    )


class ListNotFound(NotFound):
    """No list has this id."""

    code = "list_not_found"
    detail = Sentence("Không có danh sách này.", "There is no such list.")


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row of a list."""

    ordinal: int
    """Its place in the posted list, from 0."""
    unit: str
    listed: bool = True
    region: str | None = None
    specially_difficult: bool | None = None
    """None: what the region implies."""
    states_commune_region: bool = False
    commune_region: str | None = None
    """The region of the commune of a village, as the list prints it; None: it is in none."""
    ethnic_group: str | None = None
    households: int | None = None
    em_households: int | None = None
    em_persons: int | None = None
    unread: frozenset[str] = frozenset()
    """Fields that could not be read, and are at fault already."""

    def to_content(self) -> list[object]:
        """Return what makes two rows the same, whatever their place."""
        return [
            self.unit,
            self.listed,
            self.region,
            self.specially_difficult,
            self.commune_region,
            self.ethnic_group,
            self.households,
            self.em_households,
            self.em_persons,
        ]

    def is_difficult(self, kind: str, difficult_regions: Collection[str]) -> bool:
        """Whether the row puts its unit in special difficulty."""
        if not self.listed:
            return False
        if kind == "region":
            return bool(self.specially_difficult) or self.region in difficult_regions
        return kind == "special_difficulty"


def find_repeated_rows(rows: Sequence[ListRow]) -> Iterator[Fault]:
    """Yield a fault for each row whose unit and group an earlier row states."""
    first_rows: dict[tuple[str, str | None], int] = {}
    for row in rows:
        if "unit" in row.unread:
            continue
        first = first_rows.setdefault((row.unit, row.ethnic_group), row.ordinal)
        if first != row.ordinal:
            yield make_fault(
                f"/units/{row.ordinal}/unit", "row_repeated", ROW_REPEATED, unit=row.unit, first=first
            )


@dataclass(frozen=True, slots=True)
class RowContext:
    """What a row is checked against."""

    header: ListHeader
    resolved: ResolvedHeader
    regions: Mapping[str, Region]
    """The regions in force on the day of the list."""
    groups: Collection[str]
    """The codes of ethnic groups."""
    commune_regions: Mapping[str, str | None]
    """The region of each commune on the day of the list, consequences included; a commune without one is in none."""


def find_row_faults(
    row: ListRow, context: RowContext, facts: AreaFacts, commune: str | None
) -> Iterator[Fault]:
    """Yield the faults of a row; `commune` is that of a village, None for another unit or one that was not found."""
    at = f"/units/{row.ordinal}"
    if context.header.whole and not row.listed and "listed" not in row.unread:
        yield make_fault(f"{at}/listed", "whole_list_removes", WHOLE_LIST_REMOVES)
    yield from _find_region_faults(row, context, at)
    yield from _find_group_faults(row, context, at)
    yield from _find_commune_region_faults(row, context, at, commune)
    yield from _find_number_faults(row, context, facts, at)


def _find_region_faults(row: ListRow, context: RowContext, at: str) -> Iterator[Fault]:
    if "region" in row.unread:
        return
    if context.resolved.kind.code != "region":
        if row.region is not None:
            yield make_fault(f"{at}/region", "region_not_wanted", REGION_NOT_WANTED)
        return
    if row.region is None:
        if row.listed:
            yield make_fault(f"{at}/region", "region_required", REGION_REQUIRED)
        return
    region = context.regions.get(row.region)
    if region is None:
        yield make_fault(
            f"{at}/region",
            "region_unknown",
            REGION_NOT_IN_FORCE,
            region=row.region,
            on=context.header.effective_on,
            regions=", ".join(context.regions) or "-",
        )
    elif region.specially_difficult and row.specially_difficult is False:
        yield make_fault(
            f"{at}/specially_difficult",
            "region_is_specially_difficult",
            REGION_IS_DIFFICULT,
            region=region.code,
            legal_basis=region.legal_basis,
        )


def _find_group_faults(row: ListRow, context: RowContext, at: str) -> Iterator[Fault]:
    if "ethnic_group" in row.unread:
        return
    if not context.resolved.kind.of_groups:
        if row.ethnic_group is not None:
            yield make_fault(f"{at}/ethnic_group", "ethnic_group_not_wanted", GROUP_NOT_WANTED)
    elif row.ethnic_group is None:
        yield make_fault(f"{at}/ethnic_group", "ethnic_group_required", GROUP_REQUIRED)
    elif row.ethnic_group not in context.groups:
        yield make_fault(
            f"{at}/ethnic_group", "ethnic_group_unknown", GROUP_UNKNOWN, ethnic_group=row.ethnic_group
        )


def _find_commune_region_faults(
    row: ListRow, context: RowContext, at: str, commune: str | None
) -> Iterator[Fault]:
    if not row.states_commune_region or "commune_region" in row.unread:
        return
    if context.resolved.level != "village":
        yield make_fault(f"{at}/commune_region", "commune_region_not_wanted", COMMUNE_REGION_NOT_WANTED)
    elif commune is not None:
        actual = context.commune_regions.get(commune)
        if actual != row.commune_region:
            yield make_fault(
                f"{at}/commune_region",
                "commune_region_differs",
                COMMUNE_REGION_DIFFERS,
                commune=commune,
                actual=actual or DASH,
                on=context.header.effective_on,
                stated=row.commune_region or DASH,
            )


def _find_number_faults(row: ListRow, context: RowContext, facts: AreaFacts, at: str) -> Iterator[Fault]:
    if {"households", "em_households", "em_persons"} & row.unread or not row.listed:
        return
    if row.households is not None and row.em_households is not None and row.em_households > row.households:
        numbers = {"em_households": row.em_households, "households": row.households}
        yield make_fault(f"{at}/em_households", "more_than_all_households", MORE_THAN_ALL, **numbers)
        return
    resolved = context.resolved
    for criterion in select_in_force(facts.criteria, context.header.effective_on):
        applies = (criterion.law, criterion.kind) == (resolved.law.code, resolved.kind.code)
        if not applies or resolved.level not in criterion.levels:
            continue
        if not criterion.is_met(row.households, row.em_households, row.em_persons):
            yield make_fault(
                f"{at}/em_households",
                "criterion_not_met",
                CRITERION_NOT_MET,
                legal_basis=criterion.legal_basis,
            )


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """What a list of a kind says of a unit: whether it is on it, and its region."""

    listed: bool
    region: str | None = None

    @classmethod
    def from_listing(cls, listing: Listing | None, on: date) -> "UnitEntry":
        """Return what holds on a day; of no listing: not on the list."""
        if listing is None or not listing.holds(on):
            return cls(listed=False)
        return cls(listed=True, region=listing.region)


def judge_row(before: UnitEntry, after: UnitEntry) -> RowVerdict:
    """Return what a row changes."""
    if before.listed and after.listed:
        return "unchanged" if before.region == after.region else "changed"
    if after.listed:
        return "added"
    return "removed" if before.listed else "unchanged"
