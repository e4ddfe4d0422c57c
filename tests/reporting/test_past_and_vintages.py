"""Reading the past, and vintages that are frozen, compared and explained."""

import csv
import hashlib
import io
import json
import zipfile

import pytest

PLACE = "610"


def census(office, households, poor):
    return [
        (commune, code, value)
        for commune in office.communes(PLACE)
        for code, value in (("households", households), ("poor", poor))
    ]


async def test_the_past_reads_exactly_as_it_was_known(office):
    first = await office.accepted(PLACE, "2023", "census", census(office, 100, 10))
    readings = [(office.clock(), 10.0)]
    office.clock.move(days=1)
    second = await office.submit(PLACE, "2023", "census", census(office, 100, 20), supersedes=first["id"])
    readings.append((office.clock(), 10.0))
    office.clock.move(days=1)
    await office.verdict(second.json())
    readings.append((office.clock(), 20.0))
    office.clock.move(days=1)
    await office.verdict(second.json(), "withdraw", reason="sai số liệu")

    assert (await office.figure("poverty_rate"))["value"] == 10  # the first report is put back
    for instant, value in readings:
        figure = await office.figure("poverty_rate", as_of=instant.isoformat())
        assert figure["value"] == value
        stated = await office.get("observations", period="2023", indicator="poor", as_of=instant.isoformat())
        assert {item["value"] for item in stated.json()["items"]} == {value}


async def test_provisional_and_accepted_have_their_own_past(office):
    first = await office.accepted(PLACE, "2023", "census", census(office, 100, 10))
    await office.submit(PLACE, "2023", "census", census(office, 100, 30), supersedes=first["id"])
    between = office.clock()
    office.clock.move(hours=1)
    later = await office.get("reports", office.reviewer, state="submitted")
    await office.verdict(later.json()["items"][0], "return", reason="kiểm tra lại")
    as_of = between.isoformat()
    assert (await office.figure("poor", as_of=as_of))["value"] == 120
    assert (await office.figure("poor", as_of=as_of, basis="provisional", token=office.reviewer))[
        "value"
    ] == 360
    assert (await office.figure("poor", basis="provisional", token=office.reviewer))["value"] == 120


async def publish(office, name, **more):
    body = {
        "name": name,
        "period": "2023",
        "unit": "62",
        "document": {"number": "12/BC-UBND", "date": "2024-01-15"},
        **more,
    }
    return await office.post("publications", body, office.reviewer)


async def test_two_publications_differ_by_the_reports_that_came_into_or_out_of_effect_between_them(office):
    first = await office.accepted(PLACE, "2023", "census", census(office, 100, 10))
    earlier = (await publish(office, "lần 1")).json()
    correction = await office.accepted(
        PLACE, "2023", "census", census(office, 100, 15), supersedes=first["id"]
    )
    await office.accepted("611", "2023", "results", [("611", "jobs", 5)])
    later = (await publish(office, "lần 2")).json()

    frozen = (await office.get(f"publications/{earlier['id']}")).json()
    listed = (await office.get("publications")).json()["items"]
    assert {row["unit_name"] for row in (earlier, frozen, *listed)} == {"Tỉnh Kon Tum"}
    assert next(figure["value"] for figure in frozen["figures"] if figure["indicator"] == "poor") == 120
    compared = (await office.get(f"publications/{later['id']}/differences", other=earlier["id"])).json()
    assert compared["earlier"]["name"] == "lần 1"
    differing = {item["indicator"]: item for item in compared["items"] if item["before"] != item["after"]}
    assert set(differing) == {"poor", "poverty_rate", "jobs"}
    assert differing["poor"]["difference"] == 60
    explained = {(report["id"], report["change"]) for report in differing["poor"]["reports"]}
    assert explained == {(first["id"], "ceased"), (correction["id"], "began")}
    assert [report["unit"] for report in differing["jobs"]["reports"]] == ["611"]


async def test_a_publication_is_never_replaced(office):
    assert (await publish(office, "lần 1")).status_code == 201
    again = await publish(office, "lần 1")
    assert (again.status_code, again.json()["code"]) == (409, "publication_exists")
    spelled_otherwise = await publish(office, "LẦN\u00a01")
    assert (spelled_otherwise.status_code, spelled_otherwise.json()["code"]) == (409, "publication_exists")


