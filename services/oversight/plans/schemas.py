"""Plans on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.oversight.plans.rules import PlanState
from services.oversight.records.schemas import (
    CORRECTION_UNREAD,
    REASON_EXAMPLE,
    AgencyCode,
    CorrectionFields,
    RecordIn,
    RecordOut,
    Text,
    Title,
)
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.reporting.field_types import UnitCode

CapitalSource = Literal["central", "counterpart", "integrated", "credit", "other"]
ProgramName = Annotated[
    str, Field(pattern="^(rural|poverty|ethnic)$", description="rural, poverty or ethnic")
]

EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "title": "Kế hoạch thực hiện các CTMTQG năm 2024",
    "period": "2024",
    "drafted_on": "2024-01-15",
    "owner": "SO_KHDT",
    "objectives": ["Giảm tỷ lệ hộ nghèo vùng đồng bào dân tộc thiểu số 4 điểm phần trăm"],
    "targets": [{"program": "poverty", "indicator": "poverty_rate"}],
    "capital": [{"source": "central", "amount_vnd": 1354000000000}],
}


class PlannedTargetIn(BaseModel):
    """A target of the plan, by the figure of a program: the program's service keeps its value."""

    model_config = ConfigDict(extra="forbid")

    program: Annotated[str, Field(pattern="^(rural|poverty|ethnic|oversight)$")] = Field(
        description="the program that keeps the target"
    )
    indicator: Annotated[str, Field(min_length=1, max_length=120)] = Field(description="code of the figure")
    unit: UnitCode | None = Field(None, description="the unit; the plan's own when left out")
    owner: AgencyCode | None = Field(None, description="the agency that answers for it")


class PlannedMoneyIn(BaseModel):
    """Money of the plan, by source, program, component, agency and unit."""

    model_config = ConfigDict(extra="forbid")

    source: CapitalSource = Field(description="central, counterpart, integrated, credit or other")
    program: ProgramName | None = None
    component: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        None, description="code of the component"
    )
    agency: AgencyCode | None = Field(None, description="the agency that gets it")
    unit: UnitCode | None = Field(None, description="the unit that gets it")
    amount_vnd: int = Field(strict=True, ge=0, le=10**16, description="in đồng")
    entries: list[uuid.UUID] = Field(
        [], max_length=50, description="ids of the ledger's assignments and allocations that gave it"
    )


class CarriedMoneyIn(BaseModel):
    """Money of earlier years that goes on, as the ledger answers it."""

    model_config = ConfigDict(extra="forbid")

    program: ProgramName | None = None
    year: int = Field(strict=True, ge=2016, le=2100, description="year of origin")
    amount_vnd: int = Field(strict=True, ge=0, le=10**16, description="in đồng")


class ImplementationPlanFields(BaseModel):
    """What a plan states."""

    title: Title = Field(description="its title")
    period: Annotated[str, Field(pattern="^[0-9]{4}(-[0-9]{4})?$")] = Field(
        description="a year, 2024, or years, 2021-2025"
    )
    drafted_on: IsoDate = Field(description="the day of the first draft")
    owner: AgencyCode
    vintage: uuid.UUID | None = Field(
        None,
        description="id of the province-wide vintage that the results of last year rest on: /v1/vintages",
    )
    objectives: list[Text] = Field([], max_length=100, description="its objectives")
    targets: list[PlannedTargetIn] = Field([], max_length=500, description="its targets")
    capital: list[PlannedMoneyIn] = Field([], max_length=2000, description="its money")
    missed_targets: list[PlannedTargetIn] = Field(
        [], max_length=500, description="targets of the year before that were missed"
    )
    carried_over: list[CarriedMoneyIn] = Field(
        [], max_length=100, description="money of earlier years that goes on"
    )
    continued_recommendations: list[uuid.UUID] = Field(
        [], max_length=2000, description="recommendations of earlier years that are not closed"
    )
    continued_tasks: list[uuid.UUID] = Field(
        [], max_length=2000, description="tasks of the plan before that are not done"
    )
    continues: uuid.UUID | None = Field(None, description="the plan of the year before")


