"""The forecast of any money: bounds, sums to the đồng in any grouping, curves that rise, deadlines, facts."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.funding.dated_facts import load_deadlines, load_method
from services.funding.deadlines import Extension, find_deadline, find_lapses
from services.funding.forecast.api import RANK
from services.funding.forecast.deadline_parts import split_lot
from services.funding.forecast.estimation import (
    CashFlow,
    Cohort,
    MonthPart,
    add_flows,
    count_ended_months,
    estimate_pattern,
    find_lower_quantile,
    find_upper_quantile,
    list_exposures,
    number_month,
    split_by_month,
)
from services.funding.forecast.profiles import WHOLE_PPB, to_disbursed, to_shares
from services.funding.forecast.ranges import ForecastRange
from services.funding.forecast.rules import LotHistory, estimate_by_capital, forecast_lots
from services.funding.forecast.sums import ForecastSum, build_sums, to_rank
from services.funding.ledger import CAPITALS, Amounts, Capital, Line, Lot
from shared.kit.paging import InvalidCursor, PageCursor, slice_page

METHOD, RULES = load_method(), load_deadlines()
YEAR = 2023
GROUPINGS = ("program", "component", "capital", "source", "unit", "origin_year", "deadline")

without_deadline = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Drawing whole ledgers takes long on a busy machine."""

days = st.dates(date(YEAR, 1, 1), date(YEAR + 1, 6, 30))
amounts = st.integers(0, 10**13)


def build_lot(
    unit: Any = "610",
    component: Any = None,
    capital: Any = "investment",
    origin: Any = YEAR,
    year: Any = YEAR,
) -> Any:
    return Lot(Line(year, "poverty", component, capital, "central", unit, date(1991, 8, 12)), origin)


def first_day_of(month: Any) -> Any:
    return date(YEAR + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def build_history(lot: Any, flows: Any) -> Any:
    """The history of a lot with these monthly flows."""
    return LotHistory(
        lot, find_deadline(RULES, lot), {first_day_of(month): flow for month, flow in flows.items()}
    )


def extend_to(on: Any, amount: Any = 10**15) -> Any:
    return Extension(on, "12/QĐ", amount)


def build_cohorts(histories: Any) -> Any:
    return [
        Cohort(
            YEAR,
            history.lot.line.capital,
            history.lot.line.unit,
            number_month(YEAR, find_deadline(RULES, history.lot).paid_by),
            history.monthly_flows,
        )
        for history in histories
    ]


def until(flows: Any, on: Any) -> Any:
    return {month: flow for month, flow in flows.items() if first_day_of(month) <= on}


@st.composite
def monthly_flows(draw: Any) -> Any:
    """Inflow, payments, returns and reversed payments in any month, never more than there is."""
    left = 0
    flows: dict[int, CashFlow] = {}
    for month in sorted(draw(st.sets(st.integers(1, 16), max_size=6))):
        inflow = draw(amounts) if not flows or draw(st.booleans()) else 0
        paid = draw(st.integers(0, left + inflow))
        outflow = draw(st.integers(0, left + inflow - paid)) if draw(st.booleans()) else 0
        if flows and draw(st.integers(0, 4)) == 0:  # an earlier payment is reversed
            paid = -min(draw(amounts), sum(flow.paid_vnd for flow in flows.values()))
            outflow = 0
        flows[month] = CashFlow(inflow, paid, outflow)
        left += inflow - paid - outflow
    return flows


COHORT_LENGTHS: list[tuple[Capital, int]] = [("investment", 13), ("investment", 12), ("recurrent", 12)]
"""A capital and how many months its lots can be paid."""

extensions = st.lists(
    st.builds(extend_to, st.dates(date(YEAR, 12, 1), date(YEAR + 1, 12, 31)), amounts), max_size=3
)


@st.composite
def ledgers(draw: Any) -> Any:
    """Cohorts, histories of lots split by their deadlines, and a day."""
    on = draw(days)
    histories = []
    keys = st.tuples(
        st.sampled_from(["610", "611", "62"]),
        st.sampled_from([None, "GN.DA1", "GN.DA2"]),
        st.sampled_from(["investment", "recurrent"]),
        st.sampled_from([YEAR, YEAR - 1, YEAR - 2]),
    )
    for key in draw(st.lists(keys, max_size=6, unique=True)):
        histories.extend(
            split_lot(
                RULES, build_history(build_lot(*key), until(draw(monthly_flows()), on)), draw(extensions)
            )
        )
    past = [
        Cohort(year, capital, unit, months, {at: CashFlow(*flow) for at, flow in draw(flows_of_past).items()})
        for year in (YEAR - 2, YEAR - 1)
        for capital, months in COHORT_LENGTHS
        for unit in ("610", "611")
        if draw(st.booleans())
    ]
    return [*past, *build_cohorts(histories)], histories, on


flows_of_past = st.dictionaries(
    st.integers(1, 13), st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)), max_size=5
)


