"""Completeness is counted over what is owed: whatever else is reported, it never exceeds a hundred percent."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.periods import Period
from shared.reporting.catalogue.definitions import OwingRule
from shared.reporting.obligations.live_days import NEVER, LiveDay, LiveDays
from shared.reporting.obligations.rules import (
    ObligationCalendar,
    ReceivedReport,
    find_owing_units,
    find_units_on_map,
)
from shared.territory.tree import Territory
from shared.territory.units import Succession, Unit
from tests.reporting.office import catalogue
from tests.territory.shipped import read_successions, read_units

MAP = Territory(read_units(), read_successions())
CATALOGUE = catalogue()
START = datetime(2023, 1, 1, tzinfo=UTC)
FORMS = list(CATALOGUE.forms)
UNITS = st.sampled_from(["62", "608", "610", "611", "618", "23344", "23347", "51", "23293", "nowhere"])

RECEIVED = st.builds(
    ReceivedReport,
    report_id=st.just("r"),
    state=st.sampled_from(["submitted", "accepted"]),
    received_at=st.integers(0, 1100).map(lambda days: START + timedelta(days=days)),
    nil=st.booleans(),
)
DAYS = st.dates(date(2022, 1, 1), date(2026, 12, 31))


def calendar(today=date(2024, 6, 1), live_on=None, by_default=None) -> ObligationCalendar:
    stated = [LiveDay(unit, on) for unit, on in (live_on or {}).items()]
    return ObligationCalendar(CATALOGUE, MAP, today, LiveDays(MAP, stated, by_default))


def test_what_is_owed_on_another_map_is_that_of_the_land():
    period, later = Period.parse("2023"), date(2025, 7, 1)
    rows = list(calendar().list_obligations("62", period, {}))
    assert list(calendar().list_obligations_on_map("51", later, period, {})) != []
    of_old = {(row.unit.key, row.form.code, row.level) for row in rows}
    of_new = {
        (row.unit.key, row.form.code, row.level)
        for row in calendar().list_obligations_on_map("51", later, period, {})
    }
    assert of_old <= of_new, "all of Kon Tum lies in the new Quảng Ngãi"
    wards = find_units_on_map(MAP, "23293", later, period.ends_on)
    assert wards == MAP.communes_sharing_land("23293", later, period.ends_on), (
        "no district: other communes of it lie elsewhere"
    )
    assert {"62", "608", "610"} <= find_units_on_map(MAP, "51", later, period.ends_on)


def test_a_unit_goes_live_as_itself_and_not_as_a_code_that_is_given_again():
    """23293 was a ward until 30 June 2025, and since then another one, which five wards became."""
    old, new = MAP.unit("23293", date(2025, 6, 30)), MAP.unit("23293", date(2025, 7, 1))
    earlier, later = LiveDay("23293", date(2024, 1, 1)), LiveDay("23293", date(2025, 9, 15))
    days = LiveDays(MAP, [earlier], date(2020, 1, 1))
    assert days.find(old, date(2025, 6, 30)) == earlier.live_on
    assert days.find(new, date(2025, 12, 31)) == date(2020, 1, 1), "the default"
    both = LiveDays(MAP, [earlier, later])
    assert (both.find(old, date(2025, 3, 31)), both.find(new, date(2025, 12, 31))) == (
        earlier.live_on,
        later.live_on,
    )
    restated = LiveDays(
        MAP, [earlier, later, LiveDay("51", date(2025, 8, 1)), earlier._replace(live_on=date(2024, 3, 1))]
    )
    assert restated.find(old, date(2025, 6, 30)) == date(2024, 3, 1), "the latest statement"
    assert restated.find(MAP.unit("23344", date(2025, 9, 30)), date(2025, 9, 30)) == date(2025, 8, 1)


def test_land_that_joins_the_province_later_owes_nothing_until_it_goes_live():
    """Kon Tum's 40 communes of 1 July 2025 go on owing; others of Quảng Ngãi owe from the day that is stated for them."""
    before, merger, on = date(2023, 12, 31), date(2025, 7, 1), date(2025, 12, 31)
    ward = Unit("21025", "commune", "phuong", "Cẩm Thành", "51", merger)
    old = (date(2004, 7, 8), date(2025, 6, 30))
    land = MAP.with_units(
        [
            ward,
            Unit("51", "province", "tinh", "Quảng Ngãi", None, *old),
            Unit("522", "district", "thanh_pho", "Quảng Ngãi", "51", *old),
            Unit("536", "district", "huyen", "Lý Sơn", "51", *old),
            Unit("21010", "commune", "phuong", "Lê Hồng Phong", "522", *old),
        ],
        [
            Succession(unit, old[0], successor, merger, merger, "merged")
            for unit, successor in (("21010", "21025"), ("51", "51"))
        ],
    )
    earlier = LiveDay("62", date(2024, 1, 1))

    def count_live(*stated, default=None, province="62"):
        days = LiveDays(land, stated, default, province)
        return Counter(days.find(commune, on) for commune in land.communes("51", on))

    assert count_live() == {None: 40, NEVER: 1}
    assert count_live(earlier, default=merger) == {earlier.live_on: 40, NEVER: 1}
    assert count_live(earlier, default=merger, province="51") == {earlier.live_on: 40, merger: 1}
    assert count_live(earlier, LiveDay("51", date(2025, 10, 1))) == {date(2025, 10, 1): 41}
    days = LiveDays(land, [earlier], province="62")
    assert days.find(land.unit("51", on), on) == days.find(land.unit("51", before), before) == NEVER
    island = land.unit("536", before)
    assert days.find(island, before) == NEVER
    of_new_province = LiveDays(land, province="51")
    assert of_new_province.find(island, before) is None
    assert of_new_province.find(land.unit("610", before), before) is None
    owed = list(
        ObligationCalendar(CATALOGUE, land, date(2026, 6, 1), days).list_obligations("51", Period(2025), {})
    )
    of_land = land.communes_sharing_land("62", date(2025, 6, 30), on)
    assert {row.unit.code for row in owed if row.timeliness == "overdue"} == of_land
    assert {row.unit.code for row in owed if row.is_open} == of_land


