"""Reading of money that passed on after the day of a map, and of all changes of the lots concerned."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Select, and_, cast, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import AMOUNT_NAMES, Amounts, Lot
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.restatement.rules import LotChange, PassedOn, restate
from services.funding.store import IS_POSTED_BY, LOT_KEY, LedgerFilter, find_entry_years


async def read_restatement(
    session: AsyncSession,
    ledger_filter: LedgerFilter,
    map_day: date | None,
    *,
    until: date | None = None,
    as_of: datetime | None = None,
) -> list[LotChange]:
    """Return the changes that restate the selected lots of a year on the map of a day; none without a map.

    Of the entries that had taken effect by a day and were recorded by an instant.
    """
    passed_on, ids = await _read_passed_on(session, ledger_filter, map_day, until, as_of)
    if not passed_on:
        return []
    linked = LedgerFilter(year=ledger_filter.year)
    query = _select_postings(linked, until, as_of).where(LOTS.c.id.in_(ids))
    sums = (cast(func.sum(POSTINGS.c[name]), BigInteger).label(name) for name in AMOUNT_NAMES)
    query = query.add_columns(ENTRIES.c.effective_on, *sums).group_by(LOTS.c.id, ENTRIES.c.effective_on)
    changes: dict[Lot, dict[date, Amounts]] = {}
    for row in await session.execute(query):
        changes.setdefault(Lot.from_row(row), {})[row.effective_on] = Amounts.from_row(row)
    return [change for change in restate(changes, passed_on) if ledger_filter.includes_unit(change.lot.line)]


async def include_successors(
    session: AsyncSession, ledger_filter: LedgerFilter, map_day: date | None
) -> LedgerFilter:
    """Return the filter with the lots that took money over from the selected ones after the day of a map."""
    passed_on, ids = await _read_passed_on(session, ledger_filter, map_day, None, None)
    return replace(ledger_filter, lot_ids=ids) if passed_on else ledger_filter


async def _read_passed_on(
    session: AsyncSession,
    ledger_filter: LedgerFilter,
    map_day: date | None,
    until: date | None,
    as_of: datetime | None,
) -> tuple[list[PassedOn], Collection[int]]:
    """Return what passed on after the day of a map to or from the selected lots or others linked to them, and the ids of all."""
    if map_day is None or ledger_filter.year is None:
        return [], ()
    everywhere = replace(ledger_filter, unit_versions=None)
    zero = text("0")  # no parameter, so that the index of successions is used
    is_succession = or_(POSTINGS.c.succeeded_in_vnd != zero, POSTINGS.c.succeeded_out_vnd != zero)
    names = ("succeeded_in_vnd", "succeeded_out_vnd", "reserved_vnd")
    query = (
        _select_postings(everywhere, until, as_of)
        .add_columns(LOTS.c.id, ENTRIES.c.id.label("entry"), ENTRIES.c.effective_on)
        .add_columns(*(POSTINGS.c[name] for name in names))
        .where(ENTRIES.c.effective_on > map_day, is_succession)
        .order_by(ENTRIES.c.sequence)
    )
    rows = (await session.execute(query)).all()
    passed_on = _pair_rows(rows)
    linked = _find_linked(passed_on, ledger_filter)
    ids = {row.id for row in rows if Lot.from_row(row) in linked}
    return [row for row in passed_on if row.from_lot in linked], ids


def _select_postings(
    ledger_filter: LedgerFilter, until: date | None, as_of: datetime | None
) -> Select[*tuple[Any, ...]]:
    assert ledger_filter.year is not None
    years = find_entry_years(ledger_filter.year)
    query = (
        select(*(LOTS.c[name] for name in LOT_KEY))
        .select_from(LOTS)
        .join(POSTINGS, POSTINGS.c.lot_id == LOTS.c.id)
        .join(ENTRIES, IS_POSTED_BY)
        .where(and_(POSTINGS.c.year.in_(years), ENTRIES.c.year.in_(years)), *ledger_filter.to_conditions())
    )
    if until is not None:
        query = query.where(ENTRIES.c.effective_on <= until)
    return query if as_of is None else query.where(ENTRIES.c.recorded_at <= as_of)


def _pair_rows(rows: Sequence[Any]) -> list[PassedOn]:
    """Return what passed on by each entry, in their order; both postings have the same year of origin."""
    givers = {(row.entry, row.origin_year): row for row in rows if row.succeeded_out_vnd}
    passed_on = []
    for row in rows:
        giver = givers.get((row.entry, row.origin_year))
        if row.succeeded_in_vnd and giver is not None:
            amounts = (row.succeeded_in_vnd, row.reserved_vnd)
            passed_on.append(PassedOn(Lot.from_row(giver), Lot.from_row(row), row.effective_on, *amounts))
    return passed_on


def _find_linked(passed_on: Sequence[PassedOn], ledger_filter: LedgerFilter) -> set[Lot]:
    """Return the lots that are selected or linked to a selected one, through others too."""
    neighbours: dict[Lot, set[Lot]] = {}
    for row in passed_on:
        neighbours.setdefault(row.from_lot, set()).add(row.to_lot)
        neighbours.setdefault(row.to_lot, set()).add(row.from_lot)
    reached = [lot for lot in neighbours if ledger_filter.includes_unit(lot.line)]
    linked: set[Lot] = set()
    while reached:
        lot = reached.pop()
        if lot not in linked:
            linked.add(lot)
            reached += neighbours[lot]
    return linked
