"""What was revoked before its end: single tokens by their `jti`, all tokens of a client by the `grant_id` of its grant.

The ids are random, so that the published list names nobody. An entry is kept until every token that it ends has expired.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.models import RevocationRow

LONGEST_TOKEN = timedelta(hours=2)
"""Longer than any token of the gateway is valid, the leeway of the clocks included."""


async def select_revoked(session: AsyncSession, now: datetime) -> frozenset[str]:
    """Return the ids of tokens and grants whose tokens may not have expired yet."""
    return frozenset(await session.scalars(select(RevocationRow.id).where(RevocationRow.expires_at > now)))


async def insert_revocation(
    session: AsyncSession, revoked_id: str, *, now: datetime, until: datetime
) -> None:
    """Revoke a token or a grant until an instant, and forget what has expired."""
    await session.execute(delete(RevocationRow).where(RevocationRow.expires_at <= now))
    row = {"id": revoked_id, "revoked_at": now, "expires_at": until}
    await session.execute(insert(RevocationRow).values(row).on_conflict_do_nothing())
