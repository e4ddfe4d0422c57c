"""What the ledger allows: how an entry is posted to lots, and when it is refused. Pure; amounts are whole đồng.

Problem
└── Conflict
    ├── InsufficientFunds      insufficient_funds       more than the lots hold
    ├── CommitmentPaid         commitment_paid          a commitment that was paid cannot be undone
    ├── AlreadyReversed        already_reversed         an entry is undone once
    └── ReversalNotReversible  reversal_not_reversible  a reversal is final
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from services.funding.balances import Amounts, Balances, Kind, Line, Lot, Posting
from shared.kit.problems import Conflict, Sentence


class InsufficientFunds(Conflict):
    """More than the lots hold."""

    code = "insufficient_funds"
    title = Sentence("Không đủ vốn", "Insufficient funds")
    detail = Sentence(
        "Cần {asked_vnd} đồng nhưng chỉ còn {available_vnd} đồng: {place}.",
        "{asked_vnd} đồng were asked for and {available_vnd} đồng are left: {place}.",
    )

    def __init__(self, line: Line, asked_vnd: int, rooms: Mapping[int, int]) -> None:
        self.line, self.origin_years = line, tuple(rooms)
        super().__init__(
            asked_vnd=asked_vnd,
            available_vnd=sum(rooms.values()),
            line=line.document(),
            lots=[{"origin_year": year, "available_vnd": room} for year, room in sorted(rooms.items())],
            place=_place(line),
        )


class OverdrawPrevented(Conflict):
    """The database itself refused an overdraw that no rule foresaw."""

    code = "insufficient_funds"
    title = InsufficientFunds.title
    detail = Sentence("Không đủ vốn cho bút toán này.", "The lots do not hold enough for this entry.")


class CommitmentPaid(Conflict):
    """A commitment cannot be undone once payments were counted against it."""

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
            line=self.line.document(),
            place=_place(self.line),
        )


class AlreadyReversed(Conflict):
    """An entry is undone once."""

    code = "already_reversed"
    title = Sentence("Bút toán đã được đảo", "Already reversed")
    detail = Sentence("Bút toán {entry} đã được đảo.", "The entry {entry} was reversed before.")

    def __init__(self, entry: str, reversed_by: str | None = None) -> None:
        super().__init__(entry=entry, reversed_by=reversed_by)


class ReversalNotReversible(Conflict):
    """What a reversal undid is entered anew, not brought back."""

    code = "reversal_not_reversible"
    title = Sentence("Không đảo được bút toán đảo", "A reversal is final")
    detail = Sentence(
        "Bút toán {entry} là bút toán đảo; hãy ghi lại bút toán mới.",
        "The entry {entry} is a reversal; enter the fact anew instead.",
    )

    def __init__(self, entry: str) -> None:
        super().__init__(entry=entry)


def _place(line: Line) -> str:
    return " · ".join(str(value) for value in line.document().values() if value is not None)


def bring_in(kind: Kind, lot: Lot, amount_vnd: int) -> list[Posting]:
    """Post an assignment, an opening balance, an allocation or a supplement to one."""
    if kind is Kind.ASSIGNMENT:
        return [Posting(lot, Amounts(assigned_vnd=amount_vnd))]
    if kind is Kind.OPENING_BALANCE:
        return [Posting(lot, Amounts(opening_balance_vnd=amount_vnd))]
    return [Posting(lot, Amounts(allocated_vnd=amount_vnd))]


def move(line: Line, to: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a sub-allocation or a transfer: money that nothing is promised of goes to another line, origins kept."""
    postings = []
    for lot, share in spread(line, balances, amount_vnd, lambda balance: balance.uncommitted_vnd):
        postings.append(Posting(lot, Amounts(given_vnd=share)))
        postings.append(Posting(Lot(to, lot.origin_year), Amounts(received_vnd=share)))
    return postings


