"""The canonical form of a text that identifies something: a document number, a code, a name.

Two texts with the same canonical form are one identity. The form is stored beside the text, which is shown as it was typed.
It ignores what a reader cannot see or does not tell apart:

- the Unicode form (NFC, NFD, NFKC, NFKD) and case;
- invisible characters, the kind and number of blanks, and blanks beside a punctuation mark;
- which dash, slash, colon, quotation mark or apostrophe it is;
- which letter looks like Đ, and letters of the Greek and the Cyrillic alphabet that look like Latin ones;
- the vowel of a Vietnamese syllable that carries the tone mark: hòa and hoà.

Digits, letters, diacritics, words and their order are kept: 10 and 1O, D and Đ, 12 3 and 1 23 stay different. Pure.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

CACHED_TEXTS = 16_384
"""A batch names the same issuers and decisions thousands of times."""

SUBSTITUTES: Mapping[str, str] = {
    **dict.fromkeys("\u2044\u2215\u29f8\u2571\u3033", "/"),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2035\u02b9\u02bb\u02bc\u02bd\u02c8\u0060\u055a\u05f3\ua78b\ua78c", "'"),
    **dict.fromkeys("\u0022\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u02ba\u02dd\u3003", "''"),
    **dict.fromkeys("\u2212\u2043\u02d7\u2796", "-"),
    **dict.fromkeys("\u2236\ua789\u02d0", ":"),
    "\u2800": " ",
}  # fmt: skip
"""Slashes, apostrophes, quotation marks (as two apostrophes), dashes and colons, and the empty Braille pattern."""

LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys("\u00f0\u0256", "\u0111"),
        "\u0131": "i",
        **dict(
            zip(
                "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445",
                "abekmhopctyx",
                strict=True,
            )
        ),
        **dict(zip("\u0456\u0458\u0455\u04bb\u0501\u051b\u051d", "ijshdqw", strict=True)),
        **dict(zip("\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc", "abezhikm", strict=True)),
        **dict(zip("\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7", "noptyx", strict=True)),
    }
)
"""By lower case: first eth and the African d, whose capitals look like Đ; then dotless i, Cyrillic and Greek letters."""

SPACING_ACUTE = " \u0301"
"""Unicode's compatibility form of an acute accent that stands alone and is typed for an apostrophe."""

STROKED_D = re.compile("d[\u0335\u0336]")
"""A d under a stroke of its own."""

_MARKS_OF_LETTERS, _TONES = "\u0302\u0306\u031b", "\u0300\u0301\u0303\u0309\u0323"
VOWELS_WITH_MARKS = re.compile(f"[aeiouy][aeiouy{_MARKS_OF_LETTERS}{_TONES}]*")
"""The vowels of a syllable in decomposed form, with the marks of ă, â, ơ and the tones."""

INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Characters that Unicode ignores by default (Default_Ignorable_Code_Point) and that are no format characters (category Cf)."""


@lru_cache(maxsize=CACHED_TEXTS)
def canonicalize(text: str) -> str:
    """Return the canonical form of a text; empty where nothing of it is visible. The form is its own canonical form."""
    if text.isascii():
        return _join_words(text.translate(_ASCII_FORMS).split())
    folded = _fold(text)
    while (again := _fold(folded)) != folded:
        folded = again
    return folded


def _fold(text: str) -> str:
    replaced = "".join(map(_replace, text))
    decomposed = unicodedata.normalize("NFKD", replaced).replace(SPACING_ACUTE, "'")
    lower = unicodedata.normalize("NFKD", "".join(map(_replace, decomposed)).casefold())
    latin = STROKED_D.sub("\u0111", lower.translate(LOOK_ALIKES))
    composed = unicodedata.normalize("NFKC", VOWELS_WITH_MARKS.sub(_move_tones, latin))
    return _join_words(composed.split())


def _replace(character: str) -> str:
    """Return the usual character for one that looks like it, and nothing for an invisible one."""
    category = unicodedata.category(character)
    if category == "Pd":
        return "-"
    if category[0] == "Z" or category == "Cc":
        return " "
    if category == "Cf" or INVISIBLE.match(character):
        return ""
    return SUBSTITUTES.get(character, character)


_ASCII_FORMS = {code: _replace(chr(code)).casefold().translate(LOOK_ALIKES) for code in range(128)}
"""The canonical form of each character of ASCII, which needs no normalization."""


def _move_tones(match: re.Match[str]) -> str:
    """Return the vowels of a syllable with its tone marks after the last of them."""
    vowels = match.group()
    tones = "".join(character for character in vowels if character in _TONES)
    return "".join(character for character in vowels if character not in _TONES) + tones


def _join_words(words: list[str]) -> str:
    """Join words by one blank, and without one beside a punctuation mark or a symbol."""
    joined = "".join(words[:1])
    for word in words[1:]:
        joined += word if _is_mark(joined[-1]) or _is_mark(word[0]) else f" {word}"
    return joined


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
