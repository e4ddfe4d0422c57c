"""Write the sheet that lists the faults of a sent form, each with a link to its cell."""

from collections.abc import Mapping, Sequence

from xlsxwriter import Workbook

from services.papers.forms.layout import FAULT_SHEET

FONT = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
COLUMNS = (("Ô", 18), ("Ô trong tệp đã gửi", 22), ("Mã lỗi", 26), ("Nội dung", 90))


def write_fault_sheet(workbook: Workbook, faults: Sequence[Mapping[str, str]], answer: str) -> None:
    """Add the sheet."""
    sheet = workbook.add_worksheet(FAULT_SHEET)
    sheet.set_tab_color("#C00000" if faults else "#2E7D32")
    sheet.write_string(0, 0, answer, workbook.add_format({**FONT, "bold": True}))
    head = workbook.add_format({**FONT, "bold": True, "bg_color": "#DDE7F0", "border": 1})
    text = workbook.add_format({**FONT, "border": 1, "text_wrap": True})
    link = workbook.add_format({**FONT, "border": 1, "font_color": "#0B57D0", "underline": 1})
    for column, (label, width) in enumerate(COLUMNS):
        sheet.write_string(2, column, label, head)
        sheet.set_column(column, column, width)
    for row, fault in enumerate(faults, start=3):
        if fault["cell"]:
            target = f"internal:'{fault['sheet']}'!{fault['cell']}"
            sheet.write_url(row, 0, target, link, f"{fault['sheet']}!{fault['cell']}")
        else:
            sheet.write_string(row, 0, "–", text)
        for column, name in enumerate(("sent_cell", "code", "detail"), start=1):
            sheet.write_string(row, column, fault[name], text)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
