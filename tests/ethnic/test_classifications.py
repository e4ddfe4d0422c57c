"""The register of classifications over HTTP, on a real database."""

import random
from datetime import date, timedelta

import pytest

from tests.program_clients import read_table
from tests.spellings import spell

PATH = "/v1/ethnic/classifications"
COMMUNES = ("23509", "23515", "23359")


def classification_body(
    unit="23509", region="III", difficult=True, number="861/QĐ-TTg", on="2021-06-04", **fields
):
    classification = {
        "unit": unit,
        "region": region,
        "specially_difficult": difficult,
        "decision": {"number": number, "date": on},
        "effective_on": on,
    }
    return {**classification, **fields}


async def test_a_classification_is_created_and_read_at_its_address(clients):
    response = await clients.post("classifications", classification_body())
    assert response.status_code == 201
    classification = response.json()
    assert response.headers["location"] == f"{PATH}/{classification['id']}"
    assert (await clients.http.get(response.headers["location"])).json() == classification
    changes = await clients.http.get("/v1/ethnic/changes", headers=clients.make_headers("read"))
    assert [change["type"] for change in changes.json()["items"]] == ["commune.classified"]
    assert changes.json()["items"][0]["data"]["effective_on"] == "2021-06-04"


async def test_the_same_decision_again_answers_the_existing_classification(clients):
    first = await clients.create("classifications", classification_body())
    again = await clients.post("classifications", classification_body())
    assert (again.status_code, again.json()) == (200, first)
    refused = await clients.expect_problem(
        "classifications", classification_body(region="II"), 409, "classification_exists"
    )
    assert refused["classification"] == first["id"]
    assert len((await clients.get("classifications"))["items"]) == 1


async def test_the_same_decision_spelled_otherwise_answers_the_existing_classification(clients):
    first = await clients.create("classifications", classification_body())
    for number in spell("861/QĐ-TTg"):
        again = await clients.post("classifications", classification_body(number=number))
        assert (again.status_code, again.json()) == (200, first), number
    other = await clients.post("classifications", classification_body(number="862/QĐ-TTg"))
    assert other.status_code == 201
    invisible = classification_body(number="\u200b\u00a0")
    assert await clients.list_faults("classifications", invisible) == {"/decision/number": "text_too_short"}


async def test_every_fault_of_shape_and_meaning_in_one_answer(clients):
    wrong = {
        "unit": "610",
        "region": "IV",
        "specially_difficult": "yes",
        "decision": {"number": "1", "date": "2031-01-01"},
        "effective_on": "2023-06-01",
        "note": "?",
    }
    assert await clients.list_faults("classifications", wrong) == {
        "/specially_difficult": "not_a_boolean",
        "/note": "unknown_field",
        "/region": "region_unknown",
        "/unit": "unit_level_wrong",
        "/decision/date": "decision_in_future",
    }
    assert await clients.list_faults("classifications", {}) == dict.fromkeys(
        ("/unit", "/region", "/specially_difficult", "/decision", "/effective_on"), "missing"
    )
    assert await clients.list_faults("classifications", classification_body("99999")) == {
        "/unit": "unit_unknown"
    }
    gone = classification_body("23509", effective_on="2025-08-01")
    assert await clients.list_faults("classifications", gone) == {"/unit": "unit_unknown_on_date"}
    assert (await clients.get("classifications"))["items"] == []


async def test_only_a_registrar_of_the_program_and_the_unit_may_post(clients):
    anonymous = await clients.http.post(PATH, json=classification_body())
    assert anonymous.status_code == 401
    for caller, code in (
        ({"units": ("610",)}, "unit_not_granted"),
        ({"programs": ("rural",)}, "forbidden"),
    ):
        await clients.expect_problem("classifications", classification_body(), 403, code, **caller)
    by_reporter = await clients.http.post(
        PATH, json=classification_body(), headers=clients.make_headers("report")
    )
    assert by_reporter.status_code == 403
    await clients.create("classifications", classification_body(), units=("615",))


async def test_the_classification_in_effect_on_a_day(clients):
    await clients.create("classifications", classification_body())
    await clients.create(
        "classifications", classification_body("23509", "I", False, "186/QĐ-UBND", "2023-04-12")
    )
    regions = [
        [row["region"] for row in (await clients.get("classifications", unit="23509", on=day))["items"]]
        for day in ("2021-06-03", "2021-06-04", "2023-04-11", "2023-04-12", "2023-12-31")
    ]
    assert regions == [[], ["III"], ["III"], ["I"], ["I"]]
    assert len((await clients.get("classifications", unit="615"))["items"]) == 2
    assert (await clients.get("classifications", unit="610"))["items"] == []


