"""Loading tables into the map over HTTP: every fault by row, a dry run, history that is never edited, and followers."""

import csv
import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from services.poverty.app import create_app as create_poverty
from services.poverty.settings import PovertySettings
from shared.kit.resources import get_resources
from shared.territory.current import MapVersion, load_territory
from shared.territory.maps.map_consumer import apply_and_reload
from shared.territory.tree import Territory
from tests.gateway.conftest import PEPPER
from tests.gateway.test_tokens import FORM, register
from tests.in_process import open_client
from tests.territory.shipped import COUNTRY

pytestmark = pytest.mark.own_database
NOW = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)

PROVINCE = {
    "code": "99",
    "level": "province",
    "kind": "tinh",
    "name": "Thử Nghiệm",
    "valid_from": "2026-01-01",
}
NORTH, SOUTH, ISLAND = (
    {
        "code": code,
        "level": "commune",
        "kind": kind,
        "name": name,
        "parent": "99",
        "valid_from": "2026-01-01",
        "lat": lat,
        "lon": 108.0,
    }
    for code, kind, name, lat in (
        ("99001", "xa", "Bắc", 14.1),
        ("99002", "xa", "Nam", 14.2),
        ("99003", "dac_khu", "Đảo", 9.0),
    )
)
VILLAGE = {
    "code": "99002.01",
    "level": "village",
    "kind": "thon",
    "name": "Thôn 1",
    "parent": "99002",
    "valid_from": "2026-01-01",
}
FIRST = {
    "legal_basis": "NQ 1/NQ-UBTVQH16",
    "source": "made up",
    "units": [PROVINCE, NORTH, SOUTH, ISLAND, VILLAGE],
    "successions": [],
}
MERGED = {**NORTH, "name": "Bắc Nam", "valid_from": "2027-01-01"}


def succession(code, successor="99001", kind="merged", **more):
    return {
        "predecessor": code,
        "predecessor_valid_from": "2026-01-01",
        "successor": successor,
        "successor_valid_from": "2027-01-01",
        "effective_on": "2027-01-01",
        "kind": kind,
        **more,
    }


SECOND = {
    "legal_basis": "NQ 2/NQ-UBTVQH16",
    "units": [MERGED],
    "successions": [succession("99001"), succession("99002")],
}


@pytest.fixture
async def gateway(database):
    settings = GatewaySettings(
        database_url=database.url("gateway"), client_secret_pepper=PEPPER, public_reads=True, pool_size=5
    )
    app = create_app(settings)
    async with open_client(app, raises=False, base_url="http://gateway") as client:
        auth = await register(app, "admin", "admin", programs=(), units=())
        token = (await client.post("/oauth/token", data=FORM, auth=auth)).json()["access_token"]
        client.headers.update({"Authorization": f"Bearer {token}", "Accept-Language": "en"})
        client.number = 0  # type: ignore[attr-defined]
        yield client


async def load(client, body, **params):
    client.number += 1
    headers = {"Idempotency-Key": f"load-{client.number}"}
    return await client.post("/v1/territory/loads", json=body, headers=headers, params=params)


def find_faults(answer):
    assert answer.status_code == 422, answer.text
    return {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]}


async def test_a_province_is_loaded_merged_and_loaded_again(gateway):
    dry = await load(gateway, FIRST, dry_run="true")
    assert (dry.status_code, dry.json()["version"], dry.json()["changed"]) == (200, 3, True), dry.text
    assert (await gateway.get("/v1/units/99001", params={"on": "2026-06-30"})).status_code == 404
    first = await load(gateway, FIRST)
    assert first.status_code == 201, first.text
    assert first.headers["location"] == "/v1/territory/versions/3"
    assert [unit["code"] for unit in first.json()["born"]] == ["99", "99001", "99002", "99003", "99002.01"]
    second = await load(gateway, SECOND)
    assert second.status_code == 201, second.text
    assert [(unit["code"], unit["valid_to"]) for unit in second.json()["ended"]] == [
        ("99001", "2026-12-31"),
        ("99002", "2026-12-31"),
    ]
    for body in (FIRST, SECOND):
        again = await load(gateway, body)
        assert (again.status_code, again.json()["changed"], again.json()["version"]) == (200, False, 4)
    unit = (await gateway.get("/v1/units/99001", params={"on": "2027-02-01"})).json()
    assert (unit["name"], [member["code"] for member in unit["predecessors"]]) == (
        "Bắc Nam",
        ["99001", "99002"],
    )
    gone = (await gateway.get("/v1/units/99002", params={"on": "2027-02-01"})).json()
    assert gone["successors"] == "99001"
    assert "2026-12-31" in gone["detail"]
    versions = (await gateway.get("/v1/territory/versions")).json()
    assert [row["version"] for row in versions["items"]] == [1, 2, 3, 4]
    assert [row["loaded_by"] for row in versions["items"]] == ["migration", "migration", "admin", "admin"]
    assert versions["items"][3]["legal_basis"] == "NQ 2/NQ-UBTVQH16"
    content = (await gateway.get("/v1/territory/versions/4")).json()["content"]
    assert [unit["name"] for unit in content["begun"]] == ["Bắc Nam"]
    missing = await gateway.get("/v1/territory/versions/5")
    assert (missing.status_code, missing.json()["code"]) == (404, "map_version_unknown")


