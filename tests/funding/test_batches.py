"""Batches: a verdict on each entry, both modes, and nothing recorded twice however often it is sent."""

import asyncio
import json
from collections import Counter

import pytest
from sqlalchemy import text

from services.funding.store import find_unbalanced_lots
from shared.kit import partial_body
from tests.application import get_database
from tests.funding.conftest import DECISION, LINE, Office, voucher

pytestmark = pytest.mark.anyio


def paid(amount, kind="disbursement", **more):
    return {**LINE, "kind": kind, "amount_vnd": amount, "voucher": voucher(), **more}


async def send(office, entries, mode="best_effort", **params):
    answer = await office.post("batches", {"mode": mode, "entries": entries}, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def outcomes(batch):
    return [verdict["outcome"] for verdict in batch["verdicts"]]


async def left(office, app):
    async with get_database(app).reading() as session:
        assert await find_unbalanced_lots(session) == []
        claims = await session.scalar(text("SELECT count(*) FROM vouchers"))
        named = await session.scalar(text("SELECT count(*) FROM entries WHERE voucher_number IS NOT NULL"))
        assert claims == named, "a voucher for each entry that names one, and no other"
    return (await office.get("status", year=2023)).json()["total"]["left_vnd"]


async def test_entries_are_decided_in_order_each_on_what_the_others_leave(office, app):
    await office.allocate(100)
    batch = await send(office, [paid(60), paid(50), paid(30, "commitment"), paid(40), paid(1)])
    assert outcomes(batch) == ["recorded", "refused", "recorded", "recorded", "refused"]
    assert (batch["received"], batch["recorded"], batch["existing"], batch["refused"]) == (5, 3, 0, 2)
    assert batch["verdicts"][1]["code"] == "insufficient_funds"
    assert "50" in batch["verdicts"][1]["detail"]
    assert await left(office, app) == 0
    entries = (await office.get("entries", batch=batch["id"])).json()["items"]
    assert [entry["id"] for entry in reversed(entries)] == [
        verdict["entry"] for verdict in batch["verdicts"] if verdict["outcome"] == "recorded"
    ]
    assert entries[0]["postings"][0]["reserved_vnd"] == -30, "what is committed is paid first"
    events = (await office.get("changes")).json()["items"]
    assert [event["type"] for event in events] == ["allocation.recorded", "batch.recorded"]
    assert events[1]["data"] == {"entries": 3, "amount_vnd": 130}


async def test_a_refusal_names_an_entry_that_is_not_recorded_by_its_place(office):
    """Its id would be of no entry: not in a batch that is refused whole, and not in a dry run."""
    await office.allocate(100)
    paper = voucher()
    entries = [paid(1, voucher=paper), paid(2, voucher=paper)]
    for params in ({}, {"dry_run": True}):
        answer = await office.post("batches", {"mode": "all_or_nothing", "entries": entries}, **params)
        (verdict,) = answer.json()["verdicts"]
        assert (verdict["code"], verdict["entry"]) == ("voucher_used", "/entries/0")
        assert "/entries/0" in verdict["detail"]
    tried = await send(office, entries, dry_run=True)
    assert "/entries/0" in tried["verdicts"][1]["detail"]
    recorded = await send(office, entries)
    assert recorded["verdicts"][0]["entry"] in recorded["verdicts"][1]["detail"]


async def test_all_or_nothing_is_refused_whole(office, app):
    await office.allocate(100)
    entries = [paid(60), paid(50)]
    refused = await office.post("batches", {"mode": "all_or_nothing", "entries": entries})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["refused"]) == (409, "batch_refused", 1)
    assert [
        (verdict["ordinal"], verdict["code"], verdict["available_vnd"]) for verdict in problem["verdicts"]
    ] == [(1, "insufficient_funds", 40)]
    assert await left(office, app) == 100
    batch = await send(office, [entries[0], paid(40)], "all_or_nothing")
    assert outcomes(batch) == ["recorded", "recorded"]


