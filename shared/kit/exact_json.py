"""JSON with exact numbers: a decimal that no binary float holds is written and read with all of its digits.

Serializers can write integers and binary floats. A decimal that neither holds becomes a text with a mark that no text of
a body or of a row has (U+0000), and `restore_numbers` puts the number in its place.
"""

import json
import re
from decimal import Decimal
from typing import Any

import orjson

MARK = "\0"
ESCAPED_MARK = b"\\u0000"
MARKED_NUMBER = re.compile(rb'"\\u0000(-?[0-9.]+)"')
LONG_NUMBER = re.compile(rb"\d{16}|\d[\d.]{16}")
"""More digits than every binary float keeps, or a text of digits, which only takes the slower way."""


def mark_number(value: Decimal) -> int | float | str:
    """Return an integer or a binary float where it equals the value, else a marked text."""
    number = to_number(value)
    return f"{MARK}{number:f}".rstrip("0") if isinstance(number, Decimal) else number


def mark_numbers(value: Any) -> Any:
    """Return a JSON value in which every decimal is replaced as `mark_number` does."""
    if isinstance(value, dict):
        return {name: mark_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [mark_numbers(member) for member in value]
    return mark_number(value) if isinstance(value, Decimal) else value


def restore_numbers(content: bytes) -> bytes:
    """Return a JSON text with the numbers in place of the marked texts."""
    return MARKED_NUMBER.sub(rb"\1", content) if ESCAPED_MARK in content else content


def write_json(value: Any, *, sort: bool = False) -> bytes:
    """Return a value as JSON; its decimals are exact."""
    try:
        content = orjson.dumps(value, default=_write, option=orjson.OPT_SORT_KEYS if sort else None)
    except orjson.JSONEncodeError:  # an integer of more than 64 bits
        text = json.dumps(value, default=_write, sort_keys=sort, ensure_ascii=False, separators=(",", ":"))
        content = text.encode()
    return restore_numbers(content)


def write_json_column(value: Any) -> str:
    """Return a value as the text of a column of JSON."""
    return restore_numbers(json.dumps(value, default=_write).encode()).decode()


def read_json(content: bytes | str) -> Any:
    """Return the value of a JSON text; a number is a `Decimal` where no integer and no binary float equals it."""
    encoded = content.encode() if isinstance(content, str) else content
    if LONG_NUMBER.search(encoded) is None:
        return orjson.loads(encoded)
    return json.loads(encoded, parse_float=lambda text: to_number(Decimal(text)))


def to_number(value: Decimal) -> int | float | Decimal:
    """Return an integer or a binary float where it equals the value, else the value."""
    if value == value.to_integral_value():
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else value


def _write(value: Any) -> Any:
    if isinstance(value, Decimal):
        return mark_number(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
