"""Fingerprints of entries, and the chain of blocks that seals them. Pure: equal entries give equal hashes on every machine."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

GENESIS = "0" * 64
"""The previous hash of the first block."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive entries of the journal under one hash."""

    height: int
    first_sequence: int
    last_sequence: int
    entries: int
    sealed_at: datetime
    previous_hash: str
    hash: str


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an entry with its postings; a value without a JSON form is hashed as its text."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def seal(
    previous: Block | None, sequences: Sequence[int], fingerprints: Sequence[str], sealed_at: datetime
) -> Block:
    """Return the block that seals the entries after another block."""
    height, previous_hash = (previous.height + 1, previous.hash) if previous else (1, GENESIS)
    return Block(
        height,
        sequences[0],
        sequences[-1],
        len(sequences),
        sealed_at,
        previous_hash,
        _hash(height, previous_hash, sequences, fingerprints, sealed_at),
    )


def find_faults(
    block: Block, previous: Block | None, sequences: Sequence[int], fingerprints: Sequence[str]
) -> list[str]:
    """Return what is wrong with a block, given the entries that are stored now."""
    faults = []
    height, previous_hash = (previous.height + 1, previous.hash) if previous else (1, GENESIS)
    if block.height != height:
        faults.append(f"block {height} is missing")
    if block.previous_hash != previous_hash:
        faults.append(f"block {block.height} does not follow the block before it")
    if len(sequences) != block.entries:
        faults.append(f"block {block.height} sealed {block.entries} entries and {len(sequences)} are stored")
    if (
        _hash(block.height, block.previous_hash, sequences, fingerprints, block.sealed_at) != block.hash
        or sequences[:1] != [block.first_sequence]
        or sequences[-1:] != [block.last_sequence]
    ):
        faults.append(f"block {block.height}: its entries are not those that were sealed")
    return faults


def _hash(
    height: int,
    previous_hash: str,
    sequences: Sequence[int],
    fingerprints: Sequence[str],
    sealed_at: datetime,
) -> str:
    digest = hashlib.sha256(f"{height}\n{previous_hash}\n{sealed_at.isoformat()}\n".encode())
    for sequence, entry_hash in zip(sequences, fingerprints, strict=True):
        digest.update(f"{sequence} {entry_hash}\n".encode())
    return digest.hexdigest()
