"""Lists posted whole: the lists of Kon Tum, a verdict for each row, refusals by row, differences, and legal ends."""

from datetime import date

from shared.kit.resources import get_resources
from shared.territory.store import insert_units
from shared.territory.tree import Territory
from shared.territory.units import Unit
from tests.application import get_database

REGIONS_ON, VILLAGES_ON = "2021-06-04", "2021-09-16"
VILLAGES_BY_REGION = {"III": 330, "II": 17, "I": 23, None: 1}


def list_body(kind, rows, on, number, **fields):
    decision = {"number": number, "date": on}
    return {"kind": kind, "unit": "62", "decision": decision, "effective_on": on, "units": rows, **fields}


def list_communes(clients):
    territory = get_resources(clients.http.app).get(Territory)
    return [unit.code for unit in territory.communes("62", date(2021, 6, 4))]


async def register_villages(clients, codes, since=date(2020, 1, 1)):
    villages = [
        Unit(code=code, level="village", kind="thon", name=f"Thôn {code}", parent=code[:5], valid_from=since)
        for code in codes
    ]
    async with get_database(clients.http.app).writing() as session:
        await insert_units(session, villages)


def make_regions(communes):
    """Return the region of each of 92 communes of the area: some of each."""
    return {
        commune: "III" if number < 52 else "II" if number < 60 else "I"
        for number, commune in enumerate(communes[:92])
    }


def place_villages(communes, regions):
    """Return the code of each listed village with the region of its commune: 330, 17, 23 and 1."""
    places = {}
    for region, count in VILLAGES_BY_REGION.items():
        home = [commune for commune in communes if regions.get(commune) == region]
        for number in range(count):
            places[f"{home[number % len(home)]}.{number // len(home) + 1:02}"] = region
    return places


async def test_the_lists_of_kon_tum_are_recorded_whole_and_counted(clients):
    communes = list_communes(clients)
    assert len(communes) == 102
    regions = make_regions(communes)
    villages = place_villages(communes, regions)
    outside = [f"{communes[92]}.01", f"{communes[93]}.01"]
    await register_villages(clients, {*villages, *outside})

    em_area = await clients.create(
        "lists",
        list_body("em_area", [{"unit": code} for code in communes[:92]], "2021-01-01", "33", level="commune"),
    )
    assert (em_area["law"], em_area["period"], em_area["ends_on"]) == (
        "qd_33_2020",
        "2021-2025",
        "2025-12-31",
    )
    await clients.create(
        "lists",
        list_body("em_area", [{"unit": code} for code in outside], "2021-01-01", "33", level="village"),
    )
    rows = [{"unit": commune, "region": region} for commune, region in regions.items()]
    body = list_body("region", rows, REGIONS_ON, "861/QĐ-TTg")
    recorded = await clients.create("lists", body)
    assert recorded["counts"] == {
        "rows": 92,
        "added": 92,
        "changed": 0,
        "unchanged": 0,
        "removed": 0,
        "left_out": 0,
    }
    again = await clients.post("lists", {**body, "decision": {"number": "861 / qđ-ttg", "date": REGIONS_ON}})
    assert (again.status_code, again.json()["id"]) == (200, recorded["id"])
    await clients.expect_problem("lists", {**body, "units": rows[:5]}, 409, "list_exists")

    rows = [{"unit": village, "commune_region": region} for village, region in villages.items()]
    of_villages = list_body("special_difficulty", rows, VILLAGES_ON, "612/QĐ-UBDT", level="village")
    wrong = [dict(row) for row in rows]
    wrong[3]["commune_region"], wrong[4]["unit"] = "II", "23509"
    problem = await clients.expect_problem("lists", {**of_villages, "units": wrong}, 422, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
        ("/units/4/unit", "unit_level_wrong"),
        ("/units/3/commune_region", "commune_region_differs"),
    ]
    verdicts = [row["verdict"] for row in problem["verdicts"]]
    assert (len(verdicts), verdicts.count("fits"), verdicts[3:5]) == (371, 369, ["refused", "refused"])
    assert (await clients.get("lists", kind="special_difficulty"))["items"] == []

    recorded = await clients.create("lists", of_villages)
    assert (recorded["law"], recorded["row_count"], len(recorded["verdicts"])) == ("qd_612_2021", 371, 371)
    page = await clients.get(f"lists/{recorded['id']}/rows", limit=1000)
    assert all(row["unit_since"] and row["unit_name"] for row in page["items"])
    assert (len(page["items"]), page["next"]) == (371, None)

    summary = await clients.get("areas/summary", on="2021-12-31")
    assert (summary["communes"], summary["communes_in_area"]) == (102, 92)
    assert (summary["communes_with_villages_in_area"], summary["communes_outside"]) == (2, 8)
    assert summary["villages_in_difficulty"] == 371
    assert [(row["kind"], row["level"]) for row in summary["lists_missing"]] == [
        ("poor_district", "district"),
        ("border_commune", "commune"),
    ]
    before_lists = await clients.get("areas/summary", on="2020-12-31")
    assert (before_lists["communes_outside"], len(before_lists["lists_missing"])) == (102, 6)
    by_region = {row["region"]: row["count"] for row in summary["villages_by_region"]}
    assert by_region == VILLAGES_BY_REGION
    assert {row["region"]: row["count"] for row in summary["communes_by_region"]} == {
        "III": 52,
        "II": 8,
        "I": 32,
    }
    figures = await clients.read_figures("2021")
    assert figures["villages_in_special_difficulty"]["value"] == 371
    assert figures["villages_in_special_difficulty"]["caveat"] is None
    assert figures["communes_in_region_iii"]["value"] == 52
    codes = "communes_in_region_iii,communes_in_region_ii,villages_in_special_difficulty"
    for level, units in (("province", 1), ("district", 10), ("commune", 102)):
        on_map = await clients.get("map", period="2021", unit="62", indicator=codes, level=level)
        sums = {
            code: sum(row["value"] for row in on_map["items"] if row["indicator"] == code)
            for code in codes.split(",")
        }
        assert list(sums.values()) == [52, 8, 371], level
        assert len({row["unit"] for row in on_map["items"]}) == units
    (village, *_) = villages
    area = await clients.get(f"areas/{village}", on="2021-12-31")
    assert (area["specially_difficult"], area["region"], area["level"]) == (True, "III", "village")
    (kind,) = area["kinds"]
    assert (kind["list"], kind["decision"]["number"], kind["law"]) == (
        recorded["id"],
        "612/QĐ-UBDT",
        "qd_612_2021",
    )
    assert (await clients.get(f"areas/{village}", on=VILLAGES_ON))["specially_difficult"]
    assert not (await clients.get(f"areas/{village}", on="2021-09-15"))["specially_difficult"]
    after_merger = await clients.get(f"areas/{village}", on="2025-08-01")
    assert (after_merger["specially_difficult"], after_merger["kinds"][0]["state"]) == (True, "listed")
    ended = await clients.get(f"areas/{village}", on="2026-01-01")
    assert (ended["specially_difficult"], ended["kinds"][0]["state"]) == (False, "ended")
    assert (await clients.read_figures("2026", "51"))["villages_left_special_difficulty"]["value"] == 0


