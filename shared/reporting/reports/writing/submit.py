"""The submission of a report: all of it is kept, or nothing, and every fault is named.

What needs no lock is done first. The unit and year are locked before other reports are read, so that nothing read changes
before the commit. The change feed is locked last, after the answer is kept, because all other writers wait for it.
"""

import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.kit.change_feed import lock_feed
from shared.kit.concurrency import PipelineStep, yield_to_event_loop
from shared.kit.problems import Fault, Invalid, Sentence, make_fault
from shared.periods import local_day
from shared.reporting.bounds.contradictions import Contradiction, find_contradictions
from shared.reporting.context import ReportingContext
from shared.reporting.models import Report
from shared.reporting.report_content import (
    ReportContent,
    StatedValue,
    count_changes,
    find_differences,
)
from shared.reporting.reports import store
from shared.reporting.reports.checking.checker import CheckedReport, ReportChecker
from shared.reporting.reports.personal_data import CODE as PERSONAL_DATA
from shared.reporting.reports.personal_data import (
    PersonalDataRefused,
    find_personal_data,
    mark_personal_fields,
)
from shared.reporting.reports.problems import ReportExists, ReportNotFound, SupersedesNotLatest
from shared.reporting.reports.writing.form_relations import compare_other_forms
from shared.reporting.reports.writing.opening_values import compare_opening_values
from shared.reporting.reports.writing.overlaps import OverlapSearch
from shared.reporting.reports.writing.report_rows import to_event, to_reference, to_report
from shared.reporting.reports.writing.sql import (
    Area,
    OverlapCandidate,
    lock_unit_year,
    write_report,
    write_values_unless_overlapping,
)
from shared.reporting.rollups.refresh import RollUpRefresh, list_series_of_nil

EVIDENCE_UNKNOWN = Sentence(
    "Chưa có tệp minh chứng với mã băm này; hãy gửi tệp trước.",
    "No file with this hash has been sent; send the file first.",
)
SUPERSEDED_DIFFERS = Sentence(
    "Báo cáo nêu trong supersedes có {member} là {named}, không phải {stated}.",
    "The report named in supersedes has the {member} {named}, not {stated}.",
)
MAX_DIFFERENCES_SHOWN = 50
"""A refused correction shows so many differences, and how many there are; more is longer than anybody reads."""
_ORDINAL = re.compile("[0-9]{1,9}")
"""A step of a pointer that is an index; a client may name a field with more digits."""


@dataclass(frozen=True)
class Submitted:
    """A report that is kept, and whether this request created it."""

    report: Report
    created: bool
    contradictions: Sequence[Contradiction] = ()
    """The values that contradict a bound with another program's report; they are kept all the same."""


async def submit(
    context: ReportingContext,
    content: ReportContent,
    *,
    supersedes: uuid.UUID | None,
    shape_faults: Collection[Fault] = (),
    unread: frozenset[str] = frozenset(),
) -> Submitted:
    """Return the report, kept whole, or raise a problem that names every fault.

    An identical live report is returned instead of a new one. A correction must name the latest live report.
    """
    checked = await _check(context, content, shape_faults, unread)
    report = to_report(context, checked)
    overlaps = OverlapSearch(context.engine.catalogue, context.territory, checked)
    roll_ups = _choose_roll_ups(context, checked)
    await yield_to_event_loop()
    await _lock(context, checked)
    report.exceptions = await compare_opening_values(context, checked)
    report.exceptions += await compare_other_forms(context, checked)
    contradictions = await find_contradictions(
        context, checked.period, checked.form.code, checked.standard, checked.values
    )
    candidates = await write_values_unless_overlapping(
        context.session, report, checked, roll_ups, overlaps.area
    )
    live = await _read_live_reports(context, checked, candidates)
    identical = _find_identical(report, live, supersedes)
    if identical is not None:
        return Submitted(identical, created=False, contradictions=contradictions)
    latest = live[0] if live else None
    report.supersedes = await _find_superseded(context, checked, latest, supersedes)
    is_preliminary_pair = context.engine.catalogue.is_preliminary_pair
    has_other_stage = any(is_preliminary_pair(other.form, report.form) for other in candidates)
    if candidates:
        await overlaps.require_no_overlap(context.session, candidates)
        roll_ups = await _write_with_overlaps(
            context, report, checked, overlaps.area, candidates, latest, has_other_stage=has_other_stage
        )
    context.unit_of_work.before_commit(
        lambda: _put_into_effect(context, report, latest, roll_ups, has_other_stage=has_other_stage)
    )
    return Submitted(report, created=True, contradictions=contradictions)


