"""The part of a payment that may be recovered, and of a recovery that may be handed back. Pure; amounts are whole đồng.

A recovery (thu hồi, nộp giảm) lowers one payment, in the book of that payment. By the dated rule of its budget year the money
can be paid again, or is to be handed back; a remittance (nộp trả ngân sách khoản thu hồi) hands it back. On no day is more recovered of a
payment than was paid, nor more handed back of a recovery than is to be.

Problem
└── Conflict
    ├── RecoveryExceedsPayment     recovery_exceeds_payment     the payment is smaller, less its other recoveries
    ├── RemittanceExceedsRecovery  remittance_exceeds_recovery  less of the recovery is to be handed back
    └── EntryRecovered             entry_recovered              a payment with recoveries, or a recovery with remittances
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.funding.entry_kinds import PAYMENT_KINDS
from services.funding.ledger import Entry, Lot, Posting
from shared.kit.problems import Conflict, Sentence


class RecoveryExceedsPayment(Conflict):
    """More would come back than was paid."""

    code = "recovery_exceeds_payment"
    title = Sentence("Vượt số đã thanh toán", "More than was paid")
    detail = Sentence(
        "Khoản thanh toán {entry} là {paid_vnd} đồng, chỉ còn thu hồi được {available_vnd} đồng.",
        "The payment {entry} is {paid_vnd} đồng, of which {available_vnd} đồng can still be recovered.",
    )

    def __init__(self, entry: Entry, asked_vnd: int, available_vnd: int) -> None:
        super().__init__(
            entry=str(entry.id), asked_vnd=asked_vnd, paid_vnd=entry.amount_vnd, available_vnd=available_vnd
        )


class RemittanceExceedsRecovery(Conflict):
    """More would be handed back than is to be."""

    code = "remittance_exceeds_recovery"
    title = Sentence("Vượt số phải nộp trả", "More than is to be handed back")
    detail = Sentence(
        "Khoản thu hồi {entry} chỉ còn phải nộp trả {available_vnd} đồng.",
        "Of the recovery {entry} {available_vnd} đồng are still to be handed back.",
    )

    def __init__(self, entry: Entry, asked_vnd: int, available_vnd: int) -> None:
        super().__init__(entry=str(entry.id), asked_vnd=asked_vnd, available_vnd=available_vnd)


class EntryRecovered(Conflict):
    """A payment of which money came back, or a recovery of which money was handed back, cannot be reversed or corrected before that is undone."""

    code = "entry_recovered"
    title = Sentence("Đã có khoản thu hồi", "The entry has recoveries")
    detail = Sentence(
        "Bút toán {entry} đã có {recovered_vnd} đồng được thu hồi hoặc nộp trả; hãy đính chính các khoản đó trước.",
        "{recovered_vnd} đồng of the entry {entry} were recovered or handed back; correct those entries first.",
    )

    def __init__(self, entry: Entry, recovered_vnd: int) -> None:
        super().__init__(entry=str(entry.id), recovered_vnd=recovered_vnd)


class RecoveredAmount(NamedTuple):
    """The amount that one entry recovered or handed back of another one; negative where that was undone."""

    lot: Lot
    day: date
    amount_vnd: int


@dataclass(frozen=True, slots=True)
class RecoveredAmounts:
    """The amounts recovered of a payment, or handed back of a recovery, by lot and day."""

    amounts: tuple[RecoveredAmount, ...] = ()

    def add(self, day: date, postings: Sequence[Posting]) -> "RecoveredAmounts":
        """Return the amounts after the postings of a recovery or remittance, or of its reversal or correction."""
        new = (RecoveredAmount(posting.lot, day, calculate_recovered(posting)) for posting in postings)
        return RecoveredAmounts((*self.amounts, *new))

    def sum_of(self, lot: Lot) -> int:
        """Return what all entries together recovered of a lot."""
        return sum(amount.amount_vnd for amount in self.amounts if amount.lot == lot)

    def find_most(self, lot: Lot, since: date) -> int:
        """Return the most that is recovered of a lot on any day from the given one on."""
        amounts = [amount for amount in self.amounts if amount.lot == lot]
        days = {since, *(amount.day for amount in amounts if amount.day > since)}
        return max(sum(amount.amount_vnd for amount in amounts if amount.day <= day) for day in days)


def calculate_renewed(payment: Posting, recovered_vnd: int, payable_vnd: int) -> int:
    """Return the part of money that comes back that is reserved again, as if the payment had been smaller.

    `recovered_vnd` came back of the payment before. What it paid beyond the commitments comes back first.
    """
    paid_vnd, released_vnd = payment.change.disbursed_vnd, -payment.change.reserved_vnd
    unreserved_vnd = max(0, paid_vnd - released_vnd - recovered_vnd)
    return max(0, payable_vnd - unreserved_vnd) if released_vnd > 0 else 0


def calculate_recovered(posting: Posting) -> int:
    """Return what a posting of a recovery recovers, or one of a remittance hands back."""
    change = posting.change
    remitted_vnd = change.remitted_vnd + change.confirmed_remitted_vnd
    return remitted_vnd or change.recovered_vnd + change.confirmed_recovered_vnd


def calculate_recoverable(entry: Entry, posting: Posting) -> int:
    """Return what a posting of a payment paid, or what is to be handed back of one of a recovery."""
    change = posting.change
    if entry.kind in PAYMENT_KINDS:
        return change.disbursed_vnd + change.confirmed_vnd
    return change.remittable_vnd + change.confirmed_remittable_vnd


def find_recoverable(entry: Entry, recovered: RecoveredAmounts, day: date) -> Mapping[Lot, int]:
    """Return what can still be recovered or handed back of each lot of an entry on a day and on every later one."""
    return {
        posting.lot: max(0, calculate_recoverable(entry, posting) - recovered.find_most(posting.lot, day))
        for posting in entry.postings
    }


def take_latest_first(
    entry: Entry, recovered: RecoveredAmounts, day: date, amount_vnd: int
) -> list[tuple[Lot, int]]:
    """Return the share of each lot, the latest year of origin first, as if the payment had been smaller.

    Raises `RecoveryExceedsPayment`, or for a recovery `RemittanceExceedsRecovery`.
    """
    available = find_recoverable(entry, recovered, day)
    if sum(available.values()) < amount_vnd:
        refusal = RecoveryExceedsPayment if entry.kind in PAYMENT_KINDS else RemittanceExceedsRecovery
        raise refusal(entry, amount_vnd, sum(available.values()))
    shares, missing_vnd = [], amount_vnd
    for lot in sorted(available, key=lambda lot: lot.origin_year, reverse=True):
        share = min(missing_vnd, available[lot])
        if share > 0:
            shares.append((lot, share))
            missing_vnd -= share
    return shares


def require_unrecovered(entry: Entry, recovered: RecoveredAmounts, day: date) -> None:
    """Raise `EntryRecovered` where anything of an entry is recovered or handed back on a day or later."""
    most = sum(recovered.find_most(posting.lot, day) for posting in entry.postings)
    if most > 0:
        raise EntryRecovered(entry, most)
