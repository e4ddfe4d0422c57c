"""Changes of figures from the end of the period before to the end of the period (ADR 0020).

The end before is read on the map and under the standards of the end, so that both count the same land and mean the same. Where
the definition changed between them, or an end is missing, there is no change rather than a false one.
"""

from dataclasses import dataclass, replace
from datetime import date

from shared.kit.problems import Sentence
from shared.periods import Period
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import EndToEndChange
from shared.reporting.context import ReportingContext
from shared.reporting.engine import Caveat
from shared.reporting.figures.coverage import Coverage, find_least_covered
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.rules import FigureValue, compute_change
from shared.reporting.figures.unit_reading import EvaluatedFigure, UnitReading, read_unit
from shared.territory.units import SplitWithoutWeight

ENDS_NOT_COMPARABLE = Sentence(
    "Số cuối kỳ {before} không so sánh được với số cuối kỳ {end}: từ ngày {since} chỉ tiêu theo chuẩn hoặc định nghĩa khác.",
    "The end of {before} cannot be compared with that of {end}: from {since} on another standard or definition holds.",
)
END_BEFORE_DIVIDED = Sentence(
    "Không có số cuối kỳ {before} trên bản đồ này: một đơn vị bị chia tách mà chưa có tỷ lệ phân chia.",
    "There is no end of {before} on this map: a unit was divided and no weights are declared.",
)
ENDS_COVERED_UNEQUALLY = Sentence(
    "Số cuối hai kỳ không do cùng số đơn vị nêu: {before} kỳ trước, {end} kỳ này.",
    "The two ends are not stated by the same number of units: {before} at the end before, {end} at the end.",
)


@dataclass(frozen=True, slots=True)
class EvaluatedChange:
    """A change with both of its ends."""

    evaluated: EvaluatedFigure
    query: FigureQuery
    before_query: FigureQuery
    end: EvaluatedFigure
    before: EvaluatedFigure
    caveat: Caveat | None


def make_query_before(query: FigureQuery, before: Period | None = None) -> FigureQuery:
    """Return the query for the end before: on the map and under the standards of the end; by default of the period before."""
    return replace(
        query,
        period=before or query.period.previous(),
        map_on=query.map_on or query.period.ends_on,
        standards_on=query.standards_on or query.period.ends_on,
    )


async def read_end_before(
    context: ReportingContext, query: FigureQuery, before: Period | None = None
) -> UnitReading | None:
    """Return what is stated at the end before; None where a unit of then was divided without weights."""
    try:
        return await read_unit(context, make_query_before(query, before))
    except SplitWithoutWeight:
        return None


def evaluate_change(
    context: ReportingContext,
    query: FigureQuery,
    figure: Figure,
    end: EvaluatedFigure,
    before: EvaluatedFigure | None,
    before_period: Period | None = None,
) -> EvaluatedChange:
    """Return the change of a figure between two ends; `before` is None where a unit of then was divided without weights."""
    formula, read_before = figure.formula, figure.read_before
    if not isinstance(formula, EndToEndChange) or read_before is None:
        raise TypeError(f"{figure.code} is no change")
    before_query = make_query_before(query, before_period)
    at_before = before or EvaluatedFigure(FigureValue(None), {}, reassess=False)
    broken_on = _find_break(context, query, before_query, read_before)
    value = compute_change(at_before.value, end.value, formula.direction, is_comparable=broken_on is None)
    of_share = at_before.by_input if formula.direction == "share" else {}
    least = dict(of_share) | {
        code: min(covered, at_before.by_input.get(code, covered), key=lambda coverage: coverage.share)
        for code, covered in end.by_input.items()
    }
    periods = {"before": str(before_query.period), "end": str(query.period)}
    caveat: Caveat | None
    if before is None:
        caveat = _make_caveat("end_before_divided", END_BEFORE_DIVIDED, **periods)
    elif broken_on is not None:
        caveat = _make_caveat("ends_not_comparable", ENDS_NOT_COMPARABLE, since=str(broken_on), **periods)
    else:
        caveat = _warn_of_unequal_ends(before, end)
    evaluated = EvaluatedFigure(value, least, end.reassess or at_before.reassess)
    return EvaluatedChange(evaluated, query, before_query, end, at_before, caveat)


def _find_break(
    context: ReportingContext, query: FigureQuery, before: FigureQuery, changing: Figure
) -> date | None:
    """Return the day between the two ends from which the figure means something else, or None."""
    catalogue = context.engine.catalogue
    read = catalogue.find_figure_standard(changing, query.select_standards(catalogue))
    since = catalogue.find_latest_break(changing, query.period.ends_on, read)
    return since if since is not None and since > before.period.ends_on else None


def _warn_of_unequal_ends(before: EvaluatedFigure, end: EvaluatedFigure) -> Caveat | None:
    """Return the caveat of two ends that do not cover the same part of the expected units."""
    covered_before, covered_end = (find_least_covered(evaluated.by_input) for evaluated in (before, end))
    if before.value.value is None or end.value.value is None or not covered_before or not covered_end:
        return None
    if covered_before.share == covered_end.share:
        return None
    shown = {"before": _format_coverage(covered_before), "end": _format_coverage(covered_end)}
    return _make_caveat("ends_covered_unequally", ENDS_COVERED_UNEQUALLY, **shown)


def _make_caveat(code: str, sentence: Sentence, **facts: str) -> Caveat:
    return Caveat(code, Sentence(sentence.vi.format(**facts), sentence.en.format(**facts)))


def _format_coverage(coverage: Coverage) -> str:
    return f"{coverage.reported + coverage.nil}/{coverage.expected}"
