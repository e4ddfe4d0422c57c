"""Compressed request bodies: gzip, br and zstd are unpacked piece by piece, within limits of size and ratio.

A body that unpacks to more than the limit of its path is refused when the limit is passed, before the rest is unpacked.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import brotli
import zstandard
from starlette.requests import Request

from shared.kit.exception_handlers import to_problem_response
from shared.kit.middleware import App, AsgiScope, Message, Receive, Send, find_body_limit
from shared.kit.problems import Malformed, Problem, Sentence, TooLarge

PIECE_BYTES = 64 * 1024
"""As much is unpacked at once."""
ZSTD_SLICE_BYTES = 128
"""zstandard has no limit on what it returns; four bytes may stand for 128 KiB, so a slice returns at most 4 MiB."""
ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
"""The largest window that a coding of HTTP may need (RFC 9659)."""
MAX_RATIO = 200
"""A body of thousands of similar rows is packed to a fiftieth; more than this is meant to fill the memory."""
RATIO_COUNTS_FROM_BYTES = 1024 * 1024

NOT_READABLE = Sentence("nội dung nén {coding} bị hỏng", "the {coding} coding of the body is damaged")
CUT = Sentence("nội dung nén {coding} bị thiếu phần cuối", "the {coding} coding of the body ends too early")


class RatioTooHigh(TooLarge):
    """The body is packed so much that unpacking it would fill the memory."""

    code = "body_ratio_too_high"
    detail = Sentence(
        "Nội dung nén quá {ratio} lần; hãy gửi không nén.",
        "The body is packed more than {ratio} times; send it without coding.",
    )


class UnsupportedContentCoding(Problem):
    """The body is in a coding that is not taken."""

    status = 415
    code = "unsupported_content_coding"
    title = Sentence("Kiểu nén không nhận", "Unsupported content coding")
    detail = Sentence(
        "Không nhận kiểu nén “{coding}”; hãy dùng {accepted}, hoặc không nén.",
        "The coding “{coding}” is not taken; use {accepted}, or none.",
    )

    def __init__(self, coding: str) -> None:
        accepted = ", ".join(CODINGS)
        super().__init__(coding=coding[:60], accepted=accepted, headers={"Accept-Encoding": accepted})


class Unpacker(Protocol):
    """Unpacks a body as it arrives."""

    def unpack(self, packed: bytes, /) -> Iterator[bytes]:
        """Yield what more bytes unpack to, in pieces of bounded size. Raises an error of `DAMAGED`."""

    def is_complete(self) -> bool:
        """Whether the body may end here."""


class GzipUnpacker:
    """Unpacks gzip, of one member or several."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._begun = False

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """Yield what more bytes unpack to."""
        while packed:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            self._begun = True
            yield self._member.decompress(packed, PIECE_BYTES)
            packed = self._member.unconsumed_tail or self._member.unused_data

    def is_complete(self) -> bool:
        """Whether the last member has ended."""
        return self._begun and self._member.eof


class BrotliUnpacker:
    """Unpacks br."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """Yield what more bytes unpack to."""
        yield self._stream.process(packed, output_buffer_limit=PIECE_BYTES)
        while not self._stream.can_accept_more_data():
            yield self._stream.process(b"", output_buffer_limit=PIECE_BYTES)

    def is_complete(self) -> bool:
        """Whether the stream has ended."""
        return bool(self._stream.is_finished())


class ZstdUnpacker:
    """Unpacks zstd, of one frame or several."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
        self._frame = self._decompressor.decompressobj()
        self._begun = False

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """Yield what more bytes unpack to."""
        for start in range(0, len(packed), ZSTD_SLICE_BYTES):
            piece = packed[start : start + ZSTD_SLICE_BYTES]
            while piece:
                if self._frame.eof:
                    self._frame = self._decompressor.decompressobj()
                self._begun = True
                yield self._frame.decompress(piece)
                piece = self._frame.unused_data if self._frame.eof else b""

    def is_complete(self) -> bool:
        """Whether the last frame has ended."""
        return self._begun and bool(self._frame.eof)


CODINGS: Mapping[str, Callable[[], Unpacker]] = {
    "gzip": GzipUnpacker,
    "br": BrotliUnpacker,
    "zstd": ZstdUnpacker,
}
DAMAGED = (zlib.error, brotli.error, zstandard.ZstdError)


class DecompressMiddleware:
    """Unpacks request bodies; routes see them as if they had come unpacked."""

    def __init__(self, app: App, *, max_body_bytes: int, larger_bodies: Mapping[str, int]) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.larger_bodies = larger_bodies

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        coding = _find_coding(scope) if scope["type"] == "http" else ""
        if not coding:
            await self.app(scope, receive, send)
            return
        if coding not in CODINGS:
            problem = UnsupportedContentCoding(coding)
            await to_problem_response(Request(scope), problem)(scope, receive, send)
            return
        limit = find_body_limit(scope["path"], self.max_body_bytes, self.larger_bodies)
        body = PackedBody(coding, receive, limit)
        headers = [
            pair for pair in scope["headers"] if pair[0] not in {b"content-encoding", b"content-length"}
        ]
        if not any(name == b"transfer-encoding" for name, _ in headers):
            headers.append((b"transfer-encoding", b"chunked"))  # there is a body, of unknown length
        await self.app({**scope, "headers": headers}, body.receive, send)


def _find_coding(scope: AsgiScope) -> str:
    """Return the coding of a body in lower case, several with commas between; empty where there is none."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"content-encoding"]
    names = [name.strip().lower() for value in values for name in value.split(",")]
    return ",".join("gzip" if name == "x-gzip" else name for name in names if name not in {"", "identity"})


class PackedBody:
    """A body that is unpacked while it is received."""

    def __init__(self, coding: str, receive: Receive, limit_bytes: int) -> None:
        self._coding = coding
        self._unpacker = CODINGS[coding]()
        self._receive = receive
        self._limit_bytes = limit_bytes
        self._packed_bytes = self._unpacked_bytes = 0
        self._pieces: Iterator[bytes] = iter(())
        self._ended = False

    async def receive(self) -> Message:
        """Return the next piece as a message. Raises `Malformed` and `TooLarge`."""
        while True:
            piece = self._next_piece()
            if piece:
                return {"type": "http.request", "body": piece, "more_body": True}
            if self._ended:
                if not self._unpacker.is_complete():
                    raise Malformed(reason=CUT.filled(coding=self._coding))
                self._ended, self._pieces = False, iter(())
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            packed = message.get("body", b"")
            self._packed_bytes += len(packed)
            self._pieces = self._unpacker.unpack(packed)
            self._ended = not message.get("more_body", False)

    def _next_piece(self) -> bytes:
        """Return what more was unpacked of what was received; empty where that is all."""
        try:
            piece = next(filter(None, self._pieces), b"")
        except DAMAGED as error:
            raise Malformed(reason=NOT_READABLE.filled(coding=self._coding)) from error
        self._unpacked_bytes += len(piece)
        if self._unpacked_bytes > self._limit_bytes:
            raise TooLarge(limit_bytes=self._limit_bytes)
        if self._unpacked_bytes > max(RATIO_COUNTS_FROM_BYTES, MAX_RATIO * self._packed_bytes):
            raise RatioTooHigh(limit_bytes=self._limit_bytes, ratio=MAX_RATIO)
        return piece
