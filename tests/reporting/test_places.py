"""Who waits for whom: for the place where something is to change, and for the write order at the very end."""

import asyncio
from datetime import datetime

import pytest

from shared.kit.change_feed import lock_feed
from shared.periods import Period
from shared.reporting.reports.writing.sql import lock_unit_year, lock_years
from shared.territory.tables import read_successions, read_units
from shared.territory.tree import Territory
from tests.application import get_database
from tests.reporting.office import wait_for_waiting

pytestmark = [pytest.mark.anyio, pytest.mark.race]

MAP = Territory(read_units(), read_successions())
IN_610, IN_611, AFTER_THE_MERGER = "23344", "23380", "23293"
"""A commune of each district, and a commune of the map of 1 July 2025, which answers to its province."""


def report(office, unit, period="2023", value=5, **more):
    values = [(unit, "poor", value)]
    return office.submit(unit, period, "census", values, **more)


@pytest.mark.parametrize(
    ("held", "wanted", "waits"),
    [
        (("610", "2023"), ("610", "2023"), True),
        (("610", "2023"), (IN_610, "2023"), True),
        ((IN_610, "2023"), ("610", "2023"), True),
        (("610", "2023"), ("62", "2023"), True),
        (("62", "2023"), (IN_611, "2023"), True),
        (("610", "2023-01"), ("610", "2023-Q4"), True),
        (("610", "2023"), ("611", "2023"), False),
        (("610", "2023"), (IN_611, "2023"), False),
        (("610", "2023"), ("610", "2022"), False),
        (("610", "2025-01"), ("611", "2025-Q1"), True),
        (("610", "2025-01"), (AFTER_THE_MERGER, "2025-Q4"), True),
        ((AFTER_THE_MERGER, "2026"), ("51", "2026"), True),
        (("610", "2024"), (AFTER_THE_MERGER, "2026"), False),
    ],
)
async def test_a_place_is_a_unit_that_answers_with_all_below_it_in_one_year(office, held, wanted, waits):
    database = get_database(office.app)

    async def take(session, unit, period):
        await lock_unit_year(session, MAP, unit, Period.parse(period))

    async def want():
        async with database.writing() as other:
            await take(other, *wanted)

    async with database.writing() as holder:
        await take(holder, *held)
        wanting = asyncio.create_task(want())
        if waits:
            await wait_for_waiting(holder)
            assert not wanting.done()
        else:
            await wanting
    await wanting


async def test_everything_of_a_year_waits_for_each_place_in_it_and_each_place_for_everything(office):
    database = get_database(office.app)

    async def everything():
        async with database.writing() as other:
            await lock_years(other, [2022, 2023])

    async with database.writing() as holder:
        await lock_unit_year(holder, MAP, IN_610, Period(2023))
        wanting = asyncio.create_task(everything())
        await wait_for_waiting(holder)
    await wanting
    async with database.writing() as holder:
        await lock_years(holder, [2023])
        wanting = asyncio.create_task(report(office, "610"))
        await wait_for_waiting(holder)
        assert (await report(office, "610", "2022")).status_code == 201
    assert (await wanting).status_code == 201


async def test_reports_of_two_districts_do_not_wait_for_each_other(office):
    async with get_database(office.app).writing() as slow:
        await lock_unit_year(slow, MAP, "610", Period(2023))
        of_its_own = asyncio.create_task(report(office, "610"))
        below = asyncio.create_task(report(office, IN_610, token=office.district("610")))
        await wait_for_waiting(slow)
        assert (await report(office, "611")).status_code == 201
        assert not of_its_own.done()
        assert not below.done()
    assert {(await of_its_own).status_code, (await below).status_code} == {201, 409}, "one of them came first"


async def test_what_is_refused_waits_for_no_write_order(office):
    await report(office, "610")
    async with get_database(office.app).writing() as slow:
        await lock_feed(slow, office.clock)
        second = await report(office, "610", value=6)
        same = await report(office, "610")
    assert (second.status_code, second.json()["code"]) == (409, "report_exists")
    assert same.status_code == 200


