"""Clients: registered once, their secrets said and never kept, rotated, shut out, and every act noted."""

import asyncio
import json
import subprocess
import sys

import asyncpg
import pytest

from gateway.__main__ import main
from gateway.app import create_app
from gateway.clients.rules import Grant, find_grant_faults
from tests.gateway.conftest import PEPPER, settings_of, speaking_to
from tests.gateway.test_tokens import FORM, register

WISH = {"client_id": "district-610", "scopes": ["report"], "programs": ["poverty"], "units": ["610"]}


@pytest.fixture
async def office(database, urls):
    """The gateway on a database of its own, with an administrator's token on every request."""
    app = create_app(settings_of(database, urls))
    async with speaking_to(app) as client:
        who = await register(app, "admin", "admin", programs=(), units=("62",))
        token = (await client.post("/oauth/token", data=FORM, auth=who)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        client.app = app
        yield client


async def everything_in(database):
    """All rows of the gateway's schema as one text, answers included."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'gateway'")
        texts = []
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT * FROM gateway.{table}")
            texts += [
                str([bytes(v) if isinstance(v, bytes | memoryview) else v for v in row.values()])
                for row in rows
            ]
        return "\n".join(texts)
    finally:
        await connection.close()


async def test_a_client_is_registered_and_gets_tokens(office):
    made = await office.post("/v1/clients", json=WISH, headers={"Idempotency-Key": "k1"})
    assert made.status_code == 201
    assert made.headers["location"] == "/v1/clients/district-610"
    assert made.headers["cache-control"] == "no-store"
    said = made.json()
    assert said["client_secret"].startswith("ntp_")
    assert len(said["client_secret"]) == 4 + 43
    token = await office.post("/oauth/token", data=FORM, auth=("district-610", said["client_secret"]))
    assert token.json()["scope"] == "report"
    read = (await office.get("/v1/clients/district-610")).json()
    assert "client_secret" not in read
    assert read["units"] == ["610"]


async def test_a_repeat_says_the_same_secret_and_the_database_holds_none(office, database, capsys):
    made = await office.post("/v1/clients", json=WISH, headers={"Idempotency-Key": "k1"})
    again = await office.post("/v1/clients", json=WISH, headers={"Idempotency-Key": "k1"})
    assert again.headers["idempotent-replay"] == "true"
    assert (again.status_code, again.json()) == (made.status_code, made.json())
    rotated = await office.post("/v1/clients/district-610/rotate", headers={"Idempotency-Key": "k2"})
    secrets = {made.json()["client_secret"], rotated.json()["client_secret"]}
    assert len(secrets) == 2
    logged = capsys.readouterr().out
    assert "/v1/clients/district-610/rotate" in logged
    rests = await everything_in(database) + logged
    for secret in secrets:
        assert secret not in rests
        assert secret.removeprefix("ntp_") not in rests
    assert PEPPER not in rests
    assert made.json()["secret_id"] in rests  # the search does see what rests


@pytest.mark.race
async def test_ten_repeats_at_once_make_one_client(office):
    answers = await asyncio.gather(
        *(office.post("/v1/clients", json=WISH, headers={"Idempotency-Key": "k1"}) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["client_secret"] for answer in answers}) == 1
    acts = (await office.get("/v1/audit")).json()["items"]
    assert (
        len([act for act in acts if act["act"] == "client.created" and act["subject"] == "district-610"]) == 1
    )


async def test_a_name_is_given_once(office):
    await office.post("/v1/clients", json=WISH, headers={"Idempotency-Key": "k1"})
    other = await office.post(
        "/v1/clients", json={**WISH, "units": ["611"]}, headers={"Idempotency-Key": "k2"}
    )
    assert (other.status_code, other.json()["code"]) == (409, "client_exists")


async def test_what_cannot_be_granted_is_named_fault_by_fault(office):
    wish = {
        "client_id": "Bad Name",
        "scopes": ["fly"],
        "programs": ["poverty"],
        "units": ["x"],
        "secret": "mine",
    }
    shape = (await office.post("/v1/clients", json=wish, headers={"Idempotency-Key": "k"})).json()
    assert {each["pointer"] for each in shape["errors"]} == {"/client_id", "/scopes/0", "/units/0", "/secret"}
    both = {**WISH, "client_id": 7, "scopes": [], "programs": ["moon"], "units": ["610", "610"]}
    mixed = (await office.post("/v1/clients", json=both, headers={"Idempotency-Key": "k"})).json()
    assert {(each["pointer"], each["code"]) for each in mixed["errors"]} == {
        ("/client_id", "not_a_text"),
        ("/scopes", "too_few"),
        ("/programs/0", "program_unknown"),
        ("/units/1", "repeated"),
    }
    assert (await office.get("/v1/clients/unread")).status_code == 404
    wish = {**WISH, "programs": ["poverty", "moon", "poverty"]}
    meaning = (await office.post("/v1/clients", json=wish, headers={"Idempotency-Key": "k"})).json()
    assert {(each["pointer"], each["code"]) for each in meaning["errors"]} == {
        ("/programs/1", "program_unknown"),
        ("/programs/2", "repeated"),
    }


def test_grants_are_checked_without_a_server():
    assert not list(find_grant_faults(Grant(("report",), ("rural",), ("610",)), ("rural",)))
    assert [each.code for each in find_grant_faults(Grant(("read", "read"), (), ()), ("rural",))] == [
        "repeated"
    ]


async def test_rotation_ends_the_old_secret_at_once_or_after_an_overlap(office):
    first = (await office.post("/v1/clients", json=WISH, headers={"Idempotency-Key": "k1"})).json()
    second = await office.post(
        "/v1/clients/district-610/rotate", json={"overlap_seconds": 3600}, headers={"Idempotency-Key": "k2"}
    )

    async def works(secret):
        answer = await office.post("/oauth/token", data=FORM, auth=("district-610", secret))
        return answer.status_code == 200

    assert await works(first["client_secret"])
    assert await works(second.json()["client_secret"])
    third = await office.post("/v1/clients/district-610/rotate", headers={"Idempotency-Key": "k3"})
    assert third.status_code == 200
    assert not await works(first["client_secret"])
    assert not await works(second.json()["client_secret"])
    assert await works(third.json()["client_secret"])


async def test_a_disabled_client_gets_nothing_more(office):
    made = (await office.post("/v1/clients", json=WISH, headers={"Idempotency-Key": "k1"})).json()
    off = await office.post("/v1/clients/district-610/disable", headers={"Idempotency-Key": "k2"})
    assert off.json()["disabled_at"]
    token = await office.post("/oauth/token", data=FORM, auth=("district-610", made["client_secret"]))
    assert token.status_code == 401
    again = await office.post("/v1/clients/district-610/rotate", headers={"Idempotency-Key": "k3"})
    assert (again.status_code, again.json()["code"]) == (409, "client_disabled")
    nobody = await office.post("/v1/clients/nobody/disable", headers={"Idempotency-Key": "k4"})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "client_unknown")


async def test_lists_are_paged_and_every_act_has_its_actor(office):
    for number in range(3):
        wish = {**WISH, "client_id": f"client-{number}"}
        await office.post("/v1/clients", json=wish, headers={"Idempotency-Key": f"k{number}"})
    first = await office.get("/v1/clients?limit=2")
    assert [each["client_id"] for each in first.json()["items"]] == ["client-2", "client-1"]
    assert 'rel="next"' in first.headers["link"]
    rest = await office.get("/v1/clients", params={"limit": 2, "cursor": first.json()["next"]})
    assert [each["client_id"] for each in rest.json()["items"]] == ["client-0", "admin"]
    acts = (await office.get("/v1/audit")).json()["items"]
    assert acts[0] | {"id": 0, "at": "", "facts": {}} == {
        "id": 0,
        "at": "",
        "actor": "admin",
        "act": "client.created",
        "subject": "client-2",
        "facts": {},
    }
    assert {act["act"] for act in acts} >= {"signing_key.made", "signing_key.took_over"}


async def test_the_running_role_cannot_rewrite_the_audit(database):
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
        answer = await gateway.request(method, path, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 401, path


def test_the_command_line_makes_the_first_administrator_once(database, monkeypatch, capsys):
    monkeypatch.setenv("NTP_DATABASE_URL", database.url("gateway"))
    monkeypatch.setenv("NTP_CLIENT_SECRET_PEPPER", PEPPER)
    asked = ["create-client", "--id", "admin", "--scope", "admin", "--unit", "62"]
    assert main(asked) == 0
    first = json.loads(capsys.readouterr().out)
    assert first == first | {"client_id": "admin", "scopes": ["admin"], "programs": [], "units": ["62"]}
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert main([*asked, "--scope", "review"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "admin" in said.err
    assert main(["create-client", "--id", "admin2", "--scope", "fly"]) == 2
    assert main(["create-client", "--id", "admin2", "--scope", "read", "--program", "moon"]) == 2
    assert "moon" in capsys.readouterr().err
    assert main(["rotate-keys"]) == 0
    assert json.loads(capsys.readouterr().out)["signing_key"]


def test_the_command_line_says_what_is_not_set():
    run = subprocess.run(
        [sys.executable, "-m", "gateway", "create-client", "--id", "admin", "--scope", "admin"],
        env={"PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "NTP_DATABASE_URL" in run.stderr
    assert "Traceback" not in run.stderr
