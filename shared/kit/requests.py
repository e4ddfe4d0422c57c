"""Reading a hostile request: JSON with exact decimals, no repeated keys, no NaN, no bottomless nesting."""

import json
from decimal import Decimal
from typing import Any, NoReturn

from fastapi import Request

from shared.kit.problems import Malformed

MAX_DEPTH = 16
"""Nothing said on this wire nests deeper than six; sixteen leaves room and stops a nesting attack."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise Malformed(reason=f"member {repeated[:60]!r} is repeated")
    return members


def _constant(name: str) -> NoReturn:
    raise Malformed(reason=f"{name} is not a JSON number")


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            if isinstance(parent, (dict, list))
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def parse_json(body: bytes) -> Any:
    """Parse a JSON text with decimals kept exact; raises `Malformed`."""
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_members)
    except UnicodeDecodeError as error:
        raise Malformed(reason="the body is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise Malformed(reason=f"{error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise Malformed(reason=f"nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:  # an integer of thousands of digits
        raise Malformed(reason="a number has too many digits") from error
    if _too_deep(value):
        raise Malformed(reason=f"nested deeper than {MAX_DEPTH}")
    return value


class ExactRequest(Request):
    """A request whose JSON keeps decimals exact."""

    async def json(self) -> Any:
        """Parse the body once; `Malformed` when it is not clean JSON."""
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json
