"""Fields of days and instants: only ISO 8601 and RFC 3339 texts, because Pydantic alone reads 2023 as a minute of 1970.

A text at the ends of the calendar is refused too: no day before the first or after the last can be computed from it.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

from shared.kit.problems import Sentence
from shared.kit.validation_faults import make_validation_error

FIRST_YEAR, LAST_YEAR = 1000, 8999
"""Far from the ends of the calendar, so that any day that the rules compute from a given one exists."""

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
LEAP_SECOND = re.compile(r"[0-9-]{10}[Tt ][0-9]{2}:[0-9]{2}:60[^0-9].*")
PLUS_AS_BLANK = re.compile(r".*[0-9] [0-9]{2}:[0-9]{2}")
"""An instant whose `+` was read as a blank, which is what it means in a query."""

OTHER_YEAR = Sentence("Năm phải trong khoảng {first}-{last}.", "The year must be from {first} to {last}.")
PLUS_NOT_ENCODED = Sentence(
    "Phải là thời điểm dạng 2024-01-05T02:00:00Z; dấu + trong địa chỉ phải viết là %2B.",
    "Must be an instant like 2024-01-05T02:00:00Z; write the + of an offset as %2B in a query.",
)

LEAP_SECOND_NOT_KEPT = Sentence(
    "Không nhận giây nhuận :60; hãy viết :59 hoặc :00 của phút sau.",
    "A leap second (:60) is not kept; write :59, or :00 of the minute after it.",
)


def _require_year(text: str) -> str:
    if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise make_validation_error("year_out_of_range", OTHER_YEAR.filled(first=FIRST_YEAR, last=LAST_YEAR))
    return text


def _check_date(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and ISO_DATE.fullmatch(value):
        return _require_year(value)
    raise PydanticCustomError("date_parsing", "must be a date like 2023-12-31")


def _check_instant(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        if LEAP_SECOND.fullmatch(value):
            raise make_validation_error("not_an_instant", LEAP_SECOND_NOT_KEPT)
        if RFC_3339.fullmatch(value):
            return _require_year(value)
        if PLUS_AS_BLANK.fullmatch(value):
            raise make_validation_error("not_an_instant", PLUS_NOT_ENCODED)
    raise PydanticCustomError("datetime_parsing", "must be an instant like 2024-01-05T02:00:00Z")


IsoDate = Annotated[date, BeforeValidator(_check_date, json_schema_input_type=date)]
"""A day of a body or a query, such as 2023-12-31."""

Instant = Annotated[AwareDatetime, BeforeValidator(_check_instant, json_schema_input_type=AwareDatetime)]
"""An instant of a body or a query, with its offset (RFC 3339)."""

InstantQuery = Annotated[
    Instant | None, Query(description="RFC 3339 instant: read what was known then; now when left out")
]
"""An instant to read at, as sent; `shared.kit.change_feed.AsOf` is one whose answer never changes again."""
