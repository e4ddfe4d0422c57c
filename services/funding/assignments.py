"""The part of an assignment that may still be allocated. Pure; amounts are whole đồng.

The central government assigns money for a program as a whole or for a component. An allocation to a component uses what was
assigned for the component, and beyond that what was assigned for the program as a whole.

Problem
└── Conflict
    └── BeyondAssignment       beyond_assignment        more would be allocated than was assigned
"""

from collections.abc import Callable, Mapping
from datetime import date

from services.funding.ledger import Capital, Line, Posting
from services.funding.units import UnitVersion, find_last_day, find_versions_below
from shared.kit.problems import Conflict, Sentence
from shared.territory.tree import Territory

ByComponent = Mapping[str | None, int]
"""Đồng by component; None: for the program as a whole."""

AssignmentKey = tuple[int, str, Capital, str]
"""Year, program, capital kind and source."""

AssignmentBalance = dict[tuple[str, date, str | None], tuple[int, int]]
"""Đồng assigned and allocated, by unit (its code and the first day on which it means this land) and component."""

AssignmentCheck = Callable[[str, ByComponent, ByComponent], int]
"""Takes an assigned unit, what was assigned and what was allocated; returns what is left to allocate."""


class BeyondAssignment(Conflict):
    """More would be allocated than was assigned."""

    code = "beyond_assignment"
    title = Sentence("Vượt số vốn được giao", "Beyond the assignment")
    detail = Sentence(
        "Cần {asked_vnd} đồng nhưng vốn được giao cho {holder} chỉ còn {available_vnd} đồng chưa phân bổ.",
        "{asked_vnd} đồng are needed and {available_vnd} đồng of the assignment of {holder} are unallocated.",
    )

    def __init__(self, line: Line, holder: str, asked_vnd: int, available_vnd: int) -> None:
        self.line, self.holder = line, holder
        super().__init__(
            asked_vnd=asked_vnd, available_vnd=max(0, available_vnd), holder=holder, line=line.to_dict()
        )


def calculate_program_remainder(assigned: ByComponent, allocated: ByComponent) -> int:
    """Return what is left of the money for the program as a whole; negative where more was allocated than assigned."""
    components = {*assigned, *allocated} - {None}
    excess = sum(max(0, allocated.get(code, 0) - assigned.get(code, 0)) for code in components)
    return assigned.get(None, 0) - allocated.get(None, 0) - excess


def calculate_remainder(component: str | None, assigned: ByComponent, allocated: ByComponent) -> int:
    """Return what may still be allocated to a component; None: to the program as a whole."""
    own = 0
    if component is not None:
        own = max(0, assigned.get(component, 0) - allocated.get(component, 0))
    return own + calculate_program_remainder(assigned, allocated)


def find_assignment_key(line: Line) -> AssignmentKey:
    """Return the key of the assignment that a line belongs to."""
    return line.year, line.program, line.capital, line.source


def calculate_allocated(posting: Posting) -> int:
    """Return what a posting allocates of the assignment of its line. An opening balance was allocated before this ledger began.

    Money of an earlier year of origin was allocated from an earlier assignment: cancelling it returns nothing to this one.
    """
    if posting.lot.origin_year != posting.lot.line.year:
        return 0
    change = posting.change
    return change.opening_balance_vnd + change.allocated_vnd - change.cancelled_vnd


def add_posting(assignment: AssignmentBalance, posting: Posting) -> None:
    """Add a posting to what was assigned and allocated in the assignment of its line."""
    line = posting.lot.line
    key = (line.unit, line.unit_since, line.component)
    assigned, allocated = assignment.get(key, (0, 0))
    assignment[key] = (assigned + posting.change.assigned_vnd, allocated + calculate_allocated(posting))


def calculate_left_after_allocation(
    territory: Territory, assignment: AssignmentBalance, line: Line, on: date, amount_vnd: int
) -> int | None:
    """Return what is left to allocate after an amount is allocated to a line; None where nothing was assigned.

    Raises `BeyondAssignment` where less is left.
    """

    def check(unit: str, assigned: ByComponent, allocated: ByComponent) -> int:
        left_vnd = calculate_remainder(line.component, assigned, allocated)
        if left_vnd < amount_vnd:
            raise BeyondAssignment(line, unit, amount_vnd, left_vnd)
        return left_vnd - amount_vnd

    return _check_assigned_units(territory, assignment, line, on, check)


def calculate_left_after_withdrawal(
    territory: Territory, assignment: AssignmentBalance, line: Line, on: date, amount_vnd: int
) -> int | None:
    """Return what is left to allocate after an amount assigned to a line is taken back.

    Raises `BeyondAssignment` where it was allocated. What was assigned to the units above stays assigned.
    """

    def check(unit: str, assigned: ByComponent, allocated: ByComponent) -> int:
        if unit != line.unit:
            return calculate_remainder(line.component, assigned, allocated)
        after = {**assigned, line.component: assigned.get(line.component, 0) - amount_vnd}
        left_vnd = calculate_program_remainder(after, allocated)
        if left_vnd < min(0, calculate_program_remainder(assigned, allocated)):
            raise BeyondAssignment(line, unit, amount_vnd, amount_vnd + left_vnd)
        return left_vnd

    return _check_assigned_units(territory, assignment, line, on, check)


def find_assigned_units(
    territory: Territory, assignment: AssignmentBalance, line: Line, on: date
) -> list[UnitVersion]:
    """Return the units whose assignments an allocation to a line uses: those above it, and one that ended whose land it has."""
    assigned = {
        (unit, since) for (unit, since, _), (assigned_vnd, _) in assignment.items() if assigned_vnd > 0
    }
    return sorted(version for version in assigned if _is_assigned_to(territory, version, line, on))


def _is_assigned_to(territory: Territory, version: UnitVersion, line: Line, on: date) -> bool:
    code, _ = version
    last_day = find_last_day(territory, version, on)
    if last_day >= on:
        return territory.is_within(line.unit, code, on)
    root = territory.unit(code, last_day)
    return bool(find_versions_below(territory, root, last_day, [(line.unit, line.unit_since)]))


def _check_assigned_units(
    territory: Territory, assignment: AssignmentBalance, line: Line, on: date, check: AssignmentCheck
) -> int | None:
    remainders = []
    for version in find_assigned_units(territory, assignment, line, on):
        assigned_unit, _ = version
        day = find_last_day(territory, version, date(line.year, 12, 31))
        unit = territory.unit(assigned_unit, day)
        below = set(
            find_versions_below(territory, unit, day, {(code, since) for code, since, _ in assignment})
        )
        allocated: dict[str | None, int] = {}
        assigned: dict[str | None, int] = {}
        for (code, since, component), (assigned_vnd, allocated_vnd) in assignment.items():
            if (code, since) in below:
                allocated[component] = allocated.get(component, 0) + allocated_vnd
            if (code, since) == version:
                assigned[component] = assigned.get(component, 0) + assigned_vnd
        remainders.append(check(assigned_unit, assigned, allocated))
    return min(remainders, default=None)
