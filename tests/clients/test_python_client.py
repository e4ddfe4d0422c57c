"""The Python client: tokens, retries, compression, parameters, pages, refusals. The service is a function of the test."""

import asyncio
import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest
from ntp_client import AsyncNtpClient, NoAnswerError, NtpClient, RefusedError, RetrySchedule
from ntp_client.exact_json import read_json, write_json
from ntp_client.tokens import MemoryTokens, Token

Answering = Callable[[httpx.Request], httpx.Response]
ORIGIN = "http://gateway"


def open_client(
    *answers: httpx.Response | Exception | Answering, **options: Any
) -> tuple[NtpClient, list[httpx.Request]]:
    """Return a client that gets a token, and then these answers in turn, with the list of its requests."""
    requests: list[httpx.Request] = []
    queue = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(
            httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        )
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": f"t{len(requests)}", "expires_in": 600})
        following = queue.pop(0)
        if isinstance(following, Exception):
            raise following
        return following if isinstance(following, httpx.Response) else following(request)

    options.setdefault("sleep", lambda _: None)
    client = NtpClient(ORIGIN, "district-610", "secret", transport=httpx.MockTransport(answer), **options)
    return client, requests


def test_a_token_is_kept_and_renewed_before_its_end_and_after_a_401() -> None:
    client, requests = open_client(*(httpx.Response(status, json={}) for status in (200, 200, 401, 200)))
    for _ in range(3):
        client.get("/v1/x")
    tokens = [request.headers["Authorization"] for request in requests if request.url.path == "/v1/x"]
    assert tokens == ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t5"]
    store = MemoryTokens()
    store.save_token("district-610", Token("old", time.time() + 10))
    client, requests = open_client(httpx.Response(200, json={}), tokens=store)
    client.get("/v1/x")
    assert requests[-1].headers["Authorization"] == "Bearer t1", "the old one ends too soon"


def test_a_refused_secret_is_a_refusal_of_the_token() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"code": "invalid_client", "detail": "no"})

    client = NtpClient(ORIGIN, "district-610", "wrong", transport=httpx.MockTransport(refuse))
    with pytest.raises(RefusedError) as refused:
        client.get("/v1/x")
    assert (refused.value.request, refused.value.code) == ("POST /oauth/token", "invalid_client")


def test_a_post_is_repeated_with_one_key_until_it_is_answered() -> None:
    pauses: list[float] = []
    client, requests = open_client(
        httpx.ReadError("cut"),
        httpx.Response(503, headers={"Retry-After": "3"}),
        httpx.Response(201, json={"id": "1"}, headers={"Idempotent-Replay": "true"}),
        sleep=pauses.append,
    )
    answer = client.post("/v1/x", {"a": 1})
    assert answer.replayed
    assert answer.status == 201
    assert len({request.headers["Idempotency-Key"] for request in requests[1:]}) == 1
    assert len(requests) == 4
    assert pauses[1] >= 3
    client, _ = open_client(httpx.ConnectError("down"), retries=RetrySchedule(give_up_after_s=0))
    with pytest.raises(NoAnswerError, match="POST /v1/x"):
        client.post("/v1/x", {})


def test_a_refusal_names_its_code_and_every_fault() -> None:
    faults = [
        {"pointer": "/unit", "code": "a", "detail": "x"},
        {"pointer": "/period", "code": "b", "detail": "y"},
    ]
    problem = {"code": "invalid", "detail": "faulty", "errors": faults}
    client, _ = open_client(httpx.Response(422, json=problem, headers={"X-Request-Id": "r1"}))
    with pytest.raises(RefusedError, match=r"(?s)422 invalid: faulty.*/unit: x \(a\).*/period: y") as refused:
        client.post("/v1/x", {})
    assert [fault.code for fault in refused.value.faults] == ["a", "b"]
    assert refused.value.request_id == "r1"
    client, _ = open_client(httpx.Response(502, text="<html>"), retries=RetrySchedule(give_up_after_s=0))
    with pytest.raises(RefusedError, match="502"):
        client.get("/v1/x")


