"""The values of figures, from the measures of a scope. Pure; values are exact and nothing is rounded here."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import (
    Average,
    ChangeDirection,
    CountUnits,
    EndToEndChange,
    FromRegister,
    Ratio,
    Sum,
    TotalOrParts,
)
from shared.reporting.observations.measures import Measure
from shared.reporting.ratios import HUNDRED, divide_exactly
from shared.reporting.report_content import STATUSES, Status

FormStage = Literal["official", "preliminary", "mixed"]


@dataclass(frozen=True, slots=True)
class FigureValue:
    """A figure's exact value in a scope, and what it was made from."""

    value: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    covers: int = 0
    status: Status | None = None
    oldest_at: datetime | None = None
    newest_at: datetime | None = None
    missing: tuple[str, ...] = ()
    """The inputs that nobody stated, neither by a value nor as nil; with one missing there is no value."""
    stage: FormStage | None = None
    """The forms that its values are read from; None where it has none."""


def evaluate_formula(
    figure: Figure, measures: Mapping[str, Measure], nil_inputs: Collection[str] = ()
) -> FigureValue:
    """Return a figure from the measures of its scope; `nil_inputs` are those of which only nil was stated.

    Where an input is missing there is no value, and the answer names it. An input of which only nil was stated counts as
    nothing beside others; where nothing else was stated there is no value either.
    """
    missing = _find_missing(figure, measures, nil_inputs)
    used = [measures[code] for code in figure.measure_codes if code in measures]
    if not used or isinstance(figure.formula, FromRegister):
        return FigureValue(None, missing=missing)
    is_complete = len(used) == len(figure.measure_codes)
    covers = int(min(measure.covers for measure in used)) if is_complete else 0
    value, numerator, denominator = _compute(figure, measures, frozenset(nil_inputs), covers)
    return FigureValue(
        missing=missing,
        stage=_find_stage(used),
        value=value,
        numerator=numerator,
        denominator=denominator,
        covers=covers,
        status=STATUSES[min(measure.status for measure in used)],
        oldest_at=min(measure.oldest_at for measure in used),
        newest_at=max(measure.newest_at for measure in used),
    )


def _find_stage(measures: Collection[Measure]) -> FormStage:
    """Return whether measures are read from official forms, from preliminary ones, or from both."""
    if not any(measure.preliminary_covers for measure in measures):
        return "official"
    all_preliminary = all(measure.preliminary_covers >= measure.covers for measure in measures)
    return "preliminary" if all_preliminary else "mixed"


def _find_missing(
    figure: Figure, measures: Mapping[str, Measure], nil_inputs: Collection[str]
) -> tuple[str, ...]:
    """Return the inputs that nobody stated; all of them for a count where units state some, and no unit states all.

    Of a total those are the total, and the parts that are missing beside others.
    """
    if figure.is_made_unit_by_unit and figure.measure_code in measures:
        return ()
    inputs = tuple(dict.fromkeys(figure.inputs))
    if isinstance(figure.formula, TotalOrParts):
        total, parts = figure.formula.total, figure.formula.parts
        if total in nil_inputs:
            return ()
        some_stated = any(code in measures for code in parts)
        return (total, *(code for code in parts if some_stated and code not in measures))
    missing = tuple(code for code in inputs if code not in measures and code not in nil_inputs)
    some_stated = any(code in measures for code in inputs)
    return inputs if figure.is_made_unit_by_unit and some_stated and not missing else missing


def _compute(
    figure: Figure, measures: Mapping[str, Measure], nil_inputs: frozenset[str], covers: int
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return the value of a figure, with numerator and denominator where it has them."""
    match figure.formula:
        case Sum(terms):
            return _sum_terms(terms, measures, nil_inputs), None, None
        case TotalOrParts(total):
            return None if total in nil_inputs else measures[figure.measure_code].value, None, None
        case CountUnits():
            return measures[figure.code].value, None, None
        case Ratio(numerator, denominator, scale):
            above = _sum_terms(numerator, measures, nil_inputs)
            below = _sum_terms(denominator, measures, nil_inputs)
            return divide_exactly(above, below, scale), above, below
        case Average():
            above = _sum_terms(figure.measure_codes, measures, nil_inputs)
            below = Decimal(covers) if covers else None
            return divide_exactly(above, below, Decimal(1)), above, below
        case FromRegister() | EndToEndChange():
            return None, None, None


def _sum_terms(
    terms: Iterable[str], measures: Mapping[str, Measure], nil_inputs: frozenset[str]
) -> Decimal | None:
    """Return the sum of the terms, a nil one as nothing; None where one is missing, or all are nil."""
    stated = [code for code in terms if code not in nil_inputs]
    if not stated or any(code not in measures for code in stated):
        return None
    return sum((measures[code].value for code in stated), Decimal(0))


def compute_change(
    before: FigureValue, end: FigureValue, direction: ChangeDirection, *, is_comparable: bool
) -> FigureValue:
    """Return the change from the end before to the end; without a value where one is missing, or they do not compare."""
    ends = (before, end)
    stated = [value for value in ends if value.stage is not None]
    value = None
    if is_comparable and before.value is not None and end.value is not None:
        match direction:
            case "fall":
                value = before.value - end.value
            case "rise":
                value = end.value - before.value
            case "share":
                value = divide_exactly(end.value, before.value, HUNDRED)
    stages = {value.stage for value in stated}
    is_share = direction == "share"
    return FigureValue(
        value,
        numerator=end.value if is_share else None,
        denominator=before.value if is_share else None,
        covers=min(value.covers for value in ends),
        status=min((value.status for value in stated if value.status), key=STATUSES.index, default=None),
        oldest_at=min((value.oldest_at for value in stated if value.oldest_at), default=None),
        newest_at=max((value.newest_at for value in stated if value.newest_at), default=None),
        missing=tuple(dict.fromkeys(code for value in ends for code in value.missing)),
        stage=next(iter(stages)) if len(stages) == 1 else "mixed" if stages else None,
    )
