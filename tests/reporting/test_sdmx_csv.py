"""Figures and observations as SDMX-CSV 2.0, and as CSV with the names of their units."""

import csv
import io

import pytest

COMMUNE = "23344"
SDMX = "application/vnd.sdmx.data+csv"


async def read(office, path, accept=SDMX, language="en", **ask):
    headers = {"Accept": accept, "Accept-Language": language}
    return await office.http.get(f"/v1/poverty/{path}", params=ask, headers=headers)


def to_rows(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


async def post_census(office):
    by_group = [{"unit": COMMUNE, "indicator": "persons_by_group", "dimension": {"group": "a"}, "value": 5}]
    values = [
        {"unit": COMMUNE, "indicator": "households", "value": 300},
        {"unit": COMMUNE, "indicator": "poor", "value": 20, "status": "preliminary"},
        {
            "unit": COMMUNE,
            "indicator": "poor_by_group",
            "dimension": {"group": "a"},
            "value": 20,
            "status": "estimate",
        },
        {"unit": COMMUNE, "indicator": "poor_by_group", "dimension": {"group": "b"}, "nil": True},
    ]
    body = {"unit": "610", "period": "2023", "form": "census", "observations": [*by_group, *values]}
    answer = await office.post("reports", body, office.district("610"))
    assert answer.status_code == 201, answer.text
    await office.verdict(answer.json())


async def test_figures_and_observations_are_read_as_sdmx_csv(office):
    await post_census(office)
    answer = await read(office, "progress", unit="62", period="2023")
    figures = to_rows(answer)
    assert answer.headers["content-type"].startswith(f"{SDMX}; version=2.0.0")
    assert "Accept" in answer.headers["vary"]
    assert list(figures[0])[:10] == [
        "STRUCTURE", "STRUCTURE_ID", "ACTION", "FREQ", "REF_AREA", "INDICATOR", "MEMBER", "STANDARD", "TIME_PERIOD", "OBS_VALUE",
    ]  # fmt: skip
    assert {tuple(row.values())[:5] for row in figures} == {
        ("dataflow", "NTP:POVERTY_FIGURES(1.0.0)", "I", "A", "62")
    }
    by_key = {(row["INDICATOR"], row["MEMBER"]): row for row in figures}
    assert len(by_key) == len(figures)
    rate, jobs = by_key["poverty_rate", "_T"], by_key["jobs", "_T"]
    assert (rate["OBS_VALUE"], rate["OBS_STATUS"], rate["STATED_STATUS"]) == ("6.666667", "P", "preliminary")
    assert (rate["NUMERATOR"], rate["DENOMINATOR"], rate["DECIMALS"]) == ("20", "300", "2")
    assert (jobs["OBS_VALUE"], jobs["OBS_STATUS"]) == ("", "O")  # nobody stated it
    assert by_key["persons_by_group", "a"]["OBS_VALUE"] == "5"
    assert by_key["communes_done", "_T"]["STANDARD"] == "set_b"

    stated = to_rows(await read(office, "observations", unit="62", period="2023"))
    assert {row["STRUCTURE_ID"] for row in stated} == {"NTP:POVERTY_OBSERVATIONS(1.0.0)"}
    values = {
        (row["INDICATOR"], row["MEMBER"]): (row["OBS_VALUE"], row["OBS_STATUS"], row["NIL"]) for row in stated
    }
    assert values == {
        ("households", "_T"): ("300", "A", ""),
        ("poor", "_T"): ("20", "P", ""),
        ("persons_by_group", "a"): ("5", "A", ""),
        ("poor_by_group", "a"): ("20", "E", ""),
        ("poor_by_group", "b"): ("", "A", "true"),
    }
    assert {row["UNIT_MEASURE"] for row in stated} == {"households", "persons"}

    places = to_rows(
        await read(
            office,
            "map",
            unit="610",
            level="commune",
            period="2023",
            indicator="poverty_rate,persons_by_group",
        )
    )
    assert len({(row["REF_AREA"], row["INDICATOR"], row["MEMBER"]) for row in places}) == len(places)
    assert [row["OBS_VALUE"] for row in places if row["REF_AREA"] == COMMUNE] == ["6.666667", "5", ""]
    series = to_rows(
        await read(office, "series", unit="62", indicator="poverty_rate", **{"from": "2020", "to": "2023"})
    )
    assert [(row["TIME_PERIOD"], row["OBS_VALUE"], row["OBS_STATUS"]) for row in series] == [
        ("2020", "", "O"),
        ("2021", "", "B"),
        ("2022", "", "O"),
        ("2023", "6.666667", "P"),
    ]


async def test_the_parameters_of_sdmx_csv_are_kept_or_refused(office):
    await post_census(office)
    ask = {"unit": "62", "period": "2023"}
    plain = await read(office, "progress", **ask)
    named = await read(office, "progress", f"{SDMX}; version=2.0.0; labels=name; keys=both", **ask)
    names = list(to_rows(named)[0])
    assert names[:8] == ["STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "SERIES_KEY", "OBS_KEY", "FREQ", "Frequency"]  # fmt: skip
    row = next(row for row in to_rows(named) if row["INDICATOR"] == "poverty_rate")
    assert (row["REF_AREA"], row["Reference area"]) == ("62", "Kon Tum")
    assert (row["SERIES_KEY"], row["OBS_KEY"]) == ("A.62.poverty_rate._T._Z", "A.62.poverty_rate._T._Z.2023")
    both = await read(office, "progress", f"{SDMX};labels=both", "vi", **ask)
    assert both.headers["content-language"] == "vi"
    assert to_rows(both)[0]["REF_AREA: Đơn vị hành chính"] == "62: Kon Tum"
    assert len({answer.headers["etag"] for answer in (plain, named, both)}) == 3
    again = await office.http.get(
        "/v1/poverty/progress",
        params=ask,
        headers={"Accept": SDMX, "Accept-Language": "en", "If-None-Match": plain.headers["etag"]},
    )
    assert again.status_code == 304
    for parameters in ("version=1.0.0", "labels=all", "timeFormat=normalized", "keys=some"):
        refused = await read(office, "progress", f"{SDMX}; {parameters}", **ask)
        assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable"), parameters
        other = await read(office, "progress", f"{SDMX}; {parameters}, text/csv;q=0.5", **ask)
        assert other.headers["content-type"].startswith("text/csv"), parameters
    assert (await read(office, "reports", SDMX)).status_code in {401, 406}


@pytest.mark.parametrize(
    ("path", "ask", "names"),
    [
        ("progress", {"period": "2023"}, {"unit.code": "62", "unit.name": "Kon Tum", "unit.kind": "tinh", "period": "2023"}),
        ("map", {"period": "2023", "indicator": "poor", "level": "district"}, {"period": "2023", "basis": "accepted"}),
        (
            "series",
            {"indicator": "poor", "from": "2022", "to": "2023"},
            {"unit_name": "Tỉnh Kon Tum", "indicator": "poor", "unit_of_measure": "households", "decimals": "0"},
        ),
    ],
)  # fmt: skip
async def test_each_row_of_csv_says_of_which_unit_period_and_figure_it_is(office, path, ask, names):
    rows = to_rows(await read(office, path, "text/csv", unit="62", **ask))
    assert rows
    assert all(names.items() <= row.items() for row in rows)
    picked = to_rows(
        await read(office, path, "text/csv", unit="62", **ask, fields=",".join(["value", *names]))
    )
    assert list(picked[0]) == [name for name in rows[0] if name in {"value", *names}]
