"""Webhooks: subscriptions of clients; deliveries in order, none lost, whatever fails; only what the client may read."""

import asyncio
import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks import Webhook

from gateway.app import create_app
from gateway.changes.joining import JoinedFeeds
from gateway.changes.rules import encode_cursor
from gateway.clients.actions import disable_client, lock_client
from gateway.clients.secrets import Pepper
from gateway.clients.store import select_audit
from gateway.tokens.keys import KeyRing
from gateway.upstreams import Upstreams
from gateway.webhooks.addresses import is_allowed, parse_networks
from gateway.webhooks.delivering import Deliverer
from gateway.webhooks.dispatching import ClientFeeds, Dispatcher, seal_secrets_anew
from gateway.webhooks.rules import find_pause, find_url_fault
from gateway.webhooks.sending import Attempt, HttpSender, WebhookMessage, to_attempt
from gateway.webhooks.store import find_webhook
from shared.kit.database import Database
from shared.kit.resources import Resources, get_resources
from shared.territory.tree import Territory
from tests.gateway.conftest import PEPPER, make_settings, open_gateway
from tests.gateway.test_changes import FeedStub
from tests.gateway.test_tokens import FORM, register
from tests.gateway.upstream_stubs import serve_all
from tests.gateway.webhook_receiver import make_answer, make_certificate, serve_receiver
from tests.not_none import not_none
from tests.waiting import poll_until

URL = "https://receiver.example.vn/hook"
NAMES = ("rural", "poverty")


class SimulatedClock:
    """A clock that tests move."""

    def __init__(self):
        self.now = datetime.now(UTC)

    def __call__(self):
        self.now += timedelta(milliseconds=1)
        return self.now


class RecordingSender:
    """Records what is sent, and answers as a function says."""

    def __init__(self):
        self.attempts = []
        self.taken = []
        self.answer = lambda url, message: Attempt(200, None)

    async def send(self, url, message, secrets, now):
        self.attempts.append((url, message.id, secrets, now))
        attempt = self.answer(url, message)
        if asyncio.iscoroutine(attempt):
            attempt = await attempt
        if attempt.error is None:
            self.taken.append((url, message))
        return attempt

    def take_events(self, url=URL):
        """Return service and sequence of each event that a receiver took."""
        events = [json.loads(message.body) for taken_url, message in self.taken if taken_url == url]
        return [(event["source"][4:], int(event["id"])) for event in events if "webhook" not in event["type"]]


class WebhookStand:
    """A gateway in front of two feeds, a client with a token, and the process that delivers with a simulated clock."""

    def __init__(self, app, client, stubs, database, settings, clock, auth):
        self.app, self.client, self.stubs = app, client, stubs
        self.clock, self.sender = clock, RecordingSender()
        self.auth = auth
        self.database = database
        self.upstreams = Upstreams(settings.upstreams, answer_within_s=30)
        ring = KeyRing(database, Pepper(PEPPER), self.clock, key_days=90)
        feeds = ClientFeeds(JoinedFeeds(self.upstreams, NAMES), ring, settings, self.clock)
        self.deliverer = Deliverer(database, self.clock, Pepper(PEPPER), feeds, self.sender, lambda: 0.5)
        self.dispatcher = Dispatcher(database, self.clock, feeds, self.deliverer)
        self.territory = get_resources(app).get(Territory)
        self.keys = itertools.count()

    async def post(self, path, body=None, **options):
        headers = {
            "Idempotency-Key": f"key-{next(self.keys)}",
            "Accept-Language": "en",
            **options.pop("headers", {}),
        }
        content = {} if body is None else {"json": body}
        return await self.client.post(f"/v1/webhooks{path}", headers=headers, **content, **options)

    async def subscribe(self, **body):
        answer = await self.post("", {"url": URL, "after": encode_cursor({}), **body})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def read(self, webhook):
        return (await self.client.get(f"/v1/webhooks/{webhook['id']}")).json()

    async def deliver(self, *, hours=0.0):
        """Move the clock, and deliver what is due."""
        self.clock.now += timedelta(hours=hours)
        if hours:
            await self.renew_token()
        await self.dispatcher.look(self.territory)
        await self.dispatcher.wait()

    async def renew_token(self):
        """Get a token: the one before has expired when the clock was moved."""
        answer = await self.client.post("/oauth/token", data=FORM, auth=self.auth)
        if answer.status_code == 200:
            self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    async def list_acts(self):
        async with self.database.reading() as session:
            return [(row.act, row.facts.get("reason")) for row in await session.scalars(select_audit())]


