"""Rules of the status of a unit on a day, for every kind of list. Pure: frozen values and the day in.

A unit is on the list of a kind while the latest decision in effect lists it and its legal end has not passed. A whole list
takes off the units of its level and kind that it leaves out. The region of a commune follows `classifications/rules.py`. A
commune is in special difficulty by its region or by a list of its own; a village only by a list.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.ethnic.area_laws import AreaFacts, ListLevel, VillageConsequence
from services.ethnic.classifications.rules import (
    CommuneRecognition,
    CommuneStatus,
    Consequence,
    EffectiveClassification,
    find_status,
)
from shared.periods import ONE_DAY


@dataclass(frozen=True, slots=True)
class Listing:
    """What a decision says of a unit and kind, from a day on."""

    id: uuid.UUID
    """Its id; that of the list where a whole list leaves the unit out."""
    kind: str
    listed: bool
    effective_on: date
    decision_number: str
    decided_on: date
    region: str | None = None
    specially_difficult: bool = False
    ethnic_group: str = ""
    ends_on: date | None = None
    law: str | None = None
    list_id: uuid.UUID | None = None
    omitted: bool = False
    """Whether it follows from a whole list that leaves the unit out."""

    def is_over(self, on: date) -> bool:
        """Whether its legal end has passed on a day."""
        return self.ends_on is not None and self.ends_on < on

    def holds(self, on: date) -> bool:
        """Whether it lists the unit on a day, when no later decision is in effect."""
        return self.listed and not self.is_over(on)


@dataclass
class UnitTimeline:
    """What is known of a unit up to a day: its listings by kind and group, and the recognitions that concern it."""

    code: str
    level: ListLevel
    line: tuple[str, ...]
    """The unit and those above it, on the day of its last listing."""
    ended_on: date | None = None
    """The last day of a commune that was merged or divided since; None while it is there."""
    listings: dict[tuple[str, str], list[Listing]] = field(default_factory=dict)
    """By kind and ethnic group, in the order of their days; at most one of a day."""
    recognitions: list[CommuneRecognition] = field(default_factory=list)
    """Of the commune; of a village those of its commune."""
    own_recognitions: list[CommuneRecognition] = field(default_factory=list)
    """Of the village itself; none for a commune."""

    def find_current(self, kind: str, on: date, ethnic_group: str = "") -> Listing | None:
        """Return the latest listing of a kind in effect on a day, its legal end not looked at."""
        effective = [row for row in self.listings.get((kind, ethnic_group), ()) if row.effective_on <= on]
        return max(effective, key=lambda row: row.effective_on, default=None)

    def is_on_list(self, kind: str, on: date, ethnic_group: str = "") -> bool:
        """Whether the unit is on the list of a kind on a day, as decisions say."""
        current = self.find_current(kind, on, ethnic_group)
        return current is not None and current.holds(on)

    def list_groups(self, kind: str) -> list[str]:
        """Return the ethnic groups that are listed under a kind, in their order."""
        return sorted(group for listed_kind, group in self.listings if listed_kind == kind)

    def find_region(self, on: date, consequences: Sequence[Consequence]) -> CommuneStatus | None:
        """Return the region of a commune on a day with the consequence that applies; None where none classifies it."""
        classifications = [
            EffectiveClassification(
                row.id, row.region, row.specially_difficult, row.effective_on, row.ends_on, row.law
            )
            for row in self.listings.get(("region", ""), ())
        ]
        return find_status(on, classifications, self.recognitions, consequences)


@dataclass(frozen=True, slots=True)
class VillageRule:
    """A consequence for a village, and the recognition by which it applies."""

    consequence: VillageConsequence
    recognition: CommuneRecognition


def find_village_rules(
    timeline: UnitTimeline, on: date, consequences: Sequence[VillageConsequence]
) -> list[VillageRule]:
    """Return the consequences that apply to a listed village on a day: of recognitions since it was listed."""
    listing = timeline.find_current("special_difficulty", on)
    if listing is None or not listing.holds(on):
        return []
    rules = []
    for consequence in consequences:
        recognitions = timeline.recognitions if consequence.of == "commune" else timeline.own_recognitions
        for recognition in recognitions:
            has_ended = recognition.ended_on is not None and recognition.ended_on <= on
            if (
                recognition.level == consequence.level
                and listing.effective_on <= recognition.effective_on <= on
                and consequence.is_in_force(recognition.effective_on)
                and not (has_ended and consequence.revocation_restores)
            ):
                rules.append(VillageRule(consequence, recognition))
    return sorted(rules, key=lambda rule: (rule.recognition.effective_on, rule.recognition.id))


def is_in_difficulty(
    timeline: UnitTimeline,
    on: date,
    consequences: Sequence[Consequence],
    village_consequences: Sequence[VillageConsequence],
) -> bool:
    """Whether a commune or village is in special difficulty on a day, the consequences of recognitions included."""
    if timeline.ended_on is not None and timeline.ended_on < on:
        return False
    by_list = timeline.is_on_list("special_difficulty", on)
    if timeline.level == "village":
        rules = find_village_rules(timeline, on, village_consequences) if by_list else []
        return by_list and not any(rule.consequence.ends_special_difficulty for rule in rules)
    region = timeline.find_region(on, consequences)
    return by_list or (region is not None and region.specially_difficult)


def list_days_of_change(timeline: UnitTimeline) -> set[date]:
    """Return the days on which the status of a unit may change."""
    days = {
        listing.effective_on
        for (kind, _), listings in timeline.listings.items()
        if kind in ("region", "special_difficulty")
        for listing in listings
    }
    days |= {
        listing.ends_on + ONE_DAY
        for listings in timeline.listings.values()
        for listing in listings
        if listing.ends_on is not None
    }
    for recognition in (*timeline.recognitions, *timeline.own_recognitions):
        days.add(recognition.effective_on)
        if recognition.ended_on is not None:
            days.add(recognition.ended_on)
    if timeline.ended_on is not None:
        days.add(timeline.ended_on + ONE_DAY)
    return days


@dataclass(frozen=True, slots=True)
class AreaCounts:
    """The units of a unit on a day by their status."""

    communes: int
    communes_by_region: Mapping[str, int]
    communes_in_area: int
    communes_with_villages_in_area: int
    """Communes outside of the area that have villages in it."""
    communes_outside: int
    communes_in_difficulty: int
    villages_in_difficulty: int
    villages_by_region: Mapping[str, int]
    """Villages in special difficulty by the region of their commune; an empty code: none."""
    villages_in_area: int
    poor_districts: int
    border_communes: int


def count_areas(
    communes: Collection[str],
    timelines: Collection[UnitTimeline],
    on: date,
    consequences: Sequence[Consequence],
    village_consequences: Sequence[VillageConsequence],
) -> AreaCounts:
    """Count the units of a day by their status; `communes` are the codes of all communes of that day."""
    present = [timeline for timeline in timelines if timeline.ended_on is None]
    regions = {
        timeline.code: status.region
        for timeline in present
        if timeline.level == "commune"
        and (status := timeline.find_region(on, consequences)) is not None
        and status.region is not None
    }
    in_area = {row.code for row in _select_listed(present, "commune", "em_area", on)}
    village_area = {row.line[1] for row in _select_listed(present, "village", "em_area", on)}
    difficult = [row for row in present if is_in_difficulty(row, on, consequences, village_consequences)]
    villages = [row for row in difficult if row.level == "village"]
    with_villages = (village_area & set(communes)) - in_area
    return AreaCounts(
        communes=len(communes),
        communes_by_region=_count(regions.values()),
        communes_in_area=len(in_area),
        communes_with_villages_in_area=len(with_villages),
        communes_outside=len(set(communes) - in_area - with_villages),
        communes_in_difficulty=sum(row.level == "commune" for row in difficult),
        villages_in_difficulty=len(villages),
        villages_by_region=_count(regions.get(row.line[1], "") for row in villages),
        villages_in_area=sum(1 for _ in _select_listed(present, "village", "em_area", on)),
        poor_districts=sum(1 for _ in _select_listed(present, "district", "poor_district", on)),
        border_communes=sum(1 for _ in _select_listed(present, "commune", "border_commune", on)),
    )


def _select_listed(
    timelines: Collection[UnitTimeline], level: str, kind: str, on: date
) -> Iterator[UnitTimeline]:
    return (row for row in timelines if row.level == level and row.is_on_list(kind, on))


def _count(codes: "Collection[str] | Iterator[str]") -> dict[str, int]:
    counts: dict[str, int] = {}
    for code in codes:
        counts[code] = counts.get(code, 0) + 1
    return counts


@dataclass(frozen=True)
class AreaRules:
    """The facts of this installation by which the status of a unit is found."""

    facts: AreaFacts
    consequences: tuple[Consequence, ...]
    """The consequences of recognitions for the regions of communes."""
    feed_followed: bool
    """Whether the recognitions of the new rural program are followed."""

    def is_in_difficulty(self, timeline: UnitTimeline, on: date) -> bool:
        """Whether a commune or village is in special difficulty on a day."""
        return is_in_difficulty(timeline, on, self.consequences, self.facts.village_consequences)

    def find_region(self, timeline: UnitTimeline, on: date) -> CommuneStatus | None:
        """Return the region of a commune on a day, with the consequence that applies."""
        return timeline.find_region(on, self.consequences)

    def find_village_rules(self, timeline: UnitTimeline, on: date) -> list[VillageRule]:
        """Return the consequences that apply to a listed village on a day."""
        return find_village_rules(timeline, on, self.facts.village_consequences)

    def count_areas(
        self, communes: Collection[str], timelines: Collection[UnitTimeline], on: date
    ) -> AreaCounts:
        """Count the units of a day by their status."""
        return count_areas(communes, timelines, on, self.consequences, self.facts.village_consequences)

    def find_law_code(self, listing: Listing) -> str | None:
        """Return the code of the law of a listing: of a decision alone the law that was in force on its day."""
        if listing.law is not None:
            return listing.law
        laws = self.facts.list_laws(listing.kind, "commune", listing.effective_on)
        return laws[0].code if laws else None
