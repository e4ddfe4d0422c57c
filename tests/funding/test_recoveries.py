"""Money that comes back: recoveries of payments, and remittances of what cannot be paid again."""

import asyncio
import uuid
from typing import Any

import pytest

from tests.funding.conftest import LINE, decision, done, voucher

pytestmark = pytest.mark.anyio


async def recover(office, payment, amount, **more):
    body = {"recovers": payment["id"], "amount_vnd": amount, "voucher": voucher(), **more}
    return await done(office.post("recoveries", body))


async def remit(office, recovery, amount, **more):
    body = {"remits": recovery["id"], "amount_vnd": amount, "voucher": voucher(), **more}
    return await done(office.post("remittances", body))


async def refusal(office, what, body, **params):
    answer = await office.post(what, body, **params)
    assert answer.status_code in {409, 422}, answer.text
    return answer.json()


async def read_total(office, **query):
    return (await office.get("progress", **{"year": 2023, **query})).json()["total"]


async def test_money_of_the_same_budget_year_can_be_paid_again(office):
    await office.allocate(100)
    paid = await office.disburse(100, effective_on="2023-06-15")
    recovery = await recover(office, paid, 30, effective_on="2023-09-01")
    assert (recovery["kind"], recovery["recovers"], recovery["amount_vnd"]) == ("recovery", paid["id"], 30)
    assert [(lot["left_vnd"], lot["available_vnd"]) for lot in recovery["lots"]] == [(30, 100)]
    total = await read_total(office)
    names = ("paid_vnd", "recovered_vnd", "disbursed_vnd", "left_vnd", "to_remit_vnd", "disbursement_rate")
    assert [total[name] for name in names] == [100, 30, 70, 30, 0, 70]
    before = await read_total(office, until="2023-08-31")
    assert [before[name] for name in names] == [100, 0, 100, 0, 0, 100]
    assert (await office.get(f"entries/{paid['id']}")).json()["recovered_vnd"] == 30
    again = await office.disburse(30, effective_on="2023-09-01")
    assert [lot["left_vnd"] for lot in again["lots"]] == [0]
    early = {**LINE, "amount_vnd": 1, "voucher": voucher(), "effective_on": "2023-08-31"}
    assert (await refusal(office, "disbursements", early))["code"] == "insufficient_funds"


async def test_money_of_a_former_year_is_to_be_handed_back(office):
    await office.allocate(100)
    paid = await office.disburse(100, effective_on="2023-06-15")
    recovery = await recover(office, paid, 30, effective_on="2024-04-01")
    assert [lot["left_vnd"] for lot in recovery["lots"]] == [0]
    names = ("paid_vnd", "recovered_vnd", "disbursed_vnd", "left_vnd", "to_remit_vnd", "remitted_vnd")
    assert [(await read_total(office))[name] for name in names] == [100, 30, 70, 0, 30, 0]
    body = {**LINE, "amount_vnd": 1, "voucher": voucher(), "effective_on": "2024-05-01"}
    assert (await refusal(office, "disbursements", body))["available_vnd"] == 0
    listed = (await office.get("recoveries", year=2023, to_remit=True)).json()
    assert (listed["to_remit_vnd"], listed["recovered_vnd"]) == (30, 30)
    (item,) = listed["items"]
    assert (item["entry"], item["recovers"], item["to_remit_vnd"]) == (recovery["id"], paid["id"], 30)
    assert (item["payable_until"], item["legal_basis"]) == ("2024-01-31", "Luật Đầu tư công 2019 Điều 68")
    assert (item["unit_name"], item["unit_kind"], item["unit_since"]) == (
        "Huyện Đăk Glei",
        "huyen",
        "2004-07-08",
    )
    remittance = await remit(office, recovery, 20)
    assert (remittance["kind"], remittance["remits"]) == ("remittance", recovery["id"])
    assert [(await read_total(office))[name] for name in names] == [100, 30, 70, 0, 10, 20]
    over = {"remits": recovery["id"], "amount_vnd": 11, "voucher": voucher()}
    problem = await refusal(office, "remittances", over)
    assert (problem["code"], problem["available_vnd"]) == ("remittance_exceeds_recovery", 10)
    await remit(office, recovery, 10)
    assert (await office.get("recoveries", year=2023, to_remit=True)).json()["items"] == []
    assert len((await office.get("recoveries", year=2023)).json()["items"]) == 1


