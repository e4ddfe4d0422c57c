"""Read the projects of a unit and year: indicators by component, with plan, result and the sum since 2021."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from services.ethnic.projects.rules import ProjectFacts
from services.ethnic.projects.schemas import ProgramComponentOut, ProjectIndicatorOut, YearProjectsOut
from shared.periods import Period
from shared.reporting.basis import BasisName
from shared.reporting.context import ReportingContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.reading import read_figures
from shared.reporting.figures.schemas import FigureOut
from shared.territory.named_rows import find_unit_names
from shared.territory.query_params import RequestedUnit
from shared.territory.units import UnknownUnitOnDate

FIRST_YEAR_OF_PROGRAM = 2021


async def read_projects(
    context: ReportingContext,
    facts: ProjectFacts,
    unit: RequestedUnit,
    year: Period,
    basis: BasisName,
    as_of: datetime | None,
) -> YearProjectsOut:
    """Return every component with its indicators. Some statements for each year since 2021."""
    code = unit.on(year.ends_on).code
    by_component = _list_indicators(context)
    codes = frozenset(indicator for indicators in by_component.values() for indicator in indicators)
    by_year: dict[int, Mapping[str, FigureOut]] = {}
    for number in range(min(FIRST_YEAR_OF_PROGRAM, year.year), year.year + 1):
        period = Period(number)
        try:
            unit_code = unit.on(period.ends_on).code
        except UnknownUnitOnDate:
            continue
        query = FigureQuery(unit_code, period, basis, as_of, only=codes)
        answer = await read_figures(context, query)
        by_year[number] = {figure.indicator: figure for figure in answer.figures}
    current = by_year[year.year]
    items = []
    for component in facts.components:
        rows = [
            ProjectIndicatorOut.from_figures(
                current[indicator],
                {number: figures[indicator] for number, figures in by_year.items() if indicator in figures},
            )
            for indicator in by_component.get(component.code, ())
            if indicator in current
        ]
        query_of_money = {"year": year.year, "program": "ethnic", "component": component.code, "unit": code}
        money = f"/v1/funding/progress?{urlencode(query_of_money)}"
        items.append(ProgramComponentOut.from_component(component, money, rows))
    names = find_unit_names(context.territory, code, year.ends_on)
    return YearProjectsOut(unit=code, **names, period=str(year), basis=basis, items=items)


def _list_indicators(context: ReportingContext) -> dict[str, list[str]]:
    """Return the indicators of each component, in the order of the catalogue."""
    by_component: dict[str, list[str]] = defaultdict(list)
    for code, versions in context.engine.catalogue.indicators.items():
        component = versions[-1].component
        if component is not None:
            by_component[component].append(code)
    return by_component
