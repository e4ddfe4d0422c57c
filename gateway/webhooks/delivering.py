"""Deliver what waits for one subscription: in order, one attempt at a time, each result committed before the next attempt.

A lease keeps other processes away; one that was killed leaves it behind, and it ends by itself. What was sent and not yet
committed is sent again with the same id.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.changes.filters import make_change_filter
from gateway.changes.joining import FeedReading
from gateway.changes.rules import TYPE_PREFIX, ChangeDocument, rename_type
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client
from gateway.models import ClientRow, WebhookRow
from gateway.webhooks.actions import audit
from gateway.webhooks.rules import (
    CLIENT_DISABLED,
    FAILED_TOO_LONG,
    FEED_REWOUND,
    GONE,
    SECRET_UNREADABLE,
    find_pause,
    has_failed_too_long,
    make_message_id,
)
from gateway.webhooks.secrets import SecretUnreadable, open_secret
from gateway.webhooks.sending import Attempt, Sender, WebhookMessage
from gateway.webhooks.store import (
    advance_position,
    find_live_webhook_secrets,
    find_webhook,
    read_positions,
)
from shared.kit.clock import Clock
from shared.kit.database import Database
from shared.kit.exact_json import write_json
from shared.territory.tree import Territory

EVENTS_READ = 500
"""Events that are read at once; after them the grants of the client are looked up anew. A disabled one is seen at each event."""
LEASE = timedelta(seconds=60)
"""Longer than an attempt may take; renewed with each one."""
REFUSED_PAUSE = timedelta(minutes=1)
"""How long to wait where the services refuse the client."""
STATUS_GONE = 410
LONGEST_RETRY_AFTER = timedelta(hours=1)
ACTOR = "webhooks"
"""Actor of the audit where the process pauses a subscription."""

ATTEMPTS = Counter("ntp_webhook_attempts", "Attempts to deliver an event by their result", ("result",))

log = structlog.get_logger()


class ChangeReader(Protocol):
    """Reads the feeds as a client."""

    async def read(
        self,
        client: ClientRow,
        services: Sequence[str],
        positions: Mapping[str, int],
        is_wanted: Callable[[ChangeDocument], bool],
        limit: int,
    ) -> FeedReading:
        """Return the wanted changes after positions that the client may read."""
        ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """A subscription that this process delivers for."""

    webhook: WebhookRow
    secrets: tuple[str, ...]
    lease_id: UUID


class LeaseLost(Exception):  # noqa: N818 (it describes the lease)
    """The subscription was paused, ended, replayed, or is another process's by now."""


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Delivers for one subscription at a time; any number of them may run, in any number of processes."""

    database: Database
    clock: Clock
    pepper: Pepper
    reader: ChangeReader
    sender: Sender
    jitter: Callable[[], float] = random.random

    async def deliver(self, webhook_id: UUID, territory: Territory) -> int:
        """Deliver what waits until nothing does or an attempt fails; return how many events were taken."""
        claimed = await self._claim(webhook_id)
        if claimed is None:
            return 0
        taken = 0
        try:
            if claimed.webhook.test_id is not None and not await self._send_test(claimed):
                return taken
            while (count := await self._deliver_page(claimed, territory)) is not None:
                taken += count
        except LeaseLost:
            return taken
        finally:
            await self._release(claimed)
        return taken

    async def _claim(self, webhook_id: UUID) -> Claimed | None:
        """Take the lease of a subscription that may be tried now; None where another process has it, or it is paused."""
        now = self.clock()
        async with self.database.writing() as session:
            row = await find_webhook(session, webhook_id, for_update=True)
            if row is None or row.ended_at is not None or row.paused_at is not None:
                return None
            if row.leased_until is not None and row.leased_until > now:
                return None
            if row.next_attempt_at is not None and row.next_attempt_at > now and row.test_id is None:
                return None
            client = await find_client(session, row.client_id)
            if client is None or client.disabled_at is not None:
                await _pause(session, row, CLIENT_DISABLED, now)
                return None
            sealed = await find_live_webhook_secrets(session, webhook_id, now)
            try:
                secrets = tuple(open_secret(self.pepper, secret.sealed) for secret in sealed)
            except SecretUnreadable:
                secrets = ()
            if not secrets:
                await _pause(session, row, SECRET_UNREADABLE, now)
                return None
            row.lease_id, row.leased_until = uuid4(), now + LEASE
            return Claimed(row, secrets, row.lease_id)

    async def _release(self, claimed: Claimed) -> None:
        async with self.database.writing() as session:
            row = await find_webhook(session, claimed.webhook.id, for_update=True)
            if row is not None and row.lease_id == claimed.lease_id:
                row.lease_id = row.leased_until = None

    async def _deliver_page(self, claimed: Claimed, territory: Territory) -> int | None:
        """Deliver a page of events; return how many were taken, None where nothing waits any more or an attempt failed."""
        webhook = claimed.webhook
        async with self.database.reading() as session:
            positions = (await read_positions(session, [webhook.id]))[webhook.id]
            client = await find_client(session, webhook.client_id)
        if client is None or client.disabled_at is not None:
            async with self.database.writing() as session:
                await _pause(session, await self._hold(session, claimed), CLIENT_DISABLED, self.clock())
            return None
        is_wanted = make_change_filter(territory, webhook.unit, webhook.types or None)
        reading = await self.reader.read(client, webhook.services, positions, is_wanted, EVENTS_READ)
        if reading.refused is not None:
            await self._wait(claimed, "forbidden")
            return None
        if reading.rewound:
            async with self.database.writing() as session:
                await _pause(session, await self._hold(session, claimed), FEED_REWOUND, self.clock())
            return None
        for change in reading.joined.items:
            service = change["source"].removeprefix("/v1/")
            sequence = int(change["id"])
            message = WebhookMessage(
                make_message_id(webhook.id, service, change["id"]), write_json(rename_type(change))
            )
            attempt = await self.sender.send(webhook.url, message, claimed.secrets, self.clock())
            before = positions[service]
            positions[service] = sequence
            if not await self._record(claimed, attempt, service, before=before, after=sequence):
                return None
        passed = {
            service: (positions[service], sequence)
            for service, sequence in reading.joined.positions.items()
            if service in positions and sequence > positions[service]
        }
        if passed:
            async with self.database.writing() as session:
                await self._hold(session, claimed)
                for service, (before, after) in passed.items():
                    await advance_position(session, webhook.id, service, before=before, after=after)
        if reading.forbidden and not reading.joined.items and not passed:
            await self._wait(claimed, "forbidden")
        return len(reading.joined.items) if reading.joined.more else None

    async def _hold(self, session: AsyncSession, claimed: Claimed) -> WebhookRow:
        """Lock the subscription and renew its lease. Raises `LeaseLost` where it must not be delivered for any more."""
        row = await find_webhook(session, claimed.webhook.id, for_update=True)
        if (
            row is None
            or row.lease_id != claimed.lease_id
            or row.ended_at is not None
            or row.paused_at is not None
        ):
            raise LeaseLost
        row.leased_until = self.clock() + LEASE
        return row

    async def _record(
        self, claimed: Claimed, attempt: Attempt, service: str, *, before: int, after: int
    ) -> bool:
        """Commit what came of an attempt; return whether the event was taken. Raises `LeaseLost`."""
        now = self.clock()
        ATTEMPTS.labels("taken" if attempt.error is None else "failed").inc()
        async with self.database.writing() as session:
            row = await self._hold(session, claimed)
            row.last_attempt_at, row.last_error = now, attempt.error
            if attempt.error is not None:
                await self._count_failure(session, row, attempt, now)
                return False
            if not await advance_position(session, row.id, service, before=before, after=after):
                raise LeaseLost
            row.failures, row.failing_since, row.next_attempt_at = 0, None, None
            row.delivered += 1
            row.delivered_at = now
            client = await find_client(session, row.client_id)
            if client is None or client.disabled_at is not None:
                await _pause(session, row, CLIENT_DISABLED, now)
                return False
        return True

    async def _count_failure(
        self, session: AsyncSession, row: WebhookRow, attempt: Attempt, now: datetime
    ) -> None:
        row.failures += 1
        row.failing_since = row.failing_since or now
        retry_after = min(timedelta(seconds=min(attempt.retry_after_s or 0, 86_400)), LONGEST_RETRY_AFTER)
        row.next_attempt_at = now + max(find_pause(row.failures, self.jitter()), retry_after)
        if attempt.status == STATUS_GONE:
            await _pause(session, row, GONE, now)
        elif has_failed_too_long(row.failing_since, now):
            await _pause(session, row, FAILED_TOO_LONG, now)

    async def _wait(self, claimed: Claimed, reason: str) -> None:
        """Try again in a while: nothing was sent."""
        async with self.database.writing() as session:
            row = await self._hold(session, claimed)
            row.last_error, row.next_attempt_at = reason, self.clock() + REFUSED_PAUSE

    async def _send_test(self, claimed: Claimed) -> bool:
        """Send the test event that waits; return whether what waits may follow it now."""
        now, webhook = self.clock(), claimed.webhook
        message = WebhookMessage(f"msg_{webhook.id.hex}_test_{webhook.test_id}", _write_test(webhook, now))
        attempt = await self.sender.send(webhook.url, message, claimed.secrets, now)
        async with self.database.writing() as session:
            row = await self._hold(session, claimed)
            row.test_id, row.last_attempt_at = None, now
            row.test_result = {
                "id": message.id,
                "sent_at": now.isoformat(),
                "status": attempt.status,
                "error": attempt.error,
            }
            return row.next_attempt_at is None or row.next_attempt_at <= now


def _write_test(webhook: WebhookRow, now: datetime) -> bytes:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(webhook.test_id),
        "source": "/v1/webhooks",
        "type": f"{TYPE_PREFIX}webhook.test",
        "shorttype": "webhook.test",
        "subject": f"webhooks/{webhook.id}",
        "time": now.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {},
    }
    return write_json(event)


async def _pause(session: AsyncSession, row: WebhookRow, reason: str, now: datetime) -> None:
    """Pause a subscription, and say so in the audit and the log."""
    row.paused_at, row.pause_reason = now, reason
    await audit(session, row, "webhook.paused", actor=ACTOR, now=now)
    log.warning("webhook paused", webhook=str(row.id), client_id=row.client_id, reason=reason)
