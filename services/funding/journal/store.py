"""Reading of the journal, and insertion of its blocks. Blocks are only added."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Select, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.ledger_rows import to_entry_row
from services.funding.entries.sql import ENTRY_COLUMNS, KEY_COLUMNS
from services.funding.entries.store import load_postings, select_entries
from services.funding.journal.rules import Block, fingerprint
from services.funding.ledger import AMOUNT_NAMES, Entry
from services.funding.models import BLOCKS, ENTRIES

TRY_LOCK_JOURNAL = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '/journal', 0))"
)
LATER_COLUMNS = frozenset(
    {
        "distinct_from",
        "distinct_reason",
        "replaces",
        "replaces_reason",
        "reopening_number",
        "reopening_date",
        "voucher_kind",
        "voucher_year",
        "voucher_date",
        "voucher_line_no",
        "against",
    }
)
"""Columns that entries got after blocks had been sealed without them. Where they are empty, fingerprints leave them out."""
LATER_MEASURES = frozenset(
    {
        "recovered_vnd", "remittable_vnd", "remitted_vnd", "confirmed_recovered_vnd", "confirmed_remittable_vnd",
        "confirmed_remitted_vnd", "succeeded_in_vnd", "succeeded_out_vnd",
    }
)  # fmt: skip
"""Measures that postings got later; fingerprints leave them out where they are zero."""
BLOCK_COLUMNS = tuple(field.name for field in fields(Block))


async def try_lock_journal(session: AsyncSession) -> bool:
    """Whether this transaction may seal; not while another process does."""
    locked: bool = (await session.execute(TRY_LOCK_JOURNAL)).scalar_one()
    return locked


async def read_entries_after(
    session: AsyncSession, sequence: int, limit: int, *, until: int | None = None
) -> list[Entry]:
    """Return entries in commit order. No entry can appear later before one that is visible."""
    query = select_entries().where(ENTRIES.c.sequence > sequence)
    if until is not None:
        query = query.where(ENTRIES.c.sequence <= until)
    rows = (await session.execute(query.order_by(ENTRIES.c.sequence).limit(limit))).all()
    return await load_postings(session, rows) if rows else []


async def find_last_block(session: AsyncSession) -> Block | None:
    """Return the head of the chain; None where nothing was sealed."""
    query = _select_blocks().order_by(BLOCKS.c.height.desc()).limit(1)
    row = (await session.execute(query)).one_or_none()
    return Block(*row) if row else None


async def read_blocks_after(session: AsyncSession, height: int, limit: int) -> list[Block]:
    """Return the blocks above a height, in their order."""
    query = _select_blocks().where(BLOCKS.c.height > height).order_by(BLOCKS.c.height).limit(limit)
    return [Block(*row) for row in await session.execute(query)]


async def read_blocks_between(session: AsyncSession, first_sequence: int, last_sequence: int) -> list[Block]:
    """Return the blocks that seal the entries from one sequence to another."""
    query = _select_blocks().where(
        BLOCKS.c.last_sequence >= first_sequence, BLOCKS.c.first_sequence <= last_sequence
    )
    return [Block(*row) for row in await session.execute(query.order_by(BLOCKS.c.height))]


async def insert_block(session: AsyncSession, block: Block) -> None:
    """Insert a block."""
    await session.execute(insert(BLOCKS).values(asdict(block)))


def fingerprint_entries(entries: Sequence[Entry]) -> list[str]:
    """Return the fingerprints of entries with their postings, as they are stored."""
    return [fingerprint(_to_document(entry)) for entry in entries]


def list_sequences(entries: Sequence[Entry]) -> list[int]:
    """Return the sequences of recorded entries."""
    return [entry.sequence for entry in entries if entry.sequence is not None]


def _to_document(entry: Entry) -> dict[str, Any]:
    columns = zip(ENTRY_COLUMNS, to_entry_row(entry, entry.recorded_at), strict=True)
    row = {
        name: value
        for name, value in columns
        if name not in KEY_COLUMNS and (value is not None or name not in LATER_COLUMNS)
    }
    postings = [
        {
            **posting.lot.line.to_dict(),
            "unit_since": posting.lot.line.unit_since,
            "origin_year": posting.lot.origin_year,
            **{
                name: amount
                for name, amount in zip(AMOUNT_NAMES, posting.change.to_values(), strict=True)
                if amount or name not in LATER_MEASURES
            },
        }
        for posting in entry.postings
    ]
    return {**row, "sequence": entry.sequence, "postings": sorted(postings, key=str)}


def _select_blocks() -> Select[Any]:
    return select(*(BLOCKS.c[name] for name in BLOCK_COLUMNS))
