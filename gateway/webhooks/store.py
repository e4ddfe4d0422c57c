"""Queries and inserts of subscriptions. Flushes, never commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.models import WebhookPositionRow, WebhookRow, WebhookSecretRow
from gateway.webhooks.rules import PAUSED_BY_CLIENT


def select_webhooks(client_id: str) -> Select[Any]:
    """Return the query of the subscriptions of a client, newest first."""
    own = select(WebhookRow).where(WebhookRow.client_id == client_id)
    return own.order_by(WebhookRow.created_at.desc(), WebhookRow.id.desc())


async def find_webhook(
    session: AsyncSession, webhook_id: UUID, *, for_update: bool = False
) -> WebhookRow | None:
    """Return a subscription, or None; `for_update` locks its row."""
    return await session.get(
        WebhookRow, webhook_id, with_for_update=for_update or None, populate_existing=True
    )


async def count_webhooks(session: AsyncSession, client_id: str) -> int:
    """Return how many subscriptions of a client have not ended."""
    own = select(func.count()).where(WebhookRow.client_id == client_id, WebhookRow.ended_at.is_(None))
    return (await session.scalar(own)) or 0


async def list_delivered_webhooks(session: AsyncSession) -> Sequence[WebhookRow]:
    """Return the subscriptions that are neither paused nor ended."""
    query = select(WebhookRow).where(WebhookRow.ended_at.is_(None), WebhookRow.paused_at.is_(None))
    return (await session.scalars(query.order_by(WebhookRow.id))).all()


async def count_paused_webhooks(session: AsyncSession) -> int:
    """Return how many subscriptions are paused for a fault, and not because their client wants so."""
    query = select(func.count()).where(
        WebhookRow.ended_at.is_(None),
        WebhookRow.paused_at.is_not(None),
        WebhookRow.pause_reason != PAUSED_BY_CLIENT,
    )
    return (await session.scalar(query)) or 0


async def read_positions(session: AsyncSession, webhook_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Return the position in each feed, by subscription."""
    query = select(WebhookPositionRow).where(WebhookPositionRow.webhook_id.in_(webhook_ids))
    positions: dict[UUID, dict[str, int]] = {webhook_id: {} for webhook_id in webhook_ids}
    for row in await session.scalars(query):
        positions[row.webhook_id][row.service] = row.sequence
    return positions


async def replace_positions(session: AsyncSession, webhook_id: UUID, positions: Mapping[str, int]) -> None:
    """Set the positions of a subscription."""
    for service, sequence in positions.items():
        row = {"webhook_id": webhook_id, "service": service, "sequence": sequence}
        statement = insert(WebhookPositionRow).values(row)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["webhook_id", "service"], set_={"sequence": sequence}
            )
        )


async def advance_position(
    session: AsyncSession, webhook_id: UUID, service: str, *, before: int, after: int
) -> bool:
    """Set a position that is still the one of before; return whether it was."""
    statement = (
        update(WebhookPositionRow)
        .where(
            WebhookPositionRow.webhook_id == webhook_id,
            WebhookPositionRow.service == service,
            WebhookPositionRow.sequence == before,
        )
        .values(sequence=after)
        .returning(WebhookPositionRow.sequence)
    )
    return (await session.scalar(statement)) is not None


async def find_live_webhook_secrets(
    session: AsyncSession, webhook_id: UUID, now: datetime
) -> Sequence[WebhookSecretRow]:
    """Return the secrets of a subscription that have not expired, newest first."""
    not_expired = or_(WebhookSecretRow.expires_at.is_(None), WebhookSecretRow.expires_at > now)
    query = select(WebhookSecretRow).where(WebhookSecretRow.webhook_id == webhook_id, not_expired)
    return (
        await session.scalars(query.order_by(WebhookSecretRow.created_at.desc(), WebhookSecretRow.id))
    ).all()


async def list_all_live_secrets(session: AsyncSession, now: datetime) -> Sequence[WebhookSecretRow]:
    """Return the secrets of all subscriptions that have not expired."""
    not_expired = or_(WebhookSecretRow.expires_at.is_(None), WebhookSecretRow.expires_at > now)
    return (await session.scalars(select(WebhookSecretRow).where(not_expired))).all()
