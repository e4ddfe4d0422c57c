"""A plan names figures that the catalogues of the programs have."""

from collections.abc import Callable

import httpx
from fastapi import FastAPI

from services.oversight.program_figures import CatalogueReader
from services.poverty.app import create_app
from services.poverty.settings import PovertySettings
from shared.kit.feed_consumer.client import FeedClient, ReceivedEvent
from shared.kit.resources import get_resources
from tests.application import get_database
from tests.issuer import Issuer
from tests.oversight.clients import list_faults, record, refuse
from tests.oversight.conftest import NOW
from tests.oversight.records import make_plan
from tests.program_clients import Clients, ProgramUnderTest

POVERTY = ProgramUnderTest("poverty", create_app, PovertySettings, NOW)


class PovertyTransport(httpx.AsyncBaseTransport):
    """The gateway as a reader of poverty's catalogue sees it: a token, and the service behind it."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self._poverty, self._token = httpx.ASGITransport(app=app), token

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": self._token, "expires_in": 600})
        return await self._poverty.handle_async_request(request)


async def test_a_plan_names_only_figures_that_catalogues_have(
    clients: Clients, build: Callable[..., FastAPI], issuer: Issuer
) -> None:
    named = {"program": "poverty", "indicator": "poverty_rat"}
    accepted = await record(clients, "plans", make_plan(period="2023", targets=[named]))
    assert accepted["targets"][0]["indicator"] == "poverty_rat", "nothing was read from poverty yet"

    token = issuer.token("service-oversight", ("read",), ("poverty",), ("62",), **clients.times)
    poverty = issuer.trust(build(POVERTY.build_app))
    client = FeedClient(
        "http://gateway",
        client_id="service-oversight",
        client_secret="secret",
        transport=PovertyTransport(poverty, token),
    )
    reader = CatalogueReader("poverty", client)
    resources = get_resources(clients.http.app)
    await reader.read_if_due(resources)

    targets = [
        {"program": "poverty", "indicator": "poverty_rate"},
        {"program": "poverty", "indicator": "persons_trained_by_level"},
        {"program": "oversight", "indicator": "conferences"},
        {"program": "ethnic", "indicator": "not_read_yet"},
    ]
    unknown = [named, {"program": "oversight", "indicator": "conference"}]
    plan = make_plan(period="2025", targets=[*targets, *unknown], missed_targets=[*unknown, targets[0]])
    assert await list_faults(clients, "plans", plan) == {
        "/targets/4/indicator": "indicator_unknown",
        "/targets/5/indicator": "indicator_unknown",
        "/missed_targets/0/indicator": "indicator_unknown",
        "/missed_targets/1/indicator": "indicator_unknown",
    }
    plan_of_2025 = await record(clients, "plans", make_plan(period="2025", targets=targets))
    path = f"plans/{plan_of_2025['id']}"
    correction = {**make_plan(period="2025", targets=unknown), "version": 1, "reason": "sửa"}
    await refuse(clients, f"{path}/corrections", correction, 422, "invalid")
    next_plan = {"title": "Kế hoạch năm 2026", "drafted_on": "2024-02-19", "missed_targets": unknown}
    assert await list_faults(clients, f"{path}/next", next_plan) == {
        "/missed_targets/0/indicator": "indicator_unknown",
        "/missed_targets/1/indicator": "indicator_unknown",
    }

    event = ReceivedEvent(1, NOW, "catalogue.replaced", "catalogue/versions/1", {"number": 1})
    async with get_database(clients.http.app).writing() as session:
        await reader.take_replacement(session, event, NOW)
    await reader.read_if_due(resources)
    assert await list_faults(clients, f"{path}/next", next_plan), "figures that were read stay known once"
