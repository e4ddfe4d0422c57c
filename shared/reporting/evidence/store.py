"""Queries for evidence files. They flush and never commit."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Row, func, literal, select, text, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.reporting.file_models import EvidenceFile, EvidenceSender
from shared.reporting.models import Report

EvidenceDescription = Row[str, str, int, datetime]
"""A file without its bytes: hash, media type, size and when it was inserted."""


async def lock_used_bytes(session: AsyncSession, client_id: str) -> int:
    """Return how many bytes of files a client has sent first; no other file of it is inserted until the commit."""
    lock = func.hashtextextended(literal(f"evidence {client_id}"), literal(0))
    await session.execute(select(func.pg_advisory_xact_lock(lock)))
    query = select(func.coalesce(func.sum(EvidenceFile.size_bytes), 0)).where(
        EvidenceFile.client_id == client_id
    )
    return int((await session.execute(query)).scalar_one())


async def insert_evidence(
    session: AsyncSession, sha256: str, *, media_type: str, content: bytes, by: str, at: datetime
) -> bool:
    """Insert a file unless it exists, and the client as its sender; return whether the file is new."""
    inserted = await session.execute(
        insert(EvidenceFile)
        .values(
            sha256=sha256,
            media_type=media_type,
            size_bytes=len(content),
            content=content,
            client_id=by,
            kept_at=at,
        )
        .on_conflict_do_nothing()
        .returning(EvidenceFile.sha256)
    )
    if inserted.first() is not None:
        return True
    if by not in await read_senders(session, sha256):
        sender = insert(EvidenceSender).values(sha256=sha256, client_id=by, sent_at=at)
        await session.execute(sender.on_conflict_do_nothing())
    return False


async def read_description(session: AsyncSession, sha256: str) -> EvidenceDescription:
    """Return the row of an existing file without its bytes."""
    columns = EvidenceFile.sha256, EvidenceFile.media_type, EvidenceFile.size_bytes, EvidenceFile.kept_at
    return (await session.execute(select(*columns).where(EvidenceFile.sha256 == sha256))).one()


async def read_file(session: AsyncSession, sha256: str) -> EvidenceFile:
    """Return an existing file with its bytes."""
    return await session.get_one(EvidenceFile, sha256)


async def read_senders(session: AsyncSession, sha256: str) -> frozenset[str]:
    """Return the clients that sent a file; none where there is no such file."""
    clients = await session.scalars(
        union(
            select(EvidenceFile.client_id).where(EvidenceFile.sha256 == sha256),
            select(EvidenceSender.client_id).where(EvidenceSender.sha256 == sha256),
        )
    )
    return frozenset(clients)


async def read_naming_reports(
    session: AsyncSession, sha256: str, clients: Collection[str]
) -> list[tuple[str, str]]:
    """Return unit and period of the reports of some clients that name a file."""
    rows = await session.execute(
        select(Report.unit, Report.period)
        .where(
            text("evidence <> '[]'::jsonb"),  # the condition of the partial index
            Report.evidence.contains([{"sha256": sha256}]),
            Report.client_id.in_(clients),
        )
        .distinct()
    )
    return [(unit, period) for unit, period in rows]