async def test_money_can_be_paid_again_until_the_last_day_of_payment_of_its_lot(office):
    """By the dated deadlines: January for own investment money, the end of the year for other money, unless extended."""
    decided = {"number": "70/NQ-HĐND", "date": "2024-01-05"}
    for year, capital in ((2023, "investment"), (2023, "recurrent"), (2022, "investment")):
        await office.allocate(100, year=year, capital=capital)
    await office.carry_over(60, from_year=2022, effective_on="2023-01-10")
    await office.carry_over(
        50,
        from_year=2023,
        origin_year=2023,
        effective_on="2024-01-20",
        decision=decided,
        deadline="2025-06-30",
    )
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"effective_on": "2023-06-01", "origin_year": 2023}, "2024-01-31", "2024-02-01"),
        ({"effective_on": "2023-06-01", "capital": "recurrent"}, "2023-12-31", "2024-01-01"),
        ({"effective_on": "2023-06-01", "origin_year": 2022}, "2023-12-31", "2024-01-01"),
        ({"effective_on": "2024-06-01", "year": 2024}, "2025-06-30", "2025-07-01"),
    ]
    for line, last_day, next_day in cases:
        paid = await office.disburse(50, **line)
        for day, remittable in ((last_day, 0), (next_day, 10)):
            recovery = await recover(office, paid, 10, effective_on=day)
            assert [posting["remittable_vnd"] for posting in recovery["postings"]] == [remittable], (
                line,
                day,
            )
        query = {"year": line.get("year", 2023), "capital": line.get("capital", "investment")}
        listed = (await office.get("recoveries", **query)).json()["items"]
        assert listed[0]["payable_until"] == last_day


async def test_more_than_was_extended_is_not_paid_again(office):
    """After the legal day only what a carry-over extended has room in the lot."""
    await office.allocate(100, year=2022)
    decided = {"number": "70/NQ-HĐND", "date": "2022-12-20"}
    await office.carry_over(60, from_year=2022, effective_on="2023-01-10")
    await office.carry_over(
        30, from_year=2022, effective_on="2023-01-10", decision=decided, deadline="2024-06-30"
    )
    paid = await office.disburse(90, effective_on="2023-06-01")
    first = await recover(office, paid, 20, effective_on="2024-03-01")
    second = await recover(office, paid, 20, effective_on="2024-03-02")
    assert [
        posting["remittable_vnd"] for recovery in (first, second) for posting in recovery["postings"]
    ] == [0, 10]


async def test_a_recovery_renews_the_reservation_that_its_payment_had_used(office):
    """As if the payment had been smaller; what it paid beyond the commitments comes back first."""
    await office.allocate(100)
    await office.post(
        "commitments", {**LINE, "amount_vnd": 60, "voucher": voucher(), "effective_on": "2023-02-01"}
    )
    paid = await office.disburse(80, effective_on="2023-06-01")
    states = []
    for amount in (15, 15, 20):
        recovery = await recover(office, paid, amount, effective_on="2023-07-01")
        states += [(lot["left_vnd"], lot["uncommitted_vnd"]) for lot in recovery["lots"]]
    assert states == [(35, 35), (50, 40), (70, 40)]
    late = await recover(office, paid, 5, effective_on="2024-05-01")
    assert [posting["reserved_vnd"] for posting in late["postings"]] == [0]
    await office.disburse(25, effective_on="2023-08-01")
    correction = await done(office.post("corrections", {"corrects": recovery["id"], "reason": "Nhầm"}))
    assert [(lot["left_vnd"], lot["uncommitted_vnd"]) for lot in correction["lots"]] == [(25, 25)]


