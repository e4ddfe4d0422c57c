"""The status: composed of parts that may fail alone; requests are shared, last known values are kept."""

import asyncio
from types import SimpleNamespace

import pytest

from gateway.app import create_app
from gateway.composition import api as api_module
from gateway.composition import composed_answers
from gateway.composition import parts as parts_module
from gateway.composition.parts import FETCH_TIMEOUT_S
from gateway.composition.status import compose_status
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.status import (
    ALL_FRESH,
    STATUS,
    find_part_fetcher,
    read_states,
    read_values,
    wait_for_fetches,
)
from tests.gateway.upstream_stubs import make_funding_status, make_progress
from tests.postgres import free_port
from tests.waiting import PATIENCE_SECONDS, poll_until

pytestmark = pytest.mark.usefixtures("no_fresh_parts")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The monotonic clock of the composed answers: it stands at `now` until a test changes it."""
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    for module in (parts_module, api_module, composed_answers):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def part_requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The services whose part was requested, in order."""
    services = []
    fetch = parts_module.PartFetcher.fetch

    async def record(self, request, authorization):
        services.append(request.service)
        return await fetch(self, request, authorization)

    monkeypatch.setattr(parts_module.PartFetcher, "fetch", record)
    return services


async def test_one_answer_holds_all_parts(gateway, upstreams):
    response = await gateway.get(STATUS)
    status = response.json()
    assert list(status) == [
        "unit",
        "period",
        "basis",
        "as_of",
        "complete",
        "programs",
        "funding",
        "oversight",
    ]
    assert status["unit"] == {"code": "62", "name": "Kon Tum", "kind": "tinh", "since": "2004-07-08"}
    assert (status["period"], status["basis"], status["complete"]) == ("2023", "accepted", True)
    assert status["as_of"] == "2024-01-06T02:00:00Z"
    assert [part["program"] for part in status["programs"]] == ["rural", "poverty", "ethnic"]
    assert status["programs"][1]["figures"] == make_progress("poverty")["figures"]
    assert (status["programs"][0]["state"], status["programs"][0]["age_seconds"]) == ("fresh", 0)
    assert status["funding"]["total"]["allocated_vnd"] == 1274696000000
    assert [row["capital"] for row in status["funding"]["rows"]] == ["investment"]
    assert status["funding"]["sources"] == [{"source": "local_budget"}]
    assert (status["funding"]["year"], status["funding"]["until"]) == (2023, None)
    assert response.headers["age"] == "0"
    assert (
        response.headers["status-parts"]
        == "rural=fresh;age=0, poverty=fresh;age=0, ethnic=fresh;age=0, oversight=fresh;age=0, funding=fresh;age=0"
    )
    method, target, headers, _ = upstreams["poverty"].requests[0]
    assert (method, target) == (
        "GET",
        "/v1/poverty/progress?period=2023&unit=62&basis=accepted&headline=true",
    )
    assert "authorization" not in headers
    assert headers["x-request-id"] == response.headers["x-request-id"]
    assert upstreams["funding"].requests[0][1] == "/v1/funding/status?year=2023&unit=62"


@pytest.mark.parametrize(
    ("period", "until"),
    [
        ("2023-Q1", "2023-03-31"),
        ("2023-Q3", "2023-09-30"),
        ("2023-S1", "2023-06-30"),
        ("2024-02", "2024-02-29"),
        ("2023-Q4", "2023-12-31"),
    ],
)
async def test_the_money_of_a_shorter_period_is_that_of_its_year_until_its_last_day(
    gateway, upstreams, period, until
):
    upstreams["funding"].answer = {**make_funding_status(), "until": until}
    funding = (await gateway.get(f"/v1/status?period={period}&unit=62")).json()["funding"]
    assert (funding["state"], funding["year"], funding["until"]) == ("fresh", int(period[:4]), until)
    expected = f"/v1/funding/status?year={period[:4]}&unit=62&until={until}"
    assert [target for _, target, *_ in upstreams["funding"].requests] == [expected]


async def test_the_last_known_money_of_a_quarter_is_not_shown_for_another_period(gateway, upstreams):
    funding = upstreams["funding"]
    funding.answer = {
        **make_funding_status(),
        "until": "2023-09-30",
        "rows": [{"capital": "total", "disbursed_vnd": 9}],
    }
    path = "/v1/status?period=2023-Q3"
    fresh = await gateway.get(path)
    funding.status, funding.answer = 500, {}
    stale = (await gateway.get(path)).json()["funding"]
    assert (stale["state"], stale["until"], stale["rows"]) == (
        "stale",
        "2023-09-30",
        fresh.json()["funding"]["rows"],
    )
    for period, until in (("2023-Q2", "2023-06-30"), ("2023-Q4", "2023-12-31"), ("2023", None)):
        missing = (await gateway.get(f"/v1/status?period={period}")).json()["funding"]
        assert (missing["state"], missing["until"], missing["rows"]) == ("unavailable", until, [])


