"""The cache of answers: a repeated read is answered with the bytes of the answer before, while that holds (see ADR 0030).

A route says under which condition its answer holds, by `keep_while` or by being a `CachedRoute`; all others are never
kept. An answer is kept for its address, its query, the media type, coding and language that were wanted, and the rights of the
caller: nobody gets what was made for other rights. It is kept as it was sent, compressed where it was.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

from prometheus_client import Counter, Gauge
from starlette.datastructures import Headers
from starlette.requests import Request

from shared.kit.database import DATABASE_ERRORS
from shared.kit.etags import OF_CONTENT, matches_if_none_match
from shared.kit.exception_handlers import negotiate_language
from shared.kit.identity import Caller, identify
from shared.kit.middleware import App, AsgiScope, Message, Receive, Send
from shared.kit.problems import Problem
from shared.kit.resources import Resources, get_resources
from shared.kit.telemetry import QUIET_PATHS

PENDING = "pending_answer"
"""The member of a request's scope that holds its `PendingAnswer`."""

LONGEST_FIELD = 300
"""Characters of the header fields that choose an answer; a request with longer ones is answered anew."""

LARGEST_SHARE = 8
"""An answer of more than the cache's bytes divided by this is not kept: it would drive out many others."""

BYTES_BESIDE_BODY = 2000
"""About what an answer takes besides its body: key, header fields, objects."""

QUARTER_HOUR = timedelta(minutes=15)
"""An answer may depend on the local day, and in every time zone midnight is the beginning of a quarter of an hour."""

ANSWERS = Counter(
    "ntp_cacheable_answers_total",
    "Answers of routes that keep theirs: given again (hit), or made because there was none (miss) or it holds no more (changed)",
    ("service", "outcome"),
)
CACHE_BYTES = Gauge("ntp_answer_cache_bytes", "Bytes of the answers that are kept", ("service",))

Holds = Callable[[], Awaitable[bool]]
"""Whether an answer that was kept still holds."""
Rights = tuple[frozenset[str], frozenset[str], frozenset[str]] | None
"""Scopes, programs and units of a client; None without a token."""


class AnswerKey(NamedTuple):
    """What chooses an answer."""

    path: bytes
    query: bytes
    accept: str
    accept_encoding: str
    language: str
    rights: Rights


class AnswerTime(NamedTuple):
    """What an answer depends on besides its rows: the version of the resources, and the quarter of an hour."""

    resources: int
    quarter: int


@dataclass(slots=True)
class CachedAnswer:
    """An answer as it was sent."""

    time: AnswerTime
    conditions: Sequence[Holds]
    tag: str
    headers: list[tuple[bytes, bytes]]
    body: bytes | None
    """None: only the tag of the content is known, because the client had the content."""
    route: Any

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        return BYTES_BESIDE_BODY + len(self.body or b"")


