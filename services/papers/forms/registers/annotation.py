"""What the annotated form of a register shows: the sent rows on its layout, and the faults of each cell. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.papers.forms.layout import ENTRY_SHEET, NIL_MARK, name_cell
from services.papers.forms.registers.definitions import CHOICE_KINDS, RegisterCell
from services.papers.forms.registers.layout import (
    FIELD_VALUE_COLUMN,
    FIRST_FIELD_ROW,
    RegisterLayout,
    print_choice,
)
from services.papers.forms.registers.translation import HEADER_PLACE, CellPlace

NO_WORD = "không"


def annotate_register(
    layout: RegisterLayout,
    form: Mapping[str, Any],
    placed: Sequence[tuple[Mapping[str, Any], CellPlace | None]],
    answer: str,
) -> dict[str, Any]:
    """Return what was sent and what is wrong with it, by address on the layout, for the writer of the workbook."""
    columns = {column.key: index for index, column in enumerate(layout.columns)}
    field_rows = {field.key: FIRST_FIELD_ROW + index for index, field in enumerate(layout.fields)}
    by_cell: dict[str, list[str]] = {}
    listed = []
    for fault, place in placed:
        address = "" if place is None else _find_address(layout, place, columns, field_rows)
        if address:
            by_cell.setdefault(address, []).append(str(fault["detail"]))
        listed.append(
            {
                "sheet": ENTRY_SHEET,
                "cell": address,
                "sent_cell": str(fault.get("cell", "–")),
                "code": str(fault["code"]),
                "detail": str(fault["detail"]),
            }
        )
    cells = {cell.key: cell for cell in (*layout.fields, *layout.columns)}
    return {
        "rows": [
            {key: _print_value(cells[key], value) for key, value in row["values"].items() if key in columns}
            for row in form["rows"]
        ],
        "header": {key: _print_value(cells[key], value) for key, (value, _) in form["header"].items()},
        "faults": by_cell,
        "listed": listed,
        "answer": answer,
    }


def _find_address(
    layout: RegisterLayout, place: CellPlace, columns: Mapping[str, int], field_rows: Mapping[str, int]
) -> str:
    if place.row == HEADER_PLACE:
        return name_cell(field_rows[place.key], FIELD_VALUE_COLUMN)
    return name_cell(layout.first_row + place.row, columns.get(place.key, 0))


def _print_value(cell: RegisterCell, value: Any) -> Any:
    """Return a value as the form shows it."""
    if isinstance(value, bool):
        return NIL_MARK if value else NO_WORD
    if cell.kind in CHOICE_KINDS:
        for code, word in cell.choices:
            if str(value).casefold() == code.casefold():
                return print_choice(cell, code, word)
    return value
