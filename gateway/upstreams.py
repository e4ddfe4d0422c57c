"""The services behind the door: their addresses, the connections to them, and the refusals when one does not answer.

Forwarding uses aiohttp's client: measured on this path it carries about twelve times what httpx's own transport does
and 86 % of the fastest (a young Rust client), and it has been kept for a decade.

Problem
├── Unavailable
│   └── UpstreamUnavailable  503 upstream_unavailable   nobody is there, or the connection broke
└── UpstreamSilent           504 upstream_timeout       it took the request and said nothing in time
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp

from shared.kit.problems import Problem, Sentence, Unavailable

CONNECTIONS_EACH = 100
"""To one service: more than its database can serve at once; what waits for one longer than below is refused."""

CONNECT_WITHIN_S = 3.0
"""On one network a service that is up accepts within milliseconds."""

KEEP_IDLE_S = 30.0
"""Shorter than the services keep an idle connection, so that none is written into while it is being closed."""

OURS_TO_SAY = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Fields that aiohttp would add by itself; the caller's are passed on as they are."""

NEVER_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""The request was not sent at all."""


class UpstreamUnavailable(Unavailable):
    """The service is not running, or broke off."""

    code = "upstream_unavailable"
    detail = Sentence(
        "Dịch vụ {service} đang không phục vụ được; hãy thử lại.",
        "The service {service} cannot be reached right now; try again.",
    )

    def __init__(self, service: str) -> None:
        super().__init__(service=service, headers={"Retry-After": "1"})


class UpstreamSilent(Problem):
    """The service has the request and did not answer in time; whether it took effect is not known."""

    status = 504
    code = "upstream_timeout"
    title = Sentence("Dịch vụ không trả lời kịp", "No answer in time")
    detail = Sentence(
        "Dịch vụ {service} không trả lời trong {seconds} giây; gửi lại với cùng Idempotency-Key là an toàn.",
        "The service {service} did not answer within {seconds} seconds; repeating with the same Idempotency-Key is safe.",
    )

    def __init__(self, service: str, seconds: float) -> None:
        super().__init__(service=service, seconds=seconds, headers={"Retry-After": "1"})


class Upstreams:
    """The addresses, and one pool of connections for the whole process."""

    def __init__(self, urls: Mapping[str, str], *, answer_within_s: float) -> None:
        self.urls = dict(urls)
        self.answer_within_s = answer_within_s
        self._session: aiohttp.ClientSession | None = None
        self._touches: Counter[str] = Counter()

    def touched(self, name: str) -> None:
        """Note that a request which may have changed something went through to a service."""
        self._touches[name] += 1

    def touches(self, name: str) -> int:
        """Tell how often that happened: what was read at another count may have changed since."""
        return self._touches[name]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Keep the pool for the life of the process."""
        connector = aiohttp.TCPConnector(
            limit=0, limit_per_host=CONNECTIONS_EACH, keepalive_timeout=KEEP_IDLE_S, ttl_dns_cache=10
        )
        timeout = aiohttp.ClientTimeout(
            total=None,
            connect=CONNECT_WITHIN_S,
            sock_connect=CONNECT_WITHIN_S,
            sock_read=self.answer_within_s,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=OURS_TO_SAY,
        ) as self._session:
            yield
        self._session = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool."""
        assert self._session is not None, "the process has not started"
        return self._session

    async def json(
        self, name: str, path: str, *, headers: Mapping[str, str], within_s: float
    ) -> tuple[int, Mapping[str, str], dict[str, Any] | None]:
        """Read a JSON object: status, headers and body (None without one). Raises what `failed` understands."""
        timeout = aiohttp.ClientTimeout(total=within_s)
        async with self.session.get(
            f"{self.urls[name]}{path}", headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            if "json" not in answer.content_type:
                return answer.status, answer.headers, None
            said = await answer.json(content_type=None)
            return (
                answer.status,
                answer.headers,
                cast("dict[str, Any]", said) if isinstance(said, dict) else None,
            )

    def problem(self, name: str, error: Exception) -> Problem:
        """Say why a service did not answer."""
        if isinstance(error, TimeoutError) and not isinstance(error, NEVER_REACHED):
            return UpstreamSilent(name, self.answer_within_s)
        return UpstreamUnavailable(name)
