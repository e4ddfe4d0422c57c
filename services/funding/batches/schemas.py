"""How a batch is said, and the verdict on each of its entries."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from services.funding.batches.actions import Mode
from services.funding.entries.bodies import LINE, VOUCHER, DisbursementIn, VoucherIO
from services.funding.entries.ledger_session import EntryOutcome, Outcome
from services.funding.ledger import EntryKind, Voucher
from services.funding.proposals import Proposal
from shared.kit.cooperative import iterate_cooperatively
from shared.kit.partial_body import PartialBody, PartialModel
from shared.kit.problems import Language

MAX_ENTRIES = 10_000
"""A day of a province's treasury is some hundreds; larger files are sent in parts."""

EXAMPLE: JsonDict = {**LINE, "kind": "disbursement", "amount_vnd": 125_000_000, "voucher": VOUCHER}


class BatchEntryIn(DisbursementIn):
    """A commitment, a payment, or a payment that the treasury confirms; its voucher is what it is known by."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    kind: Literal["commitment", "disbursement", "confirmation"] = Field(description="what the entry is")
    voucher: VoucherIO = Field(description="the paper behind it; the same one again is the same entry")

    def proposal(self) -> Proposal:
        """Give it as a frozen value."""
        return Proposal(
            kind=EntryKind(self.kind),
            year=self.year,
            program=self.program,
            component=self.component,
            capital=self.capital,
            source=self.source,
            unit=self.unit,
            origin_year=self.origin_year,
            amount_vnd=self.amount_vnd,
            decision=self.decision.read() if self.decision else None,
            voucher=Voucher(self.voucher.source, self.voucher.number),
            effective_on=self.effective_on,
            note=self.note,
            project=self.project,
        )


class BatchIn(PartialModel):
    """Entries to record in one call, in their order."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"mode": "best_effort", "entries": [EXAMPLE]}}
    )

    rows: ClassVar[str | None] = "entries"
    each_row_told: ClassVar[bool] = True
    unread: ClassVar[Mapping[str, Any]] = {"mode": "all_or_nothing"}

    mode: Mode = Field(
        description="all_or_nothing: one refusal refuses the batch; best_effort: what can be recorded is"
    )
    entries: Annotated[list[BatchEntryIn], Field(max_length=MAX_ENTRIES)] = Field(
        description="the entries, judged in this order"
    )


def proposals_of(draft: PartialBody[BatchIn]) -> dict[int, Proposal]:
    """Give the entries that could be read as frozen values, by their place in the batch."""
    entries = zip(draft.ordinals, draft.body.entries, strict=True)
    return {at: entry.proposal() for at, entry in entries}


class EntryFault(BaseModel):
    """One fault of an entry."""

    pointer: str = Field(description="where in the batch, as a JSON pointer")
    code: str = Field(description="stable code of the fault")
    detail: str = Field(description="why, in words")


class ConsumerOut(BaseModel):
    """An entry that takes what is not there."""

    entry: uuid.UUID = Field(description="its id")
    kind: EntryKind = Field(description="what it is")
    effective_on: date = Field(description="day on which it takes effect")
    voucher: str | None = Field(description="number of its voucher")
    decision: str | None = Field(description="number of its decision")
    taken_vnd: int = Field(description="what it takes, in đồng")


class ConsumedOut(BaseModel):
    """All entries that take what is not there, the shown ones included."""

    entries: int = Field(description="how many there are")
    taken_vnd: int = Field(description="what they take together, in đồng")


class VerdictOut(BaseModel):
    """What became of one entry."""

    ordinal: int = Field(description="its place in the batch, from 0")
    outcome: Outcome = Field(description="recorded; existing: its voucher was recorded before; or refused")
    entry: uuid.UUID | None = Field(description="id of the entry; null when refused, and in a dry run if new")
    code: str | None = Field(description="stable code of the refusal")
    detail: str | None = Field(description="why it was refused, in words")
    errors: list[EntryFault] = Field(description="faults of the entry itself")
    available_vnd: int | None = Field(
        description="of a refusal for lack of money: what there was for it, in đồng; null otherwise"
    )
    consumed_by: list[ConsumerOut] | None = Field(
        description="of such a refusal in a dry run: the recorded entries that take the most of it, named once for all "
        "that are refused for the same; null otherwise"
    )
    consumed_in_all: ConsumedOut | None = Field(
        description="what all of them take; null where none are named"
    )
    consumed_as: int | None = Field(
        description="place in the batch of the first that is refused for the same, whose verdict names them; null otherwise"
    )

    @classmethod
    def of(cls, ordinal: int, verdict: EntryOutcome, language: Language, *, dry_run: bool) -> Self:
        """Say a verdict."""
        problem = verdict.problem
        facts = problem.facts if problem else {}
        tried = dry_run and verdict.outcome == "recorded"
        return cls(
            ordinal=ordinal,
            outcome=verdict.outcome,
            entry=None if tried or verdict.entry is None else verdict.entry.id,
            code=problem.code if problem else None,
            detail=problem.detail.render(language, problem.facts) if problem else None,
            errors=[EntryFault(**each.document(language)) for each in problem.faults] if problem else [],
            available_vnd=facts.get("available_vnd"),
            consumed_by=facts.get("consumed_by"),
            consumed_in_all=facts.get("consumed_in_all"),
            consumed_as=facts.get("consumed_as"),
        )


class BatchOut(BaseModel):
    """What became of a batch."""

    id: uuid.UUID | None = Field(description="id of the batch; null in a dry run")
    received: int = Field(description="how many entries it had")
    recorded: int = Field(description="how many were recorded now")
    existing: int = Field(description="how many were recorded before")
    refused: int = Field(description="how many were refused")
    verdicts: list[VerdictOut] = Field(description="one for each entry, in the order posted")

    @classmethod
    async def of(
        cls, batch_id: uuid.UUID, verdicts: Sequence[EntryOutcome], language: Language, *, dry_run: bool
    ) -> Self:
        """Say what became of it."""
        outcomes = [each.outcome for each in verdicts]
        return cls(
            id=None if dry_run else batch_id,
            received=len(outcomes),
            recorded=outcomes.count("recorded"),
            existing=outcomes.count("existing"),
            refused=outcomes.count("refused"),
            verdicts=[
                VerdictOut.of(at, each, language, dry_run=dry_run)
                async for at, each in iterate_cooperatively(enumerate(verdicts))
            ],
        )
