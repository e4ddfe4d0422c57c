"""What is read from a file, and what is refused before it is read: without a service or a database."""

import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from services.papers.forms.guards import MAX_FILE_BYTES, FileRefusedError, check_file
from services.papers.forms.job import read_form
from services.papers.forms.layout import FormColumn, FormLayout, FormRow, RowCheck, name_cell
from services.papers.forms.numbers import read_number
from services.papers.forms.translation import FormFileRefused, require_target, translate
from services.papers.forms.workbook import write_form
from services.papers.jobs.messages import pack, unpack


def make_column(indicator: str, member: str | None = None, **changes: Any) -> FormColumn:
    values = {
        "indicator": indicator, "dimension": "group" if member else None, "member": member, "label": f"Cột {indicator}",
        "definition": "=định nghĩa", "unit_of_measure": "households", "decimals": 0, "minimum": "0", "maximum": "1000",
        "level": "commune", "unit_kinds": None, "adds": True,
    }  # fmt: skip
    return FormColumn(**{**values, **changes})


LAYOUT = FormLayout(
    program="poverty",
    form="review",
    label="Biểu thử",
    unit="610",
    unit_name="Huyện Đăk Glei",
    period="2024",
    catalogue_version="1-abc",
    legal_basis="TT 1",
    status="official",
    rows=(
        FormRow("23341", "Thị trấn Đăk Glei", "thi_tran", "commune"),
        FormRow("23344", "=Xã", "xa", "commune"),
    ),
    columns=(make_column("total"), make_column("part", "a"), make_column("part", "b", unit_kinds=("xa",))),
    checks=(RowCheck("Cộng", "equal", ("part.a", "part.b"), ("total",), "1"),),
    before={"23341": {"total": "1234.5"}},
    period_before="2023",
)
BLANK = write_form({"layout": LAYOUT.to_document()}, b"")[1]


def edit(change: Any) -> bytes:
    workbook = openpyxl.load_workbook(BytesIO(BLANK))
    change(workbook["Biểu nhập"])
    output = BytesIO()
    workbook.save(output)
    return output.getvalue()


def read(content: bytes) -> Any:
    return read_form(None, content)[0]


def find_code_row(sheet: Any) -> int:
    return next(row for row in range(1, 40) if sheet.cell(row, 1).value == "unit")


def test_a_blank_form_states_nothing_and_is_written_alike_each_time() -> None:
    form = read(BLANK)
    assert (form["values"], form["faults"], form["units"]) == ([], [], ["23341", "23344"])
    assert form["keys"] == ["total", "part.a", "part.b"]
    assert write_form({"layout": LAYOUT.to_document()}, b"")[1] == BLANK
    assert FormLayout.from_document(LAYOUT.to_document()) == LAYOUT


def test_rows_and_columns_are_found_by_their_codes_wherever_they_were_moved() -> None:
    def change(sheet: Any) -> None:
        row = find_code_row(sheet)
        sheet.cell(row + 1, 3).value = 10
        sheet.cell(row + 2, 4).value = "1.234"
        sheet.cell(row + 2, 5).value = "x"
        sheet.insert_cols(3)
        sheet.delete_rows(row + 1)

    form = read(edit(change))
    values = {
        (value["unit"], value["key"]): (value.get("value"), value.get("nil"), value["cell"])
        for value in form["values"]
    }
    row = next(iter(values.values()))[2].removeprefix("Biểu nhập!E")
    assert values == {
        ("23344", "part.a"): (1234, None, f"Biểu nhập!E{row}"),
        ("23344", "part.b"): (None, True, f"Biểu nhập!F{row}"),
    }
    assert form["read_as_numbers"] == [{"cell": f"Biểu nhập!E{row}", "text": "1.234", "value": 1234}]
    body = translate(form, require_target(form["meta"], {}), LAYOUT)
    assert body.body["observations"] == [
        {
            "unit": "23344",
            "indicator": "part",
            "status": "official",
            "dimension": {"group": "a"},
            "value": 1234,
        },
        {
            "unit": "23344",
            "indicator": "part",
            "status": "official",
            "dimension": {"group": "b"},
            "nil": True,
        },
    ]
    assert body.cells["/observations/1"] == f"Biểu nhập!F{row}"


def test_merged_cells_and_rows_without_a_code_are_named_by_their_cells() -> None:
    def change(sheet: Any) -> None:
        row = find_code_row(sheet)
        sheet.merge_cells(start_row=row + 1, end_row=row + 2, start_column=3, end_column=3)
        sheet.cell(row + 2, 1).value = None
        sheet.cell(row + 2, 4).value = 3

    faults = read(edit(change))["faults"]
    assert {fault["code"] for fault in faults} == {"cells_merged", "row_without_code"}
    assert all(fault["cell"].startswith("Biểu nhập!") for fault in faults)


def test_a_csv_file_is_read_by_its_code_row_and_needs_its_form_named() -> None:
    form = read(b"unit;total;part.a\n23341;1.234,5;0\n23344;;x\n")
    assert [
        (value["unit"], value["key"], value.get("value"), value.get("nil")) for value in form["values"]
    ] == [
        ("23341", "total", 1234.5, None),
        ("23341", "part.a", 0, None),
        ("23344", "part.a", None, True),
    ]
    with pytest.raises(FormFileRefused) as refusal:
        require_target(form["meta"], {"program": "poverty"})
    assert [fault.pointer for fault in refusal.value.faults] == ["/form", "/unit", "/period"]
    with pytest.raises(FormFileRefused) as other:
        require_target({**LAYOUT.to_meta(), "layout": "9"}, {"period": "2023"})
    assert {fault.code for fault in other.value.faults} == {"form_period_differs", "form_layout_unknown"}


