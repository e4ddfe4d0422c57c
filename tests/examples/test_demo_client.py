"""The demo's client on a bad link, its comparison with the plan, and its file of accounts."""

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "kontum-2023"


@pytest.fixture(autouse=True)
def the_example_is_importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "client"]:
        del sys.modules[name]


def open_http(*answers: Any) -> Any:
    """Return an HTTP client that gets these answers in turn, and the list of its requests."""
    requests = []
    queue: list[httpx.Response | Exception] = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        answer = queue.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(handle)), requests


def token_response() -> Any:
    return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 600})


def run(http: Any, action: Any, *, client_id: Any = "district-610") -> Any:
    """Run an action with an API client, and return its result."""
    from client.accounts import Account, open_client

    async def run_action() -> Any:
        async with http:
            return await action(open_client(http, Account(client_id, (), (), (), "secret")))

    return asyncio.run(run_action())


def test_a_post_is_repeated_with_one_key_until_it_is_answered() -> None:
    http, requests = open_http(
        token_response(),
        httpx.ConnectError("down"),
        httpx.Response(503, headers={"Retry-After": "0"}),
        httpx.Response(429, headers={"Retry-After": "0"}),
        httpx.Response(201, json={"id": "1"}, headers={"Idempotent-Replay": "true"}),
    )
    answer = run(http, lambda client: client.post("/v1/poverty/reports", {"unit": "610"}))
    assert answer.body == {"id": "1"}
    assert answer.replayed
    keys = {request.headers["Idempotency-Key"] for request in requests[1:]}
    assert len(keys) == 1
    assert len(requests) == 5


def test_another_content_has_another_key() -> None:
    http, requests = open_http(token_response(), *(httpx.Response(201, json={}) for _ in range(2)))

    async def post_two(client: Any) -> None:
        await client.post("/v1/x", {"a": 1})
        await client.post("/v1/x", {"a": 2})

    run(http, post_two)
    assert requests[1].headers["Idempotency-Key"] != requests[2].headers["Idempotency-Key"]


def test_a_refusal_names_every_fault() -> None:
    from ntp_client import RefusedError

    faults = [
        {"pointer": "/unit", "code": "a", "detail": "x"},
        {"pointer": "/period", "code": "b", "detail": "y"},
    ]
    problem = {"code": "invalid", "detail": "faulty", "errors": faults}
    http, _ = open_http(token_response(), httpx.Response(422, json=problem))
    with pytest.raises(RefusedError, match=r"(?s)invalid.*/unit: x.*/period: y"):
        run(http, lambda client: client.post("/v1/x", {}))


def test_a_refused_token_is_fetched_again() -> None:
    http, requests = open_http(
        token_response(),
        httpx.Response(401, json={}),
        token_response(),
        httpx.Response(200, json={"n": 1.10}),
    )
    assert run(http, lambda client: client.get("/v1/x")) == {"n": Decimal("1.1")}
    assert [request.url.path for request in requests] == ["/oauth/token", "/v1/x"] * 2


def test_a_request_without_an_answer_fails_after_the_time_for_retries() -> None:
    from ntp_client import AsyncNtpClient, NoAnswerError, RetrySchedule

    http, _ = open_http(httpx.ConnectError("down"))
    client = AsyncNtpClient(http, retries=RetrySchedule(give_up_after_s=0))
    with pytest.raises(NoAnswerError, match="GET /v1/status"):
        asyncio.run(client.get("/v1/status"))


def test_figures_are_rounded_once_half_away_from_zero() -> None:
    from client.comparison import format_number, round_once

    assert round_once(Decimal("52.185"), 2) == Decimal("52.19")
    assert round_once(Decimal("15.964706"), 0) == Decimal(16)
    assert format_number(Decimal(1_274_696)) == "1.274.696"
    assert format_number(Decimal("976937.6")) == "976.937,6"


def test_every_figure_of_the_plan_is_compared_and_a_missing_one_does_not_match() -> None:
    from client.comparison import compare, format_comparison

    figures = compare({"programs": [], "funding": {}, "complete": False})
    assert len(figures) == 41
    assert not any(figure.matches for figure in figures)
    assert "0 of 41" in format_comparison(figures)


