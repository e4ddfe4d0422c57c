"""Rules of the recognition of a commune or village. Pure: the decision, the sets, what the register holds and the day in.

What the body alone shows is a fault of the body. What only the register or an assessment shows is a broken rule: refused
with its clause, unless an authorized officer records an exception with a reason. A duplicate is always refused.

A recognition is in force from the day on which its decision takes effect until it is revoked, or until the unit is
recognized again at the same level, also where its criteria set is an earlier one. A unit that was recognized before is
recognized again only with grounds.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.rural.assessments.rules import AcceptedAssessment
from services.rural.criteria.sets import CriteriaSet, CriteriaSets, RecognitionLevel
from services.rural.recognitions import fault_sentences
from services.rural.rules import DecisionDays, RuleBroken, find_effective_day_faults
from shared.kit.problems import Conflict, Fault, Sentence, make_fault


class RecognitionExists(Conflict):
    """A recognition of the same unit at the same level under the same set is in force, or will be."""

    code = "recognition_exists"
    detail = Sentence(
        "Đơn vị đã có quyết định công nhận ở mức này theo bộ tiêu chí này còn hiệu lực.",
        "A recognition of the unit at this level under this set is in force.",
    )


class LowerLevelNeeded(RuleBroken):
    """No recognition at the level below is in force."""

    code = "recognition_needs_lower_level"
    detail = Sentence(
        "Chưa được công nhận mức {needs} vào ngày {on} ({clause}).",
        "No recognition at the level {needs} is in force on {on} ({clause}).",
    )


class CriteriaNotMet(RuleBroken):
    """The accepted assessment of the year does not meet every criterion."""

    code = "recognition_needs_all_criteria"
    detail = Sentence(
        "Kết quả đánh giá năm {year} chưa đạt đủ tiêu chí ({clause}).",
        "The assessment of {year} does not meet every criterion ({clause}).",
    )


class AssessmentNeeded(RuleBroken):
    """The accepted assessment of the year is required and missing."""

    code = "recognition_needs_assessment"
    detail = Sentence(
        "Chưa có kết quả đánh giá năm {year} được duyệt ({clause}).",
        "There is no accepted assessment of {year} ({clause}).",
    )


@dataclass(frozen=True, slots=True)
class RecognitionDecision:
    """The content of a decision on a unit."""

    unit: str
    level: RecognitionLevel
    field: str | None
    criteria_set: str
    decision_number: str
    decided_on: date
    effective_on: date
    """The day on which it takes effect: that of the decision or a later one."""
    year: int
    """The year recognized for."""


@dataclass(frozen=True, slots=True)
class RegisteredRecognition:
    """A recognition that the register holds, with the days on which it began and ended."""

    id: str
    level: str
    criteria_set: str
    effective_on: date
    revoked_on: date | None = None
    replaced_on: date | None = None
    """The day on which a later recognition of the unit at this level takes effect."""

    def is_in_force(self, on: date) -> bool:
        """Whether the recognition is in force on a day: from that of its effect to the day before it ended."""
        return self.effective_on <= on and not self.has_ended(on)

    def has_ended(self, on: date) -> bool:
        """Whether the recognition was revoked or replaced by a day."""
        return any(day is not None and day <= on for day in (self.revoked_on, self.replaced_on))


@dataclass(frozen=True, slots=True)
class AssessmentBasis:
    """The assessment that a recognition is based on."""

    assessment: AcceptedAssessment | None
    required: bool
    """Whether there must be one: by the end of that year the unit had gone live, or an accepted report assessed it for
    that year or an earlier one."""


def set_replacement_days(recognitions: Sequence[RegisteredRecognition]) -> list[RegisteredRecognition]:
    """Return the recognitions of one unit in the order of their effects, with `replaced_on` set."""
    ordered = sorted(recognitions, key=lambda recognition: (recognition.effective_on, recognition.id))
    return [
        replace(
            recognition,
            replaced_on=next(
                (later.effective_on for later in ordered[index + 1 :] if later.level == recognition.level),
                None,
            ),
        )
        for index, recognition in enumerate(ordered)
    ]


def find_decision_faults(
    decision: RecognitionDecision,
    sets: CriteriaSets,
    unit: tuple[str, str] | None,
    unread: Collection[str] = (),
) -> Iterator[Fault]:
    """Yield the faults that the body alone shows.

    `unit` is the level and kind of the unit, None where it was not found. Fields in `unread` are at fault already.
    """
    if "decision" not in unread and "year" not in unread and decision.decided_on < date(decision.year, 1, 1):
        yield make_fault(
            "/decision/date",
            "decided_before_year",
            fault_sentences.DECIDED_BEFORE_YEAR,
            date=decision.decided_on,
            year=decision.year,
        )
    yield from find_effective_day_faults(DecisionDays(decision.decided_on, decision.effective_on), unread)
    yield from find_set_faults(decision, sets, unit, unread)


def find_set_faults(
    decision: RecognitionDecision,
    sets: CriteriaSets,
    unit: tuple[str, str] | None,
    unread: Collection[str],
) -> Iterator[Fault]:
    """Yield what does not fit the criteria set that is named: that it is unknown, or level, unit, year, field."""
    if "criteria_set" in unread:
        return
    criteria_set = sets.get(decision.criteria_set)
    if criteria_set is None:
        yield make_fault(
            "/criteria_set",
            "criteria_set_unknown",
            fault_sentences.SET_UNKNOWN,
            set=decision.criteria_set[:60],
            sets=", ".join(sets),
        )
        return
    yield from _find_misfits(decision, criteria_set, unit, unread)


def _find_misfits(
    decision: RecognitionDecision,
    criteria_set: CriteriaSet,
    unit: tuple[str, str] | None,
    unread: Collection[str],
) -> Iterator[Fault]:
    """Yield what does not fit the criteria set: level, unit, year, field."""
    if "level" not in unread and decision.level != criteria_set.level:
        yield make_fault(
            "/level",
            "level_not_of_set",
            fault_sentences.SET_OF_OTHER_LEVEL,
            set=criteria_set.code,
            set_level=criteria_set.level,
            level=decision.level,
        )
    if unit is not None:
        level, kind = unit
        kinds = criteria_set.unit_kinds
        if level != criteria_set.unit_level or (kinds is not None and kind not in kinds):
            yield make_fault(
                "/unit",
                "unit_not_of_set",
                fault_sentences.SET_OF_OTHER_UNITS,
                set=criteria_set.code,
                set_units=", ".join(sorted(kinds or [criteria_set.unit_level])),
                unit=decision.unit,
                kind=kind,
            )
    if "year" not in unread and not criteria_set.includes_year(decision.year):
        yield make_fault(
            "/year",
            "criteria_set_not_for_year",
            fault_sentences.SET_NOT_FOR_YEAR,
            set=criteria_set.code,
            first=criteria_set.first_year,
            last=criteria_set.last_year,
            legal_basis=criteria_set.legal_basis,
        )
    if "field" not in unread:
        yield from _find_field_faults(decision.field, criteria_set)


def _find_field_faults(field: str | None, criteria_set: CriteriaSet) -> Iterator[Fault]:
    fields = ", ".join(criteria_set.fields)
    if field is None and criteria_set.fields:
        yield make_fault(
            "/field",
            "field_required",
            fault_sentences.FIELD_REQUIRED,
            fields=fields,
            clause=criteria_set.field_clause,
        )
    elif field is not None and not criteria_set.fields:
        yield make_fault(
            "/field", "field_not_of_set", fault_sentences.SET_WITHOUT_FIELDS, set=criteria_set.code
        )
    elif field is not None and field not in criteria_set.fields:
        yield make_fault(
            "/field", "field_unknown", fault_sentences.FIELD_UNKNOWN, field=field[:60], fields=fields
        )


def refuse_duplicate(decision: RecognitionDecision, registered: Sequence[RegisteredRecognition]) -> None:
    """Raise `RecognitionExists` where one at the same level under the same set is in force on the day of effect or later."""
    for other in registered:
        same = (other.level, other.criteria_set) == (decision.level, decision.criteria_set)
        if same and (other.revoked_on is None or decision.effective_on < other.revoked_on):
            raise RecognitionExists(recognition=other.id)


def find_grounds_faults(
    decision: RecognitionDecision, grounds: str | None, registered: Sequence[RegisteredRecognition]
) -> Iterator[Fault]:
    """Yield a fault where the unit was recognized at this level before and no grounds are stated."""
    before = [
        other.effective_on
        for other in registered
        if other.level == decision.level and other.effective_on <= decision.effective_on
    ]
    if before and grounds is None:
        yield make_fault(
            "/grounds", "grounds_missing", fault_sentences.GROUNDS_MISSING, effective_on=max(before)
        )


def find_assessment_faults(decision: RecognitionDecision, basis: AssessmentBasis) -> Iterator[Fault]:
    """Yield a fault where the decision is dated before the document of its assessment was signed."""
    signed_on = basis.assessment.signed_on if basis.assessment else None
    if signed_on is not None and decision.decided_on < signed_on:
        yield make_fault(
            "/decision/date",
            "decided_before_assessment",
            fault_sentences.DECIDED_BEFORE_ASSESSMENT,
            date=decision.decided_on,
            year=decision.year,
            assessed_on=signed_on,
        )


def find_broken_rules(
    decision: RecognitionDecision,
    criteria_set: CriteriaSet,
    registered: Sequence[RegisteredRecognition],
    basis: AssessmentBasis,
) -> list[RuleBroken]:
    """Return the rules that a decision breaks: on the level below, and on the assessment of the year."""
    broken: list[RuleBroken] = []
    on, confidence = decision.effective_on, criteria_set.confidence
    needs = criteria_set.needs
    if needs is not None and not any(other.level == needs and other.is_in_force(on) for other in registered):
        broken.append(
            LowerLevelNeeded(
                needs=needs, on=on.isoformat(), clause=criteria_set.needs_clause, confidence=confidence
            )
        )
    if criteria_set.assessed_by is not None:
        facts: dict[str, Any] = {
            "year": decision.year,
            "clause": criteria_set.assessment_clause,
            "confidence": confidence,
        }
        if basis.assessment is None and basis.required:
            broken.append(AssessmentNeeded(**facts))
        elif basis.assessment is not None and basis.assessment.unmet:
            broken.append(CriteriaNotMet(**facts, unmet=list(basis.assessment.unmet)))
    return broken
