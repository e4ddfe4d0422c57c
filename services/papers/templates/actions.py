"""Take a template: read the Word file, bind its slots by the catalogues, decide whether the caller may keep it."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from services.papers.documents.templates import Template
from services.papers.gateway import CallerGateway
from services.papers.jobs.runner import JobRunner
from services.papers.models import TemplateRow
from services.papers.templates.refusals import TemplateFileRefused, TemplateForAllRefused, make_file_faults
from services.papers.templates.rules import bind_slots, list_programs
from services.papers.templates.schemas import TemplateUpload
from shared.kit.identity import Caller
from shared.kit.ids import uuid7
from shared.territory.rights import parse_grants
from shared.territory.units import UnitNotGranted


async def prepare_template(
    gateway: CallerGateway,
    jobs: JobRunner,
    upload: TemplateUpload,
    content: bytes,
    *,
    caller: Caller,
    now: datetime,
) -> TemplateRow:
    """Return the row of a template that is not kept yet.

    Raises `TemplateFileRefused` with every fault, `UnitNotGranted`, `TemplateForAllRefused`, or what the gateway refuses.
    """
    await _require_grant(gateway, upload, caller)
    file, _ = await jobs.run("read_template", None, content)
    faults = make_file_faults(file["refused"])
    slots: list[dict[str, Any]] = []
    if "controls" in file:
        programs = list_programs(file["controls"])
        answers = await asyncio.gather(*(gateway.get(f"/v1/{program}/indicators") for program in programs))
        indicators = {program: answer["items"] for program, answer in zip(programs, answers, strict=True)}
        bound = bind_slots(file, indicators, upload.valid_from)
        slots = bound.slots
        faults += bound.faults
    if faults:
        raise TemplateFileRefused(faults=faults)
    document = {
        "code": upload.template.replace("-", "_"),
        "label": upload.title,
        "legal_basis": upload.legal_basis,
        "confidence": "uploaded",
        "valid_from": upload.valid_from.isoformat(),
        "unit": upload.unit,
        "periods": sorted({str(kind) for kind in upload.periods}),
        "layout_sha256": hashlib.sha256(content).hexdigest(),
        "heading": {"organ": [], "kind": "", "title": [upload.title]},
        "paragraph": file["paragraphs"],
        "slot": slots,
    }
    template = Template(document["code"], document)
    return TemplateRow(
        id=uuid7(now),
        code=template.code,
        valid_from=upload.valid_from,
        content=document,
        document=content,
        sha256=template.version,
        client_id=caller.client_id,
        recorded_at=now,
    )


async def _require_grant(gateway: CallerGateway, upload: TemplateUpload, caller: Caller) -> None:
    """Raise a refusal unless the caller was granted the unit on the first day of validity, or a province for all units."""
    on = upload.valid_from.isoformat()
    if upload.unit is None:
        provinces = await gateway.list_all("/v1/units", level="province", on=on)
        if not any(_is_granted(unit, caller) for unit in provinces):
            raise TemplateForAllRefused
        return
    unit = await gateway.get(f"/v1/units/{quote(upload.unit, safe='')}", on=on)
    if not any(_is_granted(row, caller) for row in (unit, *unit["ancestors"])):
        raise UnitNotGranted(upload.unit)


def _is_granted(unit: Mapping[str, Any], caller: Caller) -> bool:
    grants = parse_grants(caller.units)
    if unit["code"] not in grants:
        return False
    days = grants[unit["code"]]
    return days is None or unit["valid_from"] in {day.isoformat() for day in days}
