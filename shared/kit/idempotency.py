"""Idempotency-Key: a repeated POST takes effect once and gets the same answer every time (see ADR 0009).

The key is claimed first in the transaction of the effect. A repeat that arrives meanwhile waits on the key's unique
index: when the first commits, the repeat gets the answer of the first; when the first is refused, its claim is rolled
back and the repeat takes effect itself. So a refusal uses up no key.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Response
from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import Clock
from shared.kit.database import Database, UnitOfWork, run_sql
from shared.kit.identity import Caller
from shared.kit.json_body import JsonRequest
from shared.kit.models import AnsweredRequest
from shared.kit.problems import Invalid, Malformed, Problem, Sentence

KEY_SHAPE = re.compile(r'"?[\x21\x23-\x7e]{1,200}"?')
NO_DRY_RUN = re.compile(r"dry_run=(false|0|off|f|n|no)", re.IGNORECASE)
KEPT_HEADERS = ("content-type", "location", "etag")
REPLAY_HEADER = "Idempotent-Replay"
"""Marks an answer that was given before."""

CLAIM_KEYS = """
    INSERT INTO answered_requests (client_id, key, content_sha256, received_at)
    SELECT client_id, key, content_sha256, $4
    FROM unnest($1::text[], $2::text[], $3::text[]) AS claimed (client_id, key, content_sha256)
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING RETURNING client_id, key
"""
"""Sorted, so that two transactions with the same keys wait for each other and do not deadlock."""

SELECT_ANSWERS = """
    SELECT content_sha256, client_id, key, status, headers, body
    FROM answered_requests JOIN unnest($1::text[], $2::text[]) AS claimed (client_id, key) USING (client_id, key)
"""

UPDATE_ANSWERS = """
    UPDATE answered_requests AS stored
    SET status = answered.status, headers = answered.headers::jsonb, body = answered.body
    FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::bytea[])
         AS answered (client_id, key, status, headers, body)
    WHERE stored.client_id = answered.client_id AND stored.key = answered.key
"""

DELETE_CLAIMS = """
    DELETE FROM answered_requests AS stored USING unnest($1::text[], $2::text[]) AS claimed (client_id, key)
    WHERE stored.client_id = claimed.client_id AND stored.key = claimed.key
"""


class IdempotencyKeyRequired(Malformed):
    """A POST without a key could take effect twice over a weak link."""

    code = "idempotency_key_required"
    detail = Sentence(
        "Mỗi yêu cầu POST cần tiêu đề Idempotency-Key (1 đến 200 ký tự ASCII).",
        "Every POST needs an Idempotency-Key header (1 to 200 ASCII characters).",
    )


class IdempotencyKeyReused(Invalid):
    """The same key came with another content."""

    code = "idempotency_key_reused"
    detail = Sentence(
        "Khóa Idempotency-Key này đã dùng cho một yêu cầu khác.",
        "This Idempotency-Key was used for a request with another content.",
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """One client's key for one content."""

    client_id: str
    key: str
    content_sha256: str
    """Of the parsed content: line ends, blanks and indentation are not another content."""
    bytes_sha256: str = ""
    """Of the bytes: 0.1.0 kept this one, and a request that was answered then may be repeated now."""


async def read_claim(request: JsonRequest, client_id: str) -> Claim:
    """Read the key of a request and fingerprint its content."""
    key = request.headers.get("idempotency-key", "")
    if not KEY_SHAPE.fullmatch(key):
        raise IdempotencyKeyRequired
    operation = f"{request.method} {request.url.path}?{_read_query(request)}\n".encode()
    return make_claim(
        client_id, key.strip('"'), operation, await request.canonical_body(), await request.body()
    )


def _read_query(request: JsonRequest) -> str:
    """Return the query of a request as it was sent; `dry_run=false` says the same as nothing."""
    parts = request.url.query.split("&")
    return "&".join(part for part in parts if not NO_DRY_RUN.fullmatch(part))


def make_claim(client_id: str, key: str, operation: bytes, canonical: bytes, posted: bytes) -> Claim:
    """Return the claim of a key for a body in its one form; `posted` are its bytes as they came."""
    content_sha256 = hashlib.sha256(operation + canonical).hexdigest()
    if posted == canonical:
        return Claim(client_id, key, content_sha256, content_sha256)
    return Claim(client_id, key, content_sha256, hashlib.sha256(operation + posted).hexdigest())


