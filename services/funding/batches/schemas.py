"""The body of a batch, and the verdict on each of its entries."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.config import JsonDict

from services.funding.batches.actions import Mode
from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.entries.outcomes import EntryOutcome, OutcomeStatus
from services.funding.entries.recoveries import RecoveryRequest
from services.funding.entries.request_context import RequestContext
from services.funding.entries.request_schemas import PaymentIn, ReferencesIn
from services.funding.entries.requests import EntryRequest
from services.funding.entries.reversal_schemas import (
    RECOVERY_EXAMPLE,
    REMITTANCE_EXAMPLE,
    RecoveryIn,
    RemittanceIn,
)
from services.funding.entry_kinds import EntryKind
from services.funding.field_types import LINE_EXAMPLE, VOUCHER_EXAMPLE, VoucherIO
from shared.kit.concurrency import iterate_cooperatively
from shared.kit.partial_body import PartialBody, PartialModel
from shared.kit.problems import Language

MAX_ENTRIES = 10_000
"""A province's treasury pays some hundreds of vouchers a day; larger files are sent in parts."""

EXAMPLE: JsonDict = {
    **LINE_EXAMPLE,
    "kind": "disbursement",
    "amount_vnd": 125_000_000,
    "voucher": VOUCHER_EXAMPLE,
}


class BatchEntryIn(PaymentIn, ReferencesIn):
    """A commitment, a payment, or a payment that the treasury confirms; its voucher identifies it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    kind: Literal["commitment", "disbursement", "confirmation"] = Field(description="kind of the entry")
    voucher: VoucherIO = Field(description="its document; the same voucher again is the same entry")

    def to_entry_request(self, context: RequestContext, ordinal: int, batch_id: uuid.UUID) -> EntryRequest:
        """Return the entry that is requested at this place of the batch."""
        return EntryRequest(
            context=context,
            kind=EntryKind(self.kind),
            year=self.year,
            program=self.program,
            component=self.component,
            capital=self.capital,
            source=self.source,
            unit=self.unit,
            origin_year=self.origin_year,
            amount_vnd=self.amount_vnd,
            decision=self.decision.to_decision() if self.decision else None,
            voucher=self.voucher.to_voucher(),
            effective_on=self.effective_on,
            note=self.note,
            project=self.project,
            distinct_from=self.distinct_from.to_reference() if self.distinct_from else None,
            replaces=self.replaces.to_reference() if self.replaces else None,
            reopened_by=self.reopened_by.to_decision() if self.reopened_by else None,
            batch=batch_id,
            pointer=f"/entries/{ordinal}",
        )


class BatchRecoveryIn(RecoveryIn):
    """Money of a payment that came back."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"kind": "recovery", **RECOVERY_EXAMPLE}}
    )

    kind: Literal["recovery"] = Field(description="kind of the entry")
    voucher: VoucherIO = Field(description="its document; the same voucher again is the same entry")

    def to_entry_request(self, context: RequestContext, ordinal: int, batch_id: uuid.UUID) -> RecoveryRequest:
        """Return the recovery that is requested at this place of the batch."""
        return _to_recovery_request(self, self.recovers, context, ordinal, batch_id)


class BatchRemittanceIn(RemittanceIn):
    """Recovered money that is handed back to the budget."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"kind": "remittance", **REMITTANCE_EXAMPLE}}
    )

    kind: Literal["remittance"] = Field(description="kind of the entry")
    voucher: VoucherIO = Field(description="its document; the same voucher again is the same entry")

    def to_entry_request(self, context: RequestContext, ordinal: int, batch_id: uuid.UUID) -> RecoveryRequest:
        """Return the remittance that is requested at this place of the batch."""
        return _to_recovery_request(self, self.remits, context, ordinal, batch_id)


def _to_recovery_request(
    body: BatchRecoveryIn | BatchRemittanceIn,
    against: uuid.UUID,
    context: RequestContext,
    ordinal: int,
    batch_id: uuid.UUID,
) -> RecoveryRequest:
    decision, reopening = body.decision, body.reopened_by
    return RecoveryRequest(
        context=context,
        kind=EntryKind(body.kind),
        against=against,
        amount_vnd=body.amount_vnd,
        voucher=body.voucher.to_voucher(),
        decision=decision.to_decision() if decision else None,
        effective_on=body.effective_on,
        note=body.note,
        distinct_from=body.distinct_from.to_reference() if body.distinct_from else None,
        replaces=body.replaces.to_reference() if body.replaces else None,
        reopened_by=reopening.to_decision() if reopening else None,
        batch=batch_id,
        pointer=f"/entries/{ordinal}",
    )


class _UnknownKindIn(BatchEntryIn):
    """A row whose kind is none of a batch; its fault names all of them."""

    kind: Literal["commitment", "disbursement", "confirmation", "recovery", "remittance"]  # type: ignore[assignment]


def _validate_by_kind(raw: Any, _: ValidatorFunctionWrapHandler) -> Any:
    """Return the entry that a row describes; its kind says which fields it has."""
    kind = raw.get("kind") if isinstance(raw, Mapping) else None
    model = ROW_MODELS.get(kind, _UnknownKindIn) if isinstance(kind, str) else _UnknownKindIn
    return model.model_validate(raw)


ROW_MODELS: Mapping[str, type[BaseModel]] = {
    "commitment": BatchEntryIn,
    "disbursement": BatchEntryIn,
    "confirmation": BatchEntryIn,
    "recovery": BatchRecoveryIn,
    "remittance": BatchRemittanceIn,
}
BatchRow = Annotated[BatchEntryIn | BatchRecoveryIn | BatchRemittanceIn, WrapValidator(_validate_by_kind)]


class BatchIn(PartialModel):
    """Entries to be recorded in one call, in their order."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"mode": "best_effort", "entries": [EXAMPLE]}}
    )

    rows: ClassVar[str | None] = "entries"
    names_each_row: ClassVar[bool] = True
    unread: ClassVar[Mapping[str, Any]] = {"mode": "all_or_nothing"}

    mode: Mode = Field(
        description="all_or_nothing: one refusal refuses the batch; best_effort: what can be recorded is"
    )
    entries: Annotated[list[BatchRow], Field(max_length=MAX_ENTRIES)] = Field(
        description="the entries, decided in this order"
    )


