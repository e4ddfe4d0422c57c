"""Amounts of every unit for maps, and of one unit over periods: they are those of `progress`, and add up to the unit."""

import csv
import io

import pytest

from tests.funding.conftest import LINE, Office, done, voucher
from tests.statements import sent_by

pytestmark = pytest.mark.anyio

NAMES = "allocated_vnd,disbursed_vnd,available_vnd,disbursement_rate"
COMMUNE, DIVIDED, PARTS = "23344", "21142", ("21136", "21157")


@pytest.fixture
def office(http, issuer, app):
    token = issuer.token("finance", ["funding"], ["rural", "poverty", "ethnic"], ["62", "51"])
    return Office(http, token, app)


async def read(office, path="map", **params):
    query = {"indicator": NAMES, "period": "2023", "unit": "62", **params}
    answer = await office.get(path, **{name: value for name, value in query.items() if value is not None})
    assert answer.status_code == 200, answer.text
    return answer.json()


def pick(rows):
    return {(row.get("unit"), row["indicator"]): row["value"] for row in rows if row["value"]}


async def spend(office):
    await office.allocate(1_000, unit="610")
    await office.disburse(300, unit="610", effective_on="2023-05-05")
    await office.disburse(100, unit="610", effective_on="2023-11-05")
    await office.allocate(200, unit="611")
    await office.allocate(50, unit="62")
    await office.allocate(40, unit=COMMUNE, program="rural")


async def test_amounts_of_districts_and_communes_add_up_to_the_province(office):
    await spend(office)
    shown = await read(office)
    assert (shown["level"], shown["map"], len(shown["items"])) == ("district", "2023-12-31", 10 * 4)
    values = pick(shown["items"])
    assert (values["610", "allocated_vnd"], values["610", "disbursement_rate"]) == (
        1_040,
        pytest.approx(38.461538),
    )
    total = (await office.get("progress", year=2023, unit="62")).json()["total"]
    for name in ("allocated_vnd", "disbursed_vnd", "available_vnd"):
        above = {row["indicator"]: row["value"] for row in shown["above"]}[name]
        assert sum(value for (_, of), value in values.items() if of == name) + above == total[name]
    for unit in ("610", "611"):
        alone = (await office.get("progress", year=2023, unit=unit)).json()["total"]
        for row in shown["items"]:
            if row["unit"] == unit:
                assert row["value"] == alone[row["indicator"]]
    (row,) = [
        row for row in shown["items"] if (row["unit"], row["indicator"]) == ("610", "disbursement_rate")
    ]
    assert (row["numerator"], row["denominator"], row["unit_name"]) == (400, 1_040, "Huyện Đăk Glei")
    communes = await read(office, level="commune", program="rural", indicator="allocated_vnd")
    assert pick(communes["items"]) == {(COMMUNE, "allocated_vnd"): 40}
    whole = await read(office, level="province", indicator="allocated_vnd")
    assert pick(whole["items"]) == {("62", "allocated_vnd"): total["allocated_vnd"]}
    half = await read(office, period="2023-S1", indicator="disbursed_vnd")
    assert (half["until"], pick(half["items"])) == ("2023-06-30", {("610", "disbursed_vnd"): 300})
    with sent_by(office.app) as few:
        await read(office, unit="610")
    with sent_by(office.app) as many:
        await read(office, unit="62", level="commune")
    assert len(few) == len(many)


async def test_amounts_on_the_map_of_another_day(office):
    await spend(office)
    divided = {
        **LINE,
        "unit": DIVIDED,
        "amount_vnd": 70,
        "decision": {"number": "7/QĐ", "date": "2023-01-05"},
    }
    await done(office.post("allocations", divided))
    await done(office.post("disbursements", {**LINE, "unit": DIVIDED, "amount_vnd": 7, "voucher": voucher()}))
    shown = await read(office, unit="51", map="2025-07-01", indicator="allocated_vnd")
    assert len(shown["items"]) == 96
    (above,) = shown["above"]
    assert pick(shown["items"]) == {(COMMUNE, "allocated_vnd"): 40}
    assert (
        above["value"]
        == (await office.get("progress", year=2023, unit="62")).json()["total"]["allocated_vnd"] + 70 - 40
    )
    assert {row["unit"] for row in shown["items"] if row["caveat"]} == set(PARTS)
    (row,) = [row for row in shown["items"] if row["unit"] == PARTS[0]]
    assert (row["caveat"]["code"], DIVIDED in row["caveat"]["text"]) == ("units_divided", True)
    rural = await read(
        office, unit="51", map="2025-07-01", indicator="allocated_vnd", source="all", program="rural"
    )
    assert sum(pick(rural["items"]).values()) == 40


async def test_an_amount_over_years_and_parts_of_years(office):
    await spend(office)
    series = await read(
        office, "series", indicator="disbursed_vnd", period=None, **{"from": "2022", "to": "2025"}
    )
    assert [(row["period"], row["unit"], row["value"]) for row in series["items"]] == [
        ("2022", "62", 0),
        ("2023", "62", 400),
        ("2024", "62", 0),
        ("2025", None, None),
    ]
    by_default = await read(
        office, "series", indicator="disbursed_vnd", period=None, unit=None, **{"from": "2024", "to": "2025"}
    )
    assert [(row["unit"], row["unit_kind"], row["break_before"]) for row in by_default["items"]] == [
        ("62", "tinh", False),
        ("51", "tinh", True),
    ]
    quarters = await read(
        office,
        "series",
        indicator="disbursement_rate",
        period=None,
        unit="610",
        **{"from": "2023-Q1", "to": "2023-Q4"},
    )
    assert [row["numerator"] for row in quarters["items"]] == [0, 300, 300, 400]
    table = await office.http.get(
        "/v1/funding/series?indicator=disbursed_vnd&unit=62&from=2022&to=2023", headers={"Accept": "text/csv"}
    )
    assert [row["value"] for row in csv.DictReader(io.StringIO(table.text))] == ["0", "400"]
    assert table.headers["etag"]


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("map", {"indicator": "paid_twice"}, 404, "amount_not_found"),
        ("map", {"unit": "51", "map": "2025-07-01", "level": "district"}, 422, "level_not_on_map"),
        ("map", {"unit": "610", "map": "2025-07-01"}, 404, "unit_unknown_on_date"),
        ("map", {"level": "village"}, 422, "not_one_of"),
        ("map", {"unit": "00"}, 404, "unit_unknown"),
        ("series", {"from": "2023", "to": "2020", "period": None}, 422, "period_before_first"),
        ("series", {"from": "2023", "to": "2024", "period": None, "indicator": "x"}, 404, "amount_not_found"),
    ],
)
async def test_what_cannot_be_read_is_refused(office, path, params, status, code):
    query = {"indicator": "allocated_vnd", "period": "2023", "unit": "62", **params}
    answer = await office.get(path, **{name: value for name, value in query.items() if value is not None})
    body = answer.json()
    codes = {body["code"], *(fault["code"] for fault in body.get("errors", ()))}
    assert (answer.status_code, code in codes) == (status, True), answer.text