async def test_a_corrected_recovery_comes_again_in_place_of_the_first(office):
    """By voucher and by decision, alone and in a batch: it names the corrected one, once."""
    await office.allocate(100)
    paid, other = await office.disburse(60), await office.disburse(30)
    for paper in ({"voucher": voucher()}, {"decision": decision()}):
        body = {"recovers": paid["id"], "amount_vnd": 10, "effective_on": "2023-12-31", **paper}
        first = await done(office.post("recoveries", body))
        await done(office.post("corrections", {"corrects": first["id"], "reason": "Nhầm"}))
        problem = await refusal(office, "recoveries", body)
        assert problem["code"] == ("voucher_corrected" if "voucher" in paper else "entry_corrected")
        assert problem["entry"] == first["id"]
        reference = {"entry": first["id"], "reason": "Ghi lại sau khi kiểm tra"}
        payment_named = {**body, "replaces": {**reference, "entry": paid["id"]}}
        assert (await refusal(office, "recoveries", payment_named))["code"] == "replaced_by_another_kind"
        unknown = {**body, "replaces": {**reference, "entry": str(uuid.uuid4())}}
        (fault,) = (await refusal(office, "recoveries", unknown))["errors"]
        assert (fault["pointer"], fault["code"]) == ("/replaces/entry", "entry_unknown")
        again = await done(office.post("recoveries", {**body, "replaces": reference}))
        assert again["replaces"] == reference
        twice = {**body, "recovers": other["id"], "voucher": voucher(), "replaces": reference}
        assert (await refusal(office, "recoveries", twice))["code"] == "already_replaced"
    late = await recover(office, paid, 20, effective_on="2024-05-01")
    row = {"kind": "remittance", "remits": late["id"], "amount_vnd": 20, "voucher": voucher()}
    batch = {"mode": "best_effort", "entries": [row]}
    first = (await office.post("batches", batch)).json()["verdicts"][0]["entry"]
    await done(office.post("corrections", {"corrects": first, "reason": "Nhầm"}))
    (verdict,) = (await office.post("batches", batch)).json()["verdicts"]
    assert verdict["code"] == "voucher_corrected"
    batch["entries"] = [{**row, "replaces": {"entry": first, "reason": "Ghi lại"}}]
    assert (await office.post("batches", batch)).json()["recorded"] == 1


async def test_what_came_back_after_a_closing_is_corrected_without_reopening(office):
    """A typing error in it is no change of what was closed. Once a later closing froze it, it is."""
    await office.allocate(100, effective_on="2023-01-10")
    paid = await office.disburse(100, effective_on="2023-06-15")
    before = await recover(office, paid, 5, effective_on="2024-01-20")
    closing = {"year": 2023, "unit": "62", "decision": {"number": "15/QĐ-STC", "date": "2024-01-31"}}
    await done(office.post("closings", {**closing, "closed_on": "2024-01-31"}))
    recovery = await recover(office, paid, 30, effective_on="2024-02-20")
    remittance = await remit(office, recovery, 30)
    for entry, path in ((remittance, "corrections"), (recovery, "corrections")):
        await done(office.post(path, {"corrects": entry["id"], "reason": "Nhầm"}))
    again = await recover(office, paid, 3, effective_on="2024-02-20")
    undone_later = {"reverses": again["id"], "reason": "Nhầm", "effective_on": "2024-02-25"}
    await done(office.post("reversals", undone_later))
    assert (await read_total(office))["to_remit_vnd"] == 0
    for entry in (before, paid):
        refused = await office.post("corrections", {"corrects": entry["id"], "reason": "Nhầm"})
        assert refused.json()["code"] == "year_closed", refused.text
    frozen = await recover(office, paid, 7, effective_on="2024-02-20")
    second = {"decision": {"number": "16/QĐ-STC", "date": "2024-02-28"}, "closed_on": "2024-02-28"}
    await done(office.post("closings", {**closing, **second}))
    refused = await office.post("corrections", {"corrects": frozen["id"], "reason": "Nhầm"})
    assert refused.json()["code"] == "year_closed", refused.text


