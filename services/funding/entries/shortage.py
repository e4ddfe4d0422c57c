"""The explanations of a refusal for lack of money: what remains on the line, and in a dry run which entries used the money.

What the entries used adds up to what there was less what is left. The largest come first; `consumed_in_all` counts and sums
all of them, so that a shortened list is not taken for the whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.assignments import BeyondAssignment
from services.funding.dated_balances import RemainderKind
from services.funding.deadlines import Lapse, find_lapses
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.outcomes import EntryOutcome
from services.funding.lapses.store import read_extensions
from services.funding.ledger import Line
from services.funding.ledger_problems import CommitmentPaid, InsufficientFunds
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.projects.rules import ProjectPlanExceeded, ProjectTotalExceeded
from services.funding.store import IS_POSTED_BY, IS_REVERSED_BY, LOT_KEY, LedgerFilter, read_unit_versions
from services.funding.units import find_unit_of_year, find_versions_below
from shared.kit.problems import Problem, Sentence

REMAINDER = Sentence(
    "{left_vnd} đồng vốn gốc {origin_year} đến hết {paid_by}",
    "{left_vnd} đồng of origin {origin_year} until {paid_by}",
)
REMAINS = Sentence("; còn {parts}", "; left are {parts}")

MAX_CONSUMERS = 20
"""As many as fit on a screen; the list of entries has them all."""

REDUCES_LEFT = (
    "disbursed_vnd", "given_vnd", "cancelled_vnd", "returned_vnd", "carried_out_vnd", "succeeded_out_vnd",
)  # fmt: skip
REDUCED_BY: Mapping[RemainderKind, Sequence[str]] = {
    "left_vnd": REDUCES_LEFT,
    "unreserved_vnd": (*REDUCES_LEFT, "reserved_vnd"),
    "unconfirmed_vnd": ("confirmed_vnd", *REDUCES_LEFT[1:]),
}
"""The amounts that reduce each remainder. A payment of committed money reduces what is left and so nothing unreserved: its commitment did."""

Conditions = Sequence[ColumnElement[bool]]
ShortageSum = ColumnElement[int]


async def name_remainders(
    session: AsyncSession,
    candidates: Sequence[EntryCandidate | Problem],
    outcomes: Sequence[EntryOutcome],
) -> None:
    """Add to each refusal for lack of money `remaining`: what is left in each lot of the line, with its deadline.

    One statement for each budget year that a refusal is about.
    """
    refusals = [
        (candidate, outcome.problem)
        for candidate, outcome in zip(candidates, outcomes, strict=True)
        if isinstance(candidate, EntryCandidate) and isinstance(outcome.problem, InsufficientFunds)
    ]
    years = {problem.line.year for _, problem in refusals}
    extensions = {year: await read_extensions(session, LedgerFilter(year=year)) for year in sorted(years)}
    for candidate, problem in refusals:
        of_year = extensions[problem.line.year]
        lapses = find_lapses(candidate.context.deadlines, problem.balances, of_year)
        problem.facts["remaining"] = [_to_dict(lapse) for lapse in lapses]
        problem.facts["remains"] = _describe(lapses)


def _to_dict(lapse: Lapse) -> dict[str, object]:
    deadline = lapse.deadline
    return {
        "origin_year": lapse.lot.origin_year,
        "left_vnd": lapse.left_vnd,
        "reserved_vnd": lapse.reserved_vnd,
        "paid_by": deadline.paid_by.isoformat(),
        "settled_by": deadline.settled_by.isoformat(),
        "legal_basis": deadline.legal_basis,
    }


def _describe(lapses: Sequence[Lapse]) -> Sentence:
    if not lapses:
        return Sentence("", "")
    parts = [
        REMAINDER.filled(
            left_vnd=lapse.left_vnd,
            origin_year=lapse.lot.origin_year,
            paid_by=lapse.deadline.paid_by.isoformat(),
        )
        for lapse in lapses
    ]
    return REMAINS.filled(
        parts=Sentence(", ".join(part.vi for part in parts), ", ".join(part.en for part in parts))
    )


async def name_consumers(session: AsyncSession, candidate: EntryCandidate, problem: Problem) -> None:
    """Add `consumed_by` and `consumed_in_all` to a problem for which entries are the cause; leave others as they are."""
    entry = candidate.reversed_entry or candidate.entry
    match problem:
        case InsufficientFunds():
            day = _select_scarce_day(problem)
            conditions: Conditions = [
                *_select_lots(problem.line, problem.available),
                ENTRIES.c.effective_on <= day,
            ]
            used = _select_used(problem)
            await _add_consumers(session, problem, conditions, used, in_effect_on=day)
            return
        case CommitmentPaid():
            conditions = [*_select_lots(problem.line, [problem.origin_year]), POSTINGS.c.reserved_vnd < 0]
            used = -_select_sum("reserved_vnd")
        case BeyondAssignment():
            conditions = await _select_below_assigned_unit(session, candidate, problem)
            used = cast(func.sum(_select_allocated()), BigInteger)
        case ProjectTotalExceeded():
            conditions, used = [ENTRIES.c.project == entry.project], _select_sum("disbursed_vnd")
        case ProjectPlanExceeded():
            conditions = [ENTRIES.c.project == entry.project, ENTRIES.c.year == entry.year]
            used = _select_sum("disbursed_vnd")
        case _:
            return
    await _add_consumers(session, problem, conditions, used)


def _select_used(problem: InsufficientFunds) -> ShortageSum:
    """Return what postings have used of the remainder of each lot that is lowest."""
    used = (
        (LOTS.c.origin_year == year, _add_columns(*REDUCED_BY[lowest.kind]))
        for year, lowest in problem.available.items()
    )
    return cast(func.sum(case(*used) if problem.available else literal(0)), BigInteger)


def _select_sum(*names: str) -> ShortageSum:
    return cast(func.sum(_add_columns(*names)), BigInteger)


def _add_columns(*names: str) -> ColumnElement[int]:
    return reduce(add, (POSTINGS.c[name] for name in names))


def _select_allocated() -> ColumnElement[int]:
    """Return what a posting allocates of an assignment; `calculate_allocated` in `assignments.py` says the same."""
    allocated = POSTINGS.c.opening_balance_vnd + POSTINGS.c.allocated_vnd - POSTINGS.c.cancelled_vnd
    return case((LOTS.c.origin_year == LOTS.c.year, allocated), else_=0)


def _select_lots(line: Line, origin_years: Iterable[int]) -> list[ColumnElement[bool]]:
    of_line = (name for name in LOT_KEY if name != "origin_year")
    conditions = [LOTS.c[name].is_not_distinct_from(getattr(line, name)) for name in of_line]
    return [*conditions, LOTS.c.origin_year.in_(list(origin_years))]


async def _select_below_assigned_unit(
    session: AsyncSession, candidate: EntryCandidate, problem: BeyondAssignment
) -> Conditions:
    territory, line = candidate.context.territory, problem.line
    unit, on = find_unit_of_year(territory, problem.holder, line.year)
    below = find_versions_below(territory, unit, on, await read_unit_versions(session, line.year))
    of_assignment = [LOTS.c[name] == getattr(line, name) for name in ("year", "program", "capital", "source")]
    return [*of_assignment, tuple_(LOTS.c.unit, LOTS.c.unit_since).in_(below)]


def _select_scarce_day(problem: InsufficientFunds) -> ColumnElement[date]:
    """Return the day of each lot on which its remainder is lowest: what takes effect later has not used it."""
    days = ((LOTS.c.origin_year == year, lowest.first_day) for year, lowest in problem.available.items())
    return case(*days) if problem.available else literal(date.max)


async def _add_consumers(
    session: AsyncSession,
    problem: Problem,
    conditions: Conditions,
    used: ShortageSum,
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
