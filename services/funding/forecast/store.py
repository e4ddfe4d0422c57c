"""Reading of past years and of the lots of a year by month: entries that took effect by a day and were recorded by an instant."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from itertools import groupby
from operator import add, attrgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.deadlines import (
    DeadlineRule,
    MoneyKind,
    calculate_date,
    find_deadline,
    find_legal_deadline,
)
from services.funding.forecast.deadline_parts import split_lot
from services.funding.forecast.estimation import NO_FLOW, CashFlow, Cohort, add_flows, number_month
from services.funding.forecast.rules import LotHistory
from services.funding.lapses.store import read_extensions
from services.funding.ledger import Amounts, Book, Capital, Lot
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.restatement.store import read_restatement
from services.funding.store import IS_POSTED_BY, LOT_KEY, LedgerFilter
from shared.periods import ONE_DAY

PAYMENT_MEASURES: Mapping[Book, str] = {"agency": "disbursed_vnd", "treasury": "confirmed_vnd"}
REMITTABLE_MEASURES: Mapping[Book, str] = {
    "agency": "remittable_vnd",
    "treasury": "confirmed_remittable_vnd",
}
INFLOW_MEASURES = (
    "opening_balance_vnd",
    "allocated_vnd",
    "carried_over_vnd",
    "received_vnd",
    "succeeded_in_vnd",
)
REDUCING_MEASURES = ("given_vnd", "cancelled_vnd", "succeeded_out_vnd")

MONTH_NUMBER = func.greatest(
    1,
    (func.extract("year", ENTRIES.c.effective_on) - LOTS.c.year) * 12
    + func.extract("month", ENTRIES.c.effective_on),
)
IS_OWN = (LOTS.c.origin_year == LOTS.c.year).label("own")


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The selection of entries: those that took effect by a day and were recorded by an instant, with the payments of a book."""

    on: date
    as_of: datetime | None
    book: Book


async def read_cohorts(
    session: AsyncSession,
    year: int,
    past_years: int,
    sources: Collection[str],
    rules: Sequence[DeadlineRule],
    view: LedgerView,
) -> list[Cohort]:
    """Return the cohorts of a year and of some years before it.

    A past year of a unit with an opening balance is left out, because its earlier payments are not in the ledger.
    """
    first = year - past_years
    month = cast(MONTH_NUMBER, Integer)
    keys = (LOTS.c.year, LOTS.c.capital, IS_OWN, LOTS.c.unit, LOTS.c.unit_since)
    query = (
        _select_flows(view, first, year)
        .add_columns(*keys, month.label("month"), _sum_measure("opening_balance_vnd"))
        .where(LOTS.c.year.between(first, year), LOTS.c.source.in_(sources))
        .group_by(*keys, month)
    )
    flows: dict[tuple[int, Capital, MoneyKind, str], dict[int, CashFlow]] = {}
    with_opening_balance: set[tuple[int, Capital, str]] = set()
    for row in await session.execute(query):
        money: MoneyKind = "own" if row.own else "carried"
        unit = f"{row.unit} {row.unit_since}"
        cohort_flows = flows.setdefault((row.year, row.capital, money, unit), {})
        cohort_flows[row.month] = CashFlow(row.inflow, row.paid, row.outflow)
        if row.opening_balance_vnd and row.year < year:
            with_opening_balance.add((row.year, row.capital, unit))
    return [
        Cohort(
            year=cohort_year,
            capital=capital,
            unit=unit,
            payable_months=number_month(
                cohort_year, find_legal_deadline(rules, capital, money, cohort_year).paid_by
            ),
            monthly_flows=monthly_flows,
        )
        for (cohort_year, capital, money, unit), monthly_flows in flows.items()
        if (cohort_year, capital, unit) not in with_opening_balance
    ]


