"""Faults of shape: every error of Pydantic has a code and two sentences of ours, and none of its own gets out."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import pytest
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType

from shared.kit.date_fields import IsoDate
from shared.kit.openapi.problem_schemas import SCHEMAS
from shared.kit.problems import Fault, Invalid, Sentence, to_json_pointer
from shared.kit.validation_faults import (
    OTHER,
    SHAPE_BY_ERROR_TYPE,
    SHAPES,
    make_validation_error,
    parseable_by,
    to_fault,
    to_invalid,
)

REASON = Sentence("Phải nêu lý do.", "A reason is needed.")


def test_every_error_type_of_pydantic_has_one_code():
    assert set(SHAPE_BY_ERROR_TYPE) == set(get_args(ErrorType))
    assert sum(len(shape.error_types) for shape in SHAPES) == len(SHAPE_BY_ERROR_TYPE)


def test_codes_are_our_own_and_are_in_the_reference():
    own = {shape.code for shape in SHAPES}
    assert own & set(get_args(ErrorType)) <= {"missing"}
    assert set(SCHEMAS["ShapeCode"]["enum"]) == own
    assert all(shape.sentence.vi != shape.sentence.en for shape in SHAPES)
    assert all(
        re.findall("{.*?}", shape.sentence.vi) == re.findall("{.*?}", shape.sentence.en) for shape in SHAPES
    )


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field("abc", min_length=2, max_length=4, pattern="^[a-z]+$")
    count: int = Field(1, ge=1, lt=10, multiple_of=1)
    amount: Decimal = Field(Decimal(1), gt=0, le=5, max_digits=3, decimal_places=1)
    flag: Annotated[bool, Field(strict=True)] = True
    kind: Literal["a", "b", "c or d"] = "a"
    day: IsoDate = date(2023, 1, 1)
    at: AwareDatetime | None = None
    id: UUID | None = None
    rows: list[int] = Field([1], min_length=1, max_length=2)
    facts: dict[str, int] = {}
    why: str = "x"

    @field_validator("why")
    @classmethod
    def _explained(cls, value: str) -> str:
        if not value:
            raise make_validation_error("reason_required", REASON)
        return value


@pytest.mark.parametrize(
    ("body", "code", "english"),
    [
        ({"text": 5}, "not_a_text", "Must be a string."),
        ({"text": "a"}, "text_too_short", "Shorter than 2 characters."),
        ({"text": "abcde"}, "text_too_long", "Longer than 4 characters."),
        ({"text": "{x}"}, "wrong_form", "Does not have the form ^[a-z]+$."),
        ({"count": "x"}, "not_an_integer", "Must be an integer."),
        ({"count": 1.5}, "not_an_integer", "Must be an integer."),
        ({"count": 0}, "too_small", "Must be 1 or more."),
        ({"count": 10}, "too_large", "Must be less than 10."),
        ({"count": "9" * 5000}, "too_many_digits", "The number is too large."),
        ({"amount": "x"}, "not_a_number", "Must be a number."),
        ({"amount": 0}, "too_small", "Must be greater than 0."),
        ({"amount": 6}, "too_large", "Must be 5 or less."),
        ({"amount": Decimal("1.25")}, "too_many_decimals", "More than 1 decimal places."),
        ({"amount": 1000}, "too_many_digits", "More than 3 digits."),
        ({"amount": 123}, "too_many_digits", "More than 2 digits before the point."),
        ({"flag": "yes"}, "not_a_boolean", "Must be true or false."),
        ({"kind": "z"}, "not_one_of", "Must be one of: 'a', 'b', 'c, d'."),
        ({"day": "20230101"}, "not_a_date", "Must be a date like 2023-12-31."),
        ({"day": "2023-02-30"}, "not_a_date", "Must be a date like 2023-12-31."),
        ({"at": "soon"}, "not_an_instant", "Must be an instant like 2024-01-05T02:00:00Z, with its offset."),
        (
            {"at": datetime(2023, 1, 1)},  # noqa: DTZ001 (without a zone is the point)
            "not_an_instant",
            "Must be an instant like 2024-01-05T02:00:00Z, with its offset.",
        ),
        ({"id": "7"}, "not_a_uuid", "Must be a UUID."),
        ({"rows": {}}, "not_a_list", "Must be a list."),
        ({"rows": []}, "too_few", "Fewer than 1 entries."),
        ({"rows": [1, 2, 3]}, "too_many", "More than 2 entries."),
        ({"facts": []}, "not_an_object", "Must be a JSON object."),
        ({"colour": 1}, "unknown_field", "There is no such field."),
        ({"why": ""}, "reason_required", "A reason is needed."),
        ([], "not_an_object", "Must be a JSON object."),
    ],
)
def test_a_fault_has_our_code_and_sentence(body: Any, code: str, english: str):
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Body).validate_python(body)
    (error,) = refused.value.errors()
    fault = to_fault(error, below=["report"])
    assert (fault.code, fault.sentence.en) == (code, english)
    assert fault.pointer == to_json_pointer(["report", *error["loc"]])
    assert fault.sentence.vi != fault.sentence.en


@pytest.mark.parametrize(
    "error",
    [
        {"type": "never heard of", "loc": (), "msg": "Value {error}, odd.", "input": 1},
        {"type": "value_error", "loc": ("a", 0), "msg": "x", "input": 1, "ctx": {"error": ValueError("{}")}},
    ],
)
def test_an_unknown_error_type_is_an_invalid_value(error):
    fault = to_fault(error)
    assert (fault.code, fault.sentence) == ("invalid_value", OTHER.sentence)


def test_a_custom_error_of_other_code_is_an_invalid_value():
    assert to_fault({"type": "odd", "loc": (), "msg": "m", "input": 1, "ctx": {"sentence": "m"}}).code == (
        "invalid_value"
    )
    assert isinstance(make_validation_error("c", REASON), PydanticCustomError)


class NotAPlace(Invalid):
    code = "place_invalid"
    detail = Sentence("“{place}” không phải là nơi nào.", "“{place}” is no place.")


def to_place(text):
    if text == "nowhere":
        raise NotAPlace(place=text)
    if "," in text:
        raise Invalid(faults=[Fault(f"/{at}", "odd", REASON) for at, _ in enumerate(text.split(","))])


class Journey(BaseModel):
    start: Annotated[str, parseable_by(to_place)]
    end: Annotated[str, parseable_by(to_place)] = "here"
    days: int = 1


def refused(**body):
    with pytest.raises(ValidationError) as error:
        Journey(**body)
    problem = to_invalid(error.value.errors())
    return problem, [(fault.pointer, fault.code, fault.sentence.en) for fault in problem.faults]


def test_the_refusal_of_a_parser_is_raised_when_it_is_the_only_fault():
    found, faults = refused(start="nowhere")
    assert type(found) is NotAPlace
    assert found.document("en", "/")["place"] == "nowhere"
    assert faults == [("/start", "place_invalid", "“nowhere” is no place.")]


def test_the_refusal_of_a_parser_is_named_with_the_other_faults():
    found, faults = refused(start="nowhere", end="nowhere", days="x")
    assert type(found) is Invalid
    assert [fault[:2] for fault in faults] == [
        ("/start", "place_invalid"),
        ("/end", "place_invalid"),
        ("/days", "not_an_integer"),
    ]


def test_every_fault_of_a_parser_is_named_below_the_text():
    assert [fault[:2] for fault in refused(start="a,b")[1]] == [("/start/0", "odd"), ("/start/1", "odd")]
    assert [fault[0] for fault in refused(start="a,b", days="x")[1]] == ["/start/0", "/start/1", "/days"]


def test_a_parsed_text_stays_as_it_is():
    assert Journey(start="here").start == "here"