def forecast_all(cohorts: Any, histories: Any, on: Any) -> Any:
    return forecast_lots(estimate_by_capital(METHOD, YEAR, cohorts, on), histories, YEAR, on)


@without_deadline
@given(ledgers())
def test_a_forecast_is_possible(drawn: Any) -> None:
    cohorts, histories, on = drawn
    for forecast in forecast_all(cohorts, histories, on):
        paid, available = forecast.history.total.paid_vnd, forecast.history.total.inflow_vnd
        assert paid <= forecast.expected.low <= forecast.expected.likely <= forecast.expected.high
        assert forecast.expected.high <= max(paid, available)
        assert (
            0
            <= forecast.at_risk.low
            <= forecast.at_risk.likely
            <= forecast.at_risk.high
            <= forecast.history.left_vnd
        )
        for name, opposite in (("low", "high"), ("likely", "likely"), ("high", "low")):
            assert (
                getattr(forecast.remaining, name) + getattr(forecast.at_risk, opposite)
                == forecast.history.left_vnd
            )
        assert all(
            min(payment.low, payment.likely, payment.high) >= 0 for payment in forecast.payments.values()
        )
        if on >= forecast.history.deadline.paid_by:
            assert forecast.expected == ForecastRange.from_fact(paid)
            assert forecast.at_risk == ForecastRange.from_fact(forecast.history.left_vnd)


@without_deadline
@given(ledgers(), st.lists(st.sampled_from(GROUPINGS), min_size=1, unique=True))
def test_every_grouping_adds_up_to_the_dong(drawn: Any, by: Any) -> None:
    cohorts, histories, on = drawn
    lots = forecast_all(cohorts, histories, on)
    rows, whole = build_sums(lots, by, YEAR, on), ForecastSum(YEAR, on, lots)
    for measure in (
        lambda row: row.expected,
        lambda row: row.at_risk,
        lambda row: row.project_paid([date(YEAR, 12, 31)])[0],
    ):
        assert sum((measure(row) for row in rows), start=ForecastRange()) == measure(whole)
    for measure in (
        lambda row: row.left_vnd,
        lambda row: row.sum_inflow(),
        lambda row: row.total.paid_vnd,
        lambda row: row.sum_over(lambda forecast: forecast.required_monthly_vnd),
        lambda row: row.sum_over(lambda forecast: forecast.monthly_so_far_vnd),
    ):
        assert sum(measure(row) for row in rows) == measure(whole)
    assert len({tuple(row.keys.values()) for row in rows}) == len(rows)
    assert [to_rank(row) for row in rows] == sorted(to_rank(row) for row in rows)


@without_deadline
@given(ledgers())
def test_the_forecast_of_a_line_does_not_depend_on_other_lines(drawn: Any) -> None:
    cohorts, histories, on = drawn
    together = forecast_all(cohorts, histories, on)
    for line in {history.lot.line for history in histories}:
        of_line = [history for history in histories if history.lot.line == line]
        alone = forecast_all(cohorts[::-1], of_line, on)
        assert alone == [forecast for forecast in together if forecast.history.lot.line == line]


