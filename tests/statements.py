"""Every statement that an application sends to its database, without the begin and the end of transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI
from sqlalchemy import event

from shared.kit.database import Database
from shared.kit.feed_position import READ_POSITION
from tests.application import get_database


@contextmanager
def sent_by(app: FastAPI, *, positions: bool = False) -> Iterator[list[str]]:
    """Return the list to which each statement is added as it is sent; readings of the feed's position where `positions` is set."""
    sent: list[str] = []
    database = get_database(app)
    engine = database.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if positions or statement != READ_POSITION:
            sent.append(statement)

    async def fetch_row(statement: str) -> Any:
        note(None, None, statement)
        return await Database.fetch_row(database, statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.object(
            database, "fetch_row", fetch_row
        ):  # the driver runs it, which the engine does not see
            yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
