"""Tasks on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.oversight.records.schemas import (
    CORRECTION_UNREAD,
    REASON_EXAMPLE,
    AgencyCode,
    ComponentList,
    CorrectionFields,
    ProgramList,
    RecordIn,
    RecordOut,
    Text,
    Title,
)
from services.oversight.tasks.rules import Recurrence, TaskState
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.reporting.field_types import UnitCode

EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "text": "Phân bổ, giao kế hoạch vốn năm 2024",
    "owner": "SO_KHDT",
    "co_workers": ["SO_TC"],
    "starts_on": "2024-02-19",
    "due_on": "2024-03-31",
    "product": {"kind": "document", "description": "Quyết định giao kế hoạch vốn"},
}


class ExpectedProductIn(BaseModel):
    """What proves a task done."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["document", "figure", "event"] = Field(
        description="a document, a figure, or a conference held"
    )
    description: Title = Field(description="which one")


class TaskFields(BaseModel):
    """What a task states."""

    text: Text = Field(description="what is to be done")
    owner: AgencyCode
    co_workers: list[AgencyCode] = Field([], max_length=50, description="agencies that work with the owner")
    starts_on: IsoDate = Field(description="the day on which it was set")
    due_on: IsoDate = Field(
        description="last day on which it is in time; of a recurring task the last day of all"
    )
    every: Recurrence | None = Field(
        None, description="month, quarter, half_year or year; null for a task done once"
    )
    product: ExpectedProductIn = Field(description="what proves it done")
    programs: ProgramList = []
    components: ComponentList = []
    plan: uuid.UUID | None = Field(None, description="the plan that it belongs to")
    copied_from: uuid.UUID | None = Field(None, description="the task of an earlier plan that it continues")


class ReachedFigureIn(BaseModel):
    """A figure of a program that reached its target, as the program answers it."""

    model_config = ConfigDict(extra="forbid")

    program: Annotated[str, Field(pattern="^(rural|poverty|ethnic)$")] = Field(description="the program")
    indicator: Annotated[str, Field(min_length=1, max_length=120)] = Field(description="code of the figure")
    period: Annotated[str, Field(min_length=4, max_length=10)] = Field(description="SDMX time period")
    unit: UnitCode | None = Field(None, description="the unit of the figure; the task's own when left out")
    publication: uuid.UUID | None = Field(
        None,
        description="the publication of the program in which it reached its target; a task is not done without it",
    )


class TaskCompletion(BaseModel):
    """The product that proves a task done, or one period of it."""

    model_config = ConfigDict(extra="forbid")

    completed_on: IsoDate = Field(description="the day of the completion")
    period: Annotated[str, Field(min_length=4, max_length=10)] | None = Field(
        None, description="of a recurring task: the period that is done, such as 2024-Q1"
    )
    document: uuid.UUID | None = Field(None, description="the document, where one is expected")
    conference: uuid.UUID | None = Field(None, description="the conference, where an event is expected")
    figure: ReachedFigureIn | None = Field(None, description="the figure, where one is expected")


class TaskIn(TaskFields, RecordIn):
    """A task to record."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "text": "-",
        "owner": "--",
        "starts_on": dt.date.min,
        "due_on": dt.date.max,
        "product": {"kind": "document", "description": "-"},
    }


class TaskCorrectionIn(TaskIn, CorrectionFields):
    """The whole content anew, because the newest version is wrong."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**TaskIn.unread, **CORRECTION_UNREAD}


class TaskOut(TaskFields, RecordOut):
    """A task, and its state on a day."""

    completions: list[TaskCompletion] = Field(
        [], description="what proves it done, by period where it recurs"
    )
    dropped_on: dt.date | None = Field(None, description="the day on which it was dropped")
    state: TaskState = Field(
        description="its state on the day: open, overdue, done or dropped, or not_yet_set before its first day"
    )
    days_late: int = Field(
        description="days since the oldest due day that was missed, where it is overdue, else 0"
    )
    owner_now: str = Field(
        description="the agency that owns it on the day of the request: the owner, or its successor"
    )
    missing_periods: list[str] = Field(
        description="of a recurring task: the periods that ended and are not done"
    )


TasksPage = Page[TaskOut]


class TaskCompletionIn(TaskCompletion):
    """The product that proves a task done."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 1,
                "completed_on": "2024-03-20",
                "document": "0190b5c0-0000-7000-8000-000000000000",
            }
        }
    )

    version: int = Field(strict=True, ge=1, description="the newest version, as it was read")
