"""Every form of every program goes out blank, is filled by openpyxl, and reaches its program with exactly the values typed."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from io import BytesIO
from typing import Any

import httpx
import openpyxl
import pytest

from services.papers.forms.api import XLSX
from services.papers.forms.layout import ENTRY_SHEET, NIL_MARK
from services.papers.gateway import Gateway
from shared.kit.resources import get_resources
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.papers.conftest import NOW, build_ethnic, build_gateway, build_papers, build_poverty, build_rural
from tests.papers.upstreams import PathTransport
from tests.program_clients import Clients

PROGRAMS = ("rural", "poverty", "ethnic")
PERIODS = {"year": "2024", "half": "2024-S1", "quarter": "2024-Q3", "month": "2024-09"}
UNITS = ("23368", "610", "62")
"""Who may state a form: a commune, a district, or the province."""


class RecordingTransport(PathTransport):
    """Keeps the reports that papers sends on."""

    def __init__(self, **apps: Any) -> None:
        super().__init__(**apps)
        self.reports: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/reports"):
            self.reports.append(json.loads(await request.aread()))
        return await super().handle_async_request(request)


@pytest.fixture
async def clients(build: Callable[..., Any], issuer: Issuer) -> AsyncIterator[Clients]:
    """Clients of papers, whose tokens all programs accept too."""
    factories = {
        "rural": build_rural,
        "poverty": build_poverty,
        "ethnic": build_ethnic,
        "gateway": build_gateway,
    }
    apps = {name: issuer.trust(build(factory)) for name, factory in factories.items()}
    papers = issuer.trust(build(build_papers))
    get_resources(papers).get(Gateway).transport = RecordingTransport(**apps)
    async with AsyncExitStack() as opened:
        for app in apps.values():
            await opened.enter_async_context(open_client(app))
        yield Clients(await opened.enter_async_context(open_client(papers)), issuer, "poverty", NOW)


async def download(clients: Clients, path: str, period: str) -> Any:
    """Return the workbook of a form with open cells, of the first unit that has some."""
    for unit in UNITS:
        answer = await clients.http.get(path.partition("?")[0], params={"unit": unit, "period": period})
        if answer.status_code == 200:
            workbook = openpyxl.load_workbook(BytesIO(answer.content))
            if list_open_cells(workbook[ENTRY_SHEET]):
                return workbook
    raise AssertionError(f"no unit can state {path} in {period}: {answer.text}")


def list_open_cells(sheet: Any) -> dict[tuple[str, str], Any]:
    """Return the cells for input, by the unit and the series of each."""
    code_row = next(row for row in range(1, 40) if sheet.cell(row, 1).value == "unit")
    columns = {cell.column: cell.value for cell in sheet[code_row] if cell.value and cell.column > 2}
    found = {}
    row = code_row + 1
    while unit := sheet.cell(row, 1).value:
        for column, series in columns.items():
            cell = sheet.cell(row, column)
            if not cell.protection.locked:
                found[unit, series] = cell
        row += 1
    return found


def name_series(observation: dict[str, Any]) -> str:
    """Return the series of an observation: the indicator, and the member after a full stop."""
    members = list((observation.get("dimension") or {}).values())
    return ".".join([observation["indicator"], *members])


async def list_forms(clients: Clients) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await clients.http.get("/v1/papers/forms")).json()["items"]
    return [form for form in items if form["kind"] == "report" and form["program"] in PROGRAMS]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("most", [2, pytest.param(None, marks=pytest.mark.long)])
async def test_the_forms_of_a_program_come_back_whole(
    clients: Clients, program: str, most: int | None
) -> None:
    transport: Any = get_resources(clients.http.app).get(Gateway).transport
    headers = clients.make_headers("report", programs=PROGRAMS) | {"Content-Type": XLSX}
    forms = [form for form in await list_forms(clients) if form["program"] == program]
    assert forms
    for form in forms[:most]:
        workbook = await download(clients, form["path"], PERIODS[form["periods"][0]])
        cells = list_open_cells(workbook[ENTRY_SHEET])
        typed: dict[tuple[str, str], Any] = {}
        for number, (name, cell) in enumerate(cells.items()):
            typed[name] = cell.value = NIL_MARK if number == 3 else number
        output = BytesIO()
        workbook.save(output)
        transport.reports.clear()
        del headers["Idempotency-Key"]
        headers["Idempotency-Key"] = f"{program}-{form['form']}"
        answer = await clients.http.post(
            "/v1/papers/forms?dry_run=true", content=output.getvalue(), headers=headers
        )
        assert answer.status_code in {200, 422}, answer.text
        assert [report["form"] for report in transport.reports] == [form["form"]], answer.text
        received = {
            (value["unit"], name_series(value)): NIL_MARK if value.get("nil") else value["value"]
            for report in transport.reports
            for value in report["observations"]
        }
        assert received == typed, form["form"]
