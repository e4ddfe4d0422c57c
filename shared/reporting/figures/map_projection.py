"""The projection of values onto the map of a day: that of the period's own last day, or of another one. Pure.

A figure of 2023 on the map of 1 July 2025 adds the values of the units whose land lies in the unit that is read. A split
counts by its declared weight, and one without a weight is refused. A figure that does not add up over merged units must be
assessed again. The year 2025 is read on the map of its last day: a code of an earlier part of it may have meant another
unit, so the values of that part are projected in the same way.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from shared.periods import Period
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.observations.values import EffectiveValue
from shared.territory.tree import Territory
from shared.territory.units import NoCounterpartOnMap, SplitWithoutWeight, Unit

WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The sub-periods of a period that ended on one map, and the units of that map with land in the unit that is read."""

    on: date
    """A day of that map: the last of its last sub-period."""
    parts: tuple[Period, ...]
    """The sub-periods, or the period itself."""
    units: frozenset[str]


@dataclass(frozen=True)
class MapProjection:
    """The unit that is read on a day's map, and the units with land in it on the map of each part of the period."""

    unit: Unit
    period: Period
    map_on: date
    """The day whose map is read."""
    read_map: SourceMap
    """The map that is read, with the parts of the period that ended on it."""
    others: tuple[SourceMap, ...]
    """Other maps on which parts of the period ended; mostly none."""
    register_units: frozenset[str]
    """The units of the period's last day that lie in the unit, as registers count them."""
    has_merged_units: bool
    """Whether a commune of those was merged or divided on the map that is read."""
    divided_units: tuple[Unit, ...] = ()
    """The communes of other maps that were divided without weights, all parts of which lie in the unit."""

    @property
    def is_on_own_map(self) -> bool:
        """Whether the period ended on the map that is read."""
        return self.period in self.read_map.parts

    @property
    def source_maps(self) -> tuple[SourceMap, ...]:
        """Every map on which a part of the period ended, the oldest first."""
        return tuple(sorted((*self.others, self.read_map), key=lambda source: source.on))


def project_unit(territory: Territory, code: str, period: Period, map_on: date) -> MapProjection:
    """Return the projection onto a unit of a day's map.

    Raise `SplitWithoutWeight` where a unit of the period's last day was divided without a weight.
    """
    unit = territory.unit(code, map_on)
    below = (lower.code for lower in territory.descendants(code, map_on) if lower.level != "village")
    units = frozenset((code, *below))
    own_parts: list[Period] = []
    other_parts: list[Period] = []
    for part in period.with_subperiods():
        (own_parts if territory.same_map(part.ends_on, map_on) else other_parts).append(part)
    register_units, has_merged_units = units, False
    if period in other_parts:
        register_units, has_merged_units = _find_units_inside(territory, code, period.ends_on, map_on)
    others = tuple(
        SourceMap(
            on,
            parts,
            register_units if period in parts else _find_units_touching(territory, code, on, map_on),
        )
        for on, parts in _group_by_map(territory, other_parts)
    )
    read_map = SourceMap(map_on, tuple(own_parts), units)
    divided = (unit for source in others for unit in find_divided(territory, source.units, source.on, map_on))
    return MapProjection(
        unit,
        period,
        map_on,
        read_map,
        others,
        register_units,
        has_merged_units,
        tuple(divided),
    )


def find_divided(territory: Territory, units: Iterable[str], on: date, map_on: date) -> Iterator[Unit]:
    """Yield those among units of a day that were divided without weights on the map of another day, by code."""
    for unit in sorted(units):
        try:
            territory.map_onto(unit, on, map_on)
        except SplitWithoutWeight:
            yield territory.unit(unit, on)
        except NoCounterpartOnMap:
            continue


def _group_by_map(territory: Territory, parts: Iterable[Period]) -> Iterator[tuple[date, tuple[Period, ...]]]:
    """Return the parts that ended on one map together, the oldest map first, each with its last day."""
    first_day: list[date] = []

    def to_first_day(part: Period) -> date:
        if not first_day or not territory.same_map(first_day[-1], part.ends_on):
            first_day.append(part.ends_on)
        return first_day[-1]

    for _, group in groupby(sorted(parts, key=lambda part: part.ends_on), key=to_first_day):
        together = tuple(group)
        yield together[-1].ends_on, together