@pytest.fixture
async def stand(database, monkeypatch):
    monkeypatch.setattr("gateway.changes.joining.POLL_S", 0.0)
    stubs = {name: FeedStub(name) for name in NAMES}
    opened = Database(database.url("gateway"))
    async with serve_all(stubs) as urls:
        settings = make_settings(database, urls)
        clock = SimulatedClock()
        app = create_app(settings, clock=clock)
        async with open_gateway(app) as client:
            auth = await register(app, "agency", "read", programs=NAMES, units=("62",))
            made = WebhookStand(app, client, stubs, opened, settings, clock, auth)
            await made.renew_token()
            async with made.upstreams.connected():
                yield made
    await opened.close()


def test_only_public_addresses_and_listed_networks_are_called():
    listed = parse_networks("10.20.0.0/16, fd00:1::/32")
    refused = (
        "127.0.0.1 10.0.0.1 10.21.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1 "
        "240.0.0.1 ::1 :: fe80::1%eth0 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1 198.18.0.1"
    )
    for address in refused.split():
        assert not is_allowed(address, listed), address
    for address in ["8.8.8.8", "2606:4700::1111", "10.20.3.4", "::ffff:10.20.3.4", "fd00:1::5"]:
        assert is_allowed(address, listed), address
    assert parse_networks("none") == ()


def test_an_address_is_https_without_user_fragment_or_port_of_another_protocol():
    for url in (
        "https://a.vn",
        "https://a.vn:443/x?y=1",
        "https://a.vn:8443/x",
        "https://[2606:4700::1111]/x",
    ):
        assert find_url_fault(url) is None, url
    wrong = (
        "http://a.vn ftp://a.vn a.vn https:// https:///x https://u:p@a.vn https://u@a.vn/x https://a.vn/#x https://a.vn:25/x "
        "https://a.vn:99999 https://đ.vn HTTPS://a.vn https://a.vn\\@b.vn https://[::1 https://@a.vn"
    )
    for url in wrong.split():
        assert not_none(find_url_fault(url)).code == "webhook_url_wrong", url


