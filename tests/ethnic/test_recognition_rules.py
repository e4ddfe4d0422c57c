"""What a recognition makes of a region: the rule against its definition, said day by day."""

import itertools
import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ethnic.dated_facts import REGIONS_FILE, load_regions
from services.ethnic.recognitions.rules import (
    Decided,
    Recognized,
    left_between,
    standing_on,
)

RULES = load_regions().consequences
START = date(2021, 6, 1)
DAYS = 60

numbers = st.integers(0, DAYS)


def day(number: int) -> date:
    return START + timedelta(days=number)


@st.composite
def decisions(draw):
    """At most one a day; region III is in special difficulty, the others may be."""
    found = []
    for number in draw(st.sets(numbers, max_size=4)):
        region = draw(st.sampled_from([None, "I", "II", "III"]))
        difficult = region == "III" or draw(st.booleans())
        found.append(Decided(uuid.UUID(int=number), region, difficult, day(number)))
    return found


@st.composite
def recognitions(draw):
    found = []
    for number in range(draw(st.integers(0, 3))):
        begun = draw(numbers)
        ended = draw(st.none() | st.integers(begun, DAYS + 5))
        level = draw(st.sampled_from(["meets", "meets", "advanced"]))
        revoked_on = None if ended is None else day(ended)
        found.append(Recognized(uuid.UUID(int=number), level, day(begun), revoked_on))
    return found


def difficult_on(on, decided, recognized):
    """The definition in plain words, without the code under test."""
    held = None
    for one in sorted(decided, key=lambda it: it.effective_on):
        if one.effective_on <= on:
            held = one
    if held is None:
        return False
    if held.region == "III":
        meets = [it for it in recognized if it.level == "meets" and it.recognized_on <= on]
        for it in meets:
            since_decision = it.recognized_on >= max(held.effective_on, date(2021, 6, 4))
            standing = [it, max(meets, key=lambda it: (it.recognized_on, it.id))]
            if since_decision and not any(
                one.revoked_on is not None and one.revoked_on <= on for one in standing
            ):
                return False
    return held.specially_difficult


@given(decisions(), recognitions(), st.randoms())
def test_every_day_is_as_the_definition_has_it_whatever_the_order(decided, recognized, luck):
    luck.shuffle(decided)
    luck.shuffle(recognized)
    for number in range(-1, DAYS + 6):
        found = standing_on(day(number), decided, recognized, RULES)
        assert (found is not None and found.specially_difficult) == difficult_on(
            day(number), decided, recognized
        )


@given(decisions(), recognitions(), numbers, st.integers(0, 20))
def test_exits_are_those_of_the_definition(decided, recognized, first, length):
    last = first + length
    was = any(difficult_on(day(number), decided, recognized) for number in range(first - 1, last + 1))
    expected = was and not difficult_on(day(last), decided, recognized)
    assert (left_between(day(first), day(last), decided, recognized, RULES) is not None) == expected


@given(decisions(), recognitions(), st.lists(numbers, min_size=2, max_size=5, unique=True))
def test_no_commune_leaves_twice_without_having_been_in_again(decided, recognized, cuts):
    """Cut a time into periods: between two exits there is a day in special difficulty."""
    bounds = sorted(cuts)
    left = [
        (first + 1, last)
        for first, last in itertools.pairwise(bounds)
        if left_between(day(first + 1), day(last), decided, recognized, RULES)
    ]
    for (_, earlier), (_, later) in itertools.pairwise(left):
        assert any(difficult_on(day(number), decided, recognized) for number in range(earlier + 1, later))


@given(decisions(), recognitions(), numbers)
def test_hearing_a_recognition_twice_changes_nothing(decided, recognized, number):
    once = standing_on(day(number), decided, recognized, RULES)
    again = [Recognized(uuid.uuid4(), it.level, it.recognized_on, it.revoked_on) for it in recognized]
    twice = standing_on(day(number), decided, [*recognized, *again], RULES)
    assert (once is None) == (twice is None)
    if once and twice:
        assert once.specially_difficult == twice.specially_difficult
        assert (once.made is None) == (twice.made is None)


def test_a_decision_and_what_the_rule_makes_of_it_are_kept_apart():
    decided = Decided(uuid.uuid4(), "III", True, date(2021, 6, 4))
    recognized = Recognized(uuid.uuid4(), "meets", date(2023, 4, 12), date(2024, 5, 1))

    def on(*when):
        return standing_on(date(*when), [decided], [recognized], RULES)

    assert (on(2023, 4, 11).made, on(2023, 4, 11).specially_difficult) == (None, True)
    found = on(2023, 4, 12)
    assert (found.decided, found.specially_difficult, found.out_by_recognition) == (decided, False, True)
    assert (found.made.recognition, found.made.by.becomes) == (recognized, "I")
    assert "861" in found.made.by.legal_basis
    assert found.made.by.confidence == "from memory"
    assert (on(2024, 4, 30).specially_difficult, on(2024, 5, 1).specially_difficult) == (False, True)
    assert on(2021, 6, 3) is None


def test_a_recognition_in_whose_place_another_came_does_not_come_back_with_its_revocation():
    decided = [Decided(uuid.UUID(int=1), "III", True, day(3))]
    first = Recognized(uuid.UUID(int=2), "meets", day(10))
    again = Recognized(uuid.UUID(int=3), "meets", day(20), day(30))
    made = [standing_on(day(n), decided, [again, first], RULES).made for n in (9, 10, 29, 30)]
    assert [it and it.recognition.id for it in made] == [None, first.id, first.id, None]


def test_a_later_decision_stands_over_an_earlier_recognition():
    first = Decided(uuid.uuid4(), "III", True, date(2021, 6, 4))
    anew = Decided(uuid.uuid4(), "III", True, date(2024, 1, 1))
    recognized = Recognized(uuid.uuid4(), "meets", date(2023, 4, 12))
    found = standing_on(date(2024, 6, 1), [first, anew], [recognized], RULES)
    assert (found.decided, found.made, found.specially_difficult) == (anew, None, True)


def test_region_ii_becomes_region_i_and_keeps_a_difficulty_of_its_own():
    decided = Decided(uuid.uuid4(), "II", True, date(2021, 6, 4))
    recognized = Recognized(uuid.uuid4(), "meets", date(2023, 4, 12))
    found = standing_on(date(2023, 12, 31), [decided], [recognized], RULES)
    assert (found.made.by.becomes, found.specially_difficult, found.out_by_recognition) == ("I", True, False)


def test_the_rule_is_a_table_that_an_installation_may_replace(tmp_path):
    shipped = REGIONS_FILE.read_text(encoding="utf-8")
    without = tmp_path / "without.toml"
    without.write_text(shipped.split("[[consequence]]")[0], encoding="utf-8")
    assert load_regions(without).consequences == ()
    lasting = tmp_path / "lasting.toml"
    lasting.write_text(
        shipped.replace("revocation_restores = true", "revocation_restores = false"), encoding="utf-8"
    )
    decided = Decided(uuid.uuid4(), "III", True, date(2021, 6, 4))
    revoked = Recognized(uuid.uuid4(), "meets", date(2023, 4, 12), date(2024, 5, 1))
    after = date(2024, 6, 1)
    assert standing_on(after, [decided], [revoked], RULES).specially_difficult
    assert not standing_on(
        after, [decided], [revoked], load_regions(lasting).consequences
    ).specially_difficult
    twice = tmp_path / "twice.toml"
    twice.write_text(shipped + shipped[shipped.index("[[consequence]]") :], encoding="utf-8")
    with pytest.raises(ValueError, match="two rows in force at once"):
        load_regions(twice)
