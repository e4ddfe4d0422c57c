"""Recognitions of rural in ethnic: received over the feed, answered separately from the decision, ended by revocation."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.ethnic.recognitions.actions import insert_recognition
from services.ethnic.recognitions.store import FEED
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.feed_consumer.client import ReceivedEvent
from tests.application import get_clock, get_database
from tests.ethnic.linked_services import NOW, build_linked, link_services, read_followed_feed
from tests.program_clients import read_table, to_decision

pytestmark = pytest.mark.slow

LEFT, BY_DECISION, BY_RECOGNITION, PENDING = COUNTED = (
    "communes_left_special_difficulty",
    "communes_left_by_decision",
    "communes_left_by_recognition",
    "communes_leaving_pending",
)


@pytest.fixture
async def services(build):
    async with link_services(*build(build_linked)) as linked:
        yield linked


async def read_counts(services, period="2023", **query):
    figures = await services.ethnic.read_figures(period, **query)
    return tuple(figures[code]["value"] for code in COUNTED)


async def test_the_decision_and_the_consequence_are_answered_apart(services):
    classified = await services.classify()
    recognized = await services.recognize()
    await services.consume()
    for on, region in (("2023-04-11", None), ("2023-04-12", "I"), ("2024-06-30", "I")):
        (classification,) = (await services.ethnic.get("classifications", unit="23509", on=on))["items"]
        assert (classification["region"], classification["specially_difficult"]) == ("III", True)
        assert (classification["by_rule"] and classification["by_rule"]["region"]) == region
    consequence = classification["by_rule"]
    assert (consequence["specially_difficult"], consequence["since"]) == (False, "2023-04-12")
    assert "QĐ 861/QĐ-TTg" in consequence["clause"]
    assert consequence["confidence"] == "sourced"
    received = (await services.ethnic.http.get(consequence["recognition"]["heard"])).json()
    assert (received["id"], received["decision"]) == (recognized["id"], recognized["decision"])
    assert (received["source"], received["feed"]) == (
        f"/v1/rural/recognitions/{recognized['id']}",
        "/v1/rural/changes",
    )
    read = await services.ethnic.get(f"classifications/{classified['id']}")
    assert read["by_rule"]["region"] == "I"
    assert (await services.ethnic.get("classifications"))["items"] == [read]


async def test_an_exit_by_recognition_counts_once_an_officer_confirmed_it(services):
    await services.classify()
    await services.recognize()
    assert await read_counts(services) == (0, 0, 0, 0)
    await services.consume()
    assert await read_counts(services) == (0, 0, 0, 1)
    figures = await services.ethnic.read_figures()
    assert figures[LEFT]["caveat"]["code"] == "exits_pending"
    assert "1 exits wait" in figures[LEFT]["caveat"]["text_en"]
    (pending,) = await services.ethnic.list_all(figures[PENDING]["lineage"])
    assert (pending["unit"], pending["left_on"], pending["state"]) == ("23509", "2023-04-12", "pending")
    rejected = await services.confirm(verdict="rejected")
    assert await read_counts(services) == (0, 0, 0, 0)
    (area,) = (await services.ethnic.get("areas", unit="23509", on="2023-12-31"))["items"]
    assert area["region"] == "I", "the region does not wait for an officer"
    await services.confirm()
    assert await read_counts(services) == (1, 0, 1, 0)
    assert await read_counts(services, as_of=rejected["recorded_at"]) == (0, 0, 0, 0)
    reviews = (await services.ethnic.get("exits/reviews", unit="615"))["items"]
    assert [review["verdict"] for review in reviews] == ["confirmed", "rejected"]
    exits = await services.ethnic.get("exits", period="2023")
    assert exits["counts"] == [
        {"level": "commune", "ground": "recognized", "counted": 1, "pending": 0, "rejected": 0}
    ]
    figures = await services.ethnic.read_figures()
    for code, listed in ((LEFT, 1), (BY_DECISION, 0), (BY_RECOGNITION, 1), (PENDING, 0)):
        rows = await services.ethnic.list_all(figures[code]["lineage"])
        assert [row["ground"] for row in rows] == ["recognized"] * listed
        assert figures[code]["caveat"] is None
    lineage = await services.ethnic.get(f"lineage/{LEFT}", period="2023", unit="62")
    assert (lineage["value"], lineage["register_rows"]) == (1, figures[LEFT]["lineage"])


async def test_an_exit_by_recognition_and_by_decision_is_one_exit(services):
    await services.classify()
    await services.recognize(on="2023-04-12")
    await services.consume()
    await services.classify(region="I", on="2023-11-30", number="1/QĐ-UBDT")
    assert await read_counts(services) == (1, 1, 0, 0)
    assert await read_counts(services, "2023-Q2") == (0, 0, 0, 1)
    await services.confirm()
    assert await read_counts(services, "2023-Q2") == (1, 0, 1, 0)
    assert await read_counts(services, "2023-Q4") == (0, 0, 0, 0)


async def test_a_revocation_ends_the_consequence(services):
    await services.classify()
    recognized = await services.recognize(on="2023-04-12")
    await services.revoke(recognized, on="2024-02-01")
    await services.consume()
    regions = []
    for on in ("2024-01-31", "2024-02-01"):
        (classification,) = (await services.ethnic.get("classifications", unit="23509", on=on))["items"]
        regions.append(classification["by_rule"] and classification["by_rule"]["region"])
    assert regions == ["I", None]
    await services.confirm()
    assert (await read_counts(services, "2023"), await read_counts(services, "2024")) == (
        (1, 0, 1, 0),
        (0, 0, 0, 0),
    )
    (received,) = (await services.ethnic.get("recognitions", unit="615"))["items"]
    assert received["revocation"]["decision"] == {"number": "9/QĐ-UBND", "date": "2024-02-01"}
    assert received["revocation"]["change"] > received["change"]


async def test_an_instant_before_the_recognition_was_received_is_read_again(services):
    classified = await services.classify()
    recognized = await services.recognize()
    await services.consume()
    (received,) = (await services.ethnic.get("recognitions"))["items"]
    await services.revoke(recognized, on="2023-12-01")
    await services.consume()
    answers = [
        (
            await read_counts(services, as_of=instant),
            len((await services.ethnic.get("recognitions", as_of=instant))["items"]),
        )
        for instant in (classified["recorded_at"], received["recorded_at"])
    ]
    assert answers == [((0, 0, 0, 0), 0), ((0, 0, 0, 1), 1)]
    assert await read_counts(services) == (0, 0, 0, 0)
    path = f"recognitions/{received['id']}"
    assert (await services.ethnic.get(path, as_of=received["recorded_at"]))["revocation"] is None
    assert (await services.ethnic.get(path))["revocation"] is not None


async def test_only_recognitions_of_listed_units_have_consequences(services):
    """Villages and communes that no list names, and other changes of rural pass by."""
    await services.classify("23509")
    village = {"code": "23509.01", "name": "Thôn 1", "valid_from": "2020-01-01"}
    await services.rural.create("villages", village)
    await services.recognize("23509.01", criteria_set="village_em_2022_2025", on="2023-06-15")
    await services.recognize("23515")
    await services.consume()
    assert await read_counts(services) == (0, 0, 0, 0)
    received = (await services.ethnic.get("recognitions"))["items"]
    assert {(row["unit"], row["unit_level"]) for row in received} == {
        ("23515", "commune"),
        ("23509.01", "village"),
    }
    state = await services.read_consumer_state()
    assert (state["state"], state["behind"]) == ("following", 0)


async def test_consuming_again_stores_nothing_twice(services):
    await services.classify()
    await services.recognize()
    for _ in range(3):
        await services.consume()
    assert len((await services.ethnic.get("recognitions"))["items"]) == 1
    headers = services.ethnic.make_headers("read")
    changes = (await services.ethnic.http.get("/v1/ethnic/changes", headers=headers)).json()["items"]
    assert [change["type"] for change in changes] == ["commune.classified", "commune.recognition_heard"]


@pytest.mark.parametrize("state", ["silent", "refused", "rewound", "stuck"])
async def test_a_feed_that_cannot_be_followed_is_a_caveat_of_the_figure(services, state):
    await services.classify()
    await services.recognize()
    await services.consume()
    async with get_database(services.app).writing() as session:
        if state == "silent":
            services.gateway.is_down = True
            await session.execute(text("UPDATE followed_feeds SET heard_at = heard_at - interval '1 hour'"))
        elif state == "rewound":
            await session.execute(text("UPDATE followed_feeds SET change_at = change_at - interval '1 hour'"))
    if state == "refused":
        services.consumer.client._credentials = ("service-ethnic", "another secret")
        services.consumer.client._renew_at = float("-inf")
    elif state == "stuck":
        async with get_database(services.rural.http.app).writing() as session:
            at = await lock_feed(session, get_clock(services.rural.http.app))
            await publish_events(session, at, [Event("unit.recognized", "recognitions/none", {})])
    await services.consume()
    consumer_state = await services.read_consumer_state()
    assert (consumer_state["state"], consumer_state["problem"] is None) == (state, False)
    figure = (await services.ethnic.read_figures())[LEFT]
    assert (figure["value"], figure["caveat"]["code"]) == (0, f"recognitions_{state}")
    assert figure["caveat"]["text_en"].startswith("The recognitions of the new rural program ")
    assert (await services.ethnic.read_figures())["em_households"]["caveat"] is None
    async with get_database(services.app).writing() as session:
        await session.execute(text("UPDATE followed_feeds SET reached_at = reached_at - interval '1 hour'"))
    earlier = {"as_of": (NOW - timedelta(hours=2)).isoformat()}
    assert (await services.ethnic.read_figures(**earlier))[LEFT]["caveat"] is None
    vintage = {
        "name": "KH 570",
        "unit": "62",
        "period": "2023",
        "document": {"number": "570/KH-UBND", "date": "2024-02-19"},
    }
    published = await services.ethnic.http.post(
        "/v1/ethnic/publications", json=vintage, headers=services.ethnic.make_headers("review")
    )
    frozen = {figure_row["indicator"]: figure_row["caveat"] for figure_row in published.json()["figures"]}
    assert frozen[LEFT] == figure["caveat"]


async def test_without_a_client_nothing_is_followed_and_the_figure_has_a_caveat(clients):
    state = await read_followed_feed(clients, FEED)
    assert (state["feed"], state["state"]) == ("/v1/rural/changes", "off")
    assert (await clients.read_figures())[LEFT]["caveat"]["code"] == "recognitions_off"
    response = await clients.http.get("/v1/ethnic/recognitions/01890a5d-ac96-774b-bcce-b302099a8057")
    assert (response.status_code, response.json()["code"]) == (404, "recognition_unheard")


async def test_the_consumer_runs_in_the_background_and_requests_do_not_wait_for_it(database):
    async with link_services(*build_linked(database, follow_every_seconds=0.02)) as services:
        services.gateway.hangs = True
        assert (await services.ethnic.http.get("/readyz")).status_code == 200
    async with link_services(*build_linked(database, follow_every_seconds=0.02)) as services:
        await services.classify()
        await services.recognize()
        for _ in range(500):
            if (await read_counts(services))[3] == 1:
                break
        assert await read_counts(services) == (0, 0, 0, 1)


async def test_the_demo_has_six_exits_by_decisions_and_by_recognitions(services):
    """Plan 570's six exits: by the decisions of the demo's table, by the recognitions of 2023, and by both."""
    classifications = read_table("ethnic_classifications")
    before, after = ([row for row in classifications if row["region"] == region] for region in ("III", "I"))
    for row in before:
        await services.classify(row["unit"], "III", row["effective_on"], row["decision_number"])
    for row in read_table("rural_recognitions"):
        if row["level"] == "meets" and "." not in row["unit"]:
            await services.recognize(
                row["unit"],
                criteria_set=row["criteria_set"],
                decision=to_decision(row),
                year=int(row["year"]),
            )
    await services.consume()
    assert await read_counts(services) == (0, 0, 0, 6)
    for row in after:
        await services.classify(row["unit"], "I", row["effective_on"], row["decision_number"])
    assert await read_counts(services) == (6, 6, 0, 0)
    assert (await read_counts(services, "2022"), await read_counts(services, "2024")) == (
        (0, 0, 0, 0),
        (0, 0, 0, 0),
    )


async def read_region(services, on, unit="23509"):
    area = await services.ethnic.get(f"areas/{unit}", on=on)
    return area["region"], area["specially_difficult"]


async def test_the_region_follows_the_day_on_which_a_decision_takes_effect(services):
    """III on 19/4, I on 20/4, III again once revoked; rural is down for a day meanwhile, and an event comes twice."""
    await services.classify()
    await services.rural.create(
        "villages", {"code": "23509.01", "name": "Thôn 1", "valid_from": "2020-01-01"}
    )
    await services.consume()
    services.gateway.is_down = True
    recognized = await services.recognize(on="2023-04-12", effective_on="2023-04-20")
    await services.consume()
    assert await read_region(services, "2023-04-20") == ("III", True)
    assert (await services.ethnic.read_figures())[LEFT]["value"] == 0
    services.gateway.is_down = False
    await services.consume()
    for on, region in (
        ("2023-04-12", ("III", True)),
        ("2023-04-19", ("III", True)),
        ("2023-04-20", ("I", False)),
    ):
        assert await read_region(services, on) == region, on
    (kind,) = (await services.ethnic.get("areas/23509", on="2023-04-20"))["kinds"]
    assert (kind["region_by_decision"], kind["rule"]["becomes"], kind["rule"]["confidence"]) == (
        "III",
        "I",
        "sourced",
    )
    assert kind["rule"]["recognition"]["decided_on"] == "2023-04-12"
    assert "unsure" in kind["rule"]["revocation_confidence"]
    assert await read_counts(services) == (0, 0, 0, 1)

    headers = services.rural.make_headers("read")
    changes = (await services.rural.http.get("/v1/rural/changes", headers=headers)).json()["items"]
    (change,) = (change for change in changes if change["type"] == "unit.recognized")
    received = ReceivedEvent(int(change["id"]), NOW, change["type"], change["subject"], change["data"])
    async with get_database(services.app).writing() as session:
        assert await insert_recognition(session, received, NOW) == []
    assert len((await services.ethnic.get("recognitions"))["items"]) == 1
    assert await read_counts(services) == (0, 0, 0, 1)

    await services.revoke(recognized, on="2023-10-01")
    await services.consume()
    assert await read_region(services, "2023-09-30") == ("I", False)
    assert await read_region(services, "2023-10-01") == ("III", True)
    assert await read_counts(services) == (0, 0, 0, 0)
