"""Read rows of a units or successions table, of CSV or JSON, and name every fault by row and column. Pure."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

from shared.kit.problems import Fault, Sentence, make_fault
from shared.territory.units import (
    CODE_SHAPES,
    KINDS,
    LEVELS_DOWN,
    Box,
    Level,
    Succession,
    SuccessionKind,
    Unit,
    matches_code_shape,
    to_commune_code,
)

MapRow = Mapping[str, Any]
LOADED_LEVELS = LEVELS_DOWN
"""Levels that a table may hold."""
UNIT_COLUMNS = (
    *("code", "level", "kind", "name", "name_en", "parent", "valid_from", "valid_to", "lat", "lon"),
    *("min_lat", "min_lon", "max_lat", "max_lon", "area_km2", "border", "source", "confidence"),
)
SUCCESSION_COLUMNS = (
    *("predecessor", "predecessor_valid_from", "successor", "successor_valid_from"),
    *("effective_on", "kind", "weight", "main_part"),
)
LONGEST_TEXT = 300
EMPTY = (None, "")
FIRST_YEAR, LAST_YEAR = 1900, 2999

MISSING = Sentence("Thiếu trường này.", "This field is required.")
UNKNOWN_COLUMN = Sentence("Không có cột này trong bảng.", "The table has no such column.")
NOT_A_ROW = Sentence("Phải là một dòng có các cột.", "Must be a row of columns.")
NOT_A_DATE = Sentence("Phải là ngày dạng 2023-12-31.", "Must be a date like 2023-12-31.")
NOT_A_NUMBER = Sentence("Phải là số.", "Must be a number.")
NOT_A_BOOLEAN = Sentence("Phải là 0 hoặc 1.", "Must be 0 or 1.")
NOT_A_TEXT = Sentence(
    "Phải là chuỗi ký tự, không quá {most}.", "Must be a text of at most {most} characters."
)
NOT_ONE_OF = Sentence("Phải là một trong: {expected}.", "Must be one of: {expected}.")
WRONG_FORM = Sentence(
    "Mã cấp {level} phải có dạng {pattern}.", "The code of a {level} has the form {pattern}."
)
OUT_OF_RANGE = Sentence("Phải trong khoảng {least}–{most}.", "Must be from {least} to {most}.")
INCOMPLETE_GEOGRAPHY = Sentence(
    "Phải có đủ {columns} hoặc không có cột nào.", "Needs all or none of {columns}."
)
BOX_WRONG = Sentence(
    "Tâm nằm ngoài khung, hoặc khung sai thứ tự.", "The centre lies outside the box, or the box is reversed."
)
DAYS_REVERSED = Sentence("Ngày cuối trước ngày đầu.", "The last day is before the first.")


@dataclass
class RowReader:
    """Reads the cells of one row; a cell that cannot be read adds a fault and is None."""

    row: MapRow
    pointer: str
    faults: list[Fault] = field(default_factory=list)

    def add(self, column: str, code: str, sentence: Sentence, **facts: Any) -> None:
        """Add the fault of a cell."""
        pointer = f"{self.pointer}/{column}" if column else self.pointer
        self.faults.append(make_fault(pointer, code, sentence, **facts))

    def refuse_other_columns(self, columns: tuple[str, ...]) -> None:
        """Add a fault for each column that the table does not have."""
        for column in self.row:
            if column not in columns:
                name = str(column)[:40].replace("~", "~0").replace("/", "~1")
                self.add(name, "unknown_field", UNKNOWN_COLUMN)

    def text(self, column: str, *, required: bool = False) -> str | None:
        """Return a text without blanks around it; an empty one is None."""
        value = self.row.get(column)
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST_TEXT):
            self.add(column, "not_a_text", NOT_A_TEXT, most=LONGEST_TEXT)
            return None
        text = (value or "").strip()
        if required and not any(character.isalnum() for character in text):
            self.add(column, "missing", MISSING)
        return text or None

    def choice(self, column: str, choices: tuple[str, ...]) -> str | None:
        """Return one of some texts."""
        text = self.text(column, required=True)
        if text is not None and text not in choices:
            self.add(column, "not_one_of", NOT_ONE_OF, expected=", ".join(choices))
            return None
        return text

    def day(self, column: str, *, required: bool = False) -> date | None:
        """Return a day."""
        text = self.text(column, required=required)
        if text is None:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or len(text) != len("2023-12-31") or not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.add(column, "not_a_date", NOT_A_DATE)
            return None
        return day

    def number(self, column: str, least: float, most: float) -> float | None:
        """Return a number of a range."""
        value = self.row.get(column)
        if value is None or value == "":
            return None
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.add(column, "not_a_number", NOT_A_NUMBER)
            return None
        if not least <= number <= most:
            self.add(column, "out_of_range", OUT_OF_RANGE, least=least, most=most)
            return None
        return number

    def flag(self, column: str) -> bool:
        """Return a yes or no; an empty cell is no."""
        value = self.row.get(column)
        if value in (None, "", "0", "1") or isinstance(value, bool):
            return value in ("1", True)
        self.add(column, "not_a_boolean", NOT_A_BOOLEAN)
        return False


Parsed = Unit | Succession | None


def read_rows(
    table: str, rows: list[Any], parse: Callable[[RowReader, str], Parsed], source: str
) -> Iterator[tuple[Parsed, list[Fault]]]:
    """Yield each row as it was read, or None where it has a fault, and its faults."""
    for index, row in enumerate(rows):
        pointer = f"/{table}/{index}"
        if not isinstance(row, Mapping):
            yield None, [make_fault(pointer, "not_an_object", NOT_A_ROW)]
            continue
        reader = RowReader(row, pointer)
        parsed = parse(reader, source)
        yield (None if reader.faults else parsed), reader.faults


def parse_unit(reader: RowReader, source: str) -> Unit | None:
    """Return the unit of a row; the reader holds its faults."""
    reader.refuse_other_columns(UNIT_COLUMNS)
    level = cast("Level | None", reader.choice("level", LOADED_LEVELS))
    kind = reader.choice("kind", tuple(KINDS[level])) if level else reader.text("kind", required=True)
    code = reader.text("code", required=True)
    if level and code and not matches_code_shape(code, level):
        reader.add("code", "wrong_form", WRONG_FORM, level=level, pattern=CODE_SHAPES[level])
    name = reader.text("name", required=True)
    parent = reader.text("parent")
    if level and (parent is None) != (level == "province"):
        reader.add("parent", "missing" if parent is None else "parent_level_wrong", MISSING if parent is None else NOT_ONE_OF, expected="-")  # fmt: skip
    if level == "village" and code and parent and parent != to_commune_code(code):
        reader.add("parent", "not_one_of", NOT_ONE_OF, expected=to_commune_code(code) or "-")
    valid_from, valid_to = reader.day("valid_from", required=True), reader.day("valid_to")
    if valid_from and valid_to and valid_to < valid_from:
        reader.add("valid_to", "days_reversed", DAYS_REVERSED)
    lat, lon, box = _read_geography(reader)
    area_km2 = reader.number("area_km2", 0, 100_000)
    border = reader.flag("border")
    name_en, own_source = reader.text("name_en"), reader.text("source")
    confidence = reader.text("confidence")
    if reader.faults or not (code and level and kind and name and valid_from):
        return None
    return Unit(
        code, level, kind, name, parent, valid_from, valid_to, name_en or name, lat, lon, box, area_km2, border,
        own_source or source, confidence or "loaded",
    )  # fmt: skip


def _read_geography(reader: RowReader) -> tuple[float | None, float | None, Box | None]:
    lat, lon = reader.number("lat", -90, 90), reader.number("lon", -180, 180)
    sides = {
        column: reader.number(column, *((-90, 90) if column.endswith("lat") else (-180, 180)))
        for column in Box._fields
    }
    if (reader.row.get("lat") in EMPTY) != (reader.row.get("lon") in EMPTY):
        reader.add("lat", "place_incomplete", INCOMPLETE_GEOGRAPHY, columns="lat, lon")
    corners = [side for side in sides.values() if side is not None]
    stated = [column for column in Box._fields if reader.row.get(column) not in EMPTY]
    if len(stated) not in (0, len(Box._fields)):
        reader.add("min_lat", "place_incomplete", INCOMPLETE_GEOGRAPHY, columns=", ".join(Box._fields))
        return lat, lon, None
    if len(corners) != len(Box._fields):
        return lat, lon, None
    box = Box(*corners)
    is_reversed = box.min_lat > box.max_lat or box.min_lon > box.max_lon
    if is_reversed or (lat is not None and lon is not None and not box.contains(lat, lon)):
        reader.add("lat", "place_impossible", BOX_WRONG)
    return lat, lon, box


def parse_succession(reader: RowReader, _: str) -> Succession | None:
    """Return the succession of a row; the reader holds its faults."""
    reader.refuse_other_columns(SUCCESSION_COLUMNS)
    kind = cast("SuccessionKind | None", reader.choice("kind", get_args(SuccessionKind)))
    predecessor = reader.text("predecessor", required=True)
    predecessor_from = reader.day("predecessor_valid_from", required=True)
    needs_successor = kind is not None and kind != "abolished"
    successor = reader.text("successor", required=needs_successor)
    successor_from = reader.day("successor_valid_from", required=needs_successor)
    if kind == "abolished" and (successor or successor_from):
        reader.add("successor", "successor_of_abolished", NOT_ONE_OF, expected="-")
    effective_on = reader.day("effective_on", required=True)
    weight = _read_weight(reader, kind)
    main_part = reader.flag("main_part")
    if reader.faults or not (kind and predecessor and predecessor_from and effective_on):
        return None
    return Succession(
        predecessor, predecessor_from, successor, successor_from, effective_on, kind, weight, main_part
    )


def _read_weight(reader: RowReader, kind: str | None) -> Decimal | None:
    value = reader.row.get("weight")
    if value is None or value == "":
        return None
    try:
        weight = Decimal(str(value))
    except InvalidOperation:
        reader.add("weight", "not_a_number", NOT_A_NUMBER)
        return None
    if not weight.is_finite() or not 0 < weight <= 1 or kind != "split" or isinstance(value, bool):
        reader.add("weight", "out_of_range", OUT_OF_RANGE, least="0 <", most="1 (split)")
        return None
    return weight
