"""How much one caller may ask."""

import pytest

from gateway.app import create_app
from gateway.limits import RateLimits, find_network
from tests.gateway.conftest import settings_of, speaking_to


async def test_an_address_is_slowed_down_with_the_fields_that_say_when(common_database, urls, neighbours):
    app = create_app(settings_of(common_database, urls, address_limit="3/minute"))
    async with speaking_to(app) as client:
        answers = [await client.get("/v1/rural/progress") for _ in range(5)]
        health = await client.get("/readyz")
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[0].headers["ratelimit-policy"] == '"address";q=3;w=60'
    assert answers[0].headers["ratelimit"].startswith('"address";r=2;t=')
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 120
    assert refused.headers["x-request-id"]
    assert len(neighbours["rural"].requests) == 3
    assert health.status_code == 200


async def test_a_client_counts_by_itself_once_its_token_is_proved(common_database, urls, issuer):
    settings = settings_of(common_database, urls, address_limit="2/minute", client_limit="3/minute")
    async with speaking_to(issuer.trust(create_app(settings))) as client:

        async def ask(token):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return (await client.get("/v1/rural/reports", headers=headers)).status_code

        one, two = issuer.token("one"), issuer.token("two")
        assert [await ask(one) for _ in range(4)] == [200, 200, 200, 429]
        assert [await ask(two) for _ in range(3)] == [200, 200, 200]
        forged = one[:-4] + "AAAA"
        assert [await ask(forged), await ask("nonsense"), await ask(None)] == [200, 200, 429]


async def test_a_proxy_that_is_trusted_says_whose_request_it_is(common_database, urls, neighbours):
    async def ask(client, address):
        headers = {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
        return (await client.get("/v1/rural/progress", headers=headers)).status_code

    strict = {"address_limit": "1/minute"}
    async with speaking_to(create_app(settings_of(common_database, urls, **strict))) as client:
        assert [await ask(client, "10.0.0.1"), await ask(client, "10.0.0.2")] == [200, 429]
    trusting = settings_of(common_database, urls, **strict, trusted_proxies="10.9.9.9, 127.0.0.1")
    async with speaking_to(create_app(trusting)) as client:
        assert [await ask(client, "10.0.0.1"), await ask(client, "10.0.0.2")] == [200, 200]
    headers = neighbours["rural"].requests[-1][2]
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("10.0.0.2", "https")


async def test_an_empty_rule_is_no_limit():
    limits = RateLimits(client="", address="", token="")
    verdict = await limits.request({"client": ("127.0.0.1", 1)}, "")
    assert (verdict.allowed, verdict.headers) == (True, {})


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_what_one_caller_has(host, said):
    assert find_network({"client": (host, 1)}) == said


def test_no_address_is_one_too():
    assert find_network({"client": None}) == "unknown"
