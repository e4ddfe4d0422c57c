"""Routes of clients, for administrators only."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import TypeAdapter

from gateway.clients import actions
from gateway.clients.administration import Administrator
from gateway.clients.proposals import make_proposals
from gateway.clients.rules import UnknownClient, find_grant_faults, resolve_units
from gateway.clients.schemas import (
    AuditOut,
    ClientIn,
    ClientOut,
    ClientWithSecretIdOut,
    ClientWithSecretOut,
    GrantConfirmationIn,
    GrantProposalOut,
    RotationIn,
)
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, list_clients_with_grants, select_audit, select_clients
from gateway.models import ClientRow
from gateway.settings import GatewaySettings
from gateway.tokens.keys import KeyRing
from shared.kit.idempotency import REPLAY_HEADER
from shared.kit.paging import Page, Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.kit.resources import get_resources, resource
from shared.kit.routes import RouteHandler
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.roles import AdministratorUnitOfWork
from shared.territory.current import CurrentTerritory
from shared.territory.tree import Territory
from shared.territory.villages.store import with_villages

CurrentSettings = Annotated[GatewaySettings, Depends(resource(GatewaySettings))]
CurrentPepper = Annotated[Pepper, Depends(resource(Pepper))]


BOOLEAN = TypeAdapter(bool)


class SecretRoute(TransactionRoute):
    """Add the secret to the first response after the commit; a replay has null in its place.

    The response that is stored under the Idempotency-Key holds the id of the secret and never the secret (ADR 0004).
    """

    def get_route_handler(self) -> RouteHandler:
        """Wrap the transaction."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            answer = await handler(request)
            is_dry_run = BOOLEAN.validate_python(request.query_params.get("dry_run", False))
            is_shown = not is_dry_run and REPLAY_HEADER not in answer.headers
            return _add_secret(answer, get_resources(request.app).get(Pepper) if is_shown else None)

        return handle


def _add_secret(answer: Response, pepper: Pepper | None) -> Response:
    """Return the answer with the secret; with null after a dry run and in a replay, which have no pepper here."""
    client = orjson.loads(bytes(answer.body))
    secret_id = UUID(client["secret_id"])
    client["client_secret"] = pepper.derive_secret(client["client_id"], secret_id) if pepper else None
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return Response(
        orjson.dumps(client), status_code=answer.status_code, headers={**headers, "Cache-Control": "no-store"}
    )


