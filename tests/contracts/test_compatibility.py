"""Clients of v0.1.0 still work: its paths, fields, parameters, statuses and codes are unchanged."""

import ast
import copy
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

from tests.contracts.compatibility import (
    find_breaks,
    read_released_codes,
    read_released_document,
    remove_prose,
)
from tests.contracts.documents import make_document

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("services", "gateway", "shared")
SERVICES = ("rural", "poverty", "ethnic", "funding", "gateway")

LIST_PARAMETER = "a list takes commas and repetition alike, and is declared as an array"
BOUNDED_LIST = "the limit on the number of values was stated as that of a text"
NUMBERS = "differences carry numbers as numbers"
MAY_BE_LEFT_OUT = "a required parameter may be left out; requests that have it are answered as before"
WITHHELD_HASH = "null where some of the content is withheld: the hash would give it back"
NO_SECRET = "a dry run shows no secret"

PROGRAMS = ("rural", "poverty", "ethnic")
DELIBERATE: dict[str, str] = {
    "GET /v1/status query period": MAY_BE_LEFT_OUT,
    "GET /v1/rural/observations query indicator": LIST_PARAMETER,
    "GET /v1/poverty/observations query indicator": LIST_PARAMETER,
    "GET /v1/ethnic/observations query indicator": LIST_PARAMETER,
    "GET /v1/rural/ocop/products query unit": LIST_PARAMETER,
    "GET /v1/rural/recognitions query unit": LIST_PARAMETER,
    "GET /v1/ethnic/classifications query unit": LIST_PARAMETER,
    "GET /v1/ethnic/recognitions query unit": LIST_PARAMETER,
    "GET /v1/funding/foresight/at-risk query group_by": LIST_PARAMETER,
    "GET /v1/funding/progress query group_by": LIST_PARAMETER,
    "GET /v1/funding/entries query source": BOUNDED_LIST,
    "GET /v1/funding/lapses query source": BOUNDED_LIST,
    "GET /v1/funding/progress query source": BOUNDED_LIST,
    "GET /v1/funding/reconciliation query source": BOUNDED_LIST,
    "GET /.well-known/jwks.json response 200": "the set of keys is declared as the object that it is",
    "GET /v1/funding/entries query month": "a month at the ends of the calendar is refused",
    "POST /v1/clients request /units /*": "a unit may be named by its code and a day",
    "POST /v1/clients response 201 /client_secret": NO_SECRET,
    "POST /v1/clients/{client_id}/rotate response 200 /client_secret": NO_SECRET,
    **{
        location.format(program): reason
        for program in PROGRAMS
        for location, reason in {
            "GET /v1/{}/targets query period": "several years may be named: 2021-2025",
            "PUT /v1/{}/targets/{{period}}/{{unit}} path period": "several years may be named: 2021-2025",
            "POST /v1/{}/reports request /observations /* /value": "nil may be stated in place of a value",
            "GET /v1/{}/reports/{{report_id}}/differences response 200 /items /* /before": NUMBERS,
            "GET /v1/{}/reports/{{report_id}}/differences response 200 /items /* /after": NUMBERS,
            "GET /v1/{}/reports/{{report_id}} response 200 /observations /* /value": "left out where nil was posted",
            "GET /v1/{}/observations response 200 /items /* /value": "null where nil was stated",
            "GET /v1/{}/lineage/{{indicator}} response 200 /values /* /value": "null where nil was stated",
            "GET /v1/{}/lineage/{{indicator}} response 200 /reports /* /content_sha256": WITHHELD_HASH,
            "GET /v1/{}/receipts/{{code}} response 200 /content_sha256": WITHHELD_HASH,
        }.items()
    },
}
"""Breaks that were decided on: location and reason. A test fails when one of them no longer happens."""


@pytest.fixture(scope="module")
def breaks() -> Any:
    return [
        contract_break
        for name in SERVICES
        for contract_break in find_breaks(read_released_document(name), make_document(name))
    ]


def test_the_contracts_of_v0_1_0_are_kept(breaks: Any) -> None:
    assert not [str(unplanned) for unplanned in breaks if unplanned.location not in DELIBERATE]


def test_every_deliberate_break_happens(breaks: Any) -> None:
    assert DELIBERATE.keys() <= {contract_break.location for contract_break in breaks}


def iterate_module_names() -> Iterator[str]:
    for package in PACKAGES:
        path = import_module(package).__path__
        for module in walk_packages(path, f"{package}."):
            if not module.name.endswith("__main__"):
                yield module.name


def test_every_problem_of_v0_1_0_has_its_status() -> None:
    members = [member for name in iterate_module_names() for member in vars(import_module(name)).values()]
    problems = [member for member in members if isinstance(member, type) and hasattr(member, "status")]
    statuses = {
        (getattr(problem, "code", None), problem.status)
        for problem in problems
        if isinstance(problem.status, int)
    }
    assert read_released_codes()["problems"].items() - statuses == set()


