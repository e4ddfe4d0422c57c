"""Money of units that ended: it waits, is proposed or named, and passes on with its origin, deadline and commitments."""

import asyncio
from typing import Any

import pytest

from tests.contracts.documents import load_document
from tests.funding.conftest import LINE, Office, decision, done, voucher

pytestmark = pytest.mark.anyio

ENDED_ON, FIRST_DAY = "2025-06-30", "2025-07-01"
OLD = {**LINE, "year": 2025, "unit": "23293"}
"""Phường Thắng Lợi: its code means Phường Kon Tum since 1 July 2025, into which it merged."""


INFLOW_NAMES = ("allocated", "opening_balance", "carried_over", "received", "succeeded")


@pytest.fixture
def office(http, issuer, app):
    """The finance offices of the province before and after 1 July 2025."""
    token = issuer.token("finance", ["funding"], ["rural", "poverty", "ethnic"], ["62", "51"])
    return Office(http, token, app)


@pytest.fixture
def new_office(http, issuer, app):
    """The finance office of the province since 1 July 2025."""
    token = issuer.token("new-finance", ["funding"], ["rural", "poverty", "ethnic"], ["51@2025-07-01"])
    return Office(http, token, app)


async def pass_on(office, lines=None, **more):
    body = {"decision": decision(), **more}
    if lines is not None:
        body["lines"] = lines
    return await done(office.post("successions", body))


async def read_waiting(office, **query):
    return (await office.get("successions/waiting", **query)).json()


