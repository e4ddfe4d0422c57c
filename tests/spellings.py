"""Spellings of the number of a decision that mean the same one."""

import unicodedata
from typing import Any


def spell(text: Any) -> Any:
    """Return spellings of a text with Đ, a dash and a slash, each of which looks like it."""
    return [
        unicodedata.normalize("NFD", text),
        text.replace("Đ", "\u00d0"),
        text.lower(),
        text.replace("-", "\u2013"),
        text.replace("/", " / "),
        text.replace("/", "/\u200b"),
        text.replace("/", "\u00a0/"),
        "".join(
            chr(ord(character) + 0xFEE0) if character in "0123456789/-" else character for character in text
        ),
    ]
