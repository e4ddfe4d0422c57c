"""Invalid query parameters are refused by one rule on every route; they never yield an empty answer.

An unknown unit is 404 `unit_unknown`; an invalid period, year, number or value of a list is 422; a cursor that no page
returned is 400 `cursor_invalid`. A 422 names every invalid parameter by its pointer in one answer. A parameter that the
operation does not have, or that has more values than it takes, is 422 `unknown_parameter` on every operation.
"""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from shared.kit.routes import OperationRoute
from tests.architecture.test_routes import UUID
from tests.contracts.documents import APPLICATIONS, build_app, iterate_routes, load_document
from tests.forms import short_and_long

pytestmark = pytest.mark.anyio

VALID = {
    "period": "2023",
    "year": "2023",
    "unit": "610",
    "on": "2023-12-31",
    "other": "0" * 32,
    "source": "central",
    "number": "1",
    "kind": "steering_committee",
    "level": "district",
    "indicator": "households",
    "from": "2021",
    "to": "2023",
}
"""Valid values of the required parameters."""

INVALID = {
    "unit": [("99", 404, "unit_unknown"), ("xx", 404, "unit_unknown"), ("", 422, "invalid")],
    "period": [("2023-Q9", 422, "period_invalid"), ("soon", 422, "period_invalid"), ("1066", 422, "period_invalid")],
    "left_in": [("2023-Q9", 422, "period_invalid")],
    "year": [("1066", 422, "invalid"), ("soon", 422, "invalid")],
    "origin_year": [("1066", 422, "invalid")],
    "limit": [("0", 422, "invalid"), ("1001", 422, "invalid")],
    "cursor": [("x", 400, "cursor_invalid"), ("8J-YgA", 400, "cursor_invalid"), ("ÿ", 400, "cursor_invalid")],
    "as_of": [
        *((text, 422, "invalid") for text in ("soon", "2023-12-31T00:00:00", "2023", "0001-01-01T00:00:00%2B14:00")),
        ("2024-01-05T02:00:00 07:00", 422, "invalid"),
    ],
    "on": [(text, 422, "invalid") for text in ("20231231", "2023-02-30", "0001-01-01", "9999-12-31")],
    "map": [(text, 422, "invalid") for text in ("20250701", "2025-02-30", "0001-01-01", "9999-12-31")],
    "month": [(text, 422, "invalid") for text in ("2023-13", "0000-01", "0001-01", "9999-12")],
    "until": [(text, 422, "invalid") for text in ("20231231", "0001-01-01", "9999-12-31")],
    "group_by": [(text, 422, "invalid") for text in ("colour", "", "unit,", "unit,,capital")],
    "met": [("20", 422, "met_invalid"), ("18-15", 422, "met_invalid"), ("twenty", 422, "invalid")],
    "basis": [("rumour", 422, "invalid")],
    "book": [("bank", 422, "invalid")],
}  # fmt: skip


LISTS = {
    "unit": ("610", "611"),
    "group_by": ("unit", "capital"),
    "source": ("central", "counterpart"),
    "group": ("all", "em"),
    "kind": ("plan", "program"),
    "service": ("poverty", "rural"),
    "type": ("report.accepted", "report.returned"),
}
"""Values of the parameters that take several."""

INDICATORS = {
    "rural": ("criterion_01", "criterion_02"),
    "poverty": ("households", "poor_households"),
    "ethnic": ("em_households", "em_households_with_production_land"),
    "funding": ("disbursed_vnd", "disbursement_rate"),
    "oversight": ("documents_issued", "directives"),
}
"""Values of the parameter `indicator` by application."""

WITHOUT_DRY_RUN = {"/oauth/token", "/oauth/revoke"}
"""The endpoints of OAuth 2.0 take the parameters of their RFCs alone."""

ONE_OF_SEVERAL = {"/v1/poverty/rates": "period"}
"""A parameter that is required unless others are given."""


def find_queries(name: Any) -> Iterator[Any]:
    """Yield each GET of an application that takes parameters: path, names of the required ones, names of all."""
    for path, operations in load_document(name)["paths"].items():
        parameters = [
            parameter
            for parameter in operations.get("get", {}).get("parameters", [])
            if parameter["in"] == "query"
        ]
        if parameters and "{" not in path.replace("{indicator}", ""):
            required = {parameter["name"] for parameter in parameters if parameter["required"]}
            yield path, required, {parameter["name"] for parameter in parameters}


