"""The register of recognitions over HTTP, on a real database."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.rural.bodies import advanced, meets, model
from tests.rural.test_criteria import accepted, installed

PATH = "/v1/rural/recognitions"
LOST = {"reason": "Không còn đạt 10 tiêu chí", "unmet": list(range(1, 11))}
REASON = "Xã đặc thù biên giới, tỉnh chấp thuận ngoại lệ"


async def held(clients, on, **query):
    return [it["level"] for it in (await clients.get("recognitions", in_force_on=on, **query))["items"]]


async def assess(clients, commune, district, met, period="2022"):
    """An accepted assessment by which the first `met` criteria are met."""
    rows = [
        {
            "district": district,
            "unit": commune,
            "indicator": f"criterion_{number:02d}",
            "value": str(int(number <= met)),
            "status": "official",
        }
        for number in range(1, 20)
    ]
    await clients.report_and_accept("criteria_assessment", rows, period)


async def test_it_is_kept_and_answered_where_it_is(clients):
    answer = await clients.register("recognitions", meets())
    said = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{PATH}/{said['id']}")
    assert said["authority"] == {
        "name": "Chủ tịch UBND tỉnh",
        "legal_basis": "QĐ 318/QĐ-TTg 08/3/2022; QĐ 18/2022/QĐ-TTg",
        "confidence": "set sourced; procedure from memory",
    }
    assert (said["exceptions"], said["revocation"], said["grounds"]) == ([], None, None)
    assert said["assessments"] == []
    assert (await clients.http.get(answer.headers["location"])).json() == said
    missing = await clients.http.get(f"{PATH}/01890a5d-ac96-774b-bcce-b302099a8057")
    assert (missing.status_code, missing.json()["code"]) == (404, "recognition_not_found")


async def test_it_is_published_with_what_other_services_need(clients):
    kept = await clients.kept("recognitions", meets())
    changes = await clients.http.get("/v1/rural/changes", headers=clients.headers("read"))
    (change,) = changes.json()["items"]
    assert (change["type"], change["subject"]) == ("unit.recognized", f"recognitions/{kept['id']}")
    assert change["data"] == {
        "unit": "23509",
        "unit_level": "commune",
        "line": ["23509", "615", "62"],
        "level": "meets",
        "field": None,
        "criteria_set": "commune_2021_2025",
        "year": 2022,
        "decision": {"number": "186/QĐ-UBND", "date": "2023-04-12"},
    }


async def test_saying_it_again_answers_what_is_kept(clients):
    first = await clients.kept("recognitions", meets())
    again = await clients.register("recognitions", meets())
    assert (again.status_code, again.json()) == (200, first)
    other_year = await clients.refused("recognitions", meets(year=2021), 409, "recognition_exists")
    assert other_year["recognition"] == first["id"]
    await clients.refused("recognitions", meets(number="187/QĐ-UBND"), 409, "recognition_exists")
    before = meets(number="9/QĐ-UBND", date="2022-12-30")
    await clients.refused("recognitions", before, 409, "recognition_exists")
    await clients.kept(
        "recognitions", meets("23509", "9/QĐ", "2019-05-13", 2018, criteria_set="commune_2016_2020")
    )
    assert await held(clients, "2023-12-31", level="meets") == ["meets"]
    assert (await clients.figures())["communes_recognized"]["value"] == 1


async def test_every_fault_of_shape_and_meaning_in_one_answer(clients):
    wrong = meets("23281", date="2031-01-01", year="2022", level="best", field="culture", extra=1)
    assert await clients.faults("recognitions", wrong) == {
        "/level": "not_one_of",
        "/year": "not_an_integer",
        "/extra": "unknown_field",
        "/field": "field_not_of_set",
        "/unit": "unit_unknown_on_date",
        "/decision/date": "decision_in_future",
    }
    assert await clients.faults("recognitions", meets("23281")) == {"/unit": "unit_not_of_set"}
    assert await clients.faults("recognitions", meets("23512.01")) == {"/unit": "unit_unknown"}
    assert await clients.faults("recognitions", meets("615")) == {
        "/unit": "unit_level_wrong",
    }
    nested = meets(decision={"number": "", "date": "x"})
    assert set(await clients.faults("recognitions", nested)) == {"/decision/number", "/decision/date"}
    assert await clients.faults("recognitions", meets(date="2021-12-31")) == {
        "/decision/date": "decided_before_year"
    }
    assert (await clients.get("recognitions"))["items"] == []


async def test_only_a_registrar_of_the_program_and_the_unit_may(clients):
    assert (await clients.http.post(PATH, json=meets())).status_code == 401
    await clients.refused("recognitions", meets(), 403, "unit_not_granted", units=("610",))
    await clients.refused("recognitions", meets(), 403, "forbidden", programs=("ethnic",))
    reviewer = await clients.http.post(PATH, json=meets(), headers=clients.headers("review"))
    assert reviewer.status_code == 403
    kept = await clients.kept("recognitions", meets(), units=("615",))
    revocation = {"decision": {"number": "5/QĐ", "date": "2024-01-01"}, "reason": "không còn đạt"}
    path = f"recognitions/{kept['id']}/revoke"
    await clients.refused(path, revocation, 403, "unit_not_granted", units=("610",))


async def test_each_level_stands_on_the_one_below(clients):
    refused = await clients.refused("recognitions", advanced(), 409, "recognition_needs_lower_level")
    assert refused["rules"][0]["clause"].startswith("QĐ 318")
    await clients.kept("recognitions", meets())
    too_early = advanced(date="2023-04-11", year=2022)
    await clients.refused("recognitions", too_early, 409, "recognition_needs_lower_level")
    await clients.refused("recognitions", model(), 409, "recognition_needs_lower_level")
    await clients.kept("recognitions", advanced())
    await clients.kept("recognitions", model())
    figures = [await clients.figures(year) for year in ("2022", "2023", "2024")]
    codes = ("communes_recognized", "communes_advanced", "communes_model")
    assert [[each[code]["value"] for code in codes] for each in figures] == [[0, 0, 0], [1, 1, 0], [1, 1, 1]]


async def test_a_revocation_ends_it_from_its_day_on(clients):
    kept = await clients.kept("recognitions", meets())
    path = f"recognitions/{kept['id']}/revoke"
    revocation = {
        "decision": {"number": "5/QĐ", "date": "2023-11-01"},
        "reason": "Không còn đạt 6 tiêu chí, trong đó có thu nhập",
        "unmet": [11, 10, 2, 5, 6, 13],
    }
    early = {**revocation, "decision": {"number": "5/QĐ", "date": "2023-04-11"}}
    assert await clients.faults(path, early) == {"/decision/date": "revoked_before_recognition"}
    assert await clients.faults(path, {"reason": "no"}) == {
        "/reason": "text_too_short",
        "/decision": "missing",
    }
    said = await clients.kept(path, revocation)
    assert said["revocation"]["decision"]["date"] == "2023-11-01"
    assert said["revocation"]["unmet"] == [2, 5, 6, 10, 11, 13]
    again = await clients.register(path, revocation)
    assert (again.status_code, again.json()) == (200, said)
    assert said["assessed"] is None
    other = {**revocation, "reason": "Lý do khác"}
    await clients.refused(path, other, 409, "recognition_revoked")
    on_day = [await held(clients, day) for day in ("2023-04-11", "2023-04-12", "2023-10-31", "2023-11-01")]
    assert on_day == [[], ["meets"], ["meets"], []]
    assert (await clients.figures())["communes_recognized"]["value"] == 0
    then = kept["recorded_at"]
    assert (await clients.figures(as_of=then))["communes_recognized"]["value"] == 1
    (before,) = (await clients.get("recognitions", as_of=then))["items"]
    assert before["revocation"] is None
    again = meets(number="9/QĐ-UBND", date="2023-12-01")
    assert await clients.faults("recognitions", again) == {"/grounds": "grounds_missing"}
    kept = await clients.kept("recognitions", {**again, "grounds": "Đã khắc phục, đạt lại 19/19"})
    assert kept["grounds"] == "Đã khắc phục, đạt lại 19/19"
    assert (await clients.figures())["communes_recognized"]["value"] == 1
    unknown = "recognitions/01890a5d-ac96-774b-bcce-b302099a8057/revoke"
    await clients.refused(unknown, revocation, 404, "recognition_not_found")


async def test_what_a_higher_level_stands_on_is_revoked_last(clients):
    first = await clients.kept("recognitions", meets())
    second = await clients.kept("recognitions", advanced())
    revocation = {**LOST, "decision": {"number": "5/QĐ", "date": "2024-02-01"}}
    refused = await clients.refused(
        f"recognitions/{first['id']}/revoke", revocation, 409, "recognition_supports_higher"
    )
    assert (refused["recognition"], refused["higher"]) == (second["id"], "advanced")
    await clients.kept(f"recognitions/{second['id']}/revoke", revocation)
    await clients.kept(f"recognitions/{first['id']}/revoke", revocation)


async def test_an_assessment_that_falls_short_is_refused_or_excused(clients):
    await assess(clients, "23509", "615", met=18)
    refused = await clients.refused("recognitions", meets(), 409, "recognition_needs_all_criteria")
    assert refused["unmet"] == [19]
    excused = meets(exception={"reason": REASON})
    await clients.refused("recognitions", excused, 403, "exception_not_allowed")
    answer = await clients.http.post(
        PATH, json=excused, headers=clients.headers("register", "review", client_id="officer")
    )
    assert answer.status_code == 201
    assert answer.json()["exceptions"] == ["recognition_needs_all_criteria"]
    assert answer.json()["exception_reason"] == REASON


async def test_what_is_not_assessed_here_is_not_in_the_way_before_the_unit_goes_live(clients):
    await assess(clients, "23509", "615", met=18, period="2023")
    put = await clients.http.put(
        "/v1/rural/go-lives/615", json={"live_on": "2023-01-01"}, headers=clients.headers("target")
    )
    assert put.status_code == 200, put.text
    kept = await clients.kept("recognitions", meets(exception={"reason": REASON}))
    assert (kept["exceptions"], kept["exception_reason"]) == ([], None)
    live = meets("23510", "8/QĐ", "2024-03-01", 2023)
    refused = await clients.refused("recognitions", live, 409, "recognition_needs_assessment")
    assert refused["rules"] == [
        {
            "code": "recognition_needs_assessment",
            "clause": "QĐ 18/2022/QĐ-TTg: xã phải đạt 100% tiêu chí",
            "confidence": "set sourced; procedure from memory",
        }
    ]
    await clients.kept("recognitions", {**live, "unit": "23344"})


async def test_who_is_reported_on_here_is_held_to_its_assessment_from_then_on(clients):
    """The district 615 reports for 2022, of one of its communes; nobody stated when it went live."""
    await assess(clients, "23509", "615", met=19, period="2022")
    await clients.kept("recognitions", meets("23510", "1/QĐ", "2022-05-04", 2021))
    for number, year in (("2/QĐ", 2022), ("3/QĐ", 2023)):
        body = meets("23512", number, f"{year + 1}-04-12", year)
        refused = await clients.refused("recognitions", body, 409, "recognition_needs_assessment")
        assert refused["year"] == year
    held = await clients.kept("recognitions", meets())
    assert len(held["assessments"]) == 1
    await clients.kept("recognitions", meets("23344", "4/QĐ", "2023-04-12", 2022))


async def test_what_is_entered_late_is_held_to_what_was_decided_since_under_another_code(database):
    """23368 is a commune of province 51 since 1 July 2025, on the same land as before."""
    async with installed(database, now=datetime(2026, 1, 15, 2, 0, tzinfo=UTC)) as (clients, _):
        since = await clients.kept("recognitions", meets("23368", "8/QĐ", "2025-08-15", 2024), units=("51",))
        late = meets("23368", "2/QĐ", "2024-04-12", 2023)
        refused = await clients.refused("recognitions", late, 409, "recognition_exists")
        assert refused["recognition"] == since["id"]
        again = await clients.register(
            "recognitions", meets("23368", "8/QĐ", "2025-08-15", 2024), units=("51",)
        )
        assert (again.status_code, again.json()) == (200, since)


async def test_a_decision_before_the_assessment_that_it_rests_on_is_refused_and_nothing_kept(clients):
    paper = {"number": "12/BB-UBND", "signed_on": "2023-04-13", "signer_role": "chairman"}
    rows = [{"unit": "23509", "indicator": f"criterion_{n:02d}", "value": 1} for n in range(1, 20)]
    report = await accepted(clients, rows, "615", "2022", document=paper)
    assert await clients.faults("recognitions", meets()) == {"/decision/date": "decided_before_assessment"}
    assert (await clients.get("recognitions"))["items"] == []
    kept = await clients.kept("recognitions", meets(date="2023-04-13"))
    assert kept["assessments"] == [report["id"]]


async def test_a_code_that_meant_other_land_is_not_the_assessed_commune(database):
    """23425 was the commune Đăk Hà until 30 June 2025, and is the merged commune Tu Mơ Rông since."""
    async with installed(database, now=datetime(2026, 1, 15, 2, 0, tzinfo=UTC)) as (clients, _):
        await assess(clients, "23425", "617", met=3, period="2024")
        merged = meets("23425", "1/QĐ", "2025-08-15", 2024)
        kept = await clients.kept("recognitions", merged, units=("51",))
        assert kept["assessments"] == []
        assert (await clients.get("communes/23425", on="2025-12-31"))["assessments"] == []
        (then,) = (await clients.get("communes/23425", on="2025-06-30"))["assessments"]
        assert (then["met"], then["missing"][0]) == (3, 4)


async def test_a_revocation_wants_grounds_or_a_recorded_exception(clients):
    kept = await clients.kept("recognitions", meets())
    path = f"recognitions/{kept['id']}/revoke"
    few = {
        "decision": {"number": "5/QĐ", "date": "2023-11-01"},
        "reason": "Không còn đạt",
        "unmet": [1, 2, 3, 4, 5, 6],
    }
    refused = await clients.refused(path, few, 409, "revocation_grounds_insufficient")
    assert (refused["unmet"], refused["of"], "QĐ 18/2022" in refused["rules"][0]["clause"]) == (6, 19, True)
    unknown = {**few, "unmet": [1, 20, "ba"]}
    assert await clients.faults(path, unknown) == {"/unmet/2": "not_an_integer"}
    assert await clients.faults(path, {**few, "unmet": [1, 20]}) == {"/unmet/1": "criterion_unknown"}
    assert await held(clients, "2023-11-01") == ["meets"]
    excused = {**few, "exception": {"reason": REASON}}
    await clients.refused(path, excused, 403, "exception_not_allowed")
    answer = await clients.http.post(
        f"/v1/rural/{path}", json=excused, headers=clients.headers("register", "review")
    )
    assert answer.status_code == 201
    ended = answer.json()["revocation"]
    assert ended["exceptions"] == ["revocation_grounds_insufficient"]
    assert ended["exception_reason"] == REASON


async def test_a_revocation_says_where_it_differs_from_the_assessment_before_it(clients):
    kept = await clients.kept("recognitions", meets())
    await assess(clients, "23509", "615", met=19, period="2022")
    await assess(clients, "23509", "615", met=10, period="2023")
    await assess(clients, "23509", "615", met=0, period="2024")
    unmet = [1, 2, 11, 12, 13, 14, 15, 16, 17, 18]
    body = {"decision": {"number": "5/QĐ", "date": "2023-12-01"}, "reason": "Không còn đạt", "unmet": unmet}
    said = (await clients.kept(f"recognitions/{kept['id']}/revoke", body))["assessed"]
    assert (said["period"], said["unmet"]) == ("2023", list(range(11, 20)))
    assert (said["only_named"], said["only_found"]) == ([1, 2], [19])
    other = await clients.kept("recognitions", meets("23344", "7/QĐ"))
    alone = await clients.kept(f"recognitions/{other['id']}/revoke", {**body, "unmet": list(range(1, 11))})
    assert alone["assessed"] is None


async def test_an_earlier_set_counts_until_the_commune_is_recognized_again_and_is_shown_by_set(clients):
    old = await clients.kept(
        "recognitions", meets("23509", "9/QĐ", "2019-05-13", 2018, criteria_set="commune_2016_2020")
    )
    await clients.kept(
        "recognitions", meets("23510", "9/QĐ", "2019-05-13", 2018, criteria_set="commune_2016_2020")
    )
    await clients.kept("recognitions", meets(grounds="Công nhận lại theo bộ tiêu chí 2021-2025"))

    async def by_set(on):
        said = await clients.get("recognitions/summary", on=on, unit="615")
        return {it["criteria_set"]: (it["units"], it["earlier"]) for it in said["items"]}

    assert await by_set("2019-12-31") == {"commune_2016_2020": (2, False)}
    assert await by_set("2023-04-11") == {"commune_2016_2020": (2, True)}
    assert await by_set("2023-04-12") == {"commune_2016_2020": (1, True), "commune_2021_2025": (1, False)}
    assert (await clients.figures())["communes_recognized"]["value"] == 2
    page = await clients.get("communes/23509", on="2023-12-31")
    assert [(it["level"], it["criteria_set"], it["since"]) for it in page["in_force"]] == [
        ("meets", "commune_2021_2025", "2023-04-12")
    ]
    assert len(page["recognitions"]) == 2
    late = {**LOST, "decision": {"number": "5/QĐ", "date": "2023-04-12"}}
    refused = await clients.refused(f"recognitions/{old['id']}/revoke", late, 409, "recognition_replaced")
    assert refused["replaced_on"] == "2023-04-12"
    (new,) = (await clients.get("recognitions", unit="23509", in_force_on="2023-12-31"))["items"]
    ended = {**LOST, "decision": {"number": "6/QĐ", "date": "2024-01-01"}}
    await clients.kept(f"recognitions/{new['id']}/revoke", ended)
    assert (await clients.get("communes/23509", on="2024-01-01"))["in_force"] == [], (
        "the old one does not come back"
    )


async def test_two_broken_rules_are_named_together(clients):
    await assess(clients, "23509", "615", met=5, period="2023")
    refused = await clients.refused("recognitions", advanced(), 409, "recognition_needs_lower_level")
    assert [it["code"] for it in refused["rules"]] == ["recognition_needs_lower_level"]


async def test_villages_have_sets_of_their_own(clients):
    await clients.kept("villages", {"code": "23512.01", "name": "Thôn 1", "valid_from": "2022-01-01"})
    early = meets("23512.01", "1/QĐ", "2021-12-15", 2021, criteria_set="village_em_2022_2025")
    assert (await clients.faults("recognitions", early))["/unit"] == "unit_unknown_on_date"
    village = {"criteria_set": "village_model_2022_2025", "level": "model"}
    await clients.kept("recognitions", meets("23512.01", "1/QĐ", "2023-06-15", 2023, **village))
    alone = await clients.get("recognitions", unit="23512.01", in_force_on="2023-12-31")
    assert [it["unit"] for it in alone["items"]] == ["23512.01"]
    await clients.kept("recognitions", meets("23512"))
    await clients.kept("recognitions", meets("23344", "8/QĐ"))
    for unit, units in (("23512.01,610", {"23512.01", "23344"}), ("23512.01,23512", {"23512.01", "23512"})):
        beside = await clients.get("recognitions", unit=unit, in_force_on="2023-12-31")
        assert {it["unit"] for it in beside["items"]} == units
    for unit, value in (("62", 1), ("615", 1), ("23512", 1), ("23509", 0), ("610", 0)):
        figure = (await clients.figures(unit=unit))["villages_model"]
        assert figure["value"] == value, unit
        assert len(await clients.follow(figure["lineage"])) == value, unit
        lineage = await clients.get("lineage/villages_model", period="2023", unit=unit)
        assert (lineage["value"], lineage["register_rows"]) == (value, figure["lineage"])


async def test_after_the_merger_only_unchanged_communes_stay_recognized(clients):
    for unit, number in (("23509", "1/QĐ"), ("23368", "2/QĐ")):
        await clients.kept("recognitions", meets(unit, number))
    shown = await clients.get("recognitions", in_force_on="2025-12-31", unit="51")
    assert [it["unit"] for it in shown["items"]] == ["23368"]
    assert (await clients.figures("2025", "51"))["communes_recognized"]["value"] == 1
    on_new_map = await clients.figures("2023", "51", map="2025-07-01")
    assert on_new_map["communes_recognized"]["value"] is None
    assert on_new_map["communes_recognized"]["reassessment_required"] is True


@pytest.mark.race
async def test_of_many_at_once_one_is_kept(clients):
    same = await asyncio.gather(*(clients.register("recognitions", meets()) for _ in range(6)))
    assert sorted(it.status_code for it in same) == [200] * 5 + [201]
    assert len({it.json()["id"] for it in same}) == 1
    others = await asyncio.gather(
        *(clients.register("recognitions", advanced(number=f"{n}/QĐ")) for n in range(6))
    )
    assert sorted(it.status_code for it in others) == [201] + [409] * 5


@pytest.mark.race
async def test_an_advanced_recognition_and_the_end_of_what_it_stands_on_never_both(clients):
    first = await clients.kept("recognitions", meets())
    revocation = {**LOST, "decision": {"number": "5/QĐ", "date": "2023-06-01"}}
    one, two = await asyncio.gather(
        clients.register("recognitions", advanced()),
        clients.register(f"recognitions/{first['id']}/revoke", revocation),
    )
    assert sorted((one.status_code, two.status_code)) == [201, 409]


async def test_filters_and_the_criteria_sets(clients):
    await clients.kept("recognitions", meets())
    await clients.kept("recognitions", advanced())
    for query, number in (
        ({"level": "advanced"}, 1),
        ({"criteria_set": "commune_2021_2025"}, 1),
        ({"year": 2022}, 1),
        ({"unit_level": "village"}, 0),
        ({"unit": "23509"}, 2),
        ({"unit": "610,615"}, 2),
        ({"unit": "610"}, 0),
        ({"in_force_on": "2023-06-30", "unit": "62"}, 1),
        ({"in_force_on": "2023-12-31", "unit": "610"}, 0),
    ):
        assert len((await clients.get("recognitions", **query))["items"]) == number, query
    sets = (await clients.get("criteria-sets"))["items"]
    assert {it["code"]: it["needs"] for it in sets}["commune_model_2021_2025"] == "advanced"
    assert all(it["legal_basis"] for it in sets)
