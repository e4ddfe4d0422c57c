"""Projects: a payment beyond the approved total or the plan of the year is refused, alone, in a batch and in a race."""

import asyncio
from collections import Counter

import pytest

from tests.funding.conftest import DECISION, LINE, Office, done, voucher

pytestmark = pytest.mark.anyio

PROJECT = {
    "code": "CT.610.01",
    "name": "Đường vào thôn Đăk Nai",
    "program": "poverty",
    "unit": "23341",
    "approved_total_vnd": 100,
    "decision": DECISION,
    "starts_on": "2023-03-01",
    "due_on": "2024-06-30",
}
CODE = PROJECT["code"]


def paid(amount, **more):
    return {**LINE, "amount_vnd": amount, "voucher": voucher(), "project": CODE, **more}


async def plan(office, year, amount, code=CODE):
    body = {"year": year, "planned_vnd": amount, "decision": DECISION}
    return await done(office.post(f"projects/{code}/plans", body))


@pytest.fixture
async def project(office):
    await office.allocate(1000)
    await office.allocate(1000, year=2024)
    await done(office.post("projects", PROJECT))
    return await plan(office, 2023, 60)


async def test_a_project_shows_its_money_and_its_progress(office, project):
    await office.commit(90, project=CODE)
    await office.disburse(40, project=CODE)
    reversed_payment = await office.disburse(15, project=CODE)
    await office.reverse(reversed_payment)
    entries = (await office.get("entries", project=CODE)).json()["items"]
    assert [(entry["kind"], entry["project"]) for entry in entries] == [
        (kind, CODE) for kind in ("reversal", "disbursement", "disbursement", "commitment")
    ]
    assert (await office.get("entries", project="CT.999")).json()["items"] == []
    await plan(office, 2024, 50)
    progress = {"on": "2023-11-30", "physical_percent": 45.5, "status": "under_construction"}
    await done(office.post(f"projects/{CODE}/building", progress))
    project_found = (await office.get(f"projects/{CODE}")).json()
    assert (
        project_found["approved_total_vnd"],
        project_found["committed_vnd"],
        project_found["disbursed_vnd"],
    ) == (100, 90, 40)
    assert project_found["years"] == [
        {"year": 2023, "planned_vnd": 60, "disbursed_vnd": 40, "left_vnd": 20},
        {"year": 2024, "planned_vnd": 50, "disbursed_vnd": 0, "left_vnd": 50},
    ]
    assert project_found["left_vnd"] == 60
    assert (project_found["physical_percent"], project_found["status"], project_found["stated_on"]) == (
        45.5,
        "under_construction",
        "2023-11-30",
    )
    assert (project_found["starts_on"], project_found["due_on"]) == ("2023-03-01", "2024-06-30")
    assert (await office.get("projects")).json()["items"] == [project_found]
    assert (await office.get("projects", program="rural")).json()["items"] == []
    events = [event["type"] for event in (await office.get("changes")).json()["items"]]
    assert [event for event in events if event.startswith("project")] == [
        "project.approved",
        "project.planned",
        "project.planned",
        "project.built",
    ]


async def test_a_payment_beyond_the_year_s_plan_is_refused_by_name(office, project):
    await office.disburse(50, project=CODE)
    refused = await office.post("disbursements", paid(11))
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "project_plan_exceeded")
    assert (problem["project"], problem["name"], problem["year"]) == (CODE, PROJECT["name"], 2023)
    assert (problem["planned_vnd"], problem["paid_vnd"], problem["asked_vnd"]) == (60, 50, 11)
    unplanned = await office.post("disbursements", paid(1, year=2024))
    assert (unplanned.json()["code"], unplanned.json()["planned_vnd"]) == ("project_plan_exceeded", 0)
    await plan(office, 2023, 61)
    await office.disburse(11, project=CODE)


async def test_a_payment_beyond_the_approved_total_is_refused_by_name(office, project):
    await office.disburse(60, project=CODE)
    await plan(office, 2024, 500)
    problem = (await office.post("disbursements", paid(41, year=2024))).json()
    assert (problem["code"], problem["approved_total_vnd"], problem["paid_vnd"]) == (
        "project_total_exceeded",
        100,
        60,
    )
    assert PROJECT["name"] in problem["detail"]
    await done(office.post(f"projects/{CODE}/approvals", {"approved_total_vnd": 101, "decision": DECISION}))
    await office.disburse(41, project=CODE, year=2024)


async def test_a_project_pays_for_its_own_line_only(office, project):
    await office.allocate(100, component="GN.DA2")
    await office.allocate(100, capital="recurrent")
    for change, code in (
        ({"project": "CT.999"}, "project_unknown"),
        ({"component": "GN.DA2"}, "project_of_another_line"),
        ({"capital": "recurrent"}, "project_of_another_line"),
    ):
        refused = await office.post("disbursements", paid(1, **change))
        assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
            ("/project", code)
        ]


