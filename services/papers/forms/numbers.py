"""Numbers that were typed as texts, read by the rules of a language. Pure."""

import re
from decimal import Decimal

GROUPED = {
    "vi": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?"),
    "en": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"),
}
PLAIN = {"vi": re.compile(r"[+-]?\d+(?:,\d+)?"), "en": re.compile(r"[+-]?\d+(?:\.\d+)?")}
MARKS = {"vi": (".", ","), "en": (",", ".")}
"""The separators of groups and of decimals."""

BLANKS = re.compile("[\\s\u00a0\u202f']")
MAX_DIGITS = 24


def read_number(text: str, locale: str = "vi") -> Decimal | None:
    """Return the number that a text means in a language; None where it means none: `1.234,5` is 1234.5 in Vietnamese."""
    compact = BLANKS.sub("", text)
    if len(compact) > MAX_DIGITS or not (
        GROUPED[locale].fullmatch(compact) or PLAIN[locale].fullmatch(compact)
    ):
        return None
    groups, decimals = MARKS[locale]
    return Decimal(compact.replace(groups, "").replace(decimals, "."))
