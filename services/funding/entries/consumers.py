"""Names the recorded entries that used the money which a refused entry lacks; only in a dry run.

What they used adds up to what there was less what is left. The largest come first; `consumed_in_all` counts and sums all of
them, so that a shortened list is not taken for the whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.assignments import BeyondAssignment
from services.funding.dated_balances import Measure
from services.funding.entries.candidates import EntryCandidate
from services.funding.ledger import Line
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.projects.rules import ProjectPlanExceeded, ProjectTotalExceeded
from services.funding.rules import CommitmentPaid, InsufficientFunds
from services.funding.store import IS_POSTED_BY, IS_REVERSED_BY, LOT_KEY, read_unit_versions
from services.funding.units import find_unit_of_year, find_versions_below
from shared.kit.problems import Problem

MAX_CONSUMERS = 20
"""As many as fit on a screen; the list of entries has them all."""

REDUCES_LEFT = (
    "disbursed_vnd", "given_vnd", "cancelled_vnd", "returned_vnd", "carried_out_vnd", "succeeded_out_vnd",
)  # fmt: skip
REDUCED_BY: Mapping[Measure, Sequence[str]] = {
    "left_vnd": REDUCES_LEFT,
    "unreserved_vnd": (*REDUCES_LEFT, "reserved_vnd"),
    "unconfirmed_vnd": ("confirmed_vnd", *REDUCES_LEFT[1:]),
}
"""What reduces each measure. A payment of committed money reduces what is left and so nothing unreserved: its commitment did."""

Conditions = Sequence[ColumnElement[bool]]
Sum = ColumnElement[int]


async def name_consumers(session: AsyncSession, candidate: EntryCandidate, problem: Problem) -> None:
    """Add `consumed_by` and `consumed_in_all` to a problem for which entries are the cause; leave others as they are."""
    entry = candidate.reversed_entry or candidate.entry
    match problem:
        case InsufficientFunds():
            day = _select_scarce_day(problem)
            conditions: Conditions = [
                *_in_lots(problem.line, problem.available),
                ENTRIES.c.effective_on <= day,
            ]
            used = _select_used(problem)
            await _add_consumers(session, problem, conditions, used, in_effect_on=day)
            return
        case CommitmentPaid():
            conditions = [*_in_lots(problem.line, [problem.origin_year]), POSTINGS.c.reserved_vnd < 0]
            used = -_sum("reserved_vnd")
        case BeyondAssignment():
            conditions = await _below_assigned_unit(session, candidate, problem)
            used = cast(func.sum(_allocated()), BigInteger)
        case ProjectTotalExceeded():
            conditions, used = [ENTRIES.c.project == entry.project], _sum("disbursed_vnd")
        case ProjectPlanExceeded():
            conditions = [ENTRIES.c.project == entry.project, ENTRIES.c.year == entry.year]
            used = _sum("disbursed_vnd")
        case _:
            return
    await _add_consumers(session, problem, conditions, used)


def _select_used(problem: InsufficientFunds) -> Sum:
    """Return what postings have used of the measure of each lot of which the least is left."""
    used = (
        (LOTS.c.origin_year == year, _add(*REDUCED_BY[least.measure]))
        for year, least in problem.available.items()
    )
    return cast(func.sum(case(*used) if problem.available else literal(0)), BigInteger)


def _sum(*names: str) -> Sum:
    return cast(func.sum(_add(*names)), BigInteger)


def _add(*names: str) -> ColumnElement[int]:
    return reduce(add, (POSTINGS.c[name] for name in names))


def _allocated() -> ColumnElement[int]:
    """Return what a posting allocates of a plan; `calculate_allocated` in `assignments.py` says the same."""
    allocated = POSTINGS.c.opening_balance_vnd + POSTINGS.c.allocated_vnd - POSTINGS.c.cancelled_vnd
    return case((LOTS.c.origin_year == LOTS.c.year, allocated), else_=0)


def _in_lots(line: Line, origin_years: Iterable[int]) -> list[ColumnElement[bool]]:
    of_line = (name for name in LOT_KEY if name != "origin_year")
    conditions = [LOTS.c[name].is_not_distinct_from(getattr(line, name)) for name in of_line]
    return [*conditions, LOTS.c.origin_year.in_(list(origin_years))]


async def _below_assigned_unit(
    session: AsyncSession, candidate: EntryCandidate, problem: BeyondAssignment
) -> Conditions:
    territory, line = candidate.context.territory, problem.line
    unit, on = find_unit_of_year(territory, problem.holder, line.year)
    below = find_versions_below(territory, unit, on, await read_unit_versions(session, line.year))
    of_plan = [LOTS.c[name] == getattr(line, name) for name in ("year", "program", "capital", "source")]
    return [*of_plan, tuple_(LOTS.c.unit, LOTS.c.unit_since).in_(below)]


def _select_scarce_day(problem: InsufficientFunds) -> ColumnElement[date]:
    """Return the day of each lot on which the least is left: what takes effect later has not used it."""
    days = ((LOTS.c.origin_year == year, least.first_day) for year, least in problem.available.items())
    return case(*days) if problem.available else literal(date.max)


async def _add_consumers(
    session: AsyncSession,
    problem: Problem,
    conditions: Conditions,
    used: Sum,
    *,
    in_effect_on: ColumnElement[date] | None = None,
) -> None:
    """Add the entries that meet the conditions and are in effect: now, or on a day."""
    is_reversed_by = IS_REVERSED_BY
    if in_effect_on is not None:
        is_reversed_by &= REVERSALS.c.effective_on <= in_effect_on
    names = ("id", "kind", "effective_on", "voucher_number", "decision_number")
    columns = [ENTRIES.c[name] for name in names]
    query = (
        select(
            *columns,
            used.label("used"),
            func.count().over().label("entries"),
            cast(func.sum(used).over(), BigInteger).label("used_in_all"),
        )
        .select_from(ENTRIES)
        .join(POSTINGS, IS_POSTED_BY)
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .outerjoin(REVERSALS, is_reversed_by)
        .where(*conditions, ENTRIES.c.reverses.is_(None), REVERSALS.c.id.is_(None))
        .group_by(ENTRIES.c.year, *columns)
        .having(used != 0)
        .order_by(used.desc(), ENTRIES.c.id)
        .limit(MAX_CONSUMERS)
    )
    rows = (await session.execute(query)).all()
    problem.facts["consumed_by"] = [
        {
            "entry": str(row.id),
            "kind": row.kind,
            "effective_on": row.effective_on.isoformat(),
            "voucher": row.voucher_number,
            "decision": row.decision_number,
            "taken_vnd": row.used,
        }
        for row in rows
    ]
    problem.facts["consumed_in_all"] = {
        "entries": rows[0].entries if rows else 0,
        "taken_vnd": rows[0].used_in_all if rows else 0,
    }
