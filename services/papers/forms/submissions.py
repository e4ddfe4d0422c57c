"""A file of a form as it was sent, and what became of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.kit.problems import Language


@dataclass(frozen=True)
class FormAnswer:
    """What became of a form: the program's answer, with the cells of its faults, and the workbook where it was wanted."""

    status: int
    document: dict[str, Any]
    is_problem: bool
    headers: Mapping[str, str]
    workbook: bytes | None = None


@dataclass(frozen=True)
class FormSubmission:
    """A file that was sent, and how."""

    content: bytes
    query: Mapping[str, str | None]
    key: str | None
    """The Idempotency-Key, where the client gave one."""
    dry_run: bool
    wants_workbook: bool
    language: Language
    path: str
    declared_workbook: bool = False
    """Whether the file was sent as one of Excel."""

    @property
    def fingerprint(self) -> str:
        """Return the Idempotency-Key of the file where the client gave none: the same file is the same report."""
        query = "&".join(f"{name}={value}" for name, value in sorted(self.query.items()) if value)
        return "form-" + hashlib.sha256(self.content + query.encode()).hexdigest()


RELAYED_FIELDS = ("idempotent-replay", "location", "retry-after")
"""What is passed on of the program's answer."""
