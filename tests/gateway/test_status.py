"""The status: composed of parts that may fail on their own, shared, remembered and healed."""

import asyncio
import time

import pytest

from gateway.app import create_app
from gateway.composition import parts as parts_module
from tests.gateway.conftest import settings_of, speaking_to
from tests.gateway.neighbours import ledger, progress
from tests.gateway.status import ALL_FRESH, STATUS, states, values
from tests.postgres import free_port

pytestmark = pytest.mark.usefixtures("asked_every_time")


async def test_the_whole_picture_in_one_answer(gateway, neighbours):
    answer = await gateway.get(STATUS)
    said = answer.json()
    assert list(said) == ["unit", "period", "basis", "as_of", "complete", "programs", "funding"]
    assert said["unit"] == {"code": "62", "name": "Kon Tum"}
    assert (said["period"], said["basis"], said["complete"]) == ("2023", "accepted", True)
    assert said["as_of"] == "2024-01-06T02:00:00Z"
    assert [part["program"] for part in said["programs"]] == ["rural", "poverty", "ethnic"]
    assert said["programs"][1]["figures"] == progress("poverty")["figures"]
    assert (said["programs"][0]["state"], said["programs"][0]["age_seconds"]) == ("fresh", 0)
    assert said["funding"]["rows"][0]["allocated_vnd"] == 1274696000000
    assert said["funding"]["sources"] == [{"source": "local_budget"}]
    assert (said["funding"]["year"], said["funding"]["until"]) == (2023, None)
    assert answer.headers["age"] == "0"
    assert (
        answer.headers["status-parts"]
        == "rural=fresh;age=0, poverty=fresh;age=0, ethnic=fresh;age=0, funding=fresh;age=0"
    )
    method, target, headers, _ = neighbours["poverty"].requests[0]
    assert (method, target) == (
        "GET",
        "/v1/poverty/progress?period=2023&unit=62&basis=accepted&headline=true",
    )
    assert "authorization" not in headers
    assert headers["x-request-id"] == answer.headers["x-request-id"]
    assert neighbours["funding"].requests[0][1] == "/v1/funding/status?year=2023&unit=62"


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
async def test_money_of_a_shorter_period_is_that_of_its_year_until_its_last_day(
    gateway, neighbours, period, until
):
    neighbours["funding"].answer = {**ledger(), "until": until}
    said = (await gateway.get(f"/v1/status?period={period}&unit=62")).json()["funding"]
    assert (said["state"], said["year"], said["until"]) == ("fresh", int(period[:4]), until)
    asked = f"/v1/funding/status?year={period[:4]}&unit=62&until={until}"
    assert [target for _, target, *_ in neighbours["funding"].requests] == [asked]


async def test_what_is_last_known_parts_of_a_quarter_is_not_said_of_another_or_of_the_year(
    gateway, neighbours
):
    funding = neighbours["funding"]
    funding.answer = {**ledger(), "until": "2023-09-30", "rows": [{"capital": "total", "disbursed_vnd": 9}]}
    third = "/v1/status?period=2023-Q3"
    fresh = await gateway.get(third)
    funding.status, funding.answer = 500, {}
    stale = (await gateway.get(third)).json()["funding"]
    assert (stale["state"], stale["until"], stale["rows"]) == (
        "stale",
        "2023-09-30",
        fresh.json()["funding"]["rows"],
    )
    for period, until in (("2023-Q2", "2023-06-30"), ("2023-Q4", "2023-12-31"), ("2023", None)):
        missing = (await gateway.get(f"/v1/status?period={period}")).json()["funding"]
        assert (missing["state"], missing["until"], missing["rows"]) == ("unavailable", until, [])


async def test_a_ledger_that_knows_no_such_day_is_not_said_to_have_cut(gateway, neighbours):
    """While services are replaced one by one, an older ledger answers with the whole year; it is shown as that."""
    said = (await gateway.get("/v1/status?period=2023-Q3")).json()["funding"]
    assert (said["rows"], said["until"]) == (neighbours["funding"].answer["rows"], None)


