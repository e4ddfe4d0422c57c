"""The OpenAPI documents are valid, equal their committed snapshots, and fit together."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from openapi_spec_validator import validate

from gateway.reference.merging import METHODS, list_operation_ids, merge_documents
from shared.kit.identity import Guard
from tests.contracts.client_models import MODELS, write_client_models
from tests.contracts.documents import (
    APPLICATIONS,
    build_app,
    format_document,
    iterate_routes,
    make_document,
    read_snapshot,
)


def iterate_calls(dependant: Any) -> Iterator[Any]:
    """Yield every function that a route depends on, directly or through others."""
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from iterate_calls(dependency)


@pytest.fixture(scope="module", params=APPLICATIONS)
def name(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def document(name: Any) -> Any:
    return make_document(name)


def test_the_document_equals_its_snapshot(name: Any, document: Any) -> None:
    unchanged = format_document(document) == read_snapshot(name)
    assert unchanged, f"the contract of {name} changed: review it and run `python -m tests.contracts --write`"


@pytest.mark.long
def test_the_document_is_valid(document: Any) -> None:
    validate(document)


def test_every_operation_has_an_id_a_summary_and_a_description(name: Any, document: Any) -> None:
    ids = list(list_operation_ids(document))
    assert len(ids) == len(set(ids))
    undescribed = [
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in METHODS and not (operation.get("summary") and operation.get("description"))
    ]
    assert not undescribed


def test_no_schema_name_holds_a_module_path(document: Any) -> None:
    """FastAPI puts the module path before the names of two models that are alike; generated clients would show it."""
    assert [schema for schema in document["components"]["schemas"] if "__" in schema] == []


def find_unguarded_paths(app: Any) -> Any:
    """Return the paths of the routes without a guard."""
    return [
        context.path
        for context in iterate_routes(app)
        if not (
            isinstance(context.original_route, APIRoute)
            and any(isinstance(call, Guard) for call in iterate_calls(context.dependant))
        )
    ]


def test_every_route_is_guarded_or_listed_as_public(name: Any) -> None:
    assert not find_unguarded_paths(build_app(name))


def test_a_route_without_a_guard_is_reported() -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/open")
    async def read_open() -> None: ...

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router)
    assert find_unguarded_paths(app) == ["/v1/open"]


def test_paths_are_below_the_services_own_prefix(name: Any, document: Any) -> None:
    prefixes = ("/v1/", "/oauth/", "/.well-known/", "/problems") if name == "gateway" else (f"/v1/{name}/",)
    assert not [path for path in document["paths"] if not path.startswith(prefixes)]


def merge_all_documents() -> Any:
    documents = {name: make_document(name) for name in APPLICATIONS}
    gateway_document = documents.pop("gateway")
    return merge_documents(gateway_document, documents), (gateway_document, *documents.values())


def test_the_types_of_the_python_client_are_those_of_the_contract() -> None:
    assert MODELS.read_text(encoding="utf-8") == write_client_models(), "python -m tests.contracts --write"


def test_all_documents_merge_into_one_with_every_operation_once() -> None:
    merged, parts = merge_all_documents()
    ids = list(list_operation_ids(merged))
    assert len(ids) == len(set(ids)) == sum(len(list(list_operation_ids(part))) for part in parts)


def test_the_merged_document_is_valid() -> None:
    merged, _ = merge_all_documents()
    validate(merged)
