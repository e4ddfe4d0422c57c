"""Texts that look the same have one canonical form; different numbers keep different ones."""

import unicodedata
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.canonical_text import canonicalize

SPELLINGS = {
    "15/HĐ-XD": [
        "15/HĐ-XD",
        "15/hđ-xd",
        " 15/HĐ-XD ",
        "15 / HĐ - XD",
        "15/HÐ-XD",  # U+00D0, the Icelandic letter
        "15/HƉ-XD",  # U+0189, the African letter
        "15/HD\u0335-XD",
        *(f"15/HĐ{dash}XD" for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63"),
        *(f"15{slash}HĐ-XD" for slash in "\u2044\u2215\uff0f"),
        *(f"15/H{hidden}Đ-XD" for hidden in "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u034f\ufe0f"),
        "１５／ＨĐ－ＸＤ",
        "15/\u041dĐ-\u0425D",  # Cyrillic capitals
        "15/\u0397Đ-\u03a7D",  # Greek capitals
    ],
    "KBNN Kon Tum": [
        "KBNN Kon Tum",
        "kbnn kon tum",
        "KBNN  Kon Tum",
        "KBNN\tKon\nTum",
        *(f"KBNN{blank}Kon Tum" for blank in "\u00a0\u1680\u2000\u2003\u2007\u2009\u202f\u205f\u3000\u2028"),
        "KBNN \u200bKon Tum",
    ],
    "Thôn Y'Rông": ["Thôn Y'Rông", "Thôn Y’Rông", "Thôn Y`Rông", "Thôn Y´Rông", "Thôn Yʼ Rông"],
    "Thôn Hòa Bình": ["Thôn Hòa Bình", "Thôn Hoà Bình", "THÔN HÒA BÌNH"],
    'Lô "A" số 5': ['Lô "A" số 5', "Lô “A” số 5", "Lô ″A″ số 5"],
    "68/NQ-HĐND": ["68/NQ-HĐND", "68/NQ–HĐND"],
}  # fmt: skip
"""Numbers and names that are all different, each with spellings that are the same."""

DIFFERENT = (
    "12 3", "1 23", "123", "12/3", "1/23", "12-3", "10", "1O", "I0", "010", "10/QĐ", "10/QD", "10/Q Đ", "10.QĐ", "10/QĐa",
    "Kon Ray", "Kon Rẫy", "Đăk Tô", "Đắk Tô", "Thôn 1", "Thôn 2", "Thôn1", "muc", "mực", "mục", "",
)  # fmt: skip

LETTERS = "abcdđêôơưăâáàảãạxyABCDĐÊÔƠƯĂÂÁÀẢÃẠÐƉ0123456789"
MARKS = "/-–—.,:'’\"“() \u00a0\u2003\u200b\u00ad\ufeff\u0301\u0323\u031b\u0302αΒΧавЕХｱＡ９²ﬁ"
texts = st.text(st.sampled_from(LETTERS + MARKS), max_size=24)


@pytest.mark.parametrize(
    ("number", "spelling"), [(number, spelling) for number, row in SPELLINGS.items() for spelling in row]
)
def test_every_spelling_has_the_form_of_its_number(number, spelling):
    assert canonicalize(spelling) == canonicalize(number)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert canonicalize(unicodedata.normalize(form, spelling)) == canonicalize(number), form


@pytest.mark.parametrize("pair", list(combinations((*DIFFERENT, *SPELLINGS), 2)), ids=" | ".join)
def test_different_numbers_stay_different(pair):
    first, second = pair
    assert canonicalize(first) != canonicalize(second)


@given(texts)
def test_the_form_is_its_own_form(text):
    assert canonicalize(canonicalize(text)) == canonicalize(text)


@given(texts)
def test_the_unicode_form_and_case_do_not_matter(text):
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert canonicalize(unicodedata.normalize(form, text)) == canonicalize(text), form
    assert canonicalize(text.upper()) == canonicalize(text.lower()) == canonicalize(text)


@given(texts, st.sampled_from("\u200b\u200c\u2060\ufeff\u00ad\u200e"), st.integers(0, 24))
def test_an_invisible_character_does_not_matter(text, invisible, position):
    assert canonicalize(text[:position] + invisible + text[position:]) == canonicalize(text)


@given(texts, st.sampled_from("\u00a0\u2003\u3000\t\n  "), st.sampled_from("\u2010\u2013\u2014\u2212\ufe58"))
def test_the_kind_of_blank_and_of_dash_does_not_matter(text, blank, dash):
    assert canonicalize(text.replace(" ", f"{blank} ").replace("-", dash)) == canonicalize(text)


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.sampled_from(("{}/QĐ-UBND", "GRT {}", "{}", "KB-{}/2024")),
)
def test_numbers_differ_where_their_digits_differ(first, second, form):
    same = canonicalize(form.format(first)) == canonicalize(form.format(second))
    assert same == (first == second)


@given(st.from_regex(r"[a-z0-9][a-z0-9._-]{1,62}", fullmatch=True))
def test_the_id_of_a_client_is_its_own_form(client_id):
    assert canonicalize(client_id) == client_id


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u00a0\ufeff", "\u2800", "\u3164"])
def test_what_nobody_can_see_has_an_empty_form(text):
    assert canonicalize(text) == ""
