"""The condition by which villages are read: in which communes of a day they lie."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased

from shared.territory.models import UnitRow
from shared.territory.succession_queries import unit_versions_within


def is_in_communes(communes: Collection[str], on: date) -> ColumnElement[bool]:
    """Return the condition that the commune of a village's row is the land of one of these communes of a day."""
    commune = aliased(UnitRow)
    lands = unit_versions_within(communes, on, adds=False)
    return exists(
        select(lands.c.unit_of_day)
        .join(commune, (commune.code == lands.c.code) & (commune.valid_from == lands.c.valid_from))
        .where(
            commune.code == UnitRow.parent,
            commune.valid_from <= UnitRow.valid_from,
            or_(commune.valid_to.is_(None), commune.valid_to >= UnitRow.valid_from),
        )
        .correlate(UnitRow)
    )
