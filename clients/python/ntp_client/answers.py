"""An answer of the service, and the two ways in which there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from ntp_client.exact_json import read_json


@dataclass(frozen=True)
class Answer:
    """An answer: its document, status and header fields. Numbers with a decimal point are `Decimal`; what is not JSON is bytes."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def replayed(self) -> bool:
        """Whether it is the kept answer to an earlier request with the same key."""
        return self.headers.get("Idempotent-Replay") == "true"


@dataclass(frozen=True)
class ProblemFault:
    """One thing that is wrong with a request."""

    pointer: str
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer}: {self.detail} ({self.code})"


class RefusedError(Exception):
    """The service refused a request; `code` never changes, `detail` and the faults are sentences for people."""

    def __init__(
        self, request: str, status: int, problem: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        self.request = request
        self.status = status
        self.problem = problem
        self.request_id = (headers or {}).get("X-Request-Id", "")
        self.retry_after_s = read_retry_after(headers or {})
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        errors = problem.get("errors")
        self.faults = [
            ProblemFault(
                str(fault.get("pointer", "")), str(fault.get("code", "")), str(fault.get("detail", ""))
            )
            for fault in (errors if isinstance(errors, list) else [])
        ]
        lines = [f"{request}: {status} {self.code}: {self.detail}", *map(str, self.faults)]
        super().__init__("\n  ".join(lines))


class NoAnswerError(Exception):
    """Nobody answered within the time for retries; what was sent with a key may be sent again with the same key."""


def read_answer(request: str, response: httpx.Response) -> Answer:
    """Return the answer of a response. Raises `RefusedError`."""
    body: Any = response.content or None
    if body is not None and "json" in response.headers.get("Content-Type", ""):
        body = read_json(body)
    if response.is_error:
        problem = body if isinstance(body, dict) else {"detail": response.text[:500]}
        raise RefusedError(request, response.status_code, problem, response.headers)
    return Answer(body, response.status_code, response.headers)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the service asks to wait."""
    seconds = headers.get("Retry-After", "")
    return float(seconds) if seconds.isdecimal() else None
