"""What is true of poor and near-poor households: the movement of the review forms. Pure."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import services.poverty
from services.poverty.rules import CHECKS, NEAR_POOR, POOR, movement_holds, no_more_than_all
from shared.reporting.catalogue.catalogue_file import load_catalogue

CATALOGUE = load_catalogue(Path(services.poverty.__file__).with_name("catalogue.toml"), checks=CHECKS)
counts = st.integers(0, 5000).map(Decimal)
MOVEMENTS = st.sampled_from([POOR, NEAR_POOR])


def codes(values):
    return [(it.pointer, it.code) for check in CHECKS for it in check(values)]


def stated(movement, draw):
    """State every column but the end."""
    return {code: draw(counts) for code in movement.columns[:-1]}


@given(MOVEMENTS, st.data())
def test_the_end_is_the_start_less_what_left_plus_what_came(movement, data):
    values = stated(movement, data.draw)
    values[movement.start] += max(-movement.end_of(values), 0)
    end = (
        values[movement.start]
        - sum(values[code] for code in movement.leaving)
        + sum(values[code] for code in movement.coming)
    )
    assert movement.end_of(values) == end
    assert codes({**values, movement.end: end}) == []
    wrong = data.draw(counts.filter(lambda value: value != end))
    assert codes({**values, movement.end: wrong}) == [(movement.end, "movement_broken")]


@given(MOVEMENTS, st.data())
def test_no_more_can_leave_than_there_were_and_came(movement, data):
    values = stated(movement, data.draw)
    most = values[movement.leaving[0]] + movement.end_of(values)
    values[movement.leaving[0]] = max(most, 0) + data.draw(counts) + 1
    assert movement.end_of(values) < 0
    found = codes({**values, movement.end: Decimal(0)})
    assert found == [(movement.start, "movement_exceeds_start")]


@given(MOVEMENTS, st.data())
def test_a_table_with_a_missing_column_is_not_judged(movement, data):
    values = {**stated(movement, data.draw), movement.end: Decimal(7)}
    missing = data.draw(st.sampled_from(movement.columns))
    del values[missing]
    assert list(movement_holds(values)) == []
    if missing != movement.end:
        assert movement.end_of(values) is None


@given(st.data())
def test_both_tables_hold_at_once_through_the_columns_they_share(data):
    """Who becomes near-poor leaves the one table for the other: what holds for each holds for both together."""
    poor, near = stated(POOR, data.draw), stated(NEAR_POOR, data.draw)
    values = {**poor, **near}
    for table in (POOR, NEAR_POOR):
        values[table.start] += max(-table.end_of(values), 0)
    values |= {POOR.end: POOR.end_of(values), NEAR_POOR.end: NEAR_POOR.end_of(values)}
    assert codes(values) == []
    together = POOR.end_of(values) + NEAR_POOR.end_of(values)
    start = values[POOR.start] + values[NEAR_POOR.start]
    shared_columns = set(POOR.columns) & set(NEAR_POOR.columns)
    assert shared_columns == {"poor_to_near_poor", "near_poor_to_poor"}
    left = sum(values[code] for code in {*POOR.leaving, *NEAR_POOR.leaving} - shared_columns)
    came = sum(values[code] for code in {*POOR.coming, *NEAR_POOR.coming} - shared_columns)
    assert together == start - left + came


@given(counts, counts, counts)
def test_poor_and_near_poor_are_no_more_than_all(households, poor, near_poor):
    values = {"households": households, "poor_households": poor, "near_poor_households": near_poor}
    found = [(it.pointer, it.code) for it in no_more_than_all(values)]
    assert found == ([("households", "more_poor_than_households")] if poor + near_poor > households else [])
    del values["near_poor_households"]
    assert bool(list(no_more_than_all(values))) == (poor > households)
    del values["households"]
    assert list(no_more_than_all(values)) == []


def test_kon_tums_2022_needs_the_other_decrease():
    """The published columns give 15,983 and the published end is 15,943: forty moved away or died."""
    published = {"poor_households_start": 21_989, "poor_households": 15_943}
    values = {code: Decimal(0) for code in POOR.columns} | {
        code: Decimal(value) for code, value in published.items()
    }
    values |= {"poor_to_near_poor": Decimal(21_989 - 15_983)}
    assert codes(values) == [("poor_households", "movement_broken")]
    assert codes({**values, "poor_other_decrease": Decimal(40)}) == []


def test_every_fault_stands_at_an_indicator_of_the_catalogue_and_says_its_numbers():
    values = {code: Decimal(1) for code in CATALOGUE.indicators}
    faults = [it for check in CHECKS for it in check(values)]
    assert {it.code for it in faults} == {"movement_broken", "more_poor_than_households"}
    for it in faults:
        assert it.pointer in CATALOGUE.indicators
        assert "2" in it.sentence.en or "1" in it.sentence.en
        assert it.sentence.vi != it.sentence.en


@pytest.mark.parametrize("movement", [POOR, NEAR_POOR])
def test_every_column_is_an_indicator_of_the_yearly_review_and_flows_are_flows(movement):
    for code in movement.columns:
        (one,) = CATALOGUE.indicators[code]
        assert one.form == "annual_review"
        assert one.level == "commune"
        assert one.flow == (code not in (movement.start, movement.end))


def test_the_plans_figures_are_there_and_are_shown():
    headline = {it.code for it in CATALOGUE.figures.values() if it.headline}
    assert headline >= {
        "poor_households",
        "poverty_rate",
        "poor_households_escaped",
        "poverty_exit_share",
        "near_poverty_rate",
        "multidimensional_poverty_rate",
        "persons_trained",
        "jobs_created",
    }
    for code in ("poverty_rate", "near_poverty_rate", "multidimensional_poverty_rate", "poor_households"):
        assert CATALOGUE.figures[code].better == "lower"
    assert CATALOGUE.figures["poor_households_escaped"].better == "higher"
