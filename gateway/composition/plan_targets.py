"""Route of the targets of a plan, each with its planned value and result: `GET /v1/plans/{plan_id}/targets`.

A plan of the oversight service names figures of the programs, and keeps no copy of what is planned for them. Whether a figure exists
and what is planned for it is the program's to say; they meet nowhere but here.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.composition.composed_answers import (
    PartAddress,
    describe_part,
    fetch_parts,
    get_document,
    make_response,
    pass_refusal_on,
)
from gateway.composition.parts import UpstreamPart
from gateway.composition.schemas import PartOut
from gateway.composition.status import find_newest_instant, find_refusal, get_members
from shared.kit.date_fields import InstantQuery
from shared.kit.routes import OperationRoute
from shared.reporting.basis import Basis
from shared.roles import PublicReader

router = APIRouter(prefix="/v1", tags=["status"], route_class=OperationRoute)

OVERSIGHT = "oversight"

TargetState = Literal["set", "not_set", "unknown", "unavailable"]


class PlannedFigure(NamedTuple):
    """A figure that a plan names: the program that keeps its target, the unit and the code."""

    program: str
    unit: str
    indicator: str


class TargetResultPartRow(BaseModel):
    """A target with its result, as the program's `targets/results` gives it."""

    model_config = ConfigDict(extra="allow")

    indicator: str = Field(description="code of the figure")
    plan: dict[str, Any] = Field(description="what is planned, and how much of it was achieved")


class PlannedTargetOut(BaseModel):
    """A target that a plan names."""

    named_in: Literal["targets", "missed_targets"] = Field(description="the list of the plan that names it")
    program: str = Field(description="the program that keeps it")
    indicator: str = Field(description="code of the figure")
    unit: str = Field(description="code of the unit")
    owner: str | None = Field(description="the agency that answers for it")
    state: TargetState = Field(
        description="set: the program has a target of the plan's period; not_set: it has the figure and no such target; unknown: its "
        "catalogue has no such figure, or the unit has no targets in the period; unavailable: the program does not answer"
    )
    results: list[TargetResultPartRow] = Field(
        description="what is planned and done, for each member of a dimension and each standard"
    )


class TargetsPartOut(PartOut):
    """The part of one program and unit."""

    program: str = Field(description="the program")
    unit: str = Field(description="code of the unit")


class PlanTargetsOut(BaseModel):
    """The targets that a plan names, with what the programs plan and state."""

    plan: uuid.UUID = Field(description="the plan")
    period: str = Field(description="its period")
    basis: Literal["accepted", "provisional"] = Field(description="which observations count")
    as_of: datetime | None = Field(description="newest change included in any part")
    complete: bool = Field(description="whether all parts are fresh")
    unknown_count: int = Field(description="how many of them no catalogue has")
    items: list[PlannedTargetOut]
    parts: list[TargetsPartOut] = Field(description="state and age of each part")


@router.get(
    "/plans/{plan_id}/targets",
    operation_id="read_plan_targets",
    response_model=PlanTargetsOut,
    summary="Read the targets of a plan with their results",
)
async def read_plan_targets(
    *,
    request: Request,
    caller: PublicReader,
    plan_id: Annotated[uuid.UUID, Path(description="the plan: /v1/oversight/plans")],
    basis: Basis,
    as_of: InstantQuery = None,
) -> Response:
    """Read every target that a plan names with what the program plans for its period, and what was done.

    A figure that no catalogue has is marked `unknown`. Who has no scope in oversight sees the plan without targets.
    """
    instant_query = {"as_of": as_of.isoformat()} if as_of else {}
    suffix = f"?{urlencode(instant_query)}" if instant_query else ""
    plan_address = PartAddress(OVERSIGHT, f"/v1/{OVERSIGHT}/plans/{plan_id}{suffix}", is_private=True)
    plan_parts = await fetch_parts(request, caller, basis, {"plan": plan_address})
    refusal = find_refusal(list(plan_parts.values()))
    if refusal is not None:
        return pass_refusal_on(request, refusal)
    plan = get_document(plan_parts["plan"])
    named = list(_list_named_targets(plan))
    parts = await fetch_parts(
        request, caller, basis, _list_addresses(plan.get("period", ""), named, basis, instant_query)
    )
    items = [_describe_target(name, row, figure, parts) for name, row, figure in named]
    every_part = {"plan": plan_parts["plan"], **parts}
    document = {
        "plan": str(plan_id),
        "period": plan.get("period", ""),
        "basis": basis,
        "as_of": find_newest_instant(get_document(part).get("as_of") for part in parts.values()),
        "complete": all(part.fresh for part in every_part.values()),
        "unknown_count": sum(1 for row in items if row["state"] == "unknown"),
        "items": items,
        "parts": [
            {"program": program, "unit": unit, **describe_part(request, parts[f"{program}/{unit}"])}
            for program, unit in sorted({(figure.program, figure.unit) for _, _, figure in named})
        ],
    }
    return make_response(request, document, list(every_part.values()), basis)


def _list_named_targets(plan: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], PlannedFigure]]:
    """Yield the targets of a plan with the list that names them; a target without a unit is of the plan's own."""
    for name in ("targets", "missed_targets"):
        for row in plan.get(name) or ():
            unit = row.get("unit") or plan["unit"]
            yield name, row, PlannedFigure(row["program"], unit, row["indicator"])


def _list_addresses(
    period: str,
    named: Iterable[tuple[str, Mapping[str, Any], PlannedFigure]],
    basis: str,
    instant_query: Mapping[str, str],
) -> dict[str, PartAddress]:
    """Return the address of the results of each program and unit, and of the catalogue of each program."""
    addresses = {}
    for _, _, (program, unit, _) in named:
        of_results = {"period": period, "unit": unit, "basis": basis, **instant_query}
        results = f"/v1/{program}/targets/results?{urlencode(of_results)}"
        addresses[f"{program}/{unit}"] = PartAddress(program, results)
        addresses[program] = PartAddress(program, f"/v1/{program}/indicators")
    return addresses


def _describe_target(
    name: str, row: Mapping[str, Any], figure: PlannedFigure, parts: Mapping[str, UpstreamPart]
) -> dict[str, Any]:
    """Return a target with its state and results."""
    results = [
        result
        for result in get_members(parts[f"{figure.program}/{figure.unit}"], "items")
        if result.get("indicator") == figure.indicator
    ]
    return {
        "named_in": name,
        "program": figure.program,
        "indicator": figure.indicator,
        "unit": figure.unit,
        "owner": row.get("owner"),
        "state": find_target_state(figure, results, parts),
        "results": results,
    }


def find_target_state(
    figure: PlannedFigure, results: Iterable[Mapping[str, Any]], parts: Mapping[str, UpstreamPart]
) -> TargetState:
    """Return whether a target is set, not set or unknown to the program, or the program does not answer."""
    if any(True for _ in results):
        return "set"
    catalogue, of_unit = parts[figure.program], parts[f"{figure.program}/{figure.unit}"]
    if catalogue.confirmed is None:
        return "unavailable"
    if figure.indicator not in {entry.get("code") for entry in get_members(catalogue, "items")}:
        return "unknown"
    if of_unit.refused is not None:
        return "unknown"
    return "not_set" if of_unit.confirmed else "unavailable"