def test_large_bodies_are_compressed_and_numbers_are_exact() -> None:
    client, requests = open_client(*(httpx.Response(200, json={}) for _ in range(2)))
    client.post("/v1/x", {"text": "á" * 1000, "value": Decimal("123456789012345678.123457")})
    client.post("/v1/x", {"value": 1})
    large, small = requests[1:]
    assert large.headers["Content-Encoding"] == "gzip"
    content = gzip.decompress(large.content)
    assert b"123456789012345678.123457" in content
    assert read_json(content)["value"] == Decimal("123456789012345678.123457")
    assert "Content-Encoding" not in small.headers
    assert small.content == b'{"value":1}'
    with pytest.raises(TypeError):
        write_json({"value": Decimal("NaN")})


def test_parameters_are_given_as_what_they_are() -> None:
    client, requests = open_client(httpx.Response(200, json={"figures": []}))
    hanoi = timezone(timedelta(hours=7))
    client.program("poverty").read_figures(
        "610",
        "2023",
        standard="2022-2025",
        as_of=datetime(2024, 1, 5, 9, tzinfo=hanoi),
        headline=True,
        fields=["a", "b"],
    )
    assert dict(requests[-1].url.params) == {
        "unit": "610", "period": "2023", "standard": "2022-2025", "as_of": "2024-01-05T02:00:00Z", "headline": "true",
        "fields": "a,b",
    }  # fmt: skip
    with pytest.raises(ValueError, match="no offset"):
        client.get("/v1/x", as_of=datetime(2024, 1, 5, tzinfo=UTC).replace(tzinfo=None))
    client, requests = open_client(httpx.Response(200, json={}))
    client.get("/v1/x", on=date(2025, 7, 1), page=None)
    assert dict(requests[-1].url.params) == {"on": "2025-07-01"}


def test_what_is_not_json_is_bytes() -> None:
    client, requests = open_client(httpx.Response(200, text="12\r\n", headers={"Content-Type": "text/csv"}))
    assert client.download("/v1/x", "text/csv") == b"12\r\n"
    assert requests[-1].headers["Accept"] == "text/csv"


def test_all_pages_of_a_list_and_of_a_feed_are_read() -> None:
    pages = [{"items": [1, 2], "next": "c"}, {"items": [3], "next": None}]
    client, requests = open_client(*(httpx.Response(200, json=page) for page in pages))
    assert list(client.iterate("/v1/x", unit="610")) == [1, 2, 3]
    assert requests[-1].url.params["cursor"] == "c"
    assert requests[-1].url.params["unit"] == "610"
    feed = [
        {"items": [{"id": "1"}], "next": "1", "more": True},
        {"items": [{"id": "2"}], "next": "2", "more": False},
    ]
    client, requests = open_client(*(httpx.Response(200, json=page) for page in feed))
    assert [change["id"] for change in client.program("poverty").iterate_changes()] == ["1", "2"]
    assert requests[-1].url.params["after"] == "1"


def test_lines_are_answered_as_they_come_and_a_broken_link_is_no_answer() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        lines = (
            request.content if "Content-Encoding" not in request.headers else gzip.decompress(request.content)
        ).splitlines()
        results = [
            {"line": number, "idempotency_key": json.loads(line)["idempotency_key"]}
            for number, line in enumerate(lines, 1)
        ]
        return httpx.Response(
            200, content="".join(json.dumps(row) + "\n" for row in [*results, {"reports": {}}])
        )

    client, requests = open_client(echo, httpx.ReadError("cut"))
    reports: dict[str, Any] = {f"k{number}": {"unit": "610", "period": "2024"} for number in range(20)}
    assert [row["idempotency_key"] for row in client.program("poverty").submit_many(reports)] == list(reports)
    assert requests[-1].headers["Content-Type"] == "application/x-ndjson"
    with pytest.raises(NoAnswerError):
        list(client.program("poverty").submit_many(reports))


def test_tasks_share_one_token() -> None:
    requests: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request.url.path)
        return httpx.Response(200, json={"access_token": "t", "expires_in": 600, "items": [], "next": None})

    async def read_all() -> None:
        async with httpx.AsyncClient(base_url=ORIGIN, transport=httpx.MockTransport(answer)) as http:
            client = AsyncNtpClient(http, "agency", "secret")
            await asyncio.gather(*(client.get("/v1/x") for _ in range(5)))
            assert [row async for row in client.iterate("/v1/x")] == []

    asyncio.run(read_all())
    assert requests.count("/oauth/token") == 1