async def test_money_of_a_closed_year_is_to_be_handed_back(office):
    """It reopens nothing after the closing; before that day, or to be paid again, it needs the decision that reopens the year."""
    await office.allocate(100, effective_on="2023-01-10")
    paid = await office.disburse(100, effective_on="2023-06-15")
    closing = {"year": 2023, "unit": "62", "decision": {"number": "15/QĐ-STC", "date": "2024-01-31"}}
    await done(office.post("closings", {**closing, "closed_on": "2024-01-31"}))
    back_dated = {
        "recovers": paid["id"],
        "amount_vnd": 30,
        "voucher": voucher(),
        "effective_on": "2023-12-20",
    }
    assert (await office.post("recoveries", back_dated)).json()["code"] == "year_closed"
    recovery = await recover(office, paid, 30, effective_on="2024-02-20")
    assert (await read_total(office))["to_remit_vnd"] == 30
    await remit(office, recovery, 30)
    reopening = {"number": "20/QĐ-UBND", "date": "2024-03-01"}
    await recover(office, paid, 10, effective_on="2023-12-20", reopened_by=reopening)
    total = await read_total(office)
    assert [total[name] for name in ("disbursed_vnd", "left_vnd", "to_remit_vnd", "remitted_vnd")] == [
        60,
        10,
        0,
        30,
    ]


async def test_never_more_is_recovered_than_was_paid(office):
    await office.allocate(100)
    paid = await office.disburse(60)
    await recover(office, paid, 40)
    problem = await refusal(
        office, "recoveries", {"recovers": paid["id"], "amount_vnd": 21, "voucher": voucher()}
    )
    assert (problem["code"], problem["available_vnd"]) == ("recovery_exceeds_payment", 20)
    wrong = await recover(office, paid, 20)
    await done(office.post("corrections", {"corrects": wrong["id"], "reason": "Sai số"}))
    await recover(office, paid, 20)


async def test_no_day_between_a_recovery_and_its_reversal_has_more_recovered_than_paid(office):
    await office.allocate(100)
    paid = await office.disburse(60, effective_on="2023-02-01")
    recovery = await recover(office, paid, 60, effective_on="2023-03-01")
    await office.reverse(recovery, effective_on="2023-05-01")
    body = {"recovers": paid["id"], "amount_vnd": 1, "voucher": voucher(), "effective_on": "2023-04-01"}
    assert (await refusal(office, "recoveries", body))["code"] == "recovery_exceeds_payment"
    await recover(office, paid, 60, effective_on="2023-05-01")


async def test_a_payment_with_recoveries_is_not_undone(office):
    await office.allocate(100)
    paid = await office.disburse(60)
    recovery = await recover(office, paid, 1)
    for what, name in (("corrections", "corrects"), ("reversals", "reverses")):
        problem = await refusal(office, what, {name: paid["id"], "reason": "Nhầm"})
        assert (problem["code"], problem["recovered_vnd"]) == ("entry_recovered", 1)
    await done(office.post("corrections", {"corrects": recovery["id"], "reason": "Nhầm"}))
    await done(office.post("corrections", {"corrects": paid["id"], "reason": "Nhầm"}))
    problem = await refusal(
        office, "recoveries", {"recovers": paid["id"], "amount_vnd": 1, "voucher": voucher()}
    )
    assert problem["code"] == "already_corrected"


async def test_a_recovery_is_undone_only_while_its_money_is_left(office):
    await office.allocate(100)
    paid = await office.disburse(100, effective_on="2023-02-01")
    recovery = await recover(office, paid, 40, effective_on="2023-03-01")
    again = await office.disburse(25, effective_on="2023-04-01")
    body = {"corrects": recovery["id"], "reason": "Nhầm"}
    problem = await refusal(office, "corrections", body)
    assert (problem["code"], problem["asked_vnd"], problem["available_vnd"]) == ("insufficient_funds", 40, 15)
    await done(office.post("corrections", {"corrects": again["id"], "reason": "Nhầm"}))
    await done(office.post("corrections", body))
    assert (await read_total(office))["disbursed_vnd"] == 100