async def test_publications_of_other_units_are_not_compared(office):
    earlier = (await publish(office, "tỉnh")).json()
    second = (await publish(office, "huyện", unit=PLACE)).json()
    answer = await office.get(f"publications/{earlier['id']}/differences", other=second["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "publications_not_comparable")


async def test_recomputing_from_the_lineage_gives_the_figure(office):
    report = await office.accepted(PLACE, "2023", "census", census(office, 300, 100))
    figure = await office.figure("poverty_rate")
    lineage = (await office.get("lineage/poverty_rate", period="2023")).json()
    assert lineage["value"] == figure["value"] == 33.333333
    poor = sum(value["value"] for value in lineage["values"] if value["indicator"] == "poor")
    households = sum(value["value"] for value in lineage["values"] if value["indicator"] == "households")
    assert (poor, households) == (lineage["numerator"], lineage["denominator"])
    (source,) = lineage["reports"]
    assert (source["id"], source["submitted_by"], source["reviewed_by"]) == (
        report["id"],
        f"district-{PLACE}",
        "reviewer",
    )


@pytest.mark.parametrize(("path", "query"), [("lineage/none", {"period": "2023"}), ("indicators/none", {})])
async def test_an_unknown_indicator_is_named(office, path, query):
    answer = await office.get(path, **query)
    assert (answer.status_code, answer.json()["code"]) == (404, "indicator_not_found")


async def test_a_difference_names_only_the_reports_with_other_values_of_it(office):
    first = await office.accepted(PLACE, "2023", "census", census(office, 100, 10))
    earlier = (await publish(office, "lần 1")).json()
    await office.accepted("611", "2023", "census", [("611", "households", 50)])
    second = await office.accepted(PLACE, "2023", "census", census(office, 100, 15), supersedes=first["id"])
    later = (await publish(office, "lần 2")).json()
    compared = (await office.get(f"publications/{earlier['id']}/differences", other=later["id"])).json()
    explained = {
        item["indicator"]: {(report["unit"], report["change"]) for report in item["reports"]}
        for item in compared["items"]
    }
    assert explained["households"] == {("611", "began")}
    assert explained["poor"] == {(PLACE, "ceased"), (PLACE, "began")}
    assert second["id"] in {report["id"] for item in compared["items"] for report in item["reports"]}


async def test_a_publication_of_provisional_figures_needs_a_token(office):
    await office.submit(PLACE, "2023", "census", census(office, 100, 10))
    publication = (await publish(office, "sơ bộ 1", basis="provisional")).json()
    two = (await publish(office, "sơ bộ 2", basis="provisional")).json()
    for path, params in (("", {}), ("/differences", {"other": two["id"]})):
        assert (await office.get(f"publications/{publication['id']}{path}", **params)).status_code == 401
        read = await office.get(f"publications/{publication['id']}{path}", office.reviewer, **params)
        assert read.status_code == 200
    assert (await office.get("publications")).json()["items"] == []
    assert len((await office.get("publications", office.reviewer)).json()["items"]) == 2


async def test_a_period_that_has_not_begun_is_not_published(office):
    answer = await publish(office, "sớm", period="2025")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "period_not_started")


async def test_a_publication_of_no_period_is_refused_with_every_fault(office):
    body = {
        "name": "Lần 1",
        "period": "2023-13",
        "unit": "62",
        "document": {"number": "1", "date": "2024-01-15"},
    }
    alone = await office.post("publications", body, office.reviewer)
    assert (alone.status_code, alone.json()["code"]) == (422, "period_invalid")
    answer = await office.post("publications", {**body, "name": ""}, office.reviewer)
    assert {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]} == {
        ("/period", "period_invalid"),
        ("/name", "text_too_short"),
    }


async def test_a_vintage_is_downloaded_as_a_data_package(office):
    await office.accepted(PLACE, "2023", "census", census(office, 100, 10))
    first = await publish(office, "gói dữ liệu")
    path = f"publications/{first.json()['id']}/package"
    answer = await office.get(path)
    assert answer.headers["content-type"] == "application/zip"
    assert (await office.get(path)).content == answer.content
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        files = {name: package.read(name) for name in package.namelist()}
    described = json.loads(files.pop("datapackage.json"))
    assert described["title"] == "gói dữ liệu"
    for resource in described["resources"]:
        content = files[resource["path"]]
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        columns = [field["name"] for field in resource["schema"]["fields"]]
        assert content.decode().splitlines()[0].split(",") == columns
    figures = {figure["indicator"]: figure for figure in first.json()["figures"] if not figure["dimension"]}
    rows = [row for row in csv.DictReader(io.StringIO(files["figures.csv"].decode())) if not row["dimension"]]
    assert {row["indicator"] for row in rows} == set(figures)
    for row in rows:
        value = figures[row["indicator"]]["value"]
        assert row["value"] == ("" if value is None else f"{value:g}")
        assert row["unit_name"]
    (rate,) = [
        row
        for row in csv.DictReader(io.StringIO(files["figures.sdmx.csv"].decode()))
        if row["INDICATOR"] == "poverty_rate"
    ]
    assert (rate["STRUCTURE_ID"], rate["FREQ"], rate["REF_AREA"]) == ("NTP:POVERTY_FIGURES(1.0.0)", "A", "62")
    assert (rate["TIME_PERIOD"], rate["OBS_VALUE"], rate["OBS_STATUS"]) == ("2023", "10", "A")
    headers = {"Accept": "text/csv"}
    refused = await office.http.get(f"/v1/poverty/{path}", headers=headers)
    assert refused.status_code == 406
