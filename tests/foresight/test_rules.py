"""What is foretold of any money: bounds, sums to the đồng in any grouping, curves that rise, deadlines, facts."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.funding.dated_facts import load_deadlines, load_method
from services.funding.foresight.learning import (
    Account,
    Flow,
    Stretch,
    exposures,
    learn,
    least,
    month_of,
    months_ended,
    most,
    stretches,
    total,
)
from services.funding.foresight.pages import page_of
from services.funding.foresight.parting import by_deadline
from services.funding.foresight.profiles import WHOLE, disbursed_of, shares_of
from services.funding.foresight.rules import Held, Range, expectations, foresee
from services.funding.foresight.sums import Sum, group, place
from services.funding.lapses.rules import Extension, find_deadline, find_lapses
from services.funding.ledger import CAPITALS, Amounts, Line, Lot
from shared.kit.paging import InvalidCursor, encode_cursor

METHOD, RULES = load_method(), load_deadlines()
YEAR = 2023
GROUPINGS = ("program", "component", "capital", "source", "unit", "origin_year", "deadline")

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Whole ledgers are drawn, beside whatever else the machine does."""

days = st.dates(date(YEAR, 1, 1), date(YEAR + 1, 6, 30))
amounts = st.integers(0, 10**13)


def lot(unit="610", component=None, capital="investment", origin=YEAR, year=YEAR):
    return Lot(Line(year, "poverty", component, capital, "central", unit, date(1991, 8, 12)), origin)


def first_of(month):
    return date(YEAR + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def held(of, flows):
    """A lot with what it did in each month, before a day."""
    return Held(of, find_deadline(RULES, of), {first_of(month): flow for month, flow in flows.items()})


def extended(on, amount=10**15):
    return Extension(on, "12/QĐ", amount)


def accounts_of(many):
    return [
        Account(
            YEAR,
            it.lot.line.capital,
            it.lot.line.unit,
            month_of(YEAR, find_deadline(RULES, it.lot).paid_by),
            it.series,
        )
        for it in many
    ]


def until(flows, on):
    return {month: flow for month, flow in flows.items() if first_of(month) <= on}


@st.composite
def series(draw):
    """Money that came, was paid, handed back and paid back in any month, never more than there is."""
    left, flows = 0, {}
    for month in sorted(draw(st.sets(st.integers(1, 16), max_size=6))):
        came = draw(amounts) if not flows or draw(st.booleans()) else 0
        paid = draw(st.integers(0, left + came))
        gone = draw(st.integers(0, left + came - paid)) if draw(st.booleans()) else 0
        if flows and draw(st.integers(0, 4)) == 0:  # a payment of before is undone
            paid = -min(draw(amounts), sum(it.paid_vnd for it in flows.values()))
            gone = 0
        flows[month] = Flow(came, paid, gone)
        left += came - paid - gone
    return flows


extensions = st.lists(
    st.builds(extended, st.dates(date(YEAR, 12, 1), date(YEAR + 1, 12, 31)), amounts), max_size=3
)


@st.composite
def ledgers(draw):
    """Some lots, parted by their deadlines, and a day to look from."""
    on = draw(days)
    found = []
    keys = st.tuples(
        st.sampled_from(["610", "611", "62"]),
        st.sampled_from([None, "GN.DA1", "GN.DA2"]),
        st.sampled_from(["investment", "recurrent"]),
        st.sampled_from([YEAR, YEAR - 1, YEAR - 2]),
    )
    for key in draw(st.lists(keys, max_size=6, unique=True)):
        found.extend(by_deadline(RULES, held(lot(*key), until(draw(series()), on)), draw(extensions)))
    past = [
        Account(year, capital, unit, months, {at: Flow(*flow) for at, flow in draw(flows_of_past).items()})
        for year in (YEAR - 2, YEAR - 1)
        for capital, months in (("investment", 13), ("investment", 12), ("recurrent", 12))
        for unit in ("610", "611")
        if draw(st.booleans())
    ]
    return [*past, *accounts_of(found)], found, on


flows_of_past = st.dictionaries(
    st.integers(1, 13), st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)), max_size=5
)


