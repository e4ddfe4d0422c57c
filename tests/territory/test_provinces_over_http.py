"""Provinces other than Kon Tum over HTTP: one setting, their own communes, their own money, and an honest coverage."""

from datetime import UTC, date, datetime

import pytest

from services.funding.app import create_app as create_funding
from services.funding.settings import FundingSettings
from services.poverty.app import create_app as create_poverty
from services.poverty.settings import PovertySettings
from tests.funding.conftest import Office
from tests.in_process import open_client
from tests.program_clients import Clients
from tests.territory.shipped import country_territory, read_units

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
COUNTRY = country_territory()


@pytest.fixture
async def clients(database, issuer, province):
    settings = PovertySettings(database_url=database.url("poverty"), province=province)
    app = issuer.trust(create_poverty(settings, clock=lambda: NOW))
    async with open_client(app) as http:
        yield Clients(http, issuer, "poverty", NOW)


async def report(clients, unit, period, units):
    """Report ten households of each unit, and accept the report."""
    body = {
        "unit": unit,
        "period": period,
        "form": "annual_review",
        "observations": [
            {"unit": code, "indicator": indicator, "value": value, "status": "official"}
            for code in units
            for indicator, value in (("households", 10), ("poor_households", 1))
        ],
    }
    headers = clients.make_headers("report", units=(unit,), client_id=f"office-{unit}")
    posted = await clients.http.post("/v1/poverty/reports", json=body, headers=headers)
    assert posted.status_code == 201, posted.text
    accepted = await clients.http.post(
        f"/v1/poverty/reports/{posted.json()['id']}/accept",
        json={"content_sha256": posted.json()["content_sha256"]},
        headers=clients.make_headers("review", units=(unit,), client_id="reviewer"),
    )
    assert accepted.status_code == 200, accepted.text


@pytest.mark.parametrize("province", ["62"])
async def test_quang_ngai_is_not_complete_where_only_the_former_kon_tum_answers(clients):
    kon_tum = [unit.code for unit in read_units() if unit.parent == "51"]
    await report(clients, "51", "2025", kon_tum)
    progress = await clients.get("progress", period="2025")
    (figure,) = (figure for figure in progress["figures"] if figure["indicator"] == "poor_households")
    assert progress["unit"] == {
        "code": "51",
        "name": "Quảng Ngãi",
        "kind": "tinh",
        "since": "2025-07-01",
    }
    assert (figure["value"], figure["coverage"]) == (40, {"reported": 40, "nil": 0, "expected": 96})


@pytest.mark.parametrize(("province", "communes"), [("66", 180), ("67", 71)])
async def test_a_province_that_the_first_release_did_not_know_reports_as_any_other(
    clients, province, communes
):
    units = [unit.code for unit in COUNTRY.communes(province, date(2024, 12, 31))]
    assert len(units) == communes
    district, commune = COUNTRY.answering_unit(units[0], date(2024, 12, 31)).code, units[0]
    own = [code for code in units if COUNTRY.answering_unit(code, date(2024, 12, 31)).code == district]
    await report(clients, district, "2024", own)
    figures = await clients.read_figures("2024", province)
    assert figures["poor_households"]["value"] == len(own)
    assert figures["poor_households"]["coverage"] == {"reported": len(own), "nil": 0, "expected": communes}
    alone = await clients.read_figures("2024", commune)
    assert alone["poverty_rate"]["value"] == 10
    later = await clients.read_figures("2024", "66" if province == "66" else "68", map="2025-07-01")
    assert later["poor_households"]["value"] == len(own)


@pytest.mark.parametrize("province", ["66"])
async def test_a_division_without_weights_is_refused_by_name_for_a_commune_and_adds_up_for_the_province(
    clients,
):
    divided = next(
        unit.code
        for unit in COUNTRY.communes("66", date(2024, 12, 31))
        if {link.kind for link in COUNTRY._forward[unit.key]} == {"split"}
    )
    parts = [unit.code for unit in COUNTRY.successors(divided, date(2024, 12, 31))]
    district = COUNTRY.answering_unit(divided, date(2024, 12, 31)).code
    await report(clients, district, "2024", [divided])
    for part in parts:
        refused = await clients.http.get(
            "/v1/poverty/progress", params={"period": "2024", "unit": part, "map": "2025-07-01"}
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "unit_split_without_weight")
        assert refused.json()["unit"] == divided
    whole = await clients.read_figures("2024", "66", map="2025-07-01")
    assert whole["poor_households"]["value"] == 1
    assert whole["poverty_rate"]["value"] == 10


async def test_the_money_of_dak_lak_gives_its_published_rate(database, issuer):
    """Recurrent money of 2025: 337,283 of 837,738 million đồng were paid, 40.26 %."""
    times = {"iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 3600}
    settings = FundingSettings(database_url=database.url("funding"), province="66")
    app = issuer.trust(create_funding(settings, clock=lambda: NOW))
    async with open_client(app) as http:
        token = issuer.token("finance", ["funding"], ["rural", "poverty", "ethnic"], ["66"], **times)
        office = Office(http, token, app)
        line = {"year": 2025, "capital": "recurrent", "unit": "66", "effective_on": "2025-12-31"}
        await office.allocate(837_738_000_000, **line)
        await office.disburse(337_283_000_000, **line)
        progress = (await office.get("progress", year=2025, group_by="capital")).json()
    (row,) = (row for row in progress["rows"] if row["capital"] == "recurrent")
    assert round(row["disbursement_rate"], 2) == 40.26
