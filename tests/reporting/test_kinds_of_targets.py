"""Targets that are bounds or ranges, of a half year or of several years, and how what was achieved is computed."""

import pytest

pytestmark = pytest.mark.anyio

DECISION = {"number": "01/QĐ-UBND", "date": "2021-12-05"}
DISTRICT, COMMUNE = "610", "23344"


def make_body(*targets):
    return {"decision": DECISION, "targets": list(targets)}


async def put(office, period, *targets, unit="62"):
    answer = await office.put(f"targets/{period}/{unit}", make_body(*targets), office.planner)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def find_faults(office, *targets, period="2023"):
    answer = await office.put(f"targets/{period}/62", make_body(*targets), office.planner)
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


async def state_census(office, period="2023", poor=5):
    rows = [(COMMUNE, "poor", poor), (COMMUNE, "households", 100)]
    return await office.accepted(DISTRICT, period, "census", rows)


async def read_results(office, period, unit="62", **params):
    answer = await office.get("targets/results", period=period, unit=unit, **params)
    assert answer.status_code == 200, answer.text
    return {item["indicator"]: item for item in answer.json()["items"]}


@pytest.mark.parametrize(
    ("target", "percent", "met", "method"),
    [
        ({"value": 4}, 80, False, "planned_by_done"),
        ({"kind": "at_most", "value": 10}, 200, True, "planned_by_done"),
        ({"kind": "at_least", "value": 10}, 50, False, "done_by_planned"),
        ({"kind": "range", "value": 4, "upper": 6}, 100, True, "within_range"),
        ({"kind": "range", "value": 1, "upper": 4}, 80, False, "bound_by_done"),
        ({"kind": "range", "value": 10, "upper": 20}, 200, True, "bound_by_done"),
    ],
)
async def test_a_figure_says_how_much_of_its_plan_was_achieved_and_how_that_is_computed(
    office, target, percent, met, method
):
    (item,) = await put(office, "2023", {"indicator": "poverty_rate", **target})
    assert (item["unit_name"], item["unit_kind"], item["unit_since"] is None) == (
        "Tỉnh Kon Tum",
        "tinh",
        False,
    )
    assert (item["kind"], item["upper"]) == (target.get("kind", "value"), target.get("upper"))
    await state_census(office)
    figure = await office.figure("poverty_rate")
    plan = figure["plan"]
    assert (plan["done"], plan["achieved_percent"], plan["met"], plan["method"]) == (5, percent, met, method)
    assert plan["method_text_en"].startswith("100")
    assert (figure["target"], figure["achieved_percent"]) == (target["value"], percent)
    assert (await read_results(office, "2023"))["poverty_rate"]["plan"] == plan


async def test_nothing_is_achieved_before_something_was_stated(office):
    await put(office, "2023", {"indicator": "poverty_rate", "kind": "at_most", "value": 10})
    plan = (await office.figure("poverty_rate"))["plan"]
    assert (plan["done"], plan["achieved_percent"], plan["met"]) == (None, None, None)
    assert (await office.figure("poor"))["plan"] is None


async def test_a_half_year_has_targets_of_its_own(office):
    await put(office, "2023-S1", {"indicator": "jobs", "kind": "at_least", "value": 50})
    for quarter, jobs in (("2023-Q1", 20), ("2023-Q2", 40), ("2023-Q3", 7)):
        await office.accepted(DISTRICT, quarter, "results", [(DISTRICT, "jobs", jobs)])
    assert (await read_results(office, "2023-S1"))["jobs"]["plan"]["achieved_percent"] == 120
    assert (await office.figure("jobs"))["plan"] is None


async def test_over_several_years_flows_add_up_and_of_a_state_the_last_year_counts(office):
    items = await put(
        office,
        "2021-2025",
        {"indicator": "jobs", "kind": "at_least", "value": 100},
        {"indicator": "poor", "kind": "at_most", "value": 4},
        {"indicator": "poverty_rate", "kind": "range", "value": 2, "upper": 6},
        {"indicator": "communes_done", "value": 1},
    )
    assert {item["period"] for item in items} == {"2021-2025"}
    for year, jobs, poor in (("2021", 30, 9), ("2022", 40, 7), ("2023", 50, 5)):
        await office.accepted(DISTRICT, year, "results", [(DISTRICT, "jobs", jobs)])
        await state_census(office, year, poor)
    results = await read_results(office, "2021-2025")
    shown = {
        code: (row["plan"]["done"], row["plan"]["achieved_percent"], row["over_years"], row["years"])
        for code, row in results.items()
    }
    assert shown == {
        "jobs": (120, 120, "sum", [2021, 2022, 2023]),
        "poor": (5, 80, "last", [2021, 2022, 2023]),
        "poverty_rate": (5, 100, "last", [2021, 2022, 2023]),
        "communes_done": (None, None, "last", []),
    }
    listed = (await office.get("targets", period="2021-2025")).json()["items"]
    assert {(row["indicator"], row["kind"]) for row in listed} >= {
        ("poor", "at_most"),
        ("poverty_rate", "range"),
    }


async def test_what_was_done_is_read_as_it_was_known_then(office):
    await put(office, "2021-2025", {"indicator": "jobs", "value": 100})
    await office.accepted(DISTRICT, "2022", "results", [(DISTRICT, "jobs", 40)])
    then = office.clock.at.isoformat()
    await office.accepted(DISTRICT, "2023", "results", [(DISTRICT, "jobs", 50)])
    assert (await read_results(office, "2021-2025", as_of=then))["jobs"]["plan"]["done"] == 40
    assert (await read_results(office, "2021-2025"))["jobs"]["plan"]["done"] == 90


