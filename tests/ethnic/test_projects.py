"""Land, housing and water; form 05; projects with plan, result and sum; completions; targets beside results."""

COMMUNE, DISTRICT = "23509", "615"
CONDITIONS = {
    "condition_em_households": 100,
    "condition_with_hygienic_water": 80,
    "condition_lacking_hygienic_water_start": 25,
    "condition_lacking_hygienic_water": 20,
    "condition_supported_with_hygienic_water": 5,
}
FORM_05 = {
    "em05_households": 18106,
    "em05_em_households": 8114,
    "em05_poor_households": 2692,
    "em05_em_poor_households": 2545,
}


async def submit(clients, unit, form, period, values, **fields):
    observations = [
        {"unit": COMMUNE, "indicator": indicator, "value": value} for indicator, value in values.items()
    ]
    body = {"unit": unit, "form": form, "period": period, "observations": observations, **fields}
    headers = clients.make_headers("report", units=(unit,), client_id=f"reporter-{unit}")
    return await clients.http.post("/v1/ethnic/reports", json=body, headers=headers)


async def accept(clients, report, *, certified_by=None):
    content = {"content_sha256": report["content_sha256"]}
    path = f"/v1/ethnic/reports/{report['id']}"
    if certified_by:
        headers = clients.make_headers("review", units=(certified_by,), client_id="commune")
        passed = await clients.http.post(f"{path}/steps/certified", json=content, headers=headers)
        assert passed.status_code == 200, passed.text
    headers = clients.make_headers("review", client_id="reviewer")
    accepted = await clients.http.post(f"{path}/accept", json=content, headers=headers)
    assert accepted.status_code == 200, accepted.text


async def report(clients, unit, form, period, values, **fields):
    certified_by = fields.pop("certified_by", None)
    submitted = await submit(clients, unit, form, period, values, **fields)
    assert submitted.status_code == 201, submitted.text
    await accept(clients, submitted.json(), certified_by=certified_by)
    return submitted.json()


async def list_report_faults(clients, unit, form, values):
    refused = await submit(clients, unit, form, "2023", values)
    assert refused.status_code == 422, refused.text
    return {fault["code"] for fault in refused.json()["errors"]}


async def set_target(clients, indicator, value, period, **fields):
    body = {
        "decision": {"number": "570/KH-UBND", "date": "2024-02-19"},
        "targets": [{"indicator": indicator, "value": value, **fields}],
    }
    headers = clients.make_headers("target", client_id="planner")
    before = await clients.http.get(f"/v1/ethnic/targets?period={period}&unit=62")
    if etag := before.headers.get("etag"):
        headers["If-Match"] = etag
    return await clients.http.put(f"/v1/ethnic/targets/{period}/62", json=body, headers=headers)


async def test_households_with_and_lacking_add_up_and_the_start_bounds_the_support(clients):
    for changes, expected in (
        ({"condition_lacking_hygienic_water": 21}, {"needs_do_not_add_up"}),
        ({"condition_supported_with_hygienic_water": 26}, {"more_supported_than_lacking"}),
    ):
        faults = await list_report_faults(clients, COMMUNE, "household_conditions", {**CONDITIONS, **changes})
        assert faults == expected
    estimate = await report(clients, COMMUNE, "household_conditions_preliminary", "2023", {**CONDITIONS})
    figures = await clients.read_figures("2023", COMMUNE)
    rate = figures["condition_with_hygienic_water_rate"]
    assert (rate["value"], rate["stage"]) == (80, "preliminary")
    official = {**CONDITIONS, "condition_with_hygienic_water": 81, "condition_lacking_hygienic_water": 19}
    await report(clients, COMMUNE, "household_conditions", "2023", official)
    rate = (await clients.read_figures("2023", COMMUNE))["condition_with_hygienic_water_rate"]
    assert (rate["value"], rate["stage"]) == (81, "official")
    land = await clients.get("land", period="2023", unit=COMMUNE)
    row = next(row for row in land["items"] if row["indicator"] == "condition_with_hygienic_water_rate")
    assert [(value["stage"], value["value"]) for value in row["values"]] == [
        ("preliminary", 80),
        ("official", 81),
    ]
    assert estimate["form"] == "household_conditions_preliminary"


