"""The proxy: passes a request to the upstream of its prefix and the answer back, both as they stream.

It knows prefixes and never schemas. Method, path, query and body pass untouched, and every field but the
hop-by-hop ones (RFC 9110, 7.6.1) and those that only we may say: who was forwarded, the request's id, the trace.
Memory stays flat however large a body is: a piece is read when the piece before it was taken.
"""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp
import structlog
from starlette.requests import Request
from yarl import URL

from gateway.headers import find_upstream, to_caller_headers, to_target, to_upstream_headers
from gateway.upstreams import NEVER_REACHED, Upstreams
from shared.kit.exception_handlers import to_problem_response
from shared.kit.middleware import App, Receive, Scope, Send
from shared.kit.problems import Problem, TooLarge

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
RETRIED = frozenset({"GET", "HEAD"})
RETRY_AFTER_S = 0.1
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
WITH_A_BODY = frozenset({b"content-length", b"transfer-encoding"})
LARGEST_PIECE_AT_ONCE = 256 * 1024
"""A body that came in one piece up to this is sent as one; anything else streams."""

Fields = list[tuple[str, str]]

log = structlog.get_logger()


class CallerGoneError(Exception):
    """The caller hung up while sending."""


class Proxy:
    """Forwards what belongs to an upstream; everything else is the gateway's own."""

    def __init__(self, app: App, *, upstreams: Upstreams) -> None:
        self.app = app
        self.upstreams = upstreams
        self._routes = {name: SimpleNamespace(path_format=f"/v1/{name}/{{path}}") for name in upstreams.urls}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward, or hand on to the gateway's own routes."""
        name = find_upstream(scope["path"]) if scope["type"] == "http" else ""
        if name not in self.upstreams.urls:
            await self.app(scope, receive, send)
            return
        scope["route"] = self._routes[name]
        request = Forwarding(self.upstreams, name, scope, receive)
        try:
            answer = await request.send()
        except CallerGoneError:
            return
        except Problem as problem:
            await to_problem_response(Request(scope), problem)(scope, receive, send)
            return
        finally:
            if scope["method"] not in SAFE:
                self.upstreams.touched(name)
        try:
            await request.pass_back(answer, send)
        except (aiohttp.ClientError, TimeoutError) as error:
            # The status is said already; leaving the answer unfinished makes the server cut the connection,
            # so that nobody takes half a body for a whole one.
            log.warning("upstream broke off", upstream=name, reason=repr(error))
        finally:
            answer.release()


class Forwarding:
    """One request on its way to one upstream, and its answer on the way back."""

    def __init__(self, upstreams: Upstreams, name: str, scope: Scope, receive: Receive) -> None:
        self._upstreams = upstreams
        self._name = name
        self._scope = scope
        self._receive = receive
        self._received_all = False
        self._refusal: Exception | None = None

    async def send(self) -> aiohttp.ClientResponse:
        """Send the request; gives the answer once its head is there. Raises the problem when there is none."""
        headers = list(to_upstream_headers(self._scope))
        body = await self._body(headers)
        try:
            return await self._send(headers, body)
        except NEVER_REACHED as error:
            if self._scope["method"] not in RETRIED:
                raise self._said(error) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._said(error) from error
        await asyncio.sleep(RETRY_AFTER_S)
        try:
            return await self._send(headers, body)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._said(error) from error

    async def pass_back(self, answer: aiohttp.ClientResponse, send: Send) -> None:
        """Stream the answer to the caller, for as long as it listens."""
        bodiless = answer.status in BODILESS
        headers = to_caller_headers(answer.raw_headers, bodiless=bodiless)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        left = 0 if bodiless or answer.method == "HEAD" else answer.content_length
        hung_up: asyncio.Task[None] | None = None
        try:
            while left != 0 and (piece := await answer.content.readany()):
                left = left - len(piece) if left is not None else None
                await send({"type": "http.response.body", "body": piece, "more_body": left != 0})
                if left == 0:
                    return
                if hung_up is None and self._received_all:
                    hung_up = asyncio.create_task(self._hang_up())
                elif hung_up is not None and hung_up.done():
                    return
            await send({"type": "http.response.body", "body": b""})
        finally:
            if hung_up is not None:
                hung_up.cancel()

    async def _send(
        self, headers: Fields, body: bytes | AsyncIterator[bytes] | None
    ) -> aiohttp.ClientResponse:
        url = URL(self._upstreams.urls[self._name] + to_target(self._scope), encoded=True)
        return await self._upstreams.session.request(
            self._scope["method"], url, headers=headers, data=body, allow_redirects=False
        )

    def _said(self, error: Exception) -> Exception:
        if self._refusal is not None:  # our own side ended the upload; the error is only its echo
            return self._refusal
        log.warning("upstream did not answer", upstream=self._name, reason=repr(error))
        return self._upstreams.problem(self._name, error)

    async def _body(self, headers: Fields) -> bytes | AsyncIterator[bytes] | None:
        """Give the body, whole when it is short and otherwise as it comes."""
        said = {name: value for name, value in self._scope["headers"] if name in WITH_A_BODY}
        if not said:
            self._received_all = True
            return None
        first = await self._piece()
        if self._received_all and len(first) <= LARGEST_PIECE_AT_ONCE:
            return first
        if b"transfer-encoding" not in said:
            headers.append(("Content-Length", said[b"content-length"].decode("latin-1")))
        return self._pieces(first)

    async def _pieces(self, first: bytes) -> AsyncIterator[bytes]:
        try:
            yield first
            while not self._received_all:
                yield await self._piece()
        except (CallerGoneError, TooLarge) as refusal:
            self._refusal = refusal
            raise

    async def _piece(self) -> bytes:
        message = await self._receive()  # raises TooLarge past the limit
        if message["type"] == "http.disconnect":
            raise CallerGoneError
        self._received_all = not message.get("more_body")
        return bytes(message.get("body", b""))

    async def _hang_up(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
