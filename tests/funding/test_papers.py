"""A paper with several lines is posted whole or not at all, and read whole."""

import asyncio
from typing import Any

import pytest

from tests.funding.conftest import DECISION, LINE, VOUCHER, Office, done

pytestmark = pytest.mark.anyio

SECOND = {**LINE, "component": "GN.DA2"}
PAPER: dict[str, Any] = {
    "kind": "disbursement",
    "voucher": {**VOUCHER, "date": "2023-09-29"},
    "lines": [{**LINE, "amount_vnd": 30}, {**SECOND, "amount_vnd": 20}],
}


@pytest.fixture
async def funded(office):
    """An office with money on both lines of the paper."""
    await office.allocate(100)
    await office.allocate(100, component="GN.DA2")
    return office


async def read(office, **query):
    answer = await office.get("vouchers", source=VOUCHER["source"], number=VOUCHER["number"], **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_paper_is_recorded_and_read_whole(funded):
    answer = await funded.post("vouchers", PAPER)
    assert answer.status_code == 201, answer.text
    paper = answer.json()
    assert {name: paper[name] for name in ("source", "number", "kind", "year", "date", "book", "amount_vnd")} == {
        **VOUCHER, "kind": "payment_order", "year": 2023, "date": "2023-09-29", "book": "agency", "amount_vnd": 50
    }  # fmt: skip
    assert [(line["component"], line["amount_vnd"], line["kind"]) for line in paper["lines"]] == [
        (None, 30, "disbursement"),
        ("GN.DA2", 20, "disbursement"),
    ]
    assert await read(funded) == [paper]
    assert (await funded.get(answer.headers["location"])).json()["items"] == [paper]
    listed = (await funded.get("entries", batch=paper["lines"][0]["batch"])).json()["items"]
    assert {entry["id"] for entry in listed} == {line["id"] for line in paper["lines"]}
    changes = (await funded.get("changes")).json()["items"]
    assert [change["type"] for change in changes[-2:]] == ["disbursement.recorded"] * 2


async def test_a_paper_sent_again_records_nothing(funded):
    first = (await funded.post("vouchers", PAPER)).json()
    spelled = {**PAPER, "voucher": {**PAPER["voucher"], "number": VOUCHER["number"].lower() + "\u200b"}}
    for body in (PAPER, spelled):
        again = await funded.post("vouchers", body)
        assert (again.status_code, again.json()) == (200, first)
    alone = await funded.post(
        "disbursements", {**LINE, "amount_vnd": 30, "voucher": {**VOUCHER, "year": 2023}}
    )
    assert (alone.status_code, alone.json()["id"]) == (200, first["lines"][0]["id"])


async def test_one_refused_line_refuses_the_paper(funded):
    beyond = {**PAPER, "lines": [PAPER["lines"][0], {**SECOND, "amount_vnd": 101}]}
    refused = await funded.post("vouchers", beyond)
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["refused"]) == (409, "batch_refused", 1)
    (verdict,) = problem["verdicts"]
    assert (verdict["ordinal"], verdict["code"], verdict["available_vnd"]) == (1, "insufficient_funds", 100)
    assert await read(funded) == []
    assert (await funded.get("status", year=2023)).json()["total"]["disbursed_vnd"] == 0
    assert (await funded.post("vouchers", PAPER)).status_code == 201, "a refused paper keeps no voucher"


async def test_a_line_that_was_recorded_with_another_amount_refuses_the_paper(funded):
    await done(funded.post("disbursements", {**SECOND, "amount_vnd": 7, "voucher": PAPER["voucher"]}))
    refused = (await funded.post("vouchers", PAPER)).json()
    (verdict,) = refused["verdicts"]
    assert (verdict["code"], verdict["differs"]) == ("voucher_used", "amount_vnd")
    assert [paper["amount_vnd"] for paper in await read(funded)] == [7]


async def test_a_line_that_is_paid_twice_needs_places_on_the_paper(funded):
    twice = {
        **PAPER,
        "lines": [{**LINE, "amount_vnd": 10}, {**SECOND, "amount_vnd": 1}, {**LINE, "amount_vnd": 10}],
    }
    refused = await funded.post("vouchers", twice)
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/lines/2/line_no", "line_repeated")
    ]
    twice["lines"][2]["line_no"] = 2
    paper = await done(funded.post("vouchers", twice))
    assert (paper["amount_vnd"], [line["voucher"]["line_no"] for line in paper["lines"]]) == (21, [1, 1, 2])
    again = await funded.post("vouchers", twice)
    assert (again.status_code, again.json()) == (200, paper)


