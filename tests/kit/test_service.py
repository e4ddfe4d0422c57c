"""Every service of the factory has ids and traces, health, metrics, logs without secrets, a valid document."""

import asyncio
import json
import re
import subprocess
import sys

import asyncpg
import httpx
import pytest
import structlog
from openapi_spec_validator import validate
from pydantic import ValidationError

from shared.kit.logs import _without_secrets
from shared.kit.settings import ServiceSettings
from tests.application import get_database
from tests.kit.notes import make_app, running_notes

pytestmark = pytest.mark.anyio


# Around every request


@pytest.mark.parametrize("given", ["abc", "A-b_c.9", "x" * 64])
async def test_a_clean_request_id_is_kept(database, given):
    async with running_notes(database) as notes:
        answer = await notes.client.get("/livez", headers={"X-Request-Id": given})
        assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a;b", "<script>", "a/b", "é"])
async def test_a_request_id_that_could_harm_is_replaced(database, given):
    async with running_notes(database) as notes:
        answer = await notes.client.get("/livez", headers={"X-Request-Id": given.encode()})
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


async def test_a_trace_is_passed_on_or_begun(database):
    async with running_notes(database) as notes:
        trace = f"00-{'a' * 32}-{'b' * 16}-01"
        passed = await notes.client.get("/livez", headers={"traceparent": trace})
        assert passed.headers["traceparent"] == trace
        begun = await notes.client.get("/livez", headers={"traceparent": "nonsense"})
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", begun.headers["traceparent"])


async def test_every_response_has_an_id_also_of_a_refusal_or_a_crash(database):
    async with running_notes(database) as notes:
        for path in ("/notes", "/nowhere", "/crash", "/admin", "/notes?limit=0", "/openapi.json", "/readyz"):
            answer = await notes.client.get(path)
            assert len(answer.headers.get_list("x-request-id")) == 1, path
            assert answer.headers["x-content-type-options"] == "nosniff", path


async def test_a_refusal_leaves_no_traceback_in_the_log_and_a_crash_does(database, monkeypatch):
    from shared.kit import exception_handlers, middleware

    captured = structlog.testing.LogCapture()
    log = structlog.wrap_logger(None, processors=[captured])
    monkeypatch.setattr(middleware, "log", log)
    monkeypatch.setattr(exception_handlers, "log", log)
    async with running_notes(database) as notes:
        await notes.client.get("/admin")
        await notes.write(body={"lines": [{"word": "bad"}]})
        assert [line["log_level"] for line in captured.entries] == ["info", "info"]
        assert [line["status"] for line in captured.entries] == [401, 422]
        assert captured.entries[1]["ms"] >= 0
        assert captured.entries[1]["bytes_in"] > 0
        assert captured.entries[1]["bytes_out"] > 0
        captured.entries.clear()
        await notes.client.get("/livez")
        assert captured.entries == []
        await notes.client.get("/crash")
        assert [line["log_level"] for line in captured.entries] == ["error", "info"]
        assert "hunter2" in str(captured.entries[0]["exc_info"])


# Health


async def test_it_is_alive_and_ready_and_has_metrics(database):
    async with running_notes(database) as notes:
        assert (await notes.client.get("/livez")).json() == {"service": "notes", "state": "alive"}
        assert (await notes.client.get("/readyz")).json() == {
            "service": "notes",
            "state": "ready",
            "parts": {"database": "ready", "clock": "right", "storage": "free"},
        }
        await notes.client.get("/notes")
        metrics = (await notes.client.get("/metrics")).text
        assert 'ntp_http_requests_total{method="GET",route="/notes",service="notes",status="200"}' in metrics
        assert "ntp_http_request_duration_seconds_bucket" in metrics


async def test_addresses_that_do_not_exist_do_not_grow_the_metrics(database):
    async with running_notes(database) as notes:
        for at in range(5):
            await notes.client.get(f"/nowhere/{at}")
        assert "nowhere" not in (await notes.client.get("/metrics")).text


@pytest.mark.own_database
async def test_without_its_database_it_is_alive_and_not_ready_and_answers_503(database):
    async with running_notes(database) as notes:
        admin = await asyncpg.connect(database.server)
        try:
            await admin.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
                database.name,
            )
        finally:
            await admin.close()
        ready = await notes.client.get("/readyz")
        assert ready.status_code == 503
        assert ready.headers["content-type"] == "application/problem+json"
        assert ready.headers["retry-after"]
        assert (await notes.client.get("/livez")).status_code == 200
        for _ in range(3):
            answer = await notes.client.get("/notes")
            assert (answer.status_code, answer.json()["code"]) == (503, "busy")
            assert answer.headers["retry-after"] == "1"
            assert database.name not in answer.text


@pytest.mark.own_database
async def test_a_database_without_a_free_connection_is_a_503_until_one_is_free(database):
    limit = f"ALTER DATABASE {database.name} CONNECTION LIMIT"
    async with running_notes(database) as notes:
        await get_database(notes.app).engine.dispose()
        await notes.sql(f"{limit} 0")
        taken = [await notes.client.get("/notes"), await notes.write("refused")]
        await notes.sql(f"{limit} -1")
        assert [(response.status_code, response.json()["code"]) for response in taken] == [(503, "busy")] * 2
        assert all(response.headers["retry-after"] == "1" for response in taken)
        assert (await notes.client.get("/notes")).json()["items"] == []


def of_another(part: str, database):
    """The address of a database with another password, or of one that is not there."""
    url = database.url("ethnic")
    return url.replace("@", "x@") if part == "password" else url.replace(database.name, "nowhere")


