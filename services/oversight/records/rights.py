"""Rights over records: of the unit of a record, and of the units that succeeded it."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from services.oversight.context import reads_as_public
from services.oversight.models import RecordVersion
from services.oversight.records.rules import WITHDRAWN, RecordNotFound, RegisterName
from services.oversight.records.store import read_versions
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


async def read_visible_versions(
    context: ReportingContext, register: RegisterName, record_id: uuid.UUID, as_of: datetime | None
) -> Sequence[RecordVersion]:
    """Return the versions of a record, the newest first; raise `RecordNotFound`, to the public also for a withdrawn one."""
    versions = await read_versions(context.session, register, record_id, as_of)
    if versions[0].act == WITHDRAWN and reads_as_public(context):
        raise RecordNotFound(record=str(record_id))
    return versions
