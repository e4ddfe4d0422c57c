"""The demo's tables through HTTP give the figures of Plan 570, and each lineage shows exactly what was counted."""

import pytest

from tests.lineages import check_lineages
from tests.program_clients import read_table
from tests.rural.bodies import to_product, to_recognition, to_village

PRINTED = {
    "communes_meeting_all_criteria": 48,
    "communes_recognized": 42,
    "average_criteria_per_commune": 16,
    "communes_advanced": 4,
    "communes_model": 1,
    "villages_model": 21,
    "villages_meeting_standard": 36,
    "ocop_products_valid": 208,
    "ocop_products_five_star": 1,
    "ocop_products_potential_five_star": 6,
}
GROUPS = (
    "communes_meeting_all_criteria",
    "communes_with_15_to_18_criteria",
    "communes_with_10_to_14_criteria",
    "communes_with_5_to_9_criteria",
    "communes_with_under_5_criteria",
)
DISTRICTS = ("608", "610", "611", "612", "613", "614", "615", "616", "617", "618")
COUNTED = tuple(
    code for code in PRINTED if code not in {"communes_meeting_all_criteria", "average_criteria_per_commune"}
)


@pytest.mark.slow
async def test_the_figures_are_those_of_plan_570(clients):
    for row in read_table("rural_villages"):
        await clients.create("villages", to_village(row))
    rows = read_table("rural_recognitions")
    for level in ("meets", "advanced", "model"):
        for row in rows:
            if row["level"] == level:
                await clients.create("recognitions", to_recognition(row))
    for row in read_table("rural_ocop_products"):
        await clients.create("ocop/products", to_product(row))
    await clients.report_and_accept("criteria_assessment", read_table("rural_criteria_assessment"))

    figures = await clients.read_figures(headline=True)
    assert {code: round(figure["value"]) for code, figure in figures.items()} == PRINTED
    for code in COUNTED:
        rows = await clients.list_all(figures[code]["lineage"])
        assert len(rows) == PRINTED[code], code
        assert len({row.get("code") or row["unit"] for row in rows}) == PRINTED[code], code

    checked = await check_lineages(clients)
    assert checked >= {*PRINTED, *GROUPS}

    all_figures = await clients.read_figures()
    assert sum(all_figures[code]["value"] for code in GROUPS) == 85
    assert all_figures["average_criteria_per_commune"]["denominator"] == 85
    by_district = [await clients.read_figures(unit=code) for code in DISTRICTS]
    for code, value in PRINTED.items():
        if code != "average_criteria_per_commune":
            assert sum(figures_of_district[code]["value"] for figures_of_district in by_district) == value, (
                code
            )

    summary = await clients.get("ocop/summary", on="2023-12-31")
    assert summary["total"]["valid"] == sum(row["valid"] for row in summary["rows"]) == 208
    assert summary["total"]["by_stars"]["5"] == 1
    assert summary["total"]["potential_five_star"] == 6


async def test_without_rows_the_counts_are_zero_and_cannot_be_reported(clients):
    """Without a row in the registers and without an assessment there is nothing to count, and nobody can state a count."""
    figures = await clients.read_figures(headline=True)
    assert {code: figures[code]["value"] for code in PRINTED} == {
        code: 0 if code in COUNTED else None for code in PRINTED
    }
    observations = [{"unit": "615", "indicator": code, "value": 1} for code in PRINTED]
    body = {"unit": "615", "period": "2023", "form": "criteria_assessment", "observations": observations}
    response = await clients.http.post("/v1/rural/reports", json=body, headers=clients.make_headers("report"))
    assert response.status_code == 422
    assert [fault["code"] for fault in response.json()["errors"]] == ["indicator_unknown"] * len(PRINTED)
