"""Secrets derived from the pepper: client secrets, their fingerprints, the encryption key of signing keys (ADR 0004).

A client secret is an HMAC-SHA256 of a random id under the pepper: 256 bits that nobody can guess. So a replay of the
request that created it (`Idempotency-Key`) returns the same secret, while the database stores only the id and a
fingerprint. The secrets of the product's own services come from the settings of both sides; the database stores a
fingerprint of these too.
"""

import hmac
from base64 import urlsafe_b64encode
from uuid import UUID

PREFIX = "ntp_"
"""Prefix of every secret, so that a leaked one is found by a search."""


class Pepper:
    """The root secret of the installation; every use derives a key with a label of its own.

    While it is rotated, what the one before it made is still recognized; what is made now is made with this one.
    """

    def __init__(self, value: str, before: str | None = None) -> None:
        self._value = value.encode()
        self._before = Pepper(before) if before else None

    def __repr__(self) -> str:
        return "Pepper(***)"

    def _derive(self, label: str, text: str) -> bytes:
        return hmac.digest(self._value, f"{label}\0{text}".encode(), "sha256")

    def derive_secret(self, client_id: str, secret_id: UUID) -> str:
        """Return the secret of an id."""
        return PREFIX + urlsafe_b64encode(
            self._derive("secret", f"{client_id}\0{secret_id}")
        ).decode().rstrip("=")

    def fingerprint(self, secret: str) -> bytes:
        """Return the stored form of a secret (32 bytes): enough to compare, useless to authenticate with."""
        return self._derive("fingerprint", secret)

    def matches(self, secret: str, fingerprint: bytes) -> bool:
        """Whether a secret has this fingerprint, compared in constant time."""
        matches = hmac.compare_digest(self.fingerprint(secret), fingerprint)
        return matches or (self._before is not None and self._before.matches(secret, fingerprint))

    @property
    def sealing_key(self) -> bytes:
        """The 256-bit key that signing keys and the secrets of webhooks are encrypted with."""
        return self._derive("signing-keys", "seal")

    @property
    def opening_keys(self) -> tuple[bytes, ...]:
        """The keys that they may be encrypted with: that of this pepper, and of the one before."""
        return (self.sealing_key, *(self._before.opening_keys if self._before else ()))
