"""The committed table of rights: every operation and what each caller gets from it."""

import csv
import json

import pytest

from tests.architecture import rights, unit_rights
from tests.contracts.documents import read_snapshot
from tests.postgres import TestDatabase

pytestmark = pytest.mark.anyio

OPEN_TO_EVERYBODY = {
    "/livez",
    "/readyz",
    "/metrics",
    "/",
    "/problems",
    "/problems/{code}",
    "/oauth/token",
} | {*("/oauth/revoke", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server")}
"""What even an installation without public reads gives to anyone: health, tokens, and what a refusal means."""

OF_THE_MAP = {"/v1/territory/versions", "/v1/territory/versions/{version}"}
"""Versions of the map, which services follow without a token; the units are in the product itself."""

SUBSCRIPTIONS = {
    "/v1/webhooks",
    *(
        f"/v1/webhooks/{{webhook_id}}{act}"
        for act in ("", "/pause", "/resume", "/replay", "/rotate", "/test", "/end")
    ),
}
"""A reader subscribes for itself."""

PAGE = {"/page/{name}", "/worker.js"}
"""The files of the page, without any figure: what it reads is closed."""

DECIDED_BY_PROGRAMS = {"/v1/papers/forms"}
"""Writes that papers passes on with the caller's own token: the program decides."""

COMPARISONS = {"/v1/papers/issues/{issue_id}/drafts", "/v1/papers/published"}
"""Bodies that are compared with figures and not kept, so whoever may read may send them."""

UNPROVED = ("disabled", "expired", "forged", "wrong audience", "removed key")


async def test_the_table_of_rights_is_that_of_the_code() -> None:
    text = rights.format_table(await rights.make_rows())
    assert text == rights.TABLE.read_text(encoding="utf-8"), (
        "who may do what has changed: python -m tests.architecture.rights --write, and read its diff"
    )


def test_what_the_table_says_of_all_operations() -> None:
    with rights.TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 300
    for row in rows:
        is_open = (
            row["path"] in OPEN_TO_EVERYBODY | PAGE
            or row["path"] in OF_THE_MAP
            or row["path"].endswith("/map-version")
        )
        is_document_of_service = row["path"] == "/openapi.json" and row["service"] != "gateway"
        cells = {row[caller] for caller in UNPROVED}
        if is_open or is_document_of_service:
            assert cells == {""}, row
            continue
        assert cells == {"401"}, row
        assert row["nobody, closed"] == "401", row
        if row["method"] != "GET":
            assert row["nobody"] == "401", row
            if row["path"] not in DECIDED_BY_PROGRAMS | COMPARISONS | SUBSCRIPTIONS:
                assert row["reader"] == "403", row


WITHOUT_UNITS = {
    *(f"/v1/{program}/reviews" for program in ("rural", "poverty", "ethnic")),  # the example names no report
    *(f"/v1/{program}/evidence/{{sha256}}" for program in ("rural", "poverty", "ethnic", "oversight")),
    "/v1/funding/remittances",  # the example has no recovery, and none is waiting for a successor
    "/v1/funding/successions",
}
"""Writes that name no unit, or whose example is refused for another reason before its unit counts."""


def test_every_write_is_in_the_table_of_units_and_refuses_other_units() -> None:
    with unit_rights.TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    writes = {
        (service, method.upper(), path)
        for service in unit_rights.SERVICES
        for path, operations in json.loads(read_snapshot(service))["paths"].items()
        for method in operations
        if method in {"post", "put", "patch", "delete"}
    }
    assert {(row["service"], row["method"], row["path"]) for row in rows} == writes, (
        "enter the operation: python -m tests.architecture.unit_rights --write"
    )
    assert {row["path"] for row in rows if not row["other units"]} == WITHOUT_UNITS
    assert {row["own units"] for row in rows} == {""}


@pytest.mark.long
@pytest.mark.timeout(0)
async def test_the_table_of_units_is_that_of_the_code(database: TestDatabase) -> None:
    rows = [row for service in unit_rights.SERVICES for row in await unit_rights.read_rows(service, database)]
    assert unit_rights.format_table(rows) == unit_rights.TABLE.read_text(encoding="utf-8")
