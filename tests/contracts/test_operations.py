"""Each operation says what it takes, what it answers and what it refuses; the sentences come from the kit, for all services."""

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from gateway.reference.encoding import CODERS
from shared.kit.identity import AllowsAnyone, AllowsPublic, Guard, Requires
from shared.kit.openapi.schemas import UNKNOWN_KEYWORDS
from shared.kit.transactions import TransactionRoute
from shared.roles import SCOPES
from tests.contracts.compatibility import resolve_references
from tests.contracts.documents import APPLICATIONS, PROGRAMS, build_app, iterate_routes, make_document
from tests.contracts.test_contracts import iterate_calls, merge_all_documents

LARGEST_COMPRESSED_BYTES = {"zstd": 120_000, "br": 120_000, "gzip": 148_000}
"""By coding. Browsers and most HTTP libraries take the first two, which find repetitions farther apart than 32 kB."""

METHODS = {"get", "put", "post", "delete"}


@pytest.fixture(scope="module")
def merged() -> Any:
    return json.loads(json.dumps(merge_all_documents()[0]))


def iterate_operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, operations in document["paths"].items():
        for method in operations.keys() & METHODS:
            yield f"{method.upper()} {path}", operations[method]


def resolve_parameters(operation: Any, document: Any) -> Iterator[Any]:
    for parameter in operation.get("parameters", ()):
        yield resolve_references(parameter, document)


