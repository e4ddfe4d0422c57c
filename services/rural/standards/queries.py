"""Answers about standards: the inputs of each unit, and the results of its conditions."""

from collections import defaultdict
from datetime import date, datetime

from services.rural.assessments.queries import RURAL_KINDS
from services.rural.recognitions.store import find_commune_levels
from services.rural.standards.rules import (
    AreaStandards,
    StandardInputs,
    evaluate_conditions,
    list_indicators,
)
from services.rural.standards.schemas import StandardOut, StandardResultOut
from services.rural.standards.store import read_latest_values
from shared.reporting.context import ReportingContext
from shared.territory.units import Unit


async def evaluate_standards(
    context: ReportingContext, standards: AreaStandards, top: Unit, on: date, as_of: datetime | None
) -> list[StandardOut]:
    """Return the standards of a unit and of each district directly below it. Two statements."""
    units = [child for child in context.territory.children(top.code, on) if child.level == "district"]
    if top.level in ("province", "district"):
        units.insert(0, top)
    inputs = await _read_inputs(context, standards, top, units, on, as_of)
    return [_evaluate(unit, standards, on, inputs[unit.code]) for unit in units]


async def _read_inputs(
    context: ReportingContext,
    standards: AreaStandards,
    top: Unit,
    units: list[Unit],
    on: date,
    as_of: datetime | None,
) -> dict[str, StandardInputs]:
    """Return the inputs of units below `top`, by unit."""
    territory = context.territory
    communes = [commune.code for commune in territory.communes(top.code, on)]
    levels_in_force = await find_commune_levels(context.session, communes, on, as_of)
    levels = {code: {level for level, _criteria_set in pairs} for code, pairs in levels_in_force.items()}
    codes = [*(unit.code for unit in units), *communes]
    reported = await read_latest_values(
        context.session, context.engine.catalogue, codes, list_indicators(standards.conditions), on, as_of
    )
    inputs = {}
    for unit in units:
        units_by_kind: dict[str, list[str]] = defaultdict(list)
        for commune in territory.communes(unit.code, on):
            units_by_kind[commune.kind].append(commune.code)
        rural = [code for kind in RURAL_KINDS for code in units_by_kind[kind]]
        inputs[unit.code] = StandardInputs(unit.code, rural, levels, units_by_kind, reported)
    return inputs


def _evaluate(unit: Unit, standards: AreaStandards, on: date, inputs: StandardInputs) -> StandardOut:
    judged = [
        StandardResultOut.from_results(
            standard, evaluate_conditions(standards.conditions, standard.code, on, inputs)
        )
        for standard in standards.select(unit.level, unit.kind, on)
    ]
    return StandardOut.from_unit(unit, judged)