async def test_a_revision_to_another_kind_is_a_revision(office):
    await put(office, "2023", {"indicator": "poor", "value": 4})
    body = make_body({"indicator": "poor", "kind": "at_most", "value": 4})
    blind = await office.put("targets/2023/62", body, office.planner)
    assert (blind.status_code, blind.json()["code"]) == (428, "precondition_required")
    seen = await office.put("targets/2023/62", body, office.planner, **{"If-Match": blind.json()["version"]})
    assert seen.json()["items"][0]["kind"] == "at_most"


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ({"kind": "range", "value": 4}, ("/targets/0/upper", "upper_required")),
        ({"kind": "range", "value": 4, "upper": 4}, ("/targets/0/upper", "upper_not_above")),
        ({"kind": "at_most", "value": 4, "upper": 9}, ("/targets/0/upper", "upper_unexpected")),
        ({"kind": "about", "value": 4}, ("/targets/0/kind", "not_one_of")),
        ({"kind": "range", "value": 4, "upper": "9"}, ("/targets/0/upper", "not_a_number")),
        ({"kind": "at_least"}, ("/targets/0/value", "missing")),
        ({"value": -7}, ("/targets/0/value", "target_out_of_range")),
        ({"value": 7.5}, ("/targets/0/value", "target_too_precise")),
        ({"kind": "range", "value": 7, "upper": 8.5}, ("/targets/0/upper", "target_too_precise")),
        ({"indicator": "poverty_rate", "value": 100.01}, ("/targets/0/value", "target_out_of_range")),
        ({"indicator": "poverty_rate", "value": -0.5}, ("/targets/0/value", "target_out_of_range")),
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused(office, target, fault):
    assert await find_faults(office, {"indicator": "poor", **target}) == [fault]


@pytest.mark.parametrize("period", ["2025-2021", "2021-2021", "2021-2099", "2021-2025-Q1", "1900-1905"])
async def test_years_that_are_no_span_are_refused(office, period):
    target = {"indicator": "poor", "value": 4}
    answer = await office.put(f"targets/{period}/62", make_body(target), office.planner)
    assert (answer.status_code, answer.json()["code"]) == (422, "period_invalid")


async def test_a_unit_that_is_there_in_no_year_of_the_span_is_unknown(office):
    target = {"indicator": "poor", "value": 4}
    answer = await office.put("targets/2026-2030/62", make_body(target), office.planner)
    assert (answer.status_code, answer.json()["code"]) == (404, "unit_unknown_on_date")


async def test_several_years_are_all_read_for_the_land_of_the_day_on_which_the_plan_is_measured(office):
    office.clock.move(days=800)
    merged, old_wards = "23293", ("23281", "23287", "23290", "23293", "23299")
    plans = [{"indicator": code, "value": 100} for code in ("jobs", "households", "communes_done")]
    for unit in ("51", merged):
        await put(office, "2021-2025", *plans, unit=unit)
    await office.accepted("608", "2021", "results", [("608", "jobs", 30)])
    rows = [(code, "households", 10) for code in old_wards]
    await office.accepted("608", "2022", "census", rows)
    criteria = [(COMMUNE, "criterion_a", 1), (COMMUNE, "criterion_b", 1)]
    await office.accepted(DISTRICT, "2023", "criteria", criteria)
    answer = (await office.get("targets/results", period="2021-2025", unit="51")).json()
    assert (answer["unit_name"], answer["unit_since"], answer["map"]) == (
        "Tỉnh Quảng Ngãi",
        "2025-07-01",
        "2025-12-31",
    )
    province = await read_results(office, "2021-2025", "51")
    assert (province["jobs"]["plan"]["done"], province["jobs"]["years"]) == (30, [2021])
    assert province["households"]["plan"]["done"] == 50
    done = province["communes_done"]
    assert (done["plan"]["done"], done["years"], done["reassessment_required"]) == (None, [2023], True)
    ward = (await read_results(office, "2021-2025", merged))["households"]
    assert (ward["plan"]["done"], ward["years"], ward["coverage"]["reported"]) == (50, [2022], 1)


async def test_a_year_that_lacks_an_input_does_not_count_and_what_it_lacks_is_named(office):
    plans = [{"indicator": code, "kind": "at_most", "value": 10} for code in ("poverty_rate", "poor")]
    await put(office, "2021-2025", *plans)
    assert (await read_results(office, "2021-2025"))["poverty_rate"]["missing"] == ["poor", "households"]
    stated = await office.accepted(DISTRICT, "2021", "census", [(COMMUNE, "households", 100)])
    await office.accepted(DISTRICT, "2022", "census", [(COMMUNE, "poor", 5)])
    rate = (await read_results(office, "2021-2025"))["poverty_rate"]
    assert (rate["plan"]["done"], rate["years"]) == (None, [])
    assert (sorted(rate["missing"]), rate["stage"]) == (["households", "poor"], None)
    rows = [(COMMUNE, "poor", 9), (COMMUNE, "households", 100)]
    await office.accepted(DISTRICT, "2021", "census", rows, supersedes=stated["id"])
    results = await read_results(office, "2021-2025")
    shown = {
        code: (row["plan"]["done"], row["years"], row["missing"], row["stage"])
        for code, row in results.items()
    }
    assert shown == {
        "poverty_rate": (9, [2021], ["households"], "official"),
        "poor": (5, [2021, 2022], [], "official"),
    }
    assert results["poor"]["coverage"] == {"reported": 1, "nil": 0, "expected": 102}
    await put(office, "2022", plans[0])
    assert (await read_results(office, "2022"))["poverty_rate"]["missing"] == ["households"]
