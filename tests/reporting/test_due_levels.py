"""Each level owes a form by a day of its own: dated rows, the legal window of the period, and who settles what."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from shared.periods import Period
from shared.reporting.catalogue.definitions import DueRule, Form, Indicator
from tests.reporting import office as offices
from tests.reporting.office import BASIS, MONTH, NAME, SINCE, YEAR, open_office

pytestmark = pytest.mark.anyio

DISTRICT, COMMUNE = "610", "23344"
LAST_DAY_OF_DISTRICTS = date(2025, 6, 30)


def due(level, days, **more):
    return DueRule(days, f"Điều {level}", "unsure", level, **{"valid_from": SINCE, **more})


def make_catalogue():
    plain = offices.catalogue()
    review = Form(
        "review", NAME, frozenset({YEAR}), "district", **BASIS, regime="poverty_review",
        due=(due("commune", -20), due("district", -15, valid_to=LAST_DAY_OF_DISTRICTS), due("province", -12), due("implementing_unit", -30)),
    )  # fmt: skip
    monthly = Form(
        "monthly", NAME, frozenset({MONTH}), "commune", **BASIS, due=(due(None, 5),), numbers=frozenset(range(1, 9))
    )  # fmt: skip
    codes = {"reviewed": "review", "seen": "monthly"}
    indicators = {
        code: (Indicator(code, NAME, form, "-", "commune", "-", valid_from=SINCE),)
        for code, form in codes.items()
    }
    return replace(
        plain,
        forms={"review": review, "monthly": monthly},
        indicators=indicators,
        figures={},
        standards=(),
        dimensions=(),
        identities=(),
    )


@pytest.fixture
async def review_office(database, monkeypatch):
    with_review = make_catalogue()
    monkeypatch.setattr(offices, "catalogue", lambda: with_review)
    async with open_office(database) as opened:
        yield opened


async def read_owed(office, unit, period="2023"):
    """Return the obligations of a period by unit, without those of implementing units."""
    answer = await office.get("completeness", period=period, unit=unit)
    assert answer.status_code == 200, answer.text
    items = [item for item in answer.json()["items"] if item["level"] != "implementing_unit"]
    assert len({item["unit"] for item in items}) == len(items)
    return {item["unit"]: item for item in items}


async def test_each_level_owes_by_its_own_day_and_clause(review_office):
    owed = await read_owed(review_office, "62")
    assert len(owed) == 1 + 10 + 102
    rows = {
        unit: (owed[unit]["level"], owed[unit]["due_on"], owed[unit]["clause"])
        for unit in ("62", DISTRICT, COMMUNE)
    }
    assert rows == {
        "62": ("province", "2023-12-19", "Điều province"),
        DISTRICT: ("district", "2023-12-16", "Điều district"),
        COMMUNE: ("commune", "2023-12-11", "Điều commune"),
    }


async def test_implementing_units_owe_through_the_commune_by_a_day_of_their_own(review_office):
    review_office.clock.at = datetime(2023, 12, 5, tzinfo=UTC)  # their day was the first
    owing = (await review_office.get("completeness", period="2023", unit=COMMUNE)).json()
    rows = {item["level"]: (item["due_on"], item["timeliness"]) for item in owing["items"]}
    assert rows == {"implementing_unit": ("2023-12-01", "overdue"), "commune": ("2023-12-11", "pending")}
    assert (owing["expected"], owing["reported"], owing["unit_since"]) == (2, 0, "2004-07-08")
    commune = review_office.token("commune", ["report"], [COMMUNE])
    sent = await review_office.submit(COMMUNE, "2023", "review", [(COMMUNE, "reviewed", 1)], token=commune)
    assert sent.status_code == 201, sent.text
    met = (await review_office.get("obligations", unit=COMMUNE, include="all")).json()["items"]
    assert {
        (item["level"], item["timeliness"])
        for item in met
        if item["form"] == "review" and item["period"] == "2023"
    } == {
        ("implementing_unit", "late"),
        ("commune", "on_time"),
    }


async def test_the_legal_window_of_the_period_is_named(review_office):
    owed = (await read_owed(review_office, "62"))["62"]
    assert (owed["counted_from"], owed["counted_to"]) == ("2023-09-01", "2023-12-14")
    monthly = await read_owed(review_office, COMMUNE, "2023-05")
    assert monthly[COMMUNE]["counted_from"] is None


async def test_without_districts_a_commune_owes_once_by_its_own_row(review_office):
    review_office.clock.at = datetime(2026, 1, 10, tzinfo=UTC)
    owed = await read_owed(review_office, "51", "2025")
    assert {item["level"] for unit, item in owed.items() if unit != "51"} == {"commune"}
    assert owed["51"]["level"] == "province"


async def test_whoever_states_values_for_units_below_settles_what_they_owe(review_office):
    communes = review_office.communes(DISTRICT)
    rows = [(commune, "reviewed", 1) for commune in communes]
    assert (await review_office.submit(DISTRICT, "2023", "review", rows)).status_code == 201
    owed = await read_owed(review_office, "62")
    settled = {unit for unit, item in owed.items() if item["state"] == "submitted"}
    assert settled == {DISTRICT, *communes}
    open_of_commune = (await review_office.get("obligations", unit=COMMUNE)).json()["items"]
    assert "review" not in {item["form"] for item in open_of_commune if item["period"] == "2023"}


async def test_a_report_of_the_province_settles_every_level(review_office):
    province = review_office.token("province", ["report"], ["62"])
    rows = [(commune, "reviewed", 1) for commune in review_office.communes("62")]
    assert (await review_office.submit("62", "2023", "review", rows, token=province)).status_code == 201
    owed = await read_owed(review_office, "62")
    assert {item["state"] for item in owed.values()} == {"submitted"}


async def test_reports_of_all_communes_settle_the_district_and_of_all_districts_the_province(review_office):
    for district in ("608", "610", "611", "612", "613", "614", "615", "616", "617"):
        rows = [(commune, "reviewed", 1) for commune in review_office.communes(district)]
        assert (await review_office.submit(district, "2023", "review", rows)).status_code == 201
    for commune in review_office.communes("618"):
        assert (await read_owed(review_office, "62"))["62"]["state"] == "missing"
        token = review_office.token(f"commune-{commune}", ["report"], [commune])
        answer = await review_office.submit(
            commune, "2023", "review", [(commune, "reviewed", 1)], token=token
        )
        assert answer.status_code == 201
    owed = await read_owed(review_office, "62")
    assert (owed["618"]["state"], owed["62"]["state"]) == ("submitted", "submitted")


async def test_a_form_is_owed_only_for_its_periods_of_the_year(review_office):
    assert list(await read_owed(review_office, COMMUNE, "2023-08")) == [COMMUNE]
    assert await read_owed(review_office, COMMUNE, "2023-09") == {}
    token = review_office.token("commune", ["report"], [COMMUNE])
    answer = await review_office.submit(COMMUNE, "2023-09", "monthly", [(COMMUNE, "seen", 1)], token=token)
    assert [error["code"] for error in answer.json()["errors"]] == ["form_unknown"]


def test_a_row_of_a_level_is_in_force_in_its_own_days():
    form = make_catalogue().forms["review"]
    assert form.list_owing_levels(Period(2023)) == ("implementing_unit", "commune", "district", "province")
    assert form.find_due_rule(Period(2025), "district") is None
