"""The change of a figure between the end before and the end: in points, with both ends, and none across a break."""

from datetime import date
from decimal import Decimal

import pytest

from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import EndToEndChange, Formula, FromRegister
from shared.reporting.figures.rules import FigureValue, compute_change
from tests.reporting.office import NAME, SINCE, catalogue

pytestmark = pytest.mark.anyio

DISTRICT, COMMUNE = "610", "23344"
CRITERIA = ("criterion_a", "criterion_b")


async def state_census(office, period, poor, households=200, commune=COMMUNE):
    rows = [(commune, "poor", poor), (commune, "households", households)]
    return await office.accepted(DISTRICT, period, "census", rows)


async def read_lineage(office, code, period, **params):
    answer = await office.get(f"lineage/{code}", period=period, unit="62", **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_fall_of_a_rate_is_in_points_with_both_ends_and_their_lineage(office):
    first = await state_census(office, "2022", 20)
    last = await state_census(office, "2023", 11)
    body = {
        "decision": {"number": "01/QĐ-UBND", "date": "2023-01-05"},
        "targets": [{"indicator": "poverty_rate_fall", "kind": "at_least", "value": 4}],
    }
    assert (await office.put("targets/2023/62", body, office.planner)).status_code == 200
    fall = await office.figure("poverty_rate_fall")
    assert (fall["value"], fall["achieved_percent"], fall["missing"]) == (4.5, 112.5, [])
    change = fall["change"]
    assert (change["indicator"], change["direction"], change["caveat"]) == ("poverty_rate", "fall", None)
    ends = [(change[end]["period"], change[end]["value"]) for end in ("before", "end")]
    assert ends == [("2022", 10), ("2023", 5.5)]
    assert fall["coverage"] == change["end"]["coverage"] == change["before"]["coverage"]
    lineage = (await office.http.get(fall["lineage"])).json()
    assert (lineage["value"], lineage["change"]) == (4.5, change)
    assert {row["report"] for row in lineage["values"]} == {first["id"], last["id"]}
    before = (await office.http.get(change["before"]["lineage"])).json()
    assert before["value"] == 10
    (catalogued,) = [
        row for row in (await office.get("indicators")).json()["items"] if row["code"] == "poverty_rate_fall"
    ]
    assert (catalogued["kind"], catalogued["inputs"]) == ("change", ["poor", "households"])
    assert catalogued["formula"] == "poverty_rate at the end before - poverty_rate at the end"


async def test_a_missing_end_makes_no_change_and_is_named(office):
    await state_census(office, "2023", 11)
    await office.accepted(DISTRICT, "2022", "census", [(COMMUNE, "households", 200)])
    for period, missing_end in (("2023", "before"), ("2024", "end")):
        fall = await office.figure("poverty_rate_fall", period)
        assert fall["value"] is None
        assert "poor" in fall["missing"]
        assert "poor" in fall["change"][missing_end]["missing"]
        assert (await read_lineage(office, "poverty_rate_fall", period))["value"] is None
    assert (await office.figure("poverty_rate_fall", "2023"))["missing"] == ["poor"]


async def test_no_change_is_stated_across_a_break(office):
    for period, poor in (("2020", 30), ("2021", 40), ("2022", 20)):
        await state_census(office, period, poor)
    across = await office.figure("poverty_rate_fall", "2021")
    assert (across["value"], across["missing"]) == (None, [])
    assert across["change"]["caveat"]["code"] == across["caveat"]["code"] == "ends_not_comparable"
    assert "2021-12-31" in across["caveat"]["text_en"]
    assert (await office.figure("poverty_rate_fall", "2022"))["value"] == 10
    series = (
        await office.get("series", **{"indicator": "poverty_rate_fall", "from": "2020", "to": "2022"})
    ).json()
    assert [row["value"] for row in series["items"]] == [None, None, 10]


async def test_both_ends_are_read_under_the_standard_of_the_end(office):
    for period, standard, met in (("2022", None, 0), ("2023", "set_a", 1), ("2023", None, 1)):
        named = {} if standard is None else {"standard": standard}
        values = [(COMMUNE, code, met) for code in CRITERIA]
        await office.accepted(DISTRICT, period, "criteria", values, **named)
    of_earlier = await office.figure("communes_done_rise", standard="set_a")
    assert (of_earlier["value"], of_earlier["change"]["before"]["standard"]) == (1, "set_a")
    of_later = await office.figure("communes_done_rise")
    assert (of_later["value"], of_later["standard"]) == (None, "set_b")
    assert of_later["caveat"]["code"] == "ends_not_comparable"
    assert of_later["change"]["before"]["value"] is None


async def test_ends_that_cover_other_units_are_marked(office):
    await state_census(office, "2022", 20)
    other = office.communes("610")[-1]
    rows = [(code, name, 5) for code in (COMMUNE, other) for name in ("poor", "households")]
    await office.accepted(DISTRICT, "2023", "census", rows)
    fall = await office.figure("poverty_rate_fall")
    assert (fall["value"], fall["caveat"]["code"]) == (-90, "ends_covered_unequally")
    assert fall["coverage"]["reported"] == 1


async def test_the_end_before_is_read_as_it_was_known_then_and_on_the_map_of_the_end(office):
    await state_census(office, "2024", 20)
    then = office.clock.at.isoformat()
    office.clock.move(days=720)
    merged = [unit for unit in office.communes("51", date(2025, 12, 31)) if unit == "23344"]
    values = [(code, name, value) for code in merged for name, value in (("poor", 11), ("households", 200))]
    assert values
    await office.accepted("51", "2025", "census", values, token=office.district("51"))
    fall = await office.figure("poverty_rate_fall", "2025", "51")
    assert (fall["change"]["before"]["value"], fall["value"]) == (10, 4.5)
    past = await office.figure("poverty_rate_fall", "2025", "51", as_of=then)
    assert (past["value"], past["change"]["before"]["value"]) == (None, 10)


async def test_over_several_years_it_is_the_change_from_the_end_before_the_first(office):
    body = {
        "decision": {"number": "01/QĐ-UBND", "date": "2021-12-05"},
        "targets": [{"indicator": "poverty_rate_fall", "kind": "at_least", "value": 10}],
    }
    for span in ("2022-2025", "2021-2025"):
        assert (await office.put(f"targets/{span}/62", body, office.planner)).status_code == 200
    for period, poor in (("2020", 50), ("2021", 40), ("2022", 30), ("2023", 24)):
        await state_census(office, period, poor)
    for span, done, percent in (("2022-2025", 8, 80), ("2021-2025", None, None)):
        (row,) = (await office.get("targets/results", period=span, unit="62")).json()["items"]
        assert (row["plan"]["done"], row["plan"]["achieved_percent"]) == (done, percent)
        assert row["over_years"] == "change"


async def test_two_publications_name_the_report_of_the_end_before_that_explains_a_change(office):
    first = await state_census(office, "2022", 20)
    await state_census(office, "2023", 11)
    frozen = []
    for number in (1, 2):
        body = {
            "unit": "62",
            "period": "2023",
            "name": f"Bản {number}",
            "basis": "accepted",
            "document": {"number": f"{number}/BC", "date": "2024-01-05"},
        }
        answer = await office.post("publications", body, office.reviewer)
        assert answer.status_code == 201, answer.text
        frozen.append(answer.json()["id"])
        rows = [(COMMUNE, "poor", 30), (COMMUNE, "households", 200)]
        await office.submit(DISTRICT, "2022", "census", rows, supersedes=first["id"])
        pending = (await office.get("reports", office.reviewer, period="2022", state="submitted")).json()[
            "items"
        ]
        for report in pending:
            assert (await office.verdict(report)).status_code == 200
    answer = await office.get(f"publications/{frozen[0]}/differences", other=frozen[1])
    assert answer.status_code == 200, answer.text
    differences = {row["indicator"]: row for row in answer.json()["items"]}
    assert (differences["poverty_rate_fall"]["before"], differences["poverty_rate_fall"]["after"]) == (
        4.5,
        9.5,
    )
    assert first["id"] in {report["id"] for report in differences["poverty_rate_fall"]["reports"]}
    assert differences["poverty_rate"]["reports"] == []


@pytest.mark.parametrize(
    ("before", "end", "direction", "is_comparable", "expected"),
    [
        (10, 7, "fall", True, 3),
        (10, 7, "rise", True, -3),
        (10, 7, "fall", False, None),
        (None, 7, "fall", True, None),
        (10, None, "rise", True, None),
    ],
)
def test_a_change_is_the_difference_of_its_ends(before, end, direction, is_comparable, expected):
    at_before, at_end = (
        FigureValue(None if value is None else Decimal(value), missing=() if value else ("poor",))
        for value in (before, end)
    )
    change = compute_change(at_before, at_end, direction, is_comparable=is_comparable)
    assert change.value == expected
    assert change.missing == (("poor",) if None in (before, end) else ())


def test_a_change_of_no_such_figure_is_a_fault_of_the_catalogue():
    loaded = catalogue()
    faulty: dict[str, Formula] = {
        "of_none": EndToEndChange("nothing", "fall"),
        "of_change": EndToEndChange("poverty_rate_fall", "fall"),
        "of_register": EndToEndChange("counted", "rise"),
        "counted": FromRegister("decisions"),
    }
    figures = {
        code: Figure(code, NAME, formula, "-", NAME, "-", valid_from=SINCE)
        for code, formula in faulty.items()
    }
    with pytest.raises(ValueError, match="of_none is the change of an unknown figure") as refused:
        Catalogue("poverty", loaded.forms, loaded.indicators, {**loaded.figures, **figures})
    assert "of_change is the change of poverty_rate_fall" in str(refused.value)
    assert "of_register" in str(refused.value)
