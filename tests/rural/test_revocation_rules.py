"""When a recognition may be revoked."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.dated_facts import CRITERIA_SETS_FILE, load_criteria_sets
from services.rural.recognitions.rules import Known, ordered
from services.rural.revocations.rules import (
    AlreadyReplaced,
    GroundsInsufficient,
    HigherLevelStands,
    apart,
    broken_rules,
    faults_of,
    refuse_replaced,
    refuse_to_undercut,
)

SETS = load_criteria_sets()
MEETS, ADVANCED = SETS["commune_2021_2025"], SETS["commune_advanced_2021_2025"]
ON = date(2024, 2, 1)
days = st.dates(date(2010, 1, 1), date(2030, 12, 31))
unmet = st.sets(st.integers(1, 19))


@given(days, days, st.lists(st.integers(-1, 25), max_size=4))
def test_a_revocation_comes_after_what_it_revokes_and_names_criteria_of_its_set(decided_on, revoked_on, said):
    found = {(it.pointer, it.code) for it in faults_of(decided_on, revoked_on, said, MEETS)}
    early = {("/decision/date", "revoked_before_recognition")} if revoked_on < decided_on else set()
    assert found == early | {
        (f"/unmet/{at}", "criterion_unknown") for at, number in enumerate(said) if not 1 <= number <= 19
    }
    assert list(faults_of(decided_on, revoked_on, said, MEETS, {"decision", "unmet"})) == []


@given(st.sampled_from([MEETS, ADVANCED]), unmet)
def test_half_of_the_criteria_or_three_in_ten_with_one_of_the_weighty_are_ground_enough(under, numbers):
    weighty = {10, 17, 19} | ({18} if under is ADVANCED else set())
    enough = len(numbers) >= 10 or (len(numbers) >= 6 and bool(weighty & numbers))
    broken = broken_rules(under, numbers, ON)
    assert [type(it) for it in broken] == ([] if enough else [GroundsInsufficient])
    for it in broken:
        assert (it.facts["unmet"], it.facts["of"]) == (len(numbers), 19)
        assert "QĐ 18/2022" in it.facts["clause"]
        assert "from memory" in it.facts["confidence"]


@given(st.sampled_from(list(SETS.values())), unmet, days)
def test_where_no_rule_was_found_or_none_was_in_force_nothing_is_held_against_it(under, numbers, on):
    if not under.grounds or on < date(2022, 8, 2):
        assert broken_rules(under, numbers, on) == []
    assert broken_rules(None, numbers, on) == []
    assert list(faults_of(on, on, sorted(numbers), None)) == []


def test_grounds_are_a_table_that_an_installation_may_replace(tmp_path):
    text = CRITERIA_SETS_FILE.read_text(encoding="utf-8")
    changed = tmp_path / "sets.toml"
    changed.write_text(text.replace("least_percent = 30", "least_percent = 5"), encoding="utf-8")
    assert broken_rules(load_criteria_sets(changed)[MEETS.code], {10}, ON) == []
    assert broken_rules(MEETS, {10}, ON) != []
    changed.write_text(text.replace("including = [10, 17, 19]", "including = [20]"), encoding="utf-8")
    with pytest.raises(ValueError, match="criteria that it does not have"):
        load_criteria_sets(changed)


@given(days, st.none() | days, st.booleans(), days)
def test_what_a_higher_level_stands_on_is_not_revoked_alone(decided_on, ended_on, second, revoked_on):
    meets = Known("a", "meets", "commune_2016_2020", decided_on)
    advanced = Known("b", "advanced", "commune_advanced_2021_2025", decided_on, ended_on)
    others = [meets, advanced]
    if second:
        others.append(Known("c", "meets", "commune_2021_2025", revoked_on - timedelta(days=1)))
    stands = ended_on is None or ended_on > revoked_on
    if stands and not second:
        with pytest.raises(HigherLevelStands):
            refuse_to_undercut(meets, revoked_on, others, SETS)
    else:
        refuse_to_undercut(meets, revoked_on, others, SETS)


@given(unmet, unmet)
def test_where_a_revocation_and_an_assessment_differ_is_told_apart(named, found):
    only_named, only_found = apart(named, found)
    assert (set(named) - set(only_named)) | set(only_found) == set(found)
    assert not set(only_named) & found
    assert not set(only_found) & named


@given(days, days, days)
def test_what_was_recognized_again_is_no_longer_there_to_be_revoked(decided_on, again_on, revoked_on):
    one, two = Known("a", "meets", "x", decided_on), Known("b", "meets", "y", again_on)
    first, second = ordered([one, two])
    if second.decided_on <= revoked_on:
        with pytest.raises(AlreadyReplaced):
            refuse_replaced(first, revoked_on)
    else:
        refuse_replaced(first, revoked_on)
    refuse_replaced(second, revoked_on)
    refuse_replaced(replace(first, replaced_on=None), revoked_on)
