"""The money of a year until a day: everything that took effect by then, and a lineage with the same limit."""

import pytest

from services.funding.ledger import AMOUNT_NAMES
from shared.periods import Period
from tests.funding.conftest import LINE, voucher, with_total

pytestmark = pytest.mark.anyio

QUARTERS = ("2023-03-31", "2023-06-30", "2023-09-30", "2023-12-31")
UNREAD = {
    "reserved_vnd", "remittable_vnd", "confirmed_recovered_vnd", "confirmed_remittable_vnd", "confirmed_remitted_vnd",
    "succeeded_in_vnd", "succeeded_out_vnd",
}  # fmt: skip
"""Measures of lots that readings do not show by themselves."""
SUMMED = (*(name for name in AMOUNT_NAMES if name not in UNREAD), "available_vnd", "left_vnd")
BALANCES = ("available_vnd", "left_vnd")
POSTED = tuple(name for name in AMOUNT_NAMES if name not in {*UNREAD, "assigned_vnd"})


@pytest.fixture
async def year(office):
    """A year with carried-over money, late money, a payment in the next January, and a reversal in another quarter."""
    await office.allocate(90, year=2022, decision={"number": "1", "date": "2022-01-05"})
    await office.carry_over(30, from_year=2022, effective_on="2023-02-10")
    await office.allocate(100, effective_on="2022-12-20")
    await office.allocate(60, capital="recurrent", unit="611", effective_on="2023-01-15")
    await office.allocate(20, source="counterpart", unit="62", effective_on="2023-04-04")
    await office.commit(40, effective_on="2023-03-05")
    await office.disburse(25, effective_on="2023-03-31")
    wrong = await office.disburse(17, effective_on="2023-06-30")
    await office.reverse(wrong, effective_on="2023-07-01")
    await office.disburse(8, capital="recurrent", unit="611", effective_on="2023-09-30")
    await office.disburse(5, source="counterpart", unit="62", effective_on="2023-10-01")
    await office.allocate(50, effective_on="2023-11-20", decision={"number": "2", "date": "2023-11-20"})
    await office.decide("cancellations", 3, effective_on="2023-12-31")
    confirmed = {**LINE, "amount_vnd": 20, "voucher": voucher(), "effective_on": "2023-08-15"}
    assert (await office.post("confirmations", confirmed)).status_code == 201
    await office.disburse(11, effective_on="2024-01-20")
    await office.carry_over(9, effective_on="2024-01-31")
    return office