async def test_form_05_has_its_columns_and_bounds(clients):
    for changes, code in (
        ({"em05_em_households": 18107}, "part_more_than_whole"),
        ({"em05_em_near_poor_households": 6000}, "poor_more_than_households"),
        ({"em05_em_poor_households": 2693}, "part_more_than_whole"),
    ):
        faults = await list_report_faults(clients, DISTRICT, "annual_em_poverty", {**FORM_05, **changes})
        assert faults == {code}
    await report(clients, DISTRICT, "annual_em_poverty", "2022", FORM_05)
    later = {**FORM_05, "em05_em_poor_households": 2145, "em05_em_near_poor_households": 700}
    await report(clients, DISTRICT, "annual_em_poverty", "2023", later)
    figures = await clients.read_figures("2022", DISTRICT)
    assert round(figures["em_share_of_poor"]["value"], 2) == 94.54
    fall = (await clients.read_figures("2023", DISTRICT))["em_poverty_rate_fall"]
    assert round(fall["value"], 2) == round(100 * 400 / 8114, 2)
    table = await clients.get("em-poverty", period="2023", unit=DISTRICT)
    row = next(row for row in table["items"] if row["unit"] == COMMUNE)
    columns = {column["column"]: column["value"] for column in row["columns"]}
    assert (columns["1"], columns["2"], columns["3"], columns["5"]) == (18106, 8114, 2145, 700)
    assert round(columns["4"], 2) == round(100 * 2145 / 2692, 2)


async def test_a_project_has_plan_result_sum_and_money(clients):
    houses = "project_households_given_housing"
    for year, value in (("2022", 10), ("2023", 15)):
        await report(clients, COMMUNE, "project_results", year, {houses: value}, certified_by=COMMUNE)
    assert (await set_target(clients, houses, 20, "2023")).status_code == 200
    projects = await clients.get("projects", period="2023", unit="62")
    components = [row["component"] for row in projects["items"]]
    assert len(components) == 24
    assert sum(row["parent"] is None for row in projects["items"]) == 10
    indicators = {row["indicator"]: row for project in projects["items"] for row in project["indicators"]}
    house = indicators[houses]
    assert (house["planned"], house["done"], house["cumulative"], house["years"]) == (
        20,
        15,
        25,
        [2022, 2023],
    )
    assert (house["achieved_percent"], house["unit_of_measure"]) == (75, "households")
    works = indicators["project_works_new"]
    assert (works["done"], works["cumulative"], works["years"]) == (None, None, [])
    first = projects["items"][0]
    assert first["money"].startswith("/v1/funding/progress?year=2023&program=ethnic&component=DT.DA1")
    refused = await clients.http.get("/v1/ethnic/projects", params={"period": "2023-Q1"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "period_not_a_year")


async def test_a_completed_project_owes_a_report_within_15_days(clients):
    body = {"unit": COMMUNE, "component": "DT.DA4.TDA1", "project": "Đường thôn 1", "ended_on": "2024-06-10"}
    completion = await clients.create("completions", body, units=(DISTRICT,))
    assert (completion["due_on"], completion["timeliness"]) == ("2024-06-25", "overdue")
    assert "TT 01/2022" in completion["clause"]
    again = await clients.post("completions", {**body, "project": "đường  thôn 1"}, units=(DISTRICT,))
    assert (again.status_code, again.json()["id"]) == (200, completion["id"])
    wrong = {**body, "component": "DT.DA11", "ended_on": "2031-01-01"}
    assert await clients.list_faults("completions", wrong) == {
        "/component": "component_unknown",
        "/ended_on": "ended_in_future",
        "/unit": "unit_unknown_on_date",
    }
    assert len((await clients.get("completions", include="open"))["items"]) == 1
    path = f"completions/{completion['id']}/report"
    early = {"document": {"number": "1/BC", "date": "2024-06-01"}}
    assert await clients.list_faults(path, early) == {"/document/date": "reported_before_end"}
    document = {"document": {"number": "1/BC-UBND", "date": "2024-06-20"}}
    await clients.expect_problem(path, document, 403, "unit_not_granted", units=("610",))
    reported = await clients.create(path, document)
    assert (reported["timeliness"], reported["report"]["document"]["number"]) == ("late", "1/BC-UBND")
    assert (await clients.post(path, document)).status_code == 200
    other = {"document": {"number": "2/BC-UBND", "date": "2024-06-20"}}
    await clients.expect_problem(path, other, 409, "completion_report_exists")
    assert (await clients.get("completions", include="open"))["items"] == []


async def test_the_targets_of_2024_stand_beside_results(clients):
    planned = {
        "communes_left_special_difficulty": 7,
        "villages_left_special_difficulty": 5,
        "em_households_with_residential_land_rate": 99.03,
        "em_households_with_production_land_rate": 98.97,
        "em_poverty_rate_fall": 4,
    }
    for indicator, value in planned.items():
        assert (await set_target(clients, indicator, value, "2024")).status_code == 200, indicator
    await report(clients, DISTRICT, "annual_em_poverty", "2023", FORM_05)
    later = {**FORM_05, "em05_em_poor_households": 2145}
    await report(clients, DISTRICT, "annual_em_poverty", "2024", later)
    results = await clients.get("targets/results", period="2024", unit="62")
    plans = {row["indicator"]: row["plan"] for row in results["items"]}
    assert {indicator: plan["value"] for indicator, plan in plans.items()} == planned
    assert round(plans["em_poverty_rate_fall"]["done"], 2) == round(100 * 400 / 8114, 2)
    assert plans["em_poverty_rate_fall"]["met"] is True
    assert plans["communes_left_special_difficulty"]["done"] == 0