async def test_a_unit_with_the_same_land_is_renamed_or_moved(gateway):
    await load(gateway, FIRST)
    town = {**NORTH, "kind": "phuong", "name": "Bắc", "valid_from": "2027-01-01"}
    renamed = await load(
        gateway,
        {"legal_basis": "NQ 3", "units": [town], "successions": [succession("99001", kind="unchanged")]},
    )
    assert renamed.status_code == 201, renamed.text
    assert [unit["full_name"] for unit in renamed.json()["renamed"]] == ["Phường Bắc"]
    assert (renamed.json()["born"], renamed.json()["ended"], renamed.json()["moved"]) == ([], [], [])
    moved = {**SOUTH, "parent": "51", "valid_from": "2027-01-01"}
    answer = await load(
        gateway,
        {
            "legal_basis": "NQ 4",
            "units": [moved],
            "successions": [succession("99002", "99002", kind="unchanged")],
        },
    )
    assert [unit["code"] for unit in answer.json()["moved"]] == ["99002"]


async def test_every_fault_of_many_rows_is_named_by_its_row(gateway):
    units = [
        PROVINCE,
        {**NORTH, "code": "9901"},
        {**NORTH, "code": "99011", "kind": "huyen"},
        {**NORTH, "code": "99012", "name": "  "},
        {**NORTH, "code": "99013", "parent": "98"},
        {**NORTH, "code": "99014", "valid_from": "1/1/2026"},
        {**NORTH, "code": "99015", "valid_to": "2025-01-01"},
        {**NORTH, "code": "99016", "lat": "north"},
        {**NORTH, "code": "99017", "lat": 45.0},
        {**NORTH, "code": "99018", "lon": None},
        {**NORTH, "code": "99019", "population": 5},
        {**NORTH, "code": "99020", "valid_from": "2025-01-01"},
        NORTH,
        NORTH,
        {"code": "23293", "level": "commune", "kind": "phuong", "name": "X", "parent": "51", "valid_from": "2026-01-01"},
        {"code": "51", "level": "province", "kind": "tinh", "name": "Khác", "valid_from": "2025-07-01"},
        {**NORTH, "code": "99021", "level": "hamlet"},
        {**NORTH, "code": "99022", "border": "maybe", "lat": 14.3},
        {**NORTH, "code": "99023", "parent": None, "lat": 14.4},
        {**NORTH, "code": "99024", "min_lat": 20, "min_lon": 107, "max_lat": 21, "max_lon": 109, "lat": 14.5},
        {**NORTH, "code": "99025", "parent": "99001", "lat": 14.6},
        "a row",
        None,
    ]  # fmt: skip
    links = [
        succession("99099", "99001", effective_on="2026-01-01", successor_valid_from="2026-01-01"),
        succession("23293", kind="renamed"),
        succession("610", "", kind="merged"),
        {**succession("23293"), "predecessor_valid_from": "2025-07-01", "weight": "0.5"},
        {},
    ]
    answer = await load(gateway, {"legal_basis": "NQ 5", "units": units, "successions": links})
    faults = find_faults(answer)
    expected = {
        "/units/1/code": "wrong_form",
        "/units/2/kind": "not_one_of",
        "/units/3/name": "missing",
        "/units/4/parent": "parent_unknown",
        "/units/5/valid_from": "not_a_date",
        "/units/6/valid_to": "days_reversed",
        "/units/7/lat": "not_a_number",
        "/units/10/population": "unknown_field",
        "/units/11/parent": "parent_unknown",
        "/units/13": "repeated",
        "/units/14/code": "code_taken",
        "/units/15": "unit_differs",
        "/units/16/level": "not_one_of",
        "/units/17/border": "not_a_boolean",
        "/units/18/parent": "missing",
        "/units/19/lat": "place_impossible",
        "/units/20/parent": "parent_level_wrong",
        "/units/21": "not_an_object",
        "/units/22": "not_an_object",
        "/successions/0/predecessor": "unit_unknown",
        "/successions/1/kind": "not_one_of",
        "/successions/2/successor": "missing",
        "/successions/3/weight": "out_of_range",
        "/successions/4/predecessor": "missing",
    }
    assert expected.items() <= faults.items(), {
        key: (code, faults.get(key)) for key, code in expected.items() if faults.get(key) != code
    }
    assert faults["/units/8/lat"] == "place_impossible"
    assert "/units/9/lat" in faults
    versions = (await gateway.get("/v1/territory/versions")).json()
    assert versions["newest"] == 2


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"units": [PROVINCE]}, {"/legal_basis"}),
        ({"legal_basis": " ", "units": [{}]}, {"/legal_basis", "/units/0/code"}),
        ({"legal_basis": "x", "units": "all"}, {"/units"}),
        ({"legal_basis": "x", "units": [], "more": 1}, {"/more"}),
        ({"legal_basis": "x", "units": [{**PROVINCE, "code": 99}]}, {"/units/0/code"}),
        ({"legal_basis": "x", "units": [{**PROVINCE, "valid_from": 2026}]}, {"/units/0/valid_from"}),
    ],
)
async def test_a_body_of_another_shape_is_refused(gateway, body, pointers):
    assert pointers <= find_faults(await load(gateway, body)).keys()


