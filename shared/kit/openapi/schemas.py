"""Schemas as clients of every language read them: names without brackets, no title but the name, only keywords of JSON Schema."""

import re
from collections.abc import Iterator
from typing import Any

from shared.kit.openapi.examples import REFERENCE, restore_nulls

GENERIC_NAME = re.compile(r"^([A-Z][A-Za-z]*)_([A-Za-z]+?)(?:Out)?_$")
"""FastAPI's form of the name `Page[UnitOut]`; it becomes `UnitPage`."""


STANDARD_KEYWORDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""Constraints of Pydantic that it writes under its own names, where the JSON Schema of a field was given by hand."""

UNKNOWN_KEYWORDS = frozenset({*STANDARD_KEYWORDS, "max_digits", "decimal_places"})


def tidy_schemas(document: dict[str, Any]) -> None:
    """Rename generic schemas, name every schema by its title, and describe members by what they refer to."""
    schemas = document["components"]["schemas"]
    names = {name: GENERIC_NAME.sub(r"\2\1", name) for name in schemas}
    for node in _iterate_objects(document):
        if "$ref" in node:
            name = str(node["$ref"]).removeprefix(REFERENCE)
            node["$ref"] = REFERENCE + names[name] if name in names else node["$ref"]
        elif not isinstance(node.get("title", ""), dict) and "info" not in node:
            _tidy(node)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                _tidy_parameter(parameter, path)
    document["components"]["schemas"] = {names[name]: schema for name, schema in schemas.items()}
    _drop_unused(document)
    restore_nulls(document["components"]["schemas"])
    for name, schema in document["components"]["schemas"].items():
        schema["title"] = name
        schema.setdefault("description", f"One page of a list: {name.removesuffix('Page')}.")
        for member in schema.get("properties", {}).values():
            _describe(member, document["components"]["schemas"])


def _drop_unused(document: dict[str, Any]) -> None:
    """Drop the schemas that nothing refers to, such as that of an answer which the route replaces."""
    schemas = document["components"]["schemas"]
    used: set[str] = set()
    pending = [document["paths"]]
    while pending:
        for node in _iterate_objects(pending.pop()):
            name = str(node.get("$ref", "")).removeprefix(REFERENCE)
            if name in schemas and name not in used:
                used.add(name)
                pending.append(schemas[name])
    for name in schemas.keys() - used:
        del schemas[name]


def _iterate_objects(node: Any, *, keys_are_names: bool = False) -> Iterator[dict[str, Any]]:
    """Yield every object of a document that is a schema, or holds some; examples and defaults are left out."""
    if isinstance(node, dict):
        if not keys_are_names:
            yield node
        for key, member in node.items():
            if keys_are_names or key not in {"example", "examples", "default", "enum", "const"}:
                yield from _iterate_objects(
                    member, keys_are_names=not keys_are_names and key in {"properties", "schemas"}
                )
    elif isinstance(node, list):
        for member in node:
            yield from _iterate_objects(member)


def _tidy(node: dict[str, Any]) -> None:
    if "type" in node or "anyOf" in node or "allOf" in node or "oneOf" in node or "enum" in node:
        node.pop("title", None)
    if "prefixItems" in node:
        _list_elements(node)
    for keyword in UNKNOWN_KEYWORDS.intersection(node):
        value = node.pop(keyword)
        if keyword in STANDARD_KEYWORDS:
            node[STANDARD_KEYWORDS[keyword]] = value


def _list_elements(node: dict[str, Any]) -> None:
    """State the elements of a tuple as those of a list, which every generator reads."""
    elements = node.pop("prefixItems")
    distinct = [element for index, element in enumerate(elements) if element not in elements[:index]]
    node["items"] = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def _describe(member: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Describe a member that has no description by the first sentence of the schema that it refers to."""
    if "description" in member:
        return
    described = [option["description"] for option in member.get("anyOf", ()) if "description" in option]
    if described:
        member["description"] = described[0]
        return
    references = [node["$ref"] for node in _iterate_objects(member) if "$ref" in node]
    if references:
        description = schemas[references[0].removeprefix(REFERENCE)].get("description", "")
        member["description"] = description.partition("\n")[0]


def _tidy_parameter(parameter: dict[str, Any], path: str) -> None:
    """Describe a parameter once; a query has no null, so one that may be left out is of its only type."""
    if parameter.get("in") == "path":
        parameter.setdefault("description", _describe_path_parameter(parameter["name"], path))
    schema = parameter.get("schema", {})
    alternatives = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(alternatives) == 1 and len(schema["anyOf"]) > 1:
        del schema["anyOf"]
        parameter["schema"] = schema = {**alternatives[0], **schema}
    if schema.get("type") == "array":
        schema.setdefault("minItems", 1)  # `?name=` is refused; the parameter is left out instead
        if schema["items"].get("type") == "string":
            schema["items"].setdefault("minLength", 1)
        if "maxLength" in schema:  # FastAPI writes the limit of a list so
            schema["maxItems"] = schema.pop("maxLength")
        if schema.get("default") == []:
            del schema["default"]
    if schema.get("description") == parameter.get("description"):
        schema.pop("description", None)
    if "examples" in schema:
        example = schema.pop("examples")[0]
        is_list = schema.get("type") == "array" and not isinstance(example, list)
        parameter["example"] = [example] if is_list else example


def _describe_path_parameter(name: str, path: str) -> str:
    """Return what a parameter of a path stands for: `code of the unit` for /units/{code}."""
    if name == "code":
        collection = path.partition("/{code}")[0].rpartition("/")[2]
        return f"code of the {collection.removesuffix('s').replace('-', ' ')}"
    kind = "id" if name.endswith("_id") else "code"
    return f"{kind} of the {name.removesuffix('_id').replace('_', ' ')}"
