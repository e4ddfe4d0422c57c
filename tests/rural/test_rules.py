"""The groups of communes by criteria met."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.rural.assessments.rules import CRITERIA, GROUPS, count_met, list_missing, meets_all_criteria

assessments = st.fixed_dictionaries(dict.fromkeys(CRITERIA, st.sampled_from([Decimal(0), Decimal(1)])))


def meet_first(number):
    return {code: Decimal(int(index < number)) for index, code in enumerate(CRITERIA)}


@given(assessments)
def test_every_assessed_commune_is_in_exactly_one_group(values):
    assert [group(values) for group in GROUPS].count(True) == 1


@given(assessments)
def test_met_and_missing_are_all_nineteen(values):
    assert count_met(values) + len(list_missing(values)) == 19
    assert meets_all_criteria(values) == (list_missing(values) == [])
    assert all(values[CRITERIA[number - 1]] == 0 for number in list_missing(values))


def test_the_bounds_of_the_groups_are_those_of_their_names():
    groups = [
        next(index for index, group in enumerate(GROUPS) if group(meet_first(number))) for number in range(20)
    ]
    assert groups == [4] * 5 + [3] * 5 + [2] * 5 + [1] * 4 + [0]
