"""Progress by month, and printed amounts: where printed parts do not add up, the answer reports it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.ledger import Amounts
from services.funding.progress.printing import UNITS_VND, find_differences, print_amounts, round_amount
from services.funding.progress.rules import ProgressGroup
from shared.kit.decimal_fields import round_half_away
from tests.funding.conftest import LINE, done, voucher, with_total

pytestmark = pytest.mark.anyio

MILLION = 10**6


@given(st.integers(-(10**16), 10**16), st.sampled_from(["million", "billion"]))
def test_rounding_is_half_away_from_zero(amount, unit):
    assert round_amount(amount, unit) == round_half_away(Decimal(amount) / UNITS_VND[unit], 0)


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=8))
def test_a_difference_is_reported_exactly_where_printed_parts_do_not_add_up(amounts):
    rows = [ProgressGroup({}, Amounts(disbursed_vnd=amount, allocated_vnd=amount)) for amount in amounts]
    total = ProgressGroup({}, sum((row.amounts for row in rows), start=Amounts()))
    by_key = {difference.measure: difference for difference in find_differences(rows, total, "million")}
    parts = sum(print_amounts(row, "million")["disbursed"] for row in rows)
    whole = print_amounts(total, "million")["disbursed"]
    assert ("disbursed" in by_key) == (parts != whole)
    if "disbursed" in by_key:
        assert (by_key["disbursed"].parts, by_key["disbursed"].total) == (parts, whole)
    assert abs(parts - whole) <= len(rows) / 2 + 1


async def test_the_difference_of_one_unit_in_the_plan_is_explained(office):
    for capital, amount in (("investment", 786_539_300_000), ("recurrent", 190_398_300_000)):
        await office.allocate(amount, capital=capital)
        await office.disburse(amount, capital=capital)
    for path in ("progress", "status"):
        answer = (await office.get(path, year=2023, print_in="million")).json()
        assert [row["printed"]["disbursed"] for row in with_total(answer)] == [786_539, 190_398, 976_938]
        gap = next(
            difference
            for difference in answer["printing"]["differences"]
            if difference["measure"] == "disbursed"
        )
        assert (gap["sum_of_printed_parts"], gap["printed_total"]) == (976_937, 976_938)
        assert "976937" in gap["explanation"]
        assert sum(row["disbursed_vnd"] for row in answer["rows"]) == answer["total"]["disbursed_vnd"]
    billions = (await office.get("progress", year=2023, print_in="billion")).json()
    assert [row["printed"]["disbursed"] for row in with_total(billions)] == [787, 190, 977]
    assert "disbursed" not in {difference["measure"] for difference in billions["printing"]["differences"]}
    plain = (await office.get("status", year=2023)).json()
    assert "printing" not in plain
    assert "printed" not in plain["rows"][0]


async def test_months_add_up_to_the_year_and_lead_to_their_entries(office):
    await office.allocate(100, effective_on="2023-01-10")
    for day, amount in (("2023-03-01", 10), ("2023-03-31", 5), ("2023-12-31", 20), ("2024-01-20", 3)):
        await office.disburse(amount, effective_on=day)
    reversed_payment = await office.disburse(7, effective_on="2023-04-02")
    await office.reverse(reversed_payment, effective_on="2023-05-02")
    answer = (await office.get("progress", year=2023, group_by="month")).json()
    by_key = {row["month"]: row for row in with_total(answer)}
    assert {month: row["disbursed_vnd"] for month, row in by_key.items() if row["disbursed_vnd"]} == {
        "2023-03": 15,
        "2023-04": 7,
        "2023-05": -7,
        "2023-12": 20,
        "2024-01": 3,
        "total": 38,
    }
    whole = (await office.get("progress", year=2023)).json()["total"]
    assert by_key["total"]["disbursement_rate"] == whole["disbursement_rate"] == 38
    assert by_key["2023-03"]["disbursement_rate"] is None
    march = (await office.get(by_key["2023-03"]["lineage"])).json()["items"]
    assert sum(entry["amount_vnd"] for entry in march) == 15
    assert list(by_key) == ["2023-01", "2023-03", "2023-04", "2023-05", "2023-12", "2024-01", "total"]


KEYS = ("program", "component", "capital", "source", "unit", "origin_year", "month")


async def test_every_pair_of_groupings_adds_up_to_the_same_total(office):
    for at in range(12):
        line: dict[str, Any] = {"unit": ("610", "611", "23341")[at % 3]}
        line |= {"capital": ("investment", "recurrent")[at % 2]}
        line |= {"component": (None, "GN.DA2")[at % 2], "source": ("central", "counterpart")[at % 4 == 0]}
        await office.allocate(100 + at, effective_on=f"2023-{at + 1:02}-03", **line)
        paid = {**LINE, **line, "amount_vnd": 7 * at + 1, "voucher": voucher()}
        await done(office.post("disbursements", {**paid, "effective_on": f"2023-{at + 1:02}-05"}))
    totals = set()
    for first in KEYS:
        for second in KEYS:
            query = {"group_by": f"{first},{second}", "source": "all"}
            *rows, total = with_total((await office.get("progress", year=2023, **query)).json())
            balances = () if "month" in {first, second} else ("left_vnd", "available_vnd")
            for measure in ("allocated_vnd", "disbursed_vnd", *balances):
                assert sum(row[measure] for row in rows) == total[measure]
            totals.add((total["allocated_vnd"], total["disbursed_vnd"], total["disbursement_rate"]))
    assert len(totals) == 1
