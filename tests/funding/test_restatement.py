"""Money that passed on, on the map before that: with the units of that day, and so is what was done with it since."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.funding.ledger import Amounts, Line, Lot
from services.funding.restatement.rules import PassedOn, restate

MAP_DAY = date(2025, 6, 30)
FIRST, SECOND, HEIR, LAST = (
    Lot(Line(2025, "poverty", None, "investment", "central", unit, MAP_DAY), 2025)
    for unit in ("610", "611", "23368", "51")
)
KINDS = (
    "allocated_vnd", "cancelled_vnd", "returned_vnd", "carried_out_vnd", "committed_vnd", "disbursed_vnd", "confirmed_vnd",
    "recovered_vnd", "remittable_vnd", "remitted_vnd",
)  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.sampled_from((FIRST, SECOND, HEIR, HEIR, HEIR, LAST)),
        st.sampled_from(("pass on", "undo", *KINDS, "disbursed_vnd", "committed_vnd")),
        st.integers(1, 60),
    ),
    max_size=40,
)
NEXT = {FIRST: HEIR, SECOND: HEIR, HEIR: LAST}


class Ledger:
    """Lots that no step may overdraw, day by day."""

    def __init__(self) -> None:
        self.balances: dict[Lot, Amounts] = dict.fromkeys((FIRST, SECOND, HEIR, LAST), Amounts())
        self.changes: dict[Lot, dict[date, Amounts]] = {lot: {} for lot in self.balances}
        self.passed_on: list[PassedOn] = []
        self.day = MAP_DAY

    def post(self, lot: Lot, change: Amounts) -> None:
        self.balances[lot] += change
        daily = self.changes[lot]
        daily[self.day] = daily.get(self.day, Amounts()) + change

    def take(self, lot: Lot, step: str, number: int) -> None:
        balance = self.balances[lot]
        left = min(balance.left_vnd, balance.to_book("treasury").left_vnd)
        if step == "allocated_vnd":
            self.post(lot, Amounts(allocated_vnd=number))
        elif step == "pass on" and lot in NEXT:
            self.pass_on(lot, NEXT[lot], min(number, left))
        elif step == "undo" and self.passed_on:
            row = self.passed_on[number % len(self.passed_on)]
            after = self.balances[row.to_lot] + Amounts(
                succeeded_in_vnd=-row.amount_vnd, reserved_vnd=-row.reserved_vnd
            )
            if after.is_valid and after.to_book("treasury").left_vnd >= 0 and row.amount_vnd > 0:
                undone = row._replace(
                    day=self.day, amount_vnd=-row.amount_vnd, reserved_vnd=-row.reserved_vnd
                )
                self.move(undone)
        else:
            self.use(lot, step, number, left)

    def use(self, lot: Lot, step: str, number: int, left: int) -> None:
        balance = self.balances[lot]
        unreserved = min(left, balance.uncommitted_vnd)
        if step == "committed_vnd":
            amount = min(number, max(0, balance.uncommitted_vnd))
            self.post(lot, Amounts(committed_vnd=amount, reserved_vnd=amount))
        elif step == "disbursed_vnd":
            amount = min(number, balance.left_vnd)
            self.post(lot, Amounts(disbursed_vnd=amount, reserved_vnd=-min(amount, balance.reserved_vnd)))
        elif step == "confirmed_vnd":
            self.post(lot, Amounts(confirmed_vnd=min(number, balance.to_book("treasury").left_vnd)))
        elif step in {"recovered_vnd", "remittable_vnd"}:
            amount = min(number, balance.disbursed_vnd)
            kept = 0 if step == "recovered_vnd" else amount
            self.post(lot, Amounts(disbursed_vnd=-amount, recovered_vnd=amount, remittable_vnd=kept))
        elif step == "remitted_vnd":
            self.post(lot, Amounts(remitted_vnd=min(number, balance.to_remit_vnd)))
        elif step in {"cancelled_vnd", "returned_vnd", "carried_out_vnd"}:
            self.post(lot, Amounts(**{step: max(0, min(number, unreserved))}))

    def pass_on(self, from_lot: Lot, to_lot: Lot, amount: int) -> None:
        balance = self.balances[from_lot]
        reserved = max(0, amount - balance.uncommitted_vnd)
        if amount > 0:
            self.move(PassedOn(from_lot, to_lot, self.day, amount, reserved))

    def move(self, row: PassedOn) -> None:
        self.passed_on.append(row)
        self.post(row.from_lot, Amounts(succeeded_out_vnd=row.amount_vnd, reserved_vnd=-row.reserved_vnd))
        self.post(row.to_lot, Amounts(succeeded_in_vnd=row.amount_vnd, reserved_vnd=row.reserved_vnd))


def sum_until(changes: Mapping[date, Amounts], day: date) -> Amounts:
    return sum((amounts for on, amounts in changes.items() if on <= day), start=Amounts())


def restate_all(ledger: Ledger) -> dict[Lot, dict[date, Amounts]]:
    """The changes of each lot on the map of the first day."""
    restated = {lot: dict(daily) for lot, daily in ledger.changes.items()}
    for change in restate(ledger.changes, ledger.passed_on):
        daily = restated[change.lot]
        daily[change.day] = daily.get(change.day, Amounts()) + change.amounts
    return restated


@given(steps=STEPS, same_day=st.booleans())
def test_on_no_day_is_anything_below_zero_or_counted_twice(steps: Any, same_day: bool) -> None:
    ledger = Ledger()
    for lot in (FIRST, SECOND):
        ledger.post(lot, Amounts(allocated_vnd=50))
    for ordinal, (lot, step, number) in enumerate(steps):
        ledger.day = MAP_DAY + timedelta(days=1 + (ordinal // 4 if same_day else ordinal))
        ledger.take(lot, step, number)
    restated = restate_all(ledger)
    for day in sorted({day for daily in ledger.changes.values() for day in daily}):
        balances = {lot: sum_until(daily, day) for lot, daily in restated.items()}
        for lot, balance in balances.items():
            assert balance.succeeded_in_vnd == balance.succeeded_out_vnd == 0, (lot, day)
            assert min(balance.to_values()) >= 0, (lot, day, balance)
            assert balance.uncommitted_vnd >= 0, (lot, day, balance)
            assert balance.to_book("treasury").left_vnd >= 0, (lot, day, balance)
            assert balance.remittable_vnd <= balance.recovered_vnd, (lot, day, balance)
            assert balance.remitted_vnd <= balance.remittable_vnd, (lot, day, balance)
        total = sum(balances.values(), start=Amounts())
        stated = sum((sum_until(daily, day) for daily in ledger.changes.values()), start=Amounts())
        moved = Amounts(
            succeeded_in_vnd=-stated.succeeded_in_vnd, succeeded_out_vnd=-stated.succeeded_out_vnd
        )
        assert total == stated + moved, day


def test_own_money_is_used_first_and_what_was_counted_stays() -> None:
    ledger = Ledger()
    ledger.post(FIRST, Amounts(allocated_vnd=100))
    ledger.post(HEIR, Amounts(allocated_vnd=20))
    ledger.day = date(2025, 7, 1)
    ledger.pass_on(FIRST, HEIR, 100)
    ledger.day = date(2025, 9, 1)
    ledger.take(HEIR, "disbursed_vnd", 50)
    ledger.day = date(2025, 10, 1)
    ledger.take(HEIR, "allocated_vnd", 40)
    first, heir = (sum_until(restate_all(ledger)[lot], date.max) for lot in (FIRST, HEIR))
    assert (first.available_vnd, first.disbursed_vnd, first.left_vnd) == (100, 30, 70)
    assert (heir.available_vnd, heir.disbursed_vnd, heir.left_vnd) == (60, 20, 40)
