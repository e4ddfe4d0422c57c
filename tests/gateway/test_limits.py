"""Rate limits of a client and of an anonymous address."""

import pytest

from gateway.app import create_app
from gateway.limits import RateLimits, find_network
from tests.gateway.conftest import make_settings, open_gateway


async def test_an_address_over_its_limit_is_refused_with_the_headers_of_the_limit(
    common_database, urls, upstreams
):
    app = create_app(make_settings(common_database, urls, address_limit="3/minute"))
    async with open_gateway(app) as client:
        responses = [await client.get("/v1/rural/progress") for _ in range(5)]
        health = await client.get("/readyz")
    assert [response.status_code for response in responses] == [200, 200, 200, 429, 429]
    assert responses[0].headers["ratelimit-policy"] == '"address";q=3;w=60'
    assert responses[0].headers["ratelimit"].startswith('"address";r=2;t=')
    refused = responses[-1]
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 120
    assert refused.headers["x-request-id"]
    assert len(upstreams["rural"].requests) == 3
    assert health.status_code == 200


async def test_a_client_with_a_valid_token_has_its_own_limit(common_database, urls, issuer):
    settings = make_settings(common_database, urls, address_limit="2/minute", client_limit="3/minute")
    async with open_gateway(issuer.trust(create_app(settings))) as client:

        async def read_status(token):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return (await client.get("/v1/rural/reports", headers=headers)).status_code

        first, second = issuer.token("first"), issuer.token("second")
        assert [await read_status(first) for _ in range(4)] == [200, 200, 200, 429]
        assert [await read_status(second) for _ in range(3)] == [200, 200, 200]
        forged = first[:-4] + "AAAA"
        assert [await read_status(token) for token in (forged, "nonsense", None)] == [401, 401, 429]


async def test_a_trusted_proxy_names_the_address_of_the_caller(common_database, urls, upstreams):
    async def read_status(client, address):
        headers = {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
        return (await client.get("/v1/rural/progress", headers=headers)).status_code

    strict = {"address_limit": "1/minute"}
    async with open_gateway(create_app(make_settings(common_database, urls, **strict))) as client:
        assert [await read_status(client, "10.0.0.1"), await read_status(client, "10.0.0.2")] == [200, 429]
    trusting = make_settings(common_database, urls, **strict, trusted_proxies="10.9.9.9, 127.0.0.1")
    async with open_gateway(create_app(trusting)) as client:
        assert [await read_status(client, "10.0.0.1"), await read_status(client, "10.0.0.2")] == [200, 200]
    headers = upstreams["rural"].requests[-1][2]
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("10.0.0.2", "https")


async def test_an_empty_setting_is_no_limit():
    limits = RateLimits(client="", address="", token="")
    verdict = await limits.request({"client": ("127.0.0.1", 1)}, "")
    assert (verdict.allowed, verdict.headers) == (True, {})


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("testclient", "testclient"),
    ],
)
def test_one_caller_is_one_network(host, network):
    assert find_network({"client": (host, 1)}) == network


def test_a_missing_address_is_a_network_of_its_own():
    assert find_network({"client": None}) == "unknown"
