"""The measures of figures made from the observations themselves; tests compare the roll-ups with them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.standards import FormStandards
from shared.reporting.observations.measures import Measure
from shared.reporting.observations.store import read_effective_values
from shared.reporting.observations.values import prefer_official, to_measures
from shared.territory.tree import Territory


async def read_measures(
    session: AsyncSession,
    catalogue: Catalogue,
    territory: Territory,
    *,
    period: Period,
    basis: str,
    units: Collection[str],
    as_of: datetime | None = None,
    parts: Collection[Period] | None = None,
    standards: FormStandards | None = None,
    root: str | None = None,
) -> dict[str, Measure]:
    """Return the measures from the observations in effect, now or at an instant: what the roll-ups are compared with."""
    values = await read_effective_values(
        session,
        period=period,
        basis=basis,
        standards=catalogue.select_standards(period.ends_on) if standards is None else standards,
        units=units,
        as_of=as_of,
        parts=parts,
    )
    return to_measures(catalogue, period, prefer_official(territory, values), root)