async def test_a_batch_is_limited_by_its_projects(office, project):
    entries = [{**paid(amount), "kind": "disbursement"} for amount in (40, 30, 20)]
    entries.append({**paid(1, project="CT.999"), "kind": "commitment"})
    batch = (await office.post("batches", {"mode": "best_effort", "entries": entries})).json()
    assert [verdict["code"] for verdict in batch["verdicts"]] == [
        None,
        "project_plan_exceeded",
        None,
        "invalid",
    ]
    assert batch["verdicts"][3]["errors"][0]["pointer"] == "/entries/3/project"
    assert (await office.get(f"projects/{CODE}")).json()["disbursed_vnd"] == 60


@pytest.mark.race
async def test_two_payments_never_share_the_last_of_a_plan(office, project):
    answers = await asyncio.gather(*(office.post("disbursements", paid(25)) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 6}


async def test_a_payment_is_answered_with_what_may_still_be_paid(office, project):
    attempt = await office.post("disbursements", paid(35), dry_run=True)
    assert (attempt.status_code, attempt.json()["project_room_vnd"]) == (200, 25)
    assert (await office.commit(90, project=CODE))["project_room_vnd"] == 60
    assert (await office.disburse(60, project=CODE))["project_room_vnd"] == 0
    await plan(office, 2024, 500)
    last = await office.disburse(10, project=CODE, year=2024)
    assert last["project_room_vnd"] == 30, "the total is nearer than the plan"
    assert (await office.disburse(1, year=2024))["project_room_vnd"] is None


async def test_a_refused_dry_run_names_the_payments_of_the_project(office, project):
    first, second = await office.disburse(40, project=CODE), await office.disburse(15, project=CODE)
    await plan(office, 2024, 500)
    for body, code, available in (
        (paid(6), "project_plan_exceeded", 5),
        (paid(46, year=2024), "project_total_exceeded", 45),
    ):
        problem = (await office.post("disbursements", body, dry_run=True)).json()
        assert (problem["code"], problem["available_vnd"]) == (code, available)
        events = [(consumer["entry"], consumer["taken_vnd"]) for consumer in problem["consumed_by"]]
        assert events == [(first["id"], 40), (second["id"], 15)]


async def test_a_later_decision_below_what_was_paid_is_recorded(office, project):
    await office.disburse(50, project=CODE)
    project_found = await plan(office, 2023, 45)
    assert project_found["years"] == [{"year": 2023, "planned_vnd": 45, "disbursed_vnd": 50, "left_vnd": -5}]
    lower = {"approved_total_vnd": 30, "decision": DECISION}
    assert (await done(office.post(f"projects/{CODE}/approvals", lower)))["left_vnd"] == -20
    assert (await office.post("disbursements", paid(1))).json()["code"] == "project_total_exceeded"


@pytest.mark.parametrize(
    ("what", "body", "faults"),
    [
        ("projects", {**PROJECT, "code": "Y", "unit": "99999", "name": "", "decision": {"number": "1"}}, {("/name", "text_too_short"), ("/decision/date", "missing"), ("/unit", "unit_unknown")}),
        ("projects", {**PROJECT, "code": "Y", "due_on": "2023-02-28"}, {("/due_on", "due_before_start")}),
        ("projects", {**PROJECT, "code": "Y", "program": 3, "decision": {"number": "1", "date": "2999-01-01"}}, {("/program", "not_a_text"), ("/decision/date", "date_in_future")}),
        (f"projects/{CODE}/plans", {"year": 2023, "planned_vnd": 0, "decision": {"number": "1", "date": "2999-01-01"}}, {("/planned_vnd", "too_small"), ("/decision/date", "date_in_future")}),
        (f"projects/{CODE}/approvals", {"approved_total_vnd": "1", "decision": DECISION}, {("/approved_total_vnd", "not_an_integer")}),
        (f"projects/{CODE}/building", {"on": "2999-01-01", "physical_percent": 101, "status": "done"}, {("/on", "date_in_future"), ("/physical_percent", "too_large"), ("/status", "not_one_of")}),
    ],
)  # fmt: skip
async def test_every_fault_of_shape_and_meaning_is_named(office, project, what, body, faults):
    refused = await office.post(what, body)
    assert refused.status_code == 422
    assert {(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]} == faults


async def test_rights_and_faults_of_projects(office, issuer, http, project):
    assert (await office.post("projects", PROJECT)).json()["code"] == "project_exists"
    assert (await office.get("projects/CT.999")).json()["code"] == "project_not_found"
    unknown = await office.post(
        "projects/CT.999/plans", {"year": 2023, "planned_vnd": 1, "decision": DECISION}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "project_not_found")
    faulty = {**PROJECT, "code": "X", "unit": "99999", "component": "NTM.ND01"}
    refused = await office.post("projects", faulty)
    assert {fault["code"] for fault in refused.json()["errors"]} == {
        "unit_unknown",
        "component_of_another_program",
    }
    other_office = Office(http, issuer.token("611", ["funding"], ["poverty"], ["611"]), office.app)
    for what, body in (
        ("projects", {**PROJECT, "code": "X"}),
        (f"projects/{CODE}/plans", {"year": 2023, "planned_vnd": 1, "decision": DECISION}),
    ):
        assert (await other_office.post(what, body)).json()["code"] == "unit_not_granted"
