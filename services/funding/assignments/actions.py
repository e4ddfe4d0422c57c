"""How allocations are held to what the centre assigned, where the ledger knows it."""

from collections.abc import Callable
from datetime import date

from services.funding.assignments.rules import BeyondAssignment, ByComponent, room, spare
from services.funding.assignments.store import allocations, assignments, lock_plan
from services.funding.balances import Line
from services.funding.desk import Desk
from services.funding.places import places_below, unit_of_year

Check = Callable[[str, ByComponent, ByComponent], int]


async def require_room(desk: Desk, line: Line, on: date, amount_vnd: int) -> int | None:
    """Refuse to allocate more than was assigned; gives what is left after it, None where nothing was assigned."""

    def check(holder: str, assigned: ByComponent, allocated: ByComponent) -> int:
        left = room(line.component, assigned, allocated)
        if left < amount_vnd:
            raise BeyondAssignment(line, holder, amount_vnd, left)
        return left - amount_vnd

    return await _checked(desk, line, on, check)


async def require_not_allocated(desk: Desk, line: Line, on: date, amount_vnd: int) -> int | None:
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

    return await _checked(desk, line, on, check)


async def _checked(desk: Desk, line: Line, on: date, check: Check) -> int | None:
    await lock_plan(desk.session, line)
    known = await assignments(desk.session, line)
    holders = {row.unit for row in known if desk.territory.is_within(line.unit, row.unit, on)}
    if not holders:
        return None
    allocated = await allocations(desk.session, line)
    lefts = []
    for holder in sorted(holders):
        unit, day = unit_of_year(desk.territory, holder, line.year)
        below = set(
            places_below(desk.territory, unit, day, {(row.unit, row.unit_since) for row in allocated})
        )
        of_components: dict[str | None, int] = {}
        for row in allocated:
            if (row.unit, row.unit_since) in below:
                of_components[row.component] = of_components.get(row.component, 0) + row.allocated
        assigned: dict[str | None, int] = {}
        for row in known:
            if row.unit == holder:
                assigned[row.component] = assigned.get(row.component, 0) + int(row.assigned)
        lefts.append(check(holder, assigned, of_components))
    return min(lefts)
