"""Find the values of this program that contradict a bound with another program's report."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
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

UnitValues = Mapping[str, Mapping[str, Decimal]]
"""Values by unit and series."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A value of this program that contradicts one of another program's report."""

    bound: Bound
    unit: str
    own: Decimal
    other: Decimal
    other_report: uuid.UUID
    reported_by: str
    standard: str
    state: str


async def find_contradictions(
    context: ReportingContext, period: Period, standard: str, values: Iterable[StatedValue]
) -> list[Contradiction]:
    """Return what values of one report contradict; one statement where they are part of a bound, else none."""
    catalogue = context.engine.catalogue
    bounds = select_in_force(catalogue.bounds, period.ends_on) if catalogue.bounds else []
    inputs = {code for bound in bounds for code in bound.own.inputs}
    by_unit: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for value in values if inputs else ():
        if value.indicator in inputs:
            by_unit[value.unit][value.indicator] = value.value
    if not by_unit:
        return []
    programs = {bound.other.program for bound in bounds}
    others = await store.read_live_values(context.session, programs, by_unit.keys(), [str(period)])
    return list(_compare(context.territory, bounds, period, standard, by_unit, others))


async def find_contradictions_of_reports(
    context: ReportingContext, reports: Collection[Report]
) -> dict[uuid.UUID, list[Contradiction]]:
    """Return what the live ones among reports contradict, by report; two statements where a bound is on their forms."""
    session, catalogue = context.session, context.engine.catalogue
    live = [report for report in reports if report.state in store.LIVE_STATES]
    forms = list_bounded_forms(catalogue) if live and catalogue.bounds else frozenset()
    live = [report for report in live if report.form in forms]
    if not live:
        return {}
    inputs = {code for bound in catalogue.bounds for code in bound.own.inputs}
    by_report: dict[uuid.UUID, dict[str, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    units: set[str] = set()
    for row in await store.read_own_values(session, live, inputs):
        by_report[row.report_id][row.unit][row.indicator] = row.value
        units.add(row.unit)
    if not units:
        return {}
    programs = {bound.other.program for bound in catalogue.bounds}
    others = await store.read_live_values(session, programs, units, {report.period for report in live})
    found: dict[uuid.UUID, list[Contradiction]] = {}
    for report in live:
        period = Period.parse(report.period)
        bounds = select_in_force(catalogue.bounds, period.ends_on)
        compared = list(
            _compare(context.territory, bounds, period, report.standard, by_report[report.id], others)
        )
        if compared:
            found[report.id] = compared
    return found


def list_bounded_forms(catalogue: Catalogue) -> frozenset[str]:
    """Return the forms on which values are stated that bounds compare, preliminary ones included."""
    codes = {code for bound in catalogue.bounds for code in bound.own.inputs}
    forms = catalogue.find_forms_stating(codes)
    return forms | {form.code for form in catalogue.forms.values() if form.preliminary_of in forms}


def _compare(
    territory: Territory,
    bounds: Iterable[Bound],
    period: Period,
    standard: str,
    own: UnitValues,
    others: Iterable[OtherValue],
) -> Iterator[Contradiction]:
    """Return the contradictions of one report with the live reports of other programs, by bound and unit. Pure."""
    by_form: dict[tuple[str, str, str], dict[str, list[OtherValue]]] = defaultdict(lambda: defaultdict(list))
    for other in others:
        if other.period == str(period) and other.unit in own:
            by_form[other.program, other.form, other.unit][other.standard].append(other)
    for bound in bounds:
        for unit, values in own.items():
            if bound.within and not bound.holds_in(territory.line(unit, period.ends_on)):
                continue
            value = bound.own.compute(values, standard)
            by_standard = by_form.get((bound.other.program, bound.other.form, unit), {})
            for other_standard, stated in by_standard.items() if value is not None else ():
                other_value = bound.other.compute(
                    {other.indicator: other.value for other in stated}, other_standard
                )
                if value is None or other_value is None or bound.is_met(value, other_value):
                    continue
                report = next(other for other in stated if other.indicator in bound.other.inputs)
                yield Contradiction(
                    bound,
                    unit,
                    value,
                    other_value,
                    report.report_id,
                    report.reported_by,
                    other_standard,
                    report.state,
                )
