"""What ADR 0013 says of the forecast is what the back-test measures."""

from pathlib import Path
from typing import Any

import pytest

from tests.forecast.backtest import METHOD, YEAR, back_test, print_table
from tests.forecast.generated import generate_province
from tests.forms import short_and_long

pytestmark = pytest.mark.slow

ADR = Path(__file__).resolve().parents[2] / "docs" / "adr" / "0013-disbursement-forecast.md"
TOLERANCE = 7
"""Points by which the share of units within their range may differ from what is meant, on any day of the year."""


@pytest.fixture(scope="module", params=short_and_long({"past_years": (0, 5), "days": ("30/06",)}, {}))
def scores(request: pytest.FixtureRequest) -> Any:
    return back_test(**request.param)


def test_the_rows_in_the_adr_are_what_was_measured(scores: Any) -> None:
    adr = ADR.read_text(encoding="utf-8").splitlines()
    assert [row for row in print_table(scores).splitlines() if row not in adr] == []


@pytest.mark.long
def test_the_table_in_the_adr_is_whole() -> None:
    assert print_table(back_test()) in ADR.read_text(encoding="utf-8")


def test_the_outcome_lies_in_the_range_as_often_as_is_meant(scores: Any) -> None:
    assert METHOD.covers_percent == 80
    missed = [score for score in scores if abs(score.in_range_percent - METHOD.covers_percent) > TOLERANCE]
    assert missed == []
    assert all(score.total_in_range_percent >= METHOD.covers_percent for score in scores), (
        "the ranges of sums are not narrower"
    )


def test_it_is_nearer_than_a_linear_forecast(scores: Any) -> None:
    assert all(score.error * 1.8 <= score.linear_error for score in scores if score.past_years)
    assert all(score.error * 1.2 <= score.linear_error for score in scores if not score.past_years)


def test_past_years_reduce_the_error(scores: Any) -> None:
    errors = {(score.past_years, score.day): score.error for score in scores}
    assert all(errors[5, day] < errors[0, day] for _, day in errors)


def test_generated_years_are_the_same_for_the_same_seed() -> None:
    years, again = (list(generate_province(7, YEAR - 2, YEAR)) for _ in range(2))
    assert [year.lots for year in years] == [year.lots for year in again]
    assert any(lot.origin_year < YEAR for lot in years[-1].lots), "something was carried over"


def test_generated_years_never_pay_more_than_is_left() -> None:
    for year in generate_province(7, YEAR - 2, YEAR):
        for flows in year.lots.values():
            left = 0
            for month in sorted(flows):
                left += flows[month].inflow_vnd - flows[month].paid_vnd - flows[month].outflow_vnd
                assert left >= 0
                assert flows[month].paid_vnd >= 0
