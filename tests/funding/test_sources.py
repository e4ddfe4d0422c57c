"""Sources: which count in the rate, contributions in kind, and the missing counterpart."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.catalogue import CounterpartRatio
from services.funding.counterparts.rules import Counterpart
from services.funding.dated_facts import load_catalogue
from tests.funding.conftest import DECISION, LINE

pytestmark = pytest.mark.anyio

LABOUR: dict[str, Any] = {"form": "labour_days", "quantity": 120.5, "unit_of_measure": "day"}
LAND = {"form": "land", "quantity": 3000, "unit_of_measure": "m2"}


def ratio(percent, **change):
    fields = {"program": "poverty", "capital": None, "min_percent": Decimal(percent), "valid_from": date(2021, 1, 1), "valid_to": date(2025, 12, 31)}  # fmt: skip
    return CounterpartRatio(**{**fields, "legal_basis": "QĐ", "confidence": "sure", **change})


async def of_poverty(office, **query):
    answer = await office.get("counterparts", **{"year": 2023, **query})
    return next(
        item for item in answer.json()["items"] if (item["program"], item["province"]) == ("poverty", "62")
    )


async def test_a_shortfall_is_shown_with_its_ratio(office):
    await office.allocate(1005)
    await office.allocate(40, source="counterpart_province", unit="62")
    await office.allocate(25, source="counterpart_district")
    await office.allocate(500, source="integrated")
    counterparts = await of_poverty(office)
    assert (counterparts["central_vnd"], counterparts["min_percent"], counterparts["required_vnd"]) == (
        1005,
        10,
        101,
    )
    assert (counterparts["provided_vnd"], counterparts["shortfall_vnd"]) == (65, 36)
    assert counterparts["provided"] == [
        {"source": "counterpart_district", "provided_vnd": 25},
        {"source": "counterpart_province", "provided_vnd": 40},
    ]
    assert "QĐ 02/2022/QĐ-TTg" in counterparts["legal_basis"]
    assert "not found" in counterparts["confidence"]
    await office.allocate(36, source="counterpart_commune", unit="23341")
    assert (await of_poverty(office))["shortfall_vnd"] == 0
    assert (await of_poverty(office, unit="611"))["required_vnd"] == 0


async def test_carried_over_money_needs_no_counterpart_again(office):
    await office.allocate(1000)
    await office.carry_over(1000)
    assert (await of_poverty(office, year=2024))["central_vnd"] == 0
    assert (await of_poverty(office))["central_vnd"] == 1000
    assert (await office.get("counterparts", year=2030)).json()["items"] == [], "no ratio holds by then"


async def test_local_levels_are_parts_of_the_local_budget(office):
    for source, amount in (("counterpart_province", 1), ("counterpart_district", 2), ("integrated", 4)):
        await office.allocate(amount, source=source, unit="62")
    (local,) = (await office.get("status", year=2023)).json()["sources"]
    assert (local["source"], local["allocated_vnd"]) == ("local_budget", 7)
    assert [part["source"] for part in local["parts"]] == [
        "counterpart_province",
        "counterpart_district",
        "integrated",
    ]


async def test_contributions_are_valued_and_count_in_no_rate(office):
    contribution = await office.allocate(36_150_000, source="community", unit="23341", in_kind=LABOUR)
    assert contribution["in_kind"] == LABOUR
    recorded = (await office.get(f"entries/{contribution['id']}")).json()
    assert recorded["in_kind"] == LABOUR
    await office.allocate(90_000_000, source="enterprise", unit="23341")
    (other_source,) = (await office.get("status", year=2023)).json()["sources"]
    assert (other_source["source"], other_source["allocated_vnd"], other_source["disbursement_rate"]) == (
        "other",
        126_150_000,
        None,
    )
    total = (await office.get("progress", year=2023)).json()["total"]
    assert total["allocated_vnd"] == 0, "the rate is of the central budget"
    reversal = await office.reverse(contribution)
    assert reversal["in_kind"] == LABOUR


async def test_contributions_are_summed_by_form(office):
    people = {"source": "community", "unit": "23341"}
    await office.allocate(30, **people, in_kind=LABOUR)
    await office.allocate(12, source="community", unit="610", in_kind={**LABOUR, "quantity": 0.5})
    await office.allocate(70, **people, in_kind=LAND)
    await office.allocate(5, **people)
    await office.allocate(9, source="enterprise")
    wrong = await office.allocate(1000, **people, in_kind=LAND)
    await office.reverse(wrong)
    await office.allocate(500)
    counterparts = (await office.get("contributions", year=2023)).json()
    assert [tuple(item.values()) for item in counterparts["items"]] == [
        ("community", "money", None, None, 5, 1),
        ("community", "labour_days", LABOUR["quantity"] + 0.5, "day", 42, 2),
        ("community", "land", LAND["quantity"], "m2", 70, 1),
        ("enterprise", "money", None, None, 9, 1),
    ]
    contribution = (await office.get("progress", year=2023, source=["community", "enterprise"])).json()[
        "total"
    ]
    assert counterparts["value_vnd"] == contribution["allocated_vnd"] == 126
    assert (await office.get("contributions", year=2023, unit="23341")).json()["value_vnd"] == 105
    await office.decide("cancellations", 4, source="enterprise")
    await office.decide("returns", 2, **people)
    shown = (await office.get("contributions", year=2023)).json()
    names = ("value_vnd", "cancelled_vnd", "returned_vnd", "net_vnd")
    assert [shown[name] for name in names] == [126, 4, 2, 120]
    of_unit = (await office.get("contributions", year=2023, unit="23341")).json()
    assert [of_unit[name] for name in names] == [105, 0, 2, 103]
    assert (await office.get("contributions", year=2022)).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"source": "central", "in_kind": LAND}, ("/in_kind", "source_gives_money")),
        ({"source": "credit", "in_kind": LAND}, ("/in_kind", "source_gives_money")),
        ({"in_kind": {**LAND, "form": "cash"}}, ("/in_kind/form", "not_one_of")),
        ({"in_kind": {**LAND, "quantity": 0}}, ("/in_kind/quantity", "too_small")),
        ({"in_kind": {"form": "land", "quantity": 1}}, ("/in_kind/unit_of_measure", "missing")),
    ],
)
async def test_only_non_state_sources_give_in_kind(office, change, fault):
    body = {**LINE, "source": "community", "amount_vnd": 5, "decision": DECISION, **change}
    refused = await office.post("allocations", body)
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [fault]


KON_TUM = {"ethnic": (1728_070, 10), "poverty": (637_720, 10), "rural": (386_870, 100)}
"""Central investment of 2021 to 2025 in million đồng, and the ratio in percent (Báo Dân tộc, 5 November 2022)."""


async def test_the_counterpart_of_kon_tum_is_as_published(office):
    """2,752.66 billion of central investment require 623.45 billion of local investment."""
    for program, (amount, _) in KON_TUM.items():
        shares = [amount // 4] * 3 + [amount - amount // 4 * 3]
        for year, share in zip((2022, 2023, 2024, 2025), shares, strict=True):
            day = f"{year}-01-15"
            line = {
                "program": program,
                "unit": "62",
                "year": year,
                "decision": {"number": f"{program} {year}", "date": day},
            }
            await office.allocate(share * 10**6, **line)
    answer = (await office.get("counterparts", year=2025, from_year=2021, unit="62")).json()
    assert (answer["from_year"], answer["year"]) == (2021, 2025)
    own = {item["program"]: item for item in answer["items"] if item["province"] == "62"}
    assert {
        program: (item["central_vnd"] // 10**6, item["min_percent"]) for program, item in own.items()
    } == KON_TUM
    assert sum(item["central_vnd"] for item in own.values()) == 2_752_660_000_000
    assert round(sum(item["required_vnd"] for item in own.values()) / 10**9, 2) == 623.45
    assert {item["capital"] for item in own.values()} == {"investment"}
    assert all(
        (item["valid_from"], item["valid_to"]) == ("2021-01-01", "2025-12-31") for item in own.values()
    )
    general = [item for item in answer["items"] if item["province"] is None]
    assert [(item["program"], item["capital"], item["central_vnd"]) for item in general] == [
        ("rural", None, 0), ("poverty", None, 0), ("ethnic", None, 0)
    ]  # fmt: skip


async def test_money_counts_under_the_most_special_ratio_once(office):
    await office.allocate(1000, program="rural")
    await office.allocate(70, program="rural", capital="recurrent")
    items = (await office.get("counterparts", year=2023)).json()["items"]
    rural = [
        (item["province"], item["central_vnd"], item["required_vnd"])
        for item in items
        if item["program"] == "rural"
    ]
    assert rural == [("62", 1000, 1000), (None, 70, 7)]


async def test_the_first_year_is_not_after_the_last(office):
    refused = await office.get("counterparts", year=2023, from_year=2024)
    (fault,) = refused.json()["errors"]
    assert (refused.status_code, fault["pointer"], fault["code"]) == (
        422,
        "/query/from_year",
        "from_year_after_year",
    )


@given(st.integers(0, 10**15), st.decimals(0, 100, places=2), st.integers(0, 10**15))
def test_the_required_counterpart_is_the_least_that_reaches_the_ratio(central, percent, provided):
    counterparts = Counterpart(ratio(percent), central, {"counterpart": provided})
    assert counterparts.required_vnd * 100 >= central * percent > (counterparts.required_vnd - 1) * 100
    assert counterparts.shortfall_vnd == max(0, counterparts.required_vnd - provided)


def test_ratios_are_dated_and_checked(tmp_path):
    assert ratio(10).is_in_force_at_end_of(2025)
    assert not ratio(10).is_in_force_at_end_of(2026)
    assert not ratio(10, valid_from=date(2024, 1, 1)).is_in_force_at_end_of(2023)
    catalogue = load_catalogue()
    assert {ratio.program for ratio in catalogue.ratios} == set(catalogue.programs)
