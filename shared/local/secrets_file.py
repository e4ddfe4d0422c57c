"""Secrets made once and kept in one file that only its owner reads (0600), for an installation on one machine."""

import json
import os
import secrets
from pathlib import Path

SECRET_BYTES = 24
"""192 bits: beyond guessing, and short enough for every URL and variable."""


class SecretsFile:
    """`var/secrets.json`: a name and a random word each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def has(self, name: str) -> bool:
        """Whether it was ever made."""
        return name in self._known

    def get(self, name: str) -> str:
        """The secret of that name, made and written down when it is first asked for."""
        if name not in self._known:
            self._known[name] = secrets.token_urlsafe(SECRET_BYTES)
            self._write()
        return self._known[name]

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(self._known, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
