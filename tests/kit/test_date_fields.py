"""A date of a body is an ISO text and nothing else."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.kit.date_fields import FIRST_YEAR, LAST_YEAR, Instant, IsoDate

days = TypeAdapter(IsoDate)
instants = TypeAdapter(Instant)


@given(st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)))
def test_a_serialized_date_is_read_again(day):
    assert days.validate_python(day.isoformat()) == day
    assert days.validate_python(day) == day


@pytest.mark.parametrize(
    "value", [0, 20230412, 1.5, True, None, "20230412", "0", "2023-4-12", "2023-04-12T00:00:00Z"]
)
def test_numbers_and_other_texts_are_refused(value):
    with pytest.raises(ValidationError) as refused:
        days.validate_python(value)
    assert refused.value.errors()[0]["type"] == "date_parsing"


def test_a_date_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError):
        days.validate_python("2023-02-30")


def test_the_schema_is_a_date():
    assert days.json_schema() == {"type": "string", "format": "date"}
    assert days.validate_python(date(2023, 1, 1)).year == 2023


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(FIRST_YEAR, 1, 1), datetime(LAST_YEAR, 12, 31), timezones=OFFSETS))  # noqa: DTZ001
def test_a_serialized_instant_is_read_again(instant):
    assert instants.validate_python(instant.isoformat()) == instant


@pytest.mark.parametrize(
    "text", ["2024-01-05T02:00:00Z", "2024-01-05t02:00:00z", "2024-01-05 02:00:00.000+00:00"]
)
def test_every_form_of_rfc_3339_is_an_instant(text):
    assert instants.validate_python(text) == datetime(2024, 1, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [2023, "2023", "1704420000", 1.5, True, None, "2024-01-05", "2024-01-05T02:00:00", "2024-01-05T02:00Z", "20240105T020000Z"],
)  # fmt: skip
def test_what_is_no_instant_is_refused(value):
    with pytest.raises(ValidationError) as refused:
        instants.validate_python(value)
    assert refused.value.errors()[0]["type"] == "datetime_parsing"


def test_a_plus_that_was_read_as_a_blank_gets_a_hint():
    with pytest.raises(ValidationError) as refused:
        instants.validate_python("2024-01-05T02:00:00 07:00")
    assert "%2B" in str(refused.value.errors()[0]["ctx"]["sentence"])


@pytest.mark.parametrize("text", ["0000-01-01", "0001-01-01", "0999-12-31", "9000-01-01", "9999-12-31"])
def test_a_day_at_the_ends_of_the_calendar_is_refused(text):
    for adapter, value in (
        (days, text),
        (instants, f"{text}T00:00:00+14:00"),
        (instants, f"{text}T23:59:59-14:00"),
    ):
        with pytest.raises(ValidationError) as refused:
            adapter.validate_python(value)
        assert refused.value.errors()[0]["type"] == "year_out_of_range"


def test_a_leap_second_has_a_sentence_of_its_own():
    for text in ("2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5+07:00"):
        with pytest.raises(ValidationError) as refused:
            instants.validate_python(text)
        (error,) = refused.value.errors()
        assert error["type"] == "not_an_instant"
        assert "leap second" in error["ctx"]["sentence"].en
