"""Grants of clients, and the problems of clients.

Problem
├── NotFound
│   └── UnknownClient   client_unknown
├── Conflict
│   ├── ClientExists    client_exists     the name is taken
│   └── ClientDisabled  client_disabled   no secret can be created for it
└── Invalid             the grant names what does not exist
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from shared.kit.problems import Conflict, Fault, NotFound, Sentence, make_fault
from shared.territory.rights import find_unit_as_of, propose_successors, to_grant
from shared.territory.tree import Territory
from shared.territory.units import (
    NO_REASON,
    UNIT_UNKNOWN,
    UNIT_UNKNOWN_ON_DATE,
    Unit,
    UnknownUnit,
    UnknownUnitOnDate,
    to_commune_code,
)

UNKNOWN_PROGRAM = Sentence(
    "Không có chương trình “{program}”; chỉ có: {known}.",
    "There is no program “{program}”; there are: {known}.",
)
UNIT_WRONG_FORM = Sentence(
    'Phải là mã đơn vị như "610", hoặc {{"code": "23293", "on": "2023-12-31"}}.',
    'Must be the code of a unit like "610", or {{"code": "23293", "on": "2023-12-31"}}.',
).filled()
GRANT_MISSING = Sentence(
    "Ứng dụng không được giao đơn vị {unit} của ngày này.",
    "The client was not granted the unit {unit} of this day.",
)
STILL_VALID = Sentence(
    "Đơn vị {unit} vẫn còn hiệu lực, không có đơn vị kế tiếp.",
    "The unit {unit} is valid and has no successor.",
)
NOT_A_SUCCESSOR = Sentence(
    "Đơn vị {unit} không phải là đơn vị kế tiếp được đề xuất: {proposed}.",
    "The unit {unit} is no proposed successor: {proposed}.",
)
REPEATED = Sentence("Giá trị “{value}” bị lặp lại.", "“{value}” is repeated.")


@dataclass(frozen=True, slots=True)
class Grant:
    """The grant of a client: scopes, programs, units (each with its whole subtree)."""

    scopes: tuple[str, ...]
    programs: tuple[str, ...]
    units: tuple[str, ...]
    """Texts of `shared.territory.rights`: `610@2004-07-08`, or the code of an agency."""


class UnitAsOf(NamedTuple):
    """The unit that a grant names: by a code and a day, or the latest until the day of the grant."""

    code: str
    """Empty where it could not be read."""
    on: date | None


class UnknownClient(NotFound):
    """No client has this name."""

    code = "client_unknown"
    detail = Sentence("Không có ứng dụng “{client_id}”.", "There is no client “{client_id}”.")

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id[:63])


class ClientExists(Conflict):
    """Another client has this name."""

    code = "client_exists"
    detail = Sentence("Ứng dụng “{client_id}” đã có.", "The client “{client_id}” exists already.")

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id)


class ClientDisabled(Conflict):
    """The client is disabled and gets no further secret."""

    code = "client_disabled"
    detail = Sentence("Ứng dụng “{client_id}” đã bị khóa.", "The client “{client_id}” is disabled.")

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id)


def resolve_units(
    territory: Territory, units: Sequence[UnitAsOf], today: date
) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Return the grants of units as of their days, and the faults of those that never were.

    `territory` has the villages that are named. An agency is granted by its code alone, where its unit exists.
    """
    grants, faults = [], []
    for index, (code, on) in enumerate(units):
        pointer = f"/units/{index}"
        if not code:
            faults.append(Fault(pointer, "wrong_form", UNIT_WRONG_FORM))
            continue
        unit_code = code if to_commune_code(code) else code.partition(".")[0]
        try:
            unit = (
                find_unit_as_of(territory, unit_code, today) if on is None else territory.unit(unit_code, on)
            )
        except UnknownUnitOnDate as refusal:
            faults.append(Fault(pointer, refusal.code, refusal.detail.filled(**refusal.facts)))
            continue
        except UnknownUnit:
            faults.append(make_fault(pointer, "unit_unknown", UNIT_UNKNOWN, unit=code))
            continue
        if unit is None:
            faults.append(
                make_fault(
                    pointer,
                    "unit_unknown_on_date",
                    UNIT_UNKNOWN_ON_DATE,
                    unit=code,
                    on=today,
                    succeeded=NO_REASON,
                )
            )
        elif unit.code == code:
            grants.append(to_grant(code, unit.valid_from))
        else:
            grants.append(code)
    return tuple(grants), tuple(faults)


def find_confirmed_unit(territory: Territory, named: UnitAsOf, grants: Collection[str]) -> Unit | Fault:
    """Return the granted unit that a confirmation names: on a day, or the first granted one of a code; else the fault."""
    if not named.code:
        return Fault("/unit", "wrong_form", UNIT_WRONG_FORM)
    try:
        versions = territory.versions(named.code)
    except UnknownUnit:
        return make_fault("/unit", "unit_unknown", UNIT_UNKNOWN, unit=named.code)
    for unit in versions:
        is_named = named.on is None or unit.is_valid_on(named.on)
        if is_named and to_grant(*unit.key) in grants:
            return unit
    return make_fault("/unit", "unit_not_granted", GRANT_MISSING, unit=named.code)


def find_confirmation_faults(
    territory: Territory, granted: Unit, successors: Sequence[str], today: date
) -> Iterator[Fault]:
    """Yield the faults of a confirmation: a unit that is valid, or a code that is no successor of it."""
    proposed = {unit.code for unit in propose_successors(territory, granted, today)}
    if not proposed:
        yield make_fault("/unit", "unit_valid", STILL_VALID, unit=granted.code)
        return
    for index, code in enumerate(successors):
        if code not in proposed:
            yield make_fault(
                f"/successors/{index}",
                "successor_not_proposed",
                NOT_A_SUCCESSOR,
                unit=code,
                proposed=", ".join(sorted(proposed)[:20]),
            )


def find_grant_faults(grant: Grant, programs: Collection[str]) -> Iterator[Fault]:
    """Yield the faults of a grant: unknown programs, and repeated values."""
    for index, program in enumerate(grant.programs):
        if program not in programs:
            known_programs = ", ".join(programs)
            yield make_fault(
                f"/programs/{index}",
                "program_unknown",
                UNKNOWN_PROGRAM,
                program=program[:40],
                known=known_programs,
            )
    for name, values in (("scopes", grant.scopes), ("programs", grant.programs), ("units", grant.units)):
        yield from _find_repetitions(name, values)


def _find_repetitions(name: str, values: Sequence[str]) -> Iterator[Fault]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield make_fault(f"/{name}/{index}", "repeated", REPEATED, value=value[:40])