def to_entry_requests(
    context: RequestContext, batch_id: uuid.UUID, draft: PartialBody[BatchIn]
) -> dict[int, EntryRequest | RecoveryRequest]:
    """Return the entries that could be read, by ordinal."""
    entries = zip(draft.ordinals, draft.body.entries, strict=True)
    return {ordinal: entry.to_entry_request(context, ordinal, batch_id) for ordinal, entry in entries}


class EntryFault(BaseModel):
    """A fault of an entry."""

    pointer: str = Field(description="where in the batch, as a JSON pointer")
    code: str = Field(description="stable code of the fault")
    detail: str = Field(description="the fault in words")


class ConsumerOut(BaseModel):
    """A recorded entry that used the missing money."""

    entry: uuid.UUID = Field(description="its id")
    kind: EntryKind = Field(description="its kind")
    effective_on: date = Field(description="day on which it takes effect")
    voucher: str | None = Field(description="number of its voucher")
    decision: str | None = Field(description="number of its decision")
    taken_vnd: int = Field(description="what it used, in đồng")


class RemainderOut(BaseModel):
    """Money that is left in a lot of the line, and its deadline."""

    origin_year: int = Field(description="year of origin of the money")
    left_vnd: int = Field(description="neither paid, returned nor carried over yet, in đồng")
    reserved_vnd: int = Field(description="committed part of it, in đồng")
    paid_by: date = Field(description="last day of payment")
    settled_by: date = Field(description="last day of settlement")
    legal_basis: str = Field(description="the document or clause behind it")


class ConsumedOut(BaseModel):
    """All recorded entries that used the missing money, the shown ones included."""

    entries: int = Field(description="how many there are")
    taken_vnd: int = Field(description="what they used together, in đồng")


class BatchVerdictOut(BaseModel):
    """The decision on one entry."""

    ordinal: int = Field(description="its position in the batch, from 0")
    outcome: OutcomeStatus = Field(
        description="recorded; existing: its voucher was recorded before; or refused"
    )
    entry: uuid.UUID | None = Field(description="id of the entry; null when refused, and in a dry run if new")
    code: str | None = Field(description="stable code of the refusal")
    detail: str | None = Field(description="the reason of the refusal in words")
    errors: list[EntryFault] = Field(description="faults of the entry itself")
    available_vnd: int | None = Field(
        description="of a refusal for lack of money: what was available, in đồng; null otherwise"
    )
    remaining: list[RemainderOut] | None = Field(
        description="of such a refusal: what is left in each lot of the line, and until when; null otherwise"
    )
    consumed_by: list[ConsumerOut] | None = Field(
        description="of such a refusal in a dry run: the recorded entries that used most of the money, named once for all "
        "refusals of the same reason; null otherwise"
    )
    consumed_in_all: ConsumedOut | None = Field(
        description="what all of them used; null where none are named"
    )
    consumed_as: int | None = Field(
        description="position in the batch of the first refusal of the same reason, whose verdict names them; null otherwise"
    )

    @classmethod
    def from_outcome(cls, ordinal: int, outcome: EntryOutcome, language: Language, *, dry_run: bool) -> Self:
        """Serialize the outcome of one entry."""
        problem = outcome.problem
        facts = problem.facts if problem else {}
        not_inserted = dry_run and outcome.status == "recorded"
        return cls(
            ordinal=ordinal,
            outcome=outcome.status,
            entry=None if not_inserted or outcome.entry is None else outcome.entry.id,
            code=problem.code if problem else None,
            detail=problem.detail.render(language, problem.facts) if problem else None,
            errors=[EntryFault(**fault.document(language)) for fault in problem.faults] if problem else [],
            available_vnd=facts.get("available_vnd"),
            remaining=facts.get("remaining"),
            consumed_by=facts.get("consumed_by"),
            consumed_in_all=facts.get("consumed_in_all"),
            consumed_as=facts.get("consumed_as"),
        )


class BatchOut(ClosingStateOut):
    """The outcome of a batch."""

    id: uuid.UUID | None = Field(description="id of the batch; null in a dry run")
    received: int = Field(description="how many entries it had")
    recorded: int = Field(description="how many were recorded now")
    existing: int = Field(description="how many were recorded before")
    refused: int = Field(description="how many were refused")
    verdicts: list[BatchVerdictOut] = Field(description="one for each entry, in the order posted")

    @classmethod
    async def from_outcomes(
        cls,
        batch_id: uuid.UUID,
        outcomes: Sequence[EntryOutcome],
        language: Language,
        *,
        dry_run: bool,
        closing_overdue: bool,
    ) -> Self:
        """Serialize the outcomes of all entries."""
        names = [outcome.status for outcome in outcomes]
        return cls(
            id=None if dry_run else batch_id,
            received=len(names),
            recorded=names.count("recorded"),
            existing=names.count("existing"),
            refused=names.count("refused"),
            closing_overdue=closing_overdue,
            verdicts=[
                BatchVerdictOut.from_outcome(ordinal, outcome, language, dry_run=dry_run)
                async for ordinal, outcome in iterate_cooperatively(enumerate(outcomes))
            ],
        )
