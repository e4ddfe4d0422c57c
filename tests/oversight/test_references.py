"""What records name: units, agencies, documents. Every fault is in one refusal."""

import csv
from pathlib import Path
from typing import Any

from services.oversight.dated_facts import load_agencies
from tests.oversight.clients import list_faults, read, record, refuse
from tests.oversight.records import make_body, make_document, make_plan, make_recommendation
from tests.program_clients import Clients

ROOT = Path(__file__).parents[2]
UNKNOWN = "0190b5c0-0000-7000-8000-000000000000"


async def test_an_unreadable_day_hides_no_other_fault(clients: Clients) -> None:
    document = make_document(kind="nonsense", issuer="NOBODY", signed_on="yesterday", unit="999")
    assert await list_faults(clients, "documents", document) == {
        "/signed_on": "not_a_date",
        "/kind": "document_kind_unknown",
        "/issuer": "agency_unknown",
        "/unit": "unit_unknown",
    }
    recommendation = make_recommendation(
        issued_on="?", issuer="NOBODY", addressee={"unit": "999"}, document=UNKNOWN
    )
    assert await list_faults(clients, "recommendations", recommendation) == {
        "/issued_on": "not_a_date",
        "/issuer": "agency_unknown",
        "/addressee/unit": "unit_unknown",
        "/document": "reference_unknown",
    }


async def test_units_named_inside_records_exist_on_their_days(clients: Clients) -> None:
    member = {"agency": "UBND_HUYEN", "unit": "609", "role": "member"}
    assert await list_faults(clients, "bodies", make_body(members=[member, member])) == {
        "/members/0/unit": "unit_unknown",
        "/members/1/unit": "unit_unknown",
        "/members/1": "repeated",
    }
    demand = {"title": "Báo cáo", "owner": "UBND_HUYEN", "unit": "609", "due_on": "2024-03-31"}
    faults = await list_faults(clients, "documents", make_document(demands=[demand]))
    assert faults == {"/demands/0/unit": "unit_unknown"}
    conference = {
        "unit": "62",
        "level": "province",
        "title": "Sơ kết",
        "convener": "UBND_TINH",
        "held_on": "2023-06-30",
        "units_present": ["610", "609", "610"],
    }
    assert await list_faults(clients, "conferences", conference) == {
        "/units_present/1": "unit_unknown",
        "/units_present/2": "repeated",
    }
    team = {
        "unit": "62",
        "title": "Đoàn số 1",
        "led_by": "BCD_TINH",
        "founded_by": {"number": "1/QĐ", "date": "2023-05-01"},
        "starts_on": "2023-05-15",
        "ends_on": "2023-05-19",
        "visits": [{"unit": "609", "on": "2023-05-16"}, {"unit": "610", "on": "2023-05-20"}],
    }
    assert await list_faults(clients, "inspections", team) == {
        "/visits/0/unit": "unit_unknown",
        "/visits/1/on": "days_reversed",
    }
    target = {"program": "poverty", "indicator": "poverty_rate", "unit": "609", "owner": "NOBODY"}
    money: dict[str, Any] = {"source": "central", "amount_vnd": 1, "unit": "609", "agency": "NOBODY"}
    assert await list_faults(clients, "plans", make_plan(targets=[target], capital=[money])) == {
        "/targets/0/unit": "unit_unknown",
        "/targets/0/owner": "agency_unknown",
        "/capital/0/unit": "unit_unknown",
        "/capital/0/agency": "agency_unknown",
    }


