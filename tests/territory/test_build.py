"""The script that made the shipped tables, on a small country: a province, a district and three communes merged."""

import csv
import sys
from datetime import date

import pytest

from shared.territory.data import build
from shared.territory.tables import read_spellings, read_successions, read_units
from shared.territory.tree import Territory

PLACE = "lat,lon,bbox_min_lat,bbox_min_lon,bbox_max_lat,bbox_max_lon"
UNITS = f"""code,level,type_vi,name_vi,name_en,parent_code,{PLACE},border_commune
62,province,Tỉnh,Kon Tum,Kon Tum,,14.5,107.8,13.9,107.3,15.4,108.5,
613,district,Huyện,Kon Plông,Kon Plong,62,14.8,108.3,14.5,108.1,15.1,108.5,
23461,commune,Xã,Đăk Tăng,Dak Tang,613,14.7,108.2,14.6,108.1,14.8,108.3,1
23470,commune,Xã,Măng Cành,Mang Canh,613,14.6,108.3,14.5,108.2,14.7,108.4,0
23473,commune,Thị trấn,Măng Đen,Mang Den,613,14.55,108.25,14.5,108.2,14.6,108.3,0
23535,commune,Xã,Ia Đal,Ia Dal,613,14.5,107.8,13.9,107.3,15.4,108.5,0
"""
MAPPING_FIELDS = "old_code,new_code,new_type_vi,new_name_vi,new_name_en,new_province_code,new_area_km2,effective_date,mapping_kind"
MAPPING = f"""{MAPPING_FIELDS}
23461,23473,Xã,Măng Đen,Mang Den,51,396.93,2025-07-01,merged
23470,23473,Xã,Măng Đen,Mang Den,51,396.93,2025-07-01,merged
23473,23473,Xã,Măng Đen,Mang Den,51,396.93,2025-07-01,merged
23535,23535,Xã,Ia Đal,Ia Dal,51,100,2025-07-01,unchanged
"""
ALIASES = """code,level,name_vi,alias,alias_kind
23473,commune,Măng Đen,Mang Den,no diacritics
23473,commune,Măng Đen,Mang Den,seen in news
23470,commune,Măng Cành,Mang Canh,no diacritics
"""


@pytest.fixture
def built(tmp_path, monkeypatch):
    facts, tables = tmp_path / "facts", tmp_path / "tables"
    facts.mkdir()
    tables.mkdir()
    for name, content in (
        ("admin_units", UNITS),
        ("admin_units_2025_mapping", MAPPING),
        ("admin_unit_aliases", ALIASES),
    ):
        (facts / f"{name}.csv").write_text(content, encoding="utf-8")
    monkeypatch.setattr(build, "HERE", tables)
    monkeypatch.setattr(sys, "argv", ["build", "--facts", str(facts)])
    build.main()
    return tables


def test_the_tables_make_a_territory(built):
    tree = Territory(read_units(built / "units.csv"), read_successions(built / "successions.csv"))
    then, now = date(2023, 12, 31), date(2025, 7, 1)
    assert {unit.code for unit in tree.communes("62", then)} == {"23461", "23470", "23473", "23535"}
    merged = tree.unit("23473", now)
    assert (merged.kind, merged.parent, merged.area_km2, merged.border) == ("xa", "51", 396.93, True)
    assert merged.bbox == (14.5, 108.1, 14.8, 108.4)
    assert [unit.code for unit in tree.predecessors("23473", now)] == ["23461", "23470", "23473"]
    assert tree.unit("23473", date(2018, 1, 1)).name == "Đăk Long"


def test_a_place_that_was_only_borrowed_from_above_is_left_out(built):
    borrowed = [unit for unit in read_units(built / "units.csv") if unit.code == "23535"]
    assert all(unit.lat is None and unit.bbox is None for unit in borrowed)


def test_spellings_are_kept_once_and_inherited_with_the_name(built):
    spellings = {
        (each.code, each.valid_from.year, each.text): each.source
        for each in read_spellings(built / "aliases.csv")
    }
    assert spellings == {
        ("23470", 2004, "Mang Canh"): "no diacritics",
        ("23473", 2019, "Mang Den"): "no diacritics; seen in news",
        ("23473", 2025, "Mang Den"): "as its predecessor of that name",
    }


@pytest.mark.parametrize(
    ("name", "fields", "key"),
    [
        ("units", build.UNIT_FIELDS, ("code", "valid_from")),
        ("successions", build.SUCCESSION_FIELDS, build.SUCCESSION_FIELDS[:3]),
        ("aliases", build.ALIAS_FIELDS, build.ALIAS_FIELDS[:3]),
    ],
)
def test_the_shipped_tables_have_the_scripts_fields_and_order(name, fields, key):
    with (build.HERE / f"{name}.csv").open(encoding="utf-8", newline="") as table:
        reader = csv.DictReader(table)
        keys = [tuple(row[each] for each in key) for row in reader]
    assert tuple(reader.fieldnames or ()) == fields
    assert keys == sorted(set(keys))
