"""The shipped territory: Kon Tum before and after 1 July 2025, and its traps."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.territory.units import NoCounterpartOnMap, UnknownUnit, UnknownUnitOnDate
from tests.territory.shipped import read_successions, read_units, shipped_territory

THEN, LAST, NOW = date(2023, 12, 31), date(2025, 6, 30), date(2025, 7, 1)
KON_TUM = shipped_territory()


def codes(units):
    return [unit.code for unit in units]


def test_the_province_of_2023_has_ten_districts_and_102_communes():
    assert len(list(KON_TUM.units(THEN))) == 113
    assert codes(KON_TUM.children("62", THEN)) == ["608", *(str(code) for code in range(610, 619))]
    kinds = Counter(unit.kind for unit in KON_TUM.communes("62", THEN))
    assert kinds == {"xa": 85, "phuong": 10, "thi_tran": 7}
    assert len(KON_TUM.communes("62", THEN, kinds={"xa"})) == 85


@given(st.dates(date(2015, 3, 11), LAST))
def test_from_march_2015_no_day_lacks_a_unit(on):
    assert len(list(KON_TUM.units(on))) == 113
    assert len(KON_TUM.communes("62", on)) == 102


@pytest.mark.parametrize(
    ("district", "xa", "phuong", "thi_tran"),
    [
        *[("608", 11, 10, 0), ("610", 11, 0, 1), ("611", 7, 0, 1), ("612", 8, 0, 1), ("613", 8, 0, 1)],
        *[("614", 6, 0, 1), ("615", 10, 0, 1), ("616", 10, 0, 1), ("617", 11, 0, 0), ("618", 3, 0, 0)],
    ],
)
def test_each_district_has_its_communes(district, xa, phuong, thi_tran):
    count = Counter(unit.kind for unit in KON_TUM.communes(district, THEN))
    assert (count["xa"], count["phuong"], count["thi_tran"]) == (xa, phuong, thi_tran)


def test_since_july_2025_communes_answer_to_the_province():
    after = KON_TUM.communes("51", NOW)
    assert Counter(unit.kind for unit in after) == {"xa": 37, "phuong": 3}
    assert {unit.name for unit in after if unit.kind == "phuong"} == {"Kon Tum", "Đăk Cấm", "Đăk Bla"}
    assert {KON_TUM.answering_unit(unit.code, NOW).code for unit in after} == {"51"}
    assert len(list(KON_TUM.units(NOW))) == 41


def test_no_land_is_missing_after_the_merger():
    areas_km2 = [unit.area_km2 for unit in KON_TUM.communes("51", NOW)]
    assert None not in areas_km2
    assert round(sum(filter(None, areas_km2)), 2) == 9677.28


def test_every_commune_of_2023_lies_in_exactly_one_of_2025():
    reached: Counter[str] = Counter()
    for commune in KON_TUM.communes("62", THEN):
        (share,) = KON_TUM.map_onto(commune.code, THEN, NOW)
        assert share.weight == Decimal(1)
        assert share.unit.level == "commune"
        reached[share.unit.code] += 1
    assert len(reached) == 40
    assert reached.total() == 102
    assert set(reached) == set(codes(KON_TUM.communes("51", NOW)))


def test_four_communes_kept_their_land():
    kept = [c.code for c in KON_TUM.communes("62", THEN) if KON_TUM.map_onto(c.code, THEN, NOW)[0].unchanged]
    assert sorted(kept) == ["23368", "23530", "23535", "23536"]
    for code in kept:
        (back,) = KON_TUM.map_onto(code, NOW, THEN)
        assert back.unit == KON_TUM.unit(code, THEN)
        assert back.unchanged


def test_a_merger_cannot_be_undone():
    with pytest.raises(NoCounterpartOnMap) as refused:
        KON_TUM.map_onto("23293", NOW, THEN)
    assert refused.value.code == "unit_not_on_map"


def test_province_and_districts_lie_in_the_new_province():
    for code in ("62", "610", "618"):
        (share,) = KON_TUM.map_onto(code, THEN, NOW)
        assert share.unit.code == "51"
        assert not share.unchanged
    assert codes(KON_TUM.successors("62", THEN)) == ["51"]
    assert KON_TUM.successors("610", THEN) == ()


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("23293", ("phuong", "Thắng Lợi"), ("phuong", "Kon Tum")),
        ("23425", ("xa", "Đăk Hà"), ("xa", "Tu Mơ Rông")),
        ("23377", ("thi_tran", "Plei Kần"), ("xa", "Bờ Y")),
        ("23504", ("xa", "Đăk Long"), ("xa", "Đăk Pxi")),
    ],
)
def test_codes_that_changed_meaning_are_told_apart_by_the_day(code, before, after):
    then, last, now = (KON_TUM.unit(code, on) for on in (THEN, LAST, NOW))
    assert (then.kind, then.name) == before
    assert last == then
    assert (now.kind, now.name) == after


def test_forty_codes_were_given_again_and_twenty_two_to_another_name():
    again = [code for code in codes(KON_TUM.communes("51", NOW)) if KON_TUM.find(code, THEN)]
    assert len(again) == 40
    assert sum(KON_TUM.unit(code, THEN).name != KON_TUM.unit(code, NOW).name for code in again) == 22


def test_the_district_is_never_read_from_the_code():
    assert KON_TUM.answering_unit("23404", THEN).name == "Tu Mơ Rông"
    assert KON_TUM.answering_unit("23427", THEN).name == "Đăk Tô"
    assert KON_TUM.answering_unit("23446", THEN).name == "Tu Mơ Rông"
    assert KON_TUM.answering_unit("23538", THEN).name == "Ia H'Drai"


def test_a_district_of_2023_is_unknown_in_2026_and_the_refusal_says_why():
    with pytest.raises(UnknownUnitOnDate) as refused:
        KON_TUM.unit("610", date(2026, 1, 1))
    assert refused.value.code == "unit_unknown_on_date"
    assert refused.value.facts["valid"] == "2004-07-08/2025-06-30"
    with pytest.raises(UnknownUnitOnDate) as refused:
        KON_TUM.unit("23281", NOW)
    assert codes(refused.value.successors) == ["23293"]
    with pytest.raises(UnknownUnit) as unknown:
        KON_TUM.unit("609", THEN)
    assert unknown.value.code == "unit_unknown"


def test_mang_den_was_a_commune_before_it_was_a_township():
    before = date(2018, 12, 31)
    assert len(KON_TUM.communes("62", before)) == 102
    assert len(KON_TUM.communes("62", before, kinds={"xa"})) == 86
    (share,) = KON_TUM.map_onto("23473", before, THEN)
    assert (share.unit.kind, share.unit.name, share.unchanged) == ("thi_tran", "Măng Đen", True)
    (share,) = KON_TUM.map_onto("23473", before, NOW)
    assert (share.unit.kind, share.unit.name, share.unchanged) == ("xa", "Măng Đen", False)


def test_thirteen_communes_lie_on_the_border():
    border = [unit for unit in KON_TUM.communes("62", THEN) if unit.border]
    assert len(border) == 13
    assert {unit.parent for unit in border} == {"610", "611", "616", "618"}
    assert all(KON_TUM.map_onto(unit.code, THEN, NOW)[0].unit.border for unit in border)


def test_every_row_says_where_it_comes_from_and_every_place_is_its_own():
    units = read_units()
    assert all(unit.source and unit.confidence for unit in units)
    centres = [(unit.lat, unit.lon) for unit in units if unit.lat and unit.is_valid_on(THEN)]
    assert len(centres) == len(set(centres))
    for unit in units:
        if unit.bbox and unit.lat and unit.lon:
            assert unit.bbox.min_lat <= unit.lat <= unit.bbox.max_lat
            assert unit.bbox.min_lon <= unit.lon <= unit.bbox.max_lon


def test_no_succession_carries_a_weight_nobody_declared():
    rows = read_successions()
    assert Counter(row.kind for row in rows) == {"merged": 99, "unchanged": 5, "abolished": 10}
    assert all(row.weight is None for row in rows)
