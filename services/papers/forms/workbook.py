"""Write the workbook of a form: blank, or with what was sent and its faults. A job: XlsxWriter is imported in its process only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.papers.forms.faults_sheet import write_fault_sheet
from services.papers.forms.guide_sheet import write_guide_sheet
from services.papers.forms.layout import (
    CODE_ROW,
    ENTRY_SHEET,
    FIRST_HEADER_ROW,
    FIRST_REASON_ROW,
    FIRST_UNIT_ROW,
    FIRST_VALUE_COLUMN,
    HEADER_FIELDS,
    HEADER_VALUE_COLUMN,
    LABEL_ROW,
    META_SHEET,
    NAME_CODE,
    NIL_MARK,
    REASON_SHEET,
    STATUS_WORDS,
    UNIT_CODE,
    FormColumn,
    FormLayout,
    FormRow,
    name_cell,
    name_column,
)
from services.papers.forms.validation import make_check_formula, make_validation

MADE_ON = datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Written as the instant of creation, so that equal content gives equal bytes."""

A4 = 9
REASON_ROWS = 100
FONT = {"font_name": "Times New Roman", "font_size": 11}
FILLS = {"open": "#FFF9DB", "closed": "#EDEDED", "head": "#DDE7F0", "fault": "#F8B4B4"}
MEASURES = {
    "households": "hộ", "persons": "người", "communes": "xã", "villages": "thôn", "percent": "%", "workers": "người",
    "products": "sản phẩm", "criteria": "tiêu chí", "projects": "dự án", "hectares": "ha", "years": "năm",
}  # fmt: skip
"""How a unit of measure is printed; others as the catalogue names them."""


@dataclass(frozen=True)
class SentForm:
    """What was sent, and what is wrong with it, by address on the layout of the form."""

    values: Mapping[str, Any]
    faults: Mapping[str, Sequence[str]]
    """The sentences of the faults of each cell."""
    header: Mapping[str, Any]
    listed: Sequence[Mapping[str, str]]
    """Each fault in the order of the answer: sheet, cell, sent_cell, code, detail."""
    reasons: Sequence[Sequence[str]]
    answer: str
    """What the program answered, in one sentence."""


