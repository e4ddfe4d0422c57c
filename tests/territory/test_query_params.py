"""Which unit a reader means: the one named, or the province of the day, which changed on 1 July 2025."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.territory.query_params import RequestedUnit
from shared.territory.tree import Territory
from shared.territory.units import Succession, Unit, UnknownUnit, UnknownUnitOnDate
from tests.territory.shipped import shipped_territory

KON_TUM = shipped_territory()
FIRST, REFORM = date(2004, 7, 8), date(2025, 7, 1)


def make_requested_unit(named=None, province="62", territory=KON_TUM):
    return RequestedUnit(named, province, territory)


@given(st.dates(FIRST, date(2100, 12, 31)))
def test_without_a_name_it_is_the_province_of_the_day(day):
    assert make_requested_unit().on(day).code == ("62" if day < REFORM else "51")
    assert make_requested_unit().on(day).is_valid_on(day)


def test_a_name_means_itself_and_is_refused_on_a_day_without_it():
    assert make_requested_unit("610").on(date(2023, 12, 31)).name == "Đăk Glei"
    with pytest.raises(UnknownUnitOnDate):
        make_requested_unit("62").on(REFORM)
    with pytest.raises(UnknownUnitOnDate):
        make_requested_unit("610").on(REFORM)
    with pytest.raises(UnknownUnit):
        make_requested_unit("99").on(REFORM)


def test_the_successor_as_the_setting_does_not_speak_for_what_was_before_it():
    assert make_requested_unit(province="51").on(REFORM).name == "Quảng Ngãi"
    with pytest.raises(UnknownUnitOnDate):
        make_requested_unit(province="51").on(REFORM - timedelta(days=1))


def test_before_the_first_day_there_is_no_province():
    with pytest.raises(UnknownUnitOnDate):
        make_requested_unit().on(FIRST - timedelta(days=1))


def test_a_province_that_was_divided_has_no_single_successor():
    def province(code, since, until=None):
        return Unit(code, "province", "tinh", code, None, since, until)

    def half(code):
        return Succession("62", FIRST, code, REFORM, REFORM, "split", Decimal("0.5"))

    units = [
        province("62", FIRST, REFORM - timedelta(days=1)),
        province("71", REFORM),
        province("72", REFORM),
    ]
    divided = Territory(units, [half("71"), half("72")])
    with pytest.raises(UnknownUnitOnDate) as refused:
        make_requested_unit(territory=divided).on(REFORM)
    assert refused.value.facts["successors"] == "71, 72"
