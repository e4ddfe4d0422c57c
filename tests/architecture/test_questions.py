"""Questions that make no sense are refused by one rule on every route, and never answered as if nothing were there.

A unit that nobody ever had is 404 `unit_unknown`; what is no period, no year, no number or no word of a list is 422; a
cursor that no list gave out is 400 `cursor_invalid`. Whatever is 422 is named by its place, all of it in one answer.
"""

import pytest

from tests.contracts.documents import build, document_of, present
from tests.gateway.conftest import PEPPER
from tests.in_process import open_client
from tests.issuer import Issuer

pytestmark = pytest.mark.anyio

GOOD = {"period": "2023", "year": "2023", "unit": "610", "on": "2023-12-31", "other": "0" * 32}
"""What the questions say otherwise, where they must."""

WRONG = {
    "unit": [("99", 404, "unit_unknown"), ("xx", 404, "unit_unknown"), ("", 422, "invalid")],
    "period": [("2023-Q9", 422, "period_invalid"), ("soon", 422, "period_invalid"), ("1066", 422, "period_invalid")],
    "left_in": [("2023-Q9", 422, "period_invalid")],
    "year": [("1066", 422, "invalid"), ("soon", 422, "invalid")],
    "origin_year": [("1066", 422, "invalid")],
    "limit": [("0", 422, "invalid"), ("1001", 422, "invalid")],
    "cursor": [("x", 400, "cursor_invalid"), ("8J-YgA", 400, "cursor_invalid"), ("ÿ", 400, "cursor_invalid")],
    "as_of": [("soon", 422, "invalid"), ("2023-12-31T00:00:00", 422, "invalid")],
    "on": [("20231231", 422, "invalid"), ("2023-02-30", 422, "invalid")],
    "map": [("20250701", 422, "invalid"), ("2025-02-30", 422, "invalid")],
    "until": [("20231231", 422, "invalid")],
    "group_by": [("colour", 422, "invalid"), ("", 422, "invalid")],
    "met": [("20", 422, "met_invalid"), ("18-15", 422, "met_invalid"), ("twenty", 422, "invalid")],
    "basis": [("rumour", 422, "invalid")],
    "book": [("bank", 422, "invalid")],
}  # fmt: skip


def questions(name):
    """Every GET of an application with its parameters: those it must have, and the names of all."""
    for path, operations in document_of(name)["paths"].items():
        said = operations.get("get", {}).get("parameters", [])
        asked = [each for each in said if each["in"] == "query"]
        if asked and "{" not in path.replace("{indicator}", ""):
            yield path, {each["name"] for each in asked if each["required"]}, {each["name"] for each in asked}


@pytest.fixture(params=present())
async def reader(request, common_database):
    told = {"NTP_DATABASE_URL": common_database.url(request.param), "NTP_CLIENT_SECRET_PEPPER": PEPPER}
    issuer = Issuer()
    app = issuer.trust(build(request.param, **told))
    who = {"Authorization": f"Bearer {issuer.token('auditor', ['read', 'admin'], units=['62', '51'])}"}
    async with open_client(app, raises=False, headers=who) as client:
        client.name = request.param
        yield client


async def addresses(reader):
    """The same, with an indicator that there is."""
    for path, needed, names in questions(reader.name):
        address = path
        if "{indicator}" in path:
            first = (await reader.get(f"/v1/{reader.name}/indicators")).json()["items"][0]["code"]
            address = path.replace("{indicator}", first)
        yield address, needed, names


def places(answer):
    return {it["pointer"] for it in answer.json().get("errors", [])}


async def test_a_question_that_makes_no_sense_is_refused_by_one_rule(reader):
    answered, asked = [], 0
    async for address, needed, names in addresses(reader):
        for name in names & WRONG.keys():
            for value, status, code in WRONG[name]:
                query = {each: GOOD[each] for each in needed} | {name: value}
                answer = await reader.get(address, params=query)
                asked += 1
                said = (answer.status_code, answer.json().get("code"), places(answer))
                if said != (status, code, {f"/query/{name}"} if status == 422 else set()):
                    answered.append((address, name, value, *said))
    assert asked
    assert not answered


async def test_every_parameter_that_makes_no_sense_is_named_in_one_answer(reader):
    unnamed, asked = [], 0
    async for address, needed, names in addresses(reader):
        wrong = {
            name: value for name in names & WRONG.keys() for value, status, _ in WRONG[name] if status == 422
        }
        if len(wrong) > 1:
            answer = await reader.get(address, params={each: GOOD[each] for each in needed} | wrong)
            asked += 1
            said = (answer.status_code, answer.json().get("code"), places(answer))
            if said != (422, "invalid", {f"/query/{name}" for name in wrong}):
                unnamed.append((address, wrong, said))
    assert asked
    assert not unnamed
