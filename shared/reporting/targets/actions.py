"""Setting targets: a decision states planned values for a unit and period."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.problems import (
    Fault,
    Invalid,
    PreconditionFailed,
    PreconditionRequired,
    Sentence,
    make_fault,
)
from shared.periods import Period
from shared.reporting.context import ReportingContext
from shared.reporting.models import Target
from shared.reporting.targets import store

INDICATOR_UNKNOWN = Sentence(
    "Danh mục không có chỉ tiêu “{indicator}” có hiệu lực trong kỳ.",
    "The catalogue has no indicator “{indicator}” in force in the period.",
)
REPEATED = Sentence("Chỉ tiêu này đã nêu ở trên.", "This indicator stands above already.")


@dataclass(frozen=True)
class Decision:
    """The decision that sets targets."""

    number: str
    date: date


def version_of(targets: Mapping[str, Target]) -> str:
    """Give the strong tag of the targets in force: it changes with every revision."""
    return f'"{max((it.id for it in targets.values()), default=0)}"'


async def set_targets(
    context: ReportingContext,
    *,
    unit: str,
    period: Period,
    decision: Decision,
    planned: list[tuple[str, Decimal]],
    if_match: str | None,
) -> dict[str, Target]:
    """State the planned values of a decision.

    Repeating what is in force changes nothing; a revision of it must name the version it saw (If-Match), and keeps the
    earlier value in the history.
    """
    context.territory.unit(unit, period.ends_on)
    context.require_unit(unit, period)
    _refuse_unknown(context, period, planned)
    at = await lock_feed(context.session, context.clock)
    before = {it.indicator: it for it in await store.in_force(context.session, unit, str(period))}
    changed = {
        code: value
        for code, value in planned
        if code not in before
        or (before[code].value, before[code].decision_number, before[code].decision_date)
        != (value, decision.number, decision.date)
    }
    if any(code in before for code in changed):
        if if_match is None:
            raise PreconditionRequired(version=version_of(before))
        if not {each.strip() for each in if_match.split(",")} & {version_of(before), "*"}:
            raise PreconditionFailed(version=version_of(before))
    if changed:
        await store.keep(
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
    return {it.indicator: it for it in await store.in_force(context.session, unit, str(period))}


def _refuse_unknown(context: ReportingContext, period: Period, planned: list[tuple[str, Decimal]]) -> None:
    known = {figure.code for figure in context.engine.catalogue.find_figures(period.ends_on, headline=False)}
    faults: list[Fault] = []
    seen: set[str] = set()
    for at, (code, _) in enumerate(planned):
        if code not in known:
            faults.append(
                make_fault(
                    f"/targets/{at}/indicator", "indicator_unknown", INDICATOR_UNKNOWN, indicator=code[:80]
                )
            )
        elif code in seen:
            faults.append(make_fault(f"/targets/{at}/indicator", "indicator_repeated", REPEATED))
        seen.add(code)
    if faults:
        raise Invalid(faults=faults)
