"""Types of fields that several bodies share: an amount, the code of a unit, a hash."""

import unicodedata
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StringConstraints, TypeAdapter
from pydantic_core import PydanticKnownError

from shared.kit.decimal_fields import remove_float_noise
from shared.kit.text_fields import Visible

MAX_DIGITS, MAX_DECIMALS = 18, 6
"""The digits that a column of amounts holds."""
TOO_LARGE = 10 ** (MAX_DIGITS - MAX_DECIMALS)

_DECIMAL: TypeAdapter[Decimal] = TypeAdapter(
    Annotated[Decimal, Field(max_digits=MAX_DIGITS, decimal_places=MAX_DECIMALS)]
)


class RoundedAmount(Decimal):
    """An amount that was posted with the noise of a binary float, without it."""

    posted: Decimal
    """The number as posted, such as 0.30000000000000004."""


def _read_amount(value: Any) -> Decimal:
    """Return the decimal of a JSON number; raises an error for a string or a boolean, which Pydantic would convert.

    Most amounts are integers, which need no further check.
    """
    if type(value) is int and abs(value) < TOO_LARGE:
        return Decimal(value)
    if isinstance(value, (str, bool)):
        raise PydanticKnownError("decimal_type")
    rounded = remove_float_noise(value, MAX_DECIMALS) if isinstance(value, Decimal) else value
    amount = _DECIMAL.validate_python(rounded)
    if rounded is value:
        return amount
    without_noise = RoundedAmount(amount)
    without_noise.posted = value
    return without_noise


Amount = Annotated[
    Decimal,
    Field(description="the value, in the indicator's unit of measure"),
    PlainValidator(_read_amount, json_schema_input_type=float),
]
UnitCode = Annotated[str, Field(min_length=2, max_length=12, description="code of the unit")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the content, in hex")]
DimensionIn = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=60)], Annotated[str, Field(min_length=1, max_length=60)]
    ],
    Field(
        min_length=1,
        max_length=1,
        description="the member of the dimension that the indicator declares, by the code of the dimension",
        json_schema_extra={"example": {"ethnic_group": "xo_dang"}},
    ),
]
DimensionOut = Annotated[
    dict[str, str] | None,
    Field(
        description="the member, by the code of the dimension; null for an indicator without a dimension",
        json_schema_extra={"example": {"ethnic_group": "xo_dang"}},
    ),
]
StandardIn = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=60,
        description="the standard that the values are measured under; left out: the one in force on the last day of the "
        "period, of two the later",
    ),
]
StandardCodeOut = Annotated[
    str | None,
    BeforeValidator(lambda code: code or None),
    Field(description="the standard that it is measured under; null where there is none"),
]
SHA_EXAMPLE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_compose),
    Visible,
]
"""A name of a place or product: in one Unicode form (NFC), without blanks around it."""
