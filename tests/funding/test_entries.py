"""Entries over HTTP, on a real database: what is recorded, answered and refused."""

import uuid

import asyncpg
import pytest
from sqlalchemy import text

from services.funding.store import find_unbalanced_lots
from tests.application import get_database
from tests.funding.conftest import DECISION, LINE, VOUCHER, Office

pytestmark = pytest.mark.anyio


def money(lots):
    return [(lot["year"], lot["origin_year"], lot["left_vnd"], lot["uncommitted_vnd"]) for lot in lots]


async def test_the_answer_says_what_is_left(office):
    await office.allocate(100)
    committed = await office.commit(40)
    assert money(committed["lots"]) == [(2023, 2023, 100, 60)]
    paid = await office.disburse(70)
    assert money(paid["lots"]) == [(2023, 2023, 30, 30)]
    assert [(posting["disbursed_vnd"], posting["reserved_vnd"]) for posting in paid["postings"]] == [
        (70, -40)
    ]


async def test_an_entry_is_found_where_its_location_says(office):
    answer = await office.post(
        "allocations", {**LINE, "amount_vnd": 5, "decision": DECISION, "component": "GN.DA2"}
    )
    recorded = (await office.get(answer.headers["location"])).json()
    assert answer.headers["location"] == f"/v1/funding/entries/{answer.json()['id']}"
    assert {
        **recorded,
        "lots": answer.json()["lots"],
        "unallocated_vnd": None,
        "project_room_vnd": None,
        "closing_overdue": True,
    } == answer.json()
    assert recorded["component"] == "GN.DA2"
    assert recorded["effective_on"] == "2023-01-01", (
        "the decision of December is brought into its budget year"
    )


async def test_a_payment_cannot_exceed_what_is_left(office):
    await office.allocate(100)
    await office.disburse(60)
    refused = await office.post("disbursements", {**LINE, "amount_vnd": 41, "voucher": VOUCHER})
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["code"] == "insufficient_funds"
    assert (problem["asked_vnd"], problem["available_vnd"]) == (41, 40)
    assert problem["lots"] == [
        {"origin_year": 2023, "available_vnd": 40, "from": "2023-12-31", "until": None, "book": "agency"}
    ]
    assert problem["line"] == {**LINE, "component": None}
    assert "41" in problem["detail"]
    await office.disburse(40)


async def test_a_line_without_money_has_no_lots(office):
    refused = await office.post("disbursements", {**LINE, "amount_vnd": 1, "voucher": VOUCHER})
    assert (refused.status_code, refused.json()["lots"]) == (409, [])


async def test_lines_do_not_mix(office):
    await office.allocate(100)
    for another in ({"component": "GN.DA1"}, {"capital": "recurrent"}, {"source": "counterpart"}, {"unit": "611"}, {"year": 2024}, {"program": "rural"}):  # fmt: skip
        refused = await office.post("disbursements", {**LINE, "amount_vnd": 1, "voucher": VOUCHER, **another})
        assert refused.status_code == 409, another


async def test_the_oldest_origin_is_paid_first_in_one_entry(office):
    await office.allocate(50, year=2022, decision={"number": "1/QĐ", "date": "2022-01-05"})
    await office.carry_over(50, from_year=2022)
    await office.allocate(100)
    paid = await office.disburse(70)
    assert [(posting["origin_year"], posting["disbursed_vnd"]) for posting in paid["postings"]] == [
        (2022, 50),
        (2023, 20),
    ]
    assert paid["origin_year"] is None
    refused = await office.post(
        "disbursements", {**LINE, "amount_vnd": 1, "voucher": VOUCHER, "origin_year": 2022}
    )
    assert [(lot["origin_year"], lot["available_vnd"]) for lot in refused.json()["lots"]] == [(2022, 0)]
    named = await office.disburse(5, origin_year=2023)
    assert [posting["origin_year"] for posting in named["postings"]] == [2023]


async def test_carried_money_keeps_its_origin_through_the_years(office):
    await office.post("opening-balances", {**LINE, "year": 2022, "origin_year": 2021, "amount_vnd": 9, "decision": DECISION})  # fmt: skip
    await office.carry_over(9, from_year=2022)
    moved = await office.carry_over(4, from_year=2023)
    assert money(moved["lots"]) == [(2023, 2021, 5, 5), (2024, 2021, 4, 4)]
    assert (moved["year"], moved["to_year"]) == (2023, 2024)


