"""Check the body of a record before anything is locked: its unit, its days, the agencies that it names."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.records.actions import RecordContent
from services.oversight.records.rights import require_record_granted
from services.oversight.records.rules import RegisterName, find_future_days
from services.oversight.records.schemas import make_key, to_content
from shared.kit.json_body import PartialBody
from shared.kit.problems import Fault, Invalid
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitOnDay, locate_body_unit
from shared.territory.units import LEVEL_NAMES, Level


async def prepare_record(
    context: ReportingContext,
    draft: PartialBody[Any],
    register: RegisterName,
    *,
    dated_by: str,
    key: Sequence[object],
    directory: AgencyDirectory,
    agencies: Iterable[tuple[str, str | None]] = (),
    acting: Sequence[tuple[str, str | None]] = (),
    from_centre: bool = False,
    levels: Collection[Level] = tuple(LEVEL_NAMES),
    faults: Iterable[Fault] = (),
    past_only: bool = True,
) -> RecordContent:
    """Return the content of a record; raise every fault of the body, or `UnitNotGranted`.

    `dated_by` is the field with the record's day, `key` what identifies it within the unit, `agencies` the agencies that it
    names by JSON pointer; `acting` are agencies that act for the unit, so none is of a higher level, except those of the centre
    for a province, `from_centre`.
    """
    body = draft.body
    day = getattr(body, dated_by)
    dated = dated_by not in draft.unread
    located = await locate_body_unit(context, draft, body.unit, day, levels=list(levels), dated_by=dated_by)
    every_fault = list(faults)
    if dated:
        if past_only:
            every_fault += find_future_days(local_day(context.now), **{dated_by: day})
        read, read_acting = (
            [(pointer, code) for pointer, code in named if pointer.split("/")[1] not in draft.unread]
            for named in ([*acting, *agencies], acting)
        )
        every_fault += directory.find_faults(read, day)
        if isinstance(located, UnitOnDay):
            level = located.unit.level
            every_fault += directory.find_level_faults(read_acting, level, day, from_centre=from_centre)
    if isinstance(located, Fault):
        every_fault.append(located)
    if draft.faults or every_fault or not isinstance(located, UnitOnDay):
        raise Invalid(faults=[*draft.faults, *every_fault])
    require_record_granted(context, located)
    identity = make_key(body.unit, located.unit.valid_from, *key)
    return RecordContent(register, identity, located, day, to_content(body))
