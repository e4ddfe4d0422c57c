"""Rural, ethnic and the gateway's token endpoint in one process, all real: ethnic follows the feed of rural."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from joserfc.jwk import KeySet
from pydantic import SecretStr

from gateway.app import create_app as create_gateway
from gateway.settings import GatewaySettings
from gateway.tokens.keys import KeyRing, KeyRingKeys
from services.ethnic.app import create_app as create_ethnic
from services.ethnic.recognitions.store import FEED
from services.ethnic.settings import EthnicSettings
from services.rural.app import create_app as create_rural
from services.rural.settings import RuralSettings
from shared.kit.feed_consumer.client import make_feed_client
from shared.kit.feed_consumer.consumer import FeedConsumer
from shared.kit.identity import Identity
from shared.kit.issuer_keys import TrustedKeys
from shared.kit.resources import get_resources
from shared.territory.villages.consumer import VillageFollower
from tests.application import get_clock, get_database
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.not_none import not_none
from tests.program_clients import Clients

NOW = datetime(2024, 6, 30, 2, 0, tzinfo=UTC)
SECRET = "a secret of ethnic's own client, long enough"
SELDOM_S = 3600.0
"""The consumer's own rounds are far apart: a test runs a round when it needs one."""


class GatewayTransport(httpx.AsyncBaseTransport):
    """The part of the gateway that a consumer uses: tokens and forwarding. It can be down, and it can hang."""

    def __init__(self, gateway, rural):
        self._transports = {
            "/oauth/": httpx.ASGITransport(app=gateway),
            "/v1/rural/": httpx.ASGITransport(app=rural),
        }
        self.is_down = self.hangs = False

    async def handle_async_request(self, request):
        if self.hangs:
            await asyncio.sleep(SELDOM_S)
        if self.is_down:
            raise httpx.ConnectError("the gateway is down")
        path = request.url.path
        transport = next(self._transports[prefix] for prefix in self._transports if path.startswith(prefix))
        return await transport.handle_async_request(request)


class EitherKeys:
    """The gateway's keys for its tokens, and the test's keys for the clients of the test, in one set.

    The set stays the same object until the gateway's keys change, as a source of keys has to answer.
    """

    def __init__(self, ring, issuer):
        self._ring, self._of_test = KeyRingKeys(ring), issuer.keys
        self._of_gateway, self._all = None, issuer.keys

    async def find_keys(self, key_id):
        trusted = await self._ring.find_keys(key_id)
        if self._of_gateway is not trusted.keys:
            self._of_gateway = trusted.keys
            self._all = KeySet([*self._of_test.keys, *trusted.keys.keys])
        return TrustedKeys(self._all, trusted.revoked)


class LinkedServices:
    """Clients of rural and of ethnic, and the consumer by which ethnic follows rural."""

    def __init__(self, rural, ethnic, ethnic_app, gateway):
        self.rural, self.ethnic, self.app, self.gateway = rural, ethnic, ethnic_app, gateway
        self.consumer = get_resources(ethnic_app).get(FeedConsumer)

    async def consume(self):
        """Let ethnic take everything that rural published; a failure is recorded as when the consumer runs."""
        database, clock = get_database(self.app), get_clock(self.app)
        try:
            while await self.consumer.poll(database, clock):
                pass
        except Exception as error:  # noqa: BLE001 (as the consumer itself does)
            await self.consumer._record_failure(error, database, clock)

    async def recognize(self, unit="23509", on="2023-04-12", number=None, **fields):
        body = {
            "unit": unit,
            "level": "meets",
            "field": None,
            "criteria_set": "commune_2021_2025",
            "decision": {"number": number or f"{unit}/QĐ-UBND", "date": on},
            "year": int(on[:4]),
            **fields,
        }
        return await self.rural.create("recognitions", body)

    async def revoke(self, recognition, on):
        body = {
            "decision": {"number": "9/QĐ-UBND", "date": on},
            "reason": "Không còn đạt 8 tiêu chí, trong đó có thu nhập",
            "unmet": [2, 3, 5, 6, 10, 11, 13, 17],
        }
        return await self.rural.create(f"recognitions/{recognition['id']}/revoke", body)

    async def classify(self, unit="23509", region="III", on="2021-06-04", number="861/QĐ-TTg"):
        body = {
            "unit": unit,
            "region": region,
            "specially_difficult": region == "III",
            "decision": {"number": number, "date": on},
            "effective_on": on,
        }
        return await self.ethnic.create("classifications", body)

    async def confirm(self, unit="23509", left_on="2023-04-12", ground="recognized", verdict="confirmed"):
        body = {
            "unit": unit,
            "left_on": left_on,
            "ground": ground,
            "verdict": verdict,
            "reason": "Đã đối chiếu quyết định công nhận",
        }
        headers = self.ethnic.make_headers("review", client_id="reviewer")
        response = await self.ethnic.http.post("/v1/ethnic/exits/reviews", json=body, headers=headers)
        assert response.status_code == 201, response.text
        return response.json()

    async def read_consumer_state(self):
        return await read_followed_feed(self.ethnic, FEED)


async def read_followed_feed(clients, name):
    """Return how far a service follows a feed."""
    (feed,) = (feed for feed in (await clients.get("following"))["items"] if feed["feed"] == name)
    return feed


def build_linked(database, **settings):
    """Build the gateway, rural and ethnic over one database."""
    gateway = create_gateway(
        GatewaySettings(
            database_url=SecretStr(database.url("gateway")),
            client_secret_pepper=SecretStr("a pepper for tests, long enough to be one"),
            service_clients={"ethnic": SecretStr(SECRET)},
        ),
        clock=lambda: NOW,
    )
    ethnic_settings = EthnicSettings(
        database_url=database.url("ethnic"),
        **{"client_secret": SECRET, "follow_every_seconds": SELDOM_S, **settings},
    )
    return (
        gateway,
        create_rural(RuralSettings(database_url=database.url("rural")), clock=lambda: NOW),
        create_ethnic(ethnic_settings, clock=lambda: NOW),
    )


@asynccontextmanager
async def link_services(gateway, rural, ethnic):
    """Start the applications that `build_linked` built, and let ethnic follow rural."""
    issuer = Issuer()
    get_resources(rural).get(Identity).keys = EitherKeys(get_resources(gateway).get(KeyRing), issuer)
    issuer.trust(ethnic)
    transport = GatewayTransport(gateway, rural)
    resources = get_resources(ethnic)
    for consumer in (resources.get(FeedConsumer), resources.get(VillageFollower).consumer):
        consumer.client = not_none(make_feed_client(resources.get(EthnicSettings), "ethnic"))
        consumer.client.transport = transport
    async with (
        gateway.router.lifespan_context(gateway),
        open_client(rural) as rural_http,
        open_client(ethnic) as ethnic_http,
    ):
        yield LinkedServices(
            Clients(rural_http, issuer, "rural", NOW),
            Clients(ethnic_http, issuer, "ethnic", NOW),
            ethnic,
            transport,
        )
