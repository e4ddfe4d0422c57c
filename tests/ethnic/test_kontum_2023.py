"""The demo's tables through HTTP give the figures of Plan 570."""

import pytest

from tests.lineages import check_lineages
from tests.program_clients import read_table, to_decision


@pytest.mark.slow
async def test_the_figures_are_those_of_plan_570(clients):
    for row in read_table("ethnic_classifications"):
        await clients.create(
            "classifications",
            {
                "unit": row["unit"],
                "region": row["region"],
                "specially_difficult": row["specially_difficult"] == "true",
                "decision": to_decision(row),
                "effective_on": row["effective_on"],
            },
        )
    await clients.report_and_accept("annual_land", read_table("ethnic_annual_land"))
    figures = await clients.read_figures(headline=True)
    assert figures["communes_left_special_difficulty"]["value"] == 6
    assert round(figures["em_households_with_residential_land_rate"]["value"], 2) == 98.56
    assert round(figures["em_households_with_production_land_rate"]["value"], 2) == 98.60
    assert figures["em_households_with_production_land_rate"]["status"] == "estimate"
    exits = await clients.list_all(figures["communes_left_special_difficulty"]["lineage"])
    assert len({row["unit"] for row in exits}) == len(exits) == 6
    checked = await check_lineages(clients)
    assert checked >= set(figures)
    by_district = [
        (await clients.read_figures(unit=code))["communes_left_special_difficulty"]["value"]
        for code in ("608", "610", "611", "612", "613", "614", "615", "616", "617", "618")
    ]
    assert sum(by_district) == 6
    assert (await clients.read_figures("2022"))["communes_left_special_difficulty"]["value"] == 0
    assert (await clients.read_figures("2024"))["communes_left_special_difficulty"]["value"] == 0
