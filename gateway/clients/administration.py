"""What an administrator may grant and change: only what lies inside its own programs and units. Pure (see ADR 0027)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from gateway.clients.rules import Grant
from shared.kit.problems import Fault, Forbidden, Sentence, make_fault
from shared.territory.rights import find_unit_as_of, from_grant, is_granted
from shared.territory.tree import Territory
from shared.territory.units import UnknownUnit, to_commune_code

PROGRAM_NOT_HELD = Sentence(
    "Quản trị viên không được giao chương trình “{program}”.",
    "The administrator was not granted the program “{program}”.",
)
UNIT_NOT_HELD = Sentence(
    "Quản trị viên không được giao đơn vị {unit} trong những ngày của đơn vị này.",
    "The administrator was not granted the unit {unit} on the days of that unit.",
)


@dataclass(frozen=True, slots=True)
class Administrator:
    """The client that grants: its programs and units, or everything."""

    programs: frozenset[str]
    units: frozenset[str]
    holds_all: bool = False


class GrantOutside(Forbidden):
    """The grant is wider than that of the administrator; `errors` names each program and unit."""

    code = "grant_outside"
    detail = Sentence(
        "Quản trị viên chỉ cấp được chương trình và đơn vị mà chính mình được giao; xem danh sách lỗi.",
        "An administrator grants only programs and units that it was granted itself; see errors.",
    )


class ClientOutside(Forbidden):
    """The client has programs or units that the administrator was not granted."""

    code = "client_outside"
    detail = Sentence(
        "Ứng dụng “{client_id}” có chương trình hoặc đơn vị mà quản trị viên không được giao.",
        "The client “{client_id}” has programs or units that the administrator was not granted.",
    )

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id)


def find_outside_faults(
    territory: Territory, administrator: Administrator, grant: Grant, today: date
) -> Iterator[Fault]:
    """Yield a fault for each program and unit of a grant that the administrator was not granted. Scopes are free."""
    if administrator.holds_all:
        return
    for index, program in enumerate(grant.programs):
        if program not in administrator.programs:
            yield make_fault(
                f"/programs/{index}", "program_not_granted", PROGRAM_NOT_HELD, program=program[:40]
            )
    for index, unit in enumerate(grant.units):
        if not is_unit_held(territory, unit, administrator.units, today):
            yield make_fault(f"/units/{index}", "unit_not_granted", UNIT_NOT_HELD, unit=unit)


def is_unit_held(territory: Territory, granted: str, held: Collection[str], today: date) -> bool:
    """Whether grants cover a grant, on the last day of its unit, or today where the unit is valid.

    So an administrator of an ended unit grants what that unit had on its own days, and nothing of its successors.
    """
    code, valid_from = from_grant(granted)
    if valid_from is not None:
        unit = territory.find(code, valid_from)
    else:  # an agency
        if code in held:
            return True
        try:
            unit = find_unit_as_of(
                territory, code if to_commune_code(code) else code.partition(".")[0], today
            )
        except UnknownUnit:
            return False
    if unit is None:
        return False
    day = max(today, unit.valid_from)
    if unit.valid_to is not None and unit.valid_to < day:
        day = unit.valid_to
    return is_granted(territory, territory.line(unit.code, day), day, held)
