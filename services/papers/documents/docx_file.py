"""Write a filled document as Word by NĐ 30/2020/NĐ-CP; each figure is a content control tagged with its slot. A job."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from services.papers.documents.dates import write_day
from services.papers.documents.packages import fix_times

FONT = "Times New Roman"
BODY_SIZE = Pt(14)
SMALL_SIZE = Pt(11)
SMALL_STYLE = "Small"
"""The style of notes and tables: some programs show a content control in the size of its paragraph's style."""
MARGINS_MM = {"top_margin": 20, "bottom_margin": 20, "left_margin": 30, "right_margin": 15}
"""Annex I of NĐ 30/2020/NĐ-CP, II.1."""

PAGE_MM = (210, 297)
ORGAN_WIDTH_MM, MOTTO_WIDTH_MM = 60, 105
"""The motto needs 97 mm, or it wraps."""

FIXED_INSTANT = datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)
MOTTO = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
INDENT = Mm(12.7)


def write_docx(filled: Any, _: bytes) -> tuple[Any, bytes]:
    """Return the Word file of a filled document."""
    document = Document()
    _set_page(document, landscape=bool(filled["heading"].get("landscape")))
    _write_head(document, filled)
    for paragraph in filled["paragraphs"]:
        if paragraph["style"] == "table":
            _write_table(document, paragraph)
        else:
            _write_paragraph(document, paragraph)
    _write_notes(document, filled["notes"])
    _write_end(document, filled["heading"])
    properties = document.core_properties
    properties.created = properties.modified = FIXED_INSTANT
    properties.author = properties.last_modified_by = ""
    properties.title = " ".join(filled["heading"]["title"])
    properties.identifier = str(filled.get("issue") or "")
    properties.comments = f"{filled['template']} {filled['template_version'][:12]}"
    output = BytesIO()
    document.save(output)
    return {}, fix_times(output.getvalue())


def _set_page(document: WordDocument, *, landscape: bool) -> None:
    section = document.sections[0]
    width, height = (PAGE_MM[1], PAGE_MM[0]) if landscape else PAGE_MM
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(width), Mm(height)
    for name, size in MARGINS_MM.items():
        setattr(section, name, Mm(size))
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, BODY_SIZE
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    style.paragraph_format.space_after = Pt(6)
    style.paragraph_format.space_before = Pt(0)
    style.paragraph_format.line_spacing = 1.15
    small = document.styles.add_style(SMALL_STYLE, WD_STYLE_TYPE.PARAGRAPH)
    small.base_style = style
    small.font.size = SMALL_SIZE
    section.different_first_page_header_footer = True
    _add_page_number(section.header.paragraphs[0])


