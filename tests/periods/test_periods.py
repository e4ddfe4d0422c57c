"""Periods: the calendar side. Text, order, containment and neighbours agree with the days."""

import contextlib
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.periods import FIRST_YEAR, LAST_YEAR, InvalidPeriod, Period, PeriodKind

kinds = st.sampled_from(PeriodKind)
periods = st.builds(
    lambda year, kind, number: Period(year, kind, number % (12 // kind.months) + 1),
    st.integers(FIRST_YEAR, LAST_YEAR),
    kinds,
    st.integers(0, 11),
)
near = st.builds(
    lambda year, kind, number: Period(year, kind, number % (12 // kind.months) + 1),
    st.integers(2022, 2024),
    kinds,
    st.integers(0, 11),
)


def days(period: Any) -> Any:
    length = (period.ends_on - period.starts_on).days + 1
    return {period.starts_on + timedelta(days=offset) for offset in range(length)}


@pytest.mark.parametrize(
    ("text", "kind", "starts_on", "ends_on"),
    [
        ("2023", PeriodKind.YEAR, date(2023, 1, 1), date(2023, 12, 31)),
        ("2023-S2", PeriodKind.HALF, date(2023, 7, 1), date(2023, 12, 31)),
        ("2023-Q3", PeriodKind.QUARTER, date(2023, 7, 1), date(2023, 9, 30)),
        ("2024-02", PeriodKind.MONTH, date(2024, 2, 1), date(2024, 2, 29)),
    ],
)
def test_each_kind_has_its_days(text: str, kind: Any, starts_on: date, ends_on: date) -> None:
    period = Period.parse(text)
    assert (period.kind, period.starts_on, period.ends_on) == (kind, starts_on, ends_on)


@pytest.mark.parametrize(
    "text",
    ["", "23", "2023-", "2023-S0", "2023-S3", "2023-s1", "2023-Q5", "2023-00", "2023-13", "2023-9", " 2023", "2023\n", "1989", "2101", "2023-W01", "２０２３", "2023-Q3-1"],
)  # fmt: skip
def test_only_the_canonical_text_is_read(text: str) -> None:
    with pytest.raises(InvalidPeriod) as refused:
        Period.parse(text)
    assert refused.value.code == "period_invalid"
    assert refused.value.period == text


@given(st.text(max_size=8))
def test_no_other_text_is_a_period(text: Any) -> None:
    with contextlib.suppress(InvalidPeriod):
        assert str(Period.parse(text)) == text


@given(periods)
def test_text_round_trip(period: Any) -> None:
    again = Period.parse(str(period))
    assert again == period
    assert hash(again) == hash(period)


@given(periods, periods)
def test_order_follows_the_first_day_and_the_longer_one_comes_first(first: Any, second: Any) -> None:
    assert (first < second) == (
        (first.starts_on, -first.kind.months) < (second.starts_on, -second.kind.months)
    )
    assert (first == second) == (not first < second and not second < first)


@given(near, near)
def test_containment_and_overlap_are_those_of_the_days(first: Any, second: Any) -> None:
    assert first.contains(second) == (days(second) <= days(first))
    assert first.overlaps(second) == bool(days(first) & days(second))


@given(near, kinds)
def test_subperiods_fill_the_period_without_gap_or_overlap(period: Any, kind: Any) -> None:
    parts = period.subperiods(kind)
    if kind.months > period.kind.months:
        assert parts == ()
        return
    assert sum(len(days(part)) for part in parts) == len(days(period))
    assert set().union(*(days(part) for part in parts)) == days(period)
    assert all(part.kind is kind and period.contains(part) for part in parts)
    assert list(parts) == sorted(parts)


@given(periods)
def test_the_enclosing_periods_are_all_the_longer_ones(period: Any) -> None:
    holders = period.enclosing_periods()
    assert [holder.kind.months for holder in holders] == [m for m in (3, 6, 12) if m > period.kind.months]
    assert all(holder.contains(period) and period in holder.subperiods(period.kind) for holder in holders)


@given(near)
def test_the_next_period_begins_where_one_ends(period: Any) -> None:
    assert period.next().starts_on == period.ends_on + timedelta(days=1)
    assert period.next().previous() == period
    assert period.previous() < period < period.next()


def test_there_is_no_period_after_the_last_year() -> None:
    with pytest.raises(InvalidPeriod):
        Period(LAST_YEAR, PeriodKind.MONTH, 12).next()
    with pytest.raises(InvalidPeriod):
        Period(FIRST_YEAR).previous()


@given(st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)), kinds)
def test_every_day_has_one_period_of_each_kind(day: Any, kind: Any) -> None:
    period = Period.from_day(day, kind)
    assert period.kind is kind
    assert period.starts_on <= day <= period.ends_on