def foretold(accounts, many, on):
    return foresee(expectations(METHOD, YEAR, accounts, on), many, YEAR, on)


@unhurried
@given(ledgers())
def test_nothing_is_foretold_that_cannot_be(given_):
    accounts, many, on = given_
    for each in foretold(accounts, many, on):
        paid, available = each.held.all.paid_vnd, each.held.all.came_vnd
        assert paid <= each.expected.low <= each.expected.likely <= each.expected.high
        assert each.expected.high <= max(paid, available)
        assert 0 <= each.at_risk.low <= each.at_risk.likely <= each.at_risk.high <= each.held.left_vnd
        for name, opposite in (("low", "high"), ("likely", "likely"), ("high", "low")):
            assert getattr(each.more, name) + getattr(each.at_risk, opposite) == each.held.left_vnd
        assert all(min(it.low, it.likely, it.high) >= 0 for it in each.payments.values())
        if on >= each.held.deadline.paid_by:
            assert each.expected == Range.fact(paid)
            assert each.at_risk == Range.fact(each.held.left_vnd)


@unhurried
@given(ledgers(), st.lists(st.sampled_from(GROUPINGS), min_size=1, unique=True))
def test_every_grouping_adds_up_to_the_dong(given_, by):
    accounts, many, on = given_
    lots = foretold(accounts, many, on)
    rows, whole = group(lots, by, YEAR, on), Sum(YEAR, on, lots)
    for of in (
        lambda it: it.expected,
        lambda it: it.at_risk,
        lambda it: it.paid_by([date(YEAR, 12, 31)])[0],
    ):
        assert sum((of(row) for row in rows), start=Range()) == of(whole)
    for of in (
        lambda it: it.left_vnd,
        lambda it: it.came(),
        lambda it: it.flow.paid_vnd,
        lambda it: it.added(lambda each: each.required_vnd),
        lambda it: it.added(lambda each: each.so_far_vnd),
    ):
        assert sum(of(row) for row in rows) == of(whole)
    assert len({tuple(row.keys.values()) for row in rows}) == len(rows)
    assert [place(row) for row in rows] == sorted(place(row) for row in rows)


@unhurried
@given(ledgers())
def test_a_line_is_foretold_the_same_whatever_is_asked_for_beside_it(given_):
    accounts, many, on = given_
    together = foretold(accounts, many, on)
    for one in many:
        line = [it for it in many if it.lot.line == one.lot.line]
        alone = foretold(accounts[::-1], line, on)
        assert alone == [it for it in together if it.held.lot.line == one.lot.line]


@unhurried
@given(ledgers())
def test_the_oldest_money_that_lapses_first_is_paid_first_as_long_as_it_can_be(given_):
    accounts, many, on = given_
    found = foretold(accounts, many, on)
    for older in found:
        for newer in found:
            if older.held.lot.line != newer.held.lot.line:
                continue
            if _rank(older) < _rank(newer):
                for ends, payment in newer.payments.items():
                    if payment.likely and ends <= older.held.deadline.paid_by:
                        paid_so_far = sum(it.likely for day, it in older.payments.items() if day <= ends)
                        assert paid_so_far == older.held.left_vnd


def _rank(each):
    return each.held.lot.origin_year, each.held.deadline.paid_by


def by_day(many):
    """What is left, and promised of it, by the last day of payment."""
    found = {}
    for deadline, left, reserved in many:
        known = found.get(deadline.paid_by, (0, 0))
        found[deadline.paid_by] = known[0] + left, known[1] + reserved
    return {day: amounts for day, amounts in found.items() if amounts[0]}


