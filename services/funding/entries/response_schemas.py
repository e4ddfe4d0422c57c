"""Answers about entries."""

import datetime as dt
import uuid
from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.entries.request_schemas import InKindIO
from services.funding.entry_kinds import EntryKind
from services.funding.field_types import DecisionIO, EntryReferenceIO, ShortText
from services.funding.ledger import (
    AMOUNT_NAMES,
    Amounts,
    Capital,
    Entry,
    EntryReference,
    Lot,
    PaperKind,
    Posting,
    Voucher,
)
from services.funding.unit_names import find_names_of_entry, find_names_of_version
from services.funding.voucher_keys import find_paper_kind, find_paper_year
from shared.territory.named_rows import NamedUnitRow
from shared.territory.tree import Territory


class PostingOut(NamedUnitRow):
    """The signed change of one lot by an entry; the balance of a lot is the sum of these."""

    year: int = Field(description="budget year")
    component: str | None = Field(description="code of the component")
    unit: str = Field(description="unit of the lot")
    origin_year: int = Field(description="year of origin of its money")
    assigned_vnd: int = Field(0, description="change of what the central government assigned, in đồng")
    opening_balance_vnd: int = Field(0, description="change of the opening balance, in đồng")
    allocated_vnd: int = Field(0, description="change of what is allocated, in đồng")
    carried_over_vnd: int = Field(0, description="change of what was carried over into the lot, in đồng")
    received_vnd: int = Field(0, description="change of what was received from another line, in đồng")
    given_vnd: int = Field(0, description="change of what was given to another line, in đồng")
    cancelled_vnd: int = Field(0, description="change of what was cut from the plan, in đồng")
    returned_vnd: int = Field(0, description="change of what was returned, in đồng")
    carried_out_vnd: int = Field(0, description="change of what was carried into the next year, in đồng")
    committed_vnd: int = Field(0, description="change of what is committed, in đồng")
    disbursed_vnd: int = Field(0, description="change of what is disbursed, in đồng")
    confirmed_vnd: int = Field(0, description="change of what the treasury confirmed as paid, in đồng")
    reserved_vnd: int = Field(0, description="change of what is committed and not yet paid, in đồng")
    recovered_vnd: int = Field(
        0, description="change of what came back of payments, in đồng; what is disbursed is net of it"
    )
    remittable_vnd: int = Field(
        0, description="change of what came back and cannot be paid again but is handed back, in đồng"
    )
    remitted_vnd: int = Field(0, description="change of what was handed back of that, in đồng")
    confirmed_recovered_vnd: int = Field(
        0, description="change of what came back of payments in the treasury's book, in đồng"
    )
    confirmed_remittable_vnd: int = Field(
        0, description="change of the part of that which cannot be paid again, in đồng"
    )
    confirmed_remitted_vnd: int = Field(
        0, description="change of what was handed back of that in the treasury's book, in đồng"
    )
    succeeded_in_vnd: int = Field(
        0, description="change of what was taken over from a unit that ended, in đồng"
    )
    succeeded_out_vnd: int = Field(
        0, description="change of what passed to the unit that answers after this one ended, in đồng"
    )

    @classmethod
    def from_posting(cls, posting: Posting, territory: Territory, on: date) -> Self:
        """Serialize a posting of an entry of a day."""
        changes = dict(zip(AMOUNT_NAMES, posting.change.to_values(), strict=True))
        line, origin_year = posting.lot.line, posting.lot.origin_year
        return cls(
            **find_names_of_version(territory, (line.unit, line.unit_since), on),
            year=line.year,
            component=line.component,
            unit=line.unit,
            origin_year=origin_year,
            **changes,
        )


