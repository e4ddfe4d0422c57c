"""Reads: conditional responses, pages of the database, numbers."""

import contextlib
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from fastapi import Request, Response
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.decimal_fields import round_half_away, to_json_number
from shared.kit.etags import apply_if_none_match, make_weak_etag, matches_if_none_match
from shared.kit.paging import InvalidCursor, PageCursor, digest_listing
from tests.kit.notes import running_notes

pytestmark = pytest.mark.anyio

NOTES, WORDS = (PageCursor(digest_listing(path, [])) for path in ("/notes", "/words"))


def asking(if_none_match: str | None) -> Request:
    headers = [] if if_none_match is None else [(b"if-none-match", if_none_match.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers})


# Conditional reads


@pytest.mark.parametrize(
    ("named", "has"),
    [
        (None, False),
        ("", False),
        ('W/"a"', True),
        ('"a"', True),
        ('"b"', False),
        ('"b", W/"a" ,"c"', True),
        ("*", True),
        ("a", False),
        ('"b,c", "a"', True),
        ('"x, \\"a\\""', False),
        ('  W/"b",\tW/"a"', True),
        ('w/"a"', True),
        (',, "a",', True),
        ('W/""', False),
    ],
)
def test_tags_are_compared_weakly(named, has):
    assert matches_if_none_match(asking(named), 'W/"a"') is has
    assert matches_if_none_match(asking(named), '"a"') is has


def test_a_tag_may_hold_commas_and_the_field_may_be_repeated():
    headers = [(b"if-none-match", b'"b", W/"c,d"'), (b"if-none-match", b'"e"')]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": headers})
    assert all(matches_if_none_match(request, tag) for tag in ('W/"c,d"', '"b"', 'W/"e"'))
    assert not any(matches_if_none_match(request, tag) for tag in ('"c"', '"d"', '"b", W/"c'))


def test_equal_contents_have_equal_tags():
    assert make_weak_etag(b"one") == make_weak_etag(b"one") != make_weak_etag(b"two")
    assert make_weak_etag(b"").startswith('W/"')


def test_only_a_successful_read_with_a_body_gets_an_etag():
    assert "etag" not in apply_if_none_match(asking(None), Response(b"", 200)).headers
    assert "etag" not in apply_if_none_match(asking(None), Response(b"x", 404)).headers
    own = Response(b"x", headers={"etag": '"mine"', "cache-control": "no-store"})
    answer = apply_if_none_match(asking('"mine"'), own)
    assert answer.status_code == 304
    assert answer.headers["etag"] == '"mine"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body == b""


async def test_content_that_a_client_has_is_not_sent_again_until_it_changes(database):
    async with running_notes(database) as notes:
        await notes.write("one")
        first = await notes.client.get("/notes")
        tag = first.headers["etag"]
        assert tag.startswith('W/"')
        assert first.headers["cache-control"] == "no-cache"
        same = await notes.client.get("/notes", headers={"If-None-Match": tag})
        assert same.status_code == 304
        assert same.content == b""
        assert same.headers["etag"] == tag
        assert same.headers["x-request-id"]
        await notes.write("two")
        changed = await notes.client.get("/notes", headers={"If-None-Match": tag})
        assert changed.status_code == 200
        assert changed.headers["etag"] != tag