@without_deadline
@given(ledgers())
def test_the_oldest_money_and_of_it_what_lapses_first_is_paid_first(drawn: Any) -> None:
    cohorts, histories, on = drawn
    forecasts = forecast_all(cohorts, histories, on)
    for older in forecasts:
        for newer in forecasts:
            if older.history.lot.line != newer.history.lot.line:
                continue
            if to_payment_order(older) < to_payment_order(newer):
                for last, payment in newer.payments.items():
                    if payment.likely and last <= older.history.deadline.paid_by:
                        paid = sum(amount.likely for day, amount in older.payments.items() if day <= last)
                        assert paid == older.history.left_vnd


def to_payment_order(forecast: Any) -> Any:
    return forecast.history.lot.origin_year, forecast.history.deadline.paid_by


def sum_by_day(parts: Any) -> Any:
    """What is left, and the reserved part of it, by the last day of payment."""
    sums: dict[date, tuple[int, int]] = {}
    for deadline, left, reserved in parts:
        left_before, reserved_before = sums.get(deadline.paid_by, (0, 0))
        sums[deadline.paid_by] = left_before + left, reserved_before + reserved
    return {day: amounts for day, amounts in sums.items() if amounts[0]}


@given(monthly_flows(), extensions, st.data())
def test_a_lot_is_split_as_lapses_are_and_its_parts_add_up(flows: Any, extensions: Any, data: Any) -> None:
    """After each period, what is left of the parts is what `lapses` lists."""
    lot = build_lot(origin=YEAR - 1)
    outflow = sum(flow.outflow_vnd for flow in flows.values())
    returned = data.draw(st.integers(0, outflow))
    whole = replace(build_history(lot, flows), returned_vnd=returned, carried_out_vnd=outflow - returned)
    whole = replace(whole, reserved_vnd=data.draw(st.integers(0, whole.left_vnd)))
    parts = split_lot(RULES, whole, extensions)
    for first, flow in whole.flows.items():
        assert add_flows([part.flows[first] for part in parts]) == flow
    for name in ("left_vnd", "returned_vnd", "carried_out_vnd", "reserved_vnd"):
        assert sum(getattr(part, name) for part in parts) == getattr(whole, name)
    for part in parts:
        assert part.returned_vnd + part.carried_out_vnd == part.total.outflow_vnd
        assert min(part.total.paid_vnd, part.returned_vnd, part.carried_out_vnd, part.reserved_vnd) >= 0
        assert (
            part.reserved_vnd
            <= part.left_vnd
            == part.total.inflow_vnd - part.total.paid_vnd - part.total.outflow_vnd
        )
    days = [part.deadline.paid_by for part in parts]
    assert days == sorted(days)
    for last in sorted(whole.flows):
        total = add_flows([flow for first, flow in whole.flows.items() if first <= last])
        reserved = whole.reserved_vnd if last == max(whole.flows) else 0
        balance = Amounts(carried_over_vnd=total.inflow_vnd, disbursed_vnd=total.paid_vnd, returned_vnd=total.outflow_vnd, reserved_vnd=reserved)  # fmt: skip
        lapses = find_lapses(RULES, {lot: balance}, {lot: extensions})
        of_parts = [
            (
                part.deadline,
                add_flows([flow for first, flow in part.flows.items() if first <= last]).left_vnd,
                part.reserved_vnd if reserved else 0,
            )
            for part in parts
        ]
        assert sum_by_day(of_parts) == sum_by_day(
            (lapse.deadline, lapse.left_vnd, lapse.reserved_vnd) for lapse in lapses
        )


any_flows = st.builds(CashFlow, *[st.integers(-(10**6), 10**6)] * 3)


@given(st.dictionaries(st.integers(1, 16), any_flows, max_size=5), extensions, st.integers(0, 10**6))
def test_parts_add_up_where_days_of_effect_are_out_of_order(
    flows: Any, extensions: Any, reserved: Any
) -> None:
    """Money can be given on with effect before it came; nothing of it may then be lost or counted twice."""
    outflow = sum(flow.outflow_vnd for flow in flows.values())
    whole = replace(
        build_history(build_lot(origin=YEAR - 1), flows), carried_out_vnd=outflow, reserved_vnd=reserved
    )
    parts = split_lot(RULES, whole, extensions)
    for first, flow in whole.flows.items():
        assert add_flows([part.flows[first] for part in parts]) == flow
    for name in ("left_vnd", "returned_vnd", "carried_out_vnd", "reserved_vnd"):
        assert sum(getattr(part, name) for part in parts) == getattr(whole, name)


