"""The two books: payments that agencies report and payments that the treasury confirms; neither changes the other."""

import pytest

from tests.funding.conftest import DECISION, LINE, done, voucher

pytestmark = pytest.mark.anyio


def paper(number):
    return {"source": "KBNN Kon Tum", "number": number}


async def confirm(office, amount, **line):
    body = {**LINE, "amount_vnd": amount, "voucher": voucher(), **line}
    return await done(office.post("confirmations", body))


async def test_a_paper_with_several_lines_is_matched_line_by_line(office):
    await office.allocate(100)
    await office.allocate(100, component="GN.DA2")
    paid = {"voucher": paper("GRT-9")}
    await office.disburse(30, **paid)
    await office.disburse(20, component="GN.DA2", **paid)
    await confirm(office, 20, component="GN.DA2", voucher=paper("GRT-9"))
    (gap,) = (await books(office))["items"]
    assert (gap["gap"], gap["agency_vnd"], gap["treasury_vnd"]) == ("not_confirmed", 30, 0)
    await confirm(office, 30, voucher=paper("grt \u2013 9"))
    assert (await books(office))["items"] == []


async def test_payments_of_one_number_are_matched_by_the_year_and_the_place_on_the_paper(office):
    """Numbers begin anew each year; in January the treasury confirms what was paid in December."""
    await office.allocate(1000)
    await office.disburse(30, voucher={**paper("1"), "year": 2023})
    await confirm(office, 30, voucher={**paper("1"), "year": 2022})
    gaps = sorted(gap["gap"] for gap in (await books(office))["items"])
    assert gaps == ["not_confirmed", "not_reported"]
    await confirm(office, 30, voucher={**paper("1"), "year": 2023})
    await office.disburse(30, voucher={**paper("1"), "year": 2022})
    assert (await books(office))["items"] == []
    for line_no, amount in ((1, 50), (2, 40)):
        await office.disburse(amount, voucher={**paper("2"), "line_no": line_no})
        await confirm(office, 90 - amount, voucher={**paper("2"), "line_no": line_no})
    gaps = (await books(office))["items"]
    assert [(gap["gap"], gap["agency_vnd"], gap["treasury_vnd"]) for gap in gaps] == [
        ("amounts_differ", 50, 40), ("amounts_differ", 40, 50),
    ]  # fmt: skip
    before = len(gaps)
    await office.disburse(7, voucher=paper("3"), effective_on="2023-12-29")
    await confirm(office, 7, voucher=paper("3"), effective_on="2024-01-05")
    await office.disburse(8, voucher=paper("4"), effective_on="2023-12-29")
    await confirm(office, 8, voucher={**paper("4"), "date": "2024-01-05"}, effective_on="2024-01-05")
    await office.disburse(9, voucher={**paper("5"), "date": "2023-12-29"}, effective_on="2023-12-29")
    await confirm(office, 9, voucher=paper("5"), effective_on="2024-01-05")
    assert len((await books(office))["items"]) == before


