"""Routes of clients, for administrators only."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import TypeAdapter

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
from gateway.settings import GatewaySettings
from shared.kit.json_body import PartialBody
from shared.kit.paging import Cursor, Limit, Page, fetch_page, set_next_link
from shared.kit.problems import raise_if_any
from shared.kit.resources import get_resources, resource
from shared.kit.transactions import TransactionRoute
from shared.roles import AdministratorUnitOfWork

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


CurrentSettings = Annotated[GatewaySettings, Depends(resource(GatewaySettings))]
CurrentPepper = Annotated[Pepper, Depends(resource(Pepper))]


BOOLEAN = TypeAdapter(bool)


class SecretRoute(TransactionRoute):
    """Add the secret to the response after the commit, to the first response and to its replays alike.

    So the response that is stored under the Idempotency-Key holds the id of the secret and never the secret (ADR 0004).
    """

    def get_route_handler(self) -> Handler:
        """Wrap the transaction."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            answer = await handler(request)
            kept = not BOOLEAN.validate_python(request.query_params.get("dry_run", False))
            return _add_secret(answer, get_resources(request.app).get(Pepper) if kept else None)

        return handle


def _add_secret(answer: Response, pepper: Pepper | None) -> Response:
    """Return the answer with the secret; with null after a dry run, which has no pepper here."""
    client = orjson.loads(bytes(answer.body))
    secret_id = UUID(client["secret_id"])
    client["client_secret"] = pepper.derive_secret(client["client_id"], secret_id) if pepper else None
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return Response(
        orjson.dumps(client), status_code=answer.status_code, headers={**headers, "Cache-Control": "no-store"}
    )


router = APIRouter(prefix="/v1", route_class=TransactionRoute, tags=["clients"])
secret_router = APIRouter(prefix="/v1", route_class=SecretRoute, tags=["clients"])


def _to_schema(client: ClientRow, secret_id: UUID) -> ClientWithSecretIdOut:
    return ClientWithSecretIdOut(**ClientOut.from_row(client).model_dump(), secret_id=secret_id)


@secret_router.post("/clients", status_code=201, responses={201: {"model": ClientWithSecretOut}})
async def create_client(
    *,
    draft: Annotated[PartialBody[ClientIn], Body()],
    response: Response,
    unit_of_work: AdministratorUnitOfWork,
    pepper: CurrentPepper,
    settings: CurrentSettings,
) -> ClientWithSecretIdOut:
    """Create a client. Its secret is in this response, and in a replay of this very request."""
    body = draft.body
    raise_if_any([*draft.faults, *find_grant_faults(body.grant, settings.programs)])
    client, secret_id = await actions.create_client(
        unit_of_work.session,
        pepper,
        client_id=body.client_id,
        description=body.description,
        grant=body.grant,
        actor=unit_of_work.caller.client_id,
        now=unit_of_work.now,
    )
    response.headers["Location"] = f"/v1/clients/{client.client_id}"
    return _to_schema(client, secret_id)


@secret_router.post("/clients/{client_id}/rotate", responses={200: {"model": ClientWithSecretOut}})
async def rotate_client_secret(
    *,
    client_id: str,
    unit_of_work: AdministratorUnitOfWork,
    pepper: CurrentPepper,
    body: RotationIn | None = None,
) -> ClientWithSecretIdOut:
    """Create a new secret of a client; the ones before it expire at once, or after the overlap."""
    overlap = timedelta(seconds=body.overlap_seconds if body else 0)
    client, secret_id = await actions.rotate_secret(
        unit_of_work.session,
        pepper,
        client_id=client_id,
        overlap=overlap,
        actor=unit_of_work.caller.client_id,
        now=unit_of_work.now,
    )
    return _to_schema(client, secret_id)


@router.post("/clients/{client_id}/disable")
async def disable_client(*, client_id: str, unit_of_work: AdministratorUnitOfWork) -> ClientOut:
    """Disable a client: it gets no further token; tokens that it holds expire within ten minutes."""
    return ClientOut.from_row(
        await actions.disable_client(
            unit_of_work.session,
            client_id=client_id,
            actor=unit_of_work.caller.client_id,
            now=unit_of_work.now,
        )
    )


@router.get("/clients")
async def list_clients(
    *,
    request: Request,
    response: Response,
    unit_of_work: AdministratorUnitOfWork,
    limit: Limit = 100,
    cursor: Cursor,
) -> Page[ClientOut]:
    """List the clients, newest first, without secrets."""
    clients_page = await fetch_page(
        unit_of_work.session,
        select_clients(),
        limit=limit,
        cursor=cursor,
        serialize=lambda row: ClientOut.from_row(row[0]),
    )
    set_next_link(request, response, clients_page.next)
    return clients_page


@router.get("/clients/{client_id}")
async def read_client(*, client_id: str, unit_of_work: AdministratorUnitOfWork) -> ClientOut:
    """Read one client."""
    client = await find_client(unit_of_work.session, client_id)
    if client is None:
        raise UnknownClient(client_id)
    return ClientOut.from_row(client)


@router.get("/audit", operation_id="list_acts")
async def list_audit(
    *,
    request: Request,
    response: Response,
    unit_of_work: AdministratorUnitOfWork,
    limit: Limit = 100,
    cursor: Cursor,
) -> Page[AuditOut]:
    """List the changes to clients and signing keys, newest first."""
    clients_page = await fetch_page(
        unit_of_work.session,
        select_audit(),
        limit=limit,
        cursor=cursor,
        serialize=lambda row: AuditOut.from_row(row[0]),
    )
    set_next_link(request, response, clients_page.next)
    return clients_page
