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
    """Return a hexagon for each unit, by code: the free one that is nearest to its centre, inner units first."""
    placed = [(unit, unit.lat, unit.lon) for unit in units if unit.lat is not None and unit.lon is not None]
    if not placed:
        middle_lat, middle_lon, radius = 0.0, 0.0, SMALLEST_DEGREES
    else:
        latitudes, longitudes = [lat for _, lat, _ in placed], [lon for _, _, lon in placed]
        middle_lat, middle_lon = _middle(latitudes), _middle(longitudes)
        radius = _find_radius(latitudes, longitudes, middle_lat, len(units))
    shrink = math.cos(math.radians(middle_lat))
    wanted: list[tuple[float, str, Unit, float, float]] = []
    for unit in units:
        has_place = unit.lat is not None and unit.lon is not None
        x = ((unit.lon or 0.0) - middle_lon) * shrink / radius if has_place else 0.0
        y = (middle_lat - (unit.lat or 0.0)) / radius if has_place else 0.0
        wanted.append((math.hypot(x, y), unit.code, unit, x, y))
    taken: set[Cell] = set()
    tiles = []
    for _, _, unit, x, y in sorted(wanted, key=lambda entry: entry[:2]):
        cell = next(free for free in _iterate_cells(_to_cell(x, y)) if free not in taken)
        taken.add(cell)
        tiles.append(Tile(unit, *cell, has_place=unit.lat is not None))
    return tuple(sorted(tiles, key=lambda tile: tile.unit.code))


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
