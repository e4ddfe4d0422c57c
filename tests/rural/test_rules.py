"""The groups of communes by criteria met."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.rural.rules import CRITERIA, GROUPS, criteria_met, meets_all_criteria, missing

assessments = st.fixed_dictionaries(dict.fromkeys(CRITERIA, st.sampled_from([Decimal(0), Decimal(1)])))


def meeting(number):
    return {code: Decimal(int(at < number)) for at, code in enumerate(CRITERIA)}


@given(assessments)
def test_every_assessed_commune_is_in_exactly_one_group(values):
    assert [group(values) for group in GROUPS].count(True) == 1


@given(assessments)
def test_what_is_met_and_what_is_missing_are_all_nineteen(values):
    assert criteria_met(values) + len(missing(values)) == 19
    assert meets_all_criteria(values) == (missing(values) == [])
    assert all(values[CRITERIA[number - 1]] == 0 for number in missing(values))


def test_the_groups_begin_and_end_where_their_names_say():
    groups = [next(at for at, group in enumerate(GROUPS) if group(meeting(n))) for n in range(20)]
    assert groups == [4] * 5 + [3] * 5 + [2] * 5 + [1] * 4 + [0]