async def _check(
    context: ReportingContext,
    content: ReportContent,
    shape_faults: Collection[Fault],
    unread: frozenset[str],
) -> CheckedReport:
    """Return the checked report; raises `Invalid` with every fault, or `UnitNotGranted`."""
    if any(fault.pointer.startswith("/observations") for fault in shape_faults):
        unread |= {"observations"}
    await yield_to_event_loop()
    checker = ReportChecker(context.engine.catalogue, context.territory, local_day(context.now))
    checked, faults = checker.check(content, unread)
    faults += await _find_unknown_evidence(context, content)
    faults += find_personal_data(content)
    if checked is None or faults or shape_faults:
        faults = sorted((*mark_personal_fields(shape_faults), *faults), key=_body_order)
        has_personal_data = any(fault.code == PERSONAL_DATA for fault in faults)
        raise (PersonalDataRefused if has_personal_data else Invalid)(faults=faults)
    context.require_unit(content.unit, checked.period)
    await yield_to_event_loop()
    return checked


async def _lock(context: ReportingContext, checked: CheckedReport) -> None:
    """Lock the unit and year of a report; lines that share a transaction were locked together before."""
    if context.shared_locks is None:
        async with context.position.enter(PipelineStep.LOCK_ROWS):  # in bulk: keep the order of the lines
            await lock_unit_year(context.session, context.territory, checked.content.unit, checked.period)


def _choose_roll_ups(
    context: ReportingContext,
    checked: CheckedReport,
    replaced_values: Collection[StatedValue] = (),
    *,
    of_whole_form: bool = False,
) -> RollUpRefresh:
    """Return the roll-ups that the values of a report are part of, and those of the report that it replaces.

    `of_whole_form`: every series of the form as well, because a nil report decides which of two stages counts.
    """
    catalogue, territory, period = context.engine.catalogue, context.territory, checked.period
    form, unit = checked.form.code, checked.content.unit
    nil = list_series_of_nil(catalogue, territory, form, unit, period) if of_whole_form else []
    values = [*nil, *replaced_values]
    return RollUpRefresh(
        catalogue,
        territory,
        period=period,
        standard=checked.standard,
        units=checked.units.union(value.unit for value in values),
        indicators=checked.indicators.union(value.indicator for value in values),
    )


async def _find_unknown_evidence(context: ReportingContext, content: ReportContent) -> list[Fault]:
    hashes = [file["sha256"] for file in content.evidence]
    stored = await store.find_known_evidence(context.session, hashes) if hashes else frozenset()
    return [
        make_fault(f"/evidence/{index}/sha256", "evidence_unknown", EVIDENCE_UNKNOWN)
        for index, sha256 in enumerate(hashes)
        if sha256 not in stored
    ]


def _body_order(fault: Fault) -> tuple[object, ...]:
    """Return a sort key that orders faults as the body is read: by the steps of their pointers, indexes as numbers."""
    steps = fault.pointer.split("/")[1:]
    return tuple((1, int(step), "") if _ORDINAL.fullmatch(step) else (0, 0, step) for step in steps)


async def _read_live_reports(
    context: ReportingContext, checked: CheckedReport, candidates: Collection[OverlapCandidate]
) -> Sequence[Report]:
    """Return the live reports with the same key, the latest first; most reports have none."""
    if checked.key[:3] not in {(report.unit, report.period, report.form) for report in candidates}:
        return ()
    return await store.read_live_reports(context.session, *checked.key)


def _find_identical(report: Report, live: Sequence[Report], supersedes: uuid.UUID | None) -> Report | None:
    """Return the live report with the same content: any one or, where a report is to be superseded, only the latest."""
    identical = next((other for other in live if other.content_sha256 == report.content_sha256), None)
    return identical if supersedes is None or (live and identical is live[0]) else None