async def test_a_recovery_with_remittances_is_not_undone(office):
    await office.allocate(100)
    recovery = await recover(office, await office.disburse(60, effective_on="2023-02-01"), 40)
    remittance = await remit(office, recovery, 5)
    body = {"corrects": recovery["id"], "reason": "Nhầm"}
    assert (await refusal(office, "corrections", body))["code"] == "entry_recovered"
    await done(office.post("corrections", {"corrects": remittance["id"], "reason": "Nhầm"}))
    await done(office.post("corrections", body))


async def test_recoveries_stand_in_the_book_of_their_payment(office):
    await office.allocate(100)
    body = {**LINE, "amount_vnd": 50, "effective_on": "2023-05-01"}
    reported = await done(office.post("disbursements", {**body, "voucher": voucher()}))
    confirmed = await done(office.post("confirmations", {**body, "voucher": voucher()}))
    same = voucher()
    await recover(office, reported, 10, voucher=same, effective_on="2023-06-01")
    await recover(office, confirmed, 12, voucher=same, effective_on="2023-06-01")
    names = ("paid_vnd", "recovered_vnd", "disbursed_vnd", "left_vnd")
    assert [(await read_total(office))[name] for name in names] == [50, 10, 40, 60]
    assert [(await read_total(office, book="treasury"))[name] for name in names] == [50, 12, 38, 62]


async def test_the_reconciliation_compares_recoveries(office):
    await office.allocate(100)
    body = {**LINE, "amount_vnd": 50, "effective_on": "2023-05-01", "voucher": voucher()}
    reported = await done(office.post("disbursements", body))
    confirmed = await done(office.post("confirmations", body))
    same = voucher()
    await recover(office, reported, 10, voucher=same, effective_on="2023-06-01")
    missing = (await office.get("reconciliation", year=2023)).json()
    assert [(item["kind"], item["gap"], item["difference_vnd"]) for item in missing["items"]] == [
        ("recovery", "not_confirmed", -10)
    ]
    await recover(office, confirmed, 12, voucher=same, effective_on="2023-06-01")
    both = (await office.get("reconciliation", year=2023)).json()
    assert (both["agency_vnd"], both["treasury_vnd"]) == (40, 38)
    assert (both["agency_recovered_vnd"], both["treasury_recovered_vnd"]) == (10, 12)
    assert [(item["gap"], item["difference_vnd"]) for item in both["items"]] == [("amounts_differ", 2)]


async def test_the_latest_money_comes_back_first(office):
    """As if the payment had been smaller: the oldest money stays paid."""
    await office.allocate(50, year=2022)
    await office.carry_over(50, from_year=2022, effective_on="2023-01-10")
    await office.allocate(60, effective_on="2023-01-10")
    paid = await office.disburse(80, effective_on="2023-05-01")
    recovery = await recover(office, paid, 40, effective_on="2023-06-01")
    shares = {posting["origin_year"]: posting["recovered_vnd"] for posting in recovery["postings"]}
    assert shares == {2023: 30, 2022: 10}


