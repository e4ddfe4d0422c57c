"""Locking, reading and insertion of closings. They are only added.

An entry locks the years of its lines in common with others, a closing locks its year alone: so no entry of the year is half
recorded while it is closed, and whoever waited for a closing reads it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Date, and_, cast, func, insert, literal, null, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.closed_years.rules import Closing, FormerVersions, SettlementExtension
from services.funding.ledger import Decision
from services.funding.models import ENTRIES, LOTS, POSTINGS
from services.funding.register_models import CLOSINGS, EXTENSIONS
from services.funding.store import IS_POSTED_BY, LedgerFilter, find_entry_years
from services.funding.units import UnitVersion
from shared.kit.database import run_sql

LOCK_YEARS_SHARED = """
    SELECT pg_advisory_xact_lock_shared(hashtextextended(current_schema() || '/years/' || year, 0))
    FROM (SELECT unnest($1::int[]) AS year ORDER BY 1) AS years
"""
LOCK_YEAR = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/years/' || $1::int, 0))"


async def lock_years_shared(session: AsyncSession, years: Collection[int]) -> None:
    """Lock years in common with other entries; their closings are read afterwards."""
    await run_sql(session, LOCK_YEARS_SHARED, sorted(years))


async def lock_year(session: AsyncSession, year: int) -> list[Closing]:
    """Lock a year alone, and return its closings."""
    await run_sql(session, LOCK_YEAR, year)
    return await read_closings(session, [year])


async def read_closings(
    session: AsyncSession, years: Collection[int], *, as_of: datetime | None = None
) -> list[Closing]:
    """Return the closings of some years as known at an instant, the earliest first."""
    query = select(CLOSINGS).where(CLOSINGS.c.year.in_(years))
    if as_of is not None:
        query = query.where(CLOSINGS.c.recorded_at <= as_of)
    return [to_closing(row) for row in await session.execute(query.order_by(CLOSINGS.c.recorded_at))]


async def read_settlement_extensions(
    session: AsyncSession, years: Collection[int]
) -> list[SettlementExtension]:
    """Return the extensions of some years, the earliest first."""
    query = select(EXTENSIONS).where(EXTENSIONS.c.year.in_(years)).order_by(EXTENSIONS.c.recorded_at)
    return [to_extension(row) for row in await session.execute(query)]


async def read_closings_and_extensions(
    session: AsyncSession, years: Collection[int], *, as_of: datetime | None = None
) -> tuple[list[Closing], list[SettlementExtension]]:
    """Return the closings and extensions of some years as known at an instant, the earliest first, by one statement."""
    no_day = cast(null(), Date)
    names = ("id", "year", "unit", "decision_number", "decision_date", "recorded_at")
    closings = select(
        *(CLOSINGS.c[name] for name in (*names, "closed_on", "sequence")), no_day.label("settled_by")
    ).where(CLOSINGS.c.year.in_(years))
    extensions = select(
        *(EXTENSIONS.c[name] for name in names),
        no_day.label("closed_on"),
        literal(0).label("sequence"),
        EXTENSIONS.c.settled_by,
    ).where(EXTENSIONS.c.year.in_(years))
    if as_of is not None:
        closings = closings.where(CLOSINGS.c.recorded_at <= as_of)
        extensions = extensions.where(EXTENSIONS.c.recorded_at <= as_of)
    acts = union_all(closings, extensions).subquery()
    rows = (await session.execute(select(acts).order_by(acts.c.recorded_at))).all()
    return (
        [to_closing(row) for row in rows if row.closed_on is not None],
        [to_extension(row) for row in rows if row.closed_on is None],
    )


def to_extension(row: Any) -> SettlementExtension:
    """Return the extension of a row."""
    return SettlementExtension(
        id=row.id,
        year=row.year,
        unit=row.unit,
        settled_by=row.settled_by,
        decision=Decision(row.decision_number, row.decision_date),
        recorded_at=row.recorded_at,
    )


GIVERS, GIVER_LOTS = POSTINGS.alias("giver"), LOTS.alias("giver_lot")
"""The postings and lots that money passed on from."""


async def read_former_versions(
    session: AsyncSession, years: Collection[int], *, as_of: datetime | None = None
) -> FormerVersions:
    """Return the units from which money of some years passed on to others, as known at an instant."""
    zero = text("0")
    of_entry = and_(GIVERS.c.year == POSTINGS.c.year, GIVERS.c.entry_id == POSTINGS.c.entry_id)
    query = (
        select(LOTS.c.year, LOTS.c.unit, LOTS.c.unit_since, GIVER_LOTS.c.unit, GIVER_LOTS.c.unit_since)
        .select_from(POSTINGS)
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .join(GIVERS, and_(of_entry, GIVERS.c.succeeded_out_vnd != zero))
        .join(GIVER_LOTS, GIVER_LOTS.c.id == GIVERS.c.lot_id)
        .where(POSTINGS.c.year.in_(years), POSTINGS.c.succeeded_in_vnd != zero)
        .group_by(LOTS.c.year, LOTS.c.unit, LOTS.c.unit_since, GIVER_LOTS.c.unit, GIVER_LOTS.c.unit_since)
        .having(func.sum(POSTINGS.c.succeeded_in_vnd) > zero)
    )
    if as_of is not None:
        query = query.join(ENTRIES, IS_POSTED_BY).where(ENTRIES.c.recorded_at <= as_of)
    former: dict[tuple[int, UnitVersion], set[UnitVersion]] = {}
    for year, unit, since, former_unit, former_since in await session.execute(query):
        former.setdefault((year, (unit, since)), set()).add((former_unit, former_since))
    return former


async def insert_closing(session: AsyncSession, columns: Mapping[str, Any]) -> None:
    """Insert a closing."""
    await session.execute(insert(CLOSINGS).values(columns))


async def find_last_sequence(session: AsyncSession) -> int:
    """Return the sequence of the last entry of the ledger; 0 where there is none."""
    return int((await session.execute(select(func.max(ENTRIES.c.sequence)))).scalar() or 0)


async def count_later_entries(
    session: AsyncSession, closing: Closing, ledger_filter: LedgerFilter, *, as_of: datetime | None = None
) -> int:
    """Return how many entries changed the selected lots since a closing, as known at an instant."""
    changed = (
        select(POSTINGS.c.lot_id)
        .join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
        .where(IS_POSTED_BY, *ledger_filter.to_conditions())
    )
    years = find_entry_years(closing.year)
    query = select(func.count()).where(
        ENTRIES.c.sequence > closing.sequence, ENTRIES.c.year.in_(years), changed.exists()
    )
    if as_of is not None:
        query = query.where(ENTRIES.c.recorded_at <= as_of)
    return int((await session.execute(query)).scalar_one())


def to_closing(row: Any) -> Closing:
    """Return the closing of a row."""
    return Closing(
        id=row.id,
        year=row.year,
        unit=row.unit,
        decision=Decision(row.decision_number, row.decision_date),
        closed_on=row.closed_on,
        sequence=row.sequence,
        recorded_at=row.recorded_at,
    )


def sort_by_instant(closings: Sequence[Closing]) -> list[Closing]:
    """Return closings, the latest first."""
    return sorted(closings, key=lambda closing: closing.recorded_at, reverse=True)