async def test_faults_are_named_by_their_position(office, app):
    await office.allocate(100)
    entries = [paid(1), {**paid(1), "amount_vnd": "1"}, {**paid(1), "unit": "99999", "program": "x"}, paid(2)]
    batch = await send(office, entries)
    assert outcomes(batch) == ["recorded", "refused", "refused", "recorded"]
    faults = [
        (fault["pointer"], fault["code"]) for verdict in batch["verdicts"] for fault in verdict["errors"]
    ]
    assert faults == [
        ("/entries/1/amount_vnd", "not_an_integer"),
        ("/entries/2/program", "program_unknown"),
        ("/entries/2/unit", "unit_unknown"),
    ]
    refused = await office.post("batches", {"mode": "all_or_nothing", "entries": entries[1:]})
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [
        "/entries/0/amount_vnd",
        "/entries/1/program",
        "/entries/1/unit",
    ]
    unread = await office.post("batches", {"mode": "some", "entries": entries})
    assert ("/mode", "not_one_of") in {(fault["pointer"], fault["code"]) for fault in unread.json()["errors"]}
    assert await left(office, app) == 97


async def test_a_voucher_is_recorded_once_within_and_across_batches(office, app):
    await office.allocate(100)
    one, two = paid(10), paid(20)
    first = await send(office, [one, one, {**one, "amount_vnd": 11}])
    assert outcomes(first) == ["recorded", "existing", "refused"]
    assert first["verdicts"][2]["code"] == "voucher_used"
    single = (
        await office.post("disbursements", {name: value for name, value in two.items() if name != "kind"})
    ).json()
    repeated = await send(office, [one, two])
    assert outcomes(repeated) == ["existing", "existing"]
    assert repeated["verdicts"][1]["entry"] == single["id"]
    assert await left(office, app) == 70


async def test_a_refused_entry_can_be_sent_again(office, app):
    short = paid(10)
    assert outcomes(await send(office, [short, short])) == ["refused", "refused"]
    await office.allocate(10)
    batch = await send(office, [{**short, "amount_vnd": 11}, short])
    assert outcomes(batch) == ["refused", "recorded"]
    repeated = await send(office, [short])
    assert (outcomes(repeated), repeated["verdicts"][0]["entry"]) == (
        ["existing"],
        batch["verdicts"][1]["entry"],
    )
    assert await left(office, app) == 0


async def test_a_reversed_entry_frees_its_voucher_for_a_batch(office, app):
    await office.allocate(100)
    wrong = paid(10)
    first = await send(office, [wrong])
    await office.reverse({"id": first["verdicts"][0]["entry"]})
    assert outcomes(await send(office, [{**wrong, "amount_vnd": 200}])) == ["refused"]
    assert outcomes(await send(office, [{**wrong, "amount_vnd": 12}])) == ["recorded"]
    async with get_database(app).reading() as session:
        assert await find_unbalanced_lots(session) == []


async def test_a_dry_run_records_nothing(office, app):
    await office.allocate(100)
    attempt = await send(office, [paid(60), paid(50)], dry_run=True)
    assert (attempt["id"], outcomes(attempt)) == (None, ["recorded", "refused"])
    assert attempt["verdicts"][0]["entry"] is None
    assert await left(office, app) == 100


async def test_a_dry_run_names_what_was_available_and_its_consumers(office):
    await office.allocate(100)
    had = await office.disburse(70)
    attempt = await send(office, [paid(20), paid(31), paid(11), paid(5)], dry_run=True)
    assert outcomes(attempt) == ["recorded", "refused", "refused", "recorded"]
    refused = attempt["verdicts"][1:3]
    assert [verdict["available_vnd"] for verdict in refused] == [10, 10]
    first, like_it = refused
    assert [(consumer["entry"], consumer["taken_vnd"]) for consumer in first["consumed_by"]] == [
        (had["id"], 70)
    ]
    assert first["consumed_in_all"] == {"entries": 1, "taken_vnd": 70}
    assert [verdict["consumed_as"] for verdict in attempt["verdicts"]] == [None, None, 1, None]
    assert (like_it["consumed_by"], like_it["consumed_in_all"]) == (None, None), "named once"
    recorded = await send(office, [paid(31)])
    assert (recorded["verdicts"][0]["available_vnd"], recorded["verdicts"][0]["consumed_by"]) == (30, None)


async def test_rights_are_checked_for_each_entry(office, issuer, http, app):
    await office.allocate(100)
    await office.allocate(100, unit="611")
    district = Office(http, issuer.token("610", ["funding"], ["poverty"], ["610"]), office.app)
    batch = await send(district, [paid(1), paid(1, unit="611"), paid(1, program="rural")])
    assert [verdict["code"] for verdict in batch["verdicts"]] == [
        None,
        "unit_not_granted",
        "program_not_granted",
    ]
    refused = await district.post("batches", {"mode": "all_or_nothing", "entries": [paid(1, unit="611")]})
    assert refused.status_code == 403
    assert (await send(district, []))["received"] == 0


