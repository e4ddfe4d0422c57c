"""The demo's tables through HTTP give the figures of Plan 570, and the movement of households as the forms print it."""

from decimal import Decimal

from services.poverty.rules import POOR
from shared.kit.decimal_fields import round_half_away
from tests.lineages import every_figure_follows_from_its_lineage
from tests.registers import table

DISTRICTS = ("608", "610", "611", "612", "613", "614", "615", "616", "617", "618")


def printed(figure: dict) -> str:
    return str(round_half_away(Decimal(str(figure["value"])), figure["decimals"]))


async def post_everything(clients):
    await clients.report_and_accept("annual_review", table("poverty_annual_review"))
    await clients.report_and_accept("annual_results", table("poverty_annual_results"))
    for row in table("targets"):
        answer = await clients.http.put(
            f"/v1/poverty/targets/{row['period']}/{row['unit']}",
            json={
                "decision": {"number": row["decision_number"], "date": row["decision_date"]},
                "targets": [{"indicator": row["indicator"], "value": int(row["value"])}],
            },
            headers=clients.headers("target"),
        )
        assert answer.status_code == 200, answer.text


async def test_the_plans_figures_come_out_and_the_movement_table_adds_up(clients):
    await post_everything(clients)
    figures = await clients.figures(headline=True)
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
    values = await clients.follow(figures["poverty_rate"]["lineage"])
    assert len(values) == 204
    poor = sum(it["value"] for it in values if it["indicator"] == "poor_households")
    assert poor == 10_220

    seen = await every_figure_follows_from_its_lineage(clients)
    assert seen >= set(plan)

    province = await clients.get("household-movement", period="2023")
    table_ = province["poor"]
    assert table_["columns"] == list(POOR.columns)
    assert [row["unit"] for row in table_["rows"]] == list(DISTRICTS)
    total = table_["total"]
    assert total["unit"] == "62"
    assert total["columns"][0] == 15_943
    assert total["columns"][-1] == 10_220
    assert sum(total["columns"][1:3]) == 6_258
    for at, column in enumerate(table_["columns"]):
        assert total["columns"][at] == sum(row["columns"][at] for row in table_["rows"]), column
    assert all(row["holds"] for row in (*table_["rows"], total))
    near = province["near_poor"]["total"]
    assert near["holds"] is None, "the start of near-poor households is not published"
    assert near["columns"][0] is None

    district = (await clients.get("household-movement", period="2023", unit="610"))["poor"]
    assert len(district["rows"]) == 12
    assert district["total"]["columns"] == next(it for it in table_["rows"] if it["unit"] == "610")["columns"]
    assert sum(row["columns"][-1] for row in district["rows"]) == district["total"]["columns"][-1]

    commune = (await clients.get("household-movement", period="2023", unit="23344"))["poor"]
    assert commune["rows"] == []
    assert (
        commune["total"]["columns"] == next(it for it in district["rows"] if it["unit"] == "23344")["columns"]
    )


async def test_no_rate_of_a_district_is_averaged_into_the_provinces(clients):
    await clients.report_and_accept("annual_review", table("poverty_annual_review"))
    rates = [(await clients.figures(unit=code))["poverty_rate"] for code in DISTRICTS]
    province = (await clients.figures())["poverty_rate"]
    assert province["numerator"] == sum(it["numerator"] for it in rates)
    assert province["denominator"] == sum(it["denominator"] for it in rates)
    assert abs(province["value"] - sum(it["value"] for it in rates) / len(rates)) > 1


async def test_an_empty_province_has_a_table_of_nothing(clients):
    empty = await clients.get("household-movement", period="2023")
    for name in ("poor", "near_poor"):
        assert len(empty[name]["rows"]) == 10
        assert {row["holds"] for row in empty[name]["rows"]} == {None}
        assert set(empty[name]["total"]["columns"]) == {None}
    assert empty["as_of"] is None


async def test_a_broken_movement_is_refused_at_its_place(clients):
    values = dict.fromkeys(POOR.columns, 0) | {"poor_households_start": 10, "poor_households": 9}
    body = {
        "unit": "610",
        "period": "2023",
        "form": "annual_review",
        "observations": [{"unit": "23344", "indicator": code, "value": it} for code, it in values.items()],
    }
    answer = await clients.http.post(
        "/v1/poverty/reports", json=body, headers=clients.headers("report", units=("610",))
    )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["code"] == "movement_broken"
    assert error["pointer"] == f"/observations/{list(values).index('poor_households')}/value"
    assert error["detail"].endswith("10, not 9.")


async def test_provisional_movements_want_a_token(clients):
    answer = await clients.http.get("/v1/poverty/household-movement?period=2023&basis=provisional")
    assert answer.status_code == 401
    allowed = await clients.http.get(
        "/v1/poverty/household-movement?period=2023&basis=provisional", headers=clients.headers("read")
    )
    assert allowed.status_code == 200
    assert (await clients.http.get("/v1/poverty/household-movement?period=2023-13")).status_code == 422
    assert (await clients.http.get("/v1/poverty/household-movement?period=2023&unit=999")).status_code == 404
