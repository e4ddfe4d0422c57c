"""A voucher identifies one entry: sent again it is that entry, with another content it is refused."""

import asyncio
from typing import Any

import pytest

from tests.funding.conftest import DECISION, LINE, VOUCHER, done
from tests.spellings import spell

pytestmark = pytest.mark.anyio

PAID = {**LINE, "amount_vnd": 30, "voucher": VOUCHER}


async def test_the_same_voucher_under_another_key_is_the_recorded_entry(office):
    await office.allocate(100)
    first = await office.post("disbursements", PAID)
    repeated = await office.post("disbursements", PAID)
    assert (first.status_code, repeated.status_code) == (201, 200)
    assert repeated.json() == first.json()
    assert repeated.headers["location"] == first.headers["location"]
    assert "idempotent-replay" not in repeated.headers
    assert len((await office.get("entries", kind="disbursement")).json()["items"]) == 1
    assert len((await office.get("changes")).json()["items"]) == 2
    await office.disburse(5)
    later = (await office.post("disbursements", {**PAID, "note": "gửi lại"})).json()
    assert (later["note"], later["lots"][0]["left_vnd"]) == (None, 65), "its lots as they stand now"


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"amount_vnd": 31}, "amount_vnd"),
        ({"origin_year": 2023}, "origin_year"),
        ({"decision": DECISION}, "decision"),
        ({"effective_on": "2023-05-05"}, "effective_on"),
    ],
)
async def test_another_entry_with_the_same_voucher_is_refused(office, change, differs):
    await office.allocate(100)
    entry = (await office.post("disbursements", PAID)).json()
    refused = await office.post("disbursements", {**PAID, **change})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["differs"]) == (409, "voucher_used", differs)
    assert (problem["entry"], problem["source"], problem["number"]) == (
        entry["id"],
        VOUCHER["source"],
        VOUCHER["number"],
    )


@pytest.mark.parametrize(
    "change",
    [
        {"unit": "611"},
        {"component": "GN.DA2"},
        {"capital": "recurrent"},
        {"year": 2024},
        {"voucher": {**VOUCHER, "year": 2021}},
        {"voucher": {**VOUCHER, "date": "2024-01-15"}, "amount_vnd": 7},
        {"voucher": {**VOUCHER, "line_no": 2}},
        {"voucher": {**VOUCHER, "kind": "other"}},
        {"voucher": {**VOUCHER, "source": "KBNN Đăk Glei"}},
        {"voucher": {**VOUCHER, "number": "GRT-2"}},
        {"effective_on": "2024-01-15"},
    ],
)
async def test_another_line_or_another_paper_is_another_entry(office, change):
    """Numbers begin anew each year, and one paper pays several lines."""
    for line in ({}, {"unit": "611"}, {"component": "GN.DA2"}, {"capital": "recurrent"}, {"year": 2024}):
        await office.allocate(100, **line)
    first = (await office.post("disbursements", PAID)).json()
    second = await office.post("disbursements", {**PAID, **change})
    assert second.status_code == 201, second.text
    assert second.json()["id"] != first["id"]
    again = await office.post("disbursements", {**PAID, **change})
    assert (again.status_code, again.json()["id"]) == (200, second.json()["id"])


@pytest.mark.parametrize(
    ("first", "second"),
    [({}, {"date": "2022-12-30"}), ({}, {"year": 2024}), ({"date": "2024-01-15"}, {}), ({"year": 2022}, {})],
)
async def test_a_paper_sent_again_with_its_date_is_not_paid_again(office, first, second):
    """The year of a paper follows from the day of its entry where it is not stated: it may be the year beside it."""
    await office.allocate(100)
    recorded = (await office.post("disbursements", {**PAID, "voucher": {**VOUCHER, **first}})).json()
    repeated = {**PAID, "voucher": {**VOUCHER, **second}}
    refused = await office.post("disbursements", repeated)
    assert (refused.status_code, refused.json()["code"]) == (409, "voucher_used"), refused.text
    assert (refused.json()["entry"], refused.json()["differs"]) == (recorded["id"], "voucher.year")
    batch = {"mode": "best_effort", "entries": [{**repeated, "kind": "disbursement"}]}
    verdicts = (await office.post("batches", batch)).json()["verdicts"]
    assert [verdict["code"] for verdict in verdicts] == ["voucher_used"]
    other = {**repeated, "distinct_from": {"entry": recorded["id"], "reason": "Chứng từ của năm khác"}}
    assert (await office.post("disbursements", other)).status_code == 201