def test_a_figure_matches_when_it_prints_as_the_plan_prints_it() -> None:
    from client.comparison import compare

    rate = {"indicator": "poverty_rate", "label": "Tỷ lệ hộ nghèo", "value": Decimal("6.837035")}
    total = {"capital": "total", "disbursed_vnd": 976_937_600_000}
    status = {
        "programs": [{"program": "poverty", "figures": [rate]}],
        "funding": {"rows": [], "total": total},
    }
    by_id = {figure.id: figure for figure in compare(status)}
    assert by_id["P02"].matches
    assert by_id["F07"].computed == Decimal("976937.6")
    assert by_id["F07"].matches


def test_every_district_reports_each_form_once() -> None:
    from client import posting

    reports = [report for district in posting.read_districts() for report in posting.list_reports(district)]
    assert len({(report.path, report.body["unit"], report.body["form"]) for report in reports}) == 60
    assert sum(len(report.body["observations"]) for report in reports) == 1122 + 612 + 20 + 60 + 306 + 1615


def test_progress_prints_lines_without_a_terminal() -> None:
    from client.progress import Progress

    output = io.StringIO()
    progress = Progress(20, output)
    for step in range(20):
        progress.advance("district-610", replayed=step % 2 == 0)
    progress.close()
    assert output.getvalue().splitlines()[-1].split() == ["100", "%", "20/20"]
    assert len(output.getvalue().splitlines()) == 10
    assert progress.replayed == 10


def test_the_file_of_accounts_is_readable_by_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from client import accounts

    monkeypatch.setattr(accounts, "ACCOUNTS_FILE", tmp_path / "var" / "demo-clients.json")
    by_id = {account.client_id: account for account in accounts.list_accounts()}
    accounts.save_accounts(by_id)
    accounts.save_accounts(by_id)
    assert accounts.ACCOUNTS_FILE.stat().st_mode & 0o777 == 0o600
    entries = json.loads(accounts.ACCOUNTS_FILE.read_text())
    assert [entry["client_id"] for entry in entries][:2] == ["district-608", "district-610"]
    assert set(entries[0]) == {"client_id", "client_secret", "scopes", "programs", "units"}
    assert accounts.load_accounts().keys() == by_id.keys()
    assert len(entries) == 19


def test_accounts_of_another_installation_are_discarded() -> None:
    from client import accounts

    saved = {"admin": accounts.Account("admin", ("admin",), (), (), "old")}
    refused = httpx.Response(401, json={"code": "invalid_client"})
    valid = [token_response(), httpx.Response(200, json={"items": []})]
    for answers, expected in (([refused], {}), (valid, saved)):
        http, _ = open_http(*answers)

        async def discard(http: Any = http) -> Any:
            async with http:
                return await accounts.discard_foreign_accounts(http, saved)

        assert asyncio.run(discard()) == expected


def test_a_lost_secret_is_rotated() -> None:
    from client import accounts

    exists = httpx.Response(409, json={"code": "client_exists"})
    http, requests = open_http(token_response(), exists, httpx.Response(200, json={"client_secret": "new"}))
    account = accounts.list_accounts()[0]
    registered = run(http, lambda admin: accounts.register(admin, account), client_id="admin")
    assert registered.client_secret == "new"
    assert requests[-1].url.path == "/v1/clients/district-608/rotate"


def test_lineages_are_cut_to_the_terminal_and_link_to_their_whole_address() -> None:
    from client.comparison import FigureComparison, format_comparison

    figure = FigureComparison(
        "P01",
        "Hộ nghèo",
        Decimal(10220),
        Decimal(10220),
        at_least=False,
        decimals=0,
        mark="≈",
        lineage="/v1/poverty/observations?" + "x" * 200,
    )
    row = format_comparison([figure]).splitlines()[1]
    assert row.endswith("x" * 200)
    linked = format_comparison([figure], "http://gateway", 100).splitlines()[1]
    assert "\x1b]8;;http://gateway/v1/poverty/observations?" + "x" * 200 + "\x1b\\" in linked
    assert "…\x1b]8;;\x1b\\" in linked


def test_the_help_of_the_demo_posts_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "NTP_VAR": str(tmp_path / "var"), "NTP_GATEWAY_URL": "http://127.0.0.1:9"}
    demo = Path(__file__).parents[2] / "examples" / "kontum-2023" / "demo.py"
    process = subprocess.run(
        [sys.executable, str(demo), "--help"], env=environment, capture_output=True, text=True, check=True
    )
    assert process.stdout.startswith("usage: demo.py")
    assert process.stderr == ""
    assert not (tmp_path / "var").exists()
