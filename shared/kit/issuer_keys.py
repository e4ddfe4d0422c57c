"""The public keys of the issuer of tokens: fetched when first needed, held in memory and on disk.

An unknown key id makes them be fetched again, at most once a minute. So a gateway that is down makes no service unready,
and a service that cannot get the key it needs answers 503 `keys_unavailable`, never 401.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, Protocol

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.kit.problems import Sentence, Unavailable

log = structlog.get_logger()

REFETCH_AFTER_S = 60.0
RETRY_AFTER_FAILURE_S = 1.0
FETCH_WITHIN_S = 2.0


class KeysUnavailable(Unavailable):
    """The key that signed the token has never been seen and cannot be fetched."""

    code = "keys_unavailable"
    detail = Sentence(
        "Chưa lấy được khóa xác thực của hệ thống cấp mã; hãy thử lại sau.",
        "The issuer's keys cannot be fetched yet; try again shortly.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class KeySource(Protocol):
    """The source of the keys that tokens are verified with."""

    async def find_keys(self, key_id: str | None) -> KeySet:
        """Return the keys, among them the one with this id if there is one; raises `KeysUnavailable`."""


class IssuerKeys:
    """The issuer's public keys, fetched over HTTP and kept on disk for the next start."""

    def __init__(self, url: str, stored_at: Path | None = None, keys: KeySet | None = None) -> None:
        self._url = url
        self._stored_at = stored_at
        self._keys = keys or self._load()
        self._tried_at = float("-inf")
        self._failed = False
        self._lock = asyncio.Lock()

    async def find_keys(self, key_id: str | None) -> KeySet:
        """Return the keys, fetched again when none of them has this id and the last try is old enough."""
        if not self._has(key_id):
            async with self._lock:
                wait = RETRY_AFTER_FAILURE_S if self._failed else REFETCH_AFTER_S
                if not self._has(key_id) and time.monotonic() - self._tried_at >= wait:
                    await self._fetch()
        if self._keys is None or (self._failed and not self._has(key_id)):
            raise KeysUnavailable
        return self._keys

    def _has(self, key_id: str | None) -> bool:
        return self._keys is not None and (
            key_id is None or any(key.kid == key_id for key in self._keys.keys)
        )

    async def _fetch(self) -> None:
        self._tried_at = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=FETCH_WITHIN_S) as client:
                response = await client.get(self._url)
            document = response.raise_for_status().json()
            self._keys = _import_keys(document)
        except (httpx.HTTPError, ValueError, JoseError):
            self._failed = True
            return
        self._failed = False
        self._store(document)

    def _load(self) -> KeySet | None:
        try:
            return _import_keys(json.loads(self._stored_at.read_text())) if self._stored_at else None
        except (OSError, ValueError, JoseError):
            return None

    def _store(self, document: Any) -> None:
        if self._stored_at is None:
            return
        try:
            self._stored_at.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new_file = self._stored_at.with_suffix(".new")
            new_file.write_text(json.dumps(document))
            new_file.replace(self._stored_at)
        except OSError as error:
            log.warning("the issuer's keys could not be stored", reason=str(error))


def _import_keys(document: Any) -> KeySet:
    try:
        return KeySet.import_key_set(document)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("not a JSON Web Key Set") from error