async def read_total(office, **query):
    answer = await office.get("progress", **{"year": 2025, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()["total"]


def drop_lineage(answer):
    return {name: value for name, value in answer.items() if name != "as_of"}


async def test_money_of_a_merged_commune_waits_and_passes_on_by_one_confirmation(office, new_office):
    await office.allocate(100, **OLD, effective_on="2025-01-10")
    await office.commit(50, **OLD, effective_on="2025-02-01")
    await office.disburse(30, **OLD, effective_on="2025-05-01")
    stuck = {**OLD, "amount_vnd": 1, "voucher": voucher(), "effective_on": "2025-08-01"}
    assert (await office.post("disbursements", stuck)).status_code == 409
    waiting = await read_waiting(office)
    assert (waiting["left_vnd"], waiting["proposed_vnd"]) == (70, 70)
    (item,) = waiting["items"]
    names = ("unit", "unit_name", "ended_on", "left_vnd", "reserved_vnd", "proposed_unit")
    assert [item[name] for name in names] == ["23293", "Phường Thắng Lợi", ENDED_ON, 70, 20, "23293"]
    assert item["age_days"] > 365
    recorded = await pass_on(new_office, proposed=True)
    (entry,) = recorded["entries"]
    listed = (await office.get("entries", batch=entry["batch"])).json()["items"]
    assert [row["id"] for row in listed] == [entry["id"]]
    assert (recorded["amount_vnd"], entry["kind"], entry["unit"], entry["to_unit"]) == (
        70, "succession", "23293", "23293",
    )  # fmt: skip
    assert entry["effective_on"] == FIRST_DAY
    assert (await read_waiting(office))["items"] == []
    paid = await done(new_office.post("disbursements", {**stuck, "amount_vnd": 70}))
    assert [(lot["left_vnd"], lot["origin_year"]) for lot in paid["lots"]] == [(0, 2025)]


async def test_a_reused_code_is_never_mixed_up(office, new_office):
    await office.allocate(100, **OLD, effective_on="2025-01-10")
    await office.disburse(40, **OLD, effective_on="2025-05-01")
    await pass_on(new_office, proposed=True)
    await new_office.disburse(25, **OLD, effective_on="2025-09-01")
    answer = (await office.get("progress", year=2025, group_by="unit", unit="51")).json()
    rows = {
        (row["unit"], row["unit_since"]): (row["available_vnd"], row["left_vnd"]) for row in answer["rows"]
    }
    assert rows[("23293", FIRST_DAY)] == (60, 35)
    (old,) = [row for key, row in rows.items() if key[1] != FIRST_DAY]
    assert old == (40, 0)
    assert sorted(row["succeeded_vnd"] for row in answer["rows"]) == [-60, 60]
    for row in [*answer["rows"], answer["total"]]:
        inflow_vnd = sum(row[f"{name}_vnd"] for name in INFLOW_NAMES)
        assert row["available_vnd"] == inflow_vnd - row["given_vnd"] - row["cancelled_vnd"]
    for row in answer["rows"]:
        entries = (await office.get(row["lineage"])).json()["items"]
        postings = [
            posting for entry in entries for posting in entry["postings"] if posting["unit"] == "23293"
        ]
        assert sum(posting["disbursed_vnd"] for posting in postings) in {row["disbursed_vnd"], 65}
        kinds = {entry["kind"] for entry in entries}
        assert ("allocation" in kinds) == (row["unit_since"] != FIRST_DAY)


async def test_lines_of_a_district_are_named_by_the_province(office, new_office):
    line: dict[str, Any] = {"unit": "610", "year": 2025}
    await office.allocate(100, **line, effective_on="2025-01-10")
    await office.allocate(50, **line, capital="recurrent", effective_on="2025-01-10")
    waiting = await read_waiting(office)
    assert [(item["proposed_unit"], item["answering_units"]) for item in waiting["items"]] == [
        (None, ["51"])
    ] * 2
    refused = await new_office.post("successions", {"decision": decision(), "proposed": True})
    assert refused.json()["code"] == "nothing_to_succeed"
    part = {**line, "capital": "investment", "amount_vnd": 30, "to_unit": "23368"}
    await pass_on(new_office, [part, {**line, "capital": "recurrent", "to_unit": "51.SO_TC"}])
    waiting = await read_waiting(office)
    assert [(item["capital"], item["left_vnd"]) for item in waiting["items"]] == [("investment", 70)]
    await pass_on(new_office, [{"unit": "610", "to_unit": "51"}])
    assert (await read_waiting(office))["left_vnd"] == 0
    for unit, capital, amount in (
        ("23368", "investment", 30),
        ("51.SO_TC", "recurrent", 50),
        ("51", "investment", 70),
    ):
        payment: dict[str, Any] = {
            "unit": unit,
            "year": 2025,
            "capital": capital,
            "effective_on": "2025-10-01",
        }
        await new_office.disburse(amount, **payment)


async def test_figures_of_a_year_read_the_same_before_and_after(office, new_office):
    """On the same map, to the đồng, in every grouping."""
    await office.allocate(100, **OLD, effective_on="2025-01-10")
    await office.allocate(70, unit="610", year=2025, effective_on="2025-01-10")
    await office.allocate(30, unit="611", year=2024, effective_on="2024-01-10")
    await office.carry_over(20, unit="611", from_year=2024, effective_on="2025-01-15")
    await office.disburse(40, **OLD, effective_on="2025-05-01")
    queries: list[dict[str, Any]] = [
        *({"year": year, "unit": unit, "group_by": by, "source": "all"}
          for year, units in ((2025, ("62", "610", "611", "608", "51")), (2024, ("62", "611")))
          for unit in units
          for by in ("capital", "program,source", "origin_year", "component")),
        *({"year": 2025, "unit": unit, "group_by": "unit"} for unit in ("62", "610")),
        *({"year": 2025, "group_by": by} for by in ("capital", "origin_year")),
        {"year": 2025, "unit": "62", "group_by": "month"},
        {"year": 2025, "unit": "62", "until": ENDED_ON, "group_by": "unit"},
    ]  # fmt: skip
    before = [drop_lineage((await office.get("progress", **query)).json()) for query in queries]
    status = [
        drop_lineage((await office.get("status", year=2025, unit=unit)).json())
        for unit in ("62", "51", "608")
    ]
    await pass_on(new_office, proposed=True)
    await pass_on(new_office, [{"unit": "610", "to_unit": "23368"}, {"unit": "611", "to_unit": "51"}])
    after = [drop_lineage((await office.get("progress", **query)).json()) for query in queries]
    for query, earlier, later in zip(queries, before, after, strict=True):
        assert later == earlier, query
    assert status == [
        drop_lineage((await office.get("status", year=2025, unit=unit)).json())
        for unit in ("62", "51", "608")
    ]


async def test_what_is_done_with_money_that_passed_on_stays_with_the_earlier_unit(office, new_office):
    """On the map of that unit's day nothing is below zero, and the districts add up to the province.

    The commune that takes over lies in another district, as its own money of September does.
    """
    await office.allocate(100, unit="611", year=2025, effective_on="2025-01-10")
    await office.allocate(50, unit="610", year=2025, effective_on="2025-01-10")
    await pass_on(new_office, [{"unit": "611", "to_unit": "23368"}])
    await pass_on(new_office, [{"unit": "610", "to_unit": "51"}])
    line: dict[str, Any] = {"unit": "23368", "year": 2025}
    wrong = await new_office.disburse(9, **line, effective_on="2025-08-01")
    paid = await new_office.disburse(30, **line, effective_on="2025-09-01")
    await new_office.allocate(7, **line, effective_on="2025-09-02")
    await new_office.commit(20, **line, effective_on="2025-09-03")
    confirmation = {**LINE, **line, "amount_vnd": 25, "voucher": voucher(), "effective_on": "2025-09-05"}
    await done(new_office.post("confirmations", confirmation))
    recovery = {"recovers": paid["id"], "amount_vnd": 4, "voucher": voucher(), "effective_on": "2025-10-01"}
    await done(new_office.post("recoveries", recovery))
    await done(new_office.post("corrections", {"corrects": wrong["id"], "reason": "Nhầm"}))
    names = ("available_vnd", "disbursed_vnd", "confirmed_vnd", "recovered_vnd", "left_vnd")
    for unit, expected in (
        ("611", [100, 26, 18, 4, 74]),
        ("610", [57, 0, 7, 0, 57]),
        ("62", [157, 26, 25, 4, 131]),
    ):
        for total in (
            await read_total(office, unit=unit),
            await read_total(office, unit=unit, group_by="unit,month"),
            (await office.get("status", year=2025, unit=unit)).json()["total"],
        ):
            assert [total[name] for name in names] == expected, unit
    for by in ("unit", "unit,month", "capital", "month"):
        for until in ("2025-06-30", "2025-09-01", "2025-12-31"):
            for book in ("agency", "treasury"):
                query = {"group_by": by, "unit": "62", "until": until, "book": book}
                for row in (await office.get("progress", year=2025, **query)).json()["rows"]:
                    assert row["left_vnd"] >= 0, (query, row)
                    assert "month" in by or row["disbursed_vnd"] >= 0, (query, row)
    lapses = (await office.get("lapses", year=2025, unit="611")).json()
    assert [(item["unit"], item["left_vnd"]) for item in lapses["items"]] == [("611", 74)]
    forecast = (await office.get("foresight/at-risk", year=2025, unit="611")).json()["total"]
    assert (forecast["available_vnd"], forecast["disbursed_vnd"]) == (100, 26)
    curves = (await office.get("foresight", year=2025, unit="610")).json()["curves"]
    assert [curve["disbursed_vnd"] for curve in curves] == [0, 0, 0]


async def test_money_of_earlier_years_can_be_paid_and_handed_back_where_it_passed_on(office, new_office):
    for unit in ("610", "611"):
        await office.allocate(100, unit=unit, year=2023, effective_on="2023-02-01")
    far: dict[str, Any] = {**LINE, "year": 2023, "amount_vnd": 5, "effective_on": "2025-09-01"}
    refused = await office.post("allocations", {**far, "unit": "51", "decision": decision()})
    assert [fault["code"] for fault in refused.json()["errors"]] == ["date_far_from_year"]
    await pass_on(new_office, [{"unit": "610", "to_unit": "23368"}, {"unit": "611", "to_unit": "51.SO_TC"}])
    for unit in ("23368", "51.SO_TC"):
        for what, paper in (
            ("disbursements", {"voucher": voucher()}),
            ("commitments", {"voucher": voucher()}),
            ("returns", {"decision": decision()}),
            ("cancellations", {"decision": decision()}),
            ("transfers", {"decision": decision(), "to_component": "GN.DA2"}),
        ):
            await done(new_office.post(what, {**far, "unit": unit, **paper}))
        body = {name: value for name, value in far.items() if name != "year"}
        await done(
            new_office.post("carry-overs", {**body, "unit": unit, "from_year": 2023, "decision": decision()})
        )
    decided_on = {**decision(), "date": "2025-10-09"}
    body = {**LINE, "year": 2023, "amount_vnd": 5, "unit": "23368"}
    returned = await done(new_office.post("returns", {**body, "decision": decided_on}))
    assert returned["effective_on"] == "2025-10-09", "not moved into a year in which the unit did not exist"


async def test_what_was_assigned_to_a_province_that_ended_limits_allocations_to_its_land(office, new_office):
    await office.decide("assignments", 100, unit="62", year=2025, effective_on="2025-01-05")
    await office.allocate(70, unit="610", year=2025, effective_on="2025-01-10")
    line: dict[str, Any] = {**LINE, "unit": "23368", "year": 2025, "effective_on": "2025-08-01"}
    refused = await new_office.post("allocations", {**line, "amount_vnd": 31, "decision": decision()})
    assert (refused.json()["code"], refused.json()["available_vnd"]) == ("beyond_assignment", 30)
    allocated = await done(new_office.post("allocations", {**line, "amount_vnd": 30, "decision": decision()}))
    assert allocated["unallocated_vnd"] == 0
    assert (await read_total(office, unit="62"))["allocation_rate"] == 100
    assert (await read_total(office, unit="62", until="2025-01-31"))["allocation_rate"] == 70


async def test_money_of_a_closed_year_stays_closed_where_it_passed_on(office, new_office):
    await office.allocate(100, unit="610", year=2024, effective_on="2024-02-01")
    closing = {"year": 2024, "unit": "62", "decision": {"number": "1/QĐ-STC", "date": "2025-01-31"}}
    closed = await done(new_office.post("closings", {**closing, "closed_on": "2025-01-31"}))
    await pass_on(new_office, [{"unit": "610", "to_unit": "51"}])
    payment: dict[str, Any] = {
        **LINE, "unit": "51", "year": 2024, "amount_vnd": 40, "voucher": voucher(), "effective_on": "2025-08-05",
    }  # fmt: skip
    refused = await new_office.post("disbursements", payment)
    assert (refused.status_code, refused.json()["code"]) == (409, "year_closed"), refused.text
    assert refused.json()["closing"] == closed["id"]
    for unit in ({}, {"unit": "62"}):
        status = (await office.get("status", year=2024, **unit)).json()
        assert (status["closing_overdue"], status["total"]["left_vnd"]) == (False, 100)
    compared = (await office.get(f"closings/{closed['id']}")).json()
    assert (compared["differences"], compared["entries_since"]) == ([], 1)
    reopening = {"number": "9/QĐ-UBND", "date": "2025-08-01"}
    paid = await done(new_office.post("disbursements", {**payment, "reopened_by": reopening}))
    assert paid["closing_overdue"] is False
    compared = (await office.get(f"closings/{closed['id']}")).json()
    assert [(row["measure"], row["difference_vnd"]) for row in compared["differences"]] == [
        ("disbursed_vnd", 40)
    ]
    assert compared["entries_since"] == 2
    entries = (await office.get(compared["entries"])).json()["items"]
    assert [entry["kind"] for entry in entries] == ["disbursement", "succession"]


async def test_money_that_comes_back_later_passes_on_from_that_day(office, new_office):
    """All of it by one request: each part on the first day on which it is unspent."""
    await office.allocate(100, unit="610", year=2025, effective_on="2025-01-10")
    paid = await office.disburse(60, unit="610", year=2025, effective_on="2025-05-01")
    recovery = {"recovers": paid["id"], "amount_vnd": 5, "voucher": voucher(), "effective_on": "2025-09-01"}
    await done(new_office.post("recoveries", recovery))
    treasury = {**LINE, "unit": "610", "year": 2025, "amount_vnd": 55, "voucher": voucher()}
    await done(new_office.post("confirmations", {**treasury, "effective_on": "2025-07-20"}))
    recorded = await pass_on(new_office, [{"unit": "610", "to_unit": "51"}])
    assert [(entry["effective_on"], entry["amount_vnd"]) for entry in recorded["entries"]] == [
        (FIRST_DAY, 40), ("2025-09-01", 5),
    ]  # fmt: skip
    assert (await read_waiting(office))["items"] == []


async def test_origin_deadline_and_commitments_pass_on(office, new_office):
    await office.allocate(100, unit="610", year=2024, effective_on="2024-02-01")
    await office.commit(60, unit="610", year=2024, effective_on="2024-03-01")
    moved = await office.carry_over(
        100, unit="610", from_year=2024, deadline="2026-06-30", effective_on="2025-01-15"
    )
    recorded = await pass_on(new_office, [{"unit": "610", "year": 2025, "to_unit": "23368"}])
    assert recorded["amount_vnd"] == 100
    incoming = [posting for posting in recorded["entries"][0]["postings"] if posting["succeeded_in_vnd"]]
    assert [(posting["origin_year"], posting["reserved_vnd"]) for posting in incoming] == [(2024, 60)]
    (item,) = (await office.get("lapses", year=2025, unit="51")).json()["items"]
    assert (item["unit"], item["left_vnd"], item["reserved_vnd"], item["paid_by"]) == (
        "23368", 100, 60, "2026-06-30",
    )  # fmt: skip
    assert item["legal_basis"] == moved["decision"]["number"]
    over = {**LINE, "year": 2025, "unit": "23368", "amount_vnd": 41, "voucher": voucher()}
    over["effective_on"] = "2025-09-01"
    assert (await new_office.post("commitments", over)).json()["available_vnd"] == 40


async def test_a_project_goes_on_at_the_unit_that_answers(office, new_office):
    project = {
        "code": "CT.7", "name": "Đường", "program": "poverty", "component": "GN.DA1", "unit": "610",
        "approved_total_vnd": 100, "decision": {"number": "1/QĐ", "date": "2025-01-02"},
    }  # fmt: skip
    await done(office.post("projects", project))
    plan = {"year": 2025, "planned_vnd": 100, "decision": {"number": "2/QĐ", "date": "2025-01-03"}}
    await done(office.post("projects/CT.7/plans", plan))
    line = {"unit": "610", "year": 2025, "component": "GN.DA1"}
    await office.allocate(100, **line, effective_on="2025-01-10")
    await office.disburse(60, **line, project="CT.7", effective_on="2025-03-01")
    await pass_on(new_office, [{"unit": "610", "component": "GN.DA1", "to_unit": "23368"}])
    payment = {
        **LINE,
        **line,
        "unit": "23368",
        "project": "CT.7",
        "voucher": voucher(),
        "effective_on": "2025-09-01",
    }
    paid = await done(new_office.post("disbursements", {**payment, "amount_vnd": 40}))
    assert paid["project_room_vnd"] == 0


async def test_the_example_of_the_body_can_be_sent(office, new_office):
    await office.allocate(100, unit="610", year=2025, effective_on="2025-01-10")
    example = load_document("funding")["components"]["schemas"]["SuccessionsIn"]["example"]
    assert (await done(new_office.post("successions", example)))["amount_vnd"] == 100


async def test_every_fault_is_named(office, new_office):
    await office.allocate(100, unit="610", year=2025, effective_on="2025-01-10")
    await office.allocate(100, unit="610", year=2025, capital="recurrent", effective_on="2025-01-10")
    lines = [
        {"unit": "99999", "to_unit": "51"},
        {"unit": "611", "to_unit": "51"},
        {"unit": "610", "to_unit": "01"},
        {"unit": "610", "to_unit": "62"},
        {"unit": "610", "to_unit": "51", "amount_vnd": 1},
    ]
    refused = await new_office.post("successions", {"decision": decision(), "lines": lines})
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/lines/0/unit", "unit_unknown"),
        ("/lines/1/unit", "unit_not_waiting"),
        ("/lines/2/to_unit", "not_the_successor"),
        ("/lines/3/to_unit", "unit_unknown_on_date"),
        ("/lines/4/amount_vnd", "amount_of_several_lines"),
    ]
    for body in ({"lines": [{"unit": "610", "to_unit": "51"}], "proposed": True}, {}):
        refused = await new_office.post("successions", {"decision": decision(), **body})
        assert [fault["code"] for fault in refused.json()["errors"]] == ["lines_or_proposed"]
    early = {"lines": [{"unit": "610", "to_unit": "51"}], "effective_on": ENDED_ON}
    refused = await new_office.post("successions", {"decision": decision(), **early})
    assert [fault["code"] for fault in refused.json()["errors"]] == ["unit_not_ended"]
    assert (await read_waiting(office))["left_vnd"] == 200


async def test_more_than_is_left_is_refused_and_all_lines_with_it(office, new_office):
    await office.allocate(100, unit="610", year=2025, effective_on="2025-01-10")
    await office.allocate(10, unit="611", year=2025, effective_on="2025-01-10")
    lines = [{"unit": "611", "to_unit": "51"}, {"unit": "610", "to_unit": "51", "amount_vnd": 101}]
    refused = await new_office.post("successions", {"decision": decision(), "lines": lines})
    assert (refused.status_code, refused.json()["code"]) == (409, "batch_refused")
    assert refused.json()["verdicts"][0]["code"] == "insufficient_funds"
    assert (await read_waiting(office))["left_vnd"] == 110
    refused = await new_office.post("successions", {"decision": decision(), "lines": lines[1:]})
    assert (refused.json()["code"], refused.json()["available_vnd"]) == ("insufficient_funds", 100)


async def test_who_does_not_answer_for_the_land_may_not_pass_it_on(office, http, issuer, app):
    await office.allocate(100, **OLD, effective_on="2025-01-10")
    commune = Office(http, issuer.token("commune", ["funding"], ["poverty"], ["23293"]), app)
    body = {"decision": decision(), "lines": [{"unit": "23293", "to_unit": "23293"}]}
    refused = await commune.post("successions", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "given_from_above")
    other = Office(http, issuer.token("other", ["funding"], ["poverty"], ["01"]), app)
    assert (await other.post("successions", body)).status_code == 403


async def test_the_same_succession_is_recorded_once(office, new_office):
    await office.allocate(100, unit="610", year=2025, effective_on="2025-01-10")
    body = {"decision": decision(), "lines": [{"unit": "610", "to_unit": "51", "amount_vnd": 10}]}
    await done(new_office.post("successions", body))
    refused = await new_office.post("successions", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "duplicate_entry")
    replies = [
        await new_office.post("successions", {**body, "decision": decision()}, key="k" * 20) for _ in "1"
    ]
    assert replies[0].status_code == 201
    assert (await read_waiting(office))["left_vnd"] == 80


async def test_eight_confirmations_at_once_pass_it_on_once(office, new_office):
    await office.allocate(100, **OLD, effective_on="2025-01-10")
    bodies = [{"decision": decision(), "proposed": True} for _ in range(8)]
    answers = await asyncio.gather(*(new_office.post("successions", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert (await read_total(office, unit="51"))["available_vnd"] == 100


async def test_a_dry_run_passes_nothing_on(office, new_office):
    await office.allocate(100, **OLD, effective_on="2025-01-10")
    answer = await new_office.post("successions", {"decision": decision(), "proposed": True}, dry_run=True)
    assert (answer.status_code, answer.json()["amount_vnd"]) == (200, 100)
    assert answer.json()["entries"][0]["id"] is None
    assert (await read_waiting(office))["left_vnd"] == 100


async def test_a_succession_is_undone_while_its_money_is_left(office, new_office):
    await office.allocate(100, **OLD, effective_on="2025-01-10")
    (entry,) = (await pass_on(new_office, proposed=True))["entries"]
    paid = await new_office.disburse(30, **OLD, effective_on="2025-09-01")
    body = {"corrects": entry["id"], "reason": "Sai đơn vị"}
    assert (await new_office.post("corrections", body)).json()["code"] == "insufficient_funds"
    await done(new_office.post("corrections", {"corrects": paid["id"], "reason": "Sai"}))
    await done(new_office.post("corrections", body))
    assert (await read_waiting(office))["left_vnd"] == 100


async def test_the_new_province_corrects_what_the_old_one_recorded(office, new_office):
    await office.allocate(100, **OLD, effective_on="2025-01-10")
    paid = await office.disburse(30, **OLD, effective_on="2025-05-01")
    recovery = {"recovers": paid["id"], "amount_vnd": 5, "voucher": voucher(), "effective_on": "2025-09-01"}
    recovery = await done(new_office.post("recoveries", recovery))
    assert (await read_waiting(office))["left_vnd"] == 75
    await done(new_office.post("corrections", {"corrects": recovery["id"], "reason": "Nhầm"}))
    await done(new_office.post("corrections", {"corrects": paid["id"], "reason": "Nhầm"}))
    assert (await read_waiting(office))["left_vnd"] == 100
    replaces = {"entry": paid["id"], "reason": "Số đúng"}
    for day in ("2025-05-01", "2025-07-15"):
        right = {**OLD, "amount_vnd": 20, "voucher": voucher(), "effective_on": day, "replaces": replaces}
        answer = await new_office.post("disbursements", right)
        assert answer.status_code == (201 if day < FIRST_DAY else 409), answer.text
    assert answer.json()["code"] == "already_replaced"