async def fill_paths(reader: Any) -> AsyncIterator[Any]:
    """Yield the same as `find_queries`, with a real indicator in the path."""
    for template, required, names in find_queries(reader.name):
        path = template
        if "{indicator}" in template:
            indicators = (await reader.get(f"/v1/{reader.name}/indicators")).json()["items"]
            path = template.replace("{indicator}", indicators[0]["code"])
        yield path, {*required, *filter(None, [ONE_OF_SEVERAL.get(path)])}, names


def summarize(response: Any) -> Any:
    """Return the status, the code and the pointers of a refusal."""
    problem = response.json()
    return (
        response.status_code,
        problem.get("code"),
        {fault["pointer"] for fault in problem.get("errors", [])},
    )


@pytest.mark.parametrize("most_values", short_and_long(1, None))
async def test_an_invalid_parameter_is_refused_by_one_rule(reader: Any, most_values: int | None) -> None:
    async with reader.upstreams("gateway"):
        unexpected, requests = await find_wrong_refusals(reader, most_values)
    assert requests
    assert not unexpected


async def find_wrong_refusals(reader: Any, most_values: int | None) -> Any:
    """Return what was not refused by the rule, and the number of requests."""
    unexpected, requests = [], 0
    async for path, required, names in fill_paths(reader):
        for name in names & INVALID.keys():
            for value, status, code in INVALID[name][:most_values]:
                query = {parameter: VALID[parameter] for parameter in required} | {name: value}
                if reader.name == "funding" and "indicator" in required:
                    query["indicator"] = "allocated_vnd"
                summary = summarize(await reader.get(path, params=query))
                requests += 1
                if summary != (status, code, {f"/query/{name}"} if status == 422 else set()):
                    unexpected.append((path, name, value, *summary))
    return unexpected, requests


async def test_one_answer_names_every_invalid_parameter(reader: Any) -> None:
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


def takes_any_text(schema: Any) -> bool:
    """Whether a parameter takes every short text, so that no value of it is invalid by its schema."""
    parts = schema.get("anyOf", [schema])
    return any(
        takes_any_text(part["items"])
        if part.get("type") == "array"
        else part.get("type") == "string" and not part.keys() & {"enum", "format", "const"}
        for part in parts
        if part.get("type") != "null"
    )


async def test_what_is_missing_hides_no_invalid_parameter(reader: Any) -> None:
    unexpected, requests = [], 0
    for method, path, parameters in find_operations(reader.name):
        invalid = {name: "zzz," for name, schema in parameters.items() if not takes_any_text(schema)}
        if method == "GET" and invalid:
            status, code, faults, _ = await request_refused(reader, method, path, invalid)
            requests += 1
            missing = {f"/query/{name}" for name in invalid} - {pointer for pointer, _ in faults}
            if (status, code) != (422, "invalid") or missing:
                unexpected.append((path, status, code, missing))
    assert requests
    assert not unexpected


def find_operations(name: Any) -> Iterator[Any]:
    """Yield each operation of an application: method, path with its parameters filled in, and its query parameters."""
    for path, operations in load_document(name)["paths"].items():
        filled = re.sub(r"{[^}]*}", lambda match: UUID if "id" in match[0] else "2023", path)
        for method, operation in operations.items():
            parameters = {
                parameter["name"]: parameter["schema"]
                for parameter in operation.get("parameters", [])
                if parameter["in"] == "query"
            }
            yield method.upper(), filled, parameters


def takes_several(schema: Any) -> Any:
    return "array" in {part.get("type") for part in (schema, *schema.get("anyOf", ()))}


async def request_refused(reader: Any, method: Any, path: Any, query: Any) -> Any:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    response = await reader.request(
        method, path, params=query, headers=headers, content=b"{}" if method != "GET" else b""
    )
    problem = response.json()
    return (
        response.status_code,
        problem.get("code"),
        {(fault["pointer"], fault["code"]) for fault in problem.get("errors", [])},
        problem,
    )


