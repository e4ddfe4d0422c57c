"""The route of what is issued: it reads other services and writes files first, and opens its transaction only to keep the result.

A transaction that waits for other services would hold its locks and its connection for as long.
"""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.types import Message

from services.papers.gateway import relay_refusals
from shared.kit.database import Database, UnitOfWork
from shared.kit.identity import identify
from shared.kit.models import AnsweredRequest
from shared.kit.resources import Resources
from shared.kit.routes import RouteHandler
from shared.kit.transactions import TransactionRequest, TransactionRoute

Insert = Callable[[UnitOfWork], Awaitable[None]]


class PreparedRequest(TransactionRequest):
    """A request whose function prepares what is to be kept, and names the insert that keeps it."""

    insert: Insert | None = None


class PreparingRoute(TransactionRoute):
    """A POST is prepared outside of its transaction, unless its key was answered before."""

    def get_route_handler(self) -> RouteHandler:
        """Return the handler, which relays refusals of other services."""
        return relay_refusals(super().get_route_handler())

    async def write(self, request: Request, handler: RouteHandler, resources: Resources) -> Response:
        """Prepare, then keep what was prepared and answer when it is committed."""
        first = PreparedRequest(request.scope, request.receive)
        body = await first.body()

        async def receive_again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        database, clock = resources.get(Database), resources.clock
        caller = await identify(first)
        claim = await self.read_claim(first, caller.client_id)
        prepared: Response | None = None
        if not await _is_answered(database, claim.client_id, claim.key):
            async with UnitOfWork.reading(database, clock, caller) as first.opened:
                prepared = await handler(first)

        async def keep(second: Request) -> Response:
            assert isinstance(second, TransactionRequest)
            if prepared is None:  # the answer was pruned since
                again = PreparedRequest(second.scope, receive_again)
                again.opened = second.unit_of_work
                response = await handler(again)
                await _insert(again, second.unit_of_work)
                return response
            second.unit_of_work.dry_run = first.unit_of_work.dry_run
            await _insert(first, second.unit_of_work)
            return prepared

        return await super().write(Request(request.scope, receive_again), keep, resources)


async def _insert(request: PreparedRequest, unit_of_work: UnitOfWork) -> None:
    if request.insert is not None:
        await request.insert(unit_of_work)


async def _is_answered(database: Database, client_id: str, key: str) -> bool:
    async with database.reading() as session:
        return await session.get(AnsweredRequest, (client_id, key)) is not None
