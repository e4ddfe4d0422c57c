"""The figures of Plan 570 on money, from entries posted over HTTP, each rounded once as the plan prints it."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from shared.kit.decimal_fields import round_half_away
from tests.funding.conftest import LINE, done, with_total

pytestmark = pytest.mark.anyio

PRINTED = {
    row["id"]: row
    for row in csv.DictReader(
        (Path(__file__).with_name("plan_570.csv")).read_text(encoding="utf-8").splitlines()
    )
}

MILLION = 1_000_000
ALLOCATED = {"investment": 706_749 * MILLION, "recurrent": 567_947 * MILLION}
CARRIED_OVER = 597_053 * MILLION
DISBURSED = {"investment": 786_539_300_000, "recurrent": 190_398_300_000}
LOCAL = {"counterpart": 54_199 * MILLION, "integrated": 91_038 * MILLION}


def decision(number, date):
    return {"number": number, "date": date}


async def the_year_2023(office, carried_investment):
    """The money carried over from 2022, the money allocated in 2023, and the payments, in two programs and two districts."""
    carried = {"investment": carried_investment, "recurrent": CARRIED_OVER - carried_investment}
    for capital in ("investment", "recurrent"):
        line = {**LINE, "capital": capital}
        for program, unit, share in (("poverty", "610", 3), ("ethnic", "62", 5)):
            place = {"program": program, "unit": unit}
            old = (
                carried[capital] * share // 8 if share == 3 else carried[capital] - carried[capital] * 3 // 8
            )
            new = (
                ALLOCATED[capital] * share // 8
                if share == 3
                else ALLOCATED[capital] - ALLOCATED[capital] * 3 // 8
            )
            paid = (
                DISBURSED[capital] * share // 8
                if share == 3
                else DISBURSED[capital] - DISBURSED[capital] * 3 // 8
            )
            await done(
                office.post(
                    "opening-balances",
                    {
                        **line,
                        **place,
                        "year": 2022,
                        "amount_vnd": old,
                        "decision": decision("số dư", "2022-12-31"),
                    },
                )
            )
            await office.carry_over(
                old, capital=capital, **place, from_year=2022, decision=decision("kéo dài", "2023-01-31")
            )
            await office.allocate(new, capital=capital, **place, decision=decision("giao vốn", "2022-12-30"))
            await office.disburse(paid, capital=capital, **place, effective_on="2023-12-29")
    for source, amount in LOCAL.items():
        await office.allocate(
            amount, source=source, unit="62", decision=decision("vốn địa phương", "2022-12-30")
        )


def figures(status):
    """The figures by their id, in the plan's unit of measure, exact."""
    rows = {row["capital"]: row for row in with_total(status)}
    sources = {row["source"]: row for row in status["sources"]}
    total, investment, recurrent = rows["total"], rows["investment"], rows["recurrent"]
    return {
        "F01": Decimal(total["allocated_vnd"]) / MILLION,
        "F02": Decimal(investment["allocated_vnd"]) / MILLION,
        "F03": Decimal(recurrent["allocated_vnd"]) / MILLION,
        "F04": Decimal(sources["local_budget"]["allocated_vnd"]) / MILLION,
        "F05": Decimal(total["carried_over_vnd"]) / MILLION,
        "F06": Decimal(total["available_vnd"]) / MILLION,
        "F07": Decimal(total["disbursed_vnd"]) / MILLION,
        "F08": Decimal(str(total["disbursement_rate"])),
        "F10": Decimal(investment["disbursed_vnd"]) / MILLION,
        "F11": Decimal(str(investment["disbursement_rate"])),
        "F12": Decimal(recurrent["disbursed_vnd"]) / MILLION,
        "F13": Decimal(str(recurrent["disbursement_rate"])),
    }


@pytest.mark.parametrize("carried_investment", [377_909 * MILLION, 377_983_000_001, 378_057 * MILLION])
async def test_every_figure_prints_as_the_plan_prints_it(office, carried_investment):
    await the_year_2023(office, carried_investment)
    status = (await office.get("status", year=2023, unit="62")).json()
    exact = figures(status)
    assert exact.keys() == PRINTED.keys()
    printed = {id_: round_half_away(value, int(PRINTED[id_]["decimals"])) for id_, value in exact.items()}
    assert printed == {id_: Decimal(row["value"]) for id_, row in PRINTED.items()}

    assert printed["F10"] + printed["F12"] == printed["F07"] - 1, "the printed parts are one unit short"
    assert exact["F10"] + exact["F12"] == exact["F07"], "and the money is not"
    assert exact["F02"] + exact["F03"] == exact["F01"]

    progress = (await office.get("progress", year=2023, group_by="capital", unit="62")).json()
    assert with_total(progress) == with_total(status)
    assert [row["capital"] for row in progress["rows"]] == ["investment", "recurrent"]


async def test_the_local_budget_shows_its_parts(office):
    await the_year_2023(office, 378_000 * MILLION)
    (local,) = (await office.get("status", year=2023)).json()["sources"]
    assert local["source"] == "local_budget"
    assert [(part["source"], part["allocated_vnd"]) for part in local["parts"]] == list(LOCAL.items())
    assert local["disbursement_rate"] is None


async def test_carried_over_money_names_its_year_of_origin(office):
    await the_year_2023(office, 378_000 * MILLION)
    for row in with_total((await office.get("status", year=2023)).json()):
        assert row["carried_over_from"] == [
            {"origin_year": 2022, "carried_over_vnd": row["carried_over_vnd"]}
        ]


async def test_every_figure_leads_to_its_entries(office):
    await the_year_2023(office, 378_000 * MILLION)
    status = (await office.get("status", year=2023, unit="62")).json()
    progress = (await office.get("progress", year=2023, group_by="program,capital,unit,origin_year")).json()
    parts = [part for row in status["sources"] for part in row["parts"]]
    for row in [*with_total(status), *status["sources"], *parts, *with_total(progress)]:
        entries = (await office.get(row["lineage"] + "&limit=1000")).json()["items"]
        touched = [
            posting
            for entry in entries
            for posting in entry["postings"]
            if posting["year"] == 2023
            and row.get("origin_year", "total") in {"total", posting["origin_year"]}
        ]
        for measure in ("allocated_vnd", "carried_over_vnd", "disbursed_vnd", "committed_vnd"):
            assert sum(posting[measure] for posting in touched) == row[measure], (row, measure)
