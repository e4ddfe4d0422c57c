"""Where completeness is said: who owes what, who is late."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import select

from shared.kit.decimals import Number
from shared.kit.identity import PublicReader
from shared.kit.transactions import TransactionRoute
from shared.periods import Period, local_day
from shared.reporting.desk import Desk, TheDesk
from shared.reporting.figures.rules import share_percent
from shared.reporting.models import Report, Standing
from shared.reporting.obligations import rules

router = APIRouter(tags=["obligations"], route_class=TransactionRoute)


class OwedOut(BaseModel):
    """What one unit owes on one form."""

    unit: str = Field(description="code of the unit that owes")
    unit_name: str = Field(description="its name")
    form: str = Field(description="the form owed")
    due_on: date | None = Field(description="last day on time; null where no rule was found")
    state: str = Field(description="missing, submitted or accepted")
    nil: bool = Field(description="whether it was stated that nothing happened")
    received_at: datetime | None = Field(description="when the standing report was received")
    timeliness: str = Field(
        description="on_time, late, overdue, pending, backfilled (before going live) or not_judged"
    )


class CompletenessOut(BaseModel):
    """Who owes what for a period. Shares are computed from the counts and never exceed 100."""

    unit: str = Field(description="code of the unit asked about")
    period: str = Field(description="SDMX time period")
    expected: int = Field(description="reports owed")
    reported: int = Field(description="reports received, nil ones included")
    accepted: int = Field(description="reports accepted")
    on_time: int = Field(description="reports received on time")
    judged: int = Field(
        description="obligations that are judged for timeliness and have come due or been met"
    )
    reported_percent: Number | None = Field(description="reported by expected, in percent")
    on_time_percent: Number | None = Field(description="on time by judged, in percent")
    items: list[OwedOut]


@router.get("/completeness", summary="Who owes what, who is late")
async def read_completeness(
    *,
    desk: TheDesk,
    _: PublicReader,
    period: Annotated[str, Query(min_length=4, max_length=10, description="SDMX time period")],
    unit: Annotated[
        str, Query(min_length=2, max_length=12, description="obligations at and below it")
    ] = "62",
) -> CompletenessOut:
    """Read, for every unit and form owed, whether a report came, in which state, and whether in time."""
    asked = Period.parse(period)
    owed = list(
        rules.obligations(
            desk.engine.catalogue,
            desk.territory,
            root=unit,
            period=asked,
            received=await _received(desk, asked),
            today=local_day(desk.now),
            live_on=desk.engine.live_on,
        )
    )
    reported = sum(1 for it in owed if it.received)
    on_time = sum(1 for it in owed if it.timeliness == "on_time")
    judged = sum(1 for it in owed if it.timeliness in {"on_time", "late", "overdue"})
    return CompletenessOut(
        unit=unit,
        period=str(asked),
        expected=len(owed),
        reported=reported,
        accepted=sum(1 for it in owed if it.received and it.received.state == "accepted"),
        on_time=on_time,
        judged=judged,
        reported_percent=share_percent(reported, len(owed)),
        on_time_percent=share_percent(on_time, judged),
        items=[_said(it) for it in owed],
    )


async def _received(desk: Desk, period: Period) -> dict[tuple[str, str], rules.Received]:
    rows = await desk.session.execute(
        select(Standing.unit, Standing.form, Report.id, Report.state, Report.received_at, Report.nil)
        .join(Report, Report.id == Standing.report_id)
        .where(Standing.period == str(period), Standing.basis == "provisional", Standing.until.is_(None))
    )
    return {
        (unit, form): rules.Received(
            str(report_id), "accepted" if state == "accepted" else "submitted", received_at, nil
        )
        for unit, form, report_id, state, received_at, nil in rows
    }


def _said(it: rules.Obligation) -> OwedOut:
    return OwedOut(
        unit=it.unit.code,
        unit_name=it.unit.name,
        form=it.form.code,
        due_on=it.due_on,
        state=it.received.state if it.received else "missing",
        nil=it.received.nil if it.received else False,
        received_at=it.received.received_at if it.received else None,
        timeliness=it.timeliness,
    )
