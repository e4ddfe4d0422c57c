"""The year 2025: districts and 102 communes to its middle, 40 communes from then on, one figure of the whole year.

Phường Kon Tum (23293) is made of five wards of the city (608), one of which had its code; xã Đăk Long (23368) kept its land.
"""

import itertools
import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from shared.kit.resources import get_resources
from shared.periods import Period
from shared.reporting.engine import ReportingEngine
from shared.reporting.figures import store
from shared.territory.tree import Territory
from tests.reporting.office import open_context
from tests.reporting.recomputed_measures import read_measures
from tests.territory.shipped import read_successions, read_units

pytestmark = pytest.mark.anyio

MERGED, KEPT, MERGED_TOO = "23293", "23368", "23284"
BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)
MAP = Territory(read_units(), read_successions())


@pytest.fixture
async def office(office):
    """The office in 2026."""
    office.clock.move(days=800)
    return office


async def report(office, unit, period, values, form="results", **more):
    """Submit, as whoever may, and accept: the report, or the refusal."""
    everywhere = office.token("sender", ["report"], ["62", "51"])
    answer = await office.submit(unit, period, form, values, token=everywhere, **more)
    if answer.status_code == 201:
        verdict = await office.verdict(answer.json())
        assert verdict.status_code == 200, verdict.text
    return answer


async def year(office, code, unit="51", **query):
    return await office.figure(code, "2025", unit, **query)


def covered(figure):
    return tuple(figure["coverage"][name] for name in ("reported", "nil", "expected"))


def test_land_is_followed_both_ways():
    wards = MAP.communes_sharing_land(MERGED, AFTER, BEFORE)
    assert len(wards) == 5
    assert MERGED in wards, "the code was that of one of the wards"
    assert {commune for ward in wards for commune in MAP.communes_sharing_land(ward, BEFORE, AFTER)} == {
        MERGED
    }
    assert MAP.communes_sharing_land("610", BEFORE, AFTER) >= {KEPT}
    assert MAP.communes_sharing_land("62", BEFORE, AFTER) == {
        commune.code for commune in MAP.communes("51", AFTER)
    }
    assert MAP.same_map(date(2024, 1, 1), BEFORE)
    assert not MAP.same_map(BEFORE, AFTER)


async def test_flows_of_both_maps_add_up_where_their_land_lies(office):
    parts = sorted(MAP.communes_sharing_land(MERGED, AFTER, BEFORE))
    for ward in parts:
        await report(office, "608", f"2025-{1 + parts.index(ward):02d}", [(ward, "rain", 10)])
    await report(office, MERGED, "2025-07", [(MERGED, "rain", 3)])
    await report(office, KEPT, "2025-08", [(KEPT, "rain", 4)])
    whole = 10 * len(parts)
    assert (await year(office, "rain"))["value"] == whole + 7
    assert (await year(office, "rain", MERGED))["value"] == whole + 3
    assert (await year(office, "rain", KEPT))["value"] == 4
    assert (await year(office, "rain", MERGED_TOO))["value"] is None
    assert (await office.figure("rain", "2025-S1", "62"))["value"] == whole
    assert (await office.figure("rain", "2025-S2", "51"))["value"] == 7


async def test_values_of_a_district_count_in_the_province_and_in_no_commune(office):
    await report(office, "610", "2025-Q1", [("610", "jobs", 12)])
    await report(office, KEPT, "2025-Q3", [(KEPT, "jobs", 5)])
    assert (await year(office, "jobs"))["value"] == 17
    assert (await year(office, "jobs", KEPT))["value"] == 5


async def test_a_code_with_another_meaning_before_july_is_counted_where_its_land_lies(office):
    """23425 was xã Đăk Hà and is xã Tu Mơ Rông."""
    (home,) = MAP.communes_sharing_land("23425", BEFORE, AFTER)
    await report(office, "617", "2025-02", [("23425", "rain", 6)])
    assert (await year(office, "rain", home))["value"] == 6
    others = {commune.code for commune in MAP.communes("51", AFTER)} - {home}
    for other in sorted(others)[:5]:
        assert (await year(office, "rain", other))["value"] is None


async def test_a_stock_of_the_first_half_counts_until_its_land_is_stated_again(office):
    parts = sorted(MAP.communes_sharing_land(MERGED, AFTER, BEFORE))
    await report(office, "608", "2025-03", [(ward, "herd", 100) for ward in parts])
    await report(office, "608", "2025-05", [(parts[0], "herd", 90)])
    assert (await year(office, "herd"))["value"] == 100 * len(parts) - 10
    assert (await year(office, "herd", MERGED))["value"] == 100 * len(parts) - 10
    await report(office, MERGED, "2025-09", [(MERGED, "herd", 7)])
    await report(office, KEPT, "2025-09", [(KEPT, "herd", 1)])
    assert (await year(office, "herd", MERGED))["value"] == 7
    assert (await year(office, "herd"))["value"] == 8
    assert (await office.figure("herd", "2025-S1", "62"))["value"] == 100 * len(parts) - 10


