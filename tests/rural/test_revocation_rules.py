"""When a recognition may be revoked."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.dated_facts import CRITERIA_SETS_FILE, load_criteria_sets
from services.rural.recognitions.rules import RegisteredRecognition, set_replacement_days
from services.rural.revocations.rules import (
    HigherLevelInForce,
    RecognitionReplaced,
    RevocationGroundsInsufficient,
    compare_unmet,
    find_broken_rules,
    find_revocation_faults,
    refuse_replaced,
    refuse_required_by_higher,
)
from services.rural.rules import DecisionDays, find_effective_day_faults

SETS = load_criteria_sets()
MEETS, ADVANCED = SETS["commune_2021_2025"], SETS["commune_advanced_2021_2025"]
ON = date(2024, 2, 1)
days = st.dates(date(2010, 1, 1), date(2030, 12, 31))
unmet = st.sets(st.integers(1, 19))


@given(days, days, st.lists(st.integers(-1, 25), max_size=4))
def test_a_revocation_is_dated_after_the_recognition_and_names_criteria_of_its_set(
    decided_on, revoked_on, numbers
):
    recognized, revoked = DecisionDays(decided_on, decided_on), DecisionDays(revoked_on, revoked_on)
    faults = {
        (fault.pointer, fault.code) for fault in find_revocation_faults(recognized, revoked, numbers, MEETS)
    }
    early = {("/decision/date", "revoked_before_recognition")} if revoked_on < decided_on else set()
    assert faults == early | {
        (f"/unmet/{index}", "criterion_unknown")
        for index, number in enumerate(numbers)
        if not 1 <= number <= 19
    }
    assert list(find_revocation_faults(recognized, revoked, numbers, MEETS, {"decision", "unmet"})) == []


@given(days, days, st.integers(-400, 400), st.integers(-400, 400))
def test_a_decision_takes_effect_on_its_date_or_within_a_year_and_ends_no_recognition_before_its_effect(
    decided_on, revoked_on, delay, delay_of_revocation
):
    recognized = DecisionDays(decided_on, decided_on + timedelta(days=delay))
    revoked = DecisionDays(revoked_on, revoked_on + timedelta(days=delay_of_revocation))
    codes = {fault.code for fault in find_revocation_faults(recognized, revoked, [], MEETS)}
    assert ("effective_before_decision" in codes) == (delay_of_revocation < 0)
    assert ("effective_too_late" in codes) == (delay_of_revocation > 366)
    assert ("revoked_before_effect" in codes) == (
        decided_on <= revoked_on and revoked.effective_on < recognized.effective_on
    )
    assert {fault.code for fault in find_effective_day_faults(recognized)} <= {
        "effective_before_decision",
        "effective_too_late",
    }
    assert list(find_effective_day_faults(recognized, {"decision"})) == []


@given(st.sampled_from([MEETS, ADVANCED]), unmet)
def test_half_of_the_criteria_or_three_in_ten_with_a_decisive_one_are_sufficient_grounds(
    criteria_set, numbers
):
    decisive = {10, 17, 19} | ({18} if criteria_set is ADVANCED else set())
    sufficient = len(numbers) >= 10 or (len(numbers) >= 6 and bool(decisive & numbers))
    broken = find_broken_rules(criteria_set, numbers, ON)
    assert [type(rule) for rule in broken] == ([] if sufficient else [RevocationGroundsInsufficient])
    for rule in broken:
        assert (rule.facts["unmet"], rule.facts["of"]) == (len(numbers), 19)
        assert "QĐ 18/2022" in rule.facts["clause"]
        assert "from memory" in rule.facts["confidence"]


@given(st.sampled_from(list(SETS.values())), unmet, days)
def test_without_a_rule_in_force_no_grounds_are_required(criteria_set, numbers, on):
    if not criteria_set.grounds or on < date(2022, 8, 2):
        assert find_broken_rules(criteria_set, numbers, on) == []
    assert find_broken_rules(None, numbers, on) == []
    on_day = DecisionDays(on, on)
    assert list(find_revocation_faults(on_day, on_day, sorted(numbers), None)) == []


def test_an_installation_may_replace_the_table_of_grounds(tmp_path):
    text = CRITERIA_SETS_FILE.read_text(encoding="utf-8")
    changed = tmp_path / "sets.toml"
    changed.write_text(text.replace("least_percent = 30", "least_percent = 5"), encoding="utf-8")
    assert find_broken_rules(load_criteria_sets(changed)[MEETS.code], {10}, ON) == []
    assert find_broken_rules(MEETS, {10}, ON) != []
    changed.write_text(text.replace("including = [10, 17, 19]", "including = [20]"), encoding="utf-8")
    with pytest.raises(ValueError, match="criteria that it does not have"):
        load_criteria_sets(changed)


@given(days, st.none() | days, st.booleans(), days)
def test_a_recognition_that_a_higher_level_requires_is_not_revoked_first(
    decided_on, ended_on, with_another, revoked_on
):
    meets = RegisteredRecognition("a", "meets", "commune_2016_2020", decided_on)
    advanced = RegisteredRecognition("b", "advanced", "commune_advanced_2021_2025", decided_on, ended_on)
    recognitions = [meets, advanced]
    if with_another:
        recognitions.append(
            RegisteredRecognition("c", "meets", "commune_2021_2025", revoked_on - timedelta(days=1))
        )
    required = ended_on is None or ended_on > revoked_on
    if required and not with_another:
        with pytest.raises(HigherLevelInForce):
            refuse_required_by_higher(meets, revoked_on, recognitions, SETS)
    else:
        refuse_required_by_higher(meets, revoked_on, recognitions, SETS)


@given(unmet, unmet)
def test_a_revocation_and_an_assessment_are_compared(named, assessed):
    only_named, only_assessed = compare_unmet(named, assessed)
    assert (set(named) - set(only_named)) | set(only_assessed) == set(assessed)
    assert not set(only_named) & assessed
    assert not set(only_assessed) & named


@given(days, days, days)
def test_a_recognition_that_was_replaced_is_not_revoked(decided_on, again_on, revoked_on):
    earlier, later = (
        RegisteredRecognition("a", "meets", "x", decided_on),
        RegisteredRecognition("b", "meets", "y", again_on),
    )
    first, second = set_replacement_days([earlier, later])
    if second.effective_on <= revoked_on:
        with pytest.raises(RecognitionReplaced):
            refuse_replaced(first, revoked_on)
    else:
        refuse_replaced(first, revoked_on)
    refuse_replaced(second, revoked_on)
    refuse_replaced(replace(first, replaced_on=None), revoked_on)
