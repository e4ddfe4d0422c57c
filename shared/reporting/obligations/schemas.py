"""Wire forms of obligations."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.date_fields import IsoDate
from shared.kit.decimal_fields import JsonDecimal
from shared.periods import Period
from shared.reporting.catalogue.definitions import DueLevel
from shared.reporting.obligations.rules import Obligation, ObligationState, Timeliness
from shared.reporting.ratios import compute_share_percent
from shared.territory.units import Unit


class ObligationOut(BaseModel):
    """The obligation of one unit on one form for one period."""

    unit: str = Field(description="code of the unit that owes")
    unit_name: str = Field(description="its kind and name")
    unit_kind: str = Field(description="its Vietnamese type without accents: huyen, thanh_pho, xa …")
    unit_since: date = Field(description="first day of the unit; its code may have named another one before")
    level: DueLevel = Field(
        description="the level as which it owes: a commune may owe what a district owed, and sends what its implementing units "
        "state by their day"
    )
    period: str = Field(description="SDMX time period")
    counted_from: date | None = Field(
        description="first day whose facts are counted in the period; null where no rule was found"
    )
    counted_to: date | None = Field(description="last day whose facts are counted in it")
    form: str = Field(description="the form owed")
    form_label: str = Field("", description="its name in Vietnamese")
    form_label_en: str = Field("", description="its name in English")
    due_on: date | None = Field(description="last day on time; null where no rule was found")
    clause: str | None = Field(description="the clause that sets the day")
    state: ObligationState = Field(description="missing, submitted or accepted")
    nil: bool = Field(description="whether it was stated that nothing happened")
    received_at: datetime | None = Field(description="when the report in effect was received")
    timeliness: Timeliness = Field(
        description="on_time, late, overdue, pending, backfilled (before going live) or not_judged"
    )

    @classmethod
    def from_obligation(cls, obligation: Obligation) -> "ObligationOut":
        """Serialize an obligation."""
        report = obligation.received
        return cls(
            unit=obligation.unit.code,
            unit_name=obligation.unit.full_name,
            unit_kind=obligation.unit.kind,
            unit_since=obligation.unit.valid_from,
            level=obligation.level,
            period=str(obligation.period),
            counted_from=obligation.window.opens_on if obligation.window else None,
            counted_to=obligation.window.closes_on if obligation.window else None,
            form=obligation.form.code,
            form_label=obligation.form.label.vi,
            form_label_en=obligation.form.label.en,
            due_on=obligation.due_on,
            clause=obligation.clause,
            state=report.state if report else "missing",
            nil=report.nil if report else False,
            received_at=report.received_at if report else None,
            timeliness=obligation.timeliness,
        )


class CompletenessOut(BaseModel):
    """The obligations of a period, and the shares of reports received and in time, which never exceed 100."""

    unit: str = Field(description="code of the unit that is read")
    unit_name: str = Field(description="its kind and name")
    unit_kind: str = Field(description="its Vietnamese type without accents: tinh, huyen, xa …")
    unit_since: date = Field(description="first day of the unit; its code may have named another one before")
    period: str = Field(description="SDMX time period")
    expected: int = Field(description="reports owed")
    reported: int = Field(description="reports received, nil ones included")
    accepted: int = Field(description="reports accepted")
    on_time: int = Field(description="reports received on time")
    judged: int = Field(description="obligations judged for timeliness: met, or past their day")
    reported_percent: JsonDecimal | None = Field(description="reported by expected, in percent")
    on_time_percent: JsonDecimal | None = Field(description="on time by judged, in percent")
    items: list[ObligationOut]

    @classmethod
    def from_obligations(cls, unit: Unit, period: Period, obligations: Sequence[Obligation]) -> Self:
        """Serialize the obligations of a unit and period with their counts."""
        reports = [obligation.received for obligation in obligations if obligation.received]
        on_time = sum(1 for obligation in obligations if obligation.timeliness == "on_time")
        judged = sum(1 for obligation in obligations if obligation.is_judged)
        return cls(
            unit=unit.code,
            unit_name=unit.full_name,
            unit_kind=unit.kind,
            unit_since=unit.valid_from,
            period=str(period),
            expected=len(obligations),
            reported=len(reports),
            accepted=sum(1 for report in reports if report.state == "accepted"),
            on_time=on_time,
            judged=judged,
            reported_percent=compute_share_percent(len(reports), len(obligations)),
            on_time_percent=compute_share_percent(on_time, judged),
            items=[ObligationOut.from_obligation(obligation) for obligation in obligations],
        )


class ObligationsOut(BaseModel):
    """The open obligations of one unit, the most urgent first."""

    unit: str = Field(description="code of the unit")
    today: date = Field(description="the day in Vietnam")
    items: list[ObligationOut]


class GoLiveIn(BaseModel):
    """The day a unit goes live."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"live_on": "2024-01-01"}})

    live_on: IsoDate = Field(
        description="first day; periods that ended before it are backfilled and not judged"
    )


class GoLiveOut(BaseModel):
    """The day a unit went live, for itself and what is below it."""

    unit: str = Field(description="code of the unit")
    live_on: date = Field(description="first day")
