"""Entries that arrive together share a transaction, and each is decided and answered as if it came alone."""

import asyncio
from collections import Counter

import asyncpg
import pytest
from sqlalchemy import Connection, event

from services.funding.store import find_unbalanced_lots
from shared.kit import group_commit
from tests.application import get_database
from tests.funding.conftest import DECISION, LINE, Office, build_app, decision, voucher
from tests.in_process import open_client

pytestmark = [pytest.mark.anyio, pytest.mark.race]


def paid(amount, **more):
    return {**LINE, "voucher": voucher(), "amount_vnd": amount, **more}


def codes(answers):
    return Counter(answer.status_code if answer.is_success else answer.json()["code"] for answer in answers)


async def sound(app):
    async with get_database(app).reading() as session:
        assert await find_unbalanced_lots(session) == []


@pytest.fixture
def commits(app):
    """The transactions that are committed from now on."""
    seen: list[Connection] = []
    event.listen(get_database(app).engine.sync_engine, "commit", seen.append)
    return seen


async def test_of_fifty_payments_at_once_the_lot_pays_twenty(office, app, commits):
    await office.allocate(100)
    commits.clear()
    answers = await asyncio.gather(*(office.post("disbursements", paid(5)) for _ in range(50)))
    assert codes(answers) == {201: 20, "insufficient_funds": 30}
    assert len(commits) < 10, "they share transactions"
    recorded = sorted(
        (answer.json() for answer in answers if answer.status_code == 201),
        key=lambda entry: entry["sequence"],
    )
    assert [entry["lots"][0]["left_vnd"] for entry in recorded] == list(range(95, -1, -5)), (
        "each on what the others left"
    )
    assert {answer.json()["available_vnd"] for answer in answers if answer.status_code == 409} == {0}
    events = [event["subject"] for event in (await office.get("changes")).json()["items"]][1:]
    assert events == [f"entries/{entry['id']}" for entry in recorded]
    await sound(app)


async def test_a_single_entry_is_recorded_at_once(office, commits):
    await office.allocate(100)
    commits.clear()
    assert (await office.post("disbursements", paid(5))).status_code == 201
    assert len(commits) == 1


async def test_a_refusal_affects_no_other_entry_and_uses_up_no_key(office, issuer, http, app):
    await office.allocate(100)
    await office.allocate(100, unit="611")
    taken = await office.disburse(1)
    district = Office(http, issuer.token("610", ["funding"], ["poverty"], ["610"]), app)
    valid = [paid(1) for _ in range(8)]
    wrong = [
        (office, paid(1, program="health"), "invalid"),
        (office, paid(1000), "insufficient_funds"),
        (office, paid(1, amount_vnd="1"), "invalid"),
        (office, {**paid(2), "voucher": taken["voucher"]}, "voucher_used"),
        (office, paid(1, project="CT-1"), "invalid"),
        (district, paid(1, unit="611"), "unit_not_granted"),
        (district, paid(1, program="rural"), "program_not_granted"),
    ]
    answers = await asyncio.gather(
        *(office.post("disbursements", body, key=f"ours-{number}") for number, body in enumerate(valid)),
        *(
            client.post("disbursements", body, key=f"wrong-{number}")
            for number, (client, body, _) in enumerate(wrong)
        ),
    )
    assert [answer.status_code for answer in answers[:8]] == [201] * 8
    assert [answer.json()["code"] for answer in answers[8:]] == [code for _, _, code in wrong]
    mended = await asyncio.gather(
        *(
            client.post("disbursements", paid(1), key=f"wrong-{number}")
            for number, (client, _, _) in enumerate(wrong)
        )
    )
    assert codes(mended) == {201: 7}
    assert not any("idempotent-replay" in answer.headers for answer in mended)
    await sound(app)


async def test_repeated_keys_in_one_transaction(office, app):
    await office.allocate(1000)
    one, other_body = paid(60), paid(61)
    answers = await asyncio.gather(
        *(office.post("disbursements", one, key="one") for _ in range(10)),
        *(office.post("disbursements", other_body, key="one") for _ in range(5)),
        *(office.post("disbursements", paid(1)) for _ in range(10)),
    )
    assert codes(answers) == {201: 20, "idempotency_key_reused": 5}
    assert len({answer.content for answer in answers[:10]}) == 1
    assert sum("idempotent-replay" in answer.headers for answer in answers[:10]) == 9
    late = await office.post("disbursements", {**one, "amount_vnd": "60"}, key="one")
    assert late.json()["code"] == "idempotency_key_reused", "whatever else is wrong with it"
    await sound(app)


async def test_different_kinds_and_lots_in_one_transaction(office, app):
    """Allocations limited by an assignment, lots created by several at once, and payments from the new lots."""
    await office.decide("assignments", 100, unit="62")
    given = {**LINE, "amount_vnd": 30, "decision": DECISION}
    answers = await asyncio.gather(*(office.post("allocations", {**given, "unit": unit}) for unit in ("610", "611", "612", "613")))  # fmt: skip
    assert codes(answers) == {201: 3, "beyond_assignment": 1}
    lefts = sorted(answer.json()["unallocated_vnd"] for answer in answers if answer.status_code == 201)
    assert lefts == [10, 40, 70]
    unit = next(answer.json()["unit"] for answer in answers if answer.status_code == 201)
    moved = {**LINE, "unit": unit, "amount_vnd": 4, "to_component": "GN.DA2"}
    carried = {name: value for name, value in LINE.items() if name != "year"}
    carried |= {"from_year": 2023, "unit": unit, "amount_vnd": 3}
    answers = await asyncio.gather(
        *(office.post("transfers", {**moved, "decision": decision()}) for _ in range(3)),
        *(office.post("carry-overs", {**carried, "decision": decision()}) for _ in range(3)),
        *(office.post("commitments", paid(2, unit=unit)) for _ in range(3)),
    )
    assert codes(answers) == {201: 9}
    await sound(app)


