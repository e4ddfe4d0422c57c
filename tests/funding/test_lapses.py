"""Deadlines by dated rules and by the decisions of carry-overs, and what lapses."""

import shutil
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.dated_facts import DATA, load_deadlines
from services.funding.deadlines import Extension, find_deadline, find_lapses
from services.funding.ledger import Amounts, Line, Lot
from tests.funding.conftest import DECISION, LINE, done, voucher

pytestmark = pytest.mark.anyio

RULES = load_deadlines()


def lot(year=2023, origin=2023, capital="investment"):
    return Lot(Line(year, "poverty", None, capital, "central", "610", date(1991, 10, 10)), origin)


@pytest.mark.parametrize(
    ("of", "paid_by", "settled_by", "basis"),
    [
        (lot(), "2024-01-31", "2024-01-31", "Luật Đầu tư công 2019 Điều 68"),
        (lot(capital="recurrent"), "2023-12-31", "2024-01-31", "Luật NSNN 2015 Điều 64"),
        (lot(origin=2022), "2023-12-31", "2024-01-31", "NQ 69/2022/QH15"),
        (lot(2023, 2022, "recurrent"), "2023-12-31", "2024-01-31", "NQ 69/2022/QH15"),
        (lot(2022, 2021), "2022-12-31", "2023-01-31", "Luật Đầu tư công 2019 Điều 68"),
        (lot(2025, 2024), "2025-12-31", "2026-01-31", "NQ 160/2024/QH15"),
        (lot(2025, 2022, "recurrent"), "2025-12-31", "2026-01-31", "NQ 160/2024/QH15"),
        (lot(2024, 2022), "2024-12-31", "2025-01-31", "NQ 104/2023/QH15"),
        (lot(2024, 2023, "recurrent"), "2024-12-31", "2025-01-31", "NQ 104/2023/QH15"),
        (lot(2024, 2024), "2025-01-31", "2025-01-31", "Luật Đầu tư công 2019 Điều 68"),
    ],
)
def test_deadlines_by_kind_and_year(of, paid_by, settled_by, basis):
    lapses = find_deadline(RULES, of)
    assert (lapses.paid_by.isoformat(), lapses.settled_by.isoformat(), lapses.legal_basis) == (
        paid_by,
        settled_by,
        basis,
    )


def test_a_decision_extends_and_never_shortens():
    later = find_deadline(RULES, lot(2024, 2023), Extension(date(2025, 6, 30), "12/QĐ", 1))
    assert (later.paid_by, later.settled_by, later.legal_basis) == (
        date(2025, 6, 30),
        date(2025, 6, 30),
        "12/QĐ",
    )
    assert find_deadline(RULES, lot(2024, 2023), Extension(date(2024, 6, 30), "12/QĐ", 1)).paid_by == date(
        2024, 12, 31
    )


@given(st.lists(st.tuples(st.integers(2021, 2023), st.sampled_from(["investment", "recurrent"]), st.integers(0, 9)), max_size=8))  # fmt: skip
def test_all_remaining_money_is_listed_once(many):
    balances = {lot(2023, origin, capital): Amounts(allocated_vnd=amount) for origin, capital, amount in many}
    lapses = find_lapses(RULES, balances, {})
    assert {lapse.lot for lapse in lapses} == {lot for lot, balance in balances.items() if balance.left_vnd}
    days = [lapse.deadline.paid_by for lapse in lapses]
    assert days == sorted(days)
    early = find_lapses(RULES, balances, {}, date(2023, 12, 31))
    assert early == [lapse for lapse in lapses if lapse.deadline.paid_by <= date(2023, 12, 31)]


AMOUNTS = st.integers(0, 40)
MOVED = st.lists(st.tuples(st.dates(date(2024, 1, 1), date(2026, 1, 1)), st.integers(1, 30)), max_size=4)


