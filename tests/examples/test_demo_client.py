"""The demo's client keeps its promises over a bad link, and its table rounds once."""

import asyncio
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "kontum-2023"


@pytest.fixture(autouse=True)
def the_example_is_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLE))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "client"]:
        del sys.modules[name]


def answering(*answers):
    """A transport that gives these answers in turn, and the requests it was sent."""
    requests = []
    queue = list(answers)

    def handle(request):
        requests.append(request)
        answer = queue.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(handle)), requests


def token():
    return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 600})


def run(http, ask, *, client_id="district-610"):
    from client.door import Caller

    async def go():
        async with http:
            return await ask(Caller(http, client_id, "secret"))

    return asyncio.run(go())


def test_a_post_is_repeated_under_one_key_until_it_is_answered():
    http, requests = answering(
        token(),
        httpx.ConnectError("down"),
        httpx.Response(503, headers={"Retry-After": "0"}),
        httpx.Response(429, headers={"Retry-After": "0"}),
        httpx.Response(201, json={"id": "1"}, headers={"Idempotent-Replay": "true"}),
    )
    answer = run(http, lambda caller: caller.post("/v1/poverty/reports", {"unit": "610"}))
    assert answer.body == {"id": "1"}
    assert answer.replayed
    keys = {request.headers["Idempotency-Key"] for request in requests[1:]}
    assert len(keys) == 1
    assert len(requests) == 5


def test_another_content_has_another_key():
    http, requests = answering(token(), *(httpx.Response(201, json={}) for _ in range(2)))

    async def ask(caller):
        await caller.post("/v1/x", {"a": 1})
        await caller.post("/v1/x", {"a": 2})

    run(http, ask)
    assert requests[1].headers["Idempotency-Key"] != requests[2].headers["Idempotency-Key"]


def test_a_refusal_names_every_fault():
    from client.door import Refused

    faults = [
        {"pointer": "/unit", "code": "a", "detail": "x"},
        {"pointer": "/period", "code": "b", "detail": "y"},
    ]
    problem = {"code": "invalid", "detail": "faulty", "errors": faults}
    http, _ = answering(token(), httpx.Response(422, json=problem))
    with pytest.raises(Refused, match=r"(?s)invalid.*/unit: x.*/period: y"):
        run(http, lambda caller: caller.post("/v1/x", {}))


def test_a_token_the_keys_no_longer_prove_is_asked_for_anew():
    http, requests = answering(
        token(), httpx.Response(401, json={}), token(), httpx.Response(200, json={"n": 1.10})
    )
    assert run(http, lambda caller: caller.get("/v1/x")) == {"n": Decimal("1.1")}
    assert [request.url.path for request in requests] == ["/oauth/token", "/v1/x"] * 2


def test_nobody_answering_is_said_in_time(monkeypatch):
    from client import door

    monkeypatch.setattr(door, "GIVE_UP_AFTER_S", 0.0)
    http, _ = answering(httpx.ConnectError("down"))
    with pytest.raises(door.NobodyAnswers, match="GET /v1/status"):
        run(http, lambda caller: caller.get("/v1/status"), client_id="")


def test_figures_are_rounded_once_half_away_from_zero():
    from client.table import number, round_once

    assert round_once(Decimal("52.185"), 2) == Decimal("52.19")
    assert round_once(Decimal("15.964706"), 0) == Decimal(16)
    assert number(Decimal(1_274_696)) == "1.274.696"
    assert number(Decimal("976937.6")) == "976.937,6"


def test_every_figure_of_the_plan_is_looked_for_and_a_missing_one_does_not_match():
    from client.table import compare, say

    lines = compare({"programs": [], "funding": {}, "complete": False})
    assert len(lines) == 32
    assert not any(line.matches for line in lines)
    assert "0 of 32" in say(lines)


