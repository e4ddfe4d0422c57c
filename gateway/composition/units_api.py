"""Routes of composed answers about units: `GET /v1/obligations` and `GET /v1/units/{code}/summary`."""

from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from gateway.composition.composed_answers import (
    PartAddress,
    describe_part,
    fetch_parts,
    get_document,
    make_response,
    pass_refusal_on,
)
from gateway.composition.parts import UpstreamPart
from gateway.composition.schemas import UnitRefOut
from gateway.composition.status import (
    compose_funding,
    find_last_day,
    find_newest_instant,
    find_refusal,
    get_members,
    is_whole,
)
from gateway.composition.unit_schemas import AllObligationsOut, SummaryUnitOut, UnitSummaryOut
from gateway.settings import FUNDING, OVERSIGHT, GatewaySettings
from shared.kit.date_fields import InstantQuery
from shared.kit.resources import CurrentResources, Now, get_resources
from shared.kit.routes import OperationRoute
from shared.periods import Period, local_day
from shared.reporting.basis import Basis, BasisName
from shared.reporting.query_params import MapOn, PeriodQuery
from shared.roles import PublicReader
from shared.territory.current import CurrentTerritory
from shared.territory.query_params import UnitOrAreaQuery
from shared.territory.schemas import UnitName
from shared.territory.tree import Territory
from shared.territory.units import Unit

router = APIRouter(prefix="/v1", tags=["status"], route_class=OperationRoute)

COUNTS = ("expected", "reported", "accepted")
CLASSIFICATION, RECOGNITION = "ethnic", "rural"
"""The programs that keep the registers of a summary."""


@router.get(
    "/obligations",
    operation_id="list_all_obligations",
    response_model=AllObligationsOut,
    summary="What is owed to all programs, and what is late",
)
async def read_all_obligations(
    *,
    request: Request,
    caller: PublicReader,
    period: PeriodQuery,
    unit: UnitOrAreaQuery,
    basis: Annotated[
        BasisName,
        Query(
            description="provisional: a report that was received meets what is owed; accepted: only one that was accepted"
        ),
    ] = "provisional",
    as_of: InstantQuery = None,
    map_on: MapOn = None,
) -> Response:
    """Read what a unit and the units below it owe to every program for a period. A service that is away is marked.

    As of an instant it is what was received and judged by then. On the map of another day it is what the units of the period owe
    whose land lies in the unit.
    """
    owing = unit.on(map_on or period.ends_on)
    chosen: dict[str, str] = {"basis": basis} if basis == "accepted" else {}
    if map_on is not None:
        chosen["map"] = map_on.isoformat()
    query = urlencode({"period": str(period), "unit": owing.code, **chosen, **_to_query(as_of)})
    programs = get_resources(request.app).get(GatewaySettings).programs
    addresses = {name: PartAddress(name, f"/v1/{name}/completeness?{query}") for name in programs}
    parts = await fetch_parts(request, caller, "accepted", addresses)
    refusal = find_refusal(list(parts.values()))
    if refusal is not None:
        return pass_refusal_on(request, refusal)
    rows = [_describe_obligations(request, name, part) for name, part in parts.items()]
    totals = {name: sum(row[name] or 0 for row in rows) for name in (*COUNTS, "overdue")}
    document = {
        "unit": _name_unit(owing),
        "period": str(period),
        "complete": all(part.fresh for part in parts.values()) and totals["expected"] == totals["reported"],
        **totals,
        "programs": rows,
    }
    return make_response(request, document, list(parts.values()), "accepted")


def _describe_obligations(request: Request, name: str, part: UpstreamPart) -> dict[str, Any]:
    document = get_document(part)
    items = document.get("items", [])
    overdue = sum(1 for row in items if row.get("timeliness") == "overdue") if document else None
    return {
        "program": name,
        **describe_part(request, part),
        **{count: document.get(count) for count in COUNTS},
        "overdue": overdue,
        "items": items,
    }


@router.get(
    "/units/{code}/summary",
    operation_id="read_unit_summary",
    response_model=UnitSummaryOut,
    summary="Everything about one unit in a period",
)
async def read_unit_summary(
    *,
    request: Request,
    caller: PublicReader,
    territory: CurrentTerritory,
    resources: CurrentResources,
    now: Now,
    code: Annotated[str, Path(min_length=2, max_length=12, description="code of the unit")],
    period: PeriodQuery,
    basis: Basis,
    as_of: InstantQuery = None,
) -> Response:
    """Read the headline figures of every program, the classification, the recognitions, the money and the open reports of a unit.

    A service that is away is shown with its last known part. Open reports are those of today, or of the day of `as_of`. Recommendations are shown to
    who may read them.
    """
    unit = territory.unit(code, period.ends_on)
    on = max(min(period.ends_on, local_day(now)), unit.valid_from)
    settings = resources.get(GatewaySettings)
    programs = settings.programs
    has_oversight = OVERSIGHT in settings.upstreams
    addresses = _list_addresses(unit, period, on, basis, as_of, programs, has_oversight=has_oversight)
    parts = await fetch_parts(request, caller, basis, addresses)
    refusal = find_refusal([part for name, part in parts.items() if not name.startswith("register.")])
    if refusal is not None:
        return pass_refusal_on(request, refusal)
    document = {
        "unit": _serialize_unit(territory, unit, period.ends_on),
        "period": str(period),
        "on": on.isoformat(),
        "basis": basis,
        "as_of": find_newest_instant(get_document(part).get("as_of") for part in parts.values()),
        "complete": all(part.fresh or _has_nothing_to_show(part) for part in parts.values())
        and all(is_whole(get_members(part, "figures")) for part in parts.values()),
        "programs": [
            {
                "program": name,
                **describe_part(request, parts[f"figures.{name}"]),
                "figures": get_document(parts[f"figures.{name}"]).get("figures", []),
            }
            for name in programs
        ],
        "classification": _describe_register(request, parts.get("register.classification")),
        "recognition": _describe_register(request, parts.get("register.recognition")),
        "funding": _describe_funding(request, parts.get(FUNDING), period),
        "recommendations": _describe_register(request, parts.get("register.recommendations")),
        "obligations": [
            {
                "program": name,
                **describe_part(request, parts[f"obligations.{name}"]),
                "items": get_document(parts[f"obligations.{name}"]).get("items", []),
            }
            for name in programs
        ],
    }
    return make_response(request, document, list(parts.values()), basis)


