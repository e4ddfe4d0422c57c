"""The start of a period is the end before: by unit, standard and map, with exceptions that stay visible."""

from dataclasses import replace
from datetime import date

import pytest

from shared.kit.resources import get_resources
from shared.reporting.catalogue.definitions import Figure, Form, Indicator, TotalReview
from shared.reporting.catalogue.formulas import Sum
from shared.territory.tree import Territory
from tests.reporting import office as offices
from tests.reporting.office import BASIS, NAME, SINCE, YEAR, open_office
from tests.statements import sent_by

pytestmark = pytest.mark.anyio

DISTRICT, COMMUNE, OTHER = "610", "23344", "23347"
NEW_WARD = "23293"
"""Since 1 July 2025 this code is the ward that several communes were merged into."""


def make_catalogue():
    plain = offices.catalogue()
    review = TotalReview("2021", "Điều 3")
    form = Form("movement", NAME, frozenset({YEAR}), "district", **BASIS, total_reviews=(review,))
    indicators = {
        "start": (
            Indicator("start", NAME, "movement", "-", "commune", "-", valid_from=SINCE, starts_from="end"),
        ),
        "end": (Indicator("end", NAME, "movement", "-", "commune", "-", valid_from=SINCE),),
    }
    figures = {
        code: Figure(code, NAME, Sum((code,)), "-", NAME, "-", valid_from=SINCE) for code in indicators
    }
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


async def submit(office, period, *rows, unit=DISTRICT, **more):
    return await office.submit(unit, period, "movement", list(rows), **more)


async def state_end(office, period, value, unit=COMMUNE):
    return await office.accepted(DISTRICT, period, "movement", [(unit, "end", value)])


async def test_a_start_that_is_the_end_before_is_accepted(movement_office):
    await state_end(movement_office, "2022", 12)
    answer = await submit(movement_office, "2023", (COMMUNE, "start", 12), (COMMUNE, "end", 9))
    assert answer.status_code == 201, answer.text


async def test_a_start_without_an_end_before_is_taken_as_stated(movement_office):
    await state_end(movement_office, "2021", 12)
    assert (await submit(movement_office, "2023", (COMMUNE, "start", 7))).status_code == 201


async def test_a_start_that_differs_is_refused_with_unit_column_and_difference(movement_office):
    await movement_office.accepted(DISTRICT, "2022", "movement", [(COMMUNE, "end", 12), (OTHER, "end", 3)])
    answer = await submit(movement_office, "2023", (COMMUNE, "start", 10), (OTHER, "start", 4))
    assert (answer.status_code, answer.json()["code"]) == (409, "start_differs")
    assert answer.json()["differences"] == [
        {"unit": COMMUNE, "indicator": "start", "stated": "10", "before": "12", "difference": "-2", "ended_in": [COMMUNE]},
        {"unit": OTHER, "indicator": "start", "stated": "4", "before": "3", "difference": "1", "ended_in": [OTHER]},
    ]  # fmt: skip
    assert "-2" in answer.json()["detail"]


async def test_an_exception_is_accepted_with_its_reason_which_stays_visible(movement_office):
    await state_end(movement_office, "2022", 12)
    exception = {"unit": COMMUNE, "indicator": "start", "reason": "điều chỉnh ranh giới thôn"}
    answer = await submit(movement_office, "2023", (COMMUNE, "start", 10), exceptions=[exception])
    assert answer.status_code == 201, answer.text
    named = {"unit_name": "Xã Đăk Blô", "unit_kind": "xa", "unit_since": "2004-07-08"}
    shown = {**exception, **named, "stated": 10, "before": 12, "difference": -2, "ended_in": [COMMUNE]}
    report = (await movement_office.get(f"reports/{answer.json()['id']}", movement_office.reviewer)).json()
    assert report["exceptions"] == [shown]
    queue = (await movement_office.get("reports", movement_office.reviewer, state="submitted")).json()[
        "items"
    ]
    assert queue[0]["exceptions"] == [shown]
    again = await submit(movement_office, "2023", (COMMUNE, "start", 10), exceptions=[exception])
    assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])


async def test_a_pending_end_counts_where_none_is_accepted(movement_office):
    first = await state_end(movement_office, "2022", 12)
    await submit(movement_office, "2022", (COMMUNE, "end", 15), supersedes=first["id"])
    assert (await submit(movement_office, "2023", (COMMUNE, "start", 12))).status_code == 201
    await submit(movement_office, "2022", (OTHER, "end", 4), unit=OTHER)
    assert (await submit(movement_office, "2023", (OTHER, "start", 5), unit=OTHER)).status_code == 409


