"""The secrets that deliveries are signed with: random, sealed under the pepper, shown once."""

import base64
import secrets

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from gateway.clients.secrets import Pepper
from gateway.tokens.keys import ENCRYPTION_HEADER

PREFIX = "whsec_"
"""The prefix of the Standard Webhooks specification."""
SECRET_BYTES = 32


class SecretUnreadable(Exception):  # noqa: N818 (it describes the secret)
    """No pepper of the installation opens the secret."""


def generate_secret() -> str:
    """Return a new secret as the receiver keeps it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def seal_secret(pepper: Pepper, secret: str) -> str:
    """Return a secret as the database keeps it."""
    return jwe.encrypt_compact(ENCRYPTION_HEADER, secret, OctKey.import_key(pepper.sealing_key))


def open_secret(pepper: Pepper, sealed: str) -> str:
    """Return a sealed secret. Raises `SecretUnreadable`."""
    for key in pepper.opening_keys:
        try:
            return (jwe.decrypt_compact(sealed, OctKey.import_key(key)).plaintext or b"").decode()
        except JoseError:
            continue
    raise SecretUnreadable


def is_sealed_now(pepper: Pepper, sealed: str) -> bool:
    """Whether a secret is sealed under the pepper of now, and not under the one before it."""
    try:
        jwe.decrypt_compact(sealed, OctKey.import_key(pepper.sealing_key))
    except JoseError:
        return False
    return True