async def test_the_tag_stands_still_while_nothing_changes(gateway, neighbours):
    first = await gateway.get(STATUS)
    tag = first.headers["etag"]
    same = await gateway.get(STATUS, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert "status-parts" in same.headers
    neighbours["rural"].answer = progress("rural", 2.5)
    changed = await gateway.get(STATUS, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_parts_are_asked_only_for_what_changed(gateway, neighbours):
    neighbours["rural"].tag = 'W/"1"'
    first = await gateway.get(STATUS)
    second = await gateway.get(STATUS)
    assert "if-none-match" not in neighbours["rural"].requests[0][2]
    assert neighbours["rural"].requests[1][2]["if-none-match"] == 'W/"1"'
    assert second.json() == first.json()
    assert states(second) == ALL_FRESH


async def test_identical_reads_at_one_moment_share_one_fetch(gateway, neighbours):
    neighbours["rural"].waits = asyncio.Event()
    reads = [asyncio.create_task(gateway.get(STATUS)) for _ in range(20)]
    await asyncio.sleep(0.2)
    neighbours["rural"].waits.set()
    answers = await asyncio.gather(*reads)
    assert {len(neighbour.requests) for neighbour in neighbours.values()} == {1}
    assert {answer.text for answer in answers} == {answers[0].text}


async def test_a_part_confirmed_a_moment_ago_is_not_asked_again(gateway, neighbours, monkeypatch):
    monkeypatch.setattr(parts_module, "FRESH_FOR_S", 0.3)
    await gateway.get(STATUS)
    neighbours["rural"].answer = progress("rural", 2.5)
    again = await gateway.get(STATUS)
    assert (states(again), values(again)) == (ALL_FRESH, {1.5})
    assert len(neighbours["rural"].requests) == 1
    await asyncio.sleep(0.35)
    assert values(await gateway.get(STATUS)) == {1.5, 2.5}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_whoever_writes_through_the_gateway_reads_what_it_wrote(
    gateway, neighbours, monkeypatch, method
):
    monkeypatch.setattr(parts_module, "FRESH_FOR_S", 60.0)
    await gateway.get(STATUS)
    neighbours["rural"].answer = progress("rural", 2.5)
    await gateway.get("/v1/rural/reports")
    assert values(await gateway.get(STATUS)) == {1.5}
    await gateway.request(method, "/v1/rural/reports/1/accept")
    assert values(await gateway.get(STATUS)) == {1.5, 2.5}
    assert len(neighbours["poverty"].requests) == 1


async def test_a_write_is_seen_even_by_a_read_that_finds_another_in_flight(gateway, neighbours):
    rural = neighbours["rural"]
    rural.waits = slow = asyncio.Event()
    before = asyncio.create_task(gateway.get(STATUS))
    await asyncio.sleep(0.1)
    rural.waits = None
    await gateway.post("/v1/rural/reports")
    after = await gateway.get(STATUS)
    assert states(after) == ALL_FRESH
    slow.set()
    await before
    assert len([target for _, target, *_ in rural.requests if "progress" in target]) == 2


async def test_a_part_never_seen_is_unavailable_and_says_why(common_database, urls):
    urls["ethnic"] = f"http://127.0.0.1:{free_port()}"
    async with speaking_to(create_app(settings_of(common_database, urls))) as client:
        answer = await client.get(STATUS, headers={"Accept-Language": "en"})
        strict = await client.get(f"{STATUS}&require=all", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert states(answer) == {**ALL_FRESH, "ethnic": "unavailable"}
    assert answer.json()["complete"] is False
    missing = answer.json()["programs"][2]
    assert (missing["age_seconds"], missing["figures"]) == (None, [])
    assert (missing["problem"]["code"], missing["problem"]["service"]) == ("upstream_unavailable", "ethnic")
    assert "ethnic=unavailable" in answer.headers["status-parts"]
    assert (strict.status_code, strict.json()["code"]) == (503, "status_incomplete")
    assert "ethnic (unavailable)" in strict.json()["detail"]
    assert strict.headers["retry-after"] == "1"


async def test_everything_down_still_answers(common_database):
    urls = {name: f"http://127.0.0.1:{free_port()}" for name in ALL_FRESH}
    async with speaking_to(create_app(settings_of(common_database, urls))) as client:
        answer = await client.get(f"{STATUS}&unit=610")
    assert answer.status_code == 200
    assert set(states(answer).values()) == {"unavailable"}
    assert answer.json()["as_of"] is None
    assert answer.json()["unit"] == {"code": "610", "name": "Đăk Glei"}


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_failing_part_is_stale_with_its_age_and_heals(gateway, neighbours, status):
    fresh = await gateway.get(STATUS)
    poverty = neighbours["poverty"]
    poverty.status, said = status, poverty.answer
    poverty.answer = {"code": "busy"}
    await asyncio.sleep(1.1)
    stale = await gateway.get(STATUS)
    assert states(stale) == {**ALL_FRESH, "poverty": "stale"}
    part = stale.json()["programs"][1]
    assert part["figures"] == fresh.json()["programs"][1]["figures"]
    assert part["age_seconds"] == 1
    assert "problem" not in part
    assert stale.headers["age"] == "1"
    assert stale.headers["etag"] != fresh.headers["etag"]
    poverty.status, poverty.answer = 200, said
    assert states(await gateway.get(STATUS)) == ALL_FRESH


async def test_the_tag_of_a_stale_answer_stands_still_while_it_ages(gateway, neighbours):
    await gateway.get(STATUS)
    neighbours["rural"].status = 500
    first = await gateway.get(STATUS)
    await asyncio.sleep(1.1)
    later = await gateway.get(STATUS, headers={"If-None-Match": first.headers["etag"]})
    assert later.status_code == 304
    assert later.headers["age"] == "1"


async def test_a_hanging_part_costs_one_read_its_deadline_and_the_next_ones_a_moment(gateway, neighbours):
    await gateway.get(STATUS)
    rural = neighbours["rural"]
    rural.waits = asyncio.Event()

    async def timed():
        begun = time.monotonic()
        answer = await gateway.get(STATUS)
        return states(answer)["rural"], time.monotonic() - begun

    first, second = await timed(), await timed()
    assert first[0] == second[0] == "stale"
    assert 1.1 < first[1] < 1.9
    assert second[1] < 0.5
    rural.waits.set()
    rural.waits = None
    await asyncio.sleep(0.05)
    assert (await timed())[0] == "fresh"


async def test_a_part_that_hung_for_good_heals_within_five_seconds(gateway, neighbours, monkeypatch):
    monkeypatch.setattr(parts_module, "FETCH_TIMEOUT_S", 0.5)
    rural = neighbours["rural"]
    rural.waits = asyncio.Event()
    assert states(await gateway.get(STATUS))["rural"] == "unavailable"
    held, rural.waits = rural.waits, None
    await asyncio.sleep(0.6)
    assert states(await gateway.get(STATUS)) == ALL_FRESH
    held.set()


async def test_an_answer_that_came_too_late_is_used_by_the_next_read(common_database, urls, neighbours):
    async with speaking_to(create_app(settings_of(common_database, urls, part_within_s=0.1))) as client:
        rural = neighbours["rural"]
        rural.waits = asyncio.Event()
        assert states(await client.get(STATUS))["rural"] == "unavailable"
        rural.waits.set()
        await asyncio.sleep(0.1)
        rural.status = 500
        assert states(await client.get(STATUS))["rural"] == "stale"


async def test_nonsense_from_a_service_is_no_part(gateway, neighbours):
    neighbours["rural"].answer = ["not", "an", "object"]
    neighbours["funding"].answer = {"rows": "many"}
    answer = await gateway.get(STATUS)
    assert states(answer)["rural"] == "unavailable"
    assert answer.json()["funding"]["rows"] == []


async def test_a_question_that_services_refuse_is_refused(gateway, neighbours):
    for name in ("rural", "poverty", "ethnic"):
        neighbours[name].status = 404
        neighbours[name].answer = {"code": "unit_unknown", "status": 404, "instance": f"/v1/{name}/progress"}
    answer = await gateway.get(f"{STATUS}&unit=617")
    assert (answer.status_code, answer.json()["code"]) == (404, "unit_unknown")
    assert answer.json()["instance"] == "/v1/status"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("period=2023-Q9", 422, "period_invalid"),
        ("", 422, "invalid"),
        ("period=2023&unit=6", 422, "invalid"),
        ("period=2023&unit=../../x", 404, "unit_unknown"),
        ("period=2023&unit=51", 404, "unit_unknown_on_date"),
        ("period=2023&basis=rumour", 422, "invalid"),
        ("period=2023&require=some", 422, "invalid"),
    ],
)
async def test_a_question_that_makes_no_sense_reaches_no_service(gateway, neighbours, query, status, code):
    answer = await gateway.get(f"/v1/status?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not any(neighbour.requests for neighbour in neighbours.values())


async def test_memory_is_bounded(gateway, monkeypatch):
    monkeypatch.setattr(parts_module, "MAX_LAST_KNOWN", 6)
    for year in range(2010, 2020):
        await gateway.get(f"/v1/status?period={year}")
    assert len(gateway.app.state.parts._last_known_parts) == 6
    assert not gateway.app.state.parts._fetches
