"""The past, exactly: at every instant something changed, a reading of it is what was read then."""

import asyncio
import itertools
import random
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from shared.kit.change_feed import lock_feed
from shared.reporting.models import BASES
from tests.application import get_database
from tests.forms import short_and_long
from tests.reporting.office import wait_for_waiting

pytestmark = pytest.mark.anyio

UNITS = {"610": ("23344", "23347"), "611": ("23380",)}
SCOPES = ("62", "23344")
FORMS = ("census", "criteria")


def rows(chance, unit):
    """Some values of a district's communes: households and poor, or criteria."""
    values = []
    for commune in UNITS[unit]:
        if chance.random() < 0.7:
            values += [
                (commune, "households", 100 + chance.randint(0, 9)),
                (commune, "poor", chance.randint(0, 9)),
            ]
    return values or [(UNITS[unit][0], "poor", 1)]


def criteria(chance, unit):
    return [
        (commune, code, chance.randint(0, 1))
        for commune in UNITS[unit]
        for code in ("criterion_a", "criterion_b")
        if chance.random() < 0.8
    ] or [(UNITS[unit][0], "criterion_a", 1)]


def without_lineages(value):
    """Return figures without the addresses of their lineages, which name the instant of the reading."""
    if isinstance(value, list):
        return [without_lineages(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {name: without_lineages(part) for name, part in value.items() if name != "lineage"}


async def read_all(office, **as_of):
    """Everything that can be read of the period, without what changes by being read later."""
    readings = {}
    for basis in BASES:
        for unit in SCOPES:
            query = {"period": "2023", "unit": unit, "basis": basis, **as_of}
            progress = (await office.get("progress", office.reviewer, **query)).json()
            readings["progress", basis, unit] = without_lineages(progress["figures"])
            values = (await office.get("observations", office.reviewer, limit=500, **query)).json()
            assert values["next"] is None
            readings["observations", basis, unit] = values["items"]
    return readings


@pytest.mark.slow
@pytest.mark.parametrize("steps", short_and_long(20, 200))
async def test_at_every_recorded_instant_the_past_reads_as_it_was(office, steps):
    """Random actions; after each, what is read now is kept, and at the end read again as of that instant."""
    chance = random.Random(2023)
    kept = []
    pending: dict[Any, Any] = {}
    accepted: dict[Any, list[Any]] = {key: [] for key in itertools.product(UNITS, FORMS)}
    """Reports that were accepted one after another. A withdrawal puts back the one before."""

    async def remember():
        feed = (await office.get("changes", office.reviewer, limit=1000)).json()["items"]
        kept.append((feed[-1]["time"], await read_all(office)))

    for _ in range(steps):
        office.clock.move(minutes=chance.randint(0, 5))
        unit, form = chance.choice(list(UNITS)), chance.choice(FORMS)
        key = unit, form
        move = chance.choice(["submit", "submit", "accept", "return", "withdraw", "plan"])
        if move == "submit":
            latest = pending.get(key) or next(reversed(accepted[key]), None)
            values = (rows if form == "census" else criteria)(chance, unit)
            answer = await office.submit(
                unit, "2023", form, values, supersedes=latest["id"] if latest else None
            )
            assert answer.status_code in (200, 201), answer.text
            if answer.status_code == 201:
                pending[key] = answer.json()
        elif move == "plan":
            await office.put(
                "targets/2023/62",
                {
                    "decision": {"number": str(chance.random()), "date": "2023-01-05"},
                    "targets": [{"indicator": "poor", "value": chance.randint(1, 99)}],
                },
                office.planner,
                **{"If-Match": "*"},
            )
        elif key in pending or (move == "withdraw" and accepted[key]):
            report = pending.pop(key, None)
            of_accepted = report is None
            report = report or accepted[key].pop()
            more = {} if move == "accept" else {"reason": "vì sao"}
            answer = await office.verdict(report, move, **more)
            assert answer.status_code == 200, answer.text
            if move == "accept" and not of_accepted:
                accepted[key].append(report)
        else:
            continue
        await remember()

    assert len(kept) > 10
    for instant, readings in kept:
        again = await read_all(office, as_of=instant)
        for query, reading in readings.items():
            assert again[query] == reading, (instant, query)
    before = await read_all(office, as_of="2024-01-01T00:00:00Z")
    assert all(
        figure["value"] is None
        for query, reading in before.items()
        if query[0] == "progress"
        for figure in reading
    )


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        ("2024-01-10T02:00:00Z", 200),
        ("2024-01-10T09:00:00+07:00", 200),
        ("2099-01-01T00:00:00Z", 422),
        ("2024-01-10T02:00:00", 422),
        ("yesterday", 422),
        ("2024-13-01T00:00:00Z", 422),
    ],
)
async def test_an_instant_has_its_offset(office, as_of, status):
    for path in ("progress", "observations", "lineage/poor"):
        assert (await office.get(path, period="2023", as_of=as_of)).status_code == status, path


async def test_the_same_instant_in_another_offset_reads_the_same(office):
    await office.accepted("610", "2023", "census", [("23344", "poor", 5)])
    instant = office.clock.at
    utc = instant.isoformat().replace("+00:00", "Z")
    office.clock.move(hours=1)
    report = (await office.get("reports", office.reviewer, state="accepted")).json()["items"][0]
    await office.verdict(report, "withdraw", reason="nhầm kỳ")
    assert (await office.figure("poor"))["value"] is None
    local = instant.astimezone(timezone(timedelta(hours=7))).isoformat()
    assert (await office.figure("poor", as_of=utc))["value"] == 5
    assert (await office.figure("poor", as_of=local))["value"] == 5


@pytest.mark.race
async def test_a_reading_of_a_passed_instant_is_final_though_a_report_was_waiting_its_turn(office):
    """A report is asked for, and waits for the write order; a reading of the instant after that says what stays true."""
    async with get_database(office.app).writing() as slow:
        await lock_feed(slow, office.clock)
        sending = asyncio.create_task(office.submit("610", "2023", "census", [("23344", "poor", 5)]))
        await wait_for_waiting(slow)
        instant = office.clock.at
        reading = asyncio.create_task(read_all(office, as_of=instant.isoformat()))
        await wait_for_waiting(slow, 2)
        assert not reading.done()
    readings = await reading
    sent = await sending
    assert sent.status_code == 201, sent.text
    (stood,) = (await office.get(f"reports/{sent.json()['id']}", office.reviewer)).json()["stood"]
    assert datetime.fromisoformat(stood["since"]) > instant
    assert await read_all(office, as_of=instant.isoformat()) == readings
    assert (await office.figure("poor", token=office.reviewer, basis="provisional"))["value"] == 5


async def test_what_is_known_at_an_instant_to_come_is_not_told(office):
    report = await office.accepted("610", "2023", "census", [("23344", "poor", 5)])
    ahead = office.clock.at + timedelta(seconds=1)
    refused = await office.get("progress", period="2023", as_of=ahead.isoformat())
    assert (refused.status_code, refused.json()["code"]) == (422, "as_of_not_passed")
    accepted_at = (await office.get("changes", office.reviewer)).json()["items"][-1]["time"]
    assert accepted_at > report["received_at"]
    office.clock.move(hours=-1)  # as a follower's clock may be behind: what is committed is past all the same
    assert (await office.figure("poor", as_of=accepted_at))["value"] == 5
    assert (await office.figure("poor", as_of=report["received_at"]))["value"] is None
