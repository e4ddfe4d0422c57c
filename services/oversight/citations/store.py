"""Queries of the decisions that other services name. Flushes, never commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.citations.rules import Citation, CitedDecision, NamedDecision, NumberedDocument
from services.oversight.documents.store import read_documents
from services.oversight.models import DecisionCitation
from services.oversight.records.schemas import make_key
from shared.kit.feed_consumer.client import ReceivedEvent
from shared.kit.ids import uuid7


async def insert_citations(
    session: AsyncSession,
    service: str,
    received: ReceivedEvent,
    decisions: Sequence[NamedDecision],
    at: datetime,
) -> None:
    """Insert the decisions that an event names, unless an earlier event of its type named them."""
    if not decisions:
        return
    rows = [
        {
            "id": uuid7(at),
            "service": service,
            "event": received.type,
            "key": make_key(decision.number),
            "number": decision.number,
            "decided_on": decision.decided_on,
            "subject": received.subject,
            "recorded_at": at,
        }
        for decision in decisions
    ]
    await session.execute(insert(DecisionCitation).values(rows).on_conflict_do_nothing())


async def read_cited_decisions(session: AsyncSession, service: str | None) -> list[CitedDecision]:
    """Return the decisions that services name, or that one names, each once. One statement."""
    query = select(DecisionCitation).order_by(DecisionCitation.recorded_at, DecisionCitation.id)
    if service is not None:
        query = query.where(DecisionCitation.service == service)
    rows: dict[tuple[str, object], list[DecisionCitation]] = {}
    for row in await session.scalars(query):
        rows.setdefault((row.key, row.decided_on), []).append(row)
    return [
        CitedDecision(
            key=same[0].key,
            number=same[0].number,
            decided_on=same[0].decided_on,
            citations=tuple(Citation(row.service, row.event, row.subject) for row in same),
        )
        for same in rows.values()
    ]


async def read_numbered_documents(session: AsyncSession) -> dict[str, list[NumberedDocument]]:
    """Return all documents by the canonical form of their number. One statement."""
    documents: dict[str, list[NumberedDocument]] = {}
    for document in await read_documents(session):
        key = make_key(document.number)
        documents.setdefault(key, []).append(NumberedDocument(document.id, key, document.signed_on))
    return documents
