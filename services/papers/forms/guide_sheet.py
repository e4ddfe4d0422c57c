"""Write the sheet that explains a form: how to fill it, what each column means, what must hold."""

from xlsxwriter import Workbook

from services.papers.forms.layout import GUIDE_SHEET, NIL_MARK, FormLayout

FONT = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
SIGNS = {"equal": "=", "at_most": "≤", "at_least": "≥"}
RULES = (
    "Chỉ nhập vào ô vàng. Ô xám không nhập ở đơn vị đó.",
    f"Để trống: chưa có số liệu. 0: có theo dõi và bằng không. {NIL_MARK}: không phát sinh. Ba điều này khác nhau.",
    "Có thể xóa hàng, đổi thứ tự cột: cột được tìm theo mã ở hàng chữ nhỏ. Không xóa hàng mã đó.",
    "Không gộp ô. Số gõ dạng chữ như 1.234,5 được đọc theo cách viết Việt Nam và được nêu lại trong trả lời.",
    "Gửi tệp này tới /v1/papers/forms; gửi hai lần không gây trùng.",
)


def write_guide_sheet(workbook: Workbook, layout: FormLayout) -> None:
    """Add the sheet."""
    sheet = workbook.add_worksheet(GUIDE_SHEET)
    bold = workbook.add_format({**FONT, "bold": True})
    text = workbook.add_format({**FONT, "text_wrap": True})
    head = workbook.add_format({**FONT, "bold": True, "bg_color": "#DDE7F0", "border": 1})
    cell = workbook.add_format({**FONT, "border": 1, "text_wrap": True})
    row = 0
    for rule in RULES:
        sheet.merge_range(row, 0, row, 3, rule, text)
        row += 1
    sheet.merge_range(row, 0, row, 3, f"Căn cứ: {layout.legal_basis}", text)
    row += 2
    for column, label in enumerate(("Mã", "Chỉ tiêu", "Ý nghĩa", "Đơn vị tính")):
        sheet.write_string(row, column, label, head)
    for indicator in layout.columns:
        row += 1
        values = (indicator.key, indicator.label, indicator.definition, indicator.unit_of_measure)
        for column, value in enumerate(values):
            sheet.write_string(row, column, value, cell)
    if layout.checks:
        row += 2
        sheet.write_string(row, 0, "Phải đúng trong mỗi hàng (ô đỏ khi sai)", bold)
        for check in layout.checks:
            row += 1
            right = " + ".join(check.right)
            factor = "" if check.factor == "1" else f"{check.factor} × "
            statement = f"{check.label}: {' + '.join(check.left)} {SIGNS[check.kind]} {factor}{right}"
            sheet.merge_range(row, 0, row, 3, statement, text)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 40)
    sheet.set_column(2, 2, 60)
    sheet.set_column(3, 3, 14)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