async def answer_once(
    database: Database,
    clock: Clock,
    claim: Claim,
    work: Callable[[UnitOfWork], Awaitable[Response | Problem]],
    *,
    caller: Caller,
    while_claiming: AbstractAsyncContextManager[None] | None = None,
) -> Response:
    """Answer one request once: its work is done in a unit of work of its own. Raises its refusal, which keeps nothing."""

    async def work_on_one(unit_of_work: UnitOfWork, _: Sequence[Claim]) -> list[Response | Problem]:
        return [await work(unit_of_work)]

    (answer,) = await answer_each_once(
        database, clock, [claim], work_on_one, caller=caller, while_claiming=while_claiming
    )
    if isinstance(answer, Problem):
        raise answer
    return answer


async def answer_each_once(
    database: Database,
    clock: Clock,
    claims: Sequence[Claim],
    work: Callable[[UnitOfWork, Sequence[Claim]], Awaitable[Sequence[Response | Problem]]],
    *,
    caller: Caller,
    while_claiming: AbstractAsyncContextManager[None] | None = None,
) -> list[Response | Problem]:
    """Return the answer to each claimed request, in one transaction: the first answer again, or the result of its work.

    `work` gets the claims that were not answered before and returns an answer or a refusal for each; it keeps nothing for
    those that it refuses. Their keys are given back. The keys are claimed inside of `while_claiming`.
    """
    async with UnitOfWork.writing(database, clock, caller) as unit_of_work:
        async with while_claiming or nullcontext():
            answers = await _claim(unit_of_work, claims)
        new = [claim for claim in claims if claim not in answers]
        if new:
            answers.update(zip(new, await work(unit_of_work, new), strict=True))
        await _store_answers(unit_of_work, {claim: answers[claim] for claim in new})
    return [answers[claim] for claim in claims]


async def _claim(unit_of_work: UnitOfWork, claims: Collection[Claim]) -> dict[Claim, Response | Problem]:
    """Claim new keys; return the stored answer of each key used before, or `IdempotencyKeyReused` where its content differs."""
    unclaimed = {(claim.client_id, claim.key): claim for claim in claims}
    answers: dict[Claim, Response | Problem] = {}
    while unclaimed:
        contents = [claim.content_sha256 for claim in unclaimed.values()]
        columns = (*_key_columns(unclaimed.values()), contents, unit_of_work.now)
        for row in await run_sql(unit_of_work.session, CLAIM_KEYS, *columns):
            del unclaimed[row.client_id, row.key]
        if not unclaimed:
            break
        for row in await run_sql(unit_of_work.session, SELECT_ANSWERS, *_key_columns(unclaimed.values())):
            claim = unclaimed.pop((row.client_id, row.key))
            same = row.content_sha256 in {claim.content_sha256, claim.bytes_sha256}
            answers[claim] = _replay(row) if same else IdempotencyKeyReused()
        # a key that is left was pruned meanwhile, and is claimed again
    return answers


async def _store_answers(unit_of_work: UnitOfWork, answers: Mapping[Claim, Response | Problem]) -> None:
    """Store the new answers, and release the keys of what was refused."""
    responses = {claim: answer for claim, answer in answers.items() if isinstance(answer, Response)}
    refused = [claim for claim in answers if claim not in responses]
    if unit_of_work.dry_run or not responses:
        unit_of_work.discard()
        return
    await _update_answers(unit_of_work.session, responses)
    if refused:
        await run_sql(unit_of_work.session, DELETE_CLAIMS, *_key_columns(refused))


async def _update_answers(session: AsyncSession, responses: Mapping[Claim, Response]) -> None:
    headers = [
        {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        for response in responses.values()
    ]
    await run_sql(
        session,
        UPDATE_ANSWERS,
        *_key_columns(responses),
        [response.status_code for response in responses.values()],
        [json.dumps(fields) for fields in headers],
        [bytes(response.body) for response in responses.values()],
    )


def _key_columns(claims: Iterable[Claim]) -> tuple[list[str], list[str]]:
    keys = list(claims)
    return [claim.client_id for claim in keys], [claim.key for claim in keys]


def _replay(row: Row[Any]) -> Response:
    headers = {**(row.headers or {}), REPLAY_HEADER: "true"}
    return Response(row.body, status_code=row.status or 200, headers=headers)


async def prune_answers(session: AsyncSession, before: datetime, *, limit: int = 10_000) -> int:
    """Forget answers older than an instant, some at a time; returns how many."""
    old = (
        select(AnsweredRequest.client_id, AnsweredRequest.key)
        .where(AnsweredRequest.received_at < before)
        .limit(limit)
        .cte()
    )
    gone = await session.execute(
        delete(AnsweredRequest)
        .where(AnsweredRequest.client_id == old.c.client_id, AnsweredRequest.key == old.c.key)
        .returning(AnsweredRequest.key)
    )
    return len(gone.all())
