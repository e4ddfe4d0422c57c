"""The HTTP/1.1 protocol of the processes: addresses may hold raw UTF-8, and what cannot be parsed gets a problem document.

Uvicorn alone answers both by one English line of plain text. Of what cannot be parsed the preferred language is not known, so
the document is in both.
"""

import json
import re
from typing import Any

from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.kit.exception_handlers import PROBLEM_JSON
from shared.kit.problems import Language, Malformed, Sentence
from shared.kit.resources import get_resources
from shared.kit.settings import ServiceSettings

LANGUAGES: tuple[Language, Language] = ("vi", "en")
RAW_BYTE = re.compile(rb"[\x80-\xff]")
UNREADABLE_HTTP = Sentence("không phải là HTTP/1.1 hợp lệ", "it is no valid HTTP/1.1")


class HttpProtocol(HttpToolsProtocol):
    """Reads requests from one connection."""

    _in_message = False
    _in_first_line = False
    """Whether the first line of a request has begun and not ended: it may arrive in several pieces."""

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._in_message = True
        super().on_message_begin()

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

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's signature)
        """Refuse what cannot be parsed by a problem document, and close the connection."""
        document = make_unreadable_document(self._read_origin())
        body = json.dumps(document, ensure_ascii=False).encode()
        fields = (
            f"content-type: {PROBLEM_JSON}",
            "content-language: vi, en",
            f"content-length: {len(body)}",
            "connection: close",
        )
        head = "\r\n".join(("HTTP/1.1 400 Bad Request", *fields, "", ""))
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _read_origin(self) -> str:
        """Return the gateway's address; empty for an application that is none of ours."""
        app = self.config.app
        return get_resources(app).get(ServiceSettings).origin if isinstance(app, FastAPI) else ""


def make_unreadable_document(origin: str) -> dict[str, Any]:
    """Return the document of a request that cannot be parsed; each sentence is Vietnamese, and then English."""
    problem = Malformed(reason=UNREADABLE_HTTP)
    vietnamese, english = (problem.document(language, "", origin) for language in LANGUAGES)
    return {
        **vietnamese,
        **{name: f"{vietnamese[name]} / {english[name]}" for name in ("title", "detail", "reason")},
    }


def encode_request_line(data: bytes) -> bytes:
    """Return the bytes of a request with its first line, or the rest of it, in ASCII: other bytes are percent-encoded (RFC 3986)."""
    line, end, rest = data.partition(b"\r\n")
    if line.isascii():
        return data
    return RAW_BYTE.sub(lambda match: b"%%%02X" % match[0][0], line) + end + rest
