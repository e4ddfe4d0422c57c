"""Set targets: the planned values that a decision states for a unit and period."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

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
from shared.periods import Period, PlanPeriod
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.dimensions import from_series_key, to_series_key
from shared.reporting.context import ReportingContext
from shared.reporting.models import Target
from shared.reporting.report_content import to_canonical_text
from shared.reporting.targets import store
from shared.reporting.targets.rules import Plan, find_limits
from shared.reporting.targets.store import to_plan
from shared.territory.tree import Territory

INDICATOR_UNKNOWN = Sentence(
    "Danh mục không có chỉ tiêu “{indicator}” có hiệu lực trong kỳ.",
    "The catalogue has no indicator “{indicator}” in force in the period.",
)
STANDARD_UNKNOWN = Sentence(
    "Chỉ tiêu này không có chuẩn “{standard}”; các chuẩn: {standards}.",
    "The figure has no standard “{standard}”; standards: {standards}.",
)
UPPER_REQUIRED = Sentence(
    "Mục tiêu dạng khoảng phải nêu giới hạn trên (upper).", "A range states its upper bound (upper)."
)
UPPER_UNEXPECTED = Sentence(
    "Chỉ mục tiêu dạng khoảng mới có giới hạn trên.", "Only a range has an upper bound."
)
UPPER_NOT_ABOVE = Sentence(
    "Giới hạn trên phải lớn hơn giới hạn dưới ({value}).",
    "The upper bound must be above the lower one ({value}).",
)
TARGET_OUT_OF_RANGE = Sentence(
    "Mục tiêu {value} ngoài khoảng mà chỉ tiêu có thể đạt: {range}.",
    "The target {value} is outside of what the figure can be: {range}.",
)
TARGET_TOO_PRECISE = Sentence(
    "Chỉ tiêu là số đếm; mục tiêu {value} có quá {decimals} chữ số thập phân.",
    "The figure is a count; the target {value} has more than {decimals} decimal places.",
)
REPEATED = Sentence("Chỉ tiêu này đã nêu ở trên.", "This indicator is stated above already.")


@dataclass(frozen=True)
class TargetDecision:
    """The decision that sets targets."""

    number: str
    date: date


@dataclass(frozen=True)
class PlannedValue:
    """The plan for a figure; without a standard under the one in force on the last day of the period."""

    indicator: str
    dimension: Mapping[str, str] | None
    standard: str | None
    plan: Plan

    @property
    def key(self) -> str:
        """The key of the series of the figure."""
        return to_series_key(self.indicator, next(iter((self.dimension or {}).values()), None))


TargetKey = tuple[str, str]
"""Key of the series of a figure, and the standard that its inputs are measured under."""


def make_version_tag(targets: Mapping[TargetKey, Target]) -> str:
    """Return the strong ETag of the targets in force, which changes with every revision."""
    return f'"{max((target.id for target in targets.values()), default=0)}"'


async def set_targets(
    context: ReportingContext,
    *,
    unit: str,
    period: PlanPeriod,
    decision: TargetDecision,
    planned: Sequence[PlannedValue],
    if_match: str | None,
) -> dict[TargetKey, Target]:
    """Insert the planned values of a decision, and return the targets in force by figure and standard.

    A repetition of what is in force changes nothing. A revision must name the version it saw (If-Match), and keeps the
    earlier value as history.
    """
    measured = find_measured_period(context.territory, unit, period)
    context.territory.unit(unit, measured.ends_on)
    context.require_unit(unit, measured)
    values = _check_planned_values(context, measured, planned)
    at = await lock_feed(context.session, context.clock)
    before = await _read_in_force(context, unit, period)
    changed = {
        key: value
        for key, value in values.items()
        if key not in before
        or (to_plan(before[key]), canonicalize(before[key].decision_number), before[key].decision_date)
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
            "indicators": sorted({from_series_key(key)[0] for key, _standard in changed}),
            "decision": decision.number,
            "decision_date": decision.date.isoformat(),
        }
        await publish_events(context.session, at, [Event("target.set", f"targets/{period}/{unit}", data)])
    return await _read_in_force(context, unit, period)


def find_measured_period(territory: Territory, unit: str, period: PlanPeriod) -> Period:
    """Return the period at whose end a plan is measured: of several years the last one at whose end the unit is there."""
    if isinstance(period, Period):
        return period
    there = [year for year in period.years if territory.find(unit, year.ends_on)]
    return there[-1] if there else period.years[-1]


async def _read_in_force(context: ReportingContext, unit: str, period: PlanPeriod) -> dict[TargetKey, Target]:
    targets = await store.read_targets_in_force(context.session, unit, str(period))
    return {(target.indicator, target.standard): target for target in targets}


def _require_version(if_match: str | None, version: str) -> None:
    if if_match is None:
        raise PreconditionRequired(version=version)
    if not {tag.strip() for tag in if_match.split(",")} & {version, "*"}:
        raise PreconditionFailed(version=version)


def _check_bounds(pointer: str, plan: Plan) -> Iterator[Fault]:
    """Return the fault of an upper bound that is missing, not above the lower one, or of no range."""
    if plan.kind == "range" and plan.upper is None:
        yield make_fault(f"{pointer}/upper", "upper_required", UPPER_REQUIRED)
    elif plan.kind != "range" and plan.upper is not None:
        yield make_fault(f"{pointer}/upper", "upper_unexpected", UPPER_UNEXPECTED)
    elif plan.upper is not None and plan.upper <= plan.value:
        shown = {"value": to_canonical_text(plan.value)}
        yield make_fault(f"{pointer}/upper", "upper_not_above", UPPER_NOT_ABOVE, **shown)


def _check_reachable(pointer: str, figure: Figure, plan: Plan) -> Iterator[Fault]:
    """Return the faults of values that the figure cannot have: below 0, a share above 100 %, a part of a counted unit."""
    limits = find_limits(figure)
    for member, value in (("value", plan.value), ("upper", plan.upper)):
        if value is None:
            continue
        text = to_canonical_text(value)
        if not limits.contains(value):
            shown = {"value": text, "range": limits.text}
            yield make_fault(f"{pointer}/{member}", "target_out_of_range", TARGET_OUT_OF_RANGE, **shown)
        elif limits.decimals is not None and value != round(value, limits.decimals):
            shown = {"value": text, "decimals": str(limits.decimals)}
            yield make_fault(f"{pointer}/{member}", "target_too_precise", TARGET_TOO_PRECISE, **shown)


def _check_planned_values(
    context: ReportingContext, period: Period, planned: Sequence[PlannedValue]
) -> dict[TargetKey, Plan]:
    """Return the planned values; raise `Invalid` with every figure or standard that is unknown in the period or repeated."""
    catalogue, on = context.engine.catalogue, period.ends_on
    figures = {figure.code: figure for figure in catalogue.find_figures(on, headline=False)}
    in_force = catalogue.select_standards(on)
    faults: list[Fault] = []
    values: dict[TargetKey, Plan] = {}
    for ordinal, target in enumerate(planned):
        pointer, figure = f"/targets/{ordinal}", figures.get(target.key)
        if figure is None or catalogue.split_key(figure.code).dimension != target.dimension:
            is_breakdown = catalogue.find_dimension(target.indicator) is not None or figure is not None
            shown = {"indicator": target.key[:80]}
            faults.append(
                make_fault(f"{pointer}/dimension", "member_unknown", INDICATOR_UNKNOWN, **shown)
                if is_breakdown
                else make_fault(f"{pointer}/indicator", "indicator_unknown", INDICATOR_UNKNOWN, **shown)
            )
            continue
        standard = target.standard or catalogue.find_figure_standard(figure, in_force)
        codes = [standard_of_figure.code for standard_of_figure in catalogue.list_figure_standards(figure)]
        if target.standard is not None and target.standard not in codes:
            names = {"standard": target.standard, "standards": ", ".join(codes) or "-"}
            faults.append(make_fault(f"{pointer}/standard", "standard_unknown", STANDARD_UNKNOWN, **names))
        elif (figure.code, standard) in values:
            faults.append(make_fault(f"{pointer}/indicator", "indicator_repeated", REPEATED))
        faults += _check_bounds(pointer, target.plan)
        faults += _check_reachable(pointer, figure, target.plan)
        values.setdefault((figure.code, standard), target.plan)
    raise_if_any(faults)
    return values
