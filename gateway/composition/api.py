"""Route of the composed status: `GET /v1/status`."""

import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from gateway.composition.composed_answers import PartAddress, fetch_parts, make_response, pass_refusal_on
from gateway.composition.parts import UpstreamPart
from gateway.composition.periods_api import find_newest_year
from gateway.composition.schemas import ProvinceStatusOut
from gateway.composition.status import (
    StatusIncomplete,
    compose_status,
    find_last_day,
    find_part,
    find_refusal,
)
from gateway.settings import FUNDING, OVERSIGHT, GatewaySettings
from shared.kit.date_fields import InstantQuery
from shared.kit.exception_handlers import to_problem_document
from shared.kit.identity import Caller
from shared.kit.resources import Now, get_resources
from shared.kit.routes import OperationRoute
from shared.periods import Period, local_day
from shared.reporting.basis import Basis
from shared.reporting.query_params import PERIOD_DESCRIPTION, period_filter
from shared.roles import PublicReader
from shared.territory.query_params import UnitOrAreaQuery

router = APIRouter(prefix="/v1", tags=["status"], route_class=OperationRoute)

StatusPeriod = Annotated[
    Period | None,
    period_filter("period", f"{PERIOD_DESCRIPTION}; left out: the newest year that has an accepted report"),
]


@router.get("/status", response_model=ProvinceStatusOut, summary="Read the province-wide status")
async def read_status(
    *,
    request: Request,
    caller: PublicReader,
    basis: Basis,
    now: Now,
    period: StatusPeriod,
    unit: UnitOrAreaQuery,
    as_of: InstantQuery = None,
    require: Annotated[
        Literal["any", "all"], Query(description="all: 503 unless every part is fresh")
    ] = "any",
) -> Response:
    """Read all programs and funding in one answer. A service that does not answer is shown with its last known value.

    Without `period` it is of the newest year that has an accepted report, and of this year where none has.
    """
    period = period or await find_newest_year(request, caller, local_day(now))
    status_unit = unit.on(period.ends_on)
    parts = await _fetch_parts(request, period, status_unit.code, basis, caller, as_of)
    named_unit = {
        "code": status_unit.code,
        "name": status_unit.name,
        "kind": status_unit.kind,
        "since": status_unit.valid_from.isoformat(),
    }
    return _make_response(request, parts, named_unit, period, basis, strict=require == "all")


async def _fetch_parts(
    request: Request, period: Period, unit: str, basis: str, caller: Caller, as_of: datetime | None
) -> list[UpstreamPart]:
    settings = get_resources(request.app).get(GatewaySettings)
    as_of_query = {"as_of": as_of.isoformat()} if as_of else {}
    query = urlencode(
        {"period": str(period), "unit": unit, "basis": basis, "headline": "true", **as_of_query}
    )
    counted = [*settings.programs, *([OVERSIGHT] if OVERSIGHT in settings.upstreams else [])]
    paths = {name: f"/v1/{name}/progress?{query}" for name in counted}
    if FUNDING in settings.upstreams:
        until = find_last_day(period)
        funding_query = {
            "year": period.year,
            "unit": unit,
            **({"until": until.isoformat()} if until else {}),
            **as_of_query,
        }
        paths[FUNDING] = f"/v1/{FUNDING}/status?{urlencode(funding_query)}"
    addresses = {name: PartAddress(name, path) for name, path in paths.items()}
    return list((await fetch_parts(request, caller, basis, addresses)).values())


def _make_response(
    request: Request,
    parts: list[UpstreamPart],
    unit: Mapping[str, Any],
    period: Period,
    basis: str,
    *,
    strict: bool,
) -> Response:
    refusal = find_refusal(parts)
    if refusal is not None:
        return pass_refusal_on(request, refusal)
    if strict and not all(part.fresh for part in parts):
        raise StatusIncomplete(parts)
    now = time.monotonic()
    document = compose_status(
        [part for part in parts if part.service not in {FUNDING, OVERSIGHT}],
        find_part(parts, FUNDING),
        find_part(parts, OVERSIGHT),
        unit=unit,
        period=period,
        basis=basis,
        now=now,
        describe=partial(to_problem_document, request),
        path=request.url.path,
    )
    return make_response(request, document, parts, basis)
