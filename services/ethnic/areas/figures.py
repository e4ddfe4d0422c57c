"""The figures that count units by their status on a period's last day, for the reporting engine."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.areas.queries import read_timelines_below
from services.ethnic.areas.rules import AreaCounts, AreaRules, UnitTimeline
from services.ethnic.areas.store import find_level
from services.ethnic.classifications.store import find_whole_lists
from shared.kit.problems import Sentence
from shared.reporting.engine import Caveat, CountScope, RegisterCount, RegisterCounter, ScopesCounter
from shared.reporting.register_rows import format_lineage

PATH = "/v1/ethnic/areas"
EVENT_TYPES = frozenset(
    {
        "commune.classified",
        "list.recorded",
        "commune.recognition_heard",
        "commune.recognition_revoked",
        "village.recognition_heard",
        "village.recognition_revoked",
    }
)
"""Types of the events that may change a figure."""

NO_WHOLE_LIST = Sentence(
    "Chưa có danh sách đầy đủ loại này có hiệu lực vào ngày {on}: số này chỉ gồm các đơn vị đã phân loại.",
    "No whole list of this kind is in effect on {on}: only units that were classified are counted.",
)


class AreaFigure(NamedTuple):
    """How a figure is counted and listed, and the kind and level of the lists that it rests on."""

    count: Callable[[AreaCounts], int]
    kind: str
    level: str
    query: Mapping[str, str]


def _count_region(region: str) -> AreaFigure:
    return AreaFigure(
        lambda counts: counts.communes_by_region.get(region, 0),
        "region",
        "commune",
        {"level": "commune", "region": region},
    )


FIGURES: Mapping[str, AreaFigure] = {
    "communes_in_region_i": _count_region("I"),
    "communes_in_region_ii": _count_region("II"),
    "communes_in_region_iii": _count_region("III"),
    "communes_in_special_difficulty": AreaFigure(
        lambda counts: counts.communes_in_difficulty,
        "region",
        "commune",
        {"level": "commune", "specially_difficult": "true"},
    ),
    "communes_in_em_area": AreaFigure(
        lambda counts: counts.communes_in_area, "em_area", "commune", {"level": "commune", "kind": "em_area"}
    ),
    "villages_in_special_difficulty": AreaFigure(
        lambda counts: counts.villages_in_difficulty,
        "special_difficulty",
        "village",
        {"level": "village", "specially_difficult": "true"},
    ),
    "poor_districts": AreaFigure(
        lambda counts: counts.poor_districts,
        "poor_district",
        "district",
        {"level": "district", "kind": "poor_district"},
    ),
}
"""The figures by code."""


def make_area_counters(rules: AreaRules) -> tuple[RegisterCounter, ScopesCounter]:
    """Return the functions that count the units of a scope, and of many, by figure, by their status on a day."""

    async def count_in_scopes(
        session: AsyncSession, scopes: Sequence[CountScope]
    ) -> list[dict[str, RegisterCount]]:
        first = scopes[0]
        units = frozenset().union(*(scope.units for scope in scopes))
        by_unit: dict[str, list[UnitTimeline]] = defaultdict(list)
        for timeline in await read_timelines_below(session, units, first.on, first.as_of):
            by_unit[_find_unit_of_day(timeline)].append(timeline)
        in_effect = await find_lists_in_effect(session, first.on, first.as_of)
        return [_count(rules, scope, by_unit, in_effect) for scope in scopes]

    async def count(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        (counts,) = await count_in_scopes(session, [scope])
        return counts

    return count, count_in_scopes


async def find_lists_in_effect(
    session: AsyncSession, on: date, as_of: datetime | None
) -> frozenset[tuple[str, str]]:
    """Return the kinds and levels of which a whole list is in effect on a day, as known at an instant. One statement."""
    return frozenset(
        (whole.kind, whole.level)
        for whole in await find_whole_lists(session, on, as_of)
        if whole.ends_on is None or on <= whole.ends_on
    )


def _find_unit_of_day(timeline: UnitTimeline) -> str:
    """Return the code of a unit of the day; of a village that of the commune that holds it."""
    return timeline.line[1] if timeline.level == "village" else timeline.code


def _count(
    rules: AreaRules,
    scope: CountScope,
    by_unit: Mapping[str, Sequence[UnitTimeline]],
    in_effect: Collection[tuple[str, str]],
) -> dict[str, RegisterCount]:
    """Return the counts of a scope by figure; `in_effect` are the kinds and levels of which there is a whole list."""
    on = scope.on
    timelines = [timeline for unit in scope.units for timeline in by_unit.get(unit, ())]
    communes = [code for code in scope.units if find_level(code) == "commune"]
    counts = rules.count_areas(communes, timelines, on)
    missing = Caveat("list_missing", NO_WHOLE_LIST.filled(on=on))
    return {
        code: RegisterCount(
            figure.count(counts),
            format_lineage(PATH, scope, on=on.isoformat(), **figure.query),
            None if (figure.kind, figure.level) in in_effect else missing,
        )
        for code, figure in FIGURES.items()
    }
