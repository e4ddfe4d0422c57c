"""Who may act on which record, and for which unit an agency acts, over HTTP, on a real database."""

from tests.oversight.clients import DISTRICT, list_faults, record, refuse, write
from tests.oversight.records import make_body, make_document, make_plan, make_recommendation
from tests.oversight.test_recommendations import ANSWER, CLOSING
from tests.program_clients import Clients


async def test_a_document_changes_only_documents_of_granted_units(clients: Clients) -> None:
    demand = {"title": "Kế hoạch", "owner": "UBND_HUYEN", "due_on": "2024-03-31"}
    demands = [{**demand, "unit": "610"}, {**demand, "unit": "611"}, demand]
    asking = await record(clients, "documents", make_document(demands=demands))
    district = make_document("1/KH-UBND", unit="610", issuer="UBND_HUYEN")
    for kind in ("replaces", "amends"):
        changing = {**district, "relations": [{"kind": kind, "document": asking["id"]}]}
        refused = await refuse(clients, "documents", changing, 403, "unit_not_granted", **DISTRICT)
        assert refused["unit"] == "62", kind
    for number in (2, 3):
        fulfilling = {**district, "fulfils": [{"document": asking["id"], "demand": number}]}
        await refuse(clients, "documents", fulfilling, 403, "unit_not_granted", **DISTRICT)
    allowed = {
        **district,
        "relations": [{"kind": "carries_out", "document": asking["id"]}],
        "fulfils": [{"document": asking["id"], "demand": 1}],
    }
    created = await record(clients, "documents", allowed, **DISTRICT)
    correction = {
        **allowed,
        "version": 1,
        "reason": "sửa",
        "fulfils": [{"document": asking["id"], "demand": 2}],
    }
    path = f"documents/{created['id']}/corrections"
    await refuse(clients, path, correction, 403, "unit_not_granted", **DISTRICT)
    assert (await record(clients, path, correction))["version"] == 2  # the province may


async def test_who_answered_a_recommendation_neither_corrects_nor_withdraws_it(clients: Clients) -> None:
    recommendation = await record(clients, "recommendations", make_recommendation())
    path = f"recommendations/{recommendation['id']}"
    await record(clients, f"{path}/answers", ANSWER, **DISTRICT)
    act = {"version": 2, "reason": "sửa"}
    correction = {**make_recommendation(due_on="2023-08-31"), **act}
    for route, body in (("corrections", correction), ("withdraw", act)):
        await refuse(clients, f"{path}/{route}", body, 403, "closed_by_addressee", client_id="district-610")
    other = {**correction, "addressee": {"unit": "611", "agency": "UBND_HUYEN"}}
    await refuse(clients, f"{path}/corrections", other, 409, "act_not_possible")
    after_answer = {**correction, "issued_on": "2023-07-21"}
    assert await list_faults(clients, f"{path}/corrections", after_answer) == {"/issued_on": "days_reversed"}
    corrected = await record(clients, f"{path}/corrections", correction)
    assert (corrected["due_on"], corrected["state"]) == ("2023-08-31", "answered")
    await record(clients, f"{path}/close", {**CLOSING, "version": 3})
    await refuse(clients, f"{path}/corrections", {**correction, "version": 4}, 409, "act_not_possible")