async def test_responses_are_compressed_for_clients_that_accept_it(database):
    async with running_notes(database) as notes:
        for at in range(10):
            await notes.write(f"note {at} {'x' * 100}")
        plain = await notes.client.get("/notes", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        zipped = await notes.client.get("/notes", headers={"Accept-Encoding": "gzip"})
        assert zipped.headers["content-encoding"] == "gzip"
        assert zipped.content == plain.content
        assert zipped.headers["etag"] == plain.headers["etag"]
        assert "accept-encoding" in zipped.headers["vary"].lower()


# Pages


async def test_pages_hold_every_row_once_while_rows_are_added(database):
    async with running_notes(database) as notes:
        for at in range(23):
            await notes.write(f"note {at}")
        seen, query = [], {"limit": 5}
        for round_ in range(10):
            answer = await notes.client.get("/notes", params=query)
            body = answer.json()
            seen += [note["text"] for note in body["items"]]
            if body["next"] is None:
                assert "link" not in answer.headers
                break
            assert len(body["items"]) == 5
            link = answer.headers["link"]
            assert link.endswith('; rel="next"')
            followed = await notes.client.get(link[1 : link.index(">")])
            assert (
                followed.json()
                == (await notes.client.get("/notes", params={**query, "cursor": body["next"]})).json()
            )
            query["cursor"] = body["next"]
            await notes.write(f"late {round_}")
        assert seen == [f"note {at}" for at in reversed(range(23))]


async def test_a_page_that_ends_exactly_at_the_end_is_the_last(database):
    async with running_notes(database) as notes:
        for at in range(4):
            await notes.write(f"note {at}")
        first = (await notes.client.get("/notes", params={"limit": 2})).json()
        last = (await notes.client.get("/notes", params={"limit": 2, "cursor": first["next"]})).json()
        assert len(last["items"]) == 2
        assert last["next"] is None
        empty = await notes.client.get("/words", params={"cursor": WORDS.encode(">s:zzz")})
        assert empty.json() == {"items": [], "next": None}


@given(st.text())
def test_a_cursor_is_opaque_and_is_decoded_whole(bookmark):
    text = bookmark.encode("utf-8", "replace").decode()
    sealed = NOTES.encode(text)
    assert sealed.isascii()
    assert replace(NOTES, text=sealed).decode() == text


@given(st.text(max_size=30))
def test_any_text_is_a_cursor_or_refused(text):
    with contextlib.suppress(InvalidCursor):
        assert isinstance(replace(NOTES, text=text).decode(), str)


STRANGE_CURSORS = [
    "x",
    "!!!",
    "ế",
    "AAAA",
    NOTES.encode("<>"),
    NOTES.encode(">i:5"),
    NOTES.encode(">i:5~i:6~i:7"),
    NOTES.encode(">s:a~s:b"),
    NOTES.encode(">dt:nonsense~i:1"),
    NOTES.encode(">dt:2023-01-01 00:00:00~i:99999999999999999999999"),
    NOTES.encode(">i:99999999999999999999999~i:1"),
    NOTES.encode(">zz:1~i:1"),
    NOTES.encode(">x~x"),
    NOTES.encode(">b64:AAAA~i:1"),
    NOTES.encode(">s:\x00~i:1"),
]


async def test_a_cursor_that_this_list_did_not_issue_is_refused(database):
    async with running_notes(database) as notes:
        for at in range(3):
            await notes.write(f"note {at}")
        foreign = (await notes.client.get("/words")).json()["next"]
        assert foreign
        for cursor in [*STRANGE_CURSORS, foreign]:
            answer = await notes.client.get("/notes", params={"cursor": cursor})
            assert answer.status_code == 400, (cursor, answer.text)
            assert answer.json()["code"] == "cursor_invalid"
        long = await notes.client.get("/notes", params={"cursor": "x" * 2000})
        assert long.status_code == 422


# Numbers


@pytest.mark.parametrize(
    ("value", "serialized"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("5.00", "5"),
        ("1E+3", "1000"),
        ("0.1", "0.1"),
        ("6.8370350548", "6.837035"),
        ("0.0000005", "1e-06"),
        ("-2.5", "-2.5"),
        ("99999999999999999999", "99999999999999999999"),
        ("1234567890123456789012345678.1234567", '"\\u00001234567890123456789012345678.123457"'),
    ],
)
def test_numbers_are_exact_or_have_six_places(value, serialized):
    assert json.dumps(to_json_number(Decimal(value))) == serialized


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_six_places_survive_below_a_thousand_million(value):
    assert Decimal(repr(to_json_number(value))) == value


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        ("2.345", 2, "2.35"),
        ("-2.345", 2, "-2.35"),
        ("0.5", 0, "1"),
        ("-0.5", 0, "-1"),
        ("72.514999", 2, "72.51"),
        ("16", 1, "16.0"),
    ],
)
def test_rounding_is_half_away_from_zero(value, places, rounded):
    assert round_half_away(Decimal(value), places) == Decimal(rounded)
