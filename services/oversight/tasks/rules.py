"""The state of a task on a day, and what proves it done. Pure."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.kit.problems import Fault, Sentence, make_fault
from shared.periods import Period, PeriodKind

TaskState = Literal["not_yet_set", "open", "overdue", "done", "dropped"]
Recurrence = Literal["month", "quarter", "half_year", "year"]
ProductKind = Literal["document", "figure", "event"]

PERIOD_KINDS: Mapping[Recurrence, PeriodKind] = {
    "month": PeriodKind.MONTH,
    "quarter": PeriodKind.QUARTER,
    "half_year": PeriodKind.HALF,
    "year": PeriodKind.YEAR,
}
PRODUCT_FIELDS: Mapping[ProductKind, str] = {
    "document": "document",
    "event": "conference",
    "figure": "figure",
}
"""The member of a completion that names the product of each kind."""

PRODUCT_MISSING = Sentence(
    "Nhiệm vụ chỉ hoàn thành khi có sản phẩm: cần {member}.",
    "A task is done only with its product: {member} is needed.",
)
PRODUCT_OTHER = Sentence(
    "Sản phẩm của nhiệm vụ là {member}; bỏ {other}.",
    "The product of the task is {member}; leave out {other}.",
)
PERIOD_NOT_DUE = Sentence(
    "Nhiệm vụ định kỳ cần một trong các kỳ: {periods}.",
    "A recurring task needs one of the periods: {periods}.",
)
PERIOD_UNWANTED = Sentence("Nhiệm vụ không định kỳ.", "The task does not recur.")
PUBLICATION_MISSING = Sentence(
    "Cần nêu bản công bố trong đó chỉ tiêu đạt kế hoạch.",
    "The publication in which the figure reached its target is needed.",
)
PUBLICATION_UNKNOWN = Sentence(
    "Chưa nhận được bản công bố {publication} của chương trình; xem /v1/oversight/following.",
    "The publication {publication} of the program has not been received; see /v1/oversight/following.",
)
PUBLICATION_DIFFERS = Sentence(
    "Bản công bố này là của chương trình {program}, đơn vị {unit}, kỳ {period}.",
    "This publication is of the program {program}, the unit {unit} and the period {period}.",
)
TARGET_NOT_REACHED = Sentence(
    "Trong bản công bố này {indicator} chưa đạt kế hoạch hoặc không có kế hoạch.",
    "In this publication {indicator} did not reach its target, or has none.",
)
DONE_ALREADY = Sentence("nhiệm vụ đã {state}", "the task is {state}")


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its newest version states it."""

    id: uuid.UUID
    unit: str
    owner: str
    starts_on: date
    due_on: date
    every: Recurrence | None
    product: ProductKind
    completed_on: Mapping[str, date]
    """The days of completion by period; the period of a task that is done once is empty."""
    dropped_on: date | None = None
    plan: uuid.UUID | None = None

    def list_periods(self) -> list[str]:
        """Return the periods of a recurring task, or one empty period."""
        if self.every is None:
            return [""]
        period, periods = Period.from_day(self.starts_on, PERIOD_KINDS[self.every]), []
        while period.starts_on <= self.due_on:
            periods.append(str(period))
            period = period.next()
        return periods

    def find_due_day(self, period: str) -> date:
        """Return the last day on which a period of the task is in time."""
        return min(self.due_on, Period.parse(period).ends_on) if period else self.due_on

    def list_missing(self, on: date) -> list[str]:
        """Return the periods whose due day is over on a day and that are not done by then."""
        return [
            period
            for period in self.list_periods()
            if self.find_due_day(period) < on and not self._is_done(period, on)
        ]

    def find_state(self, on: date) -> TaskState:
        """Return its state on a day: overdue from the day after a due day that was missed."""
        if on < self.starts_on:
            return "not_yet_set"
        if self.dropped_on is not None and self.dropped_on <= on:
            return "dropped"
        if all(self._is_done(period, on) for period in self.list_periods()):
            return "done"
        return "overdue" if self.list_missing(on) else "open"

    def count_days_late(self, on: date) -> int:
        """Return the days since the oldest due day that was missed, else 0."""
        if self.find_state(on) != "overdue":
            return 0
        return max((on - self.find_due_day(period)).days for period in self.list_missing(on))

    def _is_done(self, period: str, on: date) -> bool:
        day = self.completed_on.get(period)
        return day is not None and day <= on


def find_completion_faults(
    task: Task, products: Mapping[str, object], period: str | None, on: date
) -> Iterator[Fault]:
    """Yield the faults of a completion: the product must be of the kind that is expected, and the period one of the task's.

    `products` are the members document, conference and figure of the completion, None where it states none.
    """
    wanted = PRODUCT_FIELDS[task.product]
    if products.get(wanted) is None:
        yield make_fault(f"/{wanted}", "product_missing", PRODUCT_MISSING, member=wanted)
    for member, product in products.items():
        if member != wanted and product is not None:
            yield make_fault(f"/{member}", "product_unexpected", PRODUCT_OTHER, member=wanted, other=member)
    if task.every is None:
        if period is not None:
            yield make_fault("/period", "period_unexpected", PERIOD_UNWANTED)
    elif period not in (periods := _list_begun(task, on)):
        yield make_fault("/period", "period_not_of_task", PERIOD_NOT_DUE, periods=", ".join(periods) or "-")


@dataclass(frozen=True, slots=True)
class PublishedFigures:
    """The figures of a publication of a program that reached their target."""

    program: str
    unit: str
    period: str
    reached: frozenset[str]


def find_figure_faults(
    figure: tuple[str, str, str],
    indicator: str,
    publication: uuid.UUID | None,
    published: PublishedFigures | None,
) -> Iterator[Fault]:
    """Yield the faults of a figure that is to prove a task done: the publication must show that it reached its target.

    `figure` is its program, unit and period; `published` what the publication holds, None where it is not known here.
    """
    if publication is None:
        yield make_fault("/figure/publication", "publication_missing", PUBLICATION_MISSING)
    elif published is None:
        yield make_fault(
            "/figure/publication", "publication_unknown", PUBLICATION_UNKNOWN, publication=str(publication)
        )
    elif (published.program, published.unit, published.period) != figure:
        yield make_fault(
            "/figure/publication",
            "publication_differs",
            PUBLICATION_DIFFERS,
            program=published.program,
            unit=published.unit,
            period=published.period,
        )
    elif indicator not in published.reached:
        yield make_fault("/figure/indicator", "target_not_reached", TARGET_NOT_REACHED, indicator=indicator)


def _list_begun(task: Task, on: date) -> list[str]:
    """Return the periods of a recurring task that have begun on a day and are not done."""
    return [
        period
        for period in task.list_periods()
        if Period.parse(period).starts_on <= on and period not in task.completed_on
    ]