async def test_every_operation_refuses_a_parameter_that_it_does_not_have(writer: Any) -> None:
    unexpected, requests = [], 0
    for method, path, _ in find_operations(writer.name):
        status, code, faults, _ = await request_refused(writer, method, path, {"colour": "red"})
        requests += 1
        if (status, code) != (422, "unknown_parameter") or (
            "/query/colour",
            "unknown_parameter",
        ) not in faults:
            unexpected.append((method, path, status, code, faults))
    assert requests > 5
    assert not unexpected


async def test_a_misspelt_parameter_is_refused_with_the_nearest_name(writer: Any) -> None:
    unexpected, requests = [], 0
    for method, path, parameters in find_operations(writer.name):
        for name in parameters:
            misspelt = name.replace("_", "") if "_" in name else f"{name}s"
            status, code, _, problem = await request_refused(writer, method, path, {misspelt: "true"})
            requests += 1
            details = {fault["pointer"]: fault["detail"] for fault in problem.get("errors", [])}
            nearest = f"“{name}”" in details.get(f"/query/{misspelt}", "")
            if misspelt not in parameters and ((status, code) != (422, "unknown_parameter") or not nearest):
                unexpected.append((method, path, misspelt, status, code, details))
    assert requests
    assert not unexpected


async def test_a_doubled_parameter_that_takes_one_value_is_refused(writer: Any) -> None:
    unexpected, requests = [], 0
    for method, path, parameters in find_operations(writer.name):
        for name, schema in parameters.items():
            if takes_several(schema):
                continue
            status, code, faults, _ = await request_refused(writer, method, path, {name: ["2023", "2024"]})
            requests += 1
            if (status, code) != (422, "unknown_parameter") or (
                f"/query/{name}",
                "repeated_parameter",
            ) not in faults:
                unexpected.append((method, path, name, status, code, faults))
    assert requests
    assert not unexpected


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_write_declares_dry_run(name: Any) -> None:
    missing = [
        (method, path)
        for method, path, parameters in find_operations(name)
        if method != "GET" and path not in WITHOUT_DRY_RUN and "dry_run" not in parameters
    ]
    assert not missing


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_route_is_an_operation_of_the_kit(name: Any) -> None:
    routes = [context.original_route for context in iterate_routes(build_app(name))]
    others = [
        route.path
        for route in routes
        if isinstance(route, APIRoute) and not isinstance(route, OperationRoute)
    ]
    assert not others


async def test_unknown_and_invalid_parameters_are_named_in_one_answer(reader: Any) -> None:
    unexpected, requests = [], 0
    async for path, required, names in fill_paths(reader):
        invalid = {name: INVALID[name][0][0] for name in names & INVALID.keys() if INVALID[name][0][1] == 422}
        query = {parameter: VALID[parameter] for parameter in required} | invalid | {"colour": "red"}
        status, code, pointers = summarize(await reader.get(path, params=query))
        requests += 1
        if (status, code, pointers) != (
            422,
            "unknown_parameter",
            {f"/query/{name}" for name in {*invalid, "colour"}},
        ):
            unexpected.append((path, query, status, code, pointers))
    assert requests
    assert not unexpected


async def test_commas_and_repetition_are_the_same(reader: Any) -> None:
    unexpected, requests = [], 0
    for method, path, parameters in find_operations(reader.name):
        for name, schema in parameters.items():
            values = INDICATORS.get(reader.name) if name == "indicator" else LISTS.get(name)
            if method != "GET" or name == "fields" or not takes_several(schema):
                continue
            assert values, f"{path} takes several values of {name}: add some to LISTS"
            spans = [ONE_OF_SEVERAL[path]] if path in ONE_OF_SEVERAL else ["period", "year", "from", "to"]
            query = {key: VALID[key] for key in spans if key in parameters}
            if reader.name == "funding" and "indicator" in parameters and name != "indicator":
                query["indicator"] = "allocated_vnd"
            answers = [
                (await reader.get(path, params=query | {name: several})).json()
                for several in (",".join(values), list(values), [f" {values[0]} ", ", ".join(values)])
            ]
            requests += 1
            if answers[0] != answers[1] or answers[1] != answers[2] or "code" in answers[0]:
                unexpected.append((path, name, answers))
    assert not unexpected
    assert requests or reader.name in {"gateway", "papers"}
