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
from sqlalchemy import DateTime, Row, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.compiled import Compiled
from shared.kit.models import AnsweredRequest
from shared.kit.problems import Invalid, Malformed, Problem, Sentence

KEY_SHAPE = re.compile(r'"?[\x21\x23-\x7e]{1,200}"?')
KEPT_HEADERS = ("content-type", "location", "etag")

_WANTED = "unnest(CAST(:clients AS text[]), CAST(:keys AS text[]){more}) AS wanted (client_id, key{names})"
_CLAIM = text(
    f"""
    INSERT INTO answered_requests (client_id, key, content_sha256, received_at)
    SELECT client_id, key, content_sha256, :received_at
    FROM {_WANTED.format(more=", CAST(:contents AS text[])", names=", content_sha256")}
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING RETURNING client_id, key
    """
).bindparams(bindparam("received_at", type_=DateTime(timezone=True)))
_ANSWERED = text(
    f"""
    SELECT content_sha256, client_id, key, status, headers, body
    FROM answered_requests JOIN {_WANTED.format(more="", names="")} USING (client_id, key)
    """
).columns(headers=JSONB)
_KEEP_ANSWERS = Compiled(
    text(
        f"""
    UPDATE answered_requests AS kept
    SET status = wanted.status, headers = CAST(wanted.headers AS jsonb), body = wanted.body
    FROM {_WANTED.format(more=", CAST(:statuses AS int[]), CAST(:headers AS text[]), CAST(:bodies AS bytea[])", names=", status, headers, body")}
    WHERE kept.client_id = wanted.client_id AND kept.key = wanted.key
    """
    )
)
_GIVE_UP = text(
    f"""
    DELETE FROM answered_requests AS kept USING {_WANTED.format(more="", names="")}
    WHERE kept.client_id = wanted.client_id AND kept.key = wanted.key
    """
)


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
    """Claim keys, each once; gives the answers of those that were used before, or that they were for other content."""
    wanted = {(each.client_id, each.key): each for each in claims}
    found: dict[Claim, Response | Problem] = {}
    while wanted:
        asked = {**_places(wanted.values()), "contents": [each.content_sha256 for each in wanted.values()]}
        claimed = await session.execute(_CLAIM, {**asked, "received_at": now})
        for row in claimed:
            del wanted[row.client_id, row.key]
        if not wanted:
            break
        for row in await session.execute(_ANSWERED, _places(wanted.values())):
            claim = wanted.pop((row.client_id, row.key))
            same = row.content_sha256 == claim.content_sha256
            found[claim] = _replay(row) if same else IdempotencyKeyReused()
        # what is wanted still was pruned since, and is claimed anew
    return found


async def keep_answer(session: AsyncSession, claim: Claim, response: Response) -> None:
    """Keep what was answered, in the transaction of the effect."""
    await keep_answers(session, {claim: response})


async def keep_answers(session: AsyncSession, answers: Mapping[Claim, Response]) -> None:
    """Keep many answers in the transaction of their effects."""
    headers = [
        {name: each.headers[name] for name in KEPT_HEADERS if name in each.headers}
        for each in answers.values()
    ]
    await _KEEP_ANSWERS.rows(
        session,
        {
            **_places(answers),
            "statuses": [each.status_code for each in answers.values()],
            "headers": [json.dumps(each) for each in headers],
            "bodies": [bytes(each.body) for each in answers.values()],
        },
    )


async def give_up(session: AsyncSession, claims: Collection[Claim]) -> None:
    """Give keys back that were claimed in this transaction and had no effect."""
    await session.execute(_GIVE_UP, _places(claims))


def _places(claims: Iterable[Claim]) -> dict[str, list[str]]:
    found = list(claims)
    return {"clients": [each.client_id for each in found], "keys": [each.key for each in found]}


def _replay(row: Row[Any]) -> Response:
    return Response(
        row.body,
        status_code=row.status or 200,
        headers={**(row.headers or {}), "Idempotent-Replay": "true"},
    )


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