def test_pauses_double_to_an_hour_and_an_answer_other_than_2xx_failed():
    pauses = [find_pause(number, 0.5).total_seconds() for number in range(1, 12)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == 3600 == find_pause(10_000, 1.0).total_seconds()
    assert (to_attempt(204, None).error, to_attempt(302, None).error) == (None, "status 302")
    assert to_attempt(503, "120").retry_after_s == 120
    assert to_attempt(503, "Wed, 21 Oct 2026 07:28:00 GMT").retry_after_s is None


async def test_a_subscription_is_made_read_changed_and_ended(stand):
    stand.stubs["rural"].add(1)
    body = {
        "url": URL,
        "services": ["poverty", "rural"],
        "types": ["vn.gov.ntp.report.accepted"],
        "unit": "62",
    }
    checked = await stand.post("?dry_run=true", body)
    assert (checked.status_code, checked.json()["secret"]) == (200, None)
    made = await stand.post("", body, headers={"Idempotency-Key": "same"})
    again = await stand.post("", body, headers={"Idempotency-Key": "same"})
    webhook = made.json()
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/webhooks/{webhook['id']}")
    assert webhook["secret"].startswith("whsec_")
    assert made.headers["cache-control"] == "no-store"
    assert again.json() == {**webhook, "secret": None}
    assert "sealed" not in webhook
    assert (webhook["types"], webhook["cursor"]) == (
        ["report.accepted"],
        encode_cursor({"poverty": 0, "rural": 1}),
    )
    listed = (await stand.client.get("/v1/webhooks")).json()["items"]
    assert listed == [await stand.read(webhook)]
    assert "secret" not in listed[0]

    path = f"/{webhook['id']}"
    rotated = (await stand.post(f"{path}/rotate", {"overlap_seconds": 3600})).json()["secret"]
    assert rotated not in {None, webhook["secret"]}
    assert (await stand.post(f"{path}/pause")).json()["pause_reason"] == "client"
    assert (await stand.post(f"{path}/resume")).json()["state"] == "active"
    assert (await stand.post(f"{path}/test")).json()["test_waiting"] is True
    assert (await stand.post(f"{path}/test")).json()["code"] == "webhook_test_waiting"
    assert (await stand.post(f"{path}/end")).json()["state"] == "ended"
    for act in ("rotate", "replay", "pause", "resume", "test", "end"):
        assert (await stand.post(f"{path}/{act}")).json()["code"] == "webhook_ended", act
    acts = [act for act, _ in await stand.list_acts()]
    assert {
        "webhook.created",
        "webhook.secret_rotated",
        "webhook.paused",
        "webhook.resumed",
        "webhook.ended",
    } <= set(acts)


async def test_every_fault_of_a_subscription_is_named_and_another_client_sees_nothing(stand, issuer):
    body = {
        "url": "https://169.254.169.254/latest", "services": ["nothing", "rural", "rural"], "types": ["report.accepted", "X"],
        "unit": "9999", "more": 1,
    }  # fmt: skip
    refused = (await stand.post("", body)).json()
    codes = {(fault["pointer"], fault["code"]) for fault in refused["errors"]}
    assert codes >= {
        ("/url", "webhook_url_private"), ("/services/0", "service_unknown"), ("/services/2", "repeated"),
        ("/unit", "unit_unknown"),
    }  # fmt: skip
    assert {pointer for pointer, _ in codes} >= {"/types/1", "/more"}
    assert (await stand.post("", {"url": "http://a.vn"})).json()["errors"][0]["code"] == "webhook_url_wrong"
    assert (await stand.post("", {"url": URL, "after": "?"})).json()["code"] == "feed_cursor_invalid"
    stand.stubs["rural"].status = 503
    assert (await stand.post("", {"url": URL})).json()["code"] == "webhook_feed_away"
    stand.stubs["rural"].status = 403
    assert (await stand.post("", {"url": URL, "services": ["rural"]})).json()["errors"][0][
        "code"
    ] == "service_forbidden"
    webhook = (await stand.post("", {"url": URL})).json()
    assert webhook["services"] == ["poverty"]
    auth = await register(stand.app, "other", "read", programs=NAMES, units=("62",))
    token = (await stand.client.post("/oauth/token", data=FORM, auth=auth)).json()["access_token"]
    stand.client.headers["Authorization"] = f"Bearer {token}"
    assert (await stand.read(webhook))["code"] == "webhook_unknown"
    assert (await stand.post(f"/{webhook['id']}/end")).json()["code"] == "webhook_unknown"
    assert (await stand.client.get("/v1/webhooks")).json()["items"] == []
    for number in range(20):
        assert (await stand.post("", {"url": f"{URL}/{number}"})).status_code == 201
    assert (await stand.post("", {"url": URL})).json()["code"] == "too_many_webhooks"


async def test_events_come_in_order_filtered_and_a_test_event_before_them(stand):
    for second in range(1, 8):
        stand.stubs["rural"].add(second, unit="23344")
        stand.stubs["poverty"].add(
            second, "report.accepted" if second % 2 else "report.submitted", unit="611"
        )
    webhook = await stand.subscribe()
    filtered = await stand.subscribe(
        url=f"{URL}/2", types=["report.accepted"], unit="611", services=["poverty"]
    )
    await stand.post(f"/{webhook['id']}/test")
    await stand.deliver()
    first = json.loads(next(message.body for url, message in stand.sender.taken if url == URL))
    assert (first["type"], first["source"]) == ("vn.gov.ntp.webhook.test", "/v1/webhooks")
    events = stand.sender.take_events()
    assert sorted(events) == [(name, number) for name in sorted(NAMES) for number in range(1, 8)]
    assert [number for name, number in events if name == "rural"] == list(range(1, 8))
    assert stand.sender.take_events(f"{URL}/2") == [("poverty", number) for number in (1, 3, 5, 7)]
    shown = await stand.read(webhook)
    assert (shown["delivered"], shown["cursor"]) == (14, encode_cursor({"poverty": 7, "rural": 7}))
    assert (shown["test"]["status"], shown["test_waiting"]) == (200, False)
    assert (await stand.read(filtered))["cursor"] == encode_cursor({"poverty": 7})
    ids = [message.id for url, message in stand.sender.taken if url == URL][1:]
    await stand.post(f"/{webhook['id']}/replay", {"after": encode_cursor({"poverty": 5, "rural": 7})})
    await stand.deliver()
    assert stand.sender.take_events()[14:] == [("poverty", 6), ("poverty", 7)]
    assert {message.id for _, message in stand.sender.taken[-2:]} <= set(ids)


async def test_a_receiver_that_is_away_for_days_is_paused_and_resumed_without_a_loss(stand):
    for second in range(1, 4):
        stand.stubs["poverty"].add(second)
    webhook = await stand.subscribe()
    stand.sender.answer = lambda url, message: Attempt(None, "connection")
    await stand.deliver()
    attempts = len(stand.sender.attempts)
    assert attempts == 1
    await stand.deliver()
    assert len(stand.sender.attempts) == attempts  # not before the pause has passed
    while (shown := await stand.read(webhook))["state"] == "failing":
        await stand.deliver(hours=5.01)
    assert (shown["state"], shown["pause_reason"], shown["last_error"]) == ("paused", "failing", "connection")
    lasted = datetime.fromisoformat(shown["paused_at"]) - datetime.fromisoformat(shown["failing_since"])
    assert timedelta(days=3) <= lasted < timedelta(days=3, hours=6)
    assert ("webhook.paused", "failing") in await stand.list_acts()
    assert len({message_id for _, message_id, _, _ in stand.sender.attempts}) == 1
    attempts = len(stand.sender.attempts)
    await stand.deliver(hours=50)
    assert len(stand.sender.attempts) == attempts
    stand.sender.answer = lambda url, message: Attempt(200, None)
    await stand.post(f"/{webhook['id']}/resume")
    await stand.deliver()
    assert stand.sender.take_events() == [("poverty", number) for number in (1, 2, 3)]
    stand.sender.answer = lambda url, message: Attempt(410, "status 410")
    stand.stubs["poverty"].add(4)
    await stand.deliver()
    assert (await stand.read(webhook))["pause_reason"] == "gone"


async def test_what_the_client_may_not_read_is_not_sent(stand):
    stand.stubs["poverty"].add(1)
    webhook = await stand.subscribe()
    for stub in stand.stubs.values():
        stub.status = 403
    await stand.dispatcher.look(stand.territory)
    await stand.deliverer.deliver(UUID(webhook["id"]), stand.territory)
    assert (await stand.read(webhook))["last_error"] == "forbidden"
    for stub in stand.stubs.values():
        stub.status = 200
    stand.stubs["poverty"].add(2)

    async def disable(url, message):
        async with stand.database.writing() as session:
            await disable_client(
                session, await lock_client(session, "agency"), actor="operator", now=stand.clock()
            )
        return Attempt(200, None)

    stand.sender.answer = disable
    await stand.deliver(hours=1)
    await stand.deliver(hours=1)
    assert stand.sender.take_events() == [("poverty", 1)]  # disabled in between: the next event is not sent
    async with stand.database.reading() as session:
        assert not_none(await find_webhook(session, UUID(webhook["id"]))).pause_reason == "client_disabled"
    tokens = {dict(request[2])["authorization"] for stub in stand.stubs.values() for request in stub.requests}
    assert all(token.startswith("Bearer ") for token in tokens)


async def test_a_feed_of_a_backup_pauses_and_a_replay_goes_on(stand):
    stand.stubs["poverty"].add(1)
    stand.stubs["poverty"].add(2)
    webhook = await stand.subscribe()
    await stand.deliver()
    stand.stubs["poverty"].changes = stand.stubs["poverty"].changes[:1]
    stand.dispatcher._feeds._feeds._newest.clear()  # the process was started again with the backup
    await stand.deliver()
    assert (await stand.read(webhook))["pause_reason"] == "feed_rewound"
    await stand.post(f"/{webhook['id']}/replay", {"after": encode_cursor({"poverty": 1})})
    stand.stubs["poverty"].add(3)
    await stand.deliver()
    assert stand.sender.take_events() == [("poverty", 1), ("poverty", 2), ("poverty", 2)]


async def test_two_secrets_sign_during_a_rotation_and_another_pepper_takes_over(stand):
    stand.stubs["poverty"].add(1)
    webhook = await stand.subscribe()
    rotated = (await stand.post(f"/{webhook['id']}/rotate", {"overlap_seconds": 3600})).json()["secret"]
    await stand.deliver()
    assert stand.sender.attempts[-1][2] == (rotated, webhook["secret"])
    stand.stubs["poverty"].add(2)
    await stand.deliver(hours=2)
    assert stand.sender.attempts[-1][2] == (rotated,)

    resources = Resources(
        stand.clock, stand.database, Pepper("another pepper, as long as the first one", PEPPER)
    )
    await seal_secrets_anew(resources)
    stand.stubs["poverty"].add(3)
    await stand.deliver()  # it has the pepper of before alone
    assert (await stand.read(webhook))["pause_reason"] == "secret_unreadable"


async def test_one_in_three_attempts_fails_processes_are_stopped_and_nothing_is_lost(stand):
    random_answers = random.Random(7)
    for second in range(30):
        stand.stubs["rural" if second % 3 else "poverty"].add(second)
    webhook = await stand.subscribe()
    kills = iter([3, 9, 17, 28])
    kill_at: Any = next(kills)
    committed = stand.deliverer._record

    def answer(url, message):
        return Attempt(503, "status 503") if random_answers.random() < 0.3 else Attempt(200, None)

    async def record(self, *arguments, **facts):
        nonlocal kill_at
        if kill_at is not None and len(stand.sender.taken) >= kill_at:
            kill_at = next(kills, None)
            raise asyncio.CancelledError  # the process ends between the answer and the commit
        return await committed(*arguments, **facts)

    stand.sender.answer = answer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Deliverer, "_record", record)
        patch.setattr(Deliverer, "_release", lambda self, claimed: asyncio.sleep(0))
        for _ in range(200):
            await stand.deliver(hours=1.1)
            if (await stand.read(webhook))["delivered"] == 30:
                break
    assert kill_at is None
    events = stand.sender.take_events()
    firsts = list(dict.fromkeys(events))
    assert len(firsts) == 30 < len(events)
    for name in NAMES:
        numbers = [number for service, number in firsts if service == name]
        assert numbers == sorted(numbers)
    taken = [(url, message.id, message.body) for url, message in stand.sender.taken]
    assert len(set(taken)) == 30  # a repeat has the same id and the same body