def _find_units_inside(
    territory: Territory, code: str, on: date, map_on: date
) -> tuple[frozenset[str], bool]:
    """Return the units of a day that lie in a unit of another one, and whether a commune of them was merged or divided."""
    inside, has_merged_units = [], False
    for unit in _find_units_touching(territory, code, on, map_on):
        shares = [
            share
            for share in territory.map_onto(unit, on, map_on, within=code)
            if territory.is_within(share.unit.code, code, map_on)
        ]
        if shares:
            inside.append(unit)
            is_commune = territory.unit(unit, on).level == "commune"
            is_changed = not all(share.unchanged for share in shares)
            has_merged_units = has_merged_units or (is_commune and is_changed)
    return frozenset(inside), has_merged_units


def _find_units_touching(territory: Territory, code: str, on: date, map_on: date) -> frozenset[str]:
    """Return the communes of a day with land in a unit of another day, and the units above them."""
    communes = territory.communes_sharing_land(code, map_on, on)
    above = (unit.code for commune in communes for unit in territory.ancestors(commune, on))
    return communes.union(above)


def project_values(
    territory: Territory,
    projection: MapProjection,
    values: Iterable[EffectiveValue],
    is_flow: Callable[[str], bool],
) -> list[EffectiveValue]:
    """Return the values at the units of the map that is read, each in the share of its land there.

    A stock of an earlier map is left out where its land, or a part of it, was stated again on a later one. Raise
    `SplitWithoutWeight` where a unit that stated a value was divided without a weight.
    """
    by_part: dict[str, list[EffectiveValue]] = defaultdict(list)
    for value in values:
        by_part[value.period].append(value)
    projected: list[EffectiveValue] = []
    stated_later: dict[str, set[str]] = defaultdict(set)
    for source in reversed(projection.source_maps):
        rows = [row for part in source.parts for row in by_part[str(part)] if row.unit in source.units]
        if source is not projection.read_map:
            rows = [share for row in rows for share in _project_value(territory, projection, source, row)]
        if projection.others:
            land = {
                row.origin: territory.communes_sharing_land(row.origin, source.on, projection.map_on)
                for row in rows
            }
            rows = [
                row
                for row in rows
                if is_flow(row.indicator) or not _is_superseded(row, land, stated_later[row.indicator])
            ]
            for row in rows:
                stated_later[row.indicator] |= land[row.origin]
        projected += rows
    return projected


def _is_superseded(value: EffectiveValue, land: dict[str, frozenset[str]], stated_later: set[str]) -> bool:
    """Whether the land of a value was stated again: its unit on the map that is read, if that is of its land, else any."""
    if not stated_later:
        return False
    if value.unit in land[value.origin]:
        return value.unit in stated_later
    return bool(land[value.origin] & stated_later)


def _project_value(
    territory: Territory, projection: MapProjection, source: SourceMap, value: EffectiveValue
) -> Iterator[EffectiveValue]:
    """Return the shares of a value of another map in the unit that is read; land elsewhere is left out."""
    for share in territory.map_onto(value.unit, source.on, projection.map_on, within=projection.unit.code):
        if territory.is_within(share.unit.code, projection.unit.code, projection.map_on):
            weighted = value.value if share.weight == WHOLE else value.value * share.weight
            yield value._replace(
                unit=share.unit.code, value=weighted, stated_by=value.unit, same_land=share.unchanged
            )


def requires_reassessment(
    figure: Figure, projection: MapProjection, values: Iterable[EffectiveValue]
) -> bool:
    """Whether a figure that does not add up is read for merged units, or would be made from values of theirs."""
    if figure.is_additive:
        return False
    inputs = frozenset(figure.inputs)
    return projection.has_merged_units or any(
        not value.same_land and value.indicator in inputs for value in values
    )
