"""Which entries take what is not there: named with a refusal for those who only ask (`dry_run`).

What they take adds up to what there was, less what is left. The largest stand first; `consumed_in_all` tells how many there
are and what they take together, so that a shortened list is never taken for the whole.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding import store
from services.funding.assignments.rules import BeyondAssignment
from services.funding.assignments.store import PLAN, out_of_plan
from services.funding.entries.store import REVERSALS
from services.funding.entries.validation import EntryCandidate
from services.funding.ledger import EntryKind, Line
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.projects.rules import ProjectPlanExceeded, ProjectTotalExceeded
from services.funding.rules import CommitmentPaid, InsufficientFunds
from services.funding.unit_versions import find_unit_of_year, unit_versions_below
from shared.kit.problems import Problem

MOST_CONSUMERS = 20
"""As many as fit on a screen; the list of entries has them all."""

LESSENS_LEFT = ("disbursed_vnd", "given_vnd", "cancelled_vnd", "returned_vnd", "carried_out_vnd")
LESSENS_UNCOMMITTED = (*LESSENS_LEFT, "reserved_vnd")
"""A payment of committed money takes the rest only: the commitment has taken it before."""
LESSENS_UNCONFIRMED = ("confirmed_vnd", "given_vnd", "cancelled_vnd")

FROM_LEFT = frozenset({EntryKind.DISBURSEMENT, EntryKind.RETURN, EntryKind.CARRY_OVER})

Terms = Sequence[ColumnElement[bool]]
Taken = ColumnElement[int]


async def name_consumers(session: AsyncSession, candidate: EntryCandidate, problem: Problem) -> None:
    """Name with a refusal the entries that take what was asked for, if it is of a kind that any could."""
    entry = candidate.reversed_entry or candidate.entry
    match problem:
        case InsufficientFunds():
            taken = _sum(*_measures(candidate))
            await _name(session, problem, _lots(problem.line, problem.origin_years), taken)
        case CommitmentPaid():
            paid = POSTINGS.c.reserved_vnd < 0
            await _name(
                session, problem, [*_lots(problem.line, [problem.origin_year]), paid], -_sum("reserved_vnd")
            )
        case BeyondAssignment():
            terms = await _of_plan(session, candidate, problem)
            await _name(session, problem, terms, cast(func.sum(out_of_plan(POSTINGS)), BigInteger))
        case ProjectTotalExceeded():
            await _name(session, problem, [ENTRIES.c.project == entry.project], _sum("disbursed_vnd"))
        case ProjectPlanExceeded():
            of_the_year = [ENTRIES.c.project == entry.project, ENTRIES.c.year == entry.year]
            await _name(session, problem, of_the_year, _sum("disbursed_vnd"))


def _measures(candidate: EntryCandidate) -> Sequence[str]:
    if candidate.reversed_entry is None and candidate.entry.kind in FROM_LEFT:
        return LESSENS_LEFT
    if candidate.reversed_entry is None and candidate.entry.kind is EntryKind.CONFIRMATION:
        return LESSENS_UNCONFIRMED
    return LESSENS_UNCOMMITTED


def _sum(*names: str) -> Taken:
    return cast(func.sum(reduce(add, (POSTINGS.c[name] for name in names))), BigInteger)


def _lots(line: Line, origin_years: Iterable[int]) -> list[ColumnElement[bool]]:
    of_line = (name for name in store.KEY if name != "origin_year")
    terms = [LOTS.c[name].is_not_distinct_from(getattr(line, name)) for name in of_line]
    return [*terms, LOTS.c.origin_year.in_(list(origin_years))]


async def _of_plan(session: AsyncSession, candidate: EntryCandidate, problem: BeyondAssignment) -> Terms:
    """Look at what lies in the unit whose assignment is used up."""
    territory, line = candidate.context.territory, problem.line
    holder, on = find_unit_of_year(territory, problem.holder, line.year)
    below = unit_versions_below(territory, holder, on, await store.places(session, line.year))
    of_plan = [each == getattr(line, each.name) for each in PLAN]
    return [*of_plan, tuple_(LOTS.c.unit, LOTS.c.unit_since).in_(below)]


async def _name(session: AsyncSession, problem: Problem, terms: Terms, taken: Taken) -> None:
    of_entry = and_(POSTINGS.c.year == ENTRIES.c.year, POSTINGS.c.entry_id == ENTRIES.c.id)
    undone_by = and_(REVERSALS.c.year == ENTRIES.c.year, REVERSALS.c.reverses == ENTRIES.c.id)
    said = [ENTRIES.c[name] for name in ("id", "kind", "effective_on", "voucher_number", "decision_number")]
    query = (
        select(
            *said,
            taken.label("taken"),
            func.count().over().label("entries"),
            cast(func.sum(taken).over(), BigInteger).label("in_all"),
        )
        .select_from(ENTRIES)
        .join(POSTINGS, of_entry)
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .outerjoin(REVERSALS, undone_by)
        .where(*terms, ENTRIES.c.kind != EntryKind.REVERSAL.value, REVERSALS.c.id.is_(None))
        .group_by(ENTRIES.c.year, *said)
        .having(taken != 0)
        .order_by(taken.desc(), ENTRIES.c.id)
        .limit(MOST_CONSUMERS)
    )
    rows = (await session.execute(query)).all()
    problem.facts["consumed_by"] = [
        {
            "entry": str(row.id),
            "kind": row.kind,
            "effective_on": row.effective_on.isoformat(),
            "voucher": row.voucher_number,
            "decision": row.decision_number,
            "taken_vnd": row.taken,
        }
        for row in rows
    ]
    problem.facts["consumed_in_all"] = {
        "entries": rows[0].entries if rows else 0,
        "taken_vnd": rows[0].in_all if rows else 0,
    }
