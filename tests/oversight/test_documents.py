"""Documents over HTTP, on a real database."""

import unicodedata

from tests.oversight.clients import list_faults, read, record, refuse, write
from tests.oversight.records import make_body, make_document, make_plan
from tests.program_clients import Clients
from tests.spellings import spell


async def test_the_same_number_issuer_and_date_is_the_same_document(clients: Clients) -> None:
    first = await record(clients, "documents", make_document())
    assert first["state"] == "in_force"
    for number in spell("570/KH-UBND"):
        again = await write(clients, "documents", make_document(number))
        assert again.status_code in {200, 409}
        assert again.json().get("id", again.json().get("record")) == first["id"], number
    other = await refuse(clients, "documents", make_document(title="Khác"), 409, "record_exists")
    assert other["record"] == first["id"]
    reissued = make_document(signed_on="2024-02-20")
    conflict = await refuse(clients, "documents", reissued, 409, "document_number_used")
    assert (conflict["document"], conflict["date"]) == (first["id"], "2024-02-19")
    distinct_from = {"document": first["id"], "reason": "đánh số lại"}
    await record(clients, "documents", {**reissued, "distinct_from": distinct_from})
    await record(clients, "documents", make_document(signed_on="2023-02-20"))
    found = await read(clients, "documents", number="570 / kh-ubnd")
    assert len(found["items"]) == 3


async def test_what_expires_today_is_in_force_today_and_a_replacement_ends_the_replaced(
    clients: Clients,
) -> None:
    old = await record(
        clients, "documents", make_document("1/KH", signed_on="2023-01-10", expires_on="2024-02-20")
    )
    path = f"documents/{old['id']}"
    assert old["state"] == "in_force"
    assert (await read(clients, path, on="2024-02-21"))["state"] == "expired"
    assert (await read(clients, path, on="2023-01-09"))["state"] == "not_yet_issued"
    await record(
        clients,
        "documents",
        make_document(
            "2/KH",
            signed_on="2023-12-30",
            effective_on="2024-01-15",
            relations=[{"kind": "replaces", "document": old["id"]}],
        ),
    )
    assert (await read(clients, path, on="2024-01-14"))["state"] == "in_force"
    replaced = await read(clients, path, on="2024-01-15")
    assert replaced["state"] == "replaced"
    assert replaced["replaced_by"]
    assert (await clients.read_figures("2023"))["programs_and_plans"]["value"] == 1
    in_force = await read(clients, "documents", state="in_force", on="2024-01-15", kind="plan,program")
    assert [document["number"] for document in in_force["items"]] == ["2/KH"]
    recorded_at = old["recorded_at"]
    assert len((await read(clients, "documents", as_of=recorded_at))["items"]) == 1


async def test_a_demand_is_due_until_the_document_that_fulfils_it_is_named(clients: Clients) -> None:
    demand = {"title": "Kế hoạch của tỉnh", "owner": "SO_KHDT", "due_on": "2024-01-31"}
    central = make_document(
        "38/2023/NĐ-CP",
        kind="decree",
        issuer="CHINH_PHU",
        signed_on="2023-06-24",
        demands=[demand, {**demand, "title": "Báo cáo", "due_on": "2024-12-31"}],
    )
    asking = await record(clients, "documents", central)
    states = [row["state"] for row in (await read(clients, "documents/demands"))["items"]]
    assert states == ["overdue", "open"]
    due = (await read(clients, "documents/demands", state="overdue"))["items"]
    assert (due[0]["days_late"], due[0]["unit"]) == (20, "62")
    fulfils = [{"document": asking["id"], "demand": 1}]
    plan = await record(clients, "documents", make_document(fulfils=fulfils))
    removed = {**central, "demands": [{**demand, "title": "Khác"}], "version": 1, "reason": "sửa"}
    path = f"documents/{asking['id']}/corrections"
    await refuse(clients, path, removed, 409, "act_not_possible")
    below = make_document("3/KH", demands=[{**demand, "unit": "610", "owner": "UBND_HUYEN"}])
    await record(clients, "documents", below)
    assert len((await read(clients, "documents/demands", unit="62"))["items"]) == 3
    assert len((await read(clients, "documents/demands", unit="610"))["items"]) == 1
    demands = (await read(clients, "documents/demands", owner="SO_KHDT"))["items"]
    assert [(row["state"], row["fulfilled_by"]) for row in demands] == [
        ("fulfilled", plan["id"]),
        ("open", None),
    ]
    assert (await clients.read_figures("2023"))["documents_issued"]["value"] == 0  # of the centre, or of 2024


