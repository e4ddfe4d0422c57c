"""Query parameters that take several values: separated by commas, repeated, or both."""

from typing import Any

from pydantic import BeforeValidator
from pydantic_core import PydanticKnownError


def split_list(values: Any) -> Any:
    """Return each value once, without blanks around it; raises an error for an empty one."""
    if not isinstance(values, list):
        return values
    parts = [part.strip() for value in values for part in str(value).split(",")]
    if not all(parts):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return list(dict.fromkeys(parts))


CommaSeparated = BeforeValidator(split_list)
"""The validator of a list: `a,b` and `a` with `b` repeated are the same."""
