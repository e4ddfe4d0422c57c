"""How entries are fingerprinted and sealed into a chain. Pure: the same words give the same hash on every machine."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

GENESIS = "0" * 64
"""What stands for the hash before the first block."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the journal under one hash."""

    height: int
    first_sequence: int
    last_sequence: int
    entries: int
    sealed_at: datetime
    previous_hash: str
    hash: str


def fingerprint(said: Mapping[str, Any]) -> str:
    """Give the SHA-256 of what an entry says, its postings included; what has no JSON form is said as text."""
    words = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(words.encode()).hexdigest()


def seal(
    previous: Block | None, sequences: Sequence[int], fingerprints: Sequence[str], at: datetime
) -> Block:
    """Seal the entries that follow a block."""
    height, previous_hash = (previous.height + 1, previous.hash) if previous else (1, GENESIS)
    return Block(
        height,
        sequences[0],
        sequences[-1],
        len(sequences),
        at,
        previous_hash,
        _hash(height, previous_hash, sequences, fingerprints, at),
    )


def faults_of(
    block: Block, previous: Block | None, sequences: Sequence[int], fingerprints: Sequence[str]
) -> list[str]:
    """Tell what is wrong with a block, given the entries that are there now."""
    faults = []
    height, previous_hash = (previous.height + 1, previous.hash) if previous else (1, GENESIS)
    if block.height != height:
        faults.append(f"block {height} is missing")
    if block.previous_hash != previous_hash:
        faults.append(f"block {block.height} does not follow the block before it")
    if len(sequences) != block.entries:
        faults.append(f"block {block.height} sealed {block.entries} entries and {len(sequences)} are there")
    if (
        _hash(block.height, block.previous_hash, sequences, fingerprints, block.sealed_at) != block.hash
        or sequences[:1] != [block.first_sequence]
        or sequences[-1:] != [block.last_sequence]
    ):
        faults.append(f"block {block.height}: its entries are not those that were sealed")
    return faults


def _hash(
    height: int, previous_hash: str, sequences: Sequence[int], fingerprints: Sequence[str], at: datetime
) -> str:
    words = hashlib.sha256(f"{height}\n{previous_hash}\n{at.isoformat()}\n".encode())
    for sequence, each in zip(sequences, fingerprints, strict=True):
        words.update(f"{sequence} {each}\n".encode())
    return words.hexdigest()
