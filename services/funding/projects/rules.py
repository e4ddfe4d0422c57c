"""The limits of payments for a project: no more than its approved total, and no more in a year than its plan. Pure.

Problem
└── Conflict
    ├── ProjectExists           project_exists           the code belongs to another project
    ├── ProjectTotalExceeded    project_total_exceeded   more than the approved total
    └── ProjectPlanExceeded     project_plan_exceeded    more than the plan of the year
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from services.funding.entry_kinds import EntryKind
from services.funding.fault_sentences import PROJECT_OF_ANOTHER_LINE, PROJECT_UNKNOWN
from services.funding.ledger import Entry
from shared.kit.problems import Conflict, Invalid, Sentence, make_fault

ProjectStatus = Literal["prepared", "under_construction", "suspended", "completed", "settled"]


class ProjectExists(Conflict):
    """The code belongs to another project."""

    code = "project_exists"
    title = Sentence("Công trình đã có", "The project exists")
    detail = Sentence("Mã công trình {project} đã được dùng.", "The project code {project} is in use.")

    def __init__(self, project: str) -> None:
        super().__init__(project=project)


class ProjectTotalExceeded(Conflict):
    """More would be paid than was approved in total."""

    code = "project_total_exceeded"
    title = Sentence("Vượt tổng mức được duyệt", "Beyond the approved total")
    detail = Sentence(
        "Công trình {project} “{name}”: tổng mức {approved_total_vnd} đồng, đã thanh toán {paid_vnd} đồng, xin {asked_vnd} đồng.",
        "Project {project} “{name}”: {approved_total_vnd} đồng approved, {paid_vnd} đồng paid, {asked_vnd} đồng requested.",
    )


class ProjectPlanExceeded(Conflict):
    """More would be paid in a year than was planned."""

    code = "project_plan_exceeded"
    title = Sentence("Vượt kế hoạch năm", "Beyond the year's plan")
    detail = Sentence(
        "Công trình {project} “{name}”: kế hoạch năm {year} là {planned_vnd} đồng, đã thanh toán {paid_vnd} đồng, xin {asked_vnd} đồng.",
        "Project {project} “{name}”: {planned_vnd} đồng planned for {year}, {paid_vnd} đồng paid, {asked_vnd} đồng requested.",
    )


@dataclass(frozen=True, slots=True)
class ProjectFunding:
    """The money of a project: approved in total, planned and paid by budget year."""

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
        """The amount paid in all years."""
        return sum(self.paid.values())

    def calculate_payable_vnd(self, year: int) -> int:
        """Return what may still be paid in a year, within its plan and the approved total."""
        unpaid_plan_vnd = self.planned.get(year, 0) - self.paid.get(year, 0)
        return max(0, min(unpaid_plan_vnd, self.approved_total_vnd - self.paid_vnd))

    def add_payment(self, year: int, amount_vnd: int) -> "ProjectFunding":
        """Return the funding after a payment; raises `ProjectTotalExceeded` or `ProjectPlanExceeded`."""
        facts: dict[str, Any] = {"project": self.code, "name": self.name, "asked_vnd": amount_vnd}
        available_vnd = max(0, self.approved_total_vnd - self.paid_vnd)
        if amount_vnd > available_vnd:
            raise ProjectTotalExceeded(
                **facts,
                approved_total_vnd=self.approved_total_vnd,
                paid_vnd=self.paid_vnd,
                available_vnd=available_vnd,
            )
        paid_vnd, planned_vnd = self.paid.get(year, 0), self.planned.get(year, 0)
        available_vnd = max(0, planned_vnd - paid_vnd)
        if amount_vnd > available_vnd:
            raise ProjectPlanExceeded(
                **facts, year=year, planned_vnd=planned_vnd, paid_vnd=paid_vnd, available_vnd=available_vnd
            )
        return replace(self, paid={**self.paid, year: paid_vnd + amount_vnd})

    def add_recovery(self, year: int, amount_vnd: int) -> "ProjectFunding":
        """Return the funding after money of a payment came back."""
        return replace(self, paid={**self.paid, year: self.paid.get(year, 0) - amount_vnd})


def calculate_funding_after(
    projects: Mapping[str, ProjectFunding], entry: Entry, pointer: str
) -> ProjectFunding:
    """Return the funding of the project that an entry names, as it is after the entry.

    Raises `Invalid` at the pointer where the project is unknown or of another line, and what `add_payment` raises.
    """
    assert entry.project is not None
    project = projects.get(entry.project)
    if project is None:
        raise Invalid(faults=[make_fault(pointer, "project_unknown", PROJECT_UNKNOWN, project=entry.project)])
    same_line = project.program == entry.program and project.component == entry.component
    if not same_line or entry.capital != "investment":
        fault = make_fault(pointer, "project_of_another_line", PROJECT_OF_ANOTHER_LINE, project=entry.project)
        raise Invalid(faults=[fault])
    if entry.kind is EntryKind.DISBURSEMENT:
        return project.add_payment(entry.year, entry.amount_vnd)
    if entry.kind is EntryKind.RECOVERY:
        return project.add_recovery(entry.year, entry.amount_vnd)
    return project
