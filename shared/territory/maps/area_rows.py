"""Check rows of named areas against the map and the areas that there are. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from shared.kit.problems import Fault, make_fault
from shared.territory.areas import (
    AREA_CODE,
    AREA_DIFFERS,
    MOST_MEMBERS,
    NO_MEMBERS,
    NOT_AN_AREA,
    NOT_CODES,
    TOO_MANY_MEMBERS,
    NamedArea,
    resolve_members,
)
from shared.territory.maps.checker import REPEATED
from shared.territory.maps.rows import DAYS_REVERSED, NOT_A_ROW, RowReader
from shared.territory.tree import Territory

AREA_COLUMNS = ("code", "name", "name_en", "reason", "valid_from", "valid_to", "units")


def check_areas(
    rows: list[Any], territory: Territory, known_areas: Iterable[NamedArea]
) -> Iterator[tuple[NamedArea | None, list[Fault]]]:
    """Yield each row as an area that begins or ends, None where it has a fault or changes nothing, and its faults."""
    areas = {area.code: area for area in known_areas}
    read_at: dict[str, int] = {}
    for index, row in enumerate(rows):
        pointer = f"/areas/{index}"
        if not isinstance(row, Mapping):
            yield None, [make_fault(pointer, "not_an_object", NOT_A_ROW)]
            continue
        area, faults = _read_area(RowReader(row, pointer), territory)
        if area is not None and area.code in read_at:
            faults.append(make_fault(pointer, "repeated", REPEATED, row=read_at[area.code]))
        elif area is not None and area.code in areas and not _is_same_or_ended(area, areas[area.code]):
            faults.append(make_fault(pointer, "area_differs", AREA_DIFFERS, area=area.code))
        changes = area is not None and not faults and _changes(area, areas.get(area.code))
        if area is not None:
            read_at.setdefault(area.code, index)
        yield (area if changes else None), faults


def _is_same_or_ended(area: NamedArea, existing: NamedArea) -> bool:
    """Whether an area is that of the map, or its end; no last day states nothing."""
    may_end = existing.valid_to is None or area.valid_to in (None, existing.valid_to)
    return may_end and replace(area, valid_to=existing.valid_to) == existing


def _changes(area: NamedArea, existing: NamedArea | None) -> bool:
    """Whether an area is new, or ends one of the map."""
    return existing is None or (existing.valid_to is None and area.valid_to is not None)


def _read_area(reader: RowReader, territory: Territory) -> tuple[NamedArea | None, list[Fault]]:
    reader.refuse_other_columns(AREA_COLUMNS)
    code, name = reader.text("code", required=True), reader.text("name", required=True)
    if code is not None and re.fullmatch(AREA_CODE, code) is None:
        reader.add("code", "wrong_form", NOT_AN_AREA, pattern=AREA_CODE)
    reason, name_en = reader.text("reason", required=True), reader.text("name_en")
    valid_from, valid_to = reader.day("valid_from", required=True), reader.day("valid_to")
    if valid_from and valid_to and valid_to < valid_from:
        reader.add("valid_to", "days_reversed", DAYS_REVERSED)
    units = reader.row.get("units")
    texts = units.split() if isinstance(units, str) else units
    if not texts:
        reader.add("units", "missing", NO_MEMBERS)
        return None, reader.faults
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        reader.add("units", "wrong_form", NOT_CODES)
        return None, reader.faults
    if len(texts) > MOST_MEMBERS:
        reader.add("units", "too_many", TOO_MANY_MEMBERS, max_length=MOST_MEMBERS)
        return None, reader.faults
    if valid_from is None:
        return None, reader.faults
    members, faults = resolve_members(territory, texts, valid_from, f"{reader.pointer}/units")
    reader.faults += faults
    if reader.faults or not (code and name and reason):
        return None, reader.faults
    return NamedArea(code, name, name_en or name, reason, valid_from, valid_to, tuple(sorted(members))), []