def test_every_fault_of_v0_1_0_is_still_named_in_the_source() -> None:
    literals = {
        node.value
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert set(read_released_codes()["faults"]) - literals == set()


SMALL = {
    "paths": {
        "/v1/trees/{id}": {
            "get": {
                "operationId": "read_tree",
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}},
                    {"in": "query", "name": "on", "required": False, "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}
                    }
                },
            },
            "put": {
                "operationId": "plant_tree",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}},
                },
                "responses": {"201": {"description": "planted"}},
            },
        }
    },
    "components": {
        "schemas": {
            "Tree": {
                "type": "object",
                "title": "Tree",
                "required": ["name", "title"],
                "properties": {
                    "name": {"type": "string", "maxLength": 10, "description": "what it is called"},
                    "title": {"anyOf": [{"enum": ["oak", "elm"], "type": "string"}, {"type": "null"}]},
                    "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
                },
            }
        }
    },
}
PATH = "/v1/trees/{id}"


@pytest.fixture
def changed() -> Any:
    return copy.deepcopy(SMALL)


def find_locations(changed: Any) -> Any:
    return {contract_break.location for contract_break in find_breaks(SMALL, changed)}


def test_renamed_schemas_and_changed_prose_are_no_break(changed: Any) -> None:
    schemas = changed["components"]["schemas"]
    schemas["Plant"] = schemas.pop("Tree")
    schemas["Plant"] |= {"title": "Plant", "description": "new words"}
    schemas["Plant"]["properties"]["children"]["items"]["$ref"] = "#/components/schemas/Plant"
    get, put = changed["paths"][PATH]["get"], changed["paths"][PATH]["put"]
    for holder in (get["responses"]["200"], put["requestBody"]):
        holder["content"]["application/json"]["schema"]["$ref"] = "#/components/schemas/Plant"
    assert find_locations(changed) == set()


def test_an_addition_is_no_break(changed: Any) -> None:
    changed["paths"]["/v1/shrubs"] = {"get": {"operationId": "list_shrubs", "responses": {"200": {}}}}
    operation = changed["paths"][PATH]["get"]
    operation["parameters"].append({"in": "query", "name": "as_of", "required": False, "schema": {}})
    operation["responses"]["304"] = {}
    properties = changed["components"]["schemas"]["Tree"]["properties"]
    properties["height"] = {"type": "integer"}
    properties["title"]["anyOf"][0]["enum"].append("ash")
    assert find_locations(changed) == set()


def remove_operation(document: Any) -> None:
    del document["paths"][PATH]["put"]


def rename_operation(document: Any) -> None:
    document["paths"][PATH]["get"]["operationId"] = "get_tree"


def remove_parameter(document: Any) -> None:
    del document["paths"][PATH]["get"]["parameters"][1]


def require_parameter(document: Any) -> None:
    document["paths"][PATH]["get"]["parameters"][1]["required"] = True


def add_required_parameter(document: Any) -> None:
    document["paths"][PATH]["get"]["parameters"].append(
        {"in": "query", "name": "as_of", "required": True, "schema": {}}
    )


def remove_response(document: Any) -> None:
    document["paths"][PATH]["put"]["responses"] = {"200": {}}


def remove_member(document: Any) -> None:
    del document["components"]["schemas"]["Tree"]["properties"]["children"]


def require_member(document: Any) -> None:
    document["components"]["schemas"]["Tree"]["required"].append("children")


def shorten_member(document: Any) -> None:
    document["components"]["schemas"]["Tree"]["properties"]["name"]["maxLength"] = 9


def remove_value(document: Any) -> None:
    document["components"]["schemas"]["Tree"]["properties"]["title"]["anyOf"][0]["enum"].remove("elm")


def remove_alternative(document: Any) -> None:
    del document["components"]["schemas"]["Tree"]["properties"]["title"]["anyOf"][1]


READ, WRITE = f"GET {PATH} response 200", f"PUT {PATH} request"


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (remove_operation, {f"PUT {PATH}"}),
        (rename_operation, {f"GET {PATH}"}),
        (remove_parameter, {f"GET {PATH} query on"}),
        (require_parameter, {f"GET {PATH} query on"}),
        (add_required_parameter, {f"GET {PATH} query as_of"}),
        (remove_response, {f"PUT {PATH} response 201"}),
        (remove_member, {f"{READ} /children", f"{WRITE} /children"}),
        (require_member, {f"{READ} /children", f"{WRITE} /children"}),
        (shorten_member, {f"{READ} /name", f"{WRITE} /name"}),
        (remove_value, {f"{READ} /title", f"{WRITE} /title"}),
        (remove_alternative, {f"{READ} /title", f"{WRITE} /title"}),
    ],
)
def test_a_removal_or_a_change_is_a_break(changed: Any, change: Any, broken: Any) -> None:
    change(changed)
    assert find_locations(changed) == broken


def test_a_member_named_like_a_prose_keyword_is_kept() -> None:
    assert "title" in remove_prose(SMALL)["components"]["schemas"]["Tree"]["properties"]
