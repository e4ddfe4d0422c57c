"""Freeze all services at one instant, and read them for a comparison."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from gateway.composition.parts import FETCH_ERRORS
from gateway.models import VintageRow
from gateway.settings import FUNDING, PAPERS
from gateway.upstreams import Upstreams
from gateway.vintages.rules import VintageExists, VintageIncomplete
from gateway.vintages.schemas import VintageIn
from gateway.vintages.store import find_vintage
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.database import UnitOfWork
from shared.kit.exact_json import write_json
from shared.kit.ids import uuid7
from shared.kit.problems import make_fault, raise_if_any
from shared.periods import Period, local_day
from shared.reporting.registers import DECISION_IN_FUTURE
from shared.territory.rights import is_granted, make_refusal
from shared.territory.tree import Territory

READ_WITHIN_S = 3.0
"""Seconds in which every service must answer."""
BEFORE_NOW = timedelta(milliseconds=500)
"""How long ago the instant is, so that the clock of every service has passed it."""

PROGRESS_OF_MONEY = "program,capital"


async def freeze_vintage(
    unit_of_work: UnitOfWork, upstreams: Upstreams, territory: Territory, body: VintageIn, authorization: str
) -> VintageRow:
    """Insert a vintage of all services at one instant; raise `VintageIncomplete` where one does not answer."""
    period = Period.parse(body.period)
    unit = territory.unit(body.unit, period.ends_on)
    line = territory.line(unit.code, period.ends_on)
    caller = unit_of_work.caller
    if not is_granted(territory, line, period.ends_on, caller.units):
        raise make_refusal(territory, unit.code, line, period.ends_on, caller.units)
    today = local_day(unit_of_work.now)
    if body.document.date > today:
        date_facts = {"date": body.document.date, "today": today}
        raise_if_any([make_fault("/document/date", "decision_in_future", DECISION_IN_FUTURE, **date_facts)])
    same = await find_vintage(unit_of_work.session, unit.code, str(period), body.name)
    if same is not None:
        raise VintageExists(name=same.name, vintage=str(same.id))
    as_of = unit_of_work.now - BEFORE_NOW
    parts = await read_parts(upstreams, unit.code, period, as_of, authorization)
    content = write_json(parts, sort=True)
    row = VintageRow(
        id=uuid7(unit_of_work.now),
        name=body.name,
        unit=unit.code,
        period=str(period),
        as_of=as_of,
        document_number=body.document.number,
        document_date=body.document.date,
        parts=content,
        sha256=hashlib.sha256(content).hexdigest(),
        client_id=caller.client_id,
        frozen_at=unit_of_work.now,
    )
    changed_at = await lock_feed(unit_of_work.session, unit_of_work.clock)
    frozen = Event("vintage.frozen", f"vintages/{row.id}", {"unit": row.unit, "period": row.period})
    await publish_events(unit_of_work.session, changed_at, [frozen])
    unit_of_work.session.add(row)
    await unit_of_work.session.flush()
    return row


async def read_parts(
    upstreams: Upstreams, unit: str, period: Period, as_of: datetime | None, authorization: str
) -> dict[str, Any]:
    """Return the answer of each service, as of an instant or now; raise `VintageIncomplete` where one is missing."""
    headers = {"Accept": "application/json", "Accept-Language": "vi"}
    if authorization:
        headers["Authorization"] = authorization
    paths = {name: _make_path(name, unit, period, as_of) for name in upstreams.names if name != PAPERS}
    answers = await asyncio.gather(
        *(_read_part(upstreams, name, path, headers) for name, path in paths.items())
    )
    missing = {name: answer for name, answer in zip(paths, answers, strict=True) if isinstance(answer, str)}
    if missing:
        raise VintageIncomplete(missing)
    return dict(zip(paths, answers, strict=True))


def _make_path(name: str, unit: str, period: Period, as_of: datetime | None) -> str:
    query: dict[str, object] = {"unit": unit}
    if name == FUNDING:
        query |= {"year": period.year, "group_by": PROGRESS_OF_MONEY}
    else:
        query["period"] = str(period)
    if as_of is not None:
        query["as_of"] = as_of.isoformat()
    return f"/v1/{name}/progress?{urlencode(query)}"


async def _read_part(
    upstreams: Upstreams, name: str, path: str, headers: Mapping[str, str]
) -> dict[str, Any] | str:
    """Return the answer of a service, or why there is none."""
    try:
        status, _, document = await upstreams.get_json(name, path, headers=headers, within_s=READ_WITHIN_S)
    except FETCH_ERRORS as error:
        return upstreams.to_problem(name, error).code
    if status == 200 and document is not None:  # noqa: PLR2004 (OK)
        return document
    return str((document or {}).get("code", status))
