"""Decimal fields: JSON numbers that are exact or have six decimals, without the noise of binary floats."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated, Any

from pydantic import PlainSerializer, WithJsonSchema

SIX_PLACES = Decimal("0.000001")
WIDE_CONTEXT = Context(prec=80)
"""Enough digits to round any quotient of sums; the default of 28 refuses larger ones."""


def to_json_number(value: Decimal) -> Any:
    """Return a decimal as a JSON number: an integer where it is one, otherwise rounded to six decimals.

    Binary floats carry fifteen significant digits, so a value below 10^9 keeps all six decimals.
    """
    if value == value.to_integral_value():
        return int(value)
    return float(value.quantize(SIX_PLACES, ROUND_HALF_UP, WIDE_CONTEXT))


def round_half_away(value: Decimal, decimals: int) -> Decimal:
    """Return a value rounded for display, half away from zero: 2.345 to 2.35 and -2.345 to -2.35."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, WIDE_CONTEXT)


JsonDecimal = Annotated[
    Decimal, PlainSerializer(to_json_number, when_used="json"), WithJsonSchema({"type": "number"})
]
"""A decimal that is serialized as a JSON number."""
