"""Routes of subscriptions: a client sees and changes its own. The gateway sends nothing itself; `gateway.webhooks` does."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Request, Response, status

from gateway.changes.joining import JoinedFeeds
from gateway.changes.rules import decode_cursor
from gateway.clients.api import BOOLEAN, CurrentPepper, CurrentSettings
from gateway.clients.schemas import RotationIn
from gateway.clients.secrets import Pepper
from gateway.composition.parts import UpstreamRefusal
from gateway.models import WebhookRow
from gateway.settings import GatewaySettings
from gateway.webhooks import actions
from gateway.webhooks.addresses import is_allowed
from gateway.webhooks.rules import (
    SERVICE_FORBIDDEN,
    URL_PRIVATE,
    FeedAway,
    WebhookUnknown,
    find_repetitions,
    find_unknown_services,
    find_url_fault,
)
from gateway.webhooks.schemas import (
    ReplayIn,
    WebhookIn,
    WebhookOut,
    WebhookWithSealedSecretOut,
    WebhookWithSecretOut,
)
from gateway.webhooks.secrets import open_secret
from gateway.webhooks.store import find_webhook, select_webhooks
from shared.kit.exact_json import read_json, write_json
from shared.kit.idempotency import REPLAY_HEADER
from shared.kit.paging import Page, Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, make_fault, raise_if_any
from shared.kit.resources import get_resources, resource
from shared.kit.routes import RouteHandler
from shared.kit.transactions import TransactionRoute
from shared.roles import ReaderUnitOfWork
from shared.territory.current import CurrentTerritory
from shared.territory.units import UNIT_UNKNOWN, UnknownUnit

PATH = "/v1/webhooks"

CurrentFeeds = Annotated[JoinedFeeds, Depends(resource(JoinedFeeds))]


class WebhookSecretRoute(TransactionRoute):
    """Open the secret of the first response after the commit; a replay and a dry run have null in its place."""

    def get_route_handler(self) -> RouteHandler:
        """Wrap the transaction."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            answer = await handler(request)
            document = read_json(bytes(answer.body))
            sealed = document.pop("sealed")
            is_dry_run = BOOLEAN.validate_python(request.query_params.get("dry_run", False))
            is_shown = not is_dry_run and REPLAY_HEADER not in answer.headers
            pepper = get_resources(request.app).get(Pepper)
            document["secret"] = open_secret(pepper, sealed) if is_shown else None
            fields = {name: value for name, value in answer.headers.items() if name != "content-length"}
            return Response(
                write_json(document),
                status_code=answer.status_code,
                headers={**fields, "Cache-Control": "no-store"},
            )

        return handle


router = APIRouter(prefix=PATH, tags=["webhooks"], route_class=TransactionRoute)
secret_router = APIRouter(prefix=PATH, tags=["webhooks"], route_class=WebhookSecretRoute)


@secret_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses={201: {"model": WebhookWithSecretOut}},
    summary="Subscribe to changes",
)
async def create_webhook(
    *,
    request: Request,
    response: Response,
    unit_of_work: ReaderUnitOfWork,
    draft: Annotated[PartialBody[WebhookIn], Body()],
    feeds: CurrentFeeds,
    pepper: CurrentPepper,
    settings: CurrentSettings,
    territory: CurrentTerritory,
) -> WebhookWithSealedSecretOut:
    """Subscribe an https address: each change is posted to it as a CloudEvent, signed by the Standard Webhooks specification.

    In each service the events come in exact commit order, one at a time; the next one follows when the receiver has answered 2xx. A
    failed attempt is repeated with the same `webhook-id`, ever less often, until it is taken; after three days the subscription is
    paused. Only what the client may read is sent. The secret is in this response only.
    """
    body = draft.body
    faults = [*draft.faults]
    if "url" not in draft.unread:
        faults += _find_address_faults(body.url, settings)
    faults += find_unknown_services(body.services, feeds.services)
    faults += find_repetitions("services", body.services)
    faults += find_repetitions("types", body.short_types)
    if body.unit is not None:
        try:
            territory.versions(body.unit)
        except UnknownUnit:
            faults.append(make_fault("/unit", "unit_unknown", UNIT_UNKNOWN, unit=body.unit))
    raise_if_any(faults)
    after = None if body.after is None else decode_cursor(body.after)
    authorization = {"Authorization": request.headers.get("authorization", "")}
    positions = await _find_start(feeds, body.services, after, authorization)
    row, sealed = await actions.subscribe(unit_of_work, pepper, body, positions)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _with_sealed(row, sealed)


def _find_address_faults(url: str, settings: GatewaySettings) -> Iterator[Fault]:
    """Yield the fault of an address; whether a name leads to a private network is seen when it is called."""
    fault = find_url_fault(url)
    if fault is not None:
        yield fault
        return
    host = urlsplit(url).hostname or ""
    try:
        literal = str(ip_address(host))
    except ValueError:
        return
    if not is_allowed(literal, settings.webhook_networks_listed):
        yield make_fault("/url", "webhook_url_private", URL_PRIVATE, host=host)


