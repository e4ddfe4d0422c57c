"""Names: folding, and looking up by name, kind and parent; never by the name alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.territory.matching import AmbiguousName, Gazetteer, UnknownName, fold, parse_kind
from shared.territory.tree import Territory
from shared.territory.units import Unit
from tests.territory.shipped import read_spellings, shipped_territory

THEN, NOW = date(2023, 12, 31), date(2025, 7, 1)
KON_TUM = shipped_territory()
NAMES = Gazetteer(KON_TUM, read_spellings())


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Đăk Hà", "Đắk Hà"),
        ("Đăk Hà", "dak ha"),
        ("Đăk Hà", "Đa\u0306k Ha\u0300"),
        ("Ia H'Drai", "Ia H’Drai"),
        ("Ia H'Drai", "Ia H' Drai"),
        ("Ia H'Drai", "Ia HDrai"),
        ("Mường Hoong", "MUONG HOONG"),
        ("Đăk Rơ Ông", "Dak Ro Ong"),
    ],
)
def test_one_spelling_of_many(one, two):
    assert fold(one) == fold(two)


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Xã", "xa"), ("TT.", "thi_tran"), ("thị  trấn", "thi_tran"), ("TP", "thanh_pho"), ("Đặc khu", "dac_khu"), ("?", None)],
)  # fmt: skip
def test_kinds_as_people_write_them(text, kind):
    assert parse_kind(text) == kind


@pytest.mark.parametrize(
    ("name", "kind", "parent", "code"),
    [
        ("Đăk Long", "xa", "610", "23368"),
        ("Đăk Long", "xa", "615", "23504"),
        ("Đăk Hà", "thi_tran", "615", "23500"),
        ("Đăk Hà", "xa", "617", "23425"),
        ("Đăk Hà", "huyen", "62", "615"),
        ("Bờ Y", "xa", "611", "23395"),
        ("Ngọc Wang", "xa", "615", "23515"),
        ("Rơ Kơi", "xa", "616", "23530"),
        ("Ia HDrai", "huyen", "62", "618"),
    ],
)
def test_the_same_name_traps(name, kind, parent, code):
    assert NAMES.find_unit(name, kind, parent, THEN).code == code


def test_the_day_decides_what_a_name_means():
    assert NAMES.find_unit("Tu Mơ Rông", "xa", "617", THEN).code == "23422"
    assert NAMES.find_unit("Tu Mơ Rông", "xa", "51", NOW).code == "23425"
    assert NAMES.find_unit("Pờ Y", "xa", "51", NOW).code == "23377"


@pytest.mark.parametrize("on", [date(2018, 12, 31), THEN, NOW])
def test_name_kind_and_parent_are_enough_for_every_unit(on):
    for unit in KON_TUM.units(on):
        if unit.parent:
            assert NAMES.find_unit(unit.name, unit.kind, unit.parent, on) == unit


def test_an_unknown_name_is_refused():
    with pytest.raises(UnknownName) as refused:
        NAMES.find_unit("Đăk Long", "xa", "611", THEN)
    assert refused.value.code == "unit_name_unknown"


def test_a_name_for_two_units_is_refused():
    day = date(2020, 1, 1)
    twins = Territory(
        [
            Unit("62", "province", "tinh", "Kon Tum", None, day),
            Unit("10001", "commune", "xa", "Đăk Hà", "62", day),
            Unit("10002", "commune", "xa", "Đắk Hạ", "62", day),
        ]
    )
    with pytest.raises(AmbiguousName) as refused:
        Gazetteer(twins).find_unit("Dak Ha", "xa", "62", day)
    assert [unit.code for unit in refused.value.units] == ["10001", "10002"]
