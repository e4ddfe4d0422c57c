"""Lists as JSON or CSV, whole or with the members that were picked, and the media types of requests and answers."""

import csv
import io
import json
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from shared.kit.picked_fields import pick_fields, require_fields
from shared.kit.problems import Invalid
from shared.kit.representations import CSV, JSON, NotAcceptable, negotiate, parse_accept
from shared.kit.tables import find_table, find_tables, to_csv
from tests.kit.notes import running_notes


class Coverage(BaseModel):
    reported: int
    expected: int


class FigureRow(BaseModel):
    indicator: str
    value: float | None
    final: bool
    coverage: Coverage | None
    units: list[str]


class Answer(BaseModel):
    unit: str
    figures: list[FigureRow]


class Part(BaseModel):
    program: str
    unit: str
    figures: list[FigureRow]


class OpenRow(BaseModel):
    model_config = ConfigDict(extra="allow")
    indicator: str


class OpenPart(BaseModel):
    program: str
    indicator: str
    figures: list[OpenRow]


class Overview(BaseModel):
    period: str
    programs: list[Part]


class OpenOverview(BaseModel):
    programs: list[OpenPart]


class MovementRow(BaseModel):
    unit: str
    columns: list[int | None]


class MovementTable(BaseModel):
    title: str
    columns: list[str]
    rows: list[MovementRow]


class Movement(BaseModel):
    unit: str
    poor: MovementTable
    near_poor: MovementTable


class Verdict(BaseModel):
    by: str


class Report(BaseModel):
    id: int
    coverage: Coverage
    observations: list[FigureRow]
    reviews: list[Verdict]


class Single(BaseModel):
    unit: str
    names: list[str]


ROWS: list[dict[str, Any]] = [
    {"indicator": "a,b", "value": 6.837035, "final": True, "coverage": {"reported": 1, "expected": 2}, "units": ["610"]},
    {"indicator": "“xã”\nmột", "value": None, "final": False, "coverage": None, "units": []},
]  # fmt: skip
ANSWER = {"unit": "62", "figures": ROWS}
OVERVIEW = {"period": "2023", "programs": [{"program": "rural", "unit": "62", "figures": ROWS[:1]}]}