async def test_parts_must_be_splits_whose_weights_add_up(gateway):
    await load(gateway, FIRST)
    halves = [
        {**NORTH, "code": code, "name": code, "valid_from": "2027-01-01", "lat": lat}
        for code, lat in (("99004", 14.11), ("99005", 14.12))
    ]

    def divide(*weights, kind="split"):
        links = [
            succession("99001", half["code"], kind=kind, weight=weight)
            for half, weight in zip(halves, weights, strict=True)
        ]
        return {"legal_basis": "NQ 6", "units": halves, "successions": links}

    assert find_faults(await load(gateway, divide("0.5", "0.4"))) == {"/successions/0": "parts_wrong"}
    assert find_faults(await load(gateway, divide("0.5", None))) == {"/successions/0": "parts_wrong"}
    assert find_faults(await load(gateway, divide(None, None, kind="merged"))) == {
        "/successions/0": "parts_wrong"
    }
    divided = await load(gateway, divide("0.75", "0.25"))
    assert divided.status_code == 201, divided.text


async def test_the_place_of_another_unit_or_outside_the_parent_is_refused(gateway):
    box = {"min_lat": 13.0, "min_lon": 107.0, "max_lat": 15.0, "max_lon": 109.0}
    await load(gateway, {**FIRST, "units": [{**PROVINCE, "lat": 14.0, "lon": 108.1, **box}, NORTH, SOUTH]})
    units = [
        {**NORTH, "code": code, "name": code, "valid_from": "2026-06-01", **place}
        for code, place in (
            ("99011", {"lat": 14.0, "lon": 108.1}),
            ("99012", {"lat": SOUTH["lat"], "lon": SOUTH["lon"]}),
            ("99013", {"lat": 14.05, **box}),
            ("99014", {"lat": 15.3}),
            ("99015", {"lat": 14.3}),
        )
    ]
    former = (await gateway.get("/v1/units/62", params={"on": "2025-06-30"})).json()
    units += [
        {**units[0], "code": "99016", "parent": "51", "lat": former["lat"], "lon": former["lon"]},
        {**units[0], "code": "99017", "parent": "51", "lat": 21.0, "lon": 105.0},
        {**units[0], "code": "99018", "parent": "51", "lat": 21.1, "lon": 105.0},
    ]
    faults = find_faults(await load(gateway, {"legal_basis": "NQ 7", "units": units}))
    assert faults == {f"/units/{index}/lat": "place_impossible" for index in (0, 1, 2, 3, 5, 6, 7)}


async def test_a_parent_cannot_end_before_its_children(gateway):
    await load(gateway, FIRST)
    end = {**PROVINCE, "valid_to": "2026-12-31"}
    answer = await load(gateway, {"legal_basis": "NQ 7", "units": [end]})
    assert find_faults(answer) == {"/units/0": "children_remain"}


async def test_only_an_administrator_loads_and_anyone_reads_the_versions(gateway):
    token = gateway.headers.pop("Authorization")
    assert (await load(gateway, FIRST)).status_code == 401
    assert (await gateway.get("/v1/territory/versions")).status_code == 200
    gateway.headers["Authorization"] = token


def read_country():
    def rows(name):
        text = gzip.decompress((COUNTRY / f"{name}.csv.gz").read_bytes()).decode()
        return list(csv.DictReader(text.splitlines()))

    return {
        "legal_basis": "NQ 202/2025/QH15",
        "units": rows("units"),
        "successions": rows("successions"),
    }


async def test_loading_the_country_again_changes_nothing(gateway):
    answer = await load(gateway, read_country())
    assert answer.status_code == 200, answer.text
    assert (answer.json()["changed"], answer.json()["version"]) == (False, 2)
    assert answer.json()["unchanged_rows"] == 13_995 + 11_243


