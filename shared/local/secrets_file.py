"""Secrets of one installation, generated once and kept in a file with mode 0600."""

import json
import os
import secrets
from pathlib import Path

SECRET_BYTES = 24
"""192 bits: cannot be guessed, and the text fits into a URL and an environment variable."""


DAMAGED = "{path} is damaged ({reason}); bring it back from a backup, or make new secrets with `python -m services recover-secrets`"
NOT_WRITTEN = "{path} cannot be written ({reason}); set NTP_VAR to a folder that can"


class SecretsFileError(RuntimeError):
    """The file cannot be used; the message is one sentence that says what to do."""


class SecretsFile:
    """`var/secrets.json`: the secrets by name. Raises `SecretsFileError` for a file that does not hold them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._secrets = _read_secrets(path)

    def __contains__(self, name: str) -> bool:
        """Whether the secret was generated before."""
        return name in self._secrets

    def get_or_create(self, name: str) -> str:
        """Return the secret; generate and write it on the first call."""
        if name not in self._secrets:
            self._secrets[name] = secrets.token_urlsafe(SECRET_BYTES)
            self._write()
        return self._secrets[name]

    def _write(self) -> None:
        try:
            self._replace_file()
        except PermissionError:
            raise
        except OSError as error:
            raise SecretsFileError(NOT_WRITTEN.format(path=self._path, reason=error.strerror)) from None

    def _replace_file(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(self._secrets, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)


def _read_secrets(path: Path) -> dict[str, str]:
    """Return the secrets of a file; none where there is no file yet."""
    try:
        secrets_by_name = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError:
        raise
    except OSError as error:
        raise SecretsFileError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError:
        raise SecretsFileError(DAMAGED.format(path=path, reason="it is no JSON text")) from None
    if not isinstance(secrets_by_name, dict) or not all(
        isinstance(secret, str) and secret for secret in secrets_by_name.values()
    ):
        raise SecretsFileError(
            DAMAGED.format(path=path, reason="it holds something else than secrets by name")
        )
    return secrets_by_name
