"""Partial bodies: faults of shape and of meaning in one response, and nothing kept."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.kit.partial_body import MAX_FAULTS_SHOWN, PartialBody, PartialModel, leave_out_unknown
from tests.kit.notes import NoteIn, running_notes

READER = TypeAdapter(PartialBody[NoteIn])

pytestmark = pytest.mark.anyio


def read(raw: Any) -> PartialBody[NoteIn]:
    return READER.validate_python(raw)


def faults(draft: PartialBody[NoteIn]) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in draft.faults]


def test_a_valid_body_is_read_whole():
    draft = read({"text": "t", "lines": [{"word": "a"}, {"word": "b"}]})
    assert draft.body == NoteIn(text="t", lines=[{"word": "a"}, {"word": "b"}])
    assert list(draft.ordinals) == [0, 1]
    assert draft.faults == ()
    assert draft.unread == frozenset()


def test_faulty_rows_are_left_out_and_the_others_keep_their_index():
    draft = read({"text": "t", "lines": [{"word": "a"}, {"word": 7}, {"nope": 1}, {"word": "d"}]})
    assert [line.word for line in draft.body.lines] == ["a", "d"]
    assert list(draft.ordinals) == [0, 3]
    assert faults(draft) == [
        ("/lines/1/word", "not_a_text"),
        ("/lines/2/word", "missing"),
        ("/lines/2/nope", "unknown_field"),
    ]


def test_faulty_fields_are_replaced_and_named():
    draft = read({"lines": [{"word": "a"}], "author": 5, "unknown": True})
    assert draft.body.text == ""
    assert draft.body.author is None
    assert draft.unread == {"text", "author", "unknown"}
    assert dict(faults(draft)) == {
        "/text": "missing",
        "/author": "not_a_text",
        "/unknown": "unknown_field",
    }


@pytest.mark.parametrize("lines", [None, "x", {"0": {}}, 5])
def test_rows_that_are_not_a_list_are_unread_as_a_whole(lines):
    draft = read({"text": "t", "lines": lines})
    assert draft.body.lines == []
    assert draft.unread == {"lines"}
    assert [pointer for pointer, _ in faults(draft)] == ["/lines"]


def test_too_many_rows_are_one_fault():
    draft = read({"text": "t", "lines": [{"word": "a"}] * 2001})
    assert faults(draft) == [("/lines", "too_many_lines")]
    assert draft.body.lines == []
    assert "lines" in draft.unread


def test_missing_rows_are_an_empty_list_and_not_unread():
    draft = read({"text": 5})
    assert draft.unread == {"text"}
    assert list(draft.ordinals) == []


@pytest.mark.parametrize("raw", [None, [], "text", 5, True])
def test_a_body_that_is_not_an_object_is_refused(raw):
    with pytest.raises(ValidationError):
        read(raw)


def test_the_faults_over_the_limit_are_counted():
    draft = read({"text": "t", "lines": [{"word": 1}] * 2000})
    assert len(draft.faults) == MAX_FAULTS_SHOWN + 1
    assert draft.faults[-1].code == "more_faults"
    assert str(2000 - MAX_FAULTS_SHOWN) in draft.faults[-1].sentence.en
    assert list(draft.ordinals) == []


class Shapeless(PartialModel):
    rows: ClassVar[None] = None
    unread: ClassVar[Mapping[str, Any]] = {"name": "-"}
    name: str


def test_a_body_without_rows_is_read_in_part():
    draft = TypeAdapter(PartialBody[Shapeless]).validate_python({"name": 5})
    assert (draft.body.name, set(draft.unread), len(draft.faults)) == ("-", {"name"}, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
LINE = st.fixed_dictionaries({}, optional={"word": JSON, "amount": JSON, "x": JSON})


@given(
    st.fixed_dictionaries(
        {}, optional={"text": JSON, "lines": JSON | st.lists(LINE), "author": JSON, "~/": JSON}
    )
)
def test_any_object_is_read_as_far_as_it_can_be(raw):
    draft = read(raw)
    assert len(draft.ordinals) == len(draft.body.lines)
    for at, line in zip(draft.ordinals, draft.body.lines, strict=True):
        assert raw["lines"][at]["word"] == line.word
    assert (draft.faults == ()) == (set(raw) <= {"text", "lines", "author"} and _clean(raw))


def _clean(raw: Mapping[str, Any]) -> bool:
    try:
        NoteIn.model_validate(raw)
    except ValidationError:
        return False
    return True


async def test_five_faults_of_shape_and_meaning_are_named_at_once_and_nothing_is_kept(database):
    async with running_notes(database) as notes:
        answer = await notes.write(
            body={
                "author": 5,
                "unknown": 1,
                "lines": [{"word": "bad"}, {"word": "far too long a word"}, {"word": "ok"}, {"word": "bad"}],
            },
            headers={"Accept-Language": "en"},
        )
        assert answer.status_code == 422
        errors = {error["pointer"]: (error["code"], error["detail"]) for error in answer.json()["errors"]}
        assert errors == {
            "/author": ("not_a_text", "Must be a string."),
            "/unknown": ("unknown_field", "There is no such field."),
            "/lines/1/word": ("text_too_long", "Longer than 10 characters."),
            "/lines/0/word": ("word_bad", "The word “bad” cannot be used."),
            "/lines/3/word": ("word_bad", "The word “bad” cannot be used."),
        }
        for table in ("notes", "changes", "answered_requests"):
            assert await notes.count(table) == 0, table


async def test_the_schema_of_a_partial_body_is_the_models_own(database):
    async with running_notes(database) as notes:
        document = (await notes.client.get("/openapi.json")).json()
        body = document["paths"]["/notes"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert body == {"$ref": "#/components/schemas/NoteIn"}
        assert document["components"]["schemas"]["NoteIn"]["required"] == ["text"]


def test_unknown_members_are_counted_no_further_than_they_are_named():
    """A body of 3 MB of unknown members would take a second; what is left of it is refused all the same."""
    many = {f"unknown_{number}": 0 for number in range(20 * MAX_FAULTS_SHOWN)}
    draft = read({"text": "t", "lines": [{"word": "a"}], **many})
    assert len(draft.faults) == MAX_FAULTS_SHOWN
    assert draft.faults[0].code == "unknown_field"
    assert set(many) & leave_out_unknown(NoteIn, {"text": "t", **many}).keys() == {
        *[*many][:MAX_FAULTS_SHOWN]
    }
    in_rows = {"text": "t", "lines": [{"word": "a", **many}, {"word": "b"}]}
    assert faults(read(in_rows)) == [("/lines/0/unknown_0", "unknown_field")]
    few = {"text": "t", "lines": [{"word": "a", "x": 1, "y": 2}]}
    assert leave_out_unknown(NoteIn, few) == few
    assert leave_out_unknown(NoteIn, [1]) == [1]
