"""The route class of reads whose answers are given again while nothing changes (see ADR 0030)."""

from functools import partial

from fastapi import Request, Response

from shared.kit.answer_cache import keep_while
from shared.kit.database import UnitOfWork
from shared.kit.etags import apply_if_none_match
from shared.kit.feed_position import PositionReader, read_position
from shared.kit.identity import ANONYMOUS
from shared.kit.resources import Resources
from shared.kit.routes import RouteHandler
from shared.kit.transactions import TransactionRequest, TransactionRoute, choose_database


class CachedRoute(TransactionRoute):
    """A route whose reads depend on nothing but the question, the rights and language of the caller, rows, resources and the local day.

    The rows are those of writes that publish a change, or that move the cursor of a followed feed. The client's id and the time of
    the day must not shape the answer. A reading as of an instant waits for writers and is not kept.
    """

    async def read(self, request: Request, handler: RouteHandler, resources: Resources) -> Response:
        """Answer a read from one snapshot; the answer holds while the feed stays where this snapshot saw it."""
        if "as_of" in request.query_params:
            return await super().read(request, handler, resources)
        exact = TransactionRequest(request.scope, request.receive)
        database = await choose_database(request, resources)
        async with UnitOfWork.reading(database, resources.clock, ANONYMOUS) as exact.opened:
            response = apply_if_none_match(request, await handler(exact))
            position = await read_position(exact.opened.session)  # of the same snapshot; a refusal needs none
        keep_while(request, partial(resources.get(PositionReader).is_at, position))
        return response
