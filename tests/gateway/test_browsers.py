"""Pages of listed origins may call the interface; OPTIONS is answered everywhere; no path redirects."""

import pytest
from pydantic import ValidationError

from gateway.app import create_app
from gateway.cors import RESPONSE_FIELDS
from shared.kit.openapi.header_fields import HEADERS
from tests.gateway.conftest import make_settings, open_gateway

PORTAL = "https://portal.example.vn"
PREFLIGHT = {
    "Origin": PORTAL,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,idempotency-key,content-type",
}


@pytest.fixture
async def open_to_the_portal(common_database, urls):
    settings = make_settings(common_database, urls, cors_origins=f"{PORTAL}, http://localhost:5173")
    async with open_gateway(create_app(settings)) as client:
        yield client


async def test_a_listed_origin_may_send_and_read_all_header_fields(open_to_the_portal, upstreams):
    for path in ("/v1/poverty/reports", "/v1/clients", "/oauth/token"):
        preflight = await open_to_the_portal.options(path, headers=PREFLIGHT)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == PORTAL
        assert "POST" in preflight.headers["access-control-allow-methods"]
        sent = preflight.headers["access-control-allow-headers"].lower()
        assert {"authorization", "idempotency-key", "if-match", "if-none-match", "content-type"} <= set(
            sent.split(", ")
        )
    assert not upstreams["poverty"].requests
    for path in ("/v1/poverty/progress", "/v1/units", "/v1/nowhere", "/v1/clients"):
        answer = await open_to_the_portal.get(path, headers={"Origin": PORTAL})
        assert answer.headers["access-control-allow-origin"] == PORTAL, path
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert HEADERS.keys() <= set(exposed)
        assert "Origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://other.example.vn", "null", "https://portal.example.vn.evil.example"]
)
async def test_another_origin_gets_no_field(open_to_the_portal, origin):
    for answer in (
        await open_to_the_portal.get("/v1/units", headers={"Origin": origin}),
        await open_to_the_portal.options("/v1/units", headers={**PREFLIGHT, "Origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_cross_origin_requests_are_closed_by_default(gateway):
    answer = await gateway.get("/v1/units", headers={"Origin": PORTAL})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "origins", ["*", "portal.example.vn", "https://portal.example.vn/", "https://a.vn;https://b.vn"]
)
def test_what_is_no_origin_stops_the_start(common_database, origins):
    with pytest.raises(ValidationError, match="is no origin"):
        make_settings(common_database, {}, cors_origins=origins)


async def test_options_is_answered_everywhere(gateway):
    for path, methods in {
        "/v1/status": "GET, HEAD, OPTIONS",
        "/v1/clients": "GET, HEAD, OPTIONS, POST",
        "/oauth/token": "OPTIONS, POST",
        "/problems": "GET, HEAD, OPTIONS",
        "/docs": "GET, HEAD, OPTIONS",
        "/openapi.json": "GET, HEAD, OPTIONS",
    }.items():
        answer = await gateway.options(path)
        assert (answer.status_code, answer.headers["allow"], answer.content) == (204, methods, b""), path
    assert (await gateway.options("/v1/nowhere")).status_code == 404
    refused = await gateway.request("DELETE", "/v1/status")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_trailing_or_doubled_slash_never_redirects(gateway, upstreams):
    for path in (
        "/v1/units/",
        "/v1/units/610/",
        "//v1/units",
        "/v1//units",
        "/docs/",
        "/problems/",
        "/v1/status/?period=2023",
    ):
        answer = await gateway.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["code"] == "not_found"
        assert "location" not in answer.headers
    await gateway.get("/v1/poverty/reports/")
    assert upstreams["poverty"].requests[-1][1] == "/v1/poverty/reports/"


def test_every_header_field_of_the_contract_is_exposed():
    assert HEADERS.keys() <= set(RESPONSE_FIELDS.split(", "))
