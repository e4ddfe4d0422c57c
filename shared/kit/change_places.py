"""The place of a write in the change feed, and reads that must include it (see ADR 0031).

A write answers `NTP-Change: rural=157`: the newest change after its commit, so its own or a later one. Who reads without a token
sends it back as `NTP-After`, and gets that change or a later one from whichever server the read reaches.
"""

import re
from collections.abc import Mapping

from fastapi import Request, Response

from shared.kit.database import DATABASE_ERRORS, Database
from shared.kit.feed_position import PositionReader
from shared.kit.problems import Malformed, Sentence

CHANGE_FIELD = "NTP-Change"
AFTER_FIELD = "NTP-After"
PLACE = re.compile(r"\s*([a-z][a-z0-9_-]{0,30})=([0-9]{1,15})\s*")
UNREADABLE_PLACES = Sentence(
    "NTP-After phải là các cặp dịch vụ=số, như rural=157",
    "NTP-After must be pairs of service=number, such as rural=157",
)


class ChangePlaces:
    """Tells the place of a service's newest change."""

    def __init__(self, service: str, reader: PositionReader) -> None:
        self._service = service
        self._reader = reader

    async def read(self) -> str | None:
        """Return the place of the newest change; None before the first one, and without the database."""
        try:
            position = await self._reader.read()
        except DATABASE_ERRORS:
            return None
        return None if position.sequence is None else format_places({self._service: position.sequence})

    async def add_to(self, response: Response) -> None:
        """Name the newest change in the response to a write that is committed; without the database nothing is named."""
        if (place := await self.read()) is not None:
            response.headers[CHANGE_FIELD] = place


class ReadReplica:
    """A standby that answers public reads, where it has replayed what the reader must see."""

    def __init__(self, service: str, database: Database) -> None:
        self._service = service
        self.database = database
        self._reader = PositionReader(database)

    async def serves(self, request: Request) -> bool:
        """Whether a read may go to the standby; otherwise it goes to the primary.

        A reading as of an instant waits for writers, which only the primary knows. Whoever has a token reads what it wrote.
        """
        if "authorization" in request.headers or "as_of" in request.query_params:
            return False
        after = read_places(request).get(self._service, 0)
        try:
            position = await self._reader.read()
        except DATABASE_ERRORS:
            return False
        return (position.sequence or 0) >= after


def format_places(places: Mapping[str, int]) -> str:
    """Return places as a header field (RFC 9651, dictionary)."""
    return ", ".join(f"{service}={sequence}" for service, sequence in places.items())


def read_places(request: Request) -> dict[str, int]:
    """Return the places that a reader must see, by service. Raise `Malformed` for what is no such field."""
    fields = request.headers.getlist(AFTER_FIELD)
    pairs = [PLACE.fullmatch(member) for field in fields for member in field.split(",")]
    if not all(pairs):
        raise Malformed(reason=UNREADABLE_PLACES)
    return {pair[1]: int(pair[2]) for pair in pairs if pair is not None}
