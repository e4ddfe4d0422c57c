"""Concurrent writers: no đồng is taken twice, nothing is recorded twice, and there is no deadlock."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import text

from services.funding.store import find_unbalanced_lots
from tests.application import get_database
from tests.funding.conftest import LINE, decision, voucher

pytestmark = [pytest.mark.anyio, pytest.mark.race]


def paid(amount):
    return {**LINE, "voucher": voucher(), "amount_vnd": amount}


async def outcomes(*requests):
    answers = await asyncio.gather(*requests)
    return Counter(
        answer.status_code if answer.status_code == 201 else answer.json()["code"] for answer in answers
    )


async def books(app):
    """Return the amount left of each lot; the balances are checked against the postings."""
    async with get_database(app).reading() as session:
        assert await find_unbalanced_lots(session) == []
        rows = await session.execute(text("SELECT * FROM lots ORDER BY year, origin_year"))
        return [
            (
                row.year,
                row.opening_balance_vnd
                + row.allocated_vnd
                + row.carried_over_vnd
                - row.carried_out_vnd
                - row.disbursed_vnd,
            )
            for row in rows
        ]


async def test_two_payments_of_the_last_money(office, app):
    await office.allocate(100)
    counts = await outcomes(*(office.post("disbursements", paid(60)) for _ in range(12)))
    assert counts == {201: 1, "insufficient_funds": 11}
    assert await books(app) == [(2023, 40)]


async def test_many_small_payments_take_all_of_the_money_and_no_more(office, app):
    await office.allocate(100)
    counts = await outcomes(*(office.post("disbursements", paid(7)) for _ in range(30)))
    assert counts == {201: 14, "insufficient_funds": 16}
    assert await books(app) == [(2023, 2)]


async def test_a_carry_over_and_payments_compete_for_the_same_money(office, app):
    await office.allocate(100)
    carried = {name: value for name, value in LINE.items() if name != "year"}
    carried |= {"from_year": 2023, "amount_vnd": 80}
    counts = await outcomes(
        *(office.post("carry-overs", {**carried, "decision": decision()}) for _ in range(4)),
        *(office.post("disbursements", paid(80)) for _ in range(4)),
    )
    assert counts == {201: 1, "insufficient_funds": 7}
    left = dict(await books(app))
    assert left[2023] == 20
    assert left.get(2024, 0) in {0, 80}


async def test_money_moves_both_ways_through_the_years_without_a_deadlock(office, app):
    """Carry-overs into a year, payments and carry-overs out of it, and reversals across both, all at once."""
    line = {name: value for name, value in LINE.items() if name != "year"}
    for year in (2022, 2023):
        await office.allocate(1000, year=year, decision={"number": "1", "date": "2022-01-05"})
    moved = [await office.carry_over(10, from_year=2022) for _ in range(6)]
    counts = await outcomes(
        *(office.post("reversals", {"reverses": entry["id"], "reason": "x"}) for entry in moved),
        *(office.post("carry-overs", {**line, "from_year": year, "amount_vnd": 5, "decision": decision()}) for year in (2022, 2023) * 6),
        *(office.post("disbursements", paid(50)) for _ in range(8)),
    )  # fmt: skip
    assert counts[201] >= 20 - 6
    assert set(counts) <= {201, "insufficient_funds"}, counts
    await books(app)


async def test_one_entry_is_reversed_once(office, app):
    paid_from = await office.allocate(100)
    counts = await outcomes(
        *(office.post("reversals", {"reverses": paid_from["id"], "reason": "x"}) for _ in range(8))
    )
    assert counts == {201: 1, "already_reversed": 7}
    assert await books(app) == [(2023, 0)]


async def test_a_reversal_and_a_payment_compete_for_the_same_money(office, app):
    given = await office.allocate(100)
    counts = await outcomes(
        office.post("reversals", {"reverses": given["id"], "reason": "x"}),
        *(office.post("disbursements", paid(100)) for _ in range(3)),
    )
    assert counts == {201: 1, "insufficient_funds": 3}
    assert await books(app) == [(2023, 0)]


async def test_fifty_repeats_are_one_entry(office, app):
    await office.allocate(100)
    body = paid(60)
    answers = await asyncio.gather(*(office.post("disbursements", body, key="one") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await books(app) == [(2023, 40)]


async def test_a_lot_created_by_many_at_once_is_created_once(office, app):
    counts = await outcomes(
        *(office.post("allocations", {**LINE, "amount_vnd": 1, "decision": decision()}) for _ in range(20))
    )
    assert counts == {201: 20}
    assert await books(app) == [(2023, 20)]


async def test_the_ledger_s_order_is_the_order_of_its_changes(office):
    await office.allocate(1000)
    await outcomes(*(office.post("disbursements", paid(1)) for _ in range(25)))
    events = (await office.get("changes")).json()["items"]
    entries = (await office.get("entries", limit=100)).json()["items"]
    assert [event["subject"].removeprefix("entries/") for event in events] == [
        entry["id"] for entry in reversed(entries)
    ]
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


@pytest.mark.parametrize("seed", range(4))
async def test_random_entries_of_many_workers_leave_valid_balances(office, app, seed):
    """Eight workers do what random asks for; then all balances equal a recomputation, and no đồng was made or lost."""
    chance = random.Random(seed)
    recorded: list[dict[str, Any]] = []
    brought, spent = 0, 0
    line = {name: value for name, value in LINE.items() if name != "year"}

    def anything():
        amount, year = chance.randint(1, 60), chance.choice([2022, 2023])
        body = {**LINE, "year": year, "amount_vnd": amount}
        return chance.choice(
            [
                lambda: office.post("allocations", {**body, "decision": decision()}),
                lambda: office.post("commitments", {**body, "voucher": voucher()}),
                lambda: office.post("disbursements", {**body, "voucher": voucher()}),
                lambda: office.post("carry-overs", {**line, "from_year": year, "amount_vnd": amount, "decision": decision()}),
                lambda: office.post("reversals", {"reverses": chance.choice(recorded)["id"], "reason": "x"}) if recorded else office.get("changes"),
            ]
        )  # fmt: skip

    async def worker():
        nonlocal brought, spent
        for _ in range(15):
            answer = await anything()()
            assert answer.status_code in {200, 201, 409}, answer.text
            if answer.status_code != 201:
                continue
            entry = answer.json()
            if entry["kind"] != "reversal":
                recorded.append(entry)
            brought += sum(posting["allocated_vnd"] for posting in entry["postings"])
            spent += sum(posting["disbursed_vnd"] for posting in entry["postings"])

    await asyncio.gather(*(worker() for _ in range(8)))
    assert sum(left for _, left in await books(app)) == brought - spent
    assert len(recorded) > 20


async def test_fifty_senders_of_one_voucher_make_one_entry(office, app):
    await office.allocate(100)
    body = paid(60)
    answers = await asyncio.gather(*(office.post("disbursements", body) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 49}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await books(app) == [(2023, 40)]


async def test_a_freed_voucher_is_used_once(office, app):
    await office.allocate(100)
    body = paid(60)
    entry = (await office.post("disbursements", body)).json()
    await office.reverse(entry)
    counts = await outcomes(
        *(office.post("disbursements", {**body, "amount_vnd": amount}) for amount in range(1, 9))
    )
    assert counts == {201: 1, "voucher_used": 7}
    assert (await books(app))[0][1] >= 92
