"""Nil in place of a value, and figures of which a term is missing, over HTTP."""

import pytest

pytestmark = pytest.mark.anyio

DISTRICT, COMMUNE, OTHER = "610", "23344", "23347"
POOR_NIL = {"unit": COMMUNE, "indicator": "poor", "nil": True}
HOUSEHOLDS = {"unit": COMMUNE, "indicator": "households", "value": 100}


async def submit(office, *rows, form="census", **more):
    body = {"unit": DISTRICT, "period": "2023", "form": form, "observations": list(rows), **more}
    return await office.post("reports", body, office.district(DISTRICT))


async def accept(office, *rows, **more):
    answer = await submit(office, *rows, **more)
    assert answer.status_code == 201, answer.text
    verdict = await office.verdict(answer.json())
    assert verdict.status_code == 200, verdict.text
    return answer.json()


async def test_nil_is_read_back_as_posted_and_in_every_list(office):
    report = await accept(office, POOR_NIL, HOUSEHOLDS)
    kept = (await office.get(f"reports/{report['id']}", office.reviewer)).json()
    assert kept["observations"] == [
        {**POOR_NIL, "status": "official"},
        {**HOUSEHOLDS, "status": "official"},
    ]
    listed = (await office.get("observations", period="2023", unit="62")).json()["items"]
    assert {row["indicator"]: (row["value"], row["nil"]) for row in listed} == {
        "poor": (None, True),
        "households": (100, False),
    }
    lineage = (await office.get("lineage/poor", period="2023", unit="62")).json()
    assert [(row["value"], row["nil"]) for row in lineage["values"]] == [(None, True)]
    assert (lineage["value"], lineage["missing"]) == (None, [])
    events = (await office.get("changes", office.reviewer)).json()["items"]
    assert {event["data"]["nil_values"] for event in events} == {1}


async def test_nil_is_covered_and_is_neither_zero_nor_silence(office):
    await accept(office, POOR_NIL, HOUSEHOLDS)
    for unit in ("62", DISTRICT, COMMUNE):
        poor = await office.figure("poor", unit=unit)
        assert (poor["value"], poor["missing"]) == (None, [])
        assert (poor["coverage"]["reported"], poor["coverage"]["nil"]) == (0, 1)
    rate = await office.figure("poverty_rate", unit=COMMUNE)
    assert (rate["value"], rate["numerator"], rate["missing"]) == (None, None, [])
    silent = await office.figure("poor", unit=OTHER)
    assert (silent["value"], silent["missing"]) == (None, ["poor"])


async def test_nil_adds_nothing_beside_values(office):
    other = [{**POOR_NIL, "unit": OTHER, "nil": False, "value": 7}, {**HOUSEHOLDS, "unit": OTHER}]
    await accept(office, POOR_NIL, HOUSEHOLDS, *other)
    poor = await office.figure("poor", unit=DISTRICT)
    assert (poor["value"], poor["coverage"]) == (7, {"reported": 1, "nil": 1, "expected": 12})
    assert (await office.figure("poverty_rate", unit=DISTRICT))["value"] == 3.5
    past = await office.figure("poor", unit=DISTRICT, as_of=office.clock.at.isoformat())
    assert (past["value"], past["coverage"]) == (poor["value"], poor["coverage"])


async def test_a_rate_of_which_one_sum_is_silent_is_null_and_names_it(office):
    await accept(office, HOUSEHOLDS)
    for unit in ("62", DISTRICT, COMMUNE):
        rate = await office.figure("poverty_rate", unit=unit)
        assert (rate["value"], rate["denominator"], rate["missing"]) == (None, 100, ["poor"])
    lineage = (await office.get("lineage/poverty_rate", period="2023", unit="62")).json()
    assert (lineage["value"], lineage["missing"]) == (None, ["poor"])


async def test_a_nil_report_is_not_missing_in_figure_and_lineage(office):
    await accept(office, nil=True)
    figure = await office.figure("poverty_rate")
    lineage = (await office.get("lineage/poverty_rate", period="2023", unit="62")).json()
    assert figure["missing"] == lineage["missing"] == []
    assert figure["value"] is lineage["value"] is None


async def test_zero_in_place_of_nil_is_another_content_and_a_difference(office):
    nil = await accept(office, POOR_NIL, HOUSEHOLDS)
    assert (await submit(office, POOR_NIL, HOUSEHOLDS)).status_code == 200
    zero = {"unit": COMMUNE, "indicator": "poor", "value": 0}
    answer = await submit(office, zero, HOUSEHOLDS, supersedes=nil["id"])
    assert answer.status_code == 201, answer.text
    report = answer.json()
    assert report["content_sha256"] != nil["content_sha256"]
    assert (report["counts"]["changed"], report["counts"]["unchanged"]) == (1, 1)
    differences = (await office.get(f"reports/{report['id']}/differences", office.reviewer)).json()["items"]
    members = ("before", "nil_before", "after", "nil_after")
    assert [tuple(row[member] for member in members) for row in differences] == [(None, True, 0, False)]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"unit": COMMUNE, "indicator": "poor"}, ("/observations/0/value", "missing")),
        ({**POOR_NIL, "value": 0}, ("/observations/0/nil", "nil_with_value")),
        ({**POOR_NIL, "nil": False}, ("/observations/0/value", "missing")),
        ({**POOR_NIL, "nil": "yes"}, ("/observations/0/nil", "not_a_boolean")),
        ({**POOR_NIL, "nil": None}, ("/observations/0/nil", "not_a_boolean")),
        ({**POOR_NIL, "value": "x"}, ("/observations/0/value", "not_a_number")),
        ({**POOR_NIL, "unit": "611"}, ("/observations/0/unit", "unit_not_below")),
        ({**POOR_NIL, "indicator": "herd"}, ("/observations/0/indicator", "indicator_on_other_form")),
    ],
)
async def test_a_row_states_a_value_or_nil_and_nothing_between(office, row, fault):
    answer = await submit(office, row, HOUSEHOLDS)
    assert answer.status_code == 422, answer.text
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [fault]


async def test_a_value_below_a_unit_that_states_nil_is_stated_twice(office):
    await accept(office, {**POOR_NIL, "unit": DISTRICT})
    answer = await office.submit(COMMUNE, "2023", "census", [(COMMUNE, "poor", 3)])
    assert (answer.status_code, answer.json()["code"]) == (409, "value_stated_elsewhere")
