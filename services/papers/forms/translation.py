"""Translate a form that was read into the body of a report, and pointers of faults into cells. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.papers.forms.layout import (
    ENTRY_SHEET,
    HEADER_FIELDS,
    LAYOUT_VERSION,
    STATUS_WORDS,
    FormLayout,
)
from shared.kit.problems import Fault, Invalid, Language, Sentence, make_fault

PERCENT = "percent"
"""The unit of measure of indicators that are stated in percent."""

STATUSES = {word: status for status, word in STATUS_WORDS.items()} | {name: name for name in STATUS_WORDS}

POINTERS = {name: f"/{member}" for name, (_, member) in HEADER_FIELDS.items()}
"""The pointer of each field above the table."""

FILE_REFUSALS: Mapping[str, Sentence] = {
    "file_too_large": Sentence("Tệp lớn hơn 2 MiB.", "The file is larger than 2 MiB."),
    "file_kind_unknown": Sentence(
        "Chỉ nhận tệp xlsx, xls hoặc csv của biểu.", "Only xlsx, xls or csv files of a form are taken."
    ),
    "file_is_no_workbook": Sentence(
        "Tệp được gửi là tệp Excel nhưng nội dung không phải của Excel.",
        "The file was sent as a file of Excel, and its content is none.",
    ),
    "file_encrypted": Sentence("Tệp có mật khẩu.", "The file is protected by a password."),
    "file_has_macros": Sentence(
        "Tệp có macro; hãy lưu dạng .xlsx.", "The file has macros; save it as .xlsx."
    ),
    "file_has_external_links": Sentence(
        "Tệp có liên kết tới tệp khác.", "The file has links to other files."
    ),
    "file_has_embedded_objects": Sentence("Tệp có đối tượng nhúng.", "The file has embedded objects."),
    "file_has_too_many_entries": Sentence(
        "Tệp nén có quá nhiều thành phần.", "The package has too many entries."
    ),
    "file_unpacks_too_large": Sentence(
        "Tệp giải nén ra lớn hơn 50 MiB.", "The package unpacks to more than 50 MiB."
    ),
    "file_unreadable": Sentence("Tệp hỏng hoặc không đọc được.", "The file is damaged or cannot be read."),
    "file_not_utf8": Sentence("Tệp csv phải là UTF-8.", "A csv file must be UTF-8."),
    "sheet_too_large": Sentence(
        "Bảng tính có quá nhiều hàng hoặc cột.", "A sheet has too many rows or columns."
    ),
    "code_row_missing": Sentence(
        "Không thấy hàng mã (unit, …) của biểu; hãy dùng biểu đã tải về.",
        "The row of codes (unit, …) is missing; use the form as downloaded.",
    ),
}
"""The sentence of each code with which a file is refused."""

CELL_FAULTS: Mapping[str, Sentence] = {
    "cells_merged": Sentence("Ô bị gộp; hãy bỏ gộp ô.", "The cells are merged; separate them."),
    "row_without_code": Sentence(
        "Hàng có số liệu nhưng không có mã đơn vị.", "The row has values and no code of a unit."
    ),
    "formula_without_value": Sentence(
        "Công thức chưa có kết quả; hãy mở tệp bằng Excel và lưu lại, hoặc nhập số.",
        "The formula has no result; open the file in Excel and save it, or type the number.",
    ),
    "cell_is_percent": Sentence(
        "Ô ghi theo phần trăm nhưng chỉ tiêu không tính bằng phần trăm.",
        "The cell shows a percentage, and the indicator is not measured in percent.",
    ),
}
FORM_DIFFERS = Sentence(
    "Biểu trong tệp là của {part} {stated}, không phải {expected}.",
    "The form in the file is for {part} {stated}, not {expected}.",
)
PART_MISSING = Sentence(
    "Tệp không cho biết {part}; nêu trong địa chỉ: program, form, unit, period.",
    "The file does not say its {part}; name it in the address: program, form, unit, period.",
)
LAYOUT_UNKNOWN = Sentence(
    "Biểu theo mẫu trình bày {stated}; hãy tải lại biểu mới (mẫu {expected}).",
    "The form has the layout {stated}; download it again (layout {expected}).",
)


class FormFileRefused(Invalid):
    """The file is not a form that can be taken; `errors` says why, with the cells."""

    code = "form_file_refused"
    title = Sentence("Không nhận được biểu", "The form cannot be taken")
    detail = Sentence("Tệp không dùng được: xem danh sách lỗi.", "The file cannot be used: see errors.")

    def __init__(
        self, faults: Sequence[Fault], cells: Sequence[str] = (), relayed: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(faults=faults)
        self._cells = cells
        self._relayed = relayed

    def document(self, language: Language, instance: str, origin: str = "") -> dict[str, Any]:
        """Return the document, with the cells of its faults, and the faults that the program named."""
        document = super().document(language, instance, origin)
        for fault, cell in zip(document["errors"], self._cells, strict=False):
            fault["cell"] = cell
        document["errors"] += self._relayed
        return document


class CatalogueChanged(Invalid):
    """The form was made from another version of the catalogue; `current` is the present one."""

    code = "form_catalogue_changed"
    detail = Sentence(
        "Biểu lập theo danh mục {stated}, nay danh mục là {current} và cột đã khác: {columns}.",
        "The form was made from the catalogue {stated}; now it is {current}, and columns differ: {columns}.",
    )


@dataclass(frozen=True, slots=True)
class FormTarget:
    """Which form a file is: program, form, unit, period."""

    program: str
    form: str
    unit: str
    period: str


@dataclass(frozen=True, slots=True)
class TranslatedForm:
    """The body of the report, and where its parts came from."""

    body: dict[str, Any]
    cells: Mapping[str, str]
    """The cell of each pointer."""
    faults: Sequence[Mapping[str, str]] = ()
    """cell and code of what the column of the form does not allow."""


def refuse_file(code: str) -> FormFileRefused:
    """Return the refusal of a file by the code of a guard."""
    return FormFileRefused([Fault("", code, FILE_REFUSALS[code])])


def require_target(meta: Mapping[str, str], query: Mapping[str, str | None]) -> FormTarget:
    """Return which form a file is, by itself or by the query; both must agree. Raises `FormFileRefused`."""
    faults: list[Fault] = []
    parts: dict[str, str] = {}
    for part in ("program", "form", "unit", "period"):
        stated, expected = meta.get(part), query.get(part)
        if stated and expected and stated != expected:
            facts = {"part": part, "stated": stated[:60], "expected": expected[:60]}
            faults.append(make_fault(f"/{part}", f"form_{part}_differs", FORM_DIFFERS, **facts))
        elif not (stated or expected):
            faults.append(make_fault(f"/{part}", "form_part_missing", PART_MISSING, part=part))
        parts[part] = str(stated or expected or "")
    layout = meta.get("layout", str(LAYOUT_VERSION))
    if layout != str(LAYOUT_VERSION):
        facts = {"stated": layout[:20], "expected": str(LAYOUT_VERSION)}
        faults.append(make_fault("/layout", "form_layout_unknown", LAYOUT_UNKNOWN, **facts))
    if faults:
        raise FormFileRefused(faults)
    return FormTarget(**parts)


def refuse_cells(
    faults: Sequence[Mapping[str, str]], relayed: Sequence[Mapping[str, Any]]
) -> FormFileRefused:
    """Return the refusal of a file of which some cells cannot be read; `relayed` are the faults that the program found."""
    return FormFileRefused(
        [Fault("", fault["code"], CELL_FAULTS[fault["code"]]) for fault in faults],
        [fault["cell"] for fault in faults],
        relayed,
    )


def translate(form: Mapping[str, Any], target: FormTarget, layout: FormLayout) -> TranslatedForm:
    """Return the body of the report that a form states."""
    columns = {column.key: column for column in layout.columns}
    header = {name: value for name, (value, _) in form["header"].items()}
    cells: dict[str, str] = {f"/{part}": f"{ENTRY_SHEET}!A2" for part in ("unit", "period", "form")}
    cells |= {POINTERS[name]: cell for name, (_, cell) in form["header"].items()}
    status = STATUSES.get(
        str(header.get("status", "")).strip().casefold(), header.get("status", layout.status)
    )
    body: dict[str, Any] = {"unit": target.unit, "period": target.period, "form": target.form}
    body["nil"] = bool(str(header.get("nil", "")).strip())
    observations = []
    for index, value in enumerate(form["values"]):
        column = columns.get(value["key"])
        indicator, _, member = value["key"].partition(".")
        observation: dict[str, Any] = {"unit": value["unit"], "indicator": indicator, "status": status}
        if column is not None and column.dimension is not None:
            observation["dimension"] = {column.dimension: column.member}
        elif member:
            observation["indicator"] = value["key"]
        observation |= {"nil": True} if value.get("nil") else {"value": value["value"]}
        observations.append(observation)
        pointer = f"/observations/{index}"
        cells |= {
            pointer: value["cell"],
            f"{pointer}/unit": value["unit_cell"],
            f"{pointer}/indicator": value["key_cell"],
            f"{pointer}/dimension": value["key_cell"],
        }
    body["observations"] = observations
    document = {
        name: str(header[name]) for name in ("number", "signed_on", "signer_role") if header.get(name)
    }
    if document:
        body["document"] = document
    for name in ("note", "supersedes"):
        if header.get(name):
            body[name] = str(header[name])
    exceptions = []
    for index, reason in enumerate(form["reasons"]):
        exceptions.append({name: reason[name] for name in ("unit", "indicator", "reason")})
        places = reason["cells"].split(",")
        pointer = f"/exceptions/{index}"
        members = ("", "/unit", "/indicator", "/reason")
        cells |= {
            f"{pointer}{member}": cell for member, cell in zip(members, (places[0], *places), strict=True)
        }
    if exceptions:
        body["exceptions"] = exceptions
    faults = [
        {"cell": value["cell"], "code": "cell_is_percent"}
        for value in form["values"]
        if value.get("percent")
        and (column := columns.get(value["key"])) is not None
        and column.unit_of_measure != PERCENT
    ]
    return TranslatedForm(body, cells, faults)


def find_cell(pointer: str, cells: Mapping[str, str]) -> str | None:
    """Return the cell of a pointer, or of the nearest part around it; None where there is none."""
    while pointer:
        if pointer in cells:
            return cells[pointer]
        pointer = pointer.rpartition("/")[0]
    return None


def add_cells(problem: dict[str, Any], cells: Mapping[str, str]) -> None:
    """Add the cell of each fault to a problem document."""
    for fault in problem.get("errors", ()):
        cell = find_cell(fault["pointer"], cells)
        if cell is not None:
            fault["cell"] = cell


def find_missing(form: Mapping[str, Any], layout: FormLayout) -> dict[str, list[str]]:
    """Return the units and the columns of the form that the file does not have."""
    units, keys = set(form["units"]), set(form["keys"])
    return {
        "units": [row.unit for row in layout.rows if row.unit not in units],
        "columns": [column.key for column in layout.columns if column.key not in keys],
    }


def require_same_columns(form: Mapping[str, Any], layout: FormLayout) -> None:
    """Raise `CatalogueChanged` for a form of another version of the catalogue whose columns differ."""
    stated = form["meta"].get("catalogue")
    if not stated or stated == layout.catalogue_version:
        return
    before = {key for key in form["meta"].get("columns", "").split(",") if key}
    differ = sorted(before ^ {column.key for column in layout.columns})
    if differ:
        raise CatalogueChanged(
            stated=stated[:60], current=layout.catalogue_version, columns=", ".join(differ[:20])
        )