def write_form(argument: Any, _: bytes) -> tuple[Any, bytes]:
    """Return the workbook of a layout; `argument` has the layout, and what was sent or null."""
    layout = FormLayout.from_document(argument["layout"])
    sent = SentForm(**argument["sent"]) if argument.get("sent") else None
    output = BytesIO()
    workbook = Workbook(output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties(
        {
            "title": f"{layout.label} – {layout.unit_name} – {layout.period}",
            "created": MADE_ON,
            "comments": f"{layout.program}/{layout.form}",
        }
    )
    FormWriter(workbook, layout, sent).write()
    workbook.close()
    return {}, output.getvalue()


class FormWriter:
    """Writes the sheets of one form."""

    def __init__(self, workbook: Workbook, layout: FormLayout, sent: SentForm | None) -> None:
        self._workbook = workbook
        self._layout = layout
        self._sent = sent
        self._formats: dict[str, Format] = {}

    def write(self) -> None:
        """Write all sheets."""
        entry = self._workbook.add_worksheet(ENTRY_SHEET)
        if self._sent is not None:
            write_fault_sheet(self._workbook, self._sent.listed, self._sent.answer)
        self._write_reasons(self._workbook.add_worksheet(REASON_SHEET))
        write_guide_sheet(self._workbook, self._layout)
        self._write_meta(self._workbook.add_worksheet(META_SHEET))
        self._write_titles(entry)
        self._write_header(entry)
        self._write_column_heads(entry)
        for index, row in enumerate(self._layout.rows):
            self._write_row(entry, FIRST_UNIT_ROW + index, row)
        self._write_validations(entry)
        self._write_totals(entry)
        self._write_checks(entry)
        self._set_page(entry)
        entry.activate()

    def _format(self, name: str, **properties: Any) -> Format:
        if name not in self._formats:
            self._formats[name] = self._workbook.add_format({**FONT, "valign": "vcenter", **properties})
        return self._formats[name]

    def _write_titles(self, sheet: Worksheet) -> None:
        layout = self._layout
        sheet.write_string(0, 0, layout.label, self._format("title", bold=True, font_size=14))
        sheet.write_string(
            1,
            0,
            f"{layout.unit_name} – kỳ {layout.period}",
            self._format("subtitle", bold=True, font_size=12),
        )
        guide = f"Chỉ nhập ô vàng. Để trống: chưa có số liệu; 0: bằng không; {NIL_MARK}: không phát sinh."
        if layout.before:
            guide += f" Số năm trước ({layout.period_before}) hiện khi chọn ô."
        sheet.write_string(2, 0, guide, self._format("guide", italic=True, font_color="#555555"))

    def _write_header(self, sheet: Worksheet) -> None:
        open_format = self._format(
            "header_value", bg_color=FILLS["open"], border=1, locked=False, num_format="@"
        )
        fault_format = self._format(
            "header_fault", bg_color=FILLS["fault"], border=1, locked=False, num_format="@", bold=True
        )
        for index, (name, (label, _)) in enumerate(HEADER_FIELDS.items()):
            row = FIRST_HEADER_ROW + index
            sheet.write_string(row, 0, label, self._format("header_label"))
            default = STATUS_WORDS[self._layout.status] if name == "status" else ""
            value = default if self._sent is None else self._sent.header.get(name, default)
            address = name_cell(row, HEADER_VALUE_COLUMN)
            faults = self._sent.faults.get(address, ()) if self._sent else ()
            sheet.write(row, HEADER_VALUE_COLUMN, value, fault_format if faults else open_format)
            self._comment(sheet, address, faults)
        status_row = FIRST_HEADER_ROW + list(HEADER_FIELDS).index("status")
        sheet.data_validation(
            status_row, HEADER_VALUE_COLUMN, status_row, HEADER_VALUE_COLUMN,
            {"validate": "list", "source": list(STATUS_WORDS.values())},
        )  # fmt: skip

    def _write_column_heads(self, sheet: Worksheet) -> None:
        head = self._format(
            "head", bold=True, bg_color=FILLS["head"], border=1, text_wrap=True, align="center", font_size=10
        )
        code = self._format("code", font_size=7, font_color="#777777", border=1, align="center")
        for place, (label, name) in enumerate((("Mã", UNIT_CODE), ("Đơn vị", NAME_CODE))):
            sheet.write_string(LABEL_ROW, place, label, head)
            sheet.write_string(CODE_ROW, place, name, code)
        for index, column in enumerate(self._layout.columns):
            measure = MEASURES.get(column.unit_of_measure, column.unit_of_measure)
            place = FIRST_VALUE_COLUMN + index
            sheet.write_string(LABEL_ROW, place, f"{column.label}\n({measure})", head)
            sheet.write_string(CODE_ROW, place, column.key, code)
        sheet.set_row(LABEL_ROW, 78)
        sheet.set_column(0, 0, 8)
        sheet.set_column(1, 1, 24)
        sheet.set_column(FIRST_VALUE_COLUMN, FIRST_VALUE_COLUMN + len(self._layout.columns) - 1, 13)

    def _write_row(self, sheet: Worksheet, index: int, row: FormRow) -> None:
        name = self._format("unit", border=1, bg_color=FILLS["head"], bold=row.level == "district")
        sheet.write_string(index, 0, row.unit, name)
        sheet.write_string(index, 1, row.name, name)
        for offset, column in enumerate(self._layout.columns):
            self._write_cell(sheet, index, FIRST_VALUE_COLUMN + offset, row, column)

    def _write_cell(
        self, sheet: Worksheet, row_index: int, column_index: int, row: FormRow, column: FormColumn
    ) -> None:
        address = name_cell(row_index, column_index)
        value = self._sent.values.get(address) if self._sent else None
        faults = self._sent.faults.get(address, ()) if self._sent else ()
        number_format = "#,##0" + ("." + "0" * column.decimals if column.decimals else "")
        state = "fault" if faults else ("open" if self._layout.is_open(row, column) else "closed")
        cell_format = self._format(
            f"{state} {number_format}", border=1, bg_color=FILLS[state], num_format=number_format,
            locked=state == "closed", align="right",
        )  # fmt: skip
        if value is None:
            sheet.write_blank(row_index, column_index, None, cell_format)
        else:
            sheet.write(row_index, column_index, value, cell_format)
        self._comment(sheet, address, faults)

    def _write_validations(self, sheet: Worksheet) -> None:
        """Add the validations: one for all cells of a column that show the same message, since each takes time to write."""
        for offset, column in enumerate(self._layout.columns):
            place = FIRST_VALUE_COLUMN + offset
            alike: dict[str | None, list[int]] = {}
            for index, row in enumerate(self._layout.rows):
                if self._layout.is_open(row, column):
                    before = self._layout.before.get(row.unit, {}).get(column.key)
                    alike.setdefault(before, []).append(FIRST_UNIT_ROW + index)
            for before, (first, *others) in alike.items():
                validation = make_validation(self._layout, column, name_cell(first, place), before)
                if others:
                    validation["other_cells"] = [[other, place, other, place] for other in others]
                sheet.data_validation(first, place, first, place, validation)

    def _comment(self, sheet: Worksheet, address: str, faults: Sequence[str]) -> None:
        if faults:
            sheet.write_comment(address, "\n".join(faults), {"x_scale": 2.2, "y_scale": 1.2, "author": ""})

    def _write_totals(self, sheet: Worksheet) -> None:
        row = self._layout.total_row
        total = self._format("total", bold=True, border=1, bg_color=FILLS["head"], num_format="#,##0.######")
        sheet.write_blank(row, 0, None, total)
        sheet.write_string(row, 1, "Cộng", total)
        for offset, column in enumerate(self._layout.columns):
            place = FIRST_VALUE_COLUMN + offset
            if not column.adds:
                sheet.write_blank(row, place, None, total)
                continue
            letters = name_column(place)
            cells = f"{letters}{FIRST_UNIT_ROW + 1}:{letters}{row}"
            values = [
                value
                for index in range(len(self._layout.rows))
                if isinstance(
                    value := (self._sent.values if self._sent else {}).get(
                        name_cell(FIRST_UNIT_ROW + index, place)
                    ),
                    int | float,
                )
            ]
            sheet.write_formula(row, place, f"=SUM({cells})", total, sum(values))

    def _write_checks(self, sheet: Worksheet) -> None:
        """Turn cells red whose row breaks an identity or a relation, and name the checks in the guide."""
        red = self._workbook.add_format({"bg_color": FILLS["fault"], "font_color": "#9C0006"})
        places = {column.key: FIRST_VALUE_COLUMN + index for index, column in enumerate(self._layout.columns)}
        last = self._layout.total_row - 1
        for check in self._layout.checks:
            formula = make_check_formula(check, places, FIRST_UNIT_ROW + 1)
            for key in (*check.left, *check.right):
                sheet.conditional_format(
                    FIRST_UNIT_ROW, places[key], last, places[key],
                    {"type": "formula", "criteria": formula, "format": red},
                )  # fmt: skip

    def _write_reasons(self, sheet: Worksheet) -> None:
        head = self._format(
            "head", bold=True, bg_color=FILLS["head"], border=1, text_wrap=True, align="center"
        )
        text = self._format(
            "reason", border=1, bg_color=FILLS["open"], locked=False, num_format="@", text_wrap=True
        )
        sheet.write_string(
            0, 0, "Lý do khi số đầu kỳ khác số cuối kỳ trước, hoặc khác biểu khác; không ghi tên người.",
            self._format("guide", italic=True, font_color="#555555"),
        )  # fmt: skip
        for column, label in enumerate(("Mã đơn vị", "Mã chỉ tiêu", "Lý do")):
            sheet.write_string(FIRST_REASON_ROW - 1, column, label, head)
        sent = self._sent.reasons if self._sent else ()
        for index in range(REASON_ROWS):
            cells = sent[index] if index < len(sent) else ("", "", "")
            for column, value in enumerate(cells):
                sheet.write(FIRST_REASON_ROW + index, column, value, text)
        sheet.set_column(0, 1, 22)
        sheet.set_column(2, 2, 70)
        sheet.protect()

    def _write_meta(self, sheet: Worksheet) -> None:
        for row, (name, value) in enumerate(self._layout.to_meta().items()):
            sheet.write_string(row, 0, name)
            sheet.write_string(row, 1, value)
        sheet.very_hidden()

    def _set_page(self, sheet: Worksheet) -> None:
        sheet.freeze_panes(FIRST_UNIT_ROW, FIRST_VALUE_COLUMN)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(LABEL_ROW, CODE_ROW)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
        sheet.set_footer(f"&L{self._layout.unit_name} – {self._layout.period}&R&P/&N")
        sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
