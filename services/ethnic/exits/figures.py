"""The figures that count exits from special difficulty, for the reporting engine."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.areas.rules import AreaRules
from services.ethnic.exits.queries import read_exits
from services.ethnic.exits.rules import ExitGround, ExitLevel, ExitState, JudgedExit
from services.ethnic.exits.store import PATH
from services.ethnic.recognitions.store import FEED
from shared.kit.feed_consumer import cursor
from shared.kit.feed_consumer.api import FeedState, read_consumer_state
from shared.kit.problems import Sentence
from shared.reporting.engine import Caveat, CountScope, RegisterCount, RegisterCounter, ScopesCounter
from shared.reporting.register_rows import format_lineage
from shared.territory.units import to_commune_code


class ExitFilter(NamedTuple):
    """The exits that a figure counts."""

    level: ExitLevel
    state: ExitState = "counted"
    ground: ExitGround | None = None
    """None: any."""

    def admits(self, judged: JudgedExit) -> bool:
        """Whether an exit is counted."""
        return (
            judged.exit.level == self.level
            and judged.state == self.state
            and self.ground in (None, judged.exit.ground)
        )

    def to_query(self) -> dict[str, str]:
        """Return the parameters of the list of these exits."""
        query = {"level": str(self.level), "state": str(self.state)}
        return query if self.ground is None else {**query, "ground": self.ground}


FIGURES: Mapping[str, ExitFilter] = {
    "communes_left_special_difficulty": ExitFilter("commune"),
    "communes_left_by_decision": ExitFilter("commune", ground="taken_off_list"),
    "communes_left_by_recognition": ExitFilter("commune", ground="recognized"),
    "communes_left_by_merger": ExitFilter("commune", ground="merged"),
    "communes_leaving_pending": ExitFilter("commune", "pending"),
    "villages_left_special_difficulty": ExitFilter("village"),
    "villages_leaving_pending": ExitFilter("village", "pending"),
}
"""The exits that each figure counts."""

EVENT_TYPES = frozenset(
    {
        "commune.classified",
        "list.recorded",
        "exit.reviewed",
        "commune.recognition_heard",
        "commune.recognition_revoked",
        "village.recognition_heard",
        "village.recognition_revoked",
    }
)
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
EXITS_PENDING = Sentence(
    "Còn {pending} trường hợp chờ cán bộ xác nhận, chưa tính vào số này.",
    "{pending} exits wait for an officer and are not counted here.",
)


def make_exit_counters(rules: AreaRules) -> tuple[RegisterCounter, ScopesCounter]:
    """Return the functions that count the exits of a scope, and of many, by figure."""

    async def count_exits(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        missing = await _find_caveat(session, rules, scope.as_of)
        exits, _ = await read_exits(session, rules, scope.units, scope.period, scope.as_of)
        return _count(scope, exits, missing)

    async def count_exits_in_scopes(
        session: AsyncSession, scopes: Sequence[CountScope]
    ) -> list[dict[str, RegisterCount]]:
        first = scopes[0]
        units = frozenset().union(*(scope.units for scope in scopes))
        missing = await _find_caveat(session, rules, first.as_of)
        exits, _ = await read_exits(session, rules, units, first.period, first.as_of)
        if any(_find_place(judged) not in units for judged in exits):  # it lies in a unit of another code
            return [await count_exits(session, scope) for scope in scopes]
        return [
            _count(scope, [judged for judged in exits if _find_place(judged) in scope.units], missing)
            for scope in scopes
        ]

    return count_exits, count_exits_in_scopes


def _find_place(judged: JudgedExit) -> str:
    """Return the code of the commune of an exit; of a village that of its commune."""
    return to_commune_code(judged.exit.unit) or judged.exit.unit


def _count(
    scope: CountScope, exits: Sequence[JudgedExit], missing: Caveat | None
) -> dict[str, RegisterCount]:
    return {
        figure: RegisterCount(
            sum(exit_filter.admits(judged) for judged in exits),
            format_lineage(PATH, scope, period=str(scope.period), **exit_filter.to_query()),
            missing or _warn_of_pending(exits, exit_filter),
        )
        for figure, exit_filter in FIGURES.items()
    }


def _warn_of_pending(exits: Sequence[JudgedExit], exit_filter: ExitFilter) -> Caveat | None:
    """Return the caveat that exits like those of a figure wait for an officer; None where none do."""
    if exit_filter.state == "pending":
        return None
    pending = sum(exit_filter._replace(state="pending").admits(judged) for judged in exits)
    return Caveat("exits_pending", EXITS_PENDING.filled(pending=pending)) if pending else None


async def _find_caveat(session: AsyncSession, rules: AreaRules, as_of: datetime | None) -> Caveat | None:
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
