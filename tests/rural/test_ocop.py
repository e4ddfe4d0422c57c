"""The register of OCOP products over HTTP, on a real database."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from services.rural.dated_facts import load_ocop_rules
from tests.rural.bodies import evaluation
from tests.rural.test_criteria import installed

PATH = "/v1/rural/ocop/products"
RULES = load_ocop_rules()


async def valid(clients, on, **query):
    return sorted(it["code"] for it in (await clients.get("ocop/products", valid_on=on, **query))["items"])


async def test_it_is_kept_and_answered_where_it_is(clients):
    parts = {"product": 25, "marketing": 10.5, "quality": 20}
    answer = await clients.register("ocop/products", evaluation(score_parts=parts))
    said = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{PATH}/OCOP-610-99")
    assert (said["score"], said["score_parts"]["marketing"], said["grantor"]["code"]) == (
        55.5,
        10.5,
        "province",
    )
    assert said["valid_until"] == "2024-01-30"
    assert said["validity"] == {
        "months": 36,
        "legal_basis": "QĐ 148/QĐ-TTg 24/02/2023",
        "confidence": "from memory",
    }
    assert said["grantor"]["legal_basis"] == "QĐ 1048/QĐ-TTg 21/8/2019"
    assert said["grantor"]["confidence"].startswith("sourced")
    product = await clients.get("ocop/products/OCOP-610-99", on="2023-12-31")
    assert (product["valid"], product["current"], product["history"]) == (True, said, [said])
    missing = await clients.http.get(f"{PATH}/OCOP-610-98")
    assert (missing.status_code, missing.json()["code"]) == (404, "ocop_product_not_found")


async def test_a_certificate_that_ended_yesterday_counts_yesterday_and_not_today(clients):
    await clients.kept("ocop/products", evaluation(date="2020-12-31"))
    await clients.kept("ocop/products", evaluation("OCOP-610-98", date="2021-01-01"))
    assert await valid(clients, "2020-12-30") == []
    assert await valid(clients, "2020-12-31") == ["OCOP-610-99"]
    assert await valid(clients, "2023-12-30") == ["OCOP-610-98", "OCOP-610-99"]
    assert await valid(clients, "2023-12-31") == ["OCOP-610-98"]
    assert (await clients.figures("2023"))["ocop_products_valid"]["value"] == 1
    assert (await clients.figures("2023-11"))["ocop_products_valid"]["value"] == 2


async def test_evaluating_again_keeps_the_history_and_the_latest_decision_counts(clients):
    await clients.kept("ocop/products", evaluation(date="2021-01-31"))
    better = evaluation(date="2023-06-01", stars=4, score=71)
    await clients.kept("ocop/products", better)
    await clients.kept("ocop/products", evaluation(date="2022-06-01", score=60))
    product = await clients.get("ocop/products/OCOP-610-99", on="2023-12-31")
    assert [it["decision"]["date"] for it in product["history"]] == ["2023-06-01", "2022-06-01", "2021-01-31"]
    assert (product["current"]["stars"], product["valid"]) == (4, True)
    assert await valid(clients, "2023-12-31", stars=4) == ["OCOP-610-99"]
    assert await valid(clients, "2023-05-31", stars=4) == []
    assert await valid(clients, "2023-12-31", stars=3) == [], "only the latest decision says how many stars"
    assert (await clients.figures("2023"))["ocop_products_valid"]["value"] == 1


async def test_potential_five_star_is_counted_apart(clients):
    await clients.kept("ocop/products", evaluation("A", stars=5, score=92.5, date="2022-07-15"))
    await clients.kept(
        "ocop/products", evaluation("B", stars=4, score=91.75, potential_five_star=True, date="2022-07-15")
    )
    figures = await clients.figures()
    codes = ("ocop_products_valid", "ocop_products_five_star", "ocop_products_potential_five_star")
    assert [figures[code]["value"] for code in codes] == [2, 1, 1]
    assert [len(await clients.follow(figures[code]["lineage"])) for code in codes] == [2, 1, 1]


async def test_saying_it_again_answers_what_is_kept(clients):
    first = await clients.kept("ocop/products", evaluation())
    again = await clients.register("ocop/products", evaluation(score=55.50))
    assert (again.status_code, again.json()) == (200, first)
    await clients.refused("ocop/products", evaluation(score=56), 409, "ocop_product_exists")
    assert len((await clients.get("ocop/products"))["items"]) == 1


async def test_every_fault_of_shape_and_meaning_in_one_answer(clients):
    wrong = evaluation(
        "no spaces",
        "2031-01-01",
        unit="23512.01",
        owner_kind="Nguyễn Văn A",
        group=9,
        stars=5,
        owner="a person",
    )
    assert await clients.faults("ocop/products", wrong) == {
        "/code": "wrong_form",
        "/owner_kind": "not_one_of",
        "/owner": "unknown_field",
        "/group": "ocop_group_unknown",
        "/stars": "stars_not_of_score",
        "/unit": "unit_unknown",
        "/decision/date": "decision_in_future",
    }
    starless = {key: value for key, value in evaluation().items() if key != "score"}
    assert await clients.faults("ocop/products", starless) == {"/score": "missing"}
    assert await clients.faults("ocop/products", evaluation(score="55")) == {"/score": "not_a_number"}
    assert await clients.faults("ocop/products", evaluation(score=55.555)) == {"/score": "too_many_decimals"}
    assert await clients.faults("ocop/products", evaluation(score=101)) == {"/score": "too_large"}
    assert await clients.faults("ocop/products", evaluation(score=40, stars=2)) == {
        "/stars": "stars_not_certified"
    }
    assert await clients.faults("ocop/products", evaluation(date="2019-01-01")) == {
        "/decision/date": "ocop_rule_missing"
    }
    assert (await clients.get("ocop/products"))["items"] == []


async def test_of_a_household_only_the_kind_is_taken_and_said(clients):
    named = evaluation(owner_kind="household", owner_name="Nguyễn Văn A")
    assert await clients.faults("ocop/products", named) == {"/owner_name": "household_named"}
    cooperative = await clients.kept("ocop/products", evaluation("A", owner_name="  HTX Cà phê Đăk Glei "))
    household = await clients.kept("ocop/products", evaluation("B", owner_kind="household"))
    assert (cooperative["owner_name"], household["owner_name"]) == ("HTX Cà phê Đăk Glei", None)
    said = (await clients.http.get("/v1/rural/ocop/products", params={"owner_kind": "household"})).json()[
        "items"
    ]
    assert [(it["owner_kind"], it["owner_name"]) for it in said] == [("household", None)]
    await clients.refused("ocop/products", evaluation("A", owner_name="HTX khác"), 409, "ocop_product_exists")


async def test_who_granted_the_stars_is_held_to_who_may(clients):
    by_district = evaluation(date="2022-06-01", grantor="district")
    assert await clients.faults("ocop/products", by_district) == {"/grantor": "grantor_may_not"}
    assert (await clients.get("ocop/products"))["items"] == []
    await clients.kept("ocop/products", evaluation(date="2024-06-01", grantor="district"))


async def test_the_rules_are_published_with_their_basis(clients):
    then, now = [await clients.get("ocop/rules", on=on) for on in ("2022-06-01", "2025-02-01")]
    assert [(it["stars"], it["code"]) for it in then["grantors"]] == [
        (3, "province"),
        (4, "province"),
        (5, "central"),
    ]
    assert [(it["stars"], it["code"]) for it in now["grantors"]] == [
        (3, "district"),
        (4, "province"),
        (5, "central"),
    ]
    assert (then["parts"], [it["points"] for it in now["parts"]]) == ([], [40, 25, 35])
    assert [(it["stars"], it["low"], it["certified"]) for it in now["bands"]][-3:] == [
        (3, 50, True),
        (2, 30, False),
        (1, 0, False),
    ]
    assert ([it["months"] for it in now["validities"]], len(now["groups"])) == ([36], 6)
    every = [it for rows in now.values() if isinstance(rows, list) for it in rows]
    assert all(it["legal_basis"] and it["confidence"] for it in every)
    assert (await clients.get("ocop/rules", on="2018-01-01"))["bands"] == []


async def test_only_a_registrar_of_the_program_and_the_unit_may(clients):
    assert (await clients.http.post(PATH, json=evaluation())).status_code == 401
    await clients.refused("ocop/products", evaluation(), 403, "unit_not_granted", units=("611",))
    await clients.kept("ocop/products", evaluation(), units=("610",))


async def test_a_product_is_evaluated_again_only_by_who_was_granted_the_place_it_belongs_to(clients):
    kept = await clients.kept("ocop/products", evaluation(), units=("610",))
    taken = evaluation(date="2024-06-01", unit="611")
    await clients.refused("ocop/products", taken, 403, "unit_not_granted", units=("611",))
    await clients.refused("ocop/products", evaluation(unit="611"), 403, "unit_not_granted", units=("611",))
    assert (await clients.get("ocop/products/OCOP-610-99"))["history"] == [kept]
    await clients.kept("ocop/products", evaluation(date="2023-06-01"), units=("610",))
    await clients.kept("ocop/products", taken, units=("62",))
    back = evaluation(date="2024-09-01")
    await clients.refused("ocop/products", back, 403, "unit_not_granted", units=("610",))


async def test_after_a_merger_a_product_is_evaluated_again_by_who_holds_its_land(database):
    """23509 went into another commune on 1 July 2025; district 610 lies in province 51 since."""
    async with installed(database, now=datetime(2026, 1, 15, 2, 0, tzinfo=UTC)) as (clients, _):
        await clients.kept("ocop/products", evaluation("A", "2024-06-01"), units=("62",))
        await clients.kept("ocop/products", evaluation("B", "2024-06-01", unit="23509"), units=("62",))
        (row,) = [
            it
            for it in (await clients.get("ocop/summary", unit="51"))["rows"]
            if it["valid"] and it["unit"] != "51"
        ]
        again = {"date": "2025-12-01", "grantor": "province", "unit": row["unit"]}
        other = (await clients.get("communes", unit="51", period="2025"))["items"][0]["code"]
        assert other != row["unit"]
        for code, units in (("A", (row["unit"],)), ("B", (other,))):
            body = evaluation(code, **{**again, "unit": units[0]})
            await clients.refused("ocop/products", body, 403, "unit_not_granted", units=units)
        await clients.kept("ocop/products", evaluation("B", **again), units=(row["unit"],))
        await clients.kept("ocop/products", evaluation("A", **again), units=("51",))


async def test_products_go_along_when_units_merge(clients):
    await clients.kept("ocop/products", evaluation("A", "2024-03-01"))
    await clients.kept("ocop/products", evaluation("B", "2024-03-01", unit="23509"))
    assert await valid(clients, "2025-06-30", unit="62") == ["A", "B"]
    assert await valid(clients, "2025-12-31", unit="51") == ["A", "B"]
    assert (await clients.figures("2025", "51"))["ocop_products_valid"]["value"] == 2
    summary = await clients.get("ocop/summary", unit="51", on="2025-12-31")
    assert summary["total"]["valid"] == sum(row["valid"] for row in summary["rows"]) == 2


async def test_the_months_of_the_database_are_those_of_the_rules(clients):
    """Leap days and ends of months: what SQL counts as valid is what the rule says."""
    luck = random.Random(36)
    decided = [date(2020, 2, 29), date(2021, 8, 31), date(2020, 12, 31), date(2021, 2, 28)]
    decided += [date(2020, 1, 1) + timedelta(days=luck.randrange(1500)) for _ in range(16)]
    for number, day in enumerate(decided):
        await clients.kept("ocop/products", evaluation(f"P{number:02d}", day.isoformat()))
    edges = [RULES.find_end(day) + timedelta(days=off) for day in decided[:6] for off in (-1, 0, 1)]
    for on in edges:
        expected = [f"P{n:02d}" for n, day in enumerate(decided) if day <= on < RULES.find_end(day)]
        unit = "62" if on < date(2025, 7, 1) else "51"
        assert await valid(clients, on.isoformat(), unit=unit) == expected, on


async def test_what_ends_soon_by_district(clients):
    await clients.kept("ocop/products", evaluation("A", "2021-01-31"))
    await clients.kept("ocop/products", evaluation("B", "2023-06-01", unit="23512", owner_kind="household"))
    soon = await clients.get("ocop/products", valid_on="2023-12-31", ending_before="2024-06-30")
    assert [it["code"] for it in soon["items"]] == ["A"]
    alone = await clients.http.get(PATH, params={"ending_before": "2024-06-30"})
    assert [(it["pointer"], it["code"]) for it in alone.json()["errors"]] == [
        ("/query/ending_before", "ending_before_without_valid_on")
    ]
    summary = await clients.get("ocop/summary", on="2023-12-31", months=6)
    rows = {row["unit"]: row for row in summary["rows"]}
    assert (rows["610"]["expiring"], rows["615"]["expiring"], summary["total"]["expiring"]) == (1, 0, 1)
    assert rows["615"]["by_owner_kind"] == {"household": 1}
    assert len(rows) == 10


@pytest.mark.race
async def test_of_many_at_once_one_is_kept(clients):
    answers = await asyncio.gather(
        *(clients.register("ocop/products", evaluation(score=55 + n % 2)) for n in range(8))
    )
    assert sorted(it.status_code for it in answers) == [200] * 3 + [201] + [409] * 4
