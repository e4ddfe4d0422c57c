"""A district fills the annual review in a workbook: blank form, faults with their cells, annotated form, report."""

from io import BytesIO
from typing import Any

import openpyxl

from services.papers.forms.api import XLSX
from services.papers.forms.layout import ENTRY_SHEET, FAULT_SHEET, META_SHEET
from tests.program_clients import Clients

BLANK = "/v1/papers/forms/poverty/annual_review.xlsx"
DISTRICT = {"units": ("610",), "client_id": "district-610"}
VALUES = {
    "households": 1000, "poor_households": 90, "near_poor_households": 50, "poor_households_start": 100,
    "poor_to_near_poor": 10, "poor_to_above_near_poor": 10, "poor_other_decrease": 0, "near_poor_to_poor": 2,
    "returned_to_poverty": 3, "newly_poor": 5, "poor_other_increase": 0,
}  # fmt: skip

MOVEMENT = [key for key in VALUES if key not in {"households", "near_poor_households"}]


def open_workbook(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content))


def save_workbook(workbook: Any) -> bytes:
    output = BytesIO()
    workbook.save(output)
    return output.getvalue()


def find_places(sheet: Any) -> tuple[int, dict[str, int]]:
    """Return the row of the codes, and the column of each code."""
    row = next(row for row in range(1, 40) if sheet.cell(row, 1).value == "unit")
    return row, {cell.value: cell.column for cell in sheet[row] if cell.value}


def fill_rows(workbook: Any) -> tuple[Any, int, dict[str, int]]:
    sheet = workbook[ENTRY_SHEET]
    code_row, columns = find_places(sheet)
    row = code_row + 1
    while sheet.cell(row, 1).value:
        for key, value in VALUES.items():
            sheet.cell(row, columns[key]).value = value
        row += 1
    return sheet, code_row, columns


def assert_that_broken_movements_turn_red(sheet: Any, row: int, columns: dict[str, int]) -> None:
    """Assert that the end of the movement has a rule whose formula adds up all columns of it."""
    end = sheet.cell(row, columns["poor_households"])
    rules = [
        rule
        for area in sheet.conditional_formatting
        if end.coordinate in area
        for rule in area.rules
        if all(f"${sheet.cell(row, columns[key]).column_letter}{row}" in rule.formula[0] for key in MOVEMENT)
    ]
    assert [rule.type for rule in rules] == ["expression"]


async def send(
    clients: Clients, content: bytes, *, accept: str = "application/json", query: str = "", **caller: Any
) -> Any:
    headers = clients.make_headers("report", **(caller or DISTRICT)) | {
        "Content-Type": XLSX,
        "Accept": accept,
    }
    del headers["Idempotency-Key"]
    return await clients.http.post(f"/v1/papers/forms{query}", content=content, headers=headers)


async def test_a_form_goes_out_comes_back_with_faults_and_becomes_one_report(clients: Clients) -> None:
    query = {"unit": "610", "period": "2024"}
    answer = await clients.http.get(BLANK, params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
    assert (await clients.http.get(BLANK, params=query)).content == answer.content
    blank = open_workbook(answer.content)
    assert blank[META_SHEET].sheet_state == "veryHidden"
    assert blank[ENTRY_SHEET].page_setup.orientation == "landscape"

    sheet, code_row, columns = fill_rows(blank)
    first = code_row + 1
    assert_that_broken_movements_turn_red(sheet, first, columns)
    assert not sheet.cell(first, columns["households"]).protection.locked
    assert sheet.cell(first, 1).protection.locked
    sheet.cell(first, columns["poor_households"]).value = -5
    sheet.cell(first + 1, columns["households"]).value = "1.234"
    sheet.cell(first + 2, columns["households"]).value = "12 hộ"
    sheet.move_range(f"A{first + 3}:Z{first + 3}", rows=30)
    faulty = save_workbook(blank)
    refused = await send(clients, faulty, query="?dry_run=true")
    assert refused.status_code == 422
    cells = {(fault["code"], fault["cell"]) for fault in refused.json()["errors"]}
    poor, households = (
        sheet.cell(first, columns[key]).column_letter for key in ("poor_households", "households")
    )
    assert cells == {
        ("value_out_of_range", f"Biểu nhập!{poor}{first}"),
        ("movement_broken", f"Biểu nhập!{poor}{first}"),
        ("not_a_number", f"Biểu nhập!{households}{first + 2}"),
    }
    annotated = await send(clients, faulty, query="?dry_run=true", accept=XLSX)
    assert (annotated.status_code, annotated.headers["content-type"]) == (422, XLSX)
    marked = open_workbook(annotated.content)
    assert "-5" in marked[ENTRY_SHEET][f"{poor}{first}"].comment.text
    assert len(list(marked[FAULT_SHEET].iter_rows(min_row=4))) == 3

    whole = save_workbook(fill_rows(open_workbook(annotated.content))[0].parent)
    taken = await send(clients, whole)
    assert taken.status_code == 201, taken.text
    assert taken.json()["report"]["counts"]["received"] == 12 * len(VALUES)
    again = await send(clients, whole)
    assert (again.status_code, again.headers["idempotent-replay"]) == (201, "true")
    other = await send(clients, whole, units=("611",), client_id="district-611")
    assert (other.status_code, other.json()["code"]) == (403, "unit_not_granted")
    wrong = await send(clients, whole, query="?unit=611&period=2023")
    assert {fault["code"] for fault in wrong.json()["errors"]} == {"form_unit_differs", "form_period_differs"}
    unknown = await clients.http.get(BLANK, params={"unit": "999", "period": "2024"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unit_unknown")


async def test_a_document_is_of_a_year_or_of_a_period(clients: Clients) -> None:
    for query in ({}, {"year": "2023", "period": "2022"}):
        refused = await clients.http.get("/v1/papers/annual-report", params={"unit": "62", **query})
        assert (refused.status_code, refused.json()["code"]) == (422, "period_required")
