"""What holds between the columns of the forms of the area: parts of a whole, and persons of households."""

import pytest

COMMUNE, DISTRICT = "23344", "610"
AREA_TARGETS = {
    "target_communes_of_area": 1,
    "target_communes_with_paved_road": 1,
    "target_villages_of_area": 10,
    "target_villages_with_hardened_road": 7,
    "target_classrooms_of_area": 30,
    "target_classrooms_solid": 30,
    "target_stations_of_area": 1,
    "target_stations_solid": 1,
    "target_households_of_area": 500,
    "target_households_with_electricity": 495,
    "target_households_with_hygienic_water": 450,
    "target_em_persons_of_area": 2_000,
    "target_em_persons_insured": 1_960,
    "target_em_income": 60_000,
}
GROUPS = {
    "group_em_households": 500,
    "group_em_persons": 2_000,
    "em_households_by_group.xo_dang": 400,
    "em_households_by_group.brau": 100,
    "em_persons_by_group.xo_dang": 1_600,
    "em_persons_by_group.brau": 400,
}


async def find_faults(clients, form, values):
    """Return the faults of a report that would be stored, as pairs of the code and the series at the pointer."""
    observations = []
    for series, value in values.items():
        indicator, _, group = series.partition(".")
        row = {"unit": COMMUNE, "indicator": indicator, "value": value}
        observations.append(row | ({"dimension": {"ethnic_group": group}} if group else {}))
    response = await clients.http.post(
        "/v1/ethnic/reports",
        params={"dry_run": "true"},
        json={"unit": COMMUNE, "period": "2023", "form": form, "observations": observations},
        headers=clients.make_headers("report", units=(DISTRICT,), client_id=f"district-{DISTRICT}"),
    )
    if response.status_code == 200:
        return set()
    assert response.status_code == 422, response.text
    faults = response.json()["errors"]
    return {(fault["code"], list(values)[int(fault["pointer"].split("/")[2])]) for fault in faults}


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("target_communes_with_paved_road", "target_communes_of_area"),
        ("target_villages_with_hardened_road", "target_villages_of_area"),
        ("target_classrooms_solid", "target_classrooms_of_area"),
        ("target_stations_solid", "target_stations_of_area"),
        ("target_households_with_electricity", "target_households_of_area"),
        ("target_households_with_hygienic_water", "target_households_of_area"),
        ("target_em_persons_insured", "target_em_persons_of_area"),
    ],
)
async def test_no_target_is_reached_by_more_than_the_area_has(clients, part, whole):
    assert await find_faults(clients, "area_targets", AREA_TARGETS) == set()
    all_of_it = AREA_TARGETS | {part: AREA_TARGETS[whole]}
    assert await find_faults(clients, "area_targets", all_of_it) == set()
    more = AREA_TARGETS | {part: AREA_TARGETS[whole] + 1}
    assert await find_faults(clients, "area_targets", more) == {("relation_broken", part)}


async def test_a_group_has_at_least_as_many_persons_as_households(clients):
    assert await find_faults(clients, "households_by_group", GROUPS) == set()
    few = GROUPS | {"em_persons_by_group.brau": 99, "em_persons_by_group.xo_dang": 1_901}
    assert await find_faults(clients, "households_by_group", few) == {
        ("relation_broken", "em_persons_by_group.brau")
    }
    fewer = {"group_em_households": 500, "group_em_persons": 10}
    assert await find_faults(clients, "households_by_group", fewer) == {
        ("relation_broken", "group_em_persons")
    }
