"""Place the communes of a unit as equal hexagons, one for each, near where they lie. Pure.

A map of equal hexagons needs no outlines and gives a small ward the same room as a large commune. The grid is of pointy-top
hexagons in axial coordinates: `q` grows to the east, `r` to the south-east.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.territory.units import Unit

Cell = tuple[int, int]
"""Axial coordinates (q, r) of a hexagon."""
RING_STEPS: tuple[Cell, ...] = ((-1, 1), (-1, 0), (0, -1), (1, -1), (1, 0), (0, 1))
FILLED_SHARE = 0.7
"""The part of the box around all centres that the hexagons fill: a province is no rectangle."""
SMALLEST_DEGREES = 0.01
SQRT_3 = math.sqrt(3)


@dataclass(frozen=True, slots=True)
class Tile:
    """The hexagon of a unit; x and y are its centre, in radii of a hexagon, to the east and to the south."""

    unit: Unit
    q: int
    r: int
    has_place: bool
    """Whether the centre of the unit is known; if not, its hexagon is near the middle."""

    @property
    def x(self) -> float:
        """The distance to the east, in radii."""
        return round(SQRT_3 * (self.q + self.r / 2), 3)

    @property
    def y(self) -> float:
        """The distance to the south, in radii."""
        return round(1.5 * self.r, 3)


def place_tiles(units: Sequence[Unit]) -> tuple[Tile, ...]:
    """Return a hexagon for each unit, by code: the free one that is nearest to its centre, inner units first.

    Units without a known centre stand in a row below all others, where nobody takes them for neighbours.
    """
    places = {unit.code: place for unit in units if (place := _find_place(unit))}
    if not places:
        middle_lat, middle_lon, radius = 0.0, 0.0, SMALLEST_DEGREES
    else:
        latitudes, longitudes = [lat for lat, _ in places.values()], [lon for _, lon in places.values()]
        middle_lat, middle_lon = _middle(latitudes), _middle(longitudes)
        radius = _find_radius(latitudes, longitudes, middle_lat, len(units))
    shrink = math.cos(math.radians(middle_lat))
    wanted: list[tuple[float, str, Unit, float, float]] = []
    for unit in units:
        if unit.code in places:
            lat, lon = places[unit.code]
            x, y = (lon - middle_lon) * shrink / radius, (middle_lat - lat) / radius
            wanted.append((math.hypot(x, y), unit.code, unit, x, y))
    taken: set[Cell] = set()
    tiles = []
    for _, _, unit, x, y in sorted(wanted, key=lambda entry: entry[:2]):
        cell = next(free for free in _iterate_cells(_to_cell(x, y)) if free not in taken)
        taken.add(cell)
        tiles.append(Tile(unit, *cell, has_place=True))
    unplaced = sorted((unit for unit in units if unit.code not in places), key=lambda unit: unit.code)
    tiles += [
        Tile(unit, *cell, has_place=False) for unit, cell in zip(unplaced, _iterate_row(taken), strict=False)
    ]
    return tuple(sorted(tiles, key=lambda tile: tile.unit.code))


def _find_place(unit: Unit) -> tuple[float, float] | None:
    """Return latitude and longitude of the centre, or of the middle of the box around the unit; None where neither is known."""
    if unit.lat is not None and unit.lon is not None:
        return unit.lat, unit.lon
    if unit.bbox is not None:
        box = unit.bbox
        return _middle([box.min_lat, box.max_lat]), _middle([box.min_lon, box.max_lon])
    return None


def _iterate_row(taken: set[Cell]) -> Iterator[Cell]:
    """Yield the hexagons of a row, two rows below the lowest that is taken, beginning below the most western one."""
    if not taken:
        yield from _iterate_cells((0, 0))
    row = max(r for _, r in taken) + 2
    west = min(q + r / 2 for q, r in taken)
    q = math.ceil(west - row / 2)
    while True:
        yield q, row
        q += 1


def _middle(values: Sequence[float]) -> float:
    return (min(values) + max(values)) / 2


def _find_radius(latitudes: Sequence[float], longitudes: Sequence[float], middle: float, count: int) -> float:
    """Return the radius of a hexagon in degrees, so that all fill their share of the box around the centres."""
    height = max(max(latitudes) - min(latitudes), SMALLEST_DEGREES)
    width = max((max(longitudes) - min(longitudes)) * math.cos(math.radians(middle)), SMALLEST_DEGREES)
    area = FILLED_SHARE * height * width / count
    return math.sqrt(area / (1.5 * SQRT_3))


def _to_cell(x: float, y: float) -> Cell:
    """Return the hexagon that contains a point."""
    q, r = x / SQRT_3 - y / 3, y * 2 / 3
    rounded_q, rounded_r, rounded_s = round(q), round(r), round(-q - r)
    off_q, off_r, off_s = abs(rounded_q - q), abs(rounded_r - r), abs(rounded_s + q + r)
    if off_q > off_r and off_q > off_s:
        rounded_q = -rounded_r - rounded_s
    elif off_r > off_s:
        rounded_r = -rounded_q - rounded_s
    return rounded_q, rounded_r


def _iterate_cells(start: Cell) -> Iterator[Cell]:
    """Yield a cell, and all around it ring by ring."""
    yield start
    ring = 0
    while True:
        ring += 1
        q, r = start[0] + ring, start[1]
        for step_q, step_r in RING_STEPS:
            for _ in range(ring):
                yield q, r
                q, r = q + step_q, r + step_r
