"""The register of classifications over HTTP, on a real database."""

import random
from datetime import date, timedelta

import pytest

from tests.registers import table

PATH = "/v1/ethnic/classifications"
COMMUNES = ("23509", "23515", "23359")


def body(unit="23509", region="III", difficult=True, number="861/QĐ-TTg", on="2021-06-04", **other):
    said = {
        "unit": unit,
        "region": region,
        "specially_difficult": difficult,
        "decision": {"number": number, "date": on},
        "effective_on": on,
    }
    return {**said, **other}


async def test_it_is_kept_and_answered_where_it_is(clients):
    answer = await clients.register("classifications", body())
    assert answer.status_code == 201
    said = answer.json()
    assert answer.headers["location"] == f"{PATH}/{said['id']}"
    assert (await clients.http.get(answer.headers["location"])).json() == said
    changes = await clients.http.get("/v1/ethnic/changes", headers=clients.headers("read"))
    assert [it["type"] for it in changes.json()["items"]] == ["commune.classified"]
    assert changes.json()["items"][0]["data"]["effective_on"] == "2021-06-04"


async def test_saying_it_again_answers_what_is_kept(clients):
    first = await clients.kept("classifications", body())
    again = await clients.register("classifications", body())
    assert (again.status_code, again.json()) == (200, first)
    refused = await clients.refused("classifications", body(region="II"), 409, "classification_exists")
    assert refused["classification"] == first["id"]
    assert len((await clients.get("classifications"))["items"]) == 1


async def test_every_fault_of_shape_and_meaning_in_one_answer(clients):
    wrong = {
        "unit": "610",
        "region": "IV",
        "specially_difficult": "yes",
        "decision": {"number": "1", "date": "2031-01-01"},
        "effective_on": "2023-06-01",
        "note": "?",
    }
    assert await clients.faults("classifications", wrong) == {
        "/specially_difficult": "not_a_boolean",
        "/note": "unknown_field",
        "/region": "region_unknown",
        "/unit": "unit_level_wrong",
        "/decision/date": "decision_in_future",
    }
    assert await clients.faults("classifications", {}) == dict.fromkeys(
        ("/unit", "/region", "/specially_difficult", "/decision", "/effective_on"), "missing"
    )
    assert await clients.faults("classifications", body("99999")) == {"/unit": "unit_unknown"}
    gone = body("23509", effective_on="2025-08-01")
    assert await clients.faults("classifications", gone) == {"/unit": "unit_unknown_on_date"}
    assert (await clients.get("classifications"))["items"] == []


async def test_only_a_registrar_of_the_program_and_the_unit_may(clients):
    anonymous = await clients.http.post(PATH, json=body())
    assert anonymous.status_code == 401
    for who, code in (
        ({"units": ("610",)}, "unit_not_granted"),
        ({"programs": ("rural",)}, "forbidden"),
    ):
        await clients.refused("classifications", body(), 403, code, **who)
    reporter = await clients.http.post(PATH, json=body(), headers=clients.headers("report"))
    assert reporter.status_code == 403
    await clients.kept("classifications", body(), units=("615",))


async def test_what_a_commune_is_on_a_day(clients):
    await clients.kept("classifications", body())
    await clients.kept("classifications", body("23509", "I", False, "186/QĐ-UBND", "2023-04-12"))
    on_day = [
        [it["region"] for it in (await clients.get("classifications", unit="23509", on=day))["items"]]
        for day in ("2021-06-03", "2021-06-04", "2023-04-11", "2023-04-12", "2023-12-31")
    ]
    assert on_day == [[], ["III"], ["III"], ["I"], ["I"]]
    assert len((await clients.get("classifications", unit="615"))["items"]) == 2
    assert (await clients.get("classifications", unit="610"))["items"] == []


async def test_a_later_word_for_the_same_day_takes_its_place(clients):
    await clients.kept("classifications", body(number="1/QĐ"))
    await clients.kept("classifications", body(region="II", difficult=False, number="2/QĐ"))
    held = await clients.get("classifications", on="2023-01-01")
    assert [it["region"] for it in held["items"]] == ["II"]
    assert (await clients.figures("2021"))["communes_left_special_difficulty"]["value"] == 0


async def test_what_was_known_then_is_read_again(clients):
    first = await clients.kept("classifications", body())
    await clients.kept("classifications", body("23509", "I", False, "186/QĐ-UBND", "2023-04-12"))
    then = first["recorded_at"]
    assert (await clients.figures())["communes_left_special_difficulty"]["value"] == 1
    assert (await clients.figures(as_of=then))["communes_left_special_difficulty"]["value"] == 0
    assert len((await clients.get("classifications", as_of=then))["items"]) == 1


async def test_a_merged_commune_is_to_be_classified_anew_and_an_unchanged_one_goes_on(clients):
    """23368 (Đăk Long) stayed as it was on 1 July 2025; 23509 was merged, and its code went to nobody."""
    for commune in ("23509", "23368"):
        await clients.kept("classifications", body(commune))
    held = await clients.get("classifications", on="2025-12-31", unit="51")
    assert [it["unit"] for it in held["items"]] == ["23368"]


async def test_whatever_the_order_and_the_days_the_exits_are_those_of_the_definition(clients):
    """Random histories against the definition, said plainly: difficult at some time from the eve on, and not at the end."""
    luck = random.Random(570)
    said = []
    for number in range(36):
        on = date(2021, 6, 1) + timedelta(days=luck.randrange(0, 1000, 50))
        commune, difficult = luck.choice(COMMUNES), luck.random() < 0.5
        await clients.kept(
            "classifications",
            body(commune, None, difficult, f"{number}/QĐ", "2021-01-01", effective_on=on.isoformat()),
        )
        said.append((on, commune, difficult))

    def on_day(commune, day):
        held = False
        for on, unit, difficult in sorted(said, key=lambda it: it[0]):
            if unit == commune and on <= day:
                held = difficult
        return held

    for period, first, last in (
        ("2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("2022", date(2022, 1, 1), date(2022, 12, 31)),
        ("2023", date(2023, 1, 1), date(2023, 12, 31)),
        ("2022-Q3", date(2022, 7, 1), date(2022, 9, 30)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
    ):
        days = [first - timedelta(days=1) + timedelta(days=n) for n in range((last - first).days + 2)]
        expected = {
            commune
            for commune in COMMUNES
            if not on_day(commune, last) and any(on_day(commune, day) for day in days)
        }
        figure = (await clients.figures(period))["communes_left_special_difficulty"]
        assert figure["value"] == len(expected), period
        assert {it["unit"] for it in await clients.follow(figure["lineage"])} == expected, period


async def test_pages_follow_each_other(clients):
    for row in table("ethnic_classifications"):
        await clients.kept(
            "classifications",
            body(
                row["unit"],
                row["region"],
                row["specially_difficult"] == "true",
                row["decision_number"],
                row["decision_date"],
            ),
        )
    first = await clients.http.get(f"{PATH}?limit=7")
    assert 'rel="next"' in first.headers["link"]
    rest = await clients.get("classifications", limit=7, cursor=first.json()["next"])
    assert (len(first.json()["items"]), len(rest["items"]), rest["next"]) == (7, 5, None)


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
async def test_nonsense_is_refused(clients, query):
    answer = await clients.http.get(PATH, params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
