"""The closing of a budget year, as every answer about the year states it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.closed_years import store
from services.funding.closed_years.rules import (
    Closing,
    find_closing_of_money,
    find_covered_versions,
    find_extended_day,
    find_settlement_day,
    is_extended,
    is_overdue,
    is_year_closed,
)
from services.funding.context import FundingContext, LedgerContext, UnitScope
from services.funding.ledger import Lot
from services.funding.restatement.store import include_successors
from services.funding.store import LedgerFilter, read_unit_versions
from services.funding.units import UnitVersion, find_unit_of_year
from shared.periods import local_day


@dataclass(frozen=True, slots=True)
class YearState:
    """The closings of the units that are read, and whether the closing of some of them is overdue."""

    settled_by: date
    overdue: bool
    closings: Sequence[tuple[Closing, int]]
    """With the number of entries since."""


async def read_overdue(
    context: FundingContext, year: int, scope: UnitScope, *, as_of: datetime | None = None
) -> bool:
    """Whether the settlement day of a year is over and the money of some units that are read is not closed.

    As known at an instant.
    """
    unit_versions = await _find_unit_versions(context, year, scope)
    money = [(year, unit_version) for unit_version in unit_versions]
    return await read_overdue_of(context.session, context, money, as_of=as_of)


async def read_overdue_of_lots(session: AsyncSession, context: LedgerContext, lots: Iterable[Lot]) -> bool:
    """Whether the closing of some lots is overdue."""
    return await read_overdue_of(session, context, find_money(lots))


def find_money(lots: Iterable[Lot]) -> set[tuple[int, UnitVersion]]:
    """Return the years and units of lots."""
    return {(lot.line.year, (lot.line.unit, lot.line.unit_since)) for lot in lots}


async def read_overdue_of(
    session: AsyncSession,
    context: LedgerContext,
    money: Iterable[tuple[int, UnitVersion]],
    *,
    as_of: datetime | None = None,
) -> bool:
    """Whether for some years and units the settlement day is over and the year is not closed, as known at an instant."""
    day = _find_day(context.today, as_of)
    late = {
        (year, unit_version)
        for year, unit_version in money
        if is_overdue(context.deadlines, year, day, is_closed=False)
    }
    if not late:
        return False
    years = {year for year, _ in late}
    closings, extensions = await store.read_closings_and_extensions(session, years, as_of=as_of)
    former = await store.read_former_versions(session, years, as_of=as_of) if closings else {}
    return not all(
        is_year_closed(closings, context.territory, year, unit_version, former)
        or is_extended(extensions, context.territory, year, unit_version, day)
        for year, unit_version in late
    )


def _find_day(today: date, as_of: datetime | None) -> date:
    return today if as_of is None else min(today, local_day(as_of))


async def read_year_state(
    context: FundingContext, year: int, scope: UnitScope, *, as_of: datetime | None = None
) -> YearState:
    """Return the closings of the units that are read, and whether one is overdue; all as known at an instant."""
    territory, day = context.territory, _find_day(context.today, as_of)
    closings, extensions = await store.read_closings_and_extensions(context.session, [year], as_of=as_of)
    former = await store.read_former_versions(context.session, [year], as_of=as_of) if closings else {}
    unit_versions = await _find_unit_versions(context, year, scope)
    shown = {
        closing.id: closing
        for unit_version in unit_versions
        if (closing := find_closing_of_money(closings, territory, year, unit_version, former)) is not None
    }
    counted = []
    for closing in store.sort_by_instant(list(shown.values())):
        covered = find_covered_versions(closing, territory, unit_versions)
        of_closing = LedgerFilter(year=year, unit_versions=covered)
        _, map_day = find_unit_of_year(territory, closing.unit, year)
        of_closing = await include_successors(context.session, of_closing, map_day)
        count = await store.count_later_entries(context.session, closing, of_closing, as_of=as_of)
        counted.append((closing, count))
    is_settled = all(
        is_year_closed(closings, territory, year, unit_version, former)
        or is_extended(extensions, territory, year, unit_version, day)
        for unit_version in unit_versions
    )
    legal_day = find_settlement_day(context.deadlines, year)
    extended = {
        find_extended_day(extensions, territory, year, unit_version) or legal_day
        for unit_version in unit_versions
    }
    return YearState(
        min(extended, default=legal_day),
        is_overdue(context.deadlines, year, day, is_closed=is_settled),
        counted,
    )


async def _find_unit_versions(
    context: FundingContext, year: int, scope: UnitScope
) -> Collection[UnitVersion]:
    if scope.unit_versions is not None:
        return scope.unit_versions
    return await read_unit_versions(context.session, year)
