"""How allocations are held to what the centre assigned, where the ledger knows it."""

from collections.abc import Callable
from datetime import date

from services.funding.assignments.rules import BeyondAssignment, ByComponent, Planned, room, spare
from services.funding.ledger import Line
from services.funding.unit_versions import find_unit_of_year, unit_versions_below
from shared.territory.tree import Territory

Check = Callable[[str, ByComponent, ByComponent], int]


def require_room(territory: Territory, planned: Planned, line: Line, on: date, amount_vnd: int) -> int | None:
    """Refuse to allocate more than was assigned; gives what is left after it, None where nothing was assigned."""

    def check(holder: str, assigned: ByComponent, allocated: ByComponent) -> int:
        left = room(line.component, assigned, allocated)
        if left < amount_vnd:
            raise BeyondAssignment(line, holder, amount_vnd, left)
        return left - amount_vnd

    return _checked(territory, planned, line, on, check)


def require_not_allocated(
    territory: Territory, planned: Planned, line: Line, on: date, amount_vnd: int
) -> int | None:
    """Refuse to take an assignment back that was allocated; gives what is left to allocate after it.

    What units above were assigned is theirs and stays.
    """

    def check(holder: str, assigned: ByComponent, allocated: ByComponent) -> int:
        if holder != line.unit:
            return room(line.component, assigned, allocated)
        after = {**assigned, line.component: assigned.get(line.component, 0) - amount_vnd}
        left = spare(after, allocated)
        if left < min(0, spare(assigned, allocated)):
            raise BeyondAssignment(line, holder, amount_vnd, amount_vnd + left)
        return left

    return _checked(territory, planned, line, on, check)


def holders(territory: Territory, planned: Planned, line: Line, on: date) -> list[str]:
    """Name the units whose assignments an allocation to this line comes out of."""
    assigning = {unit for (unit, _, _), (assigned, _) in planned.items() if assigned > 0}
    return sorted(unit for unit in assigning if territory.is_within(line.unit, unit, on))


def _checked(territory: Territory, planned: Planned, line: Line, on: date, check: Check) -> int | None:
    lefts = []
    for holder in holders(territory, planned, line, on):
        unit, day = find_unit_of_year(territory, holder, line.year)
        places = {(code, since) for code, since, _ in planned}
        below = set(unit_versions_below(territory, unit, day, places))
        allocated: dict[str | None, int] = {}
        assigned: dict[str | None, int] = {}
        for (code, since, component), (given, passed_on) in planned.items():
            if (code, since) in below:
                allocated[component] = allocated.get(component, 0) + passed_on
            if code == holder:
                assigned[component] = assigned.get(component, 0) + given
        lefts.append(check(holder, assigned, allocated))
    return min(lefts, default=None)
