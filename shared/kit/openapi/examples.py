"""Examples that conform to their schemas: FastAPI leaves null members out of them, and a client that requires them would fail."""

from collections.abc import Mapping
from typing import Any

REFERENCE = "#/components/schemas/"
NULL = {"type": "null"}

Schemas = Mapping[str, Any]


def restore_nulls(schemas: Schemas) -> None:
    """Restore the required members that may be null in the examples of schemas."""
    for schema in schemas.values():
        if "example" in schema:
            schema["example"] = _restore(schema["example"], schema, schemas)
        if "examples" in schema:
            schema["examples"] = [_restore(example, schema, schemas) for example in schema["examples"]]


def _restore(example: Any, schema: Any, schemas: Schemas) -> Any:
    """Return an example with the null members that its schema requires."""
    schema = _resolve(schema, schemas)
    if isinstance(example, list):
        return [_restore(member, schema.get("items", {}), schemas) for member in example]
    if not isinstance(example, dict):
        return example
    properties = schema.get("properties", {})
    absent = [
        name for name in schema.get("required", ()) if name not in example and _is_nullable(properties[name])
    ]
    members = {name: _restore(member, properties.get(name, {}), schemas) for name, member in example.items()}
    return {**members, **dict.fromkeys(absent)}


def _resolve(schema: Any, schemas: Schemas) -> dict[str, Any]:
    """Return the schema that a reference leads to; of one that may be null the other alternative."""
    while True:
        alternatives = [option for option in schema.get("anyOf", ()) if option != NULL]
        if "$ref" in schema:
            schema = schemas.get(schema["$ref"].removeprefix(REFERENCE), {})
        elif len(alternatives) == 1:
            schema = alternatives[0]
        else:
            resolved: dict[str, Any] = schema
            return resolved


def _is_nullable(schema: Mapping[str, Any]) -> bool:
    return NULL in schema.get("anyOf", ()) or not {"type", "$ref", "anyOf", "allOf", "enum"} & schema.keys()