def cancel(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a cut of the plan: it may take what nothing is promised of."""
    shares = spread(line, balances, amount_vnd, lambda balance: balance.uncommitted_vnd)
    return [Posting(lot, Amounts(cancelled_vnd=share)) for lot, share in shares]


def hand_back(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a return: uncommitted money goes first, and a promise lapses with the money it was made of."""
    return [
        Posting(
            lot,
            Amounts(returned_vnd=share, reserved_vnd=-max(0, share - balances[lot].uncommitted_vnd)),
        )
        for lot, share in spread(line, balances, amount_vnd, lambda balance: balance.left_vnd)
    ]


def commit(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a commitment: it reserves money that nothing else is promised of."""
    shares = spread(line, balances, amount_vnd, lambda balance: balance.uncommitted_vnd)
    return [Posting(lot, Amounts(committed_vnd=share, reserved_vnd=share)) for lot, share in shares]


def disburse(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a disbursement: it may take all that is left, and pays what is committed first."""
    return [
        Posting(lot, Amounts(disbursed_vnd=share, reserved_vnd=-min(share, balances[lot].reserved_vnd)))
        for lot, share in spread(line, balances, amount_vnd, lambda balance: balance.left_vnd)
    ]


def confirm(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a payment that the treasury confirms, held to what there was, not to what the agencies report."""
    shares = spread(line, balances, amount_vnd, lambda balance: balance.unconfirmed_vnd)
    return [Posting(lot, Amounts(confirmed_vnd=share)) for lot, share in shares]


def carry_over(line: Line, balances: Balances, amount_vnd: int) -> list[Posting]:
    """Post a carry-over: uncommitted money goes first, and a commitment goes along with money that is committed."""
    postings = []
    for lot, share in spread(line, balances, amount_vnd, lambda balance: balance.left_vnd):
        promised = max(0, share - balances[lot].uncommitted_vnd)
        postings.append(Posting(lot, Amounts(carried_out_vnd=share, reserved_vnd=-promised)))
        postings.append(Posting(lot.in_next_year(), Amounts(carried_over_vnd=share, reserved_vnd=promised)))
    return postings


def spread(
    line: Line, balances: Balances, amount_vnd: int, room_of: Callable[[Amounts], int]
) -> list[tuple[Lot, int]]:
    """Take an amount from the lots of a line, the oldest origin first; refuse when together they have less."""
    rooms = {lot: room_of(balance) for lot, balance in balances.items()}
    if sum(rooms.values()) < amount_vnd:
        raise InsufficientFunds(line, amount_vnd, {lot.origin_year: room for lot, room in rooms.items()})
    shares, wanted = [], amount_vnd
    for lot in sorted(rooms, key=lambda each: each.origin_year):
        share = min(wanted, rooms[lot])
        if share > 0:
            shares.append((lot, share))
            wanted -= share
    return shares


def reverse(kind: Kind, postings: Sequence[Posting], balances: Balances) -> list[Posting]:
    """Post the exact opposite of an entry, or refuse where its money has moved on."""
    opposite = [Posting(each.lot, -each.change) for each in postings]
    for each in opposite:
        before = balances[each.lot]
        after = before + each.change
        if kind is Kind.COMMITMENT and after.reserved_vnd < 0:
            raise CommitmentPaid(each.lot, -each.change.reserved_vnd, before.reserved_vnd)
        if not after.sound:
            taken = -each.change.available_vnd
            room = max(0, min(before.uncommitted_vnd, taken - 1))
            raise InsufficientFunds(each.lot.line, taken, {each.lot.origin_year: room})
    return opposite


def settle(balances: Balances, postings: Iterable[Posting]) -> dict[Lot, Amounts]:
    """Give the balances after the postings. A lot that would not be sound is a mistake of ours, never an answer."""
    after = dict(balances)
    for each in postings:
        after[each.lot] = after.get(each.lot, Amounts()) + each.change
    unsound = [lot for lot, balance in after.items() if not balance.sound]
    if unsound:
        raise AssertionError(f"a posting would overdraw {unsound}")
    return after
