"""Route of the results of a program's projects beside their money: `GET /v1/project-results`.

The results are the program's, the money is the ledger's. They share the code of the component, and meet nowhere but here.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.composition.composed_answers import (
    PartAddress,
    describe_part,
    fetch_parts,
    get_document,
    make_response,
    pass_refusal_on,
)
from gateway.composition.schemas import PartOut, UnitRefOut
from gateway.composition.status import find_last_day, find_newest_instant, find_refusal
from gateway.settings import FUNDING
from shared.kit.date_fields import InstantQuery
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.routes import OperationRoute
from shared.periods import Period
from shared.reporting.basis import Basis
from shared.reporting.query_params import PeriodQuery
from shared.roles import PublicReader
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1", tags=["status"], route_class=OperationRoute)

ProgramWithProjects = Literal["poverty", "ethnic"]
"""The programs whose service lists results by component."""
ETHNIC = "ethnic"
RESULTS_PATHS = {"poverty": "project-results", ETHNIC: "projects"}
"""By program: where its service lists them."""


class ProjectResultPartRow(BaseModel):
    """One result, as the program gives it: poverty's `project-results`, ethnic's `projects`."""

    model_config = ConfigDict(extra="allow")

    indicator: str = Field(description="code of the indicator")
    label: str = Field(description="its name in Vietnamese")
    unit_of_measure: str = Field(description="works, models, households, persons, houses, points …")
    done: JsonDecimal | None = Field(description="what was done; null where it is not stated")
    plan: dict[str, Any] | None = Field(description="what is planned, and how much of it was achieved")


class ComponentMoneyOut(BaseModel):
    """The money of a component, as the ledger's `progress` gives it."""

    model_config = ConfigDict(extra="allow")

    allocated_vnd: int = Field(description="allocated in the year, in đồng")
    carried_over_vnd: int = Field(description="carried over into it, in đồng")
    available_vnd: int = Field(description="available in it, in đồng")
    disbursed_vnd: int = Field(description="disbursed in it, in đồng")
    disbursement_rate: JsonDecimal | None = Field(description="disbursed by available, in percent")


class ComponentResultsOut(BaseModel):
    """A project or sub-project with its results and its money."""

    component: str | None = Field(description="its code; null: money that is given to the program as a whole")
    name: str | None = Field(
        description="its name in Vietnamese; null for money of the program as a whole, and where the program does not answer"
    )
    name_en: str | None = Field(description="its name in English")
    results: list[ProjectResultPartRow] = Field(
        description="its results in the unit; empty where it has none"
    )
    money: ComponentMoneyOut | None = Field(
        description="its money in the unit; null where the ledger has none"
    )


class ProjectsAndMoneyOut(BaseModel):
    """Results of projects beside their money, for one unit and period."""

    unit: UnitRefOut
    program: str = Field(description="the program")
    period: str = Field(description="SDMX time period")
    basis: Literal["accepted", "provisional"] = Field(description="which observations count")
    as_of: datetime | None = Field(description="newest change included in either part")
    year: int = Field(description="budget year of the money")
    until: date | None = Field(description="last day of effect of the money; null: the whole budget year")
    complete: bool = Field(description="whether both parts are fresh")
    results: PartOut = Field(description="the state of the program's part")
    funding: PartOut = Field(description="the state of the ledger's part")
    items: list[ComponentResultsOut]


@router.get(
    "/project-results",
    operation_id="read_projects_and_money",
    response_model=ProjectsAndMoneyOut,
    summary="Read the results of projects beside their money",
)
async def read_projects_and_money(
    *,
    request: Request,
    caller: PublicReader,
    program: Annotated[ProgramWithProjects, Query(description="the program")] = "poverty",
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    as_of: InstantQuery = None,
) -> Response:
    """Read what each project and sub-project achieved against its plan, with the money of the component beside it.

    Projects of ethnic are read by year. Money of a half year is what took effect until its last day. A service that does not answer is shown with its last known part.
    """
    shown = unit.on(period.ends_on)
    parts = await fetch_parts(
        request, caller, basis, _list_addresses(program, shown.code, period, basis, as_of)
    )
    refusal = find_refusal(list(parts.values()))
    if refusal is not None:
        return pass_refusal_on(request, refusal)
    results, funding = parts["results"], parts["funding"]
    until = find_last_day(period)
    document = {
        "unit": {
            "code": shown.code,
            "name": shown.name,
            "kind": shown.kind,
            "since": shown.valid_from.isoformat(),
        },
        "program": program,
        "period": str(period),
        "basis": basis,
        "as_of": find_newest_instant(get_document(part).get("as_of") for part in parts.values()),
        "year": period.year,
        "until": until.isoformat() if until else None,
        "complete": all(part.fresh for part in parts.values()),
        "results": describe_part(request, results),
        "funding": describe_part(request, funding),
        "items": list(
            join_by_component(
                list_results(program, get_document(results), shown.code),
                get_document(funding).get("rows", []),
                get_document(results).get("items" if program == ETHNIC else "projects", []),
            )
        ),
    }
    return make_response(request, document, list(parts.values()), basis)


def _list_addresses(
    program: str, unit: str, period: Period, basis: str, as_of: datetime | None
) -> dict[str, PartAddress]:
    instant_query = {"as_of": as_of.isoformat()} if as_of else {}
    until = find_last_day(period)
    of_results = {"period": str(period), "unit": unit, "basis": basis, **instant_query}
    of_money = {
        "year": period.year,
        "program": program,
        "unit": unit,
        "group_by": "component",
        **({"until": until.isoformat()} if until else {}),
        **instant_query,
    }
    return {
        "results": PartAddress(program, f"/v1/{program}/{RESULTS_PATHS[program]}?{urlencode(of_results)}"),
        "funding": PartAddress(FUNDING, f"/v1/{FUNDING}/progress?{urlencode(of_money)}"),
    }


def list_results(program: str, document: Mapping[str, Any], unit: str) -> list[dict[str, Any]]:
    """Return the results of a unit, each with its component; ethnic answers them by component."""
    if program != ETHNIC:
        return [row for row in document.get("items", []) if row.get("unit") == unit]
    return [
        {
            "component": project["component"],
            "component_name": project["name"],
            "component_name_en": project["name_en"],
            "parent": project["parent"],
            **indicator,
        }
        for project in document.get("items", [])
        for indicator in project["indicators"]
    ]


def join_by_component(
    results: Iterable[Mapping[str, Any]],
    money: Iterable[Mapping[str, Any]],
    projects: Iterable[Mapping[str, Any]] = (),
) -> Iterator[dict[str, Any]]:
    """Return each component of either side, in the order of the codes; money of the program as a whole is last."""
    by_component: dict[str | None, list[Mapping[str, Any]]] = {}
    for row in results:
        by_component.setdefault(row["component"], []).append(row)
    money_of = {row.get("component"): row for row in money}
    projects_by_code = {row.get("component"): row for row in projects}
    for component in sorted({*by_component, *money_of}, key=lambda code: (code is None, code or "")):
        rows = by_component.get(component, [])
        project = projects_by_code.get(component, {})
        yield {
            "component": component,
            "name": rows[0].get("component_name") if rows else project.get("name"),
            "name_en": rows[0].get("component_name_en") if rows else project.get("name_en"),
            "results": rows,
            "money": money_of.get(component),
        }
