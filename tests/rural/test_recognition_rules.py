"""When a unit may be recognized."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.criteria.sets import read_sets
from services.rural.recognitions.rules import (
    CriteriaNotMet,
    HigherLevelStands,
    Known,
    LowerLevelNeeded,
    RecognitionExists,
    Stated,
    broken_rules,
    faults_of,
    refuse_broken,
    refuse_duplicate,
    refuse_to_undercut,
    revocation_faults,
)

SETS = read_sets()
XA, PHUONG, THON = ("commune", "xa"), ("commune", "phuong"), ("village", "thon")
days = st.dates(date(2010, 1, 1), date(2030, 12, 31))


def stated(criteria_set="commune_2021_2025", **other):
    under = SETS.get(criteria_set, SETS["commune_2021_2025"])
    plain = {
        "unit": "23509",
        "level": under.level,
        "field": under.fields[0] if under.fields else None,
        "criteria_set": criteria_set,
        "decision_number": "1/QĐ-UBND",
        "decided_on": date(under.first_year + 1, 4, 12),
        "year": under.first_year,
    }
    return Stated(**{**plain, **other})


def codes(it, unit=XA, unread=()):
    return {fault.pointer: fault.code for fault in faults_of(it, SETS, unit, unread)}


@st.composite
def known(draw):
    decided_on = draw(days)
    revoked_on = draw(st.none() | st.dates(decided_on, date(2031, 12, 31)))
    under = draw(st.sampled_from([it for it in SETS.values() if it.unit_level == "commune"]))
    return Known(str(draw(st.uuids())), under.level, under.code, decided_on, revoked_on)


@pytest.mark.parametrize("code", SETS)
def test_each_set_has_a_legal_basis_and_someone_who_recognizes(code):
    under = SETS[code]
    assert under.legal_basis
    assert under.authority(date(under.last_year, 12, 31))
    units = {"commune": XA, "village": THON, "district": ("district", "huyen")}
    assert codes(stated(code), units[under.unit_level]) == {}


@given(st.sampled_from(list(SETS.values())), st.integers(2000, 2040), days)
def test_a_year_outside_the_set_or_after_the_decision_is_a_fault(under, year, decided_on):
    unit = XA if under.unit_level == "commune" else THON
    found = codes(stated(under.code, year=year, decided_on=decided_on), unit)
    assert ("/year" in found) == (not under.first_year <= year <= under.last_year)
    assert (found.get("/decision/date") == "decided_before_year") == (decided_on < date(year, 1, 1))


@given(st.sampled_from(list(SETS.values())), st.sampled_from(["meets", "advanced", "model"]))
def test_a_set_recognizes_its_own_level_only(under, level):
    unit = XA if under.unit_level == "commune" else THON
    assert ("/level" in codes(stated(under.code, level=level), unit)) == (level != under.level)


def test_wards_are_not_rural_and_a_village_set_is_for_villages():
    assert codes(stated(), PHUONG) == {"/unit": "unit_not_of_set"}
    assert codes(stated(), THON) == {"/unit": "unit_not_of_set"}
    assert codes(stated("village_em_2022_2025"), XA) == {"/unit": "unit_not_of_set"}


def test_a_model_commune_names_its_field_and_nobody_else_does():
    model = "commune_model_2021_2025"
    assert codes(stated(model, field=None)) == {"/field": "field_required"}
    assert codes(stated(model, field="dancing")) == {"/field": "field_unknown"}
    assert codes(stated(field="culture")) == {"/field": "field_not_of_set"}


def test_all_faults_are_named_together():
    wrong = stated("commune_2021_2025", level="model", field="culture", year=2030)
    assert codes(wrong, PHUONG) == {
        "/decision/date": "decided_before_year",
        "/level": "level_not_of_set",
        "/unit": "unit_not_of_set",
        "/year": "criteria_set_not_for_year",
        "/field": "field_not_of_set",
    }
    assert codes(stated("commune_1945")) == {"/criteria_set": "criteria_set_unknown"}


def test_what_could_not_be_read_is_not_judged():
    wrong = stated("commune_2021_2025", level="model", field="culture", year=2030)
    assert codes(wrong, None, {"level", "year", "decision"}) == {"/field": "field_not_of_set"}
    assert codes(wrong, None, {"criteria_set", "year"}) == {}


@given(known(), days)
def test_it_is_in_force_from_its_decision_to_the_day_before_its_revocation(it, on):
    assert it.in_force(on) == (it.decided_on <= on and not (it.revoked_on and it.revoked_on <= on))


@given(
    st.lists(known(), max_size=5),
    st.sampled_from(["commune_advanced_2021_2025", "commune_model_2021_2025"]),
    days,
)
def test_the_level_below_must_be_in_force_on_the_day_of_the_decision(others, code, on):
    under = SETS[code]
    broken = broken_rules(stated(code, decided_on=on), under, others, [])
    assert (broken == []) == any(it.level == under.needs and it.in_force(on) for it in others)
    assert all(type(it) is LowerLevelNeeded and it.facts["clause"] == under.needs_clause for it in broken)


@given(st.lists(st.integers(1, 19), unique=True))
def test_an_assessment_that_falls_short_breaks_the_rule_of_its_set_only(unmet):
    under = SETS["commune_2021_2025"]
    broken = broken_rules(stated(), under, [], unmet)
    assert [type(it) for it in broken] == ([CriteriaNotMet] if unmet else [])
    before = SETS["commune_2016_2020"]
    assert broken_rules(stated(before.code), before, [], unmet) == []


@given(st.lists(known(), max_size=5), days)
def test_never_two_at_once_under_the_same_set(others, on):
    it = stated(decided_on=on)
    overlapping = any(
        other.criteria_set == it.criteria_set and (other.revoked_on is None or on < other.revoked_on)
        for other in others
    )
    if overlapping:
        with pytest.raises(RecognitionExists):
            refuse_duplicate(it, others)
    else:
        refuse_duplicate(it, others)


def test_a_refusal_names_every_broken_rule_with_its_clause():
    both = [
        LowerLevelNeeded(needs="meets", on="2023-01-01", clause="A"),
        CriteriaNotMet(year=2022, clause="B"),
    ]
    with pytest.raises(LowerLevelNeeded) as refused:
        refuse_broken(both)
    said = refused.value.document("vi", "/v1/rural/recognitions")
    assert said["rules"] == [
        {"code": "recognition_needs_lower_level", "clause": "A"},
        {"code": "recognition_needs_all_criteria", "clause": "B"},
    ]
    assert "meets" in said["detail"]
    refuse_broken([])


@given(days, days)
def test_a_revocation_does_not_come_before_what_it_revokes(decided_on, revoked_on):
    assert bool(list(revocation_faults(decided_on, revoked_on))) == (revoked_on < decided_on)


@given(days, st.none() | days, st.booleans(), days)
def test_what_a_higher_level_stands_on_is_not_revoked_alone(decided_on, ended_on, second, revoked_on):
    meets = Known("a", "meets", "commune_2016_2020", decided_on, None)
    advanced = Known("b", "advanced", "commune_advanced_2021_2025", decided_on, ended_on)
    others = [meets, advanced]
    if second:
        others.append(Known("c", "meets", "commune_2021_2025", revoked_on - timedelta(days=1), None))
    stands = ended_on is None or ended_on > revoked_on
    if stands and not second:
        with pytest.raises(HigherLevelStands):
            refuse_to_undercut(meets, revoked_on, others, SETS)
    else:
        refuse_to_undercut(meets, revoked_on, others, SETS)
