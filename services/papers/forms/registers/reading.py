"""Read the form of a register that was sent: a record for each row that states something, columns by their codes. Part of a job."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from services.papers.forms.guards import FileRefusedError
from services.papers.forms.layout import ENTRY_SHEET, name_cell
from services.papers.forms.reading import NIL_MARKS, read_labelled_cells
from services.papers.forms.registers.definitions import NUMBER_KINDS, RegisterCell, RegisterForm
from services.papers.forms.sheets import Cells, SentFile, read_stated_number, to_code, to_json, to_text

NO_MARKS = frozenset({"0", "không", "ko", "no", "false"})
YES_MARKS = NIL_MARKS | {"1", "có", "co", "yes", "true"}
DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
LEAST_CODES = 2
"""As many codes make a row of codes."""


def read_register(register: RegisterForm, file: SentFile) -> dict[str, Any]:
    """Return what a file states as JSON: the cells above the table, and the records; raises `FileRefusedError`."""
    sheet, cells, code_row = _find_table(register, file.sheets)
    columns = {column.key: column for column in register.columns}
    places = [
        (index, columns[key])
        for index, key in enumerate(to_text(cell) for cell in cells[code_row])
        if key in columns
    ]
    labels = {field.label.casefold(): field.key for field in register.fields}
    fields = {field.key: field for field in register.fields}
    read_as_numbers: list[dict[str, Any]] = []
    header = {
        key: (_read_cell(fields[key], value, file, cell, read_as_numbers), cell)
        for key, (value, cell) in read_labelled_cells(labels, sheet, cells[:code_row]).items()
    }
    rows, faults = [], [{"cell": cell, "code": "cells_merged"} for cell in file.merged]
    hidden = []
    for index in range(code_row + 1, len(cells)):
        record, row_faults = _read_row(places, cells[index], index, sheet, file, read_as_numbers)
        faults += row_faults
        if record is not None:
            rows.append(record)
            if sheet == ENTRY_SHEET and index + 1 in file.marks.hidden_rows:
                hidden.append(record["cell"])
    return {
        "kind": file.kind,
        "meta": file.meta,
        "header": header,
        "rows": rows,
        "faults": faults,
        "hidden_rows": hidden,
        "read_as_numbers": read_as_numbers,
        "keys": [column.key for _, column in places],
    }


def _find_table(register: RegisterForm, sheets: dict[str, Cells]) -> tuple[str, Cells, int]:
    """Return the sheet that has the row of codes, and the row."""
    keys = {column.key for column in register.columns}
    for name in sorted(sheets, key=lambda name: name != ENTRY_SHEET):
        for index, row in enumerate(sheets[name]):
            if len(keys & {to_text(cell) for cell in row}) >= LEAST_CODES:
                return name, sheets[name], index
    raise FileRefusedError("code_row_missing")


def _read_row(
    places: Sequence[tuple[int, RegisterCell]],
    row: Sequence[Any],
    index: int,
    sheet: str,
    file: SentFile,
    read_as_numbers: list[dict[str, Any]],
) -> tuple[dict[str, Any] | None, list[dict[str, str]]]:
    """Return the record of a row, None where it states nothing; and what cannot be read at all."""
    values: dict[str, Any] = {}
    cells: dict[str, str] = {}
    faults = []
    states = False
    for place, column in places:
        address = name_cell(index, place)
        cells[column.key] = f"{sheet}!{address}"
        if sheet == ENTRY_SHEET and address in file.marks.uncalculated:
            faults.append({"cell": cells[column.key], "code": "formula_without_value"})
        value = row[place] if place < len(row) else None
        if to_text(value) == "":
            continue
        states = states or not column.names_row
        values[column.key] = _read_cell(column, value, file, cells[column.key], read_as_numbers)
    if not states:
        return None, faults
    return {"values": values, "cells": cells, "cell": name_cell(index, places[0][0], sheet)}, faults


def _read_cell(
    cell: RegisterCell, value: Any, file: SentFile, address: str, read_as_numbers: list[dict[str, Any]]
) -> Any:
    """Return what a cell states by its kind; what cannot be read so stays a text, which the program then refuses."""
    if cell.kind in NUMBER_KINDS:
        stated = read_stated_number(value, file.locale, percent=False)
        if stated.text is not None and (file.kind != "csv" or str(stated.value) != stated.text):
            read_as_numbers.append({"cell": address, "text": stated.text[:100], "value": stated.value})
        return stated.value
    if cell.kind == "date":
        return read_day(to_json(value))
    if cell.kind == "mark":
        word = to_code(value).casefold()
        return True if word in YES_MARKS else False if word in NO_MARKS else to_text(value)
    return to_code(value) if isinstance(value, float) else str(to_json(value))


def read_day(value: Any) -> Any:
    """Return a day as ISO 8601 writes it, also of a text like 19/02/2024; anything else as it is."""
    match = DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    try:
        return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
    except ValueError:
        return value
