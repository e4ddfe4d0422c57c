"""Bounds across programs: the real services follow each other, a contradiction is kept and marked on both sides."""

from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gateway.app import create_app as create_gateway
from gateway.settings import GatewaySettings
from gateway.tokens.keys import KeyRing
from services.ethnic.app import create_app as create_ethnic
from services.ethnic.settings import EthnicSettings
from services.poverty.app import create_app as create_poverty
from services.poverty.settings import PovertySettings
from services.rural.app import create_app as create_rural
from services.rural.settings import RuralSettings
from shared.kit.feed_consumer.client import make_feed_client
from shared.kit.feed_consumer.cursor import begin_again
from shared.kit.identity import Identity
from shared.kit.problems import Sentence
from shared.kit.resources import get_resources
from shared.reporting.bounds.follower import BoundFollower
from shared.reporting.bounds.store import make_feed_name
from shared.reporting.catalogue.bounds import Bound, ComparedValue, OtherComparedValue, find_bound_faults
from shared.territory.tree import Territory
from tests.application import get_clock, get_database
from tests.ethnic.linked_services import NOW, SECRET, EitherKeys, GatewayTransport
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.not_none import not_none
from tests.program_clients import Clients
from tests.territory.shipped import read_successions, read_units

pytestmark = pytest.mark.anyio

SERVICES: dict[str, tuple[Any, Any]] = {
    "rural": (create_rural, RuralSettings),
    "poverty": (create_poverty, PovertySettings),
    "ethnic": (create_ethnic, EthnicSettings),
}
TERRITORY = Territory(read_units(), read_successions())
DISTRICT, COMMUNE, OTHER_COMMUNE = "610", "23344", "23356"
FORMS = {"poverty": "annual_review", "ethnic": "annual_land", "rural": "criteria_assessment"}


class ProgramsTransport(GatewayTransport):
    """The part of the gateway that consumers use; some services can be down."""

    def __init__(self, gateway, apps):
        self._transports = {"/oauth/": httpx.ASGITransport(app=gateway)} | {
            f"/v1/{name}/": httpx.ASGITransport(app=app) for name, app in apps.items()
        }
        self.is_down = self.hangs = False
        self.stopped = set()

    async def handle_async_request(self, request):
        if request.url.path.split("/")[2] in self.stopped:
            return httpx.Response(503, json={"code": "upstream_unavailable"})
        return await super().handle_async_request(request)