class LotOut(NamedUnitRow):
    """The balance of a lot after the entry."""

    year: int = Field(description="budget year")
    component: str | None = Field(description="code of the component")
    unit: str = Field(description="unit of the lot")
    origin_year: int = Field(description="year of origin of its money")
    available_vnd: int = Field(description="received and neither given on nor cut, in đồng")
    left_vnd: int = Field(description="neither disbursed, returned nor carried out yet, in đồng")
    uncommitted_vnd: int = Field(description="left and not reserved by a commitment, in đồng")

    @classmethod
    def from_balance(cls, lot: Lot, balance: Amounts, territory: Territory, on: date) -> Self:
        """Serialize the balance of a lot after an entry of a day."""
        return cls(
            **find_names_of_version(territory, (lot.line.unit, lot.line.unit_since), on),
            year=lot.line.year,
            component=lot.line.component,
            unit=lot.line.unit,
            origin_year=lot.origin_year,
            available_vnd=balance.available_vnd,
            left_vnd=balance.left_vnd,
            uncommitted_vnd=balance.uncommitted_vnd,
        )


class VoucherOut(BaseModel):
    """The paper of a payment or a contract, with what was not stated of it filled in."""

    model_config = ConfigDict(extra="forbid")

    source: ShortText = Field(description="its issuer, as typed", examples=["KBNN Kon Tum"])
    number: ShortText = Field(description="its number there, as typed", examples=["GRT-2023-0412"])
    kind: PaperKind = Field(
        description="kind of paper: contract, estimate, payment_order, return_slip or other"
    )
    date: dt.date | None = Field(description="date of the paper; null where none was stated")
    year: int = Field(description="year of the paper", examples=[2023])
    line_no: int = Field(description="place on the paper, of those that pay the same line of the ledger")

    @classmethod
    def from_voucher(cls, entry: Entry, voucher: Voucher) -> Self:
        """Serialize the voucher of an entry."""
        return cls(
            source=voucher.issuer,
            number=voucher.number,
            kind=find_paper_kind(entry.kind, voucher),
            date=voucher.dated_on,
            year=find_paper_year(entry, voucher),
            line_no=voucher.line_no or 1,
        )


