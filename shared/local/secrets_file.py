"""Secrets of one installation, generated once and kept in a file with mode 0600."""

import json
import os
import secrets
from pathlib import Path

SECRET_BYTES = 24
"""192 bits: cannot be guessed, and the text fits into a URL and an environment variable."""


class SecretsFile:
    """`var/secrets.json`: the secrets by name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._secrets: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

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
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(self._secrets, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
