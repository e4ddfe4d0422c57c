"""Webhooks under failures: the delivering process is killed again and again, receivers fail and go away; nothing is lost or moved."""

import asyncio
import itertools
import json
import os
import random
import sys
import time
from asyncio.subprocess import Process
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.app import create_app
from gateway.changes.rules import encode_cursor
from tests.gateway.conftest import PEPPER, make_settings, open_gateway
from tests.gateway.test_changes import FeedStub
from tests.gateway.test_tokens import FORM, register
from tests.gateway.upstream_stubs import serve_all
from tests.gateway.webhook_receiver import make_answer, make_certificate, serve_receiver

NAMES = ("rural", "poverty")
LOOPBACK = "127.0.0.0/8"
SPEED = 2000.0
"""An hour of the delivering process takes 1.8 s."""
TWO_DAYS_S = 2 * 86_400 / SPEED
"""A receiver may be away for two days of that clock; after three its subscription would be paused."""
WAITING_EVENTS = 10
"""Events of a feed for the receiver that does not answer."""


class Receivers:
    """What each subscription's receiver does: it takes an event, fails, is away for a while, or does not answer at all."""

    def __init__(self, events: int, kills: int, subscriptions: int, away_s: float) -> None:
        self.random = random.Random(11)
        self.taken: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        self.wanted = {f"s{number}": events for number in range(subscriptions)}
        self.whole = asyncio.Event()
        self.slow_may_answer = asyncio.Event()
        self.kill = asyncio.Event()
        self.failures = 0
        self._away_s = away_s
        self._takings = 0
        self._kill_at = [events * subscriptions * number // (kills + 1) for number in range(1, kills + 1)]
        self._away_until: float | None = None

    async def answer(self, path: str, fields: Mapping[str, str], body: bytes) -> bytes:
        """Return the answer of the receiver that an event came to."""
        if path == "slow":
            await self.slow_may_answer.wait()
        if path == "s0" and self._is_away():
            return b""
        if self.random.random() < 0.3:
            self.failures += 1
            return make_answer(503)
        self.taken[path].append((fields["webhook-id"], body))
        self._takings += 1
        if self._kill_at and self._takings >= self._kill_at[0]:
            del self._kill_at[0]
            self.kill.set()
        if all(len(set(self.taken[name])) >= events for name, events in self.wanted.items()):
            self.whole.set()
        return make_answer(204)

    def _is_away(self) -> bool:
        """Whether the receiver that goes away, after a third of its events, has not come back yet."""
        if self._away_until is None and len(self.taken["s0"]) >= self.wanted["s0"] // 3:
            self._away_until = time.monotonic() + self._away_s
        return self._away_until is not None and time.monotonic() < self._away_until


async def start_process(settings: Mapping[str, str], begun_at: float) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.gateway.webhook_process", str(begun_at), str(SPEED)),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.DEVNULL,
    )


async def kill_until_whole(receivers: Receivers, settings: Mapping[str, str]) -> int:
    """Run the delivering process, kill it where the receivers say so, until they have everything; return how often."""
    begun_at = time.time()
    for kills in itertools.count():
        process = await start_process(settings, begun_at)
        try:
            waiting = [
                asyncio.ensure_future(wait)
                for wait in (receivers.kill.wait(), receivers.whole.wait(), process.wait())
            ]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            assert process.returncode is None, "it ended by itself"
            for wait in waiting[:2]:
                wait.cancel()
            if receivers.whole.is_set():
                return kills
            receivers.kill.clear()
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
    raise AssertionError


def assert_in_order(taken: list[tuple[str, bytes]], events: int) -> None:
    """Assert that each event of each feed was taken, in order; a repeat follows the event itself and is the same message."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for message_id, _ in taken:
        _, _, feed, number = message_id.split("_")
        numbers[feed].append(int(number))
    assert sum(len(set(of_feed)) for of_feed in numbers.values()) == events
    for of_feed in numbers.values():
        assert of_feed == sorted(of_feed)
    assert len(set(taken)) == len({message_id for message_id, _ in taken})


@pytest.mark.parametrize(
    ("subscriptions", "events", "kills", "away_s"),
    [
        (3, 40, 3, 2.0),
        pytest.param(10, 1000, 50, TWO_DAYS_S, marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
async def test_a_killed_process_loses_no_event_and_moves_none(
    database: Any, tmp_path: Any, subscriptions: int, events: int, kills: int, away_s: float
) -> None:
    stubs = {name: FeedStub(name) for name in NAMES}
    for number in range(events):
        stubs[NAMES[number % 2]].add(number % 60)
    certificate = make_certificate(tmp_path)
    receivers = Receivers(events, kills, subscriptions, away_s)

    async def answer(fields: dict[str, str], body: bytes) -> bytes:
        return await receivers.answer(fields["path"].rpartition("/")[2], fields, body)

    async with serve_all(stubs) as urls, serve_receiver(certificate, answer) as receiver:
        app = create_app(make_settings(database, urls, webhook_networks=LOOPBACK))
        async with open_gateway(app) as client:
            auth = await register(app, "agency", "read", programs=NAMES, units=("62",))
            token = (await client.post("/oauth/token", data=FORM, auth=auth)).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            newest = dict.fromkeys(NAMES, events // 2 - WAITING_EVENTS)
            begins: dict[str, dict[str, int]] = {path: {} for path in receivers.wanted} | {"slow": newest}
            for path, after in begins.items():
                body = {"url": f"{receiver.url}/{path}", "after": encode_cursor(after)}
                made = await client.post("/v1/webhooks", json=body, headers={"Idempotency-Key": path})
                assert made.status_code == 201, made.text
        settings = {
            "NTP_DATABASE_URL": database.url("gateway"),
            "NTP_CLIENT_SECRET_PEPPER": PEPPER,
            "NTP_WEBHOOK_NETWORKS": LOOPBACK,
            "NTP_WEBHOOK_AUTHORITIES": str(certificate),
            "NTP_UPSTREAMS": json.dumps(urls),
        }
        assert await kill_until_whole(receivers, settings) == kills
        assert "slow" not in receivers.taken, "it answered nothing, and delayed no other"
        receivers.wanted["slow"] = 2 * WAITING_EVENTS
        receivers.whole.clear()
        receivers.slow_may_answer.set()
        assert await kill_until_whole(receivers, settings) == 0
    for path, count in receivers.wanted.items():
        assert_in_order(receivers.taken[path], count)
    assert receivers.failures > events * subscriptions * 0.3