@given(MOVED, AMOUNTS, AMOUNTS, AMOUNTS)
def test_an_extended_part_is_listed_apart_and_everything_once(moved, more, paid, reserved):
    carried = sum(amount for _, amount in moved) + more
    paid, reserved = min(paid, carried), min(reserved, max(0, carried - paid))
    of = lot(2024, 2023)
    balance = Amounts(carried_over_vnd=carried, disbursed_vnd=paid, reserved_vnd=reserved)
    lapses = find_lapses(RULES, {of: balance}, {of: [Extension(on, "12/QĐ", amount) for on, amount in moved]})
    assert sum(lapse.left_vnd for lapse in lapses) == carried - paid
    assert sum(lapse.reserved_vnd for lapse in lapses) == reserved
    assert all(0 <= lapse.reserved_vnd <= lapse.left_vnd for lapse in lapses)
    for day in {lapse.deadline.paid_by for lapse in lapses}:
        later = sum(lapse.left_vnd for lapse in lapses if lapse.deadline.paid_by > day)
        assert later <= sum(amount for on, amount in moved if on > day), "no more than was extended beyond it"


def test_money_without_a_deadline_is_refused_at_start(tmp_path):
    folder = tmp_path / "codes"
    shutil.copytree(DATA, folder)
    path = folder / "deadlines.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("recurrent,own", "recurrent,carried"), encoding="utf-8")
    with pytest.raises(ValueError, match="no deadline for own recurrent"):
        load_deadlines(folder)
    path.write_text(text.replace("12-31", "12-32", 1), encoding="utf-8")
    with pytest.raises(ValueError, match="out of range"):
        load_deadlines(folder)


async def lapsing(office, **query):
    answer = await office.get("lapses", **{"year": 2023, **query})
    assert answer.status_code == 200, answer.text
    return [(item["unit"], item["capital"], item["origin_year"], item["left_vnd"], item["paid_by"]) for item in answer.json()["items"]]  # fmt: skip


async def test_lapses_are_listed_in_advance_and_ended_by_a_return(office):
    await office.allocate(100)
    await office.allocate(50, capital="recurrent")
    await office.allocate(7, source="credit")
    await office.allocate(20, year=2022, decision={"number": "1", "date": "2022-01-05"})
    await office.carry_over(20, from_year=2022)
    await office.commit(90)
    await office.disburse(15)
    assert await lapsing(office) == [
        ("610", "recurrent", 2023, 50, "2023-12-31"),
        ("610", "investment", 2022, 5, "2023-12-31"),
        ("610", "investment", 2023, 100, "2024-01-31"),
    ]
    assert await lapsing(office, until="2023-12-31", capital="investment") == [
        ("610", "investment", 2022, 5, "2023-12-31")
    ]
    assert await lapsing(office, unit="611") == []
    assert [lapse[3] for lapse in await lapsing(office, source="credit")] == [7]
    total = (await office.get("lapses", year=2023)).json()
    assert total["left_vnd"] == sum(item["left_vnd"] for item in total["items"]) == 155
    await office.decide("returns", 5, origin_year=2022)
    await office.decide("returns", 50, capital="recurrent")
    assert await lapsing(office, until="2024-01-30") == []


async def test_the_decision_of_a_carry_over_sets_its_deadline(office):
    await office.allocate(60)
    moved = await office.carry_over(60, deadline="2025-06-30", decision=DECISION)
    assert moved["deadline"] == "2025-06-30"
    assert await lapsing(office, year=2024) == [("610", "investment", 2023, 60, "2025-06-30")]
    (item,) = (await office.get("lapses", year=2024)).json()["items"]
    assert item["legal_basis"] == DECISION["number"]
    await done(office.post("corrections", {"corrects": moved["id"], "reason": "Sai thời hạn"}))
    await office.carry_over(60)
    assert await lapsing(office, year=2024) == [("610", "investment", 2023, 60, "2024-12-31")]
    line = {name: value for name, value in LINE.items() if name != "year"}
    body = {
        **line,
        "from_year": 2023,
        "amount_vnd": 1,
        "decision": DECISION,
        "deadline": "2023-12-31",
    }
    refused = await office.post("carry-overs", body)
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/deadline", "deadline_before_year")
    ]


