"""What the program's rules told of a report when it was taken, as it is read back with its reasons."""

from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.models import Observation, Report
from shared.reporting.reports.store import stated_in


class DerivedValue(NamedTuple):
    """A value that a rule of the program tells, with its reasons; `derived` is false where it was posted as well."""

    unit: str
    indicator: str
    value: Decimal
    status: int
    derived: bool
    reasons: dict[str, Any]


async def explain_derived_values(
    session: AsyncSession, catalogue: Catalogue, it: Report
) -> list[DerivedValue]:
    """Give the values of a report that a rule tells: those that follow from it, and posted ones that it bears out.

    One statement; none for a program that derives nothing.
    """
    if not catalogue.derivation_rules:
        return []
    columns = (
        Observation.unit,
        Observation.indicator,
        Observation.value,
        Observation.status,
        Observation.derived,
        Observation.reasons,
    )
    rows = await session.execute(
        select(*columns).where(*stated_in(it), Observation.reasons.is_not(None)).order_by(Observation.ordinal)
    )
    return [DerivedValue(*row) for row in rows]
