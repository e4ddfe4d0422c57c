"""Kinds of steering bodies, and the state of a body on a day. Pure."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Conflict, Fault, Sentence, make_fault

BodyState = Literal["not_yet_established", "in_force", "replaced", "dissolved", "unit_ended"]

ALL_PROGRAMS = frozenset({"rural", "poverty", "ethnic"})

KIND_UNKNOWN = Sentence(
    "Không có loại “{kind}”; các loại: {kinds}.", "There is no kind “{kind}”; kinds: {kinds}."
)


class BodyInForce(Conflict):
    """The unit has a body of this kind for one of these programs already, which was neither dissolved nor replaced."""

    code = "body_in_force"
    detail = Sentence(
        "Đơn vị đã có tổ chức này ({body}); hãy nêu văn bản giải thể hoặc thay thế trước.",
        "The unit has this body already ({body}); record its dissolution or replacement first.",
    )


@dataclass(frozen=True, slots=True)
class BodyKind(DatedFact):
    """A kind of body, and the levels at which it exists."""

    code: str
    label: Sentence
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BodyKinds:
    """All kinds of bodies of this installation."""

    kinds: tuple[BodyKind, ...]

    def find(self, code: str, on: date) -> BodyKind | None:
        """Return the kind of a code on a day."""
        return next((kind for kind in self.kinds if kind.code == code and kind.is_in_force(on)), None)

    def find_faults(self, code: str, on: date | None, at: str = "/kind") -> Iterator[Fault]:
        """Yield the fault of a kind that is not in force on a day; without a day, of one that never is."""
        kinds = [kind.code for kind in self.kinds if on is None or kind.is_in_force(on)]
        if code not in kinds:
            yield make_fault(at, "body_kind_unknown", KIND_UNKNOWN, kind=code, kinds=", ".join(kinds))


@dataclass(frozen=True, slots=True)
class SteeringBody:
    """A body as its newest version states it."""

    id: uuid.UUID
    kind: str
    unit: str
    land: tuple[str, date]
    """The code and first day of the unit that names the land of `unit`."""
    programs: frozenset[str]
    established_on: date
    dissolved_on: date | None
    """First day on which it no longer exists."""
    replaced_by: uuid.UUID | None

    def find_state(self, on: date, unit_ended_on: date | None) -> BodyState:
        """Return its state on a day; `unit_ended_on` is the last day of its unit, None while the unit exists."""
        if on < self.established_on:
            return "not_yet_established"
        if self.dissolved_on is not None and self.dissolved_on <= on:
            return "replaced" if self.replaced_by else "dissolved"
        if unit_ended_on is not None and unit_ended_on < on:
            return "unit_ended"
        return "in_force"

    def overlaps(self, other: "SteeringBody") -> bool:
        """Whether both are the same kind of body of one unit, for a common program, on a common day."""
        return (
            self.id != other.id
            and (self.kind, self.unit, self.land) == (other.kind, other.unit, other.land)
            and bool((self.programs or ALL_PROGRAMS) & (other.programs or ALL_PROGRAMS))
            and (self.dissolved_on is None or other.established_on < self.dissolved_on)
            and (other.dissolved_on is None or self.established_on < other.dissolved_on)
        )


def refuse_second_body(body: SteeringBody, others: Iterable[SteeringBody]) -> None:
    """Raise `BodyInForce` where another body of the unit overlaps this one."""
    for other in others:
        if body.overlaps(other):
            raise BodyInForce(body=str(other.id))


def find_units_without(
    units: Collection[str], bodies: Iterable[SteeringBody], kind: str, program: str | None
) -> list[str]:
    """Return the units that have no body of a kind, among bodies that are in force; for a program where one is given."""
    served = {
        body.unit
        for body in bodies
        if body.kind == kind and (program is None or program in (body.programs or ALL_PROGRAMS))
    }
    return sorted(set(units) - served)
