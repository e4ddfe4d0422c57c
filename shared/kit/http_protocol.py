"""The HTTP/1.1 protocol of the processes: addresses may hold raw UTF-8, and what cannot be parsed gets a problem document.

Uvicorn alone answers both by one English line of plain text. Of what cannot be parsed the preferred language is not known, so
the document is in both.
"""

import json
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.kit.exception_handlers import PROBLEM_JSON
from shared.kit.problems import Language, Malformed, Problem, Sentence
from shared.kit.resources import get_resources
from shared.kit.settings import ServiceSettings

MAX_HEAD_BYTES = 64 * 1024
"""No client of ours sends a tenth of it; a longer head would only fill the memory."""

LANGUAGES: tuple[Language, Language] = ("vi", "en")
RAW_BYTE = re.compile(rb"[\x80-\xff]")
UNREADABLE_HTTP = Sentence("không phải là HTTP/1.1 hợp lệ", "it is no valid HTTP/1.1")


class HeadTooLarge(Problem):
    """The address and the header fields of the request are longer than the limit."""

    status = 431
    code = "head_too_large"
    title = Sentence("Tiêu đề quá lớn", "Header fields too large")
    detail = Sentence(
        "Địa chỉ và các tiêu đề vượt quá {limit_bytes} byte.",
        "The address and the header fields exceed {limit_bytes} bytes.",
    )
    advice = Sentence(
        "Bỏ các tiêu đề không cần và rút ngắn địa chỉ.",
        "Leave out header fields that are not needed, and shorten the address.",
    )


class HttpProtocol(HttpToolsProtocol):
    """Reads requests from one connection."""

    _in_message = False
    _in_head = False
    """Whether a request has begun whose header fields are not all read."""
    _head_bytes = 0
    _refusal: Problem | None = None
    """Why the connection is closed, where it is not that the request cannot be parsed."""
    _in_first_line = False
    """Whether the first line of a request has begun and not ended: it may arrive in several pieces."""

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._in_message = self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Serve the request, unless its address and header fields are too large."""
        self._in_head, self._head_bytes = False, 0
        size_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size_bytes > MAX_HEAD_BYTES:
            self._refusal = HeadTooLarge(limit_bytes=MAX_HEAD_BYTES)
            raise OverflowError(size_bytes)  # the parser ends with it
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the request has ended."""
        self._in_message = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Read what has arrived; the first line of a request may hold raw UTF-8."""
        if self._in_first_line or not self._in_message:
            self._in_first_line = b"\r\n" not in data
            data = encode_request_line(data)
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refusal = HeadTooLarge(limit_bytes=MAX_HEAD_BYTES)
            self.send_400_response("")

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's signature)
        """Refuse what cannot be parsed, or is too large, by a problem document, and close the connection."""
        problem = self._refusal or Malformed(reason=UNREADABLE_HTTP)
        document = make_bilingual_document(problem, self._read_origin())
        body = json.dumps(document, ensure_ascii=False).encode()
        fields = (
            f"content-type: {PROBLEM_JSON}",
            "content-language: vi, en",
            f"content-length: {len(body)}",
            "connection: close",
        )
        status = HTTPStatus(problem.status)
        head = "\r\n".join((f"HTTP/1.1 {status.value} {status.phrase}", *fields, "", ""))
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _read_origin(self) -> str:
        """Return the gateway's address; empty for an application that is none of ours."""
        app = self.config.app
        return get_resources(app).get(ServiceSettings).origin if isinstance(app, FastAPI) else ""


def make_bilingual_document(problem: Problem, origin: str) -> dict[str, Any]:
    """Return the document of a problem whose reader's language is not known; each sentence is Vietnamese, and then English."""
    vietnamese, english = (problem.document(language, "", origin) for language in LANGUAGES)
    return {
        name: f"{value} / {english[name]}" if value != english[name] else value
        for name, value in vietnamese.items()
    }


def encode_request_line(data: bytes) -> bytes:
    """Return the bytes of a request with its first line, or the rest of it, in ASCII: other bytes are percent-encoded (RFC 3986)."""
    line, end, rest = data.partition(b"\r\n")
    if line.isascii():
        return data
    return RAW_BYTE.sub(lambda match: b"%%%02X" % match[0][0], line) + end + rest
