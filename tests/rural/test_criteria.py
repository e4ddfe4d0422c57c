"""Assessments by indicators over HTTP: verdicts, answers and refusals."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from services.rural.app import create_app
from services.rural.dated_facts import CRITERIA_SETS_FILE, THRESHOLDS_FILE
from services.rural.settings import RuralSettings
from tests.effort import count_calls
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.not_none import not_none
from tests.program_clients import Clients
from tests.rural.conftest import NOW
from tests.rural.test_criteria_rules import COMMUNE, find_threshold
from tests.statements import sent_by

MOST_CALLS_PER_VALUE = 200
"""Twice what a report takes."""

OWN_ROAD_THRESHOLD = """
[[threshold]]
indicator = "indicator_02_{number}"
unit = "62"
years = [2021, 2025]
value = {value}
legal_basis = "QĐ của UBND tỉnh (minh họa)"
confidence = "illustrative"
"""


def make_full_observations(unit, **changes):
    """Return every indicator of a commune at its threshold, and the verdicts of criteria that lack a threshold."""
    rows: list[tuple[str, float]] = []
    for criterion in COMMUNE.criteria:
        thresholds = [find_threshold(indicator) for indicator in criterion.numbers]
        values = [30.0 if threshold is None else float(threshold) for threshold in thresholds]
        rows += zip([indicator.code for indicator in criterion.numbers], values, strict=True)
        rows += [(not_none(criterion.code), 1)] if None in thresholds else []
    by_code = {**dict(rows), **changes}
    return [{"unit": unit, "indicator": code, "value": value} for code, value in by_code.items()]


async def post(clients, rows, unit="62", period="2023", **fields):
    body = {"unit": unit, "period": period, "form": "criteria_assessment", "observations": rows, **fields}
    return await clients.http.post(
        "/v1/rural/reports", json=body, headers=clients.make_headers("report", units=(unit,))
    )


async def report_and_accept_rows(clients, rows, unit="62", period="2023", **fields):
    response = await post(clients, rows, unit, period, **fields)
    assert response.status_code == 201, response.text
    report = response.json()
    acceptance = await clients.http.post(
        f"/v1/rural/reports/{report['id']}/accept",
        json={"content_sha256": report["content_sha256"]},
        headers=clients.make_headers("review", client_id="reviewer"),
    )
    assert acceptance.status_code == 200, acceptance.text
    return report


async def test_the_threshold_of_each_year_applies(clients):
    rows = [{"unit": "23509", "indicator": "indicator_10_1", "value": 46.5}]
    for period in ("2022", "2023"):
        await report_and_accept_rows(clients, rows, "615", period)
    page = await clients.get("communes/23509", on="2023-12-31")
    later, earlier = page["assessments"]
    assert (later["year"], later["lost"], earlier["met"]) == (2023, [10], 1)
    (verdict,) = later["criteria"]
    assert verdict == {
        "number": 10,
        "label": "Thu nhập",
        "label_en": "Income",
        "met": False,
        "rests_on": "values",
        "rule": "commune_2021_2025/tay_nguyen/2023",
        "unsure": ["indicator_10_1"],
        "why": "Không đạt: 10.1 là 46,5, cần >= 47. Kết luận dựa trên ngưỡng chưa đối chiếu với văn bản: 10.1.",
        "why_en": "Not met: 10.1 is 46.5, required >= 47. The verdict rests on thresholds not checked against the document: 10.1.",
        "indicators": [
            {
                "code": "indicator_10_1",
                "number": "10.1",
                "label": "Thu nhập bình quân đầu người",
                "label_en": "Average income per capita",
                "unit_of_measure": "triệu đồng/người/năm",
                "value": 46.5,
                "comparator": ">=",
                "threshold": 47,
                "met": False,
                "legal_basis": "QĐ 318/QĐ-TTg 08/3/2022, Phụ lục",
                "confidence": "from memory",
            }
        ],
    }
    assert earlier["criteria"][0]["indicators"][0]["threshold"] == 44
    assert earlier["criteria"][0]["met"]


async def test_verdicts_by_values_and_by_statement_are_answered_apart(clients):
    document = {"number": "12/BB-UBND", "signed_on": "2023-12-20", "signer_role": "chairman"}
    rows = [
        *make_full_observations("23509", indicator_13_4_applies=0),
        {"unit": "23510", "indicator": "criterion_10", "value": 1},
    ]
    rows = [row for row in rows if row["indicator"] != "indicator_13_4"]
    report = await report_and_accept_rows(clients, rows, "615", document=document)
    assert report["counts"]["received"] == len(rows)
    assert {row["value"] for row in report["derived"]} == {1}
    assert len(report["derived"]) == 17
    (assessment,) = (await clients.get("communes/23509", on="2023-12-31"))["assessments"]
    assert (assessment["met"], assessment["document"]["number"]) == (19, "12/BB-UBND")
    rests_on = {row["number"]: row["rests_on"] for row in assessment["criteria"]}
    assert [number for number, basis in rests_on.items() if basis == "statement"] == [2, 17]
    (roads,) = [row for row in assessment["criteria"] if row["number"] == 2]
    assert roads["why_en"] == "As stated by the reporting unit; the indicator values do not decide it."
    assert [(row["value"], row["threshold"], row["met"]) for row in roads["indicators"]] == [
        (30, None, None)
    ] * 4
    assert roads["rule"] is None
    (production,) = [row for row in assessment["criteria"] if row["number"] == 13]
    assert [row["value"] for row in production["indicators"]] == [1, 1, 1, None, 1]
    income = (await clients.get("criteria", period="2023", unit="615"))["items"][9]
    assert (income["met"], income["assessed"], income["by_values"]) == (2, 2, 1)
    figures = await clients.read_figures(unit="615")
    assert figures["communes_meeting_all_criteria"]["value"] == 1
    assert figures["criterion_10"]["value"] == 2
    assert "indicator_10_1" not in figures
    assert [row["met"] for row in (await clients.get("communes", period="2023", met="19"))["items"]] == [19]


@pytest.mark.parametrize(
    ("rows", "pointer", "code"),
    [
        ({"indicator_02_1": 100}, "/observations/0/value", "threshold_missing"),
        ({"indicator_14_2": 75}, "/observations/0/value", "indicators_missing"),
        ({"criterion_11": 1, "indicator_11_1": 8}, "/observations/0/value", "value_contradicted"),
        ({"criterion_11": 0, "indicator_11_1": 7}, "/observations/0/value", "value_contradicted"),
        ({"indicator_99_1": 1}, "/observations/0/indicator", "indicator_unknown"),
        ({"criterion_20": 1}, "/observations/0/indicator", "indicator_unknown"),
        ({"indicator_14_2": 101, "criterion_14": 1}, "/observations/0/value", "value_out_of_range"),
        ({"indicator_13_4_applies": 0, "indicator_13_4": 1, "criterion_13": 1}, "/observations/1/value", "indicator_does_not_apply"),
    ],
)  # fmt: skip
async def test_a_verdict_that_does_not_follow_is_a_fault_and_nothing_is_stored(clients, rows, pointer, code):
    observations = [
        {"unit": "23509", "indicator": indicator, "value": value} for indicator, value in rows.items()
    ]
    response = await post(clients, observations, "615")
    assert response.status_code == 422
    assert (pointer, code) in {(fault["pointer"], fault["code"]) for fault in response.json()["errors"]}
    listed = await clients.http.get("/v1/rural/reports", headers=clients.make_headers("review"))
    assert listed.json()["items"] == []


@pytest.mark.slow
async def test_a_report_for_a_year_without_a_set_is_refused(database, tmp_path):
    rows = [
        {"unit": "23368", "indicator": "criterion_01", "value": 1},
        {"unit": "23368", "indicator": "indicator_10_1", "value": 60},
    ]
    async with open_clients(database, now=datetime(2027, 1, 15, 2, 0, tzinfo=UTC)) as (clients, _):
        response = await post(clients, rows, "51", "2026")
        assert [(fault["pointer"], fault["code"]) for fault in response.json()["errors"]] == [
            ("/observations/0/value", "criteria_set_missing"),
            ("/observations/1/indicator", "indicator_retired"),
        ]
    sets_file = tmp_path / "sets.toml"
    text = CRITERIA_SETS_FILE.read_text(encoding="utf-8")
    years = "years = [{}, {}]\nassessed_by"
    assert years.format(2021, 2025) in text
    sets_file.write_text(text.replace(years.format(2021, 2025), years.format(2021, 2026)), encoding="utf-8")
    async with open_clients(
        database, now=datetime(2027, 1, 15, 2, 0, tzinfo=UTC), criteria_sets_file=sets_file
    ) as (
        clients,
        _,
    ):
        assert (await post(clients, rows[:1], "51", "2026")).status_code == 201


async def test_a_township_has_no_criteria_and_a_district_states_none_for_its_communes(clients):
    for unit, code in (("23500", "unit_kind_wrong"), ("615", "unit_level_wrong")):
        response = await post(clients, [{"unit": unit, "indicator": "indicator_10_1", "value": 50}], "615")
        assert [fault["code"] for fault in response.json()["errors"]] == [code]


async def test_the_sets_are_answered_with_their_thresholds(clients):
    listed = (await clients.get("criteria-sets"))["items"]
    assert [(row["criteria_count"], row["indicators_count"]) for row in listed if row["code"] == "commune_2021_2025"] == [
        (19, 57)
    ]  # fmt: skip
    detail = await clients.get("criteria-sets/commune_2021_2025")
    assert (len(detail["groups"]), len(detail["criteria"]), len(detail["regions"])) == (5, 19, 2)
    (income,) = detail["criteria"][9]["indicators"]
    assert [(row["place"], row["first_year"], row["value"]) for row in income["thresholds"]] == [
        ("tay_nguyen", year, threshold)
        for year, threshold in zip(range(2021, 2026), (41, 44, 47, 50, 53), strict=True)
    ]
    assert [(row["unit"], row["valid_to"]) for row in detail["regions"][0]["members"]] == [
        (province, "2025-06-30") for province in ("62", "64", "66", "67", "68")
    ]
    assert all(
        row["legal_basis"] and row["confidence"]
        for row in (*detail["regions"][1]["members"], *detail["conditions"])
    )
    roads = detail["criteria"][1]["indicators"][0]
    assert (roads["delegated"], roads["thresholds"]) == (True, [])
    assert detail["criteria"][12]["indicators"][3]["applies"] == "indicator_13_4_applies"
    assert [(row["name"], row["valid_to"]) for row in detail["authorities"]] == [("Chủ tịch UBND tỉnh", None)]
    assert [(row["least_percent"], row["including"]) for row in detail["grounds"]] == [
        (50, []),
        (30, [10, 17, 19]),
    ]
    assert all(
        row["legal_basis"] and row["confidence"] for row in (*detail["authorities"], *detail["grounds"])
    )
    assert detail["assessment_clause"].startswith("QĐ 18/2022")
    assert len((await clients.get("criteria-sets/district_2021_2025"))["criteria"]) == 9
    assert len((await clients.get("criteria-sets/commune_model_2021_2025"))["conditions"]) == 4
    response = await clients.http.get("/v1/rural/criteria-sets/none")
    assert (response.status_code, response.json()["code"]) == (404, "criteria_set_not_found")


@asynccontextmanager
async def open_clients(database, now=NOW, **settings):
    issuer = Issuer()
    app_settings = RuralSettings(database_url=database.url("rural"), catalogue_poll_seconds=3600, **settings)
    app = issuer.trust(create_app(app_settings, clock=lambda: now))
    async with open_client(app) as http:
        yield Clients(http, issuer, "rural", now), app


@pytest.mark.slow
async def test_an_installation_sets_its_own_thresholds_by_a_file(database, tmp_path):
    thresholds_file = tmp_path / "thresholds.toml"
    roads = "".join(
        OWN_ROAD_THRESHOLD.format(number=number, value=value)
        for number, value in enumerate((100, 70, 70, 60), 1)
    )
    thresholds_file.write_text(THRESHOLDS_FILE.read_text(encoding="utf-8") + roads, encoding="utf-8")
    rows = [
        {"unit": unit, "indicator": f"indicator_02_{number}", "value": 80 if number > 1 else first}
        for unit, first in (("23509", 100), ("23510", 99))
        for number in range(1, 5)
    ]
    async with open_clients(database, thresholds_file=thresholds_file) as (clients, _):
        report = await report_and_accept_rows(clients, rows, "615")
        assert [row["value"] for row in report["derived"]] == [1, 0]
        assert report["derived"][1]["why_en"].startswith("Not met: 2.1 is 99%, required >= 100%.")
        assert report["derived"][1]["grounds"][0]["legal_basis"] == "QĐ của UBND tỉnh (minh họa)"
    async with open_clients(database) as (clients, _):
        (assessment,) = (await clients.get("communes/23510", on="2023-12-31"))["assessments"]
        (verdict,) = assessment["criteria"]
        assert (verdict["met"], verdict["indicators"][0]["threshold"]) == (False, 100)


async def test_a_report_of_all_communes_takes_as_many_statements_as_one_of_one(database):
    async with open_clients(database) as (clients, app):
        communes = [row["code"] for row in (await clients.get("communes", period="2023"))["items"]]
        assert len(communes) == 85
        costs = []
        for period, reported in (("2022", communes[:1]), ("2023", communes)):
            rows = [row for unit in reported for row in make_full_observations(unit)]
            with sent_by(app) as sent:
                report = await report_and_accept_rows(clients, rows, period=period)
            costs.append(len(sent))
        assert costs[0] == costs[1] == 27
        assert len(report["derived"]) == 85 * 17
        assert report["counts"]["received"] == 85 * (57 + 9 + 2)
        figures = await clients.read_figures()
        assert figures["communes_meeting_all_criteria"]["value"] == 85
        assert figures["average_criteria_per_commune"]["value"] == 19


async def test_a_report_of_all_communes_takes_few_calls_for_each_value(database):
    """Client and server together; 5,780 values take half a second on a machine of today."""
    async with open_clients(database) as (clients, _):
        communes = [row["code"] for row in (await clients.get("communes", period="2023"))["items"]]
        observations = [row for unit in communes for row in make_full_observations(unit)]
        assert (await post(clients, observations, period="2022")).status_code == 201
        with count_calls() as effort:
            response = await post(clients, observations, period="2023")
        assert response.status_code == 201
        assert effort.calls < MOST_CALLS_PER_VALUE * len(observations)
