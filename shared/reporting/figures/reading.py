"""Read figures: the measures of a unit and period, their targets, coverage and lineage."""

from shared.kit.change_feed import find_newest_included
from shared.reporting.context import ReportingContext
from shared.reporting.figures.change_schemas import EndToEndChangeOut
from shared.reporting.figures.changes import evaluate_change, read_end_before
from shared.reporting.figures.divided_units import find_divided_caveat
from shared.reporting.figures.query import FigureQuery, make_lineage_address
from shared.reporting.figures.schemas import FigureOut, FiguresOut, FigureUnitOut
from shared.reporting.figures.starts import find_start_differences
from shared.reporting.figures.unit_reading import (
    UnitReading,
    count_registers,
    read_unit,
)
from shared.reporting.models import Target
from shared.reporting.targets.store import read_targets_in_force


async def read_figures(context: ReportingContext, query: FigureQuery) -> FiguresOut:
    """Return the figures of a unit and period.

    Four statements and those of each register (one or two), whatever the number of units, reports and years; two more where
    a figure is a change. A reading of the past, of one commune or on another map costs what its observations cost.
    """
    catalogue = context.engine.catalogue
    standards = query.select_standards(catalogue)
    figures = [
        figure
        for figure in catalogue.find_figures(query.period.ends_on, headline=query.headline)
        if query.only is None or figure.code in query.only
    ]
    reading = await read_unit(context, query)
    projection = reading.projection
    has_changes = any(figure.changing for figure in figures)
    before = await read_end_before(context, query) if has_changes else None
    counts = await count_registers(context, query, projection, figures)
    starts = await find_start_differences(context, query, projection, figures)
    start_caveats = starts.make_caveats(projection.read_map.units)
    targets = await _read_targets(context, query, reading)
    newest_included = await find_newest_included(context.session, query.as_of)
    answer = []
    for figure in figures:
        change = None
        if figure.changing is None or figure.read_before is None:
            evaluated = reading.evaluate(figure, counts)
        else:
            end = reading.evaluate(figure.changing)
            at_before = before.evaluate(figure.read_before) if before else None
            change = evaluate_change(context, query, figure, end, at_before)
            evaluated = change.evaluated
        standard = catalogue.find_figure_standard(figure, standards)
        answer.append(
            FigureOut.from_computed(
                figure,
                evaluated.value,
                series=catalogue.split_key(figure.code),
                catalogue_version=catalogue.version,
                standard=standard,
                target=targets.get((figure.code, standard)),
                coverage=evaluated.by_input,
                count=counts.get(figure.code),
                change=None if change is None else EndToEndChangeOut.from_change(context, figure, change),
                lineage=make_lineage_address(context, query, figure, counts, evaluated.value.stage),
                comparable_from=catalogue.find_latest_break(figure, query.period.ends_on, standard),
                reassess=evaluated.reassess,
                caveat=next((start_caveats[code] for code in figure.inputs if code in start_caveats), None)
                or find_divided_caveat(projection, figure, reading.values or ()),
            )
        )
    return FiguresOut(
        unit=FigureUnitOut(
            code=projection.unit.code,
            name=projection.unit.name,
            kind=projection.unit.kind,
            since=projection.unit.valid_from,
        ),
        period=str(query.period),
        basis=query.basis,
        map=projection.map_on,
        as_of=newest_included,
        figures=answer,
    )


async def _read_targets(
    context: ReportingContext, query: FigureQuery, reading: UnitReading
) -> dict[tuple[str, str], Target]:
    """Return the targets of the unit by figure and standard; none where its code meant another unit in the period."""
    if not reading.has_targets_of_period:
        return {}
    unit = reading.projection.unit.code
    targets = await read_targets_in_force(context.session, unit, str(query.period), as_of=query.as_of)
    return {(target.indicator, target.standard): target for target in targets}
