"""Which writers wait for each other: for the unit and year, and for the change feed at the very end (ADR 0003)."""

import asyncio
from datetime import datetime

import pytest

from shared.kit.change_feed import lock_feed
from shared.periods import Period
from shared.reporting.reports.writing.sql import lock_unit_year, lock_years
from shared.territory.tree import Territory
from tests.application import get_database
from tests.reporting.office import wait_for_waiting
from tests.territory.shipped import read_successions, read_units

pytestmark = [pytest.mark.anyio, pytest.mark.race]

MAP = Territory(read_units(), read_successions())
IN_610, IN_611, AFTER_THE_MERGER = "23344", "23380", "23293"
"""A commune of each district, and a commune of the map of 1 July 2025, whose answering unit is its province."""


def submit(office, unit, period="2023", value=5, **more):
    values = [(unit, "poor", value)]
    return office.submit(unit, period, "census", values, **more)


@pytest.mark.parametrize(
    ("held", "other", "waits"),
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
async def test_a_lock_is_for_an_answering_unit_with_all_units_below_it_in_one_year(
    office, held, other, waits
):
    database = get_database(office.app)

    async def lock(session, unit, period):
        await lock_unit_year(session, MAP, unit, Period.parse(period))

    async def lock_other():
        async with database.writing() as session:
            await lock(session, *other)

    async with database.writing() as holder:
        await lock(holder, *held)
        waiting = asyncio.create_task(lock_other())
        if waits:
            await wait_for_waiting(holder)
            assert not waiting.done()
        else:
            await waiting
    await waiting


async def test_the_lock_of_a_year_waits_for_each_unit_in_it_and_each_unit_for_the_year(office):
    database = get_database(office.app)

    async def lock_both_years():
        async with database.writing() as session:
            await lock_years(session, [2022, 2023])

    async with database.writing() as holder:
        await lock_unit_year(holder, MAP, IN_610, Period(2023))
        waiting = asyncio.create_task(lock_both_years())
        await wait_for_waiting(holder)
    await waiting
    async with database.writing() as holder:
        await lock_years(holder, [2023])
        waiting = asyncio.create_task(submit(office, "610"))
        await wait_for_waiting(holder)
        assert (await submit(office, "610", "2022")).status_code == 201
    assert (await waiting).status_code == 201


async def test_reports_of_two_districts_do_not_wait_for_each_other(office):
    async with get_database(office.app).writing() as holder:
        await lock_unit_year(holder, MAP, "610", Period(2023))
        of_district = asyncio.create_task(submit(office, "610"))
        of_commune = asyncio.create_task(submit(office, IN_610, token=office.district("610")))
        await wait_for_waiting(holder)
        assert (await submit(office, "611")).status_code == 201
        assert not of_district.done()
        assert not of_commune.done()
    assert {(await of_district).status_code, (await of_commune).status_code} == {201, 409}, (
        "one of them was first"
    )


async def test_a_refused_report_does_not_wait_for_the_change_feed(office):
    await submit(office, "610")
    async with get_database(office.app).writing() as holder:
        await lock_feed(holder, office.clock)
        second = await submit(office, "610", value=6)
        same = await submit(office, "610")
    assert (second.status_code, second.json()["code"]) == (409, "report_exists")
    assert same.status_code == 200


async def test_a_report_is_received_when_it_comes_and_in_effect_when_it_has_the_change_feed(office):
    async with get_database(office.app).writing() as holder:
        await lock_feed(holder, office.clock)
        sending = asyncio.create_task(submit(office, "610"))
        await wait_for_waiting(holder)
        waiting = office.clock.at
        office.clock.move(hours=1)
    sent = (await sending).json()
    assert datetime.fromisoformat(sent["received_at"]) <= waiting
    kept = (await office.get(f"reports/{sent['id']}", office.reviewer)).json()
    (effect,) = kept["stood"]
    assert datetime.fromisoformat(effect["since"]) > waiting
    assert kept["state_at"] == kept["reviews"][0]["at"] == effect["since"]
    assert kept["received_at"] == kept["receipt"]["received_at"] == sent["received_at"]
    (event,) = (await office.get("changes", office.reviewer)).json()["items"]
    assert event["time"] == effect["since"]


async def test_nothing_of_a_report_is_visible_before_it_is_in_effect(office):
    async with get_database(office.app).writing() as holder:
        await lock_feed(holder, office.clock)
        sending = asyncio.create_task(submit(office, "610"))
        await wait_for_waiting(holder)
        figure = await office.figure("poor", token=office.reviewer, basis="provisional")
        assert figure["value"] is None
        assert (await office.get("reports", office.reviewer)).json()["items"] == []
    assert (await sending).status_code == 201
    assert (await office.figure("poor", token=office.reviewer, basis="provisional"))["value"] == 5


async def test_many_reviews_lock_their_years_before_the_change_feed_and_do_not_deadlock_with_a_report(office):
    first = (await submit(office, "610")).json()
    second = (await submit(office, "611")).json()
    verdicts = [
        {"report": report["id"], "verdict": "accept", "content_sha256": report["content_sha256"]}
        for report in (second, first)
    ]
    async with get_database(office.app).writing() as holder:
        await lock_feed(holder, office.clock)
        reviewing = asyncio.create_task(office.post("reviews", {"reviews": verdicts}, office.reviewer))
        await wait_for_waiting(holder)
        correcting = asyncio.create_task(submit(office, "610", value=6, supersedes=first["id"]))
        await wait_for_waiting(holder, 2)
    result = (await reviewing).json()
    assert [item["done"] for item in result["items"]] == [True, True]
    assert (await correcting).status_code == 201


async def test_a_review_that_waited_sees_the_report_as_it_is_now(office):
    first = (await submit(office, "610")).json()
    async with get_database(office.app).writing() as holder:
        await lock_feed(holder, office.clock)
        correcting = asyncio.create_task(submit(office, "610", value=6, supersedes=first["id"]))
        await wait_for_waiting(holder)
        reviewing = asyncio.create_task(office.verdict(first))
        await wait_for_waiting(holder, 2)
        assert not reviewing.done()
    assert (await correcting).status_code == 201
    refused = await reviewing
    assert (refused.status_code, refused.json()["code"]) == (409, "report_state")


async def test_the_report_accepted_before_is_found_by_the_time_of_effect_not_of_receipt(office):
    """A line waits for the line before it; meanwhile a report that was received later is accepted and withdrawn."""
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
    async with get_database(office.app).writing() as holder:
        await lock_unit_year(holder, MAP, "611", Period(2023))
        sending = asyncio.create_task(office.bulk(lines, sender))
        await wait_for_waiting(holder)
        early = await office.accepted("610", "2023", "census", [("610", "poor", 9)])
        await office.verdict(early, "withdraw", reason="nhầm kỳ")
    late = (await sending).json()["lines"][1]["report"]
    assert late["received_at"] < early["received_at"]

    async def find_accepted_before(report):
        return (await office.get(f"reports/{report['id']}/differences", office.reviewer)).json()["accepted"]

    assert await find_accepted_before(late) == early["id"]
    await office.verdict(late)
    assert (await find_accepted_before(late), await find_accepted_before(early)) == (early["id"], None)
