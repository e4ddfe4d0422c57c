"""Tasks and plans over HTTP, on a real database."""

import uuid

from services.oversight.followed_services import make_publication_handler
from shared.kit.feed_consumer.client import ReceivedEvent
from tests.application import get_database
from tests.oversight.clients import list_faults, read, record, refuse
from tests.oversight.conftest import NOW
from tests.oversight.records import make_document, make_plan, make_recommendation, make_task
from tests.program_clients import Clients

PUBLICATION = "0190b5c0-0000-7000-8000-000000000001"


async def test_a_task_is_done_only_with_its_product(clients: Clients) -> None:
    task = await record(clients, "tasks", make_task())
    path = f"tasks/{task['id']}/complete"
    assert (task["state"], task["days_late"]) == ("overdue", 20)
    bare = {"version": 1, "completed_on": "2024-02-01"}
    assert await list_faults(clients, path, bare) == {"/document": "product_missing"}
    unknown = {**bare, "document": "0190b5c0-0000-7000-8000-000000000000"}
    assert await list_faults(clients, path, unknown) == {"/document": "reference_unknown"}
    document = await record(clients, "documents", make_document(signed_on="2024-02-01"))
    early = await record(clients, "documents", make_document("1/KH", signed_on="2023-11-30"))
    late = await record(clients, "documents", make_document("2/KH", signed_on="2024-02-02"))
    assert await list_faults(clients, path, {**bare, "document": late["id"]}) == {
        "/completed_on": "days_reversed"
    }
    before = {**bare, "document": early["id"]}
    assert await list_faults(clients, path, before) == {"/document": "days_reversed"}
    done = await record(clients, path, {**bare, "document": document["id"]})
    assert done["state"] == "done"
    await refuse(clients, path, {**bare, "version": 2, "document": document["id"]}, 409, "act_not_possible")
    correction = {**make_task(), "version": 2, "reason": "sửa"}
    await refuse(clients, f"tasks/{task['id']}/corrections", correction, 409, "act_not_possible")
    withdrawal = {"version": 1, "reason": "nhầm"}
    await refuse(clients, f"documents/{document['id']}/withdraw", withdrawal, 409, "act_not_possible")
    assert (await clients.read_figures("2024"))["tasks_done"]["value"] == 1
    assert (await read(clients, "tasks", state="done", on="2024-02-01"))["items"]
    assert (await read(clients, "tasks", state="overdue", on="2024-02-01"))["items"] == []


async def test_a_recurring_task_is_done_period_by_period(clients: Clients) -> None:
    task = await record(
        clients,
        "tasks",
        make_task(
            every="quarter",
            starts_on="2023-07-01",
            due_on="2024-06-30",
            product={"kind": "event", "description": "Họp giao ban"},
        ),
    )
    assert (task["state"], task["missing_periods"]) == ("overdue", ["2023-Q3", "2023-Q4"])
    conference = {
        "unit": "62",
        "level": "province",
        "title": "Giao ban",
        "convener": "BCD_TINH",
        "held_on": "2023-09-30",
    }
    held = await record(clients, "conferences", conference)
    path = f"tasks/{task['id']}/complete"
    body = {"version": 1, "completed_on": "2023-09-30", "conference": held["id"]}
    assert await list_faults(clients, path, body) == {"/period": "period_not_of_task"}
    assert await list_faults(clients, path, {**body, "period": "2024-Q3"}) == {
        "/period": "period_not_of_task"
    }
    early = {**body, "period": "2023-Q3", "completed_on": "2023-09-29"}
    assert await list_faults(clients, path, early) == {"/completed_on": "days_reversed"}
    done = await record(clients, path, {**body, "period": "2023-Q3"})
    assert done["missing_periods"] == ["2023-Q4"]
    too_long = make_task(due_on="2040-01-01", text="Khác")
    assert await list_faults(clients, "tasks", too_long) == {"/due_on": "task_too_long"}
    dropped = await record(clients, f"tasks/{task['id']}/drop", {"version": 2, "reason": "thôi"})
    assert dropped["state"] == "dropped"


