"""How communes stand, all considered: what decisions say, and what the rule makes of them by recognitions that were heard."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.classifications import store
from services.ethnic.recognitions.rules import Consequence, Standing, left_between, standing_on
from services.ethnic.recognitions.store import FEED
from shared.kit.feed_consumer import cursor
from shared.kit.feed_consumer.api import State, read_consumer_state
from shared.kit.problems import Sentence
from shared.periods import Period
from shared.reporting.basis import to_rfc3339
from shared.reporting.engine import Caveat, CountScope, RegisterCount, RegisterCounter
from shared.reporting.registers import topmost_units

LeftBy = Literal["decision", "recognition"]

LEFT: Mapping[str, LeftBy | None] = {
    "communes_left_special_difficulty": None,
    "communes_left_by_decision": "decision",
    "communes_left_by_recognition": "recognition",
}
"""The figures that are counted here, and the part of the exits that each counts. None: all, each commune once."""

CHANGES = frozenset({"commune.classified", "commune.recognition_heard", "commune.recognition_revoked"})
"""The changes of the feed that tell of classifications, and of what the rule makes of recognitions."""

WHY_UNHEARD: Mapping[State, Sentence] = {
    "off": Sentence("chưa được theo dõi", "are not followed"),
    "silent": Sentence(
        "không nhận được vì dịch vụ không trả lời", "cannot be heard, the service does not answer"
    ),
    "refused": Sentence("không nhận được vì bị từ chối", "cannot be heard, the service lets nobody in"),
    "rewound": Sentence(
        "không còn khớp với những gì đã nhận (đã khôi phục từ bản sao lưu cũ hơn)",
        "are no more those that were heard (restored from an older backup)",
    ),
    "stuck": Sentence("có nội dung không hiểu được", "hold one that is not understood"),
}
UNHEARD = Sentence(
    "Các quyết định công nhận của chương trình nông thôn mới {why}: có thể thiếu xã ra khỏi địa bàn do được công nhận.",
    "The recognitions of the new rural program {why}: exits by recognition may be missing.",
)


@dataclass(frozen=True)
class Rulebook:
    """The rule of this installation, and whether recognitions are followed in it."""

    consequences: tuple[Consequence, ...]
    followed: bool


async def standings(
    session: AsyncSession, rulebook: Rulebook, units: Collection[str], on: date, as_of: datetime | None
) -> list[Standing]:
    """Tell how the classified communes in units of a day stand on it. Two statements."""
    every = await store.timelines(session, units, on, as_of)
    found = (standing_on(on, one.decisions, one.recognitions, rulebook.consequences) for one in every)
    return [standing for standing in found if standing is not None]


async def exits(
    session: AsyncSession,
    rulebook: Rulebook,
    units: Collection[str],
    period: Period,
    as_of: datetime | None,
    by: LeftBy | None = None,
) -> list[Standing]:
    """Tell how the communes stand that left special difficulty within a period and are out at its end. Two statements."""
    first, last = period.starts_on, period.ends_on
    every = await store.timelines(session, units, last, as_of)
    found = (
        left_between(first, last, one.decisions, one.recognitions, rulebook.consequences) for one in every
    )
    return [standing for standing in found if standing is not None and by in (None, _left_by(standing))]


def _left_by(standing: Standing) -> LeftBy:
    return "recognition" if standing.out_by_recognition else "decision"


def counting(rulebook: Rulebook) -> RegisterCounter:
    """Build the register's count for the engine."""

    async def count(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        caveat = await _caveat(session, rulebook, scope.as_of)
        out = await exits(session, rulebook, scope.units, scope.period, scope.as_of)
        parts = [_left_by(standing) for standing in out]
        return {
            figure: RegisterCount(len(parts) if by is None else parts.count(by), _lineage(scope, by), caveat)
            for figure, by in LEFT.items()
        }

    return count


async def _caveat(session: AsyncSession, rulebook: Rulebook, as_of: datetime | None) -> Caveat | None:
    """Say that recognitions cannot be heard; nothing was missing from what was known while they could."""
    row = await cursor.current(session, FEED) if rulebook.followed else None
    state = read_consumer_state(row, on=rulebook.followed)
    why = WHY_UNHEARD.get(state)
    heard_since = (
        row is not None and row.reached_at is not None and as_of is not None and as_of < row.reached_at
    )
    if why is None or heard_since:
        return None
    return Caveat(f"recognitions_{state}", UNHEARD.filled(why=why))


def _lineage(scope: CountScope, by: LeftBy | None) -> str:
    query = {"unit": topmost_units(scope.units), "left_in": str(scope.period)}
    if by is not None:
        query["left_by"] = by
    if scope.as_of:
        query["as_of"] = to_rfc3339(scope.as_of) or ""
    return f"{store.PATH}?{urlencode(query, safe=',:')}"
