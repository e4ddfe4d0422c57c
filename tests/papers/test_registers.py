"""Registers and treasury batches in Excel: a row for each record, faults by cell, nothing kept of a refused form, no record twice."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from io import BytesIO
from typing import Any

import httpx
import openpyxl
import pytest

from services.papers.forms.api import XLSX
from services.papers.forms.layout import ENTRY_SHEET, FAULT_SHEET
from services.papers.forms.registers.layout import CHOICE_SHEET, EXISTING_SHEET
from services.papers.gateway import Gateway
from shared.kit.resources import get_resources
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.papers.conftest import NOW, build_ethnic, build_funding, build_gateway, build_papers, build_rural
from tests.papers.upstreams import PathTransport
from tests.program_clients import Clients

REGISTRAR = {"programs": ("rural", "ethnic", "poverty")}


@pytest.fixture
async def clients(build: Callable[..., Any], issuer: Issuer) -> AsyncIterator[Clients]:
    """Clients of papers, whose tokens the services of registers accept too."""
    factories = {
        "rural": build_rural, "ethnic": build_ethnic, "funding": build_funding, "gateway": build_gateway, "papers": build_papers,
    }  # fmt: skip
    apps = {name: issuer.trust(build(factory)) for name, factory in factories.items()}
    papers = apps.pop("papers")
    get_resources(papers).get(Gateway).transport = PathTransport(**apps)
    async with (
        open_client(apps["rural"]),
        open_client(apps["ethnic"]),
        open_client(apps["funding"]),
        open_client(apps["gateway"]),
        open_client(papers) as http,
    ):
        yield Clients(http, issuer, "rural", NOW)


def open_gateway(clients: Clients) -> httpx.AsyncClient:
    """Return a client of what stands behind papers."""
    transport = get_resources(clients.http.app).get(Gateway).transport
    return httpx.AsyncClient(transport=transport, base_url="http://gateway.test")


async def get(clients: Clients, path: str) -> Any:
    async with open_gateway(clients) as http:
        answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def download(clients: Clients, form: str, **query: str) -> Any:
    answer = await clients.http.get(
        f"/v1/papers/forms/{form}.xlsx", params={"unit": "62", "period": "2023", **query}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX), answer.text
    return openpyxl.load_workbook(BytesIO(answer.content))


def save(workbook: Any) -> bytes:
    output = BytesIO()
    workbook.save(output)
    return output.getvalue()


def find_code_row(sheet: Any, key: str) -> int:
    rows = ([cell.value for cell in sheet[row]] for row in range(1, 40))
    return next(
        row for row, values in enumerate(rows, 1) if key in values and len(list(filter(None, values))) > 3
    )


def fill(workbook: Any, fields: dict[str, Any], rows: list[dict[str, Any]]) -> bytes:
    """Fill the cells above the table by their labels, and rows by the codes of columns."""
    sheet = workbook[ENTRY_SHEET]
    for label, value in fields.items():
        row = next(row for row in range(1, 30) if sheet.cell(row, 1).value == label)
        sheet.cell(row, 3).value = value
    code_row = find_code_row(sheet, next(iter(rows[0])))
    columns = {cell.value: cell.column for cell in sheet[code_row] if cell.value}
    for index, values in enumerate(rows, start=code_row + 1):
        for key, value in values.items():
            sheet.cell(index, columns[key]).value = value
    return save(workbook)


def find_cell(content: bytes, key: str, row: int) -> str:
    """Return the address of a column in a row of records, counted from 0."""
    sheet = openpyxl.load_workbook(BytesIO(content))[ENTRY_SHEET]
    code_row = find_code_row(sheet, key)
    column = next(cell for cell in sheet[code_row] if cell.value == key)
    return f"{ENTRY_SHEET}!{column.column_letter}{code_row + 1 + row}"


async def send(clients: Clients, content: bytes, query: str = "", *scopes: str, **options: Any) -> Any:
    accept = options.pop("accept", "application/json")
    headers = clients.make_headers(*(scopes or ("register",)), **(REGISTRAR | options))
    headers |= {"Content-Type": XLSX, "Accept": accept}
    del headers["Idempotency-Key"]
    return await clients.http.post(f"/v1/papers/forms{query}", content=content, headers=headers)


PRODUCT = {
    "code": "OCOP-610-01", "name": "Cà phê Đăk Glei", "unit": 610, "owner_kind": "hợp tác xã",
    "owner_name": "Hợp tác xã Cà phê", "group": 2, "stars": 4, "score": "72,5",
}  # fmt: skip
DECISION = {"Số quyết định": "12/QĐ-UBND", "Ngày quyết định": date(2023, 2, 10)}


async def test_products_are_stated_in_a_workbook_row_by_row(clients: Clients) -> None:
    blank = await download(clients, "rural/ocop_products")
    choices = [cell.value for row in blank[CHOICE_SHEET].iter_rows() for cell in row if cell.value]
    assert {"23341", "hợp tác xã"} <= set(choices)
    wrong = PRODUCT | {"code": "OCOP-610-02", "stars": 3, "score": "bảy mươi"}
    faulty = fill(blank, DECISION, [PRODUCT, wrong])
    refused = await send(clients, faulty)
    assert (refused.status_code, refused.json()["code"]) == (422, "register_rows_refused"), refused.text
    faults = {(fault["pointer"], fault["cell"]) for fault in refused.json()["errors"]}
    assert faults == {("/rows/1/score", find_cell(faulty, "score", 1))}
    assert [row["outcome"] for row in refused.json()["outcomes"]] == ["fits", "refused"]
    assert (await get(clients, "/v1/rural/ocop/products?unit=62"))["items"] == []

    annotated = await send(clients, faulty, "?dry_run=true", accept=XLSX)
    marked = openpyxl.load_workbook(BytesIO(annotated.content))
    assert marked[ENTRY_SHEET][find_cell(faulty, "score", 1).partition("!")[2]].comment is not None
    assert len(list(marked[FAULT_SHEET].iter_rows(min_row=4))) == 1
    household = PRODUCT | {"code": "OCOP-610-02", "owner_kind": "household", "owner_name": None}
    whole = fill(marked, {}, [PRODUCT, household])
    taken = await send(clients, whole)
    assert taken.status_code == 201, taken.text
    assert [row["outcome"] for row in taken.json()["rows"]] == ["recorded", "recorded"]
    assert taken.json()["rows"][1]["location"] == "/v1/rural/ocop/products/OCOP-610-02"
    assert taken.json()["read_as_numbers"][0]["value"] == 72.5
    again = await send(clients, whole)
    assert again.json()["rows"] == taken.json()["rows"]
    assert len((await get(clients, "/v1/rural/ocop/products?unit=62"))["items"]) == 2
    listed = await download(clients, "rural/ocop_products")
    assert listed[EXISTING_SHEET].max_row == 3
    outside = await send(clients, whole, units=("611",))
    assert [fault["code"] for fault in outside.json()["errors"]] == ["unit_not_granted"] * 2
    assert (await send(clients, whole, "", "read")).json()["code"] == "forbidden"


async def test_villages_and_recognitions_are_rows_too(clients: Clients) -> None:
    blank = await download(clients, "rural/villages", unit="610")
    villages = fill(
        blank, {"Ngày bắt đầu": "01/01/2022"}, [{"code": "23341.01", "name": "Thôn Đông Thượng"}, {"code": "23341.02", "name": "Làng Đông Nay", "kind": "làng"}]
    )  # fmt: skip
    taken = await send(clients, villages)
    assert taken.status_code == 201, taken.text
    assert {row["kind"] for row in (await get(clients, "/v1/rural/villages?unit=610"))["items"]} == {
        "thon",
        "lang",
    }
    recognitions = fill(
        await download(clients, "rural/recognitions"),
        {"Số quyết định": "186/QĐ-UBND", "Ngày quyết định": date(2023, 4, 12), "Năm đạt chuẩn": 2022},
        [
            {"unit": 23509, "level": "đạt chuẩn", "criteria_set": "commune_2021_2025"},
            {"unit": 999, "level": "đạt"},
        ],
    )
    refused = await send(clients, recognitions)
    cells = {(fault["code"], fault["cell"]) for fault in refused.json()["errors"]}
    assert ("unit_unknown", find_cell(recognitions, "unit", 1)) in cells, cells
    assert {cell for _, cell in cells} >= {
        find_cell(recognitions, key, 1) for key in ("level", "criteria_set")
    }


async def test_a_list_of_classification_is_one_decision(clients: Clients) -> None:
    blank = await download(clients, "ethnic/lists", unit="610", period="2021")
    sheet = blank[ENTRY_SHEET]
    code_row = find_code_row(sheet, "region")
    units = [sheet.cell(code_row + 1 + index, 1).value for index in range(12)]
    rows = [{"region": "III"} for _ in units]
    rows[3]["region"] = "IV"
    fields = {
        "Loại danh sách": "region", "Cấp của đơn vị trong danh sách": "xã", "Số quyết định": "861/QĐ-TTg",
        "Ngày quyết định": date(2021, 6, 4), "Ngày có hiệu lực": date(2021, 6, 4),
    }  # fmt: skip
    faulty = fill(blank, fields, rows)
    refused = await send(clients, faulty)
    assert refused.status_code == 422, refused.text
    assert "errors" in refused.json(), refused.text
    assert [(fault["code"], fault["cell"]) for fault in refused.json()["errors"]] == [
        ("region_unknown", find_cell(faulty, "region", 3))
    ], refused.text
    rows[3]["region"] = "II"
    whole = fill(blank, fields, rows)
    taken = await send(clients, whole)
    assert (taken.status_code, taken.json()["report"]["counts"]["rows"]) == (201, 12), taken.text
    again = await send(clients, whole)
    assert again.json()["report"]["id"] == taken.json()["report"]["id"]


PAYMENT = {
    "kind": "giải ngân", "program": "poverty", "component": "GN.DA1.TDA1", "capital": "đầu tư phát triển", "source": "central",
    "unit": 610, "amount_vnd": "1.000.000", "voucher_number": "GRT-1", "effective_on": date(2023, 9, 29),
}  # fmt: skip


async def test_a_treasury_batch_is_one_request_with_a_verdict_for_each_row(clients: Clients) -> None:
    allocation = {
        "year": 2023, "program": "poverty", "component": "GN.DA1.TDA1", "capital": "investment", "source": "central", "unit": "610",
        "amount_vnd": 5_000_000, "decision": {"number": "68/NQ-HĐND", "date": "2022-12-12"},
    }  # fmt: skip
    async with open_gateway(clients) as http:
        headers = clients.make_headers("funding", **REGISTRAR)
        allocated = await http.post("/v1/funding/allocations", json=allocation, headers=headers)
    assert allocated.status_code == 201, allocated.text
    blank = await download(clients, "funding/batches")
    assert blank[EXISTING_SHEET].cell(2, 6).value == 5_000_000
    fields = {"Nơi phát hành chứng từ": "KBNN Kon Tum"}
    faulty = fill(blank, fields, [PAYMENT, PAYMENT | {"voucher_number": "GRT-2", "amount_vnd": 9_000_000}])
    refused = await send(clients, faulty, "?dry_run=true", "funding")
    assert (refused.status_code, refused.json()["code"]) == (409, "batch_refused"), refused.text
    (verdict,) = refused.json()["verdicts"]
    assert (verdict["code"], verdict["cell"]) == ("insufficient_funds", find_cell(faulty, "kind", 1))
    whole = fill(blank, fields, [PAYMENT, PAYMENT | {"voucher_number": "GRT-2"}])
    taken = await send(clients, whole, "", "funding")
    assert (taken.status_code, taken.json()["report"]["recorded"]) == (200, 2), taken.text
    again = await send(clients, whole, "", "funding")
    assert again.json()["report"]["recorded"] in {0, 2}
    progress = await get(clients, "/v1/funding/progress?year=2023&unit=62")
    assert progress["total"]["disbursed_vnd"] == 2_000_000
