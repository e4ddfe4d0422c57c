"""JSON bodies of untrusted clients are checked before any rule sees them."""

import contextlib
import hashlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.json_body import MAX_DEPTH, TooDeep, parse_json, to_canonical_json
from shared.kit.problems import Malformed
from tests.kit.notes import LIMIT_BYTES, running_notes


def reason(body: bytes) -> str:
    with pytest.raises(Malformed) as refused:
        parse_json(body)
    return str(refused.value)


def test_decimals_are_exactly_what_was_posted():
    assert parse_json(b"[0.1, 1.10, 12345678901234567.891]") == [
        Decimal("0.1"),
        Decimal("1.10"),
        Decimal("12345678901234567.891"),
    ]
    assert str(parse_json(b"1.10")) == "1.10"


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal_survives(value):
    read = parse_json(str(value).encode())
    assert Decimal(read) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=10,
    )
)
def test_valid_json_is_read_as_it_is(value):
    body = json.dumps(value).encode()
    if "\\u0000" in body.decode() or '"\x00' in str(value):
        return
    assert parse_json(body) == value


def test_a_repeated_member_is_refused_and_named():
    assert "unit" in reason(b'{"unit": "610", "period": "2023", "unit": "611"}')
    assert "a" in reason(b'[{"b": {"a": 1, "a": 1}}]')
    assert "'a: b'" in reason(b'{"a: b": "x: y", "at": "08:30:00", "a: b": ":"}')


def test_a_colon_in_a_string_is_not_a_member():
    body = {"at": "2023-12-31T08:30:00Z", "a:b": [{"note": "a:b::"}, ":"], "unit": "610"}
    assert parse_json(json.dumps(body).encode()) == body


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_refused(word):
    assert word in reason(f'{{"value": {word}}}'.encode())


def test_nesting_is_bounded():
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse_json(deepest)
    for body in (b"[" + deepest + b"]", b'{"a":' * 40 + b"1" + b"}" * 40, b"[" * 100_000):
        with pytest.raises(TooDeep):
            parse_json(body)


@pytest.mark.parametrize("number", ["1e99999999999999999999", "-1.5e-99999999999999999999"])
def test_a_huge_exponent_is_refused(number):
    assert "digits" in reason(f'{{"value": {number}}}'.encode())


def test_a_number_of_thousands_of_digits_is_refused():
    assert "digits" in reason(b"1" * 5000)


@pytest.mark.parametrize("body", [b'"\xff"', b'{"note": "\xc3"}', "xã".encode("latin-1")])
def test_bytes_that_are_not_utf_8_are_refused(body):
    assert "UTF-8" in reason(body)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings_of_unicode_are_refused_too(encoding):
    assert "UTF-8" in reason('{"unit": "610"}'.encode(encoding))


@pytest.mark.parametrize("escape", ["\\ud800", "\\udfff x", "\\ude00\\ud83d", "\\u0000", "\\uD83D"])
@pytest.mark.parametrize("place", ['{{"note": "{}"}}', '{{"{}": 1}}', '["a", ["{}"]]'])
def test_a_character_that_no_database_can_store_is_refused(escape, place):
    assert "character" in reason(place.format(escape).encode())


def test_characters_beyond_the_basic_plane_are_accepted_in_either_notation():
    assert parse_json(b'"\\ud83d\\ude00 \\u0110"') == "😀 Đ"
    assert parse_json('"😀"'.encode()) == "😀"
    assert parse_json(b'"\\\\ud800"') == "\\ud800"