async def read(office, path, **query):
    answer = await office.get(path, **{"year": 2023, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_quarter_shows_the_money_since_the_start_of_the_year(year):
    amounts = []
    for until in (*QUARTERS, None):
        answer = await read(year, "status", **({"until": until} if until else {}))
        assert (answer["year"], answer["until"]) == (2023, until)
        total = answer["total"]
        amounts.append([total[name] for name in ("allocated_vnd", "carried_over_vnd", "available_vnd", "disbursed_vnd")])  # fmt: skip
    assert amounts == [
        [160, 30, 190, 25],
        [160, 30, 190, 42],
        [160, 30, 190, 33],
        [210, 30, 237, 33],
        [210, 30, 237, 44],
    ]
    third = await read(year, "status", until="2023-09-30")
    assert third["total"]["disbursement_rate"] == 17.368421, (
        "33 of 190: what was given in November is not in it"
    )
    assert [row["source"] for row in third["sources"]] == ["local_budget"]
    assert third["sources"][0]["disbursed_vnd"] == 0
    assert (await read(year, "status", until="2023-03-31"))["sources"] == []


async def test_the_last_quarter_lacks_what_took_effect_after_it(year):
    whole = (await read(year, "status"))["total"]
    last = (await read(year, "status", until="2023-12-31"))["total"]
    after = {name: whole[name] - last[name] for name in SUMMED}
    assert {name: amount for name, amount in after.items() if amount} == {
        "disbursed_vnd": 11,
        "carried_out_vnd": 9,
        "left_vnd": -20,
    }
    assert whole == {
        **(await read(year, "status", until="2024-12-31"))["total"],
        "lineage": whole["lineage"],
    }


@pytest.mark.parametrize("book", ["agency", "treasury"])
@pytest.mark.parametrize("by", ["capital", "program,unit,source", "origin_year"])
async def test_months_until_a_day_add_up_to_the_answer(year, by, book):
    """In every grouping, for every month's end and in either book, to the đồng: movements are summed, balances are the latest."""
    rows = (await read(year, "progress", group_by=f"month,{by}", source="all", book=book))["rows"]
    months = sorted({row["month"] for row in rows})
    assert months == ["2022-12", "2023-01", "2023-02", "2023-03", "2023-04", "2023-06", "2023-07", "2023-08",
                      "2023-09", "2023-10", "2023-11", "2023-12", "2024-01"]  # fmt: skip
    key = by.split(",")
    for month in months:
        until = Period.parse(month).ends_on.isoformat()
        answer = await read(year, "progress", group_by=by, source="all", book=book, until=until)
        shown = {tuple(row[name] for name in key): row for row in with_total(answer)}
        for keys, row in shown.items():
            of_months = [
                month_row
                for month_row in rows
                if month_row["month"] <= month
                and (keys == ("total",) * len(key) or tuple(month_row[name] for name in key) == keys)
            ]
            for name in set(SUMMED) - set(BALANCES):
                assert row[name] == sum(of_month[name] for of_month in of_months), (month, keys, name)
            latest = {tuple(of_month[name] for name in key): of_month for of_month in of_months}
            for name in BALANCES:
                assert row[name] == sum(of_month[name] for of_month in latest.values()), (month, keys, name)
    assert all(row[name] >= 0 for row in rows for name in BALANCES)


@pytest.mark.parametrize("until", [*QUARTERS, "2023-11-19", "2024-01-20", None])
async def test_a_figure_can_be_recomputed_from_its_lineage(year, until):
    parameters = {"until": until} if until else {}
    as_of = (await year.get("entries", limit=1)).json()["items"][0]["recorded_at"]
    await year.disburse(1, effective_on="2023-01-31")
    for more in ({}, {"as_of": as_of}):
        status = await read(year, "status", **parameters, **more)
        progress = await read(year, "progress", group_by="unit,capital", **parameters, **more)
        parts = [part for row in status["sources"] for part in row["parts"]]
        for row in [*with_total(status), *status["sources"], *parts, *with_total(progress)]:
            entries = await year.get(row["lineage"] + "&limit=1000")
            postings = [
                posting
                for entry in entries.json()["items"]
                for posting in entry["postings"]
                if posting["year"] == 2023
            ]
            for name in POSTED:
                assert sum(posting[name] for posting in postings) == row[name], (until, more, row["lineage"])


async def test_until_and_as_of_apply_together(year):
    known = (await year.get("entries", limit=1)).json()["items"][0]["recorded_at"]
    later = await year.disburse(2, effective_on="2023-05-05")
    both = [
        (await read(year, "status", until=until, as_of=as_of))["total"]["disbursed_vnd"]
        for as_of in (known, later["recorded_at"])
        for until in ("2023-05-04", "2023-09-30")
    ]
    assert both == [25, 33, 25, 35]


async def test_the_tag_changes_only_with_the_answer(year):
    path = "/v1/funding/status?year=2023&until=2023-09-30"
    first = await year.http.get(path)
    headers = {"If-None-Match": first.headers["etag"]}
    assert (await year.http.get(path, headers=headers)).status_code == 304
    whole = await year.http.get("/v1/funding/status?year=2023", headers=headers)
    assert whole.status_code == 200, "the whole year is another answer"
    await year.disburse(1, effective_on="2023-09-29")
    assert (await year.http.get(path, headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["status", "progress"])
async def test_every_fault_is_named_once(office, path):
    answer = await office.get(path, until="2023-13-01")
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
        ("/query/year", "missing"),
        ("/query/until", "not_a_date"),
    ]


@pytest.mark.parametrize("path", ["status", "progress"])
@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2023-02-30", "not_a_date"),
        ("20230930", "not_a_date"),
        ("2023-Q3", "not_a_date"),
        ("", "not_a_date"),
        ("2013-09-30", "date_far_from_year"),
        ("2025-01-01", "date_far_from_year"),
    ],
)
async def test_an_invalid_day_or_one_far_from_the_year_is_named(office, path, until, code):
    answer = await office.get(path, year=2023, until=until)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
        ("/query/until", code)
    ]


async def test_reading_until_a_day_takes_the_same_number_of_statements(office, ran):
    await office.allocate(1000, effective_on="2023-01-01")
    costs = []
    for _ in range(2):
        ran.clear()
        await read(office, "status", unit="62", until="2023-09-30")
        costs.append(len(ran))
        for day in range(1, 6):
            await office.disburse(1, effective_on=f"2023-0{day}-15")
    assert costs == [5, 5]