async def test_every_fault_of_a_document_in_one_answer(clients: Clients) -> None:
    unknown = "0190b5c0-0000-7000-8000-000000000000"
    wrong = make_document(
        kind="poem",
        issuer="SO_NNMT",
        effective_on="2024-03-01",
        expires_on="2024-02-01",
        normative="yes",
    )
    assert await list_faults(clients, "documents", wrong) == {
        "/kind": "document_kind_unknown",
        "/issuer": "agency_not_in_force",
        "/expires_on": "days_reversed",
        "/normative": "not_a_boolean",
    }
    named = make_document(
        relations=[{"kind": "amends", "document": unknown}], fulfils=[{"document": unknown, "demand": 1}]
    )
    assert await list_faults(clients, "documents", named) == {
        "/relations/0/document": "document_unknown",
        "/fulfils/0/document": "document_unknown",
    }
    assert await list_faults(clients, "documents", make_document(signed_on="2024-12-31")) == {
        "/signed_on": "date_in_future"
    }


async def test_a_reader_without_scope_gets_titles_and_no_files(clients: Clients) -> None:
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    document = await record(clients, "documents", make_document(file_sha256=sha256))
    public = (await clients.http.get(f"/v1/oversight/documents/{document['id']}")).json()
    assert (public["number"], public["file_sha256"]) == ("570/KH-UBND", None)
    assert (await read(clients, f"documents/{document['id']}"))["file_sha256"] == sha256
    reporter = clients.make_headers("report", units=("610",))
    for path in ("recommendations", "supervisions", "difficulties", "tasks"):
        assert (await clients.http.get(f"/v1/oversight/{path}")).status_code == 401, path
        assert (await clients.http.get(f"/v1/oversight/{path}", headers=reporter)).status_code == 403, path
    rural = await record(clients, "documents", make_document("2/KH", programs=["rural"]))
    listed = (await read(clients, "documents", program="rural"))["items"]
    assert [row["id"] for row in listed] == [rural["id"], document["id"]]  # which names none is for all
    assert (await read(clients, "documents", program="ethnic"))["items"][0]["id"] == document["id"]
    withdrawal = {"version": 1, "reason": "nhầm lẫn nội bộ"}
    await record(clients, f"documents/{rural['id']}/withdraw", withdrawal)
    for headers, status in (({}, 404), (reporter, 404), (clients.make_headers("read"), 200)):
        answer = await clients.http.get(f"/v1/oversight/documents/{rural['id']}", headers=headers)
        assert answer.status_code == status


async def test_the_public_reads_no_drafts_and_no_content_of_plans_and_bodies(clients: Clients) -> None:
    plan = await record(clients, "plans", make_plan(objectives=["Giảm nghèo"]))
    path = f"/v1/oversight/plans/{plan['id']}"
    assert (await clients.http.get(path)).status_code == 404
    assert (await clients.http.get("/v1/oversight/plans")).json()["items"] == []
    document = await record(clients, "documents", make_document())
    await record(clients, f"plans/{plan['id']}/submit", {"version": 1, "reason": "nội bộ"})
    assert (await clients.http.get(path)).status_code == 404
    await record(clients, f"plans/{plan['id']}/approve", {"version": 2, "document": document["id"]})
    public = (await clients.http.get(path)).json()
    hidden = ("objectives", "targets", "capital", "capital_sums", "carried_over", "missed_targets")
    assert [public[name] for name in hidden] == [[]] * len(hidden)
    assert (public["title"], public["capital_total_vnd"]) == ("Kế hoạch năm 2024", None)
    assert [version["reason"] for version in public["versions"]] == [None] * 3
    body = await record(
        clients, "bodies", make_body(members=[{"agency": "SO_TC", "role": "member", "task": "Lo vốn"}])
    )
    (member,) = (await clients.http.get(f"/v1/oversight/bodies/{body['id']}")).json()["members"]
    assert (member["agency"], member["task"]) == ("SO_TC", None)
    assert (await read(clients, f"bodies/{body['id']}"))["members"][0]["task"] == "Lo vốn"


async def test_the_same_document_from_any_keyboard_is_the_same(clients: Clients) -> None:
    document = await record(clients, "documents", make_document())
    other = make_document("570 / kh-ubnd", title=unicodedata.normalize("NFD", document["title"]))
    again = await write(clients, "documents", other)
    assert (again.status_code, again.json()["id"]) == (200, document["id"])
    await refuse(clients, "documents", make_document(title="Khác"), 409, "record_exists")


async def test_a_filter_by_what_does_not_exist_is_refused(clients: Clients) -> None:
    for path, query, code in (
        ("documents", {"kind": "club"}, "document_kind_unknown"),
        ("documents", {"issuer": "NOBODY"}, "agency_unknown"),
        ("documents", {"program": "club"}, "not_one_of"),
        ("bodies", {"kind": "club"}, "body_kind_unknown"),
        ("tasks", {"owner": "NOBODY"}, "agency_unknown"),
        ("difficulties", {"passed_to": "NOBODY"}, "agency_unknown"),
    ):
        refused = await clients.http.get(
            f"/v1/oversight/{path}", params=query, headers=clients.make_headers("read")
        )
        (fault,) = refused.json()["errors"]
        assert (fault["pointer"], fault["code"]) == (f"/query/{next(iter(query))}", code), path
