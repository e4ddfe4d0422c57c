"""The demo's tables through HTTP give the figures of Plan 570, and each lineage shows exactly what was counted."""

from tests.lineages import every_figure_follows_from_its_lineage
from tests.registers import table
from tests.rural.bodies import product, recognition, village

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
BUCKETS = (
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


async def test_the_plans_figures_come_out(clients):
    for row in table("rural_villages"):
        await clients.kept("villages", village(row))
    rows = table("rural_recognitions")
    for level in ("meets", "advanced", "model"):
        for row in rows:
            if row["level"] == level:
                await clients.kept("recognitions", recognition(row))
    for row in table("rural_ocop_products"):
        await clients.kept("ocop/products", product(row))
    await clients.report_and_accept("criteria_assessment", table("rural_criteria_assessment"))

    figures = await clients.figures(headline=True)
    assert {code: round(figure["value"]) for code, figure in figures.items()} == PRINTED
    for code in COUNTED:
        shown = await clients.follow(figures[code]["lineage"])
        assert len(shown) == PRINTED[code], code
        assert len({it.get("code") or it["unit"] for it in shown}) == PRINTED[code], code

    seen = await every_figure_follows_from_its_lineage(clients)
    assert seen >= {*PRINTED, *BUCKETS}

    every = await clients.figures()
    assert sum(every[code]["value"] for code in BUCKETS) == 85
    assert every["average_criteria_per_commune"]["denominator"] == 85
    parts = [await clients.figures(unit=code) for code in DISTRICTS]
    for code, value in PRINTED.items():
        if code != "average_criteria_per_commune":
            assert sum(part[code]["value"] for part in parts) == value, code

    summary = await clients.get("ocop/summary", on="2023-12-31")
    assert summary["total"]["valid"] == sum(row["valid"] for row in summary["rows"]) == 208
    assert summary["total"]["by_stars"]["5"] == 1
    assert summary["total"]["potential_five_star"] == 6


async def test_they_come_from_nothing_else(clients):
    """Without a row in the registers and without an assessment there is nothing to count, and nobody can state a count."""
    figures = await clients.figures(headline=True)
    assert {code: figures[code]["value"] for code in PRINTED} == {
        code: 0 if code in COUNTED else None for code in PRINTED
    }
    said = [{"unit": "615", "indicator": code, "value": 1} for code in PRINTED]
    body = {"unit": "615", "period": "2023", "form": "criteria_assessment", "observations": said}
    answer = await clients.http.post("/v1/rural/reports", json=body, headers=clients.headers("report"))
    assert answer.status_code == 422
    assert [it["code"] for it in answer.json()["errors"]] == ["indicator_unknown"] * len(PRINTED)
