"""The postings of each kind of entry. Pure; amounts are whole đồng. `ledger_problems.py` has the refusals."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from services.funding.dated_balances import DatedBalance, DatedBalances, Remainder, RemainderKind
from services.funding.entry_kinds import EntryKind
from services.funding.ledger import Amounts, Book, Line, Lot, Posting
from services.funding.ledger_problems import CommitmentPaid, InsufficientFunds

LEFT: Sequence[RemainderKind] = ("left_vnd",)
"""Money that can be paid in the agencies' book."""
UNCONFIRMED: Sequence[RemainderKind] = ("unconfirmed_vnd",)
"""Money that can be paid in the treasury's book."""
UNCOMMITTED: Sequence[RemainderKind] = ("unreserved_vnd", "left_vnd")
"""Money that can be committed."""
UNSPENT: Sequence[RemainderKind] = ("left_vnd", "unconfirmed_vnd")
"""Money that can be returned or carried over: paid in neither book."""
UNUSED: Sequence[RemainderKind] = (*UNCOMMITTED, "unconfirmed_vnd")
"""Money that can be given to another line or cut: not committed, and paid in neither book."""


def post_inflow(kind: EntryKind, lot: Lot, amount_vnd: int) -> list[Posting]:
    """Post an assignment, an opening balance, an allocation or a supplement."""
    if kind is EntryKind.ASSIGNMENT:
        return [Posting(lot, Amounts(assigned_vnd=amount_vnd))]
    if kind is EntryKind.OPENING_BALANCE:
        return [Posting(lot, Amounts(opening_balance_vnd=amount_vnd))]
    return [Posting(lot, Amounts(allocated_vnd=amount_vnd))]


def post_transfer(
    line: Line, to_line: Line, balances: DatedBalances, day: date, amount_vnd: int
) -> list[Posting]:
    """Post a sub-allocation or a transfer of uncommitted money; each share keeps its year of origin."""
    postings = []
    for lot, share in take_oldest_first(line, balances, day, amount_vnd, UNUSED):
        postings.append(Posting(lot, Amounts(given_vnd=share)))
        postings.append(Posting(Lot(to_line, lot.origin_year), Amounts(received_vnd=share)))
    return postings


def post_cancellation(line: Line, balances: DatedBalances, day: date, amount_vnd: int) -> list[Posting]:
    """Post a cut of the plan; it takes uncommitted money."""
    shares = take_oldest_first(line, balances, day, amount_vnd, UNUSED)
    return [Posting(lot, Amounts(cancelled_vnd=share)) for lot, share in shares]


def post_return(line: Line, balances: DatedBalances, day: date, amount_vnd: int) -> list[Posting]:
    """Post a return: uncommitted money goes first, and a commitment ends with the money that it reserved."""
    return [
        Posting(
            lot,
            Amounts(returned_vnd=share, reserved_vnd=-max(0, share - balances[lot].total.uncommitted_vnd)),
        )
        for lot, share in take_oldest_first(line, balances, day, amount_vnd, UNSPENT)
    ]


def post_commitment(line: Line, balances: DatedBalances, day: date, amount_vnd: int) -> list[Posting]:
    """Post a commitment: it reserves uncommitted money."""
    shares = take_oldest_first(line, balances, day, amount_vnd, UNCOMMITTED)
    return [Posting(lot, Amounts(committed_vnd=share, reserved_vnd=share)) for lot, share in shares]


def post_disbursement(line: Line, balances: DatedBalances, day: date, amount_vnd: int) -> list[Posting]:
    """Post a disbursement: it may take all that is left, and pays what is committed first."""
    return [
        Posting(lot, Amounts(disbursed_vnd=share, reserved_vnd=-min(share, balances[lot].total.reserved_vnd)))
        for lot, share in take_oldest_first(line, balances, day, amount_vnd, LEFT)
    ]


def post_confirmation(line: Line, balances: DatedBalances, day: date, amount_vnd: int) -> list[Posting]:
    """Post a payment that the treasury confirms; its limit does not depend on the payments that the agencies report."""
    shares = take_oldest_first(line, balances, day, amount_vnd, UNCONFIRMED)
    return [Posting(lot, Amounts(confirmed_vnd=share)) for lot, share in shares]


def post_carry_over(line: Line, balances: DatedBalances, day: date, amount_vnd: int) -> list[Posting]:
    """Post a carry-over: uncommitted money goes first, and committed money takes its commitment along."""
    postings = []
    for lot, share in take_oldest_first(line, balances, day, amount_vnd, UNSPENT):
        reserved = max(0, share - balances[lot].total.uncommitted_vnd)
        postings.append(Posting(lot, Amounts(carried_out_vnd=share, reserved_vnd=-reserved)))
        postings.append(Posting(lot.to_next_year(), Amounts(carried_over_vnd=share, reserved_vnd=reserved)))
    return postings


def post_succession(
    line: Line, to_line: Line, balances: DatedBalances, day: date, amount_vnd: int | None
) -> list[Posting]:
    """Post money of a unit that ended to the unit that answers: an amount, or all that is unspent; commitments go with it."""
    if amount_vnd is None:
        lowest = [balance.find_lowest_remainder(day, UNSPENT).amount_vnd for balance in balances.values()]
        amount_vnd = sum(max(0, amount) for amount in lowest)
    postings = []
    for lot, share in take_oldest_first(line, balances, day, amount_vnd, UNSPENT):
        reserved = max(0, share - balances[lot].total.uncommitted_vnd)
        postings.append(Posting(lot, Amounts(succeeded_out_vnd=share, reserved_vnd=-reserved)))
        to_lot = Lot(to_line, lot.origin_year)
        postings.append(Posting(to_lot, Amounts(succeeded_in_vnd=share, reserved_vnd=reserved)))
    return postings


