"""When a commune or village may be recognized. Pure: what is stated, the sets, what is known and the day in; refusals out.

What a body alone shows is a fault of the body. What only the register or an assessment shows is a broken rule: refused with
its clause, unless an authorized officer records an exception with a reason. A duplicate is never excused.

    Conflict
    ├── RecognitionExists       recognition_exists             one under the same set is in force
    ├── RuleBroken              the first broken rule; all of them in `rules`
    │   ├── LowerLevelNeeded    recognition_needs_lower_level  advanced needs meets, model needs advanced
    │   └── CriteriaNotMet      recognition_needs_all_criteria the year's accepted assessment falls short
    ├── AlreadyRevoked          recognition_revoked
    └── HigherLevelStands       recognition_supports_higher    what stands on it has to be revoked first
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.rural.criteria.sets import CriteriaSet, RecognitionLevel, Sets
from shared.kit.problems import Conflict, Fault, Forbidden, Sentence, fault

SET_UNKNOWN = Sentence(
    "Không có bộ tiêu chí “{set}”; các bộ: {sets}.", "There is no criteria set “{set}”; sets: {sets}."
)
SET_OF_OTHER_LEVEL = Sentence(
    "Bộ tiêu chí {set} dùng để công nhận mức {wanted}, không phải {level}.",
    "The set {set} is for the level {wanted}, not {level}.",
)
SET_OF_OTHER_UNITS = Sentence(
    "Bộ tiêu chí {set} áp dụng cho {wanted}; {unit} là {kind}.",
    "The set {set} is for {wanted}; {unit} is {kind}.",
)
SET_NOT_FOR_YEAR = Sentence(
    "Bộ tiêu chí {set} áp dụng cho các năm {first}-{last} ({legal_basis}).",
    "The set {set} is for the years {first} to {last} ({legal_basis}).",
)
FIELD_REQUIRED = Sentence(
    "Cần nêu lĩnh vực kiểu mẫu: {fields} ({clause}).", "Name the field: {fields} ({clause})."
)
FIELD_UNKNOWN = Sentence(
    "Không có lĩnh vực “{field}”; các lĩnh vực: {fields}.", "There is no field “{field}”; fields: {fields}."
)
FIELD_NOT_HERE = Sentence("Bộ tiêu chí {set} không có lĩnh vực.", "The set {set} knows no fields.")
DECIDED_BEFORE_YEAR = Sentence(
    "Quyết định đề ngày {date}, trước khi năm được công nhận ({year}) bắt đầu.",
    "The decision of {date} is dated before the year recognized for ({year}) begins.",
)
REVOKED_BEFORE = Sentence(
    "Quyết định thu hồi đề ngày {date}, trước quyết định công nhận ({decided_on}).",
    "The revocation of {date} is dated before the recognition of {decided_on}.",
)


class RecognitionExists(Conflict):
    """One of the same unit, level and set is in force, or will be."""

    code = "recognition_exists"
    detail = Sentence(
        "Đơn vị đã có quyết định công nhận ở mức này theo bộ tiêu chí này còn hiệu lực.",
        "A recognition of the unit at this level under this set is in force.",
    )


class RuleBroken(Conflict):
    """The register or an assessment shows that it may not be; the facts name the clause."""


class LowerLevelNeeded(RuleBroken):
    """The level below is not in force."""

    code = "recognition_needs_lower_level"
    detail = Sentence(
        "Chưa được công nhận mức {needs} vào ngày {on} ({clause}).",
        "No recognition at the level {needs} is in force on {on} ({clause}).",
    )


class CriteriaNotMet(RuleBroken):
    """The accepted assessment of the year falls short."""

    code = "recognition_needs_all_criteria"
    detail = Sentence(
        "Kết quả đánh giá năm {year} chưa đạt đủ tiêu chí ({clause}).",
        "The assessment of {year} does not meet every criterion ({clause}).",
    )


class AlreadyRevoked(Conflict):
    """It was revoked, by another decision."""

    code = "recognition_revoked"
    detail = Sentence(
        "Quyết định công nhận đã bị thu hồi từ ngày {revoked_on}.",
        "The recognition was revoked on {revoked_on}.",
    )


class HigherLevelStands(Conflict):
    """A higher recognition in force stands on this one."""

    code = "recognition_supports_higher"
    detail = Sentence(
        "Mức {higher} còn hiệu lực dựa trên quyết định công nhận này; hãy thu hồi mức đó trước.",
        "The level {higher} stands on this recognition; revoke that one first.",
    )


class ExceptionNotAllowed(Forbidden):
    """An exception wants an officer who may also review."""

    code = "exception_not_allowed"
    detail = Sentence(
        "Chỉ cán bộ có quyền duyệt (review) được ghi nhận ngoại lệ.",
        "Only a client that may also review records an exception.",
    )


@dataclass(frozen=True, slots=True)
class Stated:
    """What is stated of a unit."""

    unit: str
    level: RecognitionLevel
    field: str | None
    criteria_set: str
    decision_number: str
    decided_on: date
    year: int


@dataclass(frozen=True, slots=True)
class Known:
    """A recognition of the same unit that is known already."""

    id: str
    level: str
    criteria_set: str
    decided_on: date
    revoked_on: date | None

    def in_force(self, on: date) -> bool:
        """Tell whether it holds on a day: from its decision to the day before its revocation."""
        return self.decided_on <= on and (self.revoked_on is None or on < self.revoked_on)


def faults_of(
    stated: Stated, sets: Sets, unit: tuple[str, str] | None, unread: Collection[str] = ()
) -> Iterator[Fault]:
    """Give what is wrong with a statement; `unit` is its level and kind, None where it was not found."""
    if "decision" not in unread and "year" not in unread and stated.decided_on < date(stated.year, 1, 1):
        yield fault(
            "/decision/date",
            "decided_before_year",
            DECIDED_BEFORE_YEAR,
            date=stated.decided_on,
            year=stated.year,
        )
    if "criteria_set" in unread:
        return
    known = sets.get(stated.criteria_set)
    if known is None:
        shown = stated.criteria_set[:60]
        yield fault("/criteria_set", "criteria_set_unknown", SET_UNKNOWN, set=shown, sets=", ".join(sets))
        return
    yield from _fit(stated, known, unit, unread)


def _fit(
    stated: Stated, known: CriteriaSet, unit: tuple[str, str] | None, unread: Collection[str]
) -> Iterator[Fault]:
    if "level" not in unread and stated.level != known.level:
        yield fault(
            "/level",
            "level_not_of_set",
            SET_OF_OTHER_LEVEL,
            set=known.code,
            wanted=known.level,
            level=stated.level,
        )
    if unit is not None:
        level, kind = unit
        if level != known.unit_level or (known.unit_kinds is not None and kind not in known.unit_kinds):
            wanted = ", ".join(sorted(known.unit_kinds or [known.unit_level]))
            yield fault(
                "/unit",
                "unit_not_of_set",
                SET_OF_OTHER_UNITS,
                set=known.code,
                wanted=wanted,
                unit=stated.unit,
                kind=kind,
            )
    if "year" not in unread and not known.first_year <= stated.year <= known.last_year:
        yield fault(
            "/year",
            "criteria_set_not_for_year",
            SET_NOT_FOR_YEAR,
            set=known.code,
            first=known.first_year,
            last=known.last_year,
            legal_basis=known.legal_basis,
        )
    if "field" not in unread:
        yield from _field(stated.field, known)


def _field(field: str | None, known: CriteriaSet) -> Iterator[Fault]:
    names = ", ".join(known.fields)
    if field is None and known.fields:
        yield fault("/field", "field_required", FIELD_REQUIRED, fields=names, clause=known.field_clause)
    elif field is not None and not known.fields:
        yield fault("/field", "field_not_of_set", FIELD_NOT_HERE, set=known.code)
    elif field is not None and field not in known.fields:
        yield fault("/field", "field_unknown", FIELD_UNKNOWN, field=field[:60], fields=names)


def refuse_duplicate(stated: Stated, others: Sequence[Known]) -> None:
    """Refuse a second recognition of a unit at the same level under the same set while one holds."""
    for other in others:
        same = (other.level, other.criteria_set) == (stated.level, stated.criteria_set)
        if same and (other.revoked_on is None or stated.decided_on < other.revoked_on):
            raise RecognitionExists(recognition=other.id)


def broken_rules(
    stated: Stated, under: CriteriaSet, others: Sequence[Known], unmet: Sequence[int]
) -> list[RuleBroken]:
    """Give the rules that it breaks: the level below must be in force, the year's assessment must not fall short.

    `unmet` are the criteria that the accepted assessment of the year does not meet; empty where there is none.
    """
    found: list[RuleBroken] = []
    on = stated.decided_on
    if under.needs is not None and not any(it.level == under.needs and it.in_force(on) for it in others):
        found.append(LowerLevelNeeded(needs=under.needs, on=on.isoformat(), clause=under.needs_clause))
    if under.assessed_by is not None and unmet:
        found.append(CriteriaNotMet(year=stated.year, unmet=list(unmet), clause=under.assessment_clause))
    return found


def refuse_broken(broken: Sequence[RuleBroken]) -> None:
    """Raise the first broken rule, naming all of them with their clauses."""
    if broken:
        rules = [{"code": it.code, "clause": it.facts["clause"]} for it in broken]
        raise type(broken[0])(**broken[0].facts, rules=rules)


def revocation_faults(decided_on: date, revoked_on: date) -> Iterator[Fault]:
    """Check that a revocation does not come before what it revokes."""
    if revoked_on < decided_on:
        yield fault(
            "/decision/date",
            "revoked_before_recognition",
            REVOKED_BEFORE,
            date=revoked_on,
            decided_on=decided_on,
        )


def refuse_to_undercut(revoked: Known, revoked_on: date, others: Sequence[Known], sets: Sets) -> None:
    """Refuse to revoke what a higher recognition in force stands on, unless another of the same level holds too."""
    remaining = [it for it in others if it.id != revoked.id]
    if any(it.level == revoked.level and it.in_force(revoked_on) for it in remaining):
        return
    for it in remaining:
        under = sets.get(it.criteria_set)
        stands = it.revoked_on is None or it.revoked_on > revoked_on
        if under is not None and under.needs == revoked.level and stands:
            raise HigherLevelStands(recognition=it.id, higher=it.level)
