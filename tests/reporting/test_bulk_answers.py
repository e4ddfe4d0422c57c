"""The answer to a bulk submission flows while the lines are decided, and the work stops when the caller goes away."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from shared.periods import Period
from shared.reporting.reports import bulk
from shared.reporting.reports.writing.sql import lock_unit_year
from shared.territory.tree import Territory
from tests.application import get_database
from tests.postgres import set_for_role
from tests.reporting.test_bulk_and_evidence import DISTRICTS, line, send
from tests.territory.shipped import read_successions, read_units

MAP = Territory(read_units(), read_successions())
PATH = "/v1/poverty/reports/bulk"
MONTHS = [f"{year}-{month:02d}" for year in (2021, 2022, 2023) for month in range(1, 13)]


def monthly(unit, month, jobs=3):
    return line(unit, jobs, key=f"{unit}-{month}", period=month)


class Exchange:
    """One request at the level of ASGI: its body is sent, and its answer read, piece by piece."""

    def __init__(self, office, **headers):
        token = office.token("sender", ["report"], ["62"])
        fields = {"authorization": f"Bearer {token}", "content-type": "application/x-ndjson", **headers}
        self.scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
            "client": ("127.0.0.1", 1), "server": ("office", 80), "state": {},
        }  # fmt: skip
        self.to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.task = asyncio.create_task(office.app(self.scope, self.to_app.get, self.from_app.put))

    def send(self, content, *, more=True):
        self.to_app.put_nowait({"type": "http.request", "body": content, "more_body": more})

    def leave(self):
        self.to_app.put_nowait({"type": "http.disconnect"})

    async def read_until(self, wanted):
        """Return the bytes of the answer up to and with the part that holds the wanted ones."""
        content = b""
        while wanted not in content:
            message = await self.from_app.get()
            content += message.get("body", b"")
            assert message["type"] == "http.response.start" or message["more_body"] or wanted in content, (
                content
            )
        return content


async def count_reports(office):
    return len((await office.get("reports", office.reviewer, limit=1000)).json()["items"])


async def test_results_are_sent_while_the_file_is_still_on_its_way(office):
    exchange = Exchange(office, accept="application/x-ndjson")
    exchange.send(f"{line('608', 1)}\n".encode())
    first = json.loads(await exchange.read_until(b"}\n"))
    assert (first["line"], first["outcome"]) == (1, "submitted")
    exchange.send(f"{line('610', 1)}\n".encode())
    second = json.loads(await exchange.read_until(b"}\n"))
    assert (second["line"], second["outcome"]) == (2, "submitted")
    exchange.send(b"", more=False)
    last = json.loads(await exchange.read_until(b"}\n"))
    newest = (await office.http.get("/position")).json()["newest"]
    assert last == {
        "change": f"poverty={newest}",
        "reports": {"submitted": 2},
        "counts": {"received": 2, "created": 2, "changed": 0, "unchanged": 0, "refused": 0},
        "problem": None,
    }
    exchange.leave()
    await exchange.task


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
async def test_one_json_answer_flows_as_well_and_is_whole(office, coding):
    exchange = Exchange(office, **{"accept-encoding": coding})
    exchange.send(f"{line('608', 1)}\n".encode())
    begun = await exchange.read_until(b'"outcome":"submitted"')
    exchange.send(line("610", 1).encode(), more=False)
    answer = json.loads(begun + await exchange.read_until(b'"refused":0},"problem":null}'))
    assert [result["line"] for result in answer["lines"]] == [1, 2]
    assert answer["reports"] == {"submitted": 2}
    exchange.leave()
    await exchange.task


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
async def test_blanks_flow_while_no_line_is_decided(office, monkeypatch, accept):
    monkeypatch.setattr(bulk, "HEARTBEAT_S", 0.001)
    exchange = Exchange(office, accept=accept)
    exchange.send(f"{line('608', 1)}\n".encode())
    content = await exchange.read_until(b'"outcome":"submitted"')
    content += await exchange.read_until(b"\n\n\n")
    exchange.send(line("610", 1).encode(), more=False)
    content += await exchange.read_until(b'"refused":0},"problem":null}')
    if accept == "application/json":
        assert len(json.loads(content)["lines"]) == 2
    else:
        assert len([text for text in content.splitlines() if text.strip()]) == 3
    exchange.leave()
    await exchange.task


@pytest.mark.parametrize("whole", [True, False], ids=["after the file", "before its end"])
async def test_work_stops_when_the_caller_is_gone(office, whole):
    lines = [monthly(unit, month) for unit in DISTRICTS for month in MONTHS]
    exchange = Exchange(office)
    exchange.send(f"{lines[0]}\n".encode())
    await exchange.read_until(b'"outcome":"submitted"')
    exchange.send("\n".join(lines[1:]).encode() + (b"" if whole else b"\n"), more=not whole)
    exchange.leave()
    await exchange.task
    kept = await count_reports(office)
    assert 1 <= kept < len(lines)
    await asyncio.sleep(0)
    assert await count_reports(office) == kept
    again = (await send(office, lines)).json()
    assert again["reports"] == {"replayed": kept, "submitted": len(lines) - kept}


async def test_a_second_copy_at_the_same_time_repeats_nothing(office):
    lines = [monthly(unit, month) for month in MONTHS for unit in DISTRICTS]
    answers = [answer.json() for answer in await asyncio.gather(send(office, lines), send(office, lines))]
    outcomes = [Counter(result["outcome"] for result in answer["lines"]) for answer in answers]
    assert outcomes[0] + outcomes[1] == {"submitted": len(lines), "replayed": len(lines)}
    ids = [[result["report"]["id"] for result in answer["lines"]] for answer in answers]
    assert ids[0] == ids[1]
    assert await count_reports(office) == len(lines)


async def test_lines_that_share_a_transaction_have_the_same_results_as_alone(office):
    texts = [
        monthly("608", "2023-01"),
        monthly("608", "2023-02", 4),
        line("608", 9, key="year"),  # overlaps with the months
        monthly("610", "2023-01"),
        line("610", 5, key="wrong", supersedes="01890a5d-ac96-774b-bcce-b302099a8057", period="2023-03"),
        monthly("610", "2023-03", 6),
        line("610", 5, key="changed", period="2023-03"),
        line("999", 5, key="unknown"),
        monthly("611", "2023-01", -1),
        monthly("611", "2023-01"),
    ]
    alone = [(await send(office, [text], units=("62",))).json()["lines"][0] for text in texts[:9]]
    assert [result["outcome"] for result in alone] == [
        "submitted", "submitted", "refused", "submitted", "refused", "submitted", "refused", "refused", "refused"
    ]  # fmt: skip
    codes = [result["problem"]["code"] for result in alone if result["problem"]]
    assert codes == ["value_stated_elsewhere", "report_not_found", "report_exists", "invalid", "invalid"]


async def test_a_group_of_lines_is_kept_as_they_would_be_alone(office):
    texts = [
        monthly("608", "2023-01"),
        monthly("608", "2023-02", 4),
        line("608", 9, key="year"),
        monthly("610", "2023-01"),
        line("610", 5, key="wrong", supersedes="01890a5d-ac96-774b-bcce-b302099a8057", period="2023-03"),
        monthly("610", "2023-03", 6),
        line("610", 5, key="changed", period="2023-03"),
        line("999", 5, key="unknown"),
        monthly("611", "2023-01", -1),
    ]
    answer = (await send(office, texts)).json()
    assert [result["outcome"] for result in answer["lines"]] == [
        "submitted", "submitted", "refused", "submitted", "refused", "submitted", "refused", "refused", "refused"
    ]  # fmt: skip
    codes = [result["problem"]["code"] for result in answer["lines"] if result["problem"]]
    assert codes == ["value_stated_elsewhere", "report_not_found", "report_exists", "invalid", "invalid"]
    read = [
        (await office.figure("jobs", month, token=office.reviewer, basis="provisional"))["value"]
        for month in ("2023-01", "2023-02", "2023-03")
    ]
    assert read == [6, 4, 6]
    feed = (await office.get("changes", office.reviewer, limit=200)).json()["items"]
    kept = [f"reports/{result['report']['id']}" for result in answer["lines"] if result["report"]]
    assert sorted(change["subject"] for change in feed) == sorted(kept)


async def test_a_dry_run_keeps_no_line(office):
    headers = {
        "Authorization": f"Bearer {office.token('sender', ['report'], ['62'])}",
        "Content-Type": "application/x-ndjson",
    }
    content = "\n".join(line(unit, 1) for unit in DISTRICTS)
    answer = await office.http.post(PATH, content=content, headers=headers, params={"dry_run": "true"})
    assert answer.json()["counts"]["received"] == len(DISTRICTS)
    assert {result["report"]["id"] for result in answer.json()["lines"]} == {None}
    assert await count_reports(office) == 0


@pytest.mark.parametrize(
    "lines",
    [[""], ["", "  ", "\r"], ["unit;period;value", "610;2023;5"], ["\x00\x01"], ['"a text"', "5", "[1, 2]", "null"]],
    ids=["empty", "blank", "a table", "bytes", "no objects"],
)  # fmt: skip
async def test_an_empty_or_unreadable_file_is_422(office, lines):
    refused = await send(office, lines)
    assert (refused.status_code, refused.json()["code"]) == (422, "bulk_unreadable"), refused.text


async def test_a_file_with_one_readable_line_is_answered_line_by_line(office):
    answer = await send(office, ["unit;period;value", "\ufeff" + line("608", 1), "{not json"])
    assert [result["outcome"] for result in answer.json()["lines"]] == ["refused", "submitted", "refused"]


@pytest.mark.parametrize("kind", ["application/json", "text/csv", "multipart/form-data"])
async def test_another_media_type_is_415_and_names_those_that_are_taken(office, kind):
    headers = {"Authorization": f"Bearer {office.district('608')}", "Content-Type": kind}
    refused = await office.http.post(PATH, content=line("608", 1), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
    assert refused.headers["accept"].startswith("application/x-ndjson, ")


async def test_an_accept_that_no_answer_has_is_406(office):
    headers = {"Authorization": f"Bearer {office.district('608')}", "Accept": "text/csv"}
    refused = await office.http.post(PATH, content=line("608", 1), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")
    assert await count_reports(office) == 0


@pytest.fixture
async def short_locks(database):
    """Connections that are opened from now on wait for a lock for a fraction of a second."""
    await set_for_role(database, "poverty", "lock_timeout = 200")


@pytest.mark.race
@pytest.mark.own_database
async def test_a_line_that_waits_in_vain_for_a_lock_is_refused_alone(short_locks, office):
    lines = [line("608", 1), line("610", 1), line("611", 1)]
    async with get_database(office.app).writing() as holder:
        await lock_unit_year(holder, MAP, "610", Period(2023))
        answer = (await send(office, lines)).json()
    assert [result["outcome"] for result in answer["lines"]] == ["submitted", "refused", "submitted"]
    assert answer["lines"][1]["problem"]["code"] == "busy"
    assert answer["problem"] is None
    again = (await send(office, lines)).json()
    assert [result["outcome"] for result in again["lines"]] == ["replayed", "submitted", "replayed"]


@pytest.mark.race
async def test_the_answer_begins_while_the_first_line_still_waits(office, monkeypatch):
    monkeypatch.setattr(bulk, "FIRST_RESULT_WITHIN_S", 0.01)
    monkeypatch.setattr(bulk, "HEARTBEAT_S", 0.01)
    exchange = Exchange(office, accept="application/x-ndjson")
    async with get_database(office.app).writing() as holder:
        await lock_unit_year(holder, MAP, "610", Period(2023))
        exchange.send(line("610", 1).encode(), more=False)
        assert await exchange.read_until(b"\n\n") == b"\n\n"
    first = json.loads(await exchange.read_until(b"}\n"))
    assert (first["line"], first["outcome"]) == (1, "submitted")
    assert b'"problem":null}' in await exchange.read_until(b'"problem":null}')
    exchange.leave()
    await exchange.task


async def test_a_file_without_a_readable_line_whose_answer_has_begun_ends_with_the_refusal(
    office, monkeypatch
):
    monkeypatch.setattr(bulk, "FIRST_RESULT_WITHIN_S", 0.0)
    exchange = Exchange(office, accept="application/x-ndjson")
    exchange.send(b"{not json\n", more=True)
    await exchange.from_app.get()
    exchange.send(b"", more=False)
    assert b'"code":"bulk_unreadable"' in await exchange.read_until(b"bulk_unreadable")
    exchange.leave()
    await exchange.task
