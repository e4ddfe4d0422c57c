"""The routes of province-wide vintages."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response, status

from gateway.models import VintageRow
from gateway.settings import GatewaySettings
from gateway.upstreams import Upstreams
from gateway.vintages import actions, store
from gateway.vintages.rules import VintagesNotComparable, compare_parts
from gateway.vintages.schemas import (
    VintageDifferenceOut,
    VintageDifferencesOut,
    VintageIn,
    VintageOut,
    VintagesPage,
    VintageSummary,
)
from shared.kit.exact_json import read_json
from shared.kit.paging import Paging, paged_by
from shared.kit.resources import get_resources, resource
from shared.kit.transactions import TransactionRoute
from shared.periods import Period
from shared.reporting.decisions import DecisionIn
from shared.reporting.query_params import PeriodFilter
from shared.roles import OverseerUnitOfWork, PublicUnitOfWork
from shared.territory.current import CurrentTerritory
from shared.territory.query_params import UnitFilter

PATH = "/v1/vintages"

CurrentUpstreams = Annotated[Upstreams, Depends(resource(Upstreams))]

router = APIRouter(prefix=PATH, tags=["vintages"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Freeze a province-wide vintage")
async def freeze_vintage(
    *,
    request: Request,
    response: Response,
    unit_of_work: OverseerUnitOfWork,
    upstreams: CurrentUpstreams,
    territory: CurrentTerritory,
    body: VintageIn,
) -> VintageOut:
    """Freeze all programs, funding and oversight at one instant, under one name and document.

    The instant lies half a second before the request, so what is recorded within it is not in the vintage. All parts, or 503 and
    nothing. A vintage is never replaced; it is read again byte for byte.
    """
    authorization = _find_authorization(request)
    row = await actions.freeze_vintage(unit_of_work, upstreams, territory, body, authorization)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return VintageOut(**_summarize(row).model_dump(), parts=read_json(row.parts))


@router.get("", summary="List province-wide vintages")
async def list_vintages(
    *,
    unit_of_work: PublicUnitOfWork,
    unit: UnitFilter,
    period: PeriodFilter,
    paging: Annotated[Paging, paged_by(50)],
) -> VintagesPage:
    """List vintages without their parts, newest first."""
    query = store.select_vintages(unit, str(period) if period else None)
    return await paging.fetch(
        unit_of_work.session,
        query,
        serialize=lambda row: _summarize(row[0]),
    )


@router.get("/{vintage_id}", summary="Read a province-wide vintage")
async def read_vintage(*, unit_of_work: PublicUnitOfWork, vintage_id: uuid.UUID) -> VintageOut:
    """Read a vintage with every part exactly as it was answered at its instant."""
    row = await store.get_vintage(unit_of_work.session, vintage_id)
    return VintageOut(**_summarize(row).model_dump(), parts=read_json(row.parts))


@router.get("/{vintage_id}/differences", summary="Compare a province-wide vintage")
async def compare_vintage(
    *,
    request: Request,
    unit_of_work: PublicUnitOfWork,
    upstreams: CurrentUpstreams,
    vintage_id: uuid.UUID,
    other: Annotated[uuid.UUID | None, Query(description="another vintage; left out: now")] = None,
) -> VintageDifferencesOut:
    """Compare a vintage with another one of the same unit and period, or with now, value by value."""
    row = await store.get_vintage(unit_of_work.session, vintage_id)
    if other is None:
        authorization = _find_authorization(request)
        after = await actions.read_parts(upstreams, row.unit, Period.parse(row.period), None, authorization)
    else:
        later = await store.get_vintage(unit_of_work.session, other)
        if (later.unit, later.period) != (row.unit, row.period):
            raise VintagesNotComparable
        after = read_json(later.parts)
    items = [
        VintageDifferenceOut(
            part=difference.part, name=difference.name, before=difference.before, after=difference.after
        )
        for difference in compare_parts(read_json(row.parts), after)
    ]
    return VintageDifferencesOut(vintage=vintage_id, other=other, compared=len(after), items=items)


def _find_authorization(request: Request) -> str:
    """Return the token that services are read with; none where accepted figures are public.

    Anybody reads a vintage then, so it must have nothing that is withheld from the public.
    """
    settings = get_resources(request.app).get(GatewaySettings)
    return "" if settings.public_reads else request.headers.get("authorization", "")


def _summarize(row: VintageRow) -> VintageSummary:
    return VintageSummary(
        id=row.id,
        name=row.name,
        unit=row.unit,
        period=row.period,
        as_of=row.as_of,
        document=DecisionIn(number=row.document_number, date=row.document_date),
        sha256=row.sha256,
        frozen_at=row.frozen_at,
    )
