"""Rules of the revocation of a recognition. Pure: the recognition, the others of its unit, the criteria set and the day in.

What the body alone shows is a fault of the body. Too few criteria that are no longer met are a broken rule: refused with
its clause, or set aside by a recorded exception. A recognition that a higher level requires is never revoked before it.

    Conflict
    ├── RuleBroken
    │   └── RevocationGroundsInsufficient revocation_grounds_insufficient  too few criteria are no longer met
    ├── RecognitionRevoked                recognition_revoked
    ├── RecognitionReplaced               recognition_replaced             recognized again: revoke the later decision
    └── HigherLevelInForce                recognition_supports_higher      revoke the higher level first
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from services.rural.criteria.sets import CriteriaSet, CriteriaSets
from services.rural.recognitions.rules import RegisteredRecognition
from services.rural.rules import DecisionDays, RuleBroken, find_effective_day_faults
from shared.kit.problems import Conflict, Fault, Sentence, make_fault

REVOKED_BEFORE_RECOGNITION = Sentence(
    "Quyết định thu hồi đề ngày {date}, trước quyết định công nhận ({decided_on}).",
    "The revocation is dated {date}, before the recognition ({decided_on}).",
)
REVOKED_BEFORE_EFFECT = Sentence(
    "Quyết định thu hồi có hiệu lực ngày {effective_on}, trước ngày quyết định công nhận có hiệu lực ({recognized_from}).",
    "The revocation takes effect on {effective_on}, before the recognition does ({recognized_from}).",
)
CRITERION_UNKNOWN = Sentence(
    "Bộ tiêu chí {set} không có tiêu chí số {number}.", "The set {set} has no criterion {number}."
)


class RevocationGroundsInsufficient(RuleBroken):
    """Too few criteria are no longer met, or none of those that the rule names is among them."""

    code = "revocation_grounds_insufficient"
    detail = Sentence(
        "{unmet} trên {of} tiêu chí không còn đạt, chưa đủ căn cứ thu hồi ({clause}).",
        "{unmet} of {of} criteria no longer met are not sufficient grounds for a revocation ({clause}).",
    )


class RecognitionRevoked(Conflict):
    """Another decision has revoked the recognition."""

    code = "recognition_revoked"
    detail = Sentence(
        "Quyết định công nhận đã bị thu hồi từ ngày {revoked_on}.",
        "The recognition was revoked on {revoked_on}.",
    )


class RecognitionReplaced(Conflict):
    """A later decision recognized the unit again at this level before the day of the revocation."""

    code = "recognition_replaced"
    detail = Sentence(
        "Đơn vị đã được công nhận lại ở mức này ngày {replaced_on}; hãy thu hồi quyết định sau.",
        "The unit was recognized again at this level on {replaced_on}; revoke the later decision.",
    )


class HigherLevelInForce(Conflict):
    """A recognition in force at a higher level requires this one."""

    code = "recognition_supports_higher"
    detail = Sentence(
        "Mức {higher} còn hiệu lực dựa trên quyết định công nhận này; hãy thu hồi mức đó trước.",
        "The level {higher} is in force and requires this recognition; revoke that level first.",
    )


def find_revocation_faults(
    recognized: DecisionDays,
    revoked: DecisionDays,
    unmet: Sequence[int],
    criteria_set: CriteriaSet | None,
    unread: Collection[str] = (),
) -> Iterator[Fault]:
    """Yield the faults that the body alone shows; fields in `unread` are at fault already.

    `recognized` are the days of the recognition, `revoked` those of the revocation. Without a criteria set (None: this
    installation no longer has it) the numbers of criteria are not checked.
    """
    yield from find_effective_day_faults(revoked, unread)
    if "decision" not in unread and revoked.decided_on < recognized.decided_on:
        yield make_fault(
            "/decision/date",
            "revoked_before_recognition",
            REVOKED_BEFORE_RECOGNITION,
            date=revoked.decided_on,
            decided_on=recognized.decided_on,
        )
    elif (
        not {"decision", "effective_on"}.intersection(unread)
        and revoked.effective_on < recognized.effective_on
    ):
        facts = {"effective_on": revoked.effective_on, "recognized_from": recognized.effective_on}
        yield make_fault("/effective_on", "revoked_before_effect", REVOKED_BEFORE_EFFECT, **facts)
    if criteria_set is None or "unmet" in unread:
        return
    for index, number in enumerate(unmet):
        if not 1 <= number <= (criteria_set.criteria_count or 0):
            yield make_fault(
                f"/unmet/{index}",
                "criterion_unknown",
                CRITERION_UNKNOWN,
                set=criteria_set.code,
                number=number,
            )


def find_broken_rules(criteria_set: CriteriaSet | None, unmet: Collection[int], on: date) -> list[RuleBroken]:
    """Return the rule that is broken where the unmet criteria are not sufficient; none where the set has no rule."""
    if criteria_set is None:
        return []
    grounds, total = criteria_set.select_grounds(on), criteria_set.criteria_count or 0
    if not grounds or any(ground.applies_to(unmet, total) for ground in grounds):
        return []
    clause = "; ".join(ground.legal_basis for ground in grounds)
    confidence = "; ".join(dict.fromkeys(ground.confidence for ground in grounds))
    return [
        RevocationGroundsInsufficient(unmet=len(set(unmet)), of=total, clause=clause, confidence=confidence)
    ]


def compare_unmet(named: Collection[int], assessed: Collection[int]) -> tuple[list[int], list[int]]:
    """Return the criteria that only the revocation names as unmet, and those that only the assessment finds unmet."""
    return sorted(set(named) - set(assessed)), sorted(set(assessed) - set(named))


def refuse_replaced(recognition: RegisteredRecognition, revoked_on: date) -> None:
    """Raise `RecognitionReplaced` where a later decision at the level replaced the recognition by that day."""
    if recognition.replaced_on is not None and recognition.replaced_on <= revoked_on:
        raise RecognitionReplaced(replaced_on=recognition.replaced_on.isoformat())


def refuse_required_by_higher(
    recognition: RegisteredRecognition,
    revoked_on: date,
    registered: Sequence[RegisteredRecognition],
    sets: CriteriaSets,
) -> None:
    """Raise `HigherLevelInForce` where a higher level requires the recognition and no other at its level is in force."""
    others = [other for other in registered if other.id != recognition.id]
    if any(other.level == recognition.level and other.is_in_force(revoked_on) for other in others):
        return
    for other in others:
        criteria_set = sets.get(other.criteria_set)
        requires = criteria_set is not None and criteria_set.needs == recognition.level
        if requires and not other.has_ended(revoked_on):
            raise HigherLevelInForce(recognition=other.id, higher=other.level)
