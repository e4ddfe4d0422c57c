"""The proxy: forwards a request to the upstream of its path prefix, and streams the response back.

It knows prefixes and never schemas. Method, path, query and body are forwarded unchanged, and every header field except
the hop-by-hop ones (RFC 9110, 7.6.1) and those that only the gateway sets: forwarded addresses, request id, trace.
Memory stays constant however large a body is: a chunk is read when the chunk before it was sent.
"""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp
import structlog
from starlette.requests import Request
from yarl import URL

from gateway.fair_shares import FairShares, find_cost
from gateway.headers import find_upstream, to_caller_headers, to_target, to_upstream_headers
from gateway.instances import Instance
from gateway.upstreams import NEVER_REACHED, Upstreams, note_stop
from shared.kit.exception_handlers import to_problem_response
from shared.kit.identity import require_unrevoked
from shared.kit.middleware import App, AsgiScope, Receive, Send
from shared.kit.problems import Problem, TooLarge, Unauthenticated
from shared.kit.routes import SAFE
from shared.kit.telemetry import name_route

RETRIED = frozenset({"GET", "HEAD"})
RETRY_AFTER_S = 0.1
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
WITH_A_BODY = frozenset({b"content-length", b"transfer-encoding"})
LARGEST_WHOLE_BODY_BYTES = 256 * 1024
"""A body of up to this many bytes is read whole before a connection to the service is taken; any other is streamed from then on."""

Fields = list[tuple[str, str]]

log = structlog.get_logger()


class ClientDisconnectedError(Exception):
    """The client closed the connection while it was sending."""


