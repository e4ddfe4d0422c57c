"""The route of decisions that other services name."""

import datetime as dt
import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, TypeAdapter

from services.oversight.citations.rules import CitedDecision, DecisionMatch, match_documents
from services.oversight.citations.store import read_cited_decisions, read_numbered_documents
from services.oversight.context import PublicRecordContext
from services.oversight.documents.store import PATH
from services.oversight.records.schemas import make_key
from shared.kit.paging import Page, Paging, paged_by
from shared.kit.transactions import TransactionRoute

NEWEST_FIRST = TypeAdapter(tuple[int, str])
"""The key of the list: the negative number of the day, and the canonical number with the day."""

router = APIRouter(prefix=PATH, tags=["documents"], route_class=TransactionRoute)


class CitationOut(BaseModel):
    """What names a decision."""

    service: str = Field(description="the service that names it: rural, poverty, ethnic, funding")
    event: str = Field(description="type of its event: unit.recognized, allocation.recorded …")
    subject: str = Field(description="the first thing that names it, as the path below /v1/{service}/")


class CitedDecisionOut(BaseModel):
    """A decision that other services name, and the documents that it is."""

    number: str = Field(description="its number")
    decided_on: dt.date | None = Field(description="its date; null where the service names none")
    recorded: bool = Field(description="whether a document with this number and date is recorded here")
    documents: list[uuid.UUID] = Field(description="ids of the documents with this number and date")
    documents_of_other_date: list[uuid.UUID] = Field(
        description="ids of documents with this number and another date"
    )
    cited_by: list[CitationOut] = Field(description="what names it")


CitedDecisionsPage = Page[CitedDecisionOut]


@router.get("/cited", summary="List decisions that other services name")
async def list_cited_decisions(
    *,
    context: PublicRecordContext,
    service: Annotated[
        Literal["rural", "poverty", "ethnic", "funding"] | None,
        Query(description="only those that this service names"),
    ] = None,
    number: Annotated[
        str | None, Query(max_length=100, description="only this number, however it is typed")
    ] = None,
    recorded: Annotated[
        bool | None, Query(description="only those that are recorded here as documents, or only others")
    ] = None,
    paging: Annotated[Paging, paged_by(100)],
) -> CitedDecisionsPage:
    """List the decisions that recognitions, lists, targets and ledger entries name, with the documents that they are.

    They are received by the change feeds of the services (`GET /v1/oversight/following`); `recorded=false` lists those that no
    document here has. The newest date first.
    """
    decisions = await read_cited_decisions(context.session, service)
    documents = await read_numbered_documents(context.session)
    key = None if number is None else make_key(number)
    matched = [
        _serialize(decision, match_documents(decision, documents))
        for decision in decisions
        if key in {None, decision.key}
    ]
    rows = [row for row in matched if recorded in {None, row.recorded}]
    items, following = paging.slice(rows, key=_to_sort_key, adapter=NEWEST_FIRST)
    return CitedDecisionsPage(items=items, next=following)


def _to_sort_key(row: CitedDecisionOut) -> tuple[int, str]:
    day = row.decided_on
    return (-day.toordinal() if day else 0, make_key(row.number))


def _serialize(decision: CitedDecision, match: DecisionMatch) -> CitedDecisionOut:
    return CitedDecisionOut(
        number=decision.number,
        decided_on=decision.decided_on,
        recorded=bool(match.same),
        documents=list(match.same),
        documents_of_other_date=list(match.other_date),
        cited_by=[
            CitationOut(service=citation.service, event=citation.event, subject=citation.subject)
            for citation in decision.citations
        ],
    )
