"""Problems: one document in two languages for every kind of refusal."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from shared.kit import problems
from shared.kit.clock import system_clock
from shared.kit.exception_handlers import negotiate_language, to_problem_response
from shared.kit.problems import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    Problem,
    Sentence,
    make_fault,
    raise_if_any,
    to_json_pointer,
)
from shared.kit.resources import Resources, put_resources
from shared.kit.settings import ServiceSettings
from tests.kit.notes import running_notes


def request(accept: str | None = None, path: str = "/v1/notes") -> Request:
    headers = [] if accept is None else [(b"accept-language", accept.encode("latin-1"))]
    return Request({"type": "http", "path": path, "headers": headers, "method": "GET", "query_string": b""})


def request_of_an_app() -> Request:
    app = FastAPI()
    put_resources(app, Resources(system_clock, ServiceSettings(database_url="postgresql+asyncpg://none")))
    return Request({**request().scope, "app": app})


class OutOfStock(Conflict):
    code = "out_of_stock"
    detail = Sentence("Hết “{what}”.", "Out of “{what}”.")


def test_a_document_holds_its_facts_and_faults():
    faults = [make_fault("/lines/0", "bad", Sentence("Sai {a}.", "Wrong {a}."), a=1)]
    problem = OutOfStock(faults=faults, what="gạo", report={"id": "7"})
    assert problem.document("en", "/v1/notes") == {
        "type": "/problems/out_of_stock",
        "title": "Conflict with existing data",
        "status": 409,
        "detail": "Out of “gạo”.",
        "instance": "/v1/notes",
        "code": "out_of_stock",
        "what": "gạo",
        "report": {"id": "7"},
        "errors": [{"pointer": "/lines/0", "code": "bad", "detail": "Wrong 1."}],
    }
    vietnamese = problem.document("vi", "/v1/notes")
    assert vietnamese["detail"] == "Hết “gạo”."
    assert vietnamese["errors"][0]["detail"] == "Sai 1."
    assert vietnamese["code"] == "out_of_stock"


def test_facts_never_replace_a_standard_member():
    document = OutOfStock(what="x", status=200, type="mine", instance="there").document("en", "/here")
    assert (document["status"], document["type"], document["instance"]) == (
        409,
        "/problems/out_of_stock",
        "/here",
    )


@given(st.text())
def test_braces_in_a_fact_are_text(text):
    assert make_fault("/a", "c", Sentence("{x}", "{x}"), x=text).sentence.en == text
    assert OutOfStock(what=text).document("en", "/")["detail"] == f"Out of “{text}”."


def test_facts_of_any_type_are_serialized():
    at = datetime(2024, 1, 5, 2, tzinfo=UTC)
    problem = OutOfStock(what="x", amount=Decimal("1.5"), id=UUID(int=7), huge=10**30, at=at, on=at.date())
    document = json.loads(bytes(to_problem_response(request_of_an_app(), problem).body))
    assert document["amount"] == 1.5
    assert document["id"] == str(UUID(int=7))
    assert document["huge"] == 10**30
    assert (document["at"], document["on"]) == ("2024-01-05T02:00:00+00:00", "2024-01-05")


def test_raise_if_any_raises_all_faults_or_nothing():
    raise_if_any([])
    with pytest.raises(Invalid) as refused:
        raise_if_any(Fault(f"/{at}", "bad", Sentence("s", "w")) for at in range(3))
    assert [fault.pointer for fault in refused.value.faults] == ["/0", "/1", "/2"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), ""),
        (("observations", 3, "value"), "/observations/3/value"),
        (("a/b", "m~n", "~1", ""), "/a~1b/m~0n/~01/"),
    ],
)
def test_pointers_are_escaped(steps, expected):
    assert to_json_pointer(steps) == expected


@given(st.lists(st.text()))
def test_a_pointer_can_be_read_back(steps):
    back = [step.replace("~1", "/").replace("~0", "~") for step in to_json_pointer(steps).split("/")[1:]]
    assert back == steps


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [
        (None, "vi"),
        ("", "vi"),
        ("vi", "vi"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("fr, en", "en"),
        ("en;q=0.5, vi;q=0.8", "vi"),
        ("vi;q=0.5, en;q=0.8", "en"),
        ("vi;q=0.5,en", "en"),
        ("en; q=0.8", "en"),
        ("en ; q=0.8 , fr", "en"),
        ("en;q=0", "vi"),
        ("en;q=x", "vi"),
        ("fr", "vi"),
        ("*", "vi"),
        ("en;q=nan, vi;q=nan", "vi"),
    ],
)
def test_the_language_is_vietnamese_unless_english_is_preferred(accept_language, expected):
    assert negotiate_language(request(accept_language)) == expected


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40))
def test_any_accept_language_is_answered(accept_language):
    assert negotiate_language(request(accept_language)) in ("vi", "en")


def test_every_kind_of_problem_has_sentences_in_both_languages():
    kinds = [kind for kind in vars(problems).values() if isinstance(kind, type) and issubclass(kind, Problem)]
    assert len(kinds) > 10
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        facts: dict[str, Any] = {"reason": "r", "limit_bytes": 1, "retry_after": 1}
        vi, en = (kind(**facts).document(language, "/") for language in ("vi", "en"))
        assert vi["title"] != en["title"], kind
        assert vi["detail"] != en["detail"], kind
        assert 400 <= kind.status < 600
        assert "{" not in vi["detail"] + en["detail"]


def test_a_fact_that_is_a_sentence_has_the_language_of_the_document():
    problem = Forbidden(reason=Sentence("cần {", "wants {"), scopes=["read"])
    assert problem.document("vi", "/")["detail"] == "Ứng dụng không có quyền: cần {."
    assert problem.document("vi", "/")["reason"] == "cần {"
    assert problem.document("en", "/")["detail"] == "The client may not do this: wants {."
    assert str(problem) == problem.document("en", "/")["detail"]
    nested = make_fault(
        "/a", "c", Sentence("Cấp {level}.", "Level {level}."), level=Sentence("xã", "commune")
    )
    assert nested.sentence == ("Cấp xã.", "Level commune.")


pytestmark = pytest.mark.anyio


async def test_over_http_each_refusal_is_a_problem_document(database):
    async with running_notes(database) as notes:
        client, bearer = notes.client, notes.bearer()
        responses = [
            (404, "not_found", await client.get("/nowhere")),
            (405, "method_not_allowed", await client.delete("/notes")),
            (401, "unauthenticated", await client.post("/notes", json={})),
            (403, "forbidden", await client.get("/admin", headers=bearer)),
            (422, "invalid", await client.get("/notes", params={"limit": 0})),
            (422, "invalid", await client.put("/notes/x", json={"count": "many"}, headers=bearer)),
            (400, "idempotency_key_required", await client.post("/notes", json={}, headers=bearer)),
            (500, "internal_error", await client.get("/crash")),
        ]
        for status, code, answer in responses:
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json", answer.url
            assert answer.headers["content-language"] == "vi"
            assert answer.headers["x-request-id"]
            body = answer.json()
            assert body["status"] == status
            assert body["code"] == code
            assert body["type"] == f"http://127.0.0.1:8000/problems/{code}"
            assert body["instance"] == answer.url.path
            assert body["title"]
            assert body["detail"]
        assert responses[1][2].headers["allow"]
        assert responses[2][2].headers["www-authenticate"] == "Bearer"
        assert [error["pointer"] for error in responses[4][2].json()["errors"]] == ["/query/limit"]
        assert [error["pointer"] for error in responses[5][2].json()["errors"]] == ["/path/note_id", "/count"]


async def test_a_problem_is_in_english_for_a_client_that_prefers_it(database):
    async with running_notes(database) as notes:
        answer = await notes.client.get("/nowhere", headers={"Accept-Language": "en-GB"})
        assert answer.headers["content-language"] == "en"
        assert answer.json()["detail"] == "There is nothing at this address."
        faulty = await notes.client.get("/notes?limit=0", headers={"Accept-Language": "en"})
        assert faulty.json()["errors"][0]["detail"] == "Must be 1 or more."


async def test_the_document_of_a_crash_says_nothing_about_its_cause(database):
    async with running_notes(database) as notes:
        answer = await notes.client.get("/crash", headers={"X-Request-Id": "abc"})
        assert answer.status_code == 500
        assert "hunter2" not in answer.text
        assert "RuntimeError" not in answer.text
        assert answer.headers["x-request-id"] == "abc"
