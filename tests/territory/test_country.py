"""The whole country as the migrations insert it: 63 provinces until 30 June 2025, 34 after."""

from collections import Counter
from datetime import date

import pytest

from shared.territory.units import NoCounterpartOnMap, SplitWithoutWeight, Succession
from tests.territory.shipped import country_territory, read_country_successions, read_country_units

THEN, NOW = date(2025, 6, 30), date(2025, 7, 1)
COUNTRY = country_territory()


@pytest.mark.parametrize(
    ("on", "provinces", "districts", "communes"), [(THEN, 63, 696, 10_035), (NOW, 34, 0, 3_321)]
)
def test_each_map_has_the_units_of_the_official_list(on, provinces, districts, communes):
    assert Counter(unit.level for unit in COUNTRY.units(on)) == Counter(
        province=provinces, district=districts, commune=communes
    )


@pytest.mark.parametrize(
    ("code", "on", "name", "communes"),
    [
        ("66", THEN, "Đắk Lắk", 180),
        ("66", NOW, "Đắk Lắk", 102),
        ("67", THEN, "Đắk Nông", 71),
        ("51", THEN, "Quảng Ngãi", 170),
        ("51", NOW, "Quảng Ngãi", 96),
        ("62", THEN, "Kon Tum", 102),
    ],
)
def test_a_province_has_its_communes(code, on, name, communes):
    assert COUNTRY.unit(code, on).name == name
    assert len(COUNTRY.communes(code, on)) == communes


def test_every_unit_of_the_old_map_has_a_successor_or_was_abolished_with_the_districts():
    for unit in COUNTRY.units(THEN):
        links = COUNTRY._forward[unit.key]
        assert links
        assert (unit.level == "district") == any(link.kind == "abolished" for link in links) or (
            unit.level == "district" and not COUNTRY.children(unit.code, THEN)  # an island district
        )


def test_every_unit_of_the_new_map_was_made_from_units_of_the_old_one():
    for unit in COUNTRY.units(NOW):
        assert COUNTRY.predecessors(unit.code, NOW)


@pytest.mark.parametrize(("code", "successor"), [("67", "68"), ("66", "66"), ("54", "66"), ("62", "51")])
def test_a_province_goes_on_in_the_one_that_got_its_whole_land(code, successor):
    assert COUNTRY.unit_or_successor(code, NOW).code == successor
    (share,) = COUNTRY.map_onto(code, THEN, NOW)
    assert share.unit.key == (successor, NOW)
    assert not share.unchanged


def test_a_province_that_was_not_merged_keeps_its_land():
    (share,) = COUNTRY.map_onto("01", THEN, NOW)
    assert (share.unit.name, share.unchanged) == ("Hà Nội", True)


def test_divided_communes_have_one_main_part_and_no_weights():
    divided: dict[str, list[Succession]] = {}
    for link in read_country_successions():
        if link.kind == "split":
            divided.setdefault(link.predecessor, []).append(link)
    assert len(divided) == 471
    for links in divided.values():
        assert len(links) > 1
        assert [link.main_part for link in links].count(True) == 1
        assert all(link.weight is None for link in links)


def test_a_divided_commune_is_refused_by_name_unless_all_its_parts_lie_in_the_unit_that_is_read():
    with pytest.raises(SplitWithoutWeight) as refused:
        COUNTRY.map_onto("00007", THEN, NOW)
    assert refused.value.facts["unit"] == "00007"
    assert refused.value.facts["successors"] == "00008, 00025"
    (share,) = COUNTRY.map_onto("00007", THEN, NOW, within="01")
    assert (share.unit.key, share.unchanged) == (("01", NOW), False)
    with pytest.raises(SplitWithoutWeight):
        COUNTRY.map_onto("00007", THEN, NOW, within="00008")
    with pytest.raises(SplitWithoutWeight):
        COUNTRY.map_onto("00007", THEN, NOW, within="51")


def test_a_division_cannot_be_traced_back():
    with pytest.raises(NoCounterpartOnMap):
        COUNTRY.map_onto("00025", NOW, THEN)


def test_units_say_where_they_come_from_and_no_place_is_borrowed():
    units = read_country_units()
    assert all("vietnamadminunits 1.0.4" in unit.source and unit.confidence for unit in units)
    centres = Counter((unit.valid_from, unit.lat, unit.lon) for unit in units if unit.lat is not None)
    assert set(centres.values()) == {1}


def test_a_commune_lies_near_its_siblings():
    for province in COUNTRY.units(NOW):
        if province.level != "province":
            continue
        placed = [unit for unit in COUNTRY.communes(province.code, NOW) if unit.lat is not None]
        for unit in placed:
            if unit.kind == "dac_khu":  # islands
                continue
            nearest = min(
                abs(unit.lat - other.lat) + abs(unit.lon - other.lon) for other in placed if other is not unit
            )
            assert nearest < 0.6, (unit.code, unit.name, nearest)
