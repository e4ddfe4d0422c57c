"""How evidence is kept and found. Flushes, never commits."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Row, select, text, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.reporting.models import EvidenceFile, EvidenceSender, Report

Kept = Row[str, str, int, datetime]
"""A file without its bytes: hash, media type, size and when it was kept."""


async def keep(
    session: AsyncSession, sha256: str, *, media_type: str, content: bytes, by: str, at: datetime
) -> bool:
    """Keep a file unless it is kept already, and that this client sent it; tell whether it is new."""
    kept = await session.execute(
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
    if kept.first() is not None:
        return True
    if by not in await senders(session, sha256):
        again = insert(EvidenceSender).values(sha256=sha256, client_id=by, sent_at=at)
        await session.execute(again.on_conflict_do_nothing())
    return False


async def described(session: AsyncSession, sha256: str) -> Kept:
    """Give what is known of a file that is kept, without its bytes."""
    columns = EvidenceFile.sha256, EvidenceFile.media_type, EvidenceFile.size_bytes, EvidenceFile.kept_at
    return (await session.execute(select(*columns).where(EvidenceFile.sha256 == sha256))).one()


async def whole(session: AsyncSession, sha256: str) -> EvidenceFile:
    """Give a file that is kept."""
    return await session.get_one(EvidenceFile, sha256)


async def senders(session: AsyncSession, sha256: str) -> frozenset[str]:
    """Give the clients that sent a file, first or again; none where there is no such file."""
    found = await session.scalars(
        union(
            select(EvidenceFile.client_id).where(EvidenceFile.sha256 == sha256),
            select(EvidenceSender.client_id).where(EvidenceSender.sha256 == sha256),
        )
    )
    return frozenset(found)


async def named_by(session: AsyncSession, sha256: str, clients: Collection[str]) -> list[tuple[str, str]]:
    """Give the units and periods of the reports of some clients that name a file."""
    found = await session.execute(
        select(Report.unit, Report.period)
        .where(
            text("evidence <> '[]'::jsonb"),  # as the index says it
            Report.evidence.contains([{"sha256": sha256}]),
            Report.client_id.in_(clients),
        )
        .distinct()
    )
    return [(unit, period) for unit, period in found]