async def read_lot_histories(
    session: AsyncSession,
    ledger_filter: LedgerFilter,
    rules: Sequence[DeadlineRule],
    view: LedgerView,
    map_day: date | None = None,
) -> list[LotHistory]:
    """Return the histories of the selected lots on the map of a day, split by deadline.

    Periods end with months and passed deadlines.
    """
    assert ledger_filter.year is not None
    extensions = await read_extensions(session, ledger_filter, on=view.on, as_of=view.as_of, map_day=map_day)
    deadlines = {calculate_date(ledger_filter.year, rule.paid_years_after, rule.paid_by) for rule in rules}
    deadlines |= {extension.paid_by for of_lot in extensions.values() for extension in of_lot}
    period_firsts = _list_period_firsts(ledger_filter.year, view.on, deadlines)
    period = func.width_bucket(ENTRIES.c.effective_on, bindparam("period_firsts", period_firsts, ARRAY(Date)))
    query = (
        _select_flows(view, ledger_filter.year, ledger_filter.year)
        .add_columns(
            LOTS.c.id,
            *(LOTS.c[name] for name in LOT_KEY),
            period.label("period"),
            *(_sum_measure(name) for name in ("returned_vnd", "carried_out_vnd", "reserved_vnd")),
        )
        .where(*ledger_filter.to_conditions())
        .group_by(LOTS.c.id, period)
        .order_by(LOTS.c.id)
    )
    histories: dict[Lot, LotHistory] = {}
    for _, rows in groupby(await session.execute(query), key=attrgetter("id")):
        history = _make_history(list(rows), rules, period_firsts)
        histories[history.lot] = history
    for change in await read_restatement(session, ledger_filter, map_day, until=view.on, as_of=view.as_of):
        history = histories.get(change.lot) or LotHistory(change.lot, find_deadline(rules, change.lot), {})
        period_number = bisect_right(period_firsts, change.day)
        first = period_firsts[period_number - 1] if period_number else period_firsts[0] - ONE_DAY
        histories[change.lot] = _add_change(history, first, change.amounts.to_book(view.book))
    return [
        part
        for lot, history in histories.items()
        for part in split_lot(rules, history.limit_reserved(), extensions.get(lot, ()))
    ]


def _make_history(
    rows: Sequence[Row[Any]], rules: Sequence[DeadlineRule], period_firsts: Sequence[date]
) -> LotHistory:
    """Return the history of a lot from its rows, one of each period."""
    lot = Lot.from_row(rows[0])
    return LotHistory(
        lot,
        find_deadline(rules, lot),
        {
            period_firsts[row.period - 1] if row.period else period_firsts[0] - ONE_DAY: CashFlow(
                row.inflow, row.paid, row.outflow
            )
            for row in rows
        },
        returned_vnd=sum(row.returned_vnd for row in rows),
        carried_out_vnd=sum(row.carried_out_vnd for row in rows),
        reserved_vnd=sum(row.reserved_vnd for row in rows),
    )


def _add_change(history: LotHistory, first: date, amounts: Amounts) -> LotHistory:
    """Return the history with a change in the period that begins on a day."""
    outflow_vnd = amounts.returned_vnd + amounts.carried_out_vnd + amounts.remittable_vnd
    flow = CashFlow(amounts.available_vnd, amounts.disbursed_vnd, outflow_vnd)
    return replace(
        history,
        flows={**history.flows, first: add_flows([history.flows.get(first, NO_FLOW), flow])},
        returned_vnd=history.returned_vnd + amounts.returned_vnd,
        carried_out_vnd=history.carried_out_vnd + amounts.carried_out_vnd,
        reserved_vnd=history.reserved_vnd + amounts.reserved_vnd,
    )


def _select_flows(view: LedgerView, first: int, last: int) -> Select[*tuple[Any, ...]]:
    """Return the query of flows; a carry-over is stored under the year before the one that it brings money to."""
    inflow = reduce(add, (POSTINGS.c[name] for name in INFLOW_MEASURES))
    reduction = reduce(add, (POSTINGS.c[name] for name in REDUCING_MEASURES))
    outflow = (
        POSTINGS.c.returned_vnd + POSTINGS.c.carried_out_vnd + POSTINGS.c[REMITTABLE_MEASURES[view.book]]
    )
    query = (
        select(
            cast(func.sum(inflow - reduction), BigInteger).label("inflow"),
            cast(func.sum(POSTINGS.c[PAYMENT_MEASURES[view.book]]), BigInteger).label("paid"),
            cast(func.sum(outflow), BigInteger).label("outflow"),
        )
        .select_from(LOTS)
        .join(POSTINGS, POSTINGS.c.lot_id == LOTS.c.id)
        .join(ENTRIES, IS_POSTED_BY)
        .where(
            POSTINGS.c.year.between(first - 1, last),
            ENTRIES.c.year.between(first - 1, last),
            ENTRIES.c.effective_on <= view.on,
        )
    )
    return query if view.as_of is None else query.where(ENTRIES.c.recorded_at <= view.as_of)


def _sum_measure(name: str) -> ColumnElement[int]:
    return cast(func.sum(POSTINGS.c[name]), BigInteger).label(name)


def _list_period_firsts(year: int, on: date, deadlines: Collection[date]) -> list[date]:
    """Return the first days of the months until a day, and the days after deadlines that have passed."""
    month_firsts, first = [], date(year, 1, 1)
    while first <= max(on, date(year, 1, 1)):
        month_firsts.append(first)
        first = (first + 31 * ONE_DAY).replace(day=1)
    return sorted({*month_firsts, *(day + ONE_DAY for day in deadlines if day < on)})
