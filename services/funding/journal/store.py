"""How the journal is read and its blocks are kept. Blocks are only ever added."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Select, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.statements import ENTRY_COLUMNS, to_entry_row
from services.funding.entries.store import load_postings, select_entries
from services.funding.journal.rules import Block, fingerprint
from services.funding.ledger import MEASURES, Entry
from services.funding.models import BLOCKS, ENTRIES

ONE_SEALER = text("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '/journal', 0))")
COLUMNS = tuple(each.name for each in fields(Block))


async def may_seal(session: AsyncSession) -> bool:
    """Tell whether this transaction is the one that seals; another process may be at it."""
    allowed: bool = (await session.execute(ONE_SEALER)).scalar_one()
    return allowed


async def entries_after(
    session: AsyncSession, sequence: int, limit: int, *, until: int | None = None
) -> list[Entry]:
    """Read entries in commit order. What is visible has no gap before it that could fill later."""
    query = select_entries().where(ENTRIES.c.sequence > sequence)
    if until is not None:
        query = query.where(ENTRIES.c.sequence <= until)
    rows = (await session.execute(query.order_by(ENTRIES.c.sequence).limit(limit))).all()
    return await load_postings(session, rows) if rows else []


async def last_block(session: AsyncSession) -> Block | None:
    """Find the head of the chain."""
    row = (await session.execute(_blocks().order_by(BLOCKS.c.height.desc()).limit(1))).one_or_none()
    return Block(*row) if row else None


async def blocks_after(session: AsyncSession, height: int, limit: int) -> list[Block]:
    """Read blocks in their order."""
    query = _blocks().where(BLOCKS.c.height > height).order_by(BLOCKS.c.height).limit(limit)
    return [Block(*row) for row in await session.execute(query)]


async def blocks_of(session: AsyncSession, first_sequence: int, last_sequence: int) -> list[Block]:
    """Read the blocks that cover a stretch of the journal."""
    covers = (BLOCKS.c.last_sequence >= first_sequence, BLOCKS.c.first_sequence <= last_sequence)
    return [Block(*row) for row in await session.execute(_blocks().where(*covers).order_by(BLOCKS.c.height))]


async def keep(session: AsyncSession, block: Block) -> None:
    """Add a block."""
    await session.execute(insert(BLOCKS).values(asdict(block)))


def fingerprints(entries: Sequence[Entry]) -> list[str]:
    """Fingerprint entries with their postings, as they are kept."""
    return [fingerprint(_said(each)) for each in entries]


def sequences(entries: Sequence[Entry]) -> list[int]:
    """Give their places in the ledger."""
    return [each.sequence for each in entries if each.sequence is not None]


def _said(entry: Entry) -> dict[str, Any]:
    postings = [
        {
            **each.lot.line.to_dict(),
            "unit_since": each.lot.line.unit_since,
            "origin_year": each.lot.origin_year,
            **dict(zip(MEASURES, each.change.to_values(), strict=True)),
        }
        for each in entry.postings
    ]
    return {
        **dict(zip(ENTRY_COLUMNS, to_entry_row(entry, entry.recorded_at), strict=True)),
        "sequence": entry.sequence,
        "postings": sorted(postings, key=str),
    }


def _blocks() -> Select[Any]:
    return select(*(BLOCKS.c[name] for name in COLUMNS))