async def _find_superseded(
    context: ReportingContext, checked: CheckedReport, latest: Report | None, supersedes: uuid.UUID | None
) -> uuid.UUID | None:
    """Return the id of the report that this one supersedes, if any; raises a problem unless it is the latest live one."""
    if latest is not None:
        if supersedes is None:
            raise ReportExists(report=to_reference(latest))
        if supersedes != latest.id:
            differences = find_differences(checked.values, await store.read_values(context.session, latest))
            split_key = context.engine.catalogue.split_key
            raise SupersedesNotLatest(
                latest=str(latest.id),
                report=to_reference(latest),
                differences=[
                    {**difference, **split_key(difference["indicator"])._asdict()}
                    for difference in differences[:MAX_DIFFERENCES_SHOWN]
                ],
                differences_count=len(differences),
            )
    elif supersedes is not None:
        superseded = await store.find_report(context.session, supersedes)
        if superseded is None or superseded.key != checked.key:
            raise ReportNotFound(report=str(supersedes), faults=_find_key_faults(superseded, checked))
    return supersedes


def _find_key_faults(superseded: Report | None, checked: CheckedReport) -> list[Fault]:
    """Return in what a report of the same unit is another one than that to be corrected; nothing of other units is told."""
    if superseded is None or superseded.unit != checked.content.unit:
        return []
    names = ("period", "form", "standard")
    return [
        make_fault(
            "/supersedes", "superseded_differs", SUPERSEDED_DIFFERS, member=name, named=named, stated=stated
        )
        for name, named, stated in zip(names, superseded.key[1:], checked.key[1:], strict=True)
        if named != stated
    ]


async def _write_with_overlaps(
    context: ReportingContext,
    report: Report,
    checked: CheckedReport,
    area: Area,
    compared: Collection[OverlapCandidate],
    latest: Report | None,
    *,
    has_other_stage: bool,
) -> RollUpRefresh:
    """Write the values, of which no compared report states any, in place of the latest report; return the roll-ups of both."""
    old = await store.read_values(context.session, latest) if latest else []
    report.counts = count_changes(checked.content.values, old)
    has_nil = report.nil or (latest is not None and latest.nil)
    roll_ups = _choose_roll_ups(context, checked, old, of_whole_form=has_other_stage and has_nil)
    await write_values_unless_overlapping(
        context.session,
        report,
        checked,
        roll_ups,
        area,
        compared=[other.report_id for other in compared],
        replaced_report=latest.id if latest else None,
    )
    return roll_ups


async def _put_into_effect(
    context: ReportingContext,
    report: Report,
    latest: Report | None,
    roll_ups: RollUpRefresh,
    *,
    has_other_stage: bool,
) -> None:
    """Lock the change feed, and write the report, which is in effect from this instant on, in place of the latest one.

    Where the preliminary and the official form are both reported the sums are made again: only now both are in effect.
    """
    session = context.session
    at = report.state_at = await _lock_feed(context)
    events = [to_event("report.submitted", report)]
    if latest is not None:
        await store.end_effect(session, latest, "provisional", at)
        if latest.state == "submitted":  # at most one report of a key is pending
            await store.move_to_state(session, latest, "superseded", at)
            await store.record_review(session, latest, "superseded", context.caller.client_id, at)
            events.append(to_event("report.superseded", latest))
    await write_report(session, report, events, context.engine.catalogue.forms[report.form].preliminary_of)
    if has_other_stage:
        await roll_ups.refresh(session, "provisional")
    else:
        await roll_ups.refresh_figures(session, "provisional")


async def _lock_feed(context: ReportingContext) -> datetime:
    """Lock the change feed, and return the instant of the change; lines that share a transaction lock it once."""
    shared = context.shared_locks
    if shared is not None and shared.feed_at is not None:
        return shared.feed_at
    async with context.position.enter(PipelineStep.LOCK_FEED):
        at = await lock_feed(context.session, context.clock)
    if shared is not None:
        shared.feed_at = at
    return at
