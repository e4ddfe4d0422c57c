"""Schemas of the obligations of all programs, and of the summary of a unit; the services describe their parts in full."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.composition.schemas import FundingPartOut, PartOut, StatusFigureOut, UnitRefOut
from shared.territory.schemas import UnitName


class OwedFormOut(BaseModel):
    """What one unit owes on one form for one period, as the program's `completeness` gives it."""

    model_config = ConfigDict(extra="allow")

    unit: str = Field(description="code of the unit that owes")
    unit_name: str = Field(description="its kind and name")
    unit_kind: str | None = Field(None, description="its Vietnamese type without accents")
    unit_since: date | None = Field(
        None, description="first day of the unit; its code may have named another one before"
    )
    period: str = Field(description="SDMX time period")
    form: str = Field(description="the form owed")
    form_label: str = Field("", description="its name in Vietnamese")
    form_label_en: str = Field("", description="its name in English")
    due_on: date | None = Field(description="last day on time; null where no rule was found")
    state: str = Field(description="missing, submitted or accepted")
    timeliness: str = Field(description="on_time, late, overdue, pending, backfilled or not_judged")


class ProgramObligationsOut(PartOut):
    """The obligations of one program."""

    program: str = Field(description="rural, poverty or ethnic")
    expected: int | None = Field(description="reports owed; null when unavailable")
    reported: int | None = Field(description="reports received, nil ones included")
    accepted: int | None = Field(description="reports accepted")
    overdue: int | None = Field(description="reports missing after their day")
    items: list[OwedFormOut] = Field(description="what each unit owes; empty when unavailable")


class AllObligationsOut(BaseModel):
    """What a unit and the units below it owe to all programs for a period."""

    unit: UnitRefOut
    period: str = Field(description="SDMX time period")
    complete: bool = Field(description="whether every part is fresh, and every report owed was received")
    expected: int = Field(description="reports owed in the parts that are known")
    reported: int = Field(description="reports received in them")
    accepted: int = Field(description="reports accepted in them")
    overdue: int = Field(description="reports missing after their day in them")
    programs: list[ProgramObligationsOut]


class SummaryProgramOut(PartOut):
    """The headline figures of one program, of the unit."""

    program: str = Field(description="rural, poverty or ethnic")
    figures: list[StatusFigureOut] = Field(description="its headline figures; empty when unavailable")


class OpenObligationsOut(PartOut):
    """What the unit itself still owes to one program."""

    program: str = Field(description="rural, poverty or ethnic")
    items: list[OwedFormOut] = Field(description="the most urgent first; empty when unavailable")


class RegisterPartOut(PartOut):
    """What a register says of the unit on the day of the answer."""

    items: list[dict[str, Any]] = Field(
        description="of a commune or village its own decisions in force; of a unit above, counts"
    )
    status: dict[str, Any] | None = Field(
        None, description="the status of the unit, with what it follows from; null where it has none"
    )


class SummaryUnitOut(UnitName):
    """The unit with the units above it."""

    model_config = ConfigDict(json_schema_extra={})  # the example of the names alone is none of this

    since: date = Field(description="first day of the unit; its code may have named another one before")
    ancestors: list[UnitName] = Field(description="the units above it that day, the nearest first")
    successors: list[UnitName] = Field(description="the units that it became; none while it is valid")


class UnitSummaryOut(BaseModel):
    """Everything about one unit in a period: figures, classification, recognition, money and what it owes."""

    unit: SummaryUnitOut
    period: str = Field(description="SDMX time period")
    on: date = Field(description="the day of the classification and the recognitions")
    basis: Literal["accepted", "provisional"] = Field(description="which observations count")
    as_of: datetime | None = Field(description="newest change included in any part")
    complete: bool = Field(description="whether every part is fresh, and the coverage of every figure whole")
    programs: list[SummaryProgramOut]
    classification: RegisterPartOut
    recognition: RegisterPartOut
    recommendations: RegisterPartOut = Field(
        description="recommendations of inspections that the unit has to answer and that are not closed; `unavailable` with the "
        "refusal for who may not read them"
    )
    funding: FundingPartOut
    obligations: list[OpenObligationsOut]
