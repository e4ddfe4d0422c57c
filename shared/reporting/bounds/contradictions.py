"""Find the values of this program that contradict a bound with another program's report.

Values of the same unit are compared. Where one side is not stated for the unit, the sum of its districts or communes is taken, if all
of them state it; the bound says which values add up.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.dated_facts.facts import select_in_force
from shared.periods import Period
from shared.reporting.bounds import store
from shared.reporting.bounds.store import OtherValue
from shared.reporting.catalogue.bounds import Bound
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.context import ReportingContext
from shared.reporting.models import Report
from shared.reporting.report_content import StatedValue
from shared.territory.tree import Territory

SeriesByUnit = Mapping[str, Mapping[str, Decimal]]
"""Values by unit and series."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A value of this program that contradicts one of another program's report."""

    bound: Bound
    unit: str
    own: Decimal
    other: Decimal
    own_units: tuple[str, ...]
    """The units whose values add up to that of this program; the unit itself where it is stated."""
    other_units: tuple[str, ...]
    """The units whose values add up to that of the other program; the unit itself where it is stated."""
    other_report: uuid.UUID
    """The report; where several add up, that of the first unit."""
    reported_by: str
    standard: str
    state: str


@dataclass(frozen=True, slots=True)
class ComparedReport:
    """What is compared of one report of this program."""

    period: Period
    form: str
    standard: str
    values: SeriesByUnit


async def find_contradictions(
    context: ReportingContext, period: Period, form: str, standard: str, values: Iterable[StatedValue]
) -> list[Contradiction]:
    """Return what values of one report contradict; at most two statements where they are part of a bound, else none."""
    catalogue = context.engine.catalogue
    bounds = select_in_force(catalogue.bounds, period.ends_on) if catalogue.bounds else []
    inputs = {code for bound in bounds for code in bound.own.inputs}
    by_unit: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for value in values if inputs else ():
        if value.indicator in inputs:
            by_unit[value.unit][value.indicator] = value.value
    if not by_unit:
        return []
    (contradictions,) = await _find_in_reports(context, [ComparedReport(period, form, standard, by_unit)])
    return contradictions


