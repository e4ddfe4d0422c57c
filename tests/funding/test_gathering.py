"""Entries that come at once share a transaction, and nobody notices but the clock: each is judged, answered and refused as if it came alone."""

import asyncio
from collections import Counter

import asyncpg
import pytest
from sqlalchemy import event

from services.funding.store import find_unbalanced_lots
from shared.kit import group_commit
from tests.application import get_database
from tests.funding.conftest import DECISION, LINE, Office, build_app, decision, voucher
from tests.in_process import open_client

pytestmark = [pytest.mark.anyio, pytest.mark.race]


def paid(amount, **more):
    return {**LINE, "voucher": voucher(), "amount_vnd": amount, **more}


def codes(answers):
    return Counter(it.status_code if it.is_success else it.json()["code"] for it in answers)


async def sound(app):
    async with get_database(app).reading() as session:
        assert await find_unbalanced_lots(session) == []


@pytest.fixture
def commits(app):
    """The transactions that are committed from now on."""
    seen = []
    event.listen(get_database(app).engine.sync_engine, "commit", seen.append)
    return seen


async def test_fifty_at_once_on_a_lot_that_suffices_for_twenty(office, app, commits):
    await office.allocate(100)
    commits.clear()
    answers = await asyncio.gather(*(office.post("disbursements", paid(5)) for _ in range(50)))
    assert codes(answers) == {201: 20, "insufficient_funds": 30}
    assert len(commits) < 10, "they share transactions"
    kept = sorted((it.json() for it in answers if it.status_code == 201), key=lambda it: it["sequence"])
    assert [it["lots"][0]["left_vnd"] for it in kept] == list(range(95, -1, -5)), (
        "each on what the others left"
    )
    assert {it.json()["available_vnd"] for it in answers if it.status_code == 409} == {0}
    told = [it["subject"] for it in (await office.get("changes")).json()["items"]][1:]
    assert told == [f"entries/{it['id']}" for it in kept]
    await sound(app)


async def test_one_alone_waits_for_nobody(office, commits):
    await office.allocate(100)
    commits.clear()
    assert (await office.post("disbursements", paid(5))).status_code == 201
    assert len(commits) == 1


async def test_every_refusal_is_its_own_and_burns_no_key(office, issuer, http, app):
    await office.allocate(100)
    await office.allocate(100, unit="611")
    taken = await office.disburse(1)
    district = Office(http, issuer.token("610", ["funding"], ["poverty"], ["610"]), app)
    ours = [paid(1) for _ in range(8)]
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
        *(office.post("disbursements", it, key=f"ours-{at}") for at, it in enumerate(ours)),
        *(who.post("disbursements", it, key=f"wrong-{at}") for at, (who, it, _) in enumerate(wrong)),
    )
    assert [it.status_code for it in answers[:8]] == [201] * 8
    assert [it.json()["code"] for it in answers[8:]] == [code for _, _, code in wrong]
    mended = await asyncio.gather(
        *(who.post("disbursements", paid(1), key=f"wrong-{at}") for at, (who, _, _) in enumerate(wrong))
    )
    assert codes(mended) == {201: 7}
    assert not any("idempotent-replay" in it.headers for it in mended)
    await sound(app)


async def test_repeats_and_other_contents_among_others(office, app):
    await office.allocate(1000)
    one, other = paid(60), paid(61)
    answers = await asyncio.gather(
        *(office.post("disbursements", one, key="one") for _ in range(10)),
        *(office.post("disbursements", other, key="one") for _ in range(5)),
        *(office.post("disbursements", paid(1)) for _ in range(10)),
    )
    assert codes(answers) == {201: 20, "idempotency_key_reused": 5}
    assert len({it.content for it in answers[:10]}) == 1
    assert sum("idempotent-replay" in it.headers for it in answers[:10]) == 9
    late = await office.post("disbursements", {**one, "amount_vnd": "60"}, key="one")
    assert late.json()["code"] == "idempotency_key_reused", "whatever else is wrong with it"
    await sound(app)


