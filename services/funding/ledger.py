"""The values of the ledger: amounts, lines, lots, postings and entries. Pure; amounts are whole đồng."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from operator import add, attrgetter, neg
from typing import Any, Literal, NamedTuple, Self, get_args

from services.funding.entry_kinds import EntryKind

Capital = Literal["investment", "recurrent"]
CAPITALS: tuple[Capital, ...] = get_args(Capital)
"""Development investment (đầu tư phát triển) and recurrent spending (sự nghiệp), in the order of the printed tables."""

Book = Literal["agency", "treasury"]
"""Payments as the agencies report them, and as the treasury confirms them."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Đồng of a lot by measure: a balance when summed, a change when signed."""

    assigned_vnd: int = 0
    """Assigned by the central government and to be allocated; not yet available."""
    opening_balance_vnd: int = 0
    allocated_vnd: int = 0
    carried_over_vnd: int = 0
    received_vnd: int = 0
    """Sub-allocated or transferred from another line."""
    given_vnd: int = 0
    """Sub-allocated or transferred to another line."""
    cancelled_vnd: int = 0
    """Cut from the allocation by a decision."""
    returned_vnd: int = 0
    """Unspent and returned to the budget that it came from."""
    carried_out_vnd: int = 0
    committed_vnd: int = 0
    disbursed_vnd: int = 0
    confirmed_vnd: int = 0
    """Payments in the treasury's book; what is left in the agencies' book does not depend on them."""
    reserved_vnd: int = 0
    """Committed and neither paid nor carried out yet."""
    recovered_vnd: int = 0
    """Payments that came back. `disbursed_vnd` is net of them."""
    remittable_vnd: int = 0
    """The part of what was recovered that cannot be paid again: it is handed back to the budget."""
    remitted_vnd: int = 0
    """The part of that which was handed back."""
    confirmed_recovered_vnd: int = 0
    """Recovered payments in the treasury's book. `confirmed_vnd` is net of them."""
    confirmed_remittable_vnd: int = 0
    confirmed_remitted_vnd: int = 0
    succeeded_in_vnd: int = 0
    """Taken over from a unit that ended."""
    succeeded_out_vnd: int = 0
    """Passed to the unit that answers after this one ended."""

    def __add__(self, other: Self) -> Self:
        return type(self)(*map(add, _to_values(self), _to_values(other)))

    def __neg__(self) -> Self:
        return type(self)(*map(neg, _to_values(self)))

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Return the amounts of a row that has an attribute for each measure."""
        return cls(*_to_values(row))

    def to_values(self) -> tuple[int, ...]:
        """Return the amounts in the order of `MEASURES`."""
        return _to_values(self)

    @property
    def available_vnd(self) -> int:
        """The denominator of the disbursement rate. Returned money stays in it, so a return does not raise the rate."""
        inflow = self.opening_balance_vnd + self.allocated_vnd + self.carried_over_vnd + self.received_vnd
        return inflow - self.given_vnd - self.cancelled_vnd + self.succeeded_vnd

    @property
    def succeeded_vnd(self) -> int:
        """Money taken over from units that ended, less money passed on; nothing where both are added up."""
        return self.succeeded_in_vnd - self.succeeded_out_vnd

    @property
    def planned_vnd(self) -> int:
        """The plan of the year itself: allocated and received, less what was given on or cancelled."""
        return self.allocated_vnd + self.received_vnd - self.given_vnd - self.cancelled_vnd

    @property
    def left_vnd(self) -> int:
        """Money that can still be disbursed, returned or carried over."""
        gone_vnd = self.carried_out_vnd + self.returned_vnd + self.remittable_vnd
        return self.available_vnd - gone_vnd - self.disbursed_vnd

    @property
    def uncommitted_vnd(self) -> int:
        """Money that can still be committed."""
        return self.left_vnd - self.reserved_vnd

    @property
    def paid_vnd(self) -> int:
        """Payments before recoveries."""
        return self.disbursed_vnd + self.recovered_vnd

    @property
    def to_remit_vnd(self) -> int:
        """Recovered money that cannot be paid again and is not handed back yet."""
        return self.remittable_vnd - self.remitted_vnd

    def to_book(self, book: Book) -> Self:
        """Return the amounts with the payments and recoveries of a book."""
        if book == "agency":
            return self
        return replace(
            self,
            disbursed_vnd=self.confirmed_vnd,
            recovered_vnd=self.confirmed_recovered_vnd,
            remittable_vnd=self.confirmed_remittable_vnd,
            remitted_vnd=self.confirmed_remitted_vnd,
        )

    @property
    def is_valid(self) -> bool:
        """Whether a lot may have this balance. The CHECK constraints of `lots` say the same."""
        return min(self.to_values()) >= 0 and self.uncommitted_vnd >= 0


AMOUNT_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Amounts))
_to_values: Callable[[Any], tuple[int, ...]] = attrgetter(*AMOUNT_NAMES)


class Line(NamedTuple):
    """A budget line. Unit codes are reused, so a unit is its code and the first day on which it means this land."""

    year: int
    program: str
    component: str | None
    capital: Capital
    source: str
    unit: str
    unit_since: date

    def to_dict(self) -> dict[str, Any]:
        """Return the line as a client writes it."""
        names = ("year", "program", "component", "capital", "source", "unit")
        return {name: getattr(self, name) for name in names}


class Lot(NamedTuple):
    """The money of a line that has one year of origin."""

    line: Line
    origin_year: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Return the lot of a row that has its attributes."""
        line = Line(row.year, row.program, row.component, row.capital, row.source, row.unit, row.unit_since)
        return cls(line, row.origin_year)

    def to_next_year(self) -> "Lot":
        """Return the lot that the money is carried into: the same line a year later, with the same year of origin."""
        return Lot(self.line._replace(year=self.line.year + 1), self.origin_year)


