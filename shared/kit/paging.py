"""Lists: keyset pages, `{items, next}`, never cut silently."""

import base64
import binascii
from collections.abc import Callable, Iterable
from heapq import nsmallest
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from sqlakeyset import BadBookmark, InvalidPage
from sqlakeyset.asyncio import select_page
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.problems import Malformed, Sentence

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT")
KeyT = TypeVar("KeyT", bound=tuple[Any, ...])
MAX_PAGE = 1000

MISFIT_STATES = frozenset({"22", "42"})
"""Classes of SQLSTATE: a value that its type cannot hold, types that cannot be compared."""

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="how many at most on this page")]
Cursor = Annotated[str | None, Query(max_length=1000, description="`next` of the page before; opaque")]


class Page(BaseModel, Generic[ItemT]):
    """One page of a list."""

    items: list[ItemT]
    next: str | None = Field(description="cursor of the page that follows; null on the last one")


class InvalidCursor(Malformed):
    """The cursor was not issued by this list."""

    code = "cursor_invalid"
    detail = Sentence("Con trỏ trang không hợp lệ.", "The cursor was not issued by this list.")


def encode_cursor(bookmark: str) -> str:
    """Return a bookmark as an opaque cursor."""
    return base64.urlsafe_b64encode(bookmark.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """Return the bookmark of a cursor; raises `InvalidCursor`."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error


def _is_misfit(error: ArgumentError | DBAPIError) -> bool:
    """Whether the error comes from a well-formed cursor of another list, whose values have other types."""
    if isinstance(error, ArgumentError):
        return True
    return str(getattr(error.orig, "sqlstate", None))[:2] in MISFIT_STATES


async def fetch_page(
    session: AsyncSession,
    query: Any,
    *,
    limit: int,
    cursor: str | None,
    serialize: Callable[[Any], ItemT],
) -> Page[ItemT]:
    """Return one page of an ordered query; `serialize` turns a row into an item."""
    try:
        rows = await select_page(
            session, query, per_page=limit, page=decode_cursor(cursor) if cursor else None
        )
    except (BadBookmark, InvalidPage, ValueError) as error:
        raise InvalidCursor from error
    except (ArgumentError, DBAPIError) as error:
        if cursor and _is_misfit(error):
            raise InvalidCursor from error
        raise
    next_cursor = encode_cursor(rows.paging.bookmark_next) if rows.paging.has_next else None
    return Page[Any](items=[serialize(row) for row in rows], next=next_cursor)


def slice_page(
    rows: Iterable[RowT],
    *,
    key: Callable[[RowT], KeyT],
    adapter: TypeAdapter[KeyT],
    limit: int,
    cursor: str | None,
) -> tuple[list[RowT], str | None]:
    """Return a page of rows in memory, in the order of their key, and the cursor of the page that follows.

    The cursor is the key of the last row, so rows that come and go in between do not shift the pages. Keys must be unique.
    `adapter` reads them back; raise `InvalidCursor` for a cursor that is no key.
    """
    after = _read_key(adapter, cursor) if cursor else None
    remaining = (row for row in rows if after is None or key(row) > after)
    page = nsmallest(limit + 1, remaining, key=key)
    if len(page) <= limit:
        return page, None
    return page[:limit], encode_cursor(adapter.dump_json(key(page[limit - 1])).decode())


def _read_key(adapter: TypeAdapter[KeyT], cursor: str) -> KeyT:
    try:
        return adapter.validate_json(decode_cursor(cursor), strict=True)
    except ValidationError as error:
        raise InvalidCursor from error


def set_next_link(request: Request, response: Response, cursor: str | None) -> None:
    """Add a Link header with the address of the next page (RFC 8288)."""
    if cursor:
        target = request.url.include_query_params(cursor=cursor)
        response.headers["Link"] = f'<{target.path}?{target.query}>; rel="next"'
