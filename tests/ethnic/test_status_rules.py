"""The status of a commune on a day, and its exits: the rules against their definition, day by day."""

import itertools
import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ethnic.classifications.rules import (
    CommuneRecognition,
    CommuneStatus,
    EffectiveClassification,
    find_exit,
    find_status,
)
from services.ethnic.dated_facts import REGIONS_FILE, load_regions

CONSEQUENCES = load_regions().consequences
START = date(2021, 6, 1)
DAYS = 60

numbers = st.integers(0, DAYS)
"""Days, as their number from the start."""


def day(number: int) -> date:
    return START + timedelta(days=number)


@st.composite
def classification_lists(draw):
    """At most one on each day; a commune of region III is in special difficulty, one of another region may be."""
    classifications = []
    for number in draw(st.sets(numbers, max_size=4)):
        region = draw(st.sampled_from([None, "I", "II", "III"]))
        difficult = region == "III" or draw(st.booleans())
        classifications.append(EffectiveClassification(uuid.UUID(int=number), region, difficult, day(number)))
    return classifications


@st.composite
def recognition_lists(draw):
    recognitions = []
    for number in range(draw(st.integers(0, 3))):
        recognized = draw(numbers)
        revoked = draw(st.none() | st.integers(recognized, DAYS + 5))
        level = draw(st.sampled_from(["meets", "meets", "advanced"]))
        revoked_on = None if revoked is None else day(revoked)
        recognitions.append(CommuneRecognition(uuid.UUID(int=number), level, day(recognized), revoked_on))
    return recognitions


def find_effective_status(on, *arguments) -> CommuneStatus:
    status = find_status(on, *arguments)
    assert status is not None
    return status


def is_difficult(on, classifications, recognitions):
    """Return whether a commune is in special difficulty by the definition, without the code under test."""
    effective = [row for row in classifications if row.effective_on <= on]
    if not effective:
        return False
    current = max(effective, key=lambda row: row.effective_on)
    if current.region == "III":
        meets = [row for row in recognitions if row.level == "meets" and row.effective_on <= on]
        for recognition in meets:
            since = recognition.effective_on >= max(current.effective_on, date(2021, 6, 4))
            latest = max(meets, key=lambda row: (row.effective_on, row.id))
            revoked = any(row.ended_on is not None and row.ended_on <= on for row in (recognition, latest))
            if since and not revoked:
                return False
    return current.specially_difficult


@given(classification_lists(), recognition_lists(), st.randoms())
def test_the_status_of_every_day_is_that_of_the_definition_in_any_order(classifications, recognitions, rng):
    rng.shuffle(classifications)
    rng.shuffle(recognitions)
    for number in range(-1, DAYS + 6):
        status = find_status(day(number), classifications, recognitions, CONSEQUENCES)
        difficult = status is not None and status.specially_difficult
        assert difficult == is_difficult(day(number), classifications, recognitions)


@given(classification_lists(), recognition_lists(), numbers, st.integers(0, 20))
def test_exits_are_those_of_the_definition(classifications, recognitions, first, length):
    last = first + length
    before = any(
        is_difficult(day(number), classifications, recognitions) for number in range(first - 1, last + 1)
    )
    expected = before and not is_difficult(day(last), classifications, recognitions)
    status = find_exit(day(first), day(last), classifications, recognitions, CONSEQUENCES)
    assert (status is not None) == expected


@given(classification_lists(), recognition_lists(), st.lists(numbers, min_size=2, max_size=5, unique=True))
def test_between_two_exits_a_commune_was_in_special_difficulty(classifications, recognitions, cuts):
    exits = [
        (first + 1, last)
        for first, last in itertools.pairwise(sorted(cuts))
        if find_exit(day(first + 1), day(last), classifications, recognitions, CONSEQUENCES)
    ]
    for (_, earlier), (_, later) in itertools.pairwise(exits):
        assert any(
            is_difficult(day(number), classifications, recognitions) for number in range(earlier + 1, later)
        )


@given(classification_lists(), recognition_lists(), numbers)
def test_a_recognition_received_twice_changes_nothing(classifications, recognitions, number):
    once = find_status(day(number), classifications, recognitions, CONSEQUENCES)
    again = [
        CommuneRecognition(uuid.uuid4(), row.level, row.effective_on, row.ended_on) for row in recognitions
    ]
    twice = find_status(day(number), classifications, [*recognitions, *again], CONSEQUENCES)
    assert (once is None) == (twice is None)
    if once and twice:
        assert once.specially_difficult == twice.specially_difficult
        assert (once.applied is None) == (twice.applied is None)


