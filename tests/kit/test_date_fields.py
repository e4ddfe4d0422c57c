"""A date of a body is an ISO text and nothing else."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.kit.date_fields import IsoDate

days = TypeAdapter(IsoDate)


@given(st.dates())
def test_a_serialized_date_is_read_again(day):
    assert days.validate_python(day.isoformat()) == day
    assert days.validate_python(day) == day


@pytest.mark.parametrize(
    "said", [0, 20230412, 1.5, True, None, "20230412", "0", "2023-4-12", "2023-04-12T00:00:00Z"]
)
def test_numbers_and_other_texts_are_refused(said):
    with pytest.raises(ValidationError) as refused:
        days.validate_python(said)
    assert refused.value.errors()[0]["type"] == "date_parsing"


def test_a_date_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError):
        days.validate_python("2023-02-30")


def test_the_schema_is_a_date():
    assert days.json_schema() == {"type": "string", "format": "date"}
    assert days.validate_python(date(2023, 1, 1)).year == 2023