async def test_a_slow_receiver_delays_nobody(stand):
    for second in range(5):
        stand.stubs["poverty"].add(second)
    slow = await stand.subscribe(url=f"{URL}/slow")
    await stand.subscribe()
    released = asyncio.Event()

    async def answer(url, message):
        if url.endswith("/slow"):
            await released.wait()
        return Attempt(200, None)

    stand.sender.answer = answer
    await stand.dispatcher.look(stand.territory)
    await poll_until(lambda: len(stand.sender.take_events()) == 5)
    assert stand.sender.take_events(f"{URL}/slow") == []
    released.set()
    await stand.dispatcher.wait()
    assert (await stand.read(slow))["delivered"] == 5


async def test_a_request_is_signed_and_goes_to_an_allowed_address_alone(tmp_path):
    certificate = make_certificate(tmp_path)
    answers: Any = {"status": 204, "fields": ()}

    async def answer(fields, body):
        return make_answer(answers["status"], *answers["fields"])

    secret = "whsec_" + "A" * 40
    message = WebhookMessage("msg_1", b'{"id": "1"}')
    listed = parse_networks("127.0.0.0/8")
    async with serve_receiver(certificate, answer) as receiver:

        async def send(networks, authorities, url=receiver.url):
            sender = HttpSender(networks, authorities)
            async with sender.connected():
                return await sender.send(url, message, (secret,), datetime.now(UTC))

        assert await send(listed, certificate) == Attempt(204, None)
        fields, body = receiver.received[0]
        Webhook(secret).verify(body, fields)
        assert fields["content-type"] == "application/cloudevents+json"
        assert (await send(listed, None)).error == "certificate"
        connections = receiver.connections
        by_name = receiver.url.replace("127.0.0.1", "localhost")
        assert (await send((), certificate)).error == "address_private"
        assert (await send((), certificate, by_name)).error == "address_private"
        assert receiver.connections == connections
        answers.update(status=302, fields=(f"Location: {receiver.url}/other",))
        assert (await send(listed, certificate)).error == "status 302"
        assert len(receiver.received) == 2
    assert (await send(listed, certificate)).error == "connection"