def test_an_extended_part_is_paid_on_after_the_rest_lapsed() -> None:
    """Half of a lot may be paid until June; the other half lapses in December."""
    on = date(YEAR, 11, 30)
    whole = build_history(build_lot(origin=YEAR - 1), {1: CashFlow(1000), 3: CashFlow(paid_vnd=200)})
    parts = split_lot(RULES, whole, [extend_to(date(YEAR + 1, 6, 30), 500)])
    assert [(part.total.inflow_vnd, part.total.paid_vnd, part.left_vnd) for part in parts] == [
        (500, 200, 300),
        (500, 0, 500),
    ]
    legal, later = forecast_all(build_cohorts(parts), parts, on)
    assert (legal.days_left, later.days_left) == (31, 213)
    assert legal.remaining.likely > 0
    assert later.project_paid([date(YEAR, 12, 31)]) == [ForecastRange()], "what lapses first is paid first"
    assert later.remaining.likely > 0
    undivided = [replace(whole, deadline=later.history.deadline)]
    (extended,) = forecast_all(build_cohorts(undivided), undivided, on)
    assert legal.at_risk.likely + later.at_risk.likely > extended.at_risk.likely


@without_deadline
@given(ledgers(), st.lists(st.dates(date(YEAR, 1, 1), date(YEAR + 2, 1, 31)), max_size=8))
def test_the_curve_rises_and_its_range_opens(drawn: Any, more_days: Any) -> None:
    cohorts, histories, on = drawn
    whole = ForecastSum(YEAR, on, forecast_all(cohorts, histories, on))
    future_days = sorted({on, *(day for day in more_days if day > on)})
    curve = whole.project_paid(future_days)
    assert curve[0] == ForecastRange.from_fact(whole.total.paid_vnd)
    for before, after in pairwise(curve):
        assert before.low <= after.low <= after.likely <= after.high
        assert before.likely <= after.likely
        assert before.high <= after.high
    assert whole.project_paid([date(YEAR + 2, 12, 31)]) == [whole.expected]
    ends = [first_day_of(month + 1) - timedelta(days=1) for month in range(1, 26)]
    for projected_days in (future_days, ends):
        curves = [forecast.project_paid(projected_days) for forecast in whole.forecasts]
        sums = [
            sum((curve[index] for curve in curves), start=ForecastRange())
            for index in range(len(projected_days))
        ]
        assert whole.project_paid(projected_days) == sums


@without_deadline
@given(ledgers())
def test_the_past_of_a_forecast_is_what_was_paid(drawn: Any) -> None:
    cohorts, histories, on = drawn
    for forecast in forecast_all(cohorts, histories, on):
        ends = [first_day_of(month + 1) - timedelta(days=1) for month in range(1, 18)]
        past_days = [day for day in ends if day <= on]
        assert forecast.project_paid(past_days) == [
            ForecastRange.from_fact(forecast.history.sum_paid_until(day)) for day in past_days
        ]


@given(
    st.sampled_from(CAPITALS),
    st.sampled_from([YEAR, YEAR - 1]),
    st.integers(1, 11),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
)
def test_more_payments_do_not_lower_the_forecast(
    capital: Any, origin: Any, month: Any, paid_vnd: Any, other_paid_vnd: Any
) -> None:
    on = first_day_of(month + 1) - timedelta(days=1)
    histories = [
        build_history(
            build_lot(unit, capital=capital, origin=origin),
            {1: CashFlow(inflow_vnd=10**12), month: CashFlow(10**12 * (month == 1), paid)},
        )
        for unit, paid in (("610", min(paid_vnd, other_paid_vnd)), ("611", max(paid_vnd, other_paid_vnd)))
    ]
    slower, quicker = forecast_all(build_cohorts(histories), histories, on)
    assert slower.expected.likely <= quicker.expected.likely


def as_usual(capital: Any, whole: Any, months: Any) -> Any:
    """The flows of money that is paid exactly as the shipped profile says, until the end of a month."""
    shares, left, flows = METHOD.find_profile(capital, YEAR).shares_ppb, whole, {}
    for month in range(1, months + 1):
        paid = left * shares[month - 1] // WHOLE_PPB
        flows[month] = CashFlow(whole if month == 1 else 0, paid)
        left -= paid
    return flows