async def test_a_plan_goes_from_draft_to_approved_and_revised(clients: Clients) -> None:
    plan = await record(clients, "plans", make_plan())
    path = f"plans/{plan['id']}"
    document = await record(clients, "documents", make_document())
    approval = {"version": 2, "document": document["id"]}
    await refuse(clients, f"{path}/approve", {**approval, "version": 1}, 409, "act_not_possible")
    assert (await record(clients, f"{path}/submit", {"version": 1, "reason": "trình"}))[
        "state"
    ] == "submitted"
    approved = await record(clients, f"{path}/approve", approval)
    assert (approved["state"], approved["approved_by"]) == ("approved", document["id"])
    rows = [
        ("central", 1_354_000), ("counterpart", 279_800), ("integrated", 470_000), ("credit", 376_900), ("other", 252_500),
    ]  # fmt: skip
    capital = [{"source": source, "amount_vnd": amount * 1_000_000} for source, amount in rows]
    correction = {**make_plan(capital=capital), "version": 3, "reason": "bổ sung"}
    await refuse(clients, f"{path}/corrections", correction, 409, "act_not_possible")
    revision = {**correction, "document": document["id"]}
    for fields in ({"period": "2025"}, {"drafted_on": "2024-01-16"}):
        await refuse(clients, f"{path}/revise", {**revision, **fields}, 409, "act_not_possible")
    revised = await record(clients, f"{path}/revise", {**correction, "document": document["id"]})
    assert (revised["state"], revised["capital_total_vnd"]) == ("revised", 2_733_200_000_000)
    assert (await record(clients, f"{path}/close", {"version": 4, "reason": "hết năm"}))["state"] == "closed"
    assert [row["id"] for row in (await read(clients, "plans", state="closed"))["items"]] == [plan["id"]]


async def test_the_plan_of_the_next_year_continues_what_is_open(clients: Clients) -> None:
    plan = await record(clients, "plans", make_plan())
    task = await record(clients, "tasks", make_task(plan=plan["id"]))
    recommendation = await record(clients, "recommendations", make_recommendation())
    following = await record(
        clients,
        f"plans/{plan['id']}/next",
        {
            "title": "Kế hoạch năm 2025",
            "drafted_on": "2024-02-20",
            "missed_targets": [{"program": "poverty", "indicator": "poverty_rate"}],
            "carried_over": [{"program": "rural", "year": 2024, "amount_vnd": 5}],
        },
    )
    assert (following["period"], following["continues"], following["capital"]) == ("2025", plan["id"], [])
    assert following["continued_tasks"] == [task["id"]]
    assert following["continued_recommendations"] == [recommendation["id"]]
    assert following["carried_over"][0]["amount_vnd"] == 5
    ceilings = await record(
        clients,
        "plans",
        make_plan(
            title="Giai đoạn", period="2021-2025", capital=[{"source": "central", "amount_vnd": 1_000_000}]
        ),
    )
    path = f"plans/{ceilings['id']}/ceilings"
    (line,) = (await read(clients, path))["items"]
    assert (line["planned_vnd"], line["exceeded"]) == (0, False)  # a draft is not compared
    document = await record(clients, "documents", make_document())
    await record(clients, f"plans/{plan['id']}/submit", {"version": 1, "reason": "trình"})
    await record(clients, f"plans/{plan['id']}/approve", {"version": 2, "document": document["id"]})
    compared = await read(clients, path)
    assert [(row["planned_vnd"], row["exceeded"]) for row in compared["items"]] == [(1_354_000_000_000, True)]
    await refuse(
        clients,
        f"plans/{ceilings['id']}/next",
        {"title": "Khác", "drafted_on": "2024-02-20"},
        409,
        "act_not_possible",
    )
    reversed_years = make_plan(period="2025-2021", title="Sai")
    assert await list_faults(clients, "plans", reversed_years) == {"/period": "period_invalid"}


async def test_a_figure_proves_a_task_done_in_a_publication_where_it_reached_its_target(
    clients: Clients,
) -> None:
    product = {"kind": "figure", "description": "Tỷ lệ hộ nghèo giảm 4 điểm"}
    task = await record(clients, "tasks", make_task(product=product))
    path = f"tasks/{task['id']}/complete"
    figure = {"program": "poverty", "indicator": "poverty_rate", "period": "2023"}
    completion = {"version": 1, "completed_on": "2024-02-01", "figure": figure}
    assert await list_faults(clients, path, completion) == {"/figure/publication": "publication_missing"}
    figure["publication"] = PUBLICATION
    assert await list_faults(clients, path, completion) == {"/figure/publication": "publication_unknown"}
    data = {"unit": "62", "period": "2023", "name": "Năm 2023", "reached": ["poverty_rate"]}
    frozen = ReceivedEvent(1, NOW, "publication.frozen", f"publications/{uuid.UUID(PUBLICATION)}", data)
    async with get_database(clients.http.app).writing() as session:
        await make_publication_handler("poverty")(session, frozen, NOW)
    other = {**completion, "figure": {**figure, "indicator": "households"}}
    assert await list_faults(clients, path, other) == {"/figure/indicator": "target_not_reached"}
    other = {**completion, "figure": {**figure, "period": "2022"}}
    assert await list_faults(clients, path, other) == {"/figure/publication": "publication_differs"}
    assert (await record(clients, path, completion))["state"] == "done"