@given(
    root=st.sampled_from(["62", "610", "23344"]),
    period=st.sampled_from(["2023", "2023-05", "2023-Q3", "2023-S1"]).map(Period.parse),
    received=st.dictionaries(
        st.tuples(UNITS, st.sampled_from(["2023", "2023-05", "2022"]), st.sampled_from(FORMS)), RECEIVED
    ),
    today=DAYS,
    live_on=st.dictionaries(UNITS, DAYS, max_size=3),
    by_default=st.none() | DAYS,
)
def test_no_more_obligations_are_reported_judged_or_on_time_than_there_are(
    root, period, received, today, live_on, by_default
):
    owed = list(calendar(today, live_on, by_default).list_obligations(root, period, received))
    named = [(obligation.unit.code, obligation.form.code) for obligation in owed]
    assert len(named) == len(set(named)), "owed twice"
    reported = [obligation for obligation in owed if obligation.received]
    judged = [obligation for obligation in owed if obligation.is_judged]
    on_time = [obligation for obligation in owed if obligation.timeliness == "on_time"]
    assert len(reported) <= len(owed)
    assert len(on_time) <= len(judged) <= len(owed)
    for obligation in owed:
        assert MAP.is_within(obligation.unit.code, root, period.ends_on)
        assert obligation.period == period
        assert not (obligation.is_judged and obligation.due_on is None)
        if obligation.received is None:
            assert obligation.timeliness in ("overdue", "pending", "not_judged")


@pytest.mark.parametrize(
    ("root", "period", "owed_by", "expected"),
    [
        ("62", "2023", "district", 10),
        ("610", "2023", "district", 1),
        ("23344", "2023", "district", 0),
        ("62", "2023", "commune", 102),
        ("610", "2023", "commune", 12),
        ("23344", "2023", "commune", 1),
        ("51", "2025", "district", 40),
        ("23293", "2025", "district", 1),
        ("51", "2025", "commune", 40),
    ],
)
def test_who_owes_a_form(root, period, owed_by, expected):
    form = replace(CATALOGUE.forms["census"], owed_by=owed_by)
    assert len(find_owing_units(MAP, root, form, owed_by, Period.parse(period))) == expected


def test_who_owes_a_districts_form_without_districts_is_dated_per_form():
    def owing(form, period, root="51"):
        units = find_owing_units(MAP, root, form, "district", Period.parse(period))
        return sorted({(unit.level, root) for unit in units})

    rule = OwingRule("province", valid_from=date(2025, 7, 1), legal_basis="NQ 1", confidence="-")
    later = replace(rule, level="commune", valid_from=date(2026, 1, 1))
    form = replace(CATALOGUE.forms["census"], owing=(replace(rule, valid_to=date(2025, 12, 31)), later))
    assert owing(form, "2025") == [("province", "51")]
    assert owing(form, "2026") == [("commune", "51")]
    assert owing(form, "2023", "62") == [("district", "62")]
    assert owing(replace(form, owing=(later,)), "2025") == []


async def test_shares_stay_at_a_hundred_percent_however_often_and_by_whom_is_reported(office):
    first = await office.accepted("610", "2023", "criteria", [("23344", "criterion_a", 1)])
    second = await office.submit(
        "610", "2023", "criteria", [("23344", "criterion_a", 0)], supersedes=first["id"]
    )
    await office.verdict(second.json())
    commune = office.token("commune", ["report"], ["23347"])
    await office.submit("23347", "2023", "criteria", [("23347", "criterion_a", 1)], token=commune)
    completeness = (await office.get("completeness", period="2023", unit="610")).json()
    (criteria,) = (item for item in completeness["items"] if item["form"] == "criteria")
    assert criteria["state"] == "accepted"
    assert completeness["reported"] == 1
    assert completeness["reported"] <= completeness["expected"]
    assert completeness["reported_percent"] <= 100
    for district in ("610", "611"):
        for form in ("census", "works"):
            await office.submit(district, "2023", form, [], nil=True)
    whole = (await office.get("completeness", period="2023", unit="62")).json()
    assert whole["expected"] == sum(1 for _ in whole["items"])
    assert whole["reported"] == 5
    assert 0 < whole["reported_percent"] < 100


async def test_a_ratio_warns_when_its_sums_do_not_cover_the_same_units(office):
    await office.accepted("610", "2023", "census", [("23344", "poor", 5), ("23344", "households", 50)])
    even = await office.figure("poverty_rate")
    assert (even["inputs"], even["caveat"]) == ([], None)
    await office.accepted("611", "2023", "census", [("23380", "poor", 9)])
    poverty_rate = await office.figure("poverty_rate")
    assert poverty_rate["coverage"] == {"reported": 1, "nil": 0, "expected": 102}
    assert [(row["indicator"], row["reported"]) for row in poverty_rate["inputs"]] == [
        ("poor", 2),
        ("households", 1),
    ]
    assert poverty_rate["caveat"]["code"] == "inputs_covered_unequally"
    assert "poor 2/102, households 1/102" in poverty_rate["caveat"]["text_en"]