@pytest.mark.parametrize("capital", CAPITALS)
@pytest.mark.parametrize("month", [1, 6, 11])
def test_payments_at_the_usual_pace_end_at_the_usual_rate(capital: Any, month: int) -> None:
    """Without past years the likely final rate is that of the profile, on any day."""
    history = build_history(build_lot(capital=capital), as_usual(capital, 10**12, month))
    on = first_day_of(month + 1) - timedelta(days=1)
    (forecast,) = forecast_all(build_cohorts([history]), [history], on)
    final = to_disbursed(METHOD.find_profile(capital, YEAR).shares_ppb)[-1]
    pace = ForecastSum(YEAR, on, [forecast]).pace
    assert pace is not None
    assert -Fraction(1, 10**6) < pace - 1 < Fraction(1, 10**6)
    assert abs(Fraction(forecast.expected.likely, 10**12) - Fraction(final, WHOLE_PPB)) < Fraction(1, 10**5)
    assert forecast.expected.low < forecast.expected.likely < forecast.expected.high


def test_carried_over_money_and_own_money_of_a_line_have_one_pace() -> None:
    """A line that pays its carried-over money first is not slow with its own."""
    carried = build_history(
        build_lot(origin=YEAR - 1), {1: CashFlow(inflow_vnd=300), 6: CashFlow(paid_vnd=300)}
    )
    own = build_history(build_lot(), {1: CashFlow(inflow_vnd=700)})
    merged = build_history(build_lot(), {1: CashFlow(inflow_vnd=1000), 6: CashFlow(paid_vnd=300)})
    on = date(YEAR, 6, 30)
    carried_forecast, own_forecast = forecast_all(build_cohorts([own, carried]), [own, carried], on)
    (merged_forecast,) = forecast_all(build_cohorts([merged]), [merged], on)
    assert (carried_forecast.history.lot.origin_year, carried_forecast.remaining) == (
        YEAR - 1,
        ForecastRange(),
    )
    assert abs(own_forecast.remaining.likely - merged_forecast.remaining.likely) <= 13


def test_half_the_pace_calculated_by_hand() -> None:
    """Investment on 30 June: 15 of 100 paid where 30.49 are usual. Every step of the method, in fractions."""
    shares = [Fraction(share, WHOLE_PPB) for share in METHOD.find_profile("investment", YEAR).shares_ppb]
    flows = {1: CashFlow(inflow_vnd=100 * 10**9), 6: CashFlow(paid_vnd=15 * 10**9)}
    slow_history, usual_history = (
        build_history(build_lot(), flows),
        build_history(build_lot("611"), as_usual("investment", 900 * 10**9, 6)),
    )
    on = date(YEAR, 6, 30)
    forecast, _ = forecast_all(
        build_cohorts([slow_history, usual_history]), [slow_history, usual_history], on
    )

    due = sum(shares[:6]) * 100
    capital_due = due + (1 - _left(shares[:6])) * 900
    capital_paid = 15 + (1 - _left(shares[:6])) * 900
    capital_pace = (capital_paid + Fraction(15, 100) * 1000) / (capital_due + Fraction(15, 100) * 1000)
    pace = (15 + capital_pace * Fraction(30, 100) * 100) / (due + Fraction(30, 100) * 100)
    left = 85 * _left([share * pace for share in shares[6:]])
    slow = 85 * _left([share * pace * Fraction(35, 100) for share in shares[6:]])
    assert abs(Fraction(forecast.at_risk.likely, 10**9) - left) < Fraction(1, 10**4)
    assert abs(Fraction(forecast.at_risk.high, 10**9) - slow) < Fraction(1, 10**4)


def _left(shares: Any) -> Any:
    left = Fraction(1)
    for share in shares:
        left *= 1 - share
    return left


