"""When a commune or village may be recognized. Pure: what is stated, the sets, what is known and the day in; refusals out.

What a body alone shows is a fault of the body. What only the register or an assessment shows is a broken rule: refused with
its clause, unless an authorized officer records an exception with a reason. A duplicate is never excused.

A recognition is in force from its decision until it is revoked, or until the unit is recognized anew at the same level: one
under an earlier set goes on until then. Whoever was recognized before is recognized again on grounds that are said.

    Conflict
    ├── RecognitionExists       recognition_exists             one under the same set is in force
    └── RuleBroken
        ├── LowerLevelNeeded    recognition_needs_lower_level  advanced needs meets, model needs advanced
        ├── CriteriaNotMet      recognition_needs_all_criteria the year's accepted assessment falls short
        └── AssessmentNeeded    recognition_needs_assessment   there is none, though one is to be known here by then
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.rural.criteria.sets import CriteriaSet, CriteriaSets, RecognitionLevel
from services.rural.exceptions.rules import RuleBroken
from shared.kit.problems import Conflict, Fault, Sentence, make_fault

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
DECIDED_BEFORE_ASSESSMENT = Sentence(
    "Quyết định đề ngày {date}, trước ngày ký kết quả đánh giá năm {year} ({assessed_on}).",
    "The decision of {date} is dated before the assessment of {year}, which was signed on {assessed_on}.",
)
GROUNDS_MISSING = Sentence(
    "Đơn vị đã được công nhận ở mức này ngày {decided_on}; cần nêu căn cứ công nhận lại.",
    "The unit was recognized at this level on {decided_on}; say on which grounds it is recognized again.",
)


class RecognitionExists(Conflict):
    """One of the same unit, level and set is in force, or will be."""

    code = "recognition_exists"
    detail = Sentence(
        "Đơn vị đã có quyết định công nhận ở mức này theo bộ tiêu chí này còn hiệu lực.",
        "A recognition of the unit at this level under this set is in force.",
    )


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


class AssessmentNeeded(RuleBroken):
    """No accepted assessment of the year is known, though one is to be known here."""

    code = "recognition_needs_assessment"
    detail = Sentence(
        "Chưa có kết quả đánh giá năm {year} được duyệt ({clause}).",
        "There is no accepted assessment of {year} ({clause}).",
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
    revoked_on: date | None = None
    replaced_on: date | None = None
    """The day on which a later decision recognized the unit again at this level."""

    def in_force(self, on: date) -> bool:
        """Tell whether it holds on a day: from its decision to the day before whatever ended it."""
        return self.decided_on <= on and self.holds_after(on)

    def holds_after(self, on: date) -> bool:
        """Tell whether nothing has ended it by a day, though it may begin later."""
        return not any(it is not None and it <= on for it in (self.revoked_on, self.replaced_on))


@dataclass(frozen=True, slots=True)
class Assessed:
    """What the accepted assessment of a year says of a commune."""

    unmet: tuple[int, ...]
    """Numbers of the criteria that it does not meet, or that nobody stated."""
    signed_on: date | None
    """The day on which its paper was signed, where it names one."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a recognition can be held to: the accepted assessment of its year, and whether there has to be one."""

    assessed: Assessed | None
    expected: bool
    """Whether that assessment is to be known here: by the end of that year the unit had gone live, or it was reported on
    for that year or for one before."""


def ordered(known: Sequence[Known]) -> list[Known]:
    """Give the recognitions of one unit in the order of their decisions, each with the day on which a later one replaced it."""
    found = sorted(known, key=lambda it: (it.decided_on, it.id))
    return [
        replace(
            it,
            replaced_on=next(
                (later.decided_on for later in found[at + 1 :] if later.level == it.level), None
            ),
        )
        for at, it in enumerate(found)
    ]


def faults_of(
    stated: Stated, sets: CriteriaSets, unit: tuple[str, str] | None, unread: Collection[str] = ()
) -> Iterator[Fault]:
    """Give what is wrong with a statement; `unit` is its level and kind, None where it was not found."""
    if "decision" not in unread and "year" not in unread and stated.decided_on < date(stated.year, 1, 1):
        yield make_fault(
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
        yield make_fault(
            "/criteria_set", "criteria_set_unknown", SET_UNKNOWN, set=shown, sets=", ".join(sets)
        )
        return
    yield from _fit(stated, known, unit, unread)


def _fit(
    stated: Stated, known: CriteriaSet, unit: tuple[str, str] | None, unread: Collection[str]
) -> Iterator[Fault]:
    if "level" not in unread and stated.level != known.level:
        yield make_fault(
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
            yield make_fault(
                "/unit",
                "unit_not_of_set",
                SET_OF_OTHER_UNITS,
                set=known.code,
                wanted=wanted,
                unit=stated.unit,
                kind=kind,
            )
    if "year" not in unread and not known.first_year <= stated.year <= known.last_year:
        yield make_fault(
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
        yield make_fault("/field", "field_required", FIELD_REQUIRED, fields=names, clause=known.field_clause)
    elif field is not None and not known.fields:
        yield make_fault("/field", "field_not_of_set", FIELD_NOT_HERE, set=known.code)
    elif field is not None and field not in known.fields:
        yield make_fault("/field", "field_unknown", FIELD_UNKNOWN, field=field[:60], fields=names)


def refuse_duplicate(stated: Stated, others: Sequence[Known]) -> None:
    """Refuse a second recognition of a unit at the same level under the same set while one holds."""
    for other in others:
        same = (other.level, other.criteria_set) == (stated.level, stated.criteria_set)
        if same and (other.revoked_on is None or stated.decided_on < other.revoked_on):
            raise RecognitionExists(recognition=other.id)


def grounds_faults(stated: Stated, grounds: str | None, others: Sequence[Known]) -> Iterator[Fault]:
    """Check that a unit which was recognized at this level before is recognized again on grounds that are said."""
    before = [
        it.decided_on for it in others if it.level == stated.level and it.decided_on <= stated.decided_on
    ]
    if before and grounds is None:
        yield make_fault("/grounds", "grounds_missing", GROUNDS_MISSING, decided_on=max(before))


def assessment_faults(stated: Stated, basis: Basis) -> Iterator[Fault]:
    """Check that the decision is not dated before the paper of the assessment that it rests on."""
    assessed_on = basis.assessed.signed_on if basis.assessed else None
    if assessed_on is not None and stated.decided_on < assessed_on:
        yield make_fault(
            "/decision/date",
            "decided_before_assessment",
            DECIDED_BEFORE_ASSESSMENT,
            date=stated.decided_on,
            year=stated.year,
            assessed_on=assessed_on,
        )


def broken_rules(
    stated: Stated, under: CriteriaSet, others: Sequence[Known], basis: Basis
) -> list[RuleBroken]:
    """Give the rules that it breaks: the level below must be in force, the year's assessment must not fall short."""
    found: list[RuleBroken] = []
    on, sure = stated.decided_on, under.confidence
    if under.needs is not None and not any(it.level == under.needs and it.in_force(on) for it in others):
        found.append(
            LowerLevelNeeded(needs=under.needs, on=on.isoformat(), clause=under.needs_clause, confidence=sure)
        )
    if under.assessed_by is not None:
        facts: dict[str, Any] = {"year": stated.year, "clause": under.assessment_clause, "confidence": sure}
        if basis.assessed is None and basis.expected:
            found.append(AssessmentNeeded(**facts))
        elif basis.assessed is not None and basis.assessed.unmet:
            found.append(CriteriaNotMet(**facts, unmet=list(basis.assessed.unmet)))
    return found
