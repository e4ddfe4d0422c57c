"""Progress: any grouping adds up to the đồng, rates are divided once, and units below a unit are those of the day."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.ledger import AMOUNT_NAMES, Amounts
from services.funding.progress.rules import LotSum, build_groups
from tests.funding.conftest import DECISION, LINE, voucher, with_total

pytestmark = pytest.mark.anyio

KEYS = ("program", "component", "capital", "source", "unit", "origin_year")
COUNTED, RATED = frozenset({"central"}), frozenset({"central", "counterpart"})


def parts_of(keys, amounts):
    return LotSum(keys, keys["source"], keys["origin_year"], amounts)


parts = st.lists(
    st.builds(
        parts_of,
        st.fixed_dictionaries(
            {
                "program": st.sampled_from(["rural", "poverty"]),
                "component": st.sampled_from([None, "GN.DA1"]),
                "capital": st.sampled_from(["investment", "recurrent"]),
                "source": st.sampled_from(["central", "counterpart", "credit"]),
                "unit": st.sampled_from(["610", "62"]),
                "origin_year": st.integers(2021, 2023),
            }
        ),
        st.builds(Amounts, *(st.integers(0, 10**12) for _ in AMOUNT_NAMES)),
    ),
    max_size=12,
)


@given(parts, st.lists(st.sampled_from(KEYS), min_size=1, unique=True))
def test_every_grouping_adds_up_to_the_dong(sums, by):
    *rows, total = build_groups(sums, by, counted=COUNTED, rated=RATED)
    assert total.amounts == sum((lot_sum.amounts for lot_sum in sums), start=Amounts())
    assert sum((row.amounts for row in rows), start=Amounts()) == total.amounts
    assert len({tuple(row.keys.values()) for row in rows}) == len(rows)
    assert total.counted == sum(
        (lot_sum.amounts for lot_sum in sums if lot_sum.source == "central"), start=Amounts()
    )
    for row in (*rows, total):
        assert sum(row.carried_over_from.values()) == row.amounts.carried_over_vnd
        if row.rate is not None:
            assert (
                abs(row.rate * row.counted.available_vnd - row.counted.disbursed_vnd * 100)
                < Decimal(1) / 10**6
            )


@given(parts)
def test_a_rate_is_of_the_money_that_counts(sums):
    for row in build_groups(sums, ["source"], counted=COUNTED, rated=RATED):
        if row.keys["source"] == "credit":
            assert row.rate is None
        if row.keys["source"] == "counterpart":
            assert row.counted == row.amounts, "it has a rate of its own"


async def test_groupings_over_http(office):
    await office.allocate(100, component="GN.DA2")
    await office.allocate(50, capital="recurrent", program="rural", unit="62")
    await office.allocate(30, source="counterpart", unit="62")
    await office.disburse(20, component="GN.DA2")

    async def rows(**query):
        answer = await office.get("progress", year=2023, **query)
        assert answer.status_code == 200, answer.text
        return with_total(answer.json())

    by_two = await rows(group_by="program,component")
    assert [(row["program"], row["component"], row["allocated_vnd"]) for row in by_two] == [
        ("poverty", "GN.DA2", 100),
        ("rural", None, 50),
        ("total", "total", 150),
    ]
    assert {"capital", "source", "unit", "origin_year"}.isdisjoint(by_two[0])
    assert by_two[0]["disbursement_rate"] == 20
    assert by_two[1]["disbursement_rate"] == 0
    assert by_two[2]["disbursement_rate"] == 13.333333
    by_source = await rows(group_by="source")
    assert [(row["source"], row["allocated_vnd"]) for row in by_source] == [
        ("central", 150),
        ("counterpart", 30),
        ("total", 180),
    ]
    assert by_source[2]["disbursement_rate"] == 13.333333, "the total's rate is of the central budget"
    assert (by_source[2]["rate_numerator_vnd"], by_source[2]["rate_denominator_vnd"]) == (20, 150)
    everything = await rows(source="all")
    assert everything[-1]["allocated_vnd"] == 180
    assert (await rows(source="counterpart"))[-1]["disbursement_rate"] is None
    assert [row["origin_year"] for row in await rows(group_by="origin_year")] == [2023, "total"]
    assert (await rows(group_by="unit", program="health"))[-1]["allocated_vnd"] == 0
    assert (await rows(program="rural", capital="recurrent"))[-1]["allocated_vnd"] == 50


async def test_a_unit_includes_the_units_below_it(office):
    await office.allocate(1, unit="62")
    await office.allocate(2, unit="610")
    await office.allocate(4, unit="23341")
    await office.allocate(8, unit="611")

    async def total(unit):
        status = (await office.get("status", year=2023, unit=unit)).json()
        return status["unit"]["name"], status["total"]["allocated_vnd"]

    assert await total("62") == ("Kon Tum", 15)
    assert (await total("610"))[1] == 6
    assert (await total("23341"))[1] == 4
    assert (await office.get("status", year=2023)).json()["total"]["allocated_vnd"] == 15


async def test_money_follows_its_unit_onto_the_map_of_2025(office, issuer):
    """610 and its communes went into the province 51; a code that was given again is another unit's."""
    for unit, amount in (("610", 1), ("23341", 2), ("23368", 4), ("23425", 8)):
        await office.allocate(amount, unit=unit, year=2025, effective_on="2025-01-10")
    of_62, office.token = office.token, issuer.token("finance-51", ["funding"], ["poverty"], ["51"])
    await office.allocate(
        16, unit="23425", year=2025, effective_on="2025-07-10", decision={"number": "2", "date": "2025-07-10"}
    )

    async def total(unit):
        return (await office.get("status", year=2025, unit=unit)).json()["total"]["allocated_vnd"]

    assert await total("62") == 15
    assert await total("610") == 7
    assert await total("51") == 31

    office.token = of_62
    paid = {**LINE, "year": 2025, "voucher": {"source": "KBNN", "number": "1"}, "effective_on": "2025-08-01"}
    unchanged = await office.post("disbursements", {**paid, "unit": "23368", "amount_vnd": 4})
    assert unchanged.status_code == 403, "an officer of the old province has no rights in the new one"
    refused = await office.post("disbursements", {**paid, "unit": "610", "amount_vnd": 1})
    assert refused.json()["errors"][0]["code"] == "unit_unknown_on_date"


