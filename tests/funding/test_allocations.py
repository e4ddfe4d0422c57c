"""Assignments, allocations, supplements, sub-allocations, transfers, cancellations and returns: never more than there is."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.assignments import calculate_program_remainder, calculate_remainder
from services.funding.store import find_unbalanced_lots
from tests.application import get_database
from tests.funding.conftest import LINE, Office, decision, voucher, with_total

pytestmark = pytest.mark.anyio

PROVINCE = {"unit": "62"}


def decided(amount, **line):
    return {**LINE, "amount_vnd": amount, "decision": decision(), **line}


async def refusal(office, what, body, **params):
    answer = await office.post(what, body, **params)
    assert answer.status_code == 409, answer.text
    return answer.json()


async def rows(office, **query):
    progress_rows = with_total((await office.get("progress", year=2023, **query)).json())
    return {row.get("unit", row.get("component", "total")): row for row in progress_rows}


async def test_the_rate_of_allocation_is_never_above_what_was_assigned(office):
    """What was cut is not allocated, and an assignment may take effect after the first allocations of it."""
    await office.decide("assignments", 60, **PROVINCE, effective_on="2023-01-05")
    await office.allocate(50, effective_on="2023-01-10")
    await office.decide("assignments", 40, **PROVINCE, effective_on="2023-03-01")
    await office.allocate(50, effective_on="2023-02-10")
    await office.decide("cancellations", 30, effective_on="2023-04-01")
    await office.allocate(30, effective_on="2023-05-01")
    for until, rate in (("2023-01-31", 50 * 100 / 60), ("2023-02-28", None), ("2023-04-30", 70), (None, 100)):
        query = {"until": until} if until else {}
        shown = (await office.get("progress", year=2023, unit="62", **query)).json()["total"][
            "allocation_rate"
        ]
        assert shown == (rate if rate is None else pytest.approx(rate, abs=1e-6)), until


async def test_no_more_is_allocated_than_was_assigned(office):
    await office.decide("assignments", 100, **PROVINCE)
    first = await office.allocate(60)
    assert first["unallocated_vnd"] == 40
    problem = await refusal(office, "allocations", decided(41, unit="611"))
    assert (problem["code"], problem["asked_vnd"], problem["available_vnd"]) == ("beyond_assignment", 41, 40)
    assert problem["holder"] == "62"
    assert (await office.decide("supplements", 40, unit="611"))["unallocated_vnd"] == 0
    await office.decide("assignments", 5, **PROVINCE)
    assert (await office.allocate(5))["unallocated_vnd"] == 0
    total = (await rows(office, group_by="unit"))["total"]
    assert (total["assigned_vnd"], total["allocated_vnd"], total["available_vnd"]) == (105, 105, 105)


async def test_an_assignment_limits_its_own_plan_only(office):
    await office.decide("assignments", 10, **PROVINCE)
    for another in (
        {"year": 2024},
        {"capital": "recurrent"},
        {"source": "counterpart"},
        {"program": "rural"},
    ):
        assert (await office.allocate(50, **another))["unallocated_vnd"] is None
    assert (await refusal(office, "allocations", decided(11)))["available_vnd"] == 10


async def test_a_component_uses_its_own_assignment_before_that_of_the_program(office):
    await office.decide("assignments", 10, **PROVINCE)
    await office.decide("assignments", 30, component="GN.DA2", **PROVINCE)
    assert (await refusal(office, "allocations", decided(11, component="GN.DA3")))["available_vnd"] == 10
    assert (await office.allocate(35, component="GN.DA2"))["unallocated_vnd"] == 5
    assert (await refusal(office, "allocations", decided(6, component="GN.DA3")))["available_vnd"] == 5


async def test_earlier_allocations_count_against_an_assignment(office):
    early = await office.allocate(60)
    await office.decide("assignments", 100, **PROVINCE)
    assert (await refusal(office, "allocations", decided(41)))["available_vnd"] == 40
    assert (await office.reverse(early))["unallocated_vnd"] is None
    assert (await office.allocate(100))["unallocated_vnd"] == 0


async def test_an_allocated_assignment_cannot_be_reversed(office):
    assigned = await office.decide("assignments", 100, **PROVINCE)
    await office.allocate(60)
    problem = await refusal(office, "reversals", {"reverses": assigned["id"], "reason": "x"})
    assert (problem["code"], problem["available_vnd"]) == ("beyond_assignment", 40)
    await office.decide("assignments", 70, **PROVINCE)
    assert (await office.reverse(assigned))["unallocated_vnd"] == 10


async def test_cancelled_money_can_be_allocated_elsewhere(office):
    await office.decide("assignments", 100, **PROVINCE)
    await office.allocate(100)
    await office.commit(30)
    assert (await refusal(office, "cancellations", decided(71)))["available_vnd"] == 70
    cut = await office.decide("cancellations", 20)
    assert cut["lots"][0]["available_vnd"] == 80
    assert (await office.allocate(20, unit="611"))["unallocated_vnd"] == 0
    assert (await refusal(office, "reversals", {"reverses": cut["id"], "reason": "x"}))["code"] == (
        "beyond_assignment"
    )


async def test_cancelling_carried_over_money_adds_nothing_to_the_plan_of_the_year(office):
    await office.allocate(50, year=2022, decision={"number": "1", "date": "2022-01-05"})
    await office.carry_over(50, from_year=2022)
    await office.decide("assignments", 100, **PROVINCE)
    await office.allocate(90)
    cut = await office.decide("cancellations", 55)
    assert [(posting["origin_year"], posting["cancelled_vnd"]) for posting in cut["postings"]] == [
        (2022, 50),
        (2023, 5),
    ]
    assert (await refusal(office, "allocations", decided(16)))["available_vnd"] == 15
    await office.allocate(10)
    assert (await office.reverse(cut))["unallocated_vnd"] == 0


async def test_an_opening_balance_uses_the_plan_too(office):
    await office.decide("opening-balances", 30)
    await office.decide("assignments", 100, **PROVINCE)
    assert (await refusal(office, "allocations", decided(71)))["available_vnd"] == 70


async def test_a_district_s_assignment_is_reversed_whatever_the_province_has(office):
    await office.decide("assignments", 100, **PROVINCE)
    own = await office.decide("assignments", 50)
    await office.allocate(100, unit="611")
    await office.reverse(own)
    refused_again = await refusal(office, "reversals", {"reverses": own["id"], "reason": "x"})
    assert refused_again["code"] == "already_reversed"


async def test_a_reversed_assignment_is_not_reversed_again(office):
    first = await office.decide("assignments", 100, **PROVINCE)
    await office.reverse(first)
    await office.decide("assignments", 50, **PROVINCE)
    await office.allocate(50)
    refused_again = await refusal(office, "reversals", {"reverses": first["id"], "reason": "x"})
    assert refused_again["code"] == "already_reversed"


async def test_money_is_passed_on_to_communes_and_keeps_its_origin(office):
    await office.allocate(50, year=2022, decision={"number": "1", "date": "2022-01-05"})
    await office.carry_over(50, from_year=2022)
    await office.allocate(100)
    await office.commit(30)
    problem = await refusal(office, "sub-allocations", decided(121, to_unit="23341"))
    assert (problem["code"], problem["available_vnd"]) == ("insufficient_funds", 120)
    passed = await office.decide("sub-allocations", 60, to_unit="23341", to_component="GN.DA2")
    assert [
        (
            posting["unit"],
            posting["component"],
            posting["origin_year"],
            posting["given_vnd"],
            posting["received_vnd"],
        )
        for posting in passed["postings"]
    ] == [
        ("610", None, 2022, 20, 0),
        ("23341", "GN.DA2", 2022, 0, 20),
        ("610", None, 2023, 40, 0),
        ("23341", "GN.DA2", 2023, 0, 40),
    ]
    progress_rows = await rows(office, group_by="unit")
    assert (progress_rows["610"]["available_vnd"], progress_rows["23341"]["available_vnd"]) == (90, 60)
    assert (progress_rows["total"]["allocated_vnd"], progress_rows["total"]["carried_over_vnd"]) == (100, 50)
    assert progress_rows["total"]["available_vnd"] == 150
    await office.disburse(60, unit="23341", component="GN.DA2")
    problem = await refusal(office, "reversals", {"reverses": passed["id"], "reason": "x"})
    assert problem["code"] == "insufficient_funds"


@pytest.mark.parametrize(
    ("what", "to", "fault"),
    [
        ("sub-allocations", {"to_unit": "23416"}, ("/to_unit", "unit_not_below")),
        ("sub-allocations", {"to_unit": "610"}, ("/to_unit", "unit_not_below")),
        ("sub-allocations", {"to_unit": "62"}, ("/to_unit", "unit_not_below")),
        ("sub-allocations", {}, ("/to_unit", "missing")),
        ("sub-allocations", {"to_unit": 7}, ("/to_unit", "not_a_text")),
        ("transfers", {}, ("/to_unit", "nowhere_to_go")),
        ("transfers", {"to_unit": "610"}, ("/to_unit", "nowhere_to_go")),
        ("transfers", {"to_unit": "99999"}, ("/to_unit", "unit_unknown")),
        ("transfers", {"to_component": "NTM.ND01"}, ("/to_component", "component_of_another_program")),
        ("transfers", {"to_component": "?"}, ("/to_component", "wrong_form")),
        ("transfers", {"to_component": "none"}, ("/to_component", "component_unknown")),
    ],
)
async def test_money_moves_only_where_it_is_allowed(office, what, to, fault):
    await office.allocate(10)
    refused = await office.post(what, decided(1, **to))
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [fault]


async def test_transfers_between_districts_and_components(office, issuer):
    await office.allocate(100, component="GN.DA1")
    moved = await office.decide("transfers", 30, component="GN.DA1", to_component="GN.DA2")
    assert (moved["to_component"], moved["to_unit"]) == ("GN.DA2", None)
    await office.decide("transfers", 20, component="GN.DA1", to_unit="611")
    progress_rows = await rows(office, group_by="component")
    assert (progress_rows["GN.DA1"]["available_vnd"], progress_rows["GN.DA2"]["available_vnd"]) == (70, 30)
    assert (progress_rows["GN.DA1"]["received_vnd"], progress_rows["GN.DA1"]["given_vnd"]) == (20, 50)
    progress_rows = await rows(office, group_by="unit")
    assert (progress_rows["610"]["available_vnd"], progress_rows["611"]["available_vnd"]) == (80, 20)
    listed = (await office.get("entries", unit="611")).json()["items"]
    assert [entry["kind"] for entry in listed] == ["transfer"], "the receiving unit finds it too"
    office.token = issuer.token("610", ["funding"], ["poverty"], ["610"])
    forbidden = await office.post("transfers", decided(1, component="GN.DA1", to_unit="611"))
    assert (forbidden.status_code, forbidden.json()["code"]) == (403, "unit_not_granted")
    another = (await office.get("entries", unit="611")).json()["items"][0]
    undo = await office.post("reversals", {"reverses": another["id"], "reason": "x"})
    assert (undo.status_code, undo.json()["code"]) == (403, "unit_not_granted"), "it would take from 611"
    await office.reverse(moved)


async def test_a_district_cannot_allocate_what_the_province_was_assigned(office, issuer, http):
    await office.decide("assignments", 100, **PROVINCE)
    district = Office(http, issuer.token("610", ["funding"], ["poverty"], ["610"]), office.app)
    refused = await district.post("allocations", decided(1, unit="23341"))
    assert (refused.status_code, refused.json()["code"], refused.json()["unit"]) == (
        403,
        "unit_not_granted",
        "62",
    )
    await district.decide("assignments", 5, source="counterpart_district")
    assert (await district.allocate(5, source="counterpart_district"))["unallocated_vnd"] == 0
    await office.allocate(10)
    await district.decide("sub-allocations", 10, to_unit="23341")


async def test_a_return_does_not_raise_the_rate(office):
    await office.allocate(100)
    await office.disburse(25)
    await office.commit(60)
    back = await office.decide("returns", 75)
    assert [(posting["returned_vnd"], posting["reserved_vnd"]) for posting in back["postings"]] == [(75, -60)]
    total = (await rows(office))["total"]
    assert (total["available_vnd"], total["disbursement_rate"]) == (100, 25)
    assert (total["returned_vnd"], total["left_vnd"]) == (75, 0)
    assert (await refusal(office, "returns", decided(1)))["code"] == "insufficient_funds"


async def test_a_cancellation_raises_the_rate(office):
    await office.allocate(100)
    await office.disburse(25)
    await office.decide("cancellations", 50)
    assert (await rows(office))["total"]["disbursement_rate"] == 50


def taking(problem):
    """The entries that a refused dry run names; they add up to the amount taken in all."""
    consumers, in_all = problem["consumed_by"], problem["consumed_in_all"]
    assert (in_all["entries"], in_all["taken_vnd"]) == (
        len(consumers),
        sum(consumer["taken_vnd"] for consumer in consumers),
    )
    return [(consumer["entry"], consumer["taken_vnd"]) for consumer in consumers]


async def test_a_refused_dry_run_names_the_entries_that_used_the_money(office):
    await office.allocate(100)
    wrong = await office.disburse(7)
    await office.reverse(wrong, effective_on=wrong["effective_on"])
    committed = await office.commit(30)
    paid = await office.disburse(50)
    passed = await office.decide("sub-allocations", 10, to_unit="23341")
    body = {**LINE, "amount_vnd": 41, "voucher": voucher()}
    problem = await refusal(office, "disbursements", body, dry_run=True)
    assert problem["available_vnd"] == 40
    assert taking(problem) == [(paid["id"], 50), (passed["id"], 10)]
    assert [consumer["kind"] for consumer in problem["consumed_by"]] == ["disbursement", "sub_allocation"]
    assert problem["consumed_by"][0]["voucher"] == paid["voucher"]["number"]
    assert "consumed_by" not in await refusal(office, "disbursements", body)
    uncommitted = taking(await refusal(office, "commitments", body, dry_run=True))
    assert uncommitted == [(committed["id"], 30), (paid["id"], 20), (passed["id"], 10)]
    assert taking(await refusal(office, "disbursements", {**body, "unit": "611"}, dry_run=True)) == []


async def test_unpaid_commitments_do_not_reduce_what_can_be_paid(office):
    await office.allocate(100)
    committed = await office.commit(30)
    body = {**LINE, "amount_vnd": 101, "voucher": voucher()}
    assert taking(await refusal(office, "disbursements", body, dry_run=True)) == []
    for what in ("cancellations", "transfers", "sub-allocations"):
        moved = decided(71, **({} if what == "cancellations" else {"to_unit": "23341"}))
        assert taking(await refusal(office, what, moved, dry_run=True)) == [(committed["id"], 30)], what


async def test_a_refused_reversal_names_the_entries_that_used_the_money(office):
    allocated = await office.allocate(100)
    committed = await office.commit(30)
    paid = await office.disburse(20)
    undo = {"reverses": committed["id"], "reason": "x"}
    problem = await refusal(office, "reversals", undo, dry_run=True)
    assert (problem["code"], taking(problem)) == ("commitment_paid", [(paid["id"], 20)])
    undo = {"reverses": allocated["id"], "reason": "x"}
    problem = await refusal(office, "reversals", undo, dry_run=True)
    assert (problem["code"], taking(problem)) == ("insufficient_funds", [(committed["id"], 30)])
    assert "consumed_by" not in await refusal(office, "reversals", undo)


async def test_an_allocation_beyond_the_assignment_names_the_allocations(office):
    assigned = await office.decide("assignments", 100, **PROVINCE)
    one = await office.allocate(60, unit="610")
    two = await office.decide("supplements", 30, unit="62.SO_NN")
    cut = await office.decide("cancellations", 5)
    problem = await refusal(office, "allocations", decided(16, unit="611"), dry_run=True)
    assert (problem["code"], problem["available_vnd"]) == ("beyond_assignment", 15)
    assert taking(problem) == [(one["id"], 60), (two["id"], 30), (cut["id"], -5)]
    undo = {"reverses": assigned["id"], "reason": "x"}
    assert len(taking(await refusal(office, "reversals", undo, dry_run=True))) == 3


async def test_a_refused_confirmation_names_the_confirmations(office):
    await office.allocate(100)
    await office.disburse(40)
    body = {**LINE, "amount_vnd": 70, "voucher": voucher()}
    confirmed = (await office.post("confirmations", body)).json()
    refused_again = {**body, "amount_vnd": 31, "voucher": voucher()}
    assert taking(await refusal(office, "confirmations", refused_again, dry_run=True)) == [
        (confirmed["id"], 70)
    ]


components = st.sampled_from([None, "a", "b", "c"])
amounts = st.dictionaries(components, st.integers(0, 20))


@given(amounts, st.lists(st.tuples(components, st.integers(1, 10)), max_size=30))
def test_allocating_the_remainder_never_exceeds_the_assignment(assigned, wishes):
    allocated: dict[str | None, int] = {}
    for component, amount in wishes:
        before = calculate_remainder(component, assigned, allocated)
        if amount <= before:
            allocated[component] = allocated.get(component, 0) + amount
            assert calculate_remainder(component, assigned, allocated) == before - amount
        assert calculate_program_remainder(assigned, allocated) >= 0
    assert sum(allocated.values()) <= sum(assigned.values())


@pytest.mark.race
async def test_two_allocations_of_the_last_assigned_money(office, app):
    await office.decide("assignments", 100, **PROVINCE)
    units = ("610", "611", "612", "613")
    answers = await asyncio.gather(
        *(office.post("allocations", decided(30, unit=unit, component=component)) for unit in units for component in (None, "GN.DA2"))
    )  # fmt: skip
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 5}
    async with get_database(app).reading() as session:
        assert await find_unbalanced_lots(session) == []


@pytest.mark.race
async def test_no_allocation_slips_past_an_assignment_that_is_being_recorded(office):
    """An allocation that is recorded after the assignment is limited by it."""
    requests = [office.post("allocations", decided(7, unit=unit)) for unit in ("610", "611", "612") * 4]
    requests.insert(3, office.post("assignments", decided(21, **PROVINCE)))
    await asyncio.gather(*requests)
    allocated, assigned = 0, None
    for item in (await office.get("journal")).json()["items"]:
        if item["entry"]["kind"] == "assignment":
            assigned = 21
        else:
            allocated += 7
            assert assigned is None or allocated <= assigned, item
    assert assigned == 21


@pytest.mark.race
async def test_money_moves_in_circles_without_a_deadlock(office, app):
    """Transfers around three districts and down to communes while others pay and carry over: nothing made or lost."""
    units = ("610", "611", "612", "23341", "62")
    for unit in ("610", "62"):
        await office.allocate(300, unit=unit)
    await office.decide("assignments", 1000, **PROVINCE)
    line = {name: value for name, value in LINE.items() if name != "year"}
    requests = [
        *(office.post("transfers", decided(7, unit=a, to_unit=b)) for a in units for b in units if a != b),
        *(office.post("allocations", decided(5, unit=unit)) for unit in units for _ in range(2)),
        *(office.post("disbursements", {**LINE, "unit": unit, "amount_vnd": 3, "voucher": voucher()}) for unit in units),
        *(office.post("carry-overs", {**line, "unit": unit, "from_year": 2023, "amount_vnd": 2, "decision": decision()}) for unit in units),
    ]  # fmt: skip
    answers = await asyncio.gather(*requests)
    assert {answer.status_code for answer in answers} <= {201, 409}, Counter(a.text for a in answers)
    total = (await rows(office))["total"]
    assert (total["allocated_vnd"], total["available_vnd"]) == (650, 650)
    assert total["received_vnd"] == total["given_vnd"] > 0
    async with get_database(app).reading() as session:
        assert await find_unbalanced_lots(session) == []


async def test_what_was_allocated_of_the_assignment_is_a_figure_of_the_status(office):
    await office.decide("assignments", 400, unit="62")
    await office.allocate(100)
    await office.allocate(200, unit="611")
    status = (await office.get("status", year=2023)).json()
    assert [row["allocation_rate"] for row in with_total(status)] == [75, None, 75]
    await office.allocate(100, unit="612")
    assert (await office.get("status", year=2023)).json()["total"]["allocation_rate"] == 100
    assert (await office.get("progress", year=2023, unit="610")).json()["total"]["allocation_rate"] is None
