"""The forecast over HTTP: of a running year, of an ended one, of one without past years, and the money at risk of return."""

from datetime import UTC, datetime

import pytest

from tests.funding.conftest import build_app, voucher, with_total
from tests.in_process import open_client

pytestmark = pytest.mark.anyio

GROUPINGS = "program,component,capital,source,unit,origin_year,deadline"
BILLION = 10**9


async def give(office, amount, year=2023, **line):
    decision = {"number": f"giao {year}", "date": f"{year - 1}-12-20"}
    await office.allocate(
        amount, **{"year": year, "decision": decision, "effective_on": f"{year}-01-01", **line}
    )


async def pay(office, amounts, year=2023, **line):
    for day, amount in amounts.items():
        effective_on = day if len(day) > 5 else f"{year}-{day}"
        await office.disburse(amount, year=year, effective_on=effective_on, **line)


async def read(office, path="foresight", **query):
    answer = await office.get(path, **{"year": 2023, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def risks(office, **query):
    return await read(office, "foresight/at-risk", **query)


async def curve(office, capital="total", **query):
    answer = await read(office, **query)
    return next(curve for curve in answer["curves"] if curve["capital"] == capital)


def find_point(answer, on):
    return next(point for point in answer["at"] if point["on"] == on)


async def a_usual_year(office):
    """Two districts and the province, both capitals, own and carried money."""
    await give(office, 40 * BILLION, year=2022)
    await office.carry_over(10 * BILLION, from_year=2022, effective_on="2023-01-20")
    await give(office, 100 * BILLION)
    await give(office, 60 * BILLION, unit="611", component="GN.DA2")
    await give(office, 50 * BILLION, capital="recurrent", unit="62")
    await give(office, 7 * BILLION, source="credit")
    await pay(office, {"03-31": 9 * BILLION, "06-30": 23 * BILLION})
    await pay(office, {"05-15": 3 * BILLION}, unit="611", component="GN.DA2")
    await pay(office, {"06-10": 2 * BILLION}, capital="recurrent", unit="62")
    await pay(office, {"12-20": 70 * BILLION, "2024-01-25": 5 * BILLION})


async def test_a_running_year_is_fact_until_the_day_and_forecast_after_it(office):
    await a_usual_year(office)
    answer = await read(office, seen_on="2023-06-30")
    assert (answer["seen_on"], answer["book"], answer["sources"]) == ("2023-06-30", "agency", ["central"])
    assert [curve["capital"] for curve in answer["curves"]] == ["investment", "recurrent", "total"]
    investment, recurrent, total = answer["curves"]
    assert (total["available_vnd"], total["disbursed_vnd"]) == (220 * BILLION, 37 * BILLION)
    assert {curve["state"] for curve in answer["curves"]} == {"running"}
    assert [month["month"] for month in total["months"]] == [f"2023-{month:02}" for month in range(1, 13)] + [
        "2024-01"
    ]
    june, july = total["months"][5:7]
    assert (june["disbursed_vnd"], june["expected_vnd"]) == (37 * BILLION, None)
    assert (july["disbursed_vnd"], july["disbursement_rate"]) == (None, None)
    assert 37 * BILLION < july["expected_vnd"]["low"] < july["expected_vnd"]["likely"]
    year_end, deadline = investment["at"]
    assert (year_end["on"], deadline["on"]) == ("2023-12-31", "2024-01-31")
    assert (deadline["days_left"], deadline["passed"]) == (215, False)
    for rate in (deadline["disbursement_rate"], deadline["disbursement_rate_without_carry_over"]):
        assert 20 < rate["low"] < rate["likely"] < rate["high"] <= 100
    assert year_end["disbursement_rate"]["likely"] < deadline["disbursement_rate"]["likely"]
    assert [point["on"] for point in recurrent["at"]] == ["2023-12-31"]
    for measure in ("available_vnd", "disbursed_vnd", "left_vnd"):
        assert investment[measure] + recurrent[measure] == total[measure]
    for name in ("low", "likely", "high"):
        for investment_month, recurrent_month, total_month in zip(
            investment["months"], recurrent["months"], total["months"]
        ):
            if total_month["expected_vnd"]:
                parts = investment_month["expected_vnd"][name] + recurrent_month["expected_vnd"][name]
                assert parts == total_month["expected_vnd"][name]


async def test_the_months_are_those_of_progress(office):
    await a_usual_year(office)
    by_month = {month["month"]: month["disbursed_vnd"] for month in (await curve(office))["months"]}
    rows = (await office.get("progress", year=2023, group_by="month")).json()["rows"]
    paid = {row["month"]: row["disbursed_vnd"] for row in rows}
    for month, so_far in by_month.items():
        assert so_far == sum(amount for paid_in, amount in paid.items() if paid_in <= month)


async def test_the_forecast_of_an_ended_year_is_what_happened(office):
    await a_usual_year(office)
    answer, progress = await read(office), (await office.get("progress", year=2023)).json()
    for curve, row in zip(answer["curves"], with_total(progress), strict=True):
        assert (curve["state"], curve["disbursement_rate"]) == ("over", row["disbursement_rate"])
        assert curve["months"][-1]["disbursed_vnd"] == row["disbursed_vnd"]
        assert all(month["expected_vnd"] is None for month in curve["months"])
        last = curve["at"][-1]
        assert last["passed"]
        assert set(last["disbursement_rate"].values()) == {row["disbursement_rate"]}
        assert set(last["disbursement_rate_without_carry_over"].values()) == {
            row["disbursement_rate_without_carry_over"]
        }
    year_end = find_point(answer["curves"][0], "2023-12-31")
    assert set(year_end["disbursed_vnd"].values()) == {105 * BILLION}, "what was paid in January is later"
    risks_found = await risks(office)
    assert set(risks_found["total"]["at_risk_vnd"].values()) == {risks_found["total"]["left_vnd"]}
    assert risks_found["total"]["left_vnd"] == progress["total"]["left_vnd"]


async def test_an_earlier_forecast_can_be_read_again(office):
    """Looking from the same day later on, and looking as of the instant before the later payments, are the same."""
    await give(office, 100 * BILLION)
    await pay(office, {"03-31": 8 * BILLION})
    before = await read(office, seen_on="2023-06-30")
    as_of = before["as_of"]
    await pay(office, {"11-30": 60 * BILLION})
    after = await read(office, seen_on="2023-06-30")
    assert after["curves"] == before["curves"]
    assert (await read(office, seen_on="2023-12-31", as_of=as_of))["curves"][0][
        "disbursed_vnd"
    ] == 8 * BILLION
    assert (await read(office, seen_on="2023-12-31"))["curves"][0]["disbursed_vnd"] == 68 * BILLION


async def test_there_is_no_forecast_without_money_or_before_the_year(office):
    empty = await curve(office, year=2030)
    assert (empty["state"], empty["disbursement_rate"], empty["months"], empty["at"]) == (
        "no_money",
        None,
        [],
        [],
    )
    await give(office, 100, effective_on="2022-12-30")
    early = await curve(office, seen_on="2022-12-31")
    assert (early["state"], early["available_vnd"], early["at"]) == ("not_begun", 100, [])
    risks_found = await risks(office, seen_on="2022-12-31", group_by="unit")
    assert [(item["state"], item["at_risk_vnd"], item["expected_vnd"]) for item in risks_found["items"]] == [
        ("not_begun", None, None)
    ]
    assert (await curve(office, seen_on="2023-01-01"))["state"] == "running"
    assert (await risks(office, year=2030))["items"] == []
    assert (await risks(office, year=2030))["total"]["state"] == "no_money"


async def test_only_counted_sources_have_a_forecast(office):
    await give(office, 100, source="credit")
    assert (await curve(office, seen_on="2023-06-30"))["state"] == "no_money"
    assert (await risks(office, seen_on="2023-06-30"))["items"] == []


async def test_rows_of_any_grouping_add_up_and_the_slowest_comes_first(office):
    await a_usual_year(office)
    for group_by in ("unit,component", "capital", "deadline,origin_year", GROUPINGS):
        risks_found = await risks(office, seen_on="2023-06-30", group_by=group_by)
        for measure in ("available_vnd", "disbursed_vnd", "left_vnd", "required_monthly_vnd", "monthly_so_far_vnd"):  # fmt: skip
            assert sum(item[measure] for item in risks_found["items"]) == risks_found["total"][measure]
        for measure in ("expected_vnd", "at_risk_vnd"):
            for name in ("low", "likely", "high"):
                assert (
                    sum(item[measure][name] for item in risks_found["items"])
                    == risks_found["total"][measure][name]
                )
        likely = [item["expected_rate"]["likely"] for item in risks_found["items"]]
        assert likely == sorted(likely)
        assert set(risks_found["items"][0]) >= set(group_by.split(","))
    by_unit = await risks(office, seen_on="2023-06-30", group_by="unit", capital="investment")
    assert [item["unit"] for item in by_unit["items"]] == ["611", "610"], "the slowest first"
    slow, _ = by_unit["items"]
    assert (slow["next_deadline"], slow["days_left"]) == ("2024-01-31", 215)
    assert slow["required_monthly_vnd"] == -(-57 * BILLION * 365 // (12 * 215))
    assert slow["monthly_so_far_vnd"] == 3 * BILLION * 365 // (12 * 181)
    assert slow["pace_percent"] < 50
    assert slow["lineage"] == "/v1/funding/entries?year=2023&capital=investment&source=central&unit=611&below=false&until=2023-06-30"  # fmt: skip
    entries = (await office.get(slow["lineage"])).json()["items"]
    assert (
        sum(entry["amount_vnd"] for entry in entries if entry["kind"] == "disbursement")
        == slow["disbursed_vnd"]
    )


async def test_the_sums_of_rows_are_those_of_the_total(office):
    """Narrowed to a unit, a component or a capital kind, every amount is the one that its row has in the whole."""
    await a_usual_year(office)
    whole = await risks(office, seen_on="2023-06-30", group_by="unit")
    for row in whole["items"]:
        alone = await risks(office, seen_on="2023-06-30", group_by="unit", unit=row["unit"])
        if row["unit"] != "62":  # the province holds the districts
            assert alone["total"]["at_risk_vnd"] == row["at_risk_vnd"]
        one = await curve(office, seen_on="2023-06-30", unit=row["unit"])
        assert (
            sum(point["at_risk_vnd"]["likely"] for point in one["at"])
            == alone["total"]["at_risk_vnd"]["likely"]
        )
        assert one["at"][-1]["disbursed_vnd"] == alone["total"]["expected_vnd"]
    assert (await risks(office, seen_on="2023-06-30", unit="62"))["total"] == whole["total"]
    (old,) = (await risks(office, seen_on="2023-06-30", origin_year=2022, group_by="origin_year,deadline"))[
        "items"
    ]
    assert (old["origin_year"], old["deadline"], old["available_vnd"]) == (2022, "2023-12-31", 10 * BILLION)


async def test_pages_follow_each_other(office):
    for number in range(5):
        await give(office, BILLION * (number + 1), unit=f"{610 + number}")
    seen: list[str] = []
    address = "/v1/funding/foresight/at-risk?year=2023&seen_on=2023-06-30&group_by=unit&limit=2"
    while address:
        answer = await office.get(address)
        seen.extend(item["unit"] for item in answer.json()["items"])
        assert answer.json()["total"]["available_vnd"] == 15 * BILLION
        link = answer.headers.get("link", "")
        assert bool(link) == bool(answer.json()["next"])
        address = link.partition(">")[0].lstrip("<")
    assert seen == ["614", "613", "612", "611", "610"], "all equally slow: the most at risk first"


async def test_past_years_are_pooled_but_not_those_with_an_opening_balance(office):
    for year in (2021, 2022):
        await give(office, 100 * BILLION, year=year)
        await pay(office, {"02-15": 40 * BILLION, "06-15": 50 * BILLION}, year=year)
    await give(office, 100 * BILLION)
    await pay(office, {"02-15": 40 * BILLION})
    answer = await read(office, seen_on="2023-04-30")
    (own,) = answer["assumptions"]
    assert (own["capital"], own["past_years"]) == ("investment", [2021, 2022])
    assert own["disbursed_percent"][1] > 25, "two quick years outweigh the slow profile"
    assert own["paid_vnd"] == 40 * BILLION
    assert own["slow_percent"] < 100 < own["quick_percent"]
    learned = answer["curves"][0]["at"][-1]["disbursement_rate"]["likely"]
    (of_2021,) = (await read(office, year=2021, seen_on="2021-04-30"))["assumptions"]
    assert of_2021["past_years"] == []
    assert learned > 80

    line = {"capital": "recurrent", "year": 2022}
    before = {"amount_vnd": 100, "decision": {"number": "1", "date": "2022-12-31"}, "origin_year": 2021}
    await office.post("opening-balances", {**line, **before, "program": "poverty", "source": "central", "unit": "610"})  # fmt: skip
    await office.disburse(1, **line, effective_on="2022-12-31")
    await give(office, 100, capital="recurrent")
    _, recurrent = (await read(office, seen_on="2023-04-30"))["assumptions"]
    assert (recurrent["capital"], recurrent["past_years"]) == ("recurrent", [])
    assert recurrent["disbursed_percent"][5] == 5.33
    assert "Bộ Tài chính" in own["source"]


async def test_a_reversed_payment_counts_until_its_reversal(office):
    await give(office, 1000)
    await pay(office, {"02-10": 300})
    wrong = await office.disburse(400, effective_on="2023-03-10")
    await office.reverse(wrong, effective_on="2023-05-10")
    months = (await curve(office, seen_on="2023-06-15"))["months"]
    assert [month["disbursed_vnd"] for month in months][:7] == [0, 300, 700, 700, 300, 300, None]
    assert months[5]["expected_vnd"]["low"] >= 300
    assert (await curve(office, seen_on="2023-04-30"))["disbursed_vnd"] == 700


async def test_an_extended_deadline_applies_to_its_money(office):
    await give(office, 100, year=2022, capital="recurrent")
    await give(office, 100, capital="recurrent")
    moved = {"from_year": 2022, "capital": "recurrent", "effective_on": "2023-01-10"}
    await office.reverse(
        await office.carry_over(60, **moved, deadline="2024-12-31"), effective_on="2023-02-01"
    )
    await office.carry_over(60, **{**moved, "effective_on": "2023-02-01"}, deadline="2024-06-15")
    answer = await curve(office, "recurrent", seen_on="2023-12-31")
    assert [(point["on"], point["passed"], point["lapsing_vnd"]) for point in answer["at"]] == [
        ("2023-12-31", True, 100),
        ("2024-06-15", False, 60),
    ]
    assert answer["months"][-1]["month"] == "2024-06"
    rows = (await risks(office, seen_on="2023-12-31", group_by="deadline"))["items"]
    assert [(row["deadline"], row["days_left"]) for row in rows] == [("2023-12-31", 0), ("2024-06-15", 167)]
    await pay(office, {"2024-06-14": 10, "2024-06-16": 20}, capital="recurrent")
    over = await curve(office, "recurrent", seen_on="2024-06-30")
    assert set(find_point(over, "2024-06-15")["disbursed_vnd"].values()) == {10}, (
        "two days before the deadline"
    )
    assert over["disbursed_vnd"] == 30
    before = await curve(office, "recurrent", seen_on="2023-01-31")
    assert before["at"][-1]["on"] == "2024-12-31", "the carry-over that was reversed later set another day"


async def test_a_lot_is_split_by_deadline_as_in_lapses(office):
    """A decision extended 30 of 100: rows by deadline and lapses are equal, whatever is paid and committed."""
    await give(office, 100, year=2023)
    await give(office, 50, year=2024)
    carried = {"year": 2024, "origin_year": 2023}
    await office.carry_over(30, effective_on="2024-01-10", deadline="2025-06-30")
    await office.carry_over(70, effective_on="2024-01-10")

    async def by_deadline(**query):
        return await risks(office, year=2024, group_by="deadline", **query)

    async def told_as_it_lapses():
        rows = (await by_deadline(seen_on="2024-11-30"))["items"]
        listed = (await office.get("lapses", year=2024)).json()["items"]
        assert {
            row["deadline"]: (row["left_vnd"], row["reserved_vnd"]) for row in rows if row["left_vnd"]
        } == {entry["paid_by"]: (entry["left_vnd"], entry["reserved_vnd"]) for entry in listed}
        return {row["deadline"]: row["left_vnd"] for row in rows}

    assert await told_as_it_lapses() == {"2024-12-31": 70, "2025-01-31": 50, "2025-06-30": 30}
    await office.commit(60, effective_on="2024-02-01", **carried)
    await pay(office, {"03-10": 50}, **carried)
    assert await told_as_it_lapses() == {"2024-12-31": 20, "2025-01-31": 50, "2025-06-30": 30}
    seen = {"seen_on": "2024-11-30"}
    rows = {item["deadline"]: item for item in (await by_deadline(**seen))["items"]}
    assert (rows["2024-12-31"]["available_vnd"], rows["2024-12-31"]["disbursed_vnd"]) == (70, 50)
    assert (rows["2025-06-30"]["available_vnd"], rows["2025-06-30"]["disbursed_vnd"]) == (30, 0)
    assert rows["2024-12-31"]["required_monthly_vnd"] == -(-20 * 365 // (12 * 31))
    answer = await curve(office, year=2024, **seen)
    assert {point["on"]: point["lapsing_vnd"] for point in answer["at"]} == {
        "2024-12-31": 20,
        "2025-01-31": 50,
        "2025-06-30": 30,
    }
    total = (await by_deadline(**seen))["total"]
    for by in ("deadline", "origin_year", "deadline,origin_year,unit"):
        risks_found = await risks(office, year=2024, group_by=by, **seen)
        assert risks_found["total"] == total
        for name in ("low", "likely", "high"):
            assert (
                sum(item["at_risk_vnd"][name] for item in risks_found["items"]) == total["at_risk_vnd"][name]
            )
    over = {item["deadline"]: item for item in (await by_deadline(seen_on="2025-01-10"))["items"]}
    assert set(over["2024-12-31"]["at_risk_vnd"].values()) == {20}, "what lapsed is a fact"
    await office.decide("returns", 20, effective_on="2024-12-31", **carried)
    assert (await by_deadline(seen_on="2025-01-10"))["items"][-1]["returned_vnd"] == 20


async def test_each_book_has_its_own_forecast(office):
    await give(office, 1000)
    await pay(office, {"03-10": 500})
    paid = {"year": 2023, "amount_vnd": 200, "voucher": voucher(), "effective_on": "2023-03-20"}
    line = {"program": "poverty", "capital": "investment", "source": "central", "unit": "610"}
    assert (await office.post("confirmations", {**line, **paid})).status_code == 201
    agency, treasury = [
        await curve(office, seen_on="2023-06-30", book=book) for book in ("agency", "treasury")
    ]
    assert (agency["disbursed_vnd"], treasury["disbursed_vnd"]) == (500, 200)
    assert treasury["left_vnd"] == 800
    assert treasury["at"][-1]["disbursed_vnd"]["likely"] < agency["at"][-1]["disbursed_vnd"]["likely"]


async def test_returned_and_carried_over_money_is_no_longer_at_risk(office):
    await give(office, 1000)
    await pay(office, {"03-10": 100})
    before = (await risks(office, seen_on="2023-12-31"))["total"]
    await office.decide("returns", 300, effective_on="2023-11-01")
    await office.carry_over(200, effective_on="2023-12-20")
    after = (await risks(office, seen_on="2023-12-31"))["total"]
    assert (after["returned_vnd"], after["carried_out_vnd"], after["left_vnd"]) == (300, 200, 400)
    assert after["at_risk_vnd"]["likely"] < before["at_risk_vnd"]["likely"]
    parts = after["expected_vnd"]["likely"] + after["at_risk_vnd"]["likely"]
    assert parts + 500 == after["available_vnd"] == 1000


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"year": 2023, "seen_on": "2200-01-01"}, 422, "seen_on_not_passed"),
        ({"year": 2023, "seen_on": "2023-02-30"}, 422, "invalid"),
        ({"year": 2023, "seen_on": "20230630"}, 422, "invalid"),
        ({"year": 2023, "book": "bank"}, 422, "invalid"),
        ({"year": 2023, "capital": "loan"}, 422, "invalid"),
        ({"year": 2023, "unit": "99"}, 404, "unit_unknown"),
        ({"year": 2023, "as_of": "2023-06-30T00:00:00Z", "seen_on": "2023-07-01"}, 422, "seen_on_not_passed"),
    ],
)
@pytest.mark.parametrize("path", ["foresight", "foresight/at-risk"])
async def test_invalid_parameters_are_refused(office, path, query, status, code):
    answer = await office.get(path, **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unknown_grouping_is_named(office):
    answer = await office.get("foresight/at-risk", year=2023, group_by="unit,month,colour")
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
        ("/query/group_by", "grouping_unknown"),
        ("/query/group_by", "grouping_unknown"),
    ]
    assert "deadline" in answer.json()["errors"][0]["detail"]
    answer = await office.get("foresight/at-risk", year=2023, cursor="x")
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_the_answer_does_not_change_within_a_day(office, database):
    """It is foretold from the day in Vietnam, whatever the hour, and open to read."""
    await give(office, 1000, year=2025)
    now = [datetime(2025, 3, 1, 0, 0, tzinfo=UTC)]
    async with open_client(build_app(database, clock=lambda: now[0])) as http:
        first = await http.get("/v1/funding/foresight?year=2025")
        assert first.json()["seen_on"] == "2025-03-01"
        headers = {"If-None-Match": first.headers["etag"]}
        now[0] = datetime(2025, 3, 1, 16, 59, tzinfo=UTC)
        repeated = await http.get("/v1/funding/foresight?year=2025", headers=headers)
        assert repeated.status_code == 304
        now[0] = datetime(2025, 3, 1, 17, 0, tzinfo=UTC)
        next_day = await http.get("/v1/funding/foresight?year=2025", headers=headers)
        assert (next_day.status_code, next_day.json()["seen_on"]) == (200, "2025-03-02")


async def test_reading_takes_the_same_number_of_statements_however_much_there_is(office, ran):
    await give(office, 1000)
    costs = []
    for number in range(2):
        ran.clear()
        await read(office, unit="62", seen_on="2023-06-30")
        costs.append(len(ran))
        await give(office, 1000, unit="611", component="GN.DA1", year=2022 + number)
        await pay(office, {"03-01": 5, "04-01": 6})
    assert costs == [costs[0]] * 2
    assert costs[0] <= 8