@pytest.mark.parametrize("part", ["password", "name"])
async def test_a_database_that_refuses_the_service_is_a_503_without_details(database, part):
    app = make_app(of_another(part, database))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://test"
    ) as client:
        answer = await client.get("/notes")
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert answer.headers["retry-after"] == "1"
        assert "nowhere" not in answer.text


@pytest.mark.parametrize("path", ["/crash", "/missing-file"])
async def test_a_bug_is_not_an_error_of_the_database(database, path):
    async with running_notes(database) as notes:
        answer = await notes.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


# Heads


@pytest.mark.parametrize("path", ["/notes", "/livez", "/openapi.json", "/admin", "/nowhere"])
async def test_a_head_is_answered_as_a_get_without_its_body(database, path):
    async with running_notes(database) as notes:
        got, head = await notes.client.get(path), await notes.client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        of_each_request = {"x-request-id", "traceparent"}
        assert {name: value for name, value in head.headers.items() if name not in of_each_request} == {
            name: value for name, value in got.headers.items() if name not in of_each_request
        }


async def test_a_head_of_content_that_the_client_has_is_304(database):
    async with running_notes(database) as notes:
        tag = (await notes.client.head("/notes")).headers["etag"]
        assert (await notes.client.head("/notes", headers={"If-None-Match": tag})).status_code == 304
        metrics = (await notes.client.get("/metrics")).text
        assert 'ntp_http_requests_total{method="HEAD",route="/notes",service="notes",status="304"}' in metrics


async def test_head_is_allowed_where_get_is(database):
    async with running_notes(database) as notes:
        refused = await notes.client.delete("/notes")
        assert refused.status_code == 405
        assert refused.headers["allow"] == "GET, HEAD, OPTIONS, POST"
        head = await notes.client.head("/notes/1")
        assert (head.status_code, head.headers["allow"]) == (405, "OPTIONS, PUT")


async def test_a_server_that_does_not_run_is_a_503():
    app = make_app("postgresql+asyncpg://nobody:x@127.0.0.1:9/none")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://test"
    ) as client:
        assert (await client.get("/readyz")).status_code == 503
        answer = await client.get("/notes")
        assert answer.status_code == 503
        assert answer.json()["code"] == "busy"
        assert "127.0.0.1:9" not in answer.text


async def test_a_request_without_a_free_connection_is_answered_busy(database, monkeypatch):
    async with running_notes(database, pool_size=1) as notes:
        monkeypatch.setattr(get_database(notes.app).engine.sync_engine.pool, "_timeout", 0.2)
        slow = asyncio.create_task(notes.write("slow", params={"held": True}))
        await notes.gate.reached.wait()
        answer = await notes.client.get("/notes")
        assert answer.status_code == 503
        assert answer.json()["code"] == "busy"
        notes.gate.opened.set()
        assert (await slow).status_code == 201


# Settings and logs


def test_settings_hide_secrets_and_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("NTP_DATABASE_URL", "postgresql+asyncpg://u:hunter2@h/d")
    monkeypatch.setenv("NTP_KEEP_ANSWERS_DAYS", "7")
    monkeypatch.delenv("NTP_GATEWAY_URL")
    settings = ServiceSettings()
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.model_dump())
    assert settings.keep_answers_days == 7
    assert settings.keys_url == "http://127.0.0.1:8000/.well-known/jwks.json"
    with pytest.raises(ValidationError):
        ServiceSettings(pool_size=0)


def test_logs_hide_secrets_at_any_depth():
    event = {
        "event": "asked",
        "Authorization": "Bearer abc",
        "client_secret": "abc",
        "request": {"headers": {"authorization": "Bearer abc", "x": 1}, "items": [{"password": "abc"}]},
        "status": 200,
    }
    text = str(_without_secrets(None, "info", event))
    assert "abc" not in text
    assert "200" in text
    assert "'x': 1" in text


@pytest.mark.parametrize("as_json", [True, False])
def test_a_log_entry_is_one_line_with_the_request_and_no_secret(as_json):
    program = (
        "import structlog; from shared.kit.logs import configure_logging\n"
        f"configure_logging(service='notes', as_json={as_json})\n"
        "log = structlog.get_logger()\n"
        "with structlog.contextvars.bound_contextvars(request_id='r1'):\n"
        "    log.info('xã Đăk Blô', token='hunter2', status=200)\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: log.exception('failed')\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, encoding="utf-8")
    first, second = run.stdout.splitlines()[:2]
    assert "hunter2" not in run.stdout
    assert "xã Đăk Blô" in first
    assert "r1" in first
    assert "ZeroDivisionError" in run.stdout
    if as_json:
        assert json.loads(first)["service"] == "notes"
        assert "ZeroDivisionError" in json.loads(second)["exception"]


# The document


async def test_the_document_is_valid_and_its_operation_ids_are_unique(database):
    async with running_notes(database) as notes:
        document = (await notes.client.get("/openapi.json")).json()
        validate(document)
        operations = [
            operation["operationId"]
            for methods in document["paths"].values()
            for operation in methods.values()
        ]
        assert sorted(set(operations)) == sorted(operations)
        assert "write_note" in operations
        assert "/livez" not in document["paths"]
        assert (
            "application/problem+json"
            in document["paths"]["/notes"]["get"]["responses"]["default"]["content"]
        )


async def test_a_trailing_slash_never_redirects_and_options_names_the_methods(database):
    async with running_notes(database) as notes:
        for path in ("/notes/", "//notes", "/notes//"):
            answer = await notes.client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        options = await notes.client.options("/notes")
        assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


async def test_an_address_that_is_no_utf_8_is_refused(database):
    async with running_notes(database) as notes:
        refused = await notes.client.get("/notes?limit=%ff")
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed_request")
        assert (await notes.client.get("/notes?limit=%31")).status_code == 200
