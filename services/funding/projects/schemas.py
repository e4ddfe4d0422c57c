"""Bodies and answers about projects."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.funding.closed_years.schemas import ClosingStateOut
from services.funding.field_types import DECISION_EXAMPLE, AmountVnd, Code, DecisionIO, ShortText, Year
from services.funding.projects.rules import ProjectStatus
from shared.kit.date_fields import IsoDate
from shared.kit.decimal_fields import JsonDecimal, number_with_decimals
from shared.kit.partial_body import PartialModel
from shared.territory.named_rows import NamedUnitRow

PhysicalPercent = Annotated[
    JsonDecimal, number_with_decimals(2), Field(ge=0, le=100, max_digits=5, decimal_places=2)
]


class ProjectIn(PartialModel):
    """A project with the decision that approved it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "code": "CT.610.2023.01",
                "name": "Đường vào thôn Đăk Nai",
                "program": "poverty",
                "component": "GN.DA1.TDA1",
                "unit": "23341",
                "approved_total_vnd": 12_400_000_000,
                "decision": DECISION_EXAMPLE,
                "starts_on": "2023-03-01",
                "due_on": "2024-06-30",
            }
        },
    )
    unread: ClassVar[Mapping[str, Any]] = {
        **dict.fromkeys(("code", "name", "program", "unit"), "x"),
        "approved_total_vnd": 1,
        "decision": DECISION_EXAMPLE,
    }

    code: Code = Field(description="code of the project, which payments name")
    name: ShortText = Field(description="name of the project")
    program: Code = Field(description="rural, poverty or ethnic")
    component: Code | None = Field(None, description="component; null: the program as a whole")
    unit: Code = Field(description="code of the unit where it is built")
    approved_total_vnd: AmountVnd
    decision: DecisionIO
    starts_on: IsoDate | None = Field(None, description="planned first day")
    due_on: IsoDate | None = Field(None, description="planned day of completion")


class ApprovalIn(PartialModel):
    """A later decision on the approved total, which holds from then on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"approved_total_vnd": 13_100_000_000, "decision": DECISION_EXAMPLE}},
    )
    unread: ClassVar[Mapping[str, Any]] = {"approved_total_vnd": 1, "decision": DECISION_EXAMPLE}

    approved_total_vnd: AmountVnd
    decision: DecisionIO


class PlanIn(PartialModel):
    """The amount that may be paid in a year by a decision; the latest one holds."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"year": 2023, "planned_vnd": 5_000_000_000, "decision": DECISION_EXAMPLE}
        },
    )
    unread: ClassVar[Mapping[str, Any]] = {"year": 2023, "planned_vnd": 1, "decision": DECISION_EXAMPLE}

    year: Year = Field(description="budget year")
    planned_vnd: AmountVnd
    decision: DecisionIO


class PhysicalProgressIn(PartialModel):
    """The physical progress on a day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"on": "2023-11-30", "physical_percent": 45.5, "status": "under_construction"}
        },
    )
    unread: ClassVar[Mapping[str, Any]] = {"on": "2023-11-30", "physical_percent": 0, "status": "prepared"}

    on: IsoDate = Field(description="day of the progress")
    physical_percent: PhysicalPercent = Field(description="share of the work that is done, in percent")
    status: ProjectStatus = Field(description="prepared, under_construction, suspended, completed or settled")


class ProjectYearOut(BaseModel):
    """A year of a project."""

    year: int = Field(description="budget year")
    planned_vnd: int = Field(description="what may be paid, in đồng")
    disbursed_vnd: int = Field(description="what was paid, in đồng")
    left_vnd: int = Field(
        description="planned − disbursed, in đồng; negative where a later plan is below what was paid"
    )


class ProjectOut(ClosingStateOut, NamedUnitRow):
    """A project with its money and its physical progress."""

    code: str = Field(description="code of the project")
    name: str = Field(description="name of the project")
    program: str = Field(description="the program")
    component: str | None = Field(description="component; null: the program as a whole")
    unit: str = Field(description="code of the unit where it is built")
    approved_total_vnd: int = Field(description="approved in total, in đồng")
    committed_vnd: int = Field(description="committed in all years, in đồng")
    disbursed_vnd: int = Field(description="paid in all years, in đồng")
    left_vnd: int = Field(
        description="approved − disbursed, in đồng; negative where a later approval is below what was paid"
    )
    years: list[ProjectYearOut] = Field(description="plan and payments by budget year")
    starts_on: date | None = Field(description="planned first day")
    due_on: date | None = Field(description="planned day of completion")
    status: ProjectStatus = Field(description="as last stated; prepared until then")
    physical_percent: JsonDecimal = Field(
        description="share of the work that is done, as last stated, in percent"
    )
    stated_on: date | None = Field(description="day of the last stated progress; null until it was stated")


class ProjectsPage(BaseModel):
    """A page of projects."""

    items: list[ProjectOut] = Field(description="projects by code")
    next: str | None = Field(description="cursor of the page that follows; null on the last one")
