"""The number of SQL statements of a request, which does not grow with the report, the units or the years.

Statements that ask for the position of the feed are left out: `tests/kit/test_answer_cache.py` counts them.
"""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared.reporting.catalogue.definitions import Figure, Indicator
from shared.reporting.catalogue.formulas import Sum
from tests.reporting import office as offices
from tests.reporting.office import NAME, SINCE, open_office
from tests.statements import sent_by

MANY = tuple(f"extra_{number:02d}" for number in range(10))
"""Ten indicators for 102 communes: a report of a thousand values."""


def wide_catalogue():
    plain = offices.catalogue()
    extra = [Indicator(code, NAME, "census", "-", "commune", "-", valid_from=SINCE) for code in MANY]
    figures = {code: Figure(code, NAME, Sum((code,)), "-", NAME, "-", valid_from=SINCE) for code in MANY}
    return replace(
        plain,
        indicators={**plain.indicators, **{indicator.code: (indicator,) for indicator in extra}},
        figures={**plain.figures, **figures},
    )


@pytest.fixture
async def wide_office(database, monkeypatch):
    wide = wide_catalogue()
    monkeypatch.setattr(offices, "catalogue", lambda: wide)
    async with open_office(database) as opened:
        yield opened


async def cost(office, request) -> int:
    with sent_by(office.app) as sent:
        answer = await request
    assert answer.status_code < 300, answer.text
    return len(sent)


def values(office, indicators, value=1, communes=102):
    return [(unit, code, value) for unit in office.communes("62")[:communes] for code in indicators]


async def test_a_report_of_a_thousand_values_costs_as_many_statements_as_one_of_ten(wide_office):
    office = wide_office
    province = office.token("province", ["report"], ["62"])
    costs: dict[int, Any] = {}
    for size, rows in {
        1: values(office, MANY[:1], communes=1),
        10: values(office, MANY[:1], communes=10),
        1020: values(office, MANY),
    }.items():
        period = str(2020 + len(costs))
        counts = []
        for value in (1, 2):
            changed = [(unit, code, value) for unit, code, _ in rows]
            live = (await office.get("reports", office.reviewer, period=period, state="submitted")).json()[
                "items"
            ]
            more = {"supersedes": live[0]["id"]} if live else {}
            counts.append(
                await cost(office, office.submit("62", period, "census", changed, token=province, **more))
            )
        (report,) = (await office.get("reports", office.reviewer, period=period, state="submitted")).json()[
            "items"
        ]
        counts.append(await cost(office, office.verdict(report)))
        costs[size] = counts
    assert costs[1] == costs[10] == costs[1020]
    submission, correction, acceptance = costs[1020]
    assert (submission, correction, acceptance) == (6, 12, 13)


async def test_counts_and_averages_cost_three_more_statements_whatever_their_number(office):
    rural = office.communes("62", kinds={"xa"})
    province = office.token("province", ["report"], ["62"])
    costs = []
    for period, units in (("2021", rural[:1]), ("2022", rural[:40]), ("2023", rural)):
        rows = [(unit, code, 1) for unit in units for code in ("criterion_a", "criterion_b")]
        costs.append(await cost(office, office.submit("62", period, "criteria", rows, token=province)))
    assert costs[0] == costs[1] == costs[2]
    assert costs[0] == 9


@pytest.mark.parametrize("unit", ["62", "610"])
async def test_reading_figures_costs_a_fixed_number_of_statements(office, unit):
    async def read(**more):
        params = {"period": "2023", "unit": unit, "headline": True, **more}
        return await cost(office, office.get("progress", office.reviewer, **params))

    empty, with_changes = await read(), await read(headline=False)
    for period in ("2021", "2022", "2023"):
        for district in ("610", "611", "612"):
            rows = [(unit, code, 5) for unit in office.communes(district) for code in ("poor", "households")]
            await office.accepted(district, period, "census", rows)
    assert [await read(), await read(basis="provisional")] == [empty] * 2
    assert await read(headline=False) == with_changes
    assert (empty, with_changes) == (4, 6)
    assert (
        await read(as_of=office.clock.at.isoformat()) == 5
    )  # one of them waits for the lock of the change feed


async def test_a_year_of_two_maps_costs_one_more_statement_and_another_if_the_earlier_map_has_values(office):
    office.clock.move(days=800)
    sender = office.token("sender", ["report"], ["62", "51"])

    async def read():
        params = {"period": "2025", "unit": "51", "headline": True}
        return await cost(office, office.get("progress", office.reviewer, **params))

    assert await read() == 5
    on = date(2025, 12, 31)
    for commune in office.communes("51", on)[:20]:
        rows = [(commune, "rain", 4), (commune, "herd", 4)]
        assert (await office.submit(commune, "2025-Q3", "results", rows, token=sender)).status_code == 201
    assert await read() == 5
    for district in ("610", "611"):
        rows = [(commune, "rain", 4) for commune in office.communes(district)]
        answer = await office.submit(district, "2025-Q1", "results", rows, token=sender)
        assert answer.status_code == 201, answer.text
        await office.verdict(answer.json())
        assert await read() == 6


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("completeness", {"period": "2023"}),
        ("obligations", {}),
        ("observations", {"period": "2023"}),
        ("lineage/poverty_rate", {"period": "2023"}),
    ],
)
async def test_other_readings_cost_a_fixed_number_of_statements(office, path, params):
    async def read():
        return await cost(office, office.get(path, office.reviewer, unit="62", **params))

    empty = await read()
    for district in ("610", "611", "612"):
        rows = [(unit, code, 5) for unit in office.communes(district) for code in ("poor", "households")]
        await office.accepted(district, "2023", "census", rows)
    assert await read() <= max(empty, 3)


async def test_a_replayed_post_costs_at_most_three_statements(office):
    body = {"unit": "610", "period": "2023", "form": "census", "nil": True}
    token = office.district("610")
    await office.post("reports", body, token, key="k")
    assert await cost(office, office.post("reports", body, token, key="k")) <= 3


async def test_the_catalogue_and_the_units_cost_no_statement(office):
    assert await cost(office, office.get("indicators")) == 0
    assert office.communes("62", date(2023, 12, 31))
