"""Bodies that name a recorded entry: recoveries, remittances, reversals and corrections."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field
from pydantic.config import JsonDict

from services.funding.entries.request_schemas import ReopeningIn
from services.funding.field_types import AmountVnd, DecisionIO, EntryReferenceIO, Note, VoucherIO, body_config
from shared.kit.date_fields import IsoDate

RECOVERY_EXAMPLE: JsonDict = {
    "recovers": "01890a5d-ac96-774b-bcce-b302099a8057",
    "amount_vnd": 150_000_000,
    "voucher": {"source": "KBNN Kon Tum", "number": "GNT-2023-0031"},
    "effective_on": "2023-11-20",
}


REMITTANCE_EXAMPLE: JsonDict = {
    "remits": "01890a5d-ac96-774b-bcce-b302099a8057",
    "amount_vnd": 150_000_000,
    "voucher": {"source": "KBNN Kon Tum", "number": "GNT-2024-0007"},
    "effective_on": "2024-04-12",
}


REVERSAL_EXAMPLE: JsonDict = {
    "reverses": "01890a5d-ac96-774b-bcce-b302099a8057",
    "reason": "Hạch toán nhầm huyện",
}


CORRECTION_EXAMPLE: JsonDict = {
    "corrects": "01890a5d-ac96-774b-bcce-b302099a8057",
    "reason": "Nhập thừa một chữ số",
}


class _ComesBackIn(ReopeningIn):
    """The fields of recoveries and remittances."""

    amount_vnd: AmountVnd
    voucher: VoucherIO | None = Field(
        None, description="its own document; required where no decision is named"
    )
    decision: DecisionIO | None = Field(None, description="the decision, if there is one")
    effective_on: IsoDate | None = Field(
        None, description="day on which the money came back, not before the entry's; by default today"
    )
    note: Note | None = Field(None, description="a remark, without names of persons")
    distinct_from: EntryReferenceIO | None = Field(
        None,
        description="the recorded entry of the same amount and decision, where this one is another fact than that one",
    )
    replaces: EntryReferenceIO | None = Field(
        None,
        description="the corrected or reversed entry of the same kind in place of which this one is recorded, once; required "
        "where that one was corrected and comes again",
    )


class RecoveryIn(_ComesBackIn):
    """Money of a payment that came back: the whole payment or a part of it."""

    model_config = body_config(RECOVERY_EXAMPLE)

    unread: ClassVar[Mapping[str, Any]] = RECOVERY_EXAMPLE

    recovers: uuid.UUID = Field(
        description="id of the disbursement, or of the confirmation of the treasury, that it lowers"
    )


class RemittanceIn(_ComesBackIn):
    """Recovered money that is handed back to the budget, because it cannot be paid again."""

    model_config = body_config(REMITTANCE_EXAMPLE)

    unread: ClassVar[Mapping[str, Any]] = REMITTANCE_EXAMPLE

    remits: uuid.UUID = Field(description="id of the recovery whose money it hands back")


class ReversalIn(ReopeningIn):
    """The reversal of one whole entry."""

    model_config = body_config(REVERSAL_EXAMPLE)

    unread: ClassVar[Mapping[str, Any]] = REVERSAL_EXAMPLE

    reverses: uuid.UUID = Field(description="id of the entry to reverse")
    reason: Note = Field(description="the reason, without names of persons")
    decision: DecisionIO | None = Field(None, description="the decision, if there is one")
    effective_on: IsoDate | None = Field(
        None, description="day on which it takes effect, not before the entry's; by default today"
    )


class CorrectionIn(ReopeningIn):
    """The statement that an entry was never true."""

    model_config = body_config(CORRECTION_EXAMPLE)

    unread: ClassVar[Mapping[str, Any]] = CORRECTION_EXAMPLE

    corrects: uuid.UUID = Field(description="id of the entry that was never true")
    reason: Note = Field(description="the reason, without names of persons")
