"""The upstreams: their addresses, the connection pool, and the problems where one does not answer.

Forwarding uses aiohttp's client: on this path it carries about twelve times what httpx's own transport does.

Problem
├── Unavailable
│   └── UpstreamUnavailable  503 upstream_unavailable   no connection, or it broke
└── UpstreamTimeout           504 upstream_timeout       it took the request and did not answer in time
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp

from gateway.instances import Instance, Instances
from shared.kit.exact_json import read_json
from shared.kit.problems import Problem, Sentence, Unavailable

CONNECTIONS_EACH = 100
"""Connections to one service: more than its database can serve at once. A request that waits longer than `CONNECT_WITHIN_S`
for one is refused."""

CONNECT_WITHIN_S = 3.0
"""Seconds to connect: on one network a running service accepts within milliseconds."""

KEEP_IDLE_S = 30.0
"""Seconds that an idle connection is kept: shorter than the services keep it, so that no request meets a closing one."""

SKIPPED_AUTO_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Fields that aiohttp would add by itself; those of the caller are forwarded unchanged."""

NEVER_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Errors after which it is certain that nothing was sent."""


class UpstreamUnavailable(Unavailable):
    """The service is not running, or closed the connection."""

    code = "upstream_unavailable"
    detail = Sentence(
        "Dịch vụ {service} đang không phục vụ được; hãy thử lại.",
        "The service {service} cannot be reached right now; try again.",
    )

    def __init__(self, service: str) -> None:
        super().__init__(service=service, headers={"Retry-After": "1"})


class UpstreamTimeout(Problem):
    """The service has the request and did not answer in time; whether it took effect is unknown."""

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
    """The addresses of the upstreams, and one connection pool for the process."""

    def __init__(self, urls: Mapping[str, str | Sequence[str]], *, answer_within_s: float) -> None:
        self.instances = {
            name: Instances([addresses] if isinstance(addresses, str) else addresses)
            for name, addresses in urls.items()
        }
        self.answer_within_s = answer_within_s
        self._session: aiohttp.ClientSession | None = None
        self._writes: Counter[str] = Counter()

    @property
    def names(self) -> Collection[str]:
        """The names of the services."""
        return self.instances.keys()

    def count_write(self, name: str) -> None:
        """Count a request that may have changed something in a service."""
        self._writes[name] += 1

    def write_count(self, name: str) -> int:
        """Return how many such requests were forwarded: what was read at a smaller count may be out of date."""
        return self._writes[name]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Open the pool, and close it at the end."""
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
            skip_auto_headers=SKIPPED_AUTO_HEADERS,
        ) as self._session:
            yield
        self._session = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open pool."""
        assert self._session is not None, "the process has not started"
        return self._session

    async def get_json(
        self, name: str, path: str, *, headers: Mapping[str, str], within_s: float
    ) -> tuple[int, Mapping[str, str], dict[str, Any] | None]:
        """Read a JSON object: status, headers and body (None where there is no JSON object).

        An instance that breaks the connection is passed over for the next one. Raises the errors that `to_problem` converts.
        """
        tried: list[Instance] = []
        try:
            async with asyncio.timeout(within_s):
                while True:
                    tried.append(self.instances[name].choose(tried))
                    try:
                        return await self._get_json(tried[-1], path, headers)
                    except aiohttp.ClientConnectionError:
                        tried[-1].avoid()
                        if not self.instances[name].has_other(tried):
                            raise
        except TimeoutError:
            tried[-1].avoid()
            raise

    async def _get_json(
        self, instance: Instance, path: str, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], dict[str, Any] | None]:
        with instance.counted():
            async with self.session.get(
                f"{instance.url}{path}", headers=headers, allow_redirects=False
            ) as answer:
                note_stop(instance, answer)
                if "json" not in answer.content_type:
                    return answer.status, answer.headers, None
                content = await answer.read()
        document = read_json(content) if content else None
        return (
            answer.status,
            answer.headers,
            cast("dict[str, Any]", document) if isinstance(document, dict) else None,
        )

    def to_problem(self, name: str, error: Exception) -> Problem:
        """Return the problem of a service that did not answer."""
        if isinstance(error, TimeoutError) and not isinstance(error, NEVER_REACHED):
            return UpstreamTimeout(name, self.answer_within_s)
        return UpstreamUnavailable(name)


def note_stop(instance: Instance, response: aiohttp.ClientResponse) -> None:
    """Pass an instance over that says by its response that it is about to stop."""
    if response.headers.get("Connection", "").lower() == "close":
        instance.avoid()
