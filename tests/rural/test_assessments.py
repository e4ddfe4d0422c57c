"""Assessments: the rules, and the answers about communes and criteria over HTTP."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.assessments.rules import (
    CRITERIA,
    GROUP_NAMES,
    CriteriaResult,
    MetInvalid,
    count_by_criterion,
    count_by_group,
    find_changes,
    list_missing,
    list_weakest,
    parse_met_range,
)
from tests.not_none import not_none
from tests.program_clients import read_table
from tests.rural.bodies import evaluation_body, meets_body

full_verdicts = st.fixed_dictionaries(dict.fromkeys(CRITERIA, st.sampled_from([Decimal(0), Decimal(1)])))


@given(st.lists(full_verdicts, max_size=6))
def test_each_criterion_is_counted_over_the_communes_that_state_it(assessments):
    counts = count_by_criterion(assessments)
    assert [count.number for count in counts] == list(range(1, 20))
    for count in counts:
        unmet = sum(count.number in list_missing(verdicts) for verdicts in assessments)
        assert (count.met, count.assessed) == (len(assessments) - unmet, len(assessments))


partial_verdicts = st.dictionaries(st.sampled_from(CRITERIA), st.sampled_from([Decimal(0), Decimal(1)]))
"""Verdicts of an assessment in which some criteria are not stated; none at all is no assessment."""


@given(st.lists(partial_verdicts.filter(bool), max_size=8))
def test_the_groups_add_up_to_the_assessed_communes(assessments):
    groups = count_by_group(assessments)
    assert tuple(groups) == GROUP_NAMES
    assert sum(groups.values()) == len(assessments)
    for name, count in groups.items():
        low, high = parse_met_range(name)
        results = [CriteriaResult(verdicts).met for verdicts in assessments]
        assert count == sum(met is not None and low <= met <= high for met in results)


@given(partial_verdicts)
def test_missing_criteria_are_unmet_or_unstated(stated):
    result = CriteriaResult(stated)
    assert (result.met is None) == (stated == {})
    if stated:
        assert not_none(result.met) + len(result.missing) == len(CRITERIA)
        assert set(result.unstated) <= set(result.missing)
        assert {number for number in result.missing if f"criterion_{number:02d}" in stated} == set(
            result.missing
        ) - set(result.unstated)


@given(st.lists(partial_verdicts, max_size=6))
def test_the_weakest_criteria_are_met_by_the_smallest_shares(assessments):
    counts = {count.number: count for count in count_by_criterion(assessments)}
    order = list_weakest(counts.values())
    assert set(order) == {number for number, count in counts.items() if count.met < count.assessed}
    shares = [counts[number].met / counts[number].assessed for number in order]
    assert shares == sorted(shares)


@given(full_verdicts, full_verdicts)
def test_gained_and_lost_criteria_lead_from_one_assessment_to_the_next(before, after):
    changes = find_changes(before, after)
    missing = set(list_missing(before)) - set(changes["gained"]) | set(changes["lost"])
    assert sorted(missing) == list_missing(after)
    assert find_changes(None, after) == {"gained": [], "lost": []}


@given(st.integers(0, 30), st.none() | st.integers(0, 30))
def test_the_filter_by_criteria_met_is_a_number_or_a_range_up_to_nineteen(low, high):
    text = str(low) if high is None else f"{low}-{high}"
    if low <= (low if high is None else high) <= len(CRITERIA):
        assert parse_met_range(text) == (low, low if high is None else high)
    else:
        with pytest.raises(MetInvalid):
            parse_met_range(text)


@given(st.text(max_size=6))
def test_any_other_filter_is_refused(text):
    parts = text.split("-")
    if all(part in map(str, range(20)) for part in parts) and len(parts) <= 2:
        low, high = int(parts[0]), int(parts[-1])
        assert low > high or parse_met_range(text) == (low, high)
    else:
        with pytest.raises(MetInvalid):
            parse_met_range(text)


def test_the_filter_by_criteria_met():
    assert [parse_met_range("19"), parse_met_range("15-18"), parse_met_range("0-4")] == [
        (19, 19),
        (15, 18),
        (0, 4),
    ]
    for nonsense in ("20", "-1", "18-15", "x", "", "1-2-3"):
        with pytest.raises(MetInvalid):
            parse_met_range(nonsense)


async def list_all_communes(clients, **query):
    items, cursor = [], None
    while True:
        page = await clients.get("communes", limit=20, **query, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


async def test_the_communes_of_a_province_by_criteria_met(clients):
    await clients.create("recognitions", meets_body())
    await clients.report_and_accept("criteria_assessment", read_table("rural_criteria_assessment"))
    communes = await list_all_communes(clients, period="2023")
    assert len(communes) == len({commune["code"] for commune in communes}) == 85
    assert [commune["code"] for commune in communes] == sorted(commune["code"] for commune in communes)
    weakest_first = [commune["met"] for commune in await list_all_communes(clients, sort="met")]
    assert weakest_first == sorted(weakest_first)
    assert [commune["met"] for commune in await list_all_communes(clients, sort="-met")] == weakest_first[
        ::-1
    ]
    groups = {
        met: len(await list_all_communes(clients, met=met)) for met in ("19", "15-18", "10-14", "5-9", "0-4")
    }
    assert groups["19"] == 48
    assert sum(groups.values()) == 85
    district = await list_all_communes(clients, district="615", met="19")
    assert {commune["district"] for commune in district} == {"615"}
    assert [commune["code"] for commune in await list_all_communes(clients, recognized="meets")] == ["23509"]
    assert len(await list_all_communes(clients, recognized="none")) == 84
    assert all(commune["met"] + len(commune["missing"]) == 19 for commune in communes)

    criteria = await clients.get("criteria", period="2023")
    assert (criteria["communes"], criteria["assessed"]) == (85, 85)
    assert criteria["groups"] == groups
    assert sum(criteria["groups"].values()) + criteria["not_assessed"] == criteria["communes"]
    assert (
        sum(commune["met"] for commune in criteria["items"])
        == sum(commune["met"] for commune in communes)
        == 1357
    )
    assert round(criteria["average"], 2) == 15.96
    assert set(criteria["weakest"][:2]) == {10, 11}
    of_district = await clients.get("criteria", period="2023", unit="615")
    assert of_district["communes"] == 10
    assert of_district["items"][0]["met"] <= 10


RESULT_FIELDS = ("met", "missing", "unstated")


async def test_communes_not_assessed_or_assessed_in_part_are_counted_apart(clients):
    rows = [row for row in read_table("rural_criteria_assessment") if row["district"] == "615"]
    reported = [
        row
        for row in rows
        if row["unit"] != "23512" and (row["unit"], row["indicator"]) != ("23509", "criterion_07")
    ]
    await clients.report_and_accept("criteria_assessment", reported)
    criteria = await clients.get("criteria", period="2023", unit="615")
    assert (criteria["communes"], criteria["assessed"], criteria["not_assessed"]) == (10, 9, 1)
    assert sum(criteria["groups"].values()) == 9
    communes = {
        commune["code"]: commune
        for commune in (await clients.get("communes", period="2023", district="615"))["items"]
    }
    results = {code: tuple(communes[code][name] for name in RESULT_FIELDS) for code in ("23509", "23512")}
    assert results == {"23509": (18, [7], [7]), "23512": (None, [], [])}
    later = await clients.get("criteria", period="2025", unit="51")
    assert (later["communes"], later["not_assessed"], sum(later["groups"].values())) == (86, 86, 0)


async def test_without_an_assessment_every_result_is_null(clients):
    communes = await clients.get("communes")
    assert (communes["period"], {row["met"] for row in communes["items"]}) == ("2024", {None})
    assert (await clients.get("communes", met="0-19"))["items"] == []
    criteria = await clients.get("criteria")
    assert (criteria["assessed"], criteria["average"], criteria["weakest"]) == (0, None, [])
    assert all(row["met_percent"] is None for row in criteria["items"])


async def test_one_commune_on_one_page(clients):
    rows = [row for row in read_table("rural_criteria_assessment") if row["unit"] == "23509"]
    earlier = [
        {**row, "value": "0" if row["indicator"] in ("criterion_10", "criterion_11") else row["value"]}
        for row in rows
    ]
    await clients.report_and_accept("criteria_assessment", earlier, "2022")
    await clients.report_and_accept("criteria_assessment", rows, "2023")
    await clients.create("villages", {"code": "23509.01", "name": "Thôn 1", "valid_from": "2022-01-01"})
    await clients.create("recognitions", meets_body(year=2023))
    village = {"criteria_set": "village_model_2022_2025", "level": "model"}
    await clients.create("recognitions", meets_body("23509.01", "7/QĐ", "2023-06-15", 2023, **village))
    await clients.create("ocop/products", evaluation_body("A", "2022-07-15", unit="23509"))
    page = await clients.get("communes/23509", on="2023-12-31")
    assert (page["district"], [row["level"] for row in page["in_force"]]) == ("615", ["meets"])
    assert [(row["period"], row["met"], row["missing"]) for row in page["assessments"]] == [
        ("2023", 19, []),
        ("2022", 17, [10, 11]),
    ]
    assert "without a document or evidence" in page["assessments"][0]["criteria"][0]["why_en"]
    assert (page["assessments"][0]["gained"], page["assessments"][0]["lost"]) == ([10, 11], [])
    assert [row["code"] for row in page["villages"]] == ["23509.01"]
    assert [row["unit"] for row in page["village_recognitions"]] == ["23509.01"]
    assert [row["code"] for row in page["products"]] == ["A"]
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
async def test_invalid_parameters_are_refused(clients, path, query, status, code):
    answer = await clients.http.get(f"/v1/rural/{path}", params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
