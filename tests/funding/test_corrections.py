"""A correction states that an entry was never true: it takes the day of the entry, so no reading by day shows the mistake."""

import pytest

from tests.funding.conftest import DECISION, LINE, Office, decision, done, voucher

pytestmark = pytest.mark.anyio

BILLION = 10**9
DAY = "2024-06-15"
LINE_2024 = {**LINE, "year": 2024}
PAPER = {"source": "KBNN Kon Tum", "number": "GRT-2024-0615"}


async def correct(office, entry, **more):
    return await done(
        office.post("corrections", {"corrects": entry["id"], "reason": "Nhập sai số tiền", **more})
    )


async def read_status(office, **query):
    answer = await office.get("status", year=2024, **query)
    assert answer.status_code == 200, answer.text
    total = answer.json()["total"]
    return total["disbursed_vnd"], total["left_vnd"]


@pytest.fixture
async def mistaken(office):
    """1.5 billion are allocated; a typing error says that 1.0 of them were paid on 15 June."""
    await office.allocate(3 * BILLION // 2, year=2024, effective_on="2024-01-05")
    return await office.disburse(BILLION, year=2024, voucher=PAPER, effective_on=DAY)


async def test_the_mistake_is_in_no_reading_by_day(office, mistaken):
    correction = await correct(office, mistaken)
    assert (correction["kind"], correction["effective_on"]) == ("correction", DAY)
    assert (correction["corrects"], correction["reverses"]) == (mistaken["id"], None)
    assert correction["note"] == "Nhập sai số tiền"
    await office.disburse(8 * BILLION // 10, year=2024, voucher=PAPER, effective_on=DAY)
    true = (8 * BILLION // 10, 7 * BILLION // 10)
    for until in ("2024-06-15", "2024-06-30", "2024-07-31", "2024-09-30", "2024-12-31", "2025-12-31"):
        assert await read_status(office, until=until) == true, until
    assert await read_status(office, until="2024-06-14") == (0, 3 * BILLION // 2)
    assert await read_status(office) == true
    months = (await office.get("progress", year=2024, group_by="month")).json()["rows"]
    assert {row["month"]: row["disbursed_vnd"] for row in months} == {
        "2024-01": 0,
        "2024-06": 8 * BILLION // 10,
    }
    for seen_on in ("2024-06-15", "2024-08-31", "2024-12-31"):
        curves = (await office.get("foresight", year=2024, seen_on=seen_on)).json()["curves"]
        paid = [month for month in curves[-1]["months"] if month["month"] == "2024-06"]
        assert paid[0]["disbursed_vnd"] == 8 * BILLION // 10, seen_on


async def test_what_was_known_stays_readable(office, mistaken):
    known = mistaken["recorded_at"]
    corrected = (await correct(office, mistaken))["recorded_at"]
    again = await office.disburse(8 * BILLION // 10, year=2024, voucher=PAPER, effective_on=DAY)
    paid = [
        (await read_status(office, until="2024-06-30", as_of=as_of))[0]
        for as_of in (known, corrected, again["recorded_at"])
    ]
    assert paid == [BILLION, 0, 8 * BILLION // 10]


async def test_an_entry_is_undone_once_by_one_of_the_two(office, mistaken):
    correction = await correct(office, mistaken)
    kept = (await office.get(f"entries/{mistaken['id']}")).json()
    assert (kept["corrected_by"], kept["reversed_by"]) == (correction["id"], None)
    for what, body in (
        ("corrections", {"corrects": mistaken["id"]}),
        ("reversals", {"reverses": mistaken["id"]}),
    ):
        again = await office.post(what, {**body, "reason": "x"})
        assert (again.status_code, again.json()["code"]) == (409, "already_corrected")
        assert again.json()["corrected_by"] == correction["id"]
        final = await office.post(what, dict.fromkeys(body, correction["id"]) | {"reason": "x"})
        assert (final.status_code, final.json()["code"]) == (409, "reversal_not_reversible")
    paid = await office.disburse(1, year=2024)
    undone = await office.reverse(paid)
    for what, body in (("corrections", {"corrects": paid["id"]}), ("reversals", {"reverses": paid["id"]})):
        again = await office.post(what, {**body, "reason": "x"})
        assert (again.json()["code"], again.json()["reversed_by"]) == ("already_reversed", undone["id"])


async def test_the_change_feed_names_the_corrected_entry(office, mistaken):
    correction = await correct(office, mistaken)
    change = (await office.get("changes")).json()["items"][-1]
    assert (change["type"], change["subject"]) == ("correction.recorded", f"entries/{correction['id']}")
    assert change["data"]["corrects"] == mistaken["id"]
    assert "reverses" not in change["data"]


async def test_a_correction_is_refused_where_the_money_was_used_on_any_day(office):
    """Money that came later does not make up for the days before it."""
    wrong = await office.allocate(100, effective_on="2023-02-01")
    paid = await office.disburse(30, effective_on="2023-03-01")
    await office.allocate(500, effective_on="2023-05-01")
    refused = await office.post("corrections", {"corrects": wrong["id"], "reason": "x"}, dry_run=True)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "insufficient_funds")
    assert (problem["asked_vnd"], problem["available_vnd"], problem["until"]) == (100, 70, "2023-04-30")
    assert problem["lots"] == [
        {
            "origin_year": 2023,
            "available_vnd": 70,
            "from": "2023-03-01",
            "until": "2023-04-30",
            "book": "agency",
        }
    ]
    assert [consumer["entry"] for consumer in problem["consumed_by"]] == [paid["id"]]
    later = await office.post(
        "reversals", {"reverses": wrong["id"], "reason": "x", "effective_on": "2023-05-01"}
    )
    assert later.status_code == 201, "on a later day the money is there"


async def test_a_correction_of_a_payment_sets_its_money_and_its_commitment_free(office):
    await office.allocate(100)
    await office.commit(80)
    paid = await office.disburse(60)
    correction = await correct(office, paid)
    assert [(lot["left_vnd"], lot["uncommitted_vnd"]) for lot in correction["lots"]] == [(100, 20)]


async def test_a_corrected_carry_over_is_in_neither_year(office):
    await office.allocate(100)
    moved = await office.carry_over(60, effective_on="2024-01-31")
    await correct(office, moved)
    for year, left in ((2023, 100), (2024, 0)):
        for until in ("2024-01-31", "2024-06-30"):
            total = (await office.get("progress", year=year, until=until)).json()["total"]
            assert (total["left_vnd"], total["carried_over_vnd"], total["carried_out_vnd"]) == (left, 0, 0)


async def test_a_correction_of_an_assignment_that_was_allocated_is_refused(office):
    assigned = await office.decide("assignments", 100, unit="62")
    await office.allocate(60)
    refused = await office.post("corrections", {"corrects": assigned["id"], "reason": "x"})
    assert refused.json()["code"] == "beyond_assignment"


async def test_corrected_entries_are_left_out_wherever_reversed_ones_are(office):
    given = {
        "source": "community",
        "in_kind": {"form": "labour_days", "quantity": 3, "unit_of_measure": "day"},
    }
    await correct(office, await office.allocate(5, **given))
    assert (await office.get("contributions", year=2023)).json()["items"] == []
    await office.allocate(100)
    await correct(office, await office.disburse(7))
    assert (await office.get("reconciliation", year=2023)).json()["items"] == []


async def test_a_corrected_entry_by_decision_that_comes_again_names_the_one_that_it_replaces(office):
    """It would take effect again; with another day it is another fact, and a reversed entry comes again as before."""
    body = {**LINE, "amount_vnd": 9, "decision": DECISION, "effective_on": "2023-02-01"}
    wrong = await done(office.post("allocations", body))
    correction = await correct(office, wrong)
    sent_again = await office.post("allocations", body)
    problem = sent_again.json()
    assert (sent_again.status_code, problem["code"]) == (409, "entry_corrected")
    assert (problem["entry"], problem["corrected_by"]) == (wrong["id"], correction["id"])
    without_day = {name: value for name, value in body.items() if name != "effective_on"}
    assert (await office.post("allocations", without_day)).json()["code"] == "entry_corrected"
    replaces = {"entry": wrong["id"], "reason": "Quyết định đúng là có"}
    right = await done(office.post("allocations", {**body, "replaces": replaces}))
    assert (await office.post("allocations", body)).json()["code"] == "duplicate_entry"
    await correct(office, right)
    assert (await office.post("allocations", body)).json()["entry"] == right["id"]
    moved = await done(office.post("allocations", {**body, "effective_on": "2023-02-02"}))
    await office.reverse(moved)
    await done(office.post("allocations", {**body, "effective_on": "2023-02-02"}))


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"corrects": "x", "reason": " "}, {("/corrects", "not_a_uuid"), ("/reason", "text_too_short")}),
        ({"corrects": "01890a5d-ac96-774b-bcce-b302099a8057"}, {("/corrects", "entry_unknown")}),
        ({"effective_on": "2024-07-01"}, {("/effective_on", "unknown_field")}),
    ],
)
async def test_every_fault_of_a_correction_is_named(office, mistaken, change, faults):
    refused = await office.post("corrections", {"corrects": mistaken["id"], "reason": "x", **change})
    assert refused.status_code == 422, refused.text
    assert {(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]} == faults


async def test_correcting_takes_the_rights_of_reversing(office, mistaken, issuer, http):
    for programs, units, code in (
        (["rural"], ["62"], "program_not_granted"),
        (["poverty"], ["611"], "unit_not_granted"),
    ):
        other = Office(http, issuer.token("other", ["funding"], programs, units), office.app)
        refused = await other.post("corrections", {"corrects": mistaken["id"], "reason": "x"})
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    district = Office(http, issuer.token("610", ["funding"], ["poverty"], ["610"]), office.app)
    given = await office.allocate(1)
    refused = await district.post("corrections", {"corrects": given["id"], "reason": "x"})
    assert refused.json()["code"] == "given_from_above"
    await correct(district, mistaken)


async def test_a_dry_run_of_a_correction_keeps_nothing(office, mistaken):
    tried = await office.post("corrections", {"corrects": mistaken["id"], "reason": "x"}, dry_run=True)
    assert (tried.status_code, tried.json()["id"]) == (200, None)
    assert await read_status(office) == (BILLION, BILLION // 2)


# An entry in place of a corrected one


async def test_a_re_entry_keeps_what_it_replaces_and_why(office, mistaken):
    await correct(office, mistaken)
    replaces = {"entry": mistaken["id"], "reason": "Số đúng theo giấy rút"}
    again = await office.disburse(5, year=2024, voucher=PAPER, effective_on=DAY, replaces=replaces)
    assert (await office.get(f"entries/{again['id']}")).json()["replaces"] == replaces
    assert mistaken["replaces"] is None


async def test_only_what_is_no_longer_in_effect_is_replaced(office, mistaken):
    body = {**LINE_2024, "amount_vnd": 1, "voucher": voucher()}
    replaces = {"entry": mistaken["id"], "reason": "x"}
    refused = await office.post("disbursements", {**body, "replaces": replaces})
    assert (refused.status_code, refused.json()["code"]) == (409, "replaced_in_effect")
    assert refused.json()["entry"] == mistaken["id"]
    correction = await correct(office, mistaken)
    refused = await office.post(
        "disbursements", {**body, "replaces": {**replaces, "entry": correction["id"]}}
    )
    assert refused.json()["code"] == "reversal_not_reversible"
    unknown = {**replaces, "entry": "01890a5d-ac96-774b-bcce-b302099a8057"}
    refused = await office.post("disbursements", {**body, "replaces": unknown})
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/replaces/entry", "entry_unknown")
    ]


async def test_a_re_entry_may_be_dated_after_the_year_that_follows(office):
    await office.allocate(100)
    wrong = await office.disburse(10, effective_on="2024-12-31")
    body = {**LINE, "amount_vnd": 10, "voucher": voucher(), "effective_on": "2025-02-10"}
    await correct(office, wrong)
    refused = await office.post("disbursements", body)
    assert [fault["code"] for fault in refused.json()["errors"]] == ["date_far_from_year"]
    replaces = {"entry": wrong["id"], "reason": "Ngày đúng trên giấy rút"}
    assert (await done(office.post("disbursements", {**body, "replaces": replaces})))[
        "effective_on"
    ] == "2025-02-10"
    before = {**body, "voucher": voucher(), "effective_on": "2021-12-31", "replaces": replaces}
    refused = await office.post("disbursements", before)
    assert [fault["code"] for fault in refused.json()["errors"]] == ["date_far_from_year"], "a typing error"
    ahead = {**before, "effective_on": "2999-01-01"}
    assert [fault["code"] for fault in (await office.post("disbursements", ahead)).json()["errors"]] == [
        "date_in_future"
    ]


async def test_a_re_entry_may_be_dated_after_the_end_of_its_unit(office):
    """District 610 ended on 30 June 2025, and code 23341 means another commune since."""
    for unit in ("610", "23341"):
        await office.allocate(
            100, unit=unit, year=2025, decision={"number": f"1/{unit}", "date": "2025-01-02"}
        )
        wrong = await office.disburse(10, unit=unit, year=2025, effective_on="2025-06-30")
        body = {
            **LINE,
            "year": 2025,
            "unit": unit,
            "amount_vnd": 9,
            "voucher": voucher(),
            "effective_on": "2025-08-01",
        }
        await correct(office, wrong)
        refused = await office.post("disbursements", body)
        assert refused.status_code in {422, 403}, refused.text
        replaces = {"entry": wrong["id"], "reason": "Thanh toán ngày 01/8"}
        again = await done(office.post("disbursements", {**body, "replaces": replaces}))
        assert [(lot["unit"], lot["left_vnd"]) for lot in again["lots"]] == [(unit, 91)]
        await correct(office, again)


async def test_a_re_entry_of_what_was_reversed_takes_the_day_on_which_the_money_is_free(office):
    await office.allocate(100)
    wrong = await office.disburse(100, effective_on="2023-06-15")
    undone = await office.reverse(wrong)
    body = {**LINE, "amount_vnd": 80, "voucher": voucher(), "replaces": {"entry": wrong["id"], "reason": "x"}}
    refused = await office.post("disbursements", {**body, "effective_on": "2023-06-15"})
    assert (refused.json()["code"], refused.json()["available_vnd"]) == ("insufficient_funds", 0)
    assert refused.json()["until"] < undone["effective_on"]
    assert (
        await office.post("disbursements", {**body, "effective_on": undone["effective_on"]})
    ).status_code == 201


# Money is there on every day


@pytest.mark.parametrize("kind", ["disbursements", "commitments", "returns", "cancellations", "transfers", "sub-allocations", "carry-overs", "confirmations"])  # fmt: skip
async def test_nothing_is_taken_on_a_day_before_it_came(office, kind):
    await office.allocate(40, effective_on="2023-03-01")
    await office.allocate(60, effective_on="2023-07-01")
    body = {**LINE, "amount_vnd": 41, "decision": decision()}
    if kind == "carry-overs":
        body["from_year"] = body.pop("year")
    body |= {"transfers": {"to_unit": "611"}, "sub-allocations": {"to_unit": "23341"}}.get(kind, {})
    for day, available, until in (("2023-02-28", 0, "2023-02-28"), ("2023-03-01", 40, "2023-06-30")):
        refused = await office.post(kind, {**body, "effective_on": day})
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (409, "insufficient_funds"), refused.text
        assert (problem["available_vnd"], problem["until"]) == (available, until)
        assert until in problem["detail"]
    assert (await office.post(kind, {**body, "effective_on": "2023-07-01"})).status_code == 201


async def test_what_is_taken_on_a_later_day_is_not_taken_before_it(office):
    await office.allocate(100, effective_on="2023-01-05")
    await office.disburse(70, effective_on="2023-09-01")
    refused = await office.post(
        "disbursements", {**LINE, "amount_vnd": 31, "voucher": voucher(), "effective_on": "2023-02-01"}
    )
    problem = refused.json()
    assert (problem["code"], problem["available_vnd"], problem["until"]) == ("insufficient_funds", 30, None)
    assert problem["lots"][0]["from"] == "2023-09-01"
    await office.disburse(30, effective_on="2023-02-01")


async def test_a_reversal_gives_the_money_back_from_its_own_day_on(office):
    await office.allocate(100, effective_on="2023-01-05")
    paid = await office.disburse(100, effective_on="2023-02-01")
    await office.reverse(paid, effective_on="2023-06-01")
    body = {**LINE, "amount_vnd": 1, "voucher": voucher()}
    refused = await office.post("disbursements", {**body, "effective_on": "2023-05-31"}, dry_run=True)
    assert (refused.json()["available_vnd"], refused.json()["until"]) == (0, "2023-05-31")
    assert [consumer["entry"] for consumer in refused.json()["consumed_by"]] == [paid["id"]]
    assert (await office.post("disbursements", {**body, "effective_on": "2023-06-01"})).status_code == 201


async def test_a_payment_may_be_older_than_the_contract_that_it_pays(office):
    await office.allocate(100, effective_on="2023-01-05")
    await office.commit(100, effective_on="2023-07-01")
    paid = await office.disburse(30, effective_on="2023-06-15")
    assert [(lot["left_vnd"], lot["uncommitted_vnd"]) for lot in paid["lots"]] == [(70, 0)]
    refused = await office.post(
        "commitments", {**LINE, "amount_vnd": 1, "voucher": voucher(), "effective_on": "2023-06-20"}
    )
    assert refused.json()["available_vnd"] == 0
    for seen_on, reserved in (("2023-06-14", 0), ("2023-06-20", 0), ("2023-07-01", 70)):
        risks = (await office.get("foresight/at-risk", year=2023, seen_on=seen_on)).json()
        assert risks["total"]["reserved_vnd"] == reserved, seen_on


async def test_carried_money_is_there_from_the_day_of_the_carry_over(office):
    await office.allocate(100)
    await office.carry_over(60, effective_on="2024-01-31")
    body = {**LINE, "year": 2024, "amount_vnd": 10, "voucher": voucher()}
    refused = await office.post("disbursements", {**body, "effective_on": "2024-01-30"})
    assert (refused.json()["available_vnd"], refused.json()["until"]) == (0, "2024-01-30")
    assert (await office.post("disbursements", {**body, "effective_on": "2024-01-31"})).status_code == 201


async def test_a_batch_is_decided_day_by_day(office):
    await office.allocate(50, effective_on="2023-03-01")
    await office.allocate(50, effective_on="2023-07-01")
    days = ("2023-08-01", "2023-04-01", "2023-04-02", "2023-07-01")
    entries = [
        {**LINE, "kind": "disbursement", "amount_vnd": 30, "voucher": voucher(), "effective_on": day}
        for day in days
    ]
    answer = (await office.post("batches", {"mode": "best_effort", "entries": entries}, dry_run=True)).json()
    assert [verdict["code"] for verdict in answer["verdicts"]] == [None, None, "insufficient_funds", None]
    assert answer["verdicts"][2]["available_vnd"] == 20
