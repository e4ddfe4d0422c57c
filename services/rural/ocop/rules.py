"""Rules of the decision on a product's stars. Pure: the decision and the program's rules in; every fault out.

The stars follow from the score by the bands of the decision's date. There is one exception: a product that the province
scored as five stars has four while the ministry has not decided, and is counted as a potential five-star product.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.rural.ocop.dated_rules import OcopRules
from shared.kit.problems import Conflict, Fault, Sentence, make_fault
from shared.reporting.report_content import to_canonical_text

POTENTIAL_FIVE_STARS = 4
"""The stars of a potential five-star product: a definition, not a threshold."""

HOUSEHOLD = "household"
"""The kind of owner whose name is not stored: it would be the name of a person."""

NO_RULE = Sentence("Chưa có quy định OCOP có hiệu lực vào ngày {on}.", "No OCOP rule is in force on {on}.")
GROUP_UNKNOWN = Sentence(
    "Không có nhóm sản phẩm {group}; các nhóm: {groups}.",
    "There is no product group {group}; groups: {groups}.",
)
STARS_NOT_CERTIFIED = Sentence(
    "{stars} sao không được công nhận ({legal_basis}).", "{stars} stars give no certificate ({legal_basis})."
)
STARS_NOT_OF_SCORE = Sentence(
    "{score} điểm ứng với {score_stars} sao, không phải {stars} ({legal_basis}).",
    "A score of {score} gives {score_stars} stars, not {stars} ({legal_basis}).",
)
POTENTIAL_STARS = Sentence(
    "Sản phẩm tiềm năng 5 sao mang 4 sao trong khi chờ trung ương đánh giá.",
    "A potential five-star product has four stars until the ministry decides.",
)
POTENTIAL_SCORE = Sentence(
    "Tiềm năng 5 sao cần từ {least} điểm ({legal_basis}).",
    "A potential five-star product needs {least} points or more ({legal_basis}).",
)
GRANTOR_NOT_ALLOWED = Sentence(
    "{stars} sao do {grantor} công nhận vào ngày {on} ({legal_basis}).",
    "{stars} stars are granted by {grantor} on {on} ({legal_basis}).",
)
HOUSEHOLD_NAMED = Sentence(
    "Chủ thể là hộ gia đình thì không nêu tên.", "The name of a household must not be stated."
)
PART_TOO_HIGH = Sentence("Phần này tối đa {points} điểm.", "This part has at most {points} points.")
PARTS_NOT_OF_SCORE = Sentence(
    "Tổng các phần là {sum}, không phải {score}.", "The parts add up to {sum}, not {score}."
)


class ProductExists(Conflict):
    """Another evaluation of the product has the same date."""

    code = "ocop_product_exists"
    detail = Sentence(
        "Sản phẩm {product} đã có kết quả đánh giá khác đề ngày {date}.",
        "The product {product} has another evaluation dated {date}.",
    )


@dataclass(frozen=True, slots=True)
class StarDecision:
    """The content of a decision on a product and its stars."""

    code: str
    owner_kind: str
    owner_name: str | None
    group: int
    stars: int
    score: Decimal
    """Points, 0 to 100."""
    parts: tuple[Decimal, ...] | None
    """Points by part, in the order of the program's rules."""
    potential_five_star: bool
    decided_on: date
    grantor: str | None
    """Code of the authority that granted the stars; None where it is not stated."""


def find_decision_faults(
    decision: StarDecision, rules: OcopRules, unread: Collection[str] = ()
) -> Iterator[Fault]:
    """Yield the faults of a decision; fields in `unread` are at fault already."""
    owner_read = not {"owner_kind", "owner_name"}.intersection(unread)
    if owner_read and decision.owner_kind == HOUSEHOLD and decision.owner_name is not None:
        yield make_fault("/owner_name", "household_named", HOUSEHOLD_NAMED)
    if "decision" in unread:
        return
    on = decision.decided_on
    groups = rules.map_groups(on)
    if rules.find_end(on) is None or not groups or rules.find_highest_band(on) is None:
        yield make_fault("/decision/date", "ocop_rule_missing", NO_RULE, on=on)
        return
    if "group" not in unread and decision.group not in groups:
        numbers = ", ".join(map(str, groups))
        yield make_fault("/group", "ocop_group_unknown", GROUP_UNKNOWN, group=decision.group, groups=numbers)
    if not {"stars", "score", "potential_five_star"}.intersection(unread):
        find_star_faults = _find_potential_faults if decision.potential_five_star else _find_star_faults
        yield from find_star_faults(decision, rules)
    if not {"stars", "grantor"}.intersection(unread) and decision.grantor is not None:
        yield from _find_grantor_faults(decision, rules)
    if not {"score", "score_parts"}.intersection(unread):
        yield from _find_part_faults(decision, rules)


def _find_star_faults(decision: StarDecision, rules: OcopRules) -> Iterator[Fault]:
    band = rules.find_band(decision.score, decision.decided_on)
    if band is None:
        return
    if band.stars != decision.stars:
        yield make_fault(
            "/stars",
            "stars_not_of_score",
            STARS_NOT_OF_SCORE,
            score=to_canonical_text(decision.score),
            score_stars=band.stars,
            stars=decision.stars,
            legal_basis=band.legal_basis,
        )
    elif not band.certified:
        yield make_fault(
            "/stars",
            "stars_not_certified",
            STARS_NOT_CERTIFIED,
            stars=band.stars,
            legal_basis=band.legal_basis,
        )


def _find_potential_faults(decision: StarDecision, rules: OcopRules) -> Iterator[Fault]:
    highest = rules.find_highest_band(decision.decided_on)
    if decision.stars != POTENTIAL_FIVE_STARS:
        yield make_fault("/stars", "potential_five_star_stars", POTENTIAL_STARS)
    if highest is not None and decision.score < highest.low:
        yield make_fault(
            "/score",
            "potential_five_star_score",
            POTENTIAL_SCORE,
            least=to_canonical_text(highest.low),
            legal_basis=highest.legal_basis,
        )


def _find_grantor_faults(decision: StarDecision, rules: OcopRules) -> Iterator[Fault]:
    grantor = rules.find_grantor(decision.stars, decision.decided_on)
    if grantor is not None and decision.grantor != grantor.code:
        yield make_fault(
            "/grantor",
            "grantor_may_not",
            GRANTOR_NOT_ALLOWED,
            stars=decision.stars,
            grantor=grantor.label,
            on=decision.decided_on,
            legal_basis=grantor.legal_basis,
        )


def _find_part_faults(decision: StarDecision, rules: OcopRules) -> Iterator[Fault]:
    if decision.parts is None:
        return
    for part, points in zip(rules.select_parts(decision.decided_on), decision.parts, strict=False):
        if points > part.points:
            yield make_fault(
                f"/score_parts/{part.code}",
                "score_part_too_high",
                PART_TOO_HIGH,
                points=to_canonical_text(part.points),
            )
    total = sum(decision.parts, Decimal(0))
    if total != decision.score:
        yield make_fault(
            "/score_parts",
            "score_parts_not_of_score",
            PARTS_NOT_OF_SCORE,
            sum=to_canonical_text(total),
            score=to_canonical_text(decision.score),
        )
