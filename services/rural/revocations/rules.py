"""When a recognition may be revoked. Pure: the recognition, what else is known of its unit, the set and the day in.

What a body alone shows is a fault of the body. That the criteria no longer met are too few is a broken rule: refused with
its clause, or set aside by a recorded exception. What stands on a recognition is never excused.

    Conflict
    ├── RuleBroken
    │   └── GroundsInsufficient revocation_grounds_insufficient  too few criteria are no longer met
    ├── AlreadyRevoked          recognition_revoked
    ├── AlreadyReplaced         recognition_replaced             recognized again since: revoke the later decision
    └── HigherLevelStands       recognition_supports_higher      what stands on it has to be revoked first
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from services.rural.criteria.sets import CriteriaSet, CriteriaSets
from services.rural.exceptions.rules import RuleBroken
from services.rural.recognitions.rules import Known
from shared.kit.problems import Conflict, Fault, Sentence, make_fault

REVOKED_BEFORE = Sentence(
    "Quyết định thu hồi đề ngày {date}, trước quyết định công nhận ({decided_on}).",
    "The revocation of {date} is dated before the recognition of {decided_on}.",
)
CRITERION_UNKNOWN = Sentence(
    "Bộ tiêu chí {set} không có tiêu chí số {number}.", "The set {set} has no criterion {number}."
)


class GroundsInsufficient(RuleBroken):
    """Fewer criteria are no longer met than a revocation wants, or none of those among them that it wants."""

    code = "revocation_grounds_insufficient"
    detail = Sentence(
        "{unmet} trên {of} tiêu chí không còn đạt, chưa đủ căn cứ thu hồi ({clause}).",
        "{unmet} of {of} criteria no longer met are no ground for a revocation ({clause}).",
    )


class AlreadyRevoked(Conflict):
    """It was revoked, by another decision."""

    code = "recognition_revoked"
    detail = Sentence(
        "Quyết định công nhận đã bị thu hồi từ ngày {revoked_on}.",
        "The recognition was revoked on {revoked_on}.",
    )


class AlreadyReplaced(Conflict):
    """The unit was recognized again at this level before the day of the revocation."""

    code = "recognition_replaced"
    detail = Sentence(
        "Đơn vị đã được công nhận lại ở mức này ngày {replaced_on}; hãy thu hồi quyết định sau.",
        "The unit was recognized again at this level on {replaced_on}; revoke the later decision.",
    )


class HigherLevelStands(Conflict):
    """A higher recognition in force stands on this one."""

    code = "recognition_supports_higher"
    detail = Sentence(
        "Mức {higher} còn hiệu lực dựa trên quyết định công nhận này; hãy thu hồi mức đó trước.",
        "The level {higher} stands on this recognition; revoke that one first.",
    )


def faults_of(
    decided_on: date,
    revoked_on: date,
    unmet: Sequence[int],
    under: CriteriaSet | None,
    unread: Collection[str] = (),
) -> Iterator[Fault]:
    """Give what is wrong with a revocation; fields in `unread` are known to be at fault already.

    Of a set that this installation no longer knows (None) no criterion is, and nothing is held against it.
    """
    if "decision" not in unread and revoked_on < decided_on:
        yield make_fault(
            "/decision/date",
            "revoked_before_recognition",
            REVOKED_BEFORE,
            date=revoked_on,
            decided_on=decided_on,
        )
    if under is None or "unmet" in unread:
        return
    for at, number in enumerate(unmet):
        if not 1 <= number <= (under.criteria_count or 0):
            yield make_fault(
                f"/unmet/{at}", "criterion_unknown", CRITERION_UNKNOWN, set=under.code, number=number
            )


def broken_rules(under: CriteriaSet | None, unmet: Collection[int], on: date) -> list[RuleBroken]:
    """Give the rule that is broken where the criteria no longer met are no ground; none where the set knows no grounds."""
    if under is None:
        return []
    grounds, of = under.select_grounds(on), under.criteria_count or 0
    if not grounds or any(ground.applies_to(unmet, of) for ground in grounds):
        return []
    clause = "; ".join(ground.legal_basis for ground in grounds)
    sure = "; ".join(dict.fromkeys(ground.confidence for ground in grounds))
    return [GroundsInsufficient(unmet=len(set(unmet)), of=of, clause=clause, confidence=sure)]


def apart(named: Collection[int], unmet: Collection[int]) -> tuple[list[int], list[int]]:
    """Tell where a revocation and an assessment differ: the criteria only the one names, and those only the other lacks."""
    return sorted(set(named) - set(unmet)), sorted(set(unmet) - set(named))


def refuse_replaced(revoked: Known, revoked_on: date) -> None:
    """Refuse to revoke what a later decision at its level had replaced by that day."""
    if revoked.replaced_on is not None and revoked.replaced_on <= revoked_on:
        raise AlreadyReplaced(replaced_on=revoked.replaced_on.isoformat())


def refuse_to_undercut(revoked: Known, revoked_on: date, others: Sequence[Known], sets: CriteriaSets) -> None:
    """Refuse to revoke what a higher recognition in force stands on, unless another of the same level holds too."""
    remaining = [it for it in others if it.id != revoked.id]
    if any(it.level == revoked.level and it.in_force(revoked_on) for it in remaining):
        return
    for it in remaining:
        under = sets.get(it.criteria_set)
        if under is not None and under.needs == revoked.level and it.holds_after(revoked_on):
            raise HigherLevelStands(recognition=it.id, higher=it.level)
