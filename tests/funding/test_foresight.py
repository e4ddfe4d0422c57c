"""Foresight over HTTP: of a running year, of one that is over, of one that nothing is known of, and at risk of return."""

from datetime import UTC, datetime

import pytest

from tests.funding.conftest import build_app, voucher
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
    said = await read(office, **query)
    return next(it for it in said["curves"] if it["capital"] == capital)


def at(said, on):
    return next(it for it in said["at"] if it["on"] == on)


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


async def test_a_running_year_is_known_to_the_day_and_foretold_after_it(office):
    await a_usual_year(office)
    said = await read(office, seen_on="2023-06-30")
    assert (said["seen_on"], said["book"], said["sources"]) == ("2023-06-30", "agency", ["central"])
    assert [it["capital"] for it in said["curves"]] == ["investment", "recurrent", "total"]
    investment, recurrent, total = said["curves"]
    assert (total["available_vnd"], total["disbursed_vnd"]) == (220 * BILLION, 37 * BILLION)
    assert {it["state"] for it in said["curves"]} == {"running"}
    assert [it["month"] for it in total["months"]] == [f"2023-{it:02}" for it in range(1, 13)] + ["2024-01"]
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
    assert [it["on"] for it in recurrent["at"]] == ["2023-12-31"]
    for measure in ("available_vnd", "disbursed_vnd", "left_vnd"):
        assert investment[measure] + recurrent[measure] == total[measure]
    for name in ("low", "likely", "high"):
        for one, two, both in zip(investment["months"], recurrent["months"], total["months"]):
            if both["expected_vnd"]:
                assert one["expected_vnd"][name] + two["expected_vnd"][name] == both["expected_vnd"][name]


async def test_the_months_are_those_of_progress(office):
    await a_usual_year(office)
    told = {it["month"]: it["disbursed_vnd"] for it in (await curve(office))["months"]}
    rows = (await office.get("progress", year=2023, group_by="month")).json()["rows"][:-1]
    paid = {row["month"]: row["disbursed_vnd"] for row in rows}
    for month, so_far in told.items():
        assert so_far == sum(amount for each, amount in paid.items() if each <= month)


async def test_a_year_that_is_over_is_answered_by_what_happened(office):
    await a_usual_year(office)
    said, progress = await read(office), (await office.get("progress", year=2023)).json()["rows"]
    for one, row in zip(said["curves"], progress):
        assert (one["state"], one["disbursement_rate"]) == ("over", row["disbursement_rate"])
        assert one["months"][-1]["disbursed_vnd"] == row["disbursed_vnd"]
        assert all(it["expected_vnd"] is None for it in one["months"])
        last = one["at"][-1]
        assert last["passed"]
        assert set(last["disbursement_rate"].values()) == {row["disbursement_rate"]}
        assert set(last["disbursement_rate_without_carry_over"].values()) == {
            row["disbursement_rate_without_carry_over"]
        }
    year_end = at(said["curves"][0], "2023-12-31")
    assert set(year_end["disbursed_vnd"].values()) == {105 * BILLION}, "what was paid in January is later"
    found = await risks(office)
    assert set(found["total"]["at_risk_vnd"].values()) == {found["total"]["left_vnd"]}
    assert found["total"]["left_vnd"] == progress[-1]["left_vnd"]


async def test_what_was_foretold_can_be_laid_beside_what_came_of_it(office):
    """Looking from the same day later on, and looking as of the instant before the later payments, are the same."""
    await give(office, 100 * BILLION)
    await pay(office, {"03-31": 8 * BILLION})
    before = await read(office, seen_on="2023-06-30")
    known = before["as_of"]
    await pay(office, {"11-30": 60 * BILLION})
    after = await read(office, seen_on="2023-06-30")
    assert after["curves"] == before["curves"]
    assert (await read(office, seen_on="2023-12-31", as_of=known))["curves"][0][
        "disbursed_vnd"
    ] == 8 * BILLION
    assert (await read(office, seen_on="2023-12-31"))["curves"][0]["disbursed_vnd"] == 68 * BILLION


