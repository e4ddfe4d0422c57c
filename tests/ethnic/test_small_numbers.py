"""A least number that an installation publishes: no public read shows or gives back a smaller number of an ethnic group."""

from functools import partial

import pytest

from services.ethnic.app import create_app
from services.ethnic.settings import EthnicSettings
from tests.ethnic.conftest import NOW
from tests.ethnic.test_withholding import HOUSEHOLDS, TOTAL, report
from tests.program_clients import ProgramUnderTest

LEAST = 50
PROGRAM = ProgramUnderTest("ethnic", create_app, partial(EthnicSettings, withhold_below=LEAST), NOW)
small_number_clients = PROGRAM.make_clients_fixture()
CELLS = {
    "2022": {
        "23383": {"xo_dang": 310, "gie_trieng": 90, "thai": 61, "ba_na": 70},
        "23377": {"xo_dang": 150, "gie_trieng": 400, "thai": 55, "ba_na": 75},
    },
    "2023": {
        "23383": {"xo_dang": 300, "gie_trieng": 95, "thai": 20, "ba_na": 70},
        "23377": {"xo_dang": 155, "gie_trieng": 410, "thai": 60, "ba_na": 80},
        "23527": {"xo_dang": 80, "gie_trieng": 49, "ba_na": 90},
    },
}
DISTRICTS = {"23383": "611", "23377": "611", "23527": "616"}


@pytest.fixture
def clients(small_number_clients):
    return small_number_clients


async def read_public(clients, period):
    """Return every number of a group that a public read shows, by unit and group, from five kinds of reads."""
    shown = {}
    units = ("62", "611", "616", *CELLS[period])
    for unit in units:
        for row in (await clients.get("progress", period=period, unit=unit))["figures"]:
            if row["indicator"] == HOUSEHOLDS:
                shown[unit, row["dimension"]["ethnic_group"]] = row["value"]
    for query in ({"unit": "62"}, {"unit": "51", "map": "2025-07-01"}):
        rows = await clients.get("map", period=period, indicator=HOUSEHOLDS, level="commune", **query)
        for row in rows["items"]:
            key = f"{row['unit']}{query.get('map', '')}", row["dimension"]["ethnic_group"]
            shown[key] = row["value"]
    for row in (await clients.get("observations", period=period, unit="62", indicator=HOUSEHOLDS))["items"]:
        assert shown[row["unit"], row["dimension"]["ethnic_group"]] == row["value"]
    for group in {group for cells in CELLS[period].values() for group in cells}:
        span = {"from": period, "to": period}
        series = await clients.get("series", indicator=HOUSEHOLDS, dimension=group, unit="62", **span)
        assert series["items"][0]["value"] == shown["62", group]
    return shown


async def test_small_numbers_cannot_be_told_from_totals_siblings_periods_and_maps(clients):
    for period, cells in CELLS.items():
        for district in sorted(set(DISTRICTS.values())):
            of_district = {unit: groups for unit, groups in cells.items() if DISTRICTS[unit] == district}
            if of_district:
                await report(clients, district, of_district, period)
    small = {
        group
        for cells in CELLS.values()
        for groups in cells.values()
        for group, value in groups.items()
        if value < LEAST
    }
    assert small == {"thai", "gie_trieng"}
    for period, cells in CELLS.items():
        shown = await read_public(clients, period)
        assert {value for (_, group), value in shown.items() if group in small} <= {None}
        # what is left of each total after what is shown holds at least two hidden numbers, and is none of the small ones
        for unit, groups in cells.items():
            total = sum(groups.values())
            hidden = {group: value for group, value in groups.items() if shown[unit, group] is None}
            assert len(hidden) > 1, (period, unit)
            left = total - sum(shown[unit, group] or 0 for group in groups)
            assert left == sum(hidden.values()) and left not in hidden.values()
    totals = {
        row["value"]
        for row in (await clients.get("observations", period="2023", unit="62", indicator=TOTAL))["items"]
    }
    assert totals == {sum(groups.values()) for groups in CELLS["2023"].values()}, "totals are public"
    officer = clients.make_headers("read", client_id="officer")
    answer = await clients.http.get(
        "/v1/ethnic/observations",
        params={"period": "2023", "unit": "62", "indicator": HOUSEHOLDS},
        headers=officer,
    )
    assert {row["value"] for row in answer.json()["items"]} >= {20, 49}
