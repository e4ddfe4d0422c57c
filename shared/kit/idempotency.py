"""Idempotency-Key: a repeated POST takes effect once and is answered alike every time.

The key is written first in the transaction of the effect. A twin that arrives meanwhile waits on the key's unique
index: when the first commits, the twin answers what the first answered; when the first is refused, its key goes with
the rolled-back transaction and the twin tries for itself. Nobody burns a key by being refused.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, Response
from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.models import AnsweredRequest
from shared.kit.problems import Invalid, Malformed, Sentence

KEY_SHAPE = re.compile(r'"?[\x21\x23-\x7e]{1,200}"?')
KEPT_HEADERS = ("content-type", "location", "etag")

_CLAIM = text(
    """
    INSERT INTO answered_requests (client_id, key, content_sha256, received_at)
    VALUES (:client_id, :key, :content_sha256, :received_at)
    ON CONFLICT DO NOTHING RETURNING key
    """
)
_ANSWERED = text(
    """
    SELECT content_sha256, status, headers, body FROM answered_requests
    WHERE client_id = :client_id AND key = :key
    """
).columns(headers=JSONB)
_KEEP_ANSWER = text(
    """
    UPDATE answered_requests SET status = :status, headers = :headers, body = :body
    WHERE client_id = :client_id AND key = :key
    """
).bindparams(bindparam("headers", type_=JSONB))


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


async def claim_of(request: Request, client_id: str) -> Claim:
    """Read the key of a request and fingerprint its content."""
    key = request.headers.get("idempotency-key", "")
    if not KEY_SHAPE.fullmatch(key):
        raise IdempotencyKeyRequired
    content = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    content.update(await request.body())
    return Claim(client_id, key.strip('"'), content.hexdigest())


async def first_answer(session: AsyncSession, claim: Claim, now: datetime) -> Response | None:
    """Claim the key; None means the request is the first and must take effect in this transaction."""
    key = {"client_id": claim.client_id, "key": claim.key}
    while True:
        claimed = await session.execute(
            _CLAIM, {**key, "content_sha256": claim.content_sha256, "received_at": now}
        )
        if claimed.first() is not None:
            return None
        answered = (await session.execute(_ANSWERED, key)).first()
        if answered is not None:  # else it was pruned since, and is claimed anew
            break
    if answered.content_sha256 != claim.content_sha256:
        raise IdempotencyKeyReused
    return Response(
        answered.body,
        status_code=answered.status or 200,
        headers={**(answered.headers or {}), "Idempotent-Replay": "true"},
    )


async def keep_answer(session: AsyncSession, claim: Claim, response: Response) -> None:
    """Keep what was answered, in the transaction of the effect."""
    await session.execute(
        _KEEP_ANSWER,
        {
            "client_id": claim.client_id,
            "key": claim.key,
            "status": response.status_code,
            "headers": {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
            "body": bytes(response.body),
        },
    )


async def prune(session: AsyncSession, before: datetime, *, limit: int = 10_000) -> int:
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