async def test_nothing_is_foretold_where_nothing_can_be(office):
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
    found = await risks(office, seen_on="2022-12-31", group_by="unit")
    assert [(it["state"], it["at_risk_vnd"], it["expected_vnd"]) for it in found["items"]] == [
        ("not_begun", None, None)
    ]
    assert (await curve(office, seen_on="2023-01-01"))["state"] == "running"
    assert (await risks(office, year=2030))["items"] == []
    assert (await risks(office, year=2030))["total"]["state"] == "no_money"


async def test_only_money_that_counts_is_foretold(office):
    await give(office, 100, source="credit")
    assert (await curve(office, seen_on="2023-06-30"))["state"] == "no_money"
    assert (await risks(office, seen_on="2023-06-30"))["items"] == []


async def test_rows_of_any_grouping_add_up_and_the_slowest_comes_first(office):
    await a_usual_year(office)
    for group_by in ("unit,component", "capital", "deadline,origin_year", GROUPINGS):
        found = await risks(office, seen_on="2023-06-30", group_by=group_by)
        for measure in ("available_vnd", "disbursed_vnd", "left_vnd", "required_monthly_vnd", "monthly_so_far_vnd"):  # fmt: skip
            assert sum(it[measure] for it in found["items"]) == found["total"][measure]
        for measure in ("expected_vnd", "at_risk_vnd"):
            for name in ("low", "likely", "high"):
                assert sum(it[measure][name] for it in found["items"]) == found["total"][measure][name]
        likely = [it["expected_rate"]["likely"] for it in found["items"]]
        assert likely == sorted(likely)
        assert set(found["items"][0]) >= set(group_by.split(","))
    by_unit = await risks(office, seen_on="2023-06-30", group_by="unit", capital="investment")
    assert [it["unit"] for it in by_unit["items"]] == ["611", "610"], "the slowest first"
    slow, _ = by_unit["items"]
    assert (slow["next_deadline"], slow["days_left"]) == ("2024-01-31", 215)
    assert slow["required_monthly_vnd"] == -(-57 * BILLION * 365 // (12 * 215))
    assert slow["monthly_so_far_vnd"] == 3 * BILLION * 365 // (12 * 181)
    assert slow["pace_percent"] < 50
    assert slow["lineage"] == "/v1/funding/entries?year=2023&capital=investment&source=central&unit=611&below=false&until=2023-06-30"  # fmt: skip
    entries = (await office.get(slow["lineage"])).json()["items"]
    assert sum(it["amount_vnd"] for it in entries if it["kind"] == "disbursement") == slow["disbursed_vnd"]


async def test_what_is_said_of_the_parts_is_said_of_the_whole(office):
    """Narrowed to a unit, a component or a capital kind, every amount is the one that its row has in the whole."""
    await a_usual_year(office)
    whole = await risks(office, seen_on="2023-06-30", group_by="unit")
    for row in whole["items"]:
        alone = await risks(office, seen_on="2023-06-30", group_by="unit", unit=row["unit"])
        if row["unit"] != "62":  # the province holds the districts
            assert alone["total"]["at_risk_vnd"] == row["at_risk_vnd"]
        one = await curve(office, seen_on="2023-06-30", unit=row["unit"])
        assert sum(it["at_risk_vnd"]["likely"] for it in one["at"]) == alone["total"]["at_risk_vnd"]["likely"]
        assert one["at"][-1]["disbursed_vnd"] == alone["total"]["expected_vnd"]
    assert (await risks(office, seen_on="2023-06-30", unit="62"))["total"] == whole["total"]
    (old,) = (await risks(office, seen_on="2023-06-30", origin_year=2022, group_by="origin_year,deadline"))[
        "items"
    ]
    assert (old["origin_year"], old["deadline"], old["available_vnd"]) == (2022, "2023-12-31", 10 * BILLION)


async def test_pages_follow_each_other(office):
    for number in range(5):
        await give(office, BILLION * (number + 1), unit=f"{610 + number}")
    seen, address = [], "/v1/funding/foresight/at-risk?year=2023&seen_on=2023-06-30&group_by=unit&limit=2"
    while address:
        answer = await office.get(address)
        seen.extend(it["unit"] for it in answer.json()["items"])
        assert answer.json()["total"]["available_vnd"] == 15 * BILLION
        link = answer.headers.get("link", "")
        assert bool(link) == bool(answer.json()["next"])
        address = link.partition(">")[0].lstrip("<")
    assert seen == ["614", "613", "612", "611", "610"], "all equally slow: the most at risk first"


async def test_money_of_past_years_teaches_and_money_that_began_before_the_ledger_does_not(office):
    for year in (2021, 2022):
        await give(office, 100 * BILLION, year=year)
        await pay(office, {"02-15": 40 * BILLION, "06-15": 50 * BILLION}, year=year)
    await give(office, 100 * BILLION)
    await pay(office, {"02-15": 40 * BILLION})
    said = await read(office, seen_on="2023-04-30")
    (own,) = said["assumptions"]
    assert (own["capital"], own["past_years"]) == ("investment", [2021, 2022])
    assert own["disbursed_percent"][1] > 25, "two quick years outweigh the slow profile"
    assert own["paid_vnd"] == 40 * BILLION
    assert own["slow_percent"] < 100 < own["quick_percent"]
    learned = said["curves"][0]["at"][-1]["disbursement_rate"]["likely"]
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


async def test_a_payment_that_is_undone_counts_until_the_day_it_is(office):
    await give(office, 1000)
    await pay(office, {"02-10": 300})
    wrong = await office.disburse(400, effective_on="2023-03-10")
    await office.reverse(wrong, effective_on="2023-05-10")
    months = (await curve(office, seen_on="2023-06-15"))["months"]
    assert [it["disbursed_vnd"] for it in months][:7] == [0, 300, 700, 700, 300, 300, None]
    assert months[5]["expected_vnd"]["low"] >= 300
    assert (await curve(office, seen_on="2023-04-30"))["disbursed_vnd"] == 700


async def test_an_extended_deadline_is_that_of_its_money(office):
    await give(office, 100, year=2022, capital="recurrent")
    await give(office, 100, capital="recurrent")
    moved = {"from_year": 2022, "capital": "recurrent", "effective_on": "2023-01-10"}
    await office.reverse(
        await office.carry_over(60, **moved, deadline="2024-12-31"), effective_on="2023-02-01"
    )
    await office.carry_over(60, **moved, deadline="2024-06-15")
    said = await curve(office, "recurrent", seen_on="2023-12-31")
    assert [(it["on"], it["passed"], it["lapsing_vnd"]) for it in said["at"]] == [
        ("2023-12-31", True, 100),
        ("2024-06-15", False, 60),
    ]
    assert said["months"][-1]["month"] == "2024-06"
    rows = (await risks(office, seen_on="2023-12-31", group_by="deadline"))["items"]
    assert [(it["deadline"], it["days_left"]) for it in rows] == [("2023-12-31", 0), ("2024-06-15", 167)]
    await pay(office, {"2024-06-14": 10, "2024-06-16": 20}, capital="recurrent")
    over = await curve(office, "recurrent", seen_on="2024-06-30")
    assert set(at(over, "2024-06-15")["disbursed_vnd"].values()) == {10}, "two days before the deadline"
    assert over["disbursed_vnd"] == 30
    before = await curve(office, "recurrent", seen_on="2023-01-31")
    assert before["at"][-1]["on"] == "2024-12-31", "the carry-over that was undone later set another day"


async def test_money_of_one_lot_is_parted_by_its_deadlines_as_what_lapses_is(office):
    """A decision extended 30 of 100: rows by deadline and what lapses say the same, whatever is paid and promised."""
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
        assert {it["deadline"]: (it["left_vnd"], it["reserved_vnd"]) for it in rows if it["left_vnd"]} == {
            it["paid_by"]: (it["left_vnd"], it["reserved_vnd"]) for it in listed
        }
        return {it["deadline"]: it["left_vnd"] for it in rows}

    assert await told_as_it_lapses() == {"2024-12-31": 70, "2025-01-31": 50, "2025-06-30": 30}
    await office.commit(60, effective_on="2024-02-01", **carried)
    await pay(office, {"03-10": 50}, **carried)
    assert await told_as_it_lapses() == {"2024-12-31": 20, "2025-01-31": 50, "2025-06-30": 30}
    seen = {"seen_on": "2024-11-30"}
    rows = {it["deadline"]: it for it in (await by_deadline(**seen))["items"]}
    assert (rows["2024-12-31"]["available_vnd"], rows["2024-12-31"]["disbursed_vnd"]) == (70, 50)
    assert (rows["2025-06-30"]["available_vnd"], rows["2025-06-30"]["disbursed_vnd"]) == (30, 0)
    assert rows["2024-12-31"]["required_monthly_vnd"] == -(-20 * 365 // (12 * 31))
    said = await curve(office, year=2024, **seen)
    assert {it["on"]: it["lapsing_vnd"] for it in said["at"]} == {
        "2024-12-31": 20,
        "2025-01-31": 50,
        "2025-06-30": 30,
    }
    total = (await by_deadline(**seen))["total"]
    for by in ("deadline", "origin_year", "deadline,origin_year,unit"):
        found = await risks(office, year=2024, group_by=by, **seen)
        assert found["total"] == total
        for name in ("low", "likely", "high"):
            assert sum(it["at_risk_vnd"][name] for it in found["items"]) == total["at_risk_vnd"][name]
    over = {it["deadline"]: it for it in (await by_deadline(seen_on="2025-01-10"))["items"]}
    assert set(over["2024-12-31"]["at_risk_vnd"].values()) == {20}, "what lapsed is a fact"
    await office.decide("returns", 20, effective_on="2024-12-31", **carried)
    assert (await by_deadline(seen_on="2025-01-10"))["items"][-1]["returned_vnd"] == 20


async def test_the_books_are_foretold_apart(office):
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


async def test_what_is_handed_back_or_carried_on_is_at_risk_no_more(office):
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
async def test_questions_that_make_no_sense_are_refused(office, path, query, status, code):
    answer = await office.get(path, **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_grouping_that_is_none_is_named(office):
    answer = await office.get("foresight/at-risk", year=2023, group_by="unit,month,colour")
    assert [(it["pointer"], it["code"]) for it in answer.json()["errors"]] == [
        ("/query/group_by", "grouping_unknown"),
        ("/query/group_by", "grouping_unknown"),
    ]
    assert "deadline" in answer.json()["errors"][0]["detail"]
    answer = await office.get("foresight/at-risk", year=2023, cursor="x")
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_the_answer_stands_still_for_a_day(office, database):
    """It is foretold from the day in Vietnam, whatever the hour, and open to read."""
    await give(office, 1000, year=2025)
    now = [datetime(2025, 3, 1, 0, 0, tzinfo=UTC)]
    async with open_client(build_app(database, clock=lambda: now[0])) as http:
        first = await http.get("/v1/funding/foresight?year=2025")
        assert first.json()["seen_on"] == "2025-03-01"
        headers = {"If-None-Match": first.headers["etag"]}
        now[0] = datetime(2025, 3, 1, 16, 59, tzinfo=UTC)
        again = await http.get("/v1/funding/foresight?year=2025", headers=headers)
        assert again.status_code == 304
        now[0] = datetime(2025, 3, 1, 17, 0, tzinfo=UTC)
        next_day = await http.get("/v1/funding/foresight?year=2025", headers=headers)
        assert (next_day.status_code, next_day.json()["seen_on"]) == (200, "2025-03-02")


async def test_reading_asks_the_database_as_often_however_much_there_is(office, ran):
    await give(office, 1000)
    costs = []
    for number in range(2):
        ran.clear()
        await read(office, unit="62", seen_on="2023-06-30")
        costs.append(len(ran))
        await give(office, 1000, unit="611", component="GN.DA1", year=2022 + number)
        await pay(office, {"03-01": 5, "04-01": 6})
    assert costs == [costs[0]] * 2
    assert costs[0] <= 6
