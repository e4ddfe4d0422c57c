"""A value that may be None by its type and must not be in a test."""

from typing import TypeVar

Value = TypeVar("Value")


def not_none(value: Value | None) -> Value:
    """Return the value; the test fails where there is none."""
    assert value is not None
    return value
