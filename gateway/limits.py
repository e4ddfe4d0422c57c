"""How much one caller may ask: sliding windows kept in this process's memory, and the fields that say so.

A caller is its client, once its token is proved, else its address (an IPv6 client's /64, which is what one has). Each
replica counts for itself, so N replicas allow up to N times as much; the limits are there to keep one caller from
starving the others, not to bill.
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

    def refuse(self) -> None:
        """Raise `TooManyRequests` unless it may pass."""
        if not self.allowed:
            raise TooManyRequests(
                retry_after=self.retry_after_s,
                headers={**self.headers, "Retry-After": str(self.retry_after_s)},
            )


class RateLimitPolicy:
    """One policy: so many in so long, for each key."""

    def __init__(self, limiter: SlidingWindowCounterRateLimiter, name: str, rule: str) -> None:
        self._limiter = limiter
        self._name = name
        self._item: RateLimitItem | None = parse(rule) if rule else None
        if self._item:
            self._policy = _field(name, q=self._item.amount, w=self._item.get_expiry())

    async def hit(self, *key: str) -> RateLimitDecision:
        """Count one request."""
        if self._item is None:
            return RateLimitDecision()
        allowed = await self._limiter.hit(self._item, self._name, *key)
        window = await self._limiter.get_window_stats(self._item, self._name, *key)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        left = _field(self._name, r=window.remaining, t=wait)
        return RateLimitDecision(allowed, {"RateLimit-Policy": self._policy, "RateLimit": left}, wait)


class RateLimits:
    """The policies of the gateway."""

    def __init__(self, *, client: str, address: str, token: str) -> None:
        limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._client = RateLimitPolicy(limiter, "client", client)
        self._address = RateLimitPolicy(limiter, "address", address)
        self._token = RateLimitPolicy(limiter, "token", token)

    async def request(self, scope: MutableMapping[str, Any], client_id: str) -> RateLimitDecision:
        """Count a request of a client, or of an address when nobody proved who they are."""
        if client_id:
            return await self._client.hit(client_id)
        return await self._address.hit(find_network(scope))

    async def token_request(self, scope: MutableMapping[str, Any], client_id: str) -> RateLimitDecision:
        """Count an attempt to get a token as this client from this address."""
        return await self._token.hit(client_id[:64], find_network(scope))


def _field(policy: str, **parameters: int) -> str:
    members: Any = [(policy, parameters)]
    return http_sf.ser(members)


def find_network(scope: MutableMapping[str, Any]) -> str:
    """Name the network that a connection comes from."""
    return to_network(str((scope.get("client") or ("unknown",))[0]))


@lru_cache(maxsize=4096)
def to_network(host: str) -> str:
    """Give an address as one caller has it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False))
    return host
