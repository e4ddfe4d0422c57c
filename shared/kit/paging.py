"""Lists: keyset pages, `{items, next}`, never cut silently."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from sqlakeyset import BadBookmark, InvalidPage, serialize_bookmark, unserialize_bookmark
from sqlakeyset.asyncio import select_page
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import run_sql
from shared.kit.problems import Malformed, Sentence

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT")
KeyT = TypeVar("KeyT", bound=tuple[Any, ...])
MAX_PAGE = 1000

MISFIT_STATES = frozenset({"22", "42"})
"""Classes of SQLSTATE: a value that its type cannot hold, types that cannot be compared."""

DIGEST_BYTES = 6
"""No secret: enough that no cursor fits another list by chance."""
NO_FILTERS = frozenset({"cursor", "limit", "fields"})
"""Parameters that choose no rows of a list: they may differ from page to page."""


class Page(BaseModel, Generic[ItemT]):
    """One page of a list."""

    items: list[ItemT]
    next: str | None = Field(description="cursor of the page that follows; null on the last one")


@dataclass(frozen=True, slots=True)
class RowsPage(Generic[RowT]):
    """One page of rows, before they are serialized."""

    rows: Sequence[RowT]
    next: str | None
    """The cursor of the page that follows; None on the last one."""


class InvalidCursor(Malformed):
    """The cursor was not issued by this list."""

    code = "cursor_invalid"
    detail = Sentence(
        "Con trỏ trang không hợp lệ: phải là của danh sách này, với cùng các bộ lọc.",
        "The cursor was not issued by this list with these filters.",
    )


@dataclass(frozen=True, slots=True)
class PageCursor:
    """The cursor of a request, which may be none, and the list that it must belong to."""

    listing: bytes
    """A digest of the list's path and filters; every cursor of the list begins with it."""
    text: str | None = None

    def encode(self, bookmark: str) -> str:
        """Return a bookmark of this list as an opaque cursor."""
        return base64.urlsafe_b64encode(self.listing + bookmark.encode()).decode().rstrip("=")

    def decode(self) -> str | None:
        """Return the bookmark of the cursor, None where there is no cursor. Raises `InvalidCursor`."""
        if self.text is None:
            return None
        try:
            content = base64.b64decode(self.text + "=" * (-len(self.text) % 4), altchars=b"-_", validate=True)
            listing, bookmark = content[:DIGEST_BYTES], content[DIGEST_BYTES:].decode()
        except (binascii.Error, ValueError) as error:
            raise InvalidCursor from error
        if listing != self.listing:
            raise InvalidCursor
        return bookmark


def digest_listing(path: str, filters: Iterable[tuple[str, str]]) -> bytes:
    """Return the digest of a list: its path and its filters, in whatever order, repeated or separated by commas."""
    parts = sorted((name, part) for name, value in filters for part in value.split(","))
    content = repr([path, [part for part in parts if part[0] not in NO_FILTERS]])
    return hashlib.blake2b(content.encode("utf-8", "backslashreplace"), digest_size=DIGEST_BYTES).digest()


def _is_misfit(error: ArgumentError | DBAPIError) -> bool:
    """Whether the error comes from a well-formed cursor of another list, whose values have other types."""
    if isinstance(error, ArgumentError):
        return True
    return str(getattr(error.orig, "sqlstate", None))[:2] in MISFIT_STATES


def slice_page(
    rows: Iterable[RowT],
    *,
    key: Callable[[RowT], KeyT],
    adapter: TypeAdapter[KeyT],
    limit: int,
    cursor: PageCursor,
) -> tuple[list[RowT], str | None]:
    """Return a page of rows in memory, in the order of their key, and the cursor of the page that follows.

    The cursor is the key of the last row, so rows that come and go in between do not shift the pages. Keys must be unique.
    `adapter` reads them back; raise `InvalidCursor` for a cursor that is no key.
    """
    after = _read_key(adapter, cursor)
    remaining = (row for row in rows if after is None or key(row) > after)
    page = nsmallest(limit + 1, remaining, key=key)
    if len(page) <= limit:
        return page, None
    return page[:limit], cursor.encode(adapter.dump_json(key(page[limit - 1])).decode())


