"""How each kind of entry is posted to lots, and when it is refused. Pure; amounts are whole đồng.

Problem
└── Conflict
    ├── InsufficientFunds      insufficient_funds       the lots hold less
    ├── CommitmentPaid         commitment_paid          a commitment that was paid cannot be reversed
    ├── VoucherUsed            voucher_used             the voucher was recorded with another entry
    ├── AlreadyReversed        already_reversed         an entry is reversed once
    └── ReversalNotReversible  reversal_not_reversible  a reversal is final
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from services.funding.ledger import Amounts, Balances, Entry, EntryKind, Line, Lot, Posting, Voucher
from shared.kit.problems import Conflict, Sentence


class InsufficientFunds(Conflict):
    """The lots hold less than the entry takes."""

    code = "insufficient_funds"
    title = Sentence("Không đủ vốn", "Insufficient funds")
    detail = Sentence(
        "Cần {asked_vnd} đồng nhưng chỉ còn {available_vnd} đồng: {place}.",
        "{asked_vnd} đồng are needed and {available_vnd} đồng are available: {place}.",
    )

    def __init__(self, line: Line, asked_vnd: int, available: Mapping[int, int]) -> None:
        """`available` is in đồng, by year of origin."""
        self.line, self.origin_years = line, tuple(available)
        super().__init__(
            asked_vnd=asked_vnd,
            available_vnd=sum(available.values()),
            line=line.to_dict(),
            lots=[
                {"origin_year": year, "available_vnd": amount} for year, amount in sorted(available.items())
            ],
            place=_describe_line(line),
        )


class OverdrawPrevented(Conflict):
    """A CHECK constraint of the database refused an overdraft that no rule foresaw."""

    code = "insufficient_funds"
    title = InsufficientFunds.title
    detail = Sentence("Không đủ vốn cho bút toán này.", "The lots do not hold enough for this entry.")


class CommitmentPaid(Conflict):
    """A commitment cannot be reversed once payments were counted against it."""

    code = "commitment_paid"
    title = Sentence("Cam kết đã được thanh toán", "The commitment was paid")
    detail = Sentence(
        "Cam kết {asked_vnd} đồng chỉ còn {reserved_vnd} đồng chưa thanh toán; hãy đảo các khoản giải ngân trước: {place}.",
        "Of the {asked_vnd} đồng committed only {reserved_vnd} are unpaid; reverse the disbursements first: {place}.",
    )

    def __init__(self, lot: Lot, asked_vnd: int, reserved_vnd: int) -> None:
        self.line, self.origin_year = lot.line, lot.origin_year
        super().__init__(
            asked_vnd=asked_vnd,
            reserved_vnd=reserved_vnd,
            line=self.line.to_dict(),
            place=_describe_line(self.line),
        )


class VoucherUsed(Conflict):
    """The voucher was recorded with another entry."""

    code = "voucher_used"
    title = Sentence("Chứng từ đã được ghi", "The voucher was used")
    detail = Sentence(
        "Chứng từ {number} của {source} đã ghi cho bút toán {entry}, khác ở: {differs}.",
        "The voucher {number} of {source} was recorded with the entry {entry}, which differs in: {differs}.",
    )

    def __init__(self, voucher: Voucher, entry: Entry, differences: Sequence[str]) -> None:
        super().__init__(
            source=voucher.source, number=voucher.number, entry=str(entry.id), differs=", ".join(differences)
        )


class AlreadyReversed(Conflict):
    """An entry is reversed once."""

    code = "already_reversed"
    title = Sentence("Bút toán đã được đảo", "Already reversed")
    detail = Sentence("Bút toán {entry} đã được đảo.", "The entry {entry} was reversed before.")

    def __init__(self, entry: str, reversed_by: str | None = None) -> None:
        super().__init__(entry=entry, reversed_by=reversed_by)


class ReversalNotReversible(Conflict):
    """A reversal is final: a fact that was reversed by mistake is recorded again."""

    code = "reversal_not_reversible"
    title = Sentence("Không đảo được bút toán đảo", "A reversal is final")
    detail = Sentence(
        "Bút toán {entry} là bút toán đảo; hãy ghi lại bút toán mới.",
        "The entry {entry} is a reversal; record the fact again instead.",
    )

    def __init__(self, entry: str) -> None:
        super().__init__(entry=entry)


def _describe_line(line: Line) -> str:
    return " · ".join(str(value) for value in line.to_dict().values() if value is not None)


def post_inflow(kind: EntryKind, lot: Lot, amount_vnd: int) -> list[Posting]:
    """Post an assignment, an opening balance, an allocation or a supplement."""
    if kind is EntryKind.ASSIGNMENT:
        return [Posting(lot, Amounts(assigned_vnd=amount_vnd))]
    if kind is EntryKind.OPENING_BALANCE:
        return [Posting(lot, Amounts(opening_balance_vnd=amount_vnd))]
    return [Posting(lot, Amounts(allocated_vnd=amount_vnd))]


def post_transfer(line: Line, to_line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a sub-allocation or a transfer of uncommitted money; each share keeps its year of origin."""
    postings = []
    for lot, share in take_oldest_first(line, balances, amount_vnd, lambda balance: balance.uncommitted_vnd):
        postings.append(Posting(lot, Amounts(given_vnd=share)))
        postings.append(Posting(Lot(to_line, lot.origin_year), Amounts(received_vnd=share)))
    return postings


