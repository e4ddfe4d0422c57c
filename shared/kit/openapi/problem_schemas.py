"""Parts of the OpenAPI document that belong to no route: the schemas of problems, and what a service adds."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from shared.kit.exception_handlers import PROBLEM_JSON
from shared.kit.validation_faults import SHAPES

_SCHEMAS = "#/components/schemas/"
_TEXT = {"type": "string"}

PROBLEM_RESPONSE: dict[str, Any] = {
    "description": "A refusal",
    "content": {PROBLEM_JSON: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}},
}
"""The default response of every operation."""

_SHAPE_CODES = "\n".join(f"- `{shape.code}`: {shape.sentence.en}" for shape in SHAPES)

SCHEMAS: dict[str, Any] = {
    "Problem": {
        "title": "Problem",
        "description": "A refusal (RFC 9457); its facts are further members.",
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance", "code"],
        "properties": {
            "type": {**_TEXT, "description": "`/problems/` and the code"},
            "title": {**_TEXT, "description": "what kind of refusal it is"},
            "status": {"type": "integer", "description": "the HTTP status again"},
            "detail": {**_TEXT, "description": "one sentence, Vietnamese or English by Accept-Language"},
            "instance": {**_TEXT, "description": "the path of the request"},
            "code": {**_TEXT, "description": "which refusal it is; never changes"},
            "errors": {
                "type": "array",
                "description": "every fault of the body or the parameters",
                "items": {"$ref": f"{_SCHEMAS}Fault"},
            },
        },
        "example": {
            "type": "/problems/invalid",
            "title": "Nội dung không hợp lệ",
            "status": 422,
            "detail": "Nội dung có lỗi; xem danh sách lỗi.",
            "instance": "/v1/…",
            "code": "invalid",
            "errors": [{"pointer": "/1/value", "code": "not_a_number", "detail": "Phải là số."}],
        },
    },
    "Fault": {
        "title": "Fault",
        "description": "One thing that is wrong.",
        "type": "object",
        "required": ["pointer", "code", "detail"],
        "properties": {
            "pointer": {
                **_TEXT,
                "description": "where: a JSON pointer (RFC 6901); parameters below `/query`, `/path`",
            },
            "code": {
                "description": "which fault it is; never changes. A fault of shape, or one of the operation's rules",
                "anyOf": [{"$ref": f"{_SCHEMAS}ShapeCode"}, _TEXT],
            },
            "detail": {**_TEXT, "description": "one sentence, in the language of the answer"},
        },
    },
    "ShapeCode": {
        "title": "ShapeCode",
        "description": f"Faults of shape, which every operation may name.\n\n{_SHAPE_CODES}",
        "type": "string",
        "enum": list(dict.fromkeys(shape.code for shape in SHAPES)),
    },
}


def extend_openapi(app: FastAPI, add: Callable[[dict[str, Any]], None]) -> None:
    """Add something to the OpenAPI document of an app whenever it is built."""
    build_document = app.openapi

    def openapi() -> dict[str, Any]:
        document = build_document()
        add(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def add_problem_schemas(document: dict[str, Any]) -> None:
    """Add the schemas of problems."""
    document.setdefault("components", {}).setdefault("schemas", {}).update(SCHEMAS)
