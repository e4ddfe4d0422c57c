"""How much of an assignment is left to allocate. Pure; amounts are whole đồng.

The centre assigns for a program as a whole or for a component. What is allocated to a component comes out of what was
assigned for it, and beyond that out of what was assigned for the program as a whole.

Problem
└── Conflict
    └── BeyondAssignment       beyond_assignment        more would be allocated than was assigned
"""

from collections.abc import Mapping
from datetime import date

from services.funding.ledger import Capital, Line, Posting
from shared.kit.problems import Conflict, Sentence

ByComponent = Mapping[str | None, int]

PlanKey = tuple[int, str, Capital, str]
"""Of one year, program, capital kind and source."""

Planned = dict[tuple[str, date, str | None], tuple[int, int]]
"""What was assigned and what came out of the plan, by unit (its code and since when it means this land) and component."""


class BeyondAssignment(Conflict):
    """More would be allocated than was assigned."""

    code = "beyond_assignment"
    title = Sentence("Vượt số vốn được giao", "Beyond the assignment")
    detail = Sentence(
        "Cần {asked_vnd} đồng nhưng vốn được giao cho {holder} chỉ còn {available_vnd} đồng chưa phân bổ.",
        "{asked_vnd} đồng were asked for and {available_vnd} đồng of what {holder} was assigned are unallocated.",
    )

    def __init__(self, line: Line, holder: str, asked_vnd: int, available_vnd: int) -> None:
        self.line, self.holder = line, holder
        super().__init__(
            asked_vnd=asked_vnd, available_vnd=max(0, available_vnd), holder=holder, line=line.to_dict()
        )


def spare(assigned: ByComponent, allocated: ByComponent) -> int:
    """Tell what is left of the money for the program as a whole; negative where more was allocated than assigned."""
    named = {*assigned, *allocated} - {None}
    beyond = sum(max(0, allocated.get(each, 0) - assigned.get(each, 0)) for each in named)
    return assigned.get(None, 0) - allocated.get(None, 0) - beyond


def room(component: str | None, assigned: ByComponent, allocated: ByComponent) -> int:
    """Tell what may still be allocated to a component, or to the program as a whole."""
    own = 0
    if component is not None:
        own = max(0, assigned.get(component, 0) - allocated.get(component, 0))
    return own + spare(assigned, allocated)


def plan_of(line: Line) -> PlanKey:
    """Tell which plan a line is of."""
    return line.year, line.program, line.capital, line.source


def out_of_plan(posting: Posting) -> int:
    """Tell what a posting takes out of the plan of its line. An opening balance came out of it before this ledger began.

    Money of an earlier origin came out of an earlier plan, so cutting it makes no room in this one.
    """
    if posting.lot.origin_year != posting.lot.line.year:
        return 0
    change = posting.change
    return change.opening_balance_vnd + change.allocated_vnd - change.cancelled_vnd


def note(planned: Planned, posting: Posting) -> None:
    """Let what an entry does to a lot take effect on the plan that it is of."""
    line = posting.lot.line
    place = (line.unit, line.unit_since, line.component)
    assigned, allocated = planned.get(place, (0, 0))
    planned[place] = (assigned + posting.change.assigned_vnd, allocated + out_of_plan(posting))
