"""Rules of projects: their components, and the day by which a completion report is due. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Conflict, Fault, NotFound, Sentence, make_fault

CompletionTimeliness = Literal["on_time", "late", "overdue", "pending"]

COMPONENT_UNKNOWN = Sentence(
    "Không có dự án, tiểu dự án “{component}”.", "There is no project or sub-project “{component}”."
)
ENDED_IN_FUTURE = Sentence(
    "Dự án kết thúc ngày {ended_on}, sau ngày hôm nay ({today}).",
    "The project ends on {ended_on}, after today ({today}).",
)
REPORTED_BEFORE_END = Sentence(
    "Báo cáo đề ngày {date}, trước ngày dự án kết thúc ({ended_on}).",
    "The report is dated {date}, before the end of the project ({ended_on}).",
)


class CompletionNotFound(NotFound):
    """No completion has this id."""

    code = "completion_not_found"
    detail = Sentence("Không có dự án kết thúc này.", "There is no such completion of a project.")


class CompletionReportExists(Conflict):
    """Another completion report of this project was recorded."""

    code = "completion_report_exists"
    detail = Sentence(
        "Đã có báo cáo kết thúc khác của dự án này.", "Another completion report of this project is recorded."
    )


@dataclass(frozen=True, slots=True)
class ProgramComponent(DatedFact):
    """A project or sub-project of the program."""

    code: str
    number_vi: str
    name_vi: str
    name_en: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class CompletionDeadline(DatedFact):
    """Within how many days of its end the completion report of a project is due."""

    days_after_end: int


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """The components of the program, and the deadlines of completion reports."""

    components: tuple[ProgramComponent, ...]
    deadlines: tuple[CompletionDeadline, ...]

    def find_component(self, code: str) -> ProgramComponent | None:
        """Return the component of a code, or None."""
        return next((component for component in self.components if component.code == code), None)

    def find_deadline(self, ended_on: date) -> CompletionDeadline | None:
        """Return the deadline that is in force on the day on which a project ends, or None."""
        return next((deadline for deadline in self.deadlines if deadline.is_in_force(ended_on)), None)

    def compute_due_on(self, ended_on: date) -> date | None:
        """Return the day by which the completion report is due; None where no rule was in force."""
        deadline = self.find_deadline(ended_on)
        return None if deadline is None else ended_on + timedelta(days=deadline.days_after_end)


def judge_completion(due_on: date | None, reported_on: date | None, today: date) -> CompletionTimeliness:
    """Return whether a completion report came in time, by the day on which it was recorded."""
    if reported_on is not None:
        return "on_time" if due_on is None or reported_on <= due_on else "late"
    return "overdue" if due_on is not None and today > due_on else "pending"


def find_completion_faults(
    facts: ProjectFacts, component: str, ended_on: date, today: date, unread: frozenset[str]
) -> Iterator[Fault]:
    """Yield the faults of a completion; fields in `unread` are at fault already."""
    if "component" not in unread and facts.find_component(component) is None:
        yield make_fault("/component", "component_unknown", COMPONENT_UNKNOWN, component=component)
    if "ended_on" not in unread and ended_on > today:
        yield make_fault("/ended_on", "ended_in_future", ENDED_IN_FUTURE, ended_on=ended_on, today=today)
