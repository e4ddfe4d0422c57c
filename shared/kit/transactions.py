"""One request, one unit of work, committed before the first byte of the response (see ADR 0009).

FastAPI runs what follows a dependency's `yield` after the response is on its way, so a failed commit would still answer
200. Here the route itself opens the unit of work: the response is built inside it, and sent when it is committed.
"""

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from fastapi import Depends, Query, Request, Response

from shared.kit.change_places import ChangePlaces, ReadReplica
from shared.kit.database import Database, UnitOfWork
from shared.kit.etags import apply_if_none_match
from shared.kit.exact_json import read_json, write_json
from shared.kit.idempotency import Claim, IdempotencyKeyRequired, answer_once, read_claim
from shared.kit.identity import ANONYMOUS, Caller, Guard, identify
from shared.kit.json_body import JsonRequest
from shared.kit.problems import Fault
from shared.kit.query_checks import find_request_errors
from shared.kit.resources import Resources, get_resources
from shared.kit.routes import OperationRoute, RouteHandler

OF_CREATION = frozenset({"location", "etag", "content-length"})
"""Header fields of an answer that a dry run does not have, and the length, which is counted anew."""
NIL_ID = str(uuid.UUID(int=0))
"""The id of what a dry run would create (RFC 9562, 5.9)."""

READ = "GET"
"""The one method that only reads: HEAD comes here as GET."""


class TransactionRequest(JsonRequest):
    """A request on a `TransactionRoute`, with the unit of work that the route opened for it."""

    opened: UnitOfWork | None = None

    @property
    def unit_of_work(self) -> UnitOfWork:
        """The unit of work; raises `RuntimeError` where the route has none."""
        if self.opened is None:
            raise RuntimeError("the route opens no unit of work: its router needs a TransactionRoute")
        return self.opened


async def _unit(request: TransactionRequest) -> UnitOfWork:
    return request.unit_of_work


CurrentUnitOfWork = Annotated[UnitOfWork, Depends(_unit)]
"""The request's unit of work, for a dependency beside the guard; a route takes it from `unit_of_work_for`."""


def unit_of_work_for(guard: Guard) -> Any:
    """Return the dependency that gives the unit of work, with the caller that a guard lets in."""

    async def unit_of_caller(
        caller: Annotated[Caller, Depends(guard)], request: TransactionRequest
    ) -> UnitOfWork:
        request.unit_of_work.caller = caller
        return request.unit_of_work

    return Depends(unit_of_caller)


async def _dry_run(
    unit_of_work: CurrentUnitOfWork,
    dry_run: Annotated[bool, Query(description="check and decide everything, and keep nothing")] = False,
) -> bool:
    unit_of_work.dry_run = dry_run
    return dry_run


DryRun = Annotated[bool, Depends(_dry_run)]
"""The parameter `dry_run`, which its unit of work obeys."""


async def choose_database(request: Request, resources: Resources) -> Database:
    """Return the database that answers a read: the standby where there is one and it may, else the primary."""
    if resources.has(ReadReplica) and await resources.get(ReadReplica).serves(request):
        return resources.get(ReadReplica).database
    return resources.get(Database)


class TransactionRoute(OperationRoute):
    """A route whose work is one unit of work. A POST is answered once under its Idempotency-Key, and each write takes `dry_run`."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Any = None,
        dependencies: Any = None,
        **options: Any,
    ) -> None:
        dry_run = [Depends(_dry_run)] if self.declares_dry_run and set(methods or {READ}) != {READ} else []
        super().__init__(
            path, endpoint, methods=methods, dependencies=[*dry_run, *(dependencies or [])], **options
        )

    declares_dry_run: ClassVar[bool] = True
    """Whether the route itself declares `dry_run` for its writes."""

    def get_route_handler(self) -> RouteHandler:
        """Return FastAPI's handler inside the unit of work."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            await self.require_caller(request)
            resources = get_resources(request.app)
            if request.method == READ:
                return await self.read(request, handler, resources)
            response = await self.write(request, handler, resources)
            if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
                await resources.get(ChangePlaces).add_to(response)
            return response

        return handle

    async def read(self, request: Request, handler: RouteHandler, resources: Resources) -> Response:
        """Answer a read from one snapshot."""
        exact = TransactionRequest(request.scope, request.receive)
        database = await choose_database(request, resources)
        async with UnitOfWork.reading(database, resources.clock, ANONYMOUS) as exact.opened:
            return apply_if_none_match(request, await handler(exact))

    async def read_claim(self, request: JsonRequest, client_id: str) -> Claim:
        """Return the claim of a request's key; where it has none, its refusal names the faults of the query too."""
        try:
            return await read_claim(request, client_id)
        except IdempotencyKeyRequired as missing:
            if errors := [*find_request_errors(self.dependant, request)]:
                key_fault = Fault("/header/Idempotency-Key", missing.code, missing.detail)
                raise self.make_refusal(request, errors, [key_fault]) from missing
            raise

    async def write(self, request: Request, handler: RouteHandler, resources: Resources) -> Response:
        """Run what may change something, and answer when it is committed."""
        exact = TransactionRequest(request.scope, request.receive)

        async def work(unit_of_work: UnitOfWork) -> Response:
            exact.opened = unit_of_work
            response = await handler(exact)
            return _without_creation(response) if unit_of_work.dry_run else response

        database, clock = resources.get(Database), resources.clock
        if request.method != "POST":
            async with UnitOfWork.writing(database, clock, ANONYMOUS) as unit_of_work:
                return await work(unit_of_work)
        caller = await identify(exact)
        claim = await self.read_claim(exact, caller.client_id)
        return await answer_once(database, clock, claim, work, caller=caller)


def _without_creation(response: Response) -> Response:
    """Return the response to a dry run: nothing was created, so it is no 201 and names no address, no version and no id."""
    headers = {name: value for name, value in response.headers.items() if name not in OF_CREATION}
    if response.status_code != HTTPStatus.CREATED:
        return Response(response.body, response.status_code, headers)
    return Response(_without_id(bytes(response.body)), HTTPStatus.OK.value, headers)


def _without_id(body: bytes) -> bytes:
    """Return a JSON answer with the nil UUID for the id that nothing has."""
    document = read_json(body)
    if isinstance(document, dict) and document.get("id") is not None:
        return write_json({**document, "id": NIL_ID})
    return body