async def test_a_carry_over_takes_commitments_along(office):
    await office.allocate(100)
    await office.commit(80)
    moved = await office.carry_over(60)
    assert money(moved["lots"]) == [(2023, 2023, 40, 0), (2024, 2023, 60, 20)]


async def test_an_entry_is_reversed_once(office):
    await office.allocate(100)
    paid = await office.disburse(30)
    reversal = await office.reverse(paid)
    assert money(reversal["lots"]) == [(2023, 2023, 100, 100)]
    assert reversal["reverses"] == paid["id"]
    assert reversal["note"] == "Hạch toán nhầm"
    repeated = await office.post("reversals", {"reverses": paid["id"], "reason": "lần nữa"})
    assert (repeated.status_code, repeated.json()["code"]) == (409, "already_reversed")
    assert repeated.json()["reversed_by"] == reversal["id"]
    assert (await office.get(f"entries/{paid['id']}")).json()["reversed_by"] == reversal["id"]
    final = await office.post("reversals", {"reverses": reversal["id"], "reason": "x"})
    assert final.json()["code"] == "reversal_not_reversible"


async def test_a_reversal_that_would_overdraw_is_refused(office):
    given = await office.allocate(100)
    await office.disburse(1)
    refused = await office.post("reversals", {"reverses": given["id"], "reason": "sai"})
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_funds")
    assert (refused.json()["asked_vnd"], refused.json()["available_vnd"]) == (100, 99)


async def test_reversing_a_carry_over_brings_the_money_back(office):
    await office.allocate(100)
    moved = await office.carry_over(60)
    back = await office.reverse(moved)
    assert money(back["lots"]) == [(2023, 2023, 100, 100), (2024, 2023, 0, 0)]


async def test_an_unknown_entry_is_not_reversed(office):
    refused = await office.post("reversals", {"reverses": str(uuid.uuid4()), "reason": "x"})
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/reverses", "entry_unknown")
    ]
    assert (await office.get(f"entries/{uuid.uuid4()}")).json()["code"] == "entry_not_found"


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"effective_on": "2999-01-01"}, {("/effective_on", "date_in_future")}),
        ({"effective_on": "2023-08-31"}, {("/effective_on", "date_before_entry")}),
        ({"decision": {"number": "1", "date": "2999-01-01"}}, {("/decision/date", "date_in_future")}),
        ({"reason": " ", "effective_on": "2999-01-01"}, {("/reason", "text_too_short"), ("/effective_on", "date_in_future")}),
        ({"reverses": "x", "decision": {"number": "1"}}, {("/reverses", "not_a_uuid"), ("/decision/date", "missing")}),
        ({"reverses": "01890a5d-ac96-774b-bcce-b302099a8057", "effective_on": "2999-01-01"}, {("/reverses", "entry_unknown"), ("/effective_on", "date_in_future")}),
    ],
)  # fmt: skip
async def test_every_fault_of_a_reversal_is_named(office, change, faults):
    await office.allocate(100)
    paid = await office.disburse(30, effective_on="2023-09-01")
    refused = await office.post("reversals", {"reverses": paid["id"], "reason": "x", **change})
    assert refused.status_code == 422, refused.text
    assert {(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]} == faults


async def test_a_reversal_takes_effect_no_earlier_than_its_entry(office, issuer, http):
    ahead = Office(http, issuer.token("51", ["funding"], ["poverty"], ["51"]), office.app)
    allocated = await ahead.allocate(100, unit="51", year=2027, effective_on="2027-12-31")
    assert (await ahead.reverse(allocated))["effective_on"] == "2027-12-31"
    paid_from = await office.allocate(100)
    reversal = await office.reverse(paid_from, effective_on="2023-06-30")
    assert reversal["effective_on"] == "2023-06-30"


