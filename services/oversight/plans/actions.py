"""Check the body of a plan, and the actions on it: correct, submit, approve, revise, close, and begin the plan of the next year."""

import uuid
from collections.abc import Iterable

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.models import RecordVersion
from services.oversight.plans.rules import (
    EDITABLE_STATES,
    NO_YEAR_AFTER,
    OTHER_PLAN,
    POSSIBLE_ACTS,
    WRONG_STATE,
    PlanAct,
    list_years,
)
from services.oversight.plans.schemas import (
    ImplementationPlanCorrectionIn,
    ImplementationPlanIn,
    ImplementationPlanRevisionIn,
    NextPlanIn,
    PlanApprovalIn,
    PlannedMoneyIn,
    PlannedTargetIn,
)
from services.oversight.plans.store import find_state
from services.oversight.program_figures import NamedFigure, find_unknown_figures
from services.oversight.recommendations.store import read_recommendations
from services.oversight.records.actions import (
    RecordContent,
    add_version,
    correct_record,
    insert_record,
    read_newest,
)
from services.oversight.records.preparing import NamedUnit, find_unit_faults, prepare_record
from services.oversight.records.references import Reference, require_records
from services.oversight.records.rights import require_record_granted
from services.oversight.records.rules import ActNotPossible, find_future_days
from services.oversight.records.schemas import ReasonIn, make_key, to_content
from services.oversight.records.store import content_is
from services.oversight.tasks.store import read_tasks
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, Invalid, make_fault, raise_if_any
from shared.periods import InvalidPeriod, local_day, parse_plan_period
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, locate_unit
from shared.territory.units import LEVEL_NAMES