def read_csv(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


def write_csv(model, document, fields=(), **options):
    table = find_table(model)
    assert table is not None
    body = json.dumps(document).encode()
    return to_csv(table, body, fields, **{"byte_order_mark": False, **options})


def test_a_list_is_a_table_with_a_header_row():
    assert read_csv(write_csv(Answer, ANSWER)) == [
        ["indicator", "value", "final", "coverage.reported", "coverage.expected", "units"],
        ["a,b", "6.837035", "true", "1", "2", '["610"]'],
        ["“xã”\nmột", "", "false", "", "", "[]"],
    ]


def test_an_empty_list_has_its_header_row():
    assert read_csv(write_csv(Answer, {"unit": "62", "figures": []}))[0][:2] == ["indicator", "value"]


def test_rows_in_parts_repeat_the_members_around_them():
    header, row = read_csv(write_csv(Overview, OVERVIEW))
    assert header[:3] == ["program", "unit", "indicator"]
    assert row[:3] == ["rural", "62", "a,b"]
    open_rows = {
        "programs": [{"program": "rural", "indicator": "x", "figures": [{"indicator": "y", "more": 1.50}]}]
    }
    assert read_csv(write_csv(OpenOverview, open_rows)) == [
        ["program", "programs.indicator", "indicator", "more"],
        ["rural", "x", "y", "1.5"],
    ]


def test_an_answer_that_is_a_list_is_a_table():
    assert read_csv(write_csv(list[Coverage], [{"reported": 1, "expected": 2}])) == [
        ["reported", "expected"],
        ["1", "2"],
    ]
    assert pick(list[Coverage], [{"reported": 1, "expected": 2}], "expected") == [{"expected": 2}]


def test_several_members_with_rows_are_one_table_and_values_get_the_codes_of_their_columns():
    movement = {
        "unit": "62",
        "poor": {"title": "A", "columns": ["a", "b"], "rows": [{"unit": "610", "columns": [1, None]}]},
        "near_poor": {"title": "B", "columns": ["c"], "rows": [{"unit": "611", "columns": [3]}]},
    }
    assert read_csv(write_csv(Movement, movement)) == [
        ["part", "unit", "a", "b", "c"],
        ["poor", "610", "1", "", ""],
        ["near_poor", "611", "", "", "3"],
    ]
    assert pick(Movement, movement, "poor.title") == {"poor": {"title": "A"}}


def test_a_list_beside_the_rows_is_a_table_of_its_own():
    assert list(find_tables(Report)) == ["observations", "reviews"]
    body = json.dumps({"id": 1, "observations": ROWS, "reviews": [{"by": "a"}]}).encode()
    assert read_csv(to_csv(find_tables(Report)["reviews"], body, (), byte_order_mark=False)) == [
        ["by"],
        ["a"],
    ]


def test_numbers_are_written_as_in_the_json():
    body = b'{"unit": "62", "figures": [{"indicator": "a", "value": 0.10, "final": true, "coverage": null, "units": []}]}'
    table = find_table(Answer)
    assert table is not None
    assert b"a,0.10,true" in to_csv(table, body, (), byte_order_mark=False)


def test_a_byte_order_mark_on_request():
    assert write_csv(Answer, ANSWER, byte_order_mark=True).startswith(b"\xef\xbb\xbfindicator,")


def test_picked_members_are_the_columns():
    assert read_csv(write_csv(Answer, ANSWER, ["value", "coverage.expected"]))[:2] == [
        ["value", "coverage.expected"],
        ["6.837035", "2"],
    ]


@pytest.mark.parametrize("model", [Single, dict, None, int])
def test_what_holds_no_rows_is_no_table(model):
    assert find_table(model) is None


def pick(model, document, *fields):
    table = find_table(model)
    assert table is not None
    return pick_fields(table, json.loads(json.dumps(document)), fields)


def test_members_of_rows_are_picked():
    picked = pick(Answer, ANSWER, "indicator", "coverage.reported")
    assert picked == {
        "unit": "62",
        "figures": [
            {"indicator": "a,b", "coverage": {"reported": 1}},
            {"indicator": "“xã”\nmột", "coverage": None},
        ],
    }
    assert pick(Answer, ANSWER, "figures.indicator") == pick(Answer, ANSWER, "indicator")


def test_members_of_the_whole_are_picked():
    assert pick(Answer, ANSWER, "unit") == {"unit": "62"}
    assert pick(Overview, OVERVIEW, "period") == {"period": "2023"}
    assert pick(Overview, OVERVIEW, "period", "programs.figures.value") == {
        "period": "2023",
        "programs": [{"program": "rural", "unit": "62", "figures": [{"value": 6.837035}]}],
    }
    assert pick(Overview, OVERVIEW, "programs") == {"programs": OVERVIEW["programs"]}


def test_members_of_members_of_the_whole_are_picked():
    report = {"id": 1, "coverage": {"reported": 1, "expected": 2}, "observations": ROWS, "reviews": []}
    assert pick(Report, report, "coverage.expected", "id") == {"id": 1, "coverage": {"expected": 2}}


def test_fields_are_checked_before_anything_is_read_and_members_of_members_are_named():
    table = find_table(Report)
    assert table is not None
    require_fields(table, ["id", "coverage.reported", "observations.coverage.reported", "units", "reviews"])
    with pytest.raises(Invalid) as refused:
        require_fields(table, ["coverage.colour", "observations.coverage.colour", "observations.id.x", "y"])
    sentences = [fault.sentence.en for fault in refused.value.faults]
    for sentence in sentences[:2]:
        assert sentence.endswith("the members are coverage.expected, coverage.reported.")
    assert all("id, indicator, observations" in sentence for sentence in sentences[2:])


def test_an_unknown_member_is_refused_and_the_members_are_named():
    with pytest.raises(Invalid) as refused:
        pick(Answer, ANSWER, "indicator", "colour", "shape")
    assert [fault.pointer for fault in refused.value.faults] == ["/query/fields"] * 2
    assert "coverage, figures, final, indicator" in refused.value.faults[0].sentence.en


@pytest.mark.parametrize(
    ("field_value", "media_type"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("APPLICATION/JSON; charset=utf-8", JSON),
        ("text/csv", CSV),
        ("Text/CSV;bom=true", CSV),
        ("text/*", CSV),
        ("text/csv;q=0.5, application/json;q=0.4", CSV),
        ("text/csv;q=0.5, application/*", JSON),
        ("text/html, */*;q=0.1", JSON),
        ("application/json;q=0, */*", CSV),
        ("nonsense, text/csv", CSV),
    ],
)
def test_the_preferred_media_type_is_chosen(field_value, media_type):
    assert negotiate(field_value, [JSON, CSV]).media_type == media_type


@pytest.mark.parametrize(
    "field_value", ["text/html", "image/*", "application/json;q=0", "text/csv;q=0, application/json;q=0.0"]
)
def test_what_cannot_be_served_is_not_acceptable(field_value):
    with pytest.raises(NotAcceptable) as refused:
        negotiate(field_value, [JSON, CSV])
    assert refused.value.facts["available"] == "application/json, text/csv"


def test_parameters_of_a_range_are_read():
    (accepted,) = parse_accept('text/csv; BOM="true"; q=0.3')
    assert (accepted.parameters, accepted.quality) == ({"bom": "true"}, 0.3)
    assert parse_accept("text/csv;q=high") == []


@pytest.mark.anyio
async def test_a_page_as_csv_over_http(database):
    async with running_notes(database) as notes:
        for text in ("một", "hai", "ba"):
            await notes.write(text)
        answer = await notes.client.get(
            "/notes", params={"limit": 2}, headers={"Accept": "text/csv;bom=true"}
        )
        assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
        assert [row[1:] for row in read_csv(answer.content)] == [
            ["text", "amount"],
            ["ba", "0"],
            ["hai", "0"],
        ]
        assert answer.content.startswith(b"\xef\xbb\xbf")
        assert 'rel="next"' in answer.headers["link"]
        assert "Accept" in answer.headers["vary"]
        tag = {"If-None-Match": answer.headers["etag"], "Accept": "text/csv;bom=true"}
        assert (await notes.client.get("/notes", params={"limit": 2}, headers=tag)).status_code == 304
        as_json = await notes.client.get(
            "/notes", params={"limit": 2, "fields": "text"}, headers={"Accept": "*/*"}
        )
        assert as_json.json()["items"] == [{"text": "ba"}, {"text": "hai"}]
        for several in ("text,id", ["text", "id"]):
            picked = await notes.client.get("/notes", params={"limit": 1, "fields": several})
            assert picked.json()["items"][0].keys() == {"id", "text"}
        assert as_json.headers["etag"] != answer.headers["etag"]
        assert as_json.json()["next"]


@pytest.mark.anyio
async def test_what_cannot_be_served_has_no_effect(database):
    async with running_notes(database) as notes:
        refused = await notes.write("unwritten", headers={"Accept": "text/csv"})
        assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")
        assert refused.json()["available"] == "application/json"
        assert await notes.count("notes") == 0


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
async def test_a_body_of_another_media_type_is_415(database, kind):
    async with running_notes(database) as notes:
        answer = await notes.post(b'{"text": "a"}', **{"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type"), answer.text
        assert (answer.headers["accept"], answer.json()["accepted"]) == (
            "application/json",
            "application/json",
        )


@pytest.mark.anyio
@pytest.mark.parametrize(
    "kind", ["Application/JSON", "application/json;charset=UTF-8", "application/vnd.ntp+json"]
)
async def test_media_types_are_compared_without_case(database, kind):
    async with running_notes(database) as notes:
        answer = await notes.post(b'{"text": "a", "lines": [{"word": "ok"}]}', **{"Content-Type": kind})
        assert answer.status_code == 201, answer.text
