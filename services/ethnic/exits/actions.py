"""The action on exits: confirm or reject one."""

from services.ethnic.areas.rules import AreaRules
from services.ethnic.exits.queries import read_exits
from services.ethnic.exits.rules import JudgedExit, find_review_faults
from services.ethnic.exits.schemas import ExitReviewIn
from services.ethnic.models import ExitReview
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.periods import ONE_DAY, Period, PeriodKind
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, expand_units, locate_body_unit, require_valid


async def review_exit(
    context: ReportingContext, draft: PartialBody[ExitReviewIn], rules: AreaRules
) -> RegisterResult[ExitReview]:
    """Insert a verdict on an exit, or return the same one. Raise every fault of the body; the exit must be one."""
    body = draft.body
    day_before = body.left_on - ONE_DAY if "left_on" not in draft.unread else body.left_on
    located = await locate_body_unit(
        context, draft, body.unit, day_before, levels=("commune", "village"), dated_by="left_on"
    )
    unit = require_valid(context, draft, located)
    at = await lock_feed(context.session, context.clock)
    judged, previous = await _find_exit(context, rules, unit.line[-1], body)
    key = (body.unit, body.left_on, body.ground)
    raise_if_any(find_review_faults(judged.exit if judged else None, key))
    assert judged is not None, "without an exit there is a fault"
    if previous is not None and (previous.verdict, previous.reason) == (body.verdict, body.reason):
        return RegisterResult(previous, created=False)
    row = ExitReview(
        id=uuid7(at),
        **unit.to_columns(),
        left_on=body.left_on,
        ground=body.ground,
        verdict=body.verdict,
        reason=body.reason,
        decision_number=judged.exit.listing.decision_number,
        decision_date=judged.exit.listing.decided_on,
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    context.session.add(row)
    await context.session.flush()
    data = {
        "unit": row.unit,
        "left_on": row.left_on.isoformat(),
        "ground": row.ground,
        "verdict": row.verdict,
        "decision": {"number": row.decision_number, "date": row.decision_date.isoformat()},
    }
    await publish_events(context.session, at, [Event("exit.reviewed", f"exits/reviews/{row.id}", data)])
    return RegisterResult(row, created=True)


async def _find_exit(
    context: ReportingContext, rules: AreaRules, province: str, body: ExitReviewIn
) -> tuple[JudgedExit | None, ExitReview | None]:
    """Return the exit of a verdict and the latest verdict on it: an exit of the year, or of a part of it, that has the day."""
    for period in Period.from_day(body.left_on, PeriodKind.YEAR).with_subperiods():
        if not period.starts_on <= body.left_on <= period.ends_on:
            continue
        root = context.territory.unit_or_successor(province, period.ends_on).code
        units = expand_units(context.territory, [root], period.ends_on)
        exits, reviews = await read_exits(context.session, rules, units, period, None)
        for judged in exits:
            if judged.exit.key == (body.unit, body.left_on, body.ground):
                return judged, reviews.get(judged.exit.key)
    return None, None
