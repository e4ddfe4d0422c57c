"""Words that several bodies share: an amount, a unit's code, a hash."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, PlainValidator, TypeAdapter
from pydantic_core import PydanticKnownError

MAX_DIGITS, MAX_PLACES = 18, 6
TOO_LARGE = 10 ** (MAX_DIGITS - MAX_PLACES)

_EXACTLY: TypeAdapter[Decimal] = TypeAdapter(
    Annotated[Decimal, Field(max_digits=MAX_DIGITS, decimal_places=MAX_PLACES)]
)


def _amount(value: Any) -> Decimal:
    """A number is a JSON number: text and true are refused, not converted. Whole ones, the most by far, are read here."""
    if type(value) is int and abs(value) < TOO_LARGE:
        return Decimal(value)
    if isinstance(value, (str, bool)):
        raise PydanticKnownError("decimal_type")
    return _EXACTLY.validate_python(value)


Amount = Annotated[
    Decimal,
    Field(description="the value, in the indicator's unit of measure"),
    PlainValidator(_amount, json_schema_input_type=float),
]
UnitCode = Annotated[str, Field(min_length=2, max_length=12, description="code of an administrative unit")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the content, in hex")]
SHA_EXAMPLE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
