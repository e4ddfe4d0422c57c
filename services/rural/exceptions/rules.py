"""What happens where a rule is broken. Pure: the broken rules, who asks and their reason in; a reason kept, or a refusal.

Conflict
└── RuleBroken              the first broken rule; all of them in `rules`, each with its clause
Forbidden
└── ExceptionNotAllowed     exception_not_allowed
"""

from collections.abc import Collection, Sequence

from shared.kit.problems import Conflict, Forbidden, Sentence

MAY_EXCUSE = frozenset({"register", "review"})
"""Scopes that an officer has who may set a rule aside."""


class RuleBroken(Conflict):
    """The register or an assessment shows that it may not be; the facts name the clause and how sure it is."""


class ExceptionNotAllowed(Forbidden):
    """An exception wants an officer who may also review."""

    code = "exception_not_allowed"
    detail = Sentence(
        "Chỉ cán bộ có quyền duyệt (review) được ghi nhận ngoại lệ.",
        "Only a client that may also review records an exception.",
    )


def excused(broken: Sequence[RuleBroken], reason: str | None, scopes: Collection[str]) -> str | None:
    """Give the reason for which broken rules are set aside, None where none is broken; or refuse, naming all of them."""
    if not broken:
        return None
    if reason is None:
        rules = [
            {"code": it.code, "clause": it.facts["clause"], "confidence": it.facts["confidence"]}
            for it in broken
        ]
        raise type(broken[0])(**broken[0].facts, rules=rules)
    if not set(scopes) >= MAY_EXCUSE:
        raise ExceptionNotAllowed(scopes=sorted(MAY_EXCUSE))
    return reason
