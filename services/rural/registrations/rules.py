"""Rules of a registration: which step follows which, and when a dossier may be submitted. Pure.

A unit is registered in the yearly plan, assessed, and its dossier is submitted; then it is recognized by a decision of the register of
recognitions, or is not recognized. A dossier can be sent back: an assessment may follow a submission, and so may a refusal.

    Conflict
    ├── RegistrationExists        registration_exists
    ├── StepNotNext               registration_step_not_next
    └── RuleBroken
        ├── AssessmentFallsShort  registration_needs_all_criteria   no accepted assessment, or one that falls short
        ├── DebtsOverdue          registration_has_debts            debts from construction are overdue
        └── ResidentsNotSatisfied registration_needs_satisfaction   too few residents are satisfied
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from services.rural.criteria.sets import CriteriaSet
from services.rural.rules import RuleBroken
from shared.kit.problems import Conflict, Fault, Sentence, make_fault

Step = Literal["assessed", "submitted", "not_recognized", "withdrawn"]
RegistrationState = Literal[
    "registered", "assessed", "submitted", "not_recognized", "withdrawn", "recognized"
]

NEXT_STEPS: Mapping[RegistrationState, tuple[Step, ...]] = {
    "registered": ("assessed", "withdrawn"),
    "assessed": ("assessed", "submitted", "withdrawn"),
    "submitted": ("assessed", "not_recognized", "withdrawn"),
    "not_recognized": ("assessed", "withdrawn"),
    "withdrawn": (),
    "recognized": (),
}
"""The steps that may follow in each state."""

STATE_LABELS: Mapping[RegistrationState, Sentence] = {
    "registered": Sentence("đã đăng ký", "registered"),
    "assessed": Sentence("đã thẩm tra", "assessed"),
    "submitted": Sentence("đã trình hồ sơ", "submitted"),
    "not_recognized": Sentence("không được công nhận", "not recognized"),
    "withdrawn": Sentence("đã rút đăng ký", "withdrawn"),
    "recognized": Sentence("đã được công nhận", "recognized"),
}

STEP_BEFORE_PREVIOUS = Sentence(
    "Văn bản đề ngày {date}, trước bước trước đó ({previous_on}).",
    "The document is dated {date}, before the step before it ({previous_on}).",
)
REGISTERED_AFTER_YEAR = Sentence(
    "Văn bản đăng ký đề ngày {date}, sau năm đăng ký {year}.",
    "The plan is dated {date}, after the year that it is for, {year}.",
)


SMALLEST_PERCENT = Decimal("0.01")
PERCENT_TOO_PRECISE = Sentence(
    "Tỷ lệ phần trăm có tối đa 2 chữ số thập phân.", "A percentage has at most 2 decimals."
)


class RegistrationExists(Conflict):
    """The unit is registered for this level, set and year by another plan."""

    code = "registration_exists"
    detail = Sentence(
        "Đơn vị đã đăng ký mức này cho năm này theo văn bản khác.",
        "The unit is registered for this level and year by another document.",
    )


class StepNotNext(Conflict):
    """The step does not follow the state of the registration."""

    code = "registration_step_not_next"
    detail = Sentence(
        "Đăng ký đang ở bước “{state}”; bước tiếp theo có thể là: {next}.",
        "The registration is at “{state}”; what may follow: {next}.",
    )


class AssessmentFallsShort(RuleBroken):
    """There is no accepted assessment of the year, or it does not meet every criterion."""

    code = "registration_needs_all_criteria"
    detail = Sentence(
        "Kết quả đánh giá năm {year} được duyệt chưa đạt đủ tiêu chí ({clause}).",
        "No accepted assessment of {year} meets every criterion ({clause}).",
    )


class DebtsOverdue(RuleBroken):
    """Debts from construction are overdue."""

    code = "registration_has_debts"
    detail = Sentence(
        "Còn nợ đọng xây dựng cơ bản {amount_vnd} đồng ({clause}).",
        "Overdue debts from construction are {amount_vnd} đồng ({clause}).",
    )


class ResidentsNotSatisfied(RuleBroken):
    """Too few residents are satisfied."""

    code = "registration_needs_satisfaction"
    detail = Sentence(
        "Tỷ lệ người dân hài lòng {percent}%, cần từ {least_percent}% ({clause}).",
        "{percent}% of the residents are satisfied; at least {least_percent}% are required ({clause}).",
    )


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A step of a registration, on the day of its document."""

    step: Step
    taken_on: date


@dataclass(frozen=True, slots=True)
class AssessmentResult:
    """The result of an assessment for a registration."""

    unmet: tuple[int, ...] | None
    """Numbers of the criteria not met; None without an accepted assessment."""
    overdue_debts_vnd: int
    residents_satisfied_percent: Decimal


def find_state(steps: Sequence[StepTaken], *, recognized: bool) -> RegistrationState:
    """Return the state of a registration: recognized by a decision, else its last step."""
    if recognized:
        return "recognized"
    return steps[-1].step if steps else "registered"


def require_next_step(state: RegistrationState, step: Step) -> None:
    """Raise `StepNotNext` where a step does not follow a state."""
    if step not in NEXT_STEPS[state]:
        raise StepNotNext(state=state, next=", ".join(NEXT_STEPS[state]) or "-")


def find_step_faults(taken_on: date, previous_on: date) -> list[Fault]:
    """Return the fault of a document that is dated before the step before it."""
    if taken_on >= previous_on:
        return []
    facts = {"date": taken_on, "previous_on": previous_on}
    return [make_fault("/document/date", "step_before_previous", STEP_BEFORE_PREVIOUS, **facts)]


def find_percent_faults(percent: Decimal) -> list[Fault]:
    """Return the fault of a percentage with more decimals than are kept, which could otherwise be rounded up to what is required."""
    if percent == percent.quantize(SMALLEST_PERCENT):
        return []
    at = "/residents_satisfied_percent"
    return [make_fault(at, "percent_too_precise", PERCENT_TOO_PRECISE)]


def find_plan_faults(planned_on: date, year: int) -> list[Fault]:
    """Return the fault of a plan that is dated after the year that it is for."""
    if planned_on.year <= year:
        return []
    return [
        make_fault(
            "/decision/date", "registered_after_year", REGISTERED_AFTER_YEAR, date=planned_on, year=year
        )
    ]


def find_broken_rules(
    criteria_set: CriteriaSet, year: int, result: AssessmentResult, on: date
) -> list[RuleBroken]:
    """Return the rules that a dossier breaks on the day on which it is submitted; none for a set without them."""
    broken: list[RuleBroken] = []
    for rule in criteria_set.select_registration_rules(on):
        basis: dict[str, Any] = {"clause": rule.legal_basis, "confidence": rule.confidence}
        if criteria_set.assessed_by is not None and result.unmet != ():
            unmet = None if result.unmet is None else list(result.unmet)
            broken.append(AssessmentFallsShort(year=year, unmet=unmet, **basis))
        if result.overdue_debts_vnd > 0:
            broken.append(DebtsOverdue(amount_vnd=result.overdue_debts_vnd, **basis))
        if result.residents_satisfied_percent < rule.least_satisfied_percent:
            percent, least_percent = result.residents_satisfied_percent, rule.least_satisfied_percent
            broken.append(
                ResidentsNotSatisfied(percent=float(percent), least_percent=float(least_percent), **basis)
            )
    return broken
