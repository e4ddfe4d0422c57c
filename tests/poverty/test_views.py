"""The tables of poverty reduction: rows name unit and kind, rates over years with breaks, ranks, shares, plans, and CSV."""

import csv
import io

import pytest

from tests.poverty.review_forms import list_rows, make_review_forms
from tests.poverty.test_published_series import post_series

DISTRICT, WARD, COMMUNE = "610", "23341", "23344"
"""A township and a xã of Đăk Glei."""
ROW_FIELDS = {"unit", "unit_name", "unit_kind", "unit_since"}


async def accept_forms(clients, forms, unit, period="2023"):
    headers = clients.make_headers("report", units=(DISTRICT,), client_id="district-610")
    for form, rows in forms.items():
        body = {"unit": DISTRICT, "period": period, "form": form, "observations": rows}
        sent = await clients.http.post(
            "/v1/poverty/reports",
            json=body,
            headers={**headers, "Idempotency-Key": f"{form}-{unit}-{period}"},
        )
        assert sent.status_code == 201, sent.text
        report = sent.json()
        accepted = await clients.http.post(
            f"/v1/poverty/reports/{report['id']}/accept",
            json={"content_sha256": report["content_sha256"]},
            headers=clients.make_headers("review", client_id="reviewer"),
        )
        assert accepted.status_code == 200, accepted.text


