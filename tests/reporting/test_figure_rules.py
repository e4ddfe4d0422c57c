"""How figures are made: sums, ratios of sums, averages, counts, coverage. Nothing is rounded, nothing averaged twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.decimal_fields import round_half_away
from shared.periods import Period
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import Average, CountUnits, FromRegister, Ratio, Sum
from shared.reporting.figures.coverage import (
    Coverage,
    CoverageCalculator,
    NilReport,
    find_least_covered,
)
from shared.reporting.figures.map_projection import project_unit
from shared.reporting.figures.rules import evaluate_formula
from shared.reporting.observations.measures import Measure, measure_unit_by_unit, sum_measures
from shared.reporting.ratios import compute_share_percent
from shared.reporting.targets.rules import METHODS, Plan, compute_achievement
from shared.territory.tree import Territory
from tests.not_none import not_none
from tests.reporting.office import NAME, SINCE, catalogue, done
from tests.territory.shipped import read_successions, read_units

T0 = datetime(2024, 1, 5, tzinfo=UTC)
MAP = Territory(read_units(), read_successions())


def figure(formula, code="f", better="higher") -> Figure:
    return Figure(code, NAME, formula, "-", NAME, "-", valid_from=SINCE, better=better)


def measure(value, covers=1, status=2, minutes=0) -> Measure:
    at = T0 + timedelta(minutes=minutes)
    return Measure(Decimal(value), Fraction(covers), status, at, at)


amounts = st.decimals(min_value=0, max_value=10**9, places=2)
measures = st.builds(measure, amounts, st.integers(1, 12), st.integers(0, 2), st.integers(0, 500))
MEASURES = st.lists(measures, min_size=1, max_size=8)


# Adding up


def add_up(terms) -> Measure:
    return not_none(sum_measures(terms))


@given(MEASURES)
def test_adding_up_keeps_the_least_status_and_the_oldest_and_newest_receipt(terms):
    total = add_up(terms)
    assert total.value == sum(term.value for term in terms)
    assert total.covers == sum(term.covers for term in terms)
    assert total.status == min(term.status for term in terms)
    assert total.oldest_at == min(term.oldest_at for term in terms)
    assert total.newest_at == max(term.newest_at for term in terms)


@given(MEASURES, MEASURES)
def test_adding_up_in_two_steps_is_adding_up_at_once(first, second):
    assert add_up([add_up(first), add_up(second)]) == add_up([*first, *second])


def test_nothing_adds_up_to_nothing_and_not_to_zero():
    assert sum_measures([]) is None
    for formula in (
        Sum(("a",)),
        Ratio(("a",), ("b",), Decimal(100)),
        Average(("a",)),
        CountUnits(("a",), done),
    ):
        outcome = evaluate_formula(figure(formula), {})
        assert outcome.value is None
        assert outcome.covers == 0
        assert outcome.status is None


def test_zero_is_a_value():
    assert evaluate_formula(figure(Sum(("a",))), {"a": measure(0)}).value == 0


# Ratios


RATE = figure(Ratio(("poor",), ("all",), Decimal(100)))
districts = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=12)


@given(districts)
def test_a_provinces_rate_is_the_ratio_of_the_sums(parts):
    poor = add_up(measure(part) for part, _ in parts)
    everyone = add_up(measure(all_) for _, all_ in parts)
    outcome = evaluate_formula(RATE, {"poor": poor, "all": everyone})
    above, below = sum(part for part, _ in parts), sum(all_ for _, all_ in parts)
    assert outcome.numerator == above
    assert outcome.denominator == below
    if below == 0:
        assert outcome.value is None
    else:
        exact = Fraction(above * 100, below)
        assert abs(Fraction(not_none(outcome.value)) - exact) < Fraction(1, 10**20)


def test_rates_are_never_averaged():
    big, small = (measure(1), measure(1000)), (measure(50), measure(100))
    rate = evaluate_formula(
        RATE, {"poor": add_up([big[0], small[0]]), "all": add_up([big[1], small[1]])}
    ).value
    assert round_half_away(not_none(rate), 2) == Decimal("4.64")
    assert rate != (Decimal("0.1") + Decimal(50)) / 2


def test_a_rate_needs_both_of_its_sums():
    assert evaluate_formula(RATE, {"poor": measure(5)}).value is None
    only = evaluate_formula(RATE, {"all": measure(5, covers=3)})
    assert only.value is None
    assert only.denominator == 5
    assert only.covers == 0


def test_kon_tums_rates_of_2023_round_as_the_plan_prints_them():
    inputs = {"poor": measure(10_220), "all": measure(149_480)}
    assert round_half_away(not_none(evaluate_formula(RATE, inputs).value), 2) == Decimal("6.84")
    inputs["poor"] = measure(6_258)
    assert round_half_away(not_none(evaluate_formula(RATE, inputs).value), 2) == Decimal("4.19")


# Sums, averages, counts


@given(st.dictionaries(st.sampled_from("abc"), measures))
def test_a_sum_needs_all_of_its_terms_and_names_those_that_are_missing(stated):
    outcome = evaluate_formula(figure(Sum(("a", "b", "c"))), stated)
    assert outcome.missing == tuple(code for code in "abc" if code not in stated)
    if len(stated) < 3:
        assert (outcome.value, outcome.covers) == (None, 0)
    else:
        assert outcome.value == sum(term.value for term in stated.values())
        assert outcome.covers > 0


@given(st.dictionaries(st.sampled_from("abc"), measures), st.sets(st.sampled_from("abc")))
def test_a_term_of_which_only_nil_was_stated_counts_as_nothing(stated, nil):
    outcome = evaluate_formula(figure(Sum(("a", "b", "c"))), stated, nil)
    assert outcome.missing == tuple(code for code in "abc" if code not in stated and code not in nil)
    valued = [stated[code].value for code in "abc" if code in stated and code not in nil]
    assert outcome.value == (sum(valued) if valued and not outcome.missing else None)


def test_a_count_or_ratio_names_what_is_missing():
    formula = CountUnits(("criterion_a", "criterion_b"), done)
    counted = evaluate_formula(figure(formula, "communes_done"), {"criterion_a": measure(1)})
    assert (counted.value, counted.missing) == (None, ("criterion_b",))
    stated_apart = {"criterion_a": measure(1), "criterion_b": measure(1)}
    counted = evaluate_formula(figure(formula, "communes_done"), stated_apart)
    assert (counted.value, counted.missing) == (None, ("criterion_a", "criterion_b"))
    rate = evaluate_formula(
        figure(Ratio(("poor", "near_poor"), ("all",), Decimal(100))), {"poor": measure(5), "all": measure(50)}
    )
    assert (rate.value, rate.numerator, rate.denominator) == (None, None, Decimal(50))
    assert rate.missing == ("near_poor",)


@given(st.lists(st.integers(0, 19), min_size=1, max_size=85))
def test_an_average_is_the_sum_by_the_number_of_units_however_they_are_grouped(counts):
    total = add_up(measure(count) for count in counts)
    outcome = evaluate_formula(figure(Average(("a",))), {"a": total})
    assert outcome.denominator == len(counts)
    assert Fraction(not_none(outcome.value)).limit_denominator(10**6) == Fraction(sum(counts), len(counts))
    halves = [add_up(measure(count) for count in part) for part in (counts[::2], counts[1::2]) if part]
    assert evaluate_formula(figure(Average(("a",))), {"a": add_up(halves)}) == outcome


CRITERIA = figure(CountUnits(("criterion_a", "criterion_b"), done), "communes_done")
MEAN = figure(Average(("criterion_a", "criterion_b")), "mean")
bits = st.builds(measure, st.sampled_from([0, 1]), st.just(1), st.integers(0, 2), st.integers(0, 9))
UNITS = st.dictionaries(
    st.text("0123456789", min_size=5, max_size=5),
    st.dictionaries(st.sampled_from(["criterion_a", "criterion_b", "other"]), bits),
)


def complete(units):
    return [inputs for inputs in units.values() if {"criterion_a", "criterion_b"} <= set(inputs)]


@given(UNITS)
def test_a_count_is_of_the_units_that_state_all_its_inputs_and_of_no_others(units):
    complete_units = complete(units)
    made = measure_unit_by_unit(CRITERIA, units)
    if not complete_units:
        assert made is None
        return
    assert made is not None
    inputs = [unit[code] for unit in complete_units for code in ("criterion_a", "criterion_b")]
    assert made.covers == len(complete_units)
    assert made.value == sum(
        unit["criterion_a"].value == unit["criterion_b"].value == 1 for unit in complete_units
    )
    assert made.status == min(value.status for value in inputs)
    assert (made.oldest_at, made.newest_at) == (
        min(value.oldest_at for value in inputs),
        max(value.newest_at for value in inputs),
    )
    assert evaluate_formula(CRITERIA, {"communes_done": made}).value == made.value


@given(UNITS)
def test_an_average_of_several_terms_is_of_the_units_that_state_them_all(units):
    complete_units = complete(units)
    made = measure_unit_by_unit(MEAN, units)
    assert (made is None) == (not complete_units)
    if made is not None:
        met = sum(unit["criterion_a"].value + unit["criterion_b"].value for unit in complete_units)
        outcome = evaluate_formula(MEAN, {"mean": made})
        assert outcome.numerator == met
        assert outcome.denominator == len(complete_units)
        assert 0 <= not_none(outcome.value) <= 2


def test_a_register_has_no_measure():
    assert evaluate_formula(figure(FromRegister("decisions")), {"f": measure(3)}).value is None


# Plans


@pytest.mark.parametrize(
    ("actual", "planned", "better", "expected"),
    [
        ("6258", "6035", "higher", "103.70"),
        ("48", "60", "higher", "80.00"),
        ("4", "5", "lower", "125.00"),
        ("10", "5", "lower", "50.00"),
        ("0", "5", "higher", "0.00"),
        ("5", "0", "higher", None),
        ("0", "5", "lower", None),
        ("0", "0", "higher", None),
        (None, "5", "higher", None),
    ],
)
def test_the_achieved_percent_of_a_target(actual, planned, better, expected):
    percent = compute_achievement(
        Decimal(actual) if actual else None, Plan("value", Decimal(planned)), better
    ).percent
    assert (None if percent is None else str(round_half_away(percent, 2))) == expected


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from(["higher", "lower"]))
def test_a_target_is_met_exactly_when_a_hundred_percent_are_achieved(actual, planned, better):
    achieved = compute_achievement(Decimal(actual), Plan("value", Decimal(planned)), better)
    met = actual >= planned if better == "higher" else actual <= planned
    assert (not_none(achieved.percent) >= 100) == met == achieved.met


PLANS = st.one_of(
    st.builds(Plan, st.sampled_from(["value", "at_least", "at_most"]), st.integers(1, 500).map(Decimal)),
    st.tuples(st.integers(1, 250), st.integers(1, 250)).map(
        lambda bounds: Plan("range", Decimal(bounds[0]), Decimal(sum(bounds)))
    ),
)


@given(PLANS, st.integers(1, 1000), st.sampled_from(["higher", "lower"]))
def test_every_kind_of_target_is_met_exactly_when_a_hundred_percent_are_achieved(plan, done, better):
    achieved = compute_achievement(Decimal(done), plan, better)
    upper = plan.value if plan.upper is None else plan.upper
    higher = {"at_least": True, "at_most": False}.get(plan.kind, better == "higher")
    assert achieved.met == (done >= plan.value if higher else done <= upper)
    assert (not_none(achieved.percent) >= 100) == achieved.met
    assert achieved.method in METHODS


@given(PLANS, st.integers(1, 1000), st.integers(1, 1000), st.sampled_from(["higher", "lower"]))
def test_what_is_better_is_never_achieved_less(plan, one, other, better):
    low, high = sorted((one, other))
    percents = [not_none(compute_achievement(Decimal(done), plan, better).percent) for done in (low, high)]
    higher = {"at_least": True, "at_most": False}.get(plan.kind, better == "higher")
    assert percents == sorted(percents, reverse=not higher)


def test_a_range_says_how_its_percentage_is_computed():
    plan = Plan("range", Decimal(1), Decimal("1.5"))
    percents = {done: compute_achievement(Decimal(done), plan, "higher") for done in ("0.5", "1.2", "3")}
    assert [(int(not_none(row.percent)), row.method) for row in percents.values()] == [
        (50, "done_by_bound"),
        (100, "within_range"),
        (200, "done_by_bound"),
    ]
    nothing_done = compute_achievement(None, plan, "higher")
    assert (nothing_done.percent, nothing_done.met) == (None, None)


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_share_never_exceeds_a_hundred(part, whole):
    percent = compute_share_percent(min(part, whole), whole)
    if whole == 0:
        assert percent is None
    else:
        assert 0 <= not_none(percent) <= 100


# Coverage


YEAR = Period(2023)


def expect(nil=None, root="62") -> CoverageCalculator:
    words = [NilReport(form, unit, YEAR, nil=True) for form, units in (nil or {}).items() for unit in units]
    return CoverageCalculator(catalogue(), MAP, project_unit(MAP, root, YEAR, YEAR.ends_on), None, words)


def covered(expectations, measures, of=None) -> Coverage:
    return not_none(find_least_covered(expectations.compute_by_input(of or RATE_OF_OFFICE, measures)))


RATE_OF_OFFICE = catalogue().figures["poverty_rate"]


def test_coverage_is_that_of_the_least_covered_input():
    coverage = covered(expect(), {"poor": measure(5, 90), "households": measure(9, 102)})
    assert coverage == Coverage(90, 0, 102)
    assert covered(expect(), {"poor": measure(5, 90)}) == Coverage(0, 0, 102)


def test_nil_counts_and_silence_does_not():
    assert covered(expect({"census": {"610", "23404"}}), {}) == Coverage(0, 13, 102)
    assert covered(expect({"census": {"610", "23344"}}), {}) == Coverage(0, 12, 102)
    assert covered(expect({"works": {"610"}}), {}) == Coverage(0, 0, 102)
    assert covered(expect({"census": {"610"}}, root="611"), {}) == Coverage(0, 0, 8)
    assert covered(expect({"census": {"610"}}, root="23344"), {}) == Coverage(0, 1, 1)


def test_a_count_is_covered_by_the_units_that_state_all_of_it():
    count = catalogue().figures["communes_done"]
    assert covered(expect(), {"communes_done": measure(48, 85)}, count) == Coverage(85, 0, 85)


@given(
    st.sets(st.sampled_from(["610", "611", "23344", "23377", "62"])),
    st.integers(0, 102),
    st.integers(0, 102),
)
def test_coverage_never_exceeds_what_was_expected(nil, poor, households):
    by_code = {
        code: measure(1, covers) for code, covers in (("poor", poor), ("households", households)) if covers
    }
    coverage = covered(expect({"census": nil}), by_code)
    assert coverage.reported + coverage.nil <= coverage.expected
    assert 0 <= coverage.share <= 1
