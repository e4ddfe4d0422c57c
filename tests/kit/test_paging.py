"""Pages of rows in memory: every row once, in order, whatever comes and goes in between."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.kit.paging import InvalidCursor, PageCursor, digest_listing, slice_page

FIRST_PAGE = PageCursor(digest_listing("/rows", []))
ADAPTER = TypeAdapter(tuple[bool, int, str])
rows = st.lists(
    st.tuples(st.booleans(), st.integers(0, 3), st.text("ab", max_size=3)), unique=True, max_size=20
)


def read_pages(pages, limit, cursor=None):
    """All rows, a page from each of some versions of the list; the last version is read to its end."""
    seen = []
    while True:
        page, cursor = slice_page(
            pages[0],
            key=lambda row: row,
            adapter=ADAPTER,
            limit=limit,
            cursor=replace(FIRST_PAGE, text=cursor),
        )
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
        cursor = replace(FIRST_PAGE, text=FIRST_PAGE.encode(text))
        slice_page(found, key=lambda row: row, adapter=ADAPTER, limit=10, cursor=cursor)


FILTERS = [("indicator", "households"), ("indicator", "poor_households"), ("period", "2023")]


def test_a_cursor_belongs_to_its_list_and_its_filters():
    listing = digest_listing("/observations", FILTERS)
    assert digest_listing("/observations", [*FILTERS, ("limit", "5"), ("cursor", "x")]) == listing
    assert digest_listing("/observations", reversed(FILTERS)) == listing
    assert (
        digest_listing("/observations", [("indicator", "households,poor_households"), FILTERS[2]]) == listing
    )
    others = [
        ("/targets", FILTERS),
        ("/observations", FILTERS[:2]),
        ("/observations", [*FILTERS, ("unit", "610")]),
    ]
    assert all(digest_listing(path, filters) != listing for path, filters in others)
    other = PageCursor(digest_listing("/targets", FILTERS)).encode(">i:5")
    with pytest.raises(InvalidCursor):
        PageCursor(listing, other).decode()
