"""Flows and stocks over time, and figures on the map of another day."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.resources import get_resources
from shared.periods import Period
from shared.territory.tree import Territory
from shared.territory.units import Succession
from tests.territory.shipped import read_successions, read_units

PLACE = "610"
NEW_MAP = "2025-07-01"
MAP = Territory(read_units(), read_successions())


async def test_flows_add_up_over_months_and_stocks_take_the_last(office):
    commune = office.communes(PLACE)[0]
    for month, jobs, herd in (("2023-01", 5, 40), ("2023-02", 7, 50), ("2023-03", 1, 45)):
        await office.accepted(PLACE, month, "results", [(PLACE, "jobs", jobs), (commune, "herd", herd)])
    assert (await office.figure("jobs", "2023-Q1"))["value"] == 13
    assert (await office.figure("jobs", "2023"))["value"] == 13
    assert (await office.figure("herd", "2023"))["value"] == 45
    assert (await office.figure("herd", "2023-02"))["value"] == 50
    past = await office.figure("jobs", "2023", as_of=office.clock().isoformat())
    assert past["value"] == 13
    assert (await office.figure("herd", "2023", unit=commune))["value"] == 45


async def test_the_link_of_a_figure_leads_to_the_values_of_its_subperiods(office):
    for month, jobs in (("2023-01", 5), ("2023-02", 7)):
        await office.accepted(PLACE, month, "results", [(PLACE, "jobs", jobs)])
    for period, total in (("2023", 12), ("2023-Q1", 12), ("2023-02", 7)):
        figure = await office.figure("jobs", period)
        behind = (await office.http.get(figure["lineage"])).json()
        shown = behind["values"] if "values" in behind else behind["items"]
        assert sum(value["value"] for value in shown) == figure["value"] == total, period


async def test_a_part_of_the_year_is_no_full_coverage(office):
    for month in range(1, 12):
        await office.accepted(PLACE, f"2023-{month:02d}", "results", [(PLACE, "jobs", 1)])
    assert (await office.figure("jobs", "2023", unit=PLACE))["coverage"] == {
        "reported": 0,
        "nil": 0,
        "expected": 1,
    }
    await office.accepted(PLACE, "2023-12", "results", [(PLACE, "jobs", 1)])
    assert (await office.figure("jobs", "2023", unit=PLACE))["coverage"]["reported"] == 1


async def test_a_month_of_nil_covers_the_year_like_one_with_a_value(office):
    for month in range(1, 12):
        await office.accepted(PLACE, f"2023-{month:02d}", "results", [(PLACE, "jobs", 1)])
    await office.accepted(PLACE, "2023-12", "results", [], nil=True)
    await office.accepted("611", "2023-12", "results", [], nil=True)
    for month in range(1, 13):
        await office.accepted("612", f"2023-{month:02d}", "results", [], nil=True)

    async def covered(unit, period="2023"):
        now = await office.figure("jobs", period, unit)
        then = await office.figure("jobs", period, unit, as_of=office.clock.at.isoformat())
        assert now["coverage"] == then["coverage"]
        return tuple(now["coverage"].values())

    assert await covered(PLACE) == (1, 0, 1)
    assert await covered("611") == (0, 0, 1)
    assert await covered("612") == (0, 1, 1)
    assert await covered("62") == (1, 1, 10)
    assert await covered(PLACE, "2023-Q4") == (1, 0, 1)
    assert await covered("611", "2023-12") == (0, 1, 1)


@pytest.mark.parametrize(
    ("first", "second"), [("2023", "2023-05"), ("2023-Q2", "2023"), ("2023-05", "2023-Q2")]
)
@pytest.mark.parametrize("nil_first", [True, False])
async def test_nil_is_refused_beside_a_flow_of_an_overlapping_period(office, first, second, nil_first):
    async def say(period, *, nil):
        values = [] if nil else [(PLACE, "jobs", 5)]
        return await office.submit(PLACE, period, "results", values, nil=nil)

    assert (await say(first, nil=nil_first)).status_code == 201
    answer = await say(second, nil=not nil_first)
    assert (answer.status_code, answer.json()["code"]) == (409, "value_stated_elsewhere")
    assert answer.json()["conflicts"][0]["period"] == first
    assert (await say("2023-11" if "2023" not in (first, second) else "2022", nil=True)).status_code == 201


async def test_a_stock_may_be_stated_beside_nil_for_a_longer_period(office):
    commune = office.communes(PLACE)[0]
    await office.accepted(PLACE, "2023", "results", [(commune, "herd", 9)])
    assert (await office.submit(PLACE, "2023-05", "results", [], nil=True)).status_code == 201
    await office.accepted("611", "2023-05", "results", [(office.communes("611")[0], "herd", 9)])
    assert (await office.submit("611", "2023", "results", [], nil=True)).status_code == 409


async def test_a_flow_is_not_stated_for_a_year_and_for_a_month_of_it(office):
    await office.accepted(PLACE, "2023-05", "results", [(PLACE, "jobs", 5)])
    answer = await office.submit(PLACE, "2023", "results", [(PLACE, "jobs", 60)])
    assert (answer.status_code, answer.json()["code"]) == (409, "value_stated_elsewhere")
    assert answer.json()["conflicts"][0]["period"] == "2023-05"
    neighbour = await office.submit("611", "2023", "results", [("611", "jobs", 60)])
    assert neighbour.status_code == 201


async def test_a_stock_may_be_stated_for_the_year_and_for_its_months(office):
    commune = office.communes(PLACE)[0]
    await office.accepted(PLACE, "2023-12", "results", [(commune, "herd", 10)])
    await office.accepted(PLACE, "2023", "results", [(commune, "herd", 12)])
    assert (await office.figure("herd", "2023"))["value"] == 12


@given(year=st.integers(1990, 2100), month=st.integers(1, 12))
def test_every_shorter_period_lies_within_its_year(year, month):
    parts = Period(year).with_subperiods()
    assert len(parts) == 1 + 2 + 4 + 12
    assert all(Period(year).contains(part) for part in parts)
    assert Period.parse(f"{year}-{month:02d}") in parts


async def whole_province(office):
    for district in ("608", "610", "611", "612", "613", "614", "615", "616", "617", "618"):
        communes = office.communes(district)
        await office.accepted(
            district,
            "2023",
            "census",
            [
                (commune, code, value)
                for commune in communes
                for code, value in (("households", 50), ("poor", 5))
            ],
        )
        rural = office.communes(district, kinds={"xa"})
        await office.accepted(
            district,
            "2023",
            "criteria",
            [(commune, code, 1) for commune in rural for code in ("criterion_a", "criterion_b")],
        )


async def test_figures_of_2023_on_the_map_of_2025(office):
    await whole_province(office)
    own = await office.figure("communes_done")
    assert (own["value"], own["coverage"]["expected"], own["reassessment_required"]) == (85, 85, False)

    summed = await office.figure("households", unit="51", map=NEW_MAP)
    assert (summed["value"], summed["coverage"]) == (5100, {"reported": 40, "nil": 0, "expected": 96})
    assert (await office.figure("poverty_rate", unit="51", map=NEW_MAP))["value"] == 10
    counted = await office.figure("communes_done", unit="51", map=NEW_MAP)
    assert (counted["value"], counted["reassessment_required"]) == (None, True)
    assert counted["coverage"]["expected"] == 86  # the xã of Quảng Ngãi
    assert (await office.figure("criteria_average", unit="51", map=NEW_MAP))["value"] is None

    lineage = await office.http.get(counted["lineage"])
    assert lineage.status_code == 200


async def test_a_merged_commune_adds_its_parts_and_an_unchanged_one_keeps_its_verdict(office):
    await whole_province(office)
    merged = await office.figure("households", unit="23293", map=NEW_MAP)  # five wards became phường Kon Tum
    assert merged["value"] == 250
    unchanged = await office.figure("communes_done", unit="23368", map=NEW_MAP)  # xã Đăk Long
    assert (unchanged["value"], unchanged["reassessment_required"]) == (1, False)
    changed = await office.figure("communes_done", unit="23341", map=NEW_MAP)  # a town and a commune
    assert (changed["value"], changed["reassessment_required"]) == (None, True)


def divided(weights):
    """The shipped map, and a day in 2026 on which xã Đăk Long is divided into two."""
    day = date(2026, 7, 1)
    last = day - timedelta(days=1)
    old = MAP.unit("23368", last)
    parts = [replace(old, code=code, name=code, valid_from=day) for code in ("23368", "99991")]
    units = [replace(unit, valid_to=last) if unit is old else unit for unit in MAP.all_units()]
    links = [
        Succession("23368", old.valid_from, part.code, day, day, "split", weight)
        for part, weight in zip(parts, weights, strict=True)
    ]
    return Territory([*units, *parts], [*read_successions(), *links])


@pytest.mark.parametrize("weights", [(None, None), (Decimal("0.75"), Decimal("0.25"))])
async def test_a_split_is_refused_without_declared_weights_and_divided_by_them(office, weights):
    await office.accepted("610", "2023", "census", [("23368", "households", 40), ("23368", "poor", 8)])
    resources = get_resources(office.app)
    before = resources.get(Territory)
    resources.put(divided(weights))
    try:
        if weights[0] is None:
            for path in ("progress", "lineage/households"):
                answer = await office.get(path, period="2023", unit="23368", map="2026-07-01")
                assert (answer.status_code, answer.json()["code"]) == (409, "unit_split_without_weight"), path
            for map_on in (NEW_MAP, "2026-07-01"):
                assert (await office.figure("households", unit="51", map=map_on))["value"] == 40
            done = await office.figure("communes_done", unit="51", map="2026-07-01")
            assert (done["value"], done["reassessment_required"]) == (None, True)
            return
        for unit, value in (("51", 40), ("23368", 30), ("99991", 10)):
            assert (await office.figure("households", unit=unit, map="2026-07-01"))["value"] == value
        assert (await office.figure("poverty_rate", unit="99991", map="2026-07-01"))["value"] == 20
        done = await office.figure("communes_done", unit="99991", map="2026-07-01")
        assert (done["value"], done["reassessment_required"]) == (None, True)
    finally:
        resources.put(before)


async def test_after_the_end_of_districts_the_province_answers_for_its_communes(office):
    office.clock.move(days=900)
    token = office.token("commune", ["report"], ["51"])
    on = Period.parse("2025").ends_on
    for commune in office.communes("51", on)[:3]:
        answer = await office.submit(
            commune, "2025", "census", [(commune, "households", 10), (commune, "poor", 1)], token=token
        )
        assert answer.status_code == 201, answer.text
        await office.verdict(answer.json())
    figure = await office.figure("poverty_rate", "2025", unit="51")
    assert (figure["value"], figure["coverage"]) == (10, {"reported": 3, "nil": 0, "expected": 96})
    gone = await office.submit("610", "2025", "census", [("610", "households", 10)])
    assert gone.json()["errors"][0]["code"] == "unit_unknown_on_date"


async def test_rights_follow_the_tree_of_the_day(office):
    office.clock.move(days=900)
    token = office.district("610")
    now = await office.submit(
        "23341", "2025", "census", [("23341", "households", 10), ("23341", "poor", 1)], token=token
    )
    assert (now.status_code, now.json()["code"]) == (403, "unit_not_granted")
    then = await office.submit(
        "23341", "2023", "census", [("23341", "households", 10), ("23341", "poor", 1)], token=token
    )
    assert then.status_code == 201


async def test_a_code_with_another_meaning_has_no_target_of_its_old_one(office):
    body = {"decision": {"number": "1/QĐ-UBND", "date": "2023-01-05"}}
    planned = {**body, "targets": [{"indicator": "households", "value": 7}]}
    assert (await office.put("targets/2023/23293", planned, office.planner)).status_code == 200
    assert (await office.figure("households", unit="23293"))["target"] == 7
    assert (await office.figure("households", unit="23293", map=NEW_MAP))["target"] is None


async def test_what_a_district_states_covers_the_communes_that_its_land_became(office):
    await office.accepted(PLACE, "2023", "results", [(PLACE, "jobs", 5)])
    figure = await office.figure("jobs", unit="51", map=NEW_MAP)
    assert figure["value"] == 5
    assert 0 < figure["coverage"]["reported"] < figure["coverage"]["expected"] == 96
