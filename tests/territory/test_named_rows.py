"""Rows tell which unit their code meant on the day of each."""

from datetime import date

from pydantic import BaseModel

from shared.territory.named_rows import NamedUnitRow, find_unit_names, name_units
from tests.territory.shipped import shipped_territory

BEFORE, AFTER = date(2023, 12, 31), date(2025, 12, 31)


class Row(NamedUnitRow):
    unit: str
    on: date


def test_a_code_that_was_given_again_is_told_apart_by_name_and_first_day():
    rows = name_units(
        shipped_territory(),
        [Row(unit="23293", on=BEFORE), Row(unit="23293", on=AFTER), Row(unit="610", on=AFTER)],
        lambda row: row.on,
    )
    before, after, gone = rows
    assert before.unit_name != after.unit_name
    assert (after.unit_kind, after.unit_since) == ("phuong", date(2025, 7, 1))
    assert (gone.unit_name, gone.unit_since) == (None, None)


def test_a_city_is_told_from_the_province_of_its_name_by_its_kind():
    names = [find_unit_names(shipped_territory(), code, BEFORE) for code in ("62", "608")]
    assert [name["unit_kind"] for name in names] == ["tinh", "thanh_pho"]
    assert names[0]["unit_name"] != names[1]["unit_name"]
    assert find_unit_names(shipped_territory(), "nowhere", BEFORE) == {}
    assert issubclass(NamedUnitRow, BaseModel)
