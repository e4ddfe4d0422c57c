"""Kon Tum's poverty of 2020 to 2023 as it was published: counts, rates, the three names of its reduction, the levels of training."""

from decimal import Decimal

import pytest

from shared.kit.decimal_fields import round_half_away
from tests.poverty.test_kontum_2023 import post_everything
from tests.program_clients import read_table, to_observation


def printed(figure, decimals=2):
    return str(round_half_away(Decimal(str(figure["value"])), decimals))


def select_rows(period, form="annual_review"):
    return [row for row in read_table("poverty_series") if (row["period"], row["form"]) == (period, form)]


async def post_series(clients):
    for period, form in (
        ("2020", "annual_review"),
        ("2021", "annual_review"),
        ("2021", "review_em_poor"),
        ("2022", "annual_review"),
    ):
        await clients.report_and_accept(form, select_rows(period, form), period)


async def put_target(clients, period, indicator, **target):
    body = {
        "decision": {"number": "01/KH-UBND", "date": f"{period}-01-15"},
        "targets": [{"indicator": indicator, **target}],
    }
    answer = await clients.http.put(
        f"/v1/poverty/targets/{period}/62", json=body, headers=clients.make_headers("target")
    )
    assert answer.status_code == 200, answer.text


async def test_the_published_years_and_districts_come_out_as_printed(clients):
    await post_series(clients)
    await post_everything(clients)
    years = {period: await clients.read_figures(period) for period in ("2020", "2021", "2022", "2023")}
    assert [figures["poor_households"]["value"] for figures in years.values()] == [
        14_601,
        21_989,
        15_943,
        10_220,
    ]
    assert [printed(figures["poverty_rate"]) for figures in years.values()] == [
        "10.29",
        "15.32",
        "10.86",
        "6.84",
    ]
    assert [printed(figures["near_poverty_rate"]) for figures in years.values()] == [
        "5.90",
        "6.33",
        "6.03",
        "4.39",
    ]
    assert years["2021"]["households"]["value"] == 143_561
    # three names of reduction; the target of 4 points is in the table of targets
    fall = years["2022"]["poverty_rate_fall_points"]
    assert (printed(fall), fall["target"]) == ("4.46", 4)
    assert 100 * Decimal(printed(fall)) / 4 == Decimal("111.5"), "as printed, from the rounded points"
    assert fall["achieved_percent"] == pytest.approx(fall["value"] * 25, abs=1e-4)
    assert (
        printed(years["2023"]["poverty_rate_fall_points"]),
        printed(years["2023"]["poverty_exit_share"]),
    ) == ("4.02", "4.19")
    share = years["2023"]["poverty_exit_share_of_start"]
    assert (share["numerator"], share["denominator"]) == (6_258, 146_805)
    assert share["change"]["before"]["period"] == "2022"
    # no change is read across the break of 2021
    assert years["2021"]["poverty_rate_fall_points"]["value"] is None
    assert years["2021"]["poverty_rate_fall_points"]["caveat"]["code"] == "ends_not_comparable"
    series = await clients.get("series", **{"indicator": "poverty_rate", "from": "2020", "to": "2023"})
    assert [point["standard"] for point in series["items"]] == ["qd_59_2015", *["nd_07_2021"] * 3]
    # the rate of ethnic minorities and their share of the poor are two figures
    em = {unit: await clients.read_figures("2021", unit) for unit in ("62", "613")}
    assert (printed(em["62"]["em_poverty_rate"]), printed(em["62"]["em_share_of_poor"])) == ("27.54", "94.67")
    assert (printed(em["613"]["em_poverty_rate"]), printed(em["613"]["em_share_of_poor"])) == (
        "51.62",
        "100.00",
    )
    sa_thay = await clients.read_figures("2023", "616")
    assert (sa_thay["poor_households"]["value"], printed(sa_thay["poverty_rate"])) == (1_025, "6.99")
    assert years["2023"]["persons_trained"]["value"] == 6_975
    levels = await clients.get("livelihoods", period="2023")
    totals = {row["indicator"]: row for row in levels["items"] if row["unit"] == "62"}
    assert sum(row["value"] for row in levels["items"] if row["unit"] == "62" and row["indicator"] == "persons_trained_by_level") == 6_975  # fmt: skip
    assert totals["jobs_at_home"]["value"] + totals["jobs_abroad"]["value"] == 7_267


async def test_the_movement_of_2022_is_refused_without_the_forty_other_households(clients):
    await clients.report_and_accept("annual_review", select_rows("2021"), "2021")
    rows = [to_observation(row) for row in select_rows("2022")]
    body = {"unit": "62", "period": "2022", "form": "annual_review", "observations": rows}
    headers = clients.make_headers("report", client_id="department")
    changed = {"poor_other_decrease": 0, "poor_households_start": 21_990}
    expected = {
        "poor_other_decrease": (422, "movement_broken"),
        "poor_households_start": (409, "start_differs"),
    }
    for column, (status, code) in expected.items():
        other = [
            {**row, "value": changed[column]} if row["indicator"] == column else dict(row) for row in rows
        ]
        if column == "poor_households_start":
            next(row for row in other if row["indicator"] == "poor_other_decrease")["value"] = 41
        answer = await clients.http.post("/v1/poverty/reports", json={**body, "observations": other}, headers=clients.make_headers("report"))  # fmt: skip
        assert answer.status_code == status, answer.text
        codes = [fault["code"] for fault in answer.json().get("errors", [])] or [answer.json()["code"]]
        assert codes == [code]
    assert answer.json()["differences"][0]["ended_in"] == ["608", *map(str, range(610, 619))]
    left_out = [row for row in rows if row["indicator"] != "poor_other_decrease"]
    answer = await clients.http.post("/v1/poverty/reports", json={**body, "observations": left_out}, headers=clients.make_headers("report"))  # fmt: skip
    assert [fault["code"] for fault in answer.json()["errors"]] == ["table_incomplete"]
    assert "poor_other_decrease" in answer.json()["errors"][0]["detail"]
    assert (await clients.http.post("/v1/poverty/reports", json=body, headers=headers)).status_code == 201


@pytest.mark.parametrize(("exits", "expected"), [(5_493, "3.97"), (0, "0.00")])
async def test_exits_are_a_share_of_the_households_at_the_start(clients, exits, expected):
    """2020: 5,493 exits of 138,363 households at the end of 2019, a number inferred from the printed 3.97 %."""

    def to_rows(**values):
        return [
            {"district": "62", "unit": "62", "indicator": code, "value": str(value), "status": "official"}
            for code, value in values.items()
        ]

    await clients.report_and_accept("annual_review", to_rows(households=138_363), "2019")
    moved = {"poor_to_near_poor": exits, "poor_to_above_near_poor": 0, "poor_other_decrease": 0, "near_poor_to_poor": 0, "returned_to_poverty": 0, "newly_poor": 0, "poor_other_increase": 0}  # fmt: skip
    rows = to_rows(households=141_895, poor_households_start=14_601 + exits, **moved, poor_households=14_601)
    await put_target(clients, "2020", "poverty_exit_share_of_start", value=4)
    await clients.report_and_accept("annual_review", rows, "2020")
    share = (await clients.read_figures("2020"))["poverty_exit_share_of_start"]
    assert printed(share) == expected
    assert (share["formula"] if "formula" in share else share["change"]["of"]) == "households"
    assert share["achieved_percent"] == pytest.approx(25 * share["value"], abs=1e-4)
