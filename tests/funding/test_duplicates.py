"""An entry without a voucher that states the same fact as one in effect is refused, unless it says that it is another."""

import asyncio
import uuid
from collections import Counter
from typing import Any

import asyncpg
import pytest

from tests.funding.conftest import DECISION, LINE, Office, build_app, voucher
from tests.in_process import open_client
from tests.spellings import spell

pytestmark = pytest.mark.anyio

GIVEN = {name: value for name, value in LINE.items() if name != "year"}
BY_DECISION = {**LINE, "amount_vnd": 10, "decision": DECISION}
BODIES = {
    "assignments": BY_DECISION,
    "opening-balances": {**BY_DECISION, "origin_year": 2022},
    "allocations": BY_DECISION,
    "supplements": BY_DECISION,
    "sub-allocations": {**BY_DECISION, "to_unit": "23341"},
    "transfers": {**BY_DECISION, "to_unit": "611"},
    "cancellations": BY_DECISION,
    "returns": BY_DECISION,
    "carry-overs": {**GIVEN, "from_year": 2023, "amount_vnd": 10, "decision": DECISION},
    "commitments": BY_DECISION,
    "disbursements": BY_DECISION,
    "confirmations": BY_DECISION,
}
DECIDED = {"number": "9/QĐ-UBND", "date": "2022-12-20"}


@pytest.fixture
async def funded(office):
    """An office whose line has money enough for every kind of entry."""
    await office.allocate(1000, decision=DECIDED)
    return office


@pytest.mark.parametrize("kind", BODIES)
async def test_the_same_body_under_another_key_is_refused(funded, kind):
    first = await funded.post(kind, BODIES[kind])
    assert first.status_code == 201, first.text
    repeated = await funded.post(kind, {**BODIES[kind], "note": "gửi lại", "effective_on": "2023-12-30"})
    problem = repeated.json()
    assert (repeated.status_code, problem["code"]) == (409, "duplicate_entry")
    assert problem["entry"] == first.json()["id"]
    assert problem["entry"] in problem["detail"]
    assert DECISION["number"] in problem["detail"]
    dry = await funded.post(kind, BODIES[kind], dry_run=True)
    assert (dry.json()["code"], dry.json()["entry"]) == ("duplicate_entry", first.json()["id"])
    assert len((await funded.get("entries", kind=first.json()["kind"], limit=10)).json()["items"]) in {1, 2}


@pytest.mark.race
@pytest.mark.parametrize("kind", BODIES)
async def test_eight_clicks_are_one_entry(funded, kind):
    answers = await asyncio.gather(*(funded.post(kind, BODIES[kind]) for _ in range(8)))
    codes = Counter(answer.json().get("code", answer.status_code) for answer in answers)
    assert codes == {201: 1, "duplicate_entry": 7}
    (recorded,) = (answer.json()["id"] for answer in answers if answer.status_code == 201)
    assert {answer.json()["entry"] for answer in answers if answer.status_code == 409} == {recorded}


@pytest.mark.race
@pytest.mark.parametrize("kind", ["allocations", "opening-balances", "assignments"])
async def test_eight_clicks_in_processes_of_their_own_are_one_entry(office, issuer, database, kind):
    """The line has no lot yet, and no two of the clicks share a transaction."""

    async def click():
        app = issuer.trust(build_app(database))
        async with open_client(app) as client:
            return await Office(client, office.token, app).post(kind, BODIES[kind])

    answers = await asyncio.gather(*(click() for _ in range(4)))
    codes = Counter(answer.json().get("code", answer.status_code) for answer in answers)
    assert codes == {201: 1, "duplicate_entry": 3}


@pytest.mark.parametrize("number", spell(DECISION["number"]))
async def test_the_number_of_a_decision_spelled_otherwise_is_the_same(office, number):
    first = await office.post("allocations", BY_DECISION)
    spelled = {**BY_DECISION, "decision": {**DECISION, "number": number}}
    repeated = await office.post("allocations", spelled)
    assert (repeated.status_code, repeated.json()["code"]) == (409, "duplicate_entry")
    assert repeated.json()["entry"] == first.json()["id"]


async def test_of_many_spellings_at_once_one_is_recorded(office):
    bodies = [
        {**BY_DECISION, "decision": {**DECISION, "number": number}} for number in spell(DECISION["number"])
    ]
    answers = await asyncio.gather(*(office.post("allocations", body) for body in bodies))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: len(bodies) - 1}


@pytest.mark.parametrize(
    "change",
    [
        {"amount_vnd": 11},
        {"unit": "611"},
        {"component": "GN.DA2"},
        {"capital": "recurrent"},
        {"source": "counterpart"},
        {"year": 2024},
        {"program": "rural"},
        {"decision": {**DECISION, "number": "69/NQ-HĐND"}},
        {"decision": {**DECISION, "date": "2022-12-13"}},
    ],
)
async def test_another_fact_is_no_duplicate(office, change):
    assert (await office.post("allocations", BY_DECISION)).status_code == 201
    assert (await office.post("allocations", {**BY_DECISION, **change})).status_code == 201
    assert (await office.post("supplements", BY_DECISION)).status_code == 201


