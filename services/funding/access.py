"""Whether a client may record an entry for a program and a unit. Pure; rights follow the tree of units of the day.

Problem
└── Forbidden
    ├── ProgramNotGranted      program_not_granted      the program was not granted to the client
    └── GivenFromAbove         given_from_above         the money comes from the unit above
"""

from collections.abc import Collection
from datetime import date
from typing import Protocol

from shared.kit.problems import Forbidden, Problem, Sentence
from shared.territory.tree import Territory
from shared.territory.units import UnitNotGranted


class ProgramNotGranted(Forbidden):
    """The program was not granted to the client."""

    code = "program_not_granted"
    detail = Sentence(
        "Ứng dụng không được giao chương trình {program}.",
        "The client was not granted the program {program}.",
    )


class GivenFromAbove(Forbidden):
    """Central money is given to a unit by the unit above, never by itself."""

    code = "given_from_above"
    detail = Sentence(
        "Vốn {source} do {giver} giao cho đơn vị {unit}; cần quyền đối với {giver}.",
        "Money of the source {source} is given to the unit {unit} by {giver}; rights over {giver} are needed.",
    )


class Grants(Protocol):
    """A client and what was granted to it."""

    @property
    def client_id(self) -> str:
        """The client."""

    @property
    def programs(self) -> Collection[str]:
        """Codes of programs."""

    @property
    def units(self) -> Collection[str]:
        """Codes of units; each includes all units below it."""

    def __hash__(self) -> int: ...


def find_refusal(grants: Grants, territory: Territory, program: str, unit: str, on: date) -> Problem | None:
    """Return why a client may not write for a program and a unit on a day; None where it may."""
    if program not in grants.programs:
        return ProgramNotGranted(program=program)
    if not any(territory.is_within(unit, root, on) for root in grants.units):
        return UnitNotGranted(unit=unit)
    return None


def find_giver_refusal(
    grants: Grants, territory: Territory, source: str, unit: str, on: date
) -> Problem | None:
    """Return why a client may not give money to a unit that the unit above gives it to; None where it may.

    A province is given its money by the central government, which is no unit here.
    """
    giver = territory.unit(unit, on).parent
    if giver is None or any(territory.is_within(giver, root, on) for root in grants.units):
        return None
    return GivenFromAbove(source=source, unit=unit, giver=giver)
