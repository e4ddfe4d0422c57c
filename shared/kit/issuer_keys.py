"""The public keys of the issuer of tokens, and what it revoked: read again every few seconds, held in memory and on disk.

A key that the issuer removed, and a token or client that it revoked, are refused here within `REFRESH_WAIT_AFTER_S` of what the
issuer publishes (see ADR 0027). An issuer that is away makes no service unready: the last keys stay in force. A service that
cannot get the key it needs answers 503 `keys_unavailable`, never 401.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.kit.problems import Sentence, Unavailable
from shared.kit.refreshed_value import RefreshedValue

log = structlog.get_logger()

REFRESH_AFTER_S = 5.0
"""Seconds after which the keys are read again beside a request; also the least time between two readings for unknown keys."""
REFRESH_WAIT_AFTER_S = 10.0
"""Seconds after which a request waits for the keys: what was revoked before is refused from then on."""
FETCH_WITHIN_S = 2.0
MAX_REVOKED = 100_000
"""More than are ever revoked within the life of a token; a longer list is not the issuer's."""


class KeysUnavailable(Unavailable):
    """The key that signed the token has never been seen and cannot be fetched."""

    code = "keys_unavailable"
    detail = Sentence(
        "Chưa lấy được khóa xác thực của hệ thống cấp mã; hãy thử lại sau.",
        "The issuer's keys cannot be fetched yet; try again shortly.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """The keys of an issuer; the same object as long as no key was added or removed."""

    keys: KeySet
    revoked: frozenset[str] = frozenset()
    """Ids of tokens (`jti`) and of grants (`grant_id`) whose tokens are no longer accepted."""

    def has_key(self, key_id: str | None) -> bool:
        """Whether a token that names this key, or none, can be verified."""
        return key_id is None or any(key.kid == key_id for key in self.keys.keys)


class KeySource(Protocol):
    """The source of the keys that tokens are verified with."""

    async def find_keys(self, key_id: str | None) -> TrustedKeys:
        """Return the keys, among them the one with this id if there is one; raises `KeysUnavailable`."""


class IssuerKeys:
    """The issuer's public keys, read over HTTP and kept on disk for the next start."""

    def __init__(self, url: str, stored_at: Path | None = None) -> None:
        self._url = url
        self._stored_at = stored_at
        self._document: Any = None
        self._client: httpx.AsyncClient | None = None
        self._current = RefreshedValue(
            self._fetch,
            refresh_after_s=REFRESH_AFTER_S,
            wait_after_s=REFRESH_WAIT_AFTER_S,
            initial=self._load(),
        )
        self._last: TrustedKeys | None = None

    async def find_keys(self, key_id: str | None) -> TrustedKeys:
        """Return the keys, read again when none of them has this id and the last try is old enough."""
        try:
            trusted = await self._current.get()
            if not trusted.has_key(key_id):
                await self._current.refresh(unless_within_s=REFRESH_AFTER_S)
                trusted = await self._current.get()
        except (httpx.HTTPError, ValueError, JoseError) as error:
            raise KeysUnavailable from error
        if self._current.failed and not trusted.has_key(key_id):
            raise KeysUnavailable
        return trusted

    async def close(self) -> None:
        """Close the connection to the issuer."""
        await self._current.close()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _fetch(self) -> TrustedKeys:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=FETCH_WITHIN_S)
        response = await self._client.get(self._url)
        document = response.raise_for_status().json()
        trusted = _import_keys(document, self._last)
        if document != self._document:
            self._store(document)
        self._document, self._last = document, trusted
        return trusted

    def _load(self) -> TrustedKeys | None:
        try:
            return _import_keys(json.loads(self._stored_at.read_text()), None) if self._stored_at else None
        except (OSError, ValueError, JoseError):
            return None

    def _store(self, document: Any) -> None:
        if self._stored_at is None:
            return
        try:
            self._stored_at.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new_file = self._stored_at.with_suffix(".new")
            new_file.touch(mode=0o600)
            new_file.write_text(json.dumps(document))
            new_file.replace(self._stored_at)
        except OSError as error:
            log.warning("the issuer's keys could not be stored", reason=str(error))


def _import_keys(document: Any, last: TrustedKeys | None) -> TrustedKeys:
    """Return the keys of a JSON Web Key Set; where they are those of the last one, its own object. Raises `ValueError`."""
    try:
        keys = KeySet.import_key_set(document)
        revoked = document.get("revoked", [])
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("not a JSON Web Key Set") from error
    if not isinstance(revoked, list) or len(revoked) > MAX_REVOKED:
        raise ValueError("not a list of what was revoked")
    if last is not None and last.keys.as_dict(private=False) == keys.as_dict(private=False):
        keys = last.keys
    return TrustedKeys(keys, frozenset(map(str, revoked)))