@given(series(), extensions, st.data())
def test_a_lot_is_parted_as_what_lapses_is_and_its_parts_add_up_to_it(flows, moved, data):
    """At the end and after each stretch: of every part is left what `lapses` lists by its day."""
    of = lot(origin=YEAR - 1)
    gone = sum(it.gone_vnd for it in flows.values())
    returned = data.draw(st.integers(0, gone))
    whole = replace(held(of, flows), returned_vnd=returned, carried_out_vnd=gone - returned)
    whole = replace(whole, reserved_vnd=data.draw(st.integers(0, whole.left_vnd)))
    parts = by_deadline(RULES, whole, moved)
    for first, flow in whole.flows.items():
        assert total([part.flows[first] for part in parts]) == flow
    for name in ("left_vnd", "returned_vnd", "carried_out_vnd", "reserved_vnd"):
        assert sum(getattr(part, name) for part in parts) == getattr(whole, name)
    for part in parts:
        assert part.returned_vnd + part.carried_out_vnd == part.all.gone_vnd
        assert min(part.all.paid_vnd, part.returned_vnd, part.carried_out_vnd, part.reserved_vnd) >= 0
        assert part.reserved_vnd <= part.left_vnd == part.all.came_vnd - part.all.paid_vnd - part.all.gone_vnd
    days = [part.deadline.paid_by for part in parts]
    assert days == sorted(days)
    for last in sorted(whole.flows):
        then = total([flow for first, flow in whole.flows.items() if first <= last])
        reserved = whole.reserved_vnd if last == max(whole.flows) else 0
        balance = Amounts(carried_over_vnd=then.came_vnd, disbursed_vnd=then.paid_vnd, returned_vnd=then.gone_vnd, reserved_vnd=reserved)  # fmt: skip
        listed = find_lapses(RULES, {of: balance}, {of: moved})
        of_parts = [
            (
                part.deadline,
                total([flow for first, flow in part.flows.items() if first <= last]).left_vnd,
                part.reserved_vnd if reserved else 0,
            )
            for part in parts
        ]
        assert by_day(of_parts) == by_day((it.deadline, it.left_vnd, it.reserved_vnd) for it in listed)


WILD = st.builds(Flow, *[st.integers(-(10**6), 10**6)] * 3)


@given(st.dictionaries(st.integers(1, 16), WILD, max_size=5), extensions, st.integers(0, 10**6))
def test_parts_add_up_even_where_days_of_effect_are_out_of_order(flows, moved, promised):
    """Money may be given on with effect before it came; nothing of it may then be lost or be there twice."""
    gone = sum(it.gone_vnd for it in flows.values())
    whole = replace(held(lot(origin=YEAR - 1), flows), carried_out_vnd=gone, reserved_vnd=promised)
    parts = by_deadline(RULES, whole, moved)
    for first, flow in whole.flows.items():
        assert total([part.flows[first] for part in parts]) == flow
    for name in ("left_vnd", "returned_vnd", "carried_out_vnd", "reserved_vnd"):
        assert sum(getattr(part, name) for part in parts) == getattr(whole, name)


def test_a_part_that_was_extended_is_expected_to_go_on_after_the_rest_lapsed():
    """Half of a lot may be paid until June: the other half lapses in December, and the first is paid on after it."""
    on = date(YEAR, 11, 30)
    whole = held(lot(origin=YEAR - 1), {1: Flow(1000), 3: Flow(paid_vnd=200)})
    parts = by_deadline(RULES, whole, [extended(date(YEAR + 1, 6, 30), 500)])
    assert [(it.all.came_vnd, it.all.paid_vnd, it.left_vnd) for it in parts] == [
        (500, 200, 300),
        (500, 0, 500),
    ]
    law, later = foretold(accounts_of(parts), parts, on)
    assert (law.days_left, later.days_left) == (31, 213)
    assert law.more.likely > 0
    assert later.paid_by([date(YEAR, 12, 31)]) == [Range()], "what lapses first is paid first"
    assert later.more.likely > 0
    as_a_whole = [replace(whole, deadline=later.held.deadline)]
    (one,) = foretold(accounts_of(as_a_whole), as_a_whole, on)
    assert sum([law.at_risk, later.at_risk], start=Range()).likely > one.at_risk.likely


