"""Registrations to meet a standard: the rules of their steps, and the routes."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.rural.dated_facts import load_criteria_sets
from services.rural.registrations.rules import (
    NEXT_STEPS,
    AssessmentResult,
    StepNotNext,
    StepTaken,
    find_broken_rules,
    find_state,
    require_next_step,
)
from tests.rural.bodies import meets_body
from tests.rural.test_criteria import report_and_accept_rows
from tests.rural.test_recognitions import assess

SETS = load_criteria_sets()
PATH = "/v1/rural/registrations"
ASSESSED = {
    "document": {"number": "12/BC-UBND", "date": "2023-11-20"},
    "overdue_debts_vnd": 0,
    "residents_satisfied_percent": 96.5,
}
SUBMITTED = {"document": {"number": "30/TTr-UBND", "date": "2023-12-01"}}
ENDED = {
    "document": {"number": "88/TB-VPĐP", "date": "2023-12-20"},
    "reason": "Hồ sơ thu nhập chưa đủ căn cứ",
}


def make_body(unit="23509", **fields):
    return {
        "unit": unit,
        "level": "meets",
        "criteria_set": "commune_2021_2025",
        "year": 2023,
        "decision": {"number": "25/KH-UBND", "date": "2023-01-15"},
        **fields,
    }


async def refuse(clients, path, body=ENDED, **caller):
    headers = clients.make_headers("review", **caller)
    return await clients.http.post(f"/v1/rural/{path}", json=body, headers=headers)


@given(st.lists(st.sampled_from(["assessed", "submitted", "not_recognized", "withdrawn"]), max_size=8))
def test_a_step_follows_only_the_states_that_name_it(steps):
    taken: list[StepTaken] = []
    for step in steps:
        state = find_state(taken, recognized=False)
        if step in NEXT_STEPS[state]:
            require_next_step(state, step)
            taken.append(StepTaken(step, date(2023, 1, 1)))
        else:
            try:
                require_next_step(state, step)
            except StepNotNext as refusal:
                assert refusal.facts["state"] == state
            else:
                raise AssertionError(step)
    assert find_state(taken, recognized=True) == "recognized"
    assert NEXT_STEPS["recognized"] == NEXT_STEPS["withdrawn"] == ()


@given(
    st.sampled_from(["commune_2021_2025", "commune_advanced_2021_2025", "commune_2016_2020"]),
    st.none() | st.lists(st.integers(1, 19), max_size=2).map(tuple),
    st.sampled_from([0, 1]),
    st.integers(85, 95).map(Decimal),
)
def test_a_dossier_needs_every_criterion_no_debts_and_satisfied_residents(code, unmet, debts, percent):
    criteria_set = SETS[code]
    result = AssessmentResult(unmet, debts, percent)
    codes = {rule.code for rule in find_broken_rules(criteria_set, 2023, result, date(2023, 12, 1))}
    expected = set()
    if code != "commune_2016_2020":
        if criteria_set.assessed_by and unmet != ():
            expected.add("registration_needs_all_criteria")
        if debts:
            expected.add("registration_has_debts")
        if percent < 90:
            expected.add("registration_needs_satisfaction")
    assert codes == expected
    assert find_broken_rules(criteria_set, 2021, result, date(2022, 8, 1)) == []


async def test_a_commune_is_registered_assessed_submitted_and_recognized(clients):
    response = await clients.post("registrations", make_body(), units=("615",))
    registration = response.json()
    path = f"registrations/{registration['id']}"
    assert (response.status_code, response.headers["location"]) == (201, f"/v1/rural/{path}")
    assert (registration["state"], registration["next_steps"]) == ("registered", ["assessed", "withdrawn"])
    again = await clients.post("registrations", make_body())
    assert (again.status_code, again.json()) == (200, registration)
    other = make_body(decision={"number": "26/KH", "date": "2023-01-15"})
    await clients.expect_problem("registrations", other, 409, "registration_exists")
    await clients.expect_problem(f"{path}/submit", SUBMITTED, 409, "registration_step_not_next")

    debts = {**ASSESSED, "overdue_debts_vnd": 120_000_000, "residents_satisfied_percent": 80}
    assessed = await clients.create(f"{path}/assess", debts)
    assert (assessed["state"], assessed["steps"][0]["unmet"]) == ("assessed", None)
    refused = await clients.expect_problem(
        f"{path}/submit", SUBMITTED, 409, "registration_needs_all_criteria"
    )
    assert [rule["code"] for rule in refused["rules"]] == [
        "registration_needs_all_criteria",
        "registration_has_debts",
        "registration_needs_satisfaction",
    ]
    assert refused["rules"][0]["clause"].startswith("QĐ 18/2022/QĐ-TTg")
    await assess(clients, "23509", "615", 19, "2023")
    assessed = await clients.create(f"{path}/assess", ASSESSED)
    assert (await clients.post(f"{path}/assess", ASSESSED)).status_code == 200
    assert (assessed["steps"][1]["unmet"], len(assessed["steps"][1]["assessments"])) == ([], 1)
    early = {"document": {"number": "30/TTr", "date": "2023-11-19"}}
    assert await clients.list_faults(f"{path}/submit", early) == {"/document/date": "step_before_previous"}
    submitted = await clients.create(f"{path}/submit", SUBMITTED)
    assert submitted["state_label"] == "đã trình hồ sơ"
    sent_back = await refuse(clients, f"{path}/refuse")
    assert (sent_back.status_code, sent_back.json()["state"]) == (201, "not_recognized")
    await clients.create(f"{path}/assess", {**ASSESSED, "document": {"number": "2/BC", "date": "2024-01-02"}})
    await clients.create(f"{path}/submit", {"document": {"number": "3/TTr", "date": "2024-01-03"}})
    recognition = await clients.create("recognitions", meets_body(date="2024-01-20", year=2023))
    done = await clients.get(path)
    assert (done["state"], done["recognition"], done["next_steps"]) == (
        "recognized",
        recognition["id"],
        [],
    )
    late = {**ENDED, "document": {"number": "9/TB", "date": "2024-02-01"}}
    assert (await refuse(clients, f"{path}/refuse", late)).json()["code"] == "registration_step_not_next"
    listed = await clients.get("registrations", unit="615", year=2023, state="recognized")
    assert listed["items"] == [done]
    assert (await clients.get("registrations", state="registered"))["items"] == []
    csv = await clients.http.get(PATH, headers={"Accept": "text/csv"})
    assert "id,unit,unit_level,level" in csv.text.splitlines()[0]
    assert (done["unit_kind"], done["unit_since"]) == ("xa", "2004-07-08")
    assert done["unit_name"].startswith("Xã ")
    changes = await clients.http.get("/v1/rural/changes", headers=clients.make_headers("read"))
    kinds = [row["type"] for row in changes.json()["items"] if row["subject"] == path]
    assert kinds == [
        "unit.registered",
        "registration.assessed",
        "registration.assessed",
        "registration.submitted",
        "registration.not_recognized",
        "registration.assessed",
        "registration.submitted",
    ]


async def test_faults_and_grants_of_registrations(clients):
    wrong = make_body("23281", level="advanced", decision={"number": "1", "date": "2024-01-15"})
    assert await clients.list_faults("registrations", wrong) == {
        "/level": "level_not_of_set",
        "/unit": "unit_not_of_set",
        "/decision/date": "registered_after_year",
    }
    assert await clients.list_faults("registrations", make_body(year=2030, extra=1)) == {
        "/year": "criteria_set_not_for_year",
        "/extra": "unknown_field",
    }
    await clients.expect_problem("registrations", make_body(), 403, "unit_not_granted", units=("610",))
    registration = await clients.create("registrations", make_body())
    path = f"registrations/{registration['id']}"
    await clients.expect_problem(f"{path}/assess", ASSESSED, 403, "unit_not_granted", units=("610",))
    assert set(await clients.list_faults(f"{path}/assess", {"overdue_debts_vnd": -1})) == {
        "/overdue_debts_vnd",
        "/residents_satisfied_percent",
        "/document",
    }
    almost = {**ASSESSED, "residents_satisfied_percent": 89.999}
    assert await clients.list_faults(f"{path}/assess", almost) == {
        "/residents_satisfied_percent": "percent_too_precise"
    }
    assert (await clients.post(f"{path}/refuse", ENDED)).status_code == 403
    assert (await refuse(clients, f"{path}/refuse")).json()["code"] == "registration_step_not_next"
    assert set(await clients.list_faults(f"{path}/withdraw", {**ENDED, "reason": ""})) == {"/reason"}
    await clients.create(f"{path}/withdraw", ENDED)
    await clients.expect_problem(
        f"{path}/assess",
        {**ASSESSED, "document": {"number": "1", "date": "2024-01-01"}},
        409,
        "registration_step_not_next",
    )
    missing = await clients.http.get(f"{PATH}/01890a5d-ac96-774b-bcce-b302099a8057")
    assert missing.json()["code"] == "registration_not_found"
    officer = clients.make_headers("register", "review")
    other = await clients.create("registrations", make_body("23512"))
    await clients.create(f"registrations/{other['id']}/assess", ASSESSED)
    body = {**SUBMITTED, "exception": {"reason": "Tỉnh chấp thuận hồ sơ thử nghiệm"}}
    await clients.expect_problem(f"registrations/{other['id']}/submit", body, 403, "exception_not_allowed")
    accepted = await clients.http.post(f"{PATH}/{other['id']}/submit", json=body, headers=officer)
    assert accepted.json()["steps"][-1]["exceptions"] == ["registration_needs_all_criteria"]


async def test_each_difference_of_met_and_recognized_has_its_reason(clients):
    rows = [
        {"unit": unit, "indicator": f"criterion_{number:02d}", "value": int(number <= met)}
        for unit, met in (("23509", 19), ("23510", 19), ("23512", 18), ("23515", 19))
        for number in range(1, 20)
    ]
    await report_and_accept_rows(clients, rows, "615")
    await clients.create("recognitions", meets_body("23509", "1/QĐ", "2023-12-30", 2023))
    earlier = meets_body("23512", "9/QĐ", "2019-05-13", 2018, criteria_set="commune_2016_2020")
    await clients.create("recognitions", earlier)
    registration = await clients.create("registrations", make_body("23510"))
    path = f"registrations/{registration['id']}"
    await clients.create(f"{path}/assess", ASSESSED)
    await clients.create(f"{path}/submit", SUBMITTED)
    assert (await refuse(clients, f"{path}/refuse")).status_code == 201
    compared = await clients.get("registrations/comparison", unit="615", period="2023")
    counts = {name: compared[name] for name in ("meets_all", "recognized", "both", "only_recognized")}
    assert counts == {"meets_all": 3, "recognized": 2, "both": 1, "only_recognized": 1}
    assert compared["only_meets_all"] == {"not_recognized": 1, "not_registered": 1}
    why = {row["unit"]: row["why_en"] for row in compared["items"]}
    assert all(row["unit_since"] and row["unit_name"] for row in (compared, *compared["items"]))
    assert why == {
        "23509": "",
        "23510": "It meets every criterion; its registration of 2023: not recognized (Hồ sơ thu nhập chưa đủ căn cứ).",
        "23512": "It is recognized under Communes, 2016-2020; the assessment of 2023 meets 18 criteria.",
        "23515": "It meets every criterion and is not registered in the plan of 2023.",
    }
    figures = await clients.read_figures("2023", "615")
    assert figures["communes_meeting_all_criteria"]["value"] == compared["meets_all"]
    assert figures["communes_recognized"]["value"] == compared["recognized"]
    csv = await clients.http.get(
        f"{PATH}/comparison", params={"unit": "615", "period": "2023"}, headers={"Accept": "text/csv"}
    )
    assert len(csv.text.splitlines()) == 5
