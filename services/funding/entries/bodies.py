"""How entries are asked for. Amounts are whole đồng: a JSON integer, never text, never a fraction."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from services.funding.ledger import Capital, Decision, EntryKind, InKind, InKindForm, Voucher
from services.funding.proposals import Proposal
from services.funding.query_params import FIRST_YEAR, LAST_YEAR, Code
from shared.kit.date_fields import IsoDate
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.partial_body import PartialBody, PartialModel

MAX_AMOUNT_VND = 10**15
"""Ten times what the centre gives all provinces for the programs in a year; an amount above it has a digit too many."""

PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""No control characters but tabs and line ends: a database text cannot hold all of them."""


Year = Annotated[int, Field(strict=True, ge=FIRST_YEAR, le=LAST_YEAR)]
AmountVnd = Annotated[
    int, Field(strict=True, gt=0, le=MAX_AMOUNT_VND, description="amount in whole đồng, a JSON integer")
]


def _text(longest: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest, pattern=PRINTABLE)


Words = Annotated[str, _text(120)]
Note = Annotated[str, _text(1000)]

DECISION: JsonDict = {"number": "68/NQ-HĐND", "date": "2022-12-12"}
VOUCHER: JsonDict = {"source": "KBNN Kon Tum", "number": "GRT-2023-0412"}
LINE: JsonDict = {
    "year": 2023,
    "program": "poverty",
    "component": "GN.DA1.TDA1",
    "capital": "investment",
    "source": "central",
    "unit": "610",
}
LINE_OF_2022: JsonDict = {
    **{name: value for name, value in LINE.items() if name != "year"},
    "from_year": 2022,
}

UNDOING: JsonDict = {"reverses": "01890a5d-ac96-774b-bcce-b302099a8057", "reason": "Hạch toán nhầm huyện"}


def _example(*parts: JsonDict) -> ConfigDict:
    whole: JsonDict = {}
    for part in parts:
        whole |= part
    return ConfigDict(extra="forbid", json_schema_extra={"example": whole})


class DecisionIO(BaseModel):
    """The document that decided it."""

    model_config = _example(DECISION)

    number: Words = Field(description="number of the document")
    date: IsoDate = Field(description="its date")

    def read(self) -> Decision:
        """Give it as a frozen value."""
        return Decision(self.number, self.date)


class VoucherIO(BaseModel):
    """The paper of a payment or a contract."""

    model_config = _example(VOUCHER)

    source: Words = Field(description="who issued it: a treasury office, an agency; never a person")
    number: Words = Field(description="its number there")

    def read(self) -> Voucher:
        """Give it as a frozen value."""
        return Voucher(self.source, self.number)


class InKindIO(BaseModel):
    """What was given instead of money; its value in đồng is the amount."""

    model_config = _example({"form": "labour_days", "quantity": 120, "unit_of_measure": "day"})

    form: InKindForm = Field(description="labour_days, land or goods")
    quantity: Annotated[JsonDecimal, Field(gt=0, max_digits=15, decimal_places=3, description="how much")]
    unit_of_measure: Words = Field(description="of what: day, m2, …")

    def read(self) -> InKind:
        """Give it as a frozen value."""
        return InKind(self.form, self.quantity, self.unit_of_measure)


class _LineIn(PartialModel):
    """What money is given for, without its year."""

    program: Code = Field(description="rural, poverty or ethnic; see the catalogue")
    component: Code | None = Field(
        None, description="content, project or sub-project of the program; null: the program as a whole"
    )
    capital: Capital = Field(description="investment (đầu tư phát triển) or recurrent (sự nghiệp)")
    source: Code = Field(description="where the money comes from: central, counterpart, …; see the catalogue")
    unit: Code = Field(
        description="code of the province, district, commune or agency (62.SO_NN) that the money is given to"
    )
    amount_vnd: AmountVnd
    effective_on: IsoDate | None = Field(
        None,
        description="day on which it takes effect, and on which the unit must stand; by default the decision's date, "
        "else today, brought into the budget year",
    )
    note: Note | None = Field(None, description="a remark; no names of persons")


class _EntryIn(_LineIn):
    unread: ClassVar[Mapping[str, Any]] = {**LINE, "amount_vnd": 1, "decision": DECISION}

    year: Year = Field(description="budget year")


OriginYear = Annotated[
    Year | None, Field(description="year of origin of the money; null takes the oldest first")
]


class OpeningBalanceIn(_EntryIn):
    """Money that was there before this ledger began."""

    model_config = _example(LINE, {"amount_vnd": 14_210_000_000, "origin_year": 2022, "decision": DECISION})

    origin_year: Year | None = Field(None, description="year of origin of the money; null: the budget year")
    decision: DecisionIO


class _DecidedIn(_EntryIn):
    decision: DecisionIO


class AllocationIn(_DecidedIn):
    """Money given by a decision for a line of the year."""

    model_config = _example(LINE, {"amount_vnd": 52_310_000_000, "decision": DECISION})

    in_kind: InKindIO | None = Field(
        None, description="labour, land or goods that enterprises or the community gave, valued by the amount"
    )