async def test_money_of_the_whole_year_has_no_last_day(gateway, upstreams):
    """During an upgrade an older ledger answers for the whole year, and the status says so."""
    funding = (await gateway.get("/v1/status?period=2023-Q3")).json()["funding"]
    assert (funding["rows"], funding["until"]) == (upstreams["funding"].answer["rows"], None)


async def test_the_etag_is_stable_while_nothing_changes(gateway, upstreams):
    first = await gateway.get(STATUS)
    etag = first.headers["etag"]
    same = await gateway.get(STATUS, headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert "status-parts" in same.headers
    upstreams["rural"].answer = make_progress("rural", 2.5)
    changed = await gateway.get(STATUS, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


async def test_parts_are_fetched_with_their_etag(gateway, upstreams):
    upstreams["rural"].etag = 'W/"1"'
    first = await gateway.get(STATUS)
    second = await gateway.get(STATUS)
    assert "if-none-match" not in upstreams["rural"].requests[0][2]
    assert upstreams["rural"].requests[1][2]["if-none-match"] == 'W/"1"'
    assert second.json() == first.json()
    assert read_states(second) == ALL_FRESH


async def test_an_answer_is_composed_once_while_its_parts_are_the_same(gateway, upstreams, monkeypatch):
    composed = []

    def compose_and_count(*parts, **more):
        composed.append(more["path"])
        return compose_status(*parts, **more)

    monkeypatch.setattr(api_module, "compose_status", compose_and_count)
    for upstream in upstreams.values():
        upstream.etag = 'W/"1"'
    first, second = await gateway.get(STATUS), await gateway.get(STATUS)
    assert (second.content, len(composed)) == (first.content, 1)
    assert second.headers["status-parts"] == first.headers["status-parts"]
    same = await gateway.get(STATUS, headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, len(composed)) == (304, 1)
    english = await gateway.get(STATUS, headers={"Accept-Language": "en"})
    assert (english.status_code, len(composed)) == (200, 2)
    upstreams["rural"].answer, upstreams["rural"].etag = make_progress("rural", 2.5), 'W/"2"'
    assert read_values(await gateway.get(STATUS)) == {1.5, 2.5}
    assert len(composed) == 3


async def test_simultaneous_reads_share_one_fetch(gateway, upstreams, part_requests):
    upstreams["rural"].released = asyncio.Event()
    reads = [asyncio.create_task(gateway.get(STATUS)) for _ in range(20)]
    await poll_until(lambda: len(part_requests) == 20 * len(upstreams))
    upstreams["rural"].released.set()
    responses = await asyncio.gather(*reads)
    assert {len(upstream.requests) for upstream in upstreams.values()} == {1}
    assert {response.text for response in responses} == {responses[0].text}


async def test_a_part_that_was_just_confirmed_is_not_fetched_again(gateway, upstreams, monkeypatch, clock):
    monkeypatch.setattr(parts_module, "FRESH_FOR_S", 0.3)
    await gateway.get(STATUS)
    upstreams["rural"].answer = make_progress("rural", 2.5)
    again = await gateway.get(STATUS)
    assert (read_states(again), read_values(again)) == (ALL_FRESH, {1.5})
    assert len(upstreams["rural"].requests) == 1
    clock.now += 0.35
    assert read_values(await gateway.get(STATUS)) == {1.5, 2.5}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_client_that_writes_through_the_gateway_reads_what_it_wrote(
    writer, upstreams, monkeypatch, method
):
    monkeypatch.setattr(parts_module, "FRESH_FOR_S", 60.0)
    await writer.get(STATUS)
    upstreams["rural"].answer = make_progress("rural", 2.5)
    await writer.get("/v1/rural/reports")
    assert read_values(await writer.get(STATUS)) == {1.5}
    await writer.request(method, "/v1/rural/reports/1/accept")
    assert read_values(await writer.get(STATUS)) == {1.5, 2.5}
    assert len(upstreams["poverty"].requests) == 1


async def test_a_read_after_a_write_does_not_share_a_fetch_from_before(writer, upstreams):
    rural = upstreams["rural"]
    rural.released = released = asyncio.Event()
    before = asyncio.create_task(writer.get(STATUS))
    await poll_until(lambda: rural.requests)
    rural.released = None
    await writer.post("/v1/rural/reports")
    after = await writer.get(STATUS)
    assert read_states(after) == ALL_FRESH
    released.set()
    await before
    assert len([target for _, target, *_ in rural.requests if "progress" in target]) == 2


async def test_a_part_that_was_never_fetched_is_unavailable_with_its_problem(common_database, urls):
    urls["ethnic"] = f"http://127.0.0.1:{free_port()}"
    async with open_gateway(create_app(make_settings(common_database, urls))) as client:
        response = await client.get(STATUS, headers={"Accept-Language": "en"})
        strict = await client.get(f"{STATUS}&require=all", headers={"Accept-Language": "en"})
    assert response.status_code == 200
    assert read_states(response) == {**ALL_FRESH, "ethnic": "unavailable"}
    assert response.json()["complete"] is False
    missing = response.json()["programs"][2]
    assert (missing["age_seconds"], missing["figures"]) == (None, [])
    assert (missing["problem"]["code"], missing["problem"]["service"]) == ("upstream_unavailable", "ethnic")
    assert "ethnic=unavailable" in response.headers["status-parts"]
    assert (strict.status_code, strict.json()["code"]) == (503, "status_incomplete")
    assert "ethnic (unavailable)" in strict.json()["detail"]
    assert strict.headers["retry-after"] == "1"


async def test_a_part_that_was_never_fetched_is_waited_for_once(
    common_database, urls, upstreams, monkeypatch
):
    monkeypatch.setattr(parts_module, "UNSEEN_PART_WAIT_S", PATIENCE_SECONDS)
    rural, ethnic = upstreams["rural"], upstreams["ethnic"]
    rural.status, before = 503, rural.answer
    ethnic.released = asyncio.Event()
    async with open_gateway(create_app(make_settings(common_database, urls, part_within_s=0.1))) as client:
        reading = asyncio.create_task(client.get(f"{STATUS}&require=all"))
        await poll_until(lambda: len(rural.requests) > 1 and ethnic.requests)
        rural.status, rural.answer = 200, before
        ethnic.released.set()
        assert (await reading).status_code == 200

        monkeypatch.setattr(parts_module, "UNSEEN_PART_WAIT_S", 0.2)
        rural.status = 503
        other = STATUS.replace("2023", "2022")
        assert read_states(await client.get(other))["rural"] == "unavailable"
        requests = len(rural.requests)
        assert read_states(await client.get(other))["rural"] == "unavailable"
        assert len(rural.requests) == requests + 1


async def test_the_status_answers_when_all_services_are_down(common_database):
    urls = {name: f"http://127.0.0.1:{free_port()}" for name in ALL_FRESH}
    async with open_gateway(create_app(make_settings(common_database, urls))) as client:
        response = await client.get(f"{STATUS}&unit=610")
    assert response.status_code == 200
    assert set(read_states(response).values()) == {"unavailable"}
    assert response.json()["as_of"] is None
    assert response.json()["unit"] == {
        "code": "610",
        "name": "Đăk Glei",
        "kind": "huyen",
        "since": "2004-07-08",
    }


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_failing_part_is_stale_with_its_age_until_it_recovers(gateway, upstreams, clock, status):
    fresh = await gateway.get(STATUS)
    poverty = upstreams["poverty"]
    poverty.status, before = status, poverty.answer
    poverty.answer = {"code": "busy"}
    clock.now += 1.1
    stale = await gateway.get(STATUS)
    assert read_states(stale) == {**ALL_FRESH, "poverty": "stale"}
    part = stale.json()["programs"][1]
    assert part["figures"] == fresh.json()["programs"][1]["figures"]
    assert part["age_seconds"] == 1
    assert "problem" not in part
    assert stale.headers["age"] == "1"
    assert stale.headers["etag"] != fresh.headers["etag"]
    poverty.status, poverty.answer = 200, before
    assert read_states(await gateway.get(STATUS)) == ALL_FRESH


async def test_the_etag_of_a_stale_answer_is_stable_while_it_ages(gateway, upstreams, clock):
    await gateway.get(STATUS)
    upstreams["rural"].status = 500
    first = await gateway.get(STATUS)
    clock.now += 1.1
    later = await gateway.get(STATUS, headers={"If-None-Match": first.headers["etag"]})
    assert later.status_code == 304
    assert later.headers["age"] == "1"


async def test_only_the_first_read_waits_long_for_a_hanging_part(
    common_database, urls, upstreams, monkeypatch
):
    timeouts = []

    async def wait(tasks, *, timeout):  # noqa: ASYNC109 (the signature of asyncio.wait)
        timeouts.append(timeout)
        return await asyncio.wait(tasks, timeout=timeout)

    async with open_gateway(create_app(make_settings(common_database, urls))) as client:
        await client.get(STATUS)
        find_part_fetcher(client).within_s = 0.3
        monkeypatch.setattr(parts_module, "asyncio", SimpleNamespace(**{**vars(asyncio), "wait": wait}))
        rural = upstreams["rural"]
        rural.released = released = asyncio.Event()
        assert read_states(await client.get(STATUS))["rural"] == "stale"
        assert 0.1 < max(timeouts) <= 0.3
        timeouts.clear()
        assert read_states(await client.get(STATUS))["rural"] == "stale"
        assert min(timeouts) <= parts_module.SILENT_SERVICE_WAIT_S
        rural.released = None
        released.set()


async def test_what_was_written_through_another_gateway_is_never_called_fresh_while_it_is_old(
    common_database, urls, upstreams, monkeypatch
):
    monkeypatch.setattr(parts_module, "FRESH_FOR_S", 3600.0)
    rural = upstreams["rural"]
    for stub in upstreams.values():
        stub.position = 1
    async with open_gateway(create_app(make_settings(common_database, urls))) as gateway:
        await gateway.get(STATUS)
        assert read_states(await gateway.get(STATUS)) == ALL_FRESH
        assert len(rural.requests) == 1, "nothing changed, so memory answers"
        rural.answer, rural.position = (
            make_progress("rural", 7.5),
            2,
        )  # nothing of it passed through this gateway
        program = (await gateway.get(STATUS)).json()["programs"][0]
        assert (program["state"], program["figures"][0]["value"]) == ("fresh", 7.5)
        assert rural.requests[-1][2]["ntp-after"] == "rural=2"
        assert [len(stub.requests) for stub in upstreams.values()] == [2, 1, 1, 1, 1]


async def test_a_part_that_hangs_is_fetched_again_after_the_timeout(gateway, upstreams, monkeypatch):
    rural = upstreams["rural"]
    rural.released = released = asyncio.Event()
    with monkeypatch.context() as patch:
        patch.setattr(parts_module, "FETCH_TIMEOUT_S", 0.5)
        assert read_states(await gateway.get(STATUS))["rural"] == "unavailable"
    rural.released = None
    assert read_states(await gateway.get(STATUS)) == ALL_FRESH
    released.set()


def test_a_part_is_fresh_again_within_five_seconds():
    assert FETCH_TIMEOUT_S + parts_module.SILENT_SERVICE_WAIT_S + parts_module.FRESH_FOR_S < 5


async def test_the_next_read_uses_an_answer_that_came_too_late(common_database, urls, upstreams, monkeypatch):
    app = create_app(make_settings(common_database, urls, part_within_s=0.1))
    async with open_gateway(app) as client:
        rural = upstreams["rural"]
        rural.released = asyncio.Event()
        assert read_states(await client.get(STATUS))["rural"] == "unavailable"
        rural.released.set()
        await wait_for_fetches(client)
        rural.status = 500
        assert read_states(await client.get(STATUS))["rural"] == "stale"


async def test_an_unusable_answer_of_a_service_is_no_part(gateway, upstreams):
    upstreams["rural"].answer = ["not", "an", "object"]
    upstreams["funding"].answer = {"rows": "many"}
    response = await gateway.get(STATUS)
    assert read_states(response)["rural"] == "unavailable"
    assert (response.json()["funding"]["rows"], response.json()["funding"]["total"]) == ([], None)


async def test_a_request_that_the_services_refuse_is_refused(gateway, upstreams):
    for name in ("rural", "poverty", "ethnic"):
        upstreams[name].status = 404
        upstreams[name].answer = {"code": "unit_unknown", "status": 404, "instance": f"/v1/{name}/progress"}
    response = await gateway.get(f"{STATUS}&unit=617")
    assert (response.status_code, response.json()["code"]) == (404, "unit_unknown")
    assert response.json()["instance"] == "/v1/status"
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("period=2023-Q9", 422, "period_invalid"),
        ("period=2023&unit=6", 422, "invalid"),
        ("period=2023&unit=../../x", 404, "unit_unknown"),
        ("period=2023&unit=11948", 404, "unit_unknown_on_date"),
        ("period=2023&basis=rumour", 422, "invalid"),
        ("period=2023&require=some", 422, "invalid"),
    ],
)
async def test_an_invalid_request_reaches_no_service(gateway, upstreams, query, status, code):
    response = await gateway.get(f"/v1/status?{query}")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not any(upstream.requests for upstream in upstreams.values())


async def test_the_last_known_parts_are_bounded(gateway, monkeypatch):
    monkeypatch.setattr(parts_module, "MAX_REMEMBERED_PARTS", 6)
    for year in range(2010, 2020):
        await gateway.get(f"/v1/status?period={year}")
    assert len(find_part_fetcher(gateway)._confirmed_documents) == 6
    assert not find_part_fetcher(gateway)._fetches
