"""The routes that read the journal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.funding.entries.response_schemas import EntryOut
from services.funding.journal import store
from services.funding.journal.rules import Block
from shared.kit.paging import MAX_PAGE
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.roles import ReaderUnitOfWork
from shared.territory.tree import Territory

router = APIRouter(tags=["ledger"], route_class=TransactionRoute)

JournalLimit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="how many at most")]


class JournalEntryOut(BaseModel):
    """An entry of the journal."""

    sequence: int = Field(description="its position in the ledger, in commit order")
    fingerprint: str = Field(description="SHA-256 of the entry and its postings as they are stored")
    block: int | None = Field(description="height of the block that seals it; null until it is sealed")
    entry: EntryOut = Field(description="the entry")


class JournalOut(BaseModel):
    """Consecutive entries of the journal, oldest first."""

    items: list[JournalEntryOut] = Field(description="entries in commit order")
    next: int = Field(description="pass as `after` to continue; the same as `after` where nothing is new")
    more: bool = Field(description="whether there were more entries")


class BlockOut(BaseModel):
    """Consecutive entries of the journal under one hash."""

    model_config = ConfigDict(from_attributes=True)

    height: int = Field(description="its position in the chain, from 1")
    first_sequence: int = Field(description="sequence of its first entry")
    last_sequence: int = Field(description="sequence of its last entry")
    entries: int = Field(description="number of entries")
    sealed_at: datetime = Field(description="instant of the sealing")
    previous_hash: str = Field(description="hash of the block before it")
    hash: str = Field(
        description="SHA-256 of all that; noted elsewhere, it proves later that nothing was changed"
    )


class BlocksOut(BaseModel):
    """Blocks in their order."""

    items: list[BlockOut] = Field(description="blocks")
    next: int = Field(description="pass as `after` to continue")


@router.get("/journal", summary="Read the journal")
async def read_journal(
    *,
    unit_of_work: ReaderUnitOfWork,
    territory: Annotated[Territory, Depends(resource(Territory))],
    after: Annotated[
        int, Query(ge=0, lt=2**63, description="sequence of the last entry seen; 0 from the start")
    ] = 0,
    limit: JournalLimit = 200,
) -> JournalOut:
    """Read entries in exact commit order, each with its fingerprint and the block that seals it."""
    entries = await store.read_entries_after(unit_of_work.session, after, limit + 1)
    shown = entries[:limit]
    sequences = store.list_sequences(shown)
    blocks = (
        await store.read_blocks_between(unit_of_work.session, sequences[0], sequences[-1]) if shown else []
    )
    items = [
        JournalEntryOut(
            sequence=sequence,
            fingerprint=fingerprint,
            block=_find_height(blocks, sequence),
            entry=EntryOut.from_entry(entry, territory),
        )
        for sequence, fingerprint, entry in zip(
            sequences, store.fingerprint_entries(shown), shown, strict=True
        )
    ]
    return JournalOut(items=items, next=sequences[-1] if shown else after, more=len(entries) > limit)


@router.get("/journal/blocks", summary="Read the blocks of the journal")
async def read_blocks(
    *,
    unit_of_work: ReaderUnitOfWork,
    after: Annotated[int, Query(ge=0, lt=2**63, description="height of the last block seen")] = 0,
    limit: JournalLimit = 200,
) -> BlocksOut:
    """Read the chain of blocks; each has the hash of the one before it."""
    blocks = await store.read_blocks_after(unit_of_work.session, after, limit)
    return BlocksOut(
        items=[BlockOut.model_validate(block) for block in blocks],
        next=blocks[-1].height if blocks else after,
    )


def _find_height(blocks: Sequence[Block], sequence: int) -> int | None:
    """Return the height of the block that seals an entry."""
    for block in blocks:
        if block.first_sequence <= sequence <= block.last_sequence:
            return block.height
    return None
