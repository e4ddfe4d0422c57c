"""Faults of a body: all in one answer, by pointer, in both languages, and nothing is recorded."""

import pytest

from tests.funding.conftest import DECISION, LINE, VOUCHER

pytestmark = pytest.mark.anyio

GIVEN = {**LINE, "amount_vnd": 5, "decision": DECISION}
PAID = {**LINE, "amount_vnd": 5, "voucher": VOUCHER}


async def faults(office, what, body):
    answer = await office.post(what, body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await office.get("entries")).json()["items"] == []
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}


async def test_six_faults_of_shape_and_meaning_in_one_answer(office):
    body = {
        "year": "2023",
        "program": "poverty",
        "component": "NTM.ND01",
        "capital": "both",
        "source": "lottery",
        "unit": "999",
        "amount_vnd": 1.5,
        "decision": {"number": "1", "date": "2023-02-30"},
        "colour": "red",
    }
    assert await faults(office, "allocations", body) == {
        ("/year", "not_an_integer"),
        ("/component", "component_of_another_program"),
        ("/capital", "not_one_of"),
        ("/source", "source_unknown"),
        ("/unit", "unit_unknown"),
        ("/amount_vnd", "not_an_integer"),
        ("/decision/date", "not_a_date"),
        ("/colour", "unknown_field"),
    }


@pytest.mark.parametrize("amount", [1.5, "5", "", None, True, 1e-3, -1, 0, 10**15 + 1, [5]])
async def test_money_is_a_positive_integer_and_nothing_else(office, amount):
    named = await faults(office, "allocations", {**GIVEN, "amount_vnd": amount})
    assert {pointer for pointer, _ in named} == {"/amount_vnd"}


@pytest.mark.parametrize(
    "day", ["31/12/2023", "2023-13-01", "20231231", 1672531200, 1672531200.0, "1672531200", "2023-1-1", "", "2023-01-01T00:00:00Z"]
)  # fmt: skip
async def test_a_day_is_an_iso_date_and_nothing_else(office, day):
    assert {
        pointer for pointer, _ in await faults(office, "disbursements", {**PAID, "effective_on": day})
    } == {"/effective_on"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"unit": "62", "effective_on": "2025-08-01", "year": 2025}, ("/unit", "unit_unknown_on_date")),
        ({"unit": "62", "effective_on": "2025-07-01", "year": 2025}, ("/unit", "unit_unknown_on_date")),
        ({"unit": "99"}, ("/unit", "unit_unknown")),
        ({"program": "health"}, ("/program", "program_unknown")),
        ({"component": "GN.DA99"}, ("/component", "component_unknown")),
        ({"year": 2019}, ("/program", "program_not_in_force")),
        ({"effective_on": "2020-01-01"}, ("/effective_on", "date_far_from_year")),
        ({"decision": {"number": "1", "date": "2999-01-01"}}, ("/decision/date", "date_in_future")),
        ({"decision": {"number": " ", "date": "2022-01-01"}}, ("/decision/number", "text_too_short")),
        (
            {"decision": {"number": "1\x07", "date": "2022-01-01"}},
            ("/decision/number", "wrong_form"),
        ),
        ({"year": 99999}, ("/year", "too_large")),
    ],
)
async def test_faults_of_an_allocation(office, change, fault):
    named = await faults(office, "allocations", {**GIVEN, **change})
    assert fault in named


async def test_a_payment_needs_a_voucher_and_a_day_that_has_come(office):
    unpapered = {name: value for name, value in PAID.items() if name != "voucher"}
    assert await faults(office, "disbursements", unpapered) == {("/voucher", "paper_missing")}
    assert await faults(office, "commitments", {**unpapered, "voucher": {"source": "KBNN"}}) == {
        ("/voucher/number", "missing")
    }
    ahead = {**PAID, "year": 2026, "effective_on": "2027-12-31", "unit": "51"}
    assert ("/effective_on", "date_in_future") in await faults(office, "disbursements", ahead)
    assert await faults(office, "disbursements", {**PAID, "origin_year": 2024}) == {
        ("/origin_year", "origin_year_after_year")
    }


async def test_money_is_carried_over_into_the_next_year_only(office):
    body = {name: value for name, value in GIVEN.items() if name != "year"}
    assert await faults(office, "carry-overs", {**body, "from_year": 2022, "to_year": 2024}) == {
        ("/to_year", "to_year_not_next")
    }
    assert await faults(office, "carry-overs", {**body, "year": 2022}) == {
        ("/from_year", "missing"),
        ("/year", "unknown_field"),
    }


@pytest.mark.parametrize("body", [[], "text", 5, None, [1, 2]])
async def test_a_body_that_is_no_object(office, body):
    assert (await office.post("allocations", body)).status_code == 422


async def test_the_sentences_are_in_the_reader_s_language(office):
    body = {**GIVEN, "program": "health"}
    answer = await office.http.post(
        "/v1/funding/allocations",
        json=body,
        headers={"Authorization": f"Bearer {office.token}", "Idempotency-Key": "k", "Accept-Language": "vi"},
    )
    assert answer.json()["errors"][0]["detail"] == "Không có mã “health” trong danh mục."


@pytest.mark.parametrize(
    "query",
    [
        "year=2023&group_by=colour",
        "year=2023&unit=%00",
        "year=x",
        "",
        "year=2023&source=a%27b",
        "year=2023&origin_year=1.5",
    ],
)
async def test_faults_of_a_query_are_named(office, query):
    answer = await office.get(f"/v1/funding/progress?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_half_a_character_is_refused(office):
    text = '{"year": 2023, "note": "\\ud800"}'
    headers = {
        "Authorization": f"Bearer {office.token}",
        "Idempotency-Key": "k",
        "Content-Type": "application/json",
    }
    answer = await office.http.post("/v1/funding/allocations", content=text, headers=headers)
    assert answer.status_code in {400, 422}
