"""Group commit: the requests that arrive while one transaction runs are worked on together in the next (see ADR 0006).

A commit writes to the disk however little is in it, and all writers wait for each other to number their changes. So where
many small requests come at once, a process collects them. One that comes while nothing runs is worked on at once and alone.

A service brings a function that works on many cases in their order, and returns an answer or a refusal for each. What
holds for one request in one transaction holds here: the key is claimed in the transaction of the effect, a repeat gets
the first answer, a refusal keeps nothing and uses up no key, and no answer is sent before the commit. When a
transaction fails, it is tried again in halves, so that one case does not take the others down with it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from shared.kit.change_feed import ClockBehind
from shared.kit.clock import Clock
from shared.kit.database import Database, UnitOfWork
from shared.kit.exception_handlers import Busy
from shared.kit.idempotency import Claim, answer_each_once, answer_once
from shared.kit.identity import ANONYMOUS, identify
from shared.kit.problems import Problem
from shared.kit.resources import Resources
from shared.kit.routes import RouteHandler
from shared.kit.transactions import TransactionRequest, TransactionRoute

MAX_CASES_OF_A_TRANSACTION = 200
"""Of some kilobytes and some tenths of a millisecond each; with more, each waits long for the others."""

MAX_WAITING_CASES = 2_000
"""More than a second's work; a case that comes then is answered `busy`."""

HALVE_WITHIN_S = 10
"""Seconds for which the halves of a failed transaction are tried; the same as a request waits for a connection."""

log = structlog.get_logger()

Answer = Response | Problem
CaseT = TypeVar("CaseT")
CaseT_contra = TypeVar("CaseT_contra", contravariant=True)


class CaseWorker(Protocol[CaseT_contra]):
    """Works on cases in their order; it keeps nothing for the cases that it refuses."""

    async def __call__(self, unit_of_work: UnitOfWork, cases: Sequence[CaseT_contra], /) -> Sequence[Answer]:
        """Return an answer or a refusal for each case."""


class GroupCommitRequest(TransactionRequest):
    """A request on a `GroupCommitRoute`. A write has its claimed key, and no unit of work of its own."""

    claim: Claim
    submitted: bool = False
    """Whether its case was taken over; from then on its refusal is final."""


