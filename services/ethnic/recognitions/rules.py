"""What a recognition makes of a commune's region. Pure: decisions, recognitions, the rule and a day in; a standing out.

A decision classifies a commune until a later one does. While it stands, a recognition decided on a day of its own may
put the commune into another region, from that day to the day before its revocation. A later recognition of the same level
takes the place of an earlier one, which does not come back when that is revoked. Both are kept apart: what the decision
says, and what the rule makes of it, under which clause and how sure that is.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shared.dated_facts.facts import DatedFact

EVE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Consequence(DatedFact):
    """What a recognition of a level makes of a region, for recognitions of the days on which it is in force."""

    region: str
    level: str
    becomes: str
    ends_special_difficulty: bool
    revocation_restores: bool
    revocation_confidence: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision says of a commune from a day on."""

    id: uuid.UUID
    region: str | None
    specially_difficult: bool
    effective_on: date


@dataclass(frozen=True, slots=True)
class Recognized:
    """A recognition of the commune, and what ended it."""

    id: uuid.UUID
    level: str
    recognized_on: date
    revoked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What the rule makes of a decision, by which recognition."""

    by: Consequence
    recognition: Recognized


@dataclass(frozen=True, slots=True)
class Standing:
    """How a commune stands on a day: by a decision, and by what the rule makes of it, if anything."""

    decided: Decided
    made: Made | None

    @property
    def specially_difficult(self) -> bool:
        """Whether it is in special difficulty, all considered."""
        ended = self.made is not None and self.made.by.ends_special_difficulty
        return self.decided.specially_difficult and not ended

    @property
    def out_by_recognition(self) -> bool:
        """Whether it is out of special difficulty by the rule alone: no decision says so yet."""
        return self.decided.specially_difficult and not self.specially_difficult


def standing_on(
    day: date, decisions: Iterable[Decided], recognitions: Iterable[Recognized], rules: Sequence[Consequence]
) -> Standing | None:
    """Tell how a commune stands on a day; None where no decision classifies it. At most one decision of each day."""
    effective = [it for it in decisions if it.effective_on <= day]
    if not effective:
        return None
    decided = max(effective, key=lambda it: it.effective_on)
    by_then = [it for it in recognitions if it.recognized_on <= day]
    over = _over(by_then, day)
    made = [
        Made(rule, it)
        for it in by_then
        for rule in rules
        if decided.effective_on <= it.recognized_on
        and (it.level, decided.region) == (rule.level, rule.region)
        and rule.is_in_force(it.recognized_on)
        and not (rule.revocation_restores and it.id in over)
    ]
    first = min(made, key=lambda it: (it.recognition.recognized_on, it.recognition.id), default=None)
    return Standing(decided, first)


def _over(recognitions: Sequence[Recognized], day: date) -> set[uuid.UUID]:
    """Tell which have ended by a day: those revoked, and with the latest of a level those that it took the place of."""
    latest = {it.level: it for it in sorted(recognitions, key=lambda it: (it.recognized_on, it.id))}
    return {
        it.id
        for it in recognitions
        for one in (it, latest[it.level])
        if one.revoked_on is not None and one.revoked_on <= day
    }


def left_between(
    first: date,
    last: date,
    decisions: Sequence[Decided],
    recognitions: Sequence[Recognized],
    rules: Sequence[Consequence],
) -> Standing | None:
    """Give the standing by which a commune is out of special difficulty on the last day, if it was in it since the eve.

    It left when it is not in special difficulty on the last day, and was on the day before the first or on one between.
    """
    out = standing_on(last, decisions, recognitions, rules)
    if out is None or out.specially_difficult:
        return None
    turns = {
        first - EVE,
        *(it.effective_on for it in decisions),
        *(it.recognized_on for it in recognitions),
        *(it.revoked_on for it in recognitions if it.revoked_on is not None),
    }
    for day in turns:
        if first - EVE <= day <= last:
            was = standing_on(day, decisions, recognitions, rules)
            if was is not None and was.specially_difficult:
                return out
    return None
