"""The routes of the status of units on a day, and of the laws of lists."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import TypeAdapter

from services.ethnic.area_laws import AreaFacts, ListKind, ListLevel
from services.ethnic.areas.figures import find_lists_in_effect
from services.ethnic.areas.law_schemas import AreaCriterionOut, AreaLawOut, AreaLawsOut, KindOfListOut
from services.ethnic.areas.queries import CurrentAreaRules, find_day, read_timelines_below
from services.ethnic.areas.rules import AreaRules, UnitTimeline
from services.ethnic.areas.schemas import AreaSummaryOut, UnitAreaOut, UnitAreasPage
from services.ethnic.areas.store import find_level
from services.ethnic.areas.villages import find_line
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.periods import local_day
from shared.reporting.context import PublicContext, ReportingContext
from shared.reporting.registers import UnitsQuery, expand_units
from shared.territory.named_rows import find_unit_names
from shared.territory.query_params import UnitQuery
from shared.territory.units import Unit, UnknownUnit, to_commune_code
from shared.territory.villages.store import with_villages

router = APIRouter(prefix="/v1/ethnic", tags=["areas"], route_class=CachedRoute)

OnDay = Annotated[
    IsoDate | None,
    Query(description="the day; today when left out, or the last day of a named unit that has ended"),
]
COUNTED_LISTS: Sequence[tuple[ListKind, ListLevel]] = (
    ("em_area", "commune"),
    ("em_area", "village"),
    ("region", "commune"),
    ("special_difficulty", "village"),
    ("poor_district", "district"),
    ("border_commune", "commune"),
)
"""The kinds and levels of the lists that a summary counts by."""
CODES: TypeAdapter[tuple[str]] = TypeAdapter(tuple[str])


@router.get("/areas", summary="List units by their status on a day")
async def list_unit_areas(
    *,
    context: PublicContext,
    rules: CurrentAreaRules,
    unit: UnitsQuery = None,
    on: OnDay = None,
    kind: Annotated[
        ListKind | None, Query(description="only units of which this kind holds on the day")
    ] = None,
    level: Annotated[ListLevel | None, Query(description="only units of this level")] = None,
    region: Annotated[
        str | None, Query(max_length=10, description="only communes of this region on the day")
    ] = None,
    specially_difficult: Annotated[
        bool | None, Query(description="only units in special difficulty on the day, or only the others")
    ] = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(200)],
) -> UnitAreasPage:
    """List the units of which a list says something, by code, with the status of each on a day: rules included."""
    day = on or find_day(context, unit)
    units = expand_units(context.territory, unit, day)
    timelines = await read_timelines_below(context.session, units, day, as_of)
    items = [
        area
        for area in await serialize_areas(context, rules, timelines, day)
        if level in (None, area.level)
        and (region is None or (area.level == "commune" and area.region == region))
        and specially_difficult in (None, area.specially_difficult)
        and (kind is None or any(row.kind == kind and row.holds for row in area.kinds))
    ]
    page, after = paging.slice(items, key=lambda area: (area.unit,), adapter=CODES)
    return UnitAreasPage(items=page, next=after)


@router.get("/areas/summary", summary="Count units by their status on a day")
async def read_area_summary(
    *, context: PublicContext, rules: CurrentAreaRules, unit: UnitQuery, on: OnDay = None, as_of: AsOf = None
) -> AreaSummaryOut:
    """Count the communes, villages and districts below a unit by their status on a day: rules included."""
    day = on or local_day(context.now)
    root = unit.on(day).code
    timelines = await read_timelines_below(
        context.session, expand_units(context.territory, [root], day), day, as_of
    )
    communes = [commune.code for commune in context.territory.communes(root, day)]
    in_effect = await find_lists_in_effect(context.session, day, as_of)
    missing = [counted for counted in COUNTED_LISTS if counted not in in_effect]
    summary = AreaSummaryOut.from_counts(root, day, rules.count_areas(communes, timelines, day), missing)
    return summary.model_copy(update=find_unit_names(context.territory, root, day))


@router.get("/areas/{unit}", summary="Read the status of a unit on a day")
async def read_unit_area(
    *,
    context: PublicContext,
    rules: CurrentAreaRules,
    unit: str,
    on: OnDay = None,
    as_of: AsOf = None,
) -> UnitAreaOut:
    """Read every kind that holds of a unit on a day, with its decision, its law, and the rule that changed it."""
    day = on or (local_day(context.now) if to_commune_code(unit) else find_day(context, [unit]))
    territory = await with_villages(context.session, context.territory, [unit])
    line = find_line(territory, unit, day)
    if line is None:
        territory.unit(unit, day)
        raise UnknownUnit(unit)
    root = line[1].code if line[0].level == "village" else line[0].code
    above = {higher.code for higher in line if higher.level != "village"}
    units = {code for code in expand_units(territory, [root], day) if find_level(code) != "village"} | above
    timelines = await read_timelines_below(context.session, units, day, as_of)
    by_code = {timeline.code: timeline for timeline in timelines}
    villages = Counter(_list_units_above_villages(rules, timelines, day))
    return serialize_area(rules, line, by_code, villages, day)


@router.get("/laws", summary="Read the laws of lists")
async def read_area_laws(*, context: PublicContext, rules: CurrentAreaRules) -> AreaLawsOut:  # noqa: ARG001
    """Read the kinds of lists, the laws under which they are made, and the criteria, each with its days and confidence."""
    return serialize_laws(rules.facts)


def serialize_laws(facts: AreaFacts) -> AreaLawsOut:
    """Serialize the laws of lists."""
    return AreaLawsOut(
        kinds=[KindOfListOut.from_fact(kind) for kind in facts.kinds],
        laws=[AreaLawOut.from_fact(law) for law in facts.laws],
        criteria=[AreaCriterionOut.from_fact(criterion) for criterion in facts.criteria],
    )


async def serialize_areas(
    context: ReportingContext, rules: AreaRules, timelines: Sequence[UnitTimeline], on: date
) -> list[UnitAreaOut]:
    """Serialize the units of a day that have a timeline."""
    villages = [timeline.code for timeline in timelines if timeline.level == "village"]
    territory = await with_villages(context.session, context.territory, villages)
    by_code = {timeline.code: timeline for timeline in timelines}
    counts = Counter(_list_units_above_villages(rules, timelines, on))
    areas = []
    for timeline in timelines:
        line = find_line(territory, timeline.code, on)
        listings = (listing for rows in timeline.listings.values() for listing in rows)
        if line is not None and any(listing.effective_on <= on for listing in listings):
            areas.append(serialize_area(rules, line, by_code, counts, on))
    return areas


def serialize_area(
    rules: AreaRules,
    line: Sequence[Unit],
    by_code: Mapping[str, UnitTimeline],
    villages: Mapping[str, int],
    on: date,
) -> UnitAreaOut:
    """Serialize a unit of a day; `line` is the unit and those above it."""
    unit = line[0]
    above = {str(higher.level): by_code[higher.code] for higher in line[1:] if higher.code in by_code}
    count = None if unit.level == "village" else villages.get(unit.code, 0)
    return UnitAreaOut.from_timeline(
        unit, find_level(unit.code), by_code.get(unit.code), on, rules, above, count
    )


def _list_units_above_villages(rules: AreaRules, timelines: Collection[UnitTimeline], on: date) -> list[str]:
    """Return the units above each village in special difficulty."""
    return [
        code
        for timeline in timelines
        if timeline.level == "village" and rules.is_in_difficulty(timeline, on)
        for code in timeline.line[1:]
    ]
