"""The clients of the product's own services: created from the settings once, and updated when the secret changes."""

import asyncio

import pytest
from pydantic import ValidationError

from gateway.app import create_app
from gateway.clients.actions import disable_client, ensure_service_client, lock_client, rotate_secret
from gateway.clients.rules import ClientDisabled, ClientExists
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, find_live_secrets, select_audit
from shared.kit.clock import system_clock
from shared.kit.database import Database
from tests.gateway.conftest import PEPPER, make_settings, open_gateway

SECRET = "the secret of both sides, long enough"
PROGRAMS = ("rural", "poverty", "ethnic")


@pytest.fixture
async def gateway_database(database):
    opened = Database(database.url("gateway"))
    yield opened
    await opened.close()


async def ensure_client(gateway_database, secret=SECRET, programs=PROGRAMS):
    async with gateway_database.writing() as session:
        await ensure_service_client(
            session, Pepper(PEPPER), service="ethnic", secret=secret, programs=programs, now=system_clock()
        )


async def read_client(gateway_database):
    async with gateway_database.reading() as session:
        client = await find_client(session, "service-ethnic")
        secrets = await find_live_secrets(session, "service-ethnic", system_clock())
        acts = [act.act for act in await session.scalars(select_audit())]
    return client, secrets, acts


async def test_a_service_client_may_only_read_and_reads_every_program(gateway_database):
    await ensure_client(gateway_database)
    client, (secret,), acts = await read_client(gateway_database)
    assert (client.scopes, client.programs, client.units) == (["read"], list(PROGRAMS), [])
    assert Pepper(PEPPER).matches(SECRET, secret.secret_hmac)
    assert acts == ["client.created"]


async def test_many_gateways_create_a_client_once(gateway_database):
    await asyncio.gather(*(ensure_client(gateway_database) for _ in range(6)))
    _, secrets, acts = await read_client(gateway_database)
    assert (len(secrets), acts) == (1, ["client.created"])


@pytest.mark.parametrize("change", ["another secret is set", "an administrator rotated it"])
async def test_the_secret_of_the_settings_is_valid(gateway_database, change):
    await ensure_client(gateway_database)
    if change == "an administrator rotated it":
        async with gateway_database.writing() as session:
            await rotate_secret(
                session,
                Pepper(PEPPER),
                await lock_client(session, "service-ethnic"),
                overlap=system_clock() - system_clock(),
                actor="admin",
                now=system_clock(),
            )
        secret = SECRET
    else:
        secret = f"{SECRET}, another one"
    await ensure_client(gateway_database, secret)
    _, (stored,), acts = await read_client(gateway_database)
    assert Pepper(PEPPER).matches(secret, stored.secret_hmac)
    assert acts[0] == "client.secret_rotated"


async def test_a_disabled_client_stays_disabled_and_another_grant_is_not_changed(gateway_database):
    await ensure_client(gateway_database)
    with pytest.raises(ClientExists):
        await ensure_client(gateway_database, programs=("rural",))
    async with gateway_database.writing() as session:
        client = await lock_client(session, "service-ethnic")
        await disable_client(session, client, actor="admin", now=system_clock())
    with pytest.raises(ClientDisabled):
        await ensure_client(gateway_database)


async def test_a_gateway_creates_the_client_at_its_start_and_issues_a_token(database):
    upstreams = dict.fromkeys((*PROGRAMS, "funding"), "http://127.0.0.1:9")
    settings = make_settings(database, upstreams, service_clients={"ethnic": SECRET})
    for _ in range(2):  # at the second start the client exists
        async with open_gateway(create_app(settings)) as gateway:
            response = await gateway.post(
                "/oauth/token", data={"grant_type": "client_credentials"}, auth=("service-ethnic", SECRET)
            )
            assert (response.status_code, response.json()["scope"]) == (200, "read")


async def test_a_gateway_starts_although_the_client_is_disabled(database, gateway_database):
    await ensure_client(gateway_database)
    async with gateway_database.writing() as session:
        client = await lock_client(session, "service-ethnic")
        await disable_client(session, client, actor="admin", now=system_clock())
    upstreams = dict.fromkeys((*PROGRAMS, "funding"), "http://127.0.0.1:9")
    settings = make_settings(database, upstreams, service_clients={"ethnic": SECRET})
    async with open_gateway(create_app(settings)) as gateway:
        assert (await gateway.get("/readyz")).status_code == 200


def test_a_short_secret_is_refused(database):
    with pytest.raises(ValidationError):
        make_settings(database, {}, service_clients={"ethnic": "short"})
