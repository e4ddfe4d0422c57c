"""Where targets are said."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.kit.paging import Cursor, Limit, Page, fetch_page, set_next_link
from shared.kit.transactions import TransactionRoute
from shared.reporting.context import PlannerContext, PublicContext
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import Amount
from shared.reporting.models import Target
from shared.reporting.query_params import PeriodFilter, PeriodPath
from shared.reporting.targets import actions, store
from shared.territory.query_params import UnitFilter

router = APIRouter(prefix="/targets", tags=["targets"], route_class=TransactionRoute)


class TargetIn(BaseModel):
    """A planned value."""

    model_config = ConfigDict(extra="forbid")

    indicator: str = Field(min_length=1, max_length=100, description="code of a figure of the catalogue")
    value: Amount


class TargetsIn(BaseModel):
    """The planned values that a decision states for a unit and period."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"decision": {"number": "01/QĐ-UBND", "date": "2023-01-05"}, "targets": []}
        },
    )

    decision: DecisionIn
    targets: list[TargetIn] = Field(max_length=500, description="planned values by figure")


class TargetOut(BaseModel):
    """A planned value with its decision."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    indicator: str = Field(description="code of the figure")
    value: JsonDecimal = Field(description="planned value, in the figure's unit of measure")
    decision_number: str = Field(description="number of the decision")
    decision_date: date = Field(description="date of the decision")
    set_at: datetime = Field(description="when it was stated here")


class TargetsOut(BaseModel):
    """The planned values in force."""

    items: list[TargetOut]


@router.put("/{period}/{unit}", summary="Set targets")
async def set_targets(
    *,
    context: PlannerContext,
    period: PeriodPath,
    unit: str,
    body: TargetsIn,
    response: Response,
    if_match: Annotated[str | None, Header(description="version seen, to revise what is in force")] = None,
) -> TargetsOut:
    """State planned values under a decision. Figures not named keep their target; nothing is lost by a revision."""
    found = await actions.set_targets(
        context,
        unit=unit,
        period=period,
        decision=actions.TargetDecision(body.decision.number, body.decision.date),
        planned=[(it.indicator, it.value) for it in body.targets],
        if_match=if_match,
    )
    response.headers["ETag"] = actions.make_version_tag(found)
    return TargetsOut(items=[_said(it) for it in found.values()])


@router.get("", summary="List targets")
async def list_targets(
    *,
    context: PublicContext,
    request: Request,
    response: Response,
    unit: UnitFilter,
    period: PeriodFilter,
    indicator: Annotated[str | None, Query(max_length=100, description="code of a figure")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[TargetOut]:
    """List targets with all their revisions, newest first; the first of a unit, period and figure is in force."""
    query = store.select_target_history([unit] if unit else None, str(period) if period else None, indicator)
    found = await fetch_page(
        context.session, query, limit=limit, cursor=cursor, said=lambda row: _said(row[0])
    )
    set_next_link(request, response, found.next)
    return found


def _said(it: Target) -> TargetOut:
    return TargetOut.model_validate(it, from_attributes=True)