class EntryOut(NamedUnitRow):
    """An entry of the ledger; it never changes."""

    id: uuid.UUID | None = Field(description="the entry's id; null in a dry run")
    sequence: int | None = Field(description="place in the ledger, in commit order; null in a dry run")
    kind: EntryKind = Field(description="kind of the entry")
    year: int = Field(description="budget year; of a carry-over the one that the money leaves")
    to_year: int | None = Field(description="budget year that carried money enters; null otherwise")
    program: str = Field(description="rural, poverty or ethnic")
    component: str | None = Field(description="component; null: the program as a whole")
    capital: Capital = Field(description="investment or recurrent")
    source: str = Field(description="source of the money")
    unit: str = Field(description="code of the unit or agency that the money is given to")
    to_component: str | None = Field(
        description="component that the money moved to, where it moved to another"
    )
    to_unit: str | None = Field(description="unit that the money moved to, where it moved to another")
    to_unit_name: str | None = Field(None, description="kind and name of that unit on the day of the entry")
    to_unit_kind: str | None = Field(None, description="its Vietnamese type without accents")
    to_unit_since: date | None = Field(None, description="its first day")
    origin_year: int | None = Field(
        description="year of origin of the money; null where the oldest was taken first"
    )
    amount_vnd: int = Field(description="amount in đồng")
    decision: DecisionIO | None = Field(description="the document that decided it")
    in_kind: InKindIO | None = Field(description="a contribution in kind")
    voucher: VoucherOut | None = Field(description="the document of the payment or contract")
    project: str | None = Field(description="code of the project; null where none is named")
    deadline: date | None = Field(description="of a carry-over: last day of payment by its decision")
    distinct_from: EntryReferenceIO | None = Field(
        description="the entry that looks the same and is another fact; null where none is named"
    )
    replaces: EntryReferenceIO | None = Field(
        description="the corrected or reversed entry in place of which it is recorded; null where none is named"
    )
    reopened_by: DecisionIO | None = Field(
        description="the decision that reopens a closed year for it; null where none is named"
    )
    effective_on: date = Field(description="day on which it takes effect")
    note: str | None = Field(description="a remark; of a reversal or a correction, the reason")
    client_id: str = Field(description="the client that recorded it")
    recorded_at: datetime = Field(description="instant of recording; never decreases along the ledger")
    reverses: uuid.UUID | None = Field(description="id of the entry that this one reverses")
    corrects: uuid.UUID | None = Field(description="id of the entry that this one corrects")
    recovers: uuid.UUID | None = Field(description="of a recovery: id of the payment that it lowers")
    remits: uuid.UUID | None = Field(
        description="of a remittance: id of the recovery whose money it hands back"
    )
    recovered_vnd: int = Field(
        description="what was recovered of a payment, or handed back of a recovery, in đồng; 0 for other entries"
    )
    batch: uuid.UUID | None = Field(description="id of its batch; null where it came alone")
    reversed_by: uuid.UUID | None = Field(description="id of the reversal of this entry")
    corrected_by: uuid.UUID | None = Field(description="id of the correction of this entry")
    postings: list[PostingOut] = Field(description="its changes of lots")

    @classmethod
    def from_entry(cls, entry: Entry, territory: Territory, **fields: Any) -> Self:
        """Serialize an entry; `fields` are those of a subclass."""
        return cls(
            **find_names_of_entry(territory, entry),
            **{name: getattr(entry, name) for name in SAME_FIELDS},
            decision=entry.decision and DecisionIO(number=entry.decision.number, date=entry.decision.date),
            reopened_by=entry.reopened_by
            and DecisionIO(number=entry.reopened_by.number, date=entry.reopened_by.date),
            voucher=entry.voucher and VoucherOut.from_voucher(entry, entry.voucher),
            in_kind=entry.in_kind
            and InKindIO(
                form=entry.in_kind.form,
                quantity=entry.in_kind.quantity,
                unit_of_measure=entry.in_kind.unit_of_measure,
            ),
            distinct_from=_to_reference(entry.distinct_from),
            replaces=_to_reference(entry.replaces),
            reverses=entry.reverses if entry.kind is EntryKind.REVERSAL else None,
            corrects=entry.reverses if entry.kind is EntryKind.CORRECTION else None,
            recovers=entry.against if entry.kind is EntryKind.RECOVERY else None,
            remits=entry.against if entry.kind is EntryKind.REMITTANCE else None,
            postings=[
                PostingOut.from_posting(posting, territory, entry.effective_on) for posting in entry.postings
            ],
            **fields,
        )


CONVERTED_FIELDS = frozenset(
    {
        "decision", "reopened_by", "voucher", "in_kind", "distinct_from", "replaces", "reverses", "corrects", "recovers", "remits",
        "postings",
    }
)  # fmt: skip
NAME_FIELDS = frozenset(f"{prefix}{name}" for prefix in ("", "to_") for name in NamedUnitRow.model_fields)
SAME_FIELDS = tuple(name for name in EntryOut.model_fields if name not in CONVERTED_FIELDS | NAME_FIELDS)


def _to_reference(reference: EntryReference | None) -> EntryReferenceIO | None:
    return EntryReferenceIO(entry=reference.entry, reason=reference.reason) if reference else None


class RecordedOut(EntryOut):
    """The entry and the balances of its lots after it."""

    lots: list[LotOut] = Field(description="the lots that it changed, after it")
    closing_overdue: bool = Field(
        description="whether the settlement day of its budget year is over and the year is not closed"
    )
    unallocated_vnd: int | None = Field(
        description="of an allocation: what is left to allocate of the assignment, in đồng; "
        "null where the ledger has none"
    )
    project_room_vnd: int | None = Field(
        description="of an entry for a project: what may still be paid in the year, within its plan and its approved total, "
        "in đồng; null where no project is named"
    )


class EntriesPage(ClosingStateOut):
    """A page of entries."""

    items: list[EntryOut] = Field(description="the entries, the newest first")
    next: str | None = Field(description="cursor of the page that follows; null on the last one")
