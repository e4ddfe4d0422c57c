"""Pages of rows in memory: every row once, in order, whatever comes and goes in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.kit.paging import InvalidCursor, encode_cursor, slice_page

ADAPTER = TypeAdapter(tuple[bool, int, str])
rows = st.lists(
    st.tuples(st.booleans(), st.integers(0, 3), st.text("ab", max_size=3)), unique=True, max_size=20
)


def read_pages(pages, limit, cursor=None):
    """All rows, a page from each of some versions of the list; the last version is read to its end."""
    seen = []
    while True:
        page, cursor = slice_page(pages[0], key=lambda row: row, adapter=ADAPTER, limit=limit, cursor=cursor)
        seen += page
        if cursor is None:
            return seen
        pages = pages[1:] or pages


@given(rows, st.integers(1, 7))
def test_pages_hold_every_row_once_in_the_order_of_the_key(found, limit):
    assert read_pages([found], limit) == sorted(found)


@given(rows, rows, st.integers(1, 7))
def test_a_row_that_stays_is_on_one_page_whatever_comes_and_goes(first, second, limit):
    seen = read_pages([first, second], limit)
    assert len(seen) == len(set(seen))
    assert set(first) & set(second) <= set(seen)


@pytest.mark.parametrize("found", [[], [(True, 1, "a")]])
@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "[true]",
        "[1, 1, null]",
        '[true, 1.5, "a"]',
        '[true, true, "a"]',
        "{}",
        "null",
        "[" * 600,
        ">i:1",
    ],
)
def test_a_cursor_that_is_no_key_is_refused(text, found):
    with pytest.raises(InvalidCursor):
        slice_page(found, key=lambda row: row, adapter=ADAPTER, limit=10, cursor=encode_cursor(text))
