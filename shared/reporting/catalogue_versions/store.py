"""Queries for versions of the catalogue, and for the reports that need what they hold."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Select, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Codes
from shared.reporting.file_models import CatalogueVersion
from shared.reporting.models import Report, Target

_UNITS_IN_EFFECT = text(
    """
    SELECT s.period, s.standard, array_agg(DISTINCT stated.unit)
    FROM standings s JOIN reports r ON r.id = s.report_id CROSS JOIN LATERAL unnest(r.units) AS stated (unit)
    WHERE s.until IS NULL AND s.form = ANY(:forms)
    GROUP BY s.period, s.standard
    """
).bindparams(bindparam("forms", type_=Codes))

UnitsByPeriod = Mapping[tuple[str, str], frozenset[str]]
"""Units with values in effect, by period and standard."""


class ReportedForm(NamedTuple):
    """A form on which something was reported for a period under a standard."""

    form: str
    period: str
    standard: str


async def read_latest(session: AsyncSession) -> CatalogueVersion | None:
    """Return the latest version, or None where the shipped one was never replaced."""
    latest: CatalogueVersion | None = await session.scalar(select_versions().limit(1))
    return latest


async def find_version(session: AsyncSession, number: int) -> CatalogueVersion | None:
    """Return the version of a number, or None."""
    return await session.get(CatalogueVersion, number)


async def has_hash(session: AsyncSession, sha256: str) -> bool:
    """Whether a version had exactly these rows."""
    number = await session.scalar(
        select(CatalogueVersion.number).where(CatalogueVersion.sha256 == sha256).limit(1)
    )
    return number is not None


def select_versions() -> Select[CatalogueVersion]:
    """Return the query of all versions, the latest first."""
    return select(CatalogueVersion).order_by(CatalogueVersion.number.desc())


async def read_reported_forms(session: AsyncSession) -> Sequence[ReportedForm]:
    """Return the forms, periods and standards of all reports."""
    rows = await session.execute(select(Report.form, Report.period, Report.standard).distinct())
    return [ReportedForm(*row) for row in rows]


async def read_planned_figures(session: AsyncSession) -> frozenset[str]:
    """Return the series of the figures that targets name."""
    return frozenset(await session.scalars(select(Target.indicator).distinct()))


async def read_units_in_effect(session: AsyncSession, forms: Collection[str]) -> UnitsByPeriod:
    """Return the units with values in effect on these forms, by period and standard."""
    rows = await session.execute(_UNITS_IN_EFFECT, {"forms": sorted(forms)})
    return {(period, standard): frozenset(units) for period, standard, units in rows}
