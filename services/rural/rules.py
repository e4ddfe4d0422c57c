"""Rules of every decision: the day on which it takes effect, and the rules that it may break.

A broken rule is refused with its clause, or set aside by a recorded exception.

Conflict
└── RuleBroken              the first broken rule; all of them in `rules`, each with its clause
Forbidden
└── ExceptionNotAllowed     exception_not_allowed
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shared.kit.problems import Conflict, Fault, Forbidden, Sentence, make_fault

LONGEST_DELAY = timedelta(days=366)
"""The longest time from a decision to its effect: a later day is taken for a typing error."""

EFFECTIVE_BEFORE_DECISION = Sentence(
    "Ngày có hiệu lực {effective_on} trước ngày quyết định {date}.",
    "It takes effect on {effective_on}, before the decision is dated ({date}).",
)
EFFECTIVE_TOO_LATE = Sentence(
    "Ngày có hiệu lực {effective_on} sau ngày quyết định {date} hơn {days} ngày.",
    "It takes effect on {effective_on}, more than {days} days after the decision is dated ({date}).",
)

EXCEPTION_SCOPES = frozenset({"register", "review"})
"""Scopes that a caller needs, all of them, to record an exception."""


class RuleBroken(Conflict):
    """A decision breaks a rule. The facts hold the `clause` behind the rule and its `confidence`."""


class ExceptionNotAllowed(Forbidden):
    """The caller has not all scopes that an exception requires."""

    code = "exception_not_allowed"
    detail = Sentence(
        "Chỉ cán bộ có quyền duyệt (review) được ghi nhận ngoại lệ.",
        "Only a client that may also review can record an exception.",
    )


@dataclass(frozen=True, slots=True)
class DecisionDays:
    """The date of a decision, and the day on which it takes effect."""

    decided_on: date
    effective_on: date


def find_effective_day_faults(days: DecisionDays, unread: Collection[str] = ()) -> Iterator[Fault]:
    """Yield the fault of a decision that takes effect before its date or long after it."""
    if {"decision", "effective_on"}.intersection(unread):
        return
    facts: dict[str, object] = {"effective_on": days.effective_on, "date": days.decided_on}
    if days.effective_on < days.decided_on:
        yield make_fault("/effective_on", "effective_before_decision", EFFECTIVE_BEFORE_DECISION, **facts)
    elif days.effective_on - days.decided_on > LONGEST_DELAY:
        facts = {**facts, "days": LONGEST_DELAY.days}
        yield make_fault("/effective_on", "effective_too_late", EFFECTIVE_TOO_LATE, **facts)


def accept_exception(
    broken_rules: Sequence[RuleBroken], reason: str | None, scopes: Collection[str]
) -> str | None:
    """Return the reason for which broken rules are set aside; None where no rule is broken.

    Raise the first broken rule, with all of them in `rules`, where no reason is given; raise `ExceptionNotAllowed`
    where the caller's scopes do not suffice.
    """
    if not broken_rules:
        return None
    if reason is None:
        rules = [
            {"code": rule.code, "clause": rule.facts["clause"], "confidence": rule.facts["confidence"]}
            for rule in broken_rules
        ]
        raise type(broken_rules[0])(**broken_rules[0].facts, rules=rules)
    if not set(scopes) >= EXCEPTION_SCOPES:
        raise ExceptionNotAllowed(scopes=sorted(EXCEPTION_SCOPES))
    return reason
