"""Text fields: texts that identify something, of which something must be visible."""

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
