"""Merge OpenAPI documents into one. No I/O.

Operation ids get the name of their service as a prefix (`rural_submit_report`), so that the same operation of two
programs becomes two functions of a generated client. A schema keeps its name where most services define it alike; a
service that defines it differently gets its name as a prefix of the schema.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from gateway.reference.sharing import iterate_operations, share_components
from gateway.upstreams import UpstreamTimeout, UpstreamUnavailable
from shared.kit.exception_handlers import MethodNotAllowed
from shared.kit.http_protocol import HeadTooLarge
from shared.kit.openapi.document import FAULTS, PROBLEMS
from shared.kit.openapi.examples import REFERENCE, Schemas
from shared.kit.openapi.header_fields import HEADERS, add_headers
from shared.kit.openapi.operations import SCHEME
from shared.kit.openapi.problem_schemas import (
    add_problem_components,
    describe_fault,
    describe_problem,
    group_codes,
    read_response_codes,
    refer_to_response,
)
from shared.kit.problems import NotFound, Problem, TooManyRequests
from shared.kit.validation_faults import SHAPES

OpenApiDocument = Mapping[str, Any]

METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
SUCCESSES = frozenset({"200", "201"})
OWN_PROBLEMS: tuple[type[Problem], ...] = (TooManyRequests, NotFound, MethodNotAllowed, HeadTooLarge)
FORWARDING_PROBLEMS: tuple[type[Problem], ...] = (TooManyRequests, UpstreamUnavailable, UpstreamTimeout)
OWN_CODES = (TooManyRequests.code,)
FORWARDING_CODES = tuple(problem.code for problem in FORWARDING_PROBLEMS)
"""Codes that the gateway may answer to any request before a service does."""

RATE_LIMIT_FIELDS = ("RateLimit", "RateLimit-Policy")

SCOPE_MEANINGS = {
    "report": "submit and withdraw reports for the client's units, and read its own",
    "review": "accept and return reports",
    "target": "set targets",
    "register": "keep registers: recognitions, products, classifications",
    "funding": "write the ledger",
    "oversight": "keep the registers of oversight: steering bodies, documents, inspections, tasks",
    "read": "read what is not public",
    "admin": "manage clients",
}


def merge_documents(own: OpenApiDocument, services: Mapping[str, OpenApiDocument]) -> dict[str, Any]:
    """Return the merged document; title, version and description are the gateway's own."""
    documents = {"gateway": own, **services}
    names = _name_schemas({name: _read_schemas(document) for name, document in documents.items()})
    problems = collect_problems(documents)
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    tags: dict[str, dict[str, str]] = {}
    for service, document in documents.items():
        for path, operations in document.get("paths", {}).items():
            if service == "gateway" or path.startswith(f"/v1/{service}/"):
                paths[path] = _rename_operations(operations, service, names[service])
                _add_refusals(paths[path], problems, OWN_CODES if service == "gateway" else FORWARDING_CODES)
        for name, schema in _read_schemas(document).items():
            schemas[names[service][name]] = {
                **_rename_references(schema, names[service]),
                "title": names[service][name],
            }
        for tag in document.get("tags", ()):
            tags[_name_tag(service, tag["name"])] = {**tag, "name": _name_tag(service, tag["name"])}
    merged = {
        "openapi": own["openapi"],
        "info": own["info"],
        "servers": [{"url": "/"}],
        "tags": [tags[name] for name in _list_tags(paths) if name in tags],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "headers": HEADERS,
            "securitySchemes": describe_security_schemes(),
        },
    }
    add_problem_components(merged, problems)
    for response in merged["components"]["responses"].values():
        add_headers(response, RATE_LIMIT_FIELDS)
    share_components(merged, services)
    return merged


def collect_problems(documents: Mapping[str, OpenApiDocument]) -> dict[str, Any]:
    """Return what the documents say of their problems, by code, with those of every operation of the gateway."""
    problems = {problem.code: describe_problem(problem) for problem in (*OWN_PROBLEMS, *FORWARDING_PROBLEMS)}
    for document in documents.values():
        problems.update(document.get(PROBLEMS, {}))
    return dict(sorted(problems.items()))


def collect_faults(documents: Iterable[OpenApiDocument]) -> dict[str, list[dict[str, str]]]:
    """Return the sentences of every fault that a problem may name, by its code; those of faults of shape too."""
    sentences: dict[str, list[dict[str, str]]] = {}
    shapes = [{shape.code: describe_fault([shape.sentence])} for shape in SHAPES]
    for declared in (*shapes, *(document.get(FAULTS, {}) for document in documents)):
        for code, described in declared.items():
            of_code = sentences.setdefault(code, [])
            of_code += [sentence for sentence in described if sentence not in of_code]
    return dict(sorted(sentences.items()))


