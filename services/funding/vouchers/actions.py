"""Records a paper with all its lines: whole or not at all."""

import re
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.batches.actions import Batch, evaluate_batch
from services.funding.entries.actions import (
    insert_and_publish,
    is_any_closing_overdue,
    make_events,
    validate_request,
)
from services.funding.entries.candidates import EntryCandidate
from services.funding.entries.requests import EntryRequest
from services.funding.entries.store import find_entries
from services.funding.entries.validation import EntryValidator
from services.funding.fault_sentences import LINE_REPEATED, NO_LINES
from services.funding.ledger import Entry
from services.funding.voucher_keys import PaperKey, VoucherKey
from services.funding.vouchers.store import read_papers
from shared.kit.clock import Clock
from shared.kit.problems import Fault, Problem, make_fault, raise_if_any

SHARED_POINTER = re.compile("^/lines/[0-9]+(?=/(voucher|decision|effective_on|reopened_by)(/|$))")
"""The fields of the paper itself: their faults are the same in every line."""


@dataclass(frozen=True, slots=True)
class RecordedPaper:
    """A paper with all its entries, and whether some of them are new."""

    key: PaperKey
    entries: Sequence[Entry]
    is_new: bool
    closing_overdue: bool


async def validate_paper(
    session: AsyncSession,
    batch_id: uuid.UUID,
    requests: Sequence[EntryRequest],
    shape_faults: Collection[Fault],
) -> Batch:
    """Validate each line by itself; raises `Invalid` with every fault, or what else refuses a line."""
    ids = {entry_id for request in requests for entry_id in request.named_entries}
    named_entries = await find_entries(session, ids) if ids else {}
    validator = EntryValidator(named_entries)
    validated = [validate_request(request, validator, named_entries) for request in requests]
    candidates = [candidate for candidate in validated if isinstance(candidate, EntryCandidate)]
    problems = [problem for problem in validated if isinstance(problem, Problem)]
    faults = [
        *shape_faults,
        *([] if requests or shape_faults else [make_fault("/lines", "too_few", NO_LINES)]),
        *(fault for problem in problems for fault in problem.faults),
        *_find_repeated_lines(candidates),
    ]
    located = [replace(fault, pointer=SHARED_POINTER.sub("", fault.pointer)) for fault in faults]
    raise_if_any({(fault.pointer, fault.code): fault for fault in located}.values())
    for problem in problems:
        raise problem
    return Batch(batch_id, "all_or_nothing", candidates)


def _find_repeated_lines(candidates: Sequence[EntryCandidate]) -> Iterator[Fault]:
    """Yield that a line of the ledger is paid once more without a place of its own on the paper."""
    pointers: dict[VoucherKey | None, str] = {}
    for candidate in candidates:
        first = pointers.setdefault(candidate.voucher_key, candidate.pointer)
        if first != candidate.pointer:
            ordinal = first.rpartition("/")[2]
            yield make_fault(f"{candidate.pointer}/line_no", "line_repeated", LINE_REPEATED, ordinal=ordinal)


async def record_paper(
    session: AsyncSession, batch: Batch, clock: Clock, *, dry_run: bool = False
) -> RecordedPaper:
    """Record the lines of a paper that are not recorded yet; return the whole paper.

    Raises `BatchRefused` where a line is refused; nothing is recorded then.
    """
    evaluation = await evaluate_batch(session, batch, dry_run=dry_run)
    candidate = batch.candidates[0]
    assert isinstance(candidate, EntryCandidate)
    key, voucher = candidate.voucher_key, candidate.entry.voucher
    assert key is not None
    assert voucher is not None
    overdue = is_any_closing_overdue(batch.candidates, evaluation.state)
    if dry_run:
        entries = [
            replace(outcome.entry, id=None, postings=tuple(outcome.postings))
            if outcome.status == "recorded"
            else outcome.entry
            for outcome in evaluation.outcomes
            if outcome.entry is not None
        ]
        return RecordedPaper(key.paper, entries, is_new=False, closing_overdue=overdue)
    recorded = await insert_and_publish(session, evaluation, clock, make_events)
    papers = await read_papers(session, voucher.issuer, voucher.number)
    return RecordedPaper(
        key.paper, papers[key.paper], is_new=bool(recorded.new_entries), closing_overdue=overdue
    )
