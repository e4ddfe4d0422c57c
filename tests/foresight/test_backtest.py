"""What the package says of its method is what comes out when generated years are foretold."""

from textwrap import indent

import pytest

from services.funding import foresight
from tests.foresight.backtest import METHOD, YEAR, back_test, table
from tests.foresight.generated import years_of_a_province
from tests.forms import short_and_long

pytestmark = pytest.mark.slow

MEANT = METHOD.covers_percent
ABOUT = 7
"""Points that the share of units within their range may be off what is meant, at any time of the year."""


@pytest.fixture(scope="module", params=short_and_long({"histories": (0, 5), "times": ("30/06",)}, {}))
def found(request):
    return back_test(**request.param)


def test_the_table_in_the_prose_is_what_was_measured(found):
    prose = (foresight.__doc__ or "").splitlines()
    assert [line for line in indent(table(found), " " * 4).splitlines() if line not in prose] == []


@pytest.mark.long
def test_the_table_in_the_prose_is_whole():
    assert indent(table(back_test()), " " * 4) in (foresight.__doc__ or "")


def test_the_truth_lies_in_the_range_about_as_often_as_is_said(found):
    assert MEANT == 80
    assert [it for it in found if abs(it.covered_percent - MEANT) > ABOUT] == []
    assert all(it.whole_covered_percent >= MEANT for it in found), "sums of ranges are no narrower"


def test_it_is_nearer_than_going_on_at_the_mean_pace(found):
    assert all(it.off * 1.8 <= it.naive_off for it in found if it.history)
    assert all(it.off * 1.2 <= it.naive_off for it in found if not it.history)


def test_past_years_help(found):
    by = {(it.history, it.at): it.off for it in found}
    assert all(by[5, at] < by[0, at] for _, at in by)


def test_generated_years_are_the_same_for_the_same_seed_and_as_the_field_knows_them():
    one, two = (list(years_of_a_province(7, YEAR - 2, YEAR)) for _ in range(2))
    assert [it.lots for it in one] == [it.lots for it in two]
    assert any(lot.origin_year < YEAR for lot in one[-1].lots), "something was carried over"
    for year in one:
        for series in year.lots.values():
            left = 0
            for month in sorted(series):
                left += series[month].came_vnd - series[month].paid_vnd - series[month].gone_vnd
                assert left >= 0
                assert series[month].paid_vnd >= 0
