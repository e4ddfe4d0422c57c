"""The HTTP/1.1 protocol of the processes: addresses may hold raw UTF-8, and what cannot be parsed gets a problem document.

Uvicorn alone answers both by one English line of plain text.
"""

import json
import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.kit.exception_handlers import PROBLEM_JSON
from shared.kit.problems import Malformed, Sentence

RAW_BYTE = re.compile(rb"[\x80-\xff]")
UNREADABLE_HTTP = Sentence("không phải là HTTP/1.1 hợp lệ", "it is no valid HTTP/1.1")


class HttpProtocol(HttpToolsProtocol):
    """Reads requests from one connection."""

    _in_message = False

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
        super().data_received(data if self._in_message else encode_request_line(data))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's signature)
        """Refuse what cannot be parsed by a problem document, and close the connection."""
        document = Malformed(reason=UNREADABLE_HTTP).document("vi", "")
        body = json.dumps(document, ensure_ascii=False).encode()
        fields = (
            f"content-type: {PROBLEM_JSON}",
            "content-language: vi",
            f"content-length: {len(body)}",
            "connection: close",
        )
        head = "\r\n".join(("HTTP/1.1 400 Bad Request", *fields, "", ""))
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()


def encode_request_line(data: bytes) -> bytes:
    """Return the bytes of a request with its first line in ASCII: other bytes are percent-encoded (RFC 3986)."""
    line, end, rest = data.partition(b"\r\n")
    if line.isascii():
        return data
    return RAW_BYTE.sub(lambda match: b"%%%02X" % match[0][0], line) + end + rest
