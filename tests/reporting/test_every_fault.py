"""One answer names every fault of shape and of content, and nothing of the report is kept."""

import io
import zipfile

DISTRICT = "610"


async def test_a_row_with_a_fault_of_shape_is_still_checked_by_the_rules(office):
    commune = office.communes(DISTRICT)[0]
    rows = [
        {"unit": "611", "indicator": "households", "value": -5},
        {"unit": DISTRICT, "indicator": "nothing", "value": "many"},
        {"unit": commune, "indicator": 7, "value": 10**13},
        {"unit": commune, "indicator": "households", "value": 1.5, "colour": "red"},
        "not a row",
        {"unit": commune, "indicator": "poor"},
    ]
    body = {"unit": DISTRICT, "period": "2023", "form": "census", "observations": rows, "supersedes": "x"}
    answer = await office.post("reports", body, office.district(DISTRICT))
    assert answer.status_code == 422
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == {
        ("/observations/0/unit", "unit_not_below"),
        ("/observations/0/value", "value_out_of_range"),
        ("/observations/1/indicator", "indicator_unknown"),
        ("/observations/1/value", "not_a_number"),
        ("/observations/2/indicator", "not_a_text"),
        ("/observations/2/value", "too_many_digits"),
        ("/observations/3/colour", "unknown_field"),
        ("/observations/3/value", "value_too_precise"),
        ("/observations/4", "not_an_object"),
        ("/observations/5/value", "missing"),
        ("/supersedes", "not_a_uuid"),
    }
    kept = await office.get("reports", office.reviewer)
    assert kept.json()["items"] == []


async def find_fault(office, body):
    answer = await office.post("reports", body, office.token("sender", ["report"], ["62", "51"]))
    (error,) = answer.json()["errors"]
    return error["pointer"], error["code"], error["detail"]


async def test_every_limit_has_its_own_code(office):
    commune = office.communes(DISTRICT)[0]
    value = {"unit": commune, "indicator": "households", "value": 1}
    report = {"unit": DISTRICT, "period": "2023", "form": "census", "observations": [value]}
    office.clock.move(days=500)
    works = {"unit": DISTRICT, "indicator": "works_done", "value": 1}
    assert await find_fault(office, {**report, "form": "works", "observations": [works]}) == (
        "/period",
        "period_closed",
        "2023 was closed for this form after 2025-02-03 (Điều 9).",
    )
    assert (await find_fault(office, {**report, "unit": commune, "period": "2024-13"}))[1] == "period_invalid"
    assert (await find_fault(office, {"unit": "51", "period": "2031", "form": "census", "nil": True}))[1] == (
        "period_not_started"
    )
    assert (await find_fault(office, {**report, "observations": [{**value, "indicator": "retired"}]}))[1] == (
        "indicator_retired"
    )
    assert (await find_fault(office, {**report, "observations": [{**value, "value": -1}]}))[2] == (
        "-1 is outside 0 to 999999999999."
    )
    many = [{"unit": commune, "indicator": "households", "value": 1}] * 10_001
    assert (await find_fault(office, {**report, "observations": many}))[:2] == (
        "/observations",
        "too_many_observations",
    )


async def test_a_body_that_is_too_large_or_too_deep_has_its_own_code(office):
    token = office.district(DISTRICT)
    large = await office.post("reports", {"note": "x" * (4 * 1024 * 1024)}, token)
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
    deep = await office.post("reports", {"note": [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}, token)
    assert (deep.status_code, deep.json()["code"]) == (400, "body_too_deep")


async def test_a_district_consolidates_its_communes_by_reviewing_their_reports(office):
    first, second, *_ = office.communes(DISTRICT)
    district = office.token(f"office-{DISTRICT}", ["report", "review"], [DISTRICT])
    for commune in (first, second):
        own = office.token(f"commune-{commune}", ["report"], [commune])
        answer = await office.submit(
            commune, "2023", "census", [(commune, "households", 100), (commune, "poor", 7)], token=own
        )
        report = answer.json()
        seen = {"content_sha256": report["content_sha256"]}
        accepted = await office.post(f"reports/{report['id']}/accept", seen, district)
        assert accepted.status_code == 200, accepted.text
    assert (await office.figure("poor", unit=DISTRICT))["value"] == 14
    whole = await office.submit(DISTRICT, "2023", "census", [(first, "households", 100)], token=district)
    assert (whole.status_code, whole.json()["code"]) == (409, "value_stated_elsewhere")
    above = await office.submit(DISTRICT, "2023", "census", [(DISTRICT, "households", 900)], token=district)
    assert above.json()["conflicts"][0]["unit"] == DISTRICT
    foreign = await office.submit(
        "611", "2023", "census", [(c, "households", 5) for c in office.communes("611")]
    )
    seen = {"content_sha256": foreign.json()["content_sha256"]}
    refused = await office.post(f"reports/{foreign.json()['id']}/accept", seen, district)
    assert (refused.status_code, refused.json()["code"]) == (403, "unit_not_granted")


async def test_the_noise_of_binary_floats_is_read_without_it_and_noted(office):
    rows = [("23344", "rain", 0.1 + 0.2), ("23347", "rain", 0.25)]
    answer = await office.submit("610", "2023", "results", rows)
    assert answer.status_code == 201, answer.text
    (note,) = answer.json()["notes"]
    assert (note["pointer"], note["code"]) == ("/observations/0/value", "float_noise")
    assert "0.30000000000000004" in note["text_en"]
    assert "0.3." in note["text_en"]
    read = (await office.get(f"reports/{answer.json()['id']}", office.reviewer)).json()
    assert [row["value"] for row in read["observations"]] == [0.3, 0.25]


async def test_more_decimals_than_noise_are_still_a_fault(office):
    for value in (0.123456789, 1 / 3, 2.0000001):
        refused = await office.submit("610", "2023", "results", [("23344", "rain", value)])
        assert refused.status_code == 422
        assert {fault["pointer"] for fault in refused.json()["errors"]} == {"/observations/0/value"}


async def test_nil_is_a_boolean(office):
    for nil in (1, "true", "yes", 0):
        refused = await office.post(
            "reports",
            {"unit": "610", "period": "2023", "form": "results", "nil": nil},
            office.district("610"),
        )
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not_a_boolean")


async def test_sums_that_no_binary_float_holds_are_exact_everywhere(office):
    """A value has at most 12 digits, a sum 18; a binary float keeps 15 to 17."""
    rows = [("23344", "herd", 123456789012), ("23347", "herd", 0.123457)]
    await office.accepted("610", "2023", "results", rows)
    document = {"number": "12/BC-UBND", "date": "2024-01-15"}
    body = {"name": "năm", "period": "2023", "unit": "62", "document": document}
    publication = await office.post("publications", body, office.reviewer)
    reads = [
        publication,
        await office.get("progress", period="2023", unit="610"),
        await office.get("progress", period="2023", unit="610", fields="value"),
        await office.get("lineage/herd", period="2023", unit="62"),
        await office.get(f"publications/{publication.json()['id']}"),
        await office.http.get("/v1/poverty/progress?period=2023&unit=62", headers={"Accept": "text/csv"}),
    ]
    package = await office.get(f"publications/{publication.json()['id']}/package")
    with zipfile.ZipFile(io.BytesIO(package.content)) as members:
        for name in ("figures.csv", "figures.sdmx.csv"):
            assert "123456789012.123457" in members.read(name).decode()
    for read in reads:
        assert "123456789012.123457" in read.text, (read.request.url, read.status_code, read.text[:300])
        assert "\\u0000" not in read.text