async def test_a_report_is_received_when_it_came_however_long_it_waits_and_known_from_when_it_stands(office):
    async with get_database(office.app).writing() as slow:
        await lock_feed(slow, office.clock)
        sending = asyncio.create_task(report(office, "610"))
        await wait_for_waiting(slow)
        waiting = office.clock.at
        office.clock.move(hours=1)
    sent = (await sending).json()
    assert datetime.fromisoformat(sent["received_at"]) <= waiting
    kept = (await office.get(f"reports/{sent['id']}", office.reviewer)).json()
    (stood,) = kept["stood"]
    assert datetime.fromisoformat(stood["since"]) > waiting
    assert kept["state_at"] == kept["reviews"][0]["at"] == stood["since"]
    assert kept["received_at"] == kept["receipt"]["received_at"] == sent["received_at"]
    (told,) = (await office.get("changes", office.reviewer)).json()["items"]
    assert told["time"] == stood["since"]


async def test_nothing_of_a_report_is_seen_before_it_stands(office):
    async with get_database(office.app).writing() as slow:
        await lock_feed(slow, office.clock)
        sending = asyncio.create_task(report(office, "610"))
        await wait_for_waiting(slow)
        figure = await office.figure("poor", token=office.reviewer, basis="provisional")
        assert figure["value"] is None
        assert (await office.get("reports", office.reviewer)).json()["items"] == []
    assert (await sending).status_code == 201
    assert (await office.figure("poor", token=office.reviewer, basis="provisional"))["value"] == 5


async def test_many_reviews_at_once_have_all_places_before_the_order_and_meet_no_report_on_its_way(office):
    first = (await report(office, "610")).json()
    second = (await report(office, "611")).json()
    verdicts = [
        {"report": it["id"], "verdict": "accept", "content_sha256": it["content_sha256"]}
        for it in (second, first)
    ]
    async with get_database(office.app).writing() as slow:
        await lock_feed(slow, office.clock)
        reviewing = asyncio.create_task(office.post("reviews", {"reviews": verdicts}, office.reviewer))
        await wait_for_waiting(slow)
        correcting = asyncio.create_task(report(office, "610", value=6, supersedes=first["id"]))
        await wait_for_waiting(slow, 2)
    said = (await reviewing).json()
    assert [it["done"] for it in said["items"]] == [True, True]
    assert (await correcting).status_code == 201


async def test_a_review_that_waited_sees_what_happened_meanwhile(office):
    first = (await report(office, "610")).json()
    async with get_database(office.app).writing() as slow:
        await lock_feed(slow, office.clock)
        correcting = asyncio.create_task(report(office, "610", value=6, supersedes=first["id"]))
        await wait_for_waiting(slow)
        reviewing = asyncio.create_task(office.verdict(first))
        await wait_for_waiting(slow, 2)
        assert not reviewing.done()
    assert (await correcting).status_code == 201
    refused = await reviewing
    assert (refused.status_code, refused.json()["code"]) == (409, "report_state")


async def test_what_was_accepted_before_is_told_by_when_reports_stood_not_by_when_they_came(office):
    """A line waits for the one before it; meanwhile a report that came later is accepted and withdrawn."""
    lines = [
        {
            "idempotency_key": f"line-{unit}",
            "report": {
                "unit": unit,
                "period": "2023",
                "form": "census",
                "observations": [{"unit": unit, "indicator": "poor", "value": 5}],
            },
        }
        for unit in ("611", "610")
    ]
    sender = office.token("sender", ["report"], ["62"])
    async with get_database(office.app).writing() as slow:
        await lock_unit_year(slow, MAP, "611", Period(2023))
        sending = asyncio.create_task(office.bulk(lines, sender))
        await wait_for_waiting(slow)
        early = await office.accepted("610", "2023", "census", [("610", "poor", 9)])
        await office.verdict(early, "withdraw", reason="nhầm kỳ")
    late = (await sending).json()["lines"][1]["report"]
    assert late["received_at"] < early["received_at"]

    async def accepted_before(it):
        return (await office.get(f"reports/{it['id']}/differences", office.reviewer)).json()["accepted"]

    assert await accepted_before(late) == early["id"]
    await office.verdict(late)
    assert (await accepted_before(late), await accepted_before(early)) == (early["id"], None)
