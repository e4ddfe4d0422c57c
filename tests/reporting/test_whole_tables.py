"""A form may declare a table whole: each unit states all of its columns, 0 or nil where nothing moved, or none."""

from dataclasses import replace

import pytest

from shared.reporting.catalogue.definitions import Figure, Form, Indicator, WholeTable
from shared.reporting.catalogue.formulas import Sum
from tests.reporting import office as offices
from tests.reporting.office import BASIS, NAME, SINCE, YEAR, open_office

pytestmark = pytest.mark.anyio

COLUMNS = ("start", "left", "came", "end")
DISTRICT, COMMUNE, OTHER = "610", "23344", "23347"


def make_catalogue():
    plain = offices.catalogue()
    table = WholeTable("moves", NAME, COLUMNS, opened_by=("start", "left", "came"))
    form = Form("movement", NAME, frozenset({YEAR}), "district", **BASIS, tables=(table,))
    codes = (*COLUMNS, "note")
    indicators = {
        code: (Indicator(code, NAME, "movement", "-", "commune", "-", valid_from=SINCE),) for code in codes
    }
    figures = {code: Figure(code, NAME, Sum((code,)), "-", NAME, "-", valid_from=SINCE) for code in codes}
    return replace(
        plain,
        forms={**plain.forms, "movement": form},
        indicators={**plain.indicators, **indicators},
        figures={**plain.figures, **figures},
    )


@pytest.fixture
async def movement_office(database, monkeypatch):
    with_movement = make_catalogue()
    monkeypatch.setattr(offices, "catalogue", lambda: with_movement)
    async with open_office(database) as opened:
        yield opened


def state(unit, **columns):
    return [(unit, code, value) for code, value in columns.items()]


async def submit(office, *rows):
    return await office.submit(DISTRICT, "2023", "movement", [row for part in rows for row in part])


async def find_faults(office, *rows):
    answer = await submit(office, *rows)
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"], error["detail"]) for error in answer.json()["errors"]]


async def test_a_whole_table_is_accepted_with_zeros(movement_office):
    answer = await submit(movement_office, state(COMMUNE, start=5, left=0, came=0, end=5))
    assert answer.status_code == 201, answer.text


async def test_each_unit_is_named_with_what_it_left_out(movement_office):
    faults = await find_faults(
        movement_office, state(COMMUNE, note=1, left=2, end=3), state(OTHER, start=1, left=0, came=0, end=1)
    )
    assert faults == [
        (
            "/observations/1",
            "table_incomplete",
            f"The table “name” is stated whole for {COMMUNE}; missing: start, came. State 0 where nothing moved.",
        )
    ]
    faults = await find_faults(movement_office, state(COMMUNE, start=2), state(OTHER, came=0))
    assert [pointer for pointer, _, _ in faults] == ["/observations/0", "/observations/1"]


async def test_a_column_that_does_not_open_the_table_may_stand_alone(movement_office):
    assert (await submit(movement_office, state(COMMUNE, end=5, note=1))).status_code == 201


async def test_nil_is_a_statement_of_a_column(movement_office):
    rows = [{"unit": COMMUNE, "indicator": code, "nil": True} for code in COLUMNS]
    body = {"unit": DISTRICT, "period": "2023", "form": "movement", "observations": rows}
    answer = await movement_office.post("reports", body, movement_office.district(DISTRICT))
    assert answer.status_code == 201, answer.text


async def test_other_faults_are_named_beside_and_a_misread_row_names_nothing_missing(movement_office):
    faults = await find_faults(movement_office, state(COMMUNE, start=-1, left=0, came=0))
    assert [(pointer, code) for pointer, code, _ in faults] == [
        ("/observations/0", "table_incomplete"),
        ("/observations/0/value", "value_out_of_range"),
    ]
    rows = [
        {"unit": COMMUNE, "indicator": 7, "value": 1},
        {"unit": COMMUNE, "indicator": "start", "value": 1},
    ]
    body = {"unit": DISTRICT, "period": "2023", "form": "movement", "observations": rows}
    answer = await movement_office.post("reports", body, movement_office.district(DISTRICT))
    assert [error["code"] for error in answer.json()["errors"]] == ["not_a_text"]


async def test_the_catalogue_shows_the_tables_of_a_form(movement_office):
    (table,) = (await movement_office.get("indicators/start")).json()["form"]["tables"]
    assert (table["code"], table["columns"]) == ("moves", list(COLUMNS))
    assert table["opened_by"] == ["start", "left", "came"]


def test_a_table_with_a_column_of_another_form_stops_the_start():
    plain = make_catalogue()
    table = WholeTable("wrong", NAME, ("start", "poor"))
    forms = {**plain.forms, "movement": replace(plain.forms["movement"], tables=(table,))}
    with pytest.raises(ValueError, match=r"table wrong of form movement .*'poor'"):
        replace(plain, forms=forms)
