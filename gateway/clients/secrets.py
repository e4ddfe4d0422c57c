"""What is derived from the pepper: client secrets, their fingerprints, and the seal of the signing keys.

A secret is not random bytes that somebody must remember but an HMAC-SHA256 of a random id under the pepper: 256 bits
that nobody can guess. So it can be said again to whoever repeats the request that made it (`Idempotency-Key`), while
nothing that rests in the database, the stored answer included, holds it: the database knows the id and a fingerprint,
the environment knows the pepper, and it takes both to call. Only the secrets of the product's own services are given, by the
settings of both sides; of these too the database knows no more than a fingerprint.
"""

import hmac
from base64 import urlsafe_b64encode
from uuid import UUID

PREFIX = "ntp_"
"""So that a secret which leaked into a file is found by its look."""


class Pepper:
    """The installation's root secret; every use of it has a label of its own."""

    def __init__(self, value: str) -> None:
        self._value = value.encode()

    def __repr__(self) -> str:
        return "Pepper(***)"

    def _derive(self, label: str, text: str) -> bytes:
        return hmac.digest(self._value, f"{label}\0{text}".encode(), "sha256")

    def secret(self, client_id: str, secret_id: UUID) -> str:
        """Say the secret that has this id."""
        return PREFIX + urlsafe_b64encode(
            self._derive("secret", f"{client_id}\0{secret_id}")
        ).decode().rstrip("=")

    def fingerprint(self, secret: str) -> bytes:
        """Give what is stored of a secret: enough to recognise it, useless to call with."""
        return self._derive("fingerprint", secret)

    def recognises(self, secret: str, fingerprint: bytes) -> bool:
        """Tell, in constant time, whether this is the secret."""
        return hmac.compare_digest(self.fingerprint(secret), fingerprint)

    @property
    def sealing_key(self) -> bytes:
        """The 256-bit key that signing keys are sealed with."""
        return self._derive("signing-keys", "seal")
