"""Numbers that no binary float holds are written and read with all of their digits."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.kit.decimal_fields import JsonDecimal, to_number_text
from shared.kit.exact_json import mark_numbers, read_json, restore_numbers, write_json, write_json_column

LONG = Decimal("1234567890123456.57")


class Row(BaseModel):
    value: JsonDecimal


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**18), max_value=10**18))
def test_every_number_of_six_places_survives_writing_and_reading(number: Decimal) -> None:
    for written in (
        write_json({"value": number}),
        write_json_column({"value": number}).encode(),
        restore_numbers(Row(value=number).model_dump_json().encode()),
    ):
        assert json.loads(written, parse_float=Decimal)["value"] == number
        assert Decimal(str(read_json(written)["value"])) == number


def test_short_numbers_stay_floats_and_integers_and_texts_stay_texts() -> None:
    content = b'{"a":0.1,"b":[7,1e-06],"c":"0123456789.12345678901234","d":123456789012345678901234567890}'
    value = read_json(content)
    assert value == {
        "a": 0.1,
        "b": [7, 1e-06],
        "c": "0123456789.12345678901234",
        "d": 123456789012345678901234567890,
    }
    assert write_json(value) == content
    assert write_json({"b": LONG, "a": 1}, sort=True) == b'{"a":1,"b":1234567890123456.57}'
    assert restore_numbers(write_json(mark_numbers({"parts": [{"value": LONG}]}))) == (
        b'{"parts":[{"value":1234567890123456.57}]}'
    )
    with pytest.raises(TypeError):
        write_json({"a": object()})


def test_sentences_state_numbers_without_needless_zeros() -> None:
    texts = [to_number_text(Decimal(text)) for text in ("1E+3", "100", "0.500", "1234567890123456.57", "0")]
    assert texts == ["1000", "100", "0.5", "1234567890123456.57", "0"]
