"""The demo's tables through HTTP give the figures of Plan 570, and the movement of households as the forms print it."""

import json
from decimal import Decimal
from typing import Any

import pytest

from services.poverty.rules import POOR
from shared.kit.decimal_fields import round_half_away
from tests.lineages import check_lineages
from tests.program_clients import read_table

DISTRICTS = ("608", "610", "611", "612", "613", "614", "615", "616", "617", "618")


def printed(figure: dict[str, Any]) -> str:
    return str(round_half_away(Decimal(str(figure["value"])), figure["decimals"]))


async def post_everything(clients):
    await clients.report_and_accept("annual_review", read_table("poverty_annual_review"))
    await clients.report_and_accept("annual_results", read_table("poverty_annual_results"))
    await clients.report_and_accept("annual_livelihoods", read_table("poverty_annual_livelihoods"))
    await clients.report_and_accept("review_em_poor", read_table("poverty_review_em_poor"))
    for row in (row for row in read_table("targets") if row["program"] == "poverty"):
        response = await clients.http.put(
            f"/v1/poverty/targets/{row['period']}/{row['unit']}",
            json={
                "decision": {"number": row["decision_number"], "date": row["decision_date"]},
                "targets": [{"indicator": row["indicator"], "value": json.loads(row["value"])}],
            },
            headers=clients.make_headers("target"),
        )
        assert response.status_code == 200, response.text


@pytest.mark.slow
async def test_the_figures_are_those_of_plan_570_and_the_movement_table_adds_up(clients):
    await post_everything(clients)
    figures = await clients.read_figures(headline=True)
    plan = {
        "poor_households": "10220",
        "poverty_rate": "6.84",
        "poor_households_escaped": "6258",
        "poverty_exit_share": "4.19",
        "near_poverty_rate": "4.39",
        "multidimensional_poverty_rate": "11.23",
        "persons_trained": "6975",
        "jobs_created": "7267",
    }
    assert {code: printed(figures[code]) for code in plan} == plan
    achieved = figures["poor_households_escaped"]["achieved_percent"]
    assert round_half_away(Decimal(str(achieved)), 1) == Decimal("103.7")
    for code in plan:
        expected = 10 if code in ("persons_trained", "jobs_created") else 102
        assert figures[code]["coverage"] == {"reported": expected, "nil": 0, "expected": expected}, code
    values = await clients.list_all(figures["poverty_rate"]["lineage"])
    assert len(values) == 204
    poor = sum(value["value"] for value in values if value["indicator"] == "poor_households")
    assert poor == 10_220

    checked = await check_lineages(clients, units=("62", "23344"))
    assert checked >= set(plan)

    province = await clients.get("household-movement", period="2023")
    poor = province["poor"]
    assert poor["columns"] == list(POOR.columns)
    assert [row["unit"] for row in poor["rows"]] == list(DISTRICTS)
    total = poor["total"]
    assert total["unit"] == "62"
    assert total["columns"][0] == 15_943
    assert total["columns"][-1] == 10_220
    assert sum(total["columns"][1:3]) == 6_258
    for index, column in enumerate(poor["columns"]):
        assert total["columns"][index] == sum(row["columns"][index] for row in poor["rows"]), column
    assert all(row["holds"] for row in (*poor["rows"], total))
    near_poor = province["near_poor"]["total"]
    assert near_poor["holds"] is None, "the start of near-poor households is not published"
    assert near_poor["columns"][0] is None

    district = (await clients.get("household-movement", period="2023", unit="610"))["poor"]
    assert len(district["rows"]) == 12
    assert (
        district["total"]["columns"] == next(row for row in poor["rows"] if row["unit"] == "610")["columns"]
    )
    assert sum(row["columns"][-1] for row in district["rows"]) == district["total"]["columns"][-1]

    commune = (await clients.get("household-movement", period="2023", unit="23344"))["poor"]
    assert commune["rows"] == []
    assert (
        commune["total"]["columns"]
        == next(row for row in district["rows"] if row["unit"] == "23344")["columns"]
    )


async def test_the_rate_of_the_province_is_not_an_average_of_its_districts(clients):
    await clients.report_and_accept("annual_review", read_table("poverty_annual_review"))
    rates = [(await clients.read_figures(unit=code))["poverty_rate"] for code in DISTRICTS]
    province = (await clients.read_figures())["poverty_rate"]
    assert province["numerator"] == sum(rate["numerator"] for rate in rates)
    assert province["denominator"] == sum(rate["denominator"] for rate in rates)
    assert abs(province["value"] - sum(rate["value"] for rate in rates) / len(rates)) > 1


async def test_without_reports_the_movement_table_has_null_columns(clients):
    movement = await clients.get("household-movement", period="2023")
    for name in ("poor", "near_poor"):
        assert len(movement[name]["rows"]) == 10
        assert {row["holds"] for row in movement[name]["rows"]} == {None}
        assert set(movement[name]["total"]["columns"]) == {None}
    assert movement["as_of"] is None


async def test_a_broken_movement_is_refused_with_its_pointer(clients):
    values = dict.fromkeys(POOR.columns, 0) | {"poor_households_start": 10, "poor_households": 9}
    body = {
        "unit": "610",
        "period": "2023",
        "form": "annual_review",
        "observations": [
            {"unit": "23344", "indicator": code, "value": value} for code, value in values.items()
        ],
    }
    response = await clients.http.post(
        "/v1/poverty/reports", json=body, headers=clients.make_headers("report", units=("610",))
    )
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["code"] == "movement_broken"
    assert error["pointer"] == f"/observations/{list(values).index('poor_households')}/value"
    assert error["detail"].endswith("10, not 9.")


async def test_provisional_movements_require_a_token(clients):
    refused = await clients.http.get("/v1/poverty/household-movement?period=2023&basis=provisional")
    assert refused.status_code == 401
    allowed = await clients.http.get(
        "/v1/poverty/household-movement?period=2023&basis=provisional", headers=clients.make_headers("read")
    )
    assert allowed.status_code == 200
    assert (await clients.http.get("/v1/poverty/household-movement?period=2023-13")).status_code == 422
    assert (await clients.http.get("/v1/poverty/household-movement?period=2023&unit=999")).status_code == 404
