"""A voucher identifies one entry: sent again it is that entry, with another content it is refused."""

import pytest

from tests.funding.conftest import DECISION, LINE, VOUCHER

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
        ({"unit": "611"}, "unit"),
        ({"component": "GN.DA2"}, "component"),
        ({"origin_year": 2023}, "origin_year"),
        ({"decision": DECISION, "year": 2024}, "year, decision"),
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


async def test_a_voucher_is_of_one_kind_and_one_issuer(office):
    await office.allocate(100)
    assert (await office.post("disbursements", PAID)).status_code == 201
    assert (await office.post("commitments", PAID)).json()["differs"] == "kind"
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
