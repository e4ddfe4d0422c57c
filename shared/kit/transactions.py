"""One request, one transaction, committed before the first byte of the answer.

FastAPI runs what follows a dependency's `yield` after the response is on its way, so a failed commit would still say
200. Here the route itself owns the transaction: the answer is built inside it, and sent only when it is committed.

A read sees one snapshot. A POST is claimed by its Idempotency-Key in the same transaction as its effect.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Database
from shared.kit.etags import apply_if_none_match
from shared.kit.idempotency import first_answer, keep_answer, read_claim
from shared.kit.identity import identify
from shared.kit.json_request import JsonRequest

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
READ = "GET"
"""The one method that only reads: HEAD comes here as GET."""


async def _session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


Session = Annotated[AsyncSession, Depends(_session)]
"""The session of the request's transaction. Flush as you like; never commit."""


async def _read(request: Request, handler: Handler, database: Database) -> Response:
    async with database.reading() as session:
        request.state.session = session
        return apply_if_none_match(request, await handler(request))


class TransactionRoute(APIRoute):
    """A route whose work, idempotency key included, is one transaction."""

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler in the transaction."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            exact = JsonRequest(request.scope, request.receive)
            database: Database = request.app.state.database
            run = _read if request.method == READ else self.write
            return await run(exact, handler, database)

        return handle

    async def write(self, request: Request, handler: Handler, database: Database) -> Response:
        """Run what may change something, and answer when it is committed."""
        async with database.writing() as session:
            request.state.session = session
            if request.method != "POST":
                return await handler(request)
            caller = await identify(request)
            claim = await read_claim(request, caller.client_id)
            repeated = await first_answer(session, claim, request.app.state.clock())
            if repeated is not None:
                return repeated
            response = await handler(request)
            await keep_answer(session, claim, response)
            return response
