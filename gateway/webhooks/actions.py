"""Use cases of subscriptions: subscribe, pause, resume, replay, rotate the secret, ask for a test, end."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, insert_audit_row
from gateway.models import WebhookRow, WebhookSecretRow
from gateway.webhooks.rules import (
    CLIENT_DISABLED,
    MAX_WEBHOOKS,
    PAUSED_BY_CLIENT,
    TooManyWebhooks,
    WebhookClientUnknown,
    WebhookEnded,
    WebhookTestWaiting,
    WebhookUnknown,
)
from gateway.webhooks.schemas import WebhookIn
from gateway.webhooks.secrets import generate_secret, seal_secret
from gateway.webhooks.store import (
    count_webhooks,
    find_live_webhook_secrets,
    find_webhook,
    replace_positions,
)
from shared.kit.database import UnitOfWork
from shared.kit.ids import uuid7


async def subscribe(
    unit_of_work: UnitOfWork, pepper: Pepper, body: WebhookIn, positions: Mapping[str, int]
) -> tuple[WebhookRow, str]:
    """Insert a subscription with its first secret; return it and the sealed secret.

    Raises `WebhookClientUnknown` and `TooManyWebhooks`.
    """
    session, now, client_id = unit_of_work.session, unit_of_work.now, unit_of_work.caller.client_id
    if await find_client(session, client_id, for_update=True) is None:
        raise WebhookClientUnknown(client_id=client_id[:63])
    if await count_webhooks(session, client_id) >= MAX_WEBHOOKS:
        raise TooManyWebhooks(limit=MAX_WEBHOOKS)
    row = WebhookRow(
        id=uuid7(now),
        client_id=client_id,
        url=body.url,
        description=body.description,
        services=sorted(positions),
        types=body.short_types,
        unit=body.unit,
        created_at=now,
        failures=0,
        delivered=0,
    )
    session.add(row)
    await session.flush()
    await replace_positions(session, row.id, positions)
    sealed = await _insert_secret(session, pepper, row.id, now)
    await session.refresh(row)
    await audit(session, row, "webhook.created", actor=client_id, now=now)
    return row, sealed


async def lock_own_webhook(unit_of_work: UnitOfWork, webhook_id: UUID) -> WebhookRow:
    """Lock a subscription of the caller that has not ended. Raises `WebhookUnknown` and `WebhookEnded`."""
    row = await find_webhook(unit_of_work.session, webhook_id, for_update=True)
    if row is None or row.client_id != unit_of_work.caller.client_id:
        raise WebhookUnknown(webhook=str(webhook_id))
    if row.ended_at is not None:
        raise WebhookEnded(webhook=str(webhook_id))
    return row


async def pause(unit_of_work: UnitOfWork, row: WebhookRow) -> None:
    """Send nothing until the subscription is resumed."""
    if row.paused_at is None:
        row.paused_at, row.pause_reason = unit_of_work.now, PAUSED_BY_CLIENT
        await _flush_with_audit(unit_of_work, row, "webhook.paused")


async def resume(unit_of_work: UnitOfWork, row: WebhookRow) -> None:
    """Deliver again, from where it was; what failed is tried at once."""
    if row.paused_at is not None or row.failures:
        _forget_failures(row)
        row.paused_at = row.pause_reason = None
        await _flush_with_audit(unit_of_work, row, "webhook.resumed")


async def replay(unit_of_work: UnitOfWork, row: WebhookRow, positions: Mapping[str, int]) -> None:
    """Deliver from positions on, again; a subscription that is paused stays so, but for a client that was disabled."""
    later = {service: positions.get(service, 0) for service in row.services}
    await replace_positions(unit_of_work.session, row.id, later)
    _forget_failures(row)
    if row.pause_reason not in {None, PAUSED_BY_CLIENT, CLIENT_DISABLED}:
        row.paused_at = row.pause_reason = None
    await _flush_with_audit(unit_of_work, row, "webhook.replayed")


async def rotate_webhook_secret(
    unit_of_work: UnitOfWork, pepper: Pepper, row: WebhookRow, *, overlap: timedelta
) -> str:
    """Insert a new secret and return it sealed; deliveries are signed with the newest earlier one too until the overlap ends."""
    session, now = unit_of_work.session, unit_of_work.now
    for index, earlier in enumerate(await find_live_webhook_secrets(session, row.id, now)):
        ends_at = now + overlap if index == 0 else now
        if earlier.expires_at is None or earlier.expires_at > ends_at:
            earlier.expires_at = ends_at
    sealed = await _insert_secret(session, pepper, row.id, now)
    await _flush_with_audit(unit_of_work, row, "webhook.secret_rotated")
    return sealed


async def request_test(unit_of_work: UnitOfWork, row: WebhookRow) -> None:
    """Let a test event be sent before everything else. Raises `WebhookTestWaiting`."""
    if row.test_id is not None:
        raise WebhookTestWaiting
    row.test_id = uuid4()
    await _flush_with_audit(unit_of_work, row, "webhook.test_requested")


async def end(unit_of_work: UnitOfWork, row: WebhookRow) -> None:
    """End a subscription: nothing more is sent, and its secrets are no longer used."""
    for secret in await find_live_webhook_secrets(unit_of_work.session, row.id, unit_of_work.now):
        secret.expires_at = unit_of_work.now
    row.ended_at, row.test_id = unit_of_work.now, None
    await _flush_with_audit(unit_of_work, row, "webhook.ended")


async def audit(session: AsyncSession, row: WebhookRow, act: str, *, actor: str, now: datetime) -> None:
    """Insert an entry of the audit about a subscription."""
    facts = {} if row.pause_reason is None else {"reason": row.pause_reason}
    await insert_audit_row(
        session, at=now, actor=actor, act=act, subject=str(row.id), client=row.client_id, **facts
    )


async def _insert_secret(session: AsyncSession, pepper: Pepper, webhook_id: UUID, now: datetime) -> str:
    sealed = seal_secret(pepper, generate_secret())
    session.add(
        WebhookSecretRow(id=uuid4(), webhook_id=webhook_id, sealed=sealed, created_at=now, expires_at=None)
    )
    await session.flush()
    return sealed


def _forget_failures(row: WebhookRow) -> None:
    row.failures, row.failing_since, row.next_attempt_at, row.last_error = 0, None, None, None


async def _flush_with_audit(unit_of_work: UnitOfWork, row: WebhookRow, act: str) -> None:
    session = unit_of_work.session
    await session.flush()
    await session.refresh(row)
    await audit(session, row, act, actor=unit_of_work.caller.client_id, now=unit_of_work.now)
