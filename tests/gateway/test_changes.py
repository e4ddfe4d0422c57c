"""The one feed: every change once and in order, filters, services that are away, waiting, a batch of CloudEvents."""

import asyncio
import json

import pytest

from gateway.app import create_app
from gateway.changes import joining
from gateway.changes.rules import (
    FeedCursorInvalid,
    ServiceFeedPage,
    decode_cursor,
    encode_cursor,
    join_pages,
)
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.upstream_stubs import UpstreamStub, serve_all

NAMES = ("rural", "poverty")


class FeedStub(UpstreamStub):
    """A service with a feed."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.changes = []

    def add(self, second, kind="report.submitted", **data):
        number = len(self.changes) + 1
        self.changes.append(
            {
                "specversion": "1.0",
                "id": str(number),
                "source": f"/v1/{self.name}",
                "type": kind,
                "subject": f"reports/{number}",
                "time": f"2024-01-05T02:00:{second:02}Z",
                "datacontenttype": "application/json",
                "data": data,
            }
        )

    async def __call__(self, scope, receive, send):
        query = dict(part.split("=") for part in scope["query_string"].decode().split("&"))
        after, limit = int(query["after"]), int(query["limit"])
        rest = [change for change in self.changes if int(change["id"]) > after]
        if self.status == 200:
            self.answer = {
                "items": rest[:limit],
                "next": str(after),
                "more": len(rest) > limit,
                "newest": str(len(self.changes)),
            }
        await super().__call__(scope, receive, send)


@pytest.fixture
async def feeds(database, issuer, monkeypatch):
    """A gateway in front of two feeds, and a function that reads the one feed."""
    monkeypatch.setattr(joining, "POLL_S", 0.02)
    stubs = {name: FeedStub(name) for name in NAMES}
    async with serve_all(stubs) as urls:
        app = issuer.trust(create_app(make_settings(database, urls)))
        async with open_gateway(app) as client:
            token = issuer.token("agency", ["read"], NAMES, ["62"])

            async def read(accept="application/json", **query):
                headers = {"Authorization": f"Bearer {token}", "Accept": accept, "Accept-Language": "en"}
                return await client.get("/v1/changes", params=query, headers=headers)

            yield stubs, read, client


async def test_every_change_is_given_once_and_in_order(feeds, monkeypatch):
    stubs, read, _ = feeds
    monkeypatch.setattr(joining, "PAGE_ROWS", 3)
    for second in range(1, 20):
        stubs["rural" if second % 3 else "poverty"].add(second, unit="610")
    seen, cursor = [], None
    while True:
        page = (await read(limit=4, **({"after": cursor} if cursor else {}))).json()
        assert len(page["items"]) <= 4
        seen += page["items"]
        cursor = page["next"]
        if not page["more"]:
            break
    assert len(seen) == 19 == len({(change["source"], change["id"]) for change in seen})
    assert [change["time"] for change in seen] == sorted(change["time"] for change in seen)
    assert {(change["type"], change["shorttype"]) for change in seen} == {
        ("vn.gov.ntp.report.submitted", "report.submitted")
    }
    again = (await read(after=cursor)).json()
    assert (again["items"], again["next"], again["more"]) == ([], cursor, False)


async def test_filters_by_service_type_and_unit(feeds):
    stubs, read, _ = feeds
    stubs["rural"].add(1, unit="23344")
    stubs["rural"].add(2, "unit.recognized", unit="610")
    stubs["poverty"].add(3, "report.accepted", unit="611")
    stubs["poverty"].add(4, "report.accepted", units=["610", "611"])
    stubs["poverty"].add(5, "catalogue.replaced", program="poverty")

    async def ids(**query):
        page = (await read(**query)).json()
        return [(change["source"][4:], change["id"]) for change in page["items"]]

    assert await ids(service="poverty") == [("poverty", "1"), ("poverty", "2"), ("poverty", "3")]
    assert await ids(type="report.accepted") == await ids(type="vn.gov.ntp.report.accepted")
    assert await ids(type="unit.recognized,catalogue.replaced") == [("rural", "2"), ("poverty", "3")]
    assert await ids(unit="610") == [("rural", "1"), ("rural", "2"), ("poverty", "2")]
    assert len(await ids(unit="62")) == 4
    for query, code in (
        ({"service": "nothing"}, "invalid"),
        ({"unit": "9999"}, "unit_unknown"),
        ({"after": "nothing"}, "feed_cursor_invalid"),
        ({"cursor": "1"}, "unknown_parameter"),
        ({"wait": "3600"}, "invalid"),
    ):
        refused = await read(**query)
        assert refused.status_code in {400, 404, 422}
        assert refused.json()["code"] == code


async def test_a_feed_that_is_closed_to_the_caller_is_named_and_the_others_are_read(feeds):
    stubs, read, _ = feeds
    stubs["rural"].add(1, unit="610")
    stubs["poverty"].status, stubs["poverty"].answer = 403, {"code": "forbidden", "status": 403}
    page = (await read()).json()
    assert (len(page["items"]), page["forbidden"], page["missing"]) == (1, ["poverty"], [])
    assert (await read(service="poverty")).status_code == 403
    stubs["rural"].status, stubs["rural"].answer = 403, {"code": "forbidden", "status": 403}
    assert (await read()).json()["code"] == "forbidden"


async def test_a_service_that_is_away_is_named_and_loses_nothing(feeds):
    stubs, read, _ = feeds
    stubs["rural"].add(1, unit="610")
    stubs["poverty"].add(2, unit="610")
    stubs["poverty"].status = 503
    page = (await read()).json()
    assert (len(page["items"]), page["missing"]) == (1, ["poverty"])
    stubs["poverty"].status = 200
    page = (await read(after=page["next"])).json()
    assert [change["source"] for change in page["items"]] == ["/v1/poverty"]
    stubs["poverty"].changes.clear()
    assert (await read(after=page["next"])).json()["rewound"] == ["poverty"]


async def test_a_caller_waits_for_the_next_change_and_no_longer_than_was_asked(feeds):
    stubs, read, client = feeds
    waiting = asyncio.create_task(read(wait=25))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    stubs["poverty"].add(1, unit="610")
    page = (await waiting).json()
    assert [change["id"] for change in page["items"]] == ["1"]
    nothing = (await read(wait=1, after=page["next"])).json()
    assert nothing["items"] == []
    assert (await client.get("/v1/changes")).status_code == 401


async def test_a_batch_of_cloudevents_has_its_next_address_in_link(feeds):
    stubs, read, _client = feeds
    stubs["poverty"].add(1, unit="610")
    batch = await read("application/cloudevents-batch+json", type="report.submitted")
    assert batch.headers["content-type"].startswith("application/cloudevents-batch+json")
    (event,) = batch.json()
    assert event["specversion"] == "1.0"
    assert batch.headers["link"].endswith('>; rel="next"')
    address = batch.headers["link"].partition("<")[2].partition(">")[0]
    assert address.startswith("/v1/changes?type=report.submitted&after=")
    assert (await read("text/html")).status_code == 406


def test_a_cursor_is_what_was_issued():
    positions = {"rural": 3, "poverty": 0}
    assert decode_cursor(encode_cursor(positions)) == positions
    for cursor in ("", "%%%", encode_cursor({"rural": -1}), encode_cursor({"rural": True}), "W10"):
        with pytest.raises(FeedCursorInvalid):
            decode_cursor(cursor)


def test_a_page_that_goes_on_holds_back_what_may_come_after_it():
    def page(*seconds, more=False):
        items = [{"id": str(number), "time": f"{second:02}"} for number, second in enumerate(seconds, 1)]
        return ServiceFeedPage(items, more, 99)

    joined = join_pages({"a": page(1, 2, more=True), "b": page(1, 9)}, {}, lambda _: True, 10)
    assert [change["time"] for change in joined.items] == ["01", "01", "02"]
    assert (joined.positions, joined.more) == ({"a": 2, "b": 1}, True)
    assert json.dumps(join_pages({}, {"a": 1}, bool, 5).items) == "[]"
