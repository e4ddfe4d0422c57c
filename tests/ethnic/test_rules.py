"""Land, and what a classification may say."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.ethnic.classifications.rules import Stated, faults_of
from services.ethnic.dated_facts import load_regions
from services.ethnic.rules import HOUSEHOLDS, WITH_LAND, no_more_than_all

REGIONS = load_regions().regions
numbers = st.none() | st.integers(0, 50).map(Decimal)
days = st.dates(date(2016, 1, 1), date(2030, 12, 31))


@given(numbers, numbers, numbers)
def test_households_with_land_are_no_more_than_all(every, residential, production):
    stated = zip((HOUSEHOLDS, *WITH_LAND), (every, residential, production), strict=True)
    values = {code: value for code, value in stated if value is not None}
    found = {fault.pointer for fault in no_more_than_all(values)}
    assert found == {
        code
        for code, value in zip(WITH_LAND, (residential, production), strict=True)
        if every is not None and value is not None and value > every
    }


def stated(region, difficult, decided_on, effective_on):
    return Stated("23509", region, difficult, "861/QĐ-TTg", decided_on, effective_on)


@given(st.sampled_from([None, "I", "II", "III", "IV"]), st.booleans(), days, days)
def test_what_a_classification_may_say(region, difficult, decided_on, effective_on):
    found = {
        fault.pointer: fault.code
        for fault in faults_of(stated(region, difficult, decided_on, effective_on), REGIONS)
    }
    assert (found.get("/region") == "region_unknown") == (region == "IV")
    assert ("/specially_difficult" in found) == (region == "III" and not difficult)
    assert found.keys() <= {"/region", "/specially_difficult"}


def test_what_could_not_be_read_is_not_judged():
    wrong = stated("IV", False, date(2023, 1, 2), date(2023, 1, 1))
    assert list(faults_of(wrong, REGIONS, {"region"})) == []
    difficult = stated("III", False, date(2023, 1, 1), date(2023, 1, 1))
    assert list(faults_of(difficult, REGIONS, {"specially_difficult"})) == []