async def test_a_districts_stock_is_superseded_when_any_of_its_communes_is_stated_again(office):
    await report(office, "610", "2025-03", [("610", "herd", 500)])
    assert (await year(office, "herd"))["value"] == 500
    (home,) = MAP.communes_sharing_land("23344", BEFORE, AFTER)
    await report(office, home, "2025-09", [(home, "herd", 70)])
    figure = await year(office, "herd")
    assert (figure["value"], covered(figure)) == (70, (1, 0, 96))


async def test_coverage_is_in_months_and_of_every_part_of_a_commune(office):
    parts = sorted(MAP.communes_sharing_land(MERGED, AFTER, BEFORE))
    await report(office, "608", "2025-Q1", [(ward, "rain", 1) for ward in parts])
    await report(office, "608", "2025-Q2", [(ward, "rain", 1) for ward in parts[1:]])
    await report(office, MERGED, "2025-Q3", [(MERGED, "rain", 1)])
    await report(office, MERGED, "2025-Q4", [(MERGED, "rain", 1)])
    assert covered(await year(office, "rain", MERGED)) == (0, 0, 1)
    nil = await report(office, parts[0], "2025-Q2", [], nil=True)
    assert nil.status_code == 201, nil.text
    assert covered(await year(office, "rain", MERGED)) == (1, 0, 1)
    assert covered(await year(office, "rain")) == (1, 0, 96)


async def test_nil_before_july_counts_as_well(office):
    for district in ("608", "610"):
        for quarter in ("2025-Q1", "2025-Q2"):
            await report(office, district, quarter, [], nil=True)
    for quarter in ("2025-Q3", "2025-Q4"):
        await report(office, MERGED, quarter, [], nil=True)
    assert covered(await year(office, "rain", MERGED)) == (0, 1, 1)
    assert (await year(office, "rain", MERGED))["value"] is None


async def test_a_figure_that_does_not_add_up_needs_reassessment_only_for_merged_land(office):
    """Criteria are stated by the year; here by the half year as well."""
    catalogue = get_resources(office.app).get(ReportingEngine).catalogue
    criteria = catalogue.forms["criteria"]
    by_half = replace(criteria, periods=criteria.periods | {Period.parse("2025-S1").kind})
    halved = replace(catalogue, forms={**catalogue.forms, "criteria": by_half})
    resources = get_resources(office.app)
    before = resources.get(ReportingEngine)
    resources.put(replace(before, catalogue=halved))
    try:
        rural = sorted(commune.code for commune in MAP.communes("610", BEFORE, {"xa"}))
        values = [(commune, code, 1) for commune in rural for code in ("criterion_a", "criterion_b")]
        answer = await report(office, "610", "2025-S1", values, form="criteria")
        assert answer.status_code == 201, answer.text
        kept = await year(office, "communes_done", KEPT)
        assert (kept["value"], kept["reassessment_required"]) == (1, False)
        merged = sorted(
            {commune for old in rural for commune in MAP.communes_sharing_land(old, BEFORE, AFTER)} - {KEPT}
        )
        for unit in (*merged[:1], "51"):
            figure = await year(office, "communes_done", unit)
            assert (figure["value"], figure["reassessment_required"]) == (None, True)
        for commune in merged:
            answer = await report(
                office,
                commune,
                "2025",
                [(commune, "criterion_a", 1), (commune, "criterion_b", 0)],
                form="criteria",
            )
            assert answer.status_code == 201, answer.text
        figure = await year(office, "communes_done")
        assert (figure["value"], figure["reassessment_required"]) == (1, False)
    finally:
        resources.put(before)


async def test_a_flow_of_the_year_is_not_stated_beside_one_of_a_month_of_the_other_map(office):
    parts = sorted(MAP.communes_sharing_land(MERGED, AFTER, BEFORE))
    await report(office, "608", "2025-01", [(parts[0], "rain", 10)])
    whole = await report(office, MERGED, "2025", [(MERGED, "rain", 60)])
    assert (whole.status_code, whole.json()["code"]) == (409, "value_stated_elsewhere")
    (conflict,) = whole.json()["conflicts"]
    assert (conflict["unit"], conflict["stated_at"], conflict["period"]) == (MERGED, parts[0], "2025-01")
    assert (await report(office, KEPT, "2025", [(KEPT, "rain", 60)])).status_code == 201
    late = await report(office, "610", "2025-02", [("610", "rain", 1)])
    assert (late.status_code, late.json()["conflicts"][0]["stated_at"]) == (409, KEPT)
    late_nil = await report(office, "610", "2025-02", [], nil=True)
    assert late_nil.status_code == 409
    assert (await report(office, "611", "2025-02", [("611", "rain", 1)])).status_code == 201


async def test_a_stock_may_change_its_level_with_the_map(office):
    """A code of both maps is no conflict: 23293 is a ward of the city in January and all of its wards in August."""
    assert (await report(office, MERGED, "2025-08", [(MERGED, "herd", 9)])).status_code == 201
    late = await report(office, "608", "2025-01", [("608", "herd", 80)])
    assert late.status_code == 201, late.text
    assert (await year(office, "herd"))["value"] == 9