class AssignmentIn(_DecidedIn):
    """Money that the centre gives a province, to be allocated."""

    model_config = _example(
        {**LINE, "unit": "62"},
        {"amount_vnd": 700_000_000_000, "decision": {"number": "1506/QĐ-TTg", "date": "2022-12-02"}},
    )


class SupplementIn(AllocationIn):
    """Money added to an allocation by a later decision."""

    model_config = _example(
        LINE,
        {"amount_vnd": 2_150_000_000, "decision": {"number": "30/NQ-HĐND", "date": "2023-07-10"}},
    )


class CancellationIn(_DecidedIn):
    """A cut of the plan."""

    model_config = _example(
        LINE,
        {"amount_vnd": 400_000_000, "decision": {"number": "41/NQ-HĐND", "date": "2023-09-29"}},
    )

    origin_year: OriginYear = None


class ReturnIn(CancellationIn):
    """Unspent money handed back to the budget that it came from."""


class SubAllocationIn(CancellationIn):
    """Money passed on to a commune or an investor below."""

    model_config = _example(
        LINE,
        {
            "to_unit": "23341",
            "amount_vnd": 5_400_000_000,
            "decision": {"number": "112/QĐ-UBND", "date": "2023-01-12"},
        },
    )

    to_unit: Code = Field(description="code of the unit below that receives the money")
    to_component: Code | None = Field(None, description="component that it is for there; null: the same")
    unread: ClassVar[Mapping[str, Any]] = {**_EntryIn.unread, "to_unit": LINE["unit"]}


class TransferIn(CancellationIn):
    """Money moved between components, agencies or districts of a program."""

    model_config = _example(
        LINE,
        {
            "to_component": "GN.DA2",
            "to_unit": "611",
            "amount_vnd": 900_000_000,
            "decision": {"number": "52/NQ-HĐND", "date": "2023-10-20"},
        },
    )

    to_unit: Code | None = Field(None, description="unit that receives the money; null: the same")
    to_component: Code | None = Field(None, description="component that receives the money; null: the same")


class CommitmentIn(_EntryIn):
    """Money promised by a contract or an approved estimate."""

    model_config = _example(
        LINE,
        {"amount_vnd": 8_400_000_000, "voucher": {"source": "UBND huyện Đăk Glei", "number": "15/HĐ-XD"}},
    )

    origin_year: OriginYear = None
    voucher: VoucherIO | None = Field(
        None, description="the paper behind it; needed where no decision is named"
    )
    project: Code | None = Field(
        None,
        description="code of the project that it is for; a payment is then held to the project's plan and total",
    )
    decision: DecisionIO | None = Field(None, description="the decision behind it, if any")


class DisbursementIn(CommitmentIn):
    """Money paid."""

    model_config = _example(
        LINE, {"amount_vnd": 3_150_000_000, "voucher": VOUCHER, "effective_on": "2023-09-29"}
    )


class ConfirmationIn(DisbursementIn):
    """A payment by the word of the treasury."""


class CarryOverIn(_LineIn):
    """Money of one year moved into the next."""

    model_config = _example(
        LINE_OF_2022,
        {"amount_vnd": 6_020_000_000, "decision": {"number": "69/2022/QH15", "date": "2022-11-11"}},
    )

    unread: ClassVar[Mapping[str, Any]] = {**LINE_OF_2022, "amount_vnd": 1, "decision": DECISION}

    from_year: Year = Field(description="budget year that the money leaves")
    to_year: Year | None = Field(None, description="budget year that it enters: the next one")
    origin_year: OriginYear = None
    deadline: IsoDate | None = Field(
        None,
        description="day until when the decision lets the money be paid, where it is later than the law's",
    )
    decision: DecisionIO = Field(description="the decision that allows it")


class ReversalIn(PartialModel):
    """The undoing of one whole entry."""

    model_config = _example(UNDOING)

    unread: ClassVar[Mapping[str, Any]] = UNDOING

    reverses: uuid.UUID = Field(description="id of the entry to undo")
    reason: Note = Field(description="why; no names of persons")
    decision: DecisionIO | None = Field(None, description="the decision behind it, if any")
    effective_on: IsoDate | None = Field(
        None, description="day on which it takes effect, not before the entry's; by default today"
    )


def proposal_of(kind: EntryKind, draft: PartialBody[Any]) -> Proposal:
    """Give what could be read of a body as a frozen value."""
    body, read = draft.body, type(draft.body).model_fields.keys() - draft.unread
    said = {name: getattr(body, name) for name in read}
    if kind is EntryKind.CARRY_OVER:
        said["year"] = said.pop("from_year", None)
    for name in read & {"decision", "voucher", "in_kind"}:
        said[name] = said[name].read() if said[name] is not None else None
    return Proposal(kind, **said, unread=draft.unread)
