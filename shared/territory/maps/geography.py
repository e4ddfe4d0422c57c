"""Find centres and boxes of new units that cannot be: those of another unit of the day, or outside the unit above. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from shared.kit.problems import Fault, Sentence, make_fault
from shared.territory.tree import Territory
from shared.territory.units import LEVELS_DOWN, Box, Unit, UnitKey

FARTHEST_DEGREES = 2.5
"""The largest distance of the centre of a unit from the nearest of its siblings, if it is no island."""
ISLAND = "dac_khu"
"""The kind of unit that may lie outside the box of its province."""

PLACE_IMPOSSIBLE = Sentence(
    "Tâm của {unit} trùng với tâm của đơn vị khác, hoặc cách các đơn vị cùng cấp trên hơn {degrees} độ.",
    "The centre of {unit} is that of another unit, or more than {degrees} degrees from its siblings.",
)
PLACE_TAKEN = Sentence(
    "Tâm hoặc khung của {unit} trùng với của {other} có từ ngày {since}.",
    "The centre or the box of {unit} is that of {other} of {since}.",
)
PLACE_OUTSIDE = Sentence(
    "Tâm của {unit} nằm ngoài khung của {other} vào ngày {on}.",
    "The centre of {unit} lies outside the box of {other} on {on}.",
)


class GeographyChecker:
    """The centres and boxes of the units of a map with new units, to compare each new unit with."""

    def __init__(
        self, territory: Territory, versions: Mapping[str, Sequence[Unit]], new_keys: Collection[UnitKey]
    ) -> None:
        self._territory, self._versions, self._new_keys = territory, versions, new_keys
        self._at: dict[tuple[float | None, ...], list[Unit]] = defaultdict(list)
        self._children: dict[str, list[Unit]] = defaultdict(list)
        self._boxes: dict[tuple[UnitKey, date], Box] = {}
        for unit in (unit for units in versions.values() for unit in units):
            if unit.parent is not None:
                self._children[unit.parent].append(unit)
            for place in _list_places(unit):
                self._at[place].append(unit)

    def find_faults(self, unit: Unit, pointer: str) -> Iterator[Fault]:
        """Yield the faults of the centre and box of a new unit."""
        facts = {"unit": unit.code, "on": unit.valid_from}
        other = self._find_same_place(unit)
        if other is not None:
            name = f"{other.full_name} ({other.code})"
            yield make_fault(
                f"{pointer}/lat",
                "place_impossible",
                PLACE_TAKEN,
                unit=unit.code,
                other=name,
                since=other.valid_from,
            )
            return
        if unit.lat is None or unit.lon is None or unit.parent is None or unit.kind == ISLAND:
            return
        above = self._find_above(unit)
        boxed = next((higher for higher in above if higher.bbox is not None), None)
        if boxed is not None and not self._widen_box(boxed, unit.valid_from).contains(unit.lat, unit.lon):
            name = f"{boxed.full_name} ({boxed.code})"
            yield make_fault(f"{pointer}/lat", "place_impossible", PLACE_OUTSIDE, **facts, other=name)
        elif not self._is_near(unit, above[:1]):
            yield make_fault(
                f"{pointer}/lat",
                "place_impossible",
                PLACE_IMPOSSIBLE,
                unit=unit.code,
                degrees=FARTHEST_DEGREES,
            )

    def _find_same_place(self, unit: Unit) -> Unit | None:
        """Return another unit with the same centre or box: of a higher level on any day, of another on a day of both."""
        for place in _list_places(unit):
            for other in self._at[place]:
                on = max(unit.valid_from, other.valid_from)
                is_above = LEVELS_DOWN.index(other.level) < LEVELS_DOWN.index(unit.level)
                if other.code != unit.code and (
                    (is_above and unit.kind != ISLAND) or (other.is_valid_on(on) and unit.is_valid_on(on))
                ):
                    return other
        return None

    def _find_above(self, unit: Unit) -> list[Unit]:
        """Return the units above a unit on its first day, the nearest first."""
        above: list[Unit] = []
        parent = unit.parent
        while parent is not None:
            higher = next(
                (
                    version
                    for version in self._versions.get(parent, ())
                    if version.is_valid_on(unit.valid_from)
                ),
                None,
            )
            if higher is None or higher in above:
                break
            above.append(higher)
            parent = higher.parent
        return above

    def _widen_box(self, unit: Unit, on: date) -> Box:
        """Return the box of a unit that contains the centres of all units of the map below it, which it may be older than."""
        box = self._boxes.get((unit.key, on))
        if box is None:
            below = () if unit.key in self._new_keys else self._territory.descendants(unit.code, on)
            centres = [
                (other.lat, other.lon) for other in below if other.lat is not None and other.lon is not None
            ]
            box = unit.bbox or Box(90, 180, -90, -180)
            for lat, lon in centres:
                box = Box(
                    min(box.min_lat, lat), min(box.min_lon, lon), max(box.max_lat, lat), max(box.max_lon, lon)
                )
            self._boxes[unit.key, on] = box
        return box

    def _is_near(self, unit: Unit, above: Sequence[Unit]) -> bool:
        """Whether the centre is near that of the unit above or of a sibling of the map; else near one that is new as well."""
        siblings = [
            other
            for other in self._children[unit.parent or ""]
            if other.code != unit.code and other.is_valid_on(unit.valid_from) and other.kind != ISLAND
        ]
        existing = [other for other in siblings if other.key not in self._new_keys]
        distances = _list_distances(unit, [*above, *existing]) or _list_distances(unit, siblings)
        return min(distances, default=0.0) <= FARTHEST_DEGREES


def _list_places(unit: Unit) -> Iterator[tuple[float | None, ...]]:
    if unit.lat is not None and unit.lon is not None:
        yield unit.lat, unit.lon
    if unit.bbox is not None:
        yield tuple(unit.bbox)


def _list_distances(unit: Unit, others: Sequence[Unit]) -> list[float]:
    return [
        abs(other.lat - unit.lat) + abs(other.lon - unit.lon)
        for other in others
        if other.lat is not None and other.lon is not None and unit.lat is not None and unit.lon is not None
    ]
