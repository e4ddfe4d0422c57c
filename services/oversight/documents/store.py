"""Queries of documents. Flushes, never commits."""

import uuid
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.documents.rules import Demand, DocumentRelation, IssuedDocument
from services.oversight.models import RecordVersion
from services.oversight.records.schemas import make_key
from services.oversight.records.store import ROOT, content_is, is_of_unit, read_records

PATH = f"{ROOT}/documents"


def to_document(row: RecordVersion) -> IssuedDocument:
    """Return the frozen value that the rules use."""
    content = row.content
    expires_on = content.get("expires_on")
    return IssuedDocument(
        id=row.id,
        number=content["number"],
        kind=content["kind"],
        issuer=content["issuer"],
        unit=row.unit,
        land=(row.land, row.land_since),
        signed_on=row.day,
        effective_on=date.fromisoformat(content["effective_on"]) if content.get("effective_on") else row.day,
        expires_on=date.fromisoformat(expires_on) if expires_on else None,
        normative=content["normative"],
        relations=tuple(
            DocumentRelation(relation["kind"], uuid.UUID(relation["document"]))
            for relation in content["relations"]
        ),
        demands=tuple(
            Demand(
                demand["title"],
                demand["owner"],
                demand["unit"],
                date.fromisoformat(demand["due_on"]),
            )
            for demand in content["demands"]
        ),
        fulfils=tuple((uuid.UUID(row["document"]), row["demand"]) for row in content["fulfils"]),
    )


async def read_documents(
    session: AsyncSession, units: Collection[str] | None = None, as_of: datetime | None = None
) -> list[IssuedDocument]:
    """Return all documents of units. One statement."""
    return [to_document(row) for row in await read_records(session, "documents", units, as_of)]


async def read_same_number(session: AsyncSession, document: IssuedDocument) -> list[IssuedDocument]:
    """Return the documents of the same issuer and unit whose number has the same canonical form."""
    rows = await read_records(
        session,
        "documents",
        None,
        None,
        *is_of_unit(document.unit, document.land),
        *content_is("issuer", document.issuer),
    )
    number = make_key(document.number)
    return [to_document(row) for row in rows if make_key(row.content["number"]) == number]