def make_package(entries: dict[str, bytes], **options: Any) -> bytes:
    output = BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, **options) as package:
        for name, content in {"[Content_Types].xml": b"<Types/>", **entries}.items():
            package.writestr(name, content)
    return output.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04" + b"\x00" * MAX_FILE_BYTES, "file_too_large"),
        (make_package({"xl/vbaProject.bin": b"x"}), "file_has_macros"),
        (
            make_package({"[Content_Types].xml": b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"}),
            "file_has_macros",
        ),
        (make_package({"xl/externalLinks/externalLink1.xml": b"x"}), "file_has_external_links"),
        (make_package({"xl/embeddings/object.bin": b"x"}), "file_has_embedded_objects"),
        (make_package({f"xl/{index}.xml": b"" for index in range(300)}), "file_has_too_many_entries"),
        (make_package({"xl/sheet.xml": b"0" * (51 * 1024 * 1024)}), "file_unpacks_too_large"),
        (b"PK\x03\x04 damaged", "file_unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT".encode("utf-16-le"), "file_has_macros"),
        (b"%PDF-1.7\x00", "file_kind_unknown"),
    ],
)
def test_files_are_refused_before_they_are_unpacked(content: bytes, code: str) -> None:
    with pytest.raises(FileRefusedError) as refusal:
        check_file(content)
    assert refusal.value.code == code
    assert read(content) == {"refused": code}


def test_bytes_that_are_no_workbook_are_refused_by_how_they_were_sent() -> None:
    assert read_form({"declared_workbook": True}, b"unit;total\n")[0] == {"refused": "file_is_no_workbook"}
    assert read_form({"declared_workbook": True}, b"\x9f\x01garbage" * 50)[0] == {
        "refused": "file_is_no_workbook"
    }
    assert read(b"unit;total\x07\n23341;3\n") == {"refused": "file_kind_unknown"}


def test_percentages_formulas_days_and_hidden_rows_are_seen() -> None:
    def change(sheet: Any) -> None:
        row = find_code_row(sheet)
        sheet.cell(row + 1, 3).value = 0.5219
        sheet.cell(row + 1, 3).number_format = "0.00%"
        sheet.cell(row + 1, 4).value = "7,5%"
        sheet.cell(row + 1, 5).value = "=1+2"
        sheet.cell(row + 2, 3).value = date(2024, 2, 19)
        sheet.row_dimensions[row + 2].hidden = True

    form = read(edit(change))
    values = {
        (value["unit"], value["key"]): (value["value"], value.get("percent")) for value in form["values"]
    }
    assert values == {
        ("23341", "total"): (52.19, True), ("23341", "part.a"): (7.5, True), ("23344", "total"): ("2024-02-19", None)
    }  # fmt: skip
    assert [fault["code"] for fault in form["faults"]] == ["formula_without_value"]
    row = form["values"][0]["cell"].removeprefix("Biểu nhập!C")
    assert form["hidden_rows"] == [f"Biểu nhập!A{int(row) + 1}"]
    assert [read["text"] for read in form["read_as_numbers"]] == ["52,19%", "7,5%"]
    translated = translate(form, require_target(form["meta"], {}), LAYOUT)
    assert [fault["code"] for fault in translated.faults] == ["cell_is_percent"] * 2
    percent = replace(
        LAYOUT, columns=tuple(replace(column, unit_of_measure="percent") for column in LAYOUT.columns)
    )
    assert translate(form, require_target(form["meta"], {}), percent).faults == []


def test_a_long_decimal_keeps_its_digits() -> None:
    (value,) = read(b"unit;total\n23341;1.234.567.890.123,456789\n")["values"]
    assert value["value"] == Decimal("1234567890123.456789")
    assert unpack(pack({"value": value["value"]}, b""))[0] == {"value": value["value"]}


@pytest.mark.long
def test_a_form_that_libreoffice_saved_comes_back_whole(tmp_path: Path) -> None:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed here")

    def change(sheet: Any) -> None:
        row = find_code_row(sheet)
        for column in (3, 4, 5):
            sheet.cell(row + 1, column).value = column
        sheet.cell(row + 2, 3).value = "x"

    (tmp_path / "form.xlsx").write_bytes(edit(change))
    out = tmp_path / "out"
    subprocess.run(
        [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), str(tmp_path / "form.xlsx")],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    saved, sent = read((out / "form.xlsx").read_bytes()), read(edit(change))
    assert [saved[name] for name in ("values", "meta", "faults")] == [
        sent[name] for name in ("values", "meta", "faults")
    ]


def test_a_file_without_the_row_of_codes_is_refused() -> None:
    assert read(b"a;b\n1;2\n") == {"refused": "code_row_missing"}
    assert read(b"unit;total\n\xff\xfe") == {"refused": "file_not_utf8"}


@pytest.mark.parametrize(
    ("text", "locale", "number"),
    [
        ("1.234,5", "vi", "1234.5"), ("1 234", "vi", "1234"), ("12,50", "vi", "12.50"), ("-3", "vi", "-3"),
        ("1,234.5", "en", "1234.5"), ("1,234.5", "vi", None), ("12 hộ", "vi", None), ("1.23", "vi", None), ("1e9", "vi", None),
    ],
)  # fmt: skip
def test_numbers_typed_as_texts_are_read_by_the_language_of_the_form(
    text: str, locale: str, number: str | None
) -> None:
    assert read_number(text, locale) == (None if number is None else Decimal(number))


def test_cells_have_their_addresses() -> None:
    assert [name_cell(0, column) for column in (0, 25, 26, 701, 702)] == ["A1", "Z1", "AA1", "ZZ1", "AAA1"]