class Programs:
    """Clients of the three programs, which follow each other."""

    def __init__(self, apps, clients, transport):
        self.apps, self.clients, self.transport = apps, clients, transport

    async def consume(self, name, *programs):
        """Let a service receive what other programs published; a failure is recorded as when the consumer runs."""
        app = self.apps[name]
        resources, database, clock = get_resources(app), get_database(app), get_clock(app)
        for program in programs:
            consumer = resources.get(BoundFollower).get_consumer(program)
            try:
                while await consumer.poll(database, clock):
                    pass
                assert consumer.after_page is not None
                await consumer.after_page(resources)
            except Exception as error:  # noqa: BLE001 (as the consumer itself does)
                await consumer._record_failure(error, database, clock)

    async def submit(self, name, *rows, period="2023", unit=DISTRICT, **fields):
        """Submit rows of (commune, indicator, value); return the answer."""
        observations = [{"unit": commune, "indicator": code, "value": value} for commune, code, value in rows]
        form = fields.pop("form", FORMS[name])
        body = {"unit": unit, "period": period, "form": form, "observations": observations, **fields}
        headers = self.clients[name].make_headers("report", units=(unit,), client_id=f"district-{unit}")
        answer = await self.clients[name].http.post(f"/v1/{name}/reports", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def decide(self, name, report, verdict="accept", **more):
        headers = self.clients[name].make_headers("review", client_id="reviewer")
        body = {"content_sha256": report["content_sha256"], **more}
        path = f"/v1/{name}/reports/{report['id']}/{verdict}"
        answer = await self.clients[name].http.post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    async def get(self, name, path, **params):
        headers = self.clients[name].make_headers("review", client_id="reviewer")
        answer = await self.clients[name].http.get(f"/v1/{name}/{path}", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def list_bounds(self, name, report):
        """Return the bounds that a report contradicts, which its reading, the queue and the list of contradictions agree on."""
        read = await self.get(name, f"reports/{report['id']}")
        queued = (await self.get(name, "reports", period=read["period"]))["items"]
        (queued_report,) = [row for row in queued if row["id"] == report["id"]]
        listed = (await self.get(name, "contradictions", period=read["period"]))["items"]
        found = [row for row in listed if row["id"] == report["id"]]
        assert queued_report["contradictions"] == read["contradictions"]
        assert (found[0]["contradictions"] if found else []) == read["contradictions"]
        return [(row["bound"], row["unit"], row["report"]["id"]) for row in read["contradictions"]]


def build_programs(database):
    """Build the gateway and the three programs over one database."""
    gateway = create_gateway(
        GatewaySettings(
            database_url=SecretStr(database.url("gateway")),
            client_secret_pepper=SecretStr("a pepper for tests, long enough to be one"),
            service_clients=dict.fromkeys(SERVICES, SecretStr(SECRET)),
        ),
        clock=lambda: NOW,
    )
    programs = (
        create_app(
            settings(
                database_url=database.url(name),
                client_secret=SECRET,
                follow_every_seconds=3600,
                catalogue_poll_seconds=3600,
            ),
            clock=lambda: NOW,
        )
        for name, (create_app, settings) in SERVICES.items()
    )
    return gateway, *programs


@pytest.fixture
async def programs(build):
    issuer = Issuer()
    gateway, *built = build(build_programs)
    apps = dict(zip(SERVICES, built, strict=True))
    transport = ProgramsTransport(gateway, apps)
    transport.is_down = True
    for name, app in apps.items():
        resources = get_resources(app)
        resources.get(Identity).keys = EitherKeys(get_resources(gateway).get(KeyRing), issuer)
        follower = resources.get(BoundFollower)
        follower.client = not_none(make_feed_client(resources.get(SERVICES[name][1]), name))
        follower.client.transport = transport
        follower.consumers.clear()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(gateway.router.lifespan_context(gateway))
        http = {name: await stack.enter_async_context(open_client(app)) for name, app in apps.items()}
        transport.is_down = False
        yield Programs(apps, {name: Clients(http[name], issuer, name, NOW) for name in http}, transport)


async def test_both_sides_mark_a_contradiction_which_a_correction_or_a_withdrawal_clears(programs):
    em_rows = ((COMMUNE, "em_households", 120), (OTHER_COMMUNE, "em_households", 10))
    ethnic = await programs.submit("ethnic", *em_rows)
    assert ethnic["contradictions"] == [], "nothing of poverty was received"
    await programs.consume("poverty", "ethnic")
    rows = [(COMMUNE, "households", 100), (OTHER_COMMUNE, "households", 100)]
    poverty = await programs.submit("poverty", *rows)
    (marked,) = poverty["contradictions"]
    assert (marked["value"], marked["other_value"], marked["excess"]) == (100, 120, 20)
    assert (marked["bound"], marked["unit"]) == ("households_cover_em_households", COMMUNE)
    assert marked["unit_since"] == "2004-07-08"
    assert marked["report"] == {
        "program": "ethnic",
        "id": ethnic["id"],
        "address": f"/v1/ethnic/reports/{ethnic['id']}",
        "unit": DISTRICT,
        "unit_name": "Huyện Đăk Glei",
        "unit_kind": "huyen",
        "unit_since": "2004-07-08",
        "form": "annual_land",
        "standard": None,
        "state": "submitted",
    }
    assert "120" in marked["text"]
    assert "ethnic" in marked["text_en"]
    expected = [("households_cover_em_households", COMMUNE, ethnic["id"])]
    assert await programs.list_bounds("poverty", poverty) == expected
    assert await programs.list_bounds("ethnic", ethnic) == [], "the feed has not arrived yet"
    await programs.consume("ethnic", "poverty")
    assert await programs.list_bounds("ethnic", ethnic) == [
        ("em_households_within_households", COMMUNE, poverty["id"])
    ]
    await programs.decide("poverty", poverty)
    await programs.consume("ethnic", "poverty")
    (of_accepted,) = (await programs.get("ethnic", f"reports/{ethnic['id']}"))["contradictions"]
    assert of_accepted["report"]["state"] == "accepted"

    corrected = await programs.submit(
        "poverty", (COMMUNE, "households", 150), (OTHER_COMMUNE, "households", 100), supersedes=poverty["id"]
    )
    assert corrected["contradictions"] == []
    await programs.consume("ethnic", "poverty")
    assert await programs.list_bounds("ethnic", ethnic) == [], "the pending correction counts"
    await programs.decide("poverty", corrected, "return", reason="Sai số liệu")
    await programs.consume("ethnic", "poverty")
    assert len(await programs.list_bounds("ethnic", ethnic)) == 1, "the accepted report is live again"
    await programs.decide("ethnic", ethnic, "withdraw", reason="Nhập nhầm xã")
    await programs.consume("poverty", "ethnic")
    assert await programs.list_bounds("poverty", poverty) == []
    assert await programs.list_bounds("ethnic", ethnic) == [], "a withdrawn report is compared with nothing"


async def test_nothing_is_said_while_the_other_service_is_down_and_it_is_marked_when_its_feed_arrives(
    programs,
):
    programs.transport.stopped = {"poverty"}
    poverty = await programs.submit("poverty", (COMMUNE, "households", 100))
    await programs.consume("ethnic", "poverty")
    ethnic = await programs.submit("ethnic", (COMMUNE, "em_households", 120))
    assert ethnic["contradictions"] == []
    await programs.decide("ethnic", ethnic)
    feeds = (await programs.get("ethnic", "following"))["items"]
    assert make_feed_name("poverty") in {feed["feed"] for feed in feeds}
    programs.transport.stopped = set()
    await programs.consume("ethnic", "poverty")
    assert await programs.list_bounds("ethnic", ethnic) == [
        ("em_households_within_households", COMMUNE, poverty["id"])
    ]
    programs.transport.stopped = {"poverty"}
    again = await programs.submit("ethnic", (COMMUNE, "em_households", 130), supersedes=ethnic["id"])
    assert len(again["contradictions"]) == 1, "what was received stays"
    app = programs.apps["ethnic"]
    async with get_database(app).writing() as session:
        await begin_again(session, make_feed_name("poverty"), get_clock(app))
    assert await programs.list_bounds("ethnic", again) == [], "nothing of the new life was received"
    programs.transport.stopped = set()
    await programs.consume("ethnic", "poverty")
    assert len(await programs.list_bounds("ethnic", again)) == 1


async def test_criterion_11_is_compared_with_the_rate_of_the_poverty_review(programs):
    rows = [(COMMUNE, "poor_households", 6), (COMMUNE, "near_poor_households", 4)]
    poverty = await programs.submit("poverty", *rows, (COMMUNE, "households", 100))
    await programs.consume("rural", "poverty")
    stated = await programs.submit("rural", (COMMUNE, "indicator_11_1", 6.5))
    marked = {row["bound"]: row for row in stated["contradictions"]}
    assert marked.keys() == {"criterion_11_of_multidimensional_rate", "criterion_11_met_within_region"}
    rate = marked["criterion_11_of_multidimensional_rate"]
    assert (rate["value"], rate["other_value"], rate["excess"], rate["tolerance"]) == (6.5, 10, 3.5, 0.05)
    verdict = marked["criterion_11_met_within_region"]
    assert (verdict["value"], verdict["limit"], verdict["excess"]) == (1, 7, 3)
    await programs.consume("poverty", "rural")
    bounds = {bound for bound, _, _ in await programs.list_bounds("poverty", poverty)}
    assert bounds == {"multidimensional_rate_of_criterion_11", "criterion_11_of_multidimensional_rate"}
    exact = await programs.submit("rural", (COMMUNE, "indicator_11_1", 10), supersedes=stated["id"])
    assert exact["contradictions"] == []


async def test_a_bound_that_a_catalogue_adds_is_compared_with_reports_received_before(programs):
    await programs.submit("poverty", (COMMUNE, "households", 100), (COMMUNE, "poor_households", 9))
    await programs.consume("ethnic", "poverty")
    ethnic = await programs.submit("ethnic", (COMMUNE, "em_households", 20))
    assert await programs.list_bounds("ethnic", ethnic) == []
    clients = programs.clients["ethnic"]
    read = await clients.http.get("/v1/ethnic/catalogue")
    tables = read.json()["tables"]
    tables["bound"].append(
        {
            "code": "em_households_at_most_poor",
            "label": {"vi": "Thử", "en": "Made up"},
            "own": {"terms": ["em_households"]},
            "relation": "at_most",
            "other": {"program": "poverty", "form": "annual_review", "terms": ["poor_households"]},
            "legal_basis": "made up",
            "confidence": "made up",
            "valid_from": "2022-01-01",
        }
    )
    headers = {**clients.make_headers("admin"), "If-Match": read.headers["etag"]}
    body = {"decision": {"number": "1/QĐ", "date": "2024-01-05"}, "tables": tables}
    replaced = await clients.http.put("/v1/ethnic/catalogue", json=body, headers=headers)
    assert replaced.status_code == 200, replaced.text
    await programs.consume("ethnic", "poverty")
    ((bound, unit, _),) = await programs.list_bounds("ethnic", ethnic)
    assert (bound, unit) == ("em_households_at_most_poor", COMMUNE)
    tables["bound"][-1]["own"] = {"terms": ["nothing"]}
    headers = {**clients.make_headers("admin"), "If-Match": replaced.headers["etag"]}
    refused = await clients.http.put("/v1/ethnic/catalogue", json=body, headers=headers)
    assert refused.status_code == 422, refused.text
    assert "em_households_at_most_poor" in refused.text
    listed = (await clients.get("indicators"))["bounds"]
    assert [row["code"] for row in listed][-1] == "em_households_at_most_poor"


async def test_a_unit_is_compared_with_the_sum_of_the_communes_below_on_both_sides(programs):
    """A district states ethnic-minority households as a whole, its communes state all households."""
    communes = sorted(unit.code for unit in TERRITORY.communes(DISTRICT, date(2023, 12, 31)))
    *most, last = communes
    ethnic = await programs.submit("ethnic", (DISTRICT, "em_households", 99_999))
    stated = await programs.submit("poverty", *((code, "households", 700) for code in most))
    for name, other in (("ethnic", "poverty"), ("poverty", "ethnic")):
        await programs.consume(name, other)
    assert await programs.list_bounds("ethnic", ethnic) == [], "a commune has not stated its households"
    assert await programs.list_bounds("poverty", stated) == []

    of_last = await programs.submit("poverty", (last, "households", 700), unit=last)
    (marked,) = of_last["contradictions"]
    assert (marked["bound"], marked["unit"]) == ("households_cover_em_households", DISTRICT)
    assert (marked["value"], marked["other_value"]) == (700 * len(communes), 99_999)
    assert (marked["value_units"], marked["other_value_units"]) == (communes, [DISTRICT])
    await programs.consume("ethnic", "poverty")
    (marked,) = (await programs.get("ethnic", f"reports/{ethnic['id']}"))["contradictions"]
    assert (marked["unit"], marked["excess"]) == (DISTRICT, 99_999 - 700 * len(communes))
    assert (marked["value_units"], marked["other_value_units"]) == ([DISTRICT], communes)
    expected = [("households_cover_em_households", DISTRICT, ethnic["id"])]
    assert await programs.list_bounds("poverty", stated) == expected, "the report of the other communes too"
    corrected = await programs.submit("ethnic", (DISTRICT, "em_households", 700), supersedes=ethnic["id"])
    assert corrected["contradictions"] == []


async def test_form_05_is_compared_with_the_review_and_with_form_12_on_both_sides(programs):
    form_05 = {
        "em05_households": 100, "em05_em_households": 90, "em05_poor_households": 20, "em05_em_poor_households": 15,
    }  # fmt: skip
    ethnic = await programs.submit(
        "ethnic", *((COMMUNE, code, value) for code, value in form_05.items()), form="annual_em_poverty"
    )
    await programs.consume("poverty", "ethnic")
    rows = [(COMMUNE, "households", 80), (COMMUNE, "poor_households", 14)]
    review = await programs.submit("poverty", *rows)
    assert {bound for bound, _, _ in await programs.list_bounds("poverty", review)} == {
        "households_of_form_05",
        "households_cover_em05_em_households",
        "poor_households_of_form_05",
        "poor_cover_em05_em_poor",
    }
    form_12 = {"em_review_households": 80, "kinh_households": 10, "em_households": 70}
    of_form_12 = await programs.submit(
        "poverty", *((COMMUNE, code, value) for code, value in form_12.items()), form="review_em_poor"
    )
    assert [bound for bound, _, _ in await programs.list_bounds("poverty", of_form_12)] == [
        "em_households_of_form_05"
    ]
    await programs.consume("ethnic", "poverty")
    assert {bound for bound, _, _ in await programs.list_bounds("ethnic", ethnic)} == {
        "em05_households_equal",
        "em05_em_households_within_households",
        "em05_poor_households_equal",
        "em05_em_poor_within_poor",
        "em05_em_households_equal",
    }


async def test_each_form_that_states_households_or_persons_of_the_area_is_within_those_of_the_review(
    programs,
):
    """What the table of needs, the table by group and the targets state is compared as the land table is."""
    ethnic = {
        form: await programs.submit(
            "ethnic", *((COMMUNE, code, value) for code, value in values.items()), form=form
        )
        for form, values in {
            "household_conditions": {"condition_em_households": 99_999},
            "households_by_group": {"group_em_households": 101, "group_em_persons": 401},
            "area_targets": {"target_households_of_area": 101, "target_em_persons_of_area": 401},
        }.items()
    }
    await programs.consume("poverty", "ethnic")
    households = await programs.submit("poverty", (COMMUNE, "households", 100))
    persons = await programs.submit("poverty", (COMMUNE, "persons", 400), form="annual_review_persons")
    marked = await programs.list_bounds("poverty", households)
    marked += await programs.list_bounds("poverty", persons)
    assert set(marked) == {
        ("households_cover_conditions_em_households", COMMUNE, ethnic["household_conditions"]["id"]),
        ("households_cover_group_em_households", COMMUNE, ethnic["households_by_group"]["id"]),
        ("households_cover_households_of_area", COMMUNE, ethnic["area_targets"]["id"]),
        ("persons_cover_group_em_persons", COMMUNE, ethnic["households_by_group"]["id"]),
        ("persons_cover_em_persons_of_area", COMMUNE, ethnic["area_targets"]["id"]),
    }
    await programs.consume("ethnic", "poverty")
    assert {
        form: {row[0] for row in await programs.list_bounds("ethnic", ethnic[form])} for form in ethnic
    } == {
        "household_conditions": {"conditions_em_households_within_households"},
        "households_by_group": {"group_em_households_within_households", "group_em_persons_within_persons"},
        "area_targets": {"households_of_area_within_households", "em_persons_of_area_within_persons"},
    }


async def test_rates_of_communes_are_never_added_up(programs):
    """A district states its poverty rate as a whole; the communes' indicators 11.1 do not add up to it."""
    communes = [unit.code for unit in TERRITORY.communes(DISTRICT, date(2023, 12, 31)) if unit.kind == "xa"]
    await programs.submit("rural", *((code, "indicator_11_1", 5) for code in communes))
    await programs.consume("poverty", "rural")
    rows = [("households", 1_000), ("poor_households", 40), ("near_poor_households", 10)]
    stated = await programs.submit("poverty", *((DISTRICT, code, value) for code, value in rows))
    assert stated["contradictions"] == []


def make_bound(relation, **fields):
    return Bound(
        code="b",
        label=Sentence("b", "b"),
        own=ComparedValue(terms=("a",)),
        relation=relation,
        other=OtherComparedValue(program="other", form="f", terms=("x",)),
        legal_basis="-",
        confidence="-",
        valid_from=date(2022, 1, 1),
        **fields,
    )


@pytest.mark.parametrize(
    ("bound", "own", "other", "met"),
    [
        (make_bound("at_most"), 5, 5, True),
        (make_bound("at_most"), 6, 5, False),
        (make_bound("at_most", tolerance=Decimal(1)), 6, 5, True),
        (make_bound("at_least"), 4, 5, False),
        (make_bound("equal", tolerance=Decimal("0.05")), 5, Decimal("5.05"), True),
        (make_bound("equal", tolerance=Decimal("0.05")), 5, Decimal("4.94"), False),
        (make_bound("met_at_most", limit=Decimal(7)), 1, 8, False),
        (make_bound("met_at_most", limit=Decimal(7)), 0, 8, True),
        (make_bound("at_most_if_met", limit=Decimal(7)), 8, 1, False),
        (make_bound("at_most_if_met", limit=Decimal(7)), 8, 0, True),
    ],
)
def test_how_two_values_contradict_each_other(bound, own, other, met):
    assert bound.is_met(Decimal(own), Decimal(other)) is met


def test_a_ratio_is_compared_only_where_all_of_it_is_stated_under_its_standard():
    rate = ComparedValue(terms=("poor",), divided_by=("all",), standards=frozenset({"new"}))
    values = {"poor": Decimal(1), "all": Decimal(4)}
    assert rate.compute(values, "new") == 25
    assert rate.compute(values, "old") is None
    assert rate.compute({"poor": Decimal(1)}, "new") is None
    assert rate.compute({**values, "all": Decimal(0)}, "new") is None


def test_a_faulty_bound_is_named():
    faulty = [
        make_bound("met_at_most"),
        make_bound("at_most", limit=Decimal(1), tolerance=Decimal(-1)),
    ]
    faults = list(find_bound_faults("other", faulty, ()))
    for what in (
        "no code of its own",
        "unknown indicators",
        "no value of another program",
        "a limit",
        "below zero",
    ):
        assert any(what in fault for fault in faults), what


@pytest.mark.parametrize("program", ["", "other", "../rural", "rural,ethnic", "rural/changes?after=1#"])
def test_a_bound_names_another_program_by_its_code(program):
    bound = replace(make_bound("at_most"), other=OtherComparedValue(program=program, form="f", terms=("x",)))
    assert list(find_bound_faults("other", [bound], {"a"})) == ["bound b names no value of another program"]
    named = replace(bound, other=replace(bound.other, program="rural"))
    assert list(find_bound_faults("other", [named], {"a"})) == []
