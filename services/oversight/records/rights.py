"""Rights over records: of the unit of a record, and of the units that succeeded it."""

from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitOnDay
from shared.territory.rights import is_granted, make_refusal


def is_record_granted(context: ReportingContext, unit: UnitOnDay) -> bool:
    """Whether the caller was granted the unit of a record on its day, or, where it has ended, one of its successors today."""
    territory, grants = context.territory, context.caller.units
    if is_granted(territory, unit.line, unit.on, grants):
        return True
    today, last_day = local_day(context.now), unit.unit.valid_to
    if last_day is None or last_day >= today:
        return False
    successors = territory.find_successors(unit.unit, today)
    return any(
        is_granted(territory, territory.line(successor.code, today), today, grants)
        for successor in successors
    )


def require_record_granted(context: ReportingContext, unit: UnitOnDay) -> None:
    """Raise `UnitNotGranted` where the caller was granted neither the unit of a record nor a successor of it."""
    if not is_record_granted(context, unit):
        raise make_refusal(context.territory, unit.unit.code, unit.line, unit.on, context.caller.units)