def test_a_classification_and_the_consequence_are_kept_apart():
    classification = EffectiveClassification(uuid.uuid4(), "III", True, date(2021, 6, 4))
    recognition = CommuneRecognition(uuid.uuid4(), "meets", date(2023, 4, 12), date(2024, 5, 1))

    def status_on(*on):
        return find_status(date(*on), [classification], [recognition], CONSEQUENCES)

    before, since = status_on(2023, 4, 11), status_on(2023, 4, 12)
    assert (before.applied, before.specially_difficult) == (None, True)
    assert (since.classification, since.specially_difficult, since.out_by_recognition) == (
        classification,
        False,
        True,
    )
    assert (since.applied.recognition, since.applied.consequence.becomes) == (recognition, "I")
    assert "861" in since.applied.consequence.legal_basis
    assert since.applied.consequence.confidence == "sourced"
    difficult = [status_on(*on).specially_difficult for on in ((2024, 4, 30), (2024, 5, 1))]
    assert difficult == [False, True]
    assert status_on(2021, 6, 3) is None


def test_a_replaced_recognition_does_not_return_when_the_later_one_is_revoked():
    classifications = [EffectiveClassification(uuid.UUID(int=1), "III", True, day(3))]
    first = CommuneRecognition(uuid.UUID(int=2), "meets", day(10))
    second = CommuneRecognition(uuid.UUID(int=3), "meets", day(20), day(30))
    applied = [
        find_effective_status(day(number), classifications, [second, first], CONSEQUENCES).applied
        for number in (9, 10, 29, 30)
    ]
    assert [row and row.recognition.id for row in applied] == [None, first.id, first.id, None]


def test_a_later_classification_ends_the_consequence_of_an_earlier_recognition():
    first = EffectiveClassification(uuid.uuid4(), "III", True, date(2021, 6, 4))
    second = EffectiveClassification(uuid.uuid4(), "III", True, date(2024, 1, 1))
    recognition = CommuneRecognition(uuid.uuid4(), "meets", date(2023, 4, 12))
    status = find_effective_status(date(2024, 6, 1), [first, second], [recognition], CONSEQUENCES)
    assert (status.classification, status.applied, status.specially_difficult) == (second, None, True)


def test_region_ii_becomes_region_i_and_keeps_its_own_special_difficulty():
    classification = EffectiveClassification(uuid.uuid4(), "II", True, date(2021, 6, 4))
    recognition = CommuneRecognition(uuid.uuid4(), "meets", date(2023, 4, 12))
    status = find_effective_status(date(2023, 12, 31), [classification], [recognition], CONSEQUENCES)
    assert status.applied
    assert status.applied.consequence.becomes == "I"
    assert (status.specially_difficult, status.out_by_recognition) == (True, False)


def test_an_installation_may_replace_the_consequences(tmp_path):
    shipped = REGIONS_FILE.read_text(encoding="utf-8")
    without = tmp_path / "without.toml"
    without.write_text(shipped.split("[[consequence]]")[0], encoding="utf-8")
    assert load_regions(without).consequences == ()
    lasting_file = tmp_path / "lasting.toml"
    lasting_file.write_text(
        shipped.replace("revocation_restores = true", "revocation_restores = false"), encoding="utf-8"
    )
    lasting = load_regions(lasting_file).consequences
    classification = EffectiveClassification(uuid.uuid4(), "III", True, date(2021, 6, 4))
    revoked = CommuneRecognition(uuid.uuid4(), "meets", date(2023, 4, 12), date(2024, 5, 1))
    difficult = [
        find_effective_status(date(2024, 6, 1), [classification], [revoked], consequences).specially_difficult
        for consequences in (CONSEQUENCES, lasting)
    ]
    assert difficult == [True, False]
    twice = tmp_path / "twice.toml"
    twice.write_text(shipped + shipped[shipped.index("[[consequence]]") :], encoding="utf-8")
    with pytest.raises(ValueError, match="two rows in force at once"):
        load_regions(twice)