async def test_a_later_decision_for_the_same_day_replaces_the_earlier(clients):
    await clients.create("classifications", classification_body(number="1/QĐ"))
    await clients.create("classifications", classification_body(region="II", difficult=False, number="2/QĐ"))
    page = await clients.get("classifications", on="2023-01-01")
    assert [row["region"] for row in page["items"]] == ["II"]
    assert (await clients.read_figures("2021"))["communes_left_special_difficulty"]["value"] == 0


async def test_an_earlier_instant_is_read_again(clients):
    first = await clients.create("classifications", classification_body())
    await clients.create(
        "classifications", classification_body("23509", "I", False, "186/QĐ-UBND", "2023-04-12")
    )
    recorded_at = first["recorded_at"]
    assert (await clients.read_figures())["communes_left_special_difficulty"]["value"] == 1
    assert (await clients.read_figures(as_of=recorded_at))["communes_left_special_difficulty"]["value"] == 0
    assert len((await clients.get("classifications", as_of=recorded_at))["items"]) == 1


async def test_a_classification_follows_only_an_unchanged_commune(clients):
    """23368 (Đăk Long) was unchanged on 1 July 2025; 23509 was merged, and its code is not used again."""
    for commune in ("23509", "23368"):
        await clients.create("classifications", classification_body(commune))
    page = await clients.get("classifications", on="2025-12-31", unit="51")
    assert [(row["unit"], row["ends_on"]) for row in page["items"]] == [("23368", "2025-12-31")]
    assert (await clients.get("classifications", on="2026-01-01", unit="51"))["items"] == []
    assert (await clients.get("areas/23509"))["region"] == "III"


async def test_exits_are_those_of_the_definition_whatever_the_order_and_the_days(clients):
    """By the definition a commune left that was in difficulty on the day before the period or later, and is not at its end."""
    rng = random.Random(570)
    decided = []
    for number in range(36):
        on = date(2021, 6, 1) + timedelta(days=rng.randrange(0, 1000, 50))
        commune, difficult = rng.choice(COMMUNES), rng.random() < 0.5
        await clients.create(
            "classifications",
            classification_body(
                commune, None, difficult, f"{number}/QĐ", "2021-01-01", effective_on=on.isoformat()
            ),
        )
        decided.append((on, commune, difficult))

    def is_difficult(commune, day):
        specially_difficult = False
        for on, unit, difficult in sorted(decided, key=lambda row: row[0]):
            if unit == commune and on <= day:
                specially_difficult = difficult
        return specially_difficult

    for period, first, last in (
        ("2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("2022", date(2022, 1, 1), date(2022, 12, 31)),
        ("2023", date(2023, 1, 1), date(2023, 12, 31)),
        ("2022-Q3", date(2022, 7, 1), date(2022, 9, 30)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
    ):
        days = [
            first - timedelta(days=1) + timedelta(days=number) for number in range((last - first).days + 2)
        ]
        expected = {
            commune
            for commune in COMMUNES
            if not is_difficult(commune, last) and any(is_difficult(commune, day) for day in days)
        }
        figure = (await clients.read_figures(period))["communes_left_special_difficulty"]
        assert figure["value"] == len(expected), period
        assert {row["unit"] for row in await clients.list_all(figure["lineage"])} == expected, period


async def test_the_list_is_answered_in_pages(clients):
    for row in read_table("ethnic_classifications"):
        await clients.create(
            "classifications",
            classification_body(
                row["unit"],
                row["region"],
                row["specially_difficult"] == "true",
                row["decision_number"],
                row["decision_date"],
            ),
        )
    response = await clients.http.get(f"{PATH}?limit=7")
    assert 'rel="next"' in response.headers["link"]
    last_page = await clients.get("classifications", limit=7, cursor=response.json()["next"])
    assert (len(response.json()["items"]), len(last_page["items"]), last_page["next"]) == (7, 5, None)


@pytest.mark.parametrize(
    "query",
    [
        {"on": "yesterday"},
        {"left_in": "2023-13"},
        {"left_by": "decision"},
        {"left_in": "2023", "left_by": "luck"},
        {"unit": "6"},
    ],
)
async def test_invalid_parameters_are_refused(clients, query):
    response = await clients.http.get(PATH, params=query)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