class RevokingRoute(TransactionRoute):
    """Let this process refuse what was revoked from the next request on."""

    def get_route_handler(self) -> RouteHandler:
        """Wrap the transaction."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            answer = await handler(request)
            get_resources(request.app).get(KeyRing).expire()
            return answer

        return handle


router = APIRouter(prefix="/v1", route_class=TransactionRoute, tags=["clients"])
revoking_router = APIRouter(prefix="/v1", route_class=RevokingRoute, tags=["clients"])
secret_router = APIRouter(prefix="/v1", route_class=SecretRoute, tags=["clients"])


BY_PROPOSAL = TypeAdapter(tuple[str, str, date])
"""The key of a page of proposals: client, code and first day of the unit that ended."""


def _to_proposal_key(proposal: GrantProposalOut) -> tuple[str, str, date]:
    return proposal.client_id, proposal.granted.unit, proposal.granted.unit_since


def _to_schema(client: ClientRow, secret_id: UUID, territory: Territory) -> ClientWithSecretIdOut:
    return ClientWithSecretIdOut(**ClientOut.from_row(client, territory).model_dump(), secret_id=secret_id)


@secret_router.post("/clients", status_code=201, responses={201: {"model": ClientWithSecretOut}})
async def create_client(
    *,
    draft: Annotated[PartialBody[ClientIn], Body()],
    response: Response,
    unit_of_work: AdministratorUnitOfWork,
    pepper: CurrentPepper,
    settings: CurrentSettings,
    territory: CurrentTerritory,
) -> ClientWithSecretIdOut:
    """Create a client inside the grant of the administrator. Its secret is in this response only; a replay has null.

    A unit is granted as of a day: a code means the latest unit that bore it until today, `{code, on}` the one of that day.
    """
    body = draft.body
    territory_with_villages = await with_villages(
        unit_of_work.session, territory, [unit.code for unit in body.units]
    )
    units, unit_faults = resolve_units(territory_with_villages, body.units, local_day(unit_of_work.now))
    grant = body.to_grant(units)
    raise_if_any([*draft.faults, *unit_faults, *find_grant_faults(grant, settings.grantable)])
    administrator = await actions.find_administrator(unit_of_work.session, unit_of_work.caller)
    actions.require_inside(territory_with_villages, administrator, grant, unit_of_work.now)
    client, secret_id = await actions.create_client(
        unit_of_work.session,
        pepper,
        client_id=body.client_id,
        description=body.description,
        grant=grant,
        actor=unit_of_work.caller.client_id,
        now=unit_of_work.now,
    )
    response.headers["Location"] = f"/v1/clients/{client.client_id}"
    return _to_schema(client, secret_id, territory_with_villages)


@secret_router.post("/clients/{client_id}/rotate", responses={200: {"model": ClientWithSecretOut}})
async def rotate_client_secret(
    *,
    client_id: str,
    unit_of_work: AdministratorUnitOfWork,
    pepper: CurrentPepper,
    territory: CurrentTerritory,
    body: RotationIn | None = None,
) -> ClientWithSecretIdOut:
    """Create a new secret of a client; the ones before it expire at once, or after the overlap."""
    _, client = await _lock_administered(client_id, unit_of_work, territory)
    overlap = timedelta(seconds=body.overlap_seconds if body else 0)
    secret_id = await actions.rotate_secret(
        unit_of_work.session,
        pepper,
        client,
        overlap=overlap,
        actor=unit_of_work.caller.client_id,
        now=unit_of_work.now,
    )
    return _to_schema(client, secret_id, territory)


async def _lock_administered(
    client_id: str, unit_of_work: AdministratorUnitOfWork, territory: Territory
) -> tuple[Administrator, ClientRow]:
    """Lock a client that the caller may change, and return both. Raises `UnknownClient` and `ClientOutside`."""
    administrator = await actions.find_administrator(unit_of_work.session, unit_of_work.caller)
    client = await actions.lock_client(unit_of_work.session, client_id)
    territory_with_villages = await with_villages(
        unit_of_work.session, territory, [row.unit for row in client.unit_grants]
    )
    actions.require_client_inside(territory_with_villages, administrator, client, unit_of_work.now)
    return administrator, client


@revoking_router.post("/clients/{client_id}/disable")
async def disable_client(
    *, client_id: str, unit_of_work: AdministratorUnitOfWork, territory: CurrentTerritory
) -> ClientOut:
    """Disable a client: it gets no further token, and its tokens are refused here at once, by each service within 15 seconds."""
    _, client = await _lock_administered(client_id, unit_of_work, territory)
    await actions.disable_client(
        unit_of_work.session, client, actor=unit_of_work.caller.client_id, now=unit_of_work.now
    )
    return ClientOut.from_row(client, territory)


@revoking_router.post("/clients/{client_id}/enable")
async def enable_client(
    *, client_id: str, unit_of_work: AdministratorUnitOfWork, territory: CurrentTerritory
) -> ClientOut:
    """Enable a disabled client: its secrets are accepted again. Tokens of before stay revoked."""
    _, client = await _lock_administered(client_id, unit_of_work, territory)
    await actions.enable_client(
        unit_of_work.session, client, actor=unit_of_work.caller.client_id, now=unit_of_work.now
    )
    return ClientOut.from_row(client, territory)


@router.get("/clients")
async def list_clients(
    *,
    unit_of_work: AdministratorUnitOfWork,
    territory: CurrentTerritory,
    paging: Annotated[Paging, paged_by(100)],
) -> Page[ClientOut]:
    """List the clients, newest first, without secrets."""
    return await paging.fetch(
        unit_of_work.session,
        select_clients(),
        serialize=lambda row: ClientOut.from_row(row[0], territory),
    )


@router.get("/clients/grant-proposals", summary="Grants of ended units, and their successors")
async def list_grant_proposals(
    *,
    unit_of_work: AdministratorUnitOfWork,
    territory: CurrentTerritory,
    paging: Annotated[Paging, paged_by(100)],
) -> Page[GrantProposalOut]:
    """List the grants of units that have ended and whose client lacks a successor, by client. Nothing moves by itself."""
    clients = await list_clients_with_grants(unit_of_work.session)
    proposals = [
        proposal
        for client in clients
        for proposal in make_proposals(client, territory, local_day(unit_of_work.now))
    ]
    page, next_cursor = paging.slice(proposals, key=_to_proposal_key, adapter=BY_PROPOSAL)
    return Page(items=page, next=next_cursor)


@router.post("/clients/{client_id}/grants", summary="Confirm the successors of a granted unit")
async def confirm_grant(
    *,
    client_id: str,
    draft: Annotated[PartialBody[GrantConfirmationIn], Body()],
    unit_of_work: AdministratorUnitOfWork,
    territory: CurrentTerritory,
) -> ClientOut:
    """Grant a client the successors of an ended unit that it was granted. The grant of the ended unit stays for its days."""
    administrator, client = await _lock_administered(client_id, unit_of_work, territory)
    await actions.confirm_successors(
        unit_of_work.session,
        territory,
        administrator,
        client,
        draft=draft,
        actor=unit_of_work.caller.client_id,
        now=unit_of_work.now,
    )
    return ClientOut.from_row(client, territory)


@router.get("/clients/{client_id}")
async def read_client(
    *, client_id: str, unit_of_work: AdministratorUnitOfWork, territory: CurrentTerritory
) -> ClientOut:
    """Read one client."""
    client = await find_client(unit_of_work.session, client_id)
    if client is None:
        raise UnknownClient(client_id)
    return ClientOut.from_row(client, territory)


@router.get("/audit", operation_id="list_acts")
async def list_audit(
    *,
    unit_of_work: AdministratorUnitOfWork,
    paging: Annotated[Paging, paged_by(100)],
) -> Page[AuditOut]:
    """List the changes to clients and signing keys, newest first."""
    return await paging.fetch(
        unit_of_work.session,
        select_audit(),
        serialize=lambda row: AuditOut.from_row(row[0]),
    )
