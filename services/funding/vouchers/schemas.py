"""Papers on the wire: the body of one with its lines, and what is recorded of it."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.entries.request_context import RequestContext
from services.funding.entries.request_schemas import ReopeningIn
from services.funding.entries.requests import EntryRequest
from services.funding.entries.response_schemas import EntryOut
from services.funding.entry_kinds import EntryKind
from services.funding.field_types import (
    LINE_EXAMPLE,
    VOUCHER_EXAMPLE,
    AmountVnd,
    Code,
    DecisionIO,
    EntryReferenceIO,
    LineNo,
    Note,
    PaperIO,
    Year,
)
from services.funding.ledger import Book, Capital, Entry, PaperKind, Voucher
from services.funding.voucher_keys import PaperKey
from shared.kit.date_fields import IsoDate
from shared.kit.partial_body import PartialBody
from shared.territory.tree import Territory

MAX_LINES = 1_000
"""A paper pays some tens of lines; more is a file, which is a batch."""

LINES_EXAMPLE: list[Any] = [
    {**LINE_EXAMPLE, "amount_vnd": 1_250_000_000},
    {**LINE_EXAMPLE, "unit": "611", "component": "GN.DA2", "amount_vnd": 430_000_000},
]
EXAMPLE: JsonDict = {
    "kind": "disbursement",
    "voucher": {**VOUCHER_EXAMPLE, "number": "GRT-2023-0413", "date": "2023-11-10"},
    "effective_on": "2023-11-10",
    "lines": LINES_EXAMPLE,
}

COPIED_FIELDS = (
    "year", "program", "component", "capital", "source", "unit", "amount_vnd", "origin_year", "project", "note",
)  # fmt: skip


class PaperLineIn(BaseModel):
    """A line of the ledger that a paper pays, and how much."""

    model_config = ConfigDict(extra="forbid")

    year: Year = Field(description="budget year")
    program: Code = Field(description="rural, poverty or ethnic; see the catalogue")
    component: Code | None = Field(
        None, description="content, project or sub-project of the program; null: the program as a whole"
    )
    capital: Capital = Field(description="investment (đầu tư phát triển) or recurrent (sự nghiệp)")
    source: Code = Field(description="where the money comes from: central, counterpart, …; see the catalogue")
    unit: Code = Field(description="code of the province, district, commune or agency that holds the money")
    amount_vnd: AmountVnd
    origin_year: Year | None = Field(
        None, description="year of origin of the money; null takes the oldest first"
    )
    project: Code | None = Field(None, description="code of the project")
    line_no: LineNo | None = Field(
        None, description="place on the paper, required where it pays one line of the ledger more than once"
    )
    note: Note | None = Field(None, description="a remark without names of persons")
    distinct_from: EntryReferenceIO | None = Field(
        None, description="as of a single entry: the entry of another paper of the same number"
    )
    replaces: EntryReferenceIO | None = Field(
        None,
        description="as of a single entry: the corrected or reversed entry in place of which it is recorded",
    )


class VoucherPaperIn(ReopeningIn):
    """A paper with all lines that it pays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    rows: ClassVar[str | None] = "lines"
    unread: ClassVar[Mapping[str, Any]] = {"kind": "disbursement", "voucher": VOUCHER_EXAMPLE}

    kind: Literal["commitment", "disbursement", "confirmation"] = Field(description="kind of its entries")
    voucher: PaperIO = Field(description="the paper")
    decision: DecisionIO | None = Field(None, description="the decision, if there is one")
    effective_on: IsoDate | None = Field(
        None, description="day on which its entries take effect; by default as of a single entry"
    )
    lines: Annotated[list[PaperLineIn], Field(max_length=MAX_LINES, json_schema_extra={"minItems": 1})] = (
        Field(description="what it pays; recorded whole or not at all")
    )


def to_entry_requests(
    context: RequestContext, batch_id: uuid.UUID, draft: PartialBody[VoucherPaperIn]
) -> list[EntryRequest]:
    """Return the entries of the lines that could be read."""
    body = draft.body
    paper, decision, reopening = body.voucher, body.decision, body.reopened_by
    return [
        EntryRequest(
            context=context,
            kind=EntryKind(body.kind),
            **{name: getattr(line, name) for name in COPIED_FIELDS},
            voucher=Voucher(paper.source, paper.number, paper.kind, paper.date, paper.year, line.line_no),
            decision=decision.to_decision() if decision else None,
            distinct_from=line.distinct_from.to_reference() if line.distinct_from else None,
            replaces=line.replaces.to_reference() if line.replaces else None,
            reopened_by=reopening.to_decision() if reopening else None,
            effective_on=body.effective_on,
            batch=batch_id,
            pointer=f"/lines/{ordinal}",
        )
        for ordinal, line in zip(draft.ordinals, body.lines, strict=True)
    ]


class VoucherPaperOut(ClosingStateOut):
    """A paper as it is recorded: what identifies it, and all its lines."""

    source: str = Field(description="its issuer, as first typed", examples=["KBNN Kon Tum"])
    number: str = Field(description="its number there, as first typed", examples=["GRT-2023-0413"])
    kind: PaperKind = Field(description="kind of paper")
    year: int = Field(description="year of the paper", examples=[2023])
    date: dt.date | None = Field(description="date of the paper; null where none was stated")
    book: Book = Field(description="agency: as agencies report it; treasury: as the treasury confirms it")
    amount_vnd: int = Field(description="sum of its lines in effect, in đồng", examples=[1_680_000_000])
    lines: list[EntryOut] = Field(description="its entries in the order of recording, undone ones included")

    @classmethod
    def from_entries(
        cls, key: PaperKey, entries: Iterable[Entry], territory: Territory, *, closing_overdue: bool
    ) -> Self:
        """Serialize the entries of one paper."""
        lines = list(entries)
        vouchers = [entry.voucher for entry in lines if entry.voucher is not None]
        return cls(
            source=vouchers[0].issuer,
            number=vouchers[0].number,
            kind=key.kind,
            year=key.year,
            date=next((voucher.dated_on for voucher in vouchers if voucher.dated_on), None),
            book=key.book,
            amount_vnd=sum(entry.amount_vnd for entry in lines if entry.is_in_effect),
            lines=[EntryOut.from_entry(entry, territory) for entry in lines],
            closing_overdue=closing_overdue,
        )


class VoucherPapersOut(BaseModel):
    """The papers of an issuer with one number."""

    items: list[VoucherPaperOut] = Field(description="one for each book, kind and year, each whole")
