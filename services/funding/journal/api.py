"""Where the journal is read."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.funding.entries.response_schemas import EntryOut
from services.funding.journal import store
from shared.kit.paging import MAX_PAGE
from shared.kit.transactions import TransactionRoute
from shared.roles import ReaderUnit

router = APIRouter(tags=["ledger"], route_class=TransactionRoute)

AtMost = Annotated[int, Query(ge=1, le=MAX_PAGE, description="how many at most")]


class JournalEntryOut(BaseModel):
    """An entry in its place in the journal."""

    sequence: int = Field(description="its place in the ledger, in commit order")
    fingerprint: str = Field(description="SHA-256 of the entry and its postings as they are kept")
    block: int | None = Field(description="height of the block that it is sealed in; null until it is sealed")
    entry: EntryOut = Field(description="the entry")


class JournalOut(BaseModel):
    """A stretch of the journal, oldest first."""

    items: list[JournalEntryOut] = Field(description="entries in commit order")
    next: int = Field(description="hand back as `after` to continue; the same as `after` when nothing is new")
    more: bool = Field(description="whether more was there already")


class BlockOut(BaseModel):
    """A sealed stretch of the journal."""

    model_config = ConfigDict(from_attributes=True)

    height: int = Field(description="its place in the chain, from 1")
    first_sequence: int = Field(description="sequence of its first entry")
    last_sequence: int = Field(description="sequence of its last entry")
    entries: int = Field(description="how many entries it seals")
    sealed_at: datetime = Field(description="instant of the sealing")
    previous_hash: str = Field(description="hash of the block before it")
    hash: str = Field(description="SHA-256 over all that; note it to prove later that nothing was changed")


class BlocksOut(BaseModel):
    """Blocks in their order."""

    items: list[BlockOut] = Field(description="blocks")
    next: int = Field(description="hand back as `after` to continue")


@router.get("/journal", summary="Read the journal")
async def read_journal(
    *,
    unit: ReaderUnit,
    after: Annotated[
        int, Query(ge=0, lt=2**63, description="sequence of the last entry seen; 0 from the start")
    ] = 0,
    limit: AtMost = 200,
) -> JournalOut:
    """Read entries in exact commit order, each with its fingerprint and the block that it is sealed in."""
    found = await store.entries_after(unit.session, after, limit + 1)
    shown = found[:limit]
    sequences = store.sequences(shown)
    blocks = await store.blocks_of(unit.session, sequences[0], sequences[-1]) if shown else []
    items = [
        JournalEntryOut(
            sequence=sequence,
            fingerprint=fingerprint,
            block=next(
                (it.height for it in blocks if it.first_sequence <= sequence <= it.last_sequence), None
            ),
            entry=EntryOut.from_entry(entry),
        )
        for sequence, fingerprint, entry in zip(sequences, store.fingerprints(shown), shown, strict=True)
    ]
    return JournalOut(items=items, next=sequences[-1] if shown else after, more=len(found) > limit)


@router.get("/journal/blocks", summary="Read the blocks of the journal")
async def read_blocks(
    *,
    unit: ReaderUnit,
    after: Annotated[int, Query(ge=0, lt=2**63, description="height of the last block seen")] = 0,
    limit: AtMost = 200,
) -> BlocksOut:
    """Read the chain of blocks: each names the hash of the one before it."""
    found = await store.blocks_after(unit.session, after, limit)
    return BlocksOut(
        items=[BlockOut.model_validate(each) for each in found], next=found[-1].height if found else after
    )
