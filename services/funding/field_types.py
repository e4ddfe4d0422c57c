"""Types of the fields that several bodies and parameters have. Amounts are whole đồng: a JSON integer, never text or a fraction."""

import uuid
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from services.funding.ledger import Decision, EntryReference, PaperKind, Voucher
from shared.kit.date_fields import IsoDate
from shared.kit.text_fields import Visible

FIRST_YEAR, LAST_YEAR = 2016, 2100
"""The medium-term plan that the programs are funded from began in 2016."""

MAX_AMOUNT_VND = 10**15
"""Ten times what the central government gives all provinces in a year; a larger amount has a digit too many."""

MAX_LINE_NO = 100_000
"""More lines than any paper has."""

PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""No control characters but tabs and line ends: PostgreSQL's `text` cannot hold all of them."""

Code = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_.]+$", max_length=40)]
"""A code of the catalogue or of a unit. Whether it exists is a matter of the rules."""

Year = Annotated[int, Field(strict=True, ge=FIRST_YEAR, le=LAST_YEAR)]
LineNo = Annotated[int, Field(ge=1, le=MAX_LINE_NO, strict=True)]
AmountVnd = Annotated[
    int, Field(strict=True, gt=0, le=MAX_AMOUNT_VND, description="amount in whole đồng, a JSON integer")
]


def _text(max_length: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=max_length, pattern=PRINTABLE)


ShortText = Annotated[str, _text(120)]
Identifier = Annotated[str, _text(120), Visible]
"""The number or the issuer of a document; compared in its canonical form."""
Note = Annotated[str, _text(1000)]

DECISION_EXAMPLE: JsonDict = {"number": "68/NQ-HĐND", "date": "2022-12-12"}
VOUCHER_EXAMPLE: JsonDict = {"source": "KBNN Kon Tum", "number": "GRT-2023-0412"}
REFERENCE_EXAMPLE: JsonDict = {
    "entry": "01890a5d-ac96-774b-bcce-b302099a8057",
    "reason": "Hai đợt giao vốn bằng nhau của cùng quyết định",
}
LINE_EXAMPLE: JsonDict = {
    "year": 2023,
    "program": "poverty",
    "component": "GN.DA1.TDA1",
    "capital": "investment",
    "source": "central",
    "unit": "610",
}


def body_config(*examples: JsonDict) -> ConfigDict:
    """Return the configuration of a body that refuses unknown fields; its example is the given parts together."""
    example: JsonDict = {}
    for part in examples:
        example |= part
    return ConfigDict(extra="forbid", json_schema_extra={"example": example})


class DecisionIO(BaseModel):
    """The document by which it was decided."""

    model_config = body_config(DECISION_EXAMPLE)

    number: Identifier = Field(description="number of the document")
    date: IsoDate = Field(description="its date")

    def to_decision(self) -> Decision:
        """Return the decision as it was stated."""
        return Decision(self.number, self.date)


class PaperIO(BaseModel):
    """The paper of a payment or a contract, by which one or several lines of the ledger are paid."""

    model_config = body_config(VOUCHER_EXAMPLE)

    source: Identifier = Field(description="its issuer: a treasury office or an agency, never a person")
    number: Identifier = Field(description="its number at the issuer")
    kind: PaperKind | None = Field(
        None,
        description="kind of paper: contract, estimate, payment_order, return_slip or other; by default contract for a "
        "commitment, return_slip for a recovery, else payment_order",
    )
    date: IsoDate | None = Field(None, description="date of the paper")
    year: Year | None = Field(
        None,
        description="year of the paper, since numbers begin anew each year; by default that of its date, else that of the "
        "day on which the entry takes effect",
    )


class VoucherIO(PaperIO):
    """The paper of a payment or a contract. With the line of the ledger that it pays, it identifies the entry."""

    line_no: LineNo | None = Field(
        None,
        description="place on the paper, where it pays one line of the ledger more than once; by default 1",
    )

    def to_voucher(self) -> Voucher:
        """Return the voucher as it was stated."""
        return Voucher(self.source, self.number, self.kind, self.date, self.year, self.line_no)


class EntryReferenceIO(BaseModel):
    """Another entry, and the reason for naming it."""

    model_config = body_config(REFERENCE_EXAMPLE)

    entry: uuid.UUID = Field(description="id of the entry")
    reason: Note = Field(description="the reason, without names of persons")

    def to_reference(self) -> EntryReference:
        """Return the reference as it was stated."""
        return EntryReference(self.entry, self.reason)
