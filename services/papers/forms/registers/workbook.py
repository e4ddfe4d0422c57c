"""Write the workbook of a register: blank, or with the rows that were sent and their faults. A job: XlsxWriter is imported in its process only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.papers.forms.faults_sheet import write_fault_sheet
from services.papers.forms.layout import ENTRY_SHEET, META_SHEET, NIL_MARK, name_cell, name_column
from services.papers.forms.registers.definitions import CHOICE_KINDS, RegisterCell
from services.papers.forms.registers.layout import (
    BLANK_ROWS,
    CHOICE_SHEET,
    EXISTING_SHEET,
    FIELD_VALUE_COLUMN,
    FIRST_FIELD_ROW,
    RegisterLayout,
    print_choice,
)
from services.papers.forms.validation import MAX_MESSAGE, MAX_TITLE, cut
from services.papers.forms.workbook import A4, FILLS, FONT, MADE_ON

NUMBER_FORMATS = {
    "integer": "#,##0", "number": "#,##0.##", "date": "dd/mm/yyyy", "text": "@", "unit": "@", "choice": "@",
    "choice_number": "@", "mark": "@",
}  # fmt: skip
YEAR_FORMAT = "0"
VALIDATED_ROWS = 1_000
PRINTED_BLANK_ROWS = 20
LONG_LABEL_WIDTH = 24


@dataclass(frozen=True)
class SentRegister:
    """What was sent, and what is wrong with it, by address on the layout."""

    rows: Sequence[Mapping[str, Any]] = ()
    header: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    listed: Sequence[Mapping[str, str]] = ()
    answer: str = ""


def write_register(argument: Any, _: bytes) -> tuple[Any, bytes]:
    """Return the workbook of a register; `argument` has the layout, and what was sent or null."""
    layout = RegisterLayout.from_document(argument["layout"])
    sent = SentRegister(**argument["sent"]) if argument.get("sent") else None
    output = BytesIO()
    workbook = Workbook(output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties(
        {
            "title": f"{layout.label} – {layout.unit_name} – {layout.period}",
            "created": MADE_ON,
            "comments": f"{layout.program}/{layout.form}",
        }
    )
    RegisterWriter(workbook, layout, sent).write()
    workbook.close()
    return {}, output.getvalue()


class RegisterWriter:
    """Writes the sheets of the form of one register."""

    def __init__(self, workbook: Workbook, layout: RegisterLayout, sent: SentRegister | None) -> None:
        self._workbook = workbook
        self._layout = layout
        self._is_answer = sent is not None
        self._sent = sent or SentRegister(
            rows=[{"unit": code, "unit_name": name} for code, name in layout.prefilled]
        )
        self._formats: dict[str, Format] = {}
        self._ranges: dict[str, str] = {}

    def write(self) -> None:
        """Write all sheets."""
        entry = self._workbook.add_worksheet(ENTRY_SHEET)
        if self._is_answer:
            write_fault_sheet(self._workbook, self._sent.listed, self._sent.answer)
        self._write_choices(self._workbook.add_worksheet(CHOICE_SHEET))
        self._write_existing(self._workbook.add_worksheet(EXISTING_SHEET))
        meta = self._workbook.add_worksheet(META_SHEET)
        for row, (name, value) in enumerate(self._layout.to_meta().items()):
            meta.write_string(row, 0, name)
            meta.write_string(row, 1, value)
        meta.very_hidden()
        self._write_titles(entry)
        self._write_fields(entry)
        self._write_column_heads(entry)
        self._write_rows(entry)
        self._write_totals(entry)
        self._set_page(entry)
        entry.activate()

    def _format(self, name: str, **properties: Any) -> Format:
        if name not in self._formats:
            self._formats[name] = self._workbook.add_format({**FONT, "valign": "vcenter", **properties})
        return self._formats[name]

    def _format_value(self, cell: RegisterCell, state: str, **properties: Any) -> Format:
        number_format = YEAR_FORMAT if cell.member.endswith("year") else NUMBER_FORMATS[cell.kind]
        return self._format(
            f"{state} {number_format} {properties}", border=1, bg_color=FILLS[state], num_format=number_format,
            locked=False, **properties,
        )  # fmt: skip

    def _write_titles(self, sheet: Worksheet) -> None:
        layout = self._layout
        sheet.write_string(0, 0, layout.label, self._format("title", bold=True, font_size=14))
        sheet.write_string(
            1,
            0,
            f"{layout.unit_name} – kỳ {layout.period}",
            self._format("subtitle", bold=True, font_size=12),
        )
        guide = (
            f"Mỗi hàng là một bản ghi; thêm hàng ở dưới được. Không xóa hàng mã chữ nhỏ. Mã đơn vị và mã khác ở trang {CHOICE_SHEET}; "
            f"những gì đã có ở trang {EXISTING_SHEET}. Gửi hai lần không gây trùng."
        )
        sheet.write_string(2, 0, guide, self._format("guide", italic=True, font_color="#555555"))

    def _write_fields(self, sheet: Worksheet) -> None:
        for index, cell in enumerate(self._layout.fields):
            row = FIRST_FIELD_ROW + index
            sheet.write_string(row, 0, cell.label, self._format("field"))
            address = name_cell(row, FIELD_VALUE_COLUMN)
            value = self._sent.header.get(cell.key, "" if self._is_answer else cell.default)
            self._write_value(sheet, row, FIELD_VALUE_COLUMN, cell, value)
            self._validate(sheet, f"{address}:{address}", cell)

    def _write_column_heads(self, sheet: Worksheet) -> None:
        head = self._format(
            "head", bold=True, bg_color=FILLS["head"], border=1, text_wrap=True, align="center", font_size=10
        )
        code = self._format("code", font_size=7, font_color="#777777", border=1, align="center")
        for index, column in enumerate(self._layout.columns):
            open_column = self._format(
                f"open {NUMBER_FORMATS[column.kind]}", num_format=NUMBER_FORMATS[column.kind], locked=False
            )
            sheet.set_column(index, index, column.width, open_column)
            sheet.write_string(
                self._layout.label_row, index, f"{column.label}{' *' if column.required else ''}", head
            )
            sheet.write_string(self._layout.code_row, index, column.key, code)
        sheet.set_row(self._layout.label_row, 48)

    def _write_rows(self, sheet: Worksheet) -> None:
        layout = self._layout
        count = max(len(self._sent.rows), 0 if layout.prefilled else BLANK_ROWS)
        for offset in range(count):
            values = self._sent.rows[offset] if offset < len(self._sent.rows) else {}
            for index, column in enumerate(layout.columns):
                self._write_value(sheet, layout.first_row + offset, index, column, values.get(column.key, ""))
        last = layout.first_row + max(count, VALIDATED_ROWS)
        for index, column in enumerate(layout.columns):
            letters = name_column(index)
            self._validate(sheet, f"{letters}{layout.first_row + 1}:{letters}{last}", column)

    def _write_value(self, sheet: Worksheet, row: int, column: int, cell: RegisterCell, value: Any) -> None:
        address = name_cell(row, column)
        faults = self._sent.faults.get(address, ())
        cell_format = self._format_value(cell, "fault" if faults else "open")
        if value in {"", None}:
            sheet.write_blank(row, column, None, cell_format)
        elif cell.kind == "date" and (day := _to_day(value)) is not None:
            sheet.write_datetime(row, column, day, cell_format)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            sheet.write_number(row, column, value, cell_format)
        elif cell.kind == "integer" and str(value).isdigit():
            sheet.write_number(row, column, int(value), cell_format)
        else:
            sheet.write_string(row, column, str(value), cell_format)
        if faults:
            sheet.write_comment(address, "\n".join(faults), {"x_scale": 2.2, "y_scale": 1.2, "author": ""})

    def _validate(self, sheet: Worksheet, cells: str, cell: RegisterCell) -> None:
        """Show what a cell means when it is selected; offer its choices, and warn of others."""
        message = {
            "input_title": cut(cell.label, MAX_TITLE),
            "input_message": cut(cell.definition, MAX_MESSAGE),
            "ignore_blank": True,
            "error_type": "warning",
            "error_title": "Chưa đúng",
        }
        first = cells.partition(":")[0]
        if cell.kind in CHOICE_KINDS and cell.key in self._ranges:
            sheet.data_validation(cells, {"validate": "list", "source": self._ranges[cell.key], **message})
        elif cell.kind == "integer":
            sheet.data_validation(
                cells,
                {
                    "validate": "integer",
                    "criteria": ">=",
                    "value": 0,
                    **message,
                    "error_message": "Cần số nguyên.",
                },
            )
        elif cell.kind == "date":
            sheet.data_validation(
                cells,
                {
                    "validate": "date",
                    "criteria": ">=",
                    "value": date(1900, 1, 1),
                    **message,
                    "error_message": "Cần ngày, như 19/02/2024.",
                },
            )
        elif cell.kind == "mark":
            sheet.data_validation(cells, {"validate": "list", "source": [NIL_MARK, "không"], **message})
        elif cell.definition:
            sheet.data_validation(cells, {"validate": "custom", "value": f'={first}<>""', **message})

    def _write_choices(self, sheet: Worksheet) -> None:
        """List units and choices, a column each, which the lists of cells refer to."""
        head = self._format("list_head", bold=True, bg_color=FILLS["head"], border=1)
        text = self._format("list", border=1)
        for column, (label, width) in enumerate((("Mã đơn vị", 12), ("Đơn vị", 30), ("Cấp", 12))):
            sheet.write_string(0, column, label, head)
            sheet.set_column(column, column, width)
        for row, unit in enumerate(self._layout.units, start=1):
            for column, value in enumerate(unit):
                sheet.write_string(row, column, value, text)
        place = 4
        for cell in (*self._layout.fields, *self._layout.columns):
            if not cell.choices:
                continue
            sheet.write_string(0, place, cell.label, head)
            sheet.set_column(place, place, LONG_LABEL_WIDTH if not cell.source else 2 * LONG_LABEL_WIDTH)
            for row, (code, word) in enumerate(cell.choices, start=1):
                sheet.write_string(row, place, print_choice(cell, code, word), text)
            letters = name_column(place)
            self._ranges[cell.key] = f"='{CHOICE_SHEET}'!${letters}$2:${letters}${len(cell.choices) + 1}"
            place += 1
        sheet.freeze_panes(1, 0)

    def _write_existing(self, sheet: Worksheet) -> None:
        head = self._format("list_head", bold=True, bg_color=FILLS["head"], border=1)
        text = self._format("list", border=1)
        number = self._format("list_number", border=1, num_format="#,##0.##")
        for column, label in enumerate(self._layout.existing_columns):
            sheet.write_string(0, column, label, head)
            sheet.set_column(column, column, 20)
        for row, values in enumerate(self._layout.existing, start=1):
            for column, value in enumerate(values):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    sheet.write_number(row, column, value, number)
                else:
                    sheet.write_string(row, column, "" if value is None else str(value), text)
        if not self._layout.existing:
            sheet.write_string(1, 0, "Chưa có.", text)
        sheet.freeze_panes(1, 0)

    def _write_totals(self, sheet: Worksheet) -> None:
        """Sum columns of money above the table, so that a clerk can compare with the list of the treasury."""
        layout = self._layout
        bold = self._format("total", bold=True, border=1, bg_color=FILLS["head"], num_format="#,##0")
        for index, column in enumerate(layout.columns):
            if column.total:
                letters = name_column(index)
                values = [row.get(column.key) for row in self._sent.rows]
                total = sum(value for value in values if isinstance(value, int | float))
                cells = f"{letters}{layout.first_row + 1}:{letters}{layout.first_row + 20_000}"
                sheet.write_string(layout.total_row, index - 1, "Cộng", bold)
                sheet.write_formula(layout.total_row, index, f"=SUM({cells})", bold, total)

    def _set_page(self, sheet: Worksheet) -> None:
        sheet.freeze_panes(self._layout.first_row, 0)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        last = self._layout.first_row + max(len(self._sent.rows), PRINTED_BLANK_ROWS) - 1
        sheet.print_area(0, 0, last, len(self._layout.columns) - 1)
        sheet.repeat_rows(self._layout.label_row, self._layout.code_row)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
        sheet.set_footer(f"&L{self._layout.unit_name} – {self._layout.period}&R&P/&N")
        sheet.protect(
            "",
            {
                "format_columns": True, "format_rows": True, "select_locked_cells": True, "insert_rows": True,
                "delete_rows": True, "sort": True, "autofilter": True,
            },
        )  # fmt: skip


def _to_day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
