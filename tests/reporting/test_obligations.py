"""Who owes what, by when, under which clause; going live; and what a phone is shown."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.periods import Period
from shared.reporting.obligations.rules import ReceivedReport, judge_timeliness

PLACE = "610"
FIRST, LAST = datetime.fromisoformat("2023-01-01"), datetime.fromisoformat("2024-12-31")


async def test_completeness_counts_nil_as_reported_and_silence_as_missing(office):
    await office.accepted(PLACE, "2023", "results", [(PLACE, "jobs", 5)])
    nil = await office.submit("611", "2023", "results", [], nil=True)
    assert nil.status_code == 201
    body = (await office.get("completeness", period="2023")).json()
    assert (body["expected"], body["reported"], body["accepted"]) == (40, 2, 1)
    assert body["reported_percent"] == 5
    owed = {(item["unit"], item["form"]): item for item in body["items"]}
    assert owed["611", "results"]["nil"] is True
    assert owed["612", "results"]["state"] == "missing"
    assert owed["612", "census"]["clause"] == "Điều 7"
    assert owed["612", "census"]["due_on"] == "2023-12-19"


async def test_on_time_is_judged_by_the_servers_receipt(office):
    office.clock.at = datetime(2023, 12, 19, 16, 59, tzinfo=UTC)  # 23:59 in Viet Nam
    households = [(commune, code, 9) for commune in office.communes(PLACE) for code in ("households", "poor")]
    await office.submit(PLACE, "2023", "census", households)
    office.clock.at = datetime(2023, 12, 19, 17, 1, tzinfo=UTC)  # past midnight there
    await office.submit(
        "611",
        "2023",
        "census",
        [(commune, code, 9) for commune in office.communes("611") for code in ("households", "poor")],
    )
    owed = {
        item["unit"]: item["timeliness"]
        for item in (await office.get("completeness", period="2023")).json()["items"]
        if item["form"] == "census"
    }
    assert (owed[PLACE], owed["611"], owed["612"]) == ("on_time", "late", "overdue")


async def test_periods_before_going_live_are_backfilled_and_not_judged(office):
    went_live = await office.put("go-lives/62", {"live_on": "2024-01-01"}, office.planner)
    assert went_live.status_code == 200
    await office.put("go-lives/611", {"live_on": "2023-01-01"}, office.planner)
    await office.submit(PLACE, "2023", "results", [(PLACE, "jobs", 5)])
    body = (await office.get("completeness", period="2023")).json()
    owed = {(item["unit"], item["form"]): item["timeliness"] for item in body["items"]}
    assert owed[PLACE, "results"] == "backfilled"
    assert owed["612", "results"] == "not_judged"
    assert owed["611", "results"] == "overdue"
    assert body["judged"] == 2
    assert body["on_time_percent"] == 0


async def test_open_obligations_are_listed_the_most_urgent_first(office):
    await office.put("go-lives/62", {"live_on": "2023-12-01"}, office.planner)
    answer = await office.get("obligations", unit=PLACE)
    items = answer.json()["items"]
    due = [item["due_on"] or "9999" for item in items]
    assert due == sorted(due)
    assert {item["unit"] for item in items} == {PLACE}
    assert ("2023-12", "results") in {(item["period"], item["form"]) for item in items}
    assert ("2023-11", "results") not in {(item["period"], item["form"]) for item in items}
    assert len(answer.content) < 8_000
    await office.accepted(PLACE, "2023-12", "results", [(PLACE, "jobs", 5)])
    left = (await office.get("obligations", unit=PLACE)).json()["items"]
    assert ("2023-12", "results") not in {(item["period"], item["form"]) for item in left}


async def test_the_list_stays_small_when_everything_of_the_last_year_is_open(office):
    """Nobody ever reported: every month, quarter and year since the end of 2022 is owed on every form."""
    for include in ("open", "all"):
        answer = await office.get("obligations", unit=PLACE, include=include)
        items = answer.json()["items"]
        assert len({(item["form"], item["period"]) for item in items}) == len(items) > 20
        assert {item["timeliness"] for item in items} >= {"overdue", "pending", "not_judged"}
        assert all(item["clause"] for item in items if item["due_on"])
        assert len(answer.content) < 350 * len(items) < 12_000


async def test_obligations_are_read_as_of_an_instant_and_by_basis(office):
    """A report is received, returned, sent again and accepted, a day between each; a unit goes live at the end."""

    async def read(**params):
        body = (await office.get("completeness", period="2023", unit=PLACE, **params)).json()
        (census,) = (item for item in body["items"] if item["form"] == "census")
        return census["state"], census["timeliness"], body["reported"]

    households = [(commune, code, 9) for commune in office.communes(PLACE) for code in ("households", "poor")]
    office.clock.at = datetime(2023, 12, 18, tzinfo=UTC)
    first = (await office.submit(PLACE, "2023", "census", households)).json()
    office.clock.move(days=1)
    await office.verdict(first, "return", reason="a column is missing")
    office.clock.move(days=1)
    second = (await office.submit(PLACE, "2023", "census", households)).json()
    office.clock.move(days=1)
    await office.verdict(second)
    office.clock.move(days=1)
    await office.put("go-lives/62", {"live_on": "2024-01-01"}, office.planner)
    office.clock.move(days=1)
    instants = [f"2023-12-{day}T12:00:00Z" for day in range(17, 23)]
    seen = [await read(as_of=instant) for instant in instants]
    assert seen == [
        ("missing", "pending", 0),
        ("submitted", "on_time", 1),
        ("missing", "pending", 0),
        ("submitted", "late", 1),
        ("accepted", "late", 1),
        ("accepted", "backfilled", 1),
    ]
    assert await read() == ("accepted", "backfilled", 1)
    assert [await read(as_of=instant, basis="accepted") for instant in instants[3:5]] == [
        ("missing", "overdue", 0),
        ("accepted", "late", 1),
    ]
    then = (await office.get("obligations", unit=PLACE, as_of=instants[2])).json()
    assert (then["today"], "census" in {item["form"] for item in then["items"]}) == ("2023-12-19", True)
    ahead = await office.get("completeness", period="2023", unit=PLACE, as_of="2031-01-01T00:00:00Z")
    assert ahead.status_code == 422


async def test_a_code_that_was_given_again_owes_what_its_latest_unit_owes(office):
    """The clock stands at the end of 2025: 23293 is the ward of 1 July 2025, and the code was another ward's before."""
    office.clock.at = datetime(2025, 12, 20, tzinfo=UTC)
    items = (await office.get("obligations", unit="23293", include="all")).json()["items"]
    assert items
    assert {item["unit_since"] for item in items} == {"2025-07-01"}
    assert min(item["period"] for item in items) >= "2025"


