"""Results of projects beside their money: joined by the code of the component, each side may be away."""

import pytest

from gateway.composition.project_results import join_by_component

pytestmark = pytest.mark.usefixtures("no_fresh_parts")

HOUSES = {
    "unit": "62",
    "component": "GN.DA5",
    "component_name": "Dự án 5",
    "component_name_en": "Housing",
    "indicator": "houses_new",
    "label": "Nhà ở xây mới",
    "unit_of_measure": "houses",
    "done": 12,
    "plan": {"value": 16, "achieved_percent": 75},
}
MONEY = {
    "component": "GN.DA5",
    "allocated_vnd": 900,
    "carried_over_vnd": 100,
    "available_vnd": 1000,
    "disbursed_vnd": 400,
    "disbursement_rate": 40,
}
PATH = "/v1/project-results?period=2023&unit=62"


@pytest.fixture
def parts(upstreams):
    of_district = {**HOUSES, "unit": "610", "done": 5}
    named = {"component": "GN.DA7", "parent": None, "name": "Dự án 7", "name_en": "Capacity"}
    upstreams["poverty"].answer = {
        "as_of": "2024-01-05T02:00:00Z",
        "items": [of_district, HOUSES],
        "projects": [named],
    }
    as_a_whole = {**MONEY, "component": None}
    upstreams["funding"].answer = {
        "as_of": "2024-01-06T02:00:00Z",
        "rows": [as_a_whole, MONEY, {**MONEY, "component": "GN.DA7"}],
    }
    return upstreams


async def test_results_and_money_meet_at_the_component(gateway, parts):
    answer = await gateway.get(PATH)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["unit"]["code"], body["program"], body["complete"]) == ("62", "poverty", True)
    assert (body["year"], body["until"], body["as_of"]) == (2023, None, "2024-01-06T02:00:00Z")
    houses, without_result, as_a_whole = body["items"]
    assert (without_result["name"], without_result["name_en"], without_result["results"]) == (
        "Dự án 7",
        "Capacity",
        [],
    )
    assert (houses["component"], houses["name"]) == ("GN.DA5", "Dự án 5")
    assert [(row["done"], row["plan"]["value"]) for row in houses["results"]] == [(12, 16)]
    assert houses["money"]["disbursement_rate"] == 40
    assert (as_a_whole["component"], as_a_whole["results"]) == (None, [])
    assert parts["funding"].requests[0][1] == (
        "/v1/funding/progress?year=2023&program=poverty&unit=62&group_by=component"
    )
    assert parts["poverty"].requests[0][1].startswith("/v1/poverty/project-results?period=2023&unit=62&")
    again = await gateway.get(PATH, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_a_half_year_and_a_service_that_is_away(gateway, parts):
    parts["funding"].status = 500
    body = (await gateway.get("/v1/project-results?period=2023-S1&unit=62")).json()
    assert (body["until"], body["complete"]) == ("2023-06-30", False)
    assert (body["results"]["state"], body["funding"]["state"]) == ("fresh", "unavailable")
    assert [(row["component"], row["money"]) for row in body["items"]] == [("GN.DA5", None)]
    assert "until=2023-06-30" in parts["funding"].requests[0][1]


async def test_faulty_queries(gateway, parts):
    for query, code in (("period=2023&program=rural", "not_one_of"), ("unit=62", "missing")):
        answer = await gateway.get(f"/v1/project-results?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


def test_components_of_either_side_are_listed_once():
    joined = list(
        join_by_component([HOUSES], [{**MONEY, "component": "GN.DA1"}, {**MONEY, "component": None}])
    )
    assert [(row["component"], bool(row["results"]), bool(row["money"])) for row in joined] == [
        ("GN.DA1", False, True),
        ("GN.DA5", True, False),
        (None, False, True),
    ]


async def test_results_of_ethnic_and_the_targets_of_a_plan(gateway, upstreams):
    houses = {"indicator": "houses", "label": "Nhà", "unit_of_measure": "houses", "done": 3, "plan": None}
    project = {"component": "DT.DA1", "parent": None, "name": "Dự án 1", "name_en": "Land"}
    upstreams["ethnic"].answer = {"items": [{**project, "indicators": [houses]}]}
    upstreams["funding"].answer = {"rows": [{**MONEY, "component": "DT.DA1"}]}
    (item,) = (await gateway.get(f"{PATH}&program=ethnic")).json()["items"]
    assert (item["name"], item["results"][0]["done"], item["money"]["disbursed_vnd"]) == ("Dự án 1", 3, 400)
    # a plan names figures of which one has a target, one none, and one is in no catalogue
    named = [{"program": "poverty", "indicator": code, "unit": None} for code in ("set", "unset", "typo")]
    upstreams["oversight"].answer = {"unit": "62", "period": "2024", "targets": named, "missed_targets": []}
    planned = {"indicator": "set", "plan": {"value": 4}}
    upstreams["poverty"].answer = {"items": [planned, {"code": "set"}, {"code": "unset"}]}
    address = "/v1/plans/01a22f6e-5958-7260-9f50-4afe75dd7370/targets"
    answer = (await gateway.get(address)).json()
    assert [row["state"] for row in answer["items"]] == ["set", "not_set", "unknown"]
    assert (answer["unknown_count"], answer["items"][0]["results"][0]["plan"]["value"]) == (1, 4)
    assert [(part["program"], part["unit"], part["state"]) for part in answer["parts"]] == [
        ("poverty", "62", "fresh")
    ]
    assert (await gateway.get(f"{address}?basis=no")).status_code == 422
