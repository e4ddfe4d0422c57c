"""Hooks of Schemathesis: a key of its own for each request, lines as newline-delimited JSON, and one more check."""

import json
import re
from typing import Any
from uuid import uuid4

import schemathesis

KEY = "Idempotency-Key"
KEY_SHAPE = re.compile(r'"?[!#-~]{1,200}"?')
SENDER, OTHER = "generated", "another"
"""The client that sends the requests, and the one that requests on the sender are changed to be about."""
SHAPES = frozenset({
    "unknown_field", "unknown_parameter", "not_an_object", "not_a_list", "too_few", "too_many", "not_a_text",
    "text_too_short", "text_too_long", "wrong_form", "not_one_of", "not_a_boolean", "not_an_integer", "not_a_number",
    "too_small", "too_large", "not_a_multiple", "not_a_date", "not_an_instant", "not_a_uuid",
})  # fmt: skip
"""Codes of faults that a JSON Schema can state. `missing` is not among them: an observation needs a value or `nil`."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give each request a key of its own; one that is missing or wrong on purpose stays so. Let none end its own sender."""
    if (case.path_parameters or {}).get("client_id") == SENDER:
        case.path_parameters["client_id"] = OTHER
    for name, value in list((case.headers or {}).items()):
        if name.lower() == KEY.lower() and KEY_SHAPE.fullmatch(str(value)):
            case.headers[name] = uuid4().hex


@schemathesis.serializer("application/x-ndjson")
def serialize_lines(ctx: Any, value: Any) -> bytes:
    """Return lines as they are."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.check
def schema_states_every_shape(ctx: Any, response: Any, case: Any) -> None:
    """Fail where a request that conforms to the schema is refused for its shape: then the schema is incomplete."""
    generation = case.meta.generation if case.meta else None
    if response.status_code != 422 or generation is None or generation.mode.value != "positive":
        return
    faults = [
        fault
        for fault in response.json().get("errors", [])
        if fault["code"] in SHAPES
        and fault["pointer"] != "/query/fields"  # which members there are is no shape
    ]
    if faults:
        raise AssertionError(f"refused for its shape, which the schema does not state: {faults[:3]}")