def _list_addresses(
    unit: Unit,
    period: Period,
    on: date,
    basis: str,
    as_of: datetime | None,
    programs: tuple[str, ...],
    *,
    has_oversight: bool,
) -> dict[str, PartAddress]:
    """Return where the parts of a summary are read, by their names."""
    instant_query = _to_query(as_of)
    code = quote(unit.code, safe="")
    figures = urlencode(
        {"period": str(period), "unit": unit.code, "basis": basis, "headline": "true", **instant_query}
    )
    addresses = {f"figures.{name}": PartAddress(name, f"/v1/{name}/progress?{figures}") for name in programs}
    addresses |= {
        f"obligations.{name}": PartAddress(
            name, f"/v1/{name}/obligations?{urlencode({'unit': unit.code, **instant_query})}"
        )
        for name in programs
    }
    is_commune = unit.level in ("commune", "village")
    if CLASSIFICATION in programs:
        query = urlencode({"on": on.isoformat(), **instant_query})
        path = f"areas/{code}?{query}" if unit.level != "province" else f"areas/summary?unit={code}&{query}"
        addresses["register.classification"] = PartAddress(CLASSIFICATION, f"/v1/{CLASSIFICATION}/{path}")
    if RECOGNITION in programs:
        day = "in_force_on" if is_commune else "on"
        query = urlencode({"unit": unit.code, day: on.isoformat(), **instant_query})
        path = f"recognitions?{query}" if is_commune else f"recognitions/summary?{query}"
        addresses["register.recognition"] = PartAddress(RECOGNITION, f"/v1/{RECOGNITION}/{path}")
    if has_oversight:
        query = urlencode(
            {"addressee": unit.code, "unfinished": "true", "on": on.isoformat(), **instant_query}
        )
        path = f"/v1/{OVERSIGHT}/recommendations?{query}"
        addresses["register.recommendations"] = PartAddress(OVERSIGHT, path, is_private=True)
    until = find_last_day(period)
    money = {
        "year": period.year,
        "unit": unit.code,
        **({"until": until.isoformat()} if until else {}),
        **instant_query,
    }
    return {**addresses, FUNDING: PartAddress(FUNDING, f"/v1/{FUNDING}/status?{urlencode(money)}")}


def _to_query(as_of: datetime | None) -> dict[str, str]:
    """Return the parameter of an instant; none where the present is read."""
    return {"as_of": as_of.isoformat()} if as_of else {}


def _is_absent(part: UpstreamPart) -> bool:
    """Whether a register has nothing of the unit, which is an answer."""
    return part.refused is not None and part.refused.status == HTTPStatus.NOT_FOUND


def _has_nothing_to_show(part: UpstreamPart) -> bool:
    """Whether a part has nothing of the unit, or nothing that the caller may read."""
    hidden = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    return part.refused is not None and part.refused.status in hidden


def _describe_register(request: Request, part: UpstreamPart | None) -> dict[str, Any]:
    if part is None or _is_absent(part):
        return {"state": "fresh", "age_seconds": 0, "items": [], "status": None}
    document = dict(get_document(part))
    items = document.pop("items", [])
    return {**describe_part(request, part), "items": items, "status": _drop_page(document)}


def _drop_page(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the members that are about the unit: not those of a page of a list."""
    return {name: value for name, value in document.items() if name != "next"} or None


def _describe_funding(request: Request, part: UpstreamPart | None, period: Period) -> dict[str, Any]:
    part = part or UpstreamPart(FUNDING)
    return compose_funding(part, describe_part(request, part), period)


def _serialize_unit(territory: Territory, unit: Unit, on: date) -> dict[str, Any]:
    ancestors = [UnitName.model_validate(above) for above in territory.ancestors(unit.code, on)]
    successors = [UnitName.model_validate(after) for after in territory.successors(unit.code, on)]
    named = UnitName.model_validate(unit).model_dump()
    return SummaryUnitOut(
        **named, since=unit.valid_from, ancestors=ancestors, successors=successors
    ).model_dump(mode="json")


def _name_unit(unit: Unit) -> dict[str, Any]:
    return UnitRefOut(code=unit.code, name=unit.name, kind=unit.kind, since=unit.valid_from).model_dump(
        mode="json"
    )
