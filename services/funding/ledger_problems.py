"""The refusals of entries by the rules of the ledger. Pure; amounts are whole đồng.

Problem
└── Conflict
    ├── InsufficientFunds      insufficient_funds       the lots hold less
    ├── NothingToSucceed       nothing_to_succeed       a unit that ended has no money left on a line
    ├── CommitmentPaid         commitment_paid          a commitment that was paid cannot be reversed
    └── VoucherUsed            voucher_used             the voucher was recorded with another entry
"""

from collections.abc import Mapping, Sequence
from datetime import date

from services.funding.dated_balances import LowestRemainder
from services.funding.ledger import Balances, Entry, Line, Lot, Voucher
from shared.kit.problems import Conflict, Sentence


class InsufficientFunds(Conflict):
    """The lots hold less than the entry takes, on its day or on a later one."""

    code = "insufficient_funds"
    title = Sentence("Không đủ vốn", "Insufficient funds")
    detail = Sentence(
        "Cần {asked_vnd} đồng nhưng chỉ còn {available_vnd} đồng{period}: {place}{remains}.",
        "{asked_vnd} đồng are needed and {available_vnd} đồng are available{period}: {place}{remains}.",
    )

    def __init__(self, line: Line, asked_vnd: int, available: Mapping[int, LowestRemainder]) -> None:
        """`available` is the least that is left by year of origin, and on which days."""
        self.line, self.available = line, dict(sorted(available.items()))
        self.balances: Balances = {}
        """Of the lots of the line, when it was refused."""
        last_day = min((lowest.last_day for lowest in available.values() if lowest.last_day), default=None)
        super().__init__(
            asked_vnd=asked_vnd,
            available_vnd=sum(lowest.amount_vnd for lowest in available.values()),
            line=line.to_dict(),
            lots=[
                {
                    "origin_year": year,
                    "available_vnd": lowest.amount_vnd,
                    "from": lowest.first_day.isoformat(),
                    "until": lowest.last_day.isoformat() if lowest.last_day else None,
                    "book": "treasury" if lowest.kind == "unconfirmed_vnd" else "agency",
                }
                for year, lowest in self.available.items()
            ],
            until=last_day.isoformat() if last_day else None,
            period=_describe_period(last_day),
            place=_describe_line(line),
            remains=Sentence("", ""),
        )


class NothingToSucceed(Conflict):
    """A unit that ended has no money left on a line."""

    code = "nothing_to_succeed"
    title = Sentence("Không còn vốn để chuyển giao", "No money to pass on")
    detail = Sentence("Không còn vốn chờ chuyển giao{place}.", "No money of a unit that ended waits{place}.")

    def __init__(self, line: Line | None = None) -> None:
        place = f": {_describe_line(line)}" if line else ""
        super().__init__(line=line.to_dict() if line else None, place=place)


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
            source=voucher.issuer, number=voucher.number, entry=str(entry.id), differs=", ".join(differences)
        )


def _describe_line(line: Line) -> str:
    return " · ".join(str(value) for value in line.to_dict().values() if value is not None)


def _describe_period(last_day: date | None) -> Sentence:
    if last_day is None:
        return Sentence("", "")
    return Sentence(f" đến hết ngày {last_day}", f" until {last_day}")