def test_each_past_year_weighs_as_much_as_the_profile() -> None:
    """Years that pay a tenth of what is left in every month: n of them weigh n times the profile."""
    profile = METHOD.find_profile("recurrent", YEAR)
    flows, left = {}, 10**12
    for month in range(1, 13):
        flows[month] = CashFlow(10**12 if month == 1 else 0, left // 10)
        left -= left // 10
    for years in (1, 4):
        past = [Cohort(YEAR - 1 - back, "recurrent", "610", 12, flows) for back in range(years)]
        estimated = estimate_pattern(profile, past, date(YEAR, 1, 1)).shares_ppb
        for share, shipped in zip(estimated, profile.shares_ppb):
            assert abs(share - (WHOLE_PPB // 10 * years + shipped) // (years + 1)) <= 1
    half = estimate_pattern(profile, past[:1], date(YEAR - 1, 7, 30)).shares_ppb
    assert half[6:] == profile.shares_ppb[6:], "months that have not ended are left out"
    assert all(share != shipped for share, shipped in zip(half[:6], profile.shares_ppb))


def test_the_range_is_the_spread_of_past_years() -> None:
    """Past years that went as forecast narrow the range; slow units widen it downwards."""
    usual = as_usual("investment", 10**12, 13)
    exact = [Cohort(YEAR - 1, "investment", f"{unit}", 13, usual) for unit in range(610, 620)]
    slow = {
        month: CashFlow(flow.inflow_vnd, flow.paid_vnd // (10 if month > 6 else 1))
        for month, flow in usual.items()
    }
    history = build_history(build_lot(), as_usual("investment", 10**12, 6))

    def estimate_range(past: Any) -> Any:
        assumptions = estimate_by_capital(
            METHOD, YEAR, [*past, *build_cohorts([history])], date(YEAR, 6, 30)
        )["investment"]
        return assumptions.slow_ppb, assumptions.quick_ppb

    shipped = METHOD.find_profile("investment", YEAR)
    narrow = estimate_range(exact)
    assert abs(narrow[0] - (WHOLE_PPB + shipped.slow_ppb) // 2) < WHOLE_PPB // 10**6
    assert abs(narrow[1] - (WHOLE_PPB + shipped.quick_ppb) // 2) < WHOLE_PPB // 10**6
    opened = estimate_range(
        [*exact[:-2], *(Cohort(YEAR - 1, "investment", unit, 13, slow) for unit in ("618", "619"))]
    )
    assert opened[0] < narrow[0]
    assert estimate_range([]) == (shipped.slow_ppb, shipped.quick_ppb)


def test_a_past_year_without_payments_is_left_out() -> None:
    without_payments = [Cohort(YEAR - 1, "investment", "610", 13, {1: CashFlow(inflow_vnd=10**12)})]
    history = build_history(build_lot(), as_usual("investment", 10**12, 6))
    assumptions = estimate_by_capital(
        METHOD, YEAR, [*without_payments, *build_cohorts([history])], date(YEAR, 6, 30)
    )["investment"]
    assert assumptions.past_years == ()
    assert assumptions.pattern.shares_ppb == METHOD.find_profile("investment", YEAR).shares_ppb


def test_lapsed_money_is_no_exposure_of_later_months() -> None:
    """In January only the year's own investment money can be paid, not what was left of carried-over money."""
    profile = METHOD.find_profile("investment", YEAR)
    own = Cohort(YEAR - 2, "investment", "610", 13, {1: CashFlow(100, 10), 13: CashFlow(paid_vnd=45)})
    carried = Cohort(YEAR - 2, "investment", "610", 12, {1: CashFlow(1000, 10)})
    january = estimate_pattern(profile, [own, carried], date(YEAR, 1, 1)).shares_ppb[12]
    assert january == (WHOLE_PPB // 2 + profile.shares_ppb[12]) // 2


def test_a_reversed_payment_lowers_the_pace() -> None:
    flows = {1: CashFlow(inflow_vnd=1000), 3: CashFlow(paid_vnd=400)}
    reversed_flows = {**flows, 5: CashFlow(paid_vnd=-400)}
    on = date(YEAR, 6, 30)
    (before,), (after,) = (
        forecast_all(build_cohorts([history]), [history], on)
        for history in (build_history(build_lot(), flows), build_history(build_lot(), reversed_flows))
    )
    assert after.expected.likely < before.expected.likely
    ends = [date(YEAR, 3, 31), date(YEAR, 5, 31)]
    assert after.project_paid(ends) == [ForecastRange.from_fact(400), ForecastRange.from_fact(0)]


def test_late_money_is_due_from_when_it_came() -> None:
    early, late = {1: CashFlow(inflow_vnd=10**12)}, {9: CashFlow(inflow_vnd=10**12)}
    on = date(YEAR, 9, 30)
    (early_forecast,), (late_forecast,) = (
        forecast_all(build_cohorts([history]), [history], on)
        for history in (build_history(build_lot(), early), build_history(build_lot(), late))
    )
    assert early_forecast.due_vnd > late_forecast.due_vnd
    assert early_forecast.expected.likely < late_forecast.expected.likely


def test_every_lot_is_forecast_until_its_own_deadline() -> None:
    histories = [
        build_history(build_lot("610"), {1: CashFlow(inflow_vnd=1000)}),
        build_history(build_lot("611", capital="recurrent"), {1: CashFlow(inflow_vnd=1000)}),
        *split_lot(
            RULES,
            build_history(build_lot("612", origin=YEAR - 1), {1: CashFlow(inflow_vnd=1000)}),
            [extend_to(date(YEAR + 1, 6, 15), 1000)],
        ),
    ]
    on = date(YEAR, 12, 31)
    own, recurrent, later = forecast_all(build_cohorts(histories), histories, on)
    assert [forecast.days_left for forecast in (own, recurrent, later)] == [31, 0, 167]
    assert list(own.payments) == [date(YEAR + 1, 1, 31)]
    assert recurrent.payments == {}
    assert recurrent.at_risk == ForecastRange.from_fact(1000)
    assert list(later.payments)[-1] == date(YEAR + 1, 6, 15)
    whole = ForecastSum(YEAR, on, [own, recurrent, later])
    assert whole.days == [date(YEAR, 12, 31), date(YEAR + 1, 1, 31), date(YEAR + 1, 6, 15)]
    assert whole.next_deadline == date(YEAR, 12, 31)
    assert whole.state == "running"
    assert ForecastSum(YEAR, date(YEAR + 1, 6, 15), whole.forecasts).state == "over"
    assert whole.select_lapsing_on(date(YEAR, 12, 31)).left_vnd == 1000


def test_within_a_month_all_days_count_alike() -> None:
    history = build_history(build_lot(), {1: CashFlow(inflow_vnd=10**12)})
    (forecast,) = forecast_all(build_cohorts([history]), [history], date(YEAR, 3, 31))
    start, middle, end = forecast.project_paid([date(YEAR, 3, 31), date(YEAR, 4, 15), date(YEAR, 4, 30)])
    assert middle.likely == end.likely // 2
    assert start == ForecastRange()


def test_the_required_monthly_payment_and_the_one_so_far() -> None:
    history = build_history(build_lot(), {1: CashFlow(inflow_vnd=1200, paid_vnd=100)})
    (forecast,) = forecast_all(build_cohorts([history]), [history], date(YEAR, 1, 31))
    assert (forecast.days_left, forecast.monthly_so_far_vnd) == (365, 100 * 365 // (12 * 31))
    assert forecast.required_monthly_vnd == -(-1100 // 12)
    (last_forecast,) = forecast_all(build_cohorts([history]), [history], date(YEAR + 1, 1, 20))
    assert last_forecast.required_monthly_vnd == 1100, "less than a month is left: all of it"


def test_there_is_no_forecast_without_money() -> None:
    assert ForecastSum(YEAR, date(YEAR, 6, 30), []).state == "no_money"
    emptied = build_history(build_lot(), {1: CashFlow(inflow_vnd=1000), 2: CashFlow(inflow_vnd=-1000)})
    forecasts = forecast_all(build_cohorts([emptied]), [emptied], date(YEAR, 6, 30))
    assert ForecastSum(YEAR, date(YEAR, 6, 30), forecasts).state == "no_money"
    assert forecasts[0].expected == ForecastRange()
    history = build_history(build_lot(), {1: CashFlow(inflow_vnd=1000)})
    before = date(YEAR - 1, 12, 31)
    assert (
        ForecastSum(YEAR, before, forecast_all(build_cohorts([history]), [history], before)).state
        == "not_begun"
    )


@given(st.integers(1, 30), st.dates(date(2022, 1, 1), date(2025, 12, 31)), st.integers(0, 800))
def test_month_parts_have_all_days(_: Any, first: Any, length: Any) -> None:
    last = first + timedelta(days=length)
    parts = split_by_month(2023, first, last)
    assert sum(part.days for part in parts) == length + 1
    assert all(1 <= part.days <= part.month_length for part in parts)
    assert [part.month for part in parts] == list(
        range(number_month(2023, first), number_month(2023, last) + 1)
    )
    assert split_by_month(2023, last + timedelta(days=1), last) == ()


def test_months_end_with_their_last_day() -> None:
    assert [
        count_ended_months(2023, day) for day in (date(2023, 1, 30), date(2023, 1, 31), date(2023, 2, 1))
    ] == [
        0,
        1,
        1,
    ]
    assert count_ended_months(2023, date(2022, 12, 31)) == 0
    assert count_ended_months(2023, date(2024, 1, 31)) == 13
    assert split_by_month(2023, date(2023, 1, 1), date(2023, 2, 14)) == (
        MonthPart(1, 31, 31),
        MonthPart(2, 14, 28),
    )


def test_exposure_is_what_could_have_been_paid() -> None:
    flows = {1: CashFlow(100, 10), 3: CashFlow(50, 20, 30), 4: CashFlow(-40, 5)}
    assert list(list_exposures(flows, 5)) == [(1, 100, 10), (2, 90, 0), (3, 140, 20), (4, 50, 5), (5, 45, 0)]


@given(st.lists(st.integers(0, 10**10), min_size=1))
def test_quantiles_leave_out_as_many_at_both_ends(values: Any) -> None:
    below = sum(value < find_lower_quantile(values, 10) for value in values)
    above = sum(value > find_upper_quantile(values, 10) for value in values)
    assert max(below, above) <= (len(values) + 1) / 10
    assert find_lower_quantile(values, 10) <= find_upper_quantile(values, 10) or len(values) < 2


@given(st.lists(st.integers(0, WHOLE_PPB), min_size=12, max_size=13))
def test_disbursed_and_shares_convert_into_each_other(disbursed: Any) -> None:
    disbursed.sort()
    for before, after in zip(disbursed, to_disbursed(to_shares(disbursed))):
        assert abs(before - after) <= 26


def test_pages_cover_every_row_once_whatever_their_length() -> None:
    histories = [build_history(build_lot(str(600 + number), component), {1: CashFlow(inflow_vnd=1000 + number, paid_vnd=number)})
            for number in range(7) for component in (None, "GN.DA1")]  # fmt: skip
    rows = build_sums(
        forecast_all(build_cohorts(histories), histories, date(YEAR, 3, 31)),
        ["unit", "component"],
        YEAR,
        date(YEAR, 3, 31),
    )
    for limit in (1, 3, 14, 20):
        rows_seen, cursor = [], None
        while True:
            shown, cursor = slice_page(
                rows, key=to_rank, adapter=RANK, limit=limit, cursor=PageCursor(b"123456", cursor)
            )
            rows_seen.extend(shown)
            if cursor is None:
                break
        assert [row.keys for row in rows_seen] == [row.keys for row in rows]


@pytest.mark.parametrize(
    "text",
    ["[]", "[true]", '[1, 1, 1, ["a"]]', '[true, 1.5, 1, ["a"]]', "[true, 1, 1.5, []]", "[true, 1, 1, [1]]",
     "[true, 1, 1, 7]", '[true, true, 1, ["a"]]', "{}", "null", "[" * 600, ">i:1"],
)  # fmt: skip
@pytest.mark.parametrize("rows", [0, 1])
def test_a_cursor_of_another_list_is_refused(text: Any, rows: int) -> None:
    with pytest.raises(InvalidCursor):
        sums = [ForecastSum(YEAR, date(YEAR, 1, 1), [], {"unit": "610"})] * rows
        slice_page(
            sums,
            key=to_rank,
            adapter=RANK,
            limit=10,
            cursor=PageCursor(b"123456", PageCursor(b"123456").encode(text)),
        )
