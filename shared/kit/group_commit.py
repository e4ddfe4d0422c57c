"""Many requests, one transaction: what arrives while one is running is settled together in the next.

A commit writes to the disk however little is in it, and all that change something wait for each other to number their
changes. So where many small requests come at once, a process gathers them: one that comes while nothing runs is settled
at once and alone; those that come meanwhile wait for the next transaction and share it, keys and effects and answers.

A service hands in a function that settles many cases in their order and gives an answer, or a refusal, for each. What
holds for one request and one transaction holds here: the key is claimed in the transaction of the effect, a repeat is
answered as the first was, a refusal keeps nothing and burns no key, and nobody is answered before the commit. When a
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
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException

from shared.kit.clock import Clock
from shared.kit.database import Database, keep_nothing
from shared.kit.exception_handlers import Busy
from shared.kit.idempotency import (
    Claim,
    first_answer,
    first_answers,
    give_up,
    keep_answer,
    keep_answers,
    read_claim,
)
from shared.kit.identity import identify
from shared.kit.problems import Problem
from shared.kit.transactions import Handler, TransactionRoute

MOST_TOGETHER = 200
"""Of some kilobytes and some tenths of a millisecond each: nobody waits long for the others of a transaction."""

MOST_WAITING = 2_000
"""More than a second's work; whoever comes then is told to come again."""

GIVE_UP_SECONDS = 10
"""How long the halves of a failed transaction are tried; the same as a request waits for a connection."""

log = structlog.get_logger()

Case = TypeVar("Case")
Handed = TypeVar("Handed", contravariant=True)  # noqa: PLC0105 (a name as the others)
Answer = Response | Problem


class Settle(Protocol[Handed]):
    """Settles cases in their order: an answer or a refusal for each, nothing kept of what it refused, or of a dry run."""

    async def __call__(
        self, session: AsyncSession, cases: Sequence[Handed], /, *, dry_run: bool
    ) -> Sequence[Answer]:
        """Give an answer or a refusal for each case, in their order."""


@dataclass(eq=False)
class _Waiting(Generic[Case]):
    claim: Claim
    case: Case
    answer: asyncio.Future[Response] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class GroupCommit(Generic[Case]):
    """Settles the cases of one process, as many at once as came meanwhile."""

    def __init__(self, database: Database, clock: Clock, settle: Settle[Case]) -> None:
        self._database = database
        self._clock = clock
        self._settle = settle
        self._waiting: deque[_Waiting[Case]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def settle(self, request: Request, case: Case) -> Response:
        """Settle a case together with those that come meanwhile; answers when it is committed, or raises the refusal."""
        request.state.handed_in = True
        if len(self._waiting) >= MOST_WAITING:
            raise Busy
        one = _Waiting(request.state.claim, case)
        self._waiting.append(one)
        if self._running is None:
            self._running = asyncio.create_task(self._run(), context=Context())
        return await one.answer

    async def settle_alone(self, request: Request, case: Case, *, dry_run: bool = False) -> Response:
        """Settle a case in a transaction of its own."""

        async def work(session: AsyncSession) -> Answer:
            (answer,) = await self._settle(session, [case], dry_run=dry_run)
            return answer

        return await alone(request, work, dry_run=dry_run)

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._settled(self._next(), asyncio.get_running_loop().time() + GIVE_UP_SECONDS)
        finally:
            self._running = None

    def _next(self) -> list[_Waiting[Case]]:
        """Take those that came first, one of each key: its repeats wait for what becomes of it."""
        taken: dict[tuple[str, str], _Waiting[Case]] = {}
        repeats = []
        while self._waiting and len(taken) < MOST_TOGETHER:
            one = self._waiting.popleft()
            if one.answer.done():  # its client went away
                continue
            first = taken.setdefault((one.claim.client_id, one.claim.key), one)
            if first is not one:
                repeats.append(one)
        self._waiting.extendleft(reversed(repeats))
        return list(taken.values())

    async def _settled(self, taken: Sequence[_Waiting[Case]], give_up_at: float) -> None:
        """Settle cases together; where that fails, in halves, down to the one that it fails for."""
        try:
            answers = await self._transaction(taken)
        except BaseException as error:
            if not isinstance(error, Exception):
                for one in taken:
                    one.answer.cancel()
                raise
            late = asyncio.get_running_loop().time() > give_up_at
            if len(taken) > 1 and not late and not _of_nobody(error):
                log.warning("settled in halves", cases=len(taken), reason=str(error))
                half = len(taken) // 2
                await self._settled(taken[:half], give_up_at)
                await self._settled(taken[half:], give_up_at)
                return
            for one in taken:
                _tell(one, error if len(taken) == 1 else Busy())
        else:
            for one, answer in zip(taken, answers, strict=True):
                _tell(one, answer)

    async def _transaction(self, taken: Sequence[_Waiting[Case]]) -> list[Answer]:
        """Claim the keys, settle the cases whose keys were free, and keep their answers; committed at the end."""
        async with self._database.writing() as session:
            found = dict(await first_answers(session, [one.claim for one in taken], self._clock()))
            new = [one for one in taken if one.claim not in found]
            cases = [one.case for one in new]
            settled = await self._settle(session, cases, dry_run=False) if cases else []
            found.update(zip((one.claim for one in new), settled, strict=True))
            kept = {one.claim: it for one in new if isinstance(it := found[one.claim], Response)}
            refused = [one.claim for one in new if one.claim not in kept]
            if not kept:
                keep_nothing(session)
            else:
                await keep_answers(session, kept)
                if refused:
                    await give_up(session, refused)
            return [found[one.claim] for one in taken]


async def alone(
    request: Request, work: Callable[[AsyncSession], Awaitable[Answer]], *, dry_run: bool = False
) -> Response:
    """Do the work of a request on a `GroupCommitRoute` in a transaction of its own; a dry run keeps not even its key."""
    request.state.handed_in = True
    claim: Claim = request.state.claim
    database: Database = request.app.state.database
    async with database.writing() as session:
        repeated = await first_answer(session, claim, request.app.state.clock())
        if repeated is not None:
            return repeated
        answer = await work(session)
        if isinstance(answer, Problem):
            raise answer
        if dry_run:
            keep_nothing(session)
        else:
            await keep_answer(session, claim, answer)
        return answer


def _of_nobody(error: Exception) -> bool:
    """Tell whether the database itself was in the way, and not one of the cases."""
    return isinstance(error, OSError | PoolTimeout) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _tell(one: _Waiting[Case], answer: Answer | Exception) -> None:
    if one.answer.done():
        return
    if isinstance(answer, Exception):
        one.answer.set_exception(answer)
    else:
        one.answer.set_result(answer)


class GroupCommitRoute(TransactionRoute):
    """A route whose work is handed in at a `GroupCommit`: its body is read before, outside of any transaction."""

    async def write(self, request: Request, handler: Handler, database: Database) -> Response:
        """Read the request and hand it in. What is refused before that may still be a repeat of what was answered."""
        caller = await identify(request)
        claim = request.state.claim = await read_claim(request, caller.client_id)
        try:
            return await handler(request)
        except (Problem, RequestValidationError, HTTPException):
            if getattr(request.state, "handed_in", False):
                raise
            async with database.writing() as session:
                keep_nothing(session)
                repeated = await first_answer(session, claim, request.app.state.clock())
            if repeated is None:
                raise
            return repeated
