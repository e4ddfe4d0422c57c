"""What implementing units collect by the quarter is certified by the commune before it is accepted (TT 01/2022/TT-UBDT)."""

COMMUNE = "23344"
HOUSING = "em_households_supported_with_housing"


async def post(clients, path, body, *scopes, units, client_id):
    headers = clients.make_headers(*scopes, units=units, client_id=client_id)
    return await clients.http.post(f"/v1/ethnic/{path}", json=body, headers=headers)


async def submit(clients, period, households):
    body = {
        "unit": COMMUNE,
        "period": period,
        "observations": [{"unit": COMMUNE, "indicator": HOUSING, "value": households}],
    }
    response = await post(clients, "reports", body, "report", units=(COMMUNE,), client_id="implementing-unit")
    assert response.status_code == 201, response.text
    return response.json()


async def test_the_commune_certifies_before_the_province_accepts(clients):
    report = await submit(clients, "2023-Q1", 4)
    assert report["form"] == "support_progress"
    content = {"content_sha256": report["content_sha256"]}
    address = f"reports/{report['id']}"

    async def review(path, client_id, units):
        return await post(clients, f"{address}/{path}", content, "review", units=units, client_id=client_id)

    before_certification = await review("accept", "province", ("62",))
    assert (
        before_certification.status_code,
        before_certification.json()["code"],
        before_certification.json()["step"],
    ) == (
        409,
        "step_missing",
        "certified",
    )
    by_reporter = await review("steps/certified", "implementing-unit", (COMMUNE,))
    assert (by_reporter.status_code, by_reporter.json()["code"]) == (403, "own_report")
    by_other_commune = await review("steps/certified", "commune-23347", ("23347",))
    assert (by_other_commune.status_code, by_other_commune.json()["code"]) == (403, "unit_not_granted")
    by_province = await review("steps/certified", "province", ("62",))
    assert (by_province.status_code, by_province.json()["code"]) == (403, "step_of_level")
    assert (await review("steps/certified", f"commune-{COMMUNE}", (COMMUNE,))).status_code == 200
    assert (await review("accept", f"commune-{COMMUNE}", (COMMUNE,))).json()["code"] == "accepted_above"
    assert (await clients.read_figures("2023-Q1"))[HOUSING]["value"] is None
    assert (await review("accept", "province", ("62",))).status_code == 200

    detail = await clients.http.get(f"/v1/ethnic/{address}", headers=clients.make_headers("read"))
    assert [(row["action"], row["step"], row["client_id"]) for row in detail.json()["reviews"]] == [
        ("submitted", None, "implementing-unit"),
        ("passed", "certified", f"commune-{COMMUNE}"),
        ("accepted", None, "province"),
    ]
    lineage = (await clients.get(f"lineage/{HOUSING}", period="2023-Q1", unit=COMMUNE))["reports"]
    assert [(row["step"], row["passed_by"]) for row in lineage[0]["steps"]] == [
        ("certified", f"commune-{COMMUNE}")
    ]
    assert lineage[0]["reviewed_by"] == "province"
    figure = (await clients.read_figures("2023-Q1", unit=COMMUNE))[HOUSING]
    assert (figure["value"], figure["coverage"]) == (4, {"reported": 1, "nil": 0, "expected": 1})


async def test_quarters_add_up_to_the_year(clients):
    for quarter, households in (("2023-Q1", 4), ("2023-Q2", 3), ("2023-Q3", 0), ("2023-Q4", 5)):
        report = await submit(clients, quarter, households)
        content = {"content_sha256": report["content_sha256"]}
        for path, reviewer in (("steps/certified", COMMUNE), ("accept", "62")):
            address = f"reports/{report['id']}/{path}"
            response = await post(
                clients, address, content, "review", units=(reviewer,), client_id=f"of-{reviewer}"
            )
            assert response.status_code == 200, response.text
    year = (await clients.read_figures("2023", unit=COMMUNE))[HOUSING]
    assert (year["value"], year["coverage"]["reported"]) == (12, 1)
    assert (await clients.read_figures("2023-S1", unit=COMMUNE))[HOUSING]["value"] == 7


async def test_obligations_have_their_due_date_and_clause(clients):
    """The commune certifies before 10 September and completes before 25 January; districts and the province roll up."""
    obligations = (await clients.get("completeness", period="2023"))["items"]
    of_land = [row for row in obligations if row["form"] == "annual_land"]
    assert {(row["due_on"], row["timeliness"]) for row in of_land} == {("2024-01-24", "overdue")}
    assert all("25/01" in row["clause"] for row in of_land)
    due = {
        (row["level"], row["form"]): row["due_on"]
        for row in obligations
        if row["form"].startswith("project_results")
    }
    assert due == {
        ("implementing_unit", "project_results"): "2024-01-15",
        ("commune", "project_results"): "2024-01-24",
        ("district", "project_results"): "2024-01-31",
        ("province", "project_results"): "2024-02-14",
        ("commune", "project_results_preliminary"): "2023-09-09",
    }
    of_quarter = (await clients.get("completeness", period="2023-Q1", unit="610"))["items"]
    of_support = [row for row in of_quarter if row["form"] == "support_progress"]
    assert len(of_support) == 12
    assert {(row["due_on"], row["timeliness"]) for row in of_support} == {(None, "not_judged")}
    progress = {(row["level"], row["due_on"]) for row in of_quarter if row["form"] == "project_progress"}
    assert progress == {
        ("implementing_unit", "2023-04-05"),
        ("commune", "2023-04-10"),
        ("district", "2023-04-15"),
    }
    form = (await clients.get("indicators/progress_households_reached"))["form"]
    assert [row["level"] for row in form["due"]] == ["implementing_unit", "commune", "district", "province"]
    later = (await clients.get("completeness", period="2025-Q3", unit="51"))["items"]
    levels = {row["level"] for row in later if row["form"] == "project_progress"}
    assert levels == {"implementing_unit", "commune", "province"}, "districts ended on 30 June 2025"
