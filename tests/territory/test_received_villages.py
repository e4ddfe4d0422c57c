"""Villages registered in the real rural service are received by the real poverty, ethnic, funding and gateway."""

from contextlib import AsyncExitStack
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.app import create_app as create_gateway
from gateway.settings import GatewaySettings
from gateway.tokens.keys import KeyRing
from services.ethnic.app import create_app as create_ethnic
from services.ethnic.settings import EthnicSettings
from services.funding.app import create_app as create_funding
from services.funding.settings import FundingSettings
from services.poverty.app import create_app as create_poverty
from services.poverty.settings import PovertySettings
from services.rural.app import create_app as create_rural
from services.rural.settings import RuralSettings
from shared.kit.feed_consumer.cursor import begin_again
from shared.kit.identity import Identity
from shared.kit.resources import get_resources
from shared.territory.current import load_territory
from shared.territory.maps.map_consumer import apply_and_reload
from shared.territory.villages.consumer import VILLAGE_FEED, VillageFollower
from tests.application import get_clock, get_database
from tests.ethnic.linked_services import NOW, SECRET, EitherKeys, GatewayTransport
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.program_clients import Clients

FOLLOWERS: dict[str, tuple[Any, Any]] = {
    "poverty": (create_poverty, PovertySettings),
    "ethnic": (create_ethnic, EthnicSettings),
    "funding": (create_funding, FundingSettings),
}
MERGED, DIVIDED, UNCHANGED = "23512.01", "23515.01", "23368.01"
VILLAGES = [
    {"code": MERGED, "name": "Làng Kon Tu", "valid_from": "2022-01-01"},
    {"code": DIVIDED, "name": "Thôn 1", "valid_from": "2022-01-01"},
    {"code": UNCHANGED, "name": "Tổ dân phố 2", "valid_from": "2022-01-01"},
]
AFTER = "2025-12-31"


class Followers:
    """Clients of rural and of the services that receive its villages."""

    def __init__(self, rural, apps, clients, transport):
        self.rural, self.apps, self.clients, self.transport = rural, apps, clients, transport

    async def consume(self, name):
        """Let a service receive everything; a failure is recorded as when the consumer runs."""
        app = self.apps[name]
        database, clock = get_database(app), get_clock(app)
        consumer = get_resources(app).get(VillageFollower).consumer
        try:
            while await consumer.poll(database, clock):
                pass
        except Exception as error:  # noqa: BLE001 (as the consumer itself does)
            await consumer._record_failure(error, database, clock)

    async def list_codes(self, name, **query):
        rows = (await self.clients[name].get("villages", **query))["items"]
        return {row["code"]: row["parent"] for row in rows}

    async def read_state(self, name):
        feeds = (await self.clients[name].get("following"))["items"]
        (feed,) = [feed for feed in feeds if feed["feed"] == VILLAGE_FEED]
        return feed


@pytest.fixture
async def followers(database):
    issuer = Issuer()
    clients_of_services = dict.fromkeys((*FOLLOWERS, "gateway"), SecretStr(SECRET))
    gateway = create_gateway(
        GatewaySettings(
            database_url=SecretStr(database.url("gateway")),
            client_secret_pepper=SecretStr("a pepper for tests, long enough to be one"),
            service_clients=clients_of_services,
            client_secret=SecretStr(SECRET),
        ),
        clock=lambda: NOW,
    )
    rural = create_rural(RuralSettings(database_url=database.url("rural")), clock=lambda: NOW)
    get_resources(rural).get(Identity).keys = EitherKeys(get_resources(gateway).get(KeyRing), issuer)
    apps = {"gateway": gateway}
    for name, (create_app, settings) in FOLLOWERS.items():
        own = settings(database_url=database.url(name), client_secret=SECRET, follow_every_seconds=3600)
        apps[name] = issuer.trust(create_app(own, clock=lambda: NOW))
    transport = GatewayTransport(gateway, rural)
    for app in apps.values():
        get_resources(app).get(VillageFollower).consumer.client.transport = transport
    async with AsyncExitStack() as stack:
        http = {name: await stack.enter_async_context(open_client(app)) for name, app in apps.items()}
        rural_http = await stack.enter_async_context(open_client(rural))
        clients = {name: Clients(http[name], issuer, name, NOW) for name in http}
        yield Followers(Clients(rural_http, issuer, "rural", NOW), apps, clients, transport)


async def test_villages_are_received_by_every_service_whichever_was_away(followers):
    first, *later = VILLAGES
    await followers.rural.create("villages", first)
    for name in ("poverty", "ethnic"):
        await followers.consume(name)
        assert await followers.list_codes(name, on="2023-12-31") == {MERGED: "23512"}
    assert await followers.list_codes("funding") == {}, "it was away"
    followers.transport.is_down = True
    for village in later:
        await followers.rural.create("villages", village)
    await followers.consume("poverty")
    assert await followers.list_codes("poverty", on="2023-12-31") == {MERGED: "23512"}
    followers.transport.is_down = False
    for name in (*FOLLOWERS, "gateway"):
        await followers.consume(name)
    for name in FOLLOWERS:
        state = await followers.read_state(name)
        assert (state["state"], state["behind"], state["taken"]) == ("following", 0, 3)
        codes = await followers.list_codes(name, unit="62", on="2023-12-31")
        assert codes == {MERGED: "23512", DIVIDED: "23515", UNCHANGED: "23368"}
    await expect_the_commune_of_the_day(followers)
    await expect_the_same_event_to_register_once(followers)


async def expect_the_commune_of_the_day(followers):
    read = followers.clients["funding"].get
    village = await read(f"villages/{MERGED}", on=AFTER)
    expected = {
        "code": MERGED,
        "name": "Làng Kon Tu",
        "kind": "lang",
        "commune": "23512",
        "valid_from": "2022-01-01",
        "valid_to": "2025-06-30",
        "parent_since": "2025-07-01",
        "possible_parents": [],
        "source": "/v1/rural/villages",
    }
    assert {**village, **expected} == village
    parent = village["parent"]
    assert await followers.list_codes("funding", unit=parent, on=AFTER) == {MERGED: parent}
    assert (await followers.rural.get(f"villages/{MERGED}", on=AFTER))["parent"] == parent
    assert (await read(f"villages/{MERGED}", on="2021-12-31"))["parent"] is None
    assert set(await followers.list_codes("funding", unit="51", on=AFTER)) == {
        row["code"] for row in (await followers.rural.get("villages", unit="51", on=AFTER))["items"]
    }
    unknown = await followers.clients["funding"].http.get("/v1/funding/villages/23512.99")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unit_unknown")


async def expect_the_same_event_to_register_once(followers):
    database, clock = get_database(followers.apps["ethnic"]), get_clock(followers.apps["ethnic"])
    before = await followers.list_codes("ethnic", on="2023-12-31")
    async with database.writing() as session:
        await begin_again(session, VILLAGE_FEED, clock)
    await followers.consume("ethnic")
    state = await followers.read_state("ethnic")
    assert (state["life"], state["taken"]) == (2, 3)
    assert await followers.list_codes("ethnic", on="2023-12-31") == before
    await apply_and_reload(get_resources(followers.apps["gateway"]), None, [load_territory])
    unit = await followers.clients["gateway"].http.get("/v1/units/23512?on=2023-12-31")
    assert [child["code"] for child in unit.json()["children"]] == [MERGED]