async def test_a_batch_costs_a_bounded_number_of_statements(office, ran):
    await office.allocate(10_000)
    await office.allocate(10_000, unit="611")
    costs = []
    for size in (2, 200):
        ran.clear()
        await send(office, [paid(1, unit=unit) for unit in ("610", "611") for _ in range(size)])
        costs.append(len(ran))
    assert costs == [9, 9]


@pytest.mark.race
async def test_overlapping_batches_record_each_entry_once(office, app):
    """Eight senders of overlapping parts of one file, in different orders, over lines of three units."""
    units = ("610", "611", "612")
    for unit in units:
        await office.allocate(200, unit=unit)
    file = [paid(1 + at % 5, unit=units[at % 3], kind=("disbursement", "commitment")[at % 7 == 0]) for at in range(120)]  # fmt: skip

    async def sender(at):
        part = file[at * 10 :] + file[: at * 10]
        return await send(office, part[::-1] if at % 2 else part)

    results = await asyncio.gather(*(sender(at) for at in range(8)))
    assert Counter(outcome for batch in results for outcome in outcomes(batch))["recorded"] == 120
    assert {outcome for batch in results for outcome in outcomes(batch)} == {"recorded", "existing"}
    assert await left(office, app) == 600 - sum(
        entry["amount_vnd"] for entry in file if entry["kind"] == "disbursement"
    )


@pytest.mark.race
async def test_batches_never_overdraw_together(office, app):
    await office.allocate(100)
    results = await asyncio.gather(
        *(send(office, [paid(3) for _ in range(10)]) for _ in range(6)),
        *(send(office, [paid(7, "commitment") for _ in range(5)]) for _ in range(2)),
    )
    assert sum(batch["refused"] for batch in results) > 0
    assert await left(office, app) >= 0


async def test_all_or_nothing_names_the_fault_of_an_entry_that_only_the_ledger_knows(office, app):
    await office.allocate(100)
    entries = [paid(1), paid(1, project="CT.1"), paid(1000)]
    refused = await office.post("batches", {"mode": "all_or_nothing", "entries": entries})
    assert refused.status_code == 422
    faults = [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]]
    assert faults == [("/entries/1/project", "project_unknown")]
    assert await left(office, app) == 100


@pytest.mark.parametrize("named", [2, 1000])
async def test_each_entry_has_its_fault_however_many_there_are(office, monkeypatch, named):
    monkeypatch.setattr(partial_body, "MAX_FAULTS_SHOWN", named)
    await office.allocate(100)
    unread = {"kind": "gift", "amount_vnd": "1", "voucher": 7}
    entries = [{**paid(1), **unread}, paid(5), {**paid(1), "amount_vnd": "1"}, {**paid(1), **unread}]
    batch = await send(office, entries)
    assert outcomes(batch) == ["refused", "recorded", "refused", "refused"]
    events = [
        [(fault["pointer"], fault["code"]) for fault in verdict["errors"]] for verdict in batch["verdicts"]
    ]
    if named == 1000:
        assert [len(event) for event in events] == [3, 0, 1, 3]
    else:
        assert [len(event) for event in events] == [3, 0, 1, 2]
        assert [event[-1] for event in events if event] == [
            ("/entries/0", "more_faults"),
            ("/entries/2/amount_vnd", "not_an_integer"),
            ("/entries/3", "more_faults"),
        ]
    refused = await office.post("batches", {"mode": "all_or_nothing", "entries": entries})
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        field for event in events for field in event
    ]


async def test_thousands_at_once(office, app):
    await office.allocate(10_000)
    entries = [paid(1) for _ in range(3000)]
    assert (await send(office, entries, "all_or_nothing"))["recorded"] == 3000
    assert (await send(office, entries, "all_or_nothing"))["existing"] == 3000
    assert await left(office, app) == 7000
    many = json.loads(json.dumps([paid(1)])) * 10_001
    assert (await office.post("batches", {"mode": "best_effort", "entries": many})).status_code in {413, 422}


async def test_a_batch_names_its_decision_too(office):
    await office.allocate(10)
    batch = await send(office, [paid(1, decision=DECISION, effective_on="2023-04-01")])
    entry = (await office.get(f"entries/{batch['verdicts'][0]['entry']}")).json()
    assert (entry["decision"], entry["effective_on"]) == (DECISION, "2023-04-01")
