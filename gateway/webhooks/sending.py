"""One signed request to a receiver: to an allowed address alone, over TLS, without redirects, within a limited time."""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import aiohttp
from standardwebhooks import Webhook

from gateway.webhooks.addresses import AddressRefused, Network, open_socket
from shared.kit.version import product_version

ANSWERS_WITHIN_S = 15.0
"""Seconds for the whole request; the specification asks receivers to answer within 15 to 30."""
MAX_SENDING = 500
"""Connections of the process at once; each subscription has one at most."""
MAX_FIELD_BYTES = 8190
CONTENT_TYPE = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """A message to send: what identifies it at every attempt, and its body."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one request."""

    status: int | None
    error: str | None
    """Why it failed; None where the receiver took it."""
    retry_after_s: int | None = None


class Sender(Protocol):
    """Sends a message once."""

    async def send(self, url: str, message: WebhookMessage, secrets: Sequence[str], now: datetime) -> Attempt:
        """Send a message signed with each secret; return what came of it, and raise nothing."""
        ...


def sign_message(message: WebhookMessage, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the header fields of a signed message, with a signature by each secret."""
    instant = now.astimezone(UTC)
    text = message.body.decode()
    return {
        "webhook-id": message.id,
        "webhook-timestamp": str(int(instant.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message.id, instant, text) for secret in secrets),
    }


class HttpSender:
    """Sends over HTTPS from one pool; connections are not kept, so each attempt is checked anew."""

    def __init__(self, listed: Sequence[Network], authorities: Path | None) -> None:
        self._listed = listed
        self._authorities = authorities
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Open the pool, and close it at the end."""
        context = ssl.create_default_context()
        if self._authorities is not None:
            context.load_verify_locations(self._authorities)
        connector = aiohttp.TCPConnector(
            limit=MAX_SENDING,
            force_close=True,
            use_dns_cache=False,
            ssl=context,
            socket_factory=partial(open_socket, listed=self._listed),
        )
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=MAX_FIELD_BYTES,
            max_field_size=MAX_FIELD_BYTES,
            headers={"User-Agent": f"ntp/{product_version()}"},
        ) as self._session:
            yield
        self._session = None

    async def send(self, url: str, message: WebhookMessage, secrets: Sequence[str], now: datetime) -> Attempt:
        """Send a message signed with each secret; what the receiver says beside the status is not read."""
        assert self._session is not None, "the process has not started"
        headers = {**sign_message(message, secrets, now), "Content-Type": CONTENT_TYPE}
        try:
            async with self._session.post(
                url, data=message.body, headers=headers, allow_redirects=False
            ) as answer:
                return to_attempt(answer.status, answer.headers.get("Retry-After"))
        except TimeoutError:
            return Attempt(None, "timeout")
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
            return Attempt(None, "certificate")
        except aiohttp.ClientConnectorError as error:
            is_refused = isinstance(error.os_error, AddressRefused)
            return Attempt(None, "address_private" if is_refused else "connection")
        except (aiohttp.ClientError, OSError, ValueError):
            return Attempt(None, "connection")


def to_attempt(status: int, retry_after: str | None) -> Attempt:
    """Return what an answer means: 2xx is taken, everything else failed, a redirect too."""
    if 200 <= status < 300:  # noqa: PLR2004 (the class of success)
        return Attempt(status, None)
    seconds = int(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
    return Attempt(status, f"status {status}", seconds)
