"""The clients of the product's own services: made from settings, once, and mended when the secret is another."""

import asyncio

import pytest
from pydantic import ValidationError

from gateway.app import create_app
from gateway.clients.actions import disable_client, ensure_service_client, rotate_secret
from gateway.clients.rules import ClientDisabled, ClientExists
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, find_live_secrets, select_audit
from shared.kit.clock import system_clock
from shared.kit.database import Database
from tests.gateway.conftest import PEPPER, settings_of, speaking_to

SECRET = "the secret that both were told, long enough"
PROGRAMS = ("rural", "poverty", "ethnic")


@pytest.fixture
async def gateways(database):
    made = Database(database.url("gateway"))
    yield made
    await made.close()


async def keep(gateways, secret=SECRET, programs=PROGRAMS):
    async with gateways.writing() as session:
        await ensure_service_client(
            session, Pepper(PEPPER), service="ethnic", secret=secret, programs=programs, now=system_clock()
        )


async def known(gateways):
    async with gateways.reading() as session:
        client = await find_client(session, "service-ethnic")
        secrets = await find_live_secrets(session, "service-ethnic", system_clock())
        acts = [act.act for act in await session.scalars(select_audit())]
    return client, secrets, acts


async def test_it_reads_every_program_and_writes_nothing(gateways):
    await keep(gateways)
    client, (secret,), acts = await known(gateways)
    assert (client.scopes, client.programs, client.units) == (["read"], list(PROGRAMS), [])
    assert Pepper(PEPPER).recognises(SECRET, secret.secret_hmac)
    assert acts == ["client.created"]


async def test_many_gateways_make_it_once(gateways):
    await asyncio.gather(*(keep(gateways) for _ in range(6)))
    _, secrets, acts = await known(gateways)
    assert (len(secrets), acts) == (1, ["client.created"])


@pytest.mark.parametrize("how", ["another secret is set", "an administrator rotated it"])
async def test_the_secret_in_the_settings_is_the_one_that_holds(gateways, how):
    await keep(gateways)
    if how == "an administrator rotated it":
        async with gateways.writing() as session:
            await rotate_secret(
                session,
                Pepper(PEPPER),
                client_id="service-ethnic",
                overlap=system_clock() - system_clock(),
                actor="admin",
                now=system_clock(),
            )
        wanted = SECRET
    else:
        wanted = f"{SECRET}, another one"
    await keep(gateways, wanted)
    _, (secret,), acts = await known(gateways)
    assert Pepper(PEPPER).recognises(wanted, secret.secret_hmac)
    assert acts[0] == "client.secret_rotated"


async def test_what_an_administrator_shut_out_stays_so_and_a_name_of_another_is_left_alone(gateways):
    await keep(gateways)
    with pytest.raises(ClientExists):
        await keep(gateways, programs=("rural",))
    async with gateways.writing() as session:
        await disable_client(session, client_id="service-ethnic", actor="admin", now=system_clock())
    with pytest.raises(ClientDisabled):
        await keep(gateways)


async def test_a_gateway_that_starts_has_it_and_gives_it_a_token(database):
    upstreams = dict.fromkeys((*PROGRAMS, "funding"), "http://127.0.0.1:9")
    settings = settings_of(database, upstreams, service_clients={"ethnic": SECRET})
    for _ in range(2):  # the second start finds it there
        async with speaking_to(create_app(settings)) as door:
            asked = await door.post(
                "/oauth/token", data={"grant_type": "client_credentials"}, auth=("service-ethnic", SECRET)
            )
            assert (asked.status_code, asked.json()["scope"]) == (200, "read")


async def test_a_gateway_starts_although_the_client_was_shut_out(database, gateways):
    await keep(gateways)
    async with gateways.writing() as session:
        await disable_client(session, client_id="service-ethnic", actor="admin", now=system_clock())
    upstreams = dict.fromkeys((*PROGRAMS, "funding"), "http://127.0.0.1:9")
    settings = settings_of(database, upstreams, service_clients={"ethnic": SECRET})
    async with speaking_to(create_app(settings)) as door:
        assert (await door.get("/readyz")).status_code == 200


def test_a_short_secret_is_refused(database):
    with pytest.raises(ValidationError):
        settings_of(database, {}, service_clients={"ethnic": "short"})
