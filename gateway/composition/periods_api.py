"""Route of the periods that have accepted figures, of all programs: `GET /v1/periods`."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from gateway.composition.composed_answers import (
    PartAddress,
    describe_part,
    fetch_parts,
    make_response,
    pass_refusal_on,
)
from gateway.composition.parts import UpstreamPart
from gateway.composition.schemas import PartOut
from gateway.composition.status import find_refusal, get_members
from gateway.settings import GatewaySettings
from shared.kit.identity import Caller
from shared.kit.resources import get_resources
from shared.kit.routes import OperationRoute
from shared.periods import Period, PeriodKind
from shared.roles import PublicReader

router = APIRouter(prefix="/v1", tags=["status"], route_class=OperationRoute)


class ReportedPeriodOut(BaseModel):
    """A period, and the programs that have accepted reports for it."""

    period: str = Field(description="SDMX time period", examples=["2023"])
    programs: list[str] = Field(description="the programs with an accepted report", examples=[["rural"]])


class PeriodsOfProgramOut(PartOut):
    """The part of one program."""

    program: str = Field(description="rural, poverty or ethnic")


class PeriodsOut(BaseModel):
    """The periods that have accepted reports, of all programs."""

    newest_year: str | None = Field(
        description="the newest year with an accepted report, which the status shows without `period`; null where there is none",
        examples=["2023"],
    )
    items: list[ReportedPeriodOut] = Field(
        description="the latest first; of those that end together the longest"
    )
    programs: list[PeriodsOfProgramOut] = Field(description="state and age of each program's part")


@router.get("/periods", response_model=PeriodsOut, summary="Which periods have accepted figures")
async def list_periods_with_figures(*, request: Request, caller: PublicReader) -> Response:
    """Read every period for which a program has an accepted report, the latest first. A service that is away is marked."""
    parts = await _fetch_periods(request, caller)
    refusal = find_refusal(list(parts.values()))
    if refusal is not None:
        return pass_refusal_on(request, refusal)
    programs_of = group_programs(parts)
    newest = find_newest(programs_of)
    document = {
        "newest_year": str(newest) if newest else None,
        "items": [{"period": str(period), "programs": programs} for period, programs in programs_of.items()],
        "programs": [{"program": name, **describe_part(request, part)} for name, part in parts.items()],
    }
    return make_response(request, document, list(parts.values()), "accepted")


async def find_newest_year(request: Request, caller: Caller, today: date) -> Period:
    """Return the newest year that has an accepted report; the year of today where none has."""
    newest = find_newest(group_programs(await _fetch_periods(request, caller)))
    return newest or Period.from_day(today, PeriodKind.YEAR)


def group_programs(parts: Mapping[str, UpstreamPart]) -> dict[Period, list[str]]:
    """Return the programs that have each period, the latest period first."""
    programs_of: dict[Period, list[str]] = {}
    for name, part in parts.items():
        for row in get_members(part, "items"):
            programs_of.setdefault(Period.parse(row["period"]), []).append(name)
    latest_first = sorted(programs_of, key=lambda period: (period.ends_on, period.kind.months), reverse=True)
    return {period: programs_of[period] for period in latest_first}


def find_newest(periods: Mapping[Period, list[str]]) -> Period | None:
    """Return the year of the latest period; None where there is none."""
    return max((Period.from_day(period.ends_on, PeriodKind.YEAR) for period in periods), default=None)


async def _fetch_periods(request: Request, caller: Caller) -> dict[str, UpstreamPart]:
    programs = get_resources(request.app).get(GatewaySettings).programs
    addresses = {name: PartAddress(name, f"/v1/{name}/periods") for name in programs}
    return await fetch_parts(request, caller, "accepted", addresses)
