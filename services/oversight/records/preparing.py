"""Check the body of a record before anything is locked: its unit, its days, the agencies, units and records that it names."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.records.actions import RecordContent
from services.oversight.records.references import Reference, find_unknown_records
from services.oversight.records.rights import require_record_granted
from services.oversight.records.rules import RegisterName, find_future_days
from services.oversight.records.schemas import make_key, to_content
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, Invalid
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitOnDay, find_unknown_unit, locate_body_unit, locate_unit
from shared.territory.tree import Territory
from shared.territory.units import LEVEL_NAMES, Level

NamedUnit = tuple[str, str | None, date | None]
"""A JSON pointer, the code of a unit that a body names there, and the day; None names none, and stands for the record's day."""


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
    units: Iterable[NamedUnit] = (),
    references: Iterable[Reference] = (),
    components: Iterable[tuple[str, str | None]] = (),
    faults: Iterable[Fault] = (),
    past_only: bool = True,
) -> RecordContent:
    """Return the content of a record; raise every fault of the body, or `UnitNotGranted`.

    `dated_by` is the field with the record's day, `key` what identifies it within the unit. `agencies`, `units`, `references`
    and `components` are what the body names, by JSON pointer, its own members `component` and `components` without being listed; where the day cannot be read, a code is wrong if it exists on no day. `acting` are
    agencies that act for the unit, so none is of a higher level, except those of the centre for a province, `from_centre`.
    """
    body = draft.body
    day = None if dated_by in draft.unread else getattr(body, dated_by)
    located = await locate_body_unit(
        context, draft, body.unit, day or date.min, levels=list(levels), dated_by=dated_by
    )
    every_fault = [*faults]
    if isinstance(located, Fault):
        every_fault.append(located)
    if day is not None and past_only:
        every_fault += find_future_days(local_day(context.now), **{dated_by: day})
    read, read_acting = (
        [(pointer, code) for pointer, code in named if _is_read(draft, pointer)]
        for named in ([*acting, *agencies], acting)
    )
    every_fault += directory.find_faults(read, day)
    if day is not None and isinstance(located, UnitOnDay):
        level = located.unit.level
        every_fault += directory.find_level_faults(read_acting, level, day, from_centre=from_centre)
    every_fault += find_unit_faults(
        context.territory, [named for named in units if _is_read(draft, named[0])], day
    )
    read_references = [reference for reference in references if _is_read(draft, reference[0])]
    every_fault += await find_unknown_records(context.session, read_references)
    named_components = [*components, *_list_components(body)]
    every_fault += directory.find_component_faults(
        [(pointer, code) for pointer, code in named_components if _is_read(draft, pointer)]
    )
    every_fault = [*draft.faults, *map(draft.point_to_posted, every_fault)]
    if every_fault or day is None or not isinstance(located, UnitOnDay):
        raise Invalid(faults=every_fault)
    require_record_granted(context, located)
    identity = make_key(body.unit, located.unit.valid_from, *key)
    return RecordContent(register, identity, located, day, to_content(body))


def _list_components(body: Any) -> Iterator[tuple[str, str | None]]:
    """Yield the components that a body names as a whole, by JSON pointer."""
    yield "/component", getattr(body, "component", None)
    for index, code in enumerate(getattr(body, "components", ())):
        yield f"/components/{index}", code


def _is_read(draft: PartialBody[Any], pointer: str) -> bool:
    """Whether the field that a pointer leads into could be read."""
    return pointer.split("/")[1] not in draft.unread


def find_unit_faults(territory: Territory, units: Iterable[NamedUnit], day: date | None) -> Iterator[Fault]:
    """Yield the faults of units on their days, or on the day given; on no day, those of codes that no unit ever had."""
    for pointer, code, own_day in units:
        on = own_day or day
        if code is None:
            continue
        if on is None:
            unit: object = find_unknown_unit(territory, code, pointer)
        else:
            unit = locate_unit(territory, code, on, levels=list(LEVEL_NAMES), at=pointer)
        if isinstance(unit, Fault):
            yield unit
