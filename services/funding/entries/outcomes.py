"""The outcome of an entry in the evaluation of a transaction. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.funding.ledger import Balances, Entry, Posting
from shared.kit.problems import Problem

OutcomeStatus = Literal["recorded", "existing", "refused"]


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    """The outcome of one entry. `existing`: its voucher was recorded before, and is not recorded again."""

    status: OutcomeStatus
    entry: Entry | None = None
    """Without its postings where it is recorded now."""
    postings: Sequence[Posting] = ()
    problem: Problem | None = None
    balances: Balances = field(default_factory=dict)
    """Of the lots that it changes, after it."""
    unallocated_vnd: int | None = None
    project_room_vnd: int | None = None
