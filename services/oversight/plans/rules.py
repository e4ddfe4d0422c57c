"""The life of a plan, the sums of its capital, and its ceilings. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.kit.problems import Sentence
from shared.periods import PlanPeriod, YearSpan

PlanState = Literal["draft", "submitted", "approved", "revised", "closed"]
PlanAct = Literal["submitted", "approved", "revised", "closed"]

POSSIBLE_ACTS: Mapping[PlanState, frozenset[PlanAct]] = {
    "draft": frozenset({"submitted"}),
    "submitted": frozenset({"approved"}),
    "approved": frozenset({"revised", "closed"}),
    "revised": frozenset({"revised", "closed"}),
    "closed": frozenset(),
}
"""The acts that each state allows."""
EDITABLE_STATES = frozenset({"draft", "submitted"})
"""The states in which the content is corrected freely; later it is revised by a document."""

OTHER_PLAN = Sentence(
    "văn bản điều chỉnh không đổi đơn vị, kỳ và ngày dự thảo của kế hoạch",
    "a revision keeps the unit, the period and the day of the draft of a plan",
)
WRONG_STATE = Sentence("kế hoạch ở trạng thái {state}", "the plan is {state}")
NO_YEAR_AFTER = Sentence(
    "chỉ kế hoạch của một năm có kế hoạch năm sau", "only the plan of one year has a plan of the next year"
)


@dataclass(frozen=True, slots=True)
class PlannedMoney:
    """Money of a plan."""

    source: str
    program: str | None
    amount_vnd: int


@dataclass(frozen=True, slots=True)
class PlannedCapital:
    """The money of a plan of a unit, with its period."""

    period: PlanPeriod
    rows: tuple[PlannedMoney, ...]

    def sum_by_line(self) -> dict[tuple[str, str | None], int]:
        """Return the sums by source and program, in đồng."""
        sums: dict[tuple[str, str | None], int] = {}
        for row in self.rows:
            line = (row.source, row.program)
            sums[line] = sums.get(line, 0) + row.amount_vnd
        return sums

    @property
    def total_vnd(self) -> int:
        """Return the sum of all rows, in đồng."""
        return sum(row.amount_vnd for row in self.rows)


@dataclass(frozen=True, slots=True)
class CeilingComparison:
    """The money of a line in the yearly plans of a period beside its ceiling in the plan of the period."""

    source: str
    program: str | None
    ceiling_vnd: int
    planned_vnd: int

    @property
    def left_vnd(self) -> int:
        """Return what the ceiling leaves; below zero where the yearly plans exceed it."""
        return self.ceiling_vnd - self.planned_vnd


def compare_with_ceilings(
    plan_of_period: PlannedCapital, plans: Iterable[PlannedCapital]
) -> list[CeilingComparison]:
    """Compare the plans of the years of a period with its ceilings, by source and program.

    A source with money that names no program is compared as a whole.
    """
    ceilings, planned = plan_of_period.sum_by_line(), dict[tuple[str, str | None], int]()
    years = list_years(plan_of_period.period)
    for plan in plans:
        if not isinstance(plan.period, YearSpan) and plan.period.year in years:
            for line, amount in plan.sum_by_line().items():
                planned[line] = planned.get(line, 0) + amount
    whole = {source for source, program in (*ceilings, *planned) if program is None}
    ceilings, planned = _sum_sources(ceilings, whole), _sum_sources(planned, whole)
    lines = sorted({*ceilings, *planned}, key=lambda line: (line[0], line[1] or ""))
    return [
        CeilingComparison(
            source, program, ceilings.get((source, program), 0), planned.get((source, program), 0)
        )
        for source, program in lines
    ]


def _sum_sources(
    sums: Mapping[tuple[str, str | None], int], whole: Collection[str]
) -> dict[tuple[str, str | None], int]:
    """Return sums by source and program, those of some sources without program."""
    summed: dict[tuple[str, str | None], int] = {}
    for (source, program), amount in sums.items():
        line = (source, None if source in whole else program)
        summed[line] = summed.get(line, 0) + amount
    return summed


def list_years(period: PlanPeriod) -> list[int]:
    """Return the years of a period of one or several years."""
    return [year.year for year in period.years] if isinstance(period, YearSpan) else [period.year]


def find_first_day(period: PlanPeriod) -> date:
    """Return the first day of a period."""
    return date(list_years(period)[0], 1, 1)
