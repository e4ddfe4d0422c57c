"""Figures of every unit of a level, for maps: each is what `progress` gives for that unit, at the cost of a few statements."""

import csv
import io
from datetime import date

import pytest

from tests.statements import sent_by

FIELDS = (
    "value",
    "numerator",
    "denominator",
    "target",
    "coverage",
    "status",
    "reassessment_required",
    "caveat",
    "missing",
    "stage",
    "comparable_from",
    "catalogue_version",
)
FIGURES = "poverty_rate,households,jobs,communes_done,criteria_average,poverty_rate_fall,persons_by_group"
DIVIDED, PARTS = "21142", ("21136", "21157")
NAMELESS = {"unit_name", "unit_kind", "unit_since"}


async def read(office, path="map", **params):
    answer = await office.get(path, **{"indicator": FIGURES, "period": "2023", "unit": "62", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def key(row):
    return row["indicator"], str(row["dimension"])


async def read_alone(office, unit, **params):
    """Return the same fields of each figure of one unit; None of a unit whose figures are refused."""
    answer = await office.get("progress", **{"period": "2023", **params, "unit": unit})
    if answer.status_code == 409:
        return None
    return {key(row): {name: row[name] for name in FIELDS} for row in answer.json()["figures"]}


async def expect_the_same(office, units, **params):
    """Expect the rows of a map to be what each unit has alone; return the rows by unit and figure."""
    shown = await read(office, **params)
    rows = {(row["unit"], *key(row)): row for row in shown["items"]}
    assert {unit for unit, *_ in rows} == set(units)
    for unit in units:
        alone = await read_alone(
            office, unit, **{name: params[name] for name in params if name not in ("level", "unit")}
        )
        for (of_unit, *figure), row in rows.items():
            if of_unit == unit and alone is None:
                assert (row["value"], row["caveat"]["code"]) == (None, "units_divided")
            elif of_unit == unit:
                assert {name: row[name] for name in FIELDS} == alone[tuple(figure)], (unit, figure)
    return rows


async def report(office, unit, form, values, period="2023", units=("62", "51"), **more):
    token = office.token("sender", ["report"], list(units))
    await office.accepted(unit, period, form, values, token=token, **more)


async def fill(office):
    """Report a district by commune, another in part with nil, and targets."""
    first, second, *_ = communes = office.communes("610")
    for period in ("2022", "2023"):
        census = [
            (
                code,
                indicator,
                100 * number + (7 if indicator == "households" else 1 if period == "2023" else 3),
            )
            for number, code in enumerate(communes, 1)
            for indicator in ("households", "poor")
        ]
        await report(office, "610", "census", census, period)
    await report(office, "610", "results", [("610", "jobs", 12), (first, "rain", 1.5)], "2023-Q1")
    await report(
        office,
        "610",
        "criteria",
        [
            (code, f"criterion_{letter}", 1)
            for code in office.communes("610", kinds=("xa",))[:3]
            for letter in "ab"
        ],
    )
    await report(office, "615", "census", [(office.communes("615")[0], "households", 50)])
    answer = await office.post(
        "reports",
        {"unit": "611", "period": "2023-Q1", "form": "results", "nil": True, "observations": []},
        office.district("611"),
    )
    assert answer.status_code == 201, answer.text
    assert (await office.verdict(answer.json())).status_code == 200
    body = {
        "decision": {"number": "1/QĐ", "date": "2023-01-05"},
        "targets": [{"indicator": "poverty_rate", "kind": "range", "value": 5, "upper": 7}],
    }
    for unit in ("610", second):
        target = await office.put(f"targets/2023/{unit}", body, office.planner)
        assert target.status_code == 200, target.text


async def test_a_row_is_what_the_unit_has_alone(office):
    await fill(office)
    rows = await expect_the_same(office, office.communes("610"), unit="610")
    row = rows[office.communes("610")[1], "poverty_rate", "None"]
    assert (row["target"], row["target_kind"], row["target_upper"]) == (5, "range", 7)
    districts = ["608", *map(str, range(610, 619))]
    shown = await expect_the_same(office, districts)
    assert shown["610", "jobs", "None"]["value"] == 12
    assert shown["610", "poverty_rate_fall", "None"]["value"] is not None
    past = office.clock().isoformat()
    await expect_the_same(office, office.communes("610"), unit="610", as_of=past, level="commune")


async def test_a_map_of_another_day_and_a_year_of_two_maps(office):
    await fill(office)
    office.clock.move(days=800)
    after = office.communes("51", on=date(2025, 7, 1))
    moved = await read(office, unit="51", map="2025-07-01", indicator="poverty_rate")
    assert (moved["level"], len(moved["items"])) == ("commune", len(after))
    sample = [code for code in after if code.startswith("2334") or code in PARTS][:8]
    rows = {row["unit"]: row for row in moved["items"]}
    assert any(row["value"] for row in rows.values())
    for unit in sample:
        alone = await read_alone(office, unit, map="2025-07-01")
        row = rows[unit]
        assert alone is None or {name: row[name] for name in FIELDS} == alone["poverty_rate", "None"]
    kept, merged = "23368", "23293"
    await report(office, "610", "results", [("23368", "herd", 7)], "2025-Q1")
    await report(office, kept, "results", [(kept, "jobs", 3), (kept, "herd", 8)], "2025-Q4")
    await report(office, merged, "results", [(merged, "jobs", 4)], "2025-Q3")
    shown = await read(office, unit="51", period="2025", indicator="jobs,herd")
    for unit in (kept, merged, sample[0]):
        alone = await read_alone(office, unit, period="2025")
        for row in shown["items"]:
            if row["unit"] == unit:
                assert {name: row[name] for name in FIELDS} == alone[key(row)], (unit, row["indicator"])


async def test_a_unit_divided_without_weights_is_named(office):
    census = [
        (DIVIDED, "households", 90),
        (DIVIDED, "poor", 9),
        ("21136", "households", 10),
        ("21136", "poor", 2),
    ]
    await report(office, "525", "census", census)
    await report(office, "525", "criteria", [(DIVIDED, "criterion_a", 1), (DIVIDED, "criterion_b", 1)])
    office.clock.move(days=800)
    ask = {"map": "2025-07-01", "unit": "51"}
    rows = {(row["unit"], row["indicator"]): row for row in (await read(office, **ask))["items"]}
    for part in PARTS:
        row = rows[part, "poverty_rate"]
        assert (row["value"], row["coverage"], row["caveat"]["code"]) == (None, None, "units_divided")
        assert DIVIDED in row["caveat"]["text"]
        refused = await office.get("progress", period="2023", unit=part, map="2025-07-01")
        assert (refused.status_code, refused.json()["unit"]) == (409, DIVIDED)
    assert rows["21115", "poverty_rate"]["caveat"] is None
    whole = await office.figure("poverty_rate", unit="51", map="2025-07-01")
    assert (whole["numerator"], whole["denominator"]) == (11, 100)
    assert whole["caveat"]["code"] == "units_divided"
    assert "21142 (Xã Trà Bùi)" in whole["caveat"]["text_en"]
    done = await office.figure("communes_done", unit="51", map="2025-07-01")
    assert (done["value"], done["reassessment_required"], done["caveat"]["code"]) == (
        None,
        True,
        "units_divided",
    )
    untouched = await office.figure("jobs", unit="51", map="2025-07-01")
    assert untouched["caveat"] is None, "the divided commune states nothing of it"


async def test_a_map_costs_the_same_statements_whatever_the_units(office):
    await fill(office)
    counts = []
    for unit, level in (("610", "commune"), ("62", "commune"), ("62", "district")):
        with sent_by(office.app) as sent:
            await read(office, unit=unit, level=level)
        counts.append(len(sent))
    assert counts[0] == counts[1] == counts[2]


async def test_representations_of_a_map(office):
    await fill(office)
    answer = await office.get("map", indicator="households", period="2023", unit="610")
    tag = answer.headers["etag"]
    headers = {"If-None-Match": tag}
    path = "/v1/poverty/map?indicator=households&period=2023&unit=610"
    assert (await office.http.get(path, headers=headers)).status_code == 304
    table = await office.http.get(path, headers={"Accept": "text/csv"})
    lines = list(csv.DictReader(io.StringIO(table.text)))
    assert [line["unit"] for line in lines] == office.communes("610")
    assert {*NAMELESS, "value", "coverage.reported"} <= lines[0].keys()
    body = answer.json()
    assert (body["level"], body["map"], body["unit"]["code"]) == ("commune", "2023-12-31", "610")
    assert body["as_of"]
    before = await office.get(
        "map", indicator="households", period="2023", unit="610", as_of="2024-01-01T00:00:00Z"
    )
    assert {row["value"] for row in before.json()["items"]} == {None}
    villages = await office.get("map", indicator="households", period="2023", unit="610", level="village")
    assert (villages.status_code, villages.json()["items"]) == (200, [])


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"indicator": "none"}, 404, "indicator_not_found"),
        ({"indicator": "households,none"}, 404, "indicator_not_found"),
        ({"indicator": ""}, 422, "text_too_short"),
        ({"level": "country"}, 422, "not_one_of"),
        ({"unit": "51", "map": "2025-07-01", "level": "district"}, 422, "level_not_on_map"),
        ({"unit": "23344", "level": "district"}, 422, "level_not_on_map"),
        ({"unit": "99"}, 404, "unit_unknown"),
        ({"unit": "610", "map": "2025-07-01"}, 404, "unit_unknown_on_date"),
        ({"standard": "none"}, 404, "standard_not_found"),
        ({"period": "soon"}, 422, "period_invalid"),
        ({"colour": "red"}, 422, "unknown_parameter"),
    ],
)
async def test_a_map_that_cannot_be_is_refused(office, params, status, code):
    answer = await office.get("map", **{"indicator": "households", "period": "2023", "unit": "62", **params})
    body = answer.json()
    codes = {body["code"], *(fault["code"] for fault in body.get("errors", ()))}
    assert (answer.status_code, code in codes) == (status, True), answer.text