def _add_page_number(paragraph: Paragraph) -> None:
    """Number the pages from the second one, above the text and centred."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "2"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)  # noqa: SLF001 (python-docx has no fields)


def _write_head(document: WordDocument, filled: Mapping[str, Any]) -> None:
    heading = filled["heading"]
    table = document.add_table(rows=2, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    widths = (Mm(ORGAN_WIDTH_MM), Mm(MOTTO_WIDTH_MM))
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width
    organ, motto = table.rows[0].cells
    lines = heading["organ"]
    for index, line in enumerate(lines):
        _add_line(organ, line, bold=index == len(lines) - 1, size=Pt(13), first=index == 0)
    _add_rule(organ, 24)
    _add_line(motto, MOTTO[0], bold=True, size=Pt(12), first=True)
    _add_line(motto, MOTTO[1], bold=True, size=Pt(13))
    _add_rule(motto, 52)
    number, place = table.rows[1].cells
    _add_line(number, f"Số: {filled['number'] or '      /' + heading['symbol']}", size=Pt(13), first=True)
    _add_line(place, write_day(heading["place"], filled["date"]), italic=True, size=Pt(13), first=True)
    if filled.get("draft"):
        _add_line(number, "DỰ THẢO", bold=True, size=Pt(13))
    kind = document.add_paragraph()
    kind.alignment = WD_ALIGN_PARAGRAPH.CENTER
    kind.paragraph_format.space_before = Pt(12)
    kind.paragraph_format.space_after = Pt(0)
    _add_text(kind, heading["kind"], bold=True)
    for index, line in enumerate(heading["title"]):
        title = document.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        last = index == len(heading["title"]) - 1
        title.paragraph_format.space_after = Pt(12) if last else Pt(0)
        _add_text(title, line, bold=True)


def _add_line(
    cell: _Cell, text: str, *, size: Any, bold: bool = False, italic: bool = False, first: bool = False
) -> None:
    paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing = 1.0
    _add_text(paragraph, text, bold=bold, italic=italic, size=size)


def _add_rule(cell: _Cell, width_mm: int) -> None:
    """Draw the line below an organ or a motto: the lower border of an empty paragraph with wide margins."""
    paragraph = cell.add_paragraph()
    width = MOTTO_WIDTH_MM if width_mm > ORGAN_WIDTH_MM // 2 else ORGAN_WIDTH_MM
    side = Mm((width - 4 - width_mm) / 2)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = side
    paragraph.paragraph_format.space_after = Pt(6)
    paragraph.paragraph_format.line_spacing = Pt(3)
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)  # noqa: SLF001 (python-docx has no borders)


def _write_paragraph(document: WordDocument, filled: Mapping[str, Any]) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    paragraph.paragraph_format.first_line_indent = INDENT
    style = filled["style"]
    if style == "title":
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.first_line_indent = Mm(0)
    is_heading = style != "paragraph"
    paragraph.paragraph_format.keep_with_next = is_heading
    if is_heading and style != "title":
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    write_runs(paragraph, filled["runs"], bold=is_heading, italic=style == "heading3")


def write_runs(
    paragraph: Paragraph,
    runs: Sequence[Mapping[str, Any]],
    *,
    bold: bool = False,
    italic: bool = False,
    size: Any = None,
) -> None:
    """Add words as runs, figures as content controls, and marks of footnotes above the line."""
    for run in runs:
        if "note" in run:
            mark = paragraph.add_run(f"({run['note']})")
            mark.font.superscript = True
        elif "slot" in run:
            paragraph._p.append(make_control(run, bold=bold, italic=italic, size=size))  # noqa: SLF001 (no controls in python-docx)
        else:
            _add_text(paragraph, run["text"], bold=bold, italic=italic, size=size)


def _add_text(
    paragraph: Paragraph, text: str, *, bold: bool = False, italic: bool = False, size: Any = None
) -> None:
    run = paragraph.add_run(text)
    run.bold, run.italic = bold, italic
    if size is not None:
        run.font.size = size


def make_control(
    run: Mapping[str, Any], *, bold: bool = False, italic: bool = False, size: Any = None
) -> Any:
    """Return a content control (w:sdt) with the tag of a slot, which cannot be deleted and whose text may be edited."""
    control = OxmlElement("w:sdt")
    properties = OxmlElement("w:sdtPr")
    properties.append(_make_run_style(bold=bold, italic=italic, size=size))
    for name, value in (
        ("alias", run.get("label") or run["slot"]),
        ("tag", run["slot"]),
        ("lock", "sdtLocked"),
    ):
        element = OxmlElement(f"w:{name}")
        element.set(qn("w:val"), value[:64])
        properties.append(element)
    properties.append(OxmlElement("w:text"))
    content = OxmlElement("w:sdtContent")
    word = OxmlElement("w:r")
    word.append(_make_run_style(bold=bold, italic=italic, size=size))
    text = OxmlElement("w:t")
    text.set(qn("xml:space"), "preserve")
    text.text = run["text"]
    word.append(text)
    content.append(word)
    control.append(properties)
    control.append(content)
    return control


def _make_run_style(*, bold: bool, italic: bool, size: Any) -> Any:
    style = OxmlElement("w:rPr")
    for name, wanted in (("b", bold), ("i", italic)):
        if wanted:
            style.append(OxmlElement(f"w:{name}"))
    if size is not None:
        for name in ("sz", "szCs"):
            height = OxmlElement(f"w:{name}")
            height.set(qn("w:val"), str(int(size.pt * 2)))
            style.append(height)
    return style


def _write_table(document: WordDocument, filled: Mapping[str, Any]) -> None:
    if filled["runs"]:
        _write_paragraph(document, {**filled, "style": "heading3"})
    table = document.add_table(rows=1, cols=len(filled["columns"]))
    table.style = "Table Grid"
    for cell, label in zip(table.rows[0].cells, filled["columns"], strict=True):
        _add_line(cell, label, bold=True, size=SMALL_SIZE, first=True)
    for row in filled["rows"]:
        cells = table.add_row().cells
        for index, (cell, runs) in enumerate(zip(cells, row, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.style = SMALL_STYLE
            paragraph.paragraph_format.space_after = Pt(0)
            paragraph.paragraph_format.line_spacing = 1.0
            paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if index < 2 else WD_ALIGN_PARAGRAPH.RIGHT  # noqa: PLR2004 (number and name)
            write_runs(paragraph, runs, size=SMALL_SIZE)
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def _write_notes(document: WordDocument, notes: Sequence[Mapping[str, Any]]) -> None:
    for index, note in enumerate(notes):
        paragraph = document.add_paragraph(style=SMALL_STYLE)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.space_after = Pt(2)
        paragraph.paragraph_format.space_before = Pt(8) if index == 0 else Pt(0)
        _add_text(paragraph, f"({note['mark']}) ", size=SMALL_SIZE)
        write_runs(paragraph, note["runs"], size=SMALL_SIZE)


def _write_end(document: WordDocument, heading: Mapping[str, Any]) -> None:
    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    receivers, signer = table.rows[0].cells
    receivers.width = signer.width = Mm(82)
    paragraph = receivers.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    _add_text(paragraph, "Nơi nhận:", bold=True, italic=True, size=Pt(12))
    for line in heading["recipients"]:
        paragraph = receivers.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.paragraph_format.line_spacing = 1.0
        _add_text(paragraph, f"- {line}", size=SMALL_SIZE)
    for index, line in enumerate(heading["signer"]):
        _add_line(signer, line, bold=True, size=BODY_SIZE, first=index == 0)
