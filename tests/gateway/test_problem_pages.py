"""The problem pages: every refusal of every service, in both languages, as HTML and as JSON; `type` points there."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.reference.problem_reference import load_fact_meanings
from shared.kit.problems import Problem
from tests.contracts.documents import APPLICATIONS, load_document
from tests.gateway.conftest import NAMES, make_settings, open_gateway
from tests.gateway.upstream_stubs import UpstreamStub, serve_all

ROOT = Path(__file__).resolve().parents[2]
NOT_ANSWERED = {
    "Problem": "the kind of all; as `internal_error` it stands for a crash",
    "OAuthProblem": "a kind",
    "Unavailable": "a kind; raised by /readyz alone",
    "Stopping": "the end of a process answers it, whatever the operation",
    "RequestTooSlow": "the protocol of the server answers it, before there is an operation",
    "StorageFull": "the handler of database errors answers it, whatever the operation",
    "UnknownWindow": "no operation asks for legal windows",
    "UnknownName": "only Excel forms name units by their names",
    "AmbiguousName": "only Excel forms name units by their names",
}
"""Classes that no operation of the interface raises, and why."""


def list_problem_classes():
    """Return every problem class of the product's source by its code."""
    classes = {}
    for package in ("services", "gateway", "shared"):
        for path in (ROOT / package).rglob("*.py"):
            names = [
                node.name
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.ClassDef)
            ]
            module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)) if names else None
            for name in names:
                value = getattr(module, name, None)
                if isinstance(value, type) and issubclass(value, Problem):
                    classes[value.code] = value
    return classes


@pytest.fixture(scope="module")
async def gateway(common_database):
    """A client of one gateway for all tests of the module: it merges the documents of the services once."""
    services = {name: UpstreamStub(answer=load_document(name)) for name in (*NAMES, "papers")}
    async with serve_all(services) as urls:
        settings = make_settings(common_database, urls, public_url="https://ntp.test/")
        async with open_gateway(create_app(settings)) as client:
            yield client


async def test_the_list_has_every_problem_of_the_source(gateway):
    items = {problem["code"]: problem for problem in (await gateway.get("/problems")).json()["items"]}
    classes = list_problem_classes()
    assert {value.__name__ for code, value in classes.items() if code not in items} <= NOT_ANSWERED.keys()
    assert items.keys() - classes.keys() == set()
    for code, problem in items.items():
        assert problem["type"] == f"https://ntp.test/problems/{code}"
        for member in ("title", "detail", "advice"):
            assert problem[member]["vi"] and problem[member]["en"], code
            assert problem[member]["vi"] != problem[member]["en"], code
        if code in classes:
            assert problem["status"] == classes[code].status


async def test_every_fact_has_a_meaning_in_both_languages(gateway):
    facts = {
        name
        for name in APPLICATIONS
        for problem in load_document(name)["x-problems"].values()
        for name in problem["facts"]
    }
    assert facts - load_fact_meanings().keys() == set()


async def test_a_problem_says_which_operations_answer_it(gateway):
    problem = (await gateway.get("/problems/report_exists")).json()
    assert "poverty_submit_report" in problem["operations"]
    assert [fact["name"] for fact in problem["facts"]] == ["report"]
    assert (await gateway.get("/problems/rate_limited")).json()["operations"]


@pytest.mark.parametrize(("language", "first"), [("vi", "Đã có báo cáo"), ("en", "What to do")])
async def test_a_browser_gets_a_page_in_both_languages(gateway, language, first):
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": language}
    page = await gateway.get("/problems/report_exists", headers=headers)
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-language"] == language
    assert "script-src" not in page.headers["content-security-policy"]
    assert "'unsafe-inline'" not in page.headers["content-security-policy"]
    sections = [page.text.index(f'<section lang="{name}">') for name in ("vi", "en")]
    assert sections == sorted(sections, reverse=language == "en")
    assert "Cần làm gì" in page.text and "What to do" in page.text
    index = await gateway.get("/problems", headers=headers)
    assert 'href="/problems/report_exists"' in index.text


async def test_an_unknown_code_is_not_found_and_programs_get_json(gateway):
    missing = await gateway.get("/problems/no_such_code", headers={"Accept": "text/html"})
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
        assert (await gateway.get("/problems", headers={"Accept": accept})).headers[
            "content-type"
        ] == "application/json"
    problems = await gateway.get("/problems")
    again = await gateway.get("/problems", headers={"If-None-Match": problems.headers["etag"]})
    assert again.status_code == 304


async def test_a_problem_document_begins_with_the_address_of_its_page(gateway):
    refusal = await gateway.get("/v1/units/99999")
    document = refusal.json()
    assert next(iter(document)) == "type"
    assert document["type"] == "https://ntp.test/problems/unit_unknown"
    assert (await gateway.get(document["type"].removeprefix("https://ntp.test"))).status_code == 200


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", "text/html"),
        ("text/html,*/*;q=0.8", "?fields=code", "text/html"),
        ("text/csv, text/html;q=0.5", "", "text/csv"),
        ("text/html, text/csv;q=0.5", "", "text/html"),
        ("text/*", "", "text/html"),
        ("*/*", "?fields=code", "application/json"),
    ],
)
async def test_the_list_is_answered_in_the_media_type_that_is_preferred(gateway, accept, query, media_type):
    answer = await gateway.get(f"/problems{query}", headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == media_type