class Proxy:
    """Forward requests of the upstreams' prefixes; pass all others to the gateway's own routes."""

    def __init__(self, app: App, *, upstreams: Upstreams) -> None:
        self.app = app
        self.upstreams = upstreams
        self._shares = {name: FairShares() for name in upstreams.names}
        self._routes = {name: SimpleNamespace(path_format=f"/v1/{name}/{{path}}") for name in upstreams.names}

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Forward a request, or pass it on."""
        name = find_upstream(scope["path"]) if scope["type"] == "http" else ""
        if name not in self.upstreams.names:
            await self.app(scope, receive, send)
            return
        scope["route"] = self._routes[name]
        name_route(scope["method"], self._routes[name].path_format)
        forwarded = ForwardedRequest(self.upstreams, name, scope, receive)
        try:
            response = await forwarded.send(self._shares[name])
        except ClientDisconnectedError:
            return
        except Problem as problem:
            await to_problem_response(Request(scope), problem)(scope, receive, send)
            return
        finally:
            if scope["method"] not in SAFE:
                self.upstreams.count_write(name)
        try:
            await forwarded.stream_response(response, send)
        except (aiohttp.ClientError, TimeoutError) as error:
            # The status was sent. An unfinished body makes the server close the connection, so that no client
            # takes half a body for a whole one.
            log.warning("upstream closed the connection", upstream=name, reason=repr(error))
        finally:
            response.release()


class ForwardedRequest:
    """One request to one upstream, and its response."""

    def __init__(self, upstreams: Upstreams, name: str, scope: AsgiScope, receive: Receive) -> None:
        self._upstreams = upstreams
        self._name = name
        self._scope = scope
        self._receive = receive
        self._received_all = False
        self._refusal: Exception | None = None

    async def send(self, shares: FairShares) -> aiohttp.ClientResponse:
        """Send the request in its turn; return the response when its header is there. Raises the problem where there is none.

        A body that is streamed waits for no turn: it would hold a place for as long as its sender takes.
        """
        headers = list(to_upstream_headers(self._scope))
        body = await self._body(headers)
        if body is not None and not isinstance(body, bytes):
            return await self._send_or_retry(headers, body)
        method = self._scope["method"]
        cost = find_cost(self._scope["path"], self._scope["query_string"]) if method in SAFE else 1
        keys = (value for name, value in self._scope["headers"] if name == b"idempotency-key")
        key = b"" if method in SAFE else next(keys, b"")
        client = self._scope.get("client_key", "")
        async with shares.place(client, cost=cost, is_read=method in SAFE, key=key.decode("latin-1")):
            await self._require_power()
            return await self._send_or_retry(headers, body)

    async def _send_or_retry(
        self, headers: Fields, body: bytes | AsyncIterator[bytes] | None
    ) -> aiohttp.ClientResponse:
        """Send the request to one instance after another until one answers.

        A read goes on to the next where the connection breaks, any other only where it is certain that nothing was sent. With
        one instance a read is repeated once, a moment later.
        """
        is_read = self._scope["method"] in RETRIED
        instances = self._upstreams.instances[self._name]
        tried: list[Instance] = []
        while True:
            instance = instances.choose(tried)
            tried.append(instance)
            try:
                return await self._send(instance, headers, body)
            except NEVER_REACHED as error:
                may_repeat = is_read or not isinstance(body, AsyncIterator)
                failure: Exception = error
            except aiohttp.ClientConnectionError as error:
                may_repeat = is_read and not isinstance(error, TimeoutError) and len(instances.urls) > 1
                failure = error
            except (aiohttp.ClientError, TimeoutError) as error:
                may_repeat, failure = False, error
            instance.avoid()
            is_last = not instances.has_other(tried)
            if not may_repeat or (is_last and not (is_read and len(tried) == 1)):
                raise self._to_refusal(failure) from failure
            if is_last:
                await asyncio.sleep(RETRY_AFTER_S)

    async def stream_response(self, response: aiohttp.ClientResponse, send: Send) -> None:
        """Stream the response to the client until it is complete or the client disconnects."""
        bodiless = response.status in BODILESS
        headers = to_caller_headers(response.raw_headers, bodiless=bodiless)
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        left = 0 if bodiless or response.method == "HEAD" else response.content_length
        disconnected: asyncio.Task[None] | None = None
        try:
            while left != 0 and (chunk := await response.content.readany()):
                left = left - len(chunk) if left is not None else None
                await send({"type": "http.response.body", "body": chunk, "more_body": left != 0})
                if left == 0:
                    return
                if disconnected is None and self._received_all:
                    disconnected = asyncio.create_task(self._wait_for_disconnect())
                elif disconnected is not None and disconnected.done():
                    return
            await send({"type": "http.response.body", "body": b""})
        finally:
            if disconnected is not None:
                disconnected.cancel()

    async def _send(
        self, instance: Instance, headers: Fields, body: bytes | AsyncIterator[bytes] | None
    ) -> aiohttp.ClientResponse:
        url = URL(instance.url + to_target(self._scope), encoded=True)
        with instance.counted():
            response = await self._upstreams.session.request(
                self._scope["method"], url, headers=headers, data=body, allow_redirects=False
            )
        note_stop(instance, response)
        return response

    def _to_refusal(self, error: Exception) -> Exception:
        if self._refusal is not None:  # the upload was ended on this side; the error only follows from it
            return self._refusal
        log.warning("upstream did not answer", upstream=self._name, reason=repr(error))
        return self._upstreams.to_problem(self._name, error)

    async def _body(self, headers: Fields) -> bytes | AsyncIterator[bytes] | None:
        """Return the body: whole where it is short, else as a stream of chunks; None where there is none."""
        body_headers = {name: value for name, value in self._scope["headers"] if name in WITH_A_BODY}
        if not body_headers:
            self._received_all = True
            return None
        first = await self._read_chunk()
        while not self._received_all and len(first) <= LARGEST_WHOLE_BODY_BYTES:
            first += await self._read_chunk()
        if self._received_all and len(first) <= LARGEST_WHOLE_BODY_BYTES:
            return first
        if b"transfer-encoding" not in body_headers:
            headers.append(("Content-Length", body_headers[b"content-length"].decode("latin-1")))
        return self._stream_chunks(first)

    async def _stream_chunks(self, first: bytes) -> AsyncIterator[bytes]:
        try:
            yield first
            more = not self._received_all
            while more:
                chunk = await self._read_chunk()
                more = not self._received_all
                if not more:
                    await self._require_power()  # without its last chunk the service does nothing
                yield chunk
        except (ClientDisconnectedError, TooLarge, Unauthenticated) as refusal:
            self._refusal = refusal
            raise

    async def _require_power(self) -> None:
        """Raise `Unauthenticated` where the client of a write was disabled, or its token revoked, while its body came or it waited."""
        if self._scope["method"] in SAFE:
            return
        try:
            await require_unrevoked(Request(self._scope))
        except Unauthenticated:
            raise
        except Exception:  # noqa: BLE001 (no keys, no database: the service decides, as when the request came)
            return

    async def _read_chunk(self) -> bytes:
        message = await self._receive()  # raises TooLarge past the limit
        if message["type"] == "http.disconnect":
            raise ClientDisconnectedError
        self._received_all = not message.get("more_body")
        return bytes(message.get("body", b""))

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
