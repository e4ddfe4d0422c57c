"""Date fields: only ISO 8601 texts, because Pydantic alone would read 20230412 as a day of 1970."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _check_date(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and ISO_DATE.fullmatch(value):
        return value
    raise PydanticCustomError("date_parsing", "must be a date like 2023-12-31")


IsoDate = Annotated[date, BeforeValidator(_check_date, json_schema_input_type=date)]
"""A date of a body, such as 2023-12-31."""