async def test_an_unchanged_commune_keeps_its_money_and_a_reused_code_gets_none(office, issuer):
    await office.allocate(4, unit="23368", year=2025, effective_on="2025-01-10")
    await office.allocate(8, unit="23425", year=2025, effective_on="2025-01-10")
    office.token = issuer.token("finance-51", ["funding"], ["poverty"], ["51"])
    paid = {**LINE, "year": 2025, "voucher": {"source": "KBNN", "number": "1"}, "effective_on": "2025-08-01"}
    assert (await office.post("disbursements", {**paid, "unit": "23368", "amount_vnd": 4})).status_code == 201
    refused = await office.post(
        "disbursements", {**paid, "unit": "23425", "amount_vnd": 1, "voucher": voucher()}
    )
    assert refused.json()["code"] == "insufficient_funds"


async def test_an_opening_balance_is_available_and_shown_apart(office):
    await office.post(
        "opening-balances", {**LINE, "origin_year": 2022, "amount_vnd": 60, "decision": DECISION}
    )
    await office.allocate(40)
    await office.disburse(50)
    total = (await office.get("status", year=2023)).json()["total"]
    assert (total["opening_balance_vnd"], total["allocated_vnd"], total["available_vnd"]) == (60, 40, 100)
    assert (total["carried_over_vnd"], total["disbursement_rate"], total["left_vnd"]) == (0, 50, 50)


async def test_carrying_out_does_not_raise_the_rate(office):
    await office.allocate(100)
    await office.disburse(25)
    await office.carry_over(75)
    total = (await office.get("status", year=2023)).json()["total"]
    assert (
        total["available_vnd"],
        total["disbursement_rate"],
        total["carried_out_vnd"],
        total["left_vnd"],
    ) == (100, 25, 75, 0)
    total = (await office.get("status", year=2024)).json()["total"]
    assert (total["carried_over_vnd"], total["available_vnd"], total["disbursement_rate"]) == (75, 75, 0)


async def test_nothing_is_available_in_an_empty_year(office):
    status = (await office.get("status", year=2030)).json()
    assert [row["capital"] for row in status["rows"]] == ["investment", "recurrent"]
    assert {row["disbursement_rate"] for row in with_total(status)} == {None}
    assert (status["as_of"], status["sources"], status["unit"]) == (None, [], None)
    progress = (await office.get("progress", year=2030)).json()
    assert progress["rows"] == []
    assert (progress["total"]["capital"], progress["total"]["available_vnd"]) == ("total", 0)


async def test_as_of_is_the_newest_change_and_the_answer_has_a_tag(office):
    entry = await office.allocate(1)
    first = await office.get("status", year=2023)
    assert first.json()["as_of"] == entry["recorded_at"]
    headers = {"If-None-Match": first.headers["etag"]}
    assert (await office.http.get("/v1/funding/status?year=2023", headers=headers)).status_code == 304
    await office.disburse(1)
    assert (await office.http.get("/v1/funding/status?year=2023", headers=headers)).status_code == 200


async def test_reading_takes_the_same_number_of_statements_however_many_entries(office, ran):
    await office.allocate(1000)
    costs = []
    for _ in range(2):
        ran.clear()
        await office.get("status", year=2023, unit="62")
        costs.append(len(ran))
        for _ in range(5):
            await office.disburse(1)
    assert costs == [5, 5]
    (successions,) = (statement for statement in ran[:5] if "postings" in statement)
    assert "succeeded_out_vnd != 0" in successions, "few postings, which have an index of their own"
