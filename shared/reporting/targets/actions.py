"""Set targets: the planned values that a decision states for a unit and period."""

from collections.abc import Mapping
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
REPEATED = Sentence("Chỉ tiêu này đã nêu ở trên.", "This indicator is stated above already.")


@dataclass(frozen=True)
class TargetDecision:
    """The decision that sets targets."""

    number: str
    date: date


def make_version_tag(targets: Mapping[str, Target]) -> str:
    """Return the strong ETag of the targets in force, which changes with every revision."""
    return f'"{max((target.id for target in targets.values()), default=0)}"'


async def set_targets(
    context: ReportingContext,
    *,
    unit: str,
    period: Period,
    decision: TargetDecision,
    planned: list[tuple[str, Decimal]],
    if_match: str | None,
) -> dict[str, Target]:
    """Insert the planned values of a decision, and return the targets in force by indicator.

    A repetition of what is in force changes nothing. A revision must name the version it saw (If-Match), and keeps the
    earlier value as history.
    """
    context.territory.unit(unit, period.ends_on)
    context.require_unit(unit, period)
    _check_indicators(context, period, planned)
    at = await lock_feed(context.session, context.clock)
    before = await _read_in_force(context, unit, period)
    changed = {
        code: value
        for code, value in planned
        if code not in before
        or (before[code].value, canonicalize(before[code].decision_number), before[code].decision_date)
        != (value, canonicalize(decision.number), decision.date)
    }
    if any(code in before for code in changed):
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
            "indicators": sorted(changed),
            "decision": decision.number,
        }
        await publish_events(context.session, at, [Event("target.set", f"targets/{period}/{unit}", data)])
    return await _read_in_force(context, unit, period)


async def _read_in_force(context: ReportingContext, unit: str, period: Period) -> dict[str, Target]:
    targets = await store.read_targets_in_force(context.session, unit, str(period))
    return {target.indicator: target for target in targets}


def _require_version(if_match: str | None, version: str) -> None:
    if if_match is None:
        raise PreconditionRequired(version=version)
    if not {tag.strip() for tag in if_match.split(",")} & {version, "*"}:
        raise PreconditionFailed(version=version)


def _check_indicators(context: ReportingContext, period: Period, planned: list[tuple[str, Decimal]]) -> None:
    """Raise `Invalid` with every code that is unknown in the period or repeated."""
    figures = context.engine.catalogue.find_figures(period.ends_on, headline=False)
    valid = {figure.code for figure in figures}
    faults: list[Fault] = []
    seen: set[str] = set()
    for ordinal, (code, _) in enumerate(planned):
        pointer = f"/targets/{ordinal}/indicator"
        if code not in valid:
            faults.append(make_fault(pointer, "indicator_unknown", INDICATOR_UNKNOWN, indicator=code[:80]))
        elif code in seen:
            faults.append(make_fault(pointer, "indicator_repeated", REPEATED))
        seen.add(code)
    raise_if_any(faults)
