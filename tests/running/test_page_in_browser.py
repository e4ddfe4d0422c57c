"""The page in a real browser, over the demo's data: size, accessibility, keyboard, paper, reused codes, without a server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.local.settings import ROOT
from tests.running.browser_tools import BrowserMissingError, look_at_page, prepare_tools, work_at_page
from tests.running.installation import Installation, temporary_installation

pytestmark = [pytest.mark.e2e, pytest.mark.long]

REUSED = ("23284", "23293", "23341")
"""Codes that named a commune until 30 June 2025 and name another one since."""
MERGER = "2025-07-01"
FIRST_BYTES, ALL_BYTES, MOST_REQUESTS = 45_000, 120_000, 22
MOST_STOPS_BEFORE_THE_MAP = 60


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The path of Chromium, and the folder with the tools."""
    folder = tmp_path_factory.mktemp("browser")
    try:
        return prepare_tools(folder), folder
    except BrowserMissingError as missing:
        pytest.skip(f"the page is not looked at: {missing}")


@pytest.fixture(scope="module")
def demo(chromium: tuple[Path, Path]) -> Iterator[Installation]:
    """An installation with the figures of the demo."""
    with temporary_installation() as installation:
        installation.start()
        command = [sys.executable, "examples/kontum-2023/demo.py"]
        posted = subprocess.run(
            command, cwd=ROOT, env=installation.environment, capture_output=True, text=True, check=False
        )
        assert posted.returncode == 0, posted.stdout[-2000:] + posted.stderr[-2000:]
        yield installation


@pytest.fixture(scope="module")
def seen(demo: Installation, chromium: tuple[Path, Path]) -> dict[str, Any]:
    """What the browser saw."""
    path, folder = chromium
    return look_at_page(demo.gateway_url, path, folder, REUSED)


def post_results(demo: Installation, unit: str, clients: Path) -> None:
    """Post a report of a district for 2024, which waits for the reviewer."""
    secrets = {row["client_id"]: row["client_secret"] for row in json.loads(clients.read_text("utf-8"))}
    client = f"district-{unit}"
    with httpx.Client(base_url=demo.gateway_url) as gateway:
        grant = {"grant_type": "client_credentials"}
        token = gateway.post("/oauth/token", auth=(client, secrets[client]), data=grant).json()
        report = {"unit": unit, "period": "2024", "form": "annual_results"}
        value = {"unit": unit, "indicator": "jobs_created", "value": 731, "status": "preliminary"}
        headers = {
            "Authorization": f"Bearer {token['access_token']}",
            "Idempotency-Key": f"page-2024-{unit}",
        }
        answer = gateway.post(
            "/v1/poverty/reports", headers=headers, json={**report, "observations": [value]}
        )
        assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def worked(demo: Installation, chromium: tuple[Path, Path], seen: dict[str, Any]) -> dict[str, Any]:
    """What people saw who signed in, after the page was looked at: accepting a report changes its period."""
    assert seen["title"]
    path, folder = chromium
    clients = demo.folder / "demo-clients.json"
    for unit in ("610", "611"):
        post_results(demo, unit, clients)
    return work_at_page(demo.gateway_url, path, folder, clients)


def test_the_page_is_small_and_breaks_no_rule_of_its_policy(seen: dict[str, Any]) -> None:
    assert seen["faults"] == []
    assert seen["title"] == "Kon Tum · 2023", "the newest year with an accepted figure"
    assert seen["first_bytes"] <= FIRST_BYTES
    assert seen["all_bytes"] <= ALL_BYTES
    assert len(seen["requests"]) <= MOST_REQUESTS, seen["requests"]
    assert all(request.endswith((" 200", " 304")) for request in seen["requests"]), seen["requests"]


def test_the_page_is_accessible_on_a_desk_and_on_a_phone(seen: dict[str, Any]) -> None:
    for view in ("desk", "drawer", "phone"):
        assert seen[view]["violations"] == [], view
        assert seen[view]["passes"] > 0
        assert seen[view]["overflow"] <= 0, view


