"""The checks of a posted list: its rows, the units that they name, and the faults of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.ethnic.areas.rules import AreaRules, UnitTimeline
from services.ethnic.areas.store import read_unit_timelines
from services.ethnic.areas.villages import find_line
from services.ethnic.classifications.rules import RegionFacts
from services.ethnic.lists.fault_sentences import UNIT_OUTSIDE_LIST
from services.ethnic.lists.headers import ResolvedHeader
from services.ethnic.lists.rules import (
    ListRow,
    RowContext,
    find_row_faults,
)
from services.ethnic.lists.schemas import (
    ClassificationListIn,
)
from shared.dated_facts.facts import select_in_force
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, make_fault
from shared.reporting.context import ReportingContext
from shared.reporting.registers import (
    UnitOnDay,
    find_unknown_unit,
    locate_unit,
)
from shared.territory.tree import Territory
from shared.territory.villages.store import with_villages

ETHNIC_GROUP = "ethnic_group"
"""The dimension of the catalogue whose members are the ethnic groups."""


@dataclass(frozen=True)
class CheckedList:
    """A list without faults: its header, its unit, and its rows with the units that they name."""

    resolved: ResolvedHeader
    root: UnitOnDay
    rows: Sequence[ListRow]
    units: Mapping[int, UnitOnDay]


def read_list_rows(draft: PartialBody[ClassificationListIn]) -> list[ListRow]:
    """Return the rows that could be read, each with its place in the posted list."""
    if "units" in draft.unread:
        return []
    return [
        posted.to_row(ordinal, draft.partial.get(ordinal, frozenset()))
        for ordinal, posted in zip(draft.ordinals, draft.body.units, strict=True)
    ]


async def check_units(
    context: ReportingContext,
    draft: PartialBody[ClassificationListIn],
    rows: Sequence[ListRow],
    resolved: ResolvedHeader | None,
) -> tuple[CheckedList | None, list[Fault]]:
    """Return the list with the units of its rows, and the faults of these units; None where the header has a fault."""
    body, faults = draft.body, []
    territory = await with_villages(context.session, context.territory, [row.unit for row in rows])
    if {"unit", "effective_on"} & draft.unread:
        return None, _find_unknown_units(territory, rows)
    on = body.effective_on
    root = locate_unit(context.territory, body.unit, on, levels=("province", "district", "commune"))
    if isinstance(root, Fault):
        return None, [root, *_find_unknown_units(territory, rows)]
    if resolved is None:
        return None, _find_unknown_units(territory, rows)
    units: dict[int, UnitOnDay] = {}
    for row in rows:
        if "unit" in row.unread:
            continue
        at = f"/units/{row.ordinal}/unit"
        located = _locate(territory, row.unit, on, resolved, at)
        if isinstance(located, Fault):
            faults.append(located)
        elif root.unit.code not in located.line:
            place = {"unit": row.unit, "root": root.unit.code, "on": on}
            faults.append(make_fault(at, "unit_outside_list", UNIT_OUTSIDE_LIST, **place))
        else:
            units[row.ordinal] = located
    return CheckedList(resolved, root, rows, units), faults


def _find_unknown_units(territory: Territory, rows: Sequence[ListRow]) -> list[Fault]:
    """Return the faults of rows whose code no unit ever had: all that can be checked where the header has a fault."""
    read = (row for row in rows if "unit" not in row.unread)
    faults = (find_unknown_unit(territory, row.unit, f"/units/{row.ordinal}/unit") for row in read)
    return [fault for fault in faults if fault is not None]


def _locate(
    territory: Territory, code: str, on: date, resolved: ResolvedHeader, at: str
) -> UnitOnDay | Fault:
    """Return the unit of a row on the day of its list, or the fault of its code; a village also in a later commune."""
    line = find_line(territory, code, on) if resolved.level == "village" else None
    if line is not None and line[0].level == "village":
        codes = (code, *(above.code for above in line[1:]))
        return UnitOnDay(line[0], codes, line[1].key, on)
    return locate_unit(territory, code, on, levels=(resolved.level,), at=at)


async def read_list_timelines(
    context: ReportingContext, draft: PartialBody[ClassificationListIn], root: UnitOnDay | None
) -> list[UnitTimeline]:
    """Return the timelines of the units below the list's unit up to its day; none where the unit was not found."""
    if root is None:
        return []
    units = list_units_below(context.territory, root.unit.code, draft.body.effective_on)
    return await read_unit_timelines(context.session, units, draft.body.effective_on, None)


def list_units_below(territory: Territory, root: str, on: date) -> frozenset[str]:
    """Return a unit and everything below it on a day, without villages."""
    below = (unit.code for unit in territory.descendants(root, on) if unit.level != "village")
    return frozenset((root, *below))


def check_rows(
    context: ReportingContext,
    draft: PartialBody[ClassificationListIn],
    checked: CheckedList,
    rules: AreaRules,
    region_facts: RegionFacts,
    timelines: Sequence[UnitTimeline],
) -> list[Fault]:
    """Return the faults of the rows against the facts and the lists in effect on the day of the list."""
    on = draft.body.effective_on
    dimension = next((row for row in context.engine.catalogue.dimensions if row.code == ETHNIC_GROUP), None)
    groups = frozenset(member.code for member in dimension.members) if dimension else frozenset()
    regions = {
        timeline.code: status.region
        for timeline in timelines
        if timeline.level == "commune" and (status := rules.find_region(timeline, on)) is not None
    }
    row_context = RowContext(
        header=draft.body.to_header(),
        resolved=checked.resolved,
        regions={region.code: region for region in select_in_force(region_facts.regions, on)},
        groups=groups,
        commune_regions=regions,
    )
    faults: list[Fault] = []
    for row in checked.rows:
        unit = checked.units.get(row.ordinal)
        commune = unit.line[1] if unit is not None and unit.unit.level == "village" else None
        faults += find_row_faults(row, row_context, rules.facts, commune)
    return faults
