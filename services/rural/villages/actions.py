"""The action on villages: register one."""

from datetime import date

from services.rural.villages.rules import COMMUNE_UNKNOWN, VillageExists
from services.rural.villages.schemas import VillageIn
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, make_fault
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, UnitOnDay, locate_unit, require_valid
from shared.territory.store import find_villages, insert_units
from shared.territory.units import Unit, to_commune_code
from shared.territory.villages.rules import infer_kind
from shared.territory.villages.store import is_same_village


async def register_village(context: ReportingContext, draft: PartialBody[VillageIn]) -> RegisterResult[Unit]:
    """Insert a village below its commune, or return the same village. Raise every fault of the body."""
    body = draft.body
    unread = {"code", "valid_from"} & draft.unread
    located = None if unread else _locate_commune(context, body.code, body.valid_from)
    commune = require_valid(context, draft, located)

    at = await lock_feed(context.session, context.clock)
    village = Unit(
        code=body.code,
        level="village",
        kind=body.kind or infer_kind(body.name),
        name=body.name,
        parent=commune.unit.code,
        valid_from=body.valid_from,
        source=f"{context.engine.path}/villages",
        confidence="registered",
    )
    for registered in await find_villages(context.session, [body.code]):
        if is_same_village(registered, village):
            return RegisterResult(registered, created=False)
        raise VillageExists(
            village=registered.code, name=registered.name, valid_from=registered.valid_from.isoformat()
        )
    await insert_units(context.session, [village])
    data = {
        "code": village.code,
        "name": village.name,
        "kind": village.kind,
        "commune": village.parent,
        "valid_from": village.valid_from.isoformat(),
    }
    await publish_events(context.session, at, [Event("village.registered", f"villages/{village.code}", data)])
    return RegisterResult(village, created=True)


def _locate_commune(context: ReportingContext, code: str, on: date) -> UnitOnDay | Fault:
    commune = to_commune_code(code) or code
    located = locate_unit(context.territory, commune, on, levels=("commune",))
    if isinstance(located, Fault):
        return make_fault("/code", "commune_unknown", COMMUNE_UNKNOWN, commune=commune, on=on)
    return located
