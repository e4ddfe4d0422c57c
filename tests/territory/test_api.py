"""/v1/units over HTTP, in process, on a real database."""

from datetime import UTC, datetime

import pytest

from shared.kit.service import ServiceDefinition, create_service
from shared.periods import local_day
from shared.territory import api
from shared.territory.current import load_territory_with_geography
from shared.territory.settings import TerritorySettings
from tests.in_process import open_client

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(common_database):
    app = create_service(
        ServiceDefinition(
            name="gateway",
            title="Units",
            description="Units",
            settings=TerritorySettings(database_url=common_database.url("gateway")),
            routers=[api.router, api.tiles_router],
            start_steps=[load_territory_with_geography],
            clock=lambda: datetime(2025, 6, 30, 17, 30, tzinfo=UTC),
        )
    )
    async with open_client(app) as client:
        yield client


async def codes(client, **query):
    found = await client.get("/v1/units", params=query)
    assert found.status_code == 200, found.text
    return [unit["code"] for unit in found.json()["items"]]


async def test_the_units_of_a_day(client):
    assert len(await codes(client, on="2023-12-31", within="62", limit=1000)) == 113
    assert len(await codes(client, on="2025-07-01", within="51", limit=1000)) == 97
    provinces = await codes(client, on="2023-12-31", level="province")
    assert len(provinces) == 63
    assert {"62", "66", "67"} <= set(provinces)
    assert len(await codes(client, on="2023-12-31", within="62", level="commune", kind="thi_tran")) == 7
    assert len(await codes(client, on="2023-12-31", parent="617")) == 11


async def test_without_a_day_it_is_today_in_vietnam(client):
    assert local_day(datetime(2025, 6, 30, 17, 30, tzinfo=UTC)).isoformat() == "2025-07-01"
    provinces = await codes(client, level="province")
    assert len(provinces) == 34
    assert "51" in provinces
    assert "62" not in provinces


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("đắk hà", ["23425", "23500", "615"]),
        ("DAK HA", ["23425", "23500", "615"]),
        ("Huyện Đăk Hà", ["615"]),
        ("Bờ Y", ["23395"]),
        ("ia h’drai", ["618"]),
        ("TP Kon Tum", ["608"]),
        ("tp. kon tum", ["608"]),
        ("TP.Kon Tum", ["608"]),
        ("TT. Đăk Hà", ["23500"]),
        ("TT Đăk Hà", ["23500"]),
        ("H. Đăk Hà", ["615"]),
        ("T. Kon Tum", ["62"]),
        ("X. Đăk Hà", ["23425"]),
        ("P. Thắng Lợi", ["23293"]),
        ("Ðăk Hà", ["23425", "23500", "615"]),
        ("ÐĂK HÀ", ["23425", "23500", "615"]),
        ("TX Kon Tum", []),
        ("TP.", []),
        ("''", []),
        ("Hà Nội", []),
    ],
)
async def test_names_are_found_however_they_are_spelled(client, q, expected):
    assert await codes(client, on="2023-12-31", within="62", q=q) == expected


async def test_pages_follow_each_other_and_nothing_is_lost(client):
    seen, query = [], {"on": "2023-12-31", "within": "62", "limit": 50}
    while True:
        answer = await client.get("/v1/units", params=query)
        body = answer.json()
        seen += [unit["code"] for unit in body["items"]]
        assert ('rel="next"' in answer.headers.get("link", "")) == (body["next"] is not None)
        if body["next"] is None:
            break
        query["cursor"] = body["next"]
    assert len(seen) == 113
    assert seen == sorted(set(seen))


async def test_a_unit_with_what_is_around_it(client):
    unit = (await client.get("/v1/units/23377", params={"on": "2023-12-31"})).json()
    assert (unit["full_name"], unit["parent"], unit["answering_unit"]) == ("Thị trấn Plei Kần", "611", "611")
    assert [ancestor["code"] for ancestor in unit["ancestors"]] == ["611", "62"]
    assert [(successor["code"], successor["full_name"]) for successor in unit["successors"]] == [
        ("23377", "Xã Bờ Y")
    ]
    assert [version["name"] for version in unit["versions"]] == ["Plei Kần", "Bờ Y"]
    assert unit["bbox"].keys() == {"min_lat", "min_lon", "max_lat", "max_lon"}
    later = (await client.get("/v1/units/23377")).json()
    assert (later["full_name"], later["answering_unit"], later["valid_to"]) == ("Xã Bờ Y", "51", None)
    assert [predecessor["code"] for predecessor in later["predecessors"]] == ["23377", "23389", "23395"]
    assert later["area_km2"] == 242.11


async def test_a_unit_that_did_not_stand_is_a_problem_that_says_when_it_did(client):
    gone = await client.get("/v1/units/610", headers={"Accept-Language": "en"})
    assert gone.status_code == 404
    problem = gone.json()
    assert problem["code"] == "unit_unknown_on_date"
    assert problem["valid"] == "2004-07-08/2025-06-30"
    unknown = await client.get("/v1/units/609", params={"on": "2023-12-31"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unit_unknown")
    filtered = await client.get("/v1/units", params={"on": "2023-12-31", "parent": "609"})
    assert filtered.json()["code"] == "unit_unknown"


async def test_a_reader_who_has_it_is_told_so(client):
    first = await client.get("/v1/units", params={"on": "2023-12-31"})
    again = await client.get(
        "/v1/units", params={"on": "2023-12-31"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304


async def test_nonsense_is_refused(client):
    for query, status in (({"on": "31/12/2023"}, 422), ({"level": "hamlet"}, 422), ({"cursor": "é"}, 400)):
        refused = await client.get("/v1/units", params=query)
        assert refused.status_code == status
        assert refused.headers["content-type"] == "application/problem+json"


async def test_the_description_says_every_field_and_its_example_is_true(client):
    document = (await client.get("/openapi.json")).json()
    assert document["paths"]["/v1/units"]["get"]["operationId"] == "list_units"
    detail = document["components"]["schemas"]["UnitDetail"]
    assert all("description" in field for field in detail["properties"].values())
    example = detail["examples"][0]
    answer = (await client.get(f"/v1/units/{example['code']}", params={"on": example["on"]})).json()
    assert without_nulls(answer) == without_nulls(example)


def without_nulls(value):
    """The description leaves nulls out of its examples."""
    if isinstance(value, dict):
        return {key: without_nulls(member) for key, member in value.items() if member is not None}
    return [without_nulls(element) for element in value] if isinstance(value, list) else value
