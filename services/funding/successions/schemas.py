"""The bodies and answers of successions."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.entries.request_context import RequestContext
from services.funding.entries.request_schemas import OriginYear
from services.funding.entries.response_schemas import EntryOut
from services.funding.field_types import AmountVnd, Code, DecisionIO, Note, Year, body_config
from services.funding.ledger import Capital, Entry
from services.funding.successions.requests import LINE_FIELDS, SuccessionLine, SuccessionRequest
from services.funding.successions.rules import WaitingLot
from shared.kit.date_fields import IsoDate
from shared.kit.partial_body import PartialBody, PartialModel
from shared.territory.tree import Territory

MAX_LINES = 1000
"""More lines than the districts of a province have in a year; larger requests are sent in parts."""

EXAMPLE_DECISION: JsonDict = {"number": "15/NQ-HĐND", "date": "2025-07-09"}
LINE_EXAMPLE: JsonDict = {"unit": "610", "year": 2025, "program": "poverty", "to_unit": "23368"}


class SuccessionLineIn(BaseModel):
    """Money of a unit that ended, and the unit that takes it over."""

    model_config = body_config(LINE_EXAMPLE)

    unit: Code = Field(description="code of the unit that ended")
    unit_since: IsoDate | None = Field(
        None, description="first day of that unit, where its code had several units that ended"
    )
    year: Year | None = Field(None, description="budget year; by default all")
    program: Code | None = Field(None, description="program; by default all")
    component: Code | None = Field(
        None, description="component; null: the money of the program as a whole; by default all"
    )
    capital: Capital | None = Field(None, description="capital kind; by default both")
    source: Code | None = Field(None, description="source; by default all")
    origin_year: OriginYear = None
    amount_vnd: AmountVnd | None = Field(
        None, description="amount in whole đồng, of one line; by default all that is left of it"
    )
    to_unit: Code = Field(description="code of the unit that takes it over")

    def to_line(self, ordinal: int) -> SuccessionLine:
        """Return the line that is requested at this place of the body."""
        stated_fields = self.model_fields_set
        return SuccessionLine(
            ordinal=ordinal,
            unit=self.unit,
            to_unit=self.to_unit,
            unit_since=self.unit_since,
            origin_year=self.origin_year,
            amount_vnd=self.amount_vnd,
            narrowed_by={
                name: getattr(self, name)
                for name in LINE_FIELDS
                if name in stated_fields and (name == "component" or getattr(self, name) is not None)
            },
        )


class SuccessionsIn(PartialModel):
    """Money that passes from units that ended to the units that answer."""

    model_config = body_config({"decision": EXAMPLE_DECISION, "lines": [LINE_EXAMPLE]})

    rows: ClassVar[str | None] = "lines"
    unread: ClassVar[Mapping[str, Any]] = {"decision": EXAMPLE_DECISION, "proposed": False}

    decision: DecisionIO = Field(description="the decision by which it passes on")
    effective_on: IsoDate | None = Field(
        None,
        description="day from which the other unit answers; by default the day after the unit ended, and for money that came back "
        "later that day",
    )
    proposed: bool = Field(
        False, description="true: all that is proposed passes to the proposed units, without `lines`"
    )
    lines: Annotated[list[SuccessionLineIn], Field(max_length=MAX_LINES)] = Field(
        default=[], description="what passes on, and to which unit"
    )
    note: Note | None = Field(None, description="a remark, without names of persons")


def to_request(
    context: RequestContext, batch: uuid.UUID, draft: PartialBody[SuccessionsIn]
) -> SuccessionRequest:
    """Return what a body requests."""
    body = draft.body
    return SuccessionRequest(
        context=context,
        decision=None if "decision" in draft.unread else body.decision.to_decision(),
        effective_on=None if "effective_on" in draft.unread else body.effective_on,
        proposed=body.proposed,
        lines=[line.to_line(ordinal) for ordinal, line in zip(draft.ordinals, body.lines, strict=True)],
        batch=batch,
        note=body.note,
        shape_faults=draft.faults,
        unread=draft.unread,
    )


class SuccessionsOut(ClosingStateOut):
    """The successions that were recorded together."""

    amount_vnd: int = Field(description="what passed on, in đồng")
    entries: list[EntryOut] = Field(description="an entry for each line")

    @classmethod
    def from_entries(cls, entries: Sequence[Entry], territory: Territory, *, closing_overdue: bool) -> Self:
        """Serialize entries."""
        return cls(
            closing_overdue=closing_overdue,
            amount_vnd=sum(entry.amount_vnd for entry in entries),
            entries=[EntryOut.from_entry(entry, territory) for entry in entries],
        )


class WaitingOut(BaseModel):
    """Money of a unit that ended, which waits for a unit that answers."""

    unit: str = Field(description="code of the unit that ended")
    unit_name: str = Field(description="its name")
    unit_kind: str = Field(description="its Vietnamese type without accents")
    unit_since: date = Field(description="first day on which the code meant its land")
    ended_on: date = Field(description="its last day")
    age_days: int = Field(description="days since then")
    year: int = Field(description="budget year")
    program: str = Field(description="rural, poverty or ethnic")
    component: str | None = Field(description="component; null: the program as a whole")
    capital: Capital = Field(description="investment or recurrent")
    source: str = Field(description="source of the money")
    origin_year: int = Field(description="year of origin of the money")
    left_vnd: int = Field(description="neither paid, returned nor carried over, in đồng")
    reserved_vnd: int = Field(description="committed part of it, in đồng")
    proposed_unit: str | None = Field(
        description="code of the unit that the whole land went to; null: the province has to name one"
    )
    answering_units: list[str] = Field(
        description="codes of the units in which its land lies: the unit that takes over is one of them or below"
    )

    @classmethod
    def from_waiting_lot(cls, waiting_lot: WaitingLot, today: date) -> Self:
        """Serialize money that waits."""
        line, ended = waiting_lot.lot.line, waiting_lot.ended
        return cls(
            **{name: getattr(line, name) for name in (*LINE_FIELDS, "unit", "unit_since")},
            unit_name=ended.unit.full_name,
            unit_kind=ended.unit.kind,
            ended_on=ended.last_day,
            age_days=(today - ended.last_day).days,
            origin_year=waiting_lot.lot.origin_year,
            left_vnd=waiting_lot.balance.left_vnd,
            reserved_vnd=waiting_lot.balance.reserved_vnd,
            proposed_unit=ended.proposed.code if ended.proposed else None,
            answering_units=[unit.code for unit in ended.counterparts],
        )


class AllWaitingOut(ClosingStateOut):
    """All money of units that ended."""

    on: date = Field(description="day on which the units no longer exist")
    left_vnd: int = Field(description="sum of what waits, in đồng")
    proposed_vnd: int = Field(description="the part for which a unit is proposed, in đồng")
    items: list[WaitingOut] = Field(description="what waits, by budget year, year of origin and lot")