@dataclass
class AnswerCache:
    """The answers of a process, the least recently given ones dropped first."""

    limit_bytes: int
    bytes: int = 0
    _answers: OrderedDict[AnswerKey, CachedAnswer] = field(default_factory=OrderedDict)

    def find(self, key: AnswerKey) -> CachedAnswer | None:
        """Return the answer that is kept; None where there is none."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def keep(self, key: AnswerKey, answer: CachedAnswer) -> None:
        """Keep an answer in place of the one before."""
        before = self._answers.pop(key, None)
        self.bytes -= before.size_bytes if before else 0
        if answer.size_bytes > self.limit_bytes // LARGEST_SHARE:
            return
        self._answers[key] = answer
        self.bytes += answer.size_bytes
        while self.bytes > self.limit_bytes:
            _, dropped = self._answers.popitem(last=False)
            self.bytes -= dropped.size_bytes

    def clear(self) -> None:
        """Keep nothing of before."""
        self._answers.clear()
        self.bytes = 0


@dataclass(slots=True)
class PendingAnswer:
    """An answer that is being made; its route may say while what it holds."""

    conditions: list[Holds] = field(default_factory=list)
    is_for_once: bool = False


def keep_while(request: Request, holds: Holds) -> None:
    """Let the answer of this request be given again while a condition holds that was true before anything of it was read.

    Of several conditions all have to hold.
    """
    pending: PendingAnswer | None = request.scope.get(PENDING)
    if pending is not None:
        pending.conditions.append(holds)


def give_once(request: Request) -> None:
    """Keep the answer of this request in no case."""
    pending: PendingAnswer | None = request.scope.get(PENDING)
    if pending is not None:
        pending.is_for_once = True


class AnswerCacheMiddleware:
    """Gives an answer again that is kept and holds; else passes the request on, and keeps its answer where the route says so.

    It is outside of compression and of the routes.
    """

    def __init__(self, app: App, *, service: str) -> None:
        self.app = app
        self._hit, self._miss, self._changed = (
            ANSWERS.labels(service, outcome) for outcome in ("hit", "miss", "changed")
        )
        self._bytes = CACHE_BYTES.labels(service)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        key = await _find_key(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if key is None:
            await self.app(scope, receive, send)
            return
        resources = get_resources(scope["app"])
        cache, time = resources.get(AnswerCache), _find_time(resources)
        answer = cache.find(key)
        if answer is not None and answer.time == time and await _still_holds(answer):
            has_content = matches_if_none_match(Request(scope), answer.tag)
            if has_content or answer.body is not None:
                self._hit.inc()
                scope["route"] = answer.route
                await _send_again(answer, send, has_content=has_content)
                return
        pending = scope[PENDING] = PendingAnswer()
        sent = _SentAnswer(send, cache.limit_bytes // LARGEST_SHARE)
        await self.app(scope, receive, sent.send)
        can_be_kept = pending.conditions and not pending.is_for_once and sent.is_whole
        if can_be_kept and _find_time(resources) == time:
            (self._miss if answer is None else self._changed).inc()
            made = sent.to_answer(time, pending.conditions, scope.get("route"))
            if made.body is None and answer is not None and answer.tag == made.tag:
                made.body, made.headers = answer.body, answer.headers
            cache.keep(key, made)
            self._bytes.set(cache.bytes)


class _SentAnswer:
    """An answer that is passed on, and remembered where it is one that can be kept."""

    def __init__(self, send: Send, limit_bytes: int) -> None:
        self._send, self._limit_bytes = send, limit_bytes
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
        self._bytes = 0
        self.is_whole = False
        """Whether all of it was sent, and it can be kept."""

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            self._bytes += len(message.get("body", b""))
            if self._bytes <= self._limit_bytes:
                self._pieces.append(message.get("body", b""))
            self.is_whole = (
                not message.get("more_body", False)
                and self._bytes <= self._limit_bytes
                and self._status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}
                and any(name == b"etag" for name, _ in self._headers)
            )
        await self._send(message)

    def to_answer(self, time: AnswerTime, conditions: Sequence[Holds], route: Any) -> CachedAnswer:
        """Return it as it is kept."""
        tag = next(value for name, value in self._headers if name == b"etag").decode("latin-1")
        body = b"".join(self._pieces) if self._status == HTTPStatus.OK else None
        return CachedAnswer(time, conditions, tag, self._headers, body, route)


async def _find_key(scope: AsgiScope) -> AnswerKey | None:
    """Return the key of a read; None where it may not be answered from the cache, or its token is refused by the route."""
    headers = Headers(scope=scope)
    if scope["path"] in QUIET_PATHS or "content-length" in headers or "transfer-encoding" in headers:
        return None
    accept, coding = (",".join(headers.getlist(name)) for name in ("accept", "accept-encoding"))
    if len(accept) + len(coding) > LONGEST_FIELD:
        return None
    request = Request(scope)
    try:
        caller = await identify(request, required=False)
    except (Problem, *DATABASE_ERRORS):
        return None
    path = scope.get("raw_path") or scope["path"].encode()
    query = to_canonical_query(scope["query_string"])
    return AnswerKey(path, query, accept, coding, negotiate_language(request), _find_rights(caller))


def _find_rights(caller: Caller) -> Rights:
    return None if caller.anonymous else (caller.scopes, caller.programs, caller.units)


@lru_cache(maxsize=2048)
def to_canonical_query(query: bytes) -> bytes:
    """Return a query with its parameters ordered by name; values of one name keep their order."""
    pairs = [(pair.partition(b"=")[0], place, pair) for place, pair in enumerate(query.split(b"&"))]
    return b"&".join(pair for _, _, pair in sorted(pairs))


def _find_time(resources: Resources) -> AnswerTime:
    return AnswerTime(resources.version, _count_quarters(resources.clock()))


def _count_quarters(instant: datetime) -> int:
    return int(instant.timestamp() // QUARTER_HOUR.total_seconds())


async def _still_holds(answer: CachedAnswer) -> bool:
    """Whether an answer holds; where the database cannot say so the route answers, which knows how."""
    try:
        for holds in answer.conditions:
            if not await holds():
                return False
    except DATABASE_ERRORS:
        return False
    return True


async def _send_again(answer: CachedAnswer, send: Send, *, has_content: bool) -> None:
    """Send an answer, or 304 where the client has its content."""
    status, headers, body = HTTPStatus.OK.value, answer.headers, answer.body or b""
    if has_content:
        prefix = OF_CONTENT.encode()
        headers = [pair for pair in headers if not pair[0].startswith(prefix)]
        status, body = HTTPStatus.NOT_MODIFIED.value, b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
