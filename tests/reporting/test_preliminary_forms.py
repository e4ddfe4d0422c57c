"""A figure reads the official report where it is in effect, else the preliminary one, and says which."""

from dataclasses import replace

import pytest

from shared.periods import Period
from shared.reporting.catalogue.definitions import DueRule
from tests.reporting import office as offices
from tests.reporting.early_form import make_early_catalogue
from tests.reporting.office import SINCE, open_office

pytestmark = pytest.mark.anyio

DISTRICT, OTHER_DISTRICT, COMMUNE, OTHER = "610", "611", "23344", "23347"


@pytest.fixture
async def early_office(database, monkeypatch):
    with_early_form = make_early_catalogue()
    monkeypatch.setattr(offices, "catalogue", lambda: with_early_form)
    async with open_office(database) as opened:
        yield opened


def rows(poor, unit=COMMUNE, households=100):
    return [(unit, "poor", poor), (unit, "households", households)]


async def read(office, code="poor", **params):
    """Return value, stage and status of a figure."""
    figure = await office.figure(code, token=office.reviewer, **params)
    return figure["value"], figure["stage"], figure["status"]


async def read_everywhere(office):
    """Return what a figure reads in the province, the district and the commune, now and as of now; all must agree."""
    found = {
        await read(office, unit=unit, **params)
        for unit in ("62", DISTRICT, COMMUNE)
        for params in ({}, {"as_of": office.clock.at.isoformat()})
    }
    assert len(found) == 1, found
    return found.pop()


async def list_forms(office, unit, **params):
    """Return the forms of the values that are listed of a unit."""
    listed = (await office.get("observations", period="2023", unit=unit, indicator="poor", **params)).json()
    return {row["form"] for row in listed["items"]}


async def test_the_official_report_takes_the_place_of_the_preliminary_one(early_office):
    early = await early_office.accepted(DISTRICT, "2023", "early", rows(10))
    assert await read_everywhere(early_office) == (10, "preliminary", "preliminary")
    official = await early_office.accepted(DISTRICT, "2023", "census", rows(12))
    assert await read_everywhere(early_office) == (12, "official", "official")
    assert await read(early_office, "poverty_rate") == (12, "official", "official")
    lineage = (await early_office.get("lineage/poor", period="2023", unit="62")).json()
    assert (lineage["value"], lineage["stage"]) == (12, "official")
    assert [report["id"] for report in lineage["reports"]] == [official["id"]]
    listed = (await early_office.get("observations", period="2023", unit="62")).json()["items"]
    assert {(row["form"], row["report"]) for row in listed} == {("census", official["id"])}
    assert early["id"] != official["id"]


async def test_the_preliminary_report_is_read_again_when_the_official_one_is_withdrawn(early_office):
    early = await early_office.accepted(DISTRICT, "2023", "early", rows(10))
    official = await early_office.accepted(DISTRICT, "2023", "census", rows(12))
    answer = await early_office.verdict(official, "withdraw", reason="duyệt nhầm")
    assert answer.status_code == 200, answer.text
    assert await read_everywhere(early_office) == (10, "preliminary", "preliminary")
    lineage = (await early_office.get("lineage/poor", period="2023", unit="62")).json()
    assert ([report["id"] for report in lineage["reports"]], lineage["stage"]) == (
        [early["id"]],
        "preliminary",
    )


async def test_each_basis_reads_what_is_in_effect_on_it(early_office):
    await early_office.accepted(DISTRICT, "2023", "early", rows(10))
    assert (await early_office.submit(DISTRICT, "2023", "census", rows(12))).status_code == 201
    assert await read(early_office) == (10, "preliminary", "preliminary")
    assert await read(early_office, basis="provisional") == (12, "official", "official")


async def test_units_without_an_official_value_are_read_from_the_preliminary_report(early_office):
    await early_office.accepted(DISTRICT, "2023", "early", [*rows(10), *rows(5, OTHER)])
    commune = early_office.token("commune", ["report"], [COMMUNE])
    await early_office.accepted(COMMUNE, "2023", "census", rows(12), token=commune)
    for params in ({}, {"as_of": early_office.clock.at.isoformat()}):
        assert await read(early_office, unit=DISTRICT, **params) == (17, "mixed", "preliminary")
    figure = await early_office.figure("poor")
    assert figure["coverage"]["reported"] == 2
    assert "/lineage/poor" in figure["lineage"]
    lineage = (await early_office.get("lineage/poor", period="2023", unit="62")).json()
    assert (lineage["value"], lineage["stage"], len(lineage["reports"])) == (17, "mixed", 2)


@pytest.mark.parametrize("early_first", [True, False])
async def test_a_coarse_preliminary_value_gives_way_to_official_ones_below_it(early_office, early_first):
    async def state_early():
        await early_office.accepted(DISTRICT, "2023", "early", rows(500, DISTRICT))

    async def state_official():
        values = [row for commune in early_office.communes(DISTRICT) for row in rows(2, commune)]
        await early_office.accepted(DISTRICT, "2023", "census", values)

    for state in (state_early, state_official) if early_first else (state_official, state_early):
        await state()
    for unit in ("62", DISTRICT):
        for params in ({}, {"as_of": early_office.clock.at.isoformat()}):
            assert await read(early_office, unit=unit, **params) == (24, "official", "official")
            assert await list_forms(early_office, unit, **params) == {"census"}


