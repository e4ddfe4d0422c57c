"""The register of recognitions over HTTP, on a real database."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.rural.bodies import advanced_body, meets_body, model_body
from tests.rural.test_criteria import open_clients, report_and_accept_rows
from tests.spellings import spell

PATH = "/v1/rural/recognitions"
SUFFICIENT_GROUNDS = {"reason": "Không còn đạt 10 tiêu chí", "unmet": list(range(1, 11))}
REASON = "Xã đặc thù biên giới, tỉnh chấp thuận ngoại lệ"


async def list_levels(clients, on, **query):
    return [
        recognition["level"]
        for recognition in (await clients.get("recognitions", in_force_on=on, **query))["items"]
    ]


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


async def test_a_recognition_is_created_and_read_at_its_address(clients):
    response = await clients.post("recognitions", meets_body())
    recognition = response.json()
    assert (response.status_code, response.headers["location"]) == (201, f"{PATH}/{recognition['id']}")
    assert recognition["authority"] == {
        "name": "Chủ tịch UBND tỉnh",
        "legal_basis": "QĐ 318/QĐ-TTg 08/3/2022; QĐ 18/2022/QĐ-TTg",
        "confidence": "set sourced; procedure from memory",
    }
    assert (recognition["exceptions"], recognition["revocation"], recognition["grounds"]) == ([], None, None)
    assert recognition["assessments"] == []
    assert (recognition["unit_name"], recognition["unit_since"]) == ("Xã Đăk Ui", "2004-07-08")
    assert (await clients.http.get(response.headers["location"])).json() == recognition
    assert (await clients.get("recognitions"))["items"] == [recognition]
    missing = await clients.http.get(f"{PATH}/01890a5d-ac96-774b-bcce-b302099a8057")
    assert (missing.status_code, missing.json()["code"]) == (404, "recognition_not_found")


async def test_a_recognition_is_published_with_its_data(clients):
    recognition = await clients.create("recognitions", meets_body())
    changes = await clients.http.get("/v1/rural/changes", headers=clients.make_headers("read"))
    (change,) = changes.json()["items"]
    assert (change["type"], change["subject"]) == ("unit.recognized", f"recognitions/{recognition['id']}")
    assert change["data"] == {
        "unit": "23509",
        "unit_level": "commune",
        "line": ["23509", "615", "62"],
        "level": "meets",
        "field": None,
        "criteria_set": "commune_2021_2025",
        "year": 2022,
        "decision": {"number": "186/QĐ-UBND", "date": "2023-04-12"},
        "effective_on": "2023-04-12",
    }


async def test_a_decision_is_in_force_from_the_day_on_which_it_takes_effect(clients):
    body = meets_body(effective_on="2023-04-20")
    wrong = {
        "2023-04-11": "effective_before_decision",
        "2024-04-13": "effective_too_late",
        "20/4/2023": "not_a_date",
    }
    for day, code in wrong.items():
        assert await clients.list_faults("recognitions", {**body, "effective_on": day}) == {
            "/effective_on": code
        }
    recognition = await clients.create("recognitions", body)
    assert (await clients.post("recognitions", body)).status_code == 200
    await clients.expect_problem("recognitions", meets_body(), 409, "recognition_exists")
    too_early = advanced_body(date="2023-04-15", effective_on="2023-04-19")
    await clients.expect_problem("recognitions", too_early, 409, "recognition_needs_lower_level")
    path = f"recognitions/{recognition['id']}/revoke"
    revocation = {"decision": {"number": "5/QĐ", "date": "2023-04-15"}, **SUFFICIENT_GROUNDS}
    assert await clients.list_faults(path, revocation) == {"/effective_on": "revoked_before_effect"}
    revoked = await clients.create(path, {**revocation, "effective_on": "2023-06-01"})
    assert revoked["revocation"]["effective_on"] == "2023-06-01"
    await clients.expect_problem(
        path, {**revocation, "effective_on": "2023-06-02"}, 409, "recognition_revoked"
    )
    days = ("2023-04-12", "2023-04-19", "2023-04-20", "2023-05-31", "2023-06-01")
    levels = [await list_levels(clients, day) for day in days]
    assert levels == [[], [], ["meets"], ["meets"], []]
    commune = await clients.get("communes/23509", on="2023-05-01")
    assert [level["since"] for level in commune["in_force"]] == ["2023-04-20"]
    changes = await clients.http.get("/v1/rural/changes", headers=clients.make_headers("read"))
    recognized, ended = (change["data"] for change in changes.json()["items"])
    assert recognized["effective_on"] == ended["effective_on"] == "2023-04-20"
    assert ended["revoked_by"] == {"number": "5/QĐ", "date": "2023-04-15", "effective_on": "2023-06-01"}


async def test_the_same_decision_again_answers_the_existing_recognition(clients):
    first = await clients.create("recognitions", meets_body())
    again = await clients.post("recognitions", meets_body())
    assert (again.status_code, again.json()) == (200, first)
    other_year = await clients.expect_problem(
        "recognitions", meets_body(year=2021), 409, "recognition_exists"
    )
    assert other_year["recognition"] == first["id"]
    await clients.expect_problem("recognitions", meets_body(number="187/QĐ-UBND"), 409, "recognition_exists")
    before = meets_body(number="9/QĐ-UBND", date="2022-12-30")
    await clients.expect_problem("recognitions", before, 409, "recognition_exists")
    await clients.create(
        "recognitions", meets_body("23509", "9/QĐ", "2019-05-13", 2018, criteria_set="commune_2016_2020")
    )
    assert await list_levels(clients, "2023-12-31", level="meets") == ["meets"]
    assert (await clients.read_figures())["communes_recognized"]["value"] == 1


async def test_the_same_decision_spelled_otherwise_answers_the_existing_recognition(clients):
    first = await clients.create("recognitions", meets_body())
    for number in spell("186/QĐ-UBND"):
        again = await clients.post("recognitions", meets_body(number=number))
        assert (again.status_code, again.json()) == (200, first), number
    revocation = {"decision": {"number": "5/QĐ-UBND", "date": "2023-11-01"}, **SUFFICIENT_GROUNDS}
    revoked = await clients.create(f"recognitions/{first['id']}/revoke", revocation)
    for number in spell("5/QĐ-UBND"):
        body = {**revocation, "decision": {"number": number, "date": "2023-11-01"}}
        again = await clients.post(f"recognitions/{first['id']}/revoke", body)
        assert (again.status_code, again.json()) == (200, revoked), number
    assert revoked["revocation"]["decision"]["number"] == "5/QĐ-UBND"


async def test_of_many_spellings_at_once_one_creates(clients):
    bodies = [meets_body(number=number) for number in spell("186/QĐ-UBND")]
    responses = await asyncio.gather(*(clients.post("recognitions", body) for body in bodies))
    assert sorted(response.status_code for response in responses) == [200] * (len(bodies) - 1) + [201]
    assert len((await clients.get("recognitions"))["items"]) == 1


async def test_every_fault_of_shape_and_meaning_in_one_answer(clients):
    wrong = meets_body("23281", date="2031-01-01", year="2022", level="best", field="culture", extra=1)
    assert await clients.list_faults("recognitions", wrong) == {
        "/level": "not_one_of",
        "/year": "not_an_integer",
        "/extra": "unknown_field",
        "/field": "field_not_of_set",
        "/unit": "unit_unknown_on_date",
        "/decision/date": "decision_in_future",
    }
    assert await clients.list_faults("recognitions", meets_body("23281")) == {"/unit": "unit_not_of_set"}
    assert await clients.list_faults("recognitions", meets_body("23512.01")) == {"/unit": "unit_unknown"}
    assert await clients.list_faults("recognitions", meets_body("615")) == {
        "/unit": "unit_level_wrong",
    }
    nested = meets_body(decision={"number": "", "date": "x"})
    assert set(await clients.list_faults("recognitions", nested)) == {"/decision/number", "/decision/date"}
    assert await clients.list_faults("recognitions", meets_body(date="2021-12-31")) == {
        "/decision/date": "decided_before_year"
    }
    assert (await clients.get("recognitions"))["items"] == []


async def test_only_a_registrar_of_the_program_and_the_unit_may_post(clients):
    assert (await clients.http.post(PATH, json=meets_body())).status_code == 401
    await clients.expect_problem("recognitions", meets_body(), 403, "unit_not_granted", units=("610",))
    await clients.expect_problem("recognitions", meets_body(), 403, "forbidden", programs=("ethnic",))
    by_reviewer = await clients.http.post(PATH, json=meets_body(), headers=clients.make_headers("review"))
    assert by_reviewer.status_code == 403
    recognition = await clients.create("recognitions", meets_body(), units=("615",))
    revocation = {"decision": {"number": "5/QĐ", "date": "2024-01-01"}, "reason": "không còn đạt"}
    path = f"recognitions/{recognition['id']}/revoke"
    await clients.expect_problem(path, revocation, 403, "unit_not_granted", units=("610",))


async def test_each_level_requires_the_one_below(clients):
    refused = await clients.expect_problem(
        "recognitions", advanced_body(), 409, "recognition_needs_lower_level"
    )
    assert refused["rules"][0]["clause"].startswith("QĐ 318")
    await clients.create("recognitions", meets_body())
    too_early = advanced_body(date="2023-04-11", year=2022)
    await clients.expect_problem("recognitions", too_early, 409, "recognition_needs_lower_level")
    await clients.expect_problem("recognitions", model_body(), 409, "recognition_needs_lower_level")
    await clients.create("recognitions", advanced_body())
    await clients.create("recognitions", model_body())
    figures = [await clients.read_figures(year) for year in ("2022", "2023", "2024")]
    codes = ("communes_recognized", "communes_advanced", "communes_model")
    assert [[figures_of_year[code]["value"] for code in codes] for figures_of_year in figures] == [
        [0, 0, 0],
        [1, 1, 0],
        [1, 1, 1],
    ]


async def test_a_revocation_ends_a_recognition_from_its_day_on(clients):
    recognition = await clients.create("recognitions", meets_body())
    path = f"recognitions/{recognition['id']}/revoke"
    revocation = {
        "decision": {"number": "5/QĐ", "date": "2023-11-01"},
        "reason": "Không còn đạt 6 tiêu chí, trong đó có thu nhập",
        "unmet": [11, 10, 2, 5, 6, 13],
    }
    early = {**revocation, "decision": {"number": "5/QĐ", "date": "2023-04-11"}}
    assert await clients.list_faults(path, early) == {"/decision/date": "revoked_before_recognition"}
    assert await clients.list_faults(path, {"reason": "no"}) == {
        "/reason": "text_too_short",
        "/decision": "missing",
    }
    revoked = await clients.create(path, revocation)
    assert revoked["revocation"]["decision"]["date"] == "2023-11-01"
    assert revoked["unit_name"] == recognition["unit_name"] == "Xã Đăk Ui"
    assert revoked["revocation"]["unmet"] == [2, 5, 6, 10, 11, 13]
    again = await clients.post(path, revocation)
    assert (again.status_code, again.json()) == (200, revoked)
    assert revoked["assessed"] is None
    other = {**revocation, "reason": "Lý do khác"}
    await clients.expect_problem(path, other, 409, "recognition_revoked")
    levels = [
        await list_levels(clients, day) for day in ("2023-04-11", "2023-04-12", "2023-10-31", "2023-11-01")
    ]
    assert levels == [[], ["meets"], ["meets"], []]
    assert (await clients.read_figures())["communes_recognized"]["value"] == 0
    recorded_at = recognition["recorded_at"]
    assert (await clients.read_figures(as_of=recorded_at))["communes_recognized"]["value"] == 1
    (before,) = (await clients.get("recognitions", as_of=recorded_at))["items"]
    assert before["revocation"] is None
    again = meets_body(number="9/QĐ-UBND", date="2023-12-01")
    assert await clients.list_faults("recognitions", again) == {"/grounds": "grounds_missing"}
    recognition = await clients.create("recognitions", {**again, "grounds": "Đã khắc phục, đạt lại 19/19"})
    assert recognition["grounds"] == "Đã khắc phục, đạt lại 19/19"
    assert (await clients.read_figures())["communes_recognized"]["value"] == 1
    unknown = "recognitions/01890a5d-ac96-774b-bcce-b302099a8057/revoke"
    await clients.expect_problem(unknown, revocation, 404, "recognition_not_found")


async def test_a_level_that_a_higher_one_requires_is_revoked_last(clients):
    meets = await clients.create("recognitions", meets_body())
    advanced = await clients.create("recognitions", advanced_body())
    revocation = {**SUFFICIENT_GROUNDS, "decision": {"number": "5/QĐ", "date": "2024-02-01"}}
    refused = await clients.expect_problem(
        f"recognitions/{meets['id']}/revoke", revocation, 409, "recognition_supports_higher"
    )
    assert (refused["recognition"], refused["higher"]) == (advanced["id"], "advanced")
    await clients.create(f"recognitions/{advanced['id']}/revoke", revocation)
    await clients.create(f"recognitions/{meets['id']}/revoke", revocation)


async def test_an_assessment_that_falls_short_is_refused_or_set_aside_by_an_exception(clients):
    await assess(clients, "23509", "615", met=18)
    refused = await clients.expect_problem(
        "recognitions", meets_body(), 409, "recognition_needs_all_criteria"
    )
    assert refused["unmet"] == [19]
    with_exception = meets_body(exception={"reason": REASON})
    await clients.expect_problem("recognitions", with_exception, 403, "exception_not_allowed")
    response = await clients.http.post(
        PATH, json=with_exception, headers=clients.make_headers("register", "review", client_id="officer")
    )
    assert response.status_code == 201
    assert response.json()["exceptions"] == ["recognition_needs_all_criteria"]
    assert response.json()["exception_reason"] == REASON


async def test_an_assessment_is_required_from_the_year_in_which_the_unit_goes_live(clients):
    await assess(clients, "23509", "615", met=18, period="2023")
    response = await clients.http.put(
        "/v1/rural/go-lives/615", json={"live_on": "2023-01-01"}, headers=clients.make_headers("target")
    )
    assert response.status_code == 200, response.text
    recognition = await clients.create("recognitions", meets_body(exception={"reason": REASON}))
    assert (recognition["exceptions"], recognition["exception_reason"]) == ([], None)
    live = meets_body("23510", "8/QĐ", "2024-03-01", 2023)
    refused = await clients.expect_problem("recognitions", live, 409, "recognition_needs_assessment")
    assert refused["rules"] == [
        {
            "code": "recognition_needs_assessment",
            "clause": "QĐ 18/2022/QĐ-TTg: xã phải đạt 100% tiêu chí",
            "confidence": "set sourced; procedure from memory",
        }
    ]
    await clients.create("recognitions", {**live, "unit": "23344"})


async def test_an_assessment_is_required_from_the_first_report_of_a_unit_above(clients):
    """District 615 reports one of its communes for 2022; no go-live date is set."""
    await assess(clients, "23509", "615", met=19, period="2022")
    await clients.create("recognitions", meets_body("23510", "1/QĐ", "2022-05-04", 2021))
    for number, year in (("2/QĐ", 2022), ("3/QĐ", 2023)):
        body = meets_body("23512", number, f"{year + 1}-04-12", year)
        refused = await clients.expect_problem("recognitions", body, 409, "recognition_needs_assessment")
        assert refused["year"] == year
    recognition = await clients.create("recognitions", meets_body())
    assert len(recognition["assessments"]) == 1
    await clients.create("recognitions", meets_body("23344", "4/QĐ", "2023-04-12", 2022))


async def test_a_late_entry_conflicts_with_a_later_decision_on_the_same_land(database):
    """23368 is a commune of province 51 since 1 July 2025, on the same land as before."""
    async with open_clients(database, now=datetime(2026, 1, 15, 2, 0, tzinfo=UTC)) as (clients, _):
        later = await clients.create(
            "recognitions", meets_body("23368", "8/QĐ", "2025-08-15", 2024), units=("51",)
        )
        earlier = meets_body("23368", "2/QĐ", "2024-04-12", 2023)
        refused = await clients.expect_problem("recognitions", earlier, 409, "recognition_exists")
        assert refused["recognition"] == later["id"]
        again = await clients.post(
            "recognitions", meets_body("23368", "8/QĐ", "2025-08-15", 2024), units=("51",)
        )
        assert (again.status_code, again.json()) == (200, later)


async def test_a_decision_before_its_assessment_is_refused(clients):
    document = {"number": "12/BB-UBND", "signed_on": "2023-04-13", "signer_role": "chairman"}
    rows = [{"unit": "23509", "indicator": f"criterion_{n:02d}", "value": 1} for n in range(1, 20)]
    report = await report_and_accept_rows(clients, rows, "615", "2022", document=document)
    assert await clients.list_faults("recognitions", meets_body()) == {
        "/decision/date": "decided_before_assessment"
    }
    assert (await clients.get("recognitions"))["items"] == []
    recognition = await clients.create("recognitions", meets_body(date="2023-04-13"))
    assert recognition["assessments"] == [report["id"]]


async def test_an_assessment_of_other_land_under_the_same_code_does_not_count(database):
    """23425 was the commune Đăk Hà until 30 June 2025, and is the merged commune Tu Mơ Rông since."""
    async with open_clients(database, now=datetime(2026, 1, 15, 2, 0, tzinfo=UTC)) as (clients, _):
        await assess(clients, "23425", "617", met=3, period="2024")
        merged = meets_body("23425", "1/QĐ", "2025-08-15", 2024)
        recognition = await clients.create("recognitions", merged, units=("51",))
        assert recognition["assessments"] == []
        assert (await clients.get("communes/23425", on="2025-12-31"))["assessments"] == []
        (assessment,) = (await clients.get("communes/23425", on="2025-06-30"))["assessments"]
        assert (assessment["met"], assessment["missing"][0]) == (3, 4)


async def test_a_revocation_requires_sufficient_grounds_or_an_exception(clients):
    recognition = await clients.create("recognitions", meets_body())
    path = f"recognitions/{recognition['id']}/revoke"
    few = {
        "decision": {"number": "5/QĐ", "date": "2023-11-01"},
        "reason": "Không còn đạt",
        "unmet": [1, 2, 3, 4, 5, 6],
    }
    refused = await clients.expect_problem(path, few, 409, "revocation_grounds_insufficient")
    assert (refused["unmet"], refused["of"], "QĐ 18/2022" in refused["rules"][0]["clause"]) == (6, 19, True)
    unknown = {**few, "unmet": [1, 20, "ba"]}
    assert await clients.list_faults(path, unknown) == {"/unmet/2": "not_an_integer"}
    assert await clients.list_faults(path, {**few, "unmet": [1, 20]}) == {"/unmet/1": "criterion_unknown"}
    assert await list_levels(clients, "2023-11-01") == ["meets"]
    with_exception = {**few, "exception": {"reason": REASON}}
    await clients.expect_problem(path, with_exception, 403, "exception_not_allowed")
    response = await clients.http.post(
        f"/v1/rural/{path}", json=with_exception, headers=clients.make_headers("register", "review")
    )
    assert response.status_code == 201
    revocation = response.json()["revocation"]
    assert revocation["exceptions"] == ["revocation_grounds_insufficient"]
    assert revocation["exception_reason"] == REASON


async def test_a_revocation_is_compared_with_the_assessment_before_it(clients):
    recognition = await clients.create("recognitions", meets_body())
    await assess(clients, "23509", "615", met=19, period="2022")
    await assess(clients, "23509", "615", met=10, period="2023")
    await assess(clients, "23509", "615", met=0, period="2024")
    unmet = [1, 2, 11, 12, 13, 14, 15, 16, 17, 18]
    body = {"decision": {"number": "5/QĐ", "date": "2023-12-01"}, "reason": "Không còn đạt", "unmet": unmet}
    comparison = (await clients.create(f"recognitions/{recognition['id']}/revoke", body))["assessed"]
    assert (comparison["period"], comparison["unmet"]) == ("2023", list(range(11, 20)))
    assert (comparison["only_named"], comparison["only_found"]) == ([1, 2], [19])
    other = await clients.create("recognitions", meets_body("23344", "7/QĐ"))
    not_assessed = await clients.create(
        f"recognitions/{other['id']}/revoke", {**body, "unmet": list(range(1, 11))}
    )
    assert not_assessed["assessed"] is None


async def test_an_earlier_set_counts_until_the_commune_is_recognized_again(clients):
    earlier = await clients.create(
        "recognitions", meets_body("23509", "9/QĐ", "2019-05-13", 2018, criteria_set="commune_2016_2020")
    )
    await clients.create(
        "recognitions", meets_body("23510", "9/QĐ", "2019-05-13", 2018, criteria_set="commune_2016_2020")
    )
    await clients.create("recognitions", meets_body(grounds="Công nhận lại theo bộ tiêu chí 2021-2025"))

    async def by_set(on):
        summary = await clients.get("recognitions/summary", on=on, unit="615")
        return {row["criteria_set"]: (row["units"], row["earlier"]) for row in summary["items"]}

    assert await by_set("2019-12-31") == {"commune_2016_2020": (2, False)}
    assert await by_set("2023-04-11") == {"commune_2016_2020": (2, True)}
    assert await by_set("2023-04-12") == {"commune_2016_2020": (1, True), "commune_2021_2025": (1, False)}
    assert (await clients.read_figures())["communes_recognized"]["value"] == 2
    page = await clients.get("communes/23509", on="2023-12-31")
    assert [(row["level"], row["criteria_set"], row["since"]) for row in page["in_force"]] == [
        ("meets", "commune_2021_2025", "2023-04-12")
    ]
    assert len(page["recognitions"]) == 2
    revocation = {**SUFFICIENT_GROUNDS, "decision": {"number": "5/QĐ", "date": "2023-04-12"}}
    refused = await clients.expect_problem(
        f"recognitions/{earlier['id']}/revoke", revocation, 409, "recognition_replaced"
    )
    assert refused["replaced_on"] == "2023-04-12"
    (later,) = (await clients.get("recognitions", unit="23509", in_force_on="2023-12-31"))["items"]
    revocation_of_later = {**SUFFICIENT_GROUNDS, "decision": {"number": "6/QĐ", "date": "2024-01-01"}}
    await clients.create(f"recognitions/{later['id']}/revoke", revocation_of_later)
    assert (await clients.get("communes/23509", on="2024-01-01"))["in_force"] == [], (
        "the earlier recognition does not return"
    )


async def test_broken_rules_are_named_together(clients):
    await assess(clients, "23509", "615", met=5, period="2023")
    refused = await clients.expect_problem(
        "recognitions", advanced_body(), 409, "recognition_needs_lower_level"
    )
    assert [rule["code"] for rule in refused["rules"]] == ["recognition_needs_lower_level"]


async def test_villages_have_sets_of_their_own(clients):
    await clients.create("villages", {"code": "23512.01", "name": "Thôn 1", "valid_from": "2022-01-01"})
    early = meets_body("23512.01", "1/QĐ", "2021-12-15", 2021, criteria_set="village_em_2022_2025")
    assert (await clients.list_faults("recognitions", early))["/unit"] == "unit_unknown_on_date"
    village = {"criteria_set": "village_model_2022_2025", "level": "model"}
    body = meets_body("23512.01", "1/QĐ", "2023-06-15", 2023, **village)
    assert (await clients.create("recognitions", body))["unit_name"] == "Thôn 1"
    of_village = await clients.get("recognitions", unit="23512.01", in_force_on="2023-12-31")
    assert [row["unit"] for row in of_village["items"]] == ["23512.01"]
    await clients.create("recognitions", meets_body("23512"))
    await clients.create("recognitions", meets_body("23344", "8/QĐ"))
    for unit, units in (("23512.01,610", {"23512.01", "23344"}), ("23512.01,23512", {"23512.01", "23512"})):
        of_units = await clients.get("recognitions", unit=unit, in_force_on="2023-12-31")
        assert {row["unit"] for row in of_units["items"]} == units
    for unit, value in (("62", 1), ("615", 1), ("23512", 1), ("23509", 0), ("610", 0)):
        figure = (await clients.read_figures(unit=unit))["villages_model"]
        assert figure["value"] == value, unit
        assert len(await clients.list_all(figure["lineage"])) == value, unit
        lineage = await clients.get("lineage/villages_model", period="2023", unit=unit)
        assert (lineage["value"], lineage["register_rows"]) == (value, figure["lineage"])


async def test_after_the_merger_only_unchanged_communes_stay_recognized(clients):
    for unit, number in (("23509", "1/QĐ"), ("23368", "2/QĐ")):
        await clients.create("recognitions", meets_body(unit, number))
    page = await clients.get("recognitions", in_force_on="2025-12-31", unit="51")
    assert [row["unit"] for row in page["items"]] == ["23368"]
    assert (await clients.read_figures("2025", "51"))["communes_recognized"]["value"] == 1
    on_new_map = await clients.read_figures("2023", "51", map="2025-07-01")
    assert on_new_map["communes_recognized"]["value"] is None
    assert on_new_map["communes_recognized"]["reassessment_required"] is True


@pytest.mark.race
async def test_of_many_posts_at_once_one_creates(clients):
    responses = await asyncio.gather(*(clients.post("recognitions", meets_body()) for _ in range(6)))
    assert sorted(response.status_code for response in responses) == [200] * 5 + [201]
    assert len({response.json()["id"] for response in responses}) == 1
    other_responses = await asyncio.gather(
        *(clients.post("recognitions", advanced_body(number=f"{number}/QĐ")) for number in range(6))
    )
    assert sorted(response.status_code for response in other_responses) == [201] + [409] * 5


@pytest.mark.race
async def test_an_advanced_recognition_and_the_revocation_that_it_conflicts_with_never_both(clients):
    meets = await clients.create("recognitions", meets_body())
    revocation = {**SUFFICIENT_GROUNDS, "decision": {"number": "5/QĐ", "date": "2023-06-01"}}
    advanced, revoked = await asyncio.gather(
        clients.post("recognitions", advanced_body()),
        clients.post(f"recognitions/{meets['id']}/revoke", revocation),
    )
    assert sorted((advanced.status_code, revoked.status_code)) == [201, 409]


async def test_the_filters_of_the_list(clients):
    await clients.create("recognitions", meets_body())
    await clients.create("recognitions", advanced_body())
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
    assert {criteria_set["code"]: criteria_set["needs"] for criteria_set in sets}[
        "commune_model_2021_2025"
    ] == "advanced"
    assert all(criteria_set["legal_basis"] for criteria_set in sets)
