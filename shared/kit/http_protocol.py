"""The HTTP/1.1 protocol of the processes: addresses may hold raw UTF-8, and what cannot be parsed gets a problem document.

A connection has deadlines: for the head of a request, for the least rate of its body, and for the rest of a body whose request is
answered. Without them a hundred senders that stop half-way keep every connection.

Uvicorn alone answers both by one English line of plain text. Of what cannot be parsed the preferred language is not known, so
the document is in both.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.kit.exception_handlers import PROBLEM_JSON
from shared.kit.problems import Language, Malformed, Problem, Sentence
from shared.kit.resources import find_resources
from shared.kit.settings import ServiceSettings
from shared.kit.stopping import StoppingState

MAX_HEAD_BYTES = 64 * 1024
"""No client of ours sends a tenth of it; a longer head would only fill the memory."""

HEAD_WITHIN_S = 10.0
"""Seconds in which the head of a request must have arrived, from the opening of the connection or its first byte."""

BODY_WINDOW_S = 30.0
"""Seconds in which a body must bring `LEAST_BODY_BYTES`, unless this process itself does not read on. A link in the mountains may fail
for some seconds."""
LEAST_BODY_BYTES = 3000

LINGER_S = 1.0
"""Seconds for which the rest of a body is read when its request is answered already, so that the answer arrives."""

IDLE_WITHIN_S = 90.0
"""Seconds without a request on an open connection; longer than it is kept alive for the next one."""

CHECK_EVERY_S = 5.0

LANGUAGES: tuple[Language, Language] = ("vi", "en")
RAW_BYTE = re.compile(rb"[\x80-\xff]")
MAX_PIECE_BYTES = 256 * 1024
"""As much the transport hands over at once, before the parser says what of it is body."""
HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
"""The characters of a Host field (RFC 3986, authority without user)."""
HOST_ONCE = Sentence("cần đúng một tiêu đề Host", "exactly one Host field is needed")
WRONG_HOST = Sentence("tiêu đề Host không phải là tên máy chủ", "the Host field is no name of a host")
CHUNKED_ALONE = Sentence("chỉ nhận Transfer-Encoding: chunked", "of transfer codings only chunked is known")
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


class RequestTooSlow(Problem):
    """The head or the body of the request arrives too slowly, or not at all."""

    status = 408
    code = "request_too_slow"
    title = Sentence("Gửi quá chậm", "Too slow")
    detail = Sentence(
        "Yêu cầu đến quá chậm hoặc bị dừng giữa chừng.",
        "The request arrives too slowly, or stopped half-way.",
    )
    advice = Sentence(
        "Gửi lại với cùng Idempotency-Key; nếu đường truyền yếu, hãy nén nội dung hoặc chia nhỏ.",
        "Send it again with the same Idempotency-Key; over a weak link compress the body or split it.",
    )


class HttpProtocol(HttpToolsProtocol):
    """Reads requests from one connection."""

    _since = 0.0
    """When the connection was opened, or its last request began or ended, or the window of the body began."""
    _window_bytes = 0
    _other_bytes = 0
    """Bytes since the last piece of a body that belong to none, such as trailers and extensions of chunks."""
    _has_begun = False
    """Whether a request has ever begun on the connection."""

    _in_message = False
    _in_head = False
    """Whether a request has begun whose header fields are not all read."""
    _head_bytes = 0
    _refusal: Problem | None = None
    """Why the connection is closed, where it is not that the request cannot be parsed."""
    _closing: asyncio.TimerHandle | None = None
    """The close that comes where the rest of a request that is answered does not arrive soon."""
    _in_first_line = False
    """Whether the first line of a request has begun and not ended: it may arrive in several pieces."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch the connection."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self.loop.call_later(CHECK_EVERY_S, self._check_deadlines)

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._in_message = self._in_head = self._has_begun = True
        self._since = self.loop.time()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; a trailer field of a chunked body is none."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Serve the request, unless its address and header fields are too large."""
        self._in_head, self._head_bytes = False, 0
        size_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size_bytes > MAX_HEAD_BYTES:
            self._refusal = HeadTooLarge(limit_bytes=MAX_HEAD_BYTES)
            raise OverflowError(size_bytes)  # the parser ends with it
        reason = find_head_fault(self.headers, self.parser.get_http_version())
        if reason is not None:
            self._refusal = Malformed(reason=reason)
            raise ValueError(reason.en)  # the parser ends with it
        self._since, self._window_bytes, self._other_bytes = self.loop.time(), 0, 0
        super().on_headers_complete()
        if isinstance(self.server_state, StoppingState) and self.server_state.stopping.begun:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Count a piece of the body, and take it."""
        self._window_bytes += len(body)
        self._other_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request has ended; the connection of one that was answered before is kept."""
        self._in_message = False
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Await the next request; where the rest of this one has not arrived, close soon."""
        super().on_response_complete()
        self._since = self.loop.time()
        if self._in_message:
            self._closing = self.loop.call_later(LINGER_S, self.transport.close)

    def data_received(self, data: bytes) -> None:
        """Read what has arrived; the first line of a request may hold raw UTF-8."""
        if self._in_first_line or not self._in_message:
            self._in_first_line = b"\r\n" not in data
            data = encode_request_line(data)
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        self._other_bytes += len(data) if self._in_message and not self._in_head else 0
        if max(self._head_bytes, self._other_bytes - MAX_PIECE_BYTES) > MAX_HEAD_BYTES:
            self._refusal = HeadTooLarge(limit_bytes=MAX_HEAD_BYTES)
            self.send_400_response("")

    def _check_deadlines(self) -> None:
        """Close the connection where a deadline has passed, else look again later."""
        if self.transport.is_closing():
            return
        waits_s = self.loop.time() - self._since
        if self._in_head or not self._has_begun:
            if waits_s >= HEAD_WITHIN_S:
                self._refuse_slowness()
                return
        elif self._in_message and not self.cycle.response_complete:
            if waits_s >= BODY_WINDOW_S:
                if self._window_bytes < LEAST_BODY_BYTES and not self.flow.read_paused:
                    self._refuse_slowness()
                    return
                self._since, self._window_bytes = self.loop.time(), 0
        elif self.cycle.response_complete and waits_s >= IDLE_WITHIN_S:
            self.transport.close()
            return
        self.loop.call_later(CHECK_EVERY_S, self._check_deadlines)

    def _refuse_slowness(self) -> None:
        """Close the connection, with a problem document where a request has begun and no answer."""
        is_answered = not self._in_head and self.cycle is not None and self.cycle.response_started
        if self._in_message and not is_answered:
            self._refusal = RequestTooSlow()
            self.send_400_response("")
        else:
            self.transport.close()

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
        resources = find_resources(app)
        return resources.get(ServiceSettings).origin if resources else ""


def find_head_fault(fields: Sequence[tuple[bytes, bytes]], version: str) -> Sentence | None:
    """Return why a request is refused for its Host or its transfer coding (RFC 9112, 3.2 and 6.1); None where it is not."""
    hosts = [value for name, value in fields if name == b"host"]
    if len(hosts) != 1 and (hosts or version == "1.1"):
        return HOST_ONCE
    if hosts and not HOST.fullmatch(hosts[0]):
        return WRONG_HOST
    codings = [value.strip().lower() for name, value in fields if name == b"transfer-encoding"]
    return CHUNKED_ALONE if codings not in ([], [b"chunked"]) else None


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
