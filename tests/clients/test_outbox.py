"""The outbox: order, one key for ever, refusals set aside, days without network. The service is a class of the test."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from ntp_client import NtpClient
from ntp_client.outbox import Outbox, send_waiting
from ntp_client.outbox.command import main
from ntp_client.outbox.sending import ONE_ATTEMPT, CredentialsRefusedError
from ntp_client.outbox.store import KeyUsedError

PATH = "/v1/poverty/reports"
DAY_S = 86_400.0


class StubService:
    """A service that keeps the answer to each key, and may be away, ail, or refuse a unit."""

    def __init__(self) -> None:
        self.received: dict[str, Any] = {}
        self.attempts: dict[str, int] = defaultdict(int)
        self.tokens = 0
        self.away = False
        self.ailing: set[str] = set()
        self.refusing: set[str] = set()
        self.loses_answers = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("no route")
        if request.url.path == "/oauth/token":
            self.tokens += 1
            return httpx.Response(200, json={"access_token": "t", "expires_in": 600})
        body, key = json.loads(request.content), request.headers["Idempotency-Key"]
        self.attempts[key] += 1
        if body["unit"] in self.ailing:
            return httpx.Response(500, json={"code": "internal_error"})
        if body["unit"] in self.refusing:
            fault = {"pointer": "/unit", "code": "unit_unknown", "detail": "no such unit"}
            return httpx.Response(422, json={"code": "invalid", "detail": "faulty", "errors": [fault]})
        is_new = key not in self.received
        self.received.setdefault(key, body)
        if is_new and self.loses_answers:
            raise httpx.ReadError("cut")
        answer = {"id": f"id-{key}", "receipt": {"code": f"P-{key}"}}
        return httpx.Response(201, json=answer)

    def open_client(self, outbox: Outbox) -> NtpClient:
        transport = httpx.MockTransport(self)
        return NtpClient("http://gateway", "d", "s", retries=ONE_ATTEMPT, tokens=outbox, transport=transport)


class Clock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.db")


def add(outbox: Outbox, number: int, unit: str = "610", **more: Any) -> str:
    body = {"unit": unit, "form": "annual_results", "period": "2024", "number": number}
    return outbox.add(PATH, body, key=f"{unit}-{number}", **more).key


def send(outbox: Outbox, service: StubService, for_s: float = 0.0, clock: Clock | None = None) -> Any:
    clock = clock or Clock()
    return send_waiting(outbox, service.open_client(outbox), for_s=for_s, clock=clock, sleep=clock.sleep)


def test_submissions_are_answered_once_and_in_order_though_answers_are_lost(outbox: Outbox) -> None:
    service, clock = StubService(), Clock()
    service.loses_answers = True
    keys = [add(outbox, number, unit) for number in range(5) for unit in ("610", "611")]
    result = send(outbox, service, 60, clock)
    assert (result.answered, result.refused, result.waiting) == (10, 0, 0)
    assert sorted(service.received) == sorted(keys)
    for unit in ("610", "611"):
        numbers = [body["number"] for body in service.received.values() if body["unit"] == unit]
        assert numbers == sorted(numbers)
    assert service.tokens == 1
    assert [entry.answer["id"] for entry in outbox.iterate("answered")] == [f"id-{key}" for key in keys]
    assert (outbox.path.stat().st_mode & 0o777) == 0o600


def test_a_day_without_network_loses_nothing_and_tries_seldom(outbox: Outbox) -> None:
    service, clock = StubService(), Clock()
    service.away = True
    for number in range(20):
        add(outbox, number)
    result = send(outbox, service, DAY_S, clock)
    assert (result.answered, result.waiting) == (0, 20)
    assert "no route" in result.trouble
    (first, *others) = outbox.iterate("waiting")
    assert 90 < first.attempts < 250
    assert {entry.attempts for entry in others} == {0}
    service.away = False
    assert send(outbox, service, 0, clock).answered == 20
    assert [body["number"] for body in service.received.values()] == list(range(20))


def test_a_refusal_is_set_aside_with_its_faults_and_the_next_is_sent(outbox: Outbox) -> None:
    service = StubService()
    service.refusing = {"610"}
    refused, superseding, other = add(outbox, 1), add(outbox, 2, supersedes="610-1"), add(outbox, 1, "611")
    result = send(outbox, service)
    assert (result.answered, result.refused) == (1, 2)
    assert outbox.get(refused).answer["errors"][0]["code"] == "unit_unknown"
    assert outbox.get(superseding).answer["code"] == "superseded_not_kept"
    assert service.attempts[superseding] == 0
    assert outbox.get(other).state == "answered"
    service.refusing = set()
    assert outbox.send_again(refused).state == "waiting"
    outbox.send_again(superseding)
    assert send(outbox, service).answered == 2
    assert service.received[superseding]["supersedes"] == f"id-{refused}"
    assert outbox.send_again(other).state == "answered", "what was answered is not sent again"


def test_a_unit_for_which_the_service_ails_does_not_keep_others_waiting(outbox: Outbox) -> None:
    service = StubService()
    service.ailing = {"610"}
    ailing, behind, other = add(outbox, 1), add(outbox, 2), add(outbox, 1, "611")
    result = send(outbox, service, 30)
    assert (result.answered, result.waiting) == (1, 2)
    assert outbox.get(other).state == "answered"
    assert 2 <= service.attempts[ailing] <= 10
    assert service.attempts[behind] == 0


def test_refused_credentials_refuse_no_report(outbox: Outbox) -> None:
    add(outbox, 1)
    transport = httpx.MockTransport(lambda _: httpx.Response(401, json={"code": "invalid_client"}))
    client = NtpClient("http://gateway", "d", "s", retries=ONE_ATTEMPT, tokens=outbox, transport=transport)
    with pytest.raises(CredentialsRefusedError, match="invalid_client"):
        send_waiting(outbox, client)
    assert [entry.state for entry in outbox.iterate()] == ["waiting"]


def test_a_key_belongs_to_one_content(outbox: Outbox) -> None:
    first = outbox.add(PATH, {"unit": "610"}, key="k-1")
    assert outbox.add(PATH, {"unit": "610"}, key="k-1") == first
    with pytest.raises(KeyUsedError):
        outbox.add(PATH, {"unit": "611"}, key="k-1")
    with pytest.raises(LookupError):
        outbox.add(PATH, {"unit": "610"}, supersedes="k-2")
    assert outbox.add(PATH, {"unit": "610"}).key != outbox.add(PATH, {"unit": "610"}).key
    assert outbox.get("k").key == "k-1"


def test_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = StubService()
    service.refusing = {"611"}
    monkeypatch.delenv("NTP_ORIGIN", raising=False)
    monkeypatch.setenv("NTP_OUTBOX", str(tmp_path / "district.db"))
    reports = tmp_path / "reports.ndjson"
    rows = [{"unit": unit, "form": "annual_results", "period": "2024"} for unit in ("610", "611")]
    reports.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert main(["add", "poverty", str(reports)]) == 0
    first, second = capsys.readouterr().out.split()
    assert main(["list"]) == 0
    assert capsys.readouterr().out.count("not sent yet") == 2
    assert main(["send"]) == 2, "the settings of the client are missing"
    with Outbox(tmp_path / "district.db") as outbox:
        send(outbox, service)
    assert main(["list"]) == 0
    assert capsys.readouterr().out == f"{second}\trefused\t1\t611 annual_results 2024\t422 invalid\n"
    assert main(["why", second[:8]]) == 0
    assert "/unit: no such unit (unit_unknown)" in capsys.readouterr().out
    assert main(["receipts"]) == 0
    receipt = json.loads(capsys.readouterr().out)
    assert (receipt["key"], receipt["receipt"]["code"]) == (first, f"P-{first}")
    reports.write_text("[1]", encoding="utf-8")
    assert main(["add", "poverty", str(reports)]) == 2
    assert main(["why", "nothing"]) == 2
