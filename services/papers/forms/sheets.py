"""The sheets of a file that was sent, cell by cell, and what the values alone do not show. Part of a job: calamine and lxml are imported in its process only."""

import csv
import posixpath
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from services.papers.forms.guards import FileRefusedError, check_file
from services.papers.forms.layout import ENTRY_SHEET, META_SHEET, name_cell
from services.papers.forms.numbers import MARKS, read_number
from shared.kit.exact_json import to_number

MAX_ROWS, MAX_COLUMNS = 20_000, 1_000
"""More than any form has: a sheet that is larger is refused before it is gone through."""

MAX_TEXT = 2_000
CONTROL_CHARACTERS = frozenset(chr(code) for code in range(32)) - {"\t", "\n", "\r", "\f"}
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
PERCENT_FORMATS = frozenset({9, 10})
"""The built-in number formats of percentages: 0% and 0.00%."""

Cells = list[list[Any]]


@dataclass(frozen=True)
class EntryMarks:
    """What the cells of the sheet of entry have beside their values."""

    percent: frozenset[str] = frozenset()
    """Addresses of cells that show their number as a percentage."""
    uncalculated: frozenset[str] = frozenset()
    """Addresses of formulas without a result."""
    hidden_rows: frozenset[int] = frozenset()
    """Rows that are hidden, counted from 1."""


@dataclass(frozen=True)
class SentFile:
    """The sheets of a file."""

    kind: str
    sheets: dict[str, Cells]
    merged: list[str]
    """The first cell of each merged range of the sheet of entry."""
    marks: EntryMarks
    meta: dict[str, str] = field(default_factory=dict)
    """What the hidden sheet says of the form."""

    @property
    def locale(self) -> str:
        """Return the language in which texts of numbers are read."""
        locale = self.meta.get("locale", "vi")
        return locale if locale in MARKS else "vi"


def read_file(content: bytes, *, declared_workbook: bool = False) -> SentFile:
    """Return the sheets of a file; raises `FileRefusedError`. `declared_workbook`: it was sent as an Excel file."""
    kind = check_file(content)
    if kind == "docx":
        raise FileRefusedError("file_kind_unknown")
    if kind == "csv":
        if declared_workbook:
            raise FileRefusedError("file_is_no_workbook")
        return SentFile(kind, {ENTRY_SHEET: _read_csv(content)}, [], EntryMarks())
    sheets, merged = _read_workbook(content)
    meta = {
        str(row[0]): str(row[1])
        for row in sheets.get(META_SHEET, ())
        if len(row) > 1 and row[0] not in {"", None}
    }
    marks = _read_marks(content) if kind == "xlsx" else EntryMarks()
    return SentFile(kind, sheets, merged, marks, meta)


