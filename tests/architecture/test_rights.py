"""The committed table of rights: every operation and what each caller gets from it."""

import csv

import pytest

from tests.architecture import rights

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
            if row["path"] not in DECIDED_BY_PROGRAMS | COMPARISONS:
                assert row["reader"] == "403", row
