"""Lists: keyset pages, newest first, `{items, next}`, never cut silently."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field
from sqlakeyset import BadBookmark, InvalidPage
from sqlakeyset.asyncio import select_page
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.problems import Malformed, Sentence

Item = TypeVar("Item")
MAX_PAGE = 1000

UNFIT_STATES = frozenset({"22", "42"})
"""Classes of SQLSTATE: a value that its type cannot hold, types that cannot be compared."""

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="how many at most on this page")]
Cursor = Annotated[
    str | None, Query(max_length=1000, description="`next` of the page before; opaque, only handed back")
]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(description="cursor of the page that follows; null on the last one")


class InvalidCursor(Malformed):
    """The cursor is none of ours."""

    code = "cursor_invalid"
    detail = Sentence("Con trỏ trang không hợp lệ.", "The cursor is not one that this list gave out.")


def encode_cursor(bookmark: str) -> str:
    """Make a bookmark opaque."""
    return base64.urlsafe_b64encode(bookmark.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """Read an opaque bookmark back; raises `InvalidCursor`."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error


def _does_not_fit(error: ArgumentError | DBAPIError) -> bool:
    """Tell a well-formed cursor of another list, whose values have other types, from a database in trouble."""
    if isinstance(error, ArgumentError):
        return True
    return str(getattr(error.orig, "sqlstate", None))[:2] in UNFIT_STATES


async def fetch_page(
    session: AsyncSession,
    query: Any,
    *,
    limit: int,
    cursor: str | None,
    said: Callable[[Any], Item],
) -> Page[Item]:
    """Read one page of an ordered query; `said` turns a row into what is answered."""
    try:
        rows = await select_page(
            session, query, per_page=limit, page=decode_cursor(cursor) if cursor else None
        )
    except (BadBookmark, InvalidPage, ValueError) as error:
        raise InvalidCursor from error
    except (ArgumentError, DBAPIError) as error:
        if cursor and _does_not_fit(error):
            raise InvalidCursor from error
        raise
    following = encode_cursor(rows.paging.bookmark_next) if rows.paging.has_next else None
    return Page[Any](items=[said(row) for row in rows], next=following)


def set_next_link(request: Request, response: Response, cursor: str | None) -> None:
    """Name the following page in a Link header (RFC 8288)."""
    if cursor:
        target = request.url.include_query_params(cursor=cursor)
        response.headers["Link"] = f'<{target.path}?{target.query}>; rel="next"'
