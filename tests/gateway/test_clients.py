"""Clients: registered once, with secrets that are never stored, rotated, disabled; every act is in the audit."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import asyncpg
import pytest

from gateway.__main__ import main
from gateway.app import create_app
from gateway.clients.rules import Grant, find_grant_faults
from tests.gateway.conftest import PEPPER, make_settings, open_gateway
from tests.gateway.test_tokens import FORM, register

CLIENT = {"client_id": "district-610", "scopes": ["report"], "programs": ["poverty"], "units": ["610"]}


@pytest.fixture
async def admin_client(database, urls):
    """A client of the gateway, on a database of its own, with an administrator's token."""
    app = create_app(make_settings(database, urls))
    async with open_gateway(app) as client:
        auth = await register(app, "admin", "admin", programs=(), units=("62",))
        token = (await client.post("/oauth/token", data=FORM, auth=auth)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


async def dump_rows(database):
    """Return all rows of the gateway's schema as one text, stored answers included."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'gateway'")
        texts = []
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT * FROM gateway.{table}")
            texts += [
                str(
                    [
                        bytes(value) if isinstance(value, bytes | memoryview) else value
                        for value in row.values()
                    ]
                )
                for row in rows
            ]
        return "\n".join(texts)
    finally:
        await connection.close()


async def test_a_client_is_registered_and_gets_tokens(admin_client):
    made = await admin_client.post("/v1/clients", json=CLIENT, headers={"Idempotency-Key": "k1"})
    assert made.status_code == 201
    assert made.headers["location"] == "/v1/clients/district-610"
    assert made.headers["cache-control"] == "no-store"
    secret = made.json()["client_secret"]
    assert secret.startswith("ntp_")
    assert len(secret) == 4 + 43
    token = await admin_client.post("/oauth/token", data=FORM, auth=("district-610", secret))
    assert token.json()["scope"] == "report"
    read = (await admin_client.get("/v1/clients/district-610")).json()
    assert "client_secret" not in read
    assert read["units"] == ["610"]


async def test_a_secret_is_shown_once_and_the_database_holds_none(admin_client, database, capsys):
    made = await admin_client.post("/v1/clients", json=CLIENT, headers={"Idempotency-Key": "k1"})
    again = await admin_client.post("/v1/clients", json=CLIENT, headers={"Idempotency-Key": "k1"})
    assert again.headers["idempotent-replay"] == "true"
    assert (again.status_code, again.json()) == (made.status_code, made.json() | {"client_secret": None})
    rotated = await admin_client.post("/v1/clients/district-610/rotate", headers={"Idempotency-Key": "k2"})
    secrets = {made.json()["client_secret"], rotated.json()["client_secret"]}
    assert len(secrets) == 2
    log = capsys.readouterr().out
    assert "/v1/clients/district-610/rotate" in log
    stored = await dump_rows(database) + log
    for secret in secrets:
        assert secret not in stored
        assert secret.removeprefix("ntp_") not in stored
    assert PEPPER not in stored
    assert made.json()["secret_id"] in stored  # shows that the dump is not empty


@pytest.mark.race
async def test_ten_simultaneous_repeats_create_one_client(admin_client):
    responses = await asyncio.gather(
        *(admin_client.post("/v1/clients", json=CLIENT, headers={"Idempotency-Key": "k1"}) for _ in range(10))
    )
    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["secret_id"] for response in responses}) == 1
    secrets = [response.json()["client_secret"] for response in responses]
    assert len([secret for secret in secrets if secret]) == 1
    acts = (await admin_client.get("/v1/audit")).json()["items"]
    assert [act["act"] for act in acts if act["subject"] == "district-610"] == ["client.created"]


async def test_a_client_id_is_registered_once(admin_client):
    await admin_client.post("/v1/clients", json=CLIENT, headers={"Idempotency-Key": "k1"})
    other = await admin_client.post(
        "/v1/clients", json={**CLIENT, "units": ["611"]}, headers={"Idempotency-Key": "k2"}
    )
    assert (other.status_code, other.json()["code"]) == (409, "client_exists")


async def test_every_fault_of_a_grant_is_named(admin_client):
    body: dict[str, Any] = {
        "client_id": "Bad Name",
        "scopes": ["fly"],
        "programs": ["poverty"],
        "units": ["x"],
        "secret": "mine",
    }
    shape = (await admin_client.post("/v1/clients", json=body, headers={"Idempotency-Key": "k"})).json()
    assert {fault["pointer"] for fault in shape["errors"]} == {
        "/client_id",
        "/scopes/0",
        "/units/0",
        "/secret",
    }
    body = {
        **CLIENT,
        "client_id": 7,
        "scopes": [],
        "programs": ["moon"],
        "units": ["610", "610"],
    }
    mixed = (await admin_client.post("/v1/clients", json=body, headers={"Idempotency-Key": "k"})).json()
    assert {(fault["pointer"], fault["code"]) for fault in mixed["errors"]} == {
        ("/client_id", "not_a_text"),
        ("/scopes", "too_few"),
        ("/programs/0", "program_unknown"),
        ("/units/1", "repeated"),
    }
    assert (await admin_client.get("/v1/clients/unread")).status_code == 404
    body = {**CLIENT, "programs": ["poverty", "moon", "poverty"]}
    meaning = (await admin_client.post("/v1/clients", json=body, headers={"Idempotency-Key": "k"})).json()
    assert {(fault["pointer"], fault["code"]) for fault in meaning["errors"]} == {
        ("/programs/1", "program_unknown"),
        ("/programs/2", "repeated"),
    }


def test_grants_are_checked_without_a_server():
    assert not list(find_grant_faults(Grant(("report",), ("rural",), ("610",)), ("rural",)))
    assert [fault.code for fault in find_grant_faults(Grant(("read", "read"), (), ()), ("rural",))] == [
        "repeated"
    ]


async def test_rotation_ends_the_old_secret_at_once_or_after_an_overlap(admin_client):
    first = (await admin_client.post("/v1/clients", json=CLIENT, headers={"Idempotency-Key": "k1"})).json()
    second = await admin_client.post(
        "/v1/clients/district-610/rotate", json={"overlap_seconds": 3600}, headers={"Idempotency-Key": "k2"}
    )

    async def is_accepted(secret):
        response = await admin_client.post("/oauth/token", data=FORM, auth=("district-610", secret))
        return response.status_code == 200

    assert await is_accepted(first["client_secret"])
    assert await is_accepted(second.json()["client_secret"])
    third = await admin_client.post("/v1/clients/district-610/rotate", headers={"Idempotency-Key": "k3"})
    assert third.status_code == 200
    assert not await is_accepted(first["client_secret"])
    assert not await is_accepted(second.json()["client_secret"])
    assert await is_accepted(third.json()["client_secret"])


async def test_a_disabled_client_gets_no_token_and_no_secret(admin_client):
    made = (await admin_client.post("/v1/clients", json=CLIENT, headers={"Idempotency-Key": "k1"})).json()
    disabled = await admin_client.post("/v1/clients/district-610/disable", headers={"Idempotency-Key": "k2"})
    assert disabled.json()["disabled_at"]
    token = await admin_client.post("/oauth/token", data=FORM, auth=("district-610", made["client_secret"]))
    assert token.status_code == 401
    again = await admin_client.post("/v1/clients/district-610/rotate", headers={"Idempotency-Key": "k3"})
    assert (again.status_code, again.json()["code"]) == (409, "client_disabled")
    unknown = await admin_client.post("/v1/clients/nobody/disable", headers={"Idempotency-Key": "k4"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "client_unknown")


async def test_lists_are_paged_and_every_act_has_its_actor(admin_client):
    for number in range(3):
        body = {**CLIENT, "client_id": f"client-{number}"}
        await admin_client.post("/v1/clients", json=body, headers={"Idempotency-Key": f"k{number}"})
    first = await admin_client.get("/v1/clients?limit=2")
    assert [item["client_id"] for item in first.json()["items"]] == ["client-2", "client-1"]
    assert 'rel="next"' in first.headers["link"]
    rest = await admin_client.get("/v1/clients", params={"limit": 2, "cursor": first.json()["next"]})
    assert [item["client_id"] for item in rest.json()["items"]] == ["client-0", "admin"]
    acts = (await admin_client.get("/v1/audit")).json()["items"]
    assert acts[0] | {"id": 0, "at": "", "facts": {}} == {
        "id": 0,
        "at": "",
        "actor": "admin",
        "act": "client.created",
        "subject": "client-2",
        "facts": {},
    }
    assert {act["act"] for act in acts} >= {"signing_key.made", "signing_key.took_over"}


async def test_the_service_role_cannot_change_the_audit(database):
    connection = await asyncpg.connect(database.url("gateway").replace("+asyncpg", ""))
    try:
        for statement in (
            "UPDATE audit SET actor = 'x'",
            "DELETE FROM audit",
            "UPDATE clients SET scopes = '{admin}'",
            "UPDATE client_secrets SET secret_hmac = 'x'",
            "DELETE FROM clients",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_only_an_administrator_manages_clients(gateway):
    for method, path in (("GET", "/v1/clients"), ("POST", "/v1/clients"), ("GET", "/v1/audit")):
        response = await gateway.request(method, path, headers={"Idempotency-Key": "k"})
        assert response.status_code == 401, path


def test_the_command_line_creates_the_first_administrator_once(database, monkeypatch, capsys):
    monkeypatch.setenv("NTP_DATABASE_URL", database.url("gateway"))
    monkeypatch.setenv("NTP_CLIENT_SECRET_PEPPER", PEPPER)
    command = ["create-client", "--id", "admin", "--scope", "admin", "--unit", "62"]
    assert main(command) == 0
    first = json.loads(capsys.readouterr().out)
    assert first == first | {"client_id": "admin", "scopes": ["admin"], "programs": [], "units": ["62"]}
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert main([*command, "--scope", "review"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "admin" in output.err
    assert main(["create-client", "--id", "admin2", "--scope", "fly"]) == 2
    assert main(["create-client", "--id", "admin2", "--scope", "read", "--program", "moon"]) == 2
    assert "moon" in capsys.readouterr().err
    assert main(["rotate-keys"]) == 0
    retired = json.loads(capsys.readouterr().out)["signing_key"]
    assert main(["rotate-keys", "--revoke"]) == 0
    assert json.loads(capsys.readouterr().out)["signing_key"] not in {retired, None}


def test_the_command_line_names_a_variable_that_is_not_set():
    command = subprocess.run(
        [sys.executable, "-m", "gateway", "create-client", "--id", "admin", "--scope", "admin"],
        env={"PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert command.returncode == 2
    assert "NTP_DATABASE_URL" in command.stderr
    assert "Traceback" not in command.stderr


async def test_a_dry_run_registers_nobody_and_shows_no_secret(admin_client):
    async def post(path, key, **body):
        return await admin_client.post(
            path, json=body, headers={"Idempotency-Key": key}, params={"dry_run": "true"}
        )

    checked = await post("/v1/clients", "k1", **CLIENT)
    assert (checked.status_code, checked.json()["client_secret"]) == (200, None), checked.text
    assert (await admin_client.get("/v1/clients/district-610")).status_code == 404
    made = await admin_client.post("/v1/clients", json=CLIENT, headers={"Idempotency-Key": "k2"})
    rotated = await post("/v1/clients/district-610/rotate", "k3")
    assert (rotated.status_code, rotated.json()["client_secret"]) == (200, None)
    disabled = await post("/v1/clients/district-610/disable", "k4")
    assert disabled.json()["disabled_at"]
    auth = ("district-610", made.json()["client_secret"])
    assert (await admin_client.post("/oauth/token", data=FORM, auth=auth)).status_code == 200


async def test_acts_are_refused_while_the_clock_is_behind_the_newest_one(admin_client, database):
    made = await admin_client.post("/v1/clients", json=CLIENT, headers={"Idempotency-Key": "k1"})
    assert made.status_code == 201
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("UPDATE gateway.changes SET at = at + interval '1 day'")
    await connection.close()
    refused = await admin_client.post(
        f"/v1/clients/{CLIENT['client_id']}/rotate", headers={"Idempotency-Key": "k2"}
    )
    assert (refused.status_code, refused.json()["code"]) == (503, "clock_behind")
    assert refused.headers["retry-after"] == "60"
    assert (await admin_client.get("/readyz")).json()["parts"]["clock"] == "behind"
    token = await admin_client.post(
        "/oauth/token", data=FORM, auth=("district-610", made.json()["client_secret"])
    )
    assert token.status_code == 200  # reads and tokens go on
