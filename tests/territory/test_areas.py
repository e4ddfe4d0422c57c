"""Named areas: the land of former Kon Tum has a status of its own, and the province's is not complete by it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.funding.app import create_app as create_funding
from services.funding.settings import FundingSettings
from shared.periods import Period
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.obligations.rules import find_owing_units
from shared.territory.areas import AreaTerritory, NamedArea, NamedAreas
from shared.territory.levels import find_level_below
from shared.territory.units import UnknownUnit, UnknownUnitOnDate
from tests.funding.conftest import Office
from tests.in_process import open_client
from tests.reporting.office import catalogue
from tests.territory.shipped import country_territory, read_units
from tests.territory.test_map_loads import FIRST, find_faults, gateway, load  # noqa: F401 (a fixture)
from tests.territory.test_provinces_over_http import clients, report  # noqa: F401 (a fixture)

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
BEFORE, AFTER = date(2023, 12, 31), date(2025, 12, 31)
CATALOGUE = catalogue()
COUNTRY = country_territory()
NEW_COMMUNES = tuple(unit.key for unit in read_units() if unit.parent == "51")
KON_TUM = NamedArea(
    "KON_TUM", "Kon Tum", "Kon Tum", "-", date(2004, 7, 8), None, (("62", date(2004, 7, 8)), *NEW_COMMUNES)
)
WITH_AREAS = NamedAreas([KON_TUM]).extend(COUNTRY)


def test_an_area_has_the_communes_of_its_members_on_each_day():
    assert len(WITH_AREAS.communes("KON_TUM", BEFORE)) == 102
    assert len(WITH_AREAS.communes("KON_TUM", AFTER)) == 40
    assert [unit.code for unit in WITH_AREAS.children("KON_TUM", BEFORE)] == ["62"]
    assert len(WITH_AREAS.descendants("KON_TUM", BEFORE)) == 113
    assert WITH_AREAS.is_within("23293", "KON_TUM", BEFORE)
    assert WITH_AREAS.is_within("23293", "KON_TUM", AFTER)
    assert not WITH_AREAS.is_within("51", "KON_TUM", AFTER)
    assert not WITH_AREAS.is_within("21136", "KON_TUM", AFTER)
    assert WITH_AREAS.is_within("KON_TUM", "KON_TUM", AFTER)
    assert not WITH_AREAS.is_within("KON_TUM", "51", AFTER)
    assert WITH_AREAS.ancestors("KON_TUM", AFTER) == ()


def test_an_area_of_provinces_has_their_districts_and_communes():
    region = NamedArea(
        "REGION", "Vùng", "Region", "-", BEFORE, None, tuple(COUNTRY.unit(code, BEFORE).key for code in ("62", "51"))
    )  # fmt: skip
    parts = NamedArea(
        "PARTS", "Phần", "Parts", "-", BEFORE, None, tuple(COUNTRY.unit(code, BEFORE).key for code in ("610", "23293"))
    )  # fmt: skip
    territory = NamedAreas([region, parts]).extend(COUNTRY)
    jobs = replace(CATALOGUE.indicators["jobs"][-1], level="district")
    form, period = CATALOGUE.forms["census"], Period.parse("2023")
    districts = {unit.code for unit in (*COUNTRY.children("62", BEFORE), *COUNTRY.children("51", BEFORE))}
    assert {unit.code for unit in find_expected_units(territory, "REGION", jobs, BEFORE)} == districts
    form = replace(form, owed_by="district")
    of_provinces = find_owing_units(territory, "REGION", form, "province", period)
    of_districts = find_owing_units(territory, "REGION", form, "district", period)
    of_communes = find_owing_units(territory, "REGION", form, "commune", period)
    assert {unit.code for unit in of_provinces} == {"62", "51"}
    assert {unit.code for unit in of_districts} == districts
    assert len(of_communes) == len(COUNTRY.communes("62", BEFORE)) + len(COUNTRY.communes("51", BEFORE))
    assert find_level_below(territory, territory.unit("REGION", BEFORE), BEFORE) == "district"
    of_parts = find_owing_units(territory, "PARTS", form, "district", period)
    assert [unit.code for unit in of_parts] == ["610"]


def test_an_area_is_in_no_list_of_units_and_a_territory_without_areas_has_none():
    assert "KON_TUM" not in {unit.code for unit in WITH_AREAS.units(AFTER)}
    with pytest.raises(UnknownUnit):
        COUNTRY.unit("KON_TUM", AFTER)
    with pytest.raises(UnknownUnitOnDate):
        WITH_AREAS.unit("KON_TUM", date(2000, 1, 1))
    assert isinstance(WITH_AREAS.with_units([]), AreaTerritory)
    assert WITH_AREAS.with_units([]).unit("KON_TUM", AFTER).full_name == "Kon Tum"


@pytest.mark.parametrize("province", ["62"])
async def test_the_area_is_covered_and_the_province_is_not(clients):  # noqa: F811
    communes = [code for code, _ in NEW_COMMUNES]
    await report(clients, "51", "2025", communes)
    for unit, expected in (("KON_TUM", 40), ("51", 96)):
        progress = await clients.get("progress", period="2025", unit=unit)
        (figure,) = (row for row in progress["figures"] if row["indicator"] == "poor_households")
        assert (figure["value"], figure["coverage"]["reported"], figure["coverage"]["expected"]) == (
            40,
            40,
            expected,
        )
    assert progress["unit"]["code"] == "51"
    traced = await clients.get("lineage/poor_households", period="2025", unit="KON_TUM")
    assert len(traced["values"]) == 40
    owed = {}
    for unit in ("KON_TUM", "51"):
        completeness = await clients.get("completeness", period="2025", unit=unit)
        rows = [row for row in completeness["items"] if row["form"] == "annual_review"]
        owed[unit] = sum(row["state"] == "accepted" for row in rows), len(rows)
    assert owed["KON_TUM"] == (40, 40)
    assert owed["51"][0] < owed["51"][1]
    query = {"period": "2025", "area": "KON_TUM"}
    assert (await clients.get("progress", **query))["figures"] == (
        await clients.get("progress", period="2025", unit="KON_TUM")
    )["figures"]
    in_map = await clients.get("map", indicator="poor_households", level="commune", **query)
    assert sum(row["value"] for row in in_map["items"]) == len(in_map["items"]) == 40
    series = {"indicator": "poor_households", "from": "2024", "to": "2025", "area": "KON_TUM"}
    before, point = (await clients.get("series", **series))["items"]
    assert (before["unit"], before["value"], before["coverage"]["expected"]) == ("KON_TUM", None, 102)
    assert (point["unit"], point["value"], point["coverage"]["expected"]) == ("KON_TUM", 40, 40)
    both = await clients.http.get("/v1/poverty/progress", params={**query, "unit": "51"})
    assert (both.status_code, both.json()["errors"][0]["code"]) == (422, "area_and_unit")
    no_area = await clients.http.get("/v1/poverty/progress", params={**query, "area": "51"})
    assert (no_area.status_code, no_area.json()["errors"][0]["pointer"]) == (422, "/query/area")


@pytest.mark.parametrize("province", ["62"])
async def test_nothing_is_written_for_an_area_and_other_readings_do_not_know_it(clients):  # noqa: F811
    body = {"unit": "KON_TUM", "period": "2025", "form": "annual_review", "nil": True, "observations": []}
    headers = clients.make_headers("report", units=("51", "KON_TUM"))
    refused = await clients.http.post("/v1/poverty/reports", json=body, headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unit_unknown")
    before = await clients.http.get("/v1/poverty/progress", params={"period": "2003", "unit": "KON_TUM"})
    assert (before.status_code, before.json()["code"]) == (404, "unit_unknown_on_date")
    unknown = await clients.http.get("/v1/poverty/progress", params={"period": "2025", "unit": "NO_AREA"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unit_unknown")
    for path in ("obligations", "movement", "targets/results"):
        answer = await clients.http.get(f"/v1/poverty/{path}", params={"period": "2025", "unit": "KON_TUM"})
        assert answer.status_code in (404, 422), (path, answer.text)


async def test_the_money_of_an_area_is_that_of_its_units(database, issuer):
    app = issuer.trust(
        create_funding(FundingSettings(database_url=database.url("funding")), clock=lambda: NOW)
    )
    times = {"iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 3600}
    async with open_client(app) as http:
        token = issuer.token("finance", ["funding"], ["rural", "poverty", "ethnic"], ["51"], **times)
        office = Office(http, token, app)
        for unit, amount in (("23293", 5), ("21136", 7), ("51", 11)):
            await office.allocate(
                amount,
                year=2025,
                unit=unit,
                effective_on="2025-12-31",
                decision={"number": f"{amount}/QĐ", "date": "2025-12-01"},
            )
        totals = {
            unit: (await office.get("progress", year=2025, unit=unit)).json()["total"]["allocated_vnd"]
            for unit in ("KON_TUM", "51", "23293")
        }
        series = {"indicator": "allocated_vnd", "from": "2025", "to": "2025", "area": "KON_TUM"}
        (point,) = (await office.get("series", **series)).json()["items"]
        assert (point["unit"], point["value"]) == ("KON_TUM", 5)
    assert totals == {"KON_TUM": 5, "51": 23, "23293": 5}


@pytest.mark.own_database
async def test_areas_are_listed_and_loaded_by_row(gateway):  # noqa: F811
    (shipped,) = (await gateway.get("/v1/areas")).json()["items"]
    assert (await gateway.get("/v1/areas")).json() == {"items": [shipped]}
    assert (shipped["code"], len(shipped["units"])) == ("KON_TUM", 41)
    assert {(unit["code"], unit["valid_from"]) for unit in shipped["units"]} == {
        (code, since.isoformat()) for code, since in KON_TUM.members
    }
    belt = {
        "code": "BELT",
        "name": "Vành đai biên giới",
        "reason": "NQ 1",
        "valid_from": "2026-01-01",
        "units": ["99001", "23368@2026-01-01"],
    }
    rows = [
        belt,
        {**belt, "code": "belt"},
        {**belt, "code": "B2", "units": ["99009", "51", "23368"]},
        {**belt, "code": "B3", "units": []},
        {**belt, "code": "B4", "reason": " ", "since": 1},
        {**belt, "code": "B5", "valid_to": "2025-01-01"},
        {**belt, "code": "KON_TUM"},
        "B6",
        belt,
    ]
    faults = find_faults(await load(gateway, {**FIRST, "areas": rows}))
    assert faults == {
        "/areas/1/code": "wrong_form",
        "/areas/2/units": faults["/areas/2/units"],
        "/areas/3/units": "missing",
        "/areas/4/since": "unknown_field",
        "/areas/4/reason": "missing",
        "/areas/5/valid_to": "days_reversed",
        "/areas/6": "area_differs",
        "/areas/7": "not_an_object",
        "/areas/8": "repeated",
    }
    assert faults["/areas/2/units"] in ("unit_unknown", "member_nested")
    loaded = await load(gateway, {**FIRST, "areas": [belt]})
    assert (loaded.status_code, loaded.json()["areas"]) == (201, ["BELT"]), loaded.text
    again = await load(gateway, {**FIRST, "areas": [{**belt, "units": "99001 23368"}]})
    assert (again.status_code, again.json()["changed"]) == (200, False)
    listed = {area["code"]: area for area in (await gateway.get("/v1/areas")).json()["items"]}
    assert [unit["code"] for unit in listed["BELT"]["units"]] == ["23368", "99001"]
    ended = {**belt, "valid_to": "2026-06-30"}
    closed = await load(gateway, {"legal_basis": "NQ 2", "areas": [ended]})
    assert (closed.status_code, closed.json()["areas"]) == (201, ["BELT"]), closed.text
    for row in (ended, belt):
        again = await load(gateway, {"legal_basis": "NQ 2", "areas": [row]})
        assert (again.status_code, again.json()["changed"]) == (200, False), again.text
    other_end = {"legal_basis": "NQ 3", "areas": [{**belt, "valid_to": "2026-07-31"}]}
    assert find_faults(await load(gateway, other_end)) == {"/areas/0": "area_differs"}
    listed = {area["code"]: area for area in (await gateway.get("/v1/areas")).json()["items"]}
    assert (listed["BELT"]["valid_to"], len(listed["BELT"]["units"])) == ("2026-06-30", 2)
    content = (await gateway.get("/v1/territory/versions/3")).json()["content"]
    assert content["areas"][0]["code"] == "BELT"