class ImplementationPlanIn(ImplementationPlanFields, RecordIn):
    """A plan to draft."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "title": "-",
        "period": "2024",
        "drafted_on": dt.date.min,
        "owner": "--",
    }


class ImplementationPlanCorrectionIn(ImplementationPlanIn, CorrectionFields):
    """The whole content of a draft anew."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**ImplementationPlanIn.unread, **CORRECTION_UNREAD}


class ImplementationPlanRevisionIn(ImplementationPlanCorrectionIn):
    """The whole content of an approved plan anew, by the document that revises it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **EXAMPLE,
                "version": 3,
                "reason": "Điều chỉnh theo quyết định giao vốn bổ sung",
                "document": "0190b5c0-0000-7000-8000-000000000000",
            }
        }
    )
    unread: ClassVar[Mapping[str, Any]] = {
        **ImplementationPlanCorrectionIn.unread,
        "document": uuid.UUID(int=0),
    }

    document: uuid.UUID = Field(description="the document that revises the plan")


class PlanApprovalIn(BaseModel):
    """The approval of a plan by a document."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"version": 2, "document": "0190b5c0-0000-7000-8000-000000000000"}},
    )

    version: int = Field(strict=True, ge=1, description="the newest version, as it was read")
    document: uuid.UUID = Field(description="the document that approves the plan")


class NextPlanIn(BaseModel):
    """What the plan of the next year begins with, beside the open tasks and recommendations that this service knows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"title": "Kế hoạch thực hiện các CTMTQG năm 2025", "drafted_on": "2024-12-01"}
        },
    )

    title: Title = Field(description="its title")
    drafted_on: IsoDate = Field(description="the day of the first draft")
    missed_targets: list[PlannedTargetIn] = Field(
        [], max_length=500, description="targets that were missed: /v1/{program}/targets/results"
    )
    carried_over: list[CarriedMoneyIn] = Field(
        [], max_length=100, description="money that goes on: /v1/funding/progress"
    )


class LineSumOut(BaseModel):
    """Money of a source and program, in đồng."""

    source: str = Field(description="the source")
    program: str | None = Field(description="the program; null where the plan names none")
    amount_vnd: int = Field(description="in đồng")


class ImplementationPlanOut(ImplementationPlanFields, RecordOut):
    """A plan, its state, and the sums of its money; what it holds is for readers with a scope."""

    hidden_from_public = (
        "objectives",
        "targets",
        "capital",
        "missed_targets",
        "carried_over",
        "continued_recommendations",
        "continued_tasks",
    )

    state: PlanState = Field(description="draft, submitted, approved, revised or closed")
    approved_by: uuid.UUID | None = Field(None, description="the document that approved it")
    revised_by: list[uuid.UUID] = Field([], description="the documents that revised it, the first one first")
    capital_total_vnd: int | None = Field(
        description="sum of its money, in đồng; null to a reader without a scope"
    )
    capital_sums: list[LineSumOut] = Field(description="its money by source and program")


ImplementationPlansPage = Page[ImplementationPlanOut]


class CeilingOut(BaseModel):
    """The yearly plans beside the ceiling of the period, for a source and program."""

    source: str = Field(description="the source")
    program: str | None = Field(description="the program")
    ceiling_vnd: int = Field(description="the ceiling in the plan of the period, in đồng")
    planned_vnd: int = Field(description="the sum of the yearly plans, in đồng")
    left_vnd: int = Field(description="the ceiling less the sum; below zero where the yearly plans exceed it")
    exceeded: bool = Field(description="whether the yearly plans exceed the ceiling")


class CeilingsOut(BaseModel):
    """The plans of the years beside the plan of the period."""

    plan: uuid.UUID = Field(description="the plan of the period")
    period: str = Field(description="its period")
    plans: list[uuid.UUID] = Field(description="the plans of its years that are compared")
    items: list[CeilingOut]