async def find_contradictions_of_reports(
    context: ReportingContext, reports: Collection[Report]
) -> dict[uuid.UUID, list[Contradiction]]:
    """Return what the live ones among reports contradict, by report; at most three statements where a bound is on their forms."""
    session, catalogue = context.session, context.engine.catalogue
    live = [report for report in reports if report.state in store.LIVE_STATES]
    forms = list_bounded_forms(catalogue) if live and catalogue.bounds else frozenset()
    live = [report for report in live if report.form in forms]
    if not live:
        return {}
    inputs = {code for bound in catalogue.bounds for code in bound.own.inputs}
    by_report: dict[uuid.UUID, dict[str, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for row in await store.read_own_values(session, live, inputs):
        by_report[row.report_id][row.unit][row.indicator] = row.value
    if not by_report:
        return {}
    compared = [
        ComparedReport(Period.parse(report.period), report.form, report.standard, by_report[report.id])
        for report in live
    ]
    contradictions_by_report = await _find_in_reports(context, compared)
    return {
        report.id: contradictions
        for report, contradictions in zip(live, contradictions_by_report, strict=True)
        if contradictions
    }


def list_bounded_forms(catalogue: Catalogue) -> frozenset[str]:
    """Return the forms on which values are stated that bounds compare, preliminary ones included."""
    codes = {code for bound in catalogue.bounds for code in bound.own.inputs}
    forms = catalogue.find_forms_stating(codes)
    return forms | {form.code for form in catalogue.forms.values() if form.preliminary_of in forms}


async def _find_in_reports(
    context: ReportingContext, reports: Sequence[ComparedReport]
) -> list[list[Contradiction]]:
    """Return what each of some reports contradicts."""
    catalogue, territory = context.engine.catalogue, context.territory
    units: set[str] = set()
    above: set[tuple[str, date]] = set()
    for report in reports:
        on = report.period.ends_on
        for unit in report.values:
            ancestors = territory.line(unit, on)
            above.update((ancestor, on) for ancestor in ancestors if ancestor not in report.values)
            units.update(ancestors, *territory.list_levels_below(unit, on))
    periods = {str(report.period) for report in reports}
    programs = {bound.other.program for bound in catalogue.bounds}
    others = await store.read_live_values(context.session, programs, units, periods)
    if not others:
        return [[] for _ in reports]
    stated = {other.unit for other in others}
    siblings = {
        code
        for unit, on in above
        if unit in stated
        for level in ((unit,), *territory.list_levels_below(unit, on))
        for code in level
    }
    in_effect: dict[tuple[str, str, str], dict[str, dict[str, Decimal]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    if siblings:
        inputs = {code for bound in catalogue.bounds for code in bound.own.inputs}
        for row in await store.read_values_in_effect(context.session, periods, siblings, inputs):
            in_effect[row.period, row.form, row.standard][row.unit][row.indicator] = row.value
    return [
        list(
            _compare(
                catalogue,
                territory,
                report,
                in_effect.get((str(report.period), report.form, report.standard), {}),
                others,
            )
        )
        for report in reports
    ]


def _compare(
    catalogue: Catalogue,
    territory: Territory,
    report: ComparedReport,
    in_effect: SeriesByUnit,
    others: Iterable[OtherValue],
) -> Iterator[Contradiction]:
    """Return the contradictions of one report with the live reports of other programs, by bound and unit. Pure."""
    on = report.period.ends_on
    own = {**in_effect, **report.values}
    by_form: dict[tuple[str, str], dict[str, dict[str, dict[str, OtherValue]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(dict))
    )
    for other in others:
        if other.period == str(report.period):
            by_form[other.program, other.form][other.standard][other.unit][other.indicator] = other
    above = {unit: None for code in report.values for unit in territory.line(code, on)[1:]}
    for bound in select_in_force(catalogue.bounds, on):
        inputs = set(bound.own.inputs)
        adds_up = bound.adds_up_own and _add_up(catalogue, inputs, on)
        units = [unit for unit, values in report.values.items() if inputs <= values.keys()]
        if adds_up:
            units += [unit for unit in above if not inputs <= own.get(unit, {}).keys()]
        for unit in units if by_form.get((bound.other.program, bound.other.form)) else ():
            if bound.within and not bound.holds_in(territory.line(unit, on)):
                continue
            levels = territory.list_levels_below(unit, on)
            own_units = _find_source(unit, levels if adds_up else (), own, inputs)
            value = bound.own.compute(_sum_values(own, own_units, inputs), report.standard)
            if value is None:
                continue
            for standard, stated in by_form[bound.other.program, bound.other.form].items():
                # A sum is compared with what the other side states for the unit itself, never with another sum.
                below = levels if bound.adds_up_other and own_units == (unit,) else ()
                contradiction = _compare_with_other(bound, unit, value, own_units, below, standard, stated)
                if contradiction is not None:
                    yield contradiction


def _compare_with_other(
    bound: Bound,
    unit: str,
    value: Decimal,
    own_units: tuple[str, ...],
    levels: Sequence[tuple[str, ...]],
    standard: str,
    stated: Mapping[str, Mapping[str, OtherValue]],
) -> Contradiction | None:
    """Return how a value contradicts what another program states under one standard; None where it does not."""
    inputs = bound.other.inputs
    other_units = _find_source(unit, levels, stated, inputs)
    values = {
        code: {indicator: other.value for indicator, other in stated[code].items()} for code in other_units
    }
    other_value = bound.other.compute(_sum_values(values, other_units, inputs), standard)
    if other_value is None or bound.is_met(value, other_value):
        return None
    report = stated[other_units[0]][inputs[0]]
    return Contradiction(
        bound=bound,
        unit=unit,
        own=value,
        other=other_value,
        own_units=own_units,
        other_units=other_units,
        other_report=report.report_id,
        reported_by=report.reported_by,
        standard=standard,
        state=report.state,
    )


def _add_up(catalogue: Catalogue, codes: Iterable[str], on: date) -> bool:
    """Whether values of several units add up, for each of some series."""
    indicators = [catalogue.find_indicator(code, on) for code in codes]
    return all(indicator is not None and indicator.adds for indicator in indicators)


def _find_source(
    unit: str,
    levels: Iterable[tuple[str, ...]],
    stated: Mapping[str, Mapping[str, object]],
    inputs: Collection[str],
) -> tuple[str, ...]:
    """Return the unit, or the first level below it, for which all inputs are stated; nothing where there is none."""
    for source in ((unit,), *levels):
        if all(code in stated.get(source_unit, {}) for source_unit in source for code in inputs):
            return source
    return ()


def _sum_values(stated: SeriesByUnit, units: Iterable[str], inputs: Iterable[str]) -> dict[str, Decimal]:
    """Return the sum of each input over units; nothing without a unit."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for unit in units:
        for code in inputs:
            sums[code] += stated[unit][code]
    return dict(sums)
