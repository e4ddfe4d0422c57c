"""What implementing units collect by the quarter is certified by the commune before it is accepted (TT 01/2022/TT-UBDT)."""

COMMUNE = "23344"
HOUSING = "em_households_supported_with_housing"


async def post(clients, path, body, *scopes, units, client_id):
    headers = clients.headers(*scopes, units=units, client_id=client_id)
    return await clients.http.post(f"/v1/ethnic/{path}", json=body, headers=headers)


async def submitted(clients, period, households):
    body = {
        "unit": COMMUNE,
        "period": period,
        "observations": [{"unit": COMMUNE, "indicator": HOUSING, "value": households}],
    }
    answer = await post(clients, "reports", body, "report", units=(COMMUNE,), client_id="implementing-unit")
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_the_commune_certifies_before_the_province_accepts(clients):
    report = await submitted(clients, "2023-Q1", 4)
    assert report["form"] == "support_progress"
    seen = {"content_sha256": report["content_sha256"]}
    address = f"reports/{report['id']}"

    async def review(path, client_id, units):
        return await post(clients, f"{address}/{path}", seen, "review", units=units, client_id=client_id)

    early = await review("accept", "province", ("62",))
    assert (early.status_code, early.json()["code"], early.json()["step"]) == (
        409,
        "step_missing",
        "certified",
    )
    own = await review("steps/certified", "implementing-unit", (COMMUNE,))
    assert (own.status_code, own.json()["code"]) == (403, "own_report")
    elsewhere = await review("steps/certified", "commune-23347", ("23347",))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "unit_not_granted")
    above = await review("steps/certified", "province", ("62",))
    assert (above.status_code, above.json()["code"]) == (403, "step_of_level")
    assert (await review("steps/certified", f"commune-{COMMUNE}", (COMMUNE,))).status_code == 200
    assert (await review("accept", f"commune-{COMMUNE}", (COMMUNE,))).json()["code"] == "accepted_above"
    assert (await clients.figures("2023-Q1"))[HOUSING]["value"] is None
    assert (await review("accept", "province", ("62",))).status_code == 200

    whole = await clients.http.get(f"/v1/ethnic/{address}", headers=clients.headers("read"))
    assert [(it["action"], it["step"], it["client_id"]) for it in whole.json()["reviews"]] == [
        ("submitted", None, "implementing-unit"),
        ("passed", "certified", f"commune-{COMMUNE}"),
        ("accepted", None, "province"),
    ]
    lineage = (await clients.get(f"lineage/{HOUSING}", period="2023-Q1", unit=COMMUNE))["reports"]
    assert [(it["step"], it["passed_by"]) for it in lineage[0]["steps"]] == [
        ("certified", f"commune-{COMMUNE}")
    ]
    assert lineage[0]["reviewed_by"] == "province"
    figure = (await clients.figures("2023-Q1", unit=COMMUNE))[HOUSING]
    assert (figure["value"], figure["coverage"]) == (4, {"reported": 1, "nil": 0, "expected": 1})


async def test_quarters_add_up_to_the_year(clients):
    for quarter, households in (("2023-Q1", 4), ("2023-Q2", 3), ("2023-Q3", 0), ("2023-Q4", 5)):
        report = await submitted(clients, quarter, households)
        seen = {"content_sha256": report["content_sha256"]}
        for path, reviewer in (("steps/certified", COMMUNE), ("accept", "62")):
            address = f"reports/{report['id']}/{path}"
            answer = await post(
                clients, address, seen, "review", units=(reviewer,), client_id=f"of-{reviewer}"
            )
            assert answer.status_code == 200, answer.text
    year = (await clients.figures("2023", unit=COMMUNE))[HOUSING]
    assert (year["value"], year["coverage"]["reported"]) == (12, 1)
    assert (await clients.figures("2023-S1", unit=COMMUNE))[HOUSING]["value"] == 7


async def test_what_is_owed_has_its_day_and_clause(clients):
    owed = (await clients.get("completeness", period="2023"))["items"]
    assert {it["form"] for it in owed} == {"annual_land"}
    assert {(it["due_on"], it["timeliness"]) for it in owed} == {("2024-01-24", "overdue")}
    assert all("25/01" in it["clause"] for it in owed)
    quarter = (await clients.get("completeness", period="2023-Q1", unit="610"))["items"]
    assert len(quarter) == 12
    assert {(it["form"], it["due_on"], it["timeliness"]) for it in quarter} == {
        ("support_progress", None, "not_judged")
    }
