"""JSON bodies of untrusted clients, parsed exactly: decimals keep every digit; repeated members, NaN and deep nesting are refused.

`shared.kit.partial_body` validates what was parsed.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import orjson
from fastapi import Request

from shared.kit.concurrency import yield_to_event_loop
from shared.kit.problems import Malformed, Sentence

MAX_DEPTH = 16
"""No body of ours nests deeper than six; sixteen leaves room, and stops an attack by nesting."""

MAX_INTEGER_DIGITS = 40
"""More than any amount has; a number like 1e999999999 would not fit in memory as an integer."""

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


def _read_number(text: str) -> int | Decimal:
    """Return a number with a point or an exponent: an integer where it is one, such as `1e9` and `5.0`."""
    number = Decimal(text)
    if not number:
        return 0
    if number.adjusted() < MAX_INTEGER_DIGITS and number == number.to_integral_value():
        return int(number)
    return number


def parse_json(body: bytes) -> Any:
    """Return the value of a JSON text, with exact decimals; a byte order mark before it is skipped. Raises `Malformed`."""
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_float=_read_number, parse_constant=_constant)
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


def to_canonical_json(value: Any) -> bytes:
    """Return the one form of a parsed JSON value: without blanks, members sorted by name, numbers by their value."""
    try:
        return orjson.dumps(value, default=_to_canonical_number, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # an integer of more than 64 bits
        return json.dumps(value, default=_to_canonical_number, sort_keys=True).encode()


def _to_canonical_number(value: Decimal) -> str:
    """Return a decimal as a text that no string of a body equals, because these hold no U+0000."""
    sign, digits, exponent = value.as_tuple()
    significant = "".join(map(str, digits)).rstrip("0")
    assert isinstance(exponent, int)
    return f"\0{'-' if sign else ''}{significant}E{exponent + len(digits) - len(significant)}"


class JsonRequest(Request):
    """A request whose JSON keeps decimals exact."""

    async def canonical_body(self) -> bytes:
        """Return the body for a fingerprint: of JSON that can be read the one form, else the bytes."""
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == "application/json" or media_type.endswith("+json"):
            try:
                return to_canonical_json(await self.json())
            except Malformed:  # whoever reads the body refuses it
                pass
        return await self.body()

    async def json(self) -> Any:
        """Return the parsed body; raises `Malformed`."""
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
            await yield_to_event_loop()
        return self._json
