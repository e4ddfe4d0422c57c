"""When a unit may be recognized."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.assessments.rules import AcceptedAssessment
from services.rural.dated_facts import load_criteria_sets
from services.rural.recognitions.rules import (
    AssessmentBasis,
    AssessmentNeeded,
    CriteriaNotMet,
    LowerLevelNeeded,
    RecognitionDecision,
    RecognitionExists,
    RegisteredRecognition,
    find_assessment_faults,
    find_broken_rules,
    find_decision_faults,
    find_grounds_faults,
    refuse_duplicate,
    set_replacement_days,
)
from services.rural.rules import ExceptionNotAllowed, accept_exception

SETS = load_criteria_sets()
XA, PHUONG, THON = ("commune", "xa"), ("commune", "phuong"), ("village", "thon")
NO_ASSESSMENT = AssessmentBasis(None, required=False)
days = st.dates(date(2010, 1, 1), date(2030, 12, 31))
bases = st.builds(
    AssessmentBasis,
    st.none()
    | st.builds(
        AcceptedAssessment, st.lists(st.integers(1, 19), unique=True, max_size=3).map(tuple), st.none()
    ),
    st.booleans(),
)


def make_decision(code="commune_2021_2025", **changes):
    """Return a decision without faults criteria_set a set, with these changes."""
    criteria_set = SETS.get(code, SETS["commune_2021_2025"])
    fields = {
        "unit": "23509",
        "level": criteria_set.level,
        "field": criteria_set.fields[0] if criteria_set.fields else None,
        "criteria_set": code,
        "decision_number": "1/QĐ-UBND",
        "decided_on": date(criteria_set.first_year + 1, 4, 12),
        "year": criteria_set.first_year,
    }
    fields |= changes
    return RecognitionDecision(**{"effective_on": fields["decided_on"], **fields})


def find_codes(decision, unit=XA, unread=()):
    return {fault.pointer: fault.code for fault in find_decision_faults(decision, SETS, unit, unread)}


@st.composite
def registered(draw):
    decided_on = draw(days)
    revoked_on = draw(st.none() | st.dates(decided_on, date(2031, 12, 31)))
    criteria_set = draw(st.sampled_from([row for row in SETS.values() if row.unit_level == "commune"]))
    return RegisteredRecognition(
        str(draw(st.uuids())), criteria_set.level, criteria_set.code, decided_on, revoked_on
    )


@pytest.mark.parametrize("code", SETS)
def test_each_set_has_a_legal_basis_and_an_authority(code):
    criteria_set = SETS[code]
    assert criteria_set.legal_basis
    if criteria_set.unit_level != "village":
        assert criteria_set.find_authority(date(criteria_set.last_year, 12, 31))
    unit = (criteria_set.unit_level, min(criteria_set.unit_kinds or ["thon"]))
    assert find_codes(make_decision(code), unit) == {}


@given(st.sampled_from(list(SETS.values())), st.integers(2000, 2040), days)
def test_a_year_outside_the_set_or_after_the_decision_is_a_fault(criteria_set, year, decided_on):
    unit = XA if criteria_set.unit_level == "commune" else THON
    faults = find_codes(make_decision(criteria_set.code, year=year, decided_on=decided_on), unit)
    assert ("/year" in faults) == (not criteria_set.first_year <= year <= criteria_set.last_year)
    assert (faults.get("/decision/date") == "decided_before_year") == (decided_on < date(year, 1, 1))


@given(st.sampled_from(list(SETS.values())), st.sampled_from(["meets", "advanced", "model"]))
def test_a_set_recognizes_its_own_level_only(criteria_set, level):
    unit = XA if criteria_set.unit_level == "commune" else THON
    assert ("/level" in find_codes(make_decision(criteria_set.code, level=level), unit)) == (
        level != criteria_set.level
    )


UNITS = st.sampled_from(
    [
        *(("commune", kind) for kind in ("xa", "phuong", "thi_tran")),
        *(("village", kind) for kind in ("thon", "lang", "to_dan_pho", "khu_dan_cu")),
        ("district", "huyen"),
    ]
)


@given(st.sampled_from(list(SETS.values())), UNITS)
def test_a_set_is_for_its_own_units_only(criteria_set, unit):
    level, kind = unit
    kinds = criteria_set.unit_kinds
    fits = level == criteria_set.unit_level and (kinds is None or kind in kinds)
    assert find_codes(make_decision(criteria_set.code), unit) == (
        {} if fits else {"/unit": "unit_not_of_set"}
    )


@given(
    st.sampled_from(list(SETS.values())), st.none() | st.sampled_from(["culture", "digital", "dancing", ""])
)
def test_a_field_is_named_where_the_set_has_fields_and_is_one_of_them(criteria_set, field):
    unit = (criteria_set.unit_level, min(criteria_set.unit_kinds or ["thon"]))
    faults = find_codes(make_decision(criteria_set.code, field=field), unit)
    if criteria_set.level == "model" and criteria_set.unit_level == "commune":
        assert faults == (
            {"/field": "field_required"}
            if field is None
            else {}
            if field in criteria_set.fields
            else {"/field": "field_unknown"}
        )
    else:
        assert faults == ({} if field is None else {"/field": "field_not_of_set"})


def test_wards_are_not_rural_and_a_village_set_is_for_villages():
    assert find_codes(make_decision(), PHUONG) == {"/unit": "unit_not_of_set"}
    assert find_codes(make_decision(), THON) == {"/unit": "unit_not_of_set"}
    assert find_codes(make_decision("village_em_2022_2025"), XA) == {"/unit": "unit_not_of_set"}


def test_only_a_model_commune_names_a_field():
    model = "commune_model_2021_2025"
    assert find_codes(make_decision(model, field=None)) == {"/field": "field_required"}
    assert find_codes(make_decision(model, field="dancing")) == {"/field": "field_unknown"}
    assert find_codes(make_decision(field="culture")) == {"/field": "field_not_of_set"}


def test_all_faults_are_named_together():
    wrong = make_decision("commune_2021_2025", level="model", field="culture", year=2030)
    assert find_codes(wrong, PHUONG) == {
        "/decision/date": "decided_before_year",
        "/level": "level_not_of_set",
        "/unit": "unit_not_of_set",
        "/year": "criteria_set_not_for_year",
        "/field": "field_not_of_set",
    }
    assert find_codes(make_decision("commune_1945")) == {"/criteria_set": "criteria_set_unknown"}


def test_unread_fields_are_not_checked():
    wrong = make_decision("commune_2021_2025", level="model", field="culture", year=2030)
    assert find_codes(wrong, None, {"level", "year", "decision"}) == {"/field": "field_not_of_set"}
    assert find_codes(wrong, None, {"criteria_set", "year"}) == {}


@given(st.sampled_from(list(SETS.values())), days)
def test_the_authority_follows_from_the_level_and_the_day(criteria_set, on):
    in_force = [
        authority
        for authority in criteria_set.authorities
        if authority.valid_from <= on and not (authority.valid_to and authority.valid_to < on)
    ]
    authority_of_day = criteria_set.find_authority(on)
    assert in_force == ([authority_of_day] if authority_of_day else [])
    offices = {"commune": "UBND tỉnh", "village": "UBND huyện", "district": "Thủ tướng"}
    assert authority_of_day is None or offices[criteria_set.unit_level] in authority_of_day.name
    assert authority_of_day is None or (authority_of_day.legal_basis and authority_of_day.confidence)
    assert criteria_set.unit_level == "commune" or authority_of_day is None or on < date(2025, 7, 1)


@given(registered(), days, st.none() | days)
def test_a_recognition_is_in_force_from_its_effect_to_the_day_before_its_end(recognition, on, replaced_on):
    recognition = replace(recognition, replaced_on=replaced_on)
    ends = [day for day in (recognition.revoked_on, replaced_on) if day is not None]
    assert recognition.is_in_force(on) == (recognition.effective_on <= on and all(on < day for day in ends))


@given(st.lists(registered(), max_size=6), days)
def test_one_recognition_of_each_level_is_in_force_until_it_is_revoked_or_replaced(recognitions, on):
    ordered = set_replacement_days(recognitions)
    assert [replace(recognition, replaced_on=None) for recognition in ordered] == sorted(
        recognitions, key=lambda recognition: (recognition.effective_on, recognition.id)
    )
    for level in ("meets", "advanced", "model"):
        decided = [
            recognition
            for recognition in ordered
            if recognition.level == level and recognition.effective_on <= on
        ]
        in_force = [
            recognition
            for recognition in ordered
            if recognition.level == level and recognition.is_in_force(on)
        ]
        ended = bool(decided) and decided[-1].revoked_on is not None and decided[-1].revoked_on <= on
        assert in_force == (decided[-1:] if not ended else [])


@given(
    st.lists(registered(), max_size=5),
    st.sampled_from(["commune_advanced_2021_2025", "commune_model_2021_2025"]),
    days,
)
def test_the_level_below_must_be_in_force_on_the_day_of_effect(registered_before, code, on):
    criteria_set = SETS[code]
    decision = make_decision(code, decided_on=on - timedelta(days=8), effective_on=on)
    broken = find_broken_rules(decision, criteria_set, registered_before, NO_ASSESSMENT)
    assert (broken == []) == any(
        other.level == criteria_set.needs and other.is_in_force(on) for other in registered_before
    )
    assert all(
        type(rule) is LowerLevelNeeded and rule.facts["clause"] == criteria_set.needs_clause
        for rule in broken
    )


@given(bases)
def test_an_assessment_that_falls_short_or_is_missing_breaks_the_rule_of_its_set_only(basis):
    criteria_set = SETS["commune_2021_2025"]
    broken = find_broken_rules(make_decision(), criteria_set, [], basis)
    if basis.assessment is None:
        assert [type(rule) for rule in broken] == ([AssessmentNeeded] if basis.required else [])
    else:
        assert [type(rule) for rule in broken] == ([CriteriaNotMet] if basis.assessment.unmet else [])
        assert all(rule.facts["unmet"] == list(basis.assessment.unmet) for rule in broken)
    before = SETS["commune_2016_2020"]
    assert find_broken_rules(make_decision(before.code), before, [], basis) == []


@given(days, st.none() | days)
def test_a_decision_dated_before_its_assessment_is_a_fault(decided_on, signed_on):
    decision = make_decision(decided_on=decided_on)
    faults = list(
        find_assessment_faults(decision, AssessmentBasis(AcceptedAssessment((), signed_on), required=True))
    )
    early = signed_on is not None and decided_on < signed_on
    assert [(fault.pointer, fault.code) for fault in faults] == (
        [("/decision/date", "decided_before_assessment")] if early else []
    )
    assert list(find_assessment_faults(decision, NO_ASSESSMENT)) == []


@given(st.lists(registered(), max_size=5), days, st.none() | st.just("Khắc phục xong"))
def test_a_unit_recognized_before_is_recognized_again_only_with_grounds(others, on, grounds):
    decision = make_decision(decided_on=on)
    again = any(other.level == decision.level and other.effective_on <= on for other in others)
    faults = [(fault.pointer, fault.code) for fault in find_grounds_faults(decision, grounds, others)]
    assert faults == ([("/grounds", "grounds_missing")] if again and grounds is None else [])


@given(st.lists(registered(), max_size=5), days)
def test_a_duplicate_under_the_same_set_is_refused(others, on):
    decision = make_decision(decided_on=on)
    overlapping = any(
        other.criteria_set == decision.criteria_set and (other.revoked_on is None or on < other.revoked_on)
        for other in others
    )
    if overlapping:
        with pytest.raises(RecognitionExists):
            refuse_duplicate(decision, others)
    else:
        refuse_duplicate(decision, others)


def test_a_refusal_names_every_broken_rule_with_its_clause():
    broken = [
        LowerLevelNeeded(needs="meets", on="2023-01-01", clause="A", confidence="sourced"),
        CriteriaNotMet(year=2022, clause="B", confidence="from memory"),
    ]
    with pytest.raises(LowerLevelNeeded) as refused:
        accept_exception(broken, None, ["register", "review"])
    problem = refused.value.document("vi", "/v1/rural/recognitions")
    assert problem["rules"] == [
        {"code": "recognition_needs_lower_level", "clause": "A", "confidence": "sourced"},
        {"code": "recognition_needs_all_criteria", "clause": "B", "confidence": "from memory"},
    ]
    assert "meets" in problem["detail"]


@given(
    bases, st.none() | st.just("Tỉnh chấp thuận"), st.sets(st.sampled_from(["register", "review", "read"]))
)
def test_an_exception_requires_a_reason_and_both_scopes(basis, reason, scopes):
    broken = find_broken_rules(make_decision(), SETS["commune_2021_2025"], [], basis)
    if not broken:
        assert accept_exception(broken, reason, scopes) is None
    elif reason is None:
        with pytest.raises(type(broken[0])):
            accept_exception(broken, reason, scopes)
    elif {"register", "review"} <= scopes:
        assert accept_exception(broken, reason, scopes) == reason
    else:
        with pytest.raises(ExceptionNotAllowed):
            accept_exception(broken, reason, scopes)