async def test_the_same_voucher_is_recorded_once(office):
    await office.allocate(100)
    paid = await office.disburse(60)
    body = {"recovers": paid["id"], "amount_vnd": 10, "voucher": voucher()}
    first = await office.post("recoveries", body)
    again = await office.post("recoveries", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert (await refusal(office, "recoveries", {**body, "amount_vnd": 11}))["code"] == "voucher_used"
    key = uuid.uuid4().hex
    other = {**body, "voucher": voucher()}
    replies = [await office.post("recoveries", other, key=key) for _ in range(2)]
    assert replies[1].headers["idempotent-replay"] == "true"
    assert replies[1].json() == replies[0].json()
    assert (await read_total(office))["recovered_vnd"] == 20


async def test_the_same_decision_is_recorded_once(office):
    await office.allocate(100)
    paid, other = await office.disburse(60), await office.disburse(30)
    body = {"recovers": paid["id"], "amount_vnd": 10, "decision": decision()}
    first = await done(office.post("recoveries", body))
    problem = await refusal(office, "recoveries", body)
    assert (problem["code"], problem["entry"]) == ("duplicate_entry", first["id"])
    await done(office.post("recoveries", {**body, "recovers": other["id"]}))
    distinct = {"entry": first["id"], "reason": "Thu hồi hai lần bằng nhau"}
    await done(office.post("recoveries", {**body, "distinct_from": distinct}))


async def test_recoveries_and_remittances_come_in_batches(office):
    await office.allocate(100, effective_on="2023-01-10")
    paid = await office.disburse(60, effective_on="2023-06-15")
    late = await recover(office, paid, 20, effective_on="2024-04-01")
    row = {"kind": "recovery", "recovers": paid["id"], "amount_vnd": 15, "effective_on": "2023-09-01"}
    entries = [
        {**row, "voucher": voucher()},
        {**LINE, "kind": "disbursement", "amount_vnd": 55, "voucher": voucher(), "effective_on": "2023-09-02"},
        {**row, "voucher": voucher(), "amount_vnd": 30},
        {"kind": "remittance", "remits": late["id"], "amount_vnd": 20, "voucher": voucher(), "effective_on": "2024-05-01"},
        {**row, "voucher": voucher(), "recovers": str(uuid.uuid4())},
        {**row, "voucher": voucher(), "amount_vnd": "x"},
        {"kind": "recovery", "amount_vnd": 1},
        {**row, "kind": "allocation", "voucher": voucher()},
    ]  # fmt: skip
    answer = await office.post("batches", {"mode": "best_effort", "entries": entries})
    verdicts = answer.json()["verdicts"]
    assert [verdict["code"] or verdict["outcome"] for verdict in verdicts] == [
        "recorded", "recorded", "recovery_exceeds_payment", "recorded", "invalid", "invalid", "invalid",
        "invalid",
    ]  # fmt: skip
    kind = next(fault for fault in verdicts[7]["errors"] if fault["pointer"] == "/entries/7/kind")
    assert "'recovery' or 'remittance'" in kind["detail"] or "'recovery', 'remittance'" in kind["detail"]
    assert [fault["pointer"] for verdict in verdicts[4:7] for fault in verdict["errors"]] == [
        "/entries/4/recovers",
        "/entries/5/amount_vnd",
        "/entries/6/voucher",
        "/entries/6/recovers",
    ]
    assert verdicts[2]["available_vnd"] == 25
    again = (await office.post("batches", {"mode": "best_effort", "entries": entries[:2]})).json()
    assert (again["existing"], again["recorded"]) == (2, 0)
    whole = await office.post("batches", {"mode": "all_or_nothing", "entries": entries[2:4]})
    assert whole.json()["code"] == "batch_refused"
    total = await read_total(office)
    assert [total[name] for name in ("disbursed_vnd", "recovered_vnd", "remitted_vnd")] == [80, 35, 20]


async def test_every_fault_is_named(office):
    allocation = await office.allocate(100)
    body = {"recovers": allocation["id"], "amount_vnd": "x", "effective_on": "2999-01-01"}
    problem = await refusal(office, "recoveries", body)
    assert {(fault["pointer"], fault["code"]) for fault in problem["errors"]} == {
        ("/amount_vnd", "not_an_integer"),
        ("/recovers", "not_a_payment"),
        ("/voucher", "paper_missing"),
        ("/effective_on", "date_in_future"),
    }
    paid = await office.disburse(10, effective_on="2023-05-01")
    body = {"recovers": paid["id"], "amount_vnd": 1, "voucher": voucher(), "effective_on": "2023-04-30"}
    problem = await refusal(office, "recoveries", body)
    assert [fault["code"] for fault in problem["errors"]] == ["date_before_entry"]
    body = {"remits": paid["id"], "amount_vnd": 1, "voucher": voucher()}
    assert [fault["code"] for fault in (await refusal(office, "remittances", body))["errors"]] == [
        "not_a_recovery"
    ]
    body = {"recovers": str(uuid.uuid4()), "amount_vnd": 1, "voucher": voucher()}
    assert [fault["code"] for fault in (await refusal(office, "recoveries", body))["errors"]] == [
        "entry_unknown"
    ]


async def test_another_district_may_not_recover(office, issuer):
    await office.allocate(100)
    paid = await office.disburse(60)
    other = issuer.token("district", ["funding"], ["poverty"], ["611"])
    answer = await type(office)(office.http, other, office.app).post(
        "recoveries", {"recovers": paid["id"], "amount_vnd": 1, "voucher": voucher()}
    )
    assert answer.status_code == 403


async def test_a_dry_run_records_nothing(office):
    await office.allocate(100)
    paid = await office.disburse(60)
    body = {"recovers": paid["id"], "amount_vnd": 10, "voucher": voucher()}
    answer = await office.post("recoveries", body, dry_run=True)
    assert (answer.status_code, answer.json()["id"]) == (200, None)
    assert (await read_total(office))["recovered_vnd"] == 0


async def test_eight_recoveries_at_once_never_exceed_the_payment(office):
    await office.allocate(100)
    paid = await office.disburse(80)
    bodies = [{"recovers": paid["id"], "amount_vnd": 30, "voucher": voucher()} for _ in range(8)]
    answers = await asyncio.gather(*(office.post("recoveries", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 201, *[409] * 6]
    assert (await read_total(office))["recovered_vnd"] == 60


async def test_eight_copies_of_one_recovery_are_recorded_once(office):
    await office.allocate(100)
    paid = await office.disburse(80)
    body = {"recovers": paid["id"], "amount_vnd": 10, "voucher": voucher()}
    answers = await asyncio.gather(*(office.post("recoveries", body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [*[200] * 7, 201]
    assert (await read_total(office))["recovered_vnd"] == 10


async def test_a_recovery_and_a_reversal_of_the_payment_at_once(office):
    await office.allocate(100)
    for _ in range(3):
        paid = await office.disburse(20, effective_on="2023-12-31")
        recovery = {"recovers": paid["id"], "amount_vnd": 20, "voucher": voucher()}
        recovery["effective_on"] = "2023-12-31"
        correction = {"corrects": paid["id"], "reason": "Nhầm"}
        answers = await asyncio.gather(
            office.post("recoveries", recovery), office.post("corrections", correction)
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert (await read_total(office))["left_vnd"] == 100


async def test_a_project_is_paid_net_of_what_came_back(office):
    project = {
        "code": "CT.9", "name": "Đường", "program": "poverty", "component": "GN.DA1", "unit": "610",
        "approved_total_vnd": 50, "decision": decision(),
    }  # fmt: skip
    await done(office.post("projects", project))
    plan = {"year": 2023, "planned_vnd": 50, "decision": decision()}
    await done(office.post("projects/CT.9/plans", plan))
    line = {"component": "GN.DA1", "project": "CT.9", "effective_on": "2023-06-01"}
    await office.allocate(200, component="GN.DA1", effective_on="2023-01-01")
    paid = await office.disburse(50, **line)
    recovery = await recover(office, paid, 20, effective_on="2023-06-02")
    again = await office.disburse(20, **{**line, "effective_on": "2023-06-03"})
    problem = await refusal(office, "corrections", {"corrects": recovery["id"], "reason": "Nhầm"})
    assert problem["code"] == "project_total_exceeded"
    await done(office.post("corrections", {"corrects": again["id"], "reason": "Nhầm"}))
    await done(office.post("corrections", {"corrects": recovery["id"], "reason": "Nhầm"}))


async def test_the_feed_names_the_payment(office):
    await office.allocate(100)
    paid = await office.disburse(60)
    recovery = await recover(office, paid, 10)
    events = (await office.get("changes", after=0)).json()["items"]
    assert events[-1]["type"].endswith("recovery.recorded")
    assert events[-1]["subject"] == f"entries/{recovery['id']}"
    assert events[-1]["data"]["recovers"] == paid["id"]
