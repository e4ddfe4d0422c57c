"""What is promised to clients: documents that are valid, do not change unseen, and fit together."""

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from openapi_spec_validator import validate

from gateway.reference.merging import METHODS, merge_documents, operation_ids
from shared.kit.identity import GUARDS
from tests.contracts.documents import build, document_of, present, routes_of, snapshot_of, written

WITHOUT_A_GUARD = {"/openapi.json"}
"""FastAPI's own route of a service's document: public, and behind the gateway nobody's path."""


def calls_of(dependant):
    """Everything that a route depends on, however deep."""
    for each in dependant.dependencies:
        yield each.call
        yield from calls_of(each)


@pytest.fixture(scope="module", params=present())
def name(request):
    return request.param


@pytest.fixture(scope="module")
def document(name):
    return document_of(name)


def test_the_snapshot_is_what_the_service_says(name, document):
    same = written(document) == snapshot_of(name)
    assert same, f"the contract of {name} changed: look at it and run `python -m tests.contracts --write`"


def test_the_document_is_valid(document):
    validate(document)


def test_operations_have_a_name_a_summary_and_words(name, document):
    ids = list(operation_ids(document))
    assert len(ids) == len(set(ids))
    wordless = [
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in METHODS and not (operation.get("summary") and operation.get("description"))
    ]
    assert not wordless


def test_schemas_have_plain_names(document):
    """Two models of one name get the paths of their modules in front, which then stand in every client made from this."""
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def unguarded(app):
    """The paths of the routes that nobody guards."""
    return [
        context.path
        for context in routes_of(app)
        if context.path not in WITHOUT_A_GUARD
        and not (
            isinstance(context.original_route, APIRoute) and set(calls_of(context.dependant)) & set(GUARDS)
        )
    ]


def test_every_route_is_guarded_or_listed_as_public(name):
    assert not unguarded(build(name))


def test_a_route_without_a_guard_is_found():
    router = APIRouter(prefix="/v1")

    @router.get("/open")
    async def read_open() -> None: ...

    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(router)
    assert unguarded(app) == ["/v1/open"]


def test_paths_are_below_the_services_own_prefix(name, document):
    own = ("/v1/", "/oauth/", "/.well-known/") if name == "gateway" else (f"/v1/{name}/",)
    assert not [path for path in document["paths"] if not path.startswith(own)]


def test_all_documents_make_one():
    documents = {name: document_of(name) for name in present()}
    own = documents.pop("gateway")
    merged = merge_documents(own, documents)
    validate(merged)
    ids = list(operation_ids(merged))
    assert (
        len(ids)
        == len(set(ids))
        == sum(len(list(operation_ids(each))) for each in (own, *documents.values()))
    )
