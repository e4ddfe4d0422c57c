"""Recommendations, difficulties and the other registers over HTTP, on a real database."""

from typing import Any

from tests.oversight.clients import DISTRICT, list_faults, read, record, refuse
from tests.oversight.records import make_document, make_recommendation
from tests.program_clients import Clients

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ANSWER = {
    "version": 1,
    "answered_on": "2023-07-20",
    "text": "Đã phân bổ hết",
    "evidence": [{"file_sha256": SHA256}],
}
CLOSING = {"version": 2, "outcome": "done", "closed_on": "2023-08-05", "reason": "Đã thực hiện đủ"}


async def test_only_the_issuer_closes_what_the_addressee_answered(clients: Clients) -> None:
    recommendation = await record(clients, "recommendations", make_recommendation())
    path = f"recommendations/{recommendation['id']}"
    assert (recommendation["state"], recommendation["overdue"]) == ("open", True)
    await refuse(clients, f"{path}/close", {**CLOSING, "version": 1}, 403, "unit_not_granted", **DISTRICT)
    await refuse(clients, f"{path}/close", {**CLOSING, "version": 1}, 409, "act_not_possible")
    await refuse(clients, f"{path}/answers", ANSWER, 403, "unit_not_granted", units=("611",))
    bare = {**ANSWER, "evidence": []}
    assert await list_faults(clients, f"{path}/answers", bare, **DISTRICT) == {"/evidence": "too_few"}
    unnamed = {**ANSWER, "evidence": [{"note": "đã làm"}]}
    faults = await list_faults(clients, f"{path}/answers", unnamed, **DISTRICT)
    assert faults == {"/evidence/0": "evidence_missing"}
    answered = await record(clients, f"{path}/answers", ANSWER, **DISTRICT)
    assert (answered["state"], len(answered["answers"])) == ("answered", 1)
    await refuse(clients, f"{path}/close", CLOSING, 403, "closed_by_addressee", client_id="district-610")
    closed = await record(clients, f"{path}/close", CLOSING)
    assert (closed["state"], closed["overdue"], closed["act"]) == ("done", False, "closed")
    await refuse(clients, f"{path}/answers", {**ANSWER, "version": 3}, 409, "act_not_possible", **DISTRICT)
    states = [
        (await read(clients, path, on=day))["state"] for day in ("2023-07-19", "2023-07-20", "2023-08-05")
    ]
    assert states == ["open", "answered", "done"]


async def test_an_overdue_recommendation_shows_the_next_morning_and_goes_to_the_successor(
    clients: Clients,
) -> None:
    await record(clients, "recommendations", make_recommendation())

    async def count(on: Any, **query: Any) -> Any:
        return len((await read(clients, "recommendations", on=on, overdue=True, **query))["items"])

    assert [await count(on, addressee="610") for on in ("2023-07-31", "2023-08-01")] == [0, 1]
    assert await count("2025-07-01", addressee="51") == 1
    assert await count("2025-07-01", addressee="610") == 0
    overdue = await read(clients, "recommendations/overdue", on="2025-07-01")
    (group,) = overdue["items"]
    assert (group["unit"], group["agency"], group["over_90_days"]) == ("51", "UBND_TINH", 1)
    figures = await clients.read_figures("2023")
    assert (figures["recommendations_open"]["value"], figures["recommendations_overdue"]["value"]) == (1, 1)
    lineage = figures["recommendations_overdue"]["lineage"]
    listed = await clients.http.get(lineage, headers=clients.make_headers("read"))
    assert len(listed.json()["items"]) == 1


async def test_every_fault_of_a_recommendation_in_one_answer(clients: Clients) -> None:
    wrong = make_recommendation(
        issuer="X", due_on="2023-01-01", addressee={"unit": "999"}, source={"kind": "rumour"}
    )
    assert await list_faults(clients, "recommendations", wrong) == {
        "/issuer": "text_too_short",
        "/source/kind": "not_one_of",
        "/addressee/unit": "unit_unknown",
        "/due_on": "days_reversed",
    }


async def test_a_difficulty_waits_until_a_competent_level_answers(clients: Clients) -> None:
    difficulty = await record(
        clients,
        "difficulties",
        {"unit": "610", "raised_on": "2023-06-01", "text": "Chưa có hướng dẫn", "passed_to": "SO_TC"},
        **DISTRICT,
    )
    path = f"difficulties/{difficulty['id']}"
    assert (difficulty["state"], difficulty["waiting_days"]) == ("open", 264)
    passed = await record(
        clients, f"{path}/pass", {"version": 1, "passed_to": "BO_NGANH", "reason": "vượt thẩm quyền"}
    )
    assert passed["passed_to"] == "BO_NGANH"
    correction = {
        "unit": "610", "raised_on": "2023-06-01", "text": "Chưa có hướng dẫn", "passed_to": "SO_TC", "version": 2,
        "reason": "sửa",
    }  # fmt: skip
    await refuse(clients, f"{path}/corrections", correction, 409, "act_not_possible", **DISTRICT)
    document = await record(clients, "documents", make_document())
    answer = {"version": 2, "answered_on": "2023-08-15", "answer": "Theo TT 55", "document": document["id"]}
    answered = await record(clients, f"{path}/answers", answer)
    assert (answered["state"], answered["waiting_days"]) == ("answered", 75)
    await refuse(clients, f"{path}/drop", {"version": 3, "reason": "x"}, 409, "act_not_possible")
    assert len((await read(clients, "difficulties", state="answered"))["items"]) == 1


async def test_communication_conferences_inspections_and_audits(clients: Clients) -> None:
    await record(
        clients,
        "campaigns",
        {"unit": "62", "kind": "movement", "title": "Chung sức", "starts_on": "2023-01-01"},
    )
    conference = {
        "unit": "62",
        "level": "province",
        "title": "Sơ kết",
        "convener": "UBND_TINH",
        "held_on": "2023-06-30",
        "conclusions": [{"text": "Đẩy nhanh giải ngân", "owner": "SO_TC"}],
    }
    held = await record(clients, "conferences", conference)
    public = (await clients.http.get(f"/v1/oversight/conferences/{held['id']}")).json()
    assert (public["title"], public["conclusions"]) == ("Sơ kết", [])
    await record(clients, "conferences", {**conference, "level": "central", "convener": "BCD_TW"})
    team = {
        "unit": "62",
        "title": "Đoàn số 1",
        "led_by": "BCD_TINH",
        "founded_by": {"number": "1/QĐ", "date": "2023-05-01"},
        "starts_on": "2023-05-15",
    }
    await record(clients, "inspections", team)
    await record(clients, "inspections", {**team, "title": "Đoàn của Sở", "led_by": "SO_NN"})
    audit = {
        "unit": "62",
        "kind": "audit",
        "body": "state_audit",
        "round": "Kiểm toán",
        "starts_on": "2023-09-05",
        "requests": [
            {"text": "Hồ sơ", "due_on": "2023-09-15", "delivered_on": "2023-09-14"},
            {"text": "Sổ", "due_on": "2023-09-15"},
        ],
    }
    assert (await record(clients, "supervisions", audit))["requests_overdue"] == 1
    figures = await clients.read_figures("2023")
    codes = ("conferences", "conferences_of_the_centre", "inspection_teams", "inspection_teams_of_agencies")
    assert [figures[code]["value"] for code in codes] == [1, 1, 1, 1]
    for code in codes:
        assert len(await clients.list_all(figures[code]["lineage"])) == 1, code