async def test_an_entry_that_the_database_refuses_affects_no_other(office, app, database):
    """The database refuses one entry for a reason that no rule foresaw."""
    await office.allocate(1000)
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(
        "CREATE FUNCTION funding.refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'poison'; END $$;"
        "CREATE TRIGGER poison BEFORE INSERT ON funding.entries FOR EACH ROW"
        " WHEN (NEW.note = 'poison') EXECUTE FUNCTION funding.refuse()"
    )
    await admin.close()
    bodies = [paid(1, **({"note": "poison"} if at == 7 else {})) for at in range(20)]
    answers = await asyncio.gather(
        *(office.post("disbursements", body, key=f"k{number}") for number, body in enumerate(bodies))
    )
    assert [answer.status_code for answer in answers] == [500 if at == 7 else 201 for at in range(20)]
    again = await office.post("disbursements", {**bodies[7], "note": "x"}, key="k7")
    assert again.status_code == 201, "it burned neither its key nor its voucher"
    await sound(app)


async def test_a_dry_run_among_others_records_nothing(office, app):
    await office.allocate(100)
    answers = await asyncio.gather(
        *(office.post("disbursements", paid(5)) for _ in range(10)),
        *(office.post("disbursements", paid(50), key=f"dry-{at}", dry_run=True) for at in range(5)),
    )
    assert {answer.status_code for answer in answers[:10]} == {201}
    assert {answer.status_code for answer in answers[10:]} == {200}
    assert {answer.json()["id"] for answer in answers[10:]} == {None}
    assert (await office.get("status", year=2023)).json()["total"]["left_vnd"] == 50
    assert (await office.post("disbursements", paid(50), key="dry-0")).status_code == 201


async def test_a_client_that_disconnects_affects_no_other(office, app):
    await office.allocate(100)
    going = [asyncio.create_task(office.post("disbursements", paid(1))) for _ in range(10)]
    staying = [asyncio.create_task(office.post("disbursements", paid(1))) for _ in range(10)]
    await asyncio.sleep(0.01)
    for task in going:
        task.cancel()
    assert codes(await asyncio.gather(*staying)) == {201: 10}
    await asyncio.gather(*going, return_exceptions=True)
    assert (await office.post("disbursements", paid(1))).status_code == 201
    await sound(app)


async def test_requests_beyond_the_queue_are_answered_503(office, app, monkeypatch):
    await office.allocate(100)
    monkeypatch.setattr(group_commit, "MAX_WAITING_CASES", 5)
    bodies = [paid(1) for _ in range(20)]
    begun: list[Connection] = []
    event.listen(get_database(app).engine.sync_engine, "begin", begun.append)
    answers = await asyncio.gather(
        *(office.post("disbursements", body, key=f"k{number}") for number, body in enumerate(bodies))
    )
    counts = codes(answers)
    assert set(counts) == {201, "busy"}
    assert len(begun) < counts["busy"], "who is sent away costs no transaction"
    refused = [number for number, answer in enumerate(answers) if answer.status_code == 503]
    assert answers[refused[0]].headers["retry-after"] == "1"
    for at in refused:
        assert (await office.post("disbursements", bodies[at], key=f"k{at}")).status_code == 201


async def test_a_transaction_has_a_largest_size(office, monkeypatch, commits):
    await office.allocate(100)
    monkeypatch.setattr(group_commit, "MAX_CASES_OF_A_TRANSACTION", 4)
    commits.clear()
    answers = await asyncio.gather(*(office.post("disbursements", paid(1)) for _ in range(20)))
    assert codes(answers) == {201: 20}
    assert len(commits) >= 5


async def test_two_processes_over_one_ledger_never_take_the_same_money(office, app, database, issuer):
    """Each gathers for itself; what they share is the database. Lots are wanted in both orders, and begun by both."""
    other_app = issuer.trust(build_app(database))
    async with open_client(other_app) as http:
        offices = (office, Office(http, office.token, other_app))
        for unit in ("610", "611"):
            await office.allocate(100, unit=unit)
        same = paid(1, unit="611")
        moved = {**LINE, "amount_vnd": 3}
        answers = await asyncio.gather(
            *(offices[at % 2].post("disbursements", paid(5, unit="610")) for at in range(40)),
            *(offices[at % 2].post("disbursements", same, key="same") for at in range(6)),
            *(offices[at % 2].post("transfers", {**moved, "decision": decision(), "unit": ("610", "611")[at % 2], "to_unit": ("611", "610")[at % 2]}) for at in range(8)),
            *(offices[at % 2].post("transfers", {**moved, "decision": decision(), "unit": "611", "to_unit": "613"}) for at in range(6)),
        )  # fmt: skip
        counts = codes(answers)
        assert set(counts) == {201, "insufficient_funds"}
        assert len({answer.content for answer in answers[40:46]}) == 1
    progress = (await office.get("status", year=2023)).json()["total"]
    paid_in_all = 5 * sum(answer.status_code == 201 for answer in answers[:40]) + 1
    assert (progress["left_vnd"], progress["disbursed_vnd"]) == (200 - paid_in_all, paid_in_all)
    events = (await office.get("changes", limit=200)).json()["items"]
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    await sound(app)
