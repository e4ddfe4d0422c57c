"""The demo's tables through HTTP give the figures of Plan 570."""

from tests.lineages import every_figure_follows_from_its_lineage
from tests.registers import decision, table


async def test_the_plans_figures_come_out(clients):
    for row in table("ethnic_classifications"):
        await clients.kept(
            "classifications",
            {
                "unit": row["unit"],
                "region": row["region"],
                "specially_difficult": row["specially_difficult"] == "true",
                "decision": decision(row),
                "effective_on": row["effective_on"],
            },
        )
    await clients.report_and_accept("annual_land", table("ethnic_annual_land"))
    figures = await clients.figures(headline=True)
    assert figures["communes_left_special_difficulty"]["value"] == 6
    assert round(figures["em_households_with_residential_land_rate"]["value"], 2) == 98.56
    assert round(figures["em_households_with_production_land_rate"]["value"], 2) == 98.60
    assert figures["em_households_with_production_land_rate"]["status"] == "estimate"
    exits = await clients.follow(figures["communes_left_special_difficulty"]["lineage"])
    assert len({row["unit"] for row in exits}) == len(exits) == 6
    seen = await every_figure_follows_from_its_lineage(clients)
    assert seen >= set(figures)
    by_district = [
        (await clients.figures(unit=code))["communes_left_special_difficulty"]["value"]
        for code in ("608", "610", "611", "612", "613", "614", "615", "616", "617", "618")
    ]
    assert sum(by_district) == 6
    assert (await clients.figures("2022"))["communes_left_special_difficulty"]["value"] == 0
    assert (await clients.figures("2024"))["communes_left_special_difficulty"]["value"] == 0
