"""Steering bodies over HTTP, on a real database."""

from datetime import date

from shared.territory.store import insert_units
from shared.territory.units import Unit
from tests.application import get_database
from tests.oversight.clients import DISTRICT, list_faults, read, record, refuse, write
from tests.oversight.records import make_body
from tests.program_clients import Clients
from tests.spellings import spell


async def test_a_body_is_recorded_once_from_any_keyboard_and_ends_by_a_document(clients: Clients) -> None:
    body = await record(clients, "bodies", make_body())
    assert (body["state"], body["unit_name"], body["unit_kind"]) == ("in_force", "Kon Tum", "tinh")
    for number in spell("320/QĐ-UBND"):
        founded_by = {"number": number, "date": "2022-06-15"}
        again = await write(clients, "bodies", make_body(founded_by=founded_by))
        assert again.status_code in {200, 409}
        assert again.json().get("id", again.json().get("record")) == body["id"], number
    second = make_body(founded_by={"number": "1/QĐ", "date": "2023-01-01"}, established_on="2023-01-01")
    refused = await refuse(clients, "bodies", second, 409, "body_in_force")
    assert refused["body"] == body["id"]
    end = {
        "version": 1,
        "decision": {"number": "2/QĐ", "date": "2022-12-30"},
        "dissolved_on": "2023-01-01",
    }
    path = f"bodies/{body['id']}"
    await refuse(clients, f"{path}/dissolve", {**end, "version": 2}, 409, "record_changed")
    itself = {**end, "replaced_by": body["id"]}
    assert await list_faults(clients, f"{path}/dissolve", itself) == {"/replaced_by": "replacement_differs"}
    ended = await record(clients, f"{path}/dissolve", end)
    late = {**make_body(established_on="2023-01-02"), "version": 2, "reason": "sửa"}
    assert await list_faults(clients, f"{path}/corrections", late) == {"/established_on": "days_reversed"}
    assert (ended["state"], ended["dissolved_on"], ended["version"]) == ("dissolved", "2023-01-01", 2)
    await refuse(clients, f"{path}/dissolve", {**end, "version": 2}, 409, "act_not_possible")
    assert (await record(clients, "bodies", second))["state"] == "in_force"
    assert (await read(clients, path, on="2022-12-31"))["state"] == "in_force"
    versions = (await read(clients, path))["versions"]
    assert [version["act"] for version in versions] == ["dissolved", "recorded"]
    assert len((await read(clients, "bodies", state="in_force", on="2022-12-31"))["items"]) == 1
    changes = await read(clients, "changes")
    assert [change["type"] for change in changes["items"]] == [
        "body.recorded",
        "body.dissolved",
        "body.recorded",
    ]


async def test_every_fault_of_a_body_in_one_answer(clients: Clients) -> None:
    wrong = make_body(
        kind="commune_management_board",
        members=[{"agency": "NOBODY", "role": "chair"}, {"agency": "UBND_TINH", "role": "member"}],
        founded_by={"number": "1/QĐ", "date": "2031-01-01"},
        note="?",
    )
    assert await list_faults(clients, "bodies", wrong) == {
        "/unit": "unit_level_wrong",
        "/members/0/agency": "agency_unknown",
        "/founded_by/date": "decision_in_future",
        "/note": "unknown_field",
    }
    assert await list_faults(clients, "bodies", {}) == dict.fromkeys(
        ("/unit", "/kind", "/name", "/founded_by", "/established_on"), "missing"
    )
    assert await list_faults(clients, "bodies", make_body(kind="club")) == {"/kind": "body_kind_unknown"}
    await refuse(clients, "bodies", make_body("611"), 403, "unit_not_granted", **DISTRICT)
    headers = clients.make_headers("report")
    refused = await clients.http.post("/v1/oversight/bodies", json=make_body(), headers=headers)
    assert refused.status_code == 403


async def test_units_without_a_body_and_bodies_that_end_with_their_unit(clients: Clients) -> None:
    district = await record(clients, "bodies", make_body("610"), **DISTRICT)
    missing = await read(clients, "bodies/missing", kind="steering_committee", level="district", unit="62")
    assert (missing["units"], missing["with_body"]) == (10, 1)
    unknown = {"kind": "club", "level": "district"}
    refused = await clients.http.get("/v1/oversight/bodies/missing", params=unknown)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "body_kind_unknown")
    assert "610" not in {row["unit"] for row in missing["items"]}
    assert (await read(clients, f"bodies/{district['id']}", on="2025-06-30"))["state"] == "in_force"
    ended = await read(clients, f"bodies/{district['id']}", on="2025-07-01")
    assert (ended["state"], ended["unit_ended_on"]) == ("unit_ended", "2025-06-30")
    figures = await clients.read_figures("2023")
    assert figures["steering_committees_district"]["value"] == 1
    assert (await clients.read_figures("2023", "610"))["steering_committees_own"]["value"] == 1


async def test_a_correction_is_a_version_and_a_withdrawal_counts_no_more(clients: Clients) -> None:
    body = await record(clients, "bodies", make_body())
    path = f"bodies/{body['id']}"
    members = [{"agency": "UBND_TINH", "role": "chair"}]
    correction = {**make_body(members=members), "version": 1, "reason": "thiếu thành viên"}
    assert await list_faults(clients, f"{path}/corrections", make_body()) == {
        "/version": "missing",
        "/reason": "missing",
    }
    corrected = await record(clients, f"{path}/corrections", correction)
    assert (corrected["version"], corrected["members"][0]["agency"]) == (2, "UBND_TINH")
    before = (await read(clients, path))["versions"][1]["recorded_at"]
    assert (await read(clients, path, as_of=before))["members"] == []
    withdrawn = await record(clients, f"{path}/withdraw", {"version": 2, "reason": "nhầm"})
    assert withdrawn["act"] == "withdrawn"
    assert (await read(clients, "bodies"))["items"] == []
    await refuse(clients, f"{path}/withdraw", {"version": 3, "reason": "nhầm"}, 409, "record_withdrawn")
    await refuse(
        clients,
        "bodies/0190b5c0-0000-7000-8000-000000000000/withdraw",
        {"version": 1, "reason": "x"},
        404,
        "record_not_found",
    )


async def test_a_village_that_was_registered_later_gets_its_board(clients: Clients) -> None:
    """The process read the territory before the village was registered, as it does while it runs."""
    village = Unit(
        "23512.01",
        "village",
        "thon",
        "Thôn 1",
        "23512",
        date(2022, 1, 1),
        source="test",
        confidence="registered",
    )
    board = make_body("23512.01", kind="village_development_board")
    assert await list_faults(clients, "bodies", board) == {"/unit": "unit_unknown"}
    async with get_database(clients.http.app).writing() as session:
        await insert_units(session, [village])
    created = await record(clients, "bodies", board)
    assert (created["unit_name"], created["unit_kind"], created["state"]) == ("Thôn 1", "thon", "in_force")
    listed = await read(clients, "bodies", unit="23512")
    assert [row["id"] for row in listed["items"]] == [created["id"]]
    assert (await clients.read_figures("2023"))["village_development_boards"]["value"] == 1
