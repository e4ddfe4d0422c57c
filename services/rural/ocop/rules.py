"""What the evaluation of a product may say. Pure: what is stated and the rules of its day in; every fault out.

Stars follow from the score by the bands of the decision's date. One case differs on purpose: a product that the province
scored as five stars waits for the ministry with four, and is counted apart as a potential five-star product.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.rural.ocop.dated_rules import OcopRules
from shared.kit.problems import Conflict, Fault, Sentence, make_fault

AWAITING_STARS = 4
"""What a product of five stars by score has while the ministry has not decided: a definition, not a threshold."""

HOUSEHOLD = "household"
"""The kind of owner of which nothing but the kind is kept: its name is that of a person."""

NO_RULE = Sentence("Chưa có quy định OCOP có hiệu lực vào ngày {on}.", "No OCOP rule is in force on {on}.")
GROUP_UNKNOWN = Sentence(
    "Không có nhóm sản phẩm {group}; các nhóm: {groups}.", "There is no group {group}; groups: {groups}."
)
STARS_NOT_CERTIFIED = Sentence(
    "{stars} sao không được công nhận ({legal_basis}).", "{stars} stars give no certificate ({legal_basis})."
)
STARS_NOT_OF_SCORE = Sentence(
    "{score} điểm ứng với {wanted} sao, không phải {stars} ({legal_basis}).",
    "A score of {score} is {wanted} stars, not {stars} ({legal_basis}).",
)
POTENTIAL_STARS = Sentence(
    "Sản phẩm tiềm năng 5 sao mang 4 sao trong khi chờ trung ương đánh giá.",
    "A potential five-star product has four stars while it awaits the ministry.",
)
POTENTIAL_SCORE = Sentence(
    "Tiềm năng 5 sao cần từ {least} điểm ({legal_basis}).",
    "A potential five-star product has {least} points or more ({legal_basis}).",
)
GRANTOR_MAY_NOT = Sentence(
    "{stars} sao do {wanted} công nhận vào ngày {on} ({legal_basis}).",
    "{stars} stars are granted by {wanted} on {on} ({legal_basis}).",
)
HOUSEHOLD_NAMED = Sentence(
    "Chủ thể là hộ gia đình thì không nêu tên.", "Of a household only the kind is stated, never a name."
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
class Stated:
    """What a decision states of a product."""

    code: str
    owner_kind: str
    owner_name: str | None
    group: int
    stars: int
    score: Decimal
    parts: tuple[Decimal, ...] | None
    """Points by part, in the order of the rules."""
    potential_five_star: bool
    decided_on: date
    grantor: str | None
    """Code of who granted the stars, where the decision's paper is quoted."""


def faults_of(stated: Stated, rules: OcopRules, unread: Collection[str] = ()) -> Iterator[Fault]:
    """Give what is wrong with a statement; fields in `unread` are known to be at fault already."""
    named = not {"owner_kind", "owner_name"}.intersection(unread) and stated.owner_name is not None
    if named and stated.owner_kind == HOUSEHOLD:
        yield make_fault("/owner_name", "household_named", HOUSEHOLD_NAMED)
    if "decision" in unread:
        return
    on = stated.decided_on
    groups = rules.map_groups(on)
    if rules.find_end(on) is None or not groups or rules.find_highest_band(on) is None:
        yield make_fault("/decision/date", "ocop_rule_missing", NO_RULE, on=on)
        return
    if "group" not in unread and stated.group not in groups:
        names = ", ".join(map(str, groups))
        yield make_fault("/group", "ocop_group_unknown", GROUP_UNKNOWN, group=stated.group, groups=names)
    if not {"stars", "score", "potential_five_star"}.intersection(unread):
        yield from _potential(stated, rules) if stated.potential_five_star else _stars(stated, rules)
    if not {"stars", "grantor"}.intersection(unread) and stated.grantor is not None:
        yield from _grantor(stated, rules)
    if not {"score", "score_parts"}.intersection(unread):
        yield from _parts(stated, rules)


def _stars(stated: Stated, rules: OcopRules) -> Iterator[Fault]:
    band = rules.find_band(stated.score, stated.decided_on)
    if band is None:
        return
    if band.stars != stated.stars:
        yield make_fault(
            "/stars",
            "stars_not_of_score",
            STARS_NOT_OF_SCORE,
            score=_plain(stated.score),
            wanted=band.stars,
            stars=stated.stars,
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


def _potential(stated: Stated, rules: OcopRules) -> Iterator[Fault]:
    highest = rules.find_highest_band(stated.decided_on)
    if stated.stars != AWAITING_STARS:
        yield make_fault("/stars", "potential_five_star_stars", POTENTIAL_STARS)
    if highest is not None and stated.score < highest.low:
        yield make_fault(
            "/score",
            "potential_five_star_score",
            POTENTIAL_SCORE,
            least=_plain(highest.low),
            legal_basis=highest.legal_basis,
        )


def _grantor(stated: Stated, rules: OcopRules) -> Iterator[Fault]:
    may = rules.find_grantor(stated.stars, stated.decided_on)
    if may is not None and stated.grantor != may.code:
        yield make_fault(
            "/grantor",
            "grantor_may_not",
            GRANTOR_MAY_NOT,
            stars=stated.stars,
            wanted=may.label,
            on=stated.decided_on,
            legal_basis=may.legal_basis,
        )


def _parts(stated: Stated, rules: OcopRules) -> Iterator[Fault]:
    if stated.parts is None:
        return
    for part, points in zip(rules.select_parts(stated.decided_on), stated.parts, strict=False):
        if points > part.points:
            most = _plain(part.points)
            yield make_fault(f"/score_parts/{part.code}", "score_part_too_high", PART_TOO_HIGH, points=most)
    total = sum(stated.parts, Decimal(0))
    if total != stated.score:
        yield make_fault(
            "/score_parts",
            "score_parts_not_of_score",
            PARTS_NOT_OF_SCORE,
            sum=_plain(total),
            score=_plain(stated.score),
        )


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
