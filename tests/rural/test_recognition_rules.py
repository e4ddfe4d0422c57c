"""When a unit may be recognized."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.dated_facts import load_criteria_sets
from services.rural.exceptions.rules import ExceptionNotAllowed, excused
from services.rural.recognitions.rules import (
    Assessed,
    AssessmentNeeded,
    Basis,
    CriteriaNotMet,
    Known,
    LowerLevelNeeded,
    RecognitionExists,
    Stated,
    assessment_faults,
    broken_rules,
    faults_of,
    grounds_faults,
    ordered,
    refuse_duplicate,
)

SETS = load_criteria_sets()
XA, PHUONG, THON = ("commune", "xa"), ("commune", "phuong"), ("village", "thon")
NOTHING_KNOWN = Basis(None, expected=False)
days = st.dates(date(2010, 1, 1), date(2030, 12, 31))
bases = st.builds(
    Basis,
    st.none()
    | st.builds(Assessed, st.lists(st.integers(1, 19), unique=True, max_size=3).map(tuple), st.none()),
    st.booleans(),
)


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
    if under.unit_level != "village":
        assert under.find_authority(date(under.last_year, 12, 31))
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


UNITS = st.sampled_from(
    [
        *(("commune", kind) for kind in ("xa", "phuong", "thi_tran")),
        *(("village", kind) for kind in ("thon", "lang", "to_dan_pho", "khu_dan_cu")),
        ("district", "huyen"),
    ]
)


@given(st.sampled_from(list(SETS.values())), UNITS)
def test_a_set_is_for_its_own_units_only(under, unit):
    level, kind = unit
    fits = level == under.unit_level and (level != "commune" or kind == "xa")
    assert codes(stated(under.code), unit) == ({} if fits else {"/unit": "unit_not_of_set"})


@given(
    st.sampled_from(list(SETS.values())), st.none() | st.sampled_from(["culture", "digital", "dancing", ""])
)
def test_a_field_is_named_where_the_set_has_fields_and_is_one_of_them(under, field):
    unit = XA if under.unit_level == "commune" else (under.unit_level, "thon")
    found = codes(stated(under.code, field=field), unit)
    if under.level == "model" and under.unit_level == "commune":
        assert found == (
            {"/field": "field_required"}
            if field is None
            else {}
            if field in under.fields
            else {"/field": "field_unknown"}
        )
    else:
        assert found == ({} if field is None else {"/field": "field_not_of_set"})


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


@given(st.sampled_from(list(SETS.values())), days)
def test_who_recognizes_is_told_by_the_level_and_the_day(under, on):
    standing = [
        it for it in under.authorities if it.valid_from <= on and not (it.valid_to and it.valid_to < on)
    ]
    found = under.find_authority(on)
    assert standing == ([found] if found else [])
    wanted = {"commune": "UBND tỉnh", "village": "UBND huyện", "district": "Thủ tướng"}
    assert found is None or wanted[under.unit_level] in found.name
    assert found is None or (found.legal_basis and found.confidence)
    assert under.unit_level == "commune" or found is None or on < date(2025, 7, 1)


@given(known(), days, st.none() | days)
def test_it_is_in_force_from_its_decision_to_the_day_before_whatever_ended_it(it, on, replaced_on):
    it = replace(it, replaced_on=replaced_on)
    ends = [day for day in (it.revoked_on, replaced_on) if day is not None]
    assert it.in_force(on) == (it.decided_on <= on and all(on < day for day in ends))


@given(st.lists(known(), max_size=6), days)
def test_one_of_each_level_is_in_force_and_an_earlier_set_counts_until_the_unit_is_recognized_again(
    others, on
):
    told = ordered(others)
    assert [replace(it, replaced_on=None) for it in told] == sorted(
        others, key=lambda it: (it.decided_on, it.id)
    )
    for level in ("meets", "advanced", "model"):
        decided = [it for it in told if it.level == level and it.decided_on <= on]
        holding = [it for it in told if it.level == level and it.in_force(on)]
        ended = bool(decided) and decided[-1].revoked_on is not None and decided[-1].revoked_on <= on
        assert holding == (decided[-1:] if not ended else [])


@given(
    st.lists(known(), max_size=5),
    st.sampled_from(["commune_advanced_2021_2025", "commune_model_2021_2025"]),
    days,
)
def test_the_level_below_must_be_in_force_on_the_day_of_the_decision(others, code, on):
    under = SETS[code]
    broken = broken_rules(stated(code, decided_on=on), under, others, NOTHING_KNOWN)
    assert (broken == []) == any(it.level == under.needs and it.in_force(on) for it in others)
    assert all(type(it) is LowerLevelNeeded and it.facts["clause"] == under.needs_clause for it in broken)


@given(bases)
def test_an_assessment_that_falls_short_or_lacks_breaks_the_rule_of_its_set_only(basis):
    under = SETS["commune_2021_2025"]
    broken = broken_rules(stated(), under, [], basis)
    if basis.assessed is None:
        assert [type(it) for it in broken] == ([AssessmentNeeded] if basis.expected else [])
    else:
        assert [type(it) for it in broken] == ([CriteriaNotMet] if basis.assessed.unmet else [])
        assert all(it.facts["unmet"] == list(basis.assessed.unmet) for it in broken)
    before = SETS["commune_2016_2020"]
    assert broken_rules(stated(before.code), before, [], basis) == []


@given(days, st.none() | days)
def test_a_decision_is_not_dated_before_the_assessment_that_it_rests_on(decided_on, signed_on):
    it = stated(decided_on=decided_on)
    found = list(assessment_faults(it, Basis(Assessed((), signed_on), expected=True)))
    early = signed_on is not None and decided_on < signed_on
    assert [(one.pointer, one.code) for one in found] == (
        [("/decision/date", "decided_before_assessment")] if early else []
    )
    assert list(assessment_faults(it, NOTHING_KNOWN)) == []


@given(st.lists(known(), max_size=5), days, st.none() | st.just("Khắc phục xong"))
def test_who_was_recognized_before_is_recognized_again_on_grounds_that_are_said(others, on, grounds):
    it = stated(decided_on=on)
    again = any(other.level == it.level and other.decided_on <= on for other in others)
    found = [(one.pointer, one.code) for one in grounds_faults(it, grounds, others)]
    assert found == ([("/grounds", "grounds_missing")] if again and grounds is None else [])


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
        LowerLevelNeeded(needs="meets", on="2023-01-01", clause="A", confidence="sourced"),
        CriteriaNotMet(year=2022, clause="B", confidence="from memory"),
    ]
    with pytest.raises(LowerLevelNeeded) as refused:
        excused(both, None, ["register", "review"])
    said = refused.value.document("vi", "/v1/rural/recognitions")
    assert said["rules"] == [
        {"code": "recognition_needs_lower_level", "clause": "A", "confidence": "sourced"},
        {"code": "recognition_needs_all_criteria", "clause": "B", "confidence": "from memory"},
    ]
    assert "meets" in said["detail"]


@given(
    bases, st.none() | st.just("Tỉnh chấp thuận"), st.sets(st.sampled_from(["register", "review", "read"]))
)
def test_a_broken_rule_is_set_aside_only_with_a_reason_and_by_an_officer_who_may(basis, reason, scopes):
    broken = broken_rules(stated(), SETS["commune_2021_2025"], [], basis)
    if not broken:
        assert excused(broken, reason, scopes) is None
    elif reason is None:
        with pytest.raises(type(broken[0])):
            excused(broken, reason, scopes)
    elif {"register", "review"} <= scopes:
        assert excused(broken, reason, scopes) == reason
    else:
        with pytest.raises(ExceptionNotAllowed):
            excused(broken, reason, scopes)
