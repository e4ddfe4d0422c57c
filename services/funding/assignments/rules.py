"""How much of an assignment is left to allocate. Pure; amounts are whole đồng.

The centre assigns for a program as a whole or for a component. What is allocated to a component comes out of what was
assigned for it, and beyond that out of what was assigned for the program as a whole.

Problem
└── Conflict
    └── BeyondAssignment       beyond_assignment        more would be allocated than was assigned
"""

from collections.abc import Mapping

from services.funding.balances import Line
from shared.kit.problems import Conflict, Sentence

ByComponent = Mapping[str | None, int]


class BeyondAssignment(Conflict):
    """More would be allocated than was assigned."""

    code = "beyond_assignment"
    title = Sentence("Vượt số vốn được giao", "Beyond the assignment")
    detail = Sentence(
        "Cần {asked_vnd} đồng nhưng vốn được giao cho {holder} chỉ còn {available_vnd} đồng chưa phân bổ.",
        "{asked_vnd} đồng were asked for and {available_vnd} đồng of what {holder} was assigned are unallocated.",
    )

    def __init__(self, line: Line, holder: str, asked_vnd: int, available_vnd: int) -> None:
        super().__init__(
            asked_vnd=asked_vnd, available_vnd=max(0, available_vnd), holder=holder, line=line.document()
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
