"""Bodies by which entries are requested."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from services.funding.field_types import (
    DECISION_EXAMPLE,
    LINE_EXAMPLE,
    VOUCHER_EXAMPLE,
    AmountVnd,
    Code,
    DecisionIO,
    EntryReferenceIO,
    Note,
    ShortText,
    VoucherIO,
    Year,
    body_config,
)
from services.funding.ledger import Capital, InKind, InKindForm
from shared.kit.date_fields import IsoDate
from shared.kit.decimal_fields import JsonDecimal, number_with_decimals
from shared.kit.partial_body import PartialModel

CARRY_OVER_LINE_EXAMPLE: JsonDict = {
    **{name: value for name, value in LINE_EXAMPLE.items() if name != "year"},
    "from_year": 2022,
}


class InKindIO(BaseModel):
    """A contribution in kind; its value in đồng is the amount of the entry."""

    model_config = body_config({"form": "labour_days", "quantity": 120, "unit_of_measure": "day"})

    form: InKindForm = Field(description="labour_days, land or goods")
    quantity: Annotated[
        JsonDecimal,
        number_with_decimals(3),
        Field(
            gt=0,
            max_digits=15,
            decimal_places=3,
            description="how much",
            json_schema_extra={"exclusiveMinimum": 0},
        ),
    ]
    unit_of_measure: ShortText = Field(description="unit of the quantity: day, m2, …")

    def to_in_kind(self) -> InKind:
        """Return the contribution as it was stated."""
        return InKind(self.form, self.quantity, self.unit_of_measure)


class ReopeningIn(PartialModel):
    """The decision that an entry into a closed year needs."""

    reopened_by: DecisionIO | None = Field(
        None,
        description="the decision that reopens the budget year for this entry; required where the year is closed",
    )


class _LineIn(ReopeningIn):
    """A budget line without its year, and what every entry has."""

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
        description="day on which it takes effect, and on which the unit must exist; by default the decision's date, "
        "else today, moved into the budget year; a return may be later, and so may money of a unit that began later",
    )
    note: Note | None = Field(None, description="a remark without names of persons")


class ReferencesIn(PartialModel):
    """The recorded entries that an entry names."""

    distinct_from: EntryReferenceIO | None = Field(
        None,
        description="the recorded entry of the same kind, line, amount, year of origin and decision, where this one is "
        "another fact; of several, the latest. With a voucher: the same entry of a paper of the year before or after, where only "
        "one of the two states its year",
    )
    replaces: EntryReferenceIO | None = Field(
        None,
        description="the corrected or reversed entry of the same kind in place of which this one is recorded, once. Its day may "
        "then be more than a year after the budget year, and later than the end of its unit",
    )


class _EntryIn(_LineIn):
    unread: ClassVar[Mapping[str, Any]] = {**LINE_EXAMPLE, "amount_vnd": 1, "decision": DECISION_EXAMPLE}

    year: Year = Field(description="budget year")


OriginYear = Annotated[
    Year | None, Field(description="year of origin of the money; null takes the oldest first")
]


class OpeningBalanceIn(_EntryIn, ReferencesIn):
    """Money that a line had before this ledger began."""

    model_config = body_config(
        LINE_EXAMPLE, {"amount_vnd": 14_210_000_000, "origin_year": 2022, "decision": DECISION_EXAMPLE}
    )

    origin_year: Year | None = Field(None, description="year of origin of the money; null: the budget year")
    decision: DecisionIO


class _DecidedIn(_EntryIn, ReferencesIn):
    decision: DecisionIO


class AllocationIn(_DecidedIn):
    """Money allocated by a decision to a line of the year."""

    model_config = body_config(LINE_EXAMPLE, {"amount_vnd": 52_310_000_000, "decision": DECISION_EXAMPLE})

    in_kind: InKindIO | None = Field(
        None,
        description="labour, land or goods contributed by enterprises or the community; the amount is their value",
    )


class AssignmentIn(_DecidedIn):
    """Money that the central government assigns to a province, to be allocated."""

    model_config = body_config(
        {**LINE_EXAMPLE, "unit": "62"},
        {"amount_vnd": 700_000_000_000, "decision": {"number": "1506/QĐ-TTg", "date": "2022-12-02"}},
    )


class SupplementIn(AllocationIn):
    """Money added to an allocation by a later decision."""

    model_config = body_config(
        LINE_EXAMPLE,
        {"amount_vnd": 2_150_000_000, "decision": {"number": "30/NQ-HĐND", "date": "2023-07-10"}},
    )


class CancellationIn(_DecidedIn):
    """Money cut from the plan."""

    model_config = body_config(
        LINE_EXAMPLE,
        {"amount_vnd": 400_000_000, "decision": {"number": "41/NQ-HĐND", "date": "2023-09-29"}},
    )

    origin_year: OriginYear = None


class MoneyReturnIn(CancellationIn):
    """Unspent money returned to the budget that it came from."""


class SubAllocationIn(CancellationIn):
    """Money passed on to a commune or an investor below the unit."""

    model_config = body_config(
        LINE_EXAMPLE,
        {
            "to_unit": "23341",
            "amount_vnd": 5_400_000_000,
            "decision": {"number": "112/QĐ-UBND", "date": "2023-01-12"},
        },
    )

    to_unit: Code = Field(description="code of the unit below that receives the money")
    to_component: Code | None = Field(None, description="component that receives the money; null: the same")
    unread: ClassVar[Mapping[str, Any]] = {**_EntryIn.unread, "to_unit": LINE_EXAMPLE["unit"]}


class TransferIn(CancellationIn):
    """Money moved between components, agencies or districts of a program."""

    model_config = body_config(
        LINE_EXAMPLE,
        {
            "to_component": "GN.DA2",
            "to_unit": "611",
            "amount_vnd": 900_000_000,
            "decision": {"number": "52/NQ-HĐND", "date": "2023-10-20"},
        },
    )

    to_unit: Code | None = Field(None, description="unit that receives the money; null: the same")
    to_component: Code | None = Field(None, description="component that receives the money; null: the same")


class PaymentIn(_EntryIn):
    """A commitment or a payment."""

    origin_year: OriginYear = None
    voucher: VoucherIO | None = Field(
        None, description="the contract or voucher; required where no decision is named"
    )
    project: Code | None = Field(
        None,
        description="code of the project; a payment is then limited by the plan and the approved total of the project",
    )
    decision: DecisionIO | None = Field(None, description="the decision, if there is one")


class CommitmentIn(PaymentIn, ReferencesIn):
    """Money committed by a contract or an approved estimate."""

    model_config = body_config(
        LINE_EXAMPLE,
        {"amount_vnd": 8_400_000_000, "voucher": {"source": "UBND huyện Đăk Glei", "number": "15/HĐ-XD"}},
    )


class DisbursementIn(CommitmentIn):
    """A payment."""

    model_config = body_config(
        LINE_EXAMPLE, {"amount_vnd": 3_150_000_000, "voucher": VOUCHER_EXAMPLE, "effective_on": "2023-09-29"}
    )


class ConfirmationIn(DisbursementIn):
    """A payment that the treasury confirms."""


class CarryOverIn(_LineIn, ReferencesIn):
    """Money of one year carried over into the next."""

    model_config = body_config(
        CARRY_OVER_LINE_EXAMPLE,
        {
            "amount_vnd": 6_020_000_000,
            "decision": {"number": "69/2022/QH15", "date": "2022-11-11"},
            "effective_on": "2023-01-31",
        },
    )

    unread: ClassVar[Mapping[str, Any]] = {
        **CARRY_OVER_LINE_EXAMPLE,
        "amount_vnd": 1,
        "decision": DECISION_EXAMPLE,
    }

    from_year: Year = Field(description="budget year that the money leaves")
    to_year: Year | None = Field(None, description="budget year that it enters: the next one")
    origin_year: OriginYear = None
    deadline: IsoDate | None = Field(
        None,
        description="last day of payment by the decision, where it is later than the legal deadline",
    )
    decision: DecisionIO = Field(description="the decision that allows it")
