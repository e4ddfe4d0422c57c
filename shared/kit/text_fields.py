"""Text fields: texts that identify something, of which something must be visible, and texts of a query that are kept."""

import unicodedata

from pydantic import AfterValidator

from shared.kit.canonical_text import canonicalize
from shared.kit.problems import Sentence
from shared.kit.validation_faults import make_validation_error

NOTHING_VISIBLE = Sentence("Không có ký tự nào nhìn thấy được.", "It has no visible character.")


def _check_visible(text: str) -> str:
    if not canonicalize(text):
        raise make_validation_error("text_too_short", NOTHING_VISIBLE)
    return text


Visible = AfterValidator(_check_visible)
"""Refuses a text that identifies something and has no visible character."""

CONTROL_CHARACTER = Sentence(
    "Có ký tự điều khiển, không lưu được.", "It has a control character, which cannot be kept."
)


NONCHARACTER = 0xFFFE
"""The last two code points of each plane are no characters: XML cannot hold them."""


def _check_printable(text: str) -> str:
    if any(
        unicodedata.category(character) == "Cc" or ord(character) & NONCHARACTER == NONCHARACTER
        for character in text
    ):
        raise make_validation_error("text_has_control_character", CONTROL_CHARACTER)
    return text


Printable = AfterValidator(_check_printable)
"""Refuses a text of a query with characters that neither the database nor a document can hold; bodies are checked by the kit."""
