"""The status of units on the wire."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from services.ethnic.area_laws import ListKind, ListLevel
from services.ethnic.areas.rules import AreaCounts, AreaRules, Listing, UnitTimeline
from services.ethnic.classifications.rules import AppliedConsequence, CommuneRecognition
from services.ethnic.recognitions.store import PATH as RECOGNITIONS
from shared.kit.paging import Page
from shared.reporting.decisions import DecisionIn
from shared.territory.named_rows import NamedUnitRow
from shared.territory.units import Unit

ListingState = Literal["listed", "off", "ended"]


class RuleRecognitionOut(BaseModel):
    """The recognition by which a rule applies."""

    id: uuid.UUID = Field(description="the recognition's id in the new rural program")
    decided_on: dt.date | None = Field(description="the day of the decision that recognizes")
    effective_on: dt.date = Field(description="day on which it takes effect")
    ended_on: dt.date | None = Field(description="the day from which it is revoked; null while it holds")
    heard: str = Field(description="address of the recognition as it was received")

    @classmethod
    def from_recognition(cls, recognition: CommuneRecognition) -> Self:
        """Serialize a recognition."""
        return cls(
            id=recognition.id,
            decided_on=recognition.decided_on,
            effective_on=recognition.effective_on,
            ended_on=recognition.ended_on,
            heard=f"{RECOGNITIONS}/{recognition.id}",
        )


class AreaRuleOut(BaseModel):
    """A rule of a recognition, and what it does to the status."""

    changes: bool = Field(description="whether it changes the status on the day")
    becomes: str | None = Field(
        None, description="the region that the commune is in by it; null for a village"
    )
    since: dt.date = Field(description="the day from which it applies")
    clause: str = Field(description="the clause behind it")
    confidence: str = Field(description="how sure the clause is")
    revocation_confidence: str | None = Field(
        None, description="how sure it is that a revocation ends it; null where it is as sure as the clause"
    )
    recognition: RuleRecognitionOut

    @classmethod
    def from_consequence(cls, applied: AppliedConsequence, *, changes: bool) -> Self:
        """Serialize the consequence for a commune."""
        consequence = applied.consequence
        return cls(
            changes=changes,
            becomes=consequence.becomes,
            since=applied.recognition.effective_on,
            clause=consequence.legal_basis,
            confidence=consequence.confidence,
            revocation_confidence=consequence.revocation_confidence,
            recognition=RuleRecognitionOut.from_recognition(applied.recognition),
        )


class KindStatusOut(BaseModel):
    """The status of a unit under one kind of list."""

    kind: ListKind = Field(description="kind of list")
    holds: bool = Field(description="whether it holds on the day, the rule included")
    state: ListingState = Field(
        description="what decisions say: listed, off (taken off or left out), ended (the legal end of the list has passed)"
    )
    region: str | None = Field(None, description="the region on the day, the rule included")
    region_by_decision: str | None = Field(None, description="the region that the decision states")
    ethnic_group: str | None = Field(None, description="code of the ethnic group that is listed")
    since: dt.date = Field(description="the day from which the decision or the rule holds")
    ends_on: dt.date | None = Field(description="the legal end of the list; null where none is stated")
    decision: DecisionIn = Field(description="the decision behind it")
    list: uuid.UUID | None = Field(description="id of the list; null for a decision on the unit alone")
    law: str | None = Field(description="code of the law of the list")
    left_out: bool = Field(False, description="whether the unit is off because a whole list leaves it out")
    rule: AreaRuleOut | None = Field(
        None, description="the rule of a recognition that applies; null where there is none"
    )

    @classmethod
    def from_listing(
        cls, listing: Listing, on: dt.date, *, rule: AreaRuleOut | None = None, **more: Any
    ) -> Self:
        """Serialize a listing; `more` are fields that a rule decides."""
        holds = listing.holds(on)
        state: ListingState = "ended" if listing.is_over(on) else "listed" if listing.listed else "off"
        fields: dict[str, Any] = {
            "kind": listing.kind,
            "holds": holds,
            "state": state,
            "region_by_decision": listing.region,
            "ethnic_group": listing.ethnic_group or None,
            "since": listing.effective_on,
            "ends_on": listing.ends_on,
            "decision": DecisionIn(number=listing.decision_number, date=listing.decided_on),
            "list": listing.list_id,
            "law": listing.law,
            "left_out": listing.omitted,
            "rule": rule,
        }
        return cls(**{**fields, **more})


class UnitAreaOut(BaseModel):
    """The status of a unit on a day, under every kind of list that says something of it."""

    unit: str = Field(description="code of the unit")
    unit_name: str = Field(description="its name on the day")
    unit_kind: str = Field(description="Vietnamese type without accents")
    unit_since: dt.date = Field(
        description="first day of the unit; its code may have named another one before"
    )
    level: ListLevel = Field(description="its level")
    on: dt.date = Field(description="the day")
    region: str | None = Field(
        description="region on the day, the rule included; of a village that of its commune"
    )
    in_area: bool = Field(
        description="whether it is in the ethnic-minority and mountainous area by a list of its own"
    )
    specially_difficult: bool = Field(description="whether it is in special difficulty, the rule included")
    poor_district: bool = Field(description="whether it, or its district, is a poor district")
    border_commune: bool = Field(description="whether it, or its commune, is a border commune")
    villages_in_difficulty: int | None = Field(
        description="villages in special difficulty below it; null for a village"
    )
    kinds: list[KindStatusOut] = Field(
        description="the kinds of lists that say something of it, by their codes"
    )

    @classmethod
    def from_timeline(
        cls,
        unit: Unit,
        level: ListLevel,
        timeline: UnitTimeline | None,
        on: dt.date,
        rules: AreaRules,
        above: Mapping[str, UnitTimeline],
        villages_in_difficulty: int | None,
    ) -> Self:
        """Serialize a unit; `above` are the timelines of its commune and district by level."""
        commune = timeline if level == "commune" else above.get("commune")
        status = rules.find_region(commune, on) if commune is not None else None
        district = timeline if level == "district" else above.get("district")
        return cls(
            unit=unit.code,
            unit_name=unit.name,
            unit_kind=unit.kind,
            unit_since=unit.valid_from,
            level=level,
            on=on,
            region=status.region if status else None,
            in_area=timeline is not None and timeline.is_on_list("em_area", on),
            specially_difficult=timeline is not None
            and level in ("commune", "village")
            and rules.is_in_difficulty(timeline, on),
            poor_district=district is not None and district.is_on_list("poor_district", on),
            border_commune=commune is not None and commune.is_on_list("border_commune", on),
            villages_in_difficulty=villages_in_difficulty,
            kinds=list_kinds(timeline, on, rules) if timeline is not None else [],
        )


def list_kinds(timeline: UnitTimeline, on: dt.date, rules: AreaRules) -> list[KindStatusOut]:
    """Return the status of a unit under each kind of list that says something of it by a day."""
    kinds = []
    for kind, group in sorted(timeline.listings):
        listing = timeline.find_current(kind, on, group)
        if listing is None:
            continue
        if kind == "region":
            kinds.append(_serialize_region(timeline, listing, on, rules))
        elif kind == "special_difficulty" and timeline.level == "village":
            kinds.append(_serialize_village(timeline, listing, on, rules))
        else:
            kinds.append(KindStatusOut.from_listing(listing, on))
    return kinds


def _serialize_region(
    timeline: UnitTimeline, listing: Listing, on: dt.date, rules: AreaRules
) -> KindStatusOut:
    status = rules.find_region(timeline, on)
    if status is None or status.applied is None:
        region = status.region if status else None
        return KindStatusOut.from_listing(listing, on, region=region, holds=region is not None)
    rule = AreaRuleOut.from_consequence(status.applied, changes=True)
    return KindStatusOut.from_listing(
        listing, on, rule=rule, region=status.region, since=rule.since, holds=True
    )


def _serialize_village(
    timeline: UnitTimeline, listing: Listing, on: dt.date, rules: AreaRules
) -> KindStatusOut:
    applied = rules.find_village_rules(timeline, on)
    ends = rules.is_in_difficulty(timeline, on) != listing.holds(on)
    first = next((rule for rule in applied if rule.consequence.ends_special_difficulty == ends), None)
    if first is None:
        return KindStatusOut.from_listing(listing, on)
    rule = AreaRuleOut(
        changes=ends,
        since=first.recognition.effective_on,
        clause=first.consequence.legal_basis,
        confidence=first.consequence.confidence,
        recognition=RuleRecognitionOut.from_recognition(first.recognition),
    )
    since = rule.since if ends else listing.effective_on
    return KindStatusOut.from_listing(
        listing, on, rule=rule, holds=listing.holds(on) and not ends, since=since
    )


UnitAreasPage = Page[UnitAreaOut]


class RegionCountOut(BaseModel):
    """How many units are in a region."""

    region: str | None = Field(description="I, II or III; null: in none")
    count: int = Field(description="how many units")


class ListMissingOut(BaseModel):
    """A kind of list of which none is in effect for a whole level."""

    kind: ListKind = Field(description="kind of list")
    level: ListLevel = Field(description="level of the units")


class AreaSummaryOut(NamedUnitRow):
    """The units below a unit on a day by their status."""

    unit: str = Field(description="code of the unit")
    on: dt.date = Field(description="the day")
    communes: int = Field(description="communes on the day")
    communes_in_area: int = Field(description="communes in the ethnic-minority and mountainous area")
    communes_with_villages_in_area: int = Field(description="communes outside of it with villages in it")
    communes_outside: int = Field(description="communes outside of it without such villages")
    communes_by_region: list[RegionCountOut] = Field(description="communes by region, the rules included")
    communes_in_difficulty: int = Field(description="communes in special difficulty")
    villages_in_area: int = Field(description="villages in the area by a list of their own")
    villages_in_difficulty: int = Field(description="villages in special difficulty")
    villages_by_region: list[RegionCountOut] = Field(
        description="villages in special difficulty by the region of their commune, the rules included"
    )
    poor_districts: int = Field(description="poor districts")
    border_communes: int = Field(description="border communes")
    lists_missing: list[ListMissingOut] = Field(
        description="kinds and levels of which no whole list is in effect on the day: their counts hold only units that were "
        "classified, and others count as outside"
    )

    @classmethod
    def from_counts(
        cls, unit: str, on: dt.date, counts: AreaCounts, missing: Iterable[tuple[ListKind, ListLevel]]
    ) -> Self:
        """Serialize counts, and the kinds and levels without a whole list."""
        names = ("communes", "communes_in_area", "communes_with_villages_in_area", "communes_outside")
        more = (
            "communes_in_difficulty",
            "villages_in_area",
            "villages_in_difficulty",
            "poor_districts",
            "border_communes",
        )
        return cls(
            unit=unit,
            on=on,
            communes_by_region=_serialize_regions(counts.communes_by_region),
            villages_by_region=_serialize_regions(counts.villages_by_region),
            lists_missing=[ListMissingOut(kind=kind, level=level) for kind, level in missing],
            **{name: getattr(counts, name) for name in (*names, *more)},
        )


def _serialize_regions(counts: Mapping[str, int]) -> list[RegionCountOut]:
    ordered = sorted(counts.items(), key=lambda pair: (not pair[0], pair[0]))
    return [RegionCountOut(region=region or None, count=count) for region, count in ordered]