async def test_a_dry_run_answers_everything_and_records_nothing(office):
    await office.allocate(100)
    body = {**LINE, "amount_vnd": 30, "voucher": VOUCHER}
    attempt = await office.post("disbursements", body, key="k", dry_run=True)
    assert attempt.status_code == 200
    assert "location" not in attempt.headers
    assert attempt.json()["id"] is None
    assert money(attempt.json()["lots"]) == [(2023, 2023, 70, 70)]
    refused = await office.post("disbursements", {**body, "amount_vnd": 101}, dry_run=True)
    assert refused.json()["available_vnd"] == 100
    carried = await office.post("carry-overs", {**{k: v for k, v in LINE.items() if k != "year"}, "from_year": 2023, "amount_vnd": 30, "decision": DECISION}, dry_run=True)  # fmt: skip
    assert carried.status_code == 200
    given = (await office.get("entries")).json()["items"]
    assert len(given) == 1
    attempt = await office.post("reversals", {"reverses": given[0]["id"], "reason": "thử"}, dry_run=True)
    assert money(attempt.json()["lots"]) == [(2023, 2023, 0, 0)]
    assert len((await office.get("entries")).json()["items"]) == 1
    assert len((await office.get("changes")).json()["items"]) == 1
    assert (await office.post("disbursements", body, key="k")).status_code == 201, "the key was not burnt"


async def test_the_same_key_is_one_entry(office):
    body = {**LINE, "amount_vnd": 30, "decision": DECISION}
    first = await office.post("allocations", body, key="same")
    repeated = await office.post("allocations", body, key="same")
    assert repeated.headers["idempotent-replay"] == "true"
    assert repeated.json() == first.json()
    another = await office.post("allocations", {**body, "amount_vnd": 31}, key="same")
    assert another.json()["code"] == "idempotency_key_reused"


