"""Make the merged document small: what several operations have alike stands once, and what is alike stands together.

A compressor finds a repetition within the last 32 kB only, so the operations that several programs have are put side by
side, and each schema near those that refer to it. No I/O.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from shared.kit.openapi.examples import REFERENCE
from shared.kit.openapi.problem_schemas import RESPONSES

Paths = dict[str, Any]

PARAMETERS = "#/components/parameters/"
SHARED_RESPONSES = {"default": "Refusal", "304": "NotModified"}
"""The responses that operations have alike, by their status."""


def share_components(document: dict[str, Any], services: Mapping[str, Any]) -> None:
    """Move what operations have alike to the components, and order paths and schemas by what is alike."""
    paths, components = document["paths"], document["components"]
    components["parameters"] = _share_parameters(paths)
    _show_examples_once(paths, components["schemas"])
    _leave_refusals_to_their_pages(components)
    components["responses"].update(_share_responses(paths))
    document["paths"] = {path: paths[path] for path in _order_paths(paths, services)}
    components["schemas"] = _order_by_use(document["paths"], components["schemas"])


def iterate_operations(paths: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the operations of all paths."""
    for operations in paths.values():
        yield from operations.values()


def _share_parameters(paths: Paths) -> dict[str, Any]:
    """Replace parameters that several operations have by references; return them by name, such as `unit` and `unit.2`."""
    operations = [operation for operation in iterate_operations(paths) if "parameters" in operation]
    uses = Counter(_to_text(parameter) for operation in operations for parameter in operation["parameters"])
    names: dict[str, str] = {}
    shared: dict[str, Any] = {}
    for operation in operations:
        for index, parameter in enumerate(operation["parameters"]):
            text = _to_text(parameter)
            if uses[text] == 1:
                continue
            if text not in names:
                names[text] = _find_free_name(parameter["name"], shared)
                shared[names[text]] = parameter
            operation["parameters"][index] = {"$ref": PARAMETERS + names[text]}
    return dict(sorted(shared.items()))


def _share_responses(paths: Paths) -> dict[str, Any]:
    """Replace the responses of `SHARED_RESPONSES` by references; return them by name, such as `NotModified` and `NotModified.2`."""
    names: dict[str, str] = {}
    shared: dict[str, Any] = {}
    for operation in iterate_operations(paths):
        responses = operation["responses"]
        for status in SHARED_RESPONSES.keys() & responses.keys():
            text = _to_text(responses[status])
            if text not in names:
                names[text] = _find_free_name(SHARED_RESPONSES[status], shared)
                shared[names[text]] = responses[status]
            responses[status] = {"$ref": RESPONSES + names[text]}
        operation["responses"] = dict(sorted(responses.items()))
    return shared


def _show_examples_once(paths: Paths, schemas: dict[str, Any]) -> None:
    """Leave out the example of a schema where a request body shows it."""
    for operation in iterate_operations(paths):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            name = str(content.get("schema", {}).get("$ref", "")).removeprefix(REFERENCE)
            schema = schemas.get(name, {})
            if "example" in schema and schema["example"] == content.get("example"):
                schemas[name] = {key: value for key, value in schema.items() if key != "example"}


def _leave_refusals_to_their_pages(components: dict[str, Any]) -> None:
    """Leave out the example of each refusal: its page, `/problems/{code}`, has its sentences, its facts and what to do."""
    components.pop("examples", None)
    for response in components["responses"].values():
        for content in response.get("content", {}).values():
            content.pop("examples", None)


def _find_free_name(name: str, taken: Mapping[str, Any]) -> str:
    number = 1
    free = name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    return free


def _order_paths(paths: Paths, services: Mapping[str, Any]) -> list[str]:
    """Return the paths in their order; those that several services have follow the first of these."""
    alike: dict[str, list[str]] = {}
    for path in sorted(paths):
        service = path.removeprefix("/v1/").partition("/")[0]
        alike.setdefault(path.replace(f"/{service}/", "/*/", 1) if service in services else path, []).append(
            path
        )
    return [path for group in alike.values() for path in group]


def _order_by_use(paths: Paths, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schemas in the order in which operations refer to them, each followed by what it refers to."""
    ordered: dict[str, Any] = {}
    pending: list[Any] = [paths]
    while pending:
        node = pending.pop()
        if isinstance(node, Mapping):
            name = str(node.get("$ref", "")).removeprefix(REFERENCE)
            if name in schemas and name not in ordered:
                ordered[name] = schemas[name]
                pending.append(schemas[name])
            pending += reversed(list(node.values()))
        elif isinstance(node, list):
            pending += reversed(node)
    return {**ordered, **schemas}


def _to_text(component: Any) -> str:
    return json.dumps(component, sort_keys=True)
