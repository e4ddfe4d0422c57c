"""The routes of steering bodies."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Response, status

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.bodies import actions
from services.oversight.bodies.rules import BodyKinds, BodyState, find_units_without
from services.oversight.bodies.schemas import (
    DissolutionIn,
    SteeringBodiesPage,
    SteeringBodyCorrectionIn,
    SteeringBodyIn,
    SteeringBodyOut,
    UnitsWithoutBodyOut,
    UnitWithoutBodyOut,
)
from services.oversight.bodies.store import PATH, find_state, find_unit_end, read_bodies_in_force
from services.oversight.context import OverseerContext, PublicRecordContext, reads_as_public
from services.oversight.models import RecordVersion
from services.oversight.records.actions import withdraw_record
from services.oversight.records.query_params import OfUnit, OfUnitSince, ProgramFilter, StateDay
from services.oversight.records.rights import read_visible_versions
from services.oversight.records.schemas import ReasonIn
from services.oversight.records.store import (
    belongs_to,
    content_is,
    has_id,
    has_level,
    is_for_program,
    read_records,
    select_records,
)
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing
from shared.territory.query_params import UnitQuery
from shared.territory.units import Level

CurrentBodyKinds = Annotated[BodyKinds, Depends(resource(BodyKinds))]

router = APIRouter(prefix=PATH, tags=["bodies"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a steering body")
async def record_body(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    kinds: CurrentBodyKinds,
    draft: Annotated[PartialBody[SteeringBodyIn], Body()],
    response: Response,
) -> SteeringBodyOut:
    """Record a committee, a working group, an office or a board, by the document that founded it.

    The same body again answers 200. A second body of one kind for one unit and program is refused while the first exists.
    """
    result = await actions.record_body(context, draft, directory, kinds)
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return _serialize(context, result.row)


@router.get("", summary="List steering bodies")
async def list_bodies(
    *,
    context: PublicRecordContext,
    kinds: CurrentBodyKinds,
    unit: UnitsQuery = None,
    kind: Annotated[str | None, Query(max_length=40, description="only this kind")] = None,
    program: ProgramFilter = None,
    of_unit: OfUnit = None,
    of_unit_since: OfUnitSince = None,
    level: Annotated[Level | None, Query(description="only bodies of units of this level")] = None,
    state: Annotated[BodyState | None, Query(description="only those in this state on the day")] = None,
    on: StateDay = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> SteeringBodiesPage:
    """List bodies, newest first, each with its state on a day."""
    if kind is not None:
        raise_if_any(kinds.find_faults(kind, None, "/query/kind"))
    day = on or local_day(as_of or context.now)
    conditions = [
        *content_is("kind", kind),
        *is_for_program(program),
        *belongs_to(of_unit, of_unit_since),
        *has_level(level),
    ]
    if state is not None:
        rows = await read_records(context.session, "bodies", None, as_of, *conditions)
        ids = [row.id for row in rows if find_state(row, context.territory, day) == state]
        conditions.append(has_id(ids))
    query = select_records("bodies", require_units(context.territory, unit), as_of, *conditions)
    return await paging.fetch(
        context.session,
        query,
        serialize=lambda row: _serialize(context, row[0], day),
    )


@router.get("/missing", summary="List the units without a body of a kind")
async def list_units_without_body(
    *,
    context: PublicRecordContext,
    kinds: CurrentBodyKinds,
    kind: Annotated[str, Query(max_length=40, description="the kind of body: steering_committee …")],
    level: Annotated[Level, Query(description="level of the units: province, district, commune")],
    unit: UnitQuery,
    program: ProgramFilter = None,
    on: Annotated[IsoDate | None, Query(description="the day; today when left out")] = None,
    as_of: AsOf = None,
) -> UnitsWithoutBodyOut:
    """List the units of a level, in a unit, that have no body of a kind in force on a day; for one program, or for any."""
    day = on or local_day(as_of or context.now)
    raise_if_any(kinds.find_faults(kind, day, "/query/kind"))
    territory, root = context.territory, unit.on(day)
    below = [root, *territory.descendants(root.code, day)]
    units = {other.code: other for other in below if other.level == level}
    bodies = await read_bodies_in_force(context.session, territory, day, as_of)
    missing = find_units_without(units.keys(), bodies, kind, program)
    items = [
        UnitWithoutBodyOut(
            unit=code,
            unit_name=units[code].name,
            unit_kind=units[code].kind,
            unit_since=units[code].valid_from,
        )
        for code in missing
    ]
    return UnitsWithoutBodyOut(
        on=day, kind=kind, level=level, units=len(units), with_body=len(units) - len(missing), items=items
    )


@router.get("/{body_id}", summary="Read one steering body")
async def read_body(
    *, context: PublicRecordContext, body_id: uuid.UUID, on: StateDay = None, as_of: AsOf = None
) -> SteeringBodyOut:
    """Read a body with all its versions, and its state on a day; also one that was withdrawn."""
    versions = await read_visible_versions(context, "bodies", body_id, as_of)
    return _serialize(context, versions[0], on or local_day(as_of or context.now), versions)


@router.post("/{body_id}/corrections", status_code=status.HTTP_201_CREATED, summary="Correct a steering body")
async def correct_body(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    kinds: CurrentBodyKinds,
    body_id: uuid.UUID,
    draft: Annotated[PartialBody[SteeringBodyCorrectionIn], Body()],
    response: Response,
) -> SteeringBodyOut:
    """State the whole content of a body anew, as its next version; the versions before it stay readable."""
    row = await actions.correct_body(context, body_id, draft, directory, kinds)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post("/{body_id}/dissolve", status_code=status.HTTP_201_CREATED, summary="Dissolve a steering body")
async def dissolve_body(
    *, context: OverseerContext, body_id: uuid.UUID, body: DissolutionIn, response: Response
) -> SteeringBodyOut:
    """End a body by a document, with the body that takes its place where there is one."""
    row = await actions.dissolve_body(context, body_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


@router.post("/{body_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a steering body")
async def withdraw_body(
    *, context: OverseerContext, body_id: uuid.UUID, body: ReasonIn, response: Response
) -> SteeringBodyOut:
    """Take back a body that was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await withdraw_record(context, "bodies", body_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, row)


def _serialize(
    context: ReportingContext,
    row: RecordVersion,
    on: date | None = None,
    versions: Sequence[RecordVersion] | None = None,
) -> SteeringBodyOut:
    day = on or local_day(context.now)
    return SteeringBodyOut.from_row(
        row,
        context.territory,
        versions=versions,
        public=reads_as_public(context),
        state=find_state(row, context.territory, day),
        unit_ended_on=find_unit_end(row, context.territory),
    )
