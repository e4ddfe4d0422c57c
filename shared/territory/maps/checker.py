"""Check tables against the map: history is added, never edited, and every fault is named by its row. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any

from shared.kit.problems import Fault, Sentence, make_fault
from shared.periods import ONE_DAY
from shared.territory.maps.geography import GeographyChecker
from shared.territory.maps.rows import parse_succession, parse_unit, read_rows
from shared.territory.maps.rules import MapChange, SuccessionKey, apply_change, to_link_key
from shared.territory.tree import Territory
from shared.territory.units import LEVELS_DOWN, Succession, Unit, UnitKey, to_names

NOT_COMPARED = ("name_en", "source", "confidence")
"""Columns in which a row may differ from the map; so may an empty cell, which states nothing."""

DIFFERS = Sentence(
    "Đơn vị {unit} từ {since} đã có với giá trị khác ở: {columns}; lịch sử không được sửa.",
    "The unit {unit} of {since} is in the map with other values of: {columns}; history is not edited.",
)
SUCCESSION_DIFFERS = Sentence(
    "Quan hệ kế tiếp này đã có với giá trị khác.", "This succession is in the map with other values."
)
REPEATED = Sentence("Trùng với dòng {row}.", "It repeats row {row}.")
CODE_TAKEN = Sentence(
    "Mã {unit} đã là của {other} vào ngày {on}.", "The code {unit} is that of {other} on {on}."
)
PARENT_UNKNOWN = Sentence(
    "Không có đơn vị cấp trên {parent} trong suốt thời gian từ {since} đến {until}.",
    "There is no parent {parent} from {since} to {until} throughout.",
)
PARENT_LEVEL = Sentence(
    "Đơn vị cấp trên {parent} không ở trên cấp {level}.",
    "The parent {parent} is not above the level {level}.",
)
CHILDREN_REMAIN = Sentence(
    "Đơn vị {unit} kết thúc ngày {on} khi còn {children}.",
    "The unit {unit} ends on {on} while {children} remain.",
)
UNIT_OF_LINK_UNKNOWN = Sentence("Không có đơn vị {unit} từ {since}.", "There is no unit {unit} of {since}.")
DAYS_DO_NOT_MEET = Sentence(
    "{unit} phải kết thúc ngày {last_day}, trước ngày hiệu lực một ngày.",
    "{unit} must end on {last_day}, the day before the effective day.",
)
SUCCESSOR_STARTS = Sentence(
    "Đơn vị kế tiếp phải bắt đầu vào ngày hiệu lực {on}.",
    "The successor must begin on the effective day {on}.",
)
SHARES_WRONG = Sentence(
    "Các phần của {unit} không hợp lệ: nhiều phần thì đều là split, và tỷ lệ (nếu có) cộng lại bằng 1.",
    "The parts of {unit} are not valid: several are all splits, and their weights, if any, add up to 1.",
)
INCONSISTENT = Sentence("Bản đồ không nhất quán: {reason}.", "The map is inconsistent: {reason}.")


class MapChecker:
    """Finds what tables change in a territory, and every fault of their rows."""

    def __init__(self, territory: Territory) -> None:
        self._territory = territory
        self._existing: dict[UnitKey, Unit] = {unit.key: unit for unit in territory.all_units()}
        self._links = {to_link_key(link): link for link in territory.all_successions()}
        self._begun: dict[UnitKey, tuple[Unit, str]] = {}
        self._ended: dict[UnitKey, tuple[Unit, str]] = {}
        self._added: dict[SuccessionKey, tuple[Succession, str]] = {}
        self._rows: dict[Any, int] = {}
        self.faults: list[Fault] = []

    def check(self, units: list[Any], successions: list[Any], source: str) -> MapChange:
        """Return the change; `faults` names what is wrong, by row."""
        for index, (unit, faults) in enumerate(read_rows("units", units, parse_unit, source)):
            self.faults += faults
            if isinstance(unit, Unit):
                self._add_unit(unit, index)
        for index, (link, faults) in enumerate(
            read_rows("successions", successions, parse_succession, source)
        ):
            self.faults += faults
            if isinstance(link, Succession):
                self._add_succession(link, index)
        by_code = self._group_versions()
        geography = GeographyChecker(self._territory, by_code, self._begun)
        for unit, pointer in self._begun.values():
            self.faults += self._find_unit_faults(unit, pointer, by_code)
            self.faults += geography.find_faults(unit, pointer)
        for unit, pointer in self._ended.values():
            self.faults += self._find_remaining_children(unit, pointer)
        self.faults += self._find_share_faults()
        change = MapChange(
            tuple(unit for unit, _ in self._begun.values()),
            tuple(unit for unit, _ in self._ended.values()),
            tuple(link for link, _ in self._added.values()),
        )
        if not self.faults and not change.is_empty:
            try:
                apply_change(self._territory, change)
            except ValueError as error:
                self.faults.append(make_fault("", "map_inconsistent", INCONSISTENT, reason=str(error)[:300]))
        return change

    def _add_unit(self, unit: Unit, index: int) -> None:
        pointer = f"/units/{index}"
        if unit.key in self._rows:
            self.faults.append(make_fault(pointer, "repeated", REPEATED, row=self._rows[unit.key]))
            return
        self._rows[unit.key] = index
        existing = self._existing.get(unit.key)
        if existing is None:
            self._begun[unit.key] = unit, pointer
            return
        ends = existing.valid_to is None and unit.valid_to is not None
        expected = replace(existing, valid_to=unit.valid_to) if ends else existing
        columns = [
            field.name
            for field in fields(Unit)
            if field.name not in NOT_COMPARED
            and getattr(unit, field.name) not in (None, False)
            and getattr(expected, field.name) != getattr(unit, field.name)
        ]
        if columns:
            self.faults.append(
                make_fault(
                    pointer,
                    "unit_differs",
                    DIFFERS,
                    unit=unit.code,
                    since=unit.valid_from,
                    columns=", ".join(columns),
                )
            )
        elif ends:
            self._ended[unit.key] = expected, pointer

    def _add_succession(self, link: Succession, index: int) -> None:
        pointer, key = f"/successions/{index}", to_link_key(link)
        if ("link", key) in self._rows:
            self.faults.append(make_fault(pointer, "repeated", REPEATED, row=self._rows["link", key]))
            return
        self._rows["link", key] = index
        if key in self._links:
            if self._links[key] != link:
                self.faults.append(make_fault(pointer, "succession_differs", SUCCESSION_DIFFERS))
            return
        self._added[key] = link, pointer
        self._check_predecessor(link, pointer)
        if link.successor is not None and link.successor_valid_from is not None:
            if self._find((link.successor, link.successor_valid_from)) is None:
                self._add_unknown(f"{pointer}/successor", link.successor, link.successor_valid_from)
            elif link.successor_valid_from != link.effective_on:
                self.faults.append(
                    make_fault(
                        f"{pointer}/successor_valid_from",
                        "days_do_not_meet",
                        SUCCESSOR_STARTS,
                        on=link.effective_on,
                    )
                )

    def _check_predecessor(self, link: Succession, pointer: str) -> None:
        """Add the fault of a predecessor; one that is still valid ends the day before the succession."""
        key = link.predecessor, link.predecessor_valid_from
        unit, last_day = self._find(key), link.effective_on - ONE_DAY
        if unit is None:
            self._add_unknown(f"{pointer}/predecessor", *key)
        elif unit.valid_to is None and last_day >= unit.valid_from:
            ended = replace(unit, valid_to=last_day)
            if key in self._begun:
                self._begun[key] = ended, self._begun[key][1]
            else:
                self._ended[key] = ended, pointer
        elif unit.valid_to != last_day:
            self.faults.append(
                make_fault(
                    f"{pointer}/effective_on",
                    "days_do_not_meet",
                    DAYS_DO_NOT_MEET,
                    unit=unit.code,
                    last_day=last_day,
                )
            )

    def _add_unknown(self, pointer: str, code: str, since: date) -> None:
        self.faults.append(
            make_fault(pointer, "unit_unknown", UNIT_OF_LINK_UNKNOWN, unit=code[:20], since=since)
        )

    def _find(self, key: UnitKey) -> Unit | None:
        """Return a unit of the map or of the tables, with the end that the tables give it."""
        for units in (self._begun, self._ended):
            if key in units:
                return units[key][0]
        return self._existing.get(key)

    def _group_versions(self) -> Mapping[str, list[Unit]]:
        versions: dict[str, list[Unit]] = defaultdict(list)
        for key in {*self._existing, *self._begun}:
            unit = self._find(key)
            if unit is not None:
                versions[unit.code].append(unit)
        return versions

    def _find_unit_faults(
        self, unit: Unit, pointer: str, versions: Mapping[str, list[Unit]]
    ) -> Iterator[Fault]:
        for other in versions[unit.code]:
            overlaps = _covers(other, unit.valid_from) or _covers(unit, other.valid_from)
            if other.key != unit.key and overlaps:
                on = max(unit.valid_from, other.valid_from)
                yield make_fault(
                    f"{pointer}/code",
                    "code_taken",
                    CODE_TAKEN,
                    unit=unit.code,
                    other=f"{other.full_name} ({other.valid_from})",
                    on=on,
                )
        if unit.parent is None:
            return
        parents = sorted(versions.get(unit.parent, ()), key=lambda parent: parent.valid_from)
        if not _is_covered(unit, parents):
            yield make_fault(
                f"{pointer}/parent",
                "parent_unknown",
                PARENT_UNKNOWN,
                parent=unit.parent[:20],
                since=unit.valid_from,
                until=unit.valid_to or "..",
            )
        elif LEVELS_DOWN.index(parents[0].level) >= LEVELS_DOWN.index(unit.level):
            yield make_fault(
                f"{pointer}/parent", "parent_level_wrong", PARENT_LEVEL, parent=unit.parent, level=unit.level
            )

    def _find_remaining_children(self, unit: Unit, pointer: str) -> Iterator[Fault]:
        if unit.valid_to is None:
            return
        after = unit.valid_to + ONE_DAY
        goes_on = any(
            begun.code == unit.code and begun.valid_from == after for begun, _ in self._begun.values()
        )
        if goes_on:
            return
        children = [
            child
            for child in self._territory.children_ever(unit.code)
            if child.level != "village" and _covers(self._find(child.key) or child, after)
        ]
        if children:
            yield make_fault(
                pointer,
                "children_remain",
                CHILDREN_REMAIN,
                unit=unit.code,
                on=unit.valid_to,
                children=to_names(children[:5]),
            )

    def _find_share_faults(self) -> Iterator[Fault]:
        by_predecessor: dict[UnitKey, list[Succession]] = defaultdict(list)
        pointers: dict[UnitKey, str] = {}
        for link, pointer in self._added.values():
            by_predecessor[link.predecessor, link.predecessor_valid_from].append(link)
            pointers.setdefault((link.predecessor, link.predecessor_valid_from), pointer)
        for link in self._links.values():
            if (link.predecessor, link.predecessor_valid_from) in pointers:
                by_predecessor[link.predecessor, link.predecessor_valid_from].append(link)
        for key, links in by_predecessor.items():
            weights = [link.weight for link in links if link.weight is not None]
            mixed = len(links) > 1 and any(link.kind != "split" for link in links)
            if mixed or (weights and (len(weights) != len(links) or sum(weights) != 1)):
                yield make_fault(pointers[key], "parts_wrong", SHARES_WRONG, unit=key[0])


def _covers(unit: Unit, on: date) -> bool:
    return unit.is_valid_on(on)


def _is_covered(unit: Unit, parents: Sequence[Unit]) -> bool:
    """Whether the parents, one after the other, are valid on all days of a unit; of a village, which ends with it, on the first."""
    if unit.level == "village":
        return any(parent.is_valid_on(unit.valid_from) for parent in parents)
    day: date | None = unit.valid_from
    for parent in parents:
        if day is not None and parent.is_valid_on(day):
            if parent.valid_to is None or (unit.valid_to is not None and unit.valid_to <= parent.valid_to):
                return True
            day = parent.valid_to + ONE_DAY
    return False
