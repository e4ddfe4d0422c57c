"""What people read of assessments: communes, one commune, the criteria."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.assessments.rules import (
    GROUP_NAMES,
    Assessed,
    MetInvalid,
    by_criterion,
    changes,
    grouped,
    met_between,
    weakest,
)
from services.rural.rules import CRITERIA, missing
from tests.registers import table
from tests.rural.bodies import evaluation, meets

values = st.fixed_dictionaries(dict.fromkeys(CRITERIA, st.sampled_from([Decimal(0), Decimal(1)])))


@given(st.lists(values, max_size=6))
def test_each_criterion_is_counted_over_those_who_state_it(assessments):
    standings = by_criterion(assessments)
    assert [it.number for it in standings] == list(range(1, 20))
    for it in standings:
        unmet = sum(it.number in missing(each) for each in assessments)
        assert (it.met, it.assessed) == (len(assessments) - unmet, len(assessments))


parts = st.dictionaries(st.sampled_from(CRITERIA), st.sampled_from([Decimal(0), Decimal(1)]))
"""Assessments in which not every criterion is stated; none at all is no assessment."""


@given(st.lists(parts.filter(bool), max_size=8))
def test_the_groups_add_up_to_the_communes_that_are_assessed(assessments):
    counted = grouped(assessments)
    assert tuple(counted) == GROUP_NAMES
    assert sum(counted.values()) == len(assessments)
    for name, count in counted.items():
        low, high = met_between(name)
        assert count == sum(low <= Assessed("x", it).met <= high for it in assessments)


@given(parts)
def test_what_is_missing_to_nineteen_is_unmet_or_unstated(stated):
    it = Assessed("x", stated)
    assert (it.met is None) == (stated == {})
    if stated:
        assert it.met + len(it.missing) == len(CRITERIA)
        assert set(it.unstated) <= set(it.missing)
        assert {number for number in it.missing if f"criterion_{number:02d}" in stated} == set(
            it.missing
        ) - set(it.unstated)


@given(st.lists(parts, max_size=6))
def test_the_weakest_criteria_are_those_that_the_smallest_share_meets(assessments):
    standings = {it.number: it for it in by_criterion(assessments)}
    order = weakest(standings.values())
    assert set(order) == {number for number, it in standings.items() if it.met < it.assessed}
    shares = [standings[number].met / standings[number].assessed for number in order]
    assert shares == sorted(shares)


@given(values, values)
def test_what_is_gained_and_lost_leads_from_one_assessment_to_the_next(before, after):
    moved = changes(before, after)
    lacking = set(missing(before)) - set(moved["gained"]) | set(moved["lost"])
    assert sorted(lacking) == missing(after)
    assert changes(None, after) == {"gained": [], "lost": []}


@given(st.integers(0, 30), st.none() | st.integers(0, 30))
def test_the_filter_by_criteria_met_is_a_number_or_a_range_up_to_nineteen(low, high):
    asked = str(low) if high is None else f"{low}-{high}"
    if low <= (low if high is None else high) <= len(CRITERIA):
        assert met_between(asked) == (low, low if high is None else high)
    else:
        with pytest.raises(MetInvalid):
            met_between(asked)


@given(st.text(max_size=6))
def test_any_other_filter_is_refused(asked):
    parts = asked.split("-")
    if all(part in map(str, range(20)) for part in parts) and len(parts) <= 2:
        low, high = int(parts[0]), int(parts[-1])
        assert low > high or met_between(asked) == (low, high)
    else:
        with pytest.raises(MetInvalid):
            met_between(asked)


def test_the_filter_by_criteria_met():
    assert [met_between("19"), met_between("15-18"), met_between("0-4")] == [(19, 19), (15, 18), (0, 4)]
    for nonsense in ("20", "-1", "18-15", "x", "", "1-2-3"):
        with pytest.raises(MetInvalid):
            met_between(nonsense)


async def all_of(clients, **query):
    items, cursor = [], None
    while True:
        said = await clients.get("communes", limit=20, **query, **({"cursor": cursor} if cursor else {}))
        items += said["items"]
        cursor = said["next"]
        if cursor is None:
            return items


async def test_the_province_by_what_its_communes_meet(clients):
    await clients.kept("recognitions", meets())
    await clients.report_and_accept("criteria_assessment", table("rural_criteria_assessment"))
    every = await all_of(clients, period="2023")
    assert len(every) == len({it["code"] for it in every}) == 85
    assert [it["code"] for it in every] == sorted(it["code"] for it in every)
    weakest_first = [it["met"] for it in await all_of(clients, sort="met")]
    assert weakest_first == sorted(weakest_first)
    assert [it["met"] for it in await all_of(clients, sort="-met")] == weakest_first[::-1]
    groups = {met: len(await all_of(clients, met=met)) for met in ("19", "15-18", "10-14", "5-9", "0-4")}
    assert groups["19"] == 48
    assert sum(groups.values()) == 85
    district = await all_of(clients, district="615", met="19")
    assert {it["district"] for it in district} == {"615"}
    assert [it["code"] for it in await all_of(clients, recognized="meets")] == ["23509"]
    assert len(await all_of(clients, recognized="none")) == 84
    assert all(it["met"] + len(it["missing"]) == 19 for it in every)

    criteria = await clients.get("criteria", period="2023")
    assert (criteria["communes"], criteria["assessed"]) == (85, 85)
    assert criteria["groups"] == groups
    assert sum(criteria["groups"].values()) + criteria["not_assessed"] == criteria["communes"]
    assert sum(it["met"] for it in criteria["items"]) == sum(it["met"] for it in every) == 1357
    assert round(criteria["average"], 2) == 15.96
    assert set(criteria["weakest"][:2]) == {10, 11}
    part = await clients.get("criteria", period="2023", unit="615")
    assert part["communes"] == 10
    assert part["items"][0]["met"] <= 10


async def test_who_is_not_assessed_or_not_of_every_criterion_is_told_apart(clients):
    rows = [row for row in table("rural_criteria_assessment") if row["district"] == "615"]
    part = [
        row
        for row in rows
        if row["unit"] != "23512" and (row["unit"], row["indicator"]) != ("23509", "criterion_07")
    ]
    await clients.report_and_accept("criteria_assessment", part)
    said = await clients.get("criteria", period="2023", unit="615")
    assert (said["communes"], said["assessed"], said["not_assessed"]) == (10, 9, 1)
    assert sum(said["groups"].values()) == 9
    rows = {it["code"]: it for it in (await clients.get("communes", period="2023", district="615"))["items"]}
    assert (rows["23509"]["met"], rows["23509"]["missing"], rows["23509"]["unstated"]) == (18, [7], [7])
    assert (rows["23512"]["met"], rows["23512"]["missing"], rows["23512"]["unstated"]) == (None, [], [])
    later = await clients.get("criteria", period="2025", unit="51")
    assert (later["communes"], later["not_assessed"], sum(later["groups"].values())) == (37, 37, 0)


async def test_without_an_assessment_nothing_is_guessed(clients):
    said = await clients.get("communes")
    assert (said["period"], {it["met"] for it in said["items"]}) == ("2024", {None})
    assert (await clients.get("communes", met="0-19"))["items"] == []
    criteria = await clients.get("criteria")
    assert (criteria["assessed"], criteria["average"], criteria["weakest"]) == (0, None, [])
    assert all(it["met_percent"] is None for it in criteria["items"])


async def test_one_commune_on_one_page(clients):
    rows = [row for row in table("rural_criteria_assessment") if row["unit"] == "23509"]
    earlier = [
        {**row, "value": "0" if row["indicator"] in ("criterion_10", "criterion_11") else row["value"]}
        for row in rows
    ]
    await clients.report_and_accept("criteria_assessment", earlier, "2021")
    await clients.report_and_accept("criteria_assessment", rows, "2023")
    await clients.kept("villages", {"code": "23509.01", "name": "Thôn 1", "valid_from": "2022-01-01"})
    await clients.kept("recognitions", meets(year=2023))
    village = {"criteria_set": "village_model_2022_2025", "level": "model"}
    await clients.kept("recognitions", meets("23509.01", "7/QĐ", "2023-06-15", 2023, **village))
    await clients.kept("ocop/products", evaluation("A", "2022-07-15", unit="23509"))
    page = await clients.get("communes/23509", on="2023-12-31")
    assert (page["district"], [it["level"] for it in page["in_force"]]) == ("615", ["meets"])
    assert [(it["period"], it["met"], it["missing"]) for it in page["assessments"]] == [
        ("2023", 19, []),
        ("2021", 17, [10, 11]),
    ]
    assert "without a paper or evidence" in page["assessments"][0]["criteria"][0]["why_en"]
    assert (page["assessments"][0]["gained"], page["assessments"][0]["lost"]) == ([10, 11], [])
    assert [it["code"] for it in page["villages"]] == ["23509.01"]
    assert [it["unit"] for it in page["village_recognitions"]] == ["23509.01"]
    assert [it["code"] for it in page["products"]] == ["A"]
    before = await clients.get("communes/23509", on="2023-04-11")
    assert (before["in_force"], before["village_recognitions"]) == ([], [])


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("communes", {"met": "twenty"}, 422, "invalid"),
        ("communes", {"met": "20"}, 422, "met_invalid"),
        ("communes", {"cursor": "é"}, 400, "cursor_invalid"),
        ("communes", {"cursor": "WzEsMl0"}, 400, "cursor_invalid"),
        ("communes", {"period": "2023-13"}, 422, "period_invalid"),
        ("communes", {"unit": "99", "period": "2023"}, 404, "unit_unknown"),
        ("communes", {"district": "999", "period": "2023"}, 404, "unit_unknown"),
        ("communes", {"basis": "provisional"}, 401, "unauthenticated"),
        ("communes/23281", {"on": "2023-12-31"}, 404, "commune_not_rural"),
        ("communes/23509", {"on": "2025-12-31"}, 404, "unit_unknown_on_date"),
    ],
)
async def test_nonsense_is_refused(clients, path, query, status, code):
    answer = await clients.http.get(f"/v1/rural/{path}", params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
