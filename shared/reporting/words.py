"""Words that several bodies share: an amount, a unit's code, a hash."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticKnownError


def _a_number(value: Any) -> Any:
    """A number is a JSON number: text and true are refused, not converted."""
    if isinstance(value, (str, bool)):
        raise PydanticKnownError("decimal_type")
    return value


Amount = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=6, description="the value, in the indicator's unit of measure"),
    BeforeValidator(_a_number, json_schema_input_type=float),
]
UnitCode = Annotated[str, Field(min_length=2, max_length=12, description="code of an administrative unit")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the content, in hex")]
SHA_EXAMPLE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