def describe_security_schemes() -> dict[str, Any]:
    """Return the security schemes: client credentials for the API, HTTP Basic for the token endpoint."""
    return {
        SCHEME: {
            "type": "oauth2",
            "description": "Client credentials: the client's id and secret give a token for ten minutes, "
            "a JWT (RFC9068, RFC8725).",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": SCOPE_MEANINGS}},
        },
        "basic": {"type": "http", "scheme": "basic", "description": "The client's id and secret."},
    }


def _name_tag(service: str, tag: str) -> str:
    """Return the tag of a resource; a service's own has its name before it: `rural reports`."""
    return tag if service == "gateway" else f"{service} {tag}"


def _list_tags(paths: Mapping[str, Any]) -> list[str]:
    """Return the tags of the operations in their order."""
    return list(dict.fromkeys(tag for operation in iterate_operations(paths) for tag in operation["tags"]))


def _rename_operations(
    operations: Mapping[str, Any], service: str, names: Mapping[str, str]
) -> dict[str, Any]:
    merged = _rename_references(operations, names)
    for method, operation in merged.items():
        if method in METHODS:
            if service != "gateway":
                operation["operationId"] = f"{service}_{operation['operationId']}"
            operation["tags"] = [_name_tag(service, operation["tags"][0])]
    return dict(merged)


def _add_refusals(operations: dict[str, Any], problems: Mapping[str, Any], of_gateway: Iterable[str]) -> None:
    """Add what the gateway may answer to each operation, and the fields that it sets on each answer."""
    for operation in operations.values():
        responses = operation["responses"]
        codes = {*of_gateway, *chain(*(read_response_codes(response) for response in responses.values()))}
        for status, of_status in group_codes(codes, problems).items():
            responses[status] = refer_to_response(of_status)
        for status in responses:
            if status in SUCCESSES:
                add_headers(responses[status], RATE_LIMIT_FIELDS)


def _read_schemas(document: OpenApiDocument) -> Schemas:
    schemas: Schemas = document.get("components", {}).get("schemas", {})
    return schemas


def _name_schemas(schemas: Mapping[str, Schemas]) -> dict[str, dict[str, str]]:
    """Return, for each service, the name of each of its schemas in the merged document."""
    fingerprints = _compute_fingerprints(schemas)
    merged_names: dict[str, dict[str, str]] = {service: {} for service in schemas}
    taken = {name for declared in schemas.values() for name in declared}
    for name in sorted(taken):
        candidates = [
            fingerprints[service, name] for service, declared in schemas.items() if name in declared
        ]
        usual = max(candidates, key=candidates.count)
        for service, declared in schemas.items():
            if name in declared:
                own = f"{service.title()}{name}"
                prefixed = own if own not in taken else f"{own}_"
                merged_names[service][name] = name if fingerprints[service, name] == usual else prefixed
    return merged_names


def _compute_fingerprints(schemas: Mapping[str, Schemas]) -> dict[tuple[str, str], str]:
    """Return a fingerprint of each schema, what it refers to included: equal definitions have equal fingerprints.

    Every round follows references one step further, until no round tells more schemas apart.
    """
    fingerprints = {(service, name): name for service, declared in schemas.items() for name in declared}
    while True:
        deeper = {
            (service, name): _compute_fingerprint(
                name, schema, {other: fingerprints[service, other] for other in declared}
            )
            for service, declared in schemas.items()
            for name, schema in declared.items()
        }
        if len(set(deeper.values())) == len(set(fingerprints.values())):
            return deeper
        fingerprints = deeper


def _compute_fingerprint(name: str, schema: Any, references: Mapping[str, str]) -> str:
    text = json.dumps([name, _rename_references(schema, references)], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _rename_references(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: _rename_reference(child, names) if key == "$ref" else _rename_references(child, names)
            for key, child in node.items()
        }
    if isinstance(node, list):
        return [_rename_references(child, names) for child in node]
    return node


def _rename_reference(reference: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(reference, str) or not reference.startswith(REFERENCE):
        return reference
    name = reference.removeprefix(REFERENCE)
    return REFERENCE + names.get(name, name)


def list_operation_ids(document: OpenApiDocument) -> Iterable[str]:
    """Yield the operation ids of a document."""
    for operations in document.get("paths", {}).values():
        for method, operation in operations.items():
            if method in METHODS:
                yield operation["operationId"]