@pytest.mark.parametrize("body", [b"", b"{", b"[1,]", b"{'a': 1}", b"tru", b'{"a" 1}', b"1 2"])
def test_a_text_that_is_not_json_is_refused_with_the_position(body):
    assert "at character" in reason(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused(body):
    with contextlib.suppress(Malformed):
        parse_json(body)


BAD_BODIES = {
    "repeated": (b'{"text": "a", "text": "b"}', "text"),
    "nan": (b'{"text": "a", "lines": [{"word": "w", "amount": NaN}]}', "NaN"),
    "deep": (b'{"text":' + b"[" * 50 + b"]" * 50 + b"}", "nested"),
    "latin": (b'{"text": "\xe3"}', "UTF-8"),
    "cut": (b'{"text": ', "character"),
    "digits": (b'{"text": "a", "lines": [{"word": "w", "amount": ' + b"9" * 5000 + b"}]}", "digits"),
    "null character": (b'{"text": "a\\u0000"}', "character"),
    "half a pair": (b'{"text": "a\\ud800"}', "character"),
}


@pytest.mark.anyio
async def test_over_http_each_is_a_problem_that_names_the_reason(database):
    async with running_notes(database) as notes:
        for name, (body, word) in BAD_BODIES.items():
            answer = await notes.post(body, **{"Accept-Language": "en"})
            assert answer.status_code == 400, (name, answer.text)
            assert answer.headers["content-type"] == "application/problem+json", name
            assert answer.json()["code"] in {"malformed_request", "body_too_deep"}, name
            assert word in answer.json()["detail"], (name, answer.text)
        assert await notes.count("notes") == 0
        assert await notes.count("answered_requests") == 0


@pytest.mark.anyio
async def test_amounts_are_not_changed_by_binary_fractions(database):
    async with running_notes(database) as notes:
        lines = [{"word": "w", "amount": 0.1}] * 3
        answer = await notes.write(body={"lines": lines})
        assert '"amount":0.3' in answer.text


@pytest.mark.anyio
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_refused(database, chunked):
    async def pieces():
        for _ in range(20):
            yield b" " * (LIMIT_BYTES // 10)

    async with running_notes(database) as notes:
        content = pieces() if chunked else b" " * (LIMIT_BYTES + 1)
        answer = await notes.post(content, **{"Accept-Language": "en"})
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "body_too_large"
        assert answer.json()["limit_bytes"] == LIMIT_BYTES
        assert answer.headers["x-request-id"]
        assert (await notes.write()).status_code == 201


@pytest.mark.anyio
async def test_a_path_can_accept_larger_bodies_than_others(database):
    async with running_notes(database) as notes:
        written = (await notes.write()).json()
        path = f"/notes/{written['id']}"
        headers = {**notes.bearer(), "Content-Type": "application/json"}
        roomy = b'{"count": 1' + b" " * LIMIT_BYTES + b"}"
        assert (await notes.client.put(path, content=roomy, headers=headers)).status_code == 200
        larger = await notes.client.put(path, content=roomy + b" " * LIMIT_BYTES, headers=headers)
        assert larger.status_code == 413
        assert larger.json()["limit_bytes"] == 2 * LIMIT_BYTES


def test_a_byte_order_mark_is_skipped():
    assert parse_json(b'\xef\xbb\xbf{"unit": "610"}') == {"unit": "610"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e9", 10**9),
        ("1000000000.0", 10**9),
        ("5.0", 5),
        ("2024.00", 2024),
        ("-0.0", 0),
        ("0e999999", 0),
        ("12e-1", None),
    ],
)
def test_an_integral_number_is_an_integer(text, number):
    value = parse_json(text.encode())
    assert (type(value), value) == ((int, number) if number is not None else (Decimal, Decimal(text)))


def test_a_number_that_would_fill_the_memory_is_no_integer():
    assert isinstance(parse_json(b"1e999999"), Decimal)


VARIANTS = [
    b'{"a": 5, "b": [0.5, "x"], "c": {"d": 1, "e": null}}',
    b'{\r\n\t"c": {"e": null, "d": 1.0},\r\n "b": [0.50, "\\u0078"], "a": 5.0\r\n}\r\n',
    b'\xef\xbb\xbf{"a":5e0,"b":[5e-1,"x"],"c":{"d":1,"e":null}}',
]


def test_blanks_line_ends_order_and_notation_are_not_another_content():
    assert len({to_canonical_json(parse_json(body)) for body in VARIANTS}) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "5"}',
        b'{"a": 5.1}',
        b'{"a": 5, "b": 1}',
        b"[5]",
        b'{"a": 50}',
        b'{"a": 123456789012345678901234567890}',
    ],
)
def test_other_content_has_another_form(body):
    assert to_canonical_json(parse_json(body)) != to_canonical_json({"a": 5})


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_have_one_form_each(first, second):
    forms = [to_canonical_json(parse_json(str(number).encode())) for number in (first, second)]
    assert (forms[0] == forms[1]) == (first == second)


@pytest.mark.anyio
async def test_a_repeat_is_recognized_by_its_parsed_content(database):
    async with running_notes(database) as notes:
        body = {"text": "a", "lines": [{"word": "ok", "amount": 1.5}]}
        first = await notes.post(json.dumps(body).encode(), **{"Idempotency-Key": "k"})
        for content in (
            json.dumps(body, indent=4).encode().replace(b"\n", b"\r\n"),
            b"\xef\xbb\xbf" + json.dumps(body).replace("1.5", "15e-1").encode(),
            json.dumps(dict(reversed(body.items()))).encode() + b"\n",
        ):
            repeat = await notes.post(content, **{"Idempotency-Key": "k"})
            assert (repeat.status_code, repeat.json()) == (201, first.json()), repeat.text
            assert repeat.headers["idempotent-replay"] == "true"
        other = await notes.post(json.dumps({**body, "text": "b"}).encode(), **{"Idempotency-Key": "k"})
        assert other.json()["code"] == "idempotency_key_reused"


@pytest.mark.anyio
async def test_a_request_that_0_1_0_answered_can_be_repeated(database):
    """0.1.0 kept the fingerprint of the bytes."""
    async with running_notes(database) as notes:
        content = b'{"text": "a",   "lines": [{"word": "ok"}]}'
        first = await notes.post(content, **{"Idempotency-Key": "k"})
        digest = hashlib.sha256(b"POST /notes?\n" + content).hexdigest()
        await notes.sql(f"UPDATE ethnic.answered_requests SET content_sha256 = '{digest}'")
        repeat = await notes.post(content, **{"Idempotency-Key": "k"})
        assert (repeat.status_code, repeat.json()) == (201, first.json()), repeat.text
