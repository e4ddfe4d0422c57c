"""Decimal fields: JSON numbers that are exact to six decimals, however many digits they have, without the noise of binary floats."""

from decimal import ROUND_HALF_UP, Context, Decimal
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticKnownError

from shared.kit.exact_json import mark_number, mark_numbers

FLOAT_NOISE = Decimal("1e-12")
"""The largest relative error that sums of binary floats are taken to have; they keep sixteen digits."""
MAX_INTEGER_DIGITS = 18
"""No column holds a number with more digits before the point."""
SIX_PLACES = Decimal("0.000001")
WIDE_CONTEXT = Context(prec=80)
"""Enough digits to round any quotient of sums; the default of 28 refuses larger ones."""


def to_json_number(value: Decimal) -> Any:
    """Return a decimal for a serializer, rounded to six decimals: a number, or the marked text of one (see `exact_json`)."""
    return mark_number(value.quantize(SIX_PLACES, ROUND_HALF_UP, WIDE_CONTEXT))


def to_number_text(value: Decimal) -> str:
    """Return a decimal as sentences state it: rounded to six decimals, without zeros at its end."""
    text = f"{value.quantize(SIX_PLACES, ROUND_HALF_UP, WIDE_CONTEXT):f}"
    return text.rstrip("0").rstrip(".")


def round_half_away(value: Decimal, decimals: int) -> Decimal:
    """Return a value rounded for display, half away from zero: 2.345 to 2.35 and -2.345 to -2.35."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, WIDE_CONTEXT)


JsonDecimal = Annotated[
    Decimal, PlainSerializer(to_json_number, when_used="json"), WithJsonSchema({"type": "number"})
]
"""A decimal that is serialized as a JSON number."""

ExactObject = Annotated[
    dict[str, Any], PlainSerializer(mark_numbers, return_type=dict[str, Any], when_used="json")
]
"""An object of any shape, whose decimals are serialized as JSON numbers."""


def remove_float_noise(value: Decimal, decimals: int) -> Decimal:
    """Return a value without the noise of a binary float; itself where it has none, or where more than noise would be lost."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -decimals or value.adjusted() >= MAX_INTEGER_DIGITS:
        return value
    rounded = round(value, decimals)
    return value if not rounded or abs(value - rounded) > abs(value) * FLOAT_NOISE else rounded


def _read_number(decimals: int, value: Any) -> Any:
    if isinstance(value, (str, bool)):  # Pydantic would convert them
        raise PydanticKnownError("decimal_type")
    return remove_float_noise(value, decimals) if isinstance(value, Decimal) else value


def number_with_decimals(decimals: int) -> BeforeValidator:
    """Return the validator of a decimal in a body: a JSON number, without the noise of a binary float beyond its decimals."""
    return BeforeValidator(partial(_read_number, decimals), json_schema_input_type=float)
