"""The plan, the result and the achieved part of the targets of a unit for a period, or for several years."""

from collections.abc import Collection
from datetime import datetime

from shared.kit.change_feed import find_newest_included
from shared.periods import Period, PlanPeriod, YearSpan
from shared.reporting.basis import BasisName
from shared.reporting.context import ReportingContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.reading import read_figures
from shared.reporting.figures.results_of_years import read_results_of_years
from shared.reporting.figures.target_result_schemas import TargetResultOut, TargetResultsOut
from shared.reporting.models import Target
from shared.reporting.targets.schemas import PlanOut
from shared.reporting.targets.store import read_targets_in_force
from shared.territory.units import Unit


async def read_target_results(
    context: ReportingContext,
    unit: Unit,
    period: PlanPeriod,
    measured: Period,
    basis: BasisName,
    as_of: datetime | None,
) -> TargetResultsOut:
    """Return the targets in force of a unit and period with what was done; of several years some statements for each.

    `measured` is the period on whose last day the unit is there; of several years all are read on the map of that day.
    """
    targets = await read_targets_in_force(context.session, unit.code, str(period), as_of=as_of)
    by_standard: dict[str, list[Target]] = {}
    for target in targets:
        by_standard.setdefault(target.standard, []).append(target)
    items: list[TargetResultOut] = []
    for standard, of_standard in by_standard.items():
        query = FigureQuery(unit.code, measured, basis, as_of, standard=standard or None)
        if isinstance(period, YearSpan):
            items += await read_results_of_years(context, query, period, of_standard)
        else:
            items += await _read_results_of_period(context, query, of_standard)
    newest_included = await find_newest_included(context.session, as_of)
    return TargetResultsOut(
        unit=unit.code,
        unit_name=unit.full_name,
        unit_kind=unit.kind,
        unit_since=unit.valid_from,
        period=str(period),
        basis=basis,
        map=measured.ends_on,
        as_of=newest_included,
        catalogue_version=context.engine.catalogue.version,
        items=sorted(items, key=lambda item: (item.indicator, item.standard or "")),
    )


async def _read_results_of_period(
    context: ReportingContext, query: FigureQuery, targets: Collection[Target]
) -> list[TargetResultOut]:
    answer = await read_figures(context, query)
    figures = {figure.series_key: figure for figure in answer.figures}
    return [
        TargetResultOut(
            indicator=figure.indicator,
            dimension=figure.dimension,
            label=figure.label,
            label_en=figure.label_en,
            unit_of_measure=figure.unit_of_measure,
            decimals=figure.decimals,
            standard=target.standard,
            better=figure.better,
            plan=PlanOut.from_target(target, figure.value, figure.better),
            years=[query.period.year] if figure.value is not None else [],
            over_years=None,
            coverage=figure.coverage,
            missing=figure.missing,
            stage=figure.stage,
            reassessment_required=figure.reassessment_required,
            caveat=figure.caveat,
        )
        for target in targets
        if (figure := figures.get(target.indicator)) is not None
    ]
