"""JSON whose numbers with a decimal point are `Decimal`, exactly as they are written."""

import json
import re
from decimal import Decimal
from typing import Any

MARKED_NUMBER = re.compile(r'"\\u0000(-?[0-9.]+)"')


def read_json(content: bytes | str) -> Any:
    """Return the value of a JSON text. Raises `ValueError`."""
    return json.loads(content, parse_float=Decimal)


def write_json(value: Any) -> bytes:
    """Return a value as JSON; a `Decimal` is written with all of its digits."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_mark)
    return MARKED_NUMBER.sub(r"\1", text).encode()


def _mark(value: Any) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return f"\0{value:f}"
    raise TypeError(f"no JSON for {value!r}")
