"""Criteria sets are rows of the catalogue: an administrator's call replaces them, and the service follows."""

import copy
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.in_process import open_client
from tests.issuer import Issuer
from tests.postgres import TestDatabase
from tests.program_clients import Clients
from tests.rural.conftest import PROGRAM

DECISION = {"number": "15/QĐ-UBND", "date": "2025-02-20"}
COMMUNE, SET = "23509", "commune_2021_2025"


@pytest.fixture
async def clients(database: TestDatabase, issuer: Issuer) -> AsyncIterator[Clients]:
    """Clients of an application of its own, because one that other tests use would keep the replaced catalogue."""
    async with open_client(issuer.trust(PROGRAM.build_app(database))) as http:
        yield Clients(http, issuer, PROGRAM.name, PROGRAM.now)


async def replace(clients: Clients, tables: Any, tag: str, query: str = "") -> httpx.Response:
    """Send another version of the catalogue as an administrator."""
    headers = {**clients.make_headers("admin"), "If-Match": tag}
    body = {"decision": DECISION, "tables": tables}
    return await clients.http.put(f"/v1/rural/catalogue{query}", json=body, headers=headers)


def recognition(**fields: object) -> dict[str, object]:
    return {
        "unit": COMMUNE,
        "level": "meets",
        "field": None,
        "criteria_set": SET,
        "decision": {"number": "7/QĐ-UBND", "date": "2025-02-21"},
        "year": 2024,
        **fields,
    }


async def test_criteria_sets_are_replaced_with_the_catalogue(clients: Clients) -> None:
    read = await clients.http.get("/v1/rural/catalogue")
    tables, tag = read.json()["tables"], read.headers["etag"]
    before = (await clients.get("criteria-sets"))["items"]
    assert [row["code"] for row in tables["criteria_set"]] == [row["code"] for row in before]
    unchanged = await replace(clients, tables, tag)
    assert (unchanged.status_code, unchanged.json()["rows"]) == (200, []), unchanged.text

    changed = copy.deepcopy(tables)
    (shipped,) = (row for row in changed["criteria_set"] if row["code"] == SET)
    added = {**shipped, "code": "commune_2024_own", "label": {"vi": "Xã, bộ của tỉnh", "en": "Own set"}, "years": [2024, 2024]}  # fmt: skip
    for name in ("assessed_by", "assessment_clause", "standard", "registration"):
        added.pop(name, None)
    changed["criteria_set"].append(added)
    dry = await replace(clients, changed, tag, "?dry_run=true")
    assert dry.status_code == 200, dry.text
    assert [(row["table"], row["code"], row["change"]) for row in dry.json()["rows"]] == [
        ("criteria_set", "commune_2024_own", "added")
    ]
    assert (await clients.get("criteria-sets"))["items"] == before
    replaced = await replace(clients, changed, tag)
    assert replaced.status_code == 200, replaced.text
    read_set = await clients.get("criteria-sets/commune_2024_own")
    assert (read_set["label_en"], read_set["first_year"], read_set["last_year"]) == ("Own set", 2024, 2024)
    await clients.create("recognitions", recognition(criteria_set="commune_2024_own"))

    tag = replaced.headers["etag"]
    in_use = await replace(clients, tables, tag)
    assert (in_use.status_code, in_use.json()["code"]) == (409, "catalogue_in_use")
    assert in_use.json()["rows"] == [{"table": "criteria_set", "code": "commune_2024_own"}]
    for name, value in (
        ("unit_level", "galaxy"),
        ("unit_kinds", ["planet"]),
        ("years", [2025, 2024]),
        ("years", [0, 99999]),
        ("standard", "no_standard"),
        ("assessed_by", "no_form"),
        ("level", "best"),
        ("code", SET),
        ("criteria", -1),
        ("criterion", 7),
    ):
        faulty = copy.deepcopy(changed)
        faulty["criteria_set"][-1][name] = value
        refused = await replace(clients, faulty, tag)
        assert refused.status_code == 422, (name, value, refused.text[:300])
        assert {fault["code"] for fault in refused.json()["errors"]} == {"catalogue_faulty"}, refused.text
    without = {name: rows for name, rows in changed.items() if name != "criteria_set"}
    shipped_again = await replace(clients, without, tag)
    assert shipped_again.json()["rows"] == in_use.json()["rows"], "left out: the shipped ones"
