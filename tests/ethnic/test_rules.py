"""The rules of land, and of what a classification may state."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.ethnic.classifications.rules import ClassificationDecision, find_decision_faults
from services.ethnic.dated_facts import load_regions
from services.ethnic.rules import HOUSEHOLDS, WITH_LAND, check_land_within_households

REGIONS = load_regions().regions
numbers = st.none() | st.integers(0, 50).map(Decimal)
days = st.dates(date(2016, 1, 1), date(2030, 12, 31))


@given(numbers, numbers, numbers)
def test_households_with_land_are_no_more_than_all_households(households, residential, production):
    stated = zip((HOUSEHOLDS, *WITH_LAND), (households, residential, production), strict=True)
    values = {code: value for code, value in stated if value is not None}
    pointers = {fault.pointer for fault in check_land_within_households(values)}
    assert pointers == {
        code
        for code, value in zip(WITH_LAND, (residential, production), strict=True)
        if households is not None and value is not None and value > households
    }


def make_decision(region, difficult, decided_on, effective_on):
    return ClassificationDecision("23509", region, difficult, "861/QĐ-TTg", decided_on, effective_on)


@given(st.sampled_from([None, "I", "II", "III", "IV"]), st.booleans(), days, days)
def test_a_classification_states_a_region_in_force_and_its_special_difficulty(
    region, difficult, decided_on, effective_on
):
    decision = make_decision(region, difficult, decided_on, effective_on)
    codes = {fault.pointer: fault.code for fault in find_decision_faults(decision, REGIONS)}
    assert (codes.get("/region") == "region_unknown") == (region == "IV")
    assert ("/specially_difficult" in codes) == (region == "III" and not difficult)
    assert codes.keys() <= {"/region", "/specially_difficult"}


def test_unread_fields_are_not_checked():
    unknown = make_decision("IV", False, date(2023, 1, 2), date(2023, 1, 1))
    assert list(find_decision_faults(unknown, REGIONS, {"region"})) == []
    difficult = make_decision("III", False, date(2023, 1, 1), date(2023, 1, 1))
    assert list(find_decision_faults(difficult, REGIONS, {"specially_difficult"})) == []
