"""Indicators that are stated by the members of a dimension: identity, lineage, maps, targets, and sums over members."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.catalogue_file import load_catalogue
from shared.reporting.catalogue.dimensions import Dimension, DimensionIdentity, Member, expand_indicators
from tests.reporting import office as offices
from tests.reporting.office import BASIS, NAME, SINCE

COMMUNE = "23344"


def to_row(indicator, value, member=None, dimension="group", unit=COMMUNE):
    row = {"unit": unit, "indicator": indicator, "value": value}
    return row if member is None else {**row, "dimension": {dimension: member}}


async def post(office, *rows, period="2023", **more):
    body = {"unit": "610", "period": period, "form": "census", "observations": list(rows), **more}
    return await office.post("reports", body, office.district("610"))


async def accept(office, *rows, **more):
    answer = await post(office, *rows, **more)
    assert answer.status_code == 201, answer.text
    verdict = await office.verdict(answer.json())
    assert verdict.status_code == 200, verdict.text
    return answer.json()


async def read_series(office, indicator="persons_by_group", **ask):
    """Return the value of each member, by member."""
    answer = await office.get("progress", **{"period": "2023", "unit": "62", **ask})
    assert answer.status_code == 200, answer.text
    figures = [figure for figure in answer.json()["figures"] if figure["indicator"] == indicator]
    return {next(iter(figure["dimension"].values())): figure["value"] for figure in figures}


def faults(answer):
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


async def test_each_member_is_a_series_of_its_own(office):
    rows = (
        to_row("persons_by_group", 5, "a"),
        to_row("persons_by_group", 7, "b"),
        to_row("persons_by_group", 2, "a", unit="23347"),
    )
    report = await accept(office, *rows)
    for unit, expected in (("62", {"a": 7, "b": 7}), ("610", {"a": 7, "b": 7}), (COMMUNE, {"a": 5, "b": 7})):
        assert await read_series(office, unit=unit) == expected
    posted = (await office.get(f"reports/{report['id']}", office.reviewer)).json()["observations"]
    assert [{**row, "status": None} for row in posted] == [{**row, "status": None} for row in rows]
    assert await read_series(office, headline=True) == {}


async def test_the_values_behind_a_figure_are_those_of_its_member(office):
    await accept(office, to_row("persons_by_group", 5, "a"), to_row("persons_by_group", 7, "b"))
    answer = await office.get("progress", period="2023", unit="62")
    figure = next(
        figure for figure in answer.json()["figures"] if figure["dimension"] == {"group": "b"}
        and figure["indicator"] == "persons_by_group"
    )  # fmt: skip
    (row,) = (await office.http.get(figure["lineage"])).json()["items"]
    assert (row["indicator"], row["dimension"], row["value"]) == ("persons_by_group", {"group": "b"}, 7)
    ask = {"period": "2023", "unit": "62"}
    lineage = (await office.get("lineage/persons_by_group", dimension="b", **ask)).json()
    assert (lineage["indicator"], lineage["dimension"], lineage["value"]) == ("persons_by_group", {"group": "b"}, 7)  # fmt: skip
    assert [row["dimension"] for row in lineage["values"]] == [{"group": "b"}]
    listed = (await office.get("observations", indicator="persons_by_group", **ask)).json()["items"]
    assert {row["dimension"]["group"]: row["value"] for row in listed} == {"a": 5, "b": 7}
    for unknown in ({"dimension": "c"}, {}):
        refused = await office.get("lineage/persons_by_group", **ask, **unknown)
        assert (refused.status_code, refused.json()["code"]) == (404, "indicator_not_found")


async def test_members_are_read_on_another_map_and_in_the_past(office):
    first = await accept(office, to_row("persons_by_group", 5, "a"))
    as_of = office.clock.at.isoformat()
    await accept(office, to_row("persons_by_group", 8, "a"), supersedes=first["id"])
    assert (await read_series(office, as_of=as_of))["a"] == 5
    assert (await read_series(office, unit="51", map="2025-07-01"))["a"] == 8


async def test_a_member_counts_once(office):
    twice = await post(office, to_row("persons_by_group", 5, "a"), to_row("persons_by_group", 6, "a"))
    assert faults(twice) == [("/observations/1", "value_repeated")]
    await accept(office, to_row("persons_by_group", 5, "a", unit="610"))
    body = {"unit": COMMUNE, "period": "2023", "form": "census"}
    for member, status in (("a", 409), ("b", 201)):
        rows = [to_row("persons_by_group", 1, member)]
        answer = await office.post("reports", {**body, "observations": rows}, office.district("610"))
        assert answer.status_code == status, answer.text
        if status == 409:
            (conflict,) = answer.json()["conflicts"]
            assert (conflict["indicator"], conflict["dimension"]) == ("persons_by_group", {"group": "a"})


async def test_a_correction_shows_what_differs_by_member(office):
    first = await accept(office, to_row("persons_by_group", 5, "a"), to_row("persons_by_group", 7, "b"))
    later = await post(
        office, to_row("persons_by_group", 5, "a"), to_row("persons_by_group", 9, "b"), supersedes=first["id"]
    )
    assert later.json()["counts"]["changed"] == 1
    answer = await office.get(f"reports/{later.json()['id']}/differences", office.reviewer)
    (difference,) = answer.json()["items"]
    assert (difference["dimension"], difference["before"], difference["after"]) == ({"group": "b"}, 7, 9)


async def test_nil_can_be_stated_of_a_member(office):
    row = {"unit": COMMUNE, "indicator": "persons_by_group", "dimension": {"group": "a"}, "nil": True}
    report = await accept(office, row)
    posted = (await office.get(f"reports/{report['id']}", office.reviewer)).json()["observations"]
    assert posted == [{**row, "status": "official"}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"dimension": {"group": "c"}}, ("/dimension", "member_unknown")),
        ({"dimension": {"cause": "x"}}, ("/dimension", "member_unknown")),
        ({"dimension": {"cause": "a"}}, ("/dimension", "dimension_unknown")),
        ({"dimension": {"group": "old"}}, ("/dimension", "member_not_in_force")),
        ({}, ("/dimension", "dimension_required")),
        ({"dimension": None}, ("/dimension", "dimension_required")),
        ({"indicator": "persons_by_group.a"}, ("/indicator", "indicator_unknown")),
        ({"indicator": "nothing", "dimension": {"group": "a"}}, ("/indicator", "indicator_unknown")),
        ({"indicator": "poor", "dimension": {"group": "a"}}, ("/dimension", "dimension_unexpected")),
        ({"dimension": {}}, ("/dimension", "too_few")),
        ({"dimension": {"group": "a", "cause": "x"}}, ("/dimension", "too_many")),
        ({"dimension": {"group": 5}}, ("/dimension/group", "not_a_text")),
        ({"dimension": {"group": ""}}, ("/dimension/group", "text_too_short")),
        ({"dimension": {"group": "x" * 61}}, ("/dimension/group", "text_too_long")),
        ({"dimension": "a"}, ("/dimension", "not_an_object")),
        ({"dimension": ["a"]}, ("/dimension", "not_an_object")),
    ],
)
@pytest.mark.parametrize("period", ["2023", "nonsense"])
async def test_a_faulty_dimension_is_named_beside_the_other_faults(office, fields, expected, period):
    row = {"unit": COMMUNE, "indicator": "persons_by_group", "value": 5, **fields}
    found = faults(await post(office, {**row, "unit": "nowhere"}, row, to_row("poor", -1), period=period))
    pointer, code = expected
    if code != "member_not_in_force" or period == "2023":
        assert (f"/observations/1{pointer}", code) in found
    assert ("/observations/2/value", "value_out_of_range") in found
    assert ("/observations/0/unit", "unit_unknown") in found
    assert not [fault for fault in found if fault[1] == "value_repeated"]


@pytest.mark.parametrize(
    ("indicator", "dimension", "values", "code"),
    [
        ("poor_by_group", "group", {"a": 6, "b": 4}, None),
        ("poor_by_group", "group", {"a": 6, "b": 3}, "members_not_total"),
        ("poor_by_group", "group", {"a": 6, "b": 5}, "members_not_total"),
        ("poor_by_group", "group", {"a": 6}, None),
        ("poor_by_group", "group", {"a": 11}, "member_above_total"),
        ("poor_by_cause", "cause", {"x": 8, "y": 9}, None),
        ("poor_by_cause", "cause", {"x": 8, "y": 11}, "member_above_total"),
        ("poor_by_need", "cause", {"x": 3, "y": 4}, None),
        ("poor_by_need", "cause", {"x": 8, "y": 9}, "members_above_total"),
    ],
)
async def test_members_hold_what_the_catalogue_declares_of_their_total(
    office, indicator, dimension, values, code
):
    rows = [to_row(indicator, value, member, dimension) for member, value in values.items()]
    answer = await post(office, to_row("poor", 10), *rows)
    if code is None:
        assert answer.status_code == 201, answer.text
        return
    ((pointer, found),) = faults(answer)
    at = next((n for n, value in enumerate(values.values(), 1) if value > 10), 0)
    assert (pointer, found) == (f"/observations/{at}/value", code)
    assert "10" in answer.json()["errors"][0]["detail"]


async def test_an_identity_is_that_of_each_unit_and_of_the_members_in_force(office):
    rows = [
        to_row("poor", 10),
        to_row("poor_by_group", 10, "a"),
        to_row("poor_by_group", 0, "b"),
        to_row("poor", 3, unit="23347"),
        to_row("poor_by_group", 1, "a", unit="23347"),
        to_row("poor_by_group", 1, "b", unit="23347"),
    ]
    assert faults(await post(office, *rows)) == [("/observations/3/value", "members_not_total")]
    of_2022 = [
        to_row("poor", 3),
        to_row("poor_by_group", 1, "a"),
        to_row("poor_by_group", 1, "b"),
        to_row("poor_by_group", 1, "old"),
    ]
    assert (await post(office, *of_2022, period="2022")).status_code == 201


async def test_a_target_can_be_set_for_a_member(office):
    await accept(office, to_row("persons_by_group", 5, "a"))
    target = {"indicator": "persons_by_group", "dimension": {"group": "a"}, "value": 10}
    body = {"decision": {"number": "1/QĐ", "date": "2023-01-05"}, "targets": [target]}
    answer = await office.put("targets/2023/62", body, office.planner)
    assert answer.status_code == 200, answer.text
    (stored,) = answer.json()["items"]
    assert (stored["indicator"], stored["dimension"], stored["value"]) == ("persons_by_group", {"group": "a"}, 10)  # fmt: skip
    listed = (await office.get("targets", indicator="persons_by_group")).json()["items"]
    assert [row["dimension"] for row in listed] == [{"group": "a"}]
    figures = (await office.get("progress", period="2023", unit="62")).json()["figures"]
    assert [
        (figure["dimension"], figure["achieved_percent"])
        for figure in figures
        if figure["target"] is not None
    ] == [({"group": "a"}, 50)]
    for dimension in ({"group": "c"}, {"cause": "a"}, None):
        faulty = {**body, "targets": [{**target, "dimension": dimension}]}
        found = faults(await office.put("targets/2023/62", faulty, office.planner))
        assert found == [("/targets/0/dimension", "member_unknown")]


async def test_publications_are_compared_member_by_member(office):
    async def freeze(name):
        document = {"number": "12/BC", "date": "2024-01-05"}
        body = {"name": name, "period": "2023", "unit": "62", "document": document}
        return (await office.post("publications", body, office.reviewer)).json()

    first = await accept(office, to_row("persons_by_group", 5, "a"), to_row("persons_by_group", 7, "b"))
    earlier = await freeze("first")
    rows = to_row("persons_by_group", 5, "a"), to_row("persons_by_group", 9, "b")
    second = await accept(office, *rows, supersedes=first["id"])
    later = await freeze("second")
    compared = await office.get(f"publications/{earlier['id']}/differences", other=later["id"])
    items = [item for item in compared.json()["items"] if item["indicator"] == "persons_by_group"]
    by_member = {item["dimension"]["group"]: item for item in items}
    assert (by_member["b"]["difference"], by_member["a"]["difference"]) == (2, 0)
    assert second["id"] in [report["id"] for report in by_member["b"]["reports"]]
    assert by_member["a"]["reports"] == []


async def test_the_catalogue_lists_the_members_and_the_identities(office):
    entry = (await office.get("indicators/poor_by_group")).json()
    members = {member["code"]: member["valid_to"] for member in entry["dimension"]["members"]}
    assert (entry["dimension"]["code"], members) == ("group", {"a": None, "b": None, "old": "2022-12-31"})
    assert [(row["kind"], row["total"]) for row in entry["identities"]] == [("sum_equals_total", "poor")]
    codes = [row["code"] for row in (await office.get("indicators")).json()["items"]]
    assert codes.count("poor_by_group") == 1
    assert not [code for code in codes if "." in code]


FAULTY: dict[str, Callable[[Catalogue], dict[str, Any]]] = {
    "two rows": lambda plain: {"dimensions": (*plain.dimensions, plain.dimensions[0])},
    "no member, or one twice": lambda plain: {
        "dimensions": (Dimension("empty", NAME, (), **BASIS), *plain.dimensions)
    },
    "faulty code": lambda plain: {
        "dimensions": (Dimension("d", NAME, (Member("a.b", NAME, valid_from=SINCE),), **BASIS), *plain.dimensions)
    },
    "no indicator with a dimension": lambda plain: {
        "identities": (DimensionIdentity("overlapping", "poor", "households", **BASIS),)
    },
    "unknown total": lambda plain: {
        "identities": (DimensionIdentity("overlapping", "poor_by_group", "nothing", **BASIS),)
    },
    "total on another form": lambda plain: {
        "identities": (DimensionIdentity("overlapping", "poor_by_group", "herd", **BASIS),)
    },
    "unknown dimension": lambda plain: {
        "indicators": {
            **plain.indicators,
            "x": (replace(plain.indicators["poor"][0], code="x", dimension="nothing"),),
        }
    },
    "comma or a full stop": lambda plain: {
        "indicators": {**plain.indicators, "x.y": (replace(plain.indicators["poor"][0], code="x.y"),)}
    },
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_dimension_or_identity_stops_the_start(fault):
    plain = offices.catalogue()
    with pytest.raises(ValueError, match=fault):
        replace(plain, **FAULTY[fault](plain))


def test_a_series_is_valid_while_both_its_indicator_and_its_member_are():
    plain = offices.catalogue()
    whole = replace(
        plain.indicators["poor"][0], code="new", dimension="group", valid_from=SINCE.replace(year=2020)
    )
    series = {indicator.code: indicator for indicator in expand_indicators([whole], plain.dimensions)}
    assert set(series) == {"new.a", "new.b", "new.old"}
    assert series["new.old"].valid_from == whole.valid_from
    assert series["new.old"].valid_to == date(2022, 12, 31)
    later = replace(whole, valid_from=SINCE.replace(year=2023))
    assert {indicator.code for indicator in expand_indicators([later], plain.dimensions)} == {
        "new.a",
        "new.b",
    }


DIMENSION_FILE = """
program = "poverty"
[[form]]
code = "training"
label = { vi = "Đào tạo", en = "Training" }
periods = ["year"]
owed_by = "district"
legal_basis = "TT"
confidence = "sourced"
valid_from = 2016-01-01
[[form.table]]
code = "levels"
label = { vi = "Trình độ", en = "Levels" }
columns = ["trained_by_level"]
[[dimension]]
code = "level"
label = { vi = "Trình độ", en = "Level" }
legal_basis = "TT"
confidence = "sourced"
valid_from = 2016-01-01
member = [
    { code = "college", label = { vi = "cao đẳng", en = "college" }, valid_from = 2016-01-01 },
    { code = "basic", label = { vi = "sơ cấp", en = "basic" }, valid_from = 2016-01-01 },
]
[[identity]]
kind = "sum_equals_total"
indicator = "trained_by_level"
total = "trained"
legal_basis = "TT"
confidence = "sourced"
valid_from = 2016-01-01
[[indicator]]
code = "trained"
label = { vi = "Người được đào tạo", en = "Persons trained" }
form = "training"
unit_of_measure = "persons"
level = "district"
flow = true
legal_basis = "TT"
valid_from = 2016-01-01
[[indicator]]
code = "trained_by_level"
label = { vi = "Theo trình độ", en = "By level" }
form = "training"
unit_of_measure = "persons"
level = "district"
flow = true
dimension = "level"
legal_basis = "TT"
valid_from = 2016-01-01
"""


def test_dimensions_are_rows_of_the_catalogue(tmp_path):
    path = tmp_path / "catalogue.toml"
    path.write_text(DIMENSION_FILE, encoding="utf-8")
    loaded = load_catalogue(path)
    assert set(loaded.indicators) == {"trained", "trained_by_level.college", "trained_by_level.basic"}
    assert loaded.figures["trained_by_level.basic"].label.en == "By level: basic"
    (table,) = loaded.forms["training"].tables
    assert table.columns == ("trained_by_level.college", "trained_by_level.basic")