def post_cancellation(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a cut of the plan; it takes uncommitted money."""
    shares = take_oldest_first(line, balances, amount_vnd, lambda balance: balance.uncommitted_vnd)
    return [Posting(lot, Amounts(cancelled_vnd=share)) for lot, share in shares]


def post_return(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a return: uncommitted money goes first, and a commitment ends with the money that it reserved."""
    return [
        Posting(
            lot,
            Amounts(returned_vnd=share, reserved_vnd=-max(0, share - balances[lot].uncommitted_vnd)),
        )
        for lot, share in take_oldest_first(line, balances, amount_vnd, lambda balance: balance.left_vnd)
    ]


def post_commitment(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a commitment: it reserves uncommitted money."""
    shares = take_oldest_first(line, balances, amount_vnd, lambda balance: balance.uncommitted_vnd)
    return [Posting(lot, Amounts(committed_vnd=share, reserved_vnd=share)) for lot, share in shares]


def post_disbursement(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a disbursement: it may take all that is left, and pays what is committed first."""
    return [
        Posting(lot, Amounts(disbursed_vnd=share, reserved_vnd=-min(share, balances[lot].reserved_vnd)))
        for lot, share in take_oldest_first(line, balances, amount_vnd, lambda balance: balance.left_vnd)
    ]


def post_confirmation(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a payment that the treasury confirms; its limit is what was available, whatever the agencies report."""
    shares = take_oldest_first(line, balances, amount_vnd, lambda balance: balance.unconfirmed_vnd)
    return [Posting(lot, Amounts(confirmed_vnd=share)) for lot, share in shares]


def post_carry_over(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a carry-over: uncommitted money goes first, and committed money takes its commitment along."""
    postings = []
    for lot, share in take_oldest_first(line, balances, amount_vnd, lambda balance: balance.left_vnd):
        reserved = max(0, share - balances[lot].uncommitted_vnd)
        postings.append(Posting(lot, Amounts(carried_out_vnd=share, reserved_vnd=-reserved)))
        postings.append(Posting(lot.to_next_year(), Amounts(carried_over_vnd=share, reserved_vnd=reserved)))
    return postings


def take_oldest_first(
    line: Line, balances: Balances, amount_vnd: int, measure: Callable[[Amounts], int]
) -> list[tuple[Lot, int]]:
    """Return the share that each lot of a line gives to an amount, the oldest year of origin first.

    `measure` returns what a balance can give. Raises `InsufficientFunds` where all lots together give less.
    """
    available = {lot: measure(balance) for lot, balance in balances.items()}
    if sum(available.values()) < amount_vnd:
        raise InsufficientFunds(
            line, amount_vnd, {lot.origin_year: amount for lot, amount in available.items()}
        )
    shares, missing_vnd = [], amount_vnd
    for lot in sorted(available, key=lambda lot: lot.origin_year):
        share = min(missing_vnd, available[lot])
        if share > 0:
            shares.append((lot, share))
            missing_vnd -= share
    return shares


def post_reversal(kind: EntryKind, postings: Sequence[Posting], balances: Balances) -> list[Posting]:
    """Post the exact opposite of an entry of this kind.

    Raises `CommitmentPaid` or `InsufficientFunds` where its money was used meanwhile.
    """
    opposite = [Posting(posting.lot, -posting.change) for posting in postings]
    for posting in opposite:
        before = balances[posting.lot]
        after = before + posting.change
        if kind is EntryKind.COMMITMENT and after.reserved_vnd < 0:
            raise CommitmentPaid(posting.lot, -posting.change.reserved_vnd, before.reserved_vnd)
        if not after.is_valid:
            taken_vnd = -posting.change.available_vnd
            available_vnd = max(0, min(before.uncommitted_vnd, taken_vnd - 1))
            raise InsufficientFunds(posting.lot.line, taken_vnd, {posting.lot.origin_year: available_vnd})
    return opposite


def apply_postings(balances: Balances, postings: Iterable[Posting]) -> dict[Lot, Amounts]:
    """Return the balances after the postings. Raises `AssertionError` for a balance that no lot may have."""
    after = dict(balances)
    for posting in postings:
        after[posting.lot] = after.get(posting.lot, Amounts()) + posting.change
    invalid = [lot for lot, balance in after.items() if not balance.is_valid]
    if invalid:
        raise AssertionError(f"a posting would overdraw {invalid}")
    return after