def _read_key(adapter: TypeAdapter[KeyT], cursor: PageCursor) -> KeyT | None:
    bookmark = cursor.decode()
    try:
        return None if bookmark is None else adapter.validate_json(bookmark, strict=True)
    except ValidationError as error:
        raise InvalidCursor from error


@dataclass(frozen=True, slots=True)
class Paging:
    """The page that a request of a list asks for; making it sets the header `Link` of the response (RFC 8288)."""

    limit: int
    cursor: PageCursor
    request: Request
    response: Response

    async def fetch(
        self, session: AsyncSession, query: Any, *, serialize: Callable[[Any], ItemT]
    ) -> Page[ItemT]:
        """Return one page of an ordered query; `serialize` turns a row into an item. Raise `InvalidCursor`."""
        try:
            rows = await select_page(session, query, per_page=self.limit, page=self.cursor.decode())
        except (BadBookmark, InvalidPage, ValueError) as error:
            raise InvalidCursor from error
        except (ArgumentError, DBAPIError) as error:
            if self.cursor.text and _is_misfit(error):
                raise InvalidCursor from error
            raise
        following = self.cursor.encode(rows.paging.bookmark_next) if rows.paging.has_next else None
        self._set_next_link(following)
        return Page[Any](items=[serialize(row) for row in rows], next=following)

    async def fetch_rows(
        self,
        session: AsyncSession,
        statement: str,
        parameters: Sequence[Any],
        *,
        make_row: Callable[[Any], RowT],
        find_key: Callable[[RowT], tuple[Any, ...]],
        key_types: Sequence[type],
    ) -> RowsPage[RowT]:
        """Return one page of plain SQL in the order of its key. Raise `InvalidCursor`.

        After its own parameters the statement takes the key of the row before the page, all null on the first page, and the limit.
        """
        key = self._read_bookmark(key_types)
        fetched = await run_sql(session, statement, *parameters, *key, self.limit + 1)
        rows = [make_row(row) for row in fetched[: self.limit]]
        has_next = len(fetched) > self.limit
        following = self.cursor.encode(serialize_bookmark((find_key(rows[-1]), False))) if has_next else None
        self._set_next_link(following)
        return RowsPage(rows, following)

    def _read_bookmark(self, key_types: Sequence[type]) -> tuple[Any, ...]:
        """Return the key of the cursor, None for each member of it where there is no cursor."""
        bookmark = self.cursor.decode()
        if bookmark is None:
            return (None,) * len(key_types)
        try:
            key, is_backwards = unserialize_bookmark(bookmark)
        except (BadBookmark, ValueError) as error:
            raise InvalidCursor from error
        if is_backwards or key is None or [type(member) for member in key] != list(key_types):
            raise InvalidCursor
        return tuple(key)

    def slice(
        self, rows: Iterable[RowT], *, key: Callable[[RowT], KeyT], adapter: TypeAdapter[KeyT]
    ) -> tuple[list[RowT], str | None]:
        """Return a page of rows in memory and the cursor of the page that follows, as `slice_page` makes them."""
        page, following = slice_page(rows, key=key, adapter=adapter, limit=self.limit, cursor=self.cursor)
        self._set_next_link(following)
        return page, following

    def _set_next_link(self, cursor: str | None) -> None:
        if cursor:
            target = self.request.url.include_query_params(cursor=cursor)
            self.response.headers["Link"] = f'<{target.path}?{target.query}>; rel="next"'


def paged_by(default: int) -> Any:
    """Return the dependency that gives the `Paging` of a list: the parameters `limit`, with a default, and `cursor`."""

    async def read_paging(
        request: Request,
        response: Response,
        limit: Annotated[
            int, Query(ge=1, le=MAX_PAGE, description="how many at most on this page")
        ] = default,
        cursor: Annotated[
            str | None,
            Query(max_length=1000, description="`next` of the page before, with the same filters; opaque"),
        ] = None,
    ) -> Paging:
        listing = digest_listing(request.url.path, request.query_params.multi_items())
        return Paging(limit, PageCursor(listing, cursor), request, response)

    return Depends(read_paging)
