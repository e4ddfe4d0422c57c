"""The closing of a budget year: an act with a paper, which freezes a vintage of the money."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.funding.conftest import DECISION, LINE, Office, build_app, decision, done, voucher
from tests.in_process import open_client

pytestmark = pytest.mark.anyio

REOPENING = {"number": "20/QĐ-UBND", "date": "2024-03-01"}
CLOSING: dict[str, Any] = {
    "year": 2023,
    "unit": "62",
    "decision": {"number": "15/QĐ-STC", "date": "2024-01-31"},
    "closed_on": "2024-01-31",
}
GIVEN = {name: value for name, value in LINE.items() if name != "year"}


@pytest.fixture
async def paid(office):
    """An office whose year 2023 has 100, of which 60 are paid."""
    await office.allocate(100)
    await office.disburse(60)
    return office


async def close(office, **change):
    return await done(office.post("closings", {**CLOSING, **change}))


async def read(office, closing_id):
    answer = await office.get(f"closings/{closing_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_closing_freezes_the_year_and_lists_what_lapses(paid):
    answer = await paid.post("closings", CLOSING)
    assert answer.status_code == 201, answer.text
    closing = answer.json()
    assert (closing["year"], closing["unit"], closing["decision"]) == (2023, "62", CLOSING["decision"])
    assert (closing["closed_on"], closing["settled_by"], closing["late"]) == (
        "2024-01-31",
        "2024-01-31",
        False,
    )
    (row,) = closing["frozen"]
    assert (row["program"], row["capital"], row["source"]) == ("poverty", "investment", "central")
    assert (row["allocated_vnd"], row["disbursed_vnd"], row["left_vnd"]) == (100, 60, 40)
    assert closing["lapsing_vnd"] == 40
    assert [(lapse["unit"], lapse["left_vnd"]) for lapse in closing["lapses"]] == [("610", 40)]
    assert (closing["differences"], closing["entries_since"]) == ([], 0)
    shown = (await paid.get(answer.headers["location"])).json()
    assert shown == {name: value for name, value in closing.items() if name != "lapses"}
    listed = (await paid.get("closings", year=2023)).json()["items"]
    assert [summary["id"] for summary in listed] == [closing["id"]]
    assert (await paid.get("changes")).json()["items"][-1]["type"] == "year.closed"


async def test_before_closing_what_would_lapse_is_listed(paid):
    tried = await paid.post("closings", CLOSING, dry_run=True)
    assert (tried.status_code, tried.json()["id"], tried.json()["lapsing_vnd"]) == (200, None, 40)
    assert (await paid.get("closings")).json()["items"] == []
    await paid.disburse(1)


async def test_an_entry_into_a_closed_year_needs_the_decision_that_reopens_it(paid):
    payment = await paid.disburse(1)
    closing = await close(paid)
    bodies = {
        "allocations": {**LINE, "amount_vnd": 5, "decision": decision()},
        "cancellations": {**LINE, "amount_vnd": 5, "decision": decision()},
        "returns": {**LINE, "amount_vnd": 5, "decision": decision()},
        "transfers": {**LINE, "to_unit": "611", "amount_vnd": 5, "decision": decision()},
        "disbursements": {**LINE, "amount_vnd": 5, "voucher": voucher()},
        "commitments": {**LINE, "amount_vnd": 5, "voucher": voucher()},
        "confirmations": {**LINE, "amount_vnd": 5, "voucher": voucher()},
        "carry-overs": {**GIVEN, "from_year": 2023, "amount_vnd": 5, "decision": decision()},
        "reversals": {"reverses": payment["id"], "reason": "nhầm"},
    }  # fmt: skip
    for what, body in bodies.items():
        refused = await paid.post(what, body)
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (409, "year_closed"), (what, problem)
        assert (problem["closing"], problem["year"], problem["unit"]) == (closing["id"], 2023, "62")
        dry = await paid.post(what, body, dry_run=True)
        assert dry.json()["code"] == "year_closed", what
    correction = await paid.post("corrections", {"corrects": payment["id"], "reason": "nhầm"})
    assert correction.json()["code"] == "year_closed"
    older = {**bodies["disbursements"], "reopened_by": {**REOPENING, "date": "2024-01-30"}}
    problem = (await paid.post("disbursements", older)).json()
    assert (problem["code"], problem["reopened_on"], problem["decided_on"]) == (
        "reopening_too_old",
        "2024-01-30",
        "2024-01-31",
    )
    for what, body in list(bodies.items())[:-1]:
        recorded = await paid.post(what, {**body, "reopened_by": REOPENING})
        assert recorded.status_code == 201, (what, recorded.text)
        assert recorded.json()["reopened_by"] == REOPENING
    await paid.allocate(7, year=2024)


async def test_later_readings_say_by_which_entries_they_differ(paid):
    closing = await close(paid)
    before = (await paid.get("status", year=2023)).json()
    assert [shown["id"] for shown in before["closings"]] == [closing["id"]]
    assert before["closings"][0]["entries_since"] == 0
    late = await paid.disburse(10, reopened_by=REOPENING)
    undone = await paid.disburse(2, reopened_by=REOPENING)
    reversal = await paid.reverse(undone, reopened_by=REOPENING)
    compared = await read(paid, closing["id"])
    assert compared["entries_since"] == 3
    assert [(row["measure"], row["frozen_vnd"], row["present_vnd"], row["difference_vnd"]) for row in compared["differences"]] == [
        ("disbursed_vnd", 60, 70, 10)
    ]  # fmt: skip
    assert compared["frozen"] == closing["frozen"]
    entries = (await paid.get(compared["entries"])).json()["items"]
    assert [entry["id"] for entry in entries] == [reversal["id"], undone["id"], late["id"]]
    first = (await paid.get(compared["entries"], limit=2)).json()
    rest = (await paid.get(compared["entries"], limit=2, cursor=first["next"])).json()
    assert first["items"] + rest["items"] == entries
    for path in ("status", "progress"):
        now = (await paid.get(path, year=2023)).json()
        assert now["closings"][0]["entries_since"] == 3
        vintage = (await paid.get(path, year=2023, as_of=closing["as_of"])).json()
        assert (vintage["total"]["disbursed_vnd"], now["total"]["disbursed_vnd"]) == (60, 70)


async def test_a_year_that_was_reopened_can_be_closed_again(paid):
    first = await close(paid)
    again = await paid.post("closings", CLOSING)
    assert (again.status_code, again.json()["code"], again.json()["closing"]) == (
        409,
        "year_already_closed",
        first["id"],
    )
    await paid.disburse(10, reopened_by=REOPENING)
    second = await close(paid, decision={"number": "30/QĐ-STC", "date": "2024-03-05"}, closed_on="2024-03-05")
    assert (second["late"], second["lapsing_vnd"]) == (True, 30)
    assert second["content_sha256"] != first["content_sha256"]
    status = (await paid.get("status", year=2023)).json()
    assert [shown["id"] for shown in status["closings"]] == [second["id"]]
    assert (await read(paid, first["id"]))["frozen"] == first["frozen"], "an earlier vintage stays"
    listed = (await paid.get("closings")).json()["items"]
    assert [summary["id"] for summary in listed] == [second["id"], first["id"]]


async def test_a_voucher_sent_again_after_the_closing_is_the_recorded_entry(paid):
    body = {**LINE, "amount_vnd": 3, "voucher": voucher()}
    first = await done(paid.post("disbursements", body))
    await close(paid)
    again = await paid.post("disbursements", body)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


async def test_batches_and_papers_need_it_too(paid):
    await close(paid)
    entries = [
        {**LINE, "kind": "disbursement", "amount_vnd": 1, "voucher": voucher()},
        {**LINE, "kind": "disbursement", "amount_vnd": 1, "voucher": voucher(), "reopened_by": REOPENING},
    ]
    batch = (await paid.post("batches", {"mode": "best_effort", "entries": entries})).json()
    assert [verdict["code"] for verdict in batch["verdicts"]] == ["year_closed", None]
    paper = {"kind": "disbursement", "voucher": voucher(), "lines": [{**LINE, "amount_vnd": 2}]}
    (verdict,) = (await paid.post("vouchers", paper)).json()["verdicts"]
    assert verdict["code"] == "year_closed"
    assert verdict["detail"].startswith("The year 2023 of the unit 62 was closed on 2024-01-31")
    assert (await paid.post("vouchers", {**paper, "reopened_by": REOPENING})).status_code == 201


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"year": 2026, "unit": "51"}, [("/year", "year_not_over")]),
        ({"closed_on": "2023-12-31"}, [("/closed_on", "year_not_over")]),
        ({"closed_on": "2999-01-01"}, [("/closed_on", "date_in_future")]),
        ({"decision": {"number": "1", "date": "2999-01-01"}}, [("/decision/date", "date_in_future")]),
        ({"unit": "610"}, [("/unit", "unit_not_province")]),
        ({"unit": "999"}, [("/unit", "unit_unknown")]),
        ({"decision": {"number": "\u200b", "date": "x"}, "extra": 1}, [("/decision/date", "not_a_date"), ("/decision/number", "text_too_short"), ("/extra", "unknown_field")]),
    ],
)  # fmt: skip
async def test_every_fault_of_a_closing_is_named(paid, change, faults):
    refused = await paid.post("closings", {**CLOSING, **change})
    assert refused.status_code == 422, refused.text
    assert sorted((fault["pointer"], fault["code"]) for fault in refused.json()["errors"]) == faults


async def test_only_who_has_rights_over_the_province_and_all_programs_closes(paid, http, issuer, app):
    for programs, units in ((["poverty"], ["62"]), (["rural", "poverty", "ethnic"], ["610"])):
        client = Office(http, issuer.token("other", ["funding"], programs, units), app)
        assert (await client.post("closings", CLOSING)).status_code == 403
    unknown = await paid.get("closings/01890a5d-ac96-774b-bcce-b302099a8057")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "closing_not_found")


@pytest.mark.race
async def test_eight_at_once_close_once(paid):
    answers = await asyncio.gather(*(paid.post("closings", CLOSING) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len((await paid.get("closings")).json()["items"]) == 1


@pytest.mark.race
async def test_no_payment_is_recorded_beside_a_closing(paid):
    """Whatever is paid while the year is closed is in what was frozen, or refused."""
    payments = [{**LINE, "amount_vnd": 1, "voucher": voucher()} for _ in range(12)]
    posts = [paid.post("disbursements", body) for body in payments]
    posts.insert(6, paid.post("closings", CLOSING))
    answers = await asyncio.gather(*posts)
    closing = answers.pop(6).json()
    codes = {answer.json().get("code", "recorded") for answer in answers}
    assert codes <= {"recorded", "year_closed"}
    recorded = sum(answer.status_code == 201 for answer in answers)
    assert closing["frozen"][0]["disbursed_vnd"] == 60 + recorded
    assert (await read(paid, closing["id"]))["entries_since"] == 0


async def test_a_reading_of_the_past_knows_neither_a_later_day_nor_a_later_entry(database, issuer):
    now = [datetime(2024, 1, 10, 5, tzinfo=UTC)]
    app = issuer.trust(build_app(database, clock=lambda: now[0]))

    def log_in(client):
        instants = {"iat": int(now[0].timestamp()), "exp": int(now[0].timestamp()) + 600}
        token = issuer.token("finance", ["funding"], ["rural", "poverty", "ethnic"], ["62"], **instants)
        return Office(client, token, app)

    async with open_client(app) as client:
        await log_in(client).allocate(100)
        before_settlement = now[0].isoformat()
        now[0] = datetime(2024, 2, 5, 5, tzinfo=UTC)
        office = log_in(client)
        await close(office, closed_on="2024-02-05")
        now[0] = datetime(2024, 3, 5, 5, tzinfo=UTC)
        office = log_in(client)
        await office.disburse(60, reopened_by=REOPENING)

        past = (await office.get("progress", year=2023, as_of=before_settlement)).json()
        assert (past["closing_overdue"], past["closings"]) == (False, [])
        closed = (await office.get("progress", year=2023, as_of="2024-02-20T05:00:00Z")).json()
        assert [closing["entries_since"] for closing in closed["closings"]] == [0]
        present = (await office.get("progress", year=2023)).json()
        assert [closing["entries_since"] for closing in present["closings"]] == [1]


async def extend(office, reads, settled_by, overdue):
    """Settle the year later by a decision; undo it by another one, which then holds."""
    body = {
        "year": 2023,
        "unit": "62",
        "settled_by": settled_by,
        "decision": REOPENING | {"date": "2024-01-18"},
    }
    dry = await office.post("extensions", body, dry_run=True)
    assert (dry.status_code, dry.json()["id"]) == (200, None)
    extended = await office.post("extensions", body)
    assert (extended.status_code, extended.json()["settled_by_law"]) == (201, "2024-01-31"), extended.text
    number = body["decision"]["number"].lower().replace("-", "\u2010")
    again = await office.post(
        "extensions", body | {"decision": {**body["decision"], "number": f" {number} "}}
    )
    assert (again.status_code, again.json()["code"]) == (409, "extension_recorded"), again.text
    assert again.json()["extension"] == extended.json()["id"]
    before_law = (await office.post("extensions", {**body, "settled_by": "2024-01-30"})).json()
    assert [(fault["pointer"], fault["code"]) for fault in before_law["errors"]] == [
        ("/settled_by", "settled_before_law")
    ]
    for path in reads:
        assert (await office.get(path, year=2023)).json()["closing_overdue"] is False, path
    assert (await office.get("status", year=2023)).json()["settled_by"] == settled_by
    assert (await office.allocate(1))["closing_overdue"] is False
    closing = (await office.post("closings", {**CLOSING, "closed_on": settled_by}, dry_run=True)).json()
    assert (closing["settled_by"], closing["late"]) == (settled_by, False)
    undone = {"settled_by": "2024-01-31", "decision": {**body["decision"], "number": "2/QĐ-UBND"}}
    await done(office.post("extensions", body | undone))
    assert (await office.get("status", year=2023)).json()["closing_overdue"] is overdue
    listed = (await office.get(extended.headers["location"])).json()["items"]
    assert [row["settled_by"] for row in listed] == ["2024-01-31", settled_by]
    faulty = {
        **body,
        "unit": "610",
        "settled_by": "2023-12-31",
        "decision": {"number": "1", "date": "2031-01-01"},
    }
    refused = (await office.post("extensions", faulty)).json()
    assert {(fault["pointer"], fault["code"]) for fault in refused["errors"]} == {
        ("/unit", "unit_not_province"),
        ("/settled_by", "settled_before_year"),
        ("/decision/date", "date_in_future"),
    }


@pytest.mark.parametrize(
    ("today", "overdue"), [("2024-01-31", False), ("2024-02-01", True), ("2026-05-05", True)]
)
async def test_after_the_settlement_day_answers_say_that_the_closing_is_overdue(
    database, issuer, today, overdue
):
    now = datetime.fromisoformat(f"{today}T05:00:00").replace(tzinfo=UTC)
    app = issuer.trust(build_app(database, clock=lambda: now))
    instants = {"iat": int(now.timestamp()), "exp": int(now.timestamp()) + 600}
    token = issuer.token("finance", ["funding"], ["rural", "poverty", "ethnic"], ["62"], **instants)
    async with open_client(app) as client:
        office = Office(client, token, app)
        recorded = await office.allocate(100)
        assert recorded["closing_overdue"] is overdue
        paid = await office.disburse(9)
        recovery = {"recovers": paid["id"], "amount_vnd": 5, "voucher": voucher(), "effective_on": today}
        await done(office.post("recoveries", recovery))
        reads = (
            "status", "progress", "lapses", "counterparts", "reconciliation", "contributions", "foresight",
            "foresight/at-risk", "entries", "recoveries",
        )  # fmt: skip
        for path in reads:
            answer = (await office.get(path, year=2023)).json()
            assert answer["closing_overdue"] is overdue, path
            assert (await office.get(path, year=2022)).json()["closing_overdue"] is False, "it has no money"
        assert (await office.get("status", year=2023)).json()["settled_by"] == "2024-01-31"
        paper = {"source": paid["voucher"]["source"], "number": paid["voucher"]["number"]}
        (read_paper,) = (await office.get("vouchers", **paper)).json()["items"]
        rows = [{**LINE, "kind": "disbursement", "amount_vnd": 1, "voucher": voucher()}]
        batch = (await office.post("batches", {"mode": "best_effort", "entries": rows})).json()
        several = {"kind": "disbursement", "voucher": voucher(), "lines": [{**LINE, "amount_vnd": 1}]}
        posted_paper = await done(office.post("vouchers", several))
        counterparts = (await office.get("counterparts", year=2024, from_year=2022)).json()
        for answer in (read_paper, batch, posted_paper, counterparts):
            assert answer["closing_overdue"] is overdue, answer
        await extend(office, reads, "2024-01-31" if today == "2024-01-31" else today, overdue)
        await close(office, closed_on=today)
        for path in reads:
            assert (await office.get(path, year=2023)).json()["closing_overdue"] is False, path
        repeated = await office.post(
            "allocations", {**LINE, "amount_vnd": 5, "decision": DECISION, "reopened_by": None}
        )
        assert repeated.json()["code"] == "year_closed"
