"""What an annotated form shows: the sent values on the layout of the form, and the faults of each cell. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.papers.forms.layout import (
    ENTRY_SHEET,
    FIRST_HEADER_ROW,
    FIRST_REASON_ROW,
    FIRST_UNIT_ROW,
    FIRST_VALUE_COLUMN,
    HEADER_FIELDS,
    HEADER_VALUE_COLUMN,
    NIL_MARK,
    REASON_SHEET,
    FormLayout,
    name_cell,
)

OBSERVATION = re.compile(r"/observations/(\d+)(?:/\w+)?")
REASON = re.compile(r"/exceptions/(\d+)(?:/\w+)?")

FAULTS_VI = "Có {count} lỗi cần sửa; biểu chưa được nhận."
CHECKED_VI = "Không có lỗi. Đây là kiểm tra thử, biểu chưa được gửi."
TAKEN_VI = "Đã nhận biểu{receipt}."


def annotate(
    layout: FormLayout, form: Mapping[str, Any], faults: Sequence[Mapping[str, Any]], answer: str
) -> dict[str, Any]:
    """Return what was sent and what is wrong with it, by address on the layout, for the writer of the workbook."""
    places = _place_values(layout, form)
    values = {
        place: NIL_MARK if value.get("nil") else value["value"]
        for place, value in zip(places, form["values"], strict=True)
        if place
    }
    header_rows = {name: FIRST_HEADER_ROW + index for index, name in enumerate(HEADER_FIELDS)}
    by_cell: dict[str, list[str]] = {}
    listed = []
    for fault in faults:
        sheet, cell = _find_place(fault.get("pointer", ""), places, header_rows)
        if not cell and fault.get("code") == "cells_merged":
            cell = fault.get("cell", "").rpartition("!")[2]
        if sheet == ENTRY_SHEET and cell:
            by_cell.setdefault(cell, []).append(fault["detail"])
        listed.append(
            {
                "sheet": sheet,
                "cell": cell,
                "sent_cell": fault.get("cell", "–"),
                "code": fault["code"],
                "detail": fault["detail"],
            }
        )
    return {
        "values": values,
        "faults": by_cell,
        "header": {name: value for name, (value, _) in form["header"].items()},
        "listed": listed,
        "reasons": [[reason[name] for name in ("unit", "indicator", "reason")] for reason in form["reasons"]],
        "answer": answer,
    }


def _place_values(layout: FormLayout, form: Mapping[str, Any]) -> list[str]:
    """Return the address on the layout of each value of a form; empty where the layout has no such row or column."""
    rows = {row.unit: FIRST_UNIT_ROW + index for index, row in enumerate(layout.rows)}
    columns = {column.key: FIRST_VALUE_COLUMN + index for index, column in enumerate(layout.columns)}
    return [
        name_cell(rows[value["unit"]], columns[value["key"]])
        if value["unit"] in rows and value["key"] in columns
        else ""
        for value in form["values"]
    ]


def _find_place(pointer: str, places: Sequence[str], header_rows: Mapping[str, int]) -> tuple[str, str]:
    """Return sheet and address of a pointer on the layout; an empty address where it has none."""
    if (match := OBSERVATION.fullmatch(pointer)) and int(match[1]) < len(places):
        return ENTRY_SHEET, places[int(match[1])]
    if match := REASON.fullmatch(pointer):
        return REASON_SHEET, name_cell(FIRST_REASON_ROW + int(match[1]), 0)
    for name, (_, member) in HEADER_FIELDS.items():
        if pointer == f"/{member}":
            return ENTRY_SHEET, name_cell(header_rows[name], HEADER_VALUE_COLUMN)
    return ENTRY_SHEET, ""
