"""Results of the projects and sub-projects of the program against their plan, with unit of measure and component."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.poverty.dated_facts import PovertyFacts
from services.poverty.views.unit_rows import (
    LevelQuery,
    PovertyUnitRow,
    PovertyView,
    UnitMeasures,
    count_expected,
    count_reported,
    drop_parts,
    name_unit,
    read_units,
)
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf, read_newest_change
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.resources import CurrentResources
from shared.periods import Period
from shared.reporting.basis import Basis
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Indicator
from shared.reporting.catalogue.dimensions import from_series_key
from shared.reporting.context import PublicContext, ReportingContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.models import Target
from shared.reporting.query_params import PeriodQuery
from shared.reporting.targets.schemas import PlanOut
from shared.reporting.targets.store import read_targets_of_units
from shared.territory.query_params import UnitQuery

HOUSING = "GN.DA5"
"""The project of houses, which are built in poor districts (QĐ 90/QĐ-TTg 18/01/2022, project 5)."""

router = APIRouter(prefix="/v1/poverty", tags=["projects"], route_class=CachedRoute)


class ProjectResultRow(PovertyUnitRow):
    """One result of a project in a unit; null where it is not stated."""

    component: str = Field(description="code of the project or sub-project, as in funding")
    component_name: str | None = Field(
        description="its name in Vietnamese; null where the table of projects lacks it"
    )
    component_name_en: str | None = Field(description="its name in English")
    parent: str | None = Field(description="code of the project of a sub-project; null for a project")
    poor_district: bool = Field(
        description="whether the unit is or lies in a poor district of that year's list"
    )
    outside_poor_districts: bool = Field(
        description="whether houses, which project 5 supports in poor districts only, are stated for a unit outside them: to be looked at"
    )
    indicator: str = Field(description="code of the indicator")
    member: str | None = Field(description="member of its dimension; null for an indicator without one")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="works, models, households, persons, houses, points …")
    done: JsonDecimal | None = Field(description="what was done")
    plan: PlanOut | None = Field(description="what is planned for the unit, and how much of it was achieved")
    reported: int = Field(description="units whose values are in it")
    expected: int = Field(description="units that were expected to report")


class ProgramProjectOut(BaseModel):
    """A project or sub-project of the program."""

    component: str = Field(description="code of the component")
    parent: str | None = Field(description="code of its project; null for a project")
    name: str = Field(description="its number and name in Vietnamese")
    name_en: str = Field(description="its name in English")


class ProjectResultsOut(PovertyView):
    """Results of projects by unit, the unit itself last; within a unit by component."""

    projects: list[ProgramProjectOut] = Field(
        description="the projects and sub-projects of the program on the last day of the period, each project before its sub-projects"
    )
    items: list[ProjectResultRow]


@router.get("/project-results", summary="Read the results of projects against their plan")
async def read_project_results(
    *,
    context: PublicContext,
    resources: CurrentResources,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    level: LevelQuery = None,
    as_of: AsOf = None,
) -> ProjectResultsOut:
    """Read what each project and sub-project achieved in a year or half year, by unit, with unit of measure and plan.

    `GET /v1/project-results` shows the money of each component beside it.
    """
    root = unit.on(period.ends_on).code
    query = FigureQuery(root, period, basis, as_of)
    indicators = list_project_indicators(context.engine.catalogue, period)
    units = await read_units(context, query, [indicator.code for indicator in indicators], level)
    units = drop_parts(units, context, period.ends_on)
    codes = [values.unit.code for values in units]
    targets = await read_targets_of_units(context.session, codes, str(period), as_of=as_of)
    plans = {(target.unit, target.indicator): target for target in targets}
    _seen, changed_at = await read_newest_change(context.session)
    facts = resources.get(PovertyFacts)
    return ProjectResultsOut(
        unit=root,
        period=str(period),
        basis=basis,
        as_of=changed_at if as_of is None else as_of,
        projects=[
            ProgramProjectOut(
                component=project.component,
                parent=project.parent,
                name=project.name.vi,
                name_en=project.name.en,
            )
            for project in facts.list_projects(period.ends_on)
        ],
        items=[
            row
            for values in units
            for row in _list_rows(context, facts, values, indicators, plans, period.ends_on)
        ],
    )


def list_project_indicators(catalogue: Catalogue, period: Period) -> list[Indicator]:
    """Return the indicators of components that a period is reported on, by component."""
    indicators = [
        indicator
        for form in catalogue.find_forms(period)
        for indicator in catalogue.find_indicators(form.code, period.ends_on)
        if indicator.component is not None
    ]
    return sorted(indicators, key=lambda indicator: indicator.component or "")


def _list_rows(
    context: ReportingContext,
    facts: PovertyFacts,
    values: UnitMeasures,
    indicators: Iterable[Indicator],
    plans: Mapping[tuple[str, str], Target],
    on: date,
) -> Iterator[ProjectResultRow]:
    is_poor = facts.is_poor_district(context.territory.line(values.unit.code, on), on)
    for indicator in indicators:
        project = facts.find_project(indicator.component or "", on)
        target = plans.get((values.unit.code, indicator.code))
        figure = context.engine.catalogue.figures[indicator.code]
        done = values.get_count(indicator.code)
        code, member = from_series_key(indicator.code)
        yield ProjectResultRow(
            **name_unit(values.unit),
            component=indicator.component or "",
            component_name=project.name.vi if project else None,
            component_name_en=project.name.en if project else None,
            parent=project.parent if project else None,
            poor_district=is_poor,
            outside_poor_districts=bool(
                done and not is_poor and indicator.component == HOUSING and values.unit.level != "province"
            ),
            indicator=code,
            member=member,
            label=indicator.label.vi,
            label_en=indicator.label.en,
            unit_of_measure=indicator.unit_of_measure,
            done=done,
            plan=PlanOut.from_target(target, done, figure.better) if target else None,
            reported=count_reported(values, [indicator.code]),
            expected=count_expected(context, values.unit, indicator.code, on),
        )
