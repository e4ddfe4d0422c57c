"""Pages of rows that are not in the database: a cursor is the place of the last row shown, whatever has changed since."""

import json
from collections.abc import Sequence

from services.funding.foresight.sums import Place, Sum, place
from shared.kit.paging import InvalidCursor, decode_cursor, encode_cursor


def page_of(rows: Sequence[Sum], limit: int, cursor: str | None) -> tuple[Sequence[Sum], str | None]:
    """Give the rows that follow a cursor, and the cursor of those that follow these."""
    if cursor is not None:
        last = _place_of(cursor)
        rows = [row for row in rows if place(row) > last]
    shown = rows[:limit]
    return shown, _cursor_of(place(shown[-1])) if len(rows) > limit else None


def _cursor_of(last: Place) -> str:
    return encode_cursor(json.dumps(last))


def _place_of(cursor: str) -> Place:
    try:
        done, likely, risk, names = json.loads(decode_cursor(cursor))
        kinds = [type(it) for it in (done, likely, risk, names, *names)]
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidCursor from error
    if kinds != [bool, int, int, list, *[str] * len(names)]:
        raise InvalidCursor
    return done, likely, risk, tuple(names)
