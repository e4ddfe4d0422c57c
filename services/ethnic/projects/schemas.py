"""Projects on the wire: rows of indicators by component, and completions with their reports."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.ethnic.models import ProjectCompletion
from services.ethnic.projects.rules import (
    CompletionTimeliness,
    ProgramComponent,
    ProjectFacts,
    judge_completion,
)
from shared.kit.date_fields import IsoDate
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.kit.text_fields import Visible
from shared.periods import local_day
from shared.reporting.basis import BasisName
from shared.reporting.decisions import DecisionIn
from shared.reporting.figures.coverage_schemas import CoverageOut
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.report_content import Status
from shared.reporting.targets.schemas import PlanOut
from shared.territory.named_rows import NamedUnitRow

EXAMPLE: dict[str, Any] = {
    "unit": "23509",
    "component": "DT.DA4.TDA1",
    "project": "Đường giao thông thôn Kon Năng",
    "ended_on": "2023-10-31",
}


class ProjectIndicatorOut(BaseModel):
    """An indicator of a component: what was planned, done, and done since 2021."""

    indicator: str = Field(description="code of the indicator")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="households, works, persons, …")
    planned: JsonDecimal | None = Field(description="the planned value of the period; null where none is set")
    done: JsonDecimal | None = Field(description="what was done in the period; null where nobody stated it")
    achieved_percent: JsonDecimal | None = Field(description="how much of the plan was achieved, in percent")
    plan: PlanOut | None = Field(description="the plan with its decision; null where none is set")
    cumulative: JsonDecimal | None = Field(
        description="what was done from 2021 to the end of the period; null where no year is stated"
    )
    years: list[int] = Field(description="the years that `cumulative` adds up: those of which it is stated")
    status: Status | None = Field(description="the least certain status of the values of the period")
    coverage: CoverageOut | None = Field(description="the units whose values are in the figure")
    lineage: str = Field(description="where the values behind it are read")

    @classmethod
    def from_figures(cls, figure: FigureOut, by_year: Mapping[int, FigureOut]) -> Self:
        """Serialize the figure of a period with those of the years until then."""
        stated = {year: row.value for year, row in by_year.items() if row.value is not None}
        return cls(
            indicator=figure.indicator,
            label=figure.label,
            label_en=figure.label_en,
            unit_of_measure=figure.unit_of_measure,
            planned=figure.target,
            done=figure.value,
            achieved_percent=figure.achieved_percent,
            plan=figure.plan,
            cumulative=sum(stated.values()) if stated else None,
            years=sorted(stated),
            status=figure.status,
            coverage=figure.coverage,
            lineage=figure.lineage,
        )


class ProgramComponentOut(BaseModel):
    """A project or sub-project with its indicators."""

    component: str = Field(description="code of the project or sub-project, as in funding")
    parent: str | None = Field(description="code of the project of a sub-project; null for a project")
    number: str = Field(description="its number")
    name: str = Field(description="its name in Vietnamese")
    name_en: str = Field(description="its name in English")
    money: str = Field(description="address of its money in funding: allocated, carried over, disbursed")
    indicators: list[ProjectIndicatorOut]

    @classmethod
    def from_component(
        cls, component: ProgramComponent, money: str, indicators: list[ProjectIndicatorOut]
    ) -> Self:
        """Serialize a component with its indicators."""
        return cls(
            component=component.code,
            parent=component.parent,
            number=component.number_vi,
            name=component.name_vi,
            name_en=component.name_en,
            money=money,
            indicators=indicators,
        )


class YearProjectsOut(NamedUnitRow):
    """The projects of a unit and year."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="the year")
    basis: BasisName = Field(description="which observations count")
    items: list[ProgramComponentOut]


class CompletionIn(PartialModel):
    """The end of a project or an activity, after which a completion report is due."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        "unit": "--",
        "component": "-",
        "project": "-",
        "ended_on": dt.date.min,
    }

    unit: str = Field(
        min_length=2, max_length=12, description="code of the commune or district of the project"
    )
    component: str = Field(
        min_length=1,
        max_length=40,
        description="code of the project or sub-project of the program: DT.DA4.TDA1",
    )
    project: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), Visible
    ] = Field(description="name or code of the project or activity; no names of persons")
    ended_on: IsoDate = Field(description="the day on which it ended")


class CompletionReportIn(PartialModel):
    """The completion report of a project, certified by the commune."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"document": {"number": "12/BC-UBND", "date": "2023-11-10"}}},
    )
    unread: ClassVar[Mapping[str, Any]] = {"document": {"number": "-", "date": dt.date.min}}

    document: DecisionIn = Field(description="the signed report by number and date")


class CompletionReportOut(BaseModel):
    """A completion report as it was recorded."""

    document: DecisionIn = Field(description="the signed report by number and date")
    client_id: str = Field(description="the client that recorded it")
    recorded_at: dt.datetime = Field(description="when it was recorded")


class CompletionOut(NamedUnitRow):
    """The end of a project with its completion report."""

    id: uuid.UUID = Field(description="the completion's id")
    unit: str = Field(description="code of the commune or district")
    component: str = Field(description="code of the component")
    project: str = Field(description="name or code of the project or activity")
    ended_on: dt.date = Field(description="the day on which it ended")
    due_on: dt.date | None = Field(description="the day by which the report is due; null before the rule")
    clause: str | None = Field(description="the clause that sets the day")
    timeliness: CompletionTimeliness = Field(
        description="on_time or late by the day of recording; overdue or pending while there is no report"
    )
    report: CompletionReportOut | None = Field(description="the report; null while there is none")
    recorded_at: dt.datetime = Field(description="when the end was recorded")

    @classmethod
    def from_row(cls, row: ProjectCompletion, facts: ProjectFacts, today: dt.date) -> Self:
        """Serialize a row with its report and what it owes."""
        report, due_on = row.report, facts.compute_due_on(row.ended_on)
        deadline = facts.find_deadline(row.ended_on)
        reported_on = local_day(report.recorded_at) if report else None
        names = ("id", "unit", "component", "project", "ended_on", "recorded_at")
        return cls(
            **{name: getattr(row, name) for name in names},
            due_on=due_on,
            clause=deadline.legal_basis if deadline else None,
            timeliness=judge_completion(due_on, reported_on, today),
            report=CompletionReportOut(
                document=DecisionIn(number=report.document_number, date=report.document_date),
                client_id=report.client_id,
                recorded_at=report.recorded_at,
            )
            if report
            else None,
        )


CompletionsPage = Page[CompletionOut]