async def test_every_fault_is_named_once_and_of_the_paper_at_the_paper(funded):
    wrong = {
        **PAPER,
        "voucher": {**VOUCHER, "date": "2999-01-01"},
        "effective_on": "2019-06-03",
        "lines": [
            {**LINE, "amount_vnd": 1},
            {**LINE, "amount_vnd": -1},
            {**LINE, "unit": "9999", "amount_vnd": 2},
        ],
    }
    refused = await funded.post("vouchers", wrong)
    assert refused.status_code == 422, refused.text
    assert sorted((fault["pointer"], fault["code"]) for fault in refused.json()["errors"]) == [
        ("/effective_on", "date_far_from_year"),
        ("/lines/1/amount_vnd", "too_small"),
        ("/lines/2/unit", "unit_unknown"),
        ("/voucher/date", "date_in_future"),
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"lines": []}, ("/lines", "too_few")),
        ({"lines": [{**LINE, "amount_vnd": 1}] * 1001}, ("/lines", "too_many_lines")),
        ({"kind": "allocation"}, ("/kind", "not_one_of")),
        ({"voucher": {**VOUCHER, "line_no": 1}}, ("/voucher/line_no", "unknown_field")),
        ({"voucher": {"source": "KBNN"}}, ("/voucher/number", "missing")),
    ],
)
async def test_a_body_of_the_wrong_shape_is_refused(funded, change, fault):
    refused = await funded.post("vouchers", {**PAPER, **change})
    assert refused.status_code == 422, refused.text
    assert fault in [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]]


async def test_a_dry_run_records_nothing_and_claims_no_voucher(funded):
    tried = await funded.post("vouchers", PAPER, dry_run=True)
    assert (tried.status_code, tried.json()["amount_vnd"]) == (200, 50)
    assert [line["id"] for line in tried.json()["lines"]] == [None, None]
    assert await read(funded) == []
    assert (await funded.post("vouchers", {**PAPER, "lines": PAPER["lines"][:1]})).status_code == 201


async def test_eight_at_once_are_one_paper(funded):
    answers = await asyncio.gather(*(funded.post("vouchers", PAPER) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    (paper,) = await read(funded)
    assert all(answer.json() == paper for answer in answers)
    assert len((await funded.get("entries", kind="disbursement")).json()["items"]) == 2


async def test_papers_of_other_years_kinds_and_books_are_other_papers(funded):
    await done(funded.post("vouchers", PAPER))
    await done(funded.post("vouchers", {**PAPER, "kind": "commitment", "lines": PAPER["lines"][:1]}))
    await done(funded.post("vouchers", {**PAPER, "kind": "confirmation"}))
    next_year = {**PAPER, "voucher": {**VOUCHER, "date": "2024-01-15"}, "effective_on": "2024-01-15"}
    await done(funded.post("vouchers", next_year))
    shown = {
        (paper["book"], paper["kind"], paper["year"], paper["amount_vnd"]) for paper in await read(funded)
    }
    assert shown == {
        ("agency", "payment_order", 2023, 50),
        ("agency", "contract", 2023, 30),
        ("treasury", "payment_order", 2023, 50),
        ("agency", "payment_order", 2024, 50),
    }
    assert len(await read(funded, year=2024)) == len(await read(funded, kind="contract")) == 1
    assert len(await read(funded, book="treasury")) == 1


async def test_undone_lines_are_shown_and_not_counted(funded):
    paper = await done(funded.post("vouchers", PAPER))
    await funded.reverse(paper["lines"][0])
    (shown,) = await read(funded)
    assert shown["amount_vnd"] == 20
    assert [line["reversed_by"] is None for line in shown["lines"]] == [False, True]
    again = await funded.post("vouchers", PAPER)
    assert (again.status_code, again.json()["amount_vnd"], len(again.json()["lines"])) == (201, 50, 3)


async def test_a_client_without_rights_over_a_line_posts_nothing(funded, http, issuer, app):
    district = Office(http, issuer.token("district", ["funding"], ["poverty"], ["611"]), app)
    refused = await district.post("vouchers", PAPER)
    assert (refused.status_code, refused.json()["code"]) == (403, "unit_not_granted")
    assert await read(funded) == []


async def test_a_decision_may_stand_beside_the_paper(funded):
    paper = await done(funded.post("vouchers", {**PAPER, "decision": DECISION}))
    assert {line["decision"]["number"] for line in paper["lines"]} == {DECISION["number"]}