@unhurried
@given(ledgers(), st.lists(st.dates(date(YEAR, 1, 1), date(YEAR + 2, 1, 31)), max_size=8))
def test_the_curve_rises_from_the_day_on_and_its_range_opens_in_order(given_, asked):
    accounts, many, on = given_
    whole = Sum(YEAR, on, foretold(accounts, many, on))
    to_come = sorted({on, *(day for day in asked if day > on)})
    curve = whole.paid_by(to_come)
    assert curve[0] == Range.fact(whole.flow.paid_vnd)
    for before, after in pairwise(curve):
        assert before.low <= after.low <= after.likely <= after.high
        assert before.likely <= after.likely
        assert before.high <= after.high
    assert whole.paid_by([date(YEAR + 2, 12, 31)]) == [whole.expected]
    ends = [first_of(month + 1) - timedelta(days=1) for month in range(1, 26)]
    for days_asked in (to_come, ends):
        lots = [it.paid_by(days_asked) for it in whole.lots]
        assert whole.paid_by(days_asked) == [sum((it[at] for it in lots), start=Range()) for at in range(len(days_asked))]  # fmt: skip


@unhurried
@given(ledgers())
def test_what_is_past_is_what_happened(given_):
    accounts, many, on = given_
    for each in foretold(accounts, many, on):
        ends = [first_of(month + 1) - timedelta(days=1) for month in range(1, 18)]
        known = [day for day in ends if day <= on]
        assert each.paid_by(known) == [Range.fact(each.held.paid_by(day)) for day in known]


@given(
    st.sampled_from(CAPITALS),
    st.sampled_from([YEAR, YEAR - 1]),
    st.integers(1, 11),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
)
def test_who_has_paid_more_is_not_expected_to_end_lower(capital, origin, month, one, two):
    on = first_of(month + 1) - timedelta(days=1)
    many = [
        held(
            lot(unit, capital=capital, origin=origin),
            {1: Flow(came_vnd=10**12), month: Flow(10**12 * (month == 1), paid)},
        )
        for unit, paid in (("610", min(one, two)), ("611", max(one, two)))
    ]
    slower, quicker = foretold(accounts_of(many), many, on)
    assert slower.expected.likely <= quicker.expected.likely


def as_usual(capital, whole, months):
    """Money of a kind that is paid out exactly as the shipped profile says, until the end of a month."""
    shares, left, flows = METHOD.profile(capital, YEAR).shares, whole, {}
    for month in range(1, months + 1):
        paid = left * shares[month - 1] // WHOLE
        flows[month] = Flow(whole if month == 1 else 0, paid)
        left -= paid
    return flows


@pytest.mark.parametrize("capital", CAPITALS)
@pytest.mark.parametrize("month", [1, 6, 11])
def test_what_goes_as_usual_ends_as_usual(capital, month):
    """Without a past the likely rate at the end is the profile's, whenever one looks."""
    one = held(lot(capital=capital), as_usual(capital, 10**12, month))
    on = first_of(month + 1) - timedelta(days=1)
    (found,) = foretold(accounts_of([one]), [one], on)
    final = disbursed_of(METHOD.profile(capital, YEAR).shares)[-1]
    pace = Sum(YEAR, on, [found]).pace
    assert abs(pace - 1) < Fraction(1, 10**6)
    assert abs(Fraction(found.expected.likely, 10**12) - Fraction(final, WHOLE)) < Fraction(1, 10**5)
    assert found.expected.low < found.expected.likely < found.expected.high


def test_money_that_was_carried_over_and_the_years_own_are_one_line():
    """Who pays the carried money first is not slow with the other: both have the pace of both."""
    carried = held(lot(origin=YEAR - 1), {1: Flow(came_vnd=300), 6: Flow(paid_vnd=300)})
    own = held(lot(), {1: Flow(came_vnd=700)})
    as_one = held(lot(), {1: Flow(came_vnd=1000), 6: Flow(paid_vnd=300)})
    on = date(YEAR, 6, 30)
    old, new = foretold(accounts_of([own, carried]), [own, carried], on)
    (whole,) = foretold(accounts_of([as_one]), [as_one], on)
    assert (old.held.lot.origin_year, old.more) == (YEAR - 1, Range())
    assert abs(new.more.likely - whole.more.likely) <= 13


