"""Rules that a decision breaks: refused with their clauses, or set aside by a recorded exception.

Conflict
└── RuleBroken              the first broken rule; all of them in `rules`, each with its clause
Forbidden
└── ExceptionNotAllowed     exception_not_allowed
"""

from collections.abc import Collection, Sequence

from shared.kit.problems import Conflict, Forbidden, Sentence

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
