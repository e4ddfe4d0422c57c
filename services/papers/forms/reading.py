"""Read a form that was sent: find rows and columns by their codes, whatever was moved. Part of a job."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.papers.forms.guards import FileRefusedError
from services.papers.forms.layout import (
    ENTRY_SHEET,
    FIRST_REASON_ROW,
    HEADER_FIELDS,
    NAME_CODE,
    NIL_MARK,
    REASON_SHEET,
    UNIT_CODE,
    name_cell,
)
from services.papers.forms.sheets import Cells, SentFile, read_stated_number, to_code, to_json, to_text

TOTAL_NAMES = frozenset({"cộng", "tổng cộng", "tổng", "total"})
NIL_MARKS = frozenset({NIL_MARK, "×", "✓", "✔"})


@dataclass(slots=True)
class ReadForm:
    """What a file states, with the cell of each part."""

    kind: str
    meta: dict[str, str] = field(default_factory=dict)
    header: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """Value and cell of each field above the table."""
    values: list[dict[str, Any]] = field(default_factory=list)
    """unit, key, value or nil, cell, unit_cell, key_cell; percent where the cell shows a percentage."""
    read_as_numbers: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[dict[str, str]] = field(default_factory=list)
    faults: list[dict[str, str]] = field(default_factory=list)
    """cell and code of what cannot be read at all."""
    hidden_rows: list[str] = field(default_factory=list)
    """The cell of the unit of each hidden row that states something."""
    units: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def read_report_form(file: SentFile) -> dict[str, Any]:
    """Return what a file states as JSON; raises `FileRefusedError`."""
    form = ReadForm(file.kind, file.meta)
    form.faults += [{"cell": cell, "code": "cells_merged"} for cell in file.merged]
    name, cells, code_row = _find_table(file.sheets)
    _read_header(form, name, cells[:code_row])
    _read_table(form, file, name, cells, code_row)
    _read_reasons(form, file.sheets.get(REASON_SHEET, []))
    return {name: getattr(form, name) for name in ReadForm.__slots__}


def _find_table(sheets: dict[str, Cells]) -> tuple[str, Cells, int]:
    """Return the sheet that has a row of codes, and the row."""
    for name in sorted(sheets, key=lambda name: name != ENTRY_SHEET):
        for index, row in enumerate(sheets[name]):
            codes = [to_text(cell) for cell in row]
            if UNIT_CODE in codes and sum(1 for code in codes if code) > 1:
                return name, sheets[name], index
    raise FileRefusedError("code_row_missing")


def _read_header(form: ReadForm, sheet: str, rows: Cells) -> None:
    labels = {label.casefold(): name for name, (label, _) in HEADER_FIELDS.items()}
    form.header |= read_labelled_cells(labels, sheet, rows)


def read_labelled_cells(labels: dict[str, str], sheet: str, rows: Cells) -> dict[str, tuple[Any, str]]:
    """Return value and cell of each name whose label stands in a row: the first cell to the right that is not empty."""
    stated: dict[str, tuple[Any, str]] = {}
    for index, row in enumerate(rows):
        for column, cell in enumerate(row):
            name = labels.get(to_text(cell).casefold())
            if name is None:
                continue
            for place in range(column + 1, len(row)):
                if to_text(row[place]):
                    stated[name] = (to_json(row[place]), name_cell(index, place, sheet))
                    break
    return stated


def _read_table(form: ReadForm, file: SentFile, sheet: str, cells: Cells, code_row: int) -> None:
    codes = [to_text(cell) for cell in cells[code_row]]
    unit_column = codes.index(UNIT_CODE)
    name_column = codes.index(NAME_CODE) if NAME_CODE in codes else unit_column
    columns = [
        (column, key) for column, key in enumerate(codes) if key and column not in {unit_column, name_column}
    ]
    form.keys = [key for _, key in columns]
    for index in range(code_row + 1, len(cells)):
        row = cells[index]
        unit = to_code(row[unit_column]) if unit_column < len(row) else ""
        if not unit:
            _check_row_without_code(form, sheet, index, row, name_column, columns)
            continue
        form.units.append(unit)
        unit_cell = name_cell(index, unit_column, sheet)
        before = len(form.values)
        for column, key in columns:
            value = row[column] if column < len(row) else None
            address = name_cell(index, column)
            if sheet == ENTRY_SHEET and address in file.marks.uncalculated:
                form.faults.append({"cell": f"{sheet}!{address}", "code": "formula_without_value"})
            if to_text(value) == "":
                continue
            form.values.append(
                {
                    "unit": unit,
                    "key": key,
                    "cell": f"{sheet}!{address}",
                    "unit_cell": unit_cell,
                    "key_cell": name_cell(code_row, column, sheet),
                    **_read_value(
                        form,
                        file,
                        value,
                        f"{sheet}!{address}",
                        percent=sheet == ENTRY_SHEET and address in file.marks.percent,
                    ),
                }
            )
        if sheet == ENTRY_SHEET and index + 1 in file.marks.hidden_rows and len(form.values) > before:
            form.hidden_rows.append(unit_cell)


def _check_row_without_code(
    form: ReadForm,
    sheet: str,
    index: int,
    row: Sequence[Any],
    name_column: int,
    columns: Sequence[tuple[int, str]],
) -> None:
    name = to_text(row[name_column]) if name_column < len(row) else ""
    if name.casefold() in TOTAL_NAMES:
        return
    for column, _ in columns:
        if column < len(row) and to_text(row[column]):
            form.faults.append({"cell": name_cell(index, column, sheet), "code": "row_without_code"})
            return


def _read_value(form: ReadForm, file: SentFile, value: Any, cell: str, *, percent: bool) -> dict[str, Any]:
    if isinstance(value, str) and value.strip().casefold() in NIL_MARKS:
        return {"nil": True}
    stated = read_stated_number(value, file.locale, percent=percent)
    if stated.text is not None and (form.kind != "csv" or str(stated.value) != stated.text):
        form.read_as_numbers.append({"cell": cell, "text": stated.text[:100], "value": stated.value})
    return {"value": stated.value} | ({"percent": True} if stated.percent else {})


def _read_reasons(form: ReadForm, rows: Cells) -> None:
    for index, row in enumerate(rows[FIRST_REASON_ROW:], start=FIRST_REASON_ROW):
        texts = [
            *(to_code(cell) if column == 0 else to_text(cell) for column, cell in enumerate(row[:3])),
            "",
            "",
        ][:3]
        if any(texts):
            cells = [name_cell(index, column, REASON_SHEET) for column in range(3)]
            form.reasons.append(
                {**dict(zip(("unit", "indicator", "reason"), texts, strict=True)), "cells": ",".join(cells)}
            )