async def test_a_payment_that_was_corrected_is_recorded_anew_only_in_its_place(office):
    """A system that sends its file again would pay it again; whoever means it names the corrected entry, once."""
    await office.allocate(100)
    recorded = (await office.post("disbursements", PAID)).json()
    await done(office.post("corrections", {"corrects": recorded["id"], "reason": "Nhầm"}))
    line = {name: value for name, value in PAID.items() if name != "voucher"}
    paper: dict[str, Any] = {"kind": "disbursement", "voucher": VOUCHER, "lines": [line]}
    batch: dict[str, Any] = {"mode": "best_effort", "entries": [{**PAID, "kind": "disbursement"}]}
    for _ in range(2):
        refused = await office.post("disbursements", PAID)
        assert (refused.status_code, refused.json()["code"]) == (409, "voucher_corrected"), refused.text
        assert refused.json()["entry"] == recorded["id"]
        assert (await office.post("batches", batch)).json()["verdicts"][0]["code"] == "voucher_corrected"
        assert (await office.post("vouchers", paper)).json()["verdicts"][0]["code"] == "voucher_corrected"
    replaces = {"entry": recorded["id"], "reason": "Đúng là đã chi"}
    other_kind = await office.post("commitments", {**PAID, "replaces": replaces})
    assert other_kind.json()["code"] == "replaced_by_another_kind"
    batch["entries"][0]["replaces"] = paper["lines"][0]["replaces"] = replaces
    (verdict,) = (await office.post("batches", batch)).json()["verdicts"]
    assert verdict["outcome"] == "recorded"
    (shown,) = (await office.post("vouchers", paper)).json()["lines"][1:]
    assert (shown["id"], shown["replaces"]) == (verdict["entry"], replaces)
    paper["voucher"] = {**VOUCHER, "number": "GRT-2"}
    refused = (await office.post("vouchers", paper)).json()["verdicts"][0]
    assert (refused["code"], refused["replaced_by"]) == ("already_replaced", verdict["entry"])


async def test_what_is_not_stated_of_a_paper_is_filled_in(office):
    await office.allocate(100)
    shown = (await office.disburse(10, voucher=VOUCHER))["voucher"]
    assert shown == {**VOUCHER, "kind": "payment_order", "date": None, "year": 2023, "line_no": 1}
    stated = {"kind": "estimate", "date": "2024-01-09", "line_no": 3}
    shown = (await office.disburse(5, voucher={**VOUCHER, **stated}, effective_on="2024-01-10"))["voucher"]
    assert shown == {**VOUCHER, **stated, "year": 2024}
    contract = await office.commit(5, voucher=VOUCHER)
    assert contract["voucher"]["kind"] == "contract"
    assert (await office.reverse(contract))["voucher"]["kind"] == "contract"


async def test_stating_what_is_filled_in_changes_nothing(office):
    await office.allocate(100)
    first = (await office.post("disbursements", PAID)).json()
    stated = {"kind": "payment_order", "date": "2023-03-01", "year": 2023, "line_no": 1}
    again = await office.post("disbursements", {**PAID, "voucher": {**VOUCHER, **stated}})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ({"date": "2999-01-01"}, ("/voucher/date", "date_in_future")),
        ({"date": "2024-01-09", "year": 2023}, ("/voucher/year", "year_of_another_date")),
        ({"year": 1990}, ("/voucher/year", "too_small")),
        ({"line_no": 0}, ("/voucher/line_no", "too_small")),
        ({"kind": "letter"}, ("/voucher/kind", "not_one_of")),
        ({"number": "\u200b"}, ("/voucher/number", "text_too_short")),
        ({"source": "\u00a0\ufeff"}, ("/voucher/source", "text_too_short")),
    ],
)
async def test_every_fault_of_a_paper_is_named(office, stated, fault):
    await office.allocate(100)
    refused = await office.post("disbursements", {**PAID, "voucher": {**VOUCHER, **stated}})
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [fault]


