"""The province is one setting: no route holds a code of its own, and each answers before and after 1 July 2025."""

import pytest

from shared.territory.units import UnknownUnit
from tests.contracts.documents import build, document_of, present
from tests.gateway.conftest import PEPPER
from tests.in_process import open_client

pytestmark = pytest.mark.anyio


def readings(name):
    """The addresses of an application that take a unit and can do without."""
    for path, operations in document_of(name)["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["name"] == "unit" and not parameter["required"]:
                yield path, {each["name"] for each in operations["get"]["parameters"]}, parameter["schema"]


@pytest.mark.parametrize("name", present())
def test_no_unit_is_meant_by_default_in_the_contract(name):
    assert [path for path, _, schema in readings(name) if "default" in schema] == []


@pytest.fixture(params=present())
async def reader(request, common_database):
    told = {"NTP_DATABASE_URL": common_database.url(request.param), "NTP_CLIENT_SECRET_PEPPER": PEPPER}
    app = build(request.param, **told)
    async with open_client(app, raises=False) as client:
        client.app, client.name = app, request.param
        yield client


@pytest.mark.parametrize(
    ("period", "on", "province"), [("2025-S1", "2025-06-30", "62"), ("2026", "2026-12-31", "51")]
)
async def test_without_a_unit_every_reading_answers_for_the_province_of_the_day(reader, period, on, province):
    said_of = {"period": period, "on": on, "year": int(period[:4])}
    asked = 0
    for path, parameters, _ in readings(reader.name):
        if "{indicator}" in path:
            first = (await reader.get(f"/v1/{reader.name}/indicators")).json()["items"][0]["code"]
            path = path.replace("{indicator}", first)  # noqa: PLW2901 (the same address, filled in)
        query = {name: value for name, value in said_of.items() if name in parameters}
        answer = await reader.get(path, params=query)
        if answer.status_code == 401:  # of another room of rights
            continue
        assert answer.status_code == 200, (path, query, answer.text)
        unit = answer.json().get("unit")
        if unit is not None:
            assert (unit["code"] if isinstance(unit, dict) else unit) == province, path
        asked += 1
    assert asked


async def test_a_province_that_nobody_knows_stops_the_start(common_database):
    app = build("poverty", NTP_DATABASE_URL=common_database.url("poverty"), NTP_PROVINCE="99")
    with pytest.raises(UnknownUnit, match="99"):
        async with app.router.lifespan_context(app):
            pass
