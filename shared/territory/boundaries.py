"""Outlines of units: GeoJSON or TopoJSON that an installation brings, checked against the units of a day. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import orjson

from shared.territory.tree import Territory

MOST_BYTES = 32 * 1024 * 1024
"""A larger file would fill the memory of the gateway; outlines of the country fit in, simplified."""
MOST_UNITS = 20_000
MOST_POSITIONS = 3_000_000
MOST_NAMED = 20
"""Codes that a message names."""
OUTLINES = frozenset({"Polygon", "MultiPolygon"})


class BoundariesWrongError(ValueError):
    """A file of outlines cannot be used; the message names every fault."""


class OutlinedUnit(NamedTuple):
    """A unit of a file, with its geometry."""

    code: str
    geometry: Any


@dataclass(frozen=True, slots=True)
class Boundaries:
    """A file of outlines, from a day on."""

    on: date
    content: bytes
    media_type: str
    codes: frozenset[str]

    def holds_on(self, territory: Territory, on: date) -> bool:
        """Whether each of its codes means the same unit on another day."""
        for code in self.codes:
            unit, drawn = territory.find(code, on), territory.find(code, self.on)
            if unit is None or drawn is None or unit.key != drawn.key:
                return False
        return True


def read_boundaries(territory: Territory, content: bytes, on: date) -> Boundaries:
    """Return the outlines of a file; raise `BoundariesWrongError`."""
    if len(content) > MOST_BYTES:
        raise BoundariesWrongError(f"{len(content)} bytes, over {MOST_BYTES}")
    try:
        document = orjson.loads(content)
    except ValueError as error:
        raise BoundariesWrongError(f"no JSON: {error}") from error
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection":
        units, media_type = list(_list_features(document)), "application/geo+json"
        positions = _count_positions([unit.geometry.get("coordinates") for unit in units])
    elif kind == "Topology":
        units, media_type = list(_list_geometries(document)), "application/json"
        arcs = document.get("arcs")
        positions = _count_positions(arcs, of_degrees="transform" not in document)
        if not isinstance(arcs, list) or not all(
            _has_arcs(unit.geometry.get("arcs"), len(arcs)) for unit in units
        ):
            raise BoundariesWrongError("a geometry names an arc that is not there")
    else:
        raise BoundariesWrongError("neither a GeoJSON FeatureCollection nor a TopoJSON Topology")
    if positions > MOST_POSITIONS or len(units) > MOST_UNITS:
        raise BoundariesWrongError(
            f"{len(units)} units of {positions} positions, over {MOST_UNITS} of {MOST_POSITIONS}"
        )
    faults = list(_find_faults(territory, units, on))
    if faults:
        raise BoundariesWrongError("; ".join(faults))
    return Boundaries(on, content, media_type, frozenset(unit.code for unit in units))


def _find_faults(territory: Territory, units: list[OutlinedUnit], on: date) -> Iterator[str]:
    if not units:
        yield "no units"
    codes = [unit.code for unit in units]
    unknown = sorted({code for code in codes if territory.find(code, on) is None})
    if unknown:
        yield f"no units of {on}: {', '.join(unknown[:MOST_NAMED])}"
    repeated = (
        sorted({code for code in codes if codes.count(code) > 1}) if len(set(codes)) < len(codes) else []
    )
    if repeated:
        yield f"more than once: {', '.join(repeated[:MOST_NAMED])}"
    shapeless = sorted(unit.code for unit in units if unit.geometry.get("type") not in OUTLINES)
    if shapeless:
        yield f"no Polygon or MultiPolygon: {', '.join(shapeless[:MOST_NAMED])}"


def _list_features(document: Mapping[str, Any]) -> Iterator[OutlinedUnit]:
    features = document.get("features")
    for feature in features if isinstance(features, list) else ():
        if not isinstance(feature, dict) or not isinstance(feature.get("geometry"), dict):
            raise BoundariesWrongError("a feature has no geometry")
        yield OutlinedUnit(_read_code(feature), feature["geometry"])


def _list_geometries(document: Mapping[str, Any]) -> Iterator[OutlinedUnit]:
    objects = document.get("objects")
    for collection in objects.values() if isinstance(objects, dict) else ():
        geometries = collection.get("geometries") if isinstance(collection, dict) else None
        for geometry in geometries if isinstance(geometries, list) else ():
            if not isinstance(geometry, dict):
                raise BoundariesWrongError("a geometry is no object")
            yield OutlinedUnit(_read_code(geometry), geometry)


def _read_code(feature: Mapping[str, Any]) -> str:
    """Return the code of the unit: the id of the feature, or its property `code`."""
    properties = feature.get("properties")
    code = feature.get("id") or (properties.get("code") if isinstance(properties, dict) else None)
    if not isinstance(code, str):
        raise BoundariesWrongError("a feature has neither an id nor a property code, as a text")
    return code


def _count_positions(coordinates: Any, *, of_degrees: bool = True) -> int:
    """Return the number of positions in nested lists; raise `BoundariesWrongError` for one that is none."""
    count, reached = 0, [coordinates]
    while reached:
        value = reached.pop()
        if not isinstance(value, list):
            raise BoundariesWrongError("coordinates are no list of positions")
        if value and not isinstance(value[0], list):
            count += 1
            if len(value) not in (2, 3) or not all(_is_number(number) for number in value):
                raise BoundariesWrongError("a position is no pair of numbers")
            if of_degrees and not (abs(value[0]) <= 180 and abs(value[1]) <= 90):  # noqa: PLR2004 (degrees)
                raise BoundariesWrongError(f"a position lies outside of the earth: {value[:2]}")
        else:
            reached += value
        if count > MOST_POSITIONS:
            break
    return count


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _has_arcs(arcs: Any, number: int) -> bool:
    """Whether nested lists name arcs that exist; a negative index is an arc in reverse."""
    reached = [arcs]
    while reached:
        value = reached.pop()
        if isinstance(value, list):
            reached += value
        elif not isinstance(value, int) or not -number <= value < number:
            return False
    return True
