"""The other services, as their public interface shows them to the caller: over HTTP, through the gateway, with the caller's token."""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated, Any, Self
from urllib.parse import quote, urlencode

import httpx
from fastapi import Depends, Request, Response

from shared.kit.exact_json import read_json, write_json
from shared.kit.problems import Sentence, Unavailable
from shared.kit.resources import CurrentResources
from shared.kit.routes import OperationRoute, RouteHandler

ANSWER_WITHIN_S = 25.0
"""Less than the gateway waits for this service."""

PAGE = 1000
RELAYED_FIELDS = ("retry-after", "www-authenticate")
CALLER_FIELDS = ("authorization", "accept-language")
"""What is passed on of a request, so that rights are those of the caller and sentences in the caller's language."""


class GatewayUnreachable(Unavailable):
    """The gateway did not answer this service."""

    code = "gateway_unreachable"
    detail = Sentence(
        "Không đọc được số liệu từ các dịch vụ khác; hãy thử lại.",
        "The other services cannot be read right now; try again.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class RefusedByService(Exception):  # noqa: N818 (an expected answer, not a fault of ours)
    """Another service refused; its problem document is the answer."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.request.url.path} answers {answer.status_code}")
        self.answer = answer


def read_answer(answer: httpx.Response) -> Any:
    """Return the JSON of an answer, its numbers exact; raises `GatewayUnreachable` where something between answered without JSON."""
    try:
        return read_json(answer.content)
    except ValueError as error:
        raise GatewayUnreachable from error


class Gateway:
    """The connection of this process to the gateway."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.transport = transport
        self._url = url.rstrip("/")
        self._http: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Open the connections, and close them at the end."""
        timeout = httpx.Timeout(ANSWER_WITHIN_S)
        async with httpx.AsyncClient(
            base_url=self._url, transport=self.transport, timeout=timeout
        ) as self._http:
            yield
        self._http = None

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> httpx.Response:
        """Return an answer, whatever its status; raises `GatewayUnreachable`."""
        assert self._http is not None, "the process has not started"
        try:
            return await self._http.request(method, path, headers=dict(headers), content=body)
        except httpx.HTTPError as error:
            raise GatewayUnreachable from error


class CallerGateway:
    """The other services as one caller sees them."""

    def __init__(self, gateway: Gateway, fields: Mapping[str, str]) -> None:
        self._gateway = gateway
        self._fields = {"Accept": "application/json", **fields}

    def without_token(self) -> Self:
        """Return the other services as anybody sees them."""
        fields = {name: value for name, value in self._fields.items() if name.lower() != "authorization"}
        return type(self)(self._gateway, fields)

    async def get(self, path: str, **query: object) -> Any:
        """Return the JSON of a path; raises `RefusedByService` for any other status than 200."""
        present = {name: value for name, value in query.items() if value is not None}
        address = f"{path}?{urlencode(present)}" if present else path
        answer = await self._gateway.send("GET", address, self._fields)
        if answer.status_code != HTTPStatus.OK:
            raise RefusedByService(answer)
        return read_answer(answer)

    async def find(self, path: str, **query: object) -> Any:
        """Return the JSON of a path; None where there is nothing."""
        try:
            return await self.get(path, **query)
        except RefusedByService as refused:
            if refused.answer.status_code == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def list_all(self, path: str, **query: object) -> list[Any]:
        """Return the items of a list, of all pages."""
        items: list[Any] = []
        cursor: str | None = None
        while True:
            page = await self.get(path, **query, limit=PAGE, cursor=cursor)
            items += page["items"]
            cursor = page.get("next")
            if cursor is None:
                return items

    async def post(self, path: str, body: object, *, key: str, dry_run: bool = False) -> httpx.Response:
        """Send a body under an Idempotency-Key, and return the answer whatever its status.

        A dry run has a key of its own: it is another request than the one that keeps something.
        """
        if dry_run:
            key = f"check-{hashlib.sha256(key.encode()).hexdigest()}"
        headers = {**self._fields, "Content-Type": "application/json", "Idempotency-Key": key}
        address = f"{path}?dry_run=true" if dry_run else path
        return await self._gateway.send("POST", address, headers, write_json(body))


async def require_unit(gateway: CallerGateway, code: str) -> None:
    """Raise `RefusedByService` for a code that no unit of any day has."""
    try:
        await gateway.get(f"/v1/units/{quote(code, safe='')}")
    except RefusedByService as refused:
        if read_answer(refused.answer).get("code") != "unit_unknown_on_date":
            raise


async def _make_caller_gateway(request: Request, resources: CurrentResources) -> CallerGateway:
    fields = {name: value for name in CALLER_FIELDS if (value := request.headers.get(name))}
    return CallerGateway(resources.get(Gateway), fields)


CurrentGateway = Annotated[CallerGateway, Depends(_make_caller_gateway)]
"""The other services, as the caller of the request sees them."""


def relay_refusals(handler: RouteHandler) -> RouteHandler:
    """Return a handler that answers with the refusal of another service where there is one."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusedByService as refused:
            return relay(refused.answer, request.url.path)

    return handle


def relay(answer: httpx.Response, path: str, *, change: Callable[[Any], None] = lambda _: None) -> Response:
    """Return the answer of another service as this one's; `change` may add to its JSON."""
    document = read_answer(answer)
    if "instance" in document:
        document["instance"] = path
    change(document)
    headers = {name: answer.headers[name] for name in RELAYED_FIELDS if name in answer.headers}
    return Response(
        write_json(document), answer.status_code, headers, media_type=answer.headers.get("content-type")
    )


class RelayingRoute(OperationRoute):
    """A route that opens no transaction: it reads other services, whose refusals it passes on."""

    def get_route_handler(self) -> RouteHandler:
        """Return the handler of an operation, which relays refusals."""
        return relay_refusals(super().get_route_handler())
