"""The province is one setting: no route has a code of its own, and each answers before and after 1 July 2025."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from shared.territory.units import UnknownUnit
from tests.architecture.conftest import StartedApplications
from tests.contracts.documents import APPLICATIONS, build_app, load_document
from tests.postgres import TestDatabase

pytestmark = pytest.mark.anyio

READ_BY_THE_YEAR = {"/v1/ethnic/projects", "/v1/rural/registrations", "/v1/rural/registrations/comparison"}
"""Paths that refuse a period of less than a year."""

WITHOUT_FIGURES = {"gateway", "papers"}
"""Applications whose routes name no indicator."""


def find_optional_units(name: Any) -> Iterator[Any]:
    """Yield path, parameter names and schema for each operation whose parameter `unit` is optional."""
    for path, operations in load_document(name)["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["name"] == "unit" and not parameter["required"]:
                yield path, operations["get"]["parameters"], parameter["schema"]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_contract_has_no_default_unit(name: Any) -> None:
    assert [path for path, _, schema in find_optional_units(name) if "default" in schema] == []


@pytest.fixture(params=APPLICATIONS)
async def reader(
    request: pytest.FixtureRequest, applications: StartedApplications, setting: Any
) -> AsyncIterator[Any]:
    async with applications.open_client(request.param, NTP_PROVINCE=setting) as client:
        yield client


@pytest.mark.parametrize(
    ("setting", "period", "on", "province"),
    [
        pytest.param("62", "2025-S1", "2025-06-30", "62", marks=pytest.mark.long),
        ("62", "2026", "2026-12-31", "51"),
        pytest.param("67", "2025-S1", "2025-06-30", "67", marks=pytest.mark.long),
        pytest.param("67", "2026", "2026-12-31", "68", marks=pytest.mark.long),
        ("66", "2026", "2026-12-31", "66"),
    ],
)
async def test_without_a_unit_every_route_answers_for_the_province_of_the_day(
    reader: Any, setting: str, period: str, on: str, province: str
) -> None:
    values = {"period": period, "from": period, "to": period, "on": on, "year": int(period[:4])}
    values |= {"kind": "steering_committee", "level": "district"}
    if reader.name == "funding":
        values["indicator"] = "allocated_vnd"
    elif reader.name not in WITHOUT_FIGURES:
        figures = (await reader.get(f"/v1/{reader.name}/progress", params={"period": period})).json()[
            "figures"
        ]
        values["indicator"] = figures[0]["indicator"]
    checked = 0
    for path, parameters, _ in find_optional_units(reader.name):
        if "{indicator}" in path:
            first = (await reader.get(f"/v1/{reader.name}/indicators")).json()["items"][0]["code"]
            path = path.replace("{indicator}", first)  # noqa: PLW2901 (the same path, filled in)
        names = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
        required = {parameter["name"] for parameter in parameters if parameter["required"]} & names
        sent = required | ({"period", "on", "year"} & names)
        query = {name: value for name, value in values.items() if name in sent}
        if path in READ_BY_THE_YEAR and len(period) > len("2025"):
            continue
        response = await reader.get(path, params=query)
        if response.status_code == 401:  # it needs a scope
            continue
        assert response.status_code == 200, (path, query, response.text)
        unit = response.json().get("unit")
        if unit is not None:
            assert (unit["code"] if isinstance(unit, dict) else unit) == province, path
        checked += 1
    assert checked


async def test_an_unknown_province_stops_the_start(common_database: TestDatabase) -> None:
    app = build_app("poverty", NTP_DATABASE_URL=common_database.url("poverty"), NTP_PROVINCE="99")
    with pytest.raises(UnknownUnit, match="99"):
        async with app.router.lifespan_context(app):
            pass
