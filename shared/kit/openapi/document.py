"""Complete the OpenAPI document that FastAPI makes of a service."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from types import ModuleType
from typing import Any

from fastapi import FastAPI

from shared.kit.openapi.header_fields import HEADERS
from shared.kit.openapi.operations import SCHEME, describe_operations, list_routes
from shared.kit.openapi.problem_schemas import add_problem_components, describe_fault, describe_problem
from shared.kit.openapi.schemas import tidy_schemas

PROBLEMS = "x-problems"
"""The member of a service's document that describes every problem of its operations; the gateway makes the pages of it."""

FAULTS = "x-faults"
"""The member that has the sentences of every fault that a problem may name among its `errors`, by code."""

ROUTES_OF = re.compile(r"^(?:The )?[Rr]outes? (?:of|that) (?:the )?")
"""The beginning of the docstring of a module of routes."""

MEBIBYTE = 1024 * 1024


def extend_openapi(app: FastAPI, add: Callable[[dict[str, Any]], None]) -> None:
    """Add something to the OpenAPI document of an app when it is built."""
    build_document, lock = app.openapi, Lock()

    def openapi() -> dict[str, Any]:
        with lock:  # threads that read it first would else get it half made
            if app.openapi_schema is None:
                add(build_document())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def complete_document(
    app: FastAPI,
    document: dict[str, Any],
    *,
    max_body_bytes: int,
    larger_bodies: Mapping[str, int],
    rules: Sequence[Callable[..., Any]],
) -> None:
    """Complete a document: who may call each operation, its header fields, its refusals, and tidy schemas."""
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})
    refused, faults = describe_operations(app, document, rules)
    problems = {problem.code: describe_problem(problem, facts) for problem, facts in refused.items()}
    tidy_schemas(document)
    for path, operations in document["paths"].items():
        limit = next(
            (limit for prefix, limit in larger_bodies.items() if path.startswith(prefix)), max_body_bytes
        )
        for operation in operations.values():
            _complete_body(operation, limit, components["schemas"])
    add_problem_components(document, problems)
    components["headers"] = HEADERS
    components["securitySchemes"] = _security_schemes(document)
    document[PROBLEMS] = dict(sorted(problems.items()))
    document[FAULTS] = {code: describe_fault(faults[code]) for code in sorted(faults)}
    document["tags"] = list(_describe_tags(app, document))


def _complete_body(operation: dict[str, Any], limit_bytes: int, schemas: dict[str, Any]) -> None:
    """State the size limit of a body, and show the example of its schema beside it."""
    body = operation.get("requestBody")
    if body is None:
        return
    body.setdefault("description", f"At most {limit_bytes / MEBIBYTE:.3g} MiB.")
    for content in body["content"].values():
        schema = schemas.get(_read_schema_name(content.get("schema", {})), {})
        examples = [schema["example"]] if "example" in schema else schema.get("examples", [])
        if examples and "examples" not in content:
            content.setdefault("example", examples[0])


def _read_schema_name(schema: dict[str, Any]) -> str:
    """Return the name of the schema that a body refers to, also of one that may be left out."""
    references = [option.get("$ref", "") for option in (schema, *schema.get("anyOf", ()))]
    return str(next(filter(None, references), "")).rpartition("/")[2]


def _security_schemes(document: dict[str, Any]) -> dict[str, Any]:
    """Return the scheme of tokens with the scopes that the operations need, and that of the token endpoint."""
    scopes = {
        scope
        for operations in document["paths"].values()
        for operation in operations.values()
        for requirement in operation["security"]
        for scope in requirement.get(SCHEME, ())
    }
    flow = {"tokenUrl": "/oauth/token", "scopes": {scope: f"the scope {scope}" for scope in sorted(scopes)}}
    return {
        SCHEME: {"type": "oauth2", "flows": {"clientCredentials": flow}},
        "basic": {"type": "http", "scheme": "basic", "description": "The client's id and secret."},
    }


def _describe_tags(app: FastAPI, document: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Yield each tag with the purpose of the module of its routes."""
    modules: dict[str, ModuleType] = {}
    for route in list_routes(app):
        module = sys.modules[route.endpoint.__module__]
        operation = document["paths"][route.path_format][next(iter(route.methods or ())).lower()]
        for tag in operation.get("tags", ()):
            if tag not in modules or not modules[tag].__name__.endswith(".api"):
                modules[tag] = module
    for tag, module in modules.items():
        yield {"name": tag, "description": _read_purpose(module)}


def _read_purpose(module: ModuleType) -> str:
    """Return the first sentence of a module of routes, without the words that say so."""
    sentence = str(module.__doc__).partition("\n")[0]
    purpose = ROUTES_OF.sub("", re.sub(r" \(see ADR \d+\)", "", sentence))
    return purpose[0].upper() + purpose[1:]
