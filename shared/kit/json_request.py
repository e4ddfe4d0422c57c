"""JSON bodies of untrusted clients: exact decimals, no repeated keys, no NaN, bounded nesting."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from fastapi import Request

from shared.kit.concurrency import yield_to_event_loop
from shared.kit.problems import Malformed, Sentence

MAX_DEPTH = 16
"""No body of ours nests deeper than six; sixteen leaves room, and stops an attack by nesting."""

CONTAINERS = frozenset({dict, list})
"""The exact types that the parser makes of objects and lists; their levels are counted for every body."""

SUSPICIOUS_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""Escapes of U+0000 and of halves of surrogate pairs: few bodies hold one, and only these are searched for them."""

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""Characters that JSON can write and that neither a database nor a response in UTF-8 can hold."""


REPEATED = Sentence("trường {name} bị lặp lại", "member {name} is repeated")
NOT_A_NUMBER = Sentence("{name} không phải là số trong JSON", "{name} is not a JSON number")
NOT_UTF8 = Sentence("nội dung không phải là UTF-8", "the body is not UTF-8")
NOT_JSON = Sentence("sai cú pháp JSON ở ký tự {at}", "{error} at character {at}")
TOO_MANY_DIGITS = Sentence("có số quá nhiều chữ số", "a number has too many digits")
UNSTORABLE_CHARACTER = Sentence("có ký tự không lưu được", "a character cannot be stored")
UNSTORABLE_CODE_POINT = Sentence(
    "ký tự U+{code:04X} không lưu được", "the character U+{code:04X} cannot be stored"
)


class TooDeep(Malformed):
    """The body nests deeper than the limit."""

    code = "body_too_deep"
    detail = Sentence(
        "Nội dung lồng nhau quá {limit} tầng.", "The body is nested deeper than {limit} levels."
    )


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise Malformed(reason=REPEATED.filled(name=repr(name[:60])))
        seen.add(name)


def _constant(name: str) -> NoReturn:
    raise Malformed(reason=NOT_A_NUMBER.filled(name=name))


def _count_members(value: Any) -> int:
    """Return the number of members of all objects; raises `TooDeep`."""
    level, members = [value], 0
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for parent in level:
            if type(parent) is dict:
                members += len(parent)
                below += parent.values()
            elif type(parent) is list:
                below += parent
        if CONTAINERS.isdisjoint(map(type, below)):
            return members
        level = below
    raise TooDeep(limit=MAX_DEPTH)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for child in value.values():
            yield from _strings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _strings(child)


def parse_json(body: bytes) -> Any:
    """Return the value of a JSON text, with exact decimals; raises `Malformed`."""
    try:
        text = body.decode()
        value = json.loads(text, parse_float=Decimal, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise Malformed(reason=NOT_UTF8) from error
    except json.JSONDecodeError as error:
        raise Malformed(reason=NOT_JSON.filled(error=error.msg, at=error.pos)) from error
    except RecursionError as error:
        raise TooDeep(limit=MAX_DEPTH) from error
    except (ValueError, InvalidOperation) as error:  # an integer, or an exponent, of thousands of digits
        raise Malformed(reason=TOO_MANY_DIGITS) from error
    if text.count(":") != _count_members(value):  # a colon in a string, or a repeated member
        json.loads(text, object_pairs_hook=_refuse_repeated)
    if SUSPICIOUS_ESCAPE.search(body):
        for text in _strings(value):
            if match := UNSTORABLE.search(text):
                raise Malformed(reason=UNSTORABLE_CODE_POINT.filled(code=ord(match[0])))
    return value


class JsonRequest(Request):
    """A request whose JSON keeps decimals exact."""

    async def json(self) -> Any:
        """Return the parsed body; raises `Malformed`."""
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
            await yield_to_event_loop()
        return self._json
