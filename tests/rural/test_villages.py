"""The register of villages over HTTP, on a real database."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.rural.villages.schemas import VillageIn
from shared.territory.units import to_commune_code
from shared.territory.villages.rules import infer_kind
from tests.in_process import open_client
from tests.program_clients import Clients
from tests.rural.bodies import meets_body
from tests.rural.conftest import NOW, PROGRAM

VILLAGE = {"code": "23512.01", "name": "Thôn 1", "valid_from": "2022-01-01"}


async def test_a_village_is_created_and_read_at_its_address(clients):
    response = await clients.post("villages", {**VILLAGE, "name": "  Làng Kon Tu "})
    assert (response.status_code, response.headers["location"]) == (201, "/v1/rural/villages/23512.01")
    village = response.json()
    assert (village["name"], village["kind"], village["commune"], village["valid_to"]) == (
        "Làng Kon Tu",
        "lang",
        "23512",
        None,
    )
    read = (await clients.http.get(response.headers["location"])).json()
    assert {**read, "valid_to": None} == {
        **village,
        "on": "2025-03-01",
        "in_force": [],
        "recognitions": [],
        "parent": "23512",
        "parent_name": "Xã Đăk Mar",
        "parent_kind": "xa",
        "parent_since": read["parent_since"],
        "possible_parents": [],
    }


async def test_the_same_village_again_is_answered_and_another_is_a_conflict(clients):
    await clients.create("villages", VILLAGE)
    again = await clients.post("villages", VILLAGE)
    assert again.status_code == 200
    for name in ("THÔN  1", "Tho\u0302n 1", "Thôn\u00a01", "Thôn \u200b1"):
        again = await clients.post("villages", {**VILLAGE, "name": name})
        assert (again.status_code, again.json()["name"]) == (200, "Thôn 1"), name
    await clients.expect_problem("villages", {**VILLAGE, "name": "Thôn 2"}, 409, "village_exists")
    assert len((await clients.get("villages"))["items"]) == 1


async def test_every_fault_in_one_answer(clients):
    assert await clients.list_faults(
        "villages", {"code": "23512-1", "name": " ", "valid_from": "2022", "kind": "x"}
    ) == {
        "/code": "wrong_form",
        "/name": "text_too_short",
        "/kind": "not_one_of",
        "/valid_from": "not_a_date",
    }
    unknown = await clients.list_faults("villages", {**VILLAGE, "code": "23513.01", "colour": "red"})
    assert unknown == {"/colour": "unknown_field", "/code": "commune_unknown"}
    gone = {**VILLAGE, "code": "23509.01", "valid_from": "2026-01-01"}
    assert await clients.list_faults("villages", gone) == {"/code": "commune_unknown"}
    await clients.expect_problem("villages", VILLAGE, 403, "unit_not_granted", units=("610",))
    assert (await clients.get("villages"))["items"] == []


async def test_villages_of_a_unit_by_code(clients):
    for code in ("23512.02", "23512.01", "23368.01"):
        await clients.create("villages", {**VILLAGE, "code": code})
    codes = [
        village["code"] for village in (await clients.get("villages", unit="615", on="2023-12-31"))["items"]
    ]
    assert codes == ["23512.01", "23512.02"]
    rows = (await clients.get("villages", unit="51", on="2025-12-31"))["items"]
    after = {row["code"]: (row["parent"], row["recognized"]) for row in rows}
    assert after == {"23368.01": ("23368", []), "23512.01": ("23512", []), "23512.02": ("23512", [])}


async def test_a_village_is_answered_with_its_levels_and_recognitions(clients):
    for code in ("23512.01", "23512.02"):
        await clients.create("villages", {**VILLAGE, "code": code})
    for number, level, criteria_set in (
        ("1/QĐ", "meets", "village_em_2022_2025"),
        ("2/QĐ", "model", "village_model_2022_2025"),
    ):
        body = meets_body("23512.01", number, "2023-06-15", 2023, level=level, criteria_set=criteria_set)
        await clients.create("recognitions", body)

    async def list_levels(on):
        rows = (await clients.get("villages", unit="615", on=on))["items"]
        return {row["code"]: row["recognized"] for row in rows}

    assert await list_levels("2023-06-14") == {"23512.01": [], "23512.02": []}
    assert await list_levels("2023-06-15") == {"23512.01": ["meets", "model"], "23512.02": []}
    page = await clients.get("villages/23512.01", on="2023-12-31")
    assert sorted(row["level"] for row in page["in_force"]) == ["meets", "model"]
    assert sorted(row["decision"]["number"] for row in page["recognitions"]) == ["1/QĐ", "2/QĐ"]
    assert page["recognitions"][0]["authority"]["name"] == "Chủ tịch UBND huyện"
    ask = {"indicator": "villages_model,criterion_01", "level": "village", "unit": "23512", "period": "2023"}
    rows = (await clients.get("map", **ask))["items"]
    assert [(row["unit"], row["indicator"], row["value"]) for row in rows] == [
        ("23512.01", "villages_model", 1),
        ("23512.01", "criterion_01", None),
        ("23512.02", "villages_model", 0),
        ("23512.02", "criterion_01", None),
    ]
    assert rows[1]["caveat"]["code"] == "not_stated_by_villages"
    before = await clients.get("villages/23512.01", on="2023-06-14")
    assert (before["in_force"], len(before["recognitions"])) == ([], 2)
    (model,) = [row for row in page["in_force"] if row["level"] == "model"]
    revocation = {"decision": {"number": "3/QĐ", "date": "2024-01-01"}, "reason": "Không còn là kiểu mẫu"}
    await clients.create(f"recognitions/{model['recognition']}/revoke", revocation)
    assert await list_levels("2023-12-31") == {"23512.01": ["meets", "model"], "23512.02": []}
    assert await list_levels("2024-01-01") == {"23512.01": ["meets"], "23512.02": []}
    ended = await clients.get("villages/23512.01", on="2025-12-31")
    assert (ended["in_force"], ended["valid_to"]) == ([], "2025-06-30")


async def test_a_village_ends_with_its_commune(clients):
    await clients.create("villages", VILLAGE)
    assert (await clients.get("villages/23512.01"))["valid_to"] == "2025-06-30"
    assert [village["valid_to"] for village in (await clients.get("villages"))["items"]] == ["2025-06-30"]
    missing = await clients.http.get("/v1/rural/villages/23512.09")
    assert (missing.status_code, missing.json()["code"]) == (404, "unit_unknown")


@pytest.fixture
async def replica(clients, database):
    """Another process of the service, started before anything was registered."""
    async with open_client(clients.issuer.trust(PROGRAM.build_app(database))) as http:
        yield Clients(http, clients.issuer, "rural", NOW)


async def test_a_village_registered_by_another_process_is_found(clients, replica):
    await clients.create("villages", VILLAGE)
    body = meets_body("23512.01", "1/QĐ", "2023-06-15", 2023, criteria_set="village_em_2022_2025")
    await replica.create("recognitions", body)
    assert (await replica.read_figures(unit="23512"))["villages_meeting_standard"]["value"] == 1


async def test_of_many_posts_at_once_one_registers(clients, replica):
    bodies = [{**VILLAGE, "name": f"Thôn {number % 2}"} for number in range(8)]
    responses = await asyncio.gather(
        *((clients, replica)[index % 2].post("villages", body) for index, body in enumerate(bodies))
    )
    assert sorted(response.status_code for response in responses) == [200] * 3 + [201] + [409] * 4


@given(st.from_regex(r"[0-9.]{0,9}", fullmatch=True) | st.from_regex(r"[0-9]{5}\.[0-9]{2}", fullmatch=True))
def test_a_villages_code_is_its_communes_a_dot_and_two_digits(code):
    body = {"code": code, "name": "Thôn 1", "valid_from": "2022-01-01"}
    valid = len(code) == 8 and code[5] == "." and (code[:5] + code[6:]).isdigit()
    assert (to_commune_code(code) == code[:5]) == valid
    if valid:
        assert VillageIn.model_validate(body).code == code
    else:
        with pytest.raises(ValidationError):
            VillageIn.model_validate(body)


@given(
    st.sampled_from([("Làng", "lang"), ("làng", "lang"), ("TỔ DÂN PHỐ", "to_dan_pho"), ("Khu dân cư", "khu_dan_cu"), ("Thôn", "thon"), ("", "thon")]),
    st.integers(1, 99),
)  # fmt: skip
def test_the_kind_of_a_village_is_inferred_from_its_name(prefix_and_kind, number):
    prefix, kind = prefix_and_kind
    assert infer_kind(f"{prefix} {number}".strip()) == kind