async def test_a_service_follows_and_answers_by_its_version_until_then(gateway, database, issuer):
    settings = PovertySettings(database_url=database.url("poverty"), province="99")
    await load(gateway, FIRST)
    await load(gateway, SECOND)
    with pytest.raises(Exception, match="99"):
        async with open_client(create_poverty(settings, clock=lambda: NOW)):
            pass
    app = issuer.trust(create_poverty(settings.model_copy(update={"province": "62"}), clock=lambda: NOW))
    async with open_client(app) as poverty:
        resources = get_resources(app)
        assert (await poverty.get("/v1/poverty/map-version")).json() == {"version": 2}
        unknown = await poverty.get("/v1/poverty/progress", params={"period": "2026", "unit": "99"})
        assert unknown.json()["code"] == "unit_unknown"
        nowhere = httpx.AsyncClient(base_url="http://127.0.0.1:9")
        await apply_and_reload(resources, nowhere, [load_territory])
        await nowhere.aclose()
        assert resources.get(MapVersion).number == 2
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(gateway.app), base_url="http://gateway"
        ) as http:
            for _ in range(2):
                await apply_and_reload(resources, http, [load_territory])
        assert (await poverty.get("/v1/poverty/map-version")).json() == {"version": 4}
        territory = resources.get(Territory)
        assert territory.unit("99001", NOW.date()).name == "Bắc Nam"
        known = await poverty.get("/v1/poverty/progress", params={"period": "2026", "unit": "99"})
        assert known.status_code == 200
        assert known.json()["figures"][0]["coverage"]["expected"] in (2, 3)
        on = {"unit": "99", "on": "2027-02-01"}
        (village,) = (await poverty.get("/v1/poverty/villages", params=on)).json()["items"]
        assert (village["code"], village["parent"], village["parent_name"]) == (
            "99002.01",
            "99001",
            "Xã Bắc Nam",
        )


@pytest.mark.long
def test_the_command_loads_a_folder_and_names_every_fault(database, tmp_path):
    def run(*options):
        return subprocess.run(
            [sys.executable, "-m", "gateway", "territory", "load", str(tmp_path), *options],
            env={
                "NTP_DATABASE_URL": database.url("gateway"),
                "NTP_CLIENT_SECRET_PEPPER": PEPPER,
                "PATH": "",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def write(units):
        with (tmp_path / "units.csv").open("w", encoding="utf-8", newline="") as table:
            writer = csv.DictWriter(table, list(ISLAND))
            writer.writeheader()
            writer.writerows(units)

    assert run("--legal-basis", "NQ 1").returncode == 1
    write([PROVINCE, {**NORTH, "kind": "quan"}, {**SOUTH, "lat": "x"}])
    faulty = run("--legal-basis", "NQ 1")
    assert faulty.returncode == 2
    assert "units.csv row 3, kind" in faulty.stderr
    assert "units.csv row 4, lat" in faulty.stderr
    write([PROVINCE, NORTH, SOUTH])
    dry = json.loads(run("--legal-basis", "NQ 1", "--dry-run").stdout)
    assert (dry["version"], dry["changed"]) == (3, True)
    done = run("--legal-basis", "NQ 1")
    assert (json.loads(done.stdout)["version"], done.returncode) == (3, 0)
    again = json.loads(run("--legal-basis", "NQ 1").stdout)
    assert (again["version"], again["changed"]) == (3, False)


async def test_an_administrator_changes_units_of_its_own_provinces(gateway):
    """Of a district it changes none, not even below it."""
    village = {"code": "23341.01", "level": "village", "kind": "thon", "name": "Thôn 1", "parent": "23341"}
    body = {"legal_basis": "QĐ 1", "units": [{**village, "valid_from": "2022-01-01"}]}
    root = gateway.headers["Authorization"]
    for unit, expected in (("610", 403), ("51", 403), ({"code": "62", "on": "2023-12-31"}, 201)):
        gateway.headers["Authorization"] = root
        client = {"client_id": f"admin-{gateway.number}", "scopes": ["admin"], "units": [unit]}
        made = await gateway.post(
            "/v1/clients", json=client, headers={"Idempotency-Key": client["client_id"]}
        )
        assert made.status_code == 201, made.text
        auth = (client["client_id"], made.json()["client_secret"])
        token = (await gateway.post("/oauth/token", data=FORM, auth=auth)).json()["access_token"]
        gateway.headers["Authorization"] = f"Bearer {token}"
        answer = await load(gateway, body)
        assert answer.status_code == expected, answer.text
        if expected == 403:
            assert answer.json()["code"] == "map_outside"
            assert [fault["code"] for fault in answer.json()["errors"]] == ["unit_not_granted"]
