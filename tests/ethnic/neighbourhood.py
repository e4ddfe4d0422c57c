"""Rural, the gateway's token endpoint and ethnic, all real, in one process: ethnic follows rural as it does behind the door."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from gateway.app import create_app as create_gateway
from gateway.settings import GatewaySettings
from gateway.tokens.keys import KeyRing, KeyRingKeys
from services.ethnic.app import create_app as create_ethnic
from services.ethnic.settings import EthnicSettings
from services.rural.app import create_app as create_rural
from services.rural.settings import RuralSettings
from shared.kit.feed_consumer.consumer import FeedConsumer
from shared.kit.identity import Identity
from shared.kit.issuer_keys import IssuerKeys
from shared.kit.resources import get_resources
from tests.application import get_clock, get_database
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.registers import Clients

NOW = datetime(2024, 6, 30, 2, 0, tzinfo=UTC)
SECRET = "the secret that both were told, long enough"
SELDOM_S = 3600.0
"""The follower's own rounds stay out of the way: a test asks for a round when it wants one."""


class Door(httpx.AsyncBaseTransport):
    """What the gateway does of this: give tokens, and pass on. It can be shut, and it can hang."""

    def __init__(self, gateway, rural):
        self._to = {"/oauth/": httpx.ASGITransport(app=gateway), "/v1/rural/": httpx.ASGITransport(app=rural)}
        self.shut = self.hangs = False

    async def handle_async_request(self, request):
        if self.hangs:
            await asyncio.sleep(SELDOM_S)
        if self.shut:
            raise httpx.ConnectError("the door is shut")
        way = next(way for begins, way in self._to.items() if request.url.path.startswith(begins))
        return await way.handle_async_request(request)


class EitherKeys(IssuerKeys):
    """The gateway's own keys for its tokens, the test's for the test's clients."""

    def __init__(self, ring, issuer):
        super().__init__("http://127.0.0.1:9/none", keys=issuer.keys)
        self._ring = KeyRingKeys(ring)

    async def find_keys(self, key_id):
        ours = any(key.kid == key_id for key in self._keys.keys)
        return self._keys if ours else await self._ring.find_keys(key_id)


class Neighbourhood:
    def __init__(self, rural, ethnic, ethnic_app, door):
        self.rural, self.ethnic, self.app, self.door = rural, ethnic, ethnic_app, door
        self.follower = get_resources(ethnic_app).get(FeedConsumer)

    async def hear(self):
        """Let ethnic take all that rural published; what keeps it from that is noted as it is when it runs."""
        database, clock = get_database(self.app), get_clock(self.app)
        try:
            while await self.follower.round(database, clock):
                pass
        except Exception as trouble:  # noqa: BLE001 (as the follower itself does)
            await self.follower._note(trouble, database, clock)

    async def recognize(self, unit="23509", on="2023-04-12", number=None, **more):
        body = {
            "unit": unit,
            "level": "meets",
            "field": None,
            "criteria_set": "commune_2021_2025",
            "decision": {"number": number or f"{unit}/QĐ-UBND", "date": on},
            "year": int(on[:4]),
            **more,
        }
        return await self.rural.kept("recognitions", body)

    async def revoke(self, recognition, on):
        body = {
            "decision": {"number": "9/QĐ-UBND", "date": on},
            "reason": "Không còn đạt 8 tiêu chí, trong đó có thu nhập",
            "unmet": [2, 3, 5, 6, 10, 11, 13, 17],
        }
        return await self.rural.kept(f"recognitions/{recognition['id']}/revoke", body)

    async def classify(self, unit="23509", region="III", on="2021-06-04", number="861/QĐ-TTg"):
        return await self.ethnic.kept(
            "classifications",
            {
                "unit": unit,
                "region": region,
                "specially_difficult": region == "III",
                "decision": {"number": number, "date": on},
                "effective_on": on,
            },
        )

    async def following(self):
        (said,) = (await self.ethnic.get("following"))["items"]
        return said


@asynccontextmanager
async def living_side_by_side(database, **settings):
    issuer = Issuer()
    gateway = create_gateway(
        GatewaySettings(
            database_url=SecretStr(database.url("gateway")),
            client_secret_pepper=SecretStr("a pepper for tests, long enough to be one"),
            service_clients={"ethnic": SecretStr(SECRET)},
        ),
        clock=lambda: NOW,
    )
    rural = create_rural(RuralSettings(database_url=database.url("rural")), clock=lambda: NOW)
    key_ring = get_resources(gateway).get(KeyRing)
    get_resources(rural).get(Identity).keys = EitherKeys(key_ring, issuer)
    told = {"client_secret": SECRET, "follow_every_seconds": SELDOM_S, **settings}
    ethnic = issuer.trust(
        create_ethnic(EthnicSettings(database_url=database.url("ethnic"), **told), clock=lambda: NOW)
    )
    door = Door(gateway, rural)
    get_resources(ethnic).get(FeedConsumer).neighbours.transport = door
    async with (
        gateway.router.lifespan_context(gateway),
        open_client(rural) as to_rural,
        open_client(ethnic) as to_ethnic,
    ):
        yield Neighbourhood(
            Clients(to_rural, issuer, "rural", NOW), Clients(to_ethnic, issuer, "ethnic", NOW), ethnic, door
        )
