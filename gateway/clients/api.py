"""Where clients are managed, by administrators only."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, Request, Response

from gateway.clients import actions
from gateway.clients.rules import UnknownClient, find_grant_faults
from gateway.clients.schemas import (
    AuditOut,
    ClientIn,
    ClientOut,
    ClientWithSecretIdOut,
    ClientWithSecretOut,
    RotationIn,
)
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, select_audit, select_clients
from gateway.models import ClientRow
from shared.kit.clock import Now
from shared.kit.identity import Administrator
from shared.kit.paging import Cursor, Limit, Page, fetch_page, set_next_link
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.kit.transactions import Session, TransactionRoute

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _pepper(request: Request) -> Pepper:
    pepper: Pepper = request.app.state.pepper
    return pepper


async def _programs(request: Request) -> tuple[str, ...]:
    programs: tuple[str, ...] = request.app.state.settings.programs
    return programs


Peppered = Annotated[Pepper, Depends(_pepper)]
Programs = Annotated[tuple[str, ...], Depends(_programs)]


class SecretRoute(TransactionRoute):
    """Adds the secret to an answer after the transaction, to the first one and to its replays alike.

    So the answer that is stored under the Idempotency-Key holds the secret's id and never the secret.
    """

    def get_route_handler(self) -> Handler:
        """Wrap the transaction."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return _with_secret(await handler(request), request.app.state.pepper)

        return handle


def _with_secret(answer: Response, pepper: Pepper) -> Response:
    client = orjson.loads(bytes(answer.body))
    client["client_secret"] = pepper.secret(client["client_id"], UUID(client["secret_id"]))
    kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return Response(
        orjson.dumps(client), status_code=answer.status_code, headers={**kept, "Cache-Control": "no-store"}
    )


router = APIRouter(prefix="/v1", route_class=TransactionRoute, tags=["clients"])
giving_secrets = APIRouter(prefix="/v1", route_class=SecretRoute, tags=["clients"])


def _said(client: ClientRow, secret_id: UUID) -> ClientWithSecretIdOut:
    return ClientWithSecretIdOut(**ClientOut.of(client).model_dump(), secret_id=secret_id)


@giving_secrets.post("/clients", status_code=201, responses={201: {"model": ClientWithSecretOut}})
async def create_client(
    *,
    draft: Annotated[PartialBody[ClientIn], Body()],
    response: Response,
    session: Session,
    caller: Administrator,
    pepper: Peppered,
    programs: Programs,
    now: Now,
) -> ClientWithSecretIdOut:
    """Register a client. Its secret is in this answer, and in the answer to a repeat of this very request."""
    body = draft.body
    raise_if_any([*draft.faults, *find_grant_faults(body.grant, programs)])
    client, secret_id = await actions.create_client(
        session,
        pepper,
        client_id=body.client_id,
        description=body.description,
        grant=body.grant,
        actor=caller.client_id,
        now=now,
    )
    response.headers["Location"] = f"/v1/clients/{client.client_id}"
    return _said(client, secret_id)


@giving_secrets.post("/clients/{client_id}/rotate", responses={200: {"model": ClientWithSecretOut}})
async def rotate_client_secret(
    *,
    client_id: str,
    session: Session,
    caller: Administrator,
    pepper: Peppered,
    now: Now,
    body: RotationIn | None = None,
) -> ClientWithSecretIdOut:
    """Give a client a new secret; the ones before it end at once, or after the overlap."""
    overlap = timedelta(seconds=body.overlap_seconds if body else 0)
    client, secret_id = await actions.rotate_secret(
        session, pepper, client_id=client_id, overlap=overlap, actor=caller.client_id, now=now
    )
    return _said(client, secret_id)


@router.post("/clients/{client_id}/disable")
async def disable_client(*, client_id: str, session: Session, caller: Administrator, now: Now) -> ClientOut:
    """Shut a client out: no new token; those it holds run out within ten minutes."""
    return ClientOut.of(
        await actions.disable_client(session, client_id=client_id, actor=caller.client_id, now=now)
    )


@router.get("/clients")
async def list_clients(
    *,
    request: Request,
    response: Response,
    session: Session,
    _: Administrator,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ClientOut]:
    """List the clients, newest first; never a secret."""
    found = await fetch_page(
        session, select_clients(), limit=limit, cursor=cursor, said=lambda row: ClientOut.of(row[0])
    )
    set_next_link(request, response, found.next)
    return found


@router.get("/clients/{client_id}")
async def read_client(*, client_id: str, session: Session, _: Administrator) -> ClientOut:
    """Read one client."""
    client = await find_client(session, client_id)
    if client is None:
        raise UnknownClient(client_id)
    return ClientOut.of(client)


@router.get("/audit")
async def list_acts(
    *,
    request: Request,
    response: Response,
    session: Session,
    _: Administrator,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AuditOut]:
    """List who did what to clients and signing keys, newest first."""
    found = await fetch_page(
        session, select_audit(), limit=limit, cursor=cursor, said=lambda row: AuditOut.of(row[0])
    )
    set_next_link(request, response, found.next)
    return found
