"""Read a form that was sent: find rows and columns by their codes, whatever was moved. A job: calamine is imported in its process only."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from services.papers.forms.guards import FileRefusedError, check_file
from services.papers.forms.layout import (
    ENTRY_SHEET,
    FIRST_REASON_ROW,
    HEADER_FIELDS,
    META_SHEET,
    NAME_CODE,
    NIL_MARK,
    REASON_SHEET,
    UNIT_CODE,
    name_cell,
)
from services.papers.forms.numbers import MARKS, read_number

MAX_ROWS, MAX_COLUMNS = 20_000, 1_000
"""More than any form has: a sheet that is larger is refused before it is gone through."""

MAX_TEXT = 2_000
TOTAL_NAMES = frozenset({"cộng", "tổng cộng", "tổng", "total"})
NIL_MARKS = frozenset({NIL_MARK, "×", "✓", "✔"})

Cells = list[list[Any]]


@dataclass(slots=True)
class ReadForm:
    """What a file states, with the cell of each part."""

    kind: str
    meta: dict[str, str] = field(default_factory=dict)
    header: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """Value and cell of each field above the table."""
    values: list[dict[str, Any]] = field(default_factory=list)
    """unit, key, value or nil, cell, unit_cell, key_cell."""
    read_as_numbers: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[dict[str, str]] = field(default_factory=list)
    faults: list[dict[str, str]] = field(default_factory=list)
    """cell and code of what cannot be read at all."""
    units: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def read_form(_: Any, content: bytes) -> tuple[Any, bytes]:
    """Return what a file states as JSON, or the code with which it is refused."""
    try:
        form = _read(content)
    except FileRefusedError as refusal:
        return {"refused": refusal.code}, b""
    return {name: getattr(form, name) for name in ReadForm.__slots__}, b""


def _read(content: bytes) -> ReadForm:
    kind = check_file(content)
    if kind == "docx":
        raise FileRefusedError("file_kind_unknown")
    form = ReadForm(kind)
    sheets = {ENTRY_SHEET: _read_csv(content)} if kind == "csv" else _read_workbook(content, form)
    _check_size(sheets)
    if META_SHEET in sheets:
        form.meta = {
            str(row[0]): str(row[1])
            for row in sheets[META_SHEET]
            if len(row) > 1 and row[0] not in {"", None}
        }
    name, cells, code_row = _find_table(sheets)
    _read_header(form, name, cells[:code_row])
    _read_table(form, name, cells, code_row)
    _read_reasons(form, sheets.get(REASON_SHEET, []))
    return form


def _check_size(sheets: dict[str, Cells]) -> None:
    for cells in sheets.values():
        if len(cells) > MAX_ROWS or max(map(len, cells), default=0) > MAX_COLUMNS:
            raise FileRefusedError("sheet_too_large")


def _read_workbook(content: bytes, form: ReadForm) -> dict[str, Cells]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 (only where a workbook is read)

    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        sheets: dict[str, Cells] = {}
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
                raise FileRefusedError("sheet_too_large")
            sheets[name] = sheet.to_python(skip_empty_area=False)
            if name == ENTRY_SHEET:
                form.faults += [
                    {"cell": name_cell(*start, name), "code": "cells_merged"}
                    for start, _ in sheet.merged_cell_ranges or ()
                ]
    except CalamineError as error:
        raise FileRefusedError("file_unreadable") from error
    return sheets


def _read_csv(content: bytes) -> Cells:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileRefusedError("file_not_utf8") from error
    head = text[:4096]
    separator = max(";,\t", key=head.count)
    try:
        return [list(row) for row in csv.reader(StringIO(text), delimiter=separator)]
    except csv.Error as error:
        raise FileRefusedError("file_unreadable") from error


def _find_table(sheets: dict[str, Cells]) -> tuple[str, Cells, int]:
    """Return the sheet that has a row of codes, and the row."""
    for name in sorted(sheets, key=lambda name: name != ENTRY_SHEET):
        for index, row in enumerate(sheets[name]):
            codes = [_to_text(cell) for cell in row]
            if UNIT_CODE in codes and sum(1 for code in codes if code) > 1:
                return name, sheets[name], index
    raise FileRefusedError("code_row_missing")


def _read_header(form: ReadForm, sheet: str, rows: Cells) -> None:
    labels = {label.casefold(): name for name, (label, _) in HEADER_FIELDS.items()}
    for index, row in enumerate(rows):
        for column, cell in enumerate(row):
            name = labels.get(_to_text(cell).casefold())
            if name is None:
                continue
            for place in range(column + 1, len(row)):
                if _to_text(row[place]):
                    form.header[name] = (_to_json(row[place]), name_cell(index, place, sheet))
                    break


def _read_table(form: ReadForm, sheet: str, cells: Cells, code_row: int) -> None:
    codes = [_to_text(cell) for cell in cells[code_row]]
    unit_column = codes.index(UNIT_CODE)
    name_column = codes.index(NAME_CODE) if NAME_CODE in codes else unit_column
    columns = [
        (column, key) for column, key in enumerate(codes) if key and column not in {unit_column, name_column}
    ]
    form.keys = [key for _, key in columns]
    for index in range(code_row + 1, len(cells)):
        row = cells[index]
        unit = _to_code(row[unit_column]) if unit_column < len(row) else ""
        if not unit:
            _check_row_without_code(form, sheet, index, row, name_column, columns)
            continue
        form.units.append(unit)
        for column, key in columns:
            value = row[column] if column < len(row) else None
            if _to_text(value) == "":
                continue
            form.values.append(
                {
                    "unit": unit,
                    "key": key,
                    "cell": name_cell(index, column, sheet),
                    "unit_cell": name_cell(index, unit_column, sheet),
                    "key_cell": name_cell(code_row, column, sheet),
                    **_read_value(form, value, name_cell(index, column, sheet)),
                }
            )


def _check_row_without_code(
    form: ReadForm,
    sheet: str,
    index: int,
    row: Sequence[Any],
    name_column: int,
    columns: Sequence[tuple[int, str]],
) -> None:
    name = _to_text(row[name_column]) if name_column < len(row) else ""
    if name.casefold() in TOTAL_NAMES:
        return
    for column, _ in columns:
        if column < len(row) and _to_text(row[column]):
            form.faults.append({"cell": name_cell(index, column, sheet), "code": "row_without_code"})
            return


def _read_value(form: ReadForm, value: Any, cell: str) -> dict[str, Any]:
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() in NIL_MARKS:
            return {"nil": True}
        locale = form.meta.get("locale", "vi")
        number = read_number(text, locale if locale in MARKS else "vi")
        if number is None:
            return {"value": text[:MAX_TEXT]}
        plain = _to_number(number)
        if form.kind != "csv" or str(plain) != text:
            form.read_as_numbers.append({"cell": cell, "text": text[:100], "value": plain})
        return {"value": plain}
    return {"value": _to_json(value)}


def _to_number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _to_json(value: Any) -> Any:
    """Return a cell as JSON; a day as a text."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.date().isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bool | int):
        return value
    return str(value).strip()[:MAX_TEXT]


def _to_text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _to_code(value: Any) -> str:
    """Return the code of a unit; Excel may have made a number of it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _to_text(value)[:100]


def _read_reasons(form: ReadForm, rows: Cells) -> None:
    for index, row in enumerate(rows[FIRST_REASON_ROW:], start=FIRST_REASON_ROW):
        texts = [
            *(_to_code(cell) if column == 0 else _to_text(cell) for column, cell in enumerate(row[:3])),
            "",
            "",
        ][:3]
        if any(texts):
            cells = [name_cell(index, column, REASON_SHEET) for column in range(3)]
            form.reasons.append(
                {**dict(zip(("unit", "indicator", "reason"), texts, strict=True)), "cells": ",".join(cells)}
            )
