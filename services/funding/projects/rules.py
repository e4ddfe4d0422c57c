"""What may be paid for a project: no more than was approved in total, and no more in a year than its plan. Pure.

Problem
└── Conflict
    ├── ProjectExists           project_exists           the code is another project's
    ├── ProjectTotalExceeded    project_total_exceeded   more than the approved total
    └── ProjectPlanExceeded     project_plan_exceeded    more than the plan of the year
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from shared.kit.problems import Conflict, Sentence

Status = Literal["prepared", "under_construction", "suspended", "completed", "settled"]


class ProjectExists(Conflict):
    """The code is another project's."""

    code = "project_exists"
    title = Sentence("Công trình đã có", "The project exists")
    detail = Sentence("Mã công trình {project} đã được dùng.", "The project code {project} is in use.")

    def __init__(self, project: str) -> None:
        super().__init__(project=project)


class ProjectTotalExceeded(Conflict):
    """More would be paid than was approved."""

    code = "project_total_exceeded"
    title = Sentence("Vượt tổng mức được duyệt", "Beyond the approved total")
    detail = Sentence(
        "Công trình {project} “{name}”: tổng mức {approved_total_vnd} đồng, đã thanh toán {paid_vnd} đồng, xin {asked_vnd} đồng.",
        "Project {project} “{name}”: {approved_total_vnd} đồng approved, {paid_vnd} đồng paid, {asked_vnd} đồng asked for.",
    )


class ProjectPlanExceeded(Conflict):
    """More would be paid in a year than was planned."""

    code = "project_plan_exceeded"
    title = Sentence("Vượt kế hoạch năm", "Beyond the year's plan")
    detail = Sentence(
        "Công trình {project} “{name}”: kế hoạch năm {year} là {planned_vnd} đồng, đã thanh toán {paid_vnd} đồng, xin {asked_vnd} đồng.",
        "Project {project} “{name}”: {planned_vnd} đồng planned for {year}, {paid_vnd} đồng paid, {asked_vnd} đồng asked for.",
    )


@dataclass(frozen=True, slots=True)
class Account:
    """A project's money: approved in total, planned and paid by budget year."""

    code: str
    name: str
    program: str
    component: str | None
    approved_total_vnd: int
    planned: Mapping[int, int]
    paid: Mapping[int, int]
    committed_vnd: int = 0

    @property
    def paid_vnd(self) -> int:
        """What was paid in all years."""
        return sum(self.paid.values())

    def room_vnd(self, year: int) -> int:
        """What may still be paid in a year, within its plan and the approved total."""
        of_the_year = self.planned.get(year, 0) - self.paid.get(year, 0)
        return max(0, min(of_the_year, self.approved_total_vnd - self.paid_vnd))

    def pay(self, year: int, amount_vnd: int) -> "Account":
        """Give the account after a payment, or refuse it by the project's name."""
        said: dict[str, Any] = {"project": self.code, "name": self.name, "asked_vnd": amount_vnd}
        left = max(0, self.approved_total_vnd - self.paid_vnd)
        if amount_vnd > left:
            raise ProjectTotalExceeded(
                **said,
                approved_total_vnd=self.approved_total_vnd,
                paid_vnd=self.paid_vnd,
                available_vnd=left,
            )
        paid, planned = self.paid.get(year, 0), self.planned.get(year, 0)
        left = max(0, planned - paid)
        if amount_vnd > left:
            raise ProjectPlanExceeded(
                **said, year=year, planned_vnd=planned, paid_vnd=paid, available_vnd=left
            )
        return replace(self, paid={**self.paid, year: paid + amount_vnd})