def _read_workbook(content: bytes) -> tuple[dict[str, Cells], list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 (only where a workbook is read)

    merged: list[str] = []
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        sheets: dict[str, Cells] = {}
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
                raise FileRefusedError("sheet_too_large")
            sheets[name] = sheet.to_python(skip_empty_area=False)
            if name == ENTRY_SHEET:
                merged = [name_cell(*start, name) for start, _ in sheet.merged_cell_ranges or ()]
    except CalamineError as error:
        raise FileRefusedError("file_unreadable") from error
    return sheets, merged


def _read_csv(content: bytes) -> Cells:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileRefusedError("file_not_utf8") from error
    if not CONTROL_CHARACTERS.isdisjoint(text):
        raise FileRefusedError("file_kind_unknown")
    head = text[:4096]
    separator = max(";,\t", key=head.count)
    try:
        cells = [list(row) for row in csv.reader(StringIO(text), delimiter=separator)]
    except csv.Error as error:
        raise FileRefusedError("file_unreadable") from error
    if len(cells) > MAX_ROWS or max(map(len, cells), default=0) > MAX_COLUMNS:
        raise FileRefusedError("sheet_too_large")
    return cells


def _read_marks(content: bytes) -> EntryMarks:
    """Return what the sheet of entry shows beside its values: one pass over its XML."""
    from lxml import etree  # noqa: PLC0415 (only where a workbook is read)

    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            path = _find_entry_part(package)
            if path is None:
                return EntryMarks()
            percent_styles = _find_percent_styles(package)
            percent, uncalculated, hidden = set(), set(), set()
            with package.open(path) as stream:
                for _, row in etree.iterparse(
                    stream, tag=f"{MAIN}row", resolve_entities=False, no_network=True, huge_tree=False
                ):
                    if row.get("hidden") in {"1", "true"} and row.get("r", "").isdigit():
                        hidden.add(int(row.get("r")))
                    for cell in row.iterchildren(f"{MAIN}c"):
                        address = cell.get("r", "")
                        if cell.get("s") in percent_styles:
                            percent.add(address)
                        if cell.find(f"{MAIN}f") is not None and not cell.findtext(f"{MAIN}v"):
                            uncalculated.add(address)
                    row.clear()
    except (etree.XMLSyntaxError, KeyError) as error:
        raise FileRefusedError("file_unreadable") from error
    return EntryMarks(frozenset(percent), frozenset(uncalculated), frozenset(hidden))


def _parse(package: zipfile.ZipFile, path: str) -> Any:
    from lxml import etree  # noqa: PLC0415 (only where a workbook is read)

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(package.read(path), parser)


def _find_entry_part(package: zipfile.ZipFile) -> str | None:
    """Return the path of the XML of the sheet of entry; None where the workbook has none of this name."""
    workbook = _parse(package, "xl/workbook.xml")
    for sheet in workbook.iter(f"{MAIN}sheet"):
        if sheet.get("name") == ENTRY_SHEET:
            for relation in _parse(package, "xl/_rels/workbook.xml.rels"):
                if relation.get("Id") == sheet.get(RELATION_ID):
                    target = relation.get("Target", "")
                    return target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
    return None


def _find_percent_styles(package: zipfile.ZipFile) -> frozenset[str]:
    """Return the numbers of the cell styles that show a percentage."""
    if "xl/styles.xml" not in package.namelist():
        return frozenset()
    styles = _parse(package, "xl/styles.xml")
    formats = {
        int(row.get("numFmtId"))
        for row in styles.iter(f"{MAIN}numFmt")
        if "%" in row.get("formatCode", "") and row.get("numFmtId", "").isdigit()
    } | PERCENT_FORMATS
    cell_styles = styles.find(f"{MAIN}cellXfs")
    return frozenset(
        str(index)
        for index, style in enumerate(() if cell_styles is None else cell_styles)
        if style.get("numFmtId", "").isdigit() and int(style.get("numFmtId")) in formats
    )


def to_text(value: Any) -> str:
    """Return a cell as a text without blanks around it; empty for an empty cell."""
    return "" if value is None else str(value).strip()


def to_code(value: Any) -> str:
    """Return a code; Excel may have made a number of it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return to_text(value)[:100]


def to_json(value: Any) -> Any:
    """Return a cell as JSON; a day as a text."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.date().isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bool | int):
        return value
    return str(value).strip()[:MAX_TEXT]


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """What a cell of a number states: a number, or a text that is none."""

    value: Any
    text: str | None = None
    """The text that was read as the number, where it was one."""
    percent: bool = False
    """Whether the cell shows a percentage; `value` is then the number before the sign."""


def read_stated_number(value: Any, locale: str, *, percent: bool) -> StatedNumber:
    """Return what a cell of a number states; `percent`: it shows its number as a percentage."""
    if isinstance(value, str):
        text = value.strip()[:MAX_TEXT]
        signed = text.endswith("%")
        number = read_number(text.removesuffix("%"), locale)
        if number is None:
            return StatedNumber(text)
        return StatedNumber(to_number(number), text, signed)
    if percent and isinstance(value, int | float) and not isinstance(value, bool):
        shown = to_number(Decimal(repr(value)) * 100)
        return StatedNumber(shown, f"{shown}%".replace(".", ","), percent=True)
    return StatedNumber(to_json(value))