async def test_kinds_and_lots_of_all_sorts_together(office, app):
    """Allocations held to an assignment, lots begun by several at once, and payments of what comes in with them."""
    await office.decide("assignments", 100, unit="62")
    given = {**LINE, "amount_vnd": 30, "decision": DECISION}
    answers = await asyncio.gather(*(office.post("allocations", {**given, "unit": unit}) for unit in ("610", "611", "612", "613")))  # fmt: skip
    assert codes(answers) == {201: 3, "beyond_assignment": 1}
    lefts = sorted(it.json()["unallocated_vnd"] for it in answers if it.status_code == 201)
    assert lefts == [10, 40, 70]
    unit = next(it.json()["unit"] for it in answers if it.status_code == 201)
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


async def test_a_poisoned_entry_takes_nobody_down_with_it(office, app, database):
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
        *(office.post("disbursements", it, key=f"k{at}") for at, it in enumerate(bodies))
    )
    assert [it.status_code for it in answers] == [500 if at == 7 else 201 for at in range(20)]
    again = await office.post("disbursements", {**bodies[7], "note": "x"}, key="k7")
    assert again.status_code == 201, "it burned neither its key nor its voucher"
    await sound(app)


async def test_a_dry_run_among_others_keeps_nothing(office, app):
    await office.allocate(100)
    answers = await asyncio.gather(
        *(office.post("disbursements", paid(5)) for _ in range(10)),
        *(office.post("disbursements", paid(50), key=f"dry-{at}", dry_run=True) for at in range(5)),
    )
    assert {it.status_code for it in answers[:10]} == {201}
    assert {it.status_code for it in answers[10:]} == {200}
    assert {it.json()["id"] for it in answers[10:]} == {None}
    assert (await office.get("status", year=2023)).json()["rows"][-1]["left_vnd"] == 50
    assert (await office.post("disbursements", paid(50), key="dry-0")).status_code == 201


async def test_a_client_that_goes_away_harms_nobody(office, app):
    await office.allocate(100)
    going = [asyncio.create_task(office.post("disbursements", paid(1))) for _ in range(10)]
    staying = [asyncio.create_task(office.post("disbursements", paid(1))) for _ in range(10)]
    await asyncio.sleep(0.01)
    for each in going:
        each.cancel()
    assert codes(await asyncio.gather(*staying)) == {201: 10}
    await asyncio.gather(*going, return_exceptions=True)
    assert (await office.post("disbursements", paid(1))).status_code == 201
    await sound(app)


async def test_more_than_can_wait_are_told_to_come_again(office, app, monkeypatch):
    await office.allocate(100)
    monkeypatch.setattr(group_commit, "MAX_WAITING_CASES", 5)
    bodies = [paid(1) for _ in range(20)]
    begun = []
    event.listen(get_database(app).engine.sync_engine, "begin", begun.append)
    answers = await asyncio.gather(
        *(office.post("disbursements", it, key=f"k{at}") for at, it in enumerate(bodies))
    )
    found = codes(answers)
    assert set(found) == {201, "busy"}
    assert len(begun) < found["busy"], "who is sent away costs no transaction"
    refused = [at for at, it in enumerate(answers) if it.status_code == 503]
    assert answers[refused[0]].headers["retry-after"] == "1"
    for at in refused:
        assert (await office.post("disbursements", bodies[at], key=f"k{at}")).status_code == 201


async def test_no_more_than_so_many_share_a_transaction(office, monkeypatch, commits):
    await office.allocate(100)
    monkeypatch.setattr(group_commit, "MAX_CASES_OF_A_TRANSACTION", 4)
    commits.clear()
    answers = await asyncio.gather(*(office.post("disbursements", paid(1)) for _ in range(20)))
    assert codes(answers) == {201: 20}
    assert len(commits) >= 5


async def test_two_services_over_one_ledger_never_take_the_same_money(office, app, database, issuer):
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
        found = codes(answers)
        assert set(found) == {201, "insufficient_funds"}
        assert len({it.content for it in answers[40:46]}) == 1
    progress = (await office.get("status", year=2023)).json()["rows"][-1]
    paid_in_all = 5 * sum(it.status_code == 201 for it in answers[:40]) + 1
    assert (progress["left_vnd"], progress["disbursed_vnd"]) == (200 - paid_in_all, paid_in_all)
    told = (await office.get("changes", limit=200)).json()["items"]
    assert [it["time"] for it in told] == sorted(it["time"] for it in told)
    await sound(app)
