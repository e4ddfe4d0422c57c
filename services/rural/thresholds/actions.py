"""The action on tables of thresholds: replace the table of a province. One transaction, under the lock of the feed."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.rural.criteria.explanations import SOURCED
from services.rural.criteria.rules import UNKNOWN_REGION, AssessmentArea, find_threshold
from services.rural.criteria.sets import CriteriaSets, CriterionIndicator
from services.rural.criteria.thresholds import Threshold, Thresholds
from services.rural.models import ThresholdTable
from services.rural.thresholds import store
from services.rural.thresholds.comparison import ChangedVerdict, find_changed_verdicts
from services.rural.thresholds.rules import find_row_faults
from services.rural.thresholds.schemas import ThresholdTableIn, iterate_rows
from shared.kit.canonical_text import canonicalize
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.problems import (
    Fault,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Sentence,
    make_fault,
)
from shared.reporting.context import ReportingContext
from shared.reporting.registers import locate_body_unit, require_valid
from shared.territory.tree import Territory
from shared.territory.units import Level, Unit

LEVELS: tuple[Level, ...] = ("province",)
"""QĐ 318/QĐ-TTg leaves thresholds to the People's Committee of the province."""

UNIT_OUTSIDE = Sentence(
    "Đơn vị {unit} không thuộc {province} vào ngày {on}.", "The unit {unit} is not in {province} on {on}."
)


class ThresholdTableNotFound(NotFound):
    """The province has no table of this number."""

    code = "threshold_table_not_found"
    detail = Sentence(
        "Đơn vị {unit} chưa có bảng ngưỡng này.", "The unit {unit} has no such table of thresholds."
    )


@dataclass(frozen=True)
class ReplacedTable:
    """The table before and the recorded one, and the accepted verdicts that differ by it."""

    before: ThresholdTable | None
    table: ThresholdTable
    changed_verdicts: list[ChangedVerdict]

    @property
    def is_unchanged(self) -> bool:
        """Whether the table in use was posted again."""
        return self.before is self.table


async def replace_table(
    context: ReportingContext,
    draft: PartialBody[ThresholdTableIn],
    unit: str,
    if_match: str | None,
    sets: CriteriaSets,
    shipped: Thresholds,
) -> ReplacedTable:
    """Insert the table of a province, or return the latest one where it is the same. Raise every fault of the body."""
    decision = draft.body.decision
    located = await locate_body_unit(context, draft, unit, decision.date, levels=LEVELS, dated_by="decision")
    rows = list(iterate_rows(draft, unit))
    faults = [*find_row_faults(rows, sets)]
    if "decision" not in draft.unread:
        units = ((row.ordinal, row.threshold.area) for row in rows if "unit" not in row.unread)
        faults += _find_unit_faults(context.territory, unit, decision.date, units)
    province = require_valid(context, draft, located, faults, decided_on=decision.date)

    at = await lock_feed(context.session, context.clock)
    before = await store.read_latest_table(context.session, province.land)
    _require_version(if_match, before)
    thresholds = [store.to_stored(row.threshold) for row in rows]
    table = ThresholdTable(
        id=uuid7(at),
        **province.to_columns(),
        number=before.number + 1 if before else 1,
        decision_number=decision.number,
        decision_date=decision.date,
        thresholds=thresholds,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    if before is not None and _to_content(before) == _to_content(table):
        return ReplacedTable(before, before, [])
    context.session.add(table)
    await context.session.flush()
    data = {
        "unit": unit,
        "number": table.number,
        "decision": {"number": decision.number, "date": decision.date.isoformat()},
    }
    await publish_events(context.session, at, [Event("thresholds.replaced", f"thresholds/{unit}", data)])
    years = {
        year
        for row in (*thresholds, *(before.thresholds if before else ()))
        for year in range(row["first_year"], row["last_year"] + 1)
    }
    changed = await find_changed_verdicts(context, sets, shipped, province.unit, years)
    return ReplacedTable(before, table, changed)


def make_tag(table: ThresholdTable | None) -> str:
    """Return the strong ETag of a table; None: the province has none."""
    if table is None:
        return '"0"'
    content = json.dumps(_to_content(table), default=str, sort_keys=True).encode()
    return f'"{table.number}-{hashlib.sha256(content).hexdigest()[:12]}"'


def find_province(territory: Territory, code: str, on: date) -> Unit:
    """Return the unit of a code on a day, or its latest version. Raise `UnknownUnit` for a code that was never one."""
    versions = territory.versions(code)
    return next((version for version in versions if version.is_valid_on(on)), versions[-1])


def list_thresholds(
    sets: CriteriaSets, thresholds: Thresholds, territory: Territory, unit: str, year: int, on: date
) -> tuple[str | None, list[tuple[CriterionIndicator, Threshold | None]]]:
    """Return the region of a unit of a day, and each number of the year that has thresholds with its own."""
    line = territory.line(unit, on)
    region = thresholds.find_region(line, on)
    area = AssessmentArea(year, on, (*line, region) if region else line, region, UNKNOWN_REGION)
    numbers = (
        number
        for criteria_set in sets.values()
        if criteria_set.includes_year(year)
        for number in criteria_set.numbers
        if not number.passes
    )
    return region, [(number, find_threshold(number, area, thresholds)) for number in numbers]


def is_unsure(threshold: Threshold | None) -> bool:
    """Whether a threshold was not checked against the document; a missing one is not unsure."""
    return threshold is not None and not threshold.confidence.startswith(SOURCED)


def _find_unit_faults(
    territory: Territory, province: str, on: date, units: Iterator[tuple[int, str]]
) -> Iterator[Fault]:
    for ordinal, code in units:
        if code != province and not (
            territory.find(code, on) is not None and territory.is_within(code, province, on)
        ):
            at = f"/thresholds/{ordinal}/unit"
            yield make_fault(at, "unit_outside_province", UNIT_OUTSIDE, unit=code, province=province, on=on)


def _require_version(if_match: str | None, before: ThresholdTable | None) -> None:
    tag = make_tag(before)
    if if_match is None:
        if before is not None:
            raise PreconditionRequired(version=tag)
    elif not {text.strip() for text in if_match.split(",")} & {tag, "*"}:
        raise PreconditionFailed(version=tag)


def _to_content(table: ThresholdTable) -> tuple[object, ...]:
    ordered = sorted(table.thresholds, key=lambda row: json.dumps(row, sort_keys=True))
    return (canonicalize(table.decision_number), table.decision_date, ordered)
