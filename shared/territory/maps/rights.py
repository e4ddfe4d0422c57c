"""Who may change which units of the map: whoever was granted the province of a unit on the day of its change. Pure."""

from collections.abc import Collection, Iterator
from datetime import date

from shared.kit.problems import Fault, Forbidden, Sentence, make_fault
from shared.territory.areas import find_member
from shared.territory.maps.rules import MapChange
from shared.territory.rights import is_granted
from shared.territory.tree import Territory
from shared.territory.units import Unit

PROVINCE_NOT_HELD = Sentence(
    "Quản trị viên không được giao tỉnh {province} vào ngày {on}, nơi có đơn vị {unit}.",
    "The administrator was not granted the province {province} on {on}, in which the unit {unit} lies.",
)


class MapOutside(Forbidden):
    """The load changes units of provinces that the administrator was not granted; `errors` names each unit."""

    code = "map_outside"
    detail = Sentence(
        "Quản trị viên chỉ thay đổi được đơn vị của tỉnh mà mình được giao; xem danh sách lỗi.",
        "An administrator changes only units of the provinces that it was granted; see errors.",
    )


def find_units_outside(territory: Territory, change: MapChange, grants: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for each unit of a change whose province the grants do not cover; the territory is that after the change."""
    for unit, on in dict.fromkeys(_iterate_changed_units(territory, change)):
        province = territory.line(unit.code, on)[-1]
        if not is_granted(territory, [province], on, grants):
            facts = {"province": province, "on": on.isoformat(), "unit": unit.code}
            yield make_fault("/units", "unit_not_granted", PROVINCE_NOT_HELD, **facts)


def _iterate_changed_units(territory: Territory, change: MapChange) -> Iterator[tuple[Unit, date]]:
    """Yield each unit that a change begins, ends, joins to another or puts into an area, with the day that counts."""
    for unit in change.begun:
        yield unit, unit.valid_from
    keys = [unit.key for unit in change.ended]
    keys += [(link.predecessor, link.predecessor_valid_from) for link in change.successions]
    keys += [key for area in change.areas for key in area.members]
    for key in keys:
        unit = find_member(territory, key)
        yield unit, unit.valid_to or unit.valid_from
