"""Every statement that an application sends to its database while one looks; beginning and ending a transaction is none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI
from sqlalchemy import event

from shared.kit.compiled import Compiled


@contextmanager
def sent_by(app: FastAPI) -> Iterator[list[str]]:
    """Give the list to which each is added as it is sent, by SQLAlchemy or ready to run."""
    sent: list[str] = []
    engine = app.state.database.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    run = Compiled.rows

    async def noted(self: Compiled, *given: Any) -> Any:
        sent.append(self.sql)
        return await run(self, *given)

    event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.object(Compiled, "rows", noted):
            yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
