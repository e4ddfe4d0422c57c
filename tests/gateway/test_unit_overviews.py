"""What is owed to all programs, and the summary of a unit: composed of parts that may be away."""

import csv
import io

import pytest

pytestmark = pytest.mark.usefixtures("no_fresh_parts")

OWED = {
    "unit": "610",
    "unit_name": "Đăk Glei",
    "period": "2023",
    "form": "annual_review",
    "due_on": "2023-12-20",
    "state": "missing",
    "timeliness": "overdue",
}
COUNTS = {"expected": 2, "reported": 1, "accepted": 1, "items": [OWED]}


@pytest.fixture
def parts(upstreams):
    """The services, each with an answer that has the members of all parts."""
    for name in ("rural", "poverty", "ethnic"):
        upstreams[name].answer = {**upstreams[name].answer, **COUNTS}
    return upstreams


async def test_what_is_owed_to_all_programs(gateway, parts):
    answer = await gateway.get("/v1/obligations?period=2023&unit=62")
    body = answer.json()
    assert (body["unit"]["code"], body["period"], body["complete"]) == ("62", "2023", False)
    assert [body[name] for name in ("expected", "reported", "accepted", "overdue")] == [6, 3, 3, 3]
    assert [(part["program"], part["state"], part["overdue"]) for part in body["programs"]] == [
        ("rural", "fresh", 1),
        ("poverty", "fresh", 1),
        ("ethnic", "fresh", 1),
    ]
    assert parts["poverty"].requests[0][1] == "/v1/poverty/completeness?period=2023&unit=62"
    again = await gateway.get(
        "/v1/obligations?period=2023&unit=62", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304
    table = await gateway.get("/v1/obligations?period=2023&unit=62", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["unit"] for row in rows] == ["610"] * 3
    instant = "as_of=2024-01-05T00:00:00%2B00:00"
    await gateway.get(f"/v1/obligations?period=2023&unit=62&basis=accepted&{instant}")
    assert (
        parts["poverty"].requests[-1][1]
        == f"/v1/poverty/completeness?period=2023&unit=62&basis=accepted&{instant}"
    )
    parts["ethnic"].status = 500
    away = (await gateway.get("/v1/obligations?period=2022&unit=62")).json()
    ethnic = away["programs"][2]
    assert (ethnic["state"], ethnic["expected"], ethnic["items"]) == ("unavailable", None, [])
    assert ethnic["problem"]["code"] == "upstream_unavailable"
    assert (away["complete"], away["expected"]) == (False, 4)


async def test_the_summary_of_a_unit(gateway, parts):
    answer = await gateway.get("/v1/units/23344/summary?period=2023")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    unit = body["unit"]
    assert (unit["code"], unit["kind"], [above["code"] for above in unit["ancestors"]][-1]) == (
        "23344",
        unit["kind"],
        "62",
    )
    assert [part["program"] for part in body["programs"]] == ["rural", "poverty", "ethnic"]
    assert body["programs"][1]["figures"][0]["indicator"] == "poverty_rate"
    assert body["obligations"][0]["items"] == [OWED]
    assert body["funding"]["total"]["allocated_vnd"] == 1274696000000
    assert body["recognition"]["items"] == [OWED], "whatever the service lists"
    assert (body["on"], body["complete"]) == ("2023-12-31", True)
    targets = {target for _, target, *_ in parts["ethnic"].requests}
    assert "/v1/ethnic/areas/23344?on=2023-12-31" in targets
    assert "/v1/rural/recognitions?unit=23344&in_force_on=2023-12-31" in {
        target for _, target, *_ in parts["rural"].requests
    }
    table = await gateway.get(
        "/v1/units/23344/summary?period=2023&fields=obligations&as_of=2024-01-05T00:00:00Z",
        headers={"Accept": "text/csv"},
    )
    owed = list(csv.DictReader(io.StringIO(table.text)))
    assert [(row["program"], row["form"], row["state"]) for row in owed] == [
        (name, "annual_review", "missing") for name in ("rural", "poverty", "ethnic")
    ]
    assert "/v1/poverty/obligations?unit=23344&as_of=2024-01-05T00:00:00%2B00:00" in {
        target for _, target, *_ in parts["poverty"].requests
    }
    tag = {"If-None-Match": answer.headers["etag"]}
    assert (await gateway.get("/v1/units/23344/summary?period=2023", headers=tag)).status_code == 304
    parts["rural"].status = 500
    stale = (await gateway.get("/v1/units/23344/summary?period=2023")).json()
    assert (stale["programs"][0]["state"], stale["recognition"]["state"], stale["complete"]) == (
        "stale",
        "stale",
        False,
    )


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/units/99999/summary?period=2023", 404, "unit_unknown"),
        ("/v1/units/610/summary?period=2026", 404, "unit_unknown_on_date"),
        ("/v1/units/610/summary?period=soon", 422, "period_invalid"),
        ("/v1/units/610/summary", 422, "invalid"),
        ("/v1/obligations?period=2023&unit=none", 404, "unit_unknown"),
        ("/v1/obligations?period=2023&colour=red", 422, "unknown_parameter"),
    ],
)
async def test_what_cannot_be_composed_is_refused(gateway, path, status, code):
    answer = await gateway.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_status_is_complete_only_with_whole_coverage(gateway, upstreams):
    figure = {**upstreams["poverty"].answer["figures"][0]}
    for coverage, complete in (
        ({"reported": 40, "nil": 0, "expected": 96}, False),
        ({"reported": 90, "nil": 6, "expected": 96}, True),
        (None, True),
    ):
        upstreams["poverty"].answer = {
            **upstreams["poverty"].answer,
            "figures": [{**figure, "coverage": coverage}],
        }
        assert (await gateway.get("/v1/status?period=2023")).json()["complete"] is complete