async def test_a_decision_extends_only_the_money_that_it_moved(office):
    """Two decisions carry money into one lot: what the second did not extend is listed by the law's day."""
    await office.allocate(100)
    await office.carry_over(30, deadline="2025-06-30")
    await office.carry_over(70)
    assert await lapsing(office, year=2024) == [
        ("610", "investment", 2023, 70, "2024-12-31"),
        ("610", "investment", 2023, 30, "2025-06-30"),
    ]
    assert [lapse[3] for lapse in await lapsing(office, year=2024, until="2024-12-31")] == [70]
    await office.commit(60, year=2024)
    await office.disburse(50, year=2024)
    items = (await office.get("lapses", year=2024)).json()["items"]
    assert [(item["left_vnd"], item["reserved_vnd"]) for item in items] == [(20, 10), (30, 0)]
    await office.disburse(30, year=2024)
    assert [lapse[3:] for lapse in await lapsing(office, year=2024)] == [(20, "2025-06-30")]


async def test_rates_with_and_without_carry_over(office):
    await office.allocate(60, year=2022, decision={"number": "1", "date": "2022-01-05"})
    await office.carry_over(60, from_year=2022)
    await office.allocate(40)
    await office.disburse(70)
    total = (await office.get("progress", year=2023)).json()["total"]
    assert (total["disbursement_rate"], total["disbursement_rate_without_carry_over"]) == (70, 25)
    assert (total["own_rate_numerator_vnd"], total["own_rate_denominator_vnd"]) == (10, 40)
    total = (await office.get("progress", year=2024)).json()["total"]
    assert total["disbursement_rate_without_carry_over"] is None


async def test_an_amount_refused_for_lack_of_money_says_what_remains_where_and_until_when(office):
    await office.allocate(100)
    await office.allocate(20, year=2022, decision={"number": "1", "date": "2022-01-05"})
    await office.allocate(9, component="GN.DA2")
    await office.carry_over(20, from_year=2022)
    await office.disburse(50, origin_year=2023)
    await office.commit(10, origin_year=2023)
    refused = await office.post("disbursements", {**LINE, "amount_vnd": 71, "voucher": voucher()})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["available_vnd"]) == (409, "insufficient_funds", 70)
    assert problem["line"] == {**LINE, "component": None}
    assert problem["remaining"] == [
        {
            "origin_year": 2022,
            "left_vnd": 20,
            "reserved_vnd": 0,
            "paid_by": "2023-12-31",
            "settled_by": "2024-01-31",
            "legal_basis": "NQ 69/2022/QH15",
        },
        {
            "origin_year": 2023,
            "left_vnd": 50,
            "reserved_vnd": 10,
            "paid_by": "2024-01-31",
            "settled_by": "2024-01-31",
            "legal_basis": "Luật Đầu tư công 2019 Điều 68",
        },
    ]
    assert problem["detail"].endswith(
        "; left are 20 đồng of origin 2022 until 2023-12-31, 50 đồng of origin 2023 until 2024-01-31."
    )
    of_one_origin = {**LINE, "amount_vnd": 21, "origin_year": 2022, "voucher": voucher()}
    problem = (await office.post("disbursements", of_one_origin, dry_run=True)).json()
    assert (problem["available_vnd"], [lot["left_vnd"] for lot in problem["remaining"]]) == (20, [20, 50])
    entry = {**LINE, "kind": "disbursement", "amount_vnd": 71, "voucher": voucher()}
    for mode in ("best_effort", "all_or_nothing"):
        batch = (await office.post("batches", {"mode": mode, "entries": [entry]})).json()
        assert [lot["left_vnd"] for lot in batch["verdicts"][0]["remaining"]] == [20, 50], mode


async def test_a_deadline_that_a_decision_extended_is_said_where_money_lacks(office):
    await office.allocate(20, year=2022, decision={"number": "1", "date": "2022-01-05"})
    await office.carry_over(
        20, from_year=2022, deadline="2024-06-30", decision={"number": "8/QĐ", "date": "2022-12-30"}
    )
    problem = (await office.post("disbursements", {**LINE, "amount_vnd": 21, "voucher": voucher()})).json()
    assert [(lot["left_vnd"], lot["paid_by"], lot["legal_basis"]) for lot in problem["remaining"]] == [
        (20, "2024-06-30", "8/QĐ")
    ]


async def test_nothing_remains_on_a_line_without_money(office):
    problem = (await office.post("disbursements", {**LINE, "amount_vnd": 1, "voucher": voucher()})).json()
    assert (problem["remaining"], problem["detail"].count(";")) == ([], 0)
