"""Queries of steering bodies. Flushes, never commits."""

import uuid
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.bodies.rules import BodyState, SteeringBody
from services.oversight.models import RecordVersion
from services.oversight.records.store import ROOT, content_is, is_of_unit, read_records, select_records
from shared.reporting.register_rows import is_land_of
from shared.territory.succession_queries import unit_versions_within
from shared.territory.tree import Territory

PATH = f"{ROOT}/bodies"


def to_body(row: RecordVersion) -> SteeringBody:
    """Return the frozen value that the rules use."""
    content = row.content
    dissolved_on, replaced_by = content.get("dissolved_on"), content.get("replaced_by")
    return SteeringBody(
        id=row.id,
        kind=content["kind"],
        unit=row.unit,
        land=(row.land, row.land_since),
        programs=frozenset(content["programs"]),
        established_on=date.fromisoformat(content["established_on"]),
        dissolved_on=date.fromisoformat(dissolved_on) if dissolved_on else None,
        replaced_by=uuid.UUID(replaced_by) if replaced_by else None,
    )


def find_unit_end(row: RecordVersion, territory: Territory) -> date | None:
    """Return the last day of a body's unit; None while the unit exists."""
    return territory.unit(row.unit, row.day).valid_to


def find_state(row: RecordVersion, territory: Territory, on: date) -> BodyState:
    """Return the state of a body on a day."""
    return to_body(row).find_state(on, find_unit_end(row, territory))


async def read_bodies_of_unit(session: AsyncSession, body: SteeringBody) -> list[SteeringBody]:
    """Return the bodies of the kind of a body, of its unit."""
    rows = await read_records(
        session, "bodies", None, None, *is_of_unit(body.unit, body.land), *content_is("kind", body.kind)
    )
    return [to_body(row) for row in rows]


async def read_bodies_in_force(
    session: AsyncSession, territory: Territory, on: date, as_of: datetime | None
) -> list[SteeringBody]:
    """Return the bodies in force on a day. One statement."""
    rows = await read_records(session, "bodies", None, as_of, RecordVersion.day <= on)
    return [to_body(row) for row in rows if find_state(row, territory, on) == "in_force"]


async def read_bodies_of_lands(
    session: AsyncSession, units: Collection[str], map_on: date, on: date, as_of: datetime | None
) -> list[SteeringBody]:
    """Return the bodies in force on a day whose unit still has its land on the day of a map. One statement."""
    lands = unit_versions_within(units, map_on, adds=False)
    query = select_records("bodies", None, as_of, RecordVersion.day <= on)
    rows = await session.scalars(query.join(lands, is_land_of(RecordVersion, lands)))
    bodies = [to_body(row) for row in rows]
    return [body for body in bodies if body.find_state(on, None) == "in_force"]
