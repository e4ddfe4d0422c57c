"""The half year's counts of communes: a model commune is an advanced one, an advanced one meets the standard."""

COLUMNS = ("half_year_communes_meeting", "half_year_communes_advanced", "half_year_communes_model")


async def find_faults(clients, *counts):
    """Return the faults of a report that would be stored, as pairs of the code and the column at the pointer."""
    rows = zip(COLUMNS, counts, strict=True)
    observations = [{"unit": "610", "indicator": code, "value": count} for code, count in rows]
    response = await clients.http.post(
        "/v1/rural/reports",
        params={"dry_run": "true"},
        json={"unit": "610", "period": "2023-S1", "form": "half_year_progress", "observations": observations},
        headers=clients.make_headers("report", units=("610",), client_id="district-610"),
    )
    if response.status_code == 200:
        return set()
    assert response.status_code == 422, response.text
    return {
        (fault["code"], COLUMNS[int(fault["pointer"].split("/")[2])]) for fault in response.json()["errors"]
    }


async def test_higher_standards_are_met_by_no_more_communes_than_lower_ones(clients):
    assert await find_faults(clients, 4, 4, 4) == set()
    assert await find_faults(clients, 4, 5, 1) == {("relation_broken", "half_year_communes_advanced")}
    assert await find_faults(clients, 4, 1, 2) == {("relation_broken", "half_year_communes_model")}