class RecoveredShare(NamedTuple):
    """The share of a lot in money that comes back."""

    lot: Lot
    amount_vnd: int
    remittable_vnd: int
    """The part that cannot be paid again."""
    renewed_vnd: int
    """The part that is reserved again for the commitments that the payment had paid."""


def post_recovery(book: Book, shares: Iterable[RecoveredShare]) -> list[Posting]:
    """Post money that comes back to the lots that it was paid from; what cannot be paid again is to be handed back."""
    return [
        Posting(
            share.lot,
            Amounts(
                disbursed_vnd=-share.amount_vnd,
                recovered_vnd=share.amount_vnd,
                remittable_vnd=share.remittable_vnd,
                reserved_vnd=share.renewed_vnd,
            )
            if book == "agency"
            else Amounts(
                confirmed_vnd=-share.amount_vnd,
                confirmed_recovered_vnd=share.amount_vnd,
                confirmed_remittable_vnd=share.remittable_vnd,
            ),
        )
        for share in shares
    ]


def post_remittance(book: Book, shares: Sequence[tuple[Lot, int]]) -> list[Posting]:
    """Post recovered money that is handed back to the budget."""
    return [
        Posting(
            lot, Amounts(remitted_vnd=share) if book == "agency" else Amounts(confirmed_remitted_vnd=share)
        )
        for lot, share in shares
    ]


def take_oldest_first(
    line: Line, balances: DatedBalances, day: date, amount_vnd: int, kinds: Sequence[RemainderKind]
) -> list[tuple[Lot, int]]:
    """Return the share that each lot of a line gives to an amount on a day, the oldest year of origin first.

    A lot gives no more than the least of the measures on that day and on any later one. Raises `InsufficientFunds` where all
    lots together give less.
    """
    available = {lot: balance.find_lowest_remainder(day, kinds) for lot, balance in balances.items()}
    available = {
        lot: lowest if lowest.amount_vnd > 0 else lowest._replace(amount_vnd=0)
        for lot, lowest in available.items()
    }
    if sum(lowest.amount_vnd for lowest in available.values()) < amount_vnd:
        raise InsufficientFunds(
            line, amount_vnd, {lot.origin_year: lowest for lot, lowest in available.items()}
        )
    shares, missing_vnd = [], amount_vnd
    for lot in sorted(available, key=lambda lot: lot.origin_year):
        share = min(missing_vnd, available[lot].amount_vnd)
        if share > 0:
            shares.append((lot, share))
            missing_vnd -= share
    return shares


def post_reversal(
    kind: EntryKind, postings: Sequence[Posting], balances: DatedBalances, day: date
) -> list[Posting]:
    """Post the opposite of an entry of this kind on a day.

    A reservation that a recovery renewed ends with it, as far as it is still unpaid. Raises `CommitmentPaid` or `InsufficientFunds` where its money is used on that day or on a later one.
    """
    opposite = [Posting(posting.lot, -posting.change) for posting in postings]
    if kind is EntryKind.RECOVERY:
        opposite = [_end_reservation(posting, balances[posting.lot].total) for posting in opposite]
    for posting in opposite:
        balance = balances[posting.lot]
        after = balance.total + posting.change
        if kind is EntryKind.COMMITMENT and after.reserved_vnd < 0:
            raise CommitmentPaid(posting.lot, -posting.change.reserved_vnd, balance.total.reserved_vnd)
        if not after.is_valid or not _can_give(balance, day, -posting.change):
            taken_vnd = -min(Remainder.from_amounts(posting.change))
            lowest = balance.find_lowest_remainder(day, UNUSED)
            lowest = lowest._replace(amount_vnd=max(0, min(lowest.amount_vnd, taken_vnd - 1)))
            raise InsufficientFunds(posting.lot.line, taken_vnd, {posting.lot.origin_year: lowest})
    return opposite


def _end_reservation(posting: Posting, balance: Amounts) -> Posting:
    """Return a posting that ends no more of a reservation than there is."""
    ended_vnd = min(-posting.change.reserved_vnd, balance.reserved_vnd)
    return Posting(posting.lot, replace(posting.change, reserved_vnd=-ended_vnd))


def _can_give(balance: DatedBalance, day: date, taken: Amounts) -> bool:
    """Whether a lot has what is taken of it on a day and on every later one."""
    taken_remainder = Remainder.from_amounts(taken)
    return all(
        getattr(taken_remainder, kind) <= max(0, balance.find_lowest_remainder(day, [kind]).amount_vnd)
        for kind in UNUSED
    )


def apply_postings(
    balances: DatedBalances, day: date, postings: Iterable[Posting]
) -> dict[Lot, DatedBalance]:
    """Return the balances after the postings of a day. Raises `AssertionError` for a balance that no lot may have."""
    after = dict(balances)
    for posting in postings:
        after[posting.lot] = after.get(posting.lot, DatedBalance()).add(day, posting.change)
    invalid = [lot for lot, balance in after.items() if not balance.total.is_valid]
    if invalid:
        raise AssertionError(f"a posting would overdraw {invalid}")
    return after