@given(
    due=st.none() | st.dates(date(2023, 1, 1), date(2024, 12, 31)),
    received=st.none() | st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    today=st.dates(date(2023, 1, 1), date(2025, 12, 31)),
    live_on=st.none() | st.dates(date(2022, 1, 1), date(2025, 12, 31)),
)
def test_timeliness_is_one_of_six_values_and_never_late_before_going_live(due, received, today, live_on):
    period = Period(2023)
    came = ReceivedReport("r", "submitted", received, nil=False) if received else None
    verdict = judge_timeliness(due, came, today=today, live_on=live_on, period=period)
    if live_on is not None and live_on > period.ends_on:
        assert verdict in {"backfilled", "not_judged"}
    elif due is None:
        assert verdict == "not_judged"
    elif came is None:
        assert verdict == ("overdue" if today > due else "pending")
    else:
        assert verdict in {"on_time", "late"}


def census(office, district, value):
    return [
        (commune, code, value) for commune in office.communes(district) for code in ("households", "poor")
    ]


async def census_timeliness(office, unit=PLACE):
    items = (await office.get("completeness", period="2023", unit=unit)).json()["items"]
    return next((item["state"], item["timeliness"]) for item in items if item["form"] == "census")


async def test_a_late_correction_of_a_report_in_time_is_in_time_but_not_one_after_a_return(office):
    office.clock.at = datetime(2023, 12, 1, tzinfo=UTC)
    first = await office.accepted(PLACE, "2023", "census", census(office, PLACE, 9))
    returned = (await office.submit("611", "2023", "census", census(office, "611", 9))).json()
    await office.verdict(returned, "return", reason="thiếu số liệu")
    office.clock.at = datetime(2024, 1, 10, tzinfo=UTC)
    await office.submit(PLACE, "2023", "census", census(office, PLACE, 8), supersedes=first["id"])
    await office.submit("611", "2023", "census", census(office, "611", 8))
    assert await census_timeliness(office) == ("submitted", "on_time")
    assert await census_timeliness(office, "611") == ("submitted", "late")


async def test_a_district_consolidates_the_reports_of_its_communes_by_review(office):
    office.clock.at = datetime(2023, 12, 1, tzinfo=UTC)
    *most, last = office.communes(PLACE)
    for commune in most:
        await office.accepted(commune, "2023", "census", [(commune, "households", 5), (commune, "poor", 1)])
    assert await census_timeliness(office) == ("missing", "pending")
    waiting = await office.submit(last, "2023", "census", [], nil=True)
    assert await census_timeliness(office) == ("submitted", "on_time")
    await office.verdict(waiting.json())
    assert await census_timeliness(office) == ("accepted", "on_time")
    open_here = (await office.get("obligations", unit=PLACE)).json()["items"]
    assert ("2023", "census") not in {(item["period"], item["form"]) for item in open_here}


async def test_an_unknown_unit_is_refused(office):
    answer = await office.get("obligations", unit="999")
    assert (answer.status_code, answer.json()["code"]) == (404, "unit_unknown")