@dataclass(eq=False)
class _PendingCase(Generic[CaseT]):
    claim: Claim
    case: CaseT
    answer: asyncio.Future[Response] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class GroupCommit(Generic[CaseT]):
    """Works on the cases of one process, as many in a transaction as arrived during the one before."""

    def __init__(self, database: Database, clock: Clock, work: CaseWorker[CaseT]) -> None:
        self._database = database
        self._clock = clock
        self._work = work
        self._pending: deque[_PendingCase[CaseT]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def submit(self, request: GroupCommitRequest, case: CaseT) -> Response:
        """Answer a case from the transaction that it shares; raises its refusal."""
        request.submitted = True
        if len(self._pending) >= MAX_WAITING_CASES:
            raise Busy
        pending = _PendingCase(request.claim, case)
        self._pending.append(pending)
        if self._running is None:
            self._running = asyncio.create_task(self._run(), context=Context())
        return await pending.answer

    async def submit_alone(self, request: GroupCommitRequest, case: CaseT, *, dry_run: bool) -> Response:
        """Answer a case from a transaction of its own; raises its refusal."""

        async def work_on_case(unit_of_work: UnitOfWork) -> Answer:
            (answer,) = await self._work(unit_of_work, [case])
            return answer

        return await self.run_alone(request, work_on_case, dry_run=dry_run)

    async def run_alone(
        self,
        request: GroupCommitRequest,
        work: Callable[[UnitOfWork], Awaitable[Answer]],
        *,
        dry_run: bool,
    ) -> Response:
        """Do other work of a request on a `GroupCommitRoute` in a unit of work of its own."""
        request.submitted = True

        async def work_in_unit(unit_of_work: UnitOfWork) -> Answer:
            unit_of_work.dry_run = dry_run
            return await work(unit_of_work)

        return await answer_once(self._database, self._clock, request.claim, work_in_unit, caller=ANONYMOUS)

    async def _run(self) -> None:
        try:
            while self._pending:
                give_up_at = asyncio.get_running_loop().time() + HALVE_WITHIN_S
                await self._answer_together(self._take_next(), give_up_at)
        finally:
            self._running = None

    def _take_next(self) -> list[_PendingCase[CaseT]]:
        """Return the cases that came first, one of each key: its repeats wait for the answer of the first."""
        taken: dict[tuple[str, str], _PendingCase[CaseT]] = {}
        repeats = []
        while self._pending and len(taken) < MAX_CASES_OF_A_TRANSACTION:
            pending = self._pending.popleft()
            if pending.answer.done():  # its client went away
                continue
            first = taken.setdefault((pending.claim.client_id, pending.claim.key), pending)
            if first is not pending:
                repeats.append(pending)
        self._pending.extendleft(reversed(repeats))
        return list(taken.values())

    async def _answer_together(self, taken: Sequence[_PendingCase[CaseT]], give_up_at: float) -> None:
        """Answer cases from one transaction; where it fails, from two, down to the one case that fails."""
        try:
            answers = await self._transaction(taken)
        except BaseException as error:
            if not isinstance(error, Exception):
                for pending in taken:
                    pending.answer.cancel()
                raise
            late = asyncio.get_running_loop().time() > give_up_at
            if isinstance(error, ClockBehind):  # it is the fault of no case
                for pending in taken:
                    _resolve(pending, error)
                return
            if len(taken) > 1 and not late and not _is_of_database(error):
                log.warning("group commit tried again in halves", cases=len(taken), reason=str(error))
                half = len(taken) // 2
                await self._answer_together(taken[:half], give_up_at)
                await self._answer_together(taken[half:], give_up_at)
                return
            for pending in taken:
                _resolve(pending, error if len(taken) == 1 else Busy())
        else:
            for pending, answer in zip(taken, answers, strict=True):
                _resolve(pending, answer)

    async def _transaction(self, taken: Sequence[_PendingCase[CaseT]]) -> Sequence[Answer]:
        cases = {pending.claim: pending.case for pending in taken}

        async def work_on_new(unit_of_work: UnitOfWork, claims: Sequence[Claim]) -> Sequence[Answer]:
            return await self._work(unit_of_work, [cases[claim] for claim in claims])

        return await answer_each_once(self._database, self._clock, list(cases), work_on_new, caller=ANONYMOUS)


def _is_of_database(error: Exception) -> bool:
    """Whether the database itself is away, which is the fault of no case."""
    return isinstance(error, OSError | PoolTimeout) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _resolve(pending: _PendingCase[CaseT], answer: Answer | Exception) -> None:
    if pending.answer.done():
        return
    if isinstance(answer, Exception):
        pending.answer.set_exception(answer)
    else:
        pending.answer.set_result(answer)


class GroupCommitRoute(TransactionRoute):
    """A route whose writes are submitted to a `GroupCommit`: the body is read before, outside of any transaction."""

    declares_dry_run = False
    """Its endpoints declare `dry_run`: no unit of work is open while they read the request."""

    async def write(self, request: Request, handler: RouteHandler, resources: Resources) -> Response:
        """Read the request and submit it. What is refused before that may still be a repeat of an answered request."""
        claimed = GroupCommitRequest(request.scope, request.receive)
        caller = await identify(claimed)
        claimed.claim = await self.read_claim(claimed, caller.client_id)
        try:
            return await handler(claimed)
        except (Problem, RequestValidationError, HTTPException) as error:
            if claimed.submitted:
                raise
            refusal = error  # the name of the clause ends with it

        async def refuse(_: UnitOfWork) -> Response:
            # claims the key first: a repeat gets its old answer, else this refusal
            raise refusal

        return await answer_once(
            resources.get(Database), resources.clock, claimed.claim, refuse, caller=ANONYMOUS
        )
