"""The posting rules: no money is created, lost, committed twice or taken twice."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule

from services.funding.dated_balances import DatedBalance
from services.funding.entry_kinds import EntryKind
from services.funding.ledger import Amounts, Line, Lot
from services.funding.ledger_problems import CommitmentPaid, InsufficientFunds
from services.funding.rules import (
    LEFT,
    apply_postings,
    post_carry_over,
    post_commitment,
    post_disbursement,
    post_inflow,
    post_reversal,
    take_oldest_first,
)

LINE = Line(2023, "poverty", None, "investment", "central", "610", date(1991, 10, 10))
DAY = date(2023, 12, 31)
vnd = st.integers(1, 1_000)


def dated(balances):
    """Balances without later changes."""
    return {lot: DatedBalance(balance) for lot, balance in balances.items()}


def settle(balances, postings):
    """The balances after postings of one day."""
    return {lot: balance.total for lot, balance in apply_postings(dated(balances), DAY, postings).items()}


@st.composite
def lot_balances(draw):
    """Sound lots of one line, with different origins."""
    drawn = {}
    for year in draw(st.sets(st.integers(2020, 2023), max_size=4)):
        opening, allocated, carried = (draw(st.integers(0, 500)) for _ in range(3))
        available = opening + allocated + carried
        disbursed = draw(st.integers(0, available))
        out = draw(st.integers(0, available - disbursed))
        reserved = draw(st.integers(0, available - disbursed - out))
        committed = reserved + draw(st.integers(0, disbursed))
        drawn[Lot(LINE, year)] = Amounts(
            opening_balance_vnd=opening,
            allocated_vnd=allocated,
            carried_over_vnd=carried,
            carried_out_vnd=out,
            committed_vnd=committed,
            disbursed_vnd=disbursed,
            reserved_vnd=reserved,
        )
    return drawn


def total(balances):
    return sum((balance for balance in balances.values()), start=Amounts())


@given(lot_balances(), vnd)
def test_a_disbursement_takes_exactly_its_amount_or_nothing(balances, amount):
    left = total(balances).left_vnd
    if amount > left:
        with pytest.raises(InsufficientFunds) as refused:
            post_disbursement(LINE, dated(balances), DAY, amount)
        assert refused.value.facts["available_vnd"] == left
        return
    after = settle(balances, post_disbursement(LINE, dated(balances), DAY, amount))
    assert total(after).disbursed_vnd == total(balances).disbursed_vnd + amount
    assert total(after).left_vnd == left - amount
    assert all(balance.is_valid for balance in after.values())


@given(lot_balances(), vnd)
def test_what_is_committed_is_paid_first(balances, amount):
    if amount <= total(balances).left_vnd:
        for posting in post_disbursement(LINE, dated(balances), DAY, amount):
            before, after = balances[posting.lot], balances[posting.lot] + posting.change
            assert after.reserved_vnd == max(0, before.reserved_vnd - posting.change.disbursed_vnd)


@given(lot_balances(), vnd)
def test_a_commitment_never_reserves_reserved_money(balances, amount):
    free = total(balances).uncommitted_vnd
    if amount > free:
        with pytest.raises(InsufficientFunds):
            post_commitment(LINE, dated(balances), DAY, amount)
        return
    after = settle(balances, post_commitment(LINE, dated(balances), DAY, amount))
    assert total(after).uncommitted_vnd == free - amount
    assert total(after).left_vnd == total(balances).left_vnd


@given(lot_balances(), vnd)
def test_a_carry_over_moves_money_and_commitments_and_keeps_the_origin(balances, amount):
    if amount > total(balances).left_vnd:
        with pytest.raises(InsufficientFunds):
            post_carry_over(LINE, dated(balances), DAY, amount)
        return
    after = settle(balances, post_carry_over(LINE, dated(balances), DAY, amount))
    assert total(after).left_vnd == total(balances).left_vnd
    assert total(after).reserved_vnd == total(balances).reserved_vnd
    arrived = {
        lot.origin_year: balance.carried_over_vnd for lot, balance in after.items() if lot.line.year == 2024
    }
    gone = {
        lot.origin_year: after[lot].carried_out_vnd - balance.carried_out_vnd
        for lot, balance in balances.items()
    }
    assert arrived == {year: moved for year, moved in gone.items() if moved}
    assert all(balance.is_valid for balance in after.values())


@given(lot_balances(), vnd)
def test_the_oldest_money_goes_first(balances, amount):
    if amount <= total(balances).left_vnd:
        shares = take_oldest_first(LINE, dated(balances), DAY, amount, LEFT)
        assert sum(share for _, share in shares) == amount
        taken = [lot.origin_year for lot, _ in shares]
        assert taken == sorted(taken)
        youngest = taken[-1]
        for lot, balance in balances.items():
            if lot.origin_year < youngest:
                assert dict(shares).get(lot, 0) == balance.left_vnd


@given(lot_balances(), vnd, st.sampled_from([post_commitment, post_disbursement, post_carry_over]))
def test_an_immediate_reversal_restores_all_balances(balances, amount, entry):
    try:
        postings = entry(LINE, dated(balances), DAY, amount)
    except InsufficientFunds:
        return
    kind = {
        post_commitment: EntryKind.COMMITMENT,
        post_disbursement: EntryKind.DISBURSEMENT,
        post_carry_over: EntryKind.CARRY_OVER,
    }[entry]
    after = settle(balances, postings)
    reversed_balances = settle(after, post_reversal(kind, postings, dated(after), DAY))
    assert {lot: balance for lot, balance in reversed_balances.items() if balance != Amounts()} == {
        lot: balance for lot, balance in balances.items() if balance != Amounts()
    }


def test_used_money_cannot_be_reversed():
    lot = Lot(LINE, 2023)
    allocation = post_inflow(EntryKind.ALLOCATION, lot, 100)
    balances = settle({}, allocation)
    balances = settle(balances, post_disbursement(LINE, dated(balances), DAY, 1))
    with pytest.raises(InsufficientFunds) as refused:
        post_reversal(EntryKind.ALLOCATION, allocation, dated(balances), DAY)
    assert refused.value.facts["asked_vnd"] == 100
    assert refused.value.facts["available_vnd"] == 99


def test_a_paid_commitment_cannot_be_reversed():
    balances = settle({}, post_inflow(EntryKind.ALLOCATION, Lot(LINE, 2023), 100))
    commitment = post_commitment(LINE, dated(balances), DAY, 60)
    balances = settle(balances, commitment)
    balances = settle(balances, post_disbursement(LINE, dated(balances), DAY, 10))
    with pytest.raises(CommitmentPaid) as refused:
        post_reversal(EntryKind.COMMITMENT, commitment, dated(balances), DAY)
    assert refused.value.facts["reserved_vnd"] == 50


def test_postings_never_overdraw():
    with pytest.raises(AssertionError):
        settle({}, post_inflow(EntryKind.ALLOCATION, Lot(LINE, 2023), -1))


def test_a_lot_of_another_year_of_origin_is_another_lot():
    balances = settle({}, post_inflow(EntryKind.OPENING_BALANCE, Lot(LINE, 2022), 70))
    balances |= settle({}, post_inflow(EntryKind.ALLOCATION, Lot(LINE, 2023), 100))
    after = settle(balances, post_disbursement(LINE, dated(balances), DAY, 80))
    assert after[Lot(LINE, 2022)].left_vnd == 0
    assert after[Lot(LINE, 2023)].disbursed_vnd == 10


class Ledger(RuleBasedStateMachine):
    """Random entries over two lines and three years; after each, the balances are the sums and nothing is negative."""

    entries = Bundle("entries")

    def __init__(self):
        super().__init__()
        self.balances = {}
        self.posted = []
        self.reversed = set()
        self.brought = self.paid = 0

    def lots_of(self, line):
        return {lot: balance for lot, balance in self.balances.items() if lot.line == line}

    def add(self, kind, postings):
        self.balances = settle(self.balances, postings)
        self.posted.extend(postings)
        return len(self.posted), kind, tuple(postings)

    lines = st.builds(
        lambda year, capital: Line(year, "poverty", None, capital, "central", "610", date(1991, 10, 10)),
        st.integers(2022, 2024),
        st.sampled_from(["investment", "recurrent"]),
    )

    @rule(
        target=entries,
        line=lines,
        amount=vnd,
        kind=st.sampled_from([EntryKind.ALLOCATION, EntryKind.OPENING_BALANCE]),
    )
    def bring(self, line, amount, kind):
        self.brought += amount
        return self.add(kind, post_inflow(kind, Lot(line, line.year), amount))

    @precondition(lambda self: self.balances)
    @rule(
        target=entries,
        line=lines,
        amount=vnd,
        what=st.sampled_from(
            [
                (EntryKind.COMMITMENT, post_commitment),
                (EntryKind.DISBURSEMENT, post_disbursement),
                (EntryKind.CARRY_OVER, post_carry_over),
            ]
        ),
    )
    def move(self, line, amount, what):
        kind, post = what
        try:
            postings = post(line, dated(self.lots_of(line)), DAY, amount)
        except InsufficientFunds:
            return multiple()
        if kind is EntryKind.DISBURSEMENT:
            self.paid += amount
        return self.add(kind, postings)

    @rule(entry=entries)
    def undo(self, entry):
        number, kind, postings = entry
        if number in self.reversed:
            return
        try:
            opposite = post_reversal(kind, postings, dated(self.balances), DAY)
        except (InsufficientFunds, CommitmentPaid):
            return
        self.reversed.add(number)
        if kind is EntryKind.DISBURSEMENT:
            self.paid -= sum(posting.change.disbursed_vnd for posting in postings)
        if kind in {EntryKind.ALLOCATION, EntryKind.OPENING_BALANCE}:
            self.brought -= sum(posting.change.available_vnd for posting in postings)
        self.add(EntryKind.REVERSAL, opposite)

    @invariant()
    def nothing_is_negative(self):
        assert all(balance.is_valid for balance in self.balances.values())

    @invariant()
    def balances_are_the_sums_of_their_postings(self):
        recomputed: dict[Lot, Amounts] = {}
        for posting in self.posted:
            recomputed[posting.lot] = recomputed.get(posting.lot, Amounts()) + posting.change
        assert recomputed == self.balances

    @invariant()
    def no_dong_is_made_or_lost(self):
        left = sum(balance.left_vnd for balance in self.balances.values())
        assert self.brought == self.paid + left


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