@pytest.mark.parametrize("early_first", [True, False])
async def test_a_preliminary_value_of_the_province_gives_way_to_those_of_districts(early_office, early_first):
    province = early_office.token("province", ["report"], ["62"])

    async def state_early():
        await early_office.accepted("62", "2023", "early", rows(900, "62", 9000), token=province)

    async def state_official():
        await early_office.accepted(OTHER_DISTRICT, "2023", "census", rows(7, OTHER_DISTRICT))

    for state in (state_early, state_official) if early_first else (state_official, state_early):
        await state()
    for params in ({}, {"as_of": early_office.clock.at.isoformat()}):
        assert await read(early_office, **params) == (7, "official", "official")
        assert await list_forms(early_office, "62", **params) == {"census"}


async def test_an_official_nil_report_takes_the_place_of_preliminary_values(early_office):
    await early_office.accepted(DISTRICT, "2023", "early", rows(10))
    await early_office.accepted(DISTRICT, "2023", "census", [], nil=True)
    figure = await early_office.figure("poor", unit=DISTRICT)
    assert (figure["value"], figure["stage"], figure["missing"]) == (None, None, [])
    assert figure["coverage"] == {"reported": 0, "nil": 12, "expected": 12}
    assert await list_forms(early_office, DISTRICT) == set()
    (report,) = (await early_office.get("reports", early_office.reviewer, form="census")).json()["items"]
    await early_office.verdict(report, "withdraw", reason="duyệt nhầm")
    assert await read_everywhere(early_office) == (10, "preliminary", "preliminary")


async def test_nothing_is_stated_twice_inside_a_form(early_office):
    await early_office.accepted(DISTRICT, "2023", "early", rows(10))
    commune = early_office.token("commune", ["report"], [COMMUNE])
    below = await early_office.submit(COMMUNE, "2023", "early", rows(3), token=commune)
    assert (below.status_code, below.json()["code"]) == (409, "value_stated_elsewhere")
    again = await early_office.submit(DISTRICT, "2023", "early", rows(4))
    assert (again.status_code, again.json()["code"]) == (409, "report_exists")


async def test_a_publication_takes_the_official_report_alone(early_office):
    await early_office.accepted(DISTRICT, "2023", "early", rows(10))
    document = {"number": "1/BC-UBND", "date": "2024-01-15"}

    async def publish(name):
        body = {"name": name, "period": "2023", "unit": "62", "document": document}
        answer = await early_office.post("publications", body, early_office.reviewer)
        assert answer.status_code == 201, answer.text
        frozen = (await early_office.get(f"publications/{answer.json()['id']}")).json()["figures"]
        return next((row["value"], row["stage"]) for row in frozen if row["indicator"] == "poor")

    assert await publish("sơ bộ") == (None, None)
    await early_office.accepted(DISTRICT, "2023", "census", rows(12))
    assert await publish("chính thức") == (12, "official")


async def test_a_preliminary_value_is_never_official_and_the_form_is_named(early_office):
    body = [{"unit": COMMUNE, "indicator": "poor", "value": 1, "status": "official"}]
    report = {"unit": DISTRICT, "period": "2023", "form": "early", "observations": body}
    kept = (await early_office.post("reports", report, early_office.district(DISTRICT))).json()
    shown = (await early_office.get(f"reports/{kept['id']}", early_office.reviewer)).json()
    assert [row["status"] for row in shown["observations"]] == ["preliminary"]
    unknown = await early_office.submit(DISTRICT, "2023", "early", [(COMMUNE, "criterion_a", 1)])
    assert [error["code"] for error in unknown.json()["errors"]] == ["indicator_on_other_form"]


async def test_each_form_is_owed_by_itself_and_a_preliminary_one_only_by_a_day(early_office):
    await early_office.accepted(DISTRICT, "2023", "early", rows(10))
    items = (await early_office.get("completeness", period="2023", unit=DISTRICT)).json()["items"]
    states = {item["form"]: item["state"] for item in items}
    assert states["census"] == "missing"
    assert "early" not in states
    early = make_early_catalogue().forms["early"]
    assert early.list_owing_levels(Period(2023)) == ()
    due = DueRule(-47, "Điều 7", "sourced", "province", valid_from=SINCE)
    assert replace(early, due=(due,)).list_owing_levels(Period(2023)) == ("district", "province")


@pytest.mark.parametrize("official", ["nowhere", "early", "results"])
def test_a_preliminary_form_without_a_fitting_official_form_stops_the_start(official):
    plain = make_early_catalogue()
    wrong = replace(plain.forms["early"], preliminary_of=official)
    with pytest.raises(ValueError, match="early"):
        replace(plain, forms={**plain.forms, "early": wrong})