def test_the_keyboard_reaches_a_commune_and_comes_back(seen: dict[str, Any]) -> None:
    assert seen["stops_to_list"] < MOST_STOPS_BEFORE_THE_MAP, (
        "one stop for the whole list, whatever the number of communes"
    )
    assert seen["unseen_stops"] == [], "what has the focus is outlined"
    assert seen["sheet"] == seen["chosen"]
    assert seen["focus_after_sheet"] == "listbox"


def test_the_page_is_printed_on_two_sheets(seen: dict[str, Any]) -> None:
    assert seen["pages"] == 2


def test_no_hexagon_shows_the_value_of_another_unit_with_its_code(
    demo: Installation, seen: dict[str, Any]
) -> None:
    query = "/v1/poverty/map?indicator=poverty_rate&period=2023&level=commune"
    before = {row["unit"]: row for row in demo.get_json(query)["items"]}
    after = {row["unit"]: row for row in demo.get_json(f"{query}&map={MERGER}")["items"]}
    assert seen["language"] == "en"
    for code in REUSED:
        assert (before[code]["unit_since"], after[code]["unit_since"]) == ("2004-07-08", MERGER)
        tile = seen["tiles"][code]
        assert tile["since"] == MERGER
        assert tile["title"] == f"{after[code]['unit_name']}: {after[code]['value']:.2f} %"
        assert before[code]["unit_name"] not in tile["title"]


def test_the_page_opens_without_a_server_and_says_how_old_it_is(seen: dict[str, Any]) -> None:
    assert seen["offline"]["same"]
    assert "trước" in json.dumps(seen["offline"]["notice"], ensure_ascii=False)


def test_old_and_missing_parts_are_told_apart(worked: dict[str, Any]) -> None:
    assert worked["faults"] == []
    assert "số cũ 2 giờ" in worked["stale"]
    assert "không có số liệu" in worked["unavailable"]
    assert "còn phần chưa đủ" in worked["incomplete"]
    assert worked["violations"] == {"stale": [], "queue": [], "verdict": []}


def test_the_address_holds_what_was_chosen(worked: dict[str, Any]) -> None:
    assert worked["title"] == "Map: Poverty rate"
    assert worked["address"] == "?period=2023&level=commune&lang=en"
    assert worked["back"] == "district"


def test_a_reviewer_accepts_and_returns_and_the_district_reads_why(worked: dict[str, Any]) -> None:
    assert worked["refused"] == "Mã hoặc mật khẩu không đúng."
    assert len(worked["queue"]) == 2
    assert all("Kết quả đào tạo nghề và giải quyết việc làm" in row for row in worked["queue"])
    assert worked["without_reason"] == "Hãy viết lý do trả lại."
    assert worked["returned"] == "Đã trả lại báo cáo của Huyện Ngọc Hồi."
    assert worked["accepted"] == "Đã duyệt báo cáo của Huyện Đăk Glei."
    assert worked["left_in_queue"] == 0
    assert "Thiếu chữ ký <img" in worked["own"]


def test_a_secret_is_kept_in_memory_only(worked: dict[str, Any]) -> None:
    assert worked["kept"] == {"local": [], "session": [], "reports": [], "cookies": ""}
    assert worked["signed_in_after_reload"] == 0


def test_markup_in_names_and_texts_is_shown_as_text(worked: dict[str, Any]) -> None:
    shown = {"reason", "rural", "poverty", "funding", "oversight", "sheet", "page", "problem"}
    assert set(worked["hostile"]) == shown
    for name, found in worked["hostile"].items():
        assert (found["elements"], found["ran"]) == (0, False), name
        assert found["shown"] or name == "funding", f"{name}: the text itself is there"


def test_a_figure_is_one_click_from_its_reports_and_a_receipt_one_more(worked: dict[str, Any]) -> None:
    assert "Chuẩn nghèo đa chiều theo NĐ 07/2021" in worked["lineage"]
    assert '"state":"accepted"' in worked["receipt"]
