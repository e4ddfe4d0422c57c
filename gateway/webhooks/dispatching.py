"""A task for each subscription that something waits for, so that a slow receiver delays nobody else's events."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from prometheus_client import Gauge

from gateway.changes.joining import FeedReading, JoinedFeeds
from gateway.changes.rules import ChangeDocument
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client
from gateway.models import ClientRow, WebhookRow
from gateway.settings import GatewayDatabaseSettings
from gateway.tokens.access_tokens import sign_access_token
from gateway.tokens.keys import KeyRing
from gateway.webhooks.delivering import Deliverer
from gateway.webhooks.secrets import SecretUnreadable, is_sealed_now, open_secret, seal_secret
from gateway.webhooks.store import (
    count_paused_webhooks,
    list_all_live_secrets,
    list_delivered_webhooks,
    read_positions,
)
from shared.kit.clock import Clock
from shared.kit.concurrency import cancel_tasks
from shared.kit.database import Database
from shared.kit.resources import Resources
from shared.territory.tree import Territory

LOOK_EVERY_S = 1.0
"""Seconds between two looks at what waits."""
TOKEN_SECONDS = 60
"""A token is made for each page of a feed, and leaves the installation's own network never."""
MAX_TASKS = 500

SUBSCRIPTIONS = Gauge("ntp_webhooks", "Subscriptions that have not ended, by state", ("state",))
FAILING_FOR = Gauge(
    "ntp_webhook_failing_seconds", "Seconds for which the subscription that fails longest has failed"
)

log = structlog.get_logger()


class ClientFeeds:
    """Reads the feeds with a token that is made for the subscription's client, with the rights it has now."""

    def __init__(
        self, feeds: JoinedFeeds, key_ring: KeyRing, settings: GatewayDatabaseSettings, clock: Clock
    ) -> None:
        self._feeds = feeds
        self._key_ring = key_ring
        self._settings = settings
        self._clock = clock

    async def read(
        self,
        client: ClientRow,
        services: Sequence[str],
        positions: Mapping[str, int],
        is_wanted: Callable[[ChangeDocument], bool],
        limit: int,
    ) -> FeedReading:
        """Return the wanted changes after positions that the client may read."""
        headers = await self._authorize(client)
        return await self._feeds.read(services, positions, is_wanted, limit, headers)

    async def read_newest(self, client: ClientRow) -> Mapping[str, int]:
        """Return the newest sequence of each service, at most a second old."""
        return await self._feeds.poll_newest(await self._authorize(client))

    async def _authorize(self, client: ClientRow) -> dict[str, str]:
        token = sign_access_token(
            client,
            client.scopes,
            (await self._key_ring.current()).signing,
            issuer=self._settings.issuer,
            audience=self._settings.audience,
            now=self._clock(),
            seconds=TOKEN_SECONDS,
        )
        return {"Authorization": f"Bearer {token}"}


class Dispatcher:
    """Looks at what waits, and starts a task for each subscription of it that has none."""

    def __init__(self, database: Database, clock: Clock, feeds: ClientFeeds, deliverer: Deliverer) -> None:
        self._database = database
        self._clock = clock
        self._feeds = feeds
        self._deliverer = deliverer
        self._running: dict[UUID, asyncio.Task[int]] = {}

    async def run(self, resources: Resources) -> None:
        """Look again and again, until it is cancelled; a database that is away is waited for."""
        try:
            while True:
                began = time.monotonic()
                try:
                    await self.look(resources.get(Territory))
                except Exception as error:  # noqa: BLE001 (whatever it is, it looks again)
                    log.warning("webhooks not looked at", reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(max(0.0, LOOK_EVERY_S - (time.monotonic() - began)))
        finally:
            await cancel_tasks(list(self._running.values()))

    async def look(self, territory: Territory) -> None:
        """Start a task for each subscription that something waits for."""
        now = self._clock()
        async with self._database.reading() as session:
            rows = await list_delivered_webhooks(session)
            SUBSCRIPTIONS.labels("paused").set(await count_paused_webhooks(session))
            positions = await read_positions(session, [row.id for row in rows])
            clients = {row.client_id: await find_client(session, row.client_id) for row in rows}
        _show_states(rows, now)
        enabled = next((client for client in clients.values() if client and not client.disabled_at), None)
        newest = {} if enabled is None else await self._feeds.read_newest(enabled)
        for row in rows:
            client = clients[row.client_id]
            is_disabled = client is None or client.disabled_at is not None
            if row.id in self._running or len(self._running) >= MAX_TASKS:
                continue
            if is_disabled or _is_due(row, positions[row.id], newest, now):
                task = asyncio.create_task(self._deliverer.deliver(row.id, territory))
                self._running[row.id] = task
                task.add_done_callback(partial(self._forget, row.id))

    def _forget(self, webhook_id: UUID, ended: asyncio.Task[int]) -> None:
        del self._running[webhook_id]
        if not ended.cancelled() and (error := ended.exception()) is not None:
            log.warning(
                "webhook not delivered", webhook=str(webhook_id), reason=f"{type(error).__name__}: {error}"
            )

    async def wait(self) -> None:
        """Wait until no task runs."""
        while self._running:
            await asyncio.wait(list(self._running.values()))
            await asyncio.sleep(0)


def _is_due(row: WebhookRow, positions: Mapping[str, int], newest: Mapping[str, int], now: datetime) -> bool:
    if row.test_id is not None:
        return True
    if row.next_attempt_at is not None and row.next_attempt_at > now:
        return False
    return any(name in newest and newest[name] != position for name, position in positions.items())


def _show_states(rows: Sequence[WebhookRow], now: datetime) -> None:
    failing = [now - row.failing_since for row in rows if row.failing_since is not None]
    SUBSCRIPTIONS.labels("failing").set(len(failing))
    SUBSCRIPTIONS.labels("active").set(len(rows) - len(failing))
    FAILING_FOR.set(max(failing, default=timedelta()).total_seconds())


async def seal_secrets_anew(resources: Resources) -> None:
    """Seal under the pepper of now what the one before it sealed, so that the latter can be left out; a start step."""
    pepper = resources.get(Pepper)
    async with resources.get(Database).writing() as session:
        for secret in await list_all_live_secrets(session, resources.clock()):
            if not is_sealed_now(pepper, secret.sealed):
                try:
                    secret.sealed = seal_secret(pepper, open_secret(pepper, secret.sealed))
                except SecretUnreadable:
                    log.error("the secret of a webhook cannot be read", webhook=str(secret.webhook_id))  # noqa: TRY400
