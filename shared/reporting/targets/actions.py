"""Set targets: the planned values that a decision states for a unit and period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.problems import (
    Fault,
    PreconditionFailed,
    PreconditionRequired,
    Sentence,
    make_fault,
    raise_if_any,
)
from shared.periods import Period
from shared.reporting.context import ReportingContext
from shared.reporting.models import Target
from shared.reporting.targets import store

INDICATOR_UNKNOWN = Sentence(
    "Danh mục không có chỉ tiêu “{indicator}” có hiệu lực trong kỳ.",
    "The catalogue has no indicator “{indicator}” in force in the period.",
)
STANDARD_UNKNOWN = Sentence(
    "Chỉ tiêu này không có chuẩn “{standard}”; các chuẩn: {standards}.",
    "The figure has no standard “{standard}”; standards: {standards}.",
)
REPEATED = Sentence("Chỉ tiêu này đã nêu ở trên.", "This indicator is stated above already.")


@dataclass(frozen=True)
class TargetDecision:
    """The decision that sets targets."""

    number: str
    date: date


@dataclass(frozen=True)
class PlannedValue:
    """The planned value of a figure; without a standard under the one in force on the last day of the period."""

    indicator: str
    standard: str | None
    value: Decimal


TargetKey = tuple[str, str]
"""Code of a figure, and the standard that its inputs are measured under."""


def make_version_tag(targets: Mapping[TargetKey, Target]) -> str:
    """Return the strong ETag of the targets in force, which changes with every revision."""
    return f'"{max((target.id for target in targets.values()), default=0)}"'


async def set_targets(
    context: ReportingContext,
    *,
    unit: str,
    period: Period,
    decision: TargetDecision,
    planned: Sequence[PlannedValue],
    if_match: str | None,
) -> dict[TargetKey, Target]:
    """Insert the planned values of a decision, and return the targets in force by figure and standard.

    A repetition of what is in force changes nothing. A revision must name the version it saw (If-Match), and keeps the
    earlier value as history.
    """
    context.territory.unit(unit, period.ends_on)
    context.require_unit(unit, period)
    values = _check_planned_values(context, period, planned)
    at = await lock_feed(context.session, context.clock)
    before = await _read_in_force(context, unit, period)
    changed = {
        key: value
        for key, value in values.items()
        if key not in before
        or (before[key].value, canonicalize(before[key].decision_number), before[key].decision_date)
        != (value, canonicalize(decision.number), decision.date)
    }
    if any(key in before for key in changed):
        _require_version(if_match, make_version_tag(before))
    if changed:
        await store.insert_targets(
            context.session,
            unit=unit,
            period=str(period),
            values=changed,
            decision_number=decision.number,
            decision_date=decision.date,
            client_id=context.caller.client_id,
            at=at,
        )
        data = {
            "unit": unit,
            "period": str(period),
            "indicators": sorted({indicator for indicator, _standard in changed}),
            "decision": decision.number,
        }
        await publish_events(context.session, at, [Event("target.set", f"targets/{period}/{unit}", data)])
    return await _read_in_force(context, unit, period)


async def _read_in_force(context: ReportingContext, unit: str, period: Period) -> dict[TargetKey, Target]:
    targets = await store.read_targets_in_force(context.session, unit, str(period))
    return {(target.indicator, target.standard): target for target in targets}


def _require_version(if_match: str | None, version: str) -> None:
    if if_match is None:
        raise PreconditionRequired(version=version)
    if not {tag.strip() for tag in if_match.split(",")} & {version, "*"}:
        raise PreconditionFailed(version=version)


def _check_planned_values(
    context: ReportingContext, period: Period, planned: Sequence[PlannedValue]
) -> dict[TargetKey, Decimal]:
    """Return the planned values; raise `Invalid` with every figure or standard that is unknown in the period or repeated."""
    catalogue, on = context.engine.catalogue, period.ends_on
    figures = {figure.code: figure for figure in catalogue.find_figures(on, headline=False)}
    in_force = catalogue.select_standards(on)
    faults: list[Fault] = []
    values: dict[TargetKey, Decimal] = {}
    for ordinal, target in enumerate(planned):
        pointer, figure = f"/targets/{ordinal}", figures.get(target.indicator)
        if figure is None:
            shown = {"indicator": target.indicator[:80]}
            faults.append(make_fault(f"{pointer}/indicator", "indicator_unknown", INDICATOR_UNKNOWN, **shown))
            continue
        standard = target.standard or catalogue.find_figure_standard(figure, in_force)
        codes = [known.code for known in catalogue.list_figure_standards(figure)]
        if target.standard is not None and target.standard not in codes:
            names = {"standard": target.standard, "standards": ", ".join(codes) or "-"}
            faults.append(make_fault(f"{pointer}/standard", "standard_unknown", STANDARD_UNKNOWN, **names))
        elif (figure.code, standard) in values:
            faults.append(make_fault(f"{pointer}/indicator", "indicator_repeated", REPEATED))
        values.setdefault((figure.code, standard), target.value)
    raise_if_any(faults)
    return values
