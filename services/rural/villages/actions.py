"""What people do with villages: register one."""

from datetime import date
from typing import Literal

from services.rural.villages.schemas import VillageIn
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Conflict, Fault, Sentence, make_fault
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, UnitOnDay, locate_unit, require_valid
from shared.territory.store import find_villages, insert_units
from shared.territory.units import Unit, to_commune_code

Kind = Literal["thon", "lang", "to_dan_pho", "khu_dan_cu"]
PREFIXES: tuple[tuple[str, Kind], ...] = (
    ("làng", "lang"),
    ("tổ dân phố", "to_dan_pho"),
    ("khu dân cư", "khu_dan_cu"),
)
"""How a village's name says its kind; any other is a thôn."""

COMMUNE_UNKNOWN = Sentence(
    "Mã thôn bắt đầu bằng mã xã; không có xã {commune} vào ngày {on}.",
    "A village's code begins with its commune's; there was no commune {commune} on {on}.",
)


class VillageExists(Conflict):
    """The code belongs to a village already."""

    code = "village_exists"
    detail = Sentence(
        "Mã {village} đã dùng cho thôn “{name}” từ ngày {valid_from}.",
        "The code {village} is that of “{name}” since {valid_from}.",
    )


async def register_village(context: ReportingContext, draft: PartialBody[VillageIn]) -> RegisterResult[Unit]:
    """Register a village below its commune, or refuse it naming every fault. The same village again is the answer."""
    body = draft.body
    found = None if {"code", "valid_from"} & draft.unread else _commune(context, body.code, body.valid_from)
    found = require_valid(context, draft, found)

    at = await lock_feed(context.session, context.clock)
    village = Unit(
        code=body.code,
        level="village",
        kind=body.kind or kind_of(body.name),
        name=body.name,
        parent=found.unit.code,
        valid_from=body.valid_from,
        source=f"{context.engine.path}/villages",
        confidence="registered",
    )
    for known in await find_villages(context.session, [body.code]):
        if _same(known, village):
            return RegisterResult(known, created=False)
        raise VillageExists(village=known.code, name=known.name, valid_from=known.valid_from.isoformat())
    await insert_units(context.session, [village])
    data = {"code": village.code, "name": village.name, "valid_from": village.valid_from.isoformat()}
    await publish_events(context.session, at, [Event("village.registered", f"villages/{village.code}", data)])
    return RegisterResult(village, created=True)


def kind_of(name: str) -> Kind:
    """Tell a village's kind by its name: Làng Kon Tu, Tổ dân phố 3; Thôn 1 and anything else is a thôn."""
    return next((kind for prefix, kind in PREFIXES if name.casefold().startswith(prefix)), "thon")


def _commune(context: ReportingContext, code: str, on: date) -> UnitOnDay | Fault:
    commune = to_commune_code(code) or code
    found = locate_unit(context.territory, commune, on, levels=("commune",))
    if isinstance(found, Fault):
        return make_fault("/code", "commune_unknown", COMMUNE_UNKNOWN, commune=commune, on=on)
    return found


def _same(known: Unit, village: Unit) -> bool:
    return (known.name, known.kind, known.valid_from) == (village.name, village.kind, village.valid_from)
