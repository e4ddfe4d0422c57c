"""Which part of what a lot did belongs to the money that it took over from units of an earlier map. Pure; amounts are whole đồng.

On the map of a day, money that passed on later is still with the unit of that day, and so is what was done with it since:
payments, commitments, recoveries, returns, carry-overs. A lot that took money over uses its own money first; what was once
counted to the money taken over stays with it. So on no day is any part below zero, the parts add up to the lot, and nothing is
counted twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from services.funding.ledger import Amounts, Lot

NOTHING = Amounts()
COMMON_USES = ("given_vnd", "cancelled_vnd", "returned_vnd", "carried_out_vnd")
"""What takes money from both books."""


class PassedOn(NamedTuple):
    """Money that passed from one lot to another on a day after that of the map; negative where that was undone."""

    from_lot: Lot
    to_lot: Lot
    day: date
    amount_vnd: int
    reserved_vnd: int
    """The committed part of it."""


DailyChanges = Mapping[date, Amounts]
"""The changes of a lot by day."""


class LotChange(NamedTuple):
    """A change of the amounts of a lot on a day."""

    lot: Lot
    day: date
    amounts: Amounts


def restate(changes: Mapping[Lot, DailyChanges], passed_on: Sequence[PassedOn]) -> list[LotChange]:
    """Return the changes that restate lots on the map before money passed on; `changes` has all those of the lots concerned."""
    restated: list[LotChange] = []
    totals = {lot: dict(daily) for lot, daily in changes.items()}
    for to_lot in _order_last_first(passed_on):
        for from_lot, part in _separate_all(
            totals.get(to_lot, {}), [row for row in passed_on if row.to_lot == to_lot]
        ):
            of_former = totals.setdefault(from_lot, {})
            for day, amounts in part.items():
                restored = replace(amounts, succeeded_in_vnd=0, succeeded_out_vnd=-amounts.succeeded_in_vnd)
                of_former[day] = of_former.get(day, NOTHING) + restored
                restated += [LotChange(to_lot, day, -amounts), LotChange(from_lot, day, restored)]
    return restated


def _order_last_first(passed_on: Sequence[PassedOn]) -> list[Lot]:
    """Return the lots that took money over, each after those that it passed money on to."""
    next_lots: dict[Lot, list[Lot]] = {}
    for row in passed_on:
        next_lots.setdefault(row.from_lot, []).append(row.to_lot)
    ordered: dict[Lot, None] = {}
    visited: set[Lot] = set()

    def visit(lot: Lot) -> None:
        if lot not in visited:
            visited.add(lot)
            for next_lot in next_lots.get(lot, ()):
                visit(next_lot)
            ordered[lot] = None

    for row in passed_on:
        visit(row.to_lot)
    return list(ordered)


def _separate_all(
    total: DailyChanges, passed_on: Sequence[PassedOn]
) -> Iterable[tuple[Lot, dict[date, Amounts]]]:
    """Yield each lot that money came from, with the part of the changes that belongs to this money; the first came first."""
    moved: dict[Lot, dict[date, Amounts]] = {}
    for row in sorted(passed_on, key=lambda row: row.day):
        daily = moved.setdefault(row.from_lot, {})
        amounts = Amounts(succeeded_in_vnd=row.amount_vnd, reserved_vnd=row.reserved_vnd)
        daily[row.day] = daily.get(row.day, NOTHING) + amounts
    rest = dict(total)
    for from_lot in reversed(list(moved)):
        later = separate(rest, moved[from_lot])
        yield from_lot, later
        rest = {day: rest.get(day, NOTHING) + -later.get(day, NOTHING) for day in rest.keys() | later.keys()}


def separate(total: DailyChanges, moved: DailyChanges) -> dict[date, Amounts]:
    """Return the part of the changes of a lot that belongs to the money moved into it, this inflow included."""
    part: dict[date, Amounts] = {}
    before = after_all = moved_in = NOTHING
    for day in sorted(total.keys() | moved.keys()):
        after_all += total.get(day, NOTHING)
        moved_in += moved.get(day, NOTHING)
        reserved_before = before.reserved_vnd + moved.get(day, NOTHING).reserved_vnd
        after = _divide(after_all, moved_in.succeeded_in_vnd, replace(before, reserved_vnd=reserved_before))
        if after != before:
            part[day] = after + -before
        before = after
    return part


def _divide(total: Amounts, moved_vnd: int, before: Amounts) -> Amounts:
    """Return the part of a balance that belongs to the money moved in; `before` is that part on the day before."""
    inflow_vnd = total.opening_balance_vnd + total.allocated_vnd + total.carried_over_vnd + total.received_vnd
    own_vnd = max(0, inflow_vnd + total.succeeded_vnd - moved_vnd)
    part = replace(before, succeeded_in_vnd=moved_vnd)
    part, used_vnd = _fit(part, total, COMMON_USES, own_vnd, moved_vnd)
    own_vnd -= sum(getattr(total, name) for name in COMMON_USES) - used_vnd
    for book in ("", "confirmed_"):
        part = _divide_book(part, total, before, book, own_vnd, moved_vnd - used_vnd)
    part, _ = _fit(part, total, ("committed_vnd",), own_vnd, total.committed_vnd)
    own_left_vnd = own_vnd - (total.disbursed_vnd - part.disbursed_vnd)
    own_left_vnd -= total.remittable_vnd - part.remittable_vnd
    part, _ = _fit(part, total, ("reserved_vnd",), max(0, own_left_vnd), max(0, part.left_vnd))
    return part


def _divide_book(
    part: Amounts, total: Amounts, before: Amounts, book: str, own_vnd: int, moved_vnd: int
) -> Amounts:
    """Return the part with the payments and recoveries of one book."""
    paid = "confirmed_vnd" if book else "disbursed_vnd"
    recovered, remittable, remitted = (
        f"{book}{name}_vnd" for name in ("recovered", "remittable", "remitted")
    )
    part, _ = _fit(part, total, (paid, remittable), own_vnd, moved_vnd)
    payable_again = getattr(before, recovered) - getattr(before, remittable)
    lowered_vnd = getattr(before, paid) - getattr(part, paid)
    lowered_vnd -= getattr(part, remittable) - getattr(before, remittable)
    limit_vnd = getattr(total, recovered) - getattr(total, remittable)
    payable_again = min(payable_again + max(0, lowered_vnd), limit_vnd)
    part = replace(part, **{recovered: getattr(part, remittable) + payable_again})
    own_remittable_vnd = getattr(total, remittable) - getattr(part, remittable)
    part, _ = _fit(part, total, (remitted,), own_remittable_vnd, getattr(part, remittable))
    return part


def _fit(
    part: Amounts, total: Amounts, names: Sequence[str], own_vnd: int, moved_vnd: int
) -> tuple[Amounts, int]:
    """Return the part with its share of some measures, and the sum of them.

    The share changes as little as possible: it is at least what the own money does not cover, and at most what was moved in.
    """
    limits = {name: getattr(total, name) for name in names}
    shares = {name: max(0, min(getattr(part, name), limit)) for name, limit in limits.items()}
    most_vnd = min(moved_vnd, sum(limits.values()))
    least_vnd = min(most_vnd, max(0, sum(limits.values()) - own_vnd))
    missing_vnd = min(max(sum(shares.values()), least_vnd), most_vnd) - sum(shares.values())
    for name, limit in limits.items():
        change = max(-shares[name], min(missing_vnd, limit - shares[name]))
        shares[name] += change
        missing_vnd -= change
    return replace(part, **shares), sum(shares.values())
