"""`GET /v1/changes`: what changed in all services, with one cursor, as a list or as a batch of CloudEvents."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.changes.filters import make_change_filter
from gateway.changes.joining import JoinedFeeds
from gateway.changes.rules import decode_cursor, encode_cursor, rename_type
from gateway.changes.schemas import JoinedChangesOut
from gateway.composition.composed_answers import pass_refusal_on
from shared.kit.exact_json import write_json
from shared.kit.exception_handlers import negotiate_language
from shared.kit.identity import Caller
from shared.kit.problems import Invalid, Sentence, make_fault
from shared.kit.query_lists import CommaSeparated
from shared.kit.representations import CSV, JSON, negotiate
from shared.kit.resources import resource
from shared.kit.routes import OperationRoute
from shared.kit.validation_faults import parseable_by
from shared.roles import READ
from shared.territory.current import CurrentTerritory
from shared.territory.query_params import UnitFilter

router = APIRouter(prefix="/v1", tags=["changes"], route_class=OperationRoute)

BATCH = "application/cloudevents-batch+json"
MAX_CHANGES = 1000
MAX_WAIT_S = 25
"""Shorter than an answer may take, so that a proxy in between does not give up first."""
MAX_FILTERS = 50

SERVICE_UNKNOWN = Sentence(
    "Không có dịch vụ “{name}”; các dịch vụ là {names}.",
    "There is no service “{name}”; the services are {names}.",
)


async def _choose_services(
    feeds: Annotated[JoinedFeeds, Depends(resource(JoinedFeeds))],
    service: Annotated[
        list[str] | None,
        CommaSeparated,
        Query(max_length=MAX_FILTERS, description="only of these services", examples=[["poverty"]]),
    ] = None,
) -> tuple[str, ...]:
    """Return the services to read. Raises `Invalid` for one that is not there."""
    unknown = [name for name in service or () if name not in feeds.services]
    if unknown:
        names = ", ".join(feeds.services)
        raise Invalid(
            faults=[
                make_fault("/query/service", "service_unknown", SERVICE_UNKNOWN, name=name, names=names)
                for name in unknown
            ]
        )
    return tuple(name for name in feeds.services if service is None or name in service)


@router.get(
    "/changes",
    operation_id="list_all_changes",
    response_model=JoinedChangesOut,
    summary="Follow the changes of all services",
    responses={200: {"content": {BATCH: {"schema": {"type": "array", "items": {"type": "object"}}}}}},
)
async def list_all_changes(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(READ)],  # noqa: ARG001 (the guard)
    feeds: Annotated[JoinedFeeds, Depends(resource(JoinedFeeds))],
    territory: CurrentTerritory,
    unit: UnitFilter,
    after: Annotated[
        str | None,
        parseable_by(decode_cursor),
        Query(max_length=4000, description="the `next` of an earlier answer; left out: from the start"),
    ] = None,
    services: Annotated[tuple[str, ...], Depends(_choose_services)],
    change_type: Annotated[
        list[str] | None,
        CommaSeparated,
        Query(
            alias="type",
            max_length=MAX_FILTERS,
            description="only of these types, with the prefix or without",
            examples=[["report.accepted"]],
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_CHANGES, description="how many at most")] = 200,
    wait: Annotated[
        int, Query(ge=0, le=MAX_WAIT_S, description="seconds to wait for a change where there is none yet")
    ] = 0,
) -> Response:
    """Read what changed in all services after a cursor: in each service in exact commit order, none left out.

    A unit stands for itself and what lies, or lay, below it. Services that are away are named, and given when they are back.
    A client that may only report reads the changes of its own reports; services whose feed is closed to the caller are named.
    With `Accept: application/cloudevents-batch+json` it is an array, and the next address is in `Link`.
    """
    media_type = negotiate(",".join(request.headers.getlist("accept")), (JSON, CSV, BATCH)).media_type
    positions = decode_cursor(after)
    is_wanted = make_change_filter(territory, unit, change_type)
    headers = {
        "Authorization": request.headers.get("authorization", ""),
        "Accept-Language": negotiate_language(request),
    }
    reading = await feeds.read(services, positions, is_wanted, limit, headers)
    if not reading.joined.items and not reading.joined.more and reading.refused is None and wait:
        seen = reading.joined.positions
        if await feeds.wait_for_change(services, seen, headers, wait, request.is_disconnected):
            reading = await feeds.read(services, seen, is_wanted, limit, headers)
    if reading.refused is not None:
        return pass_refusal_on(request, reading.refused)
    items = [rename_type(change) for change in reading.joined.items]
    following = encode_cursor(reading.joined.positions)
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    link = f'<{request.url.path}?{urlencode([*query, ("after", following)])}>; rel="next"'
    document: Any = items
    if media_type != BATCH:  # the route writes the rows as CSV
        media_type = JSON
        document = {
            "items": items,
            "next": following,
            "more": reading.joined.more,
            "missing": reading.missing,
            "forbidden": reading.forbidden,
            "rewound": reading.rewound,
        }
    fields = {"Link": link, "Cache-Control": "private, no-store", "Vary": "Authorization, Accept"}
    return Response(write_json(document), media_type=media_type, headers=fields)
