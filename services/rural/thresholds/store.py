"""Queries of tables of thresholds. Flushes, never commits."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.criteria.thresholds import Threshold
from services.rural.models import ThresholdTable
from services.rural.thresholds.rules import OfficeTable
from shared.territory.tree import Territory
from shared.territory.units import UnitKey


async def read_latest_tables(session: AsyncSession) -> list[ThresholdTable]:
    """Return the latest table of each province."""
    rows = await session.scalars(
        select(ThresholdTable)
        .ext(distinct_on(ThresholdTable.land, ThresholdTable.land_since))
        .order_by(ThresholdTable.land, ThresholdTable.land_since, ThresholdTable.number.desc())
    )
    return list(rows)


async def read_latest_table(session: AsyncSession, unit: UnitKey) -> ThresholdTable | None:
    """Return the latest table of a province, or None."""
    latest: ThresholdTable | None = await session.scalar(select_tables(unit).limit(1))
    return latest


def select_tables(unit: UnitKey) -> Select[Any]:
    """Select the tables of a province, the latest first."""
    code, since = unit
    return (
        select(ThresholdTable)
        .where(ThresholdTable.land == code, ThresholdTable.land_since == since)
        .order_by(ThresholdTable.number.desc())
    )


async def find_table(session: AsyncSession, unit: UnitKey, number: int) -> ThresholdTable | None:
    """Return the table of a number, or None."""
    table: ThresholdTable | None = await session.scalar(
        select_tables(unit).where(ThresholdTable.number == number)
    )
    return table


def to_threshold(row: dict[str, Any]) -> Threshold:
    """Return a stored row as a threshold."""
    return Threshold(
        indicator=row["indicator"],
        unit=row["unit"],
        years=(row["first_year"], row["last_year"]),
        value=Decimal(row["value"]),
        legal_basis=row["legal_basis"],
        confidence=row["confidence"],
    )


def to_stored(threshold: Threshold) -> dict[str, Any]:
    """Return a threshold as it is stored."""
    return {
        "indicator": threshold.indicator,
        "unit": threshold.unit,
        "first_year": threshold.first_year,
        "last_year": threshold.last_year,
        "value": str(threshold.value.normalize()),
        "legal_basis": threshold.legal_basis,
        "confidence": threshold.confidence,
    }


def to_office_table(territory: Territory, table: ThresholdTable) -> OfficeTable:
    """Return a stored table with the days of its province."""
    until: date | None = next(
        (
            version.valid_to
            for version in territory.versions(table.unit)
            if version.valid_from == table.land_since
        ),
        None,
    )
    return OfficeTable(
        table.unit, table.land_since, until, tuple(to_threshold(row) for row in table.thresholds)
    )
