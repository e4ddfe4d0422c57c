"""Says for a refusal for lack of money what remains on the line, in which lots, and until when it can be paid."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.deadlines import Lapse, find_lapses
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.decisions import EntryOutcome
from services.funding.lapses.store import read_extensions
from services.funding.rules import InsufficientFunds
from services.funding.store import LedgerFilter
from shared.kit.problems import Problem, Sentence

REMAINDER = Sentence(
    "{left_vnd} đồng vốn gốc {origin_year} đến hết {paid_by}",
    "{left_vnd} đồng of origin {origin_year} until {paid_by}",
)
REMAINS = Sentence("; còn {parts}", "; left are {parts}")


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
