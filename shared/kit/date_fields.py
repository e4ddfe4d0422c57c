"""Days on the wire: an ISO 8601 text and nothing else, where Pydantic alone would read 20230412 as a day of 1970."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and ISO_DAY.fullmatch(value):
        return value
    raise PydanticCustomError("date_parsing", "must be a date like 2023-12-31")


IsoDate = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]
"""A day of a body, such as 2023-12-31."""