async def books(office, **query):
    answer = await office.get("reconciliation", **{"year": 2023, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def total(office, **query):
    return (await office.get("progress", year=2023, **query)).json()["total"]


async def test_every_rate_names_its_book(office):
    await office.allocate(100)
    await office.disburse(80)
    await confirm(office, 50)
    reported = await total(office)
    assert (reported["book"], reported["disbursed_vnd"], reported["disbursement_rate"]) == ("agency", 80, 80)
    assert reported["confirmed_vnd"] == 50
    confirmed = await total(office, book="treasury")
    assert (confirmed["book"], confirmed["disbursed_vnd"], confirmed["left_vnd"]) == ("treasury", 50, 50)
    assert (confirmed["disbursement_rate"], confirmed["rate_numerator_vnd"]) == (50, 50)
    status = (await office.get("status", year=2023, book="treasury")).json()["total"]
    assert (status["book"], status["disbursement_rate"]) == ("treasury", 50)
    assert (await office.get("progress", year=2023, book="both")).status_code == 422


async def test_neither_book_takes_from_the_other_and_neither_exceeds_what_was_available(office):
    await office.allocate(100)
    await confirm(office, 90)
    await office.disburse(100)
    refused = await office.post("confirmations", {**LINE, "amount_vnd": 11, "voucher": voucher()})
    assert (refused.status_code, refused.json()["available_vnd"]) == (409, 10)
    confirmed = await confirm(office, 10)
    await office.reverse(confirmed)
    assert (await total(office))["confirmed_vnd"] == 90


@pytest.mark.parametrize("kind", ["cancellations", "returns", "transfers", "sub-allocations", "carry-overs"])
async def test_what_the_treasury_paid_is_neither_cut_nor_moved(office, kind):
    """Else more would be paid in the treasury's book than there was."""
    allocation = await office.allocate(100)
    await confirm(office, 90)
    body = {**LINE, "amount_vnd": 11, "decision": DECISION}
    if kind == "carry-overs":
        body["from_year"] = body.pop("year")
    body |= {"transfers": {"to_unit": "611"}, "sub-allocations": {"to_unit": "23341"}}.get(kind, {})
    refused = await office.post(kind, body, dry_run=True)
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["available_vnd"]) == (409, "insufficient_funds", 10)
    assert problem["lots"][0]["book"] == "treasury"
    assert [consumer["kind"] for consumer in problem["consumed_by"]] == ["confirmation"]
    reversal = {"reverses": allocation["id"], "reason": "Nhầm"}
    assert (await office.post("reversals", reversal)).json()["code"] == "insufficient_funds"
    assert (await office.post(kind, {**body, "amount_vnd": 10})).status_code == 201
    moved_vnd = 10 if "to_unit" in body else 0
    assert (await total(office, book="treasury"))["left_vnd"] == moved_vnd
    refused = await office.post("confirmations", {**LINE, "amount_vnd": 1, "voucher": voucher()})
    assert refused.json()["available_vnd"] == 0
    assert (
        await office.post("disbursements", {**LINE, "amount_vnd": 90, "voucher": voucher()})
    ).status_code == 201


async def test_the_same_voucher_is_recorded_once_in_each_book(office):
    await office.allocate(100)
    body = {**LINE, "amount_vnd": 30, "voucher": paper("7")}
    assert (await office.post("disbursements", body)).status_code == 201
    first = await office.post("confirmations", body)
    assert first.status_code == 201
    repeated = await office.post("confirmations", body)
    assert (repeated.status_code, repeated.json()["id"]) == (200, first.json()["id"])
    unpapered = {name: value for name, value in body.items() if name != "voucher"}
    assert (await office.post("confirmations", unpapered)).json()["errors"][0]["code"] == "paper_missing"


async def test_gaps_are_found_by_voucher_with_an_owner(office):
    await office.allocate(1000)
    await office.allocate(1000, unit="611")
    for number, reported, confirmed in (("1", 30, 30), ("2", 40, 41), ("3", 50, None), ("4", None, 60)):
        unit = "611" if number == "4" else "610"
        if reported:
            await office.disburse(reported, voucher=paper(number), unit=unit)
        if confirmed:
            await confirm(office, confirmed, voucher=paper(number), unit=unit)
    reversed_payment = await office.disburse(9)
    await office.reverse(reversed_payment)
    reconciliation = await books(office)
    assert (
        reconciliation["agency_vnd"],
        reconciliation["treasury_vnd"],
        reconciliation["difference_vnd"],
    ) == (120, 131, -11)
    assert not reconciliation["within_tolerance"]
    assert [
        (item["voucher_number"], item["gap"], item["difference_vnd"], item["owner"])
        for item in reconciliation["items"]
    ] == [
        ("2", "amounts_differ", -1, "610"),
        ("3", "not_confirmed", 50, "KBNN Kon Tum"),
        ("4", "not_reported", -60, "611"),
    ]
    tolerant = await books(office, tolerance_vnd=11)
    assert tolerant["within_tolerance"]
    assert [item["voucher_number"] for item in tolerant["items"]] == ["3", "4"]
    assert [item["voucher_number"] for item in (await books(office, unit="611"))["items"]] == ["4"]
    first = await books(office, limit=2)
    rest = await books(office, limit=2, cursor=first["next"])
    assert first["items"] + rest["items"] == reconciliation["items"]
    assert rest["next"] is None


async def test_the_same_payment_from_another_line_is_a_gap_however_the_totals_agree(office):
    for line in ({"unit": "610"}, {"unit": "611"}, {"component": "GN.DA2"}):
        await office.allocate(100, **line)
    await office.disburse(30, voucher=paper("1"))
    await confirm(office, 30, voucher=paper("1"), component="GN.DA2")
    await office.disburse(40, voucher=paper("2"), unit="611")
    await confirm(office, 42, voucher=paper("2"))
    reconciliation = await books(office)
    assert (reconciliation["agency_vnd"], reconciliation["treasury_vnd"]) == (70, 72)
    assert [
        (item["voucher_number"], item["gap"], item["differs"], item["owner"])
        for item in reconciliation["items"]
    ] == [
        ("1", "lines_differ", ["component"], "610"),
        ("2", "amounts_differ", ["amount_vnd", "unit"], "611"),
    ]
    tolerant = (await books(office, tolerance_vnd=2))["items"]
    assert [gap["gap"] for gap in tolerant] == ["lines_differ"] * 2
    assert [item["voucher_number"] for item in (await books(office, unit="611"))["items"]] == ["2"]
    assert (await books(office, component="GN.DA2"))["items"] == reconciliation["items"][:1]


async def test_payments_without_a_voucher_are_gaps_of_their_unit(office):
    await office.allocate(100)
    for amount in (5, 6):
        body = {**LINE, "amount_vnd": amount, "decision": DECISION}
        await done(office.post("disbursements", body))
    reconciliation = await books(office)
    assert [(item["voucher_number"], item["gap"], item["owner"]) for item in reconciliation["items"]] == [
        (None, "not_confirmed", "610")
    ] * 2


async def test_a_treasury_file_is_a_batch(office):
    await office.allocate(100)
    await office.disburse(30, voucher=paper("1"))
    entries = [
        {**LINE, "kind": "confirmation", "amount_vnd": 30, "voucher": paper("1")},
        {**LINE, "kind": "confirmation", "amount_vnd": 71, "voucher": paper("2")},
        {**LINE, "kind": "disbursement", "amount_vnd": 30, "voucher": paper("1")},
    ]
    answer = (await office.post("batches", {"mode": "best_effort", "entries": entries})).json()
    assert [verdict["outcome"] for verdict in answer["verdicts"]] == ["recorded", "refused", "existing"]
    repeated = (await office.post("batches", {"mode": "best_effort", "entries": entries[:1]})).json()
    assert repeated["existing"] == 1
    assert (await books(office))["items"] == []