async def test_a_number_used_more_than_once_names_every_other_document(clients: Clients) -> None:
    first = await record(clients, "documents", make_document(signed_on="2024-02-01"))
    second = make_document(
        signed_on="2024-02-02", distinct_from={"document": first["id"], "reason": "số cấp trùng"}
    )
    second = await record(clients, "documents", second)
    assert [other["document"] for other in second["distinct_from"]] == [first["id"]]
    third = make_document(signed_on="2024-02-03")
    named = [{"document": row["id"], "reason": "số cấp trùng"} for row in (first, second)]
    await refuse(clients, "documents", {**third, "distinct_from": named[:1]}, 409, "document_number_used")
    await record(clients, "documents", {**third, "distinct_from": named})
    unknown = {**third, "number": "571/KH-UBND", "distinct_from": [{"document": UNKNOWN, "reason": "x"}]}
    faults = await list_faults(clients, "documents", unknown)
    assert faults == {"/distinct_from/0/document": "reference_unknown"}


async def test_before_its_day_nothing_has_a_state_of_later(clients: Clients) -> None:
    document = await record(clients, "documents", make_document())
    recommendation = await record(clients, "recommendations", make_recommendation())
    for register, row, day, later in (
        ("documents", document, "2024-02-18", "in_force"),
        ("recommendations", recommendation, "2023-06-04", "open"),
    ):
        assert (await read(clients, f"{register}/{row['id']}", on=day))["state"] == "not_yet_issued"
        for state, count in (("not_yet_issued", 1), (later, 0)):
            assert len((await read(clients, register, state=state, on=day))["items"]) == count


async def test_a_divided_addressee_leaves_its_recommendation_to_every_successor(
    clients_after_merger: Clients,
) -> None:
    clients = clients_after_merger
    await record(
        clients, "recommendations", make_recommendation(addressee={"unit": "62"}), units=("62", "51")
    )
    overdue = await read(clients, "recommendations/overdue", on="2025-07-31")
    assert (overdue["recommendations"], [group["unit"] for group in overdue["items"]]) == (1, ["51"])


async def test_money_recovered_is_part_of_the_money_to_recover(clients: Clients) -> None:
    audit: dict[str, Any] = {
        "unit": "62",
        "kind": "audit",
        "body": "state_audit",
        "round": "Kiểm toán",
        "starts_on": "2023-09-05",
        "to_recover_vnd": 100,
        "recovered_vnd": 40,
    }
    assert (await record(clients, "supervisions", audit))["unrecovered_vnd"] == 60
    faults = await list_faults(clients, "supervisions", {**audit, "round": "II", "recovered_vnd": 101})
    assert faults == {"/recovered_vnd": "recovered_exceeds_to_recover"}
    faults = await list_faults(clients, "supervisions", {**audit, "round": "II", "to_recover_vnd": None})
    assert faults == {"/to_recover_vnd": "to_recover_missing"}


async def test_components_are_those_of_the_ledger_and_a_misread_item_hides_no_other(clients: Clients) -> None:
    with (ROOT / "services/funding/data/components.csv").open(encoding="utf-8", newline="") as file:
        in_ledger = {(row["code"], row["program"]) for row in csv.DictReader(file)}
    assert {(row.code, row.program) for row in load_agencies().components} == in_ledger
    document = make_document(components=["DT.DA1", 7, "DT.DA99"])
    assert await list_faults(clients, "documents", document) == {
        "/components/1": "not_a_text",
        "/components/2": "component_unknown",
    }
    money = {"source": "central", "amount_vnd": 1}
    target = {"program": "poverty", "indicator": "poverty_rate"}
    plan = make_plan(
        capital=[
            {**money, "amount_vnd": "?"},
            {**money, "component": "GN.DA1.TDA1"},
            {**money, "component": "1.1"},
        ],
        targets=[{**target, "program": 3}, target, {**target, "unit": "999", "owner": "NOBODY"}],
    )
    faults = await list_faults(clients, "plans", plan)
    assert faults.pop("/capital/0/amount_vnd") and faults.pop("/targets/0/program")
    assert faults == {
        "/capital/2/component": "component_unknown",
        "/targets/2/unit": "unit_unknown",
        "/targets/2/owner": "agency_unknown",
    }
    difficulty = {"unit": "62", "raised_on": "2024-01-15", "component": "1.1"}
    assert (await list_faults(clients, "difficulties", difficulty))["/component"] == "component_unknown"
