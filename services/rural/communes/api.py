"""The routes of rural communes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import StringConstraints, TypeAdapter

from services.rural.assessments.api import RequestedAssessments
from services.rural.assessments.rules import parse_met_range
from services.rural.assessments.store import FORM
from services.rural.communes import queries
from services.rural.communes.schemas import CommuneOut, CommuneRow, CommunesOut
from services.rural.criteria.api import CurrentCriteriaSets
from services.rural.ocop.api import CurrentOcopRules
from shared.kit.cached_routes import CachedRoute
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.validation_faults import parseable_by
from shared.periods import local_day
from shared.reporting.basis import Basis
from shared.reporting.context import PublicContext
from shared.territory.named_rows import find_unit_names

router = APIRouter(prefix="/v1/rural", tags=["assessments"], route_class=CachedRoute)

SortOrder = Literal["code", "met", "-met"]

BY_RANK_AND_CODE = TypeAdapter(tuple[int, str])
"""The key of a page of communes."""
AFTER_ALL_ASSESSED = 100
"""The rank of a commune that is not assessed: after every number of criteria met."""


@router.get("/communes", summary="List rural communes by criteria met")
async def list_communes(
    *,
    context: PublicContext,
    query: RequestedAssessments,
    district: Annotated[
        str | None, Query(max_length=12, description="only communes of this district")
    ] = None,
    met: Annotated[
        Annotated[str, StringConstraints(max_length=5), parseable_by(parse_met_range)] | None,
        Query(
            description="only communes that meet this number of criteria, such as 19, or a range, such as 15-18"
        ),
    ] = None,
    recognized: Annotated[
        Literal["meets", "advanced", "model", "none"] | None,
        Query(description="only communes with this level in force, or with none"),
    ] = None,
    sort: Annotated[
        SortOrder, Query(description="by code, or by criteria met: the fewest (met) or the most first (-met)")
    ] = "code",
    paging: Annotated[Paging, paged_by(200)],
) -> CommunesOut:
    """List rural communes with the criteria they meet and miss, and the recognitions in force on the period's end."""
    met_range = parse_met_range(met) if met else None
    rows = [
        row
        for row in await queries.list_communes(context, query, district)
        if _is_selected(row, met_range, recognized)
    ]
    page, next_cursor = paging.slice(rows, key=lambda row: _to_sort_key(row, sort), adapter=BY_RANK_AND_CODE)
    return CommunesOut(
        unit=query.unit,
        **find_unit_names(context.territory, query.unit, query.period.ends_on),
        period=str(query.period),
        on=query.period.ends_on,
        basis=query.basis,
        standard=query.standards.get(FORM),
        items=page,
        next=next_cursor,
    )


@router.get("/communes/{code}", summary="Read one commune on one page")
async def read_commune(
    *,
    context: PublicContext,
    sets: CurrentCriteriaSets,
    ocop_rules: CurrentOcopRules,
    basis: Basis,
    code: str,
    on: Annotated[IsoDate | None, Query(description="the day of the page; today when left out")] = None,
) -> CommuneOut:
    """Read a commune's assessments over the years, its recognitions, villages and OCOP products."""
    return await queries.read_commune(context, code, on or local_day(context.now), basis, sets, ocop_rules)


def _is_selected(row: CommuneRow, met_range: tuple[int, int] | None, recognized: str | None) -> bool:
    if met_range is not None and (row.met is None or not met_range[0] <= row.met <= met_range[1]):
        return False
    if recognized == "none":
        return not row.recognized
    return recognized is None or recognized in row.recognized


def _to_sort_key(row: CommuneRow, sort: SortOrder) -> tuple[int, str]:
    """Return the sort key of a row; communes that are not assessed come last."""
    if sort == "code":
        return (0, row.code)
    if row.met is None:
        return (AFTER_ALL_ASSESSED, row.code)
    return (row.met if sort == "met" else -row.met, row.code)
