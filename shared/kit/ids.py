"""Identifiers that sort by time, so that rows of the same time are stored together."""

import uuid
from datetime import datetime


def uuid7(at: datetime) -> uuid.UUID:
    """Return a time-ordered UUID (RFC 9562, version 7)."""
    milliseconds = int(at.timestamp() * 1000) & (1 << 48) - 1
    random = uuid.uuid4().int
    number = (
        milliseconds << 80 | 0x7 << 76 | (random >> 64 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )
    return uuid.UUID(int=number)
