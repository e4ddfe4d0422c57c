"""The cursor of the one feed, and the order in which the changes of several feeds are given. Pure.

InvalidCursor  400 cursor_invalid   the cursor was not issued by this feed
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from typing import Any

from shared.kit.problems import Malformed, Sentence

ChangeDocument = Mapping[str, Any]

TYPE_PREFIX = "vn.gov.ntp."
"""What the type of a change begins with, so that it is no other system's (CloudEvents asks for a reversed DNS name)."""
MAX_SEQUENCE = 2**63
MAX_SERVICES = 100


class FeedCursorInvalid(Malformed):
    """The cursor was not issued by the feed of all services."""

    code = "feed_cursor_invalid"
    detail = Sentence(
        "Con trỏ không hợp lệ: phải là `next` của một câu trả lời trước của /v1/changes.",
        "The cursor is not valid: it must be the `next` of an earlier answer of /v1/changes.",
    )


Positions = Mapping[str, int]
"""The sequence of the last change that was given, by service."""


def encode_cursor(positions: Positions) -> str:
    """Return positions as an opaque cursor."""
    content = json.dumps(dict(sorted(positions.items())), separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> dict[str, int]:
    """Return the positions of a cursor; none where there is no cursor. Raises `FeedCursorInvalid`."""
    if cursor is None:
        return {}
    try:
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        positions = json.loads(content)
    except (binascii.Error, ValueError) as error:
        raise FeedCursorInvalid from error
    if not isinstance(positions, dict) or len(positions) > MAX_SERVICES:
        raise FeedCursorInvalid
    if not all(type(position) is int and 0 <= position < MAX_SEQUENCE for position in positions.values()):
        raise FeedCursorInvalid
    return positions


@dataclass(frozen=True, slots=True)
class ServiceFeedPage:
    """A page of a service's feed."""

    items: Sequence[ChangeDocument]
    more: bool
    newest: int


@dataclass(slots=True)
class JoinedChanges:
    """Changes of several feeds, and how far each feed was read."""

    positions: dict[str, int]
    items: list[ChangeDocument] = field(default_factory=list)
    more: bool = False


def join_pages(
    pages: Mapping[str, ServiceFeedPage],
    positions: Positions,
    is_wanted: Callable[[ChangeDocument], bool],
    limit: int,
) -> JoinedChanges:
    """Return the wanted changes of pages by their instants, and in each service in its own order.

    It ends with the first page that has a next one: what follows there may be older than what other pages still hold.
    """
    joined = JoinedChanges(dict(positions))
    left = {name: len(page.items) for name, page in pages.items()}
    streams = [_label(name, page) for name, page in pages.items()]
    for _, name, change in merge(*streams, key=lambda entry: entry[:2]):
        if len(joined.items) == limit:
            joined.more = True
            break
        joined.positions[name] = int(change["id"])
        left[name] -= 1
        if is_wanted(change):
            joined.items.append(change)
        if not left[name] and pages[name].more:
            joined.more = True
            break
    return joined


def _label(name: str, page: ServiceFeedPage) -> Iterator[tuple[str, str, ChangeDocument]]:
    for change in page.items:
        yield change["time"], name, change


def rename_type(change: ChangeDocument) -> dict[str, Any]:
    """Return a change with its full type, and today's name beside it."""
    return {**change, "type": f"{TYPE_PREFIX}{change['type']}", "shorttype": change["type"]}


def list_units(change: ChangeDocument) -> list[str]:
    """Return the codes of the units that a change names."""
    data = change.get("data") or {}
    units = data.get("units")
    named = [data.get("unit"), *(units if isinstance(units, list) else [])]
    return [unit for unit in named if isinstance(unit, str)]