async def test_an_adjustment_and_a_later_list_take_units_off_and_both_are_compared(clients):
    await register_villages(clients, ["23509.01", "23509.02", "23515.01"])
    villages = [{"unit": code} for code in ("23509.01", "23509.02", "23515.01")]
    first = await clients.create(
        "lists",
        list_body("special_difficulty", villages, "2021-06-18", "433/QĐ-UBDT", level="village"),
    )
    later = await clients.create(
        "lists",
        list_body("special_difficulty", villages[:2], VILLAGES_ON, "612/QĐ-UBDT", level="village"),
    )
    assert (first["law"], later["law"]) == ("qd_433_2021", "qd_612_2021")
    assert (later["counts"]["unchanged"], later["left_out"]) == (2, ["23515.01"])
    adjustment = await clients.create(
        "lists",
        list_body(
            "special_difficulty",
            [{"unit": "23509.02", "listed": False}, {"unit": "23515.01"}],
            "2023-05-01",
            "497/QĐ-UBDT",
            level="village",
            whole=False,
        ),
    )
    assert [row["verdict"] for row in adjustment["verdicts"]] == ["removed", "added"]
    compared = await clients.get(f"lists/{adjustment['id']}/differences", other=later["id"])
    assert (compared["earlier"]["id"], compared["unchanged"]) == (later["id"], 1)
    assert [(row["unit"], row["change"]) for row in compared["items"]] == [
        ("23509.02", "removed"),
        ("23515.01", "added"),
    ]
    for period, left, units in (("2021", 0, []), ("2023", 1, ["23509.02"]), ("2022", 0, [])):
        figure = (await clients.read_figures(period))["villages_left_special_difficulty"]
        assert figure["value"] == left, period
        exits = await clients.list_all(figure["lineage"])
        assert [(row["unit"], row["ground"]) for row in exits] == [(unit, "taken_off_list") for unit in units]
    off = (await clients.get("areas/23515.01", on="2022-01-01"))["kinds"]
    assert [(row["state"], row["left_out"], row["law"]) for row in off] == [("off", True, "qd_612_2021")]
    body = list_body("poor_district", [{"unit": "617"}], "2022-03-15", "353/QĐ-TTg")
    districts = await clients.create("lists", body)
    assert (await clients.get("areas/23404", on="2023-01-01"))["poor_district"]
    problem = await clients.http.get(
        f"/v1/ethnic/lists/{later['id']}/differences", params={"other": districts["id"]}
    )
    assert (problem.status_code, problem.json()["errors"][0]["code"]) == (422, "list_of_other_kind")


