"""Faults of shape in a body or a query: a closed list of codes of our own, each with its sentence.

Pydantic finds the faults; its own names and its English never leave this module. A code is on several lines where the
same fault has different sentences. A test fails for an error type of Pydantic that is on no line; a client would get
`invalid_value` for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import AfterValidator
from pydantic_core import ErrorDetails, PydanticCustomError

from shared.kit.problems import Fault, Invalid, Malformed, Problem, Sentence, to_json_pointer


@dataclass(frozen=True, slots=True)
class Shape:
    """A fault of shape: its code, its sentence, and the error types of Pydantic that it stands for."""

    code: str
    sentence: Sentence
    error_types: frozenset[str]


def _shape(code: str, vi: str, en: str, error_types: str) -> Shape:
    return Shape(code, Sentence(vi, en), frozenset(error_types.split()))


OTHER = _shape(
    "invalid_value",
    "Giá trị không hợp lệ.",
    "The value is not valid.",
    "value_error assertion_error none_required date_past date_future datetime_past datetime_future "
    "no_such_attribute get_attribute_error needs_python_object recursion_loop recursion_depth_exceeded frozen_field "
    "frozen_instance default_factory_not_called is_instance_of is_subclass_of callable_type missing_sentinel_error "
    "ellipsis_error multiple_argument_values time_delta_type time_delta_parsing",
)

TOO_MANY = _shape(
    "too_many", "Nhiều hơn {max_length} phần tử.", "More than {max_length} entries.", "too_long"
)

SHAPES: tuple[Shape, ...] = (
    _shape(
        "missing",
        "Thiếu trường này.",
        "This field is required.",
        "missing missing_argument missing_keyword_only_argument missing_positional_only_argument",
    ),
    _shape(
        "unknown_field",
        "Trường này không có trong quy định.",
        "There is no such field.",
        "extra_forbidden unexpected_keyword_argument unexpected_positional_argument",
    ),
    _shape(
        "not_an_object",
        "Phải là đối tượng JSON.",
        "Must be a JSON object.",
        "model_type model_attributes_type dict_type frozen_dict_type ordered_dict_type counter_type mapping_type "
        "dataclass_type dataclass_exact_type named_tuple_type arguments_type invalid_key",
    ),
    _shape(
        "not_a_list",
        "Phải là danh sách.",
        "Must be a list.",
        "list_type deque_type tuple_type set_type frozen_set_type set_item_not_hashable iterable_type iteration_error",
    ),
    _shape("too_few", "Ít hơn {min_length} phần tử.", "Fewer than {min_length} entries.", "too_short"),
    TOO_MANY,
    _shape(
        "not_a_text",
        "Phải là chuỗi ký tự.",
        "Must be a string.",
        "string_type string_unicode string_not_ascii bytes_type bytes_invalid_encoding url_type",
    ),
    _shape(
        "text_too_short",
        "Ngắn hơn {min_length} ký tự.",
        "Shorter than {min_length} characters.",
        "string_too_short bytes_too_short",
    ),
    _shape(
        "text_too_long",
        "Dài quá {max_length} ký tự.",
        "Longer than {max_length} characters.",
        "string_too_long bytes_too_long url_too_long",
    ),
    _shape(
        "wrong_form",
        "Không đúng dạng {pattern}.",
        "Does not have the form {pattern}.",
        "string_pattern_mismatch",
    ),
    _shape(
        "wrong_form",
        "Không phải là địa chỉ URL.",
        "Is not a URL.",
        "url_parsing url_syntax_violation url_scheme",
    ),
    _shape(
        "not_one_of", "Phải là một trong: {expected}.", "Must be one of: {expected}.", "literal_error enum"
    ),
    _shape(
        "not_one_of",
        "Không thuộc các loại được nhận.",
        "Is of no kind that is accepted here.",
        "union_tag_invalid union_tag_not_found",
    ),
    _shape("not_a_boolean", "Phải là true hoặc false.", "Must be true or false.", "bool_type bool_parsing"),
    _shape(
        "not_an_integer", "Phải là số nguyên.", "Must be an integer.", "int_type int_parsing int_from_float"
    ),
    _shape(
        "not_a_number",
        "Phải là số.",
        "Must be a number.",
        "float_type float_parsing finite_number decimal_type decimal_parsing fraction_type fraction_parsing "
        "complex_type complex_str_parsing",
    ),
    _shape("too_small", "Phải lớn hơn {gt}.", "Must be greater than {gt}.", "greater_than"),
    _shape("too_small", "Phải từ {ge} trở lên.", "Must be {ge} or more.", "greater_than_equal"),
    _shape("too_large", "Phải nhỏ hơn {lt}.", "Must be less than {lt}.", "less_than"),
    _shape("too_large", "Phải từ {le} trở xuống.", "Must be {le} or less.", "less_than_equal"),
    _shape(
        "not_a_multiple",
        "Phải là bội của {multiple_of}.",
        "Must be a multiple of {multiple_of}.",
        "multiple_of",
    ),
    _shape(
        "too_many_digits", "Quá {max_digits} chữ số.", "More than {max_digits} digits.", "decimal_max_digits"
    ),
    _shape(
        "too_many_digits",
        "Quá {whole_digits} chữ số.",
        "More than {whole_digits} digits before the point.",
        "decimal_whole_digits",
    ),
    _shape("too_many_digits", "Số quá lớn.", "The number is too large.", "int_parsing_size"),
    _shape(
        "too_many_decimals",
        "Quá {decimal_places} chữ số thập phân.",
        "More than {decimal_places} decimal places.",
        "decimal_max_places",
    ),
    _shape(
        "not_a_date",
        "Phải là ngày dạng 2023-12-31.",
        "Must be a date like 2023-12-31.",
        "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact",
    ),
    _shape(
        "not_a_time", "Phải là giờ dạng 08:30:00.", "Must be a time like 08:30:00.", "time_type time_parsing"
    ),
    _shape(
        "not_an_instant",
        "Phải là thời điểm dạng 2024-01-05T02:00:00Z, có múi giờ.",
        "Must be an instant like 2024-01-05T02:00:00Z, with its offset.",
        "datetime_type datetime_parsing datetime_object_invalid datetime_from_date_parsing timezone_naive timezone_aware "
        "timezone_offset",
    ),
    _shape("not_a_uuid", "Phải là UUID.", "Must be a UUID.", "uuid_type uuid_parsing uuid_version"),
    _shape("not_json", "Không phải là JSON.", "Is not JSON.", "json_invalid json_type"),
    OTHER,
)

SHAPE_BY_ERROR_TYPE: Mapping[str, Shape] = {
    error_type: shape for shape in SHAPES for error_type in shape.error_types
}


class UnknownParameter(Invalid):
    """The query has parameters that the operation does not have, or more values than one takes."""

    code = "unknown_parameter"
    title = Sentence("Tham số không hợp lệ", "Unknown parameter")
    detail = Sentence(
        "Yêu cầu có tham số mà địa chỉ này không nhận; xem danh sách lỗi.",
        "The request has parameters that this operation does not take; see errors.",
    )


ValueT = TypeVar("ValueT")

_SENTENCE = "sentence"
_REFUSAL = "refusal"


def make_validation_error(code: str, sentence: Sentence) -> PydanticCustomError:
    """Return the error that a validator of ours raises; its code and its sentence are answered as they are."""
    return PydanticCustomError(code, "{" + _SENTENCE + "}", {_SENTENCE: sentence})


def make_refusal_error(refusal: Invalid | Malformed) -> PydanticCustomError:
    """Return the error that a validator raises for a refusal of ours, whose faults are named with all others."""
    context = {_SENTENCE: refusal.detail.filled(**refusal.facts), _REFUSAL: refusal}
    return PydanticCustomError(refusal.code, "{" + _SENTENCE + "}", context)


def parseable_by(parse: Callable[[ValueT], object]) -> AfterValidator:
    """Return the validator of a value, mostly a text, that a parser of ours must be able to read; it stays as it is.

    What the parser refuses is a fault like every other, and is named together with them.
    """

    def check(value: ValueT) -> ValueT:
        try:
            parse(value)
        except (Invalid, Malformed) as refusal:
            raise make_refusal_error(refusal) from refusal
        return value

    return AfterValidator(check)


def to_invalid(errors: Sequence[ErrorDetails]) -> Problem:
    """Return one problem that names every error.

    A single one of a parser of ours stays the problem that was raised; so does an unknown parameter among others, because
    it may be why another one is missing.
    """
    faults = tuple(dict.fromkeys(fault for error in errors for fault in _faults(error)))
    refusals = [error.get("ctx", {}).get(_REFUSAL) for error in errors]
    if any(isinstance(refusal, UnknownParameter) for refusal in refusals):
        return UnknownParameter(faults=faults)
    (refusal,) = refusals if len(refusals) == 1 else [None]
    if isinstance(refusal, Invalid):
        refusal.faults = faults
    return refusal if isinstance(refusal, Problem) else Invalid(faults=faults)


def to_request_refusal(errors: Sequence[Any]) -> Problem:
    """Return one problem that names every error which FastAPI finds in a request: of its body, its query and its path."""

    def locate(details: dict[str, Any]) -> ErrorDetails:
        kind, *rest = details["loc"]
        steps = rest if kind == "body" else [kind, *rest]
        return {**details, "loc": tuple(steps)}  # type: ignore[typeddict-item]

    return to_invalid([locate(details) for details in errors])


def _faults(error: ErrorDetails) -> list[Fault]:
    """Return the faults of an error: a parser may have named several, each at a place in the text."""
    fault_of_value = to_fault(error)
    refusal = error.get("ctx", {}).get(_REFUSAL)
    if isinstance(refusal, UnknownParameter):
        return list(refusal.faults)
    parts = refusal.faults if isinstance(refusal, Invalid) else ()
    return [replace(fault, pointer=fault_of_value.pointer + fault.pointer) for fault in parts] or [
        fault_of_value
    ]


def to_fault(error: ErrorDetails, *, below: Sequence[str | int] = ()) -> Fault:
    """Convert an error of Pydantic to a fault; `below` is the location of the validated part in the body."""
    facts = dict(error.get("ctx", {}))
    pointer = to_json_pointer((*below, *error["loc"]))
    sentence = facts.get(_SENTENCE)
    if isinstance(sentence, Sentence):
        return Fault(pointer, error["type"], sentence)
    shape = SHAPE_BY_ERROR_TYPE.get(error["type"], OTHER)
    return Fault(pointer, shape.code, shape.sentence.filled(**_without_english(facts)))


def make_missing_fault(pointer: str) -> Fault:
    """Return the fault of a required field that is missing."""
    shape = SHAPE_BY_ERROR_TYPE["missing"]
    return Fault(pointer, shape.code, shape.sentence)


def _without_english(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of Pydantic without its one English word: “'a', 'b' or 'c'”."""
    expected = facts.get("expected")
    return {**facts, "expected": expected.replace(" or ", ", ")} if isinstance(expected, str) else dict(facts)