def test_half_the_pace_by_hand():
    """Investment on 30 June: 15 of 100 paid where 30.49 are usual. Every step of the method, in fractions."""
    shares = [Fraction(it, WHOLE) for it in METHOD.profile("investment", YEAR).shares]
    flows = {1: Flow(came_vnd=100 * 10**9), 6: Flow(paid_vnd=15 * 10**9)}
    one, other = held(lot(), flows), held(lot("611"), as_usual("investment", 900 * 10**9, 6))
    on = date(YEAR, 6, 30)
    found, _ = foretold(accounts_of([one, other]), [one, other], on)

    due = sum(shares[:6]) * 100
    due_of_all = due + (1 - _left(shares[:6])) * 900
    paid_of_all = 15 + (1 - _left(shares[:6])) * 900
    of_kind = (paid_of_all + Fraction(15, 100) * 1000) / (due_of_all + Fraction(15, 100) * 1000)
    pace = (15 + of_kind * Fraction(30, 100) * 100) / (due + Fraction(30, 100) * 100)
    left = 85 * _left([share * pace for share in shares[6:]])
    slow = 85 * _left([share * pace * Fraction(35, 100) for share in shares[6:]])
    assert abs(Fraction(found.at_risk.likely, 10**9) - left) < Fraction(1, 10**4)
    assert abs(Fraction(found.at_risk.high, 10**9) - slow) < Fraction(1, 10**4)


def _left(shares):
    left = Fraction(1)
    for share in shares:
        left *= 1 - share
    return left


