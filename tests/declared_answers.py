"""What an application answers is what its contract declares: status, media type, header fields, codes of problems and faults.

Every client of an application in this process checks each answer against the committed snapshot, which equals the document
that the application makes of itself (`tests/contracts/test_contracts.py`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx

from gateway.reference.collection import load_snapshot
from shared.kit.openapi.document import FAULTS
from shared.kit.openapi.problem_schemas import RESPONSES, read_response_codes
from shared.kit.validation_faults import SHAPES

NAMES = ("rural", "poverty", "ethnic", "funding", "gateway")
DECLARED_FIELDS = frozenset(
    {"etag", "location", "link", "idempotent-replay", "retry-after", "age", "status-parts"}
)
"""The fields that an operation declares where it sends them; others come from the kit and the gateway with every answer."""

OF_GATEWAY = frozenset({"rate_limited"})
"""Codes that the gateway answers before any operation of its own; it declares them in the merged document."""

Document = Mapping[str, Any]


def find_undeclared(title: str, request: httpx.Request, response: httpx.Response) -> list[str]:
    """Return what an answer has that its operation does not declare; nothing for an address without an operation."""
    document = _load_document(title)
    operation = _find_operation(document, request) if document else None
    if document is None or operation is None:
        return []
    declared = operation["responses"].get(str(response.status_code))
    name = f"{request.method} {request.url.path}"
    if response.status_code < HTTPStatus.BAD_REQUEST:
        faults = _check_success(document, declared, response)
    else:
        faults = _check_problem(document, declared, response)
    return [f"{name} {response.status_code}: {fault}" for fault in faults]


def _check_success(document: Document, declared: Any, response: httpx.Response) -> Iterator[str]:
    if declared is None:
        yield "the status is not declared"
        return
    media_type = read_media_type(response)
    content = _resolve(document, declared).get("content", {})
    if response.content and media_type not in content:
        yield f"the media type {media_type} is not declared"
    yield from _find_undeclared_fields(document, declared, response)
    if response.status_code == HTTPStatus.CREATED and "location" not in response.headers:
        yield "what was created has no Location"


def _check_problem(document: Document, declared: Any, response: httpx.Response) -> Iterator[str]:
    problem = response.json()
    code = problem.get("code", problem.get("error"))
    if code in OF_GATEWAY:
        return
    if declared is None or code not in read_response_codes(declared):
        yield f"the problem {code} is not declared"
        return
    described = _resolve(document, declared)
    if (media_type := read_media_type(response)) not in described["content"]:
        yield f"the media type {media_type} is not declared"
    for name in described.get("headers", ()):
        if name.lower() not in response.headers:
            yield f"the declared field {name} is missing"
    codes = _list_fault_codes(document["info"]["title"])
    for fault in problem.get("errors", ()):
        if fault["code"] not in codes:
            yield f"the fault {fault['code']} has no page"


def _find_undeclared_fields(document: Document, declared: Any, response: httpx.Response) -> Iterator[str]:
    names = {name.lower() for name in _resolve(document, declared).get("headers", ())}
    for field in sorted(DECLARED_FIELDS.intersection(response.headers) - names):
        yield f"the field {field} is not declared"


def read_media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0]


@cache
def _load_document(title: str) -> Document | None:
    documents = (load_snapshot(name) for name in NAMES)
    return next((document for document in documents if document and document["info"]["title"] == title), None)


@cache
def _list_fault_codes(title: str) -> frozenset[str]:
    document = _load_document(title)
    assert document is not None
    problems: Iterable[str] = document["x-problems"]
    return frozenset({*document[FAULTS], *problems, *(shape.code for shape in SHAPES)})


@cache
def _list_patterns(title: str) -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
    """Return the pattern of each path, those without parameters first."""
    document = _load_document(title)
    assert document is not None
    paths = sorted(document["paths"].items(), key=lambda entry: entry[0].count("{"))
    return [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), operations) for path, operations in paths
    ]


def _find_operation(document: Document, request: httpx.Request) -> Any:
    method = "get" if request.method == "HEAD" else request.method.lower()
    path = request.url.raw_path.decode().partition("?")[0]
    for pattern, operations in _list_patterns(document["info"]["title"]):
        if pattern.fullmatch(path):
            return operations.get(method)
    return None


def _resolve(document: Document, declared: Any) -> Any:
    name = str(declared.get("$ref", "")).removeprefix(RESPONSES)
    return document["components"]["responses"][name] if name else declared
