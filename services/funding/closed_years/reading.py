"""The closing of a budget year, as every answer about the year states it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.funding.closed_years import store
from services.funding.closed_years.rules import (
    Closing,
    find_closing,
    find_covered_versions,
    find_settlement_day,
    is_overdue,
)
from services.funding.context import FundingContext, UnitScope
from services.funding.store import LedgerFilter, read_unit_versions
from services.funding.units import UnitVersion
from shared.periods import local_day


@dataclass(frozen=True, slots=True)
class YearState:
    """The closings of the units that are read, and whether the closing of some of them is overdue."""

    settled_by: date
    overdue: bool
    closings: Sequence[tuple[Closing, int]]
    """With the number of entries since."""


async def read_overdue(context: FundingContext, year: int, scope: UnitScope) -> bool:
    """Whether the settlement day of a year is over and the money of some units that are read is not closed."""
    if not is_overdue(context.deadlines, year, context.today, is_closed=False):
        return False
    closings = await store.read_closings(context.session, [year])
    unit_versions = await _find_unit_versions(context, year, scope)
    return any(
        find_closing(closings, context.territory, year, unit_version) is None
        for unit_version in unit_versions
    )


async def read_year_state(
    context: FundingContext, year: int, scope: UnitScope, *, as_of: datetime | None = None
) -> YearState:
    """Return the closings of the units that are read, and whether one is overdue; all as known at an instant."""
    today = context.today if as_of is None else local_day(as_of)
    closings = await store.read_closings(context.session, [year], as_of=as_of)
    unit_versions = await _find_unit_versions(context, year, scope)
    closings_by_unit = {
        unit_version: find_closing(closings, context.territory, year, unit_version)
        for unit_version in unit_versions
    }
    latest = store.sort_by_instant(
        list({closing.id: closing for closing in closings_by_unit.values() if closing}.values())
    )
    counted = []
    for closing in latest:
        covered = find_covered_versions(closing, context.territory, unit_versions)
        ledger_filter = LedgerFilter(year=year, unit_versions=covered)
        counted.append(
            (closing, await store.count_later_entries(context.session, closing, ledger_filter, as_of=as_of))
        )
    is_closed = all(closing is not None for closing in closings_by_unit.values())
    return YearState(
        find_settlement_day(context.deadlines, year),
        is_overdue(context.deadlines, year, today, is_closed=is_closed),
        counted,
    )


async def _find_unit_versions(
    context: FundingContext, year: int, scope: UnitScope
) -> Collection[UnitVersion]:
    if scope.unit_versions is not None:
        return scope.unit_versions
    return await read_unit_versions(context.session, year)