Balances = Mapping[Lot, Amounts]


@dataclass(frozen=True, slots=True)
class Posting:
    """The change that one entry makes to one lot."""

    lot: Lot
    change: Amounts


@dataclass(frozen=True, slots=True)
class Decision:
    """The document by which an entry was decided."""

    number: str
    date: date


PaperKind = Literal["contract", "estimate", "payment_order", "return_slip", "other"]
"""Hợp đồng, dự toán được duyệt, giấy rút dự toán hay lệnh chi, giấy nộp trả kinh phí; other papers."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """The paper of a payment or contract as it was stated. `voucher_keys.py` says what identifies it."""

    issuer: str
    number: str
    kind: PaperKind | None = None
    dated_on: date | None = None
    year: int | None = None
    line_no: int | None = None
    """The place on the paper, where it pays one line of the ledger more than once."""

    @property
    def states_year(self) -> bool:
        """Whether the year of the paper was stated, and does not follow from the day of the entry."""
        return self.dated_on is not None or self.year is not None


InKindForm = Literal["labour_days", "land", "goods"]


@dataclass(frozen=True, slots=True)
class InKind:
    """A contribution in kind; the amount of the entry is its value."""

    form: InKindForm
    quantity: Decimal
    unit_of_measure: str


@dataclass(frozen=True, slots=True)
class EntryReference:
    """Another entry that an entry names, and the reason."""

    entry: uuid.UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is recorded. One that is not recorded yet has no sequence, and in a dry run no id."""

    kind: EntryKind
    year: int
    to_year: int | None
    program: str
    component: str | None
    capital: Capital
    source: str
    unit: str
    origin_year: int | None
    amount_vnd: int
    decision: Decision | None
    voucher: Voucher | None
    effective_on: date
    note: str | None
    client_id: str
    recorded_at: datetime
    postings: tuple[Posting, ...]
    reverses: uuid.UUID | None = None
    """The entry that a reversal or a correction undoes."""
    id: uuid.UUID | None = None
    sequence: int | None = None
    reversed_by: uuid.UUID | None = None
    corrected_by: uuid.UUID | None = None
    recovered_vnd: int = 0
    """The amount recovered of a payment or handed back of a recovery, when the entry was read."""
    batch: uuid.UUID | None = None
    to_component: str | None = None
    to_unit: str | None = None
    in_kind: InKind | None = None
    deadline: date | None = None
    project: str | None = None
    against: uuid.UUID | None = None
    """Of a recovery the payment that it lowers, of a remittance the recovery whose money it hands back."""
    distinct_from: EntryReference | None = None
    """An entry that looks the same and is another fact, as the client states."""
    replaces: EntryReference | None = None
    """The corrected or reversed entry in place of which it is recorded."""
    reopened_by: Decision | None = None
    """The decision that reopens a closed year for the entry."""

    @property
    def is_in_effect(self) -> bool:
        """Whether it was neither reversed nor corrected."""
        return self.reversed_by is None and self.corrected_by is None

    @property
    def lots(self) -> list[Lot]:
        """The lots that the entry is posted to."""
        return [posting.lot for posting in self.postings]


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be inserted, with its postings."""

    entry: Entry
    postings: Sequence[Posting]

    def to_recorded(self, recorded_at: datetime, sequence: int) -> Entry:
        """Return the entry as it is recorded."""
        postings = tuple(self.postings)
        return replace(self.entry, postings=postings, recorded_at=recorded_at, sequence=sequence)
