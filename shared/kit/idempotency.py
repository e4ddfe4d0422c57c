"""Idempotency-Key: a repeated POST takes effect once and is answered alike every time.

The key is written first in the transaction of the effect. A twin that arrives meanwhile waits on the key's unique
index: when the first commits, the twin answers what the first answered; when the first is refused, its key goes with
the rolled-back transaction and the twin tries for itself. Nobody burns a key by being refused.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.models import AnsweredRequest
from shared.kit.plain_sql import run_sql
from shared.kit.problems import Invalid, Malformed, Problem, Sentence

KEY_SHAPE = re.compile(r'"?[\x21\x23-\x7e]{1,200}"?')
KEPT_HEADERS = ("content-type", "location", "etag")

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


async def read_claim(request: Request, client_id: str) -> Claim:
    """Read the key of a request and fingerprint its content."""
    key = request.headers.get("idempotency-key", "")
    if not KEY_SHAPE.fullmatch(key):
        raise IdempotencyKeyRequired
    content = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    content.update(await request.body())
    return Claim(client_id, key.strip('"'), content.hexdigest())


async def first_answer(session: AsyncSession, claim: Claim, now: datetime) -> Response | None:
    """Claim the key; None means the request is the first and must take effect in this transaction."""
    found = (await first_answers(session, [claim], now)).get(claim)
    if isinstance(found, Problem):
        raise found
    return found


async def first_answers(
    session: AsyncSession, claims: Collection[Claim], now: datetime
) -> Mapping[Claim, Response | Problem]:
    """Claim keys, each once; return the answers of those that were used before, or that they were for other content."""
    unclaimed = {(claim.client_id, claim.key): claim for claim in claims}
    answers: dict[Claim, Response | Problem] = {}
    while unclaimed:
        contents = [claim.content_sha256 for claim in unclaimed.values()]
        for row in await run_sql(session, CLAIM_KEYS, *_key_columns(unclaimed.values()), contents, now):
            del unclaimed[row.client_id, row.key]
        if not unclaimed:
            break
        for row in await run_sql(session, SELECT_ANSWERS, *_key_columns(unclaimed.values())):
            claim = unclaimed.pop((row.client_id, row.key))
            same = row.content_sha256 == claim.content_sha256
            answers[claim] = _replay(row) if same else IdempotencyKeyReused()
        # a key that is left was pruned meanwhile, and is claimed again
    return answers


async def keep_answer(session: AsyncSession, claim: Claim, response: Response) -> None:
    """Keep what was answered, in the transaction of the effect."""
    await keep_answers(session, {claim: response})


async def keep_answers(session: AsyncSession, answers: Mapping[Claim, Response]) -> None:
    """Keep many answers in the transaction of their effects."""
    headers = [
        {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        for answer in answers.values()
    ]
    await run_sql(
        session,
        UPDATE_ANSWERS,
        *_key_columns(answers),
        [answer.status_code for answer in answers.values()],
        [json.dumps(header) for header in headers],
        [bytes(answer.body) for answer in answers.values()],
    )


async def give_up(session: AsyncSession, claims: Collection[Claim]) -> None:
    """Give keys back that were claimed in this transaction and had no effect."""
    await run_sql(session, DELETE_CLAIMS, *_key_columns(claims))


def _key_columns(claims: Iterable[Claim]) -> tuple[list[str], list[str]]:
    keys = list(claims)
    return [claim.client_id for claim in keys], [claim.key for claim in keys]


def _replay(row: Row[Any]) -> Response:
    headers = {**(row.headers or {}), "Idempotent-Replay": "true"}
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
