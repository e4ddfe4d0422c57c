"""The two counts of the end of 2021 and the years before, as they were published."""

import pytest

FORM = "annual_review"


def to_rows(**values):
    return [
        {"district": "610", "unit": "23344", "indicator": code, "value": value, "status": "official"}
        for code, value in values.items()
    ]


def name_standard(standard):
    return {} if standard is None else {"standard": standard}


COUNTS = {
    ("2020", None): (14_601, 141_895, "qd_59_2015", None),
    ("2021", "qd_59_2015"): (12_000, 143_561, "qd_59_2015", None),
    ("2021", None): (21_989, 143_561, "nd_07_2021", "2021-12-31"),
    ("2022", None): (15_943, 146_805, "nd_07_2021", "2021-12-31"),
}
"""Poor and all households, the standard, and since when the rate is comparable, by period and the standard that is named.

The poor households of the end of 2021 by the earlier standard are made up; all others were published.
"""


async def test_the_end_of_2021_has_two_counts_and_the_series_breaks_between_them(clients):
    for (period, standard), (poor, households, _, _) in COUNTS.items():
        rows = to_rows(poor_households=poor, households=households)
        await clients.report_and_accept(FORM, rows, period, **name_standard(standard))
    for (period, standard), (poor, households, expected, comparable_from) in COUNTS.items():
        figures = await clients.read_figures(period, **name_standard(standard))
        rate = figures["poverty_rate"]
        assert rate["value"] == pytest.approx(100 * poor / households, abs=1e-5)
        assert (rate["standard"], rate["comparable_from"]) == (expected, comparable_from)
        assert figures["households"]["comparable_from"] is None
        assert figures["jobs_created"]["standard"] is None


@pytest.mark.parametrize("year", [2016, 2018, 2020])
async def test_years_from_2016_on_can_be_entered(clients, year):
    await clients.report_and_accept(FORM, to_rows(poor_households=5, households=100), str(year))
    results = to_rows(jobs_created=8)
    await clients.report_and_accept("annual_results", [{**row, "unit": "610"} for row in results], str(year))
    figures = await clients.read_figures(str(year))
    assert (figures["poverty_rate"]["value"], figures["poverty_rate"]["standard"]) == (5, "qd_59_2015")
    assert figures["jobs_created"]["value"] == 8


async def test_the_movement_is_that_of_a_standard(clients):
    for standard, poor in (("qd_59_2015", 7), ("nd_07_2021", 9)):
        await clients.report_and_accept(FORM, to_rows(poor_households=poor), "2021", standard=standard)
    for named, expected, poor in ((None, "nd_07_2021", 9), ("qd_59_2015", "qd_59_2015", 7)):
        movement = await clients.get("household-movement", period="2021", unit="610", **name_standard(named))
        assert movement["standard"] == expected
        assert movement["poor"]["total"]["columns"][-1] == poor


async def test_a_standard_that_has_ended_is_refused(clients):
    body = {
        "unit": "610",
        "period": "2022",
        "form": FORM,
        "standard": "qd_59_2015",
        "observations": [{"unit": "23344", "indicator": "poor_households", "value": 5}],
    }
    headers = clients.make_headers("report", units=("610",), client_id="district-610")
    answer = await clients.http.post("/v1/poverty/reports", json=body, headers=headers)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/standard", "standard_not_in_force")
    assert "2021-12-31" in fault["detail"]