async def read_csv(clients, path, **query):
    answer = await clients.http.get(f"/v1/poverty/{path}", params=query, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv"), answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


async def test_the_tables_of_a_year_of_two_communes(clients):
    urban, rural = make_review_forms(100, 10, 10), make_review_forms(200, 40, 20)
    forms = {form: [*list_rows(urban[form], WARD), *list_rows(rural[form], COMMUNE)] for form in urban}
    await accept_forms(clients, forms, "both")
    # rates: urban and rural, ethnic minorities; the district with 2 of 12 communes
    rates = (await clients.get("rates", **{"from": "2022", "to": "2023", "unit": DISTRICT}))["items"]
    assert all(row.keys() >= ROW_FIELDS for row in rates)
    by_key = {(row["period"], row["unit"], row["group"]): row for row in rates}
    total = by_key["2023", DISTRICT, "all"]
    assert (total["households"], total["poor_households"], total["reported"], total["expected"]) == (
        300,
        50,
        2,
        12,
    )
    assert total["multidimensional_poverty_rate"] == pytest.approx(100 * 80 / 300, abs=1e-5)
    assert (
        by_key["2023", DISTRICT, "urban"]["poverty_rate"],
        by_key["2023", DISTRICT, "rural"]["poverty_rate"],
    ) == (10, 20)
    assert by_key["2023", DISTRICT, "urban"]["expected"] == 1
    em = by_key["2023", COMMUNE, "em"]
    assert (em["households"], em["poor_households"], em["poverty_rate"], em["share_of_poor"]) == (
        140,
        35,
        25,
        87.5,
    )
    assert by_key["2022", DISTRICT, "all"]["poverty_rate"] is None
    communes = await clients.get(
        "rates", **{"from": "2023", "to": "2023", "level": "commune", "group": "all"}
    )
    assert [row["unit"] for row in communes["items"]][-1] == "62"
    assert len(communes["items"]) == 103
    # the movement of households and of persons
    movement = await clients.get("household-movement", period="2023", unit=COMMUNE)
    assert movement["poor"]["total"]["holds"] and movement["near_poor_persons"]["total"]["holds"]
    assert movement["poor_persons"]["total"]["columns"][-1] == 160
    lines = await read_csv(clients, "household-movement", period="2023", unit=DISTRICT)
    assert len(lines) == 4 * 13
    of_commune = [line for line in lines if line["unit"] == COMMUNE]
    assert (of_commune[0]["table"], of_commune[0]["end"], of_commune[0]["unit_kind"]) == ("poor", "40", "xa")
    # deprivations: ranked, with the rate of forms 5 and 7
    deprivations = (await clients.get("deprivations", period="2023", unit=COMMUNE))["items"]
    poor = [row for row in deprivations if row["indicator"] == "poor_by_deprivation"]
    assert [row["rank"] for row in poor] == [1, 1, 1, 1, *[5] * 8]
    assert (poor[0]["member"], poor[0]["value"], poor[0]["total"], poor[0]["share_percent"]) == (
        "employment",
        40,
        40,
        100,
    )
    assert poor[0]["total_indicator"] == "poor_by_deprivation_households"
    figures = await clients.read_figures("2023", COMMUNE)
    assert (
        figures["poor_deprivations_average"]["value"],
        figures["poor_deprivation_rate_employment"]["value"],
    ) == (4, 100)
    # groups overlap; each has its share
    groups = (await clients.get("groups", period="2023", unit=COMMUNE, dimension="target_group"))["items"]
    shares = {(row["indicator"], row["member"]): row["share_percent"] for row in groups}
    assert shares["poor_by_target_group", "em"] + shares["poor_by_target_group", "no_labour"] > 100
    dimensions = {
        row["dimension"] for row in (await clients.get("groups", period="2023", unit=COMMUNE))["items"]
    }
    assert dimensions == {"target_group", "ethnic_group", "poverty_cause", "child_deprivation"}
    ethnic = await read_csv(clients, "groups", period="2023", unit=COMMUNE, dimension="ethnic_group")
    assert {"unit_name", "member_label", "share_percent"} <= ethnic[0].keys()


async def test_values_of_different_units_make_no_rate_and_no_movement(clients):
    """The commune states all but form 13, the ward households at the end and form 13 alone."""
    urban, rural = make_review_forms(100, 10, 10), make_review_forms(200, 40, 20)
    ends = {
        code: urban["annual_review"][code]
        for code in ("households", "poor_households", "near_poor_households")
    }
    forms = {
        "annual_review": [*list_rows(rural["annual_review"], COMMUNE), *list_rows(ends, WARD)],
        "review_em_poor": list(list_rows(rural["review_em_poor"], COMMUNE)),
        "review_em_near_poor": list(list_rows(urban["review_em_near_poor"], WARD)),
    }  # fmt: skip
    await accept_forms(clients, forms, "both")
    movement = await clients.get("household-movement", period="2023", unit=DISTRICT)
    total = movement["poor"]["total"]
    assert (total["columns"][0], total["columns"][-1]) == (38, 50), "the start is that of the commune alone"
    assert (total["holds"], total["reported"], total["expected"]) == (None, 1, 12)
    (line,) = [row for row in movement["items"] if (row["unit"], row["table"]) == (COMMUNE, "poor")]
    assert (line["holds"], line["reported"], line["expected"]) == (True, 1, 1)
    rates = (await clients.get("rates", **{"from": "2023", "to": "2023", "unit": DISTRICT}))["items"]
    em = next(row for row in rates if (row["unit"], row["group"]) == (DISTRICT, "em"))
    assert (em["poor_households"], em["poverty_rate"], em["share_of_poor"]) == (35, 25, 87.5), (
        "form 12's own total"
    )
    assert (em["near_poor_households"], em["multidimensional_poverty_rate"]) == (5, None)


async def test_training_by_level_alone_has_a_total_and_shares(clients):
    levels = {"college": 10, "secondary": 20, "elementary": 30, "under_three_months": 40}
    stated = {f"persons_trained_by_level.{level}": value for level, value in levels.items()}
    stated |= {"jobs_at_home": 9, "jobs_abroad": 1}
    await accept_forms(clients, {"annual_livelihoods": list(list_rows(stated, DISTRICT))}, DISTRICT)
    rows = (await clients.get("livelihoods", period="2023", unit=DISTRICT))["items"]
    by_key = {(row["indicator"], row["member"]): row for row in rows if row["unit"] == DISTRICT}
    secondary = by_key["persons_trained_by_level", "secondary"]
    assert (secondary["total"], secondary["share_percent"]) == (100, 20)
    assert by_key["jobs_abroad", None]["share_percent"] == 10
    totals = [by_key[code, None]["value"] for code in ("persons_trained", "jobs_created")]
    assert totals == [100, 10]


async def test_projects_show_unit_of_measure_component_and_plan(clients):
    results = {
        "infrastructure_works_new": 4,
        "livelihood_models": 2,
        "livelihood_model_households": 30,
        "houses_new": 12,
    }
    levels = {"persons_trained_by_level.college": 10, "persons_trained_by_level.secondary": 20, "persons_trained_by_level.elementary": 30, "persons_trained_by_level.under_three_months": 40, "trained_women": 55, "jobs_at_home": 9, "jobs_abroad": 1}  # fmt: skip
    forms = {
        "project_results": list(list_rows(results, DISTRICT)),
        "annual_livelihoods": list(list_rows(levels, DISTRICT)),
        "annual_results": list(list_rows({"persons_trained": 100, "jobs_created": 10}, DISTRICT)),
    }
    await accept_forms(clients, forms, DISTRICT)
    body = {
        "decision": {"number": "05/KH-UBND", "date": "2023-01-15"},
        "targets": [{"indicator": "houses_new", "value": 16}],
    }
    answer = await clients.http.put(f"/v1/poverty/targets/2023/{DISTRICT}", json=body, headers=clients.make_headers("target"))  # fmt: skip
    assert answer.status_code == 200, answer.text
    rows = (await clients.get("project-results", period="2023", unit=DISTRICT))["items"]
    of_district = {row["indicator"]: row for row in rows if row["unit"] == DISTRICT}
    houses = of_district["houses_new"]
    assert (houses["component"], houses["unit_of_measure"], houses["done"]) == ("GN.DA5", "houses", 12)
    assert (houses["plan"]["value"], houses["plan"]["achieved_percent"]) == (16, 75)
    assert houses["component_name"].startswith("Dự án 5: ")
    assert (of_district["houses_repaired"]["done"], of_district["houses_repaired"]["plan"]) == (None, None)
    assert len({row["component"] for row in rows}) == 13
    assert (of_district["livelihood_models"]["parent"], houses["outside_poor_districts"]) == (None, True)
    assert of_district["houses_repaired"]["outside_poor_districts"] is False, "nothing is stated"
    projects = (await clients.get("project-results", period="2023", unit=DISTRICT))["projects"]
    by_code = {project["component"]: project for project in projects}
    assert len(by_code) == 18
    assert by_code["GN.DA1.TDA1"]["parent"] == "GN.DA1"
    assert by_code["GN.DA1"]["name"].startswith("Dự án 1: ")
    assert houses["poor_district"] is False
    poor = (await clients.get("project-results", period="2023", unit="613"))["items"][-1]
    assert poor["poor_district"] is True
    # levels add up to the total, and each has its share
    livelihoods = (await clients.get("livelihoods", period="2023", unit=DISTRICT))["items"]
    level = next(
        row for row in livelihoods if row["member"] == "under_three_months" and row["unit"] == DISTRICT
    )
    assert (level["value"], level["total"], level["share_percent"]) == (40, 100, 40)
    headers = clients.make_headers("report", units=(DISTRICT,))
    for form, changed, status, code in (
        ("annual_results", {"persons_trained": 101, "jobs_created": 10}, 409, "forms_disagree"),
        ("annual_livelihoods", {**levels, "trained_women": 101}, 422, "invalid"),
    ):
        reports = await clients.http.get(f"/v1/poverty/reports?unit={DISTRICT}&form={form}", headers=clients.make_headers("read"))  # fmt: skip
        body = {"unit": DISTRICT, "period": "2023", "form": form, "observations": list(list_rows(changed, DISTRICT)), "supersedes": reports.json()["items"][0]["id"]}  # fmt: skip
        answer = await clients.http.post(
            "/v1/poverty/reports", json=body, headers={**headers, "Idempotency-Key": form}
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_published_districts_and_the_break_of_2021_in_rates(clients):
    await post_series(clients)
    rates = (await clients.get("rates", **{"from": "2020", "to": "2022", "group": "all,urban,em"}))["items"]
    by_key = {(row["period"], row["unit"], row["group"]): row for row in rates}
    assert [by_key[period, "62", "all"]["break_before"] for period in ("2020", "2021", "2022")] == [
        False,
        True,
        False,
    ]
    assert by_key["2021", "62", "urban"]["poverty_rate"] is None, "districts stated the sum of their communes"
    poor = {row["unit"] for row in rates if row["poor_district"] and row["period"] == "2022"}
    assert poor == {"613", "617", "618"}
    kon_plong = by_key["2021", "613", "em"]
    assert (kon_plong["poverty_rate"], kon_plong["share_of_poor"]) == (pytest.approx(51.62, abs=0.005), 100)


REFUSED = {
    "rates?to=2020": "period_or_from",
    "rates?period=2020&from=2020": "period_or_from",
    "rates?from=2020&to=2021-S1": "period_of_other_kind",
    "rates?from=2023&to=2020": "period_before_first",
    "rates?from=2020&to=2023&group=rich": "not_one_of",
    "rates?from=2020&to=2023&level=village": "not_one_of",
    "deprivations?period=2023&unit=999": "unit_unknown",
    "groups?period=2023&dimension=shoe_size": "dimension_unknown",
    "livelihoods?period=2023&year=2": "unknown_parameter",
}


async def test_faulty_queries_are_refused(clients):
    codes = {}
    for path in REFUSED:
        answer = await clients.http.get(f"/v1/poverty/{path}")
        document = answer.json()
        assert answer.status_code in (404, 422), (path, answer.text)
        codes[path] = document["errors"][0]["code"] if "errors" in document else document["code"]
    assert codes == REFUSED
    empty = await clients.get("deprivations", period="2020")
    assert empty["items"] == [], "the twelve indicators are of a later law"
