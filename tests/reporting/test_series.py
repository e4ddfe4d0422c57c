"""A figure over periods: its standards, and the breaks where they change."""

from datetime import datetime

import pytest

COMMUNE = "23344"


def rows(value):
    return [(COMMUNE, code, value) for code in ("criterion_a", "criterion_b")]


async def read(office, **ask):
    return await office.get("series", **{"indicator": "communes_done", "unit": "62", **ask})


async def test_a_series_has_the_standard_of_each_period_and_a_break_where_it_changes(office):
    office.clock.move(days=400)
    for period, value, more in (
        ("2021", 1, {}),
        ("2022", 0, {}),
        ("2023", 1, {}),
        ("2023", 0, {"standard": "set_a"}),
        ("2024", 1, {}),
    ):
        await office.accepted("610", period, "criteria", rows(value), **more)
    answer = await read(office, **{"from": "2020", "to": "2024"})
    assert answer.status_code == 200, answer.text
    points = [
        (row["period"], row["value"], row["standard"], row["break_before"]) for row in answer.json()["items"]
    ]
    assert points == [
        ("2020", None, "set_a", False),
        ("2021", 1, "set_a", False),
        ("2022", 0, "set_a", False),
        ("2023", 1, "set_b", True),
        ("2024", 1, "set_b", False),
    ]
    earlier = (await read(office, standard="set_a", **{"from": "2022", "to": "2023"})).json()["items"]
    assert [(row["value"], row["break_before"]) for row in earlier] == [(0, False), (0, False)]


async def test_a_series_is_read_by_member_in_the_past_and_on_another_map(office):
    body = {
        "unit": "610",
        "period": "2023",
        "form": "census",
        "observations": [
            {"unit": COMMUNE, "indicator": "persons_by_group", "dimension": {"group": "a"}, "value": 5}
        ],
    }
    before = office.clock().isoformat()
    answer = await office.post("reports", body, office.district("610"))
    await office.verdict(answer.json())
    ask = {"indicator": "persons_by_group", "dimension": "a", "from": "2023", "to": "2023"}
    series = (await read(office, **ask)).json()
    assert (series["dimension"], series["items"][0]["value"]) == ({"group": "a"}, 5)
    assert (await read(office, **ask, as_of=before)).json()["items"][0]["value"] is None
    projected = (await read(office, **{**ask, "unit": "51"}, map="2025-07-01")).json()
    assert (projected["items"][0]["unit"], projected["items"][0]["value"]) == ("51", 5)


async def test_a_series_of_a_level_has_a_row_for_each_unit_in_each_period_that_has_such_units(office):
    office.clock.move(days=900)
    await office.accepted("610", "2023", "criteria", rows(1))
    answer = await read(office, **{"from": "2023", "to": "2025", "level": "district"})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert {row["period"] for row in items} == {"2023", "2024"}, "there are no districts on the map of 2025"
    of_2023 = {row["unit"]: row["value"] for row in items if row["period"] == "2023"}
    assert of_2023["610"] == 1
    assert of_2023["611"] is None
    broad = await read(office, **{"from": "2010", "to": "2023", "level": "district"})
    assert [fault["code"] for fault in broad.json()["errors"]] == ["too_many_periods"]


async def test_periods_with_accepted_figures_are_listed(office):
    office.clock.move(days=900)
    assert (await office.get("periods")).json() == {"items": []}
    await office.accepted("610", "2023", "criteria", rows(1))
    await office.accepted("610", "2024", "criteria", rows(1))
    submitted = await office.post(
        "reports",
        {"unit": "610", "period": "2025", "form": "criteria", "observations": []},
        office.district("610"),
    )
    assert submitted.status_code in {201, 404, 422}
    assert (await office.get("periods")).json() == {"items": [{"period": "2024"}, {"period": "2023"}]}


async def test_a_unit_that_is_not_there_in_a_period_has_no_value(office):
    office.clock.move(days=900)
    series = (await read(office, **{"from": "2024", "to": "2026", "unit": "610"})).json()
    assert [row["unit"] for row in series["items"]] == ["610", None, None]


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        ({"from": "2020", "to": "2023-Q1"}, 422, "period_of_other_kind"),
        ({"from": "2023", "to": "2020"}, 422, "period_before_first"),
        ({"from": "2016-01", "to": "2023-12"}, 422, "too_many_periods"),
        ({"from": "2020", "to": "soon"}, 422, "period_invalid"),
        ({"from": "2020"}, 422, "missing"),
        ({"from": "2020", "to": "2023", "indicator": "none"}, 404, "indicator_not_found"),
        ({"from": "2020", "to": "2023", "standard": "none"}, 404, "standard_not_found"),
        ({"from": "2020", "to": "2023", "unit": "nowhere"}, 404, "unit_unknown"),
    ],
)
async def test_a_series_that_cannot_be_is_refused(office, ask, status, code):
    answer = await read(office, **ask)
    body = answer.json()
    codes = {body["code"], *(fault["code"] for fault in body.get("errors", ()))}
    assert (answer.status_code, code in codes) == (status, True), answer.text


async def test_a_series_names_the_unit_of_each_period_and_marks_where_its_land_changes(office):
    office.clock.move(days=900)
    await office.accepted("610", "2023", "criteria", rows(1))
    ask = {"from": "2024", "to": "2025", "unit": "23293", "indicator": "households"}
    series = (await read(office, **ask)).json()
    assert [
        (row["unit"], row["unit_name"], row["unit_kind"], row["unit_since"], row["break_before"])
        for row in series["items"]
    ] == [
        ("23293", "Phường Thắng Lợi", "phuong", "2004-07-08", False),
        ("23293", "Phường Kon Tum", "phuong", "2025-07-01", True),
    ]
    assert [row["missing"] for row in series["items"]] == [["households"], ["households"]]
    feed = (await office.get("changes", office.reviewer)).json()["items"]
    assert datetime.fromisoformat(series["as_of"]) == datetime.fromisoformat(feed[-1]["time"])
    ask = {"from": "2023", "to": "2023", "unit": "51", "map": "2025-07-01"}
    (point,) = (await read(office, **ask)).json()["items"]
    assert (point["value"], point["reassessment_required"], point["break_before"]) == (None, True, False)
