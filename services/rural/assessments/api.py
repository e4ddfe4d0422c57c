"""Where assessments are said."""

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import StringConstraints

from services.rural.assessments import reading
from services.rural.assessments.reading import Asked
from services.rural.assessments.rules import met_between
from services.rural.assessments.schemas import CommuneOut, CommuneRow, CommunesOut, CriteriaOut
from services.rural.criteria.api import TheSets
from services.rural.ocop.api import CurrentOcopRules
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Cursor, InvalidCursor, Limit, decode_cursor, encode_cursor, set_next_link
from shared.kit.transactions import TransactionRoute
from shared.kit.validation_faults import parseable_by
from shared.periods import Period, local_day
from shared.reporting.basis import Basis
from shared.reporting.context import PublicContext
from shared.reporting.query_params import period_filter
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1/rural", tags=["assessments"], route_class=TransactionRoute)

Order = Literal["code", "met", "-met"]


async def _asked(
    context: PublicContext,
    basis: Basis,
    unit: UnitQuery,
    period: Annotated[
        Period | None, period_filter("period", "year of the assessment; the latest one when left out")
    ],
    as_of: AsOf = None,
) -> Asked:
    return await reading.asked(context, unit, period, basis, as_of)


TheAsked = Annotated[Asked, Depends(_asked)]


@router.get("/communes", summary="List rural communes by what they meet")
async def list_communes(
    *,
    context: PublicContext,
    asked: TheAsked,
    request: Request,
    response: Response,
    district: Annotated[
        str | None, Query(max_length=12, description="only communes of this district")
    ] = None,
    met: Annotated[
        Annotated[str, StringConstraints(max_length=5), parseable_by(met_between)] | None,
        Query(description="only communes that meet so many criteria: 19, or 15-18"),
    ] = None,
    recognized: Annotated[
        Literal["meets", "advanced", "model", "none"] | None,
        Query(description="only communes with this level in force, or with none"),
    ] = None,
    sort: Annotated[
        Order, Query(description="by code, or by criteria met: the fewest (met) or the most first (-met)")
    ] = "code",
    limit: Limit = 200,
    cursor: Cursor = None,
) -> CommunesOut:
    """List rural communes with the criteria they meet and miss, and the recognitions in force on the period's end."""
    rows = await reading.communes(context, asked, district)
    between = met_between(met) if met else None
    chosen = sorted(
        (row for row in rows if _chosen(row, between, recognized)), key=lambda row: _place(row, sort)
    )
    after = _read_cursor(cursor)
    following = [row for row in chosen if after is None or _place(row, sort) > after]
    shown = following[:limit]
    more = encode_cursor(json.dumps(_place(shown[-1], sort))) if len(following) > limit else None
    set_next_link(request, response, more)
    return CommunesOut(
        unit=asked.unit,
        period=str(asked.period),
        on=asked.period.ends_on,
        basis=asked.basis,
        items=shown,
        next=more,
    )


@router.get("/communes/{code}", summary="Read one commune on one page")
async def read_commune(
    *,
    context: PublicContext,
    sets: TheSets,
    ocop_rules: CurrentOcopRules,
    basis: Basis,
    code: str,
    on: Annotated[IsoDate | None, Query(description="the day that is read; today when left out")] = None,
) -> CommuneOut:
    """Read a commune's assessments over the years, its recognitions, villages and OCOP products."""
    return await reading.commune(context, code, on or local_day(context.now), basis, sets, ocop_rules)


@router.get("/criteria", summary="Read how each criterion stands")
async def read_criteria(*, context: PublicContext, asked: TheAsked) -> CriteriaOut:
    """Read how many communes meet each criterion, which are the weakest, the groups and the average."""
    return await reading.criteria(context, asked)


def _chosen(row: CommuneRow, between: tuple[int, int] | None, recognized: str | None) -> bool:
    if between is not None and (row.met is None or not between[0] <= row.met <= between[1]):
        return False
    if recognized == "none":
        return not row.recognized
    return recognized is None or recognized in row.recognized


def _place(row: CommuneRow, sort: Order) -> tuple[int, str]:
    """Where a row stands in the order; one that is not assessed comes last."""
    if sort == "code":
        return (0, row.code)
    if row.met is None:
        return (100, row.code)
    return (row.met if sort == "met" else -row.met, row.code)


def _read_cursor(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    try:
        rank, code = json.loads(decode_cursor(cursor))
    except (ValueError, TypeError) as error:
        raise InvalidCursor from error
    if not isinstance(rank, int) or not isinstance(code, str):
        raise InvalidCursor
    return rank, code
