"""Invalid query parameters are refused by one rule on every route; they never yield an empty answer.

An unknown unit is 404 `unit_unknown`; an invalid period, year, number or value of a list is 422; a cursor that no page
returned is 400 `cursor_invalid`. A 422 names every invalid parameter by its pointer in one answer.
"""

import pytest

from tests.contracts.documents import APPLICATIONS, build_app, make_document
from tests.gateway.conftest import PEPPER
from tests.in_process import open_client
from tests.issuer import Issuer

pytestmark = pytest.mark.anyio

VALID = {"period": "2023", "year": "2023", "unit": "610", "on": "2023-12-31", "other": "0" * 32}
"""Valid values of the required parameters."""

INVALID = {
    "unit": [("99", 404, "unit_unknown"), ("xx", 404, "unit_unknown"), ("", 422, "invalid")],
    "period": [("2023-Q9", 422, "period_invalid"), ("soon", 422, "period_invalid"), ("1066", 422, "period_invalid")],
    "left_in": [("2023-Q9", 422, "period_invalid")],
    "year": [("1066", 422, "invalid"), ("soon", 422, "invalid")],
    "origin_year": [("1066", 422, "invalid")],
    "limit": [("0", 422, "invalid"), ("1001", 422, "invalid")],
    "cursor": [("x", 400, "cursor_invalid"), ("8J-YgA", 400, "cursor_invalid"), ("ÿ", 400, "cursor_invalid")],
    "as_of": [("soon", 422, "invalid"), ("2023-12-31T00:00:00", 422, "invalid")],
    "on": [("20231231", 422, "invalid"), ("2023-02-30", 422, "invalid")],
    "map": [("20250701", 422, "invalid"), ("2025-02-30", 422, "invalid")],
    "until": [("20231231", 422, "invalid")],
    "group_by": [("colour", 422, "invalid"), ("", 422, "invalid")],
    "met": [("20", 422, "met_invalid"), ("18-15", 422, "met_invalid"), ("twenty", 422, "invalid")],
    "basis": [("rumour", 422, "invalid")],
    "book": [("bank", 422, "invalid")],
}  # fmt: skip


def find_queries(name):
    """Yield each GET of an application that takes parameters: path, names of the required ones, names of all."""
    for path, operations in make_document(name)["paths"].items():
        parameters = [
            parameter
            for parameter in operations.get("get", {}).get("parameters", [])
            if parameter["in"] == "query"
        ]
        if parameters and "{" not in path.replace("{indicator}", ""):
            required = {parameter["name"] for parameter in parameters if parameter["required"]}
            yield path, required, {parameter["name"] for parameter in parameters}


@pytest.fixture(params=APPLICATIONS)
async def reader(request, common_database):
    environment = {
        "NTP_DATABASE_URL": common_database.url(request.param),
        "NTP_CLIENT_SECRET_PEPPER": PEPPER,
    }
    issuer = Issuer()
    app = issuer.trust(build_app(request.param, **environment))
    headers = {"Authorization": f"Bearer {issuer.token('auditor', ['read', 'admin'], units=['62', '51'])}"}
    async with open_client(app, raises=False, headers=headers) as client:
        client.name = request.param  # type: ignore[attr-defined]
        yield client


async def fill_paths(reader):
    """Yield the same as `find_queries`, with a real indicator in the path."""
    for template, required, names in find_queries(reader.name):
        path = template
        if "{indicator}" in template:
            indicators = (await reader.get(f"/v1/{reader.name}/indicators")).json()["items"]
            path = template.replace("{indicator}", indicators[0]["code"])
        yield path, required, names


def summarize(response):
    """Return the status, the code and the pointers of a refusal."""
    problem = response.json()
    return (
        response.status_code,
        problem.get("code"),
        {fault["pointer"] for fault in problem.get("errors", [])},
    )


async def test_an_invalid_parameter_is_refused_by_one_rule(reader):
    unexpected, requests = [], 0
    async for path, required, names in fill_paths(reader):
        for name in names & INVALID.keys():
            for value, status, code in INVALID[name]:
                query = {parameter: VALID[parameter] for parameter in required} | {name: value}
                summary = summarize(await reader.get(path, params=query))
                requests += 1
                if summary != (status, code, {f"/query/{name}"} if status == 422 else set()):
                    unexpected.append((path, name, value, *summary))
    assert requests
    assert not unexpected


async def test_one_answer_names_every_invalid_parameter(reader):
    unexpected, requests = [], 0
    async for path, required, names in fill_paths(reader):
        invalid = {
            name: value
            for name in names & INVALID.keys()
            for value, status, _ in INVALID[name]
            if status == 422
        }
        if len(invalid) > 1:
            query = {parameter: VALID[parameter] for parameter in required} | invalid
            summary = summarize(await reader.get(path, params=query))
            requests += 1
            if summary != (422, "invalid", {f"/query/{name}" for name in invalid}):
                unexpected.append((path, invalid, summary))
    assert requests
    assert not unexpected