async def test_entries_are_listed_newest_first_page_by_page(office):
    for amount in range(1, 8):
        await office.allocate(amount)
    seen, cursor = [], None
    while True:
        answer = await office.get("entries", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [entry["amount_vnd"] for entry in answer.json()["items"]]
        cursor = answer.json()["next"]
        assert ("link" in answer.headers) == (cursor is not None)
        if cursor is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_entries_are_filtered_by_the_lots_that_they_changed(office):
    await office.allocate(50, year=2022, decision={"number": "1/QĐ", "date": "2022-01-05"})
    moved = await office.carry_over(20, from_year=2022)
    await office.allocate(7, unit="611", component="GN.DA2")
    await office.allocate(8, unit="23341")
    paid = await office.disburse(3, voucher={"source": "KBNN", "number": "9"})

    async def list_amounts(**terms):
        return [entry["amount_vnd"] for entry in (await office.get("entries", **terms)).json()["items"]]

    assert await list_amounts(year=2022) == [20, 50]
    assert await list_amounts(year=2023) == [3, 8, 7, 20]
    assert await list_amounts(year=2023, unit="610") == [3, 8, 20]
    assert await list_amounts(year=2023, unit="610", below=False) == [3, 20]
    assert await list_amounts(unit="611") == [7]
    assert await list_amounts(kind="carry_over") == [moved["amount_vnd"]]
    assert await list_amounts(voucher="9") == [paid["amount_vnd"]]
    assert await list_amounts(origin_year=2022, year=2023) == [3, 20]
    assert await list_amounts(component="GN.DA2") == [7]
    assert await list_amounts(component="none", year=2023) == [3, 8, 20]
    assert await list_amounts(source=["credit", "foreign"]) == []
    assert (await office.get("entries", unit="99999")).json()["code"] == "unit_unknown"
    assert (await office.get("entries", unit="62", year=2026)).json()["code"] == "unit_unknown_on_date"


async def test_every_entry_is_published(office):
    given = await office.allocate(100)
    reversal = await office.reverse(given)
    events = (await office.get("changes")).json()["items"]
    assert [event["type"] for event in events] == ["allocation.recorded", "reversal.recorded"]
    assert events[1]["subject"] == f"entries/{reversal['id']}"
    assert events[1]["data"]["reverses"] == given["id"]
    assert events[1]["time"] == reversal["recorded_at"]


async def test_an_entry_costs_a_bounded_number_of_statements(office, ran):

    async def statements(request):
        ran.clear()
        await request
        return len(ran)

    def opening(origin_year):
        body = {**LINE, "year": 2023, "origin_year": origin_year, "amount_vnd": 100, "decision": DECISION}
        return office.post("opening-balances", body)

    for origin_years in ((2023,), (2021, 2022)):
        for origin_year in origin_years:
            await opening(origin_year)
        cost = {
            "allocation": await statements(office.allocate(100)),
            "commitment": await statements(office.commit(90)),
            "carry_over": await statements(office.carry_over(40)),
        }
        paid = [await statements(office.disburse(150))]
        entry = (await office.get("entries", kind="disbursement")).json()["items"][0]
        cost |= {"disbursement": paid[0], "reversal": await statements(office.reverse(entry))}
        assert len(entry["postings"]) == len(origin_years)
        assert cost == STATEMENTS, cost


STATEMENTS = {"allocation": 10, "commitment": 9, "disbursement": 9, "carry_over": 10, "reversal": 12}
"""Key and its answer, the years and their closings (2), the assignments (2), the voucher or what is undone and recovered of it
(4), lots, the later days of lots from which money is taken, entries of the same decision where there is no voucher, the
write order, the balances and the entry with its postings and its change; whatever the number of lots."""


async def test_balances_are_the_sums_of_their_postings(office, app, database):
    await office.allocate(100)
    await office.commit(50)
    paid = await office.disburse(70)
    await office.carry_over(20)
    await office.reverse(paid)
    async with get_database(app).reading() as session:
        assert await find_unbalanced_lots(session) == []
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("UPDATE funding.lots SET allocated_vnd = allocated_vnd + 1 WHERE year = 2023")
    await connection.close()
    async with get_database(app).reading() as session:
        assert len(await find_unbalanced_lots(session)) == 1


@pytest.mark.parametrize("statement", ["UPDATE entries SET amount_vnd = 1", "DELETE FROM entries", "UPDATE postings SET disbursed_vnd = 0", "DELETE FROM postings", "DELETE FROM lots", "UPDATE lots SET unit = '62'", "UPDATE lots SET allocated_vnd = 1", "INSERT INTO lots (allocated_vnd) VALUES (1)", "TRUNCATE entries_2023"])  # fmt: skip
async def test_the_running_role_only_adds(app, statement):
    with pytest.raises(Exception, match="permission denied"):
        async with get_database(app).writing() as session:
            await session.execute(text(statement))


async def test_readers_may_read_and_only_finance_may_write(office, issuer, http):
    reader = Office(http, issuer.token("partner", ["read"], [], []), office.app)
    assert (await reader.get("entries")).status_code == 200
    refused = await reader.post("allocations", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await http.get("/v1/funding/entries")).status_code == 401
    assert (await http.get("/v1/funding/progress", params={"year": 2023})).status_code == 200


@pytest.mark.parametrize(
    ("programs", "units", "code"),
    [(["rural"], ["62"], "program_not_granted"), (["poverty"], ["611"], "unit_not_granted"), (["poverty"], [], "unit_not_granted")],
)  # fmt: skip
async def test_an_officer_writes_for_what_was_granted_and_nothing_else(
    office, issuer, http, programs, units, code
):
    given = await office.allocate(100)
    another = Office(http, issuer.token("other", ["funding"], programs, units), office.app)
    for what, body in (("disbursements", {**LINE, "amount_vnd": 1, "voucher": VOUCHER}), ("reversals", {"reverses": given["id"], "reason": "x"})):  # fmt: skip
        refused = await another.post(what, body)
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    district = Office(http, issuer.token("610", ["funding"], ["poverty"], ["610"]), office.app)
    await district.disburse(1)
    await district.allocate(1, unit="23341")


@pytest.mark.parametrize("what", ["assignments", "opening-balances", "allocations", "supplements"])
async def test_central_money_is_given_from_above(office, issuer, http, what):
    given = await office.allocate(100)
    district = Office(http, issuer.token("610", ["funding"], ["poverty"], ["610"]), office.app)
    body = {**LINE, "amount_vnd": 1, "decision": DECISION}
    reversal = ("reversals", {"reverses": given["id"], "reason": "x"})
    for path, refused_body in ((what, body), reversal):
        refused = await district.post(path, refused_body)
        assert (refused.status_code, refused.json()["code"]) == (403, "given_from_above")
        assert refused.json()["giver"] == "62"
    assert (await district.post(what, {**body, "source": "counterpart_district"})).status_code == 201
    assert (await district.post(what, {**body, "unit": "23341"})).status_code == 201
    assert (await office.post(what, {**body, "unit": "62"})).status_code == 201