NUMBER = "15/HĐ-XD"
SPELLINGS = spell(NUMBER)


@pytest.mark.parametrize("number", SPELLINGS)
async def test_a_number_spelled_otherwise_is_the_same_voucher(office, number):
    await office.allocate(100)
    paid = {**PAID, "voucher": {"source": "KBNN Kon Tum", "number": NUMBER}}
    first = (await office.post("disbursements", paid)).json()
    spelled = {"source": "kbnn\u00a0 Kon Tum", "number": number}
    again = await office.post("disbursements", {**paid, "voucher": spelled})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert again.json()["voucher"]["number"] == NUMBER, "it is shown as it was typed"
    refused = await office.post("disbursements", {**paid, "voucher": spelled, "amount_vnd": 31})
    assert (refused.status_code, refused.json()["code"]) == (409, "voucher_used")
    listed = (await office.get("entries", voucher=number)).json()["items"]
    assert [entry["id"] for entry in listed] == [first["id"]]


async def test_of_many_spellings_at_once_one_is_recorded(office):
    await office.allocate(1000)
    bodies = [{**PAID, "voucher": {"source": "KBNN Kon Tum", "number": number}} for number in SPELLINGS]
    answers = await asyncio.gather(*(office.post("disbursements", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] * (len(bodies) - 1) + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_batch_of_many_spellings_records_one(office):
    await office.allocate(1000)
    entries = [
        {**PAID, "kind": "disbursement", "voucher": {"source": "KBNN Kon Tum", "number": number}}
        for number in SPELLINGS
    ]
    answer = (await office.post("batches", {"mode": "all_or_nothing", "entries": entries})).json()
    assert (answer["recorded"], answer["existing"]) == (1, len(entries) - 1)


async def test_a_voucher_is_of_one_issuer(office):
    await office.allocate(100)
    assert (await office.post("disbursements", PAID)).status_code == 201
    contract = await office.post("commitments", PAID)
    assert contract.status_code == 201, "a contract and a payment may bear the same number"
    as_contract = {**PAID, "voucher": {**VOUCHER, "kind": "contract"}}
    assert (await office.post("disbursements", as_contract)).json()["differs"] == "kind"
    other = {**PAID, "voucher": {**VOUCHER, "source": "UBND huyện Đăk Glei"}}
    assert (await office.post("disbursements", other)).status_code == 201


async def test_a_reversal_frees_the_voucher(office):
    await office.allocate(100)
    wrong = (await office.post("disbursements", PAID)).json()
    await office.reverse(wrong)
    right = await office.post("disbursements", {**PAID, "amount_vnd": 33})
    assert right.status_code == 201
    assert (await office.post("disbursements", {**PAID, "amount_vnd": 33})).json()["id"] == right.json()["id"]
    assert (await office.post("disbursements", PAID)).json()["entry"] == right.json()["id"]


async def test_a_refused_entry_does_not_keep_the_voucher(office):
    assert (await office.post("disbursements", PAID)).json()["code"] == "insufficient_funds"
    await office.allocate(100)
    assert (await office.post("disbursements", {**PAID, "amount_vnd": 7})).status_code == 201


async def test_a_dry_run_names_the_recorded_entry_and_claims_no_voucher(office):
    await office.allocate(100)
    assert (await office.post("disbursements", PAID, dry_run=True)).json()["id"] is None
    recorded = (await office.post("disbursements", {**PAID, "amount_vnd": 31})).json()
    assert (await office.post("disbursements", PAID, dry_run=True)).json()["code"] == "voucher_used"
    attempt = await office.post("disbursements", {**PAID, "amount_vnd": 31}, dry_run=True)
    assert (attempt.status_code, attempt.json()["id"]) == (200, recorded["id"])