async def test_after_a_merger_the_start_is_the_sum_of_the_merged_ends(movement_office):
    movement_office.clock.move(days=800)
    territory = get_resources(movement_office.app).get(Territory)
    merged = sorted(territory.communes_sharing_land(NEW_WARD, date(2025, 12, 31), date(2024, 12, 31)))
    assert len(merged) > 1
    district = territory.answering_unit(merged[0], date(2024, 12, 31)).code
    sender = movement_office.token("sender", ["report"], ["62", "51"])
    rows = [(commune, "end", number) for number, commune in enumerate(merged[:-1], 1)]
    first = await movement_office.accepted(district, "2024", "movement", rows, token=sender)
    start = (NEW_WARD, "start", 0)
    assert (await submit(movement_office, "2025", start, unit=NEW_WARD, token=sender)).status_code == 201
    whole = [*rows, (merged[-1], "end", 100)]
    await movement_office.accepted(district, "2024", "movement", whole, token=sender, supersedes=first["id"])
    total = sum(value for _, _, value in whole)
    (live,) = (await movement_office.get("reports", movement_office.reviewer, period="2025")).json()["items"]
    wrong = (NEW_WARD, "start", total - 1)
    refused = await submit(movement_office, "2025", wrong, unit=NEW_WARD, token=sender, supersedes=live["id"])
    (difference,) = refused.json()["differences"]
    assert (difference["before"], difference["ended_in"]) == (str(total), merged)
    right = (NEW_WARD, "start", total)
    answer = await submit(movement_office, "2025", right, unit=NEW_WARD, token=sender, supersedes=live["id"])
    assert answer.status_code == 201, answer.text


async def test_a_total_review_has_no_start(movement_office):
    answer = await submit(movement_office, "2021", (COMMUNE, "end", 9), (COMMUNE, "start", 9))
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/observations/1/indicator", "start_in_total_review")
    ]


@pytest.mark.parametrize(
    ("exception", "pointer", "code"),
    [
        ({"unit": OTHER, "indicator": "start", "reason": "x"}, "/exceptions/0", "exception_without_start"),
        ({"unit": COMMUNE, "indicator": "end", "reason": "x"}, "/exceptions/0", "exception_without_start"),
        ({"unit": COMMUNE, "indicator": "start", "reason": ""}, "/exceptions/0/reason", "text_too_short"),
        ({"unit": COMMUNE, "indicator": "start"}, "/exceptions/0/reason", "missing"),
    ],
)
async def test_an_exception_names_a_start_of_the_report_and_a_reason(
    movement_office, exception, pointer, code
):
    answer = await submit(movement_office, "2023", (COMMUNE, "start", 10), exceptions=[exception])
    assert answer.status_code == 422, answer.text
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


async def test_a_report_without_a_start_costs_no_statement_more(movement_office):
    counts = []
    for rows in ([(COMMUNE, "end", 1)], [(OTHER, "end", 1), (OTHER, "start", 1)]):
        with sent_by(movement_office.app) as sent:
            answer = await submit(movement_office, "2023", *rows, unit=rows[0][0])
        assert answer.status_code == 201, answer.text
        counts.append(len(sent))
    assert counts == [6, 7]


async def test_a_later_correction_of_an_end_flags_the_accepted_report_whose_start_no_longer_equals_it(
    movement_office,
):
    office = movement_office
    first = await state_end(office, "2022", 12)
    accepted = await office.accepted(DISTRICT, "2023", "movement", [(COMMUNE, "start", 12)])

    async def read_flags():
        """Return the differences that the queue and the report show, and the caveat of the figure."""
        report = (await office.get(f"reports/{accepted['id']}", office.reviewer)).json()
        (queued,) = (await office.get("reports", office.reviewer, period="2023")).json()["items"]
        assert queued["start_differences"] == report["start_differences"]
        caveats = {
            unit: (await office.figure("start", unit=unit))["caveat"] for unit in ("62", DISTRICT, COMMUNE)
        }
        assert len({caveat and caveat["code"] for caveat in caveats.values()}) == 1
        shown = (await office.get("map", indicator="start", period="2023", unit=DISTRICT)).json()["items"]
        assert {row["unit"]: row["caveat"] for row in shown if row["unit"] in (COMMUNE, OTHER)} == {
            COMMUNE: caveats[COMMUNE],
            OTHER: None,
        }
        return report["start_differences"], caveats["62"]

    assert await read_flags() == ([], None)
    changed = await submit(office, "2022", (COMMUNE, "end", 15), supersedes=first["id"])
    assert changed.status_code == 201, changed.text
    assert await read_flags() == ([], None), "the accepted end counts until the correction is accepted"
    await office.verdict(changed.json())
    flags, caveat = await read_flags()
    assert flags == [
        {
            "unit": COMMUNE,
            "unit_name": "Xã Đăk Blô",
            "unit_kind": "xa",
            "unit_since": "2004-07-08",
            "indicator": "start",
            "stated": 12,
            "before": 15,
            "difference": -3,
            "ended_in": [COMMUNE],
        }
    ]
    assert caveat["code"] == "start_differs"
    assert f"{COMMUNE} 12 ≠ 15" in caveat["text_en"]
    withdrawn = await office.verdict(changed.json(), "withdraw", reason="Sửa nhầm")
    assert withdrawn.status_code == 200, withdrawn.text
    assert await read_flags() == ([], None), "the end that was accepted before is put back"
