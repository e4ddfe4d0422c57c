"""Rules of exits from special difficulty. Pure: a timeline and the days of a period in.

A unit left in a period when it is not in special difficulty on the last day, and was on the day before the first or later.
A list that ends is not an exit: some decision or rule in effect must say that the unit is out. An exit by a decision on
lists counts at once; one that follows from a rule, or from a merger, waits for an officer. The region itself never waits.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.ethnic.areas.rules import AreaRules, Listing, UnitTimeline, list_days_of_change
from shared.kit.problems import Fault, Sentence, make_fault
from shared.periods import ONE_DAY

ExitGround = Literal["recognized", "taken_off_list", "merged"]
ExitVerdict = Literal["confirmed", "rejected"]
ExitState = Literal["counted", "pending", "rejected"]
ExitLevel = Literal["commune", "village"]

EXIT_UNKNOWN = Sentence(
    "Đơn vị {unit} không ra khỏi địa bàn đặc biệt khó khăn vào ngày {left_on} do {ground}.",
    "The unit {unit} did not leave special difficulty on {left_on} on the ground {ground}.",
)


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit of a commune or village."""

    unit: str
    level: ExitLevel
    left_on: date
    """The first day on which it is not in special difficulty."""
    ground: ExitGround
    listing: Listing
    """What had put it in special difficulty, or what takes it out where the ground is a decision."""
    recognition: uuid.UUID | None = None
    """The recognition by which it left; None for another ground."""

    @property
    def key(self) -> "ExitKey":
        """What identifies it."""
        return self.unit, self.left_on, self.ground


ExitKey = tuple[str, date, ExitGround]
"""Unit, first day out, and ground."""


@dataclass(frozen=True, slots=True)
class JudgedExit:
    """An exit with its state, and the verdict of an officer."""

    exit: Exit
    state: ExitState


def judge_exits(exits: Iterable[Exit], verdicts: Mapping[ExitKey, ExitVerdict]) -> Iterator[JudgedExit]:
    """Return each exit with its state: one by a decision counts unless rejected, another one once it is confirmed."""
    for unit_exit in exits:
        verdict = verdicts.get(unit_exit.key)
        if verdict == "rejected":
            state: ExitState = "rejected"
        elif verdict == "confirmed" or unit_exit.ground == "taken_off_list":
            state = "counted"
        else:
            state = "pending"
        yield JudgedExit(unit_exit, state)


def find_exits(
    timelines: Sequence[UnitTimeline], first: date, last: date, rules: AreaRules
) -> Iterator[Exit]:
    """Yield the exits of units in the period between two days."""
    for timeline in timelines:
        unit_exit = find_exit(timeline, first, last, rules)
        if unit_exit is not None:
            yield unit_exit


def find_exit(timeline: UnitTimeline, first: date, last: date, rules: AreaRules) -> Exit | None:
    """Return the exit of a unit in the period between two days, or None."""
    if timeline.level not in ("commune", "village") or rules.is_in_difficulty(timeline, last):
        return None
    days = sorted(day for day in list_days_of_change(timeline) if first <= day <= last)
    left = [
        day
        for day in days
        if rules.is_in_difficulty(timeline, day - ONE_DAY) and not rules.is_in_difficulty(timeline, day)
    ]
    if not left:
        return None
    return _name_ground(timeline, left[-1], last, rules)


def _name_ground(timeline: UnitTimeline, left_on: date, last: date, rules: AreaRules) -> Exit | None:
    """Return the exit with its ground; None where only a list has ended."""
    level: ExitLevel = "village" if timeline.level == "village" else "commune"
    before = _find_difficult_listing(timeline, left_on - ONE_DAY)
    if timeline.ended_on is not None and left_on == timeline.ended_on + ONE_DAY:
        return Exit(timeline.code, level, left_on, "merged", before)
    recognition = _find_recognition(timeline, last, rules)
    if recognition is not None:
        return Exit(timeline.code, level, left_on, "recognized", before, recognition)
    kinds = ("special_difficulty",) if level == "village" else ("region", "special_difficulty")
    after = [
        current
        for kind in kinds
        if (current := timeline.find_current(kind, last)) is not None
        and not current.is_over(last)
        and _takes_off(current, before, rules)
    ]
    if not after:
        return None
    return Exit(timeline.code, level, left_on, "taken_off_list", max(after, key=lambda row: row.effective_on))


def _find_difficult_listing(timeline: UnitTimeline, on: date) -> Listing:
    """Return what puts a unit in special difficulty on a day on which it is."""
    for kind in ("region", "special_difficulty"):
        listing = timeline.find_current(kind, on)
        if listing is not None and listing.holds(on) and listing.specially_difficult:
            return listing
    raise AssertionError("a unit in special difficulty is listed")


def _find_recognition(timeline: UnitTimeline, last: date, rules: AreaRules) -> uuid.UUID | None:
    """Return the recognition that alone takes a unit out of special difficulty on a day, or None."""
    if timeline.level == "village":
        ending = (
            rule.recognition.id
            for rule in rules.find_village_rules(timeline, last)
            if rule.consequence.ends_special_difficulty
        )
        return next(ending, None)
    status = rules.find_region(timeline, last)
    if status is None or status.applied is None or not status.out_by_recognition:
        return None
    return status.applied.recognition.id


def _takes_off(current: Listing, before: Listing, rules: AreaRules) -> bool:
    """Whether a listing takes a unit off what it was on: not where a list of another law only leaves it out."""
    if current.kind != before.kind and current.effective_on < before.effective_on:
        return False
    if not current.omitted:
        return not current.specially_difficult
    return rules.find_law_code(before) == rules.find_law_code(current)


def find_review_faults(unit_exit: Exit | None, key: ExitKey) -> Iterator[Fault]:
    """Yield the fault of a review of an exit that there is not."""
    if unit_exit is None:
        unit, left_on, ground = key
        yield make_fault("/unit", "exit_unknown", EXIT_UNKNOWN, unit=unit, left_on=left_on, ground=ground)