async def test_no_agency_acts_for_a_unit_below_its_level(clients: Clients) -> None:
    wrong = {"/issuer": "agency_level_wrong"}
    for issuer in ("UBND_TINH", "CHINH_PHU"):
        assert await list_faults(clients, "documents", make_document(unit="610", issuer=issuer)) == wrong
    assert await list_faults(clients, "recommendations", make_recommendation(unit="610")) == wrong
    conference = {
        "unit": "610", "level": "district", "title": "Sơ kết", "convener": "UBND_TINH", "held_on": "2023-06-30",
    }  # fmt: skip
    assert await list_faults(clients, "conferences", conference) == {"/convener": "agency_level_wrong"}
    central = {**conference, "unit": "62", "level": "province", "convener": "BCD_TW"}
    assert await list_faults(clients, "conferences", central) == {"/convener": "agency_level_wrong"}
    district = {**conference, "unit": "62", "level": "district", "convener": "UBND_TINH"}
    assert await list_faults(clients, "conferences", district) == {"/unit": "unit_level_wrong"}
    team = {
        "unit": "610",
        "title": "Đoàn số 1",
        "led_by": "BCD_TINH",
        "founded_by": {"number": "1/QĐ", "date": "2023-05-01"},
        "starts_on": "2023-05-15",
    }
    assert await list_faults(clients, "inspections", team) == {"/led_by": "agency_level_wrong"}
    await record(clients, "inspections", {**team, "led_by": "BCD_HUYEN"}, **DISTRICT)
    await record(clients, "documents", make_document("1/QĐ-TTg", issuer="CHINH_PHU"))


async def test_a_text_of_any_length_identifies_a_record(clients: Clients) -> None:
    text = "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(2000))
    recommendation = make_recommendation(text=text)
    first = await record(clients, "recommendations", recommendation)
    again = await write(clients, "recommendations", recommendation)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


async def test_records_of_an_ended_unit_are_those_of_its_successors(clients_after_merger: Clients) -> None:
    clients = clients_after_merger
    successor = {"units": ("51",), "client_id": "province-51"}
    body = await record(clients, "bodies", make_body("610"), **successor)
    plan = await record(clients, "plans", make_plan(), **successor)
    correction = {**make_body("610", name="Ban Chỉ đạo huyện"), "version": 1, "reason": "sửa"}
    path = f"bodies/{body['id']}"
    await refuse(clients, f"{path}/corrections", correction, 403, "unit_not_granted", units=("01",))
    await record(clients, f"{path}/corrections", correction, **successor)
    await refuse(
        clients, f"{path}/withdraw", {"version": 2, "reason": "sửa"}, 403, "unit_not_granted", units=("01",)
    )
    await record(clients, f"{path}/withdraw", {"version": 2, "reason": "sửa"}, **successor)
    following = {"title": "Kế hoạch năm 2025", "drafted_on": "2025-07-15"}
    assert await list_faults(clients, f"plans/{plan['id']}/next", following, **successor) == {
        "/drafted_on": "unit_unknown_on_date"
    }


async def test_a_code_that_was_given_again_is_another_unit(clients_after_merger: Clients) -> None:
    """The province 51 of before the merger of 1 July 2025 and the one of after it."""
    clients = clients_after_merger
    caller = {"units": ("51",)}
    before = await record(clients, "bodies", make_body("51"), **caller)
    after = make_body("51", established_on="2025-07-02", founded_by={"number": "2/QĐ", "date": "2025-07-02"})
    created = await record(clients, "bodies", after, **caller)
    assert created["id"] != before["id"]
    assert (
        await refuse(
            clients,
            "bodies",
            {**after, "established_on": "2025-07-03", "founded_by": {"number": "3/QĐ", "date": "2025-07-03"}},
            409,
            "body_in_force",
            **caller,
        )
    )["body"] == created["id"]
    number = make_document("7/KH", unit="51", signed_on="2025-06-30")
    first = await record(clients, "documents", number, **caller)
    second = await record(clients, "documents", {**number, "signed_on": "2025-07-01"}, **caller)
    assert first["unit_since"] != second["unit_since"]
    conference = {
        "unit": "51", "level": "province", "title": "Sơ kết", "convener": "UBND_TINH", "held_on": "2025-03-31",
    }  # fmt: skip
    await record(clients, "conferences", conference, **caller)
    held = await record(clients, "conferences", {**conference, "held_on": "2025-07-20"}, **caller)
    figures = await clients.read_figures("2025", "51")
    for figure, counted in (("programs_and_plans", second), ("conferences", held)):
        (row,) = await clients.list_all(figures[figure]["lineage"])
        assert (figures[figure]["value"], row["id"]) == (1, counted["id"]), figure
