"""The checks of poor and near-poor households, and the catalogue of the program."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import services.poverty
from services.poverty.rules import (
    CHECKS,
    MOVEMENTS,
    NEAR_POOR,
    POOR,
    HouseholdMovement,
    check_movement,
    check_poor_within_households,
)
from shared.periods import Period
from shared.reporting.catalogue.catalogue_file import load_catalogue

CATALOGUE = load_catalogue(Path(services.poverty.__file__).with_name("catalogue.toml"), checks=CHECKS)
counts = st.integers(0, 5000).map(Decimal)
MOVEMENT_TABLES = st.sampled_from(MOVEMENTS)


def find_codes(values):
    return [(fault.pointer, fault.code) for check in CHECKS for fault in check(values)]


def draw_columns(movement, draw):
    """Return a value for every column except the end."""
    return {code: draw(counts) for code in movement.columns[:-1]}


@given(MOVEMENT_TABLES, st.data())
def test_the_end_is_the_start_less_those_that_left_plus_those_that_came(movement, data):
    values = draw_columns(movement, data.draw)
    values[movement.start] += max(-movement.compute_end(values), 0)
    end = (
        values[movement.start]
        - sum(values[code] for code in movement.leaving)
        + sum(values[code] for code in movement.coming)
    )
    assert movement.compute_end(values) == end
    assert find_codes({**values, movement.end: end}) == []
    other_end = data.draw(counts.filter(lambda value: value != end))
    assert find_codes({**values, movement.end: other_end}) == [(movement.end, "movement_broken")]


@given(MOVEMENT_TABLES, st.data())
def test_no_more_households_leave_than_there_were_and_came(movement, data):
    values = draw_columns(movement, data.draw)
    available = values[movement.leaving[0]] + movement.compute_end(values)
    values[movement.leaving[0]] = max(available, 0) + data.draw(counts) + 1
    assert movement.compute_end(values) < 0
    codes = find_codes({**values, movement.end: Decimal(0)})
    assert codes == [(movement.start, "movement_exceeds_start")]


@given(MOVEMENT_TABLES, st.data())
def test_a_table_with_a_missing_column_is_not_checked(movement, data):
    values = {**draw_columns(movement, data.draw), movement.end: Decimal(7)}
    missing = data.draw(st.sampled_from(movement.columns))
    del values[missing]
    assert list(check_movement(values)) == []
    if missing != movement.end:
        assert movement.compute_end(values) is None


def compute_end(movement: HouseholdMovement, values: dict[str, Decimal]) -> Decimal:
    end = movement.compute_end(values)
    assert end is not None
    return end


@given(st.data())
def test_both_tables_add_up_together_by_the_columns_they_share(data):
    """A household that becomes near-poor leaves one table and enters the other."""
    poor, near_poor = draw_columns(POOR, data.draw), draw_columns(NEAR_POOR, data.draw)
    values = {**poor, **near_poor}
    for movement in (POOR, NEAR_POOR):
        values[movement.start] += max(-compute_end(movement, values), 0)
    values |= {POOR.end: compute_end(POOR, values), NEAR_POOR.end: compute_end(NEAR_POOR, values)}
    assert find_codes(values) == []
    end = compute_end(POOR, values) + compute_end(NEAR_POOR, values)
    start = values[POOR.start] + values[NEAR_POOR.start]
    shared_columns = set(POOR.columns) & set(NEAR_POOR.columns)
    assert shared_columns == {"poor_to_near_poor", "near_poor_to_poor"}
    left = sum(values[code] for code in {*POOR.leaving, *NEAR_POOR.leaving} - shared_columns)
    came = sum(values[code] for code in {*POOR.coming, *NEAR_POOR.coming} - shared_columns)
    assert end == start - left + came


@given(counts, counts, counts)
def test_poor_and_near_poor_are_check_poor_within_households(households, poor, near_poor):
    values = {"households": households, "poor_households": poor, "near_poor_households": near_poor}
    codes = [(fault.pointer, fault.code) for fault in check_poor_within_households(values)]
    assert codes == ([("households", "more_poor_than_households")] if poor + near_poor > households else [])
    del values["near_poor_households"]
    assert bool(list(check_poor_within_households(values))) == (poor > households)
    del values["households"]
    assert list(check_poor_within_households(values)) == []


def test_kon_tums_review_of_2022_needs_the_other_decrease():
    """The published columns give 15,983 and the published end is 15,943: forty households moved away or died."""
    published = {"poor_households_start": 21_989, "poor_households": 15_943}
    values = {code: Decimal(0) for code in POOR.columns} | {
        code: Decimal(value) for code, value in published.items()
    }
    values |= {"poor_to_near_poor": Decimal(21_989 - 15_983)}
    assert find_codes(values) == [("poor_households", "movement_broken")]
    assert find_codes({**values, "poor_other_decrease": Decimal(40)}) == []


def test_every_fault_points_to_an_indicator_of_the_catalogue_and_states_its_numbers():
    values = {code: Decimal(1) for code in CATALOGUE.indicators}
    faults = [fault for check in CHECKS for fault in check(values)]
    assert {fault.code for fault in faults} == {"movement_broken", "more_poor_than_households"}
    for fault in faults:
        assert fault.pointer in CATALOGUE.indicators
        assert "2" in fault.sentence.en or "1" in fault.sentence.en
        assert fault.sentence.vi != fault.sentence.en


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_every_column_is_an_indicator_of_the_yearly_review_and_flows_are_flows(movement):
    form = "annual_review" if movement in (POOR, NEAR_POOR) else "annual_review_persons"
    for code in movement.columns:
        (indicator,) = CATALOGUE.indicators[code]
        assert indicator.form == form
        assert indicator.level == "commune"
        assert indicator.flow == (code not in (movement.start, movement.end))


def test_the_tables_of_the_catalogue_are_the_movements_that_are_checked():
    tables = {
        table.columns: table for form in CATALOGUE.forms.values() for table in form.tables if table.leaving
    }
    assert tables.keys() == {
        (movement.start, *movement.leaving, *movement.coming, movement.end) for movement in MOVEMENTS
    }
    for movement in MOVEMENTS:
        assert tables[movement.columns].leaving == movement.leaving


CALENDAR = {
    ("review_monthly", "2023-01"): {"commune": "2023-02-05", "district": "2023-02-05", "province": "2023-02-05"},
    ("review_monthly", "2023-08"): {"commune": "2023-09-05", "district": "2023-09-05", "province": "2023-09-05"},
    ("review_preliminary", "2023"): {"commune": "2023-11-04", "district": "2023-11-09", "province": "2023-11-14"},
    ("annual_review", "2023"): {"commune": "2023-12-12", "district": "2023-12-14", "province": "2023-12-19"},
    ("annual_review", "2025"): {"commune": "2025-12-12", "district": None, "province": "2025-12-19"},
    ("review_causes", "2023"): {"commune": "2023-12-12", "district": "2023-12-14", "province": "2023-12-19"},
    ("review_causes", "2025"): {"commune": "2025-12-12", "district": None, "province": "2025-12-19"},
}  # fmt: skip
"""The last day on time of each level: before 15 November and before 20 December for the province (QĐ 24/2021 Điều 7)."""


@pytest.mark.parametrize(("form", "period"), CALENDAR)
def test_the_calendar_of_the_review(form, period):
    on_form, of_period = CATALOGUE.forms[form], Period.parse(period)
    assert on_form.is_for(of_period)
    days = {}
    for level in on_form.list_owing_levels(of_period):
        rule = on_form.find_due_rule(of_period, level)
        days[level] = str(rule.compute_due_on(of_period)) if rule else None
    assert days == CALENDAR[form, period]


def test_the_monthly_review_is_of_the_months_that_are_due_from_february_to_september():
    form = CATALOGUE.forms["review_monthly"]
    assert [month for month in range(1, 13) if form.is_for(Period.parse(f"2023-{month:02d}"))] == [
        *range(1, 9)
    ]


def test_each_form_of_the_review_carries_the_number_of_the_law_and_of_the_application():
    for number, form in enumerate(
        ("review_poor_deprivations", "", "review_near_poor_deprivations", "", "review_target_groups", "review_ethnic_groups", "review_causes", "review_children"), 4
    ):  # fmt: skip
        if form:
            assert f"Mẫu 7.{number}" in CATALOGUE.forms[form].legal_basis
            assert f"biểu {number} " in CATALOGUE.forms[form].legal_basis
            assert ("TT 02/2022" in CATALOGUE.forms[form].legal_basis) == (number in (8, 9, 10))


def test_the_figures_of_plan_570_are_headline_figures():
    headline = {figure.code for figure in CATALOGUE.figures.values() if figure.headline}
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