def iterate_schemas(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        yield node
        for key, member in node.items():
            if key not in {"example", "examples", "default", "enum"}:
                yield from iterate_schemas(member)
    elif isinstance(node, list):
        for member in node:
            yield from iterate_schemas(member)


def test_the_merged_document_is_small(merged: Any) -> None:
    sizes = {coding: len(encode(orjson.dumps(merged))) for coding, encode in CODERS.items()}
    assert {coding: size for coding, size in sizes.items() if size >= LARGEST_COMPRESSED_BYTES[coding]} == {}


def test_what_operations_have_alike_stands_once(merged: Any) -> None:
    inline = [
        (name, parameter["name"])
        for name, operation in iterate_operations(merged)
        for parameter in operation.get("parameters", ())
        if parameter.get("name") in {"cursor", "dry_run", "If-None-Match", "Idempotency-Key"}
    ]
    assert inline == []
    for _, operation in iterate_operations(merged):
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Refusal"}
    paths = list(merged["paths"])
    first = paths.index("/v1/ethnic/reports")
    assert set(paths[first : first + 3]) == {f"/v1/{program}/reports" for program in PROGRAMS}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_who_may_call_is_what_the_guard_enforces(name: Any) -> None:
    document = make_document(name)
    for context in iterate_routes(build_app(name)):
        if not getattr(context.original_route, "include_in_schema", False):
            continue
        (guard,) = {call for call in iterate_calls(context.dependant) if isinstance(call, Guard)}
        for method in context.methods or ():
            operation = document["paths"][context.path_format][method.lower()]
            if operation["security"] == [{"basic": []}]:
                continue
            if isinstance(guard, Requires):
                assert operation["security"] == [{"client": [scope]} for scope in guard.scopes]
                assert {"401", "403"} <= operation["responses"].keys()
                assert all(f"`{scope}`" in operation["description"] for scope in guard.scopes)
            elif isinstance(guard, AllowsPublic):
                assert operation["security"] == [{}, {"client": []}]
            else:
                assert isinstance(guard, AllowsAnyone)
                assert operation["security"] == []
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            is_post = isinstance(context.original_route, TransactionRoute) and method == "POST"
            assert ("Idempotency-Key" in names) == is_post, (method, context.path_format)


def test_the_scheme_of_tokens_has_every_scope_that_an_operation_needs(merged: Any) -> None:
    scopes = merged["components"]["securitySchemes"]["client"]["flows"]["clientCredentials"]["scopes"]
    assert scopes.keys() == set(SCOPES)


def test_examples_of_list_parameters_are_lists(merged: Any) -> None:
    parameters = [
        parameter
        for _, operation in iterate_operations(merged)
        for parameter in resolve_parameters(operation, merged)
        if parameter["schema"].get("type") == "array" and "example" in parameter
    ]
    assert parameters
    assert all(isinstance(parameter["example"], list) for parameter in parameters)


def test_a_creation_can_also_be_answered_with_200_and_the_same_schema(merged: Any) -> None:
    for name, operation in iterate_operations(merged):
        responses = operation["responses"]
        if "201" in responses:
            assert responses["200"]["content"] == responses["201"]["content"], name


def test_answers_declare_their_header_fields(merged: Any) -> None:
    submit = merged["paths"]["/v1/poverty/reports"]["post"]["responses"]["201"]["headers"]
    assert submit.keys() == {
        "Idempotent-Replay", "Location", "NTP-Change", "RateLimit", "RateLimit-Policy", "X-Request-Id",
    }  # fmt: skip
    listed = merged["paths"]["/v1/poverty/reports"]["get"]["responses"]
    assert {"ETag", "Link"} <= listed["200"]["headers"].keys()
    assert "304" in listed
    for codes, response in merged["components"]["responses"].items():
        status = {"rate_limited": 429, "busy": 503, "upstream_timeout": 504}.get(codes.partition(".")[0])
        assert status is None or "Retry-After" in response["headers"], codes


def test_refusals_are_listed_by_code(merged: Any) -> None:
    responses = merged["paths"]["/v1/poverty/reports"]["post"]["responses"]
    codes = {
        code
        for response in responses.values()
        for code in response.get("$ref", "").rpartition("/")[2].split(".")
    }
    assert {
        "report_exists", "supersedes_not_latest", "unit_not_granted", "forbidden", "unauthenticated", "invalid",
        "idempotency_key_required", "idempotency_key_reused", "body_too_large", "body_too_deep", "rate_limited", "busy",
        "upstream_unavailable", "upstream_timeout", "internal_error", "unknown_parameter",
    } <= codes  # fmt: skip
    assert not codes & {"entry_not_found", "cursor_invalid", "recognition_exists"}
    reviews = merged["paths"]["/v1/poverty/reviews"]["post"]["responses"]
    assert "409" not in reviews, "the refusal of a verdict is part of the answer"


def test_titles_are_the_names_and_every_keyword_is_known(merged: Any) -> None:
    schemas = merged["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema["title"] == name
        assert name.isidentifier()
        assert not name.endswith("_")
    leaked = {keyword for schema in iterate_schemas(schemas) for keyword in UNKNOWN_KEYWORDS & schema.keys()}
    assert leaked == set()
    assert {f"{name.title()}ReportIn" for name in APPLICATIONS}.isdisjoint(schemas)
    assert "ReportIn" in schemas


def test_every_field_and_parameter_is_described(merged: Any) -> None:
    bare = [
        f"{name}.{field}"
        for name, schema in merged["components"]["schemas"].items()
        for field, member in schema.get("properties", {}).items()
        if not member.get("description")
    ]
    bare += [
        f"{name} {parameter['name']}"
        for name, operation in iterate_operations(merged)
        for parameter in resolve_parameters(operation, merged)
        if not parameter.get("description")
    ]
    assert bare == []


def test_each_operation_has_one_tag_which_is_described(merged: Any) -> None:
    described = {tag["name"] for tag in merged["tags"] if tag["description"]}
    assert {tuple(operation["tags"]) for _, operation in iterate_operations(merged)} == {
        (name,) for name in described
    }


def test_bodies_have_an_example_and_a_limit_and_every_example_is_valid(merged: Any) -> None:
    registry = Registry().with_resource(
        "urn:ntp", Resource.from_contents(merged, default_specification=DRAFT202012)
    )
    places: list[tuple[str, Any, Any]] = []
    for name, schema in merged["components"]["schemas"].items():
        examples = [schema["example"]] if "example" in schema else schema.get("examples", [])
        places += [(name, {"$ref": f"urn:ntp#/components/schemas/{name}"}, example) for example in examples]
    for name, operation in iterate_operations(merged):
        body = operation.get("requestBody", {"content": {}})
        for media_type, content in body["content"].items():
            assert "At most" in body["description"], name
            if media_type.startswith(("application/json", "application/x-ndjson", "application/x-www")):
                assert "example" in content or "examples" in content, name
            if media_type == "application/json":
                shown = [
                    content.get("example"),
                    *(entry["value"] for entry in content.get("examples", {}).values()),
                ]
                schema = json.loads(json.dumps(content["schema"]).replace('"#/', '"urn:ntp#/'))
                places += [(name, schema, example) for example in shown if example is not None]
    faults = [
        f"{name}: {list(error.path)} {error.message}"
        for name, schema, example in places
        for error in OAS31Validator(schema, registry=registry).iter_errors(example)
    ]
    assert len(places) > 60
    assert faults == []
