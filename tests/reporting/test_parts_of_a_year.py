"""Months, quarters and the year side by side: roll-ups stay equal to a recomputation, and nothing counts twice."""

import random
from typing import Any

import pytest

from shared.periods import Period
from shared.reporting.figures import store
from shared.reporting.models import BASES
from tests.forms import short_and_long
from tests.reporting.office import open_context
from tests.reporting.recomputed_measures import read_measures

pytestmark = pytest.mark.anyio

PERIODS = ("2023", "2023-S1", "2023-Q1", "2023-01", "2023-02", "2023-03")
REPORTED = ("2023", "2023-Q1", "2023-01", "2023-02")


async def compare(office):
    """Compare roll-ups with a recomputation, for every period, basis and level."""
    async with open_context(office) as context:
        session, catalogue = context.session, context.engine.catalogue
        for text in PERIODS:
            period = Period.parse(text)
            for basis in BASES:
                for scope, answering in (("62", ("62", "610", "611")), ("610", ("610",))):
                    ask: dict[str, Any] = {"period": period, "basis": basis}
                    rolled = await store.read_roll_ups(session, catalogue, units=answering, **ask)
                    below = context.below(scope, period)
                    again = await read_measures(session, catalogue, context.territory, units=below, **ask)
                    assert rolled == again, (text, basis, scope)


async def compare_coverage(office):
    """Compare what is covered by roll-ups with what is by the observations themselves, at the province and a district."""
    for text in ("2023", "2023-Q1", "2023-01"):
        for unit in ("62", "610"):
            ask = {"period": text, "unit": unit, "basis": "provisional"}
            now = (await office.get("progress", office.reviewer, **ask)).json()["figures"]
            then = await office.get("progress", office.reviewer, **ask, as_of=office.clock.at.isoformat())
            for figure, again in zip(now, then.json()["figures"], strict=True):
                assert figure["coverage"] == again["coverage"], (text, unit, figure["indicator"])
                assert figure["value"] == again["value"]
                if figure["coverage"]:
                    covered = figure["coverage"]["reported"] + figure["coverage"]["nil"]
                    assert covered <= figure["coverage"]["expected"]


async def herd(office, period="2023", unit="62", **more):
    return (await office.figure("herd", period=period, unit=unit, **more))["value"]


async def test_a_stock_of_the_year_is_the_last_of_each_commune_even_if_reported_late(office):
    await office.accepted("610", "2023-01", "results", [("23344", "herd", 5), ("23347", "herd", 7)])
    await office.accepted("610", "2023-02", "results", [("23347", "herd", 8)])
    for period in ("2023", "2023-S1", "2023-Q1"):
        for unit in ("62", "610"):
            assert await herd(office, period, unit) == 13, (period, unit)
            assert await herd(office, period, unit, as_of=office.clock.at.isoformat()) == 13
    assert await herd(office, "2023-01") == 12
    assert await herd(office, "2023-02") == 8
    await office.accepted("610", "2023", "results", [("23347", "herd", 9)])
    assert await herd(office) == 14
    await compare(office)


async def test_the_coverage_of_a_stock_counts_each_commune_once(office):
    for month in ("2023-01", "2023-02", "2023-03"):
        await office.accepted("610", month, "results", [("23344", "herd", 5)])
    assert (await office.figure("herd"))["coverage"]["reported"] == 1


@pytest.mark.parametrize("first", ["610", "23344"])
async def test_a_stock_does_not_change_its_level_within_a_year(office, first):
    """Else a district's January and its commune's February would both be the last of the year."""
    second = "23344" if first == "610" else "610"
    await office.accepted(first, "2023-01", "results", [(first, "herd", 5)])
    answer = await office.submit(second, "2023-02", "results", [(second, "herd", 6)])
    assert answer.status_code == 409, answer.text
    assert answer.json()["code"] == "value_stated_elsewhere"
    assert answer.json()["conflicts"][0]["period"] == "2023-01"
    assert (await office.submit(second, "2022-12", "results", [(second, "herd", 6)])).status_code == 201
    assert (await office.submit(first, "2023-02", "results", [(first, "herd", 6)])).status_code == 201


async def test_a_unit_does_not_change_the_level_of_a_stock_in_its_own_reports_either(office):
    await office.accepted("610", "2023-01", "results", [("23344", "herd", 5)])
    answer = await office.submit("610", "2023-02", "results", [("610", "herd", 6)])
    assert (answer.status_code, answer.json()["code"]) == (409, "value_stated_elsewhere"), answer.text
    (conflict,) = answer.json()["conflicts"]
    assert (conflict["stated_at"], conflict["period"]) == ("23344", "2023-01")
    assert (await office.submit("610", "2023-02", "results", [("23344", "herd", 6)])).status_code == 201


async def test_a_flow_may_come_from_a_district_in_one_month_and_from_its_commune_in_another(office):
    await office.accepted("610", "2023-01", "results", [("610", "rain", 5)])
    await office.accepted("23344", "2023-02", "results", [("23344", "rain", 6)])
    assert (await office.figure("rain"))["value"] == 11


@pytest.mark.slow
@pytest.mark.parametrize("steps", short_and_long(30, 400))
async def test_roll_ups_of_all_periods_equal_a_recomputation_in_any_order(office, steps):
    chance = random.Random(7)
    live: dict[tuple[str, str], list[dict[str, Any]]] = {}
    outcomes = []
    for _ in range(steps):
        unit, period = chance.choice(("610", "611")), chance.choice(REPORTED)
        reports = live.setdefault((unit, period), [])
        if reports and chance.random() < 0.5:
            report, move = reports.pop(), chance.choice(["accept", "accept", "return", "withdraw"])
            answer = await office.verdict(report, move, **({} if move == "accept" else {"reason": "vì sao"}))
            if move == "accept" and answer.status_code == 200:
                reports.append(report)
        elif not reports and chance.random() < 0.2:
            answer = await office.submit(unit, period, "results", [], nil=True)
            if answer.status_code == 201:
                reports.append(answer.json())
        else:
            places = {"610": ("23344", "23347", "23350"), "611": ("23380", "23383")}[unit]
            codes = ("herd", "rain") if period in ("2023-01", "2023-02") else ("herd",)
            cells = [(place, code) for place in places for code in codes]
            chosen = chance.sample(cells, chance.randint(1, len(cells)))
            rows = [(place, code, chance.randint(0, 9)) for place, code in chosen]
            supersedes = reports[-1]["id"] if reports else None
            answer = await office.submit(unit, period, "results", rows, supersedes=supersedes)
            if answer.status_code == 201:
                reports.append(answer.json())
        outcomes.append(answer.status_code)
        if answer.status_code < 300:
            await compare(office)
            await compare_coverage(office)
    assert set(outcomes) <= {200, 201, 409}
    assert outcomes.count(201) > 8
    assert outcomes.count(200) > 5
