"""The figures that count exits from special difficulty, for the reporting engine."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.classifications.queries import ExitCause, RecognitionRules, find_exits, name_cause
from services.ethnic.classifications.store import PATH
from services.ethnic.recognitions.store import FEED
from shared.kit.feed_consumer import cursor
from shared.kit.feed_consumer.api import FeedState, read_consumer_state
from shared.kit.problems import Sentence
from shared.reporting.engine import Caveat, CountScope, RegisterCount, RegisterCounter
from shared.reporting.register_rows import format_lineage

FIGURES: Mapping[str, ExitCause | None] = {
    "communes_left_special_difficulty": None,
    "communes_left_by_decision": "decision",
    "communes_left_by_recognition": "recognition",
}
"""The cause of the exits that each figure counts; None: all exits, each commune once."""

EVENT_TYPES = frozenset({"commune.classified", "commune.recognition_heard", "commune.recognition_revoked"})
"""Types of the events that may change a figure."""

FEED_PROBLEMS: Mapping[FeedState, Sentence] = {
    "off": Sentence("chưa được theo dõi", "are not followed"),
    "silent": Sentence(
        "không nhận được vì dịch vụ không trả lời", "cannot be received: the service does not answer"
    ),
    "refused": Sentence(
        "không nhận được vì bị từ chối", "cannot be received: the service refuses the client"
    ),
    "rewound": Sentence(
        "không còn khớp với những gì đã nhận (đã khôi phục từ bản sao lưu cũ hơn)",
        "no longer agree with what was received (restored from an older backup)",
    ),
    "stuck": Sentence("có nội dung không hiểu được", "contain an event that cannot be read"),
}
RECOGNITIONS_MISSING = Sentence(
    "Các quyết định công nhận của chương trình nông thôn mới {problem}: có thể thiếu xã ra khỏi địa bàn do được công nhận.",
    "The recognitions of the new rural program {problem}: exits by recognition may be missing.",
)


def make_exit_counter(rules: RecognitionRules) -> RegisterCounter:
    """Return the function that counts the exits of a scope by figure."""

    async def count_exits(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        caveat = await _find_caveat(session, rules, scope.as_of)
        exits = await find_exits(session, rules, scope.units, scope.period, scope.as_of)
        causes = [name_cause(status) for status in exits]
        return {
            figure: RegisterCount(
                len(causes) if cause is None else causes.count(cause), _to_lineage(scope, cause), caveat
            )
            for figure, cause in FIGURES.items()
        }

    return count_exits


async def _find_caveat(
    session: AsyncSession, rules: RecognitionRules, as_of: datetime | None
) -> Caveat | None:
    """Return the caveat that recognitions may be missing; None where all were received by the instant."""
    feed = await cursor.find_cursor(session, FEED) if rules.feed_followed else None
    state = read_consumer_state(feed, on=rules.feed_followed)
    problem = FEED_PROBLEMS.get(state)
    complete = (
        feed is not None and feed.reached_at is not None and as_of is not None and as_of < feed.reached_at
    )
    if problem is None or complete:
        return None
    return Caveat(f"recognitions_{state}", RECOGNITIONS_MISSING.filled(problem=problem))


def _to_lineage(scope: CountScope, cause: ExitCause | None) -> str:
    filters = {"left_in": str(scope.period)}
    if cause is not None:
        filters["left_by"] = cause
    return format_lineage(PATH, scope, **filters)