def test_past_years_outweigh_the_profile_with_their_number():
    """Years that pay a tenth of what is left in every month: n of them weigh n times the profile."""
    profile = METHOD.profile("recurrent", YEAR)
    flows, left = {}, 10**12
    for month in range(1, 13):
        flows[month] = Flow(10**12 if month == 1 else 0, left // 10)
        left -= left // 10
    for years in (1, 4):
        past = [Account(YEAR - 1 - back, "recurrent", "610", 12, flows) for back in range(years)]
        found = learn(profile, past, date(YEAR, 1, 1)).shares
        for share, shipped in zip(found, profile.shares):
            assert abs(share - (WHOLE // 10 * years + shipped) // (years + 1)) <= 1
    half = learn(profile, past[:1], date(YEAR - 1, 7, 30)).shares
    assert half[6:] == profile.shares[6:], "months that have not ended teach nothing"
    assert all(one != two for one, two in zip(half[:6], profile.shares))


def test_the_range_is_what_past_years_differed_by():
    """Past years that went as foretold narrow the range; a slow unit among ten opens it downwards."""
    usual = as_usual("investment", 10**12, 13)
    exact = [Account(YEAR - 1, "investment", f"{unit}", 13, usual) for unit in range(610, 620)]
    slow = {month: Flow(it.came_vnd, it.paid_vnd // (10 if month > 6 else 1)) for month, it in usual.items()}
    one = held(lot(), as_usual("investment", 10**12, 6))

    def ranged(past):
        expected = expectations(METHOD, YEAR, [*past, *accounts_of([one])], date(YEAR, 6, 30))["investment"]
        return expected.slow, expected.quick

    shipped = METHOD.profile("investment", YEAR)
    narrow = ranged(exact)
    assert abs(narrow[0] - (WHOLE + shipped.slow) // 2) < WHOLE // 10**6
    assert abs(narrow[1] - (WHOLE + shipped.quick) // 2) < WHOLE // 10**6
    opened = ranged(
        [*exact[:-2], *(Account(YEAR - 1, "investment", unit, 13, slow) for unit in ("618", "619"))]
    )
    assert opened[0] < narrow[0]
    assert ranged([]) == (shipped.slow, shipped.quick)


def test_a_past_year_without_payments_teaches_nothing():
    silent = [Account(YEAR - 1, "investment", "610", 13, {1: Flow(came_vnd=10**12)})]
    one = held(lot(), as_usual("investment", 10**12, 6))
    expected = expectations(METHOD, YEAR, [*silent, *accounts_of([one])], date(YEAR, 6, 30))["investment"]
    assert expected.past_years == ()
    assert expected.usual.shares == METHOD.profile("investment", YEAR).shares


def test_money_that_has_lapsed_teaches_nothing_of_later_months():
    """In January only the year's own investment money can be paid; what was left of carried money is no part of that."""
    profile = METHOD.profile("investment", YEAR)
    own = Account(YEAR - 2, "investment", "610", 13, {1: Flow(100, 10), 13: Flow(paid_vnd=45)})
    carried = Account(YEAR - 2, "investment", "610", 12, {1: Flow(1000, 10)})
    january = learn(profile, [own, carried], date(YEAR, 1, 1)).shares[12]
    assert january == (WHOLE // 2 + profile.shares[12]) // 2


def test_a_payment_that_is_undone_slows_the_pace_down():
    paid = {1: Flow(came_vnd=1000), 3: Flow(paid_vnd=400)}
    undone = {**paid, 5: Flow(paid_vnd=-400)}
    on = date(YEAR, 6, 30)
    (before,), (after,) = (
        foretold(accounts_of([it]), [it], on) for it in (held(lot(), paid), held(lot(), undone))
    )
    assert after.expected.likely < before.expected.likely
    ends = [date(YEAR, 3, 31), date(YEAR, 5, 31)]
    assert after.paid_by(ends) == [Range.fact(400), Range.fact(0)]


def test_money_that_comes_late_is_judged_from_when_it_came():
    early, late = {1: Flow(came_vnd=10**12)}, {9: Flow(came_vnd=10**12)}
    on = date(YEAR, 9, 30)
    (slow,), (new,) = (
        foretold(accounts_of([it]), [it], on) for it in (held(lot(), early), held(lot(), late))
    )
    assert slow.due_vnd > new.due_vnd
    assert slow.expected.likely < new.expected.likely


def test_every_lot_runs_to_its_own_deadline():
    many = [
        held(lot("610"), {1: Flow(came_vnd=1000)}),
        held(lot("611", capital="recurrent"), {1: Flow(came_vnd=1000)}),
        *by_deadline(
            RULES,
            held(lot("612", origin=YEAR - 1), {1: Flow(came_vnd=1000)}),
            [extended(date(YEAR + 1, 6, 15), 1000)],
        ),
    ]
    on = date(YEAR, 12, 31)
    own, recurrent, later = foretold(accounts_of(many), many, on)
    assert [it.days_left for it in (own, recurrent, later)] == [31, 0, 167]
    assert list(own.payments) == [date(YEAR + 1, 1, 31)]
    assert recurrent.payments == {}
    assert recurrent.at_risk == Range.fact(1000)
    assert list(later.payments)[-1] == date(YEAR + 1, 6, 15)
    whole = Sum(YEAR, on, [own, recurrent, later])
    assert whole.days == [date(YEAR, 12, 31), date(YEAR + 1, 1, 31), date(YEAR + 1, 6, 15)]
    assert whole.next_deadline == date(YEAR, 12, 31)
    assert whole.state == "running"
    assert Sum(YEAR, date(YEAR + 1, 6, 15), whole.lots).state == "over"
    assert whole.lapsing_on(date(YEAR, 12, 31)).left_vnd == 1000


def test_within_a_month_days_count_alike():
    one = held(lot(), {1: Flow(came_vnd=10**12)})
    (found,) = foretold(accounts_of([one]), [one], date(YEAR, 3, 31))
    start, middle, end = found.paid_by([date(YEAR, 3, 31), date(YEAR, 4, 15), date(YEAR, 4, 30)])
    assert middle.likely == end.likely // 2
    assert start == Range()


def test_the_pace_that_is_needed_against_the_one_so_far():
    one = held(lot(), {1: Flow(came_vnd=1200, paid_vnd=100)})
    (found,) = foretold(accounts_of([one]), [one], date(YEAR, 1, 31))
    assert (found.days_left, found.so_far_vnd) == (365, 100 * 365 // (12 * 31))
    assert found.required_vnd == -(-1100 // 12)
    (last,) = foretold(accounts_of([one]), [one], date(YEAR + 1, 1, 20))
    assert last.required_vnd == 1100, "less than a month is left: all of it"


def test_money_that_is_not_there_is_not_foretold():
    assert Sum(YEAR, date(YEAR, 6, 30), []).state == "no_money"
    gone = held(lot(), {1: Flow(came_vnd=1000), 2: Flow(came_vnd=-1000)})
    lots = foretold(accounts_of([gone]), [gone], date(YEAR, 6, 30))
    assert Sum(YEAR, date(YEAR, 6, 30), lots).state == "no_money"
    assert lots[0].expected == Range()
    early = held(lot(), {1: Flow(came_vnd=1000)})
    before = date(YEAR - 1, 12, 31)
    assert Sum(YEAR, before, foretold(accounts_of([early]), [early], before)).state == "not_begun"


@given(st.integers(1, 30), st.dates(date(2022, 1, 1), date(2025, 12, 31)), st.integers(0, 800))
def test_stretches_are_the_days_between(_, first, length):
    last = first + timedelta(days=length)
    found = stretches(2023, first, last)
    assert sum(it.days for it in found) == length + 1
    assert all(1 <= it.days <= it.length for it in found)
    assert [it.month for it in found] == list(range(month_of(2023, first), month_of(2023, last) + 1))
    assert stretches(2023, last + timedelta(days=1), last) == ()


def test_months_end_with_their_last_day():
    assert [months_ended(2023, day) for day in (date(2023, 1, 30), date(2023, 1, 31), date(2023, 2, 1))] == [
        0,
        1,
        1,
    ]
    assert months_ended(2023, date(2022, 12, 31)) == 0
    assert months_ended(2023, date(2024, 1, 31)) == 13
    assert stretches(2023, date(2023, 1, 1), date(2023, 2, 14)) == (Stretch(1, 31, 31), Stretch(2, 14, 28))


def test_what_could_have_been_paid():
    flows = {1: Flow(100, 10), 3: Flow(50, 20, 30), 4: Flow(-40, 5)}
    assert list(exposures(flows, 5)) == [(1, 100, 10), (2, 90, 0), (3, 140, 20), (4, 50, 5), (5, 45, 0)]


@given(st.lists(st.integers(0, 10**10), min_size=1))
def test_a_range_leaves_out_as_many_at_both_ends(found):
    below = sum(it < least(found, 10) for it in found)
    above = sum(it > most(found, 10) for it in found)
    assert max(below, above) <= (len(found) + 1) / 10
    assert least(found, 10) <= most(found, 10) or len(found) < 2


@given(st.lists(st.integers(0, WHOLE), min_size=12, max_size=13))
def test_what_was_paid_and_the_shares_of_what_was_left_say_the_same(disbursed):
    disbursed.sort()
    for said, found in zip(disbursed, disbursed_of(shares_of(disbursed))):
        assert abs(said - found) <= 26


def test_pages_cover_every_row_once_whatever_their_length():
    many = [held(lot(str(600 + at), component), {1: Flow(came_vnd=1000 + at, paid_vnd=at)})
            for at in range(7) for component in (None, "GN.DA1")]  # fmt: skip
    rows = group(
        foretold(accounts_of(many), many, date(YEAR, 3, 31)), ["unit", "component"], YEAR, date(YEAR, 3, 31)
    )
    for limit in (1, 3, 14, 20):
        seen, cursor = [], None
        while True:
            shown, cursor = page_of(rows, limit, cursor)
            seen.extend(shown)
            if cursor is None:
                break
        assert [it.keys for it in seen] == [it.keys for it in rows]


@pytest.mark.parametrize(
    "text",
    ["[]", "[true]", '[1, 1, 1, ["a"]]', '[true, 1.5, 1, ["a"]]', "[true, 1, 1.5, []]", "[true, 1, 1, [1]]",
     "[true, 1, 1, 7]", '[true, true, 1, ["a"]]', "{}", "null", "[" * 600, ">i:1"],
)  # fmt: skip
@pytest.mark.parametrize("rows", [0, 1])
def test_a_cursor_of_another_list_is_refused(text, rows):
    with pytest.raises(InvalidCursor):
        page_of([Sum(YEAR, date(YEAR, 1, 1), [], {"unit": "610"})] * rows, 10, encode_cursor(text))