def test_a_figure_matches_when_it_prints_as_the_plan_prints_it():
    from client.table import compare

    rate = {"indicator": "poverty_rate", "label": "Tỷ lệ hộ nghèo", "value": Decimal("6.837035")}
    rows = [{"capital": "total", "disbursed_vnd": 976_937_600_000}]
    answer = {"programs": [{"program": "poverty", "figures": [rate]}], "funding": {"rows": rows}}
    by_id = {line.id: line for line in compare(answer)}
    assert by_id["P02"].matches
    assert by_id["F07"].computed == Decimal("976937.6")
    assert by_id["F07"].matches


def test_every_district_states_each_form_once():
    from client import posting

    reports = [report for code in posting.districts() for report in posting._reports(code)]
    assert len({(report.path, report.body["unit"], report.body["form"]) for report in reports}) == 40
    assert sum(len(report.body["observations"]) for report in reports) == 1122 + 20 + 306 + 1615


def test_progress_speaks_in_lines_without_a_terminal():
    from client.progress import Progress

    said = io.StringIO()
    progress = Progress(20, said)
    for step in range(20):
        progress.advance("district-610", replayed=step % 2 == 0)
    progress.close()
    assert said.getvalue().splitlines()[-1].split() == ["100", "%", "20/20"]
    assert len(said.getvalue().splitlines()) == 10
    assert progress.replayed == 10


def test_clients_are_kept_for_their_owner_only(tmp_path, monkeypatch):
    from client import clients

    monkeypatch.setattr(clients, "KEPT_AT", tmp_path / "var" / "demo-clients.json")
    wanted = {client.client_id: client for client in clients.wanted()}
    clients._keep(wanted)
    clients._keep(wanted)
    assert clients.KEPT_AT.stat().st_mode & 0o777 == 0o600
    kept = json.loads(clients.KEPT_AT.read_text())
    assert [entry["client_id"] for entry in kept][:2] == ["district-608", "district-610"]
    assert set(kept[0]) == {"client_id", "client_secret", "scopes", "programs", "units"}
    assert clients._kept().keys() == wanted.keys()
    assert len(kept) == 17


def test_the_clients_of_another_installation_are_made_anew():
    from client import clients

    known = {"admin": clients.Client("admin", ("admin",), (), (), "old")}
    refused = httpx.Response(401, json={"code": "invalid_client"})
    for answers, still in (([refused], {}), ([token(), httpx.Response(200, json={"items": []})], known)):
        http, _ = answering(*answers)

        async def go(http=http):
            async with http:
                return await clients._still_known(http, known)

        assert asyncio.run(go()) == still


def test_a_lost_secret_is_rotated():
    from client import clients

    taken = httpx.Response(409, json={"code": "client_exists"})
    http, requests = answering(token(), taken, httpx.Response(200, json={"client_secret": "new"}))
    client = clients.wanted()[0]
    made = run(http, lambda admin: clients._make(admin, client), client_id="admin")
    assert made.client_secret == "new"
    assert requests[-1].url.path == "/v1/clients/district-608/rotate"


def test_lineages_are_cut_to_the_terminal_and_lead_to_their_whole_address():
    from client.table import Line, say

    line = Line(
        "P01", "Hộ nghèo", Decimal(10220), Decimal(10220), 0, "≈", "/v1/poverty/observations?" + "x" * 200
    )
    row = say([line]).splitlines()[1]
    assert row.endswith("x" * 200)
    linked = say([line], "http://gateway", 100).splitlines()[1]
    assert "\x1b]8;;http://gateway/v1/poverty/observations?" + "x" * 200 + "\x1b\\" in linked
    assert "…\x1b]8;;\x1b\\" in linked


def test_the_help_of_the_demo_posts_nothing(tmp_path):
    environment = {**os.environ, "NTP_VAR": str(tmp_path / "var"), "NTP_GATEWAY_URL": "http://127.0.0.1:9"}
    demo = Path(__file__).parents[2] / "examples" / "kontum-2023" / "demo.py"
    process = subprocess.run(
        [sys.executable, str(demo), "--help"], env=environment, capture_output=True, text=True, check=True
    )
    assert process.stdout.startswith("usage: demo.py")
    assert process.stderr == ""
    assert not (tmp_path / "var").exists()