async def correct_plan(
    context: ReportingContext,
    plan_id: uuid.UUID,
    draft: PartialBody[ImplementationPlanCorrectionIn],
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert a version of a plan that is not approved yet, with its whole content anew."""
    record = await prepare_plan(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "plans", plan_id, draft.body.version)
    if find_state(newest) not in EDITABLE_STATES:
        raise ActNotPossible(reason=WRONG_STATE.filled(state=find_state(newest)))
    return await correct_record(context, at, plan_id, record, draft.body)


async def submit_plan(context: ReportingContext, plan_id: uuid.UUID, body: ReasonIn) -> RecordVersion:
    """Insert the version by which a draft is submitted for approval."""
    at = await lock_feed(context.session, context.clock)
    newest = await _read_for(context, plan_id, body.version, "submitted")
    return await add_version(context, at, newest, "submitted", {"state": "submitted"}, body.reason)


async def approve_plan(context: ReportingContext, plan_id: uuid.UUID, body: PlanApprovalIn) -> RecordVersion:
    """Insert the version by which a document approves a plan."""
    at = await lock_feed(context.session, context.clock)
    newest = await _read_for(context, plan_id, body.version, "approved")
    await require_records(context, [("/document", "documents", body.document)])
    changes = {"state": "approved", "approved_by": str(body.document)}
    return await add_version(context, at, newest, "approved", changes)


async def revise_plan(
    context: ReportingContext,
    plan_id: uuid.UUID,
    draft: PartialBody[ImplementationPlanRevisionIn],
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert the version by which a document revises an approved plan, with its whole content anew."""
    record = await prepare_plan(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    newest = await _read_for(context, plan_id, draft.body.version, "revised")
    kept = (newest.unit, newest.day, newest.content["period"])
    if (record.unit.unit.code, record.day, record.content["period"]) != kept:
        raise ActNotPossible(reason=OTHER_PLAN)
    changes = {
        **{name: value for name, value in record.content.items() if name != "document"},
        "state": "revised",
        "revised_by": [*newest.content.get("revised_by", ()), str(draft.body.document)],
    }
    return await add_version(context, at, newest, "revised", changes, draft.body.reason)


async def close_plan(context: ReportingContext, plan_id: uuid.UUID, body: ReasonIn) -> RecordVersion:
    """Insert the version by which a plan ends."""
    at = await lock_feed(context.session, context.clock)
    newest = await _read_for(context, plan_id, body.version, "closed")
    return await add_version(context, at, newest, "closed", {"state": "closed"}, body.reason)


async def begin_next_plan(
    context: ReportingContext, plan_id: uuid.UUID, draft: NextPlanIn, directory: AgencyDirectory
) -> RegisterResult[RecordVersion]:
    """Insert the draft of the next year's plan: what is not done, not closed, missed and carried over goes into it."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "plans", plan_id)
    today = local_day(context.now)
    years = list_years(parse_plan_period(newest.content["period"]))
    if len(years) > 1:
        raise ActNotPossible(reason=NO_YEAR_AFTER)
    unit = locate_unit(
        context.territory, newest.unit, draft.drafted_on, levels=list(LEVEL_NAMES), at="/drafted_on"
    )
    faults = [
        *find_future_days(today, drafted_on=draft.drafted_on),
        *directory.find_faults(_list_owners("missed_targets", draft.missed_targets), draft.drafted_on),
        *find_unit_faults(
            context.territory, _list_units("missed_targets", draft.missed_targets), draft.drafted_on
        ),
        *await find_unknown_figures(context, _list_figures("missed_targets", draft.missed_targets)),
    ]
    if isinstance(unit, Fault):
        raise Invalid(faults=[unit, *faults])
    raise_if_any(faults)
    require_record_granted(context, unit)
    tasks = await read_tasks(context.session, None, None, *content_is("plan", str(plan_id)))
    recommendations = [
        row
        for row in await read_recommendations(context.session, None)
        if row.unit == newest.unit and row.is_unfinished(today)
    ]
    period = str(years[0] + 1)
    content = {
        **{
            name: value for name, value in newest.content.items() if name in ImplementationPlanIn.model_fields
        },
        **to_content(draft),
        "period": period,
        "vintage": None,
        "capital": [],
        "continued_tasks": [str(task.id) for task in tasks if task.find_state(today) in {"open", "overdue"}],
        "continued_recommendations": [str(row.id) for row in recommendations],
        "continues": str(plan_id),
    }
    content.pop("unit", None)
    key = make_key(newest.unit, unit.unit.valid_from, period, draft.title)
    record = RecordContent("plans", key, unit, draft.drafted_on, content)
    return await insert_record(context, at, record)


async def prepare_plan(
    context: ReportingContext,
    draft: PartialBody[ImplementationPlanIn]
    | PartialBody[ImplementationPlanCorrectionIn]
    | PartialBody[ImplementationPlanRevisionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of a plan; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
    return await prepare_record(
        context,
        draft,
        "plans",
        dated_by="drafted_on",
        key=[body.period, body.title],
        directory=directory,
        agencies=[
            ("/owner", body.owner),
            *_list_owners("targets", body.targets),
            *_list_owners("missed_targets", body.missed_targets),
            *((f"/capital/{index}/agency", row.agency) for index, row in enumerate(body.capital)),
        ],
        units=[
            *_list_units("targets", body.targets),
            *_list_units("missed_targets", body.missed_targets),
            *_list_units("capital", body.capital),
        ],
        references=[
            *_list_revising(body),
            ("/continues", "plans", body.continues),
            *((f"/continued_tasks/{n}", "tasks", task) for n, task in enumerate(body.continued_tasks)),
            *(
                (f"/continued_recommendations/{n}", "recommendations", recommendation)
                for n, recommendation in enumerate(body.continued_recommendations)
            ),
        ],
        components=[(f"/capital/{index}/component", row.component) for index, row in enumerate(body.capital)],
        faults=[
            *([] if "period" in draft.unread else _find_period_faults(body.period)),
            *await find_unknown_figures(
                context,
                [
                    *_list_figures("targets", body.targets),
                    *_list_figures("missed_targets", body.missed_targets),
                ],
            ),
        ],
    )


def _find_period_faults(text: str) -> list[Fault]:
    """Return the fault of a period that names no year, or years in the wrong order."""
    try:
        parse_plan_period(text)
    except InvalidPeriod as refusal:
        return [make_fault("/period", refusal.code, refusal.detail, **refusal.facts)]
    return []


def _list_revising(body: ImplementationPlanIn) -> list[Reference]:
    """Return the document that revises a plan, where the body is that of a revision."""
    return (
        [("/document", "documents", body.document)] if isinstance(body, ImplementationPlanRevisionIn) else []
    )


def _list_owners(name: str, targets: Iterable[PlannedTargetIn]) -> list[tuple[str, str | None]]:
    """Return the agencies of targets by JSON pointer."""
    return [(f"/{name}/{index}/owner", target.owner) for index, target in enumerate(targets)]


def _list_figures(name: str, targets: Iterable[PlannedTargetIn]) -> list[NamedFigure]:
    """Return the figures of targets by JSON pointer."""
    return [
        (f"/{name}/{index}/indicator", target.program, target.indicator)
        for index, target in enumerate(targets)
    ]


def _list_units(name: str, rows: Iterable[PlannedTargetIn | PlannedMoneyIn]) -> list[NamedUnit]:
    """Return the units of targets or of money by JSON pointer."""
    return [(f"/{name}/{index}/unit", row.unit, None) for index, row in enumerate(rows)]


async def _read_for(
    context: ReportingContext, plan_id: uuid.UUID, version: int, act: PlanAct
) -> RecordVersion:
    """Return the newest version of a plan; raise `ActNotPossible` where its state does not allow the act."""
    newest = await read_newest(context, "plans", plan_id, version)
    state = find_state(newest)
    if act not in POSSIBLE_ACTS[state]:
        raise ActNotPossible(reason=WRONG_STATE.filled(state=state))
    return newest