async def test_the_lineage_of_the_year_shows_where_each_value_counts_and_gives_the_figure(office):
    parts = sorted(MAP.communes_sharing_land(MERGED, AFTER, BEFORE))
    await report(office, "608", "2025-01", [(ward, "herd", 4) for ward in parts])
    await report(office, "608", "2025-02", [(parts[0], "herd", 6)])
    await report(office, KEPT, "2025-09", [(KEPT, "herd", 1)])
    lineage = (await office.get("lineage/herd", period="2025", unit="51")).json()
    assert lineage["value"] == (await year(office, "herd"))["value"] == 4 * (len(parts) - 1) + 7
    assert sum(value["value"] for value in lineage["values"]) == lineage["value"]
    assert {(value["unit"], value["lies_in"]) for value in lineage["values"]} == {
        *((ward, MERGED) for ward in parts),
        (KEPT, None),
    }


async def test_two_publications_of_the_year_differ_by_the_reports_of_both_maps(office):
    async def publish(name):
        body = {
            "name": name,
            "period": "2025",
            "unit": "51",
            "document": {"number": "1/BC", "date": "2026-01-15"},
        }
        answer = await office.post("publications", body, office.reviewer)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    first = await publish("lần 1")
    early = (await report(office, "608", "2025-01", [("23281", "rain", 4)])).json()
    late = (await report(office, KEPT, "2025-09", [(KEPT, "rain", 1)])).json()
    second = await publish("lần 2")
    compared = (await office.get(f"publications/{second}/differences", other=first)).json()
    (rain,) = (item for item in compared["items"] if item["indicator"] == "rain")
    assert rain["after"] == 5
    assert {report["id"] for report in rain["reports"]} == {early["id"], late["id"]}


def a_year_by_hand(papers, unit):
    """The plain meaning: flows add up where their land lies; a stock is the last value of its land."""
    flows = Decimal(0)
    stocks: dict[str, tuple[frozenset[str], bool, Any]] = {}
    here = {commune.code for commune in MAP.communes(unit, AFTER)}
    for part, stated_by, code, value in sorted(papers, key=lambda paper: Period.parse(paper[0]).ends_on):
        on = Period.parse(part).ends_on
        (share,) = MAP.map_onto(stated_by, on, AFTER)
        inside = MAP.is_within(share.unit.code, unit, AFTER)
        if code == "rain":
            flows += value if inside else 0
            continue
        land = MAP.communes_sharing_land(stated_by, on, AFTER)
        for key in [
            key
            for key, (there, era, _) in stocks.items()
            if there & land and (key == stated_by or era != (on > BEFORE))
        ]:
            del stocks[key]
        if inside and land & here:
            stocks[stated_by] = land, on > BEFORE, value
    return flows, sum(value for _, _, value in stocks.values())


@pytest.mark.slow
async def test_the_year_equals_a_computation_by_hand_in_any_order_of_reports(office):
    chance = random.Random(2025)
    wards = sorted(MAP.communes_sharing_land(MERGED, AFTER, BEFORE))
    cells = [("608", f"2025-{month:02d}", ward) for month in (1, 4) for ward in wards]
    cells += [("610", f"2025-{month:02d}", "23368") for month in (2, 5)]
    cells += [(unit, f"2025-{month:02d}", unit) for unit in (MERGED, KEPT, MERGED_TOO) for month in (8, 11)]
    by_report = itertools.groupby(cells, key=lambda cell: cell[:2])
    posts = [(unit, part, [place for *_, place in rows]) for (unit, part), rows in by_report]
    chance.shuffle(posts)
    papers = []
    for unit, part, places in posts:
        chosen = chance.sample(places, chance.randint(1, len(places)))
        values = [(place, code, chance.randint(1, 9)) for place in chosen for code in ("rain", "herd")]
        answer = await report(office, unit, part, values)
        assert answer.status_code == 201, answer.text
        papers += [(part, *value) for value in values]
        for scope in ("51", MERGED, KEPT):
            rain, herd = a_year_by_hand(papers, scope)
            read = {code: (await year(office, code, scope))["value"] for code in ("rain", "herd")}
            assert read == {"rain": rain or None, "herd": herd or None}, (scope, papers)
            past = {
                code: (await year(office, code, scope, as_of=office.clock.at.isoformat()))["value"]
                for code in ("rain", "herd")
            }
            assert past == read
    await compare_roll_ups(office)


async def compare_roll_ups(office):
    """A roll-up holds what was stated on the map of its period, and nothing that a code meant before."""
    async with open_context(office) as context:
        session, catalogue = context.session, context.engine.catalogue
        for text in ("2025", "2025-S2", "2025-Q3", "2025-08"):
            period = Period.parse(text)
            parts = [part for part in period.with_subperiods() if MAP.same_map(part.ends_on, period.ends_on)]
            ask: dict[str, Any] = {"period": period, "basis": "accepted", "parts": parts}
            rolled = await store.read_roll_ups(session, catalogue, units=["51"], **ask)
            again = await read_measures(
                session, catalogue, context.territory, units=context.below("51", period), **ask
            )
            assert rolled == again, text
            assert Fraction(0) < rolled["rain"].covers <= 40