async def test_the_receiving_line_and_the_year_of_origin_tell_entries_apart(funded):
    for to in ({"to_unit": "611"}, {"to_unit": "612"}, {"to_component": "GN.DA2"}, {"to_unit": "611", "to_component": "GN.DA2"}, {"to_unit": "611", "origin_year": 2023}):  # fmt: skip
        assert (await funded.post("transfers", {**BY_DECISION, **to})).status_code == 201, to
    same = await funded.post("transfers", {**BY_DECISION, "to_unit": "610", "to_component": "GN.DA2"})
    assert same.json()["code"] == "duplicate_entry", "the unit itself is no other receiver"


async def test_contributions_in_kind_and_projects_tell_entries_apart(office):
    given = {**BY_DECISION, "source": "community"}
    labour = {"form": "labour_days", "quantity": 120, "unit_of_measure": "day"}
    assert (await office.post("allocations", {**given, "in_kind": labour})).status_code == 201
    assert (await office.post("allocations", given)).status_code == 201
    assert (
        await office.post("allocations", {**given, "in_kind": {**labour, "quantity": 121}})
    ).status_code == 201
    repeated = await office.post("allocations", {**given, "in_kind": {**labour, "quantity": 120.0}})
    assert repeated.json()["code"] == "duplicate_entry"


async def test_a_client_may_state_that_it_is_another_fact(office):
    first = (await office.post("allocations", BY_DECISION)).json()
    assert first["distinct_from"] is None
    distinct: dict[str, Any] = {
        **BY_DECISION,
        "distinct_from": {"entry": first["id"], "reason": "Giao hai đợt"},
    }
    second = await office.post("allocations", distinct)
    assert second.status_code == 201, second.text
    recorded = (await office.get(f"entries/{second.json()['id']}")).json()
    assert recorded["distinct_from"] == distinct["distinct_from"]
    repeated = await office.post("allocations", distinct)
    assert (repeated.status_code, repeated.json()["entry"]) == (409, second.json()["id"]), (
        "of two it names the latest"
    )
    distinct["distinct_from"]["entry"] = second.json()["id"]
    assert (await office.post("allocations", distinct)).status_code == 201


@pytest.mark.race
async def test_eight_clicks_on_another_fact_are_one_entry_too(office):
    first = (await office.post("allocations", BY_DECISION)).json()
    distinct = {**BY_DECISION, "distinct_from": {"entry": first["id"], "reason": "Giao hai đợt"}}
    answers = await asyncio.gather(*(office.post("allocations", distinct) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}


async def test_a_reversed_entry_is_no_duplicate(office):
    first = await office.allocate(10, decision=DECISION)
    await office.reverse(first)
    second = await office.post("allocations", BY_DECISION)
    assert second.status_code == 201
    assert (await office.post("allocations", BY_DECISION)).json()["entry"] == second.json()["id"]


async def test_refused_entries_and_dry_runs_are_no_duplicates(funded):
    beyond = {**BY_DECISION, "amount_vnd": 1001}
    assert (await funded.post("returns", beyond)).json()["code"] == "insufficient_funds"
    assert (await funded.post("returns", beyond)).json()["code"] == "insufficient_funds"
    assert (await funded.post("returns", BY_DECISION, dry_run=True)).status_code == 200
    assert (await funded.post("returns", BY_DECISION)).status_code == 201


async def test_an_entry_with_a_voucher_keeps_the_voucher_rule(funded):
    paid = {**BY_DECISION, "voucher": voucher()}
    first = await funded.post("disbursements", paid)
    assert (await funded.post("disbursements", paid)).json()["id"] == first.json()["id"]
    assert (await funded.post("disbursements", {**paid, "voucher": voucher()})).status_code == 201
    assert (await funded.post("disbursements", BY_DECISION)).status_code == 201


@pytest.mark.parametrize(
    ("distinct_from", "faults"),
    [
        ({"entry": str(uuid.UUID(int=7)), "reason": "x"}, [("/distinct_from/entry", "entry_unknown")]),
        ({"entry": "x", "reason": " "}, [("/distinct_from/entry", "not_a_uuid"), ("/distinct_from/reason", "text_too_short")]),
        ({"entry": str(uuid.UUID(int=7))}, [("/distinct_from/reason", "missing")]),
    ],
)  # fmt: skip
async def test_every_fault_of_the_reference_is_named(office, distinct_from, faults):
    refused = await office.post("allocations", {**BY_DECISION, "distinct_from": distinct_from})
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == faults


async def test_a_code_that_was_reused_is_another_line(http, issuer, app):
    """Code 23341 means another commune since 1 July 2025."""
    both = Office(http, issuer.token("both", ["funding"], ["poverty"], ["62", "51"]), app)
    body = {
        **BY_DECISION,
        "year": 2025,
        "unit": "23341",
        "decision": {"number": "1/QĐ", "date": "2025-01-02"},
    }
    for day in ("2025-06-30", "2025-07-01"):
        assert (await both.post("allocations", {**body, "effective_on": day})).status_code == 201, day
    repeated = await both.post("allocations", {**body, "effective_on": "2025-06-01"})
    assert repeated.json()["code"] == "duplicate_entry"


async def test_entries_recorded_twice_before_the_rule_stay_and_the_latest_is_named(office, database):
    first = await office.allocate(10, decision=DECISION)
    second = await office.allocate(11, decision=DECISION)
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("UPDATE funding.entries SET amount_vnd = 10 WHERE id = $1", uuid.UUID(second["id"]))
    await admin.close()
    refused = await office.post("allocations", BY_DECISION)
    assert refused.json()["entry"] == second["id"] != first["id"]
