"""Write a filled document as a workbook: its text, its figures with their sources, its printed sums. A job."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

FIXED_INSTANT = datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)
FONT = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
SOURCE_COLUMNS = (
    ("Số in", 14), ("Số liệu", 48), ("Giá trị đầy đủ", 20), ("Đơn vị tính", 14), ("Mức độ", 12), ("Chỗ điền", 52), ("Nguồn", 90),
)  # fmt: skip


def write_xlsx(filled: Any, _: bytes) -> tuple[Any, bytes]:
    """Return the workbook of a filled document."""
    output = BytesIO()
    workbook = Workbook(output, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties({"title": " ".join(filled["heading"]["title"]), "created": FIXED_INSTANT})
    _write_text(workbook, filled)
    _write_sources(workbook, filled)
    _write_checks(workbook, filled)
    workbook.close()
    return {}, output.getvalue()


def _write_text(workbook: Workbook, filled: Any) -> None:
    sheet = workbook.add_worksheet("Văn bản")
    text = workbook.add_format({**FONT, "text_wrap": True, "align": "justify"})
    bold = workbook.add_format({**FONT, "text_wrap": True, "bold": True})
    cell = workbook.add_format({**FONT, "text_wrap": True, "border": 1})
    head = workbook.add_format({**FONT, "text_wrap": True, "border": 1, "bold": True, "bg_color": "#DDE7F0"})
    title = workbook.add_format({**FONT, "bold": True, "font_size": 14, "align": "center", "text_wrap": True})
    sheet.set_column(0, 0, 110)
    sheet.set_column(1, 12, 18)
    row = 0
    for line in (filled["heading"]["kind"], *filled["heading"]["title"]):
        sheet.write_string(row, 0, line, title)
        row += 1
    for paragraph in filled["paragraphs"]:
        words = "".join(run.get("text", f"({run.get('note')})") for run in paragraph["runs"])
        if words:
            sheet.write_string(row, 0, words, text if paragraph["style"] == "paragraph" else bold)
            row += 1
        for cells in (
            [[{"text": label}] for label in paragraph.get("columns", ())],
            *paragraph.get("rows", ()),
        ):
            for column, runs in enumerate(cells):
                style = head if cells and cells[0] == [{"text": paragraph.get("columns", [""])[0]}] else cell
                sheet.write_string(row, column, "".join(run.get("text", "") for run in runs), style)
            row += bool(cells)
    for note in filled["notes"]:
        words = "".join(run.get("text", "") for run in note["runs"])
        sheet.write_string(row, 0, f"({note['mark']}) {words}", text)
        row += 1
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write_sources(workbook: Workbook, filled: Any) -> None:
    sheet = workbook.add_worksheet("Nguồn")
    head = workbook.add_format({**FONT, "bold": True, "bg_color": "#DDE7F0", "border": 1})
    cell = workbook.add_format({**FONT, "border": 1, "text_wrap": True})
    number = workbook.add_format({**FONT, "border": 1, "num_format": "#,##0.######"})
    link = workbook.add_format({**FONT, "border": 1, "font_color": "#0B57D0", "underline": 1})
    for column, (label, width) in enumerate(SOURCE_COLUMNS):
        sheet.write_string(0, column, label, head)
        sheet.set_column(column, column, width)
    for row, figure in enumerate(filled["figures"], start=1):
        sheet.write_string(row, 0, figure["text"], cell)
        sheet.write_string(row, 1, figure["label"], cell)
        if figure["value"] is None:
            sheet.write_string(row, 2, "–", cell)
        elif isinstance(figure["value"], Decimal):  # Excel keeps fifteen digits
            sheet.write_string(row, 2, str(figure["value"]), cell)
        else:
            sheet.write_number(row, 2, figure["value"], number)
        for column, name in ((3, "unit_of_measure"), (4, "status"), (5, "slot")):
            sheet.write_string(row, column, figure[name] or "–", cell)
        if figure["lineage"]:
            address = filled.get("origin", "") + figure["lineage"]
            if address.startswith("http") and len(address) <= 2000:  # noqa: PLR2004 (Excel takes 2,079)
                sheet.write_url(row, 6, address, link, address[:250])
            else:
                sheet.write_string(row, 6, address[:32000], cell)
        else:
            sheet.write_string(row, 6, "–", cell)
    sheet.freeze_panes(1, 2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write_checks(workbook: Workbook, filled: Any) -> None:
    sheet = workbook.add_worksheet("Đối chiếu")
    head = workbook.add_format({**FONT, "bold": True, "bg_color": "#DDE7F0", "border": 1})
    cell = workbook.add_format({**FONT, "border": 1, "text_wrap": True})
    for column, (label, width) in enumerate(
        (("Tổng", 40), ("Số tổng in", 18), ("Cộng các số in", 18), ("Kết quả", 90))
    ):
        sheet.write_string(0, column, label, head)
        sheet.set_column(column, column, width)
    for row, check in enumerate(filled["checks"], start=1):
        sheet.write_string(row, 0, check["label"], cell)
        sheet.write_string(row, 1, check["printed_total"], cell)
        sheet.write_string(row, 2, check["printed_sum"], cell)
        sheet.write_string(row, 3, check["note"] or "khớp", cell)
