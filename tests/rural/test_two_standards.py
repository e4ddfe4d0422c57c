"""The communes of 2022 assessed by both sets of criteria, as Kon Tum published them, and recognitions by the earlier set."""

from datetime import date

import pytest

from services.rural.assessments.rules import CRITERIA
from shared.kit.resources import get_resources
from shared.territory.tree import Territory
from tests.rural.bodies import meets_body

FORM = "criteria_assessment"
BY_EARLIER_SET = [19] * 36 + [16] * 19 + [13] * 29 + [8]
"""Criteria met by the 85 communes: 36 communes meet 19, 19 meet 15 to 18, 29 meet 10 to 14, one fewer; 16.15 on average."""
BY_LATER_SET = [19] * 38 + [15] * 15 + [11] * 28 + [5] * 4


def to_rows(clients, met_by_commune, on):
    territory = get_resources(clients.http._transport.app).get(Territory)
    communes = territory.communes("62", on, {"xa"})
    return [
        {
            "district": territory.ancestors(commune.code, on)[0].code,
            "unit": commune.code,
            "indicator": code,
            "value": int(number < met),
            "status": "official",
        }
        for commune, met in zip(communes, met_by_commune, strict=True)
        for number, code in enumerate(CRITERIA)
    ]


@pytest.mark.slow
async def test_the_communes_of_2022_are_assessed_by_both_sets(clients):
    on = date(2022, 12, 31)
    await clients.report_and_accept(
        FORM, to_rows(clients, BY_EARLIER_SET, on), "2022", standard="criteria_2016_2020"
    )
    await clients.report_and_accept(FORM, to_rows(clients, BY_LATER_SET, on), "2022")
    expected = {
        "criteria_2016_2020": ([36, 19, 29, 1, 0], 16.152941, None),
        None: ([38, 15, 28, 4, 0], 15, "2022-03-08"),
    }
    for standard, (groups, average, comparable_from) in expected.items():
        ask = {"standard": standard} if standard else {}
        criteria = await clients.get("criteria", period="2022", unit="62", **ask)
        assert criteria["standard"] == (standard or "criteria_2021_2025")
        assert (list(criteria["groups"].values()), criteria["average"]) == (groups, average)
        figures = await clients.read_figures("2022", **ask)
        assert figures["communes_meeting_all_criteria"]["value"] == groups[0]
        assert figures["average_criteria_per_commune"]["value"] == average
        assert figures["average_criteria_per_commune"]["comparable_from"] == comparable_from
        communes = await clients.get("communes", period="2022", unit="62", met="19", **ask)
        assert len(communes["items"]) == groups[0]
    (commune,) = {row["unit"] for row in to_rows(clients, BY_EARLIER_SET, on)[:1]}
    page = await clients.get(f"communes/{commune}", on="2022-12-31")
    assert {row["standard"] for row in page["assessments"]} == {"criteria_2016_2020", "criteria_2021_2025"}
    assert all(len(row["criteria"]) == len(CRITERIA) for row in page["assessments"])


async def test_the_assessment_of_2021_is_by_the_earlier_set_whose_verdicts_are_stated(clients):
    rows = [{"district": "615", "unit": "23509", "indicator": code, "value": 1, "status": "official"} for code in CRITERIA]  # fmt: skip
    await clients.report_and_accept(FORM, rows, "2021")
    figures = await clients.read_figures("2021")
    done = figures["communes_meeting_all_criteria"]
    assert (done["value"], done["standard"]) == (1, "criteria_2016_2020")


async def test_a_value_of_an_indicator_of_the_later_set_is_refused_under_the_earlier_one(clients):
    body = {
        "unit": "615",
        "period": "2022",
        "form": FORM,
        "standard": "criteria_2016_2020",
        "observations": [{"unit": "23509", "indicator": "indicator_10_1", "value": 50}],
    }
    headers = clients.make_headers("report", units=("615",), client_id="district-615")
    answer = await clients.http.post("/v1/rural/reports", json=body, headers=headers)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/observations/0/indicator", "indicator_not_of_standard")


async def test_a_recognition_for_2021_is_by_the_set_of_2016_to_2020(clients):
    decision = {"number": "12/QĐ-UBND", "date": "2022-01-20"}
    body = meets_body(year=2021, criteria_set="commune_2016_2020", decision=decision)
    created = await clients.create("recognitions", body)
    assert (created["year"], created["criteria_set"]) == (2021, "commune_2016_2020")
    faults = await clients.list_faults(
        "recognitions", meets_body("23368", year=2022, criteria_set="commune_2016_2020")
    )
    assert faults == {"/year": "criteria_set_not_for_year"}


async def test_a_recognition_is_based_on_the_assessment_by_its_own_set(clients):
    rows = [{"district": "615", "unit": "23509", "indicator": code, "value": 1, "status": "official"} for code in CRITERIA]  # fmt: skip
    await clients.report_and_accept(FORM, rows, "2022", standard="criteria_2016_2020")
    problem = await clients.expect_problem("recognitions", meets_body(), 409, "recognition_needs_assessment")
    assert problem["year"] == 2022
    await clients.report_and_accept(FORM, rows, "2022")
    created = await clients.create("recognitions", meets_body())
    assert len(created["assessments"]) == 1
