"""The kinds of entries, and the sets of kinds that rules treat alike. Pure."""

from enum import StrEnum


class EntryKind(StrEnum):
    """The kind of an entry: the change that it makes to money."""

    OPENING_BALANCE = "opening_balance"
    ASSIGNMENT = "assignment"
    ALLOCATION = "allocation"
    SUPPLEMENT = "supplement"
    SUB_ALLOCATION = "sub_allocation"
    TRANSFER = "transfer"
    CANCELLATION = "cancellation"
    RETURN = "return"
    CARRY_OVER = "carry_over"
    COMMITMENT = "commitment"
    DISBURSEMENT = "disbursement"
    CONFIRMATION = "confirmation"
    RECOVERY = "recovery"
    REMITTANCE = "remittance"
    SUCCESSION = "succession"
    REVERSAL = "reversal"
    CORRECTION = "correction"


ALLOCATION_KINDS = frozenset({EntryKind.ALLOCATION, EntryKind.SUPPLEMENT})


INFLOW_KINDS = ALLOCATION_KINDS | {EntryKind.OPENING_BALANCE, EntryKind.ASSIGNMENT}


TRANSFER_KINDS = frozenset({EntryKind.SUB_ALLOCATION, EntryKind.TRANSFER})


REVERSING_KINDS = frozenset({EntryKind.REVERSAL, EntryKind.CORRECTION})
"""A reversal has a day of its own. A correction states that an entry was never true, and takes the day of that entry."""


PAYMENT_KINDS = frozenset({EntryKind.DISBURSEMENT, EntryKind.CONFIRMATION})


KINDS_WITH_PAPER = PAYMENT_KINDS | {EntryKind.COMMITMENT, EntryKind.RECOVERY, EntryKind.REMITTANCE}
"""A voucher or a decision is required for these."""


RECOVERABLE_KINDS = PAYMENT_KINDS | {EntryKind.RECOVERY}
"""Money paid by these can be recovered, and money recovered by these can be handed back."""
