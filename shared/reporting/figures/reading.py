"""How a figure is answered: its measures in the scope, its target, its coverage, its lineage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

from shared.kit.feed import newest_change
from shared.periods import Period
from shared.reporting.basis import BasisName, instant
from shared.reporting.catalogue import Figure, FromRegister
from shared.reporting.desk import Desk
from shared.reporting.engine import Scope
from shared.reporting.figures import store
from shared.reporting.figures.coverage import Expectations
from shared.reporting.figures.rules import Counted, Measure, Outcome, achieved_percent, evaluate
from shared.reporting.figures.schemas import CoverageOut, FigureOut, ProgressOut, UnitName
from shared.reporting.targets.store import targets_of


@dataclass(frozen=True)
class Reading:
    """What is asked: which unit and period, on which basis, as known at which instant (None: now)."""

    unit: str
    period: Period
    basis: BasisName = "accepted"
    as_of: datetime | None = None
    headline: bool = False


async def progress(desk: Desk, asked: Reading) -> ProgressOut:
    """Answer the figures of a unit and period.

    Five statements and one for each register, whatever the number of units, reports and years; a reading of the past
    or of one commune costs what its observations cost.
    """
    on = asked.period.ends_on
    unit = desk.territory.unit(asked.unit, on)
    measures = await _measures(desk, asked)
    nil = await store.nil_units(desk.session, period=asked.period, basis=asked.basis, as_of=asked.as_of)
    figures = desk.engine.catalogue.figures_on(on, headline=asked.headline)
    counted = await _counted(desk, asked, figures)
    planned = await targets_of(desk.session, unit.code, str(asked.period), as_of=asked.as_of)
    _, changed_at = await newest_change(desk.session)
    expected = Expectations(desk.engine.catalogue, desk.territory, unit.code, on, nil)
    answer = []
    for figure in figures:
        outcome = _outcome(figure, measures, counted)
        target = planned.get(figure.code)
        covered = expected.coverage(figure, measures)
        answer.append(
            FigureOut(
                indicator=figure.code,
                label=figure.label.vi,
                label_en=figure.label.en,
                value=outcome.value,
                decimals=figure.decimals,
                unit_of_measure=figure.unit_of_measure,
                numerator=outcome.numerator,
                denominator=outcome.denominator,
                target=target,
                achieved_percent=achieved_percent(outcome.value, target, figure.better),
                better=figure.better,
                coverage=CoverageOut.model_validate(covered, from_attributes=True) if covered else None,
                status=outcome.status,
                oldest_at=outcome.oldest_at,
                newest_at=outcome.newest_at,
                version=figure.version,
                lineage=_lineage(desk, asked, figure, counted),
            )
        )
    return ProgressOut(
        unit=UnitName(code=unit.code, name=unit.name),
        period=str(asked.period),
        basis=asked.basis,
        as_of=min(filter(None, (asked.as_of, changed_at)), default=None),
        figures=answer,
    )


async def _measures(desk: Desk, asked: Reading) -> dict[str, Measure]:
    """Read roll-ups for the present of a district or province, the observations themselves for anything else."""
    on = asked.period.ends_on
    unit = desk.territory.unit(asked.unit, on)
    if asked.as_of is None and unit.level in ("province", "district"):
        districts = (one.code for one in desk.territory.children(unit.code, on) if one.level == "district")
        return await store.rolled_up(
            desk.session, period=asked.period, basis=asked.basis, units=[unit.code, *districts]
        )
    return await store.measured(
        desk.session,
        desk.engine.catalogue,
        period=asked.period,
        basis=asked.basis,
        units=desk.below(unit.code, asked.period),
        as_of=asked.as_of,
    )


async def _counted(desk: Desk, asked: Reading, figures: list[Figure]) -> dict[str, Counted]:
    wanted = {it.formula.register for it in figures if isinstance(it.formula, FromRegister)}
    on = asked.period.ends_on
    scope = Scope(asked.unit, frozenset(desk.below(asked.unit, asked.period)), asked.period, on, asked.as_of)
    found: dict[str, Counted] = {}
    for name in sorted(wanted):
        found |= await desk.engine.registers[name](desk.session, scope)
    return found


def _outcome(figure: Figure, measures: Mapping[str, Measure], counted: Mapping[str, Counted]) -> Outcome:
    if isinstance(figure.formula, FromRegister):
        return Outcome(Decimal(counted[figure.code].value), status="official")
    return evaluate(figure, measures)


def _lineage(desk: Desk, asked: Reading, figure: Figure, counted: Mapping[str, Counted]) -> str:
    if isinstance(figure.formula, FromRegister):
        return counted[figure.code].lineage
    query = {"unit": asked.unit, "period": str(asked.period), "basis": asked.basis}
    if asked.as_of:
        query["as_of"] = instant(asked.as_of) or ""
    query["indicator"] = ",".join(figure.inputs)
    return f"{desk.engine.path}/observations?{urlencode(query, safe=',:')}"


async def values_by_child(
    desk: Desk, root: str, period: Period, basis: BasisName, as_of: datetime | None = None
) -> dict[str, dict[str, Decimal]]:
    """Give what stands for a unit and for each of the units right below it, by indicator, the unit itself last.

    One statement; it reads the observations, so it costs what the values below the unit cost.
    """
    on = period.ends_on
    top = desk.territory.unit(root, on)
    children = [unit.code for unit in desk.territory.children(top.code, on) if unit.level != "village"]
    stated = await store.standing_values(
        desk.session, period=period, basis=basis, units=desk.below(root, period), as_of=as_of
    )
    found: dict[str, dict[str, Decimal]] = {code: {} for code in (*children, top.code)}
    for one in stated:
        lines = {one.unit, *(above.code for above in desk.territory.ancestors(one.unit, on))}
        for code in lines & found.keys():
            found[code][one.indicator] = found[code].get(one.indicator, Decimal(0)) + one.value
    return found