async def _find_start(
    feeds: JoinedFeeds, chosen: list[str], after: dict[str, int] | None, headers: dict[str, str]
) -> dict[str, int]:
    """Return the position in each service to follow. Raises `FeedAway`, and `Invalid` for a feed that is closed to the caller."""
    names = chosen or list(feeds.services)
    newest = await feeds.read_newest(names, headers)
    refused = [name for name, answer in newest.items() if isinstance(answer, UpstreamRefusal)]
    if chosen or len(refused) == len(names):
        raise_if_any(
            make_fault(
                f"/services/{names.index(name)}" if chosen else "/services",
                "service_forbidden",
                SERVICE_FORBIDDEN,
                name=name,
            )
            for name in refused
        )
    away = [name for name, answer in newest.items() if answer is None]
    if away and after is None:
        raise FeedAway(services=", ".join(away), headers={"Retry-After": "2"})
    return {
        name: after.get(name, 0) if after is not None else answer if isinstance(answer, int) else 0
        for name, answer in newest.items()
        if name not in refused
    }


def _with_sealed(row: WebhookRow, sealed: str) -> WebhookWithSealedSecretOut:
    return WebhookWithSealedSecretOut(**WebhookOut.from_row(row).model_dump(), sealed=sealed)


@router.get("", summary="List the own subscriptions")
async def list_webhooks(
    *, unit_of_work: ReaderUnitOfWork, paging: Annotated[Paging, paged_by(50)]
) -> Page[WebhookOut]:
    """List the subscriptions of the client, newest first, ended ones too, without secrets."""
    return await paging.fetch(
        unit_of_work.session,
        select_webhooks(unit_of_work.caller.client_id),
        serialize=lambda row: WebhookOut.from_row(row[0]),
    )


@router.get("/{webhook_id}", summary="Read a subscription")
async def read_webhook(*, unit_of_work: ReaderUnitOfWork, webhook_id: UUID) -> WebhookOut:
    """Read a subscription of the client, and how its deliveries stand."""
    row = await find_webhook(unit_of_work.session, webhook_id)
    if row is None or row.client_id != unit_of_work.caller.client_id:
        raise WebhookUnknown(webhook=str(webhook_id))
    return WebhookOut.from_row(row)


@secret_router.post(
    "/{webhook_id}/rotate",
    responses={200: {"model": WebhookWithSecretOut}},
    summary="Make a new secret of a subscription",
)
async def rotate_webhook_secret(
    *,
    unit_of_work: ReaderUnitOfWork,
    webhook_id: UUID,
    pepper: CurrentPepper,
    body: RotationIn | None = None,
) -> WebhookWithSealedSecretOut:
    """Make a new secret. Until the overlap ends each delivery has two signatures, one with the secret before it."""
    row = await actions.lock_own_webhook(unit_of_work, webhook_id)
    overlap = timedelta(seconds=body.overlap_seconds if body else 0)
    sealed = await actions.rotate_webhook_secret(unit_of_work, pepper, row, overlap=overlap)
    return _with_sealed(row, sealed)


@router.post("/{webhook_id}/replay", summary="Deliver again from a cursor on")
async def replay_webhook(
    *, unit_of_work: ReaderUnitOfWork, webhook_id: UUID, body: ReplayIn | None = None
) -> WebhookOut:
    """Deliver again what comes after a cursor, with the same ids as before. It also ends a pause that failures caused."""
    positions = decode_cursor(body.after if body else None)
    row = await actions.lock_own_webhook(unit_of_work, webhook_id)
    await actions.replay(unit_of_work, row, positions)
    return WebhookOut.from_row(row)


@router.post("/{webhook_id}/pause", summary="Pause a subscription")
async def pause_webhook(*, unit_of_work: ReaderUnitOfWork, webhook_id: UUID) -> WebhookOut:
    """Send nothing until the subscription is resumed; what changes meanwhile waits."""
    row = await actions.lock_own_webhook(unit_of_work, webhook_id)
    await actions.pause(unit_of_work, row)
    return WebhookOut.from_row(row)


@router.post("/{webhook_id}/resume", summary="Resume a subscription")
async def resume_webhook(*, unit_of_work: ReaderUnitOfWork, webhook_id: UUID) -> WebhookOut:
    """Deliver again from where the subscription was, also where it was paused because the receiver failed."""
    row = await actions.lock_own_webhook(unit_of_work, webhook_id)
    await actions.resume(unit_of_work, row)
    return WebhookOut.from_row(row)


@router.post("/{webhook_id}/test", summary="Send a test event")
async def test_webhook(*, unit_of_work: ReaderUnitOfWork, webhook_id: UUID) -> WebhookOut:
    """Send an event of the type `vn.gov.ntp.webhook.test` before what waits; `test` of the subscription says what came of it."""
    row = await actions.lock_own_webhook(unit_of_work, webhook_id)
    await actions.request_test(unit_of_work, row)
    return WebhookOut.from_row(row)


@router.post("/{webhook_id}/end", summary="End a subscription")
async def end_webhook(*, unit_of_work: ReaderUnitOfWork, webhook_id: UUID) -> WebhookOut:
    """End a subscription for ever; it stays in the list."""
    row = await actions.lock_own_webhook(unit_of_work, webhook_id)
    await actions.end(unit_of_work, row)
    return WebhookOut.from_row(row)
