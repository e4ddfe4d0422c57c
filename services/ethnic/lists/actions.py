"""The action on lists: record one whole, with a verdict for each of its rows."""

import hashlib
import json
from typing import Any

from services.ethnic.areas.rules import AreaRules
from services.ethnic.classifications.rules import RegionFacts
from services.ethnic.lists import store
from services.ethnic.lists.checking import (
    CheckedList,
    check_rows,
    check_units,
    read_list_rows,
    read_list_timelines,
)
from services.ethnic.lists.headers import resolve_header
from services.ethnic.lists.rules import (
    ListExists,
    find_repeated_rows,
)
from services.ethnic.lists.schemas import (
    ClassificationListIn,
)
from services.ethnic.lists.verdicts import (
    RecordedList,
    judge_rows,
    refuse_rows,
)
from services.ethnic.models import ClassificationList
from shared.dated_facts.facts import select_in_force
from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Invalid
from shared.reporting.context import ReportingContext
from shared.reporting.registers import (
    RegisterResult,
    find_future_date_faults,
    require_granted,
)


async def record_list(
    context: ReportingContext,
    draft: PartialBody[ClassificationListIn],
    rules: AreaRules,
    region_facts: RegionFacts,
) -> RegisterResult[RecordedList]:
    """Insert a list with all its rows, or return the same one. Raise every fault of the body, with a verdict for each row."""
    body = draft.body
    rows = read_list_rows(draft)
    resolved, faults = resolve_header(body.to_header(), rules.facts, draft.unread)
    checked, row_faults = await check_units(context, draft, rows, resolved)
    timelines = await read_list_timelines(context, draft, checked.root if checked else None)
    if checked is not None:
        row_faults += check_rows(context, draft, checked, rules, region_facts, timelines)
    faults = [*draft.faults, *faults, *row_faults, *find_repeated_rows(rows)]
    if not {"decision"} & draft.unread:
        faults += find_future_date_faults(body.decision.date, context)
    if faults or checked is None:
        raise Invalid(faults=faults, verdicts=refuse_rows(rows, faults, checked=checked is not None))
    require_granted(context, checked.root)

    at = await lock_feed(context.session, context.clock)
    row = _to_row(context, draft, checked, at)
    verdicts, left_out = judge_rows(checked, timelines, whole=body.whole, row=row)
    same = await store.find_same_list(context.session, row)
    if same is not None:
        if same.content_sha256 != row.content_sha256:
            raise ListExists(list=str(same.id))
        return RegisterResult(RecordedList(same, verdicts, left_out), created=False)
    context.session.add(row)
    await context.session.flush()
    await store.insert_rows(context.session, _to_rows(row, checked, region_facts))
    await publish_events(context.session, at, [_make_event(row)])
    return RegisterResult(RecordedList(row, verdicts, left_out), created=True)


def _to_row(
    context: ReportingContext, draft: PartialBody[ClassificationListIn], checked: CheckedList, at: Any
) -> ClassificationList:
    body, period = draft.body, checked.resolved.law.period
    content = [
        row.to_content() for row in sorted(checked.rows, key=lambda row: (row.unit, row.ethnic_group or ""))
    ]
    return ClassificationList(
        id=uuid7(at),
        **checked.root.to_columns(),
        kind=checked.resolved.kind.code,
        level=checked.resolved.level,
        law=checked.resolved.law.code,
        whole=body.whole,
        decision_number=body.decision.number,
        decision_key=canonicalize(body.decision.number),
        decision_date=body.decision.date,
        effective_on=body.effective_on,
        ends_on=checked.resolved.ends_on,
        period_first=period.first if period else None,
        period_last=period.last if period else None,
        row_count=len(checked.rows),
        content_sha256=hashlib.sha256(
            json.dumps([body.whole, str(checked.resolved.ends_on), content]).encode()
        ).hexdigest(),
        client_id=context.caller.client_id,
        recorded_at=at,
    )


def _to_rows(
    row: ClassificationList, checked: CheckedList, region_facts: RegionFacts
) -> list[dict[str, Any]]:
    """Return the columns of the rows of a list."""
    difficult = {
        region.code
        for region in select_in_force(region_facts.regions, row.effective_on)
        if region.specially_difficult
    }
    shared = {
        "kind": row.kind,
        "decision_number": row.decision_number,
        "decision_key": row.decision_key,
        "decision_date": row.decision_date,
        "effective_on": row.effective_on,
        "ends_on": row.ends_on,
        "law": row.law,
        "list_id": row.id,
        "client_id": row.client_id,
        "recorded_at": row.recorded_at,
    }
    return [
        {
            "id": uuid7(row.recorded_at),
            **shared,
            **checked.units[posted.ordinal].to_columns(),
            "row_number": posted.ordinal,
            "listed": posted.listed,
            "region": posted.region,
            "specially_difficult": posted.is_difficult(row.kind, difficult),
            "ethnic_group": posted.ethnic_group or "",
            "commune_region": posted.commune_region,
            "households": posted.households,
            "em_households": posted.em_households,
            "em_persons": posted.em_persons,
        }
        for posted in checked.rows
    ]


def _make_event(row: ClassificationList) -> Event:
    data = {
        "unit": row.unit,
        "kind": row.kind,
        "level": row.level,
        "law": row.law,
        "whole": row.whole,
        "rows": row.row_count,
        "effective_on": row.effective_on.isoformat(),
        "decision": {"number": row.decision_number, "date": row.decision_date.isoformat()},
    }
    return Event("list.recorded", f"lists/{row.id}", data)
