"""The register of OCOP products over HTTP, on a real database."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from services.rural.dated_facts import load_ocop_rules
from tests.not_none import not_none
from tests.rural.bodies import evaluation_body
from tests.rural.test_criteria import open_clients
from tests.spellings import spell

PATH = "/v1/rural/ocop/products"
RULES = load_ocop_rules()


async def list_valid(clients, on, **query):
    return sorted(
        product["code"] for product in (await clients.get("ocop/products", valid_on=on, **query))["items"]
    )


async def test_an_evaluation_is_created_and_read_at_its_address(clients):
    parts = {"product": 25, "marketing": 10.5, "quality": 20}
    response = await clients.post("ocop/products", evaluation_body(score_parts=parts))
    evaluation = response.json()
    assert (response.status_code, response.headers["location"]) == (201, f"{PATH}/OCOP-610-99")
    assert (evaluation["score"], evaluation["score_parts"]["marketing"], evaluation["grantor"]["code"]) == (
        55.5,
        10.5,
        "province",
    )
    assert evaluation["unit_name"] == "Huyện Đăk Glei"
    assert (await clients.get("ocop/products"))["items"] == [evaluation]
    assert evaluation["valid_until"] == "2024-01-30"
    assert evaluation["validity"] == {
        "months": 36,
        "legal_basis": "QĐ 1048/QĐ-TTg 21/8/2019",
        "confidence": "sourced",
    }
    assert evaluation["grantor"]["legal_basis"] == "QĐ 1048/QĐ-TTg 21/8/2019"
    assert evaluation["grantor"]["confidence"].startswith("sourced")
    product = await clients.get("ocop/products/OCOP-610-99", on="2023-12-31")
    assert (product["valid"], product["current"], product["history"]) == (True, evaluation, [evaluation])
    missing = await clients.http.get(f"{PATH}/OCOP-610-98")
    assert (missing.status_code, missing.json()["code"]) == (404, "ocop_product_not_found")


async def test_a_certificate_counts_to_its_last_day(clients):
    await clients.create("ocop/products", evaluation_body(date="2020-12-31"))
    await clients.create("ocop/products", evaluation_body("OCOP-610-98", date="2021-01-01"))
    assert await list_valid(clients, "2020-12-30") == []
    assert await list_valid(clients, "2020-12-31") == ["OCOP-610-99"]
    assert await list_valid(clients, "2023-12-30") == ["OCOP-610-98", "OCOP-610-99"]
    assert await list_valid(clients, "2023-12-31") == ["OCOP-610-98"]
    assert (await clients.read_figures("2023"))["ocop_products_valid"]["value"] == 1
    assert (await clients.read_figures("2023-11"))["ocop_products_valid"]["value"] == 2


async def test_a_re_evaluation_keeps_the_history_and_the_latest_decision_counts(clients):
    await clients.create("ocop/products", evaluation_body(date="2021-01-31"))
    better = evaluation_body(date="2023-06-01", stars=4, score=71)
    await clients.create("ocop/products", better)
    await clients.create("ocop/products", evaluation_body(date="2022-06-01", score=60))
    product = await clients.get("ocop/products/OCOP-610-99", on="2023-12-31")
    assert [evaluation["decision"]["date"] for evaluation in product["history"]] == [
        "2023-06-01",
        "2022-06-01",
        "2021-01-31",
    ]
    assert (product["current"]["stars"], product["valid"]) == (4, True)
    assert await list_valid(clients, "2023-12-31", stars=4) == ["OCOP-610-99"]
    assert await list_valid(clients, "2023-05-31", stars=4) == []
    assert await list_valid(clients, "2023-12-31", stars=3) == [], "only the latest decision counts"
    assert (await clients.read_figures("2023"))["ocop_products_valid"]["value"] == 1


async def test_potential_five_star_is_counted_apart(clients):
    await clients.create("ocop/products", evaluation_body("A", stars=5, score=92.5, date="2022-07-15"))
    await clients.create(
        "ocop/products",
        evaluation_body("B", stars=4, score=91.75, potential_five_star=True, date="2022-07-15"),
    )
    figures = await clients.read_figures()
    codes = ("ocop_products_valid", "ocop_products_five_star", "ocop_products_potential_five_star")
    assert [figures[code]["value"] for code in codes] == [2, 1, 1]
    assert [len(await clients.list_all(figures[code]["lineage"])) for code in codes] == [2, 1, 1]


async def test_the_same_evaluation_again_answers_the_existing_one(clients):
    first = await clients.create("ocop/products", evaluation_body())
    again = await clients.post("ocop/products", evaluation_body(score=55.50))
    assert (again.status_code, again.json()) == (200, first)
    await clients.expect_problem("ocop/products", evaluation_body(score=56), 409, "ocop_product_exists")
    assert len((await clients.get("ocop/products"))["items"]) == 1


async def test_the_same_product_spelled_otherwise_is_the_existing_one(clients):
    body = {**evaluation_body(), "code": "KT-Sam.01", "name": "Sâm dây"}
    first = await clients.create("ocop/products", body)
    for number in spell(body["decision"]["number"]):
        same = {
            **body,
            "code": "kt-SAM.01",
            "name": "Sâm  dây",
            "decision": {**body["decision"], "number": number},
        }
        again = await clients.post("ocop/products", same)
        assert (again.status_code, again.json()) == (200, first), number
    await clients.expect_problem(
        "ocop/products", {**body, "code": "kt-sam.01", "score": 56}, 409, "ocop_product_exists"
    )
    later = {**body, "code": "KT-SAM.01", "decision": {"number": "2/QĐ", "date": "2024-02-10"}}
    await clients.create("ocop/products", later)
    read = await clients.get("ocop/products/kt-sam.01")
    assert [evaluation["code"] for evaluation in read["history"]] == ["KT-SAM.01", "KT-Sam.01"]
    assert len((await clients.get("ocop/products", code="kt-sam.01"))["items"]) == 2
    assert len(await list_valid(clients, "2024-12-01")) == 1


async def test_every_fault_of_shape_and_meaning_in_one_answer(clients):
    wrong = evaluation_body(
        "no spaces",
        "2031-01-01",
        unit="23512.01",
        owner_kind="Nguyễn Văn A",
        group=9,
        stars=5,
        owner="a person",
    )
    assert await clients.list_faults("ocop/products", wrong) == {
        "/code": "wrong_form",
        "/owner_kind": "not_one_of",
        "/owner": "unknown_field",
        "/group": "ocop_group_unknown",
        "/stars": "stars_not_of_score",
        "/unit": "unit_unknown",
        "/decision/date": "decision_in_future",
    }
    without_score = {key: value for key, value in evaluation_body().items() if key != "score"}
    assert await clients.list_faults("ocop/products", without_score) == {"/score": "missing"}
    assert await clients.list_faults("ocop/products", evaluation_body(score="55")) == {
        "/score": "not_a_number"
    }
    assert await clients.list_faults("ocop/products", evaluation_body(score=55.555)) == {
        "/score": "too_many_decimals"
    }
    assert await clients.list_faults("ocop/products", evaluation_body(score=101)) == {"/score": "too_large"}
    assert await clients.list_faults("ocop/products", evaluation_body(score=40, stars=2)) == {
        "/stars": "stars_not_certified"
    }
    assert await clients.list_faults("ocop/products", evaluation_body(date="2019-01-01")) == {
        "/decision/date": "ocop_rule_missing"
    }
    assert (await clients.get("ocop/products"))["items"] == []


async def test_the_name_of_a_household_is_neither_accepted_nor_answered(clients):
    named = evaluation_body(owner_kind="household", owner_name="Nguyễn Văn A")
    assert await clients.list_faults("ocop/products", named) == {"/owner_name": "household_named"}
    cooperative = await clients.create(
        "ocop/products", evaluation_body("A", owner_name="  HTX Cà phê Đăk Glei ")
    )
    household = await clients.create("ocop/products", evaluation_body("B", owner_kind="household"))
    assert (cooperative["owner_name"], household["owner_name"]) == ("HTX Cà phê Đăk Glei", None)
    products = (await clients.http.get("/v1/rural/ocop/products", params={"owner_kind": "household"})).json()[
        "items"
    ]
    assert [(product["owner_kind"], product["owner_name"]) for product in products] == [("household", None)]
    await clients.expect_problem(
        "ocop/products", evaluation_body("A", owner_name="HTX khác"), 409, "ocop_product_exists"
    )


async def test_the_grantor_must_be_the_one_of_the_date(clients):
    by_district = evaluation_body(date="2022-06-01", grantor="district")
    assert await clients.list_faults("ocop/products", by_district) == {"/grantor": "grantor_may_not"}
    assert (await clients.get("ocop/products"))["items"] == []
    await clients.create("ocop/products", evaluation_body(date="2024-06-01", grantor="district"))


async def test_the_rules_are_answered_with_their_basis(clients):
    rules_2022, rules_2025 = [await clients.get("ocop/rules", on=on) for on in ("2022-06-01", "2025-02-01")]
    assert [(rule["stars"], rule["code"]) for rule in rules_2022["grantors"]] == [
        (3, "province"),
        (4, "province"),
        (5, "central"),
    ]
    assert [(rule["stars"], rule["code"]) for rule in rules_2025["grantors"]] == [
        (3, "district"),
        (4, "province"),
        (5, "central"),
    ]
    assert (rules_2022["parts"], [rule["points"] for rule in rules_2025["parts"]]) == ([], [40, 25, 35])
    assert [(rule["stars"], rule["low"], rule["certified"]) for rule in rules_2025["bands"]][-3:] == [
        (3, 50, True),
        (2, 30, False),
        (1, 0, False),
    ]
    assert ([rule["months"] for rule in rules_2025["validities"]], len(rules_2025["groups"])) == ([36], 6)
    assert [
        (rules["groups"][3]["label"], rules["groups"][3]["legal_basis"], rules["groups"][3]["valid_from"])
        for rules in (rules_2022, rules_2025)
    ] == [
        ("Vải, may mặc", "QĐ 1048/QĐ-TTg 21/8/2019", "2019-08-21"),
        ("Hàng thủ công mỹ nghệ", "QĐ 148/QĐ-TTg 24/02/2023", "2023-02-24"),
    ]
    all_rules = [rule for rows in rules_2025.values() if isinstance(rows, list) for rule in rows]
    assert all(rule["legal_basis"] and rule["confidence"] for rule in all_rules)
    assert (await clients.get("ocop/rules", on="2018-01-01"))["bands"] == []


async def test_a_group_has_the_name_of_the_day_of_the_decision(clients):
    earlier = await clients.create("ocop/products", evaluation_body("A", "2023-02-23", group=4))
    later = await clients.create(
        "ocop/products", evaluation_body("B", "2023-02-24", group=4, grantor="district")
    )
    labels = [(product["group_label"], product["group_label_en"]) for product in (earlier, later)]
    assert labels == [("Vải, may mặc", "Fabrics and clothing"), ("Hàng thủ công mỹ nghệ", "Handicrafts")]
    total = (await clients.get("ocop/summary", unit="62", on="2024-01-01"))["total"]
    assert total["by_group"] == {"4": 2}
    assert [
        (group["number"], group["label"], group["valid_from"], group["products"]) for group in total["groups"]
    ] == [
        (4, "Vải, may mặc", "2019-08-21", 1),
        (4, "Hàng thủ công mỹ nghệ", "2023-02-24", 1),
    ]


async def test_only_a_registrar_of_the_program_and_the_unit_may_post(clients):
    assert (await clients.http.post(PATH, json=evaluation_body())).status_code == 401
    await clients.expect_problem("ocop/products", evaluation_body(), 403, "unit_not_granted", units=("611",))
    await clients.create("ocop/products", evaluation_body(), units=("610",))


async def test_a_re_evaluation_requires_the_grant_of_the_products_unit(clients):
    first = await clients.create("ocop/products", evaluation_body(), units=("610",))
    moved = evaluation_body(date="2024-06-01", unit="611")
    await clients.expect_problem("ocop/products", moved, 403, "unit_not_granted", units=("611",))
    await clients.expect_problem(
        "ocop/products", evaluation_body(unit="611"), 403, "unit_not_granted", units=("611",)
    )
    assert (await clients.get("ocop/products/OCOP-610-99"))["history"] == [first]
    await clients.create("ocop/products", evaluation_body(date="2023-06-01"), units=("610",))
    await clients.create("ocop/products", moved, units=("62",))
    back = evaluation_body(date="2024-09-01")
    await clients.expect_problem("ocop/products", back, 403, "unit_not_granted", units=("610",))


async def test_after_a_merger_a_re_evaluation_requires_the_grant_of_the_land(database):
    """23509 went into another commune on 1 July 2025; district 610 lies in province 51 since."""
    async with open_clients(database, now=datetime(2026, 1, 15, 2, 0, tzinfo=UTC)) as (clients, _):
        await clients.create("ocop/products", evaluation_body("A", "2024-06-01"), units=("62",))
        await clients.create("ocop/products", evaluation_body("B", "2024-06-01", unit="23509"), units=("62",))
        (row,) = [
            row
            for row in (await clients.get("ocop/summary", unit="51"))["rows"]
            if row["valid"] and row["unit"] != "51"
        ]
        changes = {"date": "2025-12-01", "grantor": "province", "unit": row["unit"]}
        other = (await clients.get("communes", unit="51", period="2025"))["items"][0]["code"]
        assert other != row["unit"]
        for code, units in (("A", (row["unit"],)), ("B", (other,))):
            body = evaluation_body(code, **{**changes, "unit": units[0]})
            await clients.expect_problem("ocop/products", body, 403, "unit_not_granted", units=units)
        await clients.create("ocop/products", evaluation_body("B", **changes), units=(row["unit"],))
        await clients.create("ocop/products", evaluation_body("A", **changes), units=("51",))


async def test_products_follow_units_that_merge(clients):
    await clients.create("ocop/products", evaluation_body("A", "2024-03-01"))
    await clients.create("ocop/products", evaluation_body("B", "2024-03-01", unit="23509"))
    assert await list_valid(clients, "2025-06-30", unit="62") == ["A", "B"]
    assert await list_valid(clients, "2025-12-31", unit="51") == ["A", "B"]
    assert (await clients.read_figures("2025", "51"))["ocop_products_valid"]["value"] == 2
    summary = await clients.get("ocop/summary", unit="51", on="2025-12-31")
    assert summary["total"]["valid"] == sum(row["valid"] for row in summary["rows"]) == 2


async def test_the_database_selects_what_the_rules_find_valid(clients):
    """Leap days and ends of months are among the dates."""
    rng = random.Random(36)
    decided = [date(2020, 2, 29), date(2021, 8, 31), date(2020, 12, 31), date(2021, 2, 28)]
    decided += [date(2020, 1, 1) + timedelta(days=rng.randrange(1500)) for _ in range(16)]
    for number, day in enumerate(decided):
        await clients.create("ocop/products", evaluation_body(f"P{number:02d}", day.isoformat()))
    ends = [not_none(RULES.find_end(day)) for day in decided]
    edges = [end + timedelta(days=offset) for end in ends[:6] for offset in (-1, 0, 1)]
    for on in edges:
        expected = [
            f"P{number:02d}"
            for number, (day, end) in enumerate(zip(decided, ends, strict=True))
            if day <= on < end
        ]
        unit = "62" if on < date(2025, 7, 1) else "51"
        assert await list_valid(clients, on.isoformat(), unit=unit) == expected, on


async def test_products_that_end_soon_by_district(clients):
    await clients.create("ocop/products", evaluation_body("A", "2021-01-31"))
    await clients.create(
        "ocop/products", evaluation_body("B", "2023-06-01", unit="23512", owner_kind="household")
    )
    page = await clients.get("ocop/products", valid_on="2023-12-31", ending_before="2024-06-30")
    assert [row["code"] for row in page["items"]] == ["A"]
    refused = await clients.http.get(PATH, params={"ending_before": "2024-06-30"})
    assert [(row["pointer"], row["code"]) for row in refused.json()["errors"]] == [
        ("/query/ending_before", "ending_before_without_valid_on")
    ]
    summary = await clients.get("ocop/summary", on="2023-12-31", months=6)
    rows = {row["unit"]: row for row in summary["rows"]}
    assert (rows["610"]["expiring"], rows["615"]["expiring"], summary["total"]["expiring"]) == (1, 0, 1)
    assert rows["615"]["by_owner_kind"] == {"household": 1}
    assert len(rows) == 10


@pytest.mark.race
async def test_of_many_posts_at_once_one_creates(clients):
    responses = await asyncio.gather(
        *(clients.post("ocop/products", evaluation_body(score=55 + number % 2)) for number in range(8))
    )
    assert sorted(response.status_code for response in responses) == [200] * 3 + [201] + [409] * 4
