"""Rate limits: sliding windows in the memory of this process, and the RateLimit fields of their state.

The key of a window is the client id of a valid token, else the address (the /64 network of an IPv6 address). Each
replica counts for itself, so N replicas allow up to N times as much. The limits keep one caller from starving the
others; nobody is billed by them.
"""

import ipaddress
import math
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import http_sf
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from shared.kit.problems import TooManyRequests


@dataclass(frozen=True, slots=True)
class RateLimitDecision:
    """Whether a request may pass, and the RateLimit fields (draft-ietf-httpapi-ratelimit-headers)."""

    allowed: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    retry_after_s: int = 0

    def raise_if_exceeded(self) -> None:
        """Raise `TooManyRequests` unless the request is allowed."""
        if not self.allowed:
            raise TooManyRequests(
                retry_after=self.retry_after_s,
                headers={**self.headers, "Retry-After": str(self.retry_after_s)},
            )


class RateLimitPolicy:
    """One policy: a number of requests in a period, for each key."""

    def __init__(self, limiter: SlidingWindowCounterRateLimiter, name: str, rule: str) -> None:
        self._limiter = limiter
        self._name = name
        self._item: RateLimitItem | None = parse(rule) if rule else None
        self._label = _field(name)
        if self._item:
            self._policy = _field(name, q=self._item.amount, w=self._item.get_expiry())

    async def hit(self, *key: str) -> RateLimitDecision:
        """Count one request of a key; return the decision."""
        if self._item is None:
            return RateLimitDecision()
        allowed = await self._limiter.hit(self._item, self._name, *key)
        window = await self._limiter.get_window_stats(self._item, self._name, *key)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        remaining = f"{self._label};r={window.remaining};t={wait}"  # as `_field` writes it, for every request
        return RateLimitDecision(allowed, {"RateLimit-Policy": self._policy, "RateLimit": remaining}, wait)


class RateLimits:
    """The policies of the gateway."""

    def __init__(self, *, client: str, address: str, token: str) -> None:
        limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._client = RateLimitPolicy(limiter, "client", client)
        self._address = RateLimitPolicy(limiter, "address", address)
        self._token = RateLimitPolicy(limiter, "token", token)
        self._failed_token = RateLimitPolicy(limiter, "failed-token", token)

    async def request(self, scope: MutableMapping[str, Any], client_id: str) -> RateLimitDecision:
        """Count a request of a client, or of a network where the client is not known."""
        if client_id:
            return await self._client.hit(client_id)
        return await self._address.hit(find_network(scope))

    async def token_request(self, scope: MutableMapping[str, Any], client_id: str) -> RateLimitDecision:
        """Count a token request of a client, whose secret was right, from a network."""
        return await self._token.hit(client_id[:64], find_network(scope))

    async def failed_token_request(
        self, scope: MutableMapping[str, Any], client_id: str
    ) -> RateLimitDecision:
        """Count a token request for a client id with a wrong secret from a network, apart from those that succeed."""
        return await self._failed_token.hit(client_id[:64], find_network(scope))


def _field(policy: str, **parameters: int) -> str:
    members: Any = [(policy, parameters)]
    return http_sf.ser(members)


def find_network(scope: MutableMapping[str, Any]) -> str:
    """Return the network that a connection comes from."""
    return to_network(str((scope.get("client") or ("unknown",))[0]))


@lru_cache(maxsize=4096)
def to_network(host: str) -> str:
    """Return the network of an address: an IPv4 address itself, an IPv6 address's /64."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False))
    return host
