"""Reading of balances, and of the deadlines that carry-overs set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.deadlines import Extension, limit_extensions
from services.funding.entry_kinds import EntryKind
from services.funding.ledger import Amounts, Balances, Lot
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.restatement.store import read_restatement
from services.funding.store import IS_POSTED_BY, IS_REVERSED_BY, LOCK_ORDER, LOT_KEY, LedgerFilter


async def read_selected_balances(
    session: AsyncSession, ledger_filter: LedgerFilter, map_day: date | None = None
) -> Balances:
    """Return the balances of the selected lots, on the map of a day."""
    query = select(LOTS).where(*ledger_filter.to_conditions()).order_by(*LOCK_ORDER)
    balances = {Lot.from_row(row): Amounts.from_row(row) for row in await session.execute(query)}
    for change in await read_restatement(session, ledger_filter, map_day):
        balances[change.lot] = balances.get(change.lot, Amounts()) + change.amounts
    return balances


FORMER_POSTINGS, FORMER_LOTS = POSTINGS.alias("former_posting"), LOTS.alias("former_lot")
"""Where money that a lot took over came from."""
IS_OF_SAME_ENTRY = and_(
    FORMER_POSTINGS.c.year == POSTINGS.c.year,
    FORMER_POSTINGS.c.entry_id == POSTINGS.c.entry_id,
    FORMER_POSTINGS.c.succeeded_out_vnd > 0,
)
IS_OF_SAME_ORIGIN = and_(
    FORMER_LOTS.c.id == FORMER_POSTINGS.c.lot_id, FORMER_LOTS.c.origin_year == LOTS.c.origin_year
)


async def read_extensions(
    session: AsyncSession,
    ledger_filter: LedgerFilter,
    *,
    on: date | None = None,
    as_of: datetime | None = None,
    map_day: date | None = None,
) -> Mapping[Lot, Sequence[Extension]]:
    """Return the deadlines that carry-overs set for the money that they moved into each lot, the earliest first.

    Those that had taken effect by a day and were recorded by an instant, where these are given; without reversed ones. Money
    of a unit that ended takes its deadlines along, but stays with it on the map of an earlier day.
    """
    conditions = ledger_filter.to_conditions()
    by_id = await _read_by_id(session, conditions, _View(on, as_of, map_day), ledger_filter.year)
    return {
        lot: sorted(extensions, key=lambda extension: extension.paid_by) for lot, extensions in by_id.values()
    }


@dataclass(frozen=True, slots=True)
class _View:
    """The selection of entries: those that took effect by a day and were recorded by an instant; None: all."""

    on: date | None
    as_of: datetime | None
    map_day: date | None

    def select_in_effect(self, query: Select[Any]) -> Select[Any]:
        """Return a query of entries narrowed to those that count and are not reversed."""
        is_reversed_by = IS_REVERSED_BY
        if self.on is not None:
            is_reversed_by &= REVERSALS.c.effective_on <= self.on
            query = query.where(ENTRIES.c.effective_on <= self.on)
        if self.as_of is not None:
            is_reversed_by &= REVERSALS.c.recorded_at <= self.as_of
            query = query.where(ENTRIES.c.recorded_at <= self.as_of)
        return query.outerjoin(REVERSALS, is_reversed_by).where(REVERSALS.c.id.is_(None))


async def _read_by_id(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], view: _View, year: int | None = None
) -> dict[int, tuple[Lot, list[Extension]]]:
    """Return the extensions of the selected lots by the ids of their rows."""
    by_id: dict[int, tuple[Lot, list[Extension]]] = {}
    for row in await session.execute(_select_carried(conditions, view, year)):
        extension = Extension(row.deadline, row.decision_number, row.carried_over_vnd)
        by_id.setdefault(row.id, (Lot.from_row(row), []))[1].append(extension)
    taken_over = (await session.execute(_select_taken_over(conditions, view))).all()
    if taken_over:
        of_former = LOTS.c.id.in_({row.former_id for row in taken_over})
        former = await _read_by_id(session, [of_former], view)
        for row in taken_over:
            _, extensions = former.get(row.former_id, (None, []))
            limited = limit_extensions(extensions, row.succeeded_in_vnd)
            if limited:
                by_id.setdefault(row.id, (Lot.from_row(row), []))[1].extend(limited)
    return by_id


def _select_carried(conditions: Sequence[ColumnElement[bool]], view: _View, year: int | None) -> Select[Any]:
    """Return the query of the money that carry-overs with a deadline moved into lots."""
    query: Select[Any] = (
        select(
            LOTS.c.id,
            *(LOTS.c[name] for name in LOT_KEY),
            ENTRIES.c.deadline,
            ENTRIES.c.decision_number,
            POSTINGS.c.carried_over_vnd,
        )
        .select_from(ENTRIES)
        .join(POSTINGS, IS_POSTED_BY)
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .where(
            ENTRIES.c.kind == EntryKind.CARRY_OVER.value,
            ENTRIES.c.deadline.is_not(None),
            POSTINGS.c.carried_over_vnd > 0,
            *conditions,
        )
        .order_by(ENTRIES.c.deadline, ENTRIES.c.sequence)
    )
    if year is not None:  # a carry-over is stored under the year that it leaves
        query = query.where(ENTRIES.c.year == year - 1, POSTINGS.c.year == year - 1)
    return view.select_in_effect(query)


def _select_taken_over(conditions: Sequence[ColumnElement[bool]], view: _View) -> Select[Any]:
    """Return the query of the money that lots took over, with the lots that it came from."""
    query = (
        select(
            LOTS.c.id,
            *(LOTS.c[name] for name in LOT_KEY),
            POSTINGS.c.succeeded_in_vnd,
            FORMER_LOTS.c.id.label("former_id"),
        )
        .select_from(ENTRIES)
        .join(POSTINGS, IS_POSTED_BY)
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .join(FORMER_POSTINGS, IS_OF_SAME_ENTRY)
        .join(FORMER_LOTS, IS_OF_SAME_ORIGIN)
        .where(ENTRIES.c.kind == EntryKind.SUCCESSION.value, POSTINGS.c.succeeded_in_vnd > 0, *conditions)
        .order_by(ENTRIES.c.sequence, LOTS.c.id)
    )
    if view.map_day is not None:
        query = query.where(ENTRIES.c.effective_on <= view.map_day)
    return view.select_in_effect(query)