async def test_a_commune_that_was_merged_in_special_difficulty_waits_for_an_officer(clients):
    rows = [{"unit": commune, "region": "III"} for commune in ("23509", "23368")]
    await clients.create("lists", list_body("region", rows, REGIONS_ON, "861/QĐ-TTg"))
    exits = await clients.get("exits", period="2025")
    assert [(row["unit"], row["left_on"], row["ground"], row["state"]) for row in exits["items"]] == [
        ("23509", "2025-07-01", "merged", "pending")
    ]
    figures = await clients.read_figures("2025", "51")
    assert figures["communes_left_special_difficulty"]["value"] == 0
    assert figures["communes_leaving_pending"]["value"] == 1
    assert figures["communes_in_special_difficulty"]["value"] == 1
    ended = await clients.read_figures("2026", "51")
    assert ended["communes_left_special_difficulty"]["value"] == 0, "a list that ends is not an exit"
    assert ended["communes_leaving_pending"]["value"] == 0
    body = list_body("region", [{"unit": "23368", "region": "I"}], "2026-01-01", "1/QĐ", unit="51")
    await clients.expect_problem("lists", body, 422, "invalid")


async def test_every_fault_of_a_list_is_named_by_row(clients):
    await register_villages(clients, ["23509.01"])
    rows = [
        {"unit": "23509", "region": "IV"},
        {"unit": "23515"},
        {"unit": "610", "region": "I"},
        {"unit": "23509", "region": "III"},
        {"unit": "99999", "region": "I"},
        {"unit": "23359", "region": "III", "specially_difficult": False},
        {"unit": "23365", "region": "I", "commune_region": "I"},
        {"unit": "23368", "region": "I", "listed": False},
        {"unit": "23371", "region": "I", "ethnic_group": "kinh", "households": -1, "more": 1},
        {"unit": "22222", "region": "I"},
    ]
    faults = await clients.list_faults("lists", list_body("region", rows, REGIONS_ON, "861/QĐ-TTg"))
    assert faults == {
        "/units/0/region": "region_unknown",
        "/units/1/region": "region_required",
        "/units/2/unit": "unit_level_wrong",
        "/units/3/unit": "row_repeated",
        "/units/4/unit": "unit_unknown",
        "/units/5/specially_difficult": "region_is_specially_difficult",
        "/units/6/commune_region": "commune_region_not_wanted",
        "/units/7/listed": "whole_list_removes",
        "/units/8/ethnic_group": "ethnic_group_not_wanted",
        "/units/8/households": "too_small",
        "/units/8/more": "unknown_field",
        "/units/9/unit": "unit_outside_list",
    }
    one = [{"unit": "23509"}]
    for fields, expected in (
        ({"kind": "em_area"}, {"/level": "list_level_required"}),
        ({"kind": "em_area", "level": "district"}, {"/level": "list_level_required"}),
        ({"kind": "em_area", "level": "commune", "law": "nd_272_2025"}, {"/law": "law_not_in_force"}),
        ({"kind": "border", "units": one}, {"/kind": "not_one_of"}),
        ({"kind": "border_commune", "ends_on": "2020-01-01"}, {"/ends_on": "ends_before_effect"}),
        ({"kind": "poor_district", "units": [{"unit": "617"}]}, {"/law": "law_not_in_force"}),
        ({"kind": "border_commune", "unit": "23509.01"}, {"/unit": "unit_unknown"}),
        ({"kind": "border_commune", "units": []}, {"/units": "too_few"}),
    ):
        body = {**list_body("border_commune", one, REGIONS_ON, "1/QĐ"), **fields}
        assert await clients.list_faults("lists", body) == expected, fields
    assert (await clients.get("lists"))["items"] == []
    await clients.expect_problem(
        "lists",
        list_body("border_commune", one, REGIONS_ON, "1/QĐ"),
        403,
        "unit_not_granted",
        units=("610",),
    )


async def test_the_criterion_of_an_area_is_that_of_its_law(clients):
    """Under QĐ 33/2020 15 % of the households; under NĐ 272/2025 also 4,500 persons."""
    few = {"unit": "23509", "households": 2000, "em_households": 299, "em_persons": 4500}
    body = list_body("em_area", [few], "2022-01-01", "33", level="commune")
    assert await clients.list_faults("lists", body) == {"/units/0/em_households": "criterion_not_met"}
    few["em_households"] = 300
    assert (await clients.create("lists", body))["row_count"] == 1
    laws = await clients.get("laws")
    criteria = {row["law"]: row["minimum_persons"] for row in laws["criteria"]}
    assert criteria == {"qd_33_2020": None, "nd_272_2025": 4500}


async def test_a_faulty_header_hides_no_unknown_unit_and_no_row_fits_unchecked(clients):
    body = list_body(
        "region", [{"unit": "23341", "region": "III"}, {"unit": "999", "region": "III"}], "?", "1"
    )
    body["decision"]["date"] = REGIONS_ON
    problem = await clients.expect_problem("lists", body, 422, "invalid")
    assert {fault["pointer"]: fault["code"] for fault in problem["errors"]} == {
        "/effective_on": "not_a_date",
        "/units/1/unit": "unit_unknown",
    }
    assert [row["verdict"] for row in problem["verdicts"]] == ["not_checked", "refused"]
    problem = await clients.expect_problem("lists", {}, 422, "invalid")
    assert {"/unit", "/kind", "/decision", "/units"} <= {fault["pointer"] for fault in problem["errors"]}
